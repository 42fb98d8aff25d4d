//! Asking, against somebody who is not Antom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antom_recon::calendar::Instant;
use antom_recon::requery::{AnswerRecord, Endpoint, Evidence, Inquirer, Question, Told, ask};

/// Answers each question as told, the earlier ones later, and remembers what it was asked.
struct Fake {
    outcome: fn(&str) -> Evidence,
    asked: Mutex<Vec<String>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Fake {
    fn new(outcome: fn(&str) -> Evidence) -> Arc<Self> {
        Arc::new(Self { outcome, asked: Mutex::default(), now: AtomicUsize::new(0), most: AtomicUsize::new(0) })
    }

    fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap().iter().cloned().collect()
    }
}

impl Inquirer for Fake {
    async fn inquire(&self, question: &Question) -> Told {
        let in_flight = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(in_flight, Ordering::SeqCst);
        let key = question.key();
        let turn = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(key.clone());
            asked.len() as u64
        };
        tokio::time::sleep(Duration::from_millis(20_u64.saturating_sub(turn))).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        let raw = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"paymentStatus":"SUCCESS"}"#;
        Told { raw: raw.into(), ..Told::without_answer((self.outcome)(&key), "because".into()) }
    }
}

fn questions(count: usize) -> Vec<Question> {
    (0..count).map(|at| Question::by(Endpoint::InquiryPayment, &format!("p{at:03}"), "").unwrap()).collect()
}

fn run(fake: &Arc<Fake>, count: usize, stored: &BTreeMap<String, AnswerRecord>, in_flight: usize) -> Vec<AnswerRecord> {
    let clock = AtomicI64::new(0);
    let now = || Instant::from_millis(clock.fetch_add(1, Ordering::SeqCst));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let kept = Mutex::new(BTreeSet::new());
    let keep = async |record: &AnswerRecord| {
        assert!(kept.lock().unwrap().insert(record.question_key.clone()), "kept once");
        Ok::<(), ()>(())
    };
    let before = fake.asked();
    let records = runtime.block_on(ask(Arc::clone(fake), &questions(count), stored, in_flight, now, keep)).unwrap();
    assert_eq!(kept.into_inner().unwrap(), &fake.asked() - &before, "what was asked is kept, and nothing else");
    records
}

#[test]
fn answers_come_in_the_order_of_the_questions_and_within_the_ceiling() {
    let fake = Fake::new(|_| Evidence::Found);
    let records = run(&fake, 15, &BTreeMap::new(), 4);
    let keys: Vec<_> = records.iter().map(|record| record.question_key.clone()).collect();
    assert_eq!(keys, questions(15).iter().map(Question::key).collect::<Vec<_>>());
    assert_eq!(fake.most.load(Ordering::SeqCst), 4);
    assert!(records.iter().all(|record| record.answered_at > record.asked_at && record.facts.is_some()));
    assert!(records.iter().all(|record| record.reason.is_empty()));
}

#[test]
fn stored_evidence_is_not_asked_for_again_and_stored_failures_are() {
    let fake = Fake::new(|_| Evidence::Found);
    let mut stored = BTreeMap::new();
    for (at, outcome) in [(0, Evidence::Found), (1, Evidence::Unreachable), (2, Evidence::NotFound)] {
        let raw = r#"{"result":{"resultCode":"STORED","resultStatus":"S"}}"#.to_owned();
        let question = &questions(3)[at];
        let at = Instant::from_millis(-1);
        stored.insert(
            question.key(),
            AnswerRecord::new(question, at, at, Told { raw, ..Told::without_answer(outcome, String::new()) }),
        );
    }
    let records = run(&fake, 3, &stored, 4);
    assert_eq!(fake.asked(), BTreeSet::from(["inquiryPayment?paymentId=p001".to_owned()]));
    assert_eq!(records[0], stored["inquiryPayment?paymentId=p000"]);
    assert_eq!(records[1].outcome, Evidence::Found);
    assert_eq!(records[2].outcome, Evidence::NotFound);
}

#[test]
fn nothing_is_asked_once_an_answer_cannot_be_kept() {
    let fake = Fake::new(|_| Evidence::Found);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let keep = async |_: &AnswerRecord| Err("the disk is full");
    let now = || Instant::from_millis(0);
    let ended = runtime.block_on(ask(Arc::clone(&fake), &questions(40), &BTreeMap::new(), 4, now, keep));
    assert_eq!(ended, Err("the disk is full"));
    assert_eq!(fake.asked().len(), 4);
}

#[test]
fn a_dead_api_is_not_asked_for_hours() {
    let fake = Fake::new(|_| Evidence::Unreachable);
    let records = run(&fake, 100, &BTreeMap::new(), 3);
    let asked = fake.asked().len();
    assert!((6..=8).contains(&asked), "two rounds of three, and what was in flight by then: {asked}");
    assert_eq!(records.len(), 100);
    assert!(records.iter().all(|record| record.outcome == Evidence::Unreachable && record.facts.is_none()));
    assert!(records[99].reason.starts_with("not asked: "), "{}", records[99].reason);
}

#[test]
fn an_answer_now_and_then_keeps_the_questions_coming() {
    let fake = Fake::new(|key| if key.ends_with('0') { Evidence::Untrusted } else { Evidence::Unreachable });
    let records = run(&fake, 40, &BTreeMap::new(), 8);
    assert_eq!(fake.asked().len(), 40);
    let untrusted = records.iter().filter(|record| record.outcome == Evidence::Untrusted);
    assert!(untrusted.clone().all(|record| record.facts.is_none() && record.reason == "because"));
    assert_eq!(untrusted.count(), 4);
}

#[test]
fn nothing_to_ask_and_a_ceiling_of_nothing() {
    let fake = Fake::new(|_| Evidence::Found);
    assert!(run(&fake, 0, &BTreeMap::new(), 4).is_empty());
    assert_eq!(run(&fake, 2, &BTreeMap::new(), 0).len(), 2);
    assert_eq!(fake.most.load(Ordering::SeqCst), 1);
}
