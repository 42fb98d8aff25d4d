//! An API that is down, slow, unsigned, forged or busy: a discrepancy is never cleared by it, and a run never fails because of it.

use std::collections::BTreeMap;
use std::time::Duration;

use lab::api::{ApiFault, Endpoint, Repeat, Scope};
use lab::world::faults::Fault;

use super::antom::{Antom, day_with};
use super::child::{Ended, Running};
use super::desk::Desk;

/// Faults that lead to five questions, and one that leads to none.
const FAULTS: [Fault; 6] = [
    Fault::PaymentNotBooked,
    Fault::NotReportedButTrue,
    Fault::NotReportedUnknown,
    Fault::RefundNotReported,
    Fault::AmountDiffers,
    Fault::OtherSubMerchant,
];

/// How many questions they lead to.
const QUESTIONS: usize = 5;

fn antom(seed: u64) -> Antom {
    Antom::of(day_with(seed, &FAULTS))
}

/// A desk that does not wait for long: two attempts of one second.
fn desk(antom: &Antom) -> Desk {
    let mut desk = antom.csv_desk();
    desk.set("API_ATTEMPTS", "2").set("API_TIMEOUT", "1s");
    desk
}

/// Runs a new desk and gives the words in the answer column.
fn answers(antom: &Antom) -> (Ended, BTreeMap<String, String>) {
    let desk = desk(antom);
    let ended = desk.done(&antom.run());
    let verdict = lab::audit::audit(&desk.published(&antom.date()), &antom.world.expected, &[]).unwrap();
    assert!(verdict.is_right(), "{verdict}\n{}", ended.stderr);
    (ended, desk.answers(&antom.date()))
}

/// The same questions, all without evidence.
fn unavailable(right: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    right.keys().map(|id| (id.clone(), "UNAVAILABLE".to_owned())).collect()
}

#[test]
fn what_is_no_evidence_leaves_every_discrepancy_open() {
    let antom = antom(41);
    let (_, right) = answers(&antom);
    assert_eq!(right.len(), QUESTIONS);
    assert!(right.values().any(|word| word == "NOT_FOUND") && right.values().any(|word| word == "CONFIRMS_REPORT"));
    assert!(right.values().all(|word| word != "UNAVAILABLE"), "{right:?}");
    let code = |code: &str, status: &str| ApiFault::Result { code: code.to_owned(), status: status.to_owned() };
    for fault in [
        ApiFault::Http500,
        ApiFault::Reset,
        ApiFault::Throttled,
        ApiFault::UnknownException,
        ApiFault::Unsigned,
        ApiFault::WrongKey,
        ApiFault::TamperedBody,
        ApiFault::Delay(Duration::from_secs(5)),
        code("PROCESS_FAIL", "F"),
        code("ACCESS_DENIED", "F"),
        code("SOMETHING_NEW", "X"),
    ] {
        antom.api().faults().clear();
        antom.api().faults().plan(Scope::All, fault.clone(), Repeat::Always);
        let (ended, words) = answers(&antom);
        assert_eq!(words, unavailable(&right), "{fault:?}\n{}", ended.stderr);
        ended.says(&["0 of 5 questions were answered"]).shows(&["0 of 5 questions were answered", "UNAVAILABLE"]);
    }
}

#[test]
fn an_answer_about_something_else_is_no_evidence() {
    let antom = antom(48);
    let (_, right) = answers(&antom);
    // A payment that was refunded, and that nobody asks about: it and its refund exist, so the answers are signed.
    let asked: Vec<String> = antom.api().log().questions().into_iter().flat_map(|question| question.ids).collect();
    let refund_of = |payment: &lab::world::book::PaymentRecord| {
        let refund = payment.transactions.iter().find(|one| one.transaction_type == "REFUND")?;
        (!asked.contains(&payment.payment_id)).then(|| refund.transaction_request_id.clone())
    };
    let (payment, refund) =
        antom.world.book.payments.iter().find_map(|one| Some((one.payment_id.clone(), refund_of(one)?))).unwrap();
    let lost = antom.world.expected.iter().find(|row| row.fault == Fault::RefundNotReported).unwrap();
    let faults = antom.api().faults();
    faults.plan(Scope::id(lost.request_id.clone().unwrap()), ApiFault::AnswerAbout(refund), Repeat::Always);
    faults.plan(Scope::All, ApiFault::AnswerAbout(payment), Repeat::Always);
    let (ended, words) = answers(&antom);
    assert_eq!(words, unavailable(&right), "{}", ended.stderr);
    ended.says(&["0 of 5 questions were answered"]);
}

#[test]
fn about_shares_of_another_amount_their_payment_is_asked() {
    let antom = Antom::of(day_with(51, &[Fault::SplitDiffers]));
    let (ended, words) = answers(&antom);
    assert_eq!(words.len(), 1, "{words:?}\n{}", ended.stdout);
    let row = antom.world.expected.iter().find(|row| row.fault == Fault::SplitDiffers).unwrap();
    let payment = row.request_id.as_deref().unwrap();
    assert_eq!(antom.api().log().count(Endpoint::InquiryPayment, payment), 1);
    assert_eq!(antom.api().log().total(), 1);
}

#[test]
fn what_was_answered_can_be_verified_again_from_what_is_kept() {
    let antom = antom(50);
    let desk = desk(&antom);
    desk.done(&antom.run());
    let key = antom_api::PublicKey::from_text(lab::keys::ANTOM.public_pem).unwrap();
    let mut verified = 0;
    for id in desk.answers(&antom.date()).keys() {
        let story = desk.done(&format!("explain {id} --format json")).stdout;
        let story: serde_json::Value = serde_json::from_str(&story).unwrap();
        let answers = story["story"].as_array().unwrap().iter().filter(|moment| moment["what"] == "answer");
        for answer in answers.map(|moment| &moment["answer"]) {
            assert_eq!(answer["http_status"], 200, "{answer}");
            let (signature, body) = (answer["signature"].as_str().unwrap(), answer["body"].as_str().unwrap());
            let (path, headers) = signature.strip_prefix("POST ").unwrap().split_once('\n').unwrap();
            let header = |name: &str| headers.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let [client, time, signed] = ["client-id: ", "response-time: ", "signature: "].map(header);
            let verify = |body: &str| antom_api::signature::verify(&key, path, client, time, body.as_bytes(), signed);
            assert_eq!(verify(body), Ok(()), "{answer}");
            assert!(verify(&format!("{body} ")).is_err());
            verified += 1;
        }
    }
    assert!(verified >= QUESTIONS, "{verified}");
    desk.done("verify");
}

#[test]
fn a_run_that_is_killed_while_it_asks_has_kept_what_it_was_told() {
    let antom = antom(49);
    let (_, right) = answers(&antom);
    antom.api().faults().plan(Scope::All, ApiFault::Delay(Duration::from_millis(300)), Repeat::Always);
    let mut desk = antom.csv_desk();
    desk.set("API_IN_FLIGHT", "1");
    let before = antom.api().log().total();
    let running = Running::start(desk.command(&antom.run()));
    while antom.api().log().total() < before + 4 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(running.kill_after(Duration::ZERO), "it is still asking");
    antom.api().faults().clear();
    let before = antom.api().log().total();
    desk.done(&antom.run());
    assert_eq!(antom.api().log().total() - before, 2, "the one that was under way, and the one after it");
    assert_eq!(desk.answers(&antom.date()), right);
}

#[test]
fn an_outage_is_an_end_of_its_own_only_if_that_is_wanted() {
    let antom = antom(42);
    antom.api().faults().down(true);
    let desk = desk(&antom);
    desk.done(&antom.run()).says(&["0 of 5 questions were answered"]);
    let first = desk.outputs(&antom.date());
    assert!(first["summary.json"].contains("0 of 5 questions were answered"), "{}", first["summary.json"]);
    let strict = format!("{} --require-answers", antom.run());
    desk.run(&strict).with_code(4).says(&["unreachable: ", "none of 5 questions was answered"]);
    assert_eq!(desk.outputs(&antom.date()), first, "the outputs are there all the same");

    antom.api().faults().down(false);
    desk.done(&strict);
    antom.audit(&desk.published(&antom.date()));
    assert!(desk.answers(&antom.date()).values().all(|word| word != "UNAVAILABLE"));
    let older = format!("superseded/{}-r1/discrepancies.csv", antom.date());
    assert!(desk.out_tree().contains(&older), "{:?}", desk.out_tree());
}

#[test]
fn an_api_that_is_gone_is_an_outage_too() {
    let antom = antom(43);
    let (desk, run, date) = (desk(&antom), antom.run(), antom.date());
    let antom = antom.without_api();
    desk.done(&run).says(&["0 of 5 questions were answered"]);
    assert_eq!(desk.answers(&date).len(), QUESTIONS);
    assert!(desk.answers(&date).values().all(|word| word == "UNAVAILABLE"));
    let verdict = lab::audit::audit(&desk.published(&date), &antom.world.expected, &[]).unwrap();
    assert!(verdict.is_right(), "{verdict}");
}

#[test]
fn what_passes_is_asked_again() {
    let antom = antom(44);
    let (_, right) = answers(&antom);
    for fault in [ApiFault::Throttled, ApiFault::UnknownException, ApiFault::Http500, ApiFault::Reset] {
        antom.api().faults().clear();
        antom.api().faults().plan(Scope::All, fault.clone(), Repeat::Times(2));
        let before = antom.api().log().total();
        let mut desk = antom.csv_desk();
        // One at a time, so that both strikes meet the first question; three attempts are enough for it.
        desk.set("API_ATTEMPTS", "3").set("API_IN_FLIGHT", "1");
        desk.done(&antom.run());
        assert_eq!(desk.answers(&antom.date()), right, "{fault:?}");
        assert_eq!(antom.api().log().total() - before, QUESTIONS + 2, "{fault:?}");
    }
}

#[test]
fn the_budget_counts_questions_and_not_attempts() {
    let antom = antom(45);
    let (_, right) = answers(&antom);
    antom.api().faults().plan(Scope::All, ApiFault::Throttled, Repeat::Times(2));
    let before = antom.api().log().total();
    let mut desk = antom.csv_desk();
    desk.set("REQUERY_BUDGET", "2").set("API_ATTEMPTS", "3").set("API_IN_FLIGHT", "1");
    desk.done(&antom.run());
    assert_eq!(antom.api().log().total() - before, 4, "two questions, the first of them asked three times");
    let words = desk.answers(&antom.date());
    let skipped = words.values().filter(|word| *word == "SKIPPED_BUDGET").count();
    assert_eq!((words.len(), skipped), (QUESTIONS, QUESTIONS - 2));
    assert!(words.iter().all(|(id, word)| word == "SKIPPED_BUDGET" || right[id] == *word), "{words:?}");

    desk.set("REQUERY_BUDGET", "0");
    let before = antom.api().log().total();
    desk.done(&antom.run());
    assert_eq!(antom.api().log().total(), before);
    assert!(desk.answers(&antom.date()).values().all(|word| word == "SKIPPED_BUDGET"));
}

#[test]
fn a_second_run_asks_only_what_has_no_answer_yet() {
    let antom = antom(46);
    let lost = antom.world.expected.iter().find(|row| row.fault == Fault::NotReportedUnknown).unwrap();
    let id = lost.antom_id.clone().or_else(|| lost.request_id.clone()).unwrap();
    antom.api().faults().plan(Scope::id(&id), ApiFault::Http500, Repeat::Always);
    let desk = desk(&antom);
    desk.done(&antom.run()).says(&["4 of 5 questions were answered"]);
    assert_eq!(desk.answers(&antom.date()).values().filter(|word| *word == "UNAVAILABLE").count(), 1);

    antom.api().faults().clear();
    let before = antom.api().log().total();
    desk.done(&antom.run());
    assert_eq!(antom.api().log().total() - before, 1, "{:?}", antom.api().log().questions());
    assert!(desk.answers(&antom.date()).values().all(|word| word != "UNAVAILABLE"));
    let full = desk.outputs(&antom.date());

    // From now on everything is known, even when nobody answers any more.
    antom.api().faults().down(true);
    let before = antom.api().log().total();
    desk.done(&format!("{} --require-answers", antom.run())).shows(&["(unchanged)"]);
    assert_eq!(antom.api().log().total(), before);
    assert_eq!(desk.outputs(&antom.date()), full);
}

#[test]
fn one_question_serves_a_payment_with_its_captures_and_refunds() {
    let antom = Antom::of(super::antom::day_with(47, &[]));
    for (first, second) in [("PAYMENT", "REFUND"), ("AUTHORIZATION", "CAPTURE")] {
        let both = |story: &&lab::world::story::Story| {
            let is_reported = |kind| story.entry(kind).is_some_and(|at| story.entries[at].status == "SUCCESS");
            is_reported(first) && is_reported(second) && story.reported.len() >= 2
        };
        let story = antom.world.stories.iter().find(both).unwrap_or_else(|| panic!("a story with a {second}"));
        let desk = desk(&antom);
        // The marketplace forgot the whole story.
        let forgotten: Vec<&str> = story.entries.iter().map(|entry| entry.entry_id.as_str()).collect();
        let ledger = std::fs::read_to_string(desk.path("ledger.csv")).unwrap();
        let is_kept = |line: &&str| !forgotten.contains(&line.split(',').next().unwrap());
        let kept: Vec<&str> = ledger.lines().filter(is_kept).collect();
        assert_eq!(kept.len(), ledger.lines().count() - forgotten.len());
        std::fs::write(desk.path("ledger.csv"), kept.join("\n") + "\n").unwrap();

        let log = antom.api().log();
        let before = (log.total(), log.count_endpoint(Endpoint::InquiryRefund));
        desk.done(&antom.run());
        let answers = desk.answers(&antom.date());
        assert!(answers.len() >= 2 && answers.values().all(|word| word == "CONFIRMS_REPORT"), "{answers:?}");
        assert_eq!(log.total() - before.0, 1, "one question for {first} and {second}");
        assert_eq!(log.count_endpoint(Endpoint::InquiryRefund), before.1);
        assert!(log.count(Endpoint::InquiryPayment, &story.first.payment.id) >= 1);
    }
}
