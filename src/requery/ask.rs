//! Asking: several questions at a time, in one order of results, and not for hours when nobody is there.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::facts::{AnswerFacts, facts_from_body};
use super::question::{Endpoint, Question};
use crate::calendar::Instant;
use crate::movement::closed_words;

closed_words! {
    /// What asking brought.
    Evidence {
        /// Antom knows it, and its signed body says how it stands.
        Found = "FOUND",
        /// Antom says, signed, that it does not know it.
        NotFound = "NOT_FOUND",
        /// Antom refused the question: permission, contract or a parameter.
        Refused = "REFUSED",
        /// Antom could not say, or not in a form that is understood.
        Unknown = "UNKNOWN",
        /// No answer came, or the API was down already and was not asked.
        Unreachable = "UNREACHABLE",
        /// Something answered that must not be believed.
        Untrusted = "UNTRUSTED",
        /// Not asked: the id cannot be Antom's.
        NotAsked = "NOT_ASKED",
    }
}

impl Evidence {
    /// Whether it decides anything. Everything else leaves the discrepancy open and is asked again by the next run.
    #[must_use]
    pub const fn is_evidence(self) -> bool {
        matches!(self, Self::Found | Self::NotFound)
    }
}

/// One question and what came of it: what the store keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerRecord {
    /// [`Question::key`].
    pub question_key: String,
    /// Which call.
    pub endpoint: Endpoint,
    /// When the run turned to the question, by the caller's clock.
    pub asked_at: Instant,
    /// When the run had the answer, or gave up.
    pub answered_at: Instant,
    /// What came of it.
    pub outcome: Evidence,
    /// Why there is no evidence, for people; empty if there is.
    pub reason: String,
    /// HTTP status; none if no answer came.
    pub http_status: Option<u16>,
    /// What the signature covers besides the body, and the signature, in the form of [`Told::signature`].
    pub signature: String,
    /// The exact signed body; empty if there is none. May hold personal data of a buyer.
    pub raw: String,
    /// What the body says; none without evidence.
    pub facts: Option<AnswerFacts>,
}

impl fmt::Debug for AnswerRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.question_key, self.outcome, &self.reason);
        f.debug_tuple("AnswerRecord").field(&shown).field(&format_args!("{} bytes", self.raw.len())).finish()
    }
}

impl AnswerRecord {
    /// A record from its parts; facts are read from the body. A body that cannot be read is no evidence.
    #[must_use]
    pub fn new(question: &Question, asked_at: Instant, answered_at: Instant, told: Told) -> Self {
        let Told { outcome, reason, http_status, signature, raw, .. } = told;
        let (outcome, reason, facts) = match outcome {
            Evidence::Found | Evidence::NotFound => match facts_from_body(question.endpoint, &raw) {
                Ok(facts) => (outcome, String::new(), Some(facts)),
                Err(error) => (Evidence::Unknown, error.to_string(), None),
            },
            _ => (outcome, reason, None),
        };
        let question_key = question.key();
        let endpoint = question.endpoint;
        Self { question_key, endpoint, asked_at, answered_at, outcome, reason, http_status, signature, raw, facts }
    }
}

/// What an [`Inquirer`] brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What came of it.
    pub outcome: Evidence,
    /// Why there is no evidence; empty if there is.
    pub reason: String,
    /// HTTP status; none if no answer came.
    pub http_status: Option<u16>,
    /// What the signature covers besides the body, and the signature, so that it can be verified again; empty if nothing signed by
    /// Antom came. Lines as they were on the wire: `POST <path>`, `client-id: …`, `response-time: …`, `signature: …`.
    pub signature: String,
    /// The exact signed body; empty if there is none.
    pub raw: String,
    /// By how many seconds the answer's clock was ahead of ours when we asked; none without a signed answer.
    pub ahead_s: Option<i64>,
}

impl Told {
    /// Nothing that Antom said.
    #[must_use]
    pub const fn without_answer(outcome: Evidence, reason: String) -> Self {
        Self { outcome, reason, http_status: None, signature: String::new(), raw: String::new(), ahead_s: None }
    }
}

/// Somebody who can be asked. `antom_api::Client` is; tests bring their own.
pub trait Inquirer: Send + Sync + 'static {
    /// Puts one question, as often as it is worth.
    fn inquire(&self, question: &Question) -> impl Future<Output = Told> + Send;
}

/// After this many full rounds of questions without a single answer, the API is down and the rest is not asked.
///
/// One round may fail for one reason: all questions in flight meet the same restart. A second round began after the client
/// had given up on the first, attempts and back-off included (about two minutes when every attempt times out), so a dead API
/// holds a run for some four minutes, whatever the budget.
const ROUNDS_WITHOUT_ANSWER: usize = 2;

/// Asks the questions, at most `in_flight` at a time, and gives one record for each, in their order. A question with evidence in
/// `stored` (by [`Question::key`]) is not asked again; stored failures are.
///
/// Whatever came of a question that was asked is handed to `keep` as soon as it is known, so that a process that is killed has
/// kept what it was told. Dropping the future ends all calls in flight.
///
/// # Errors
/// The first error of `keep`; nothing is asked after it.
pub async fn ask<I: Inquirer, E>(
    inquirer: Arc<I>,
    questions: &[Question],
    stored: &BTreeMap<String, AnswerRecord>,
    in_flight: usize,
    now: impl Fn() -> Instant,
    keep: impl AsyncFn(&AnswerRecord) -> Result<(), E>,
) -> Result<Vec<AnswerRecord>, E> {
    let in_flight = in_flight.max(1);
    let mut records: BTreeMap<usize, AnswerRecord> = BTreeMap::new();
    let mut waiting = questions.iter().enumerate();
    let mut asked = JoinSet::new();
    let mut unanswered_in_a_row = 0;
    loop {
        let is_down = unanswered_in_a_row >= ROUNDS_WITHOUT_ANSWER * in_flight;
        while asked.len() < in_flight {
            let Some((at, question)) = waiting.next() else { break };
            if let Some(known) = stored.get(&question.key()).filter(|record| record.outcome.is_evidence()) {
                records.insert(at, known.clone());
            } else if is_down {
                records.insert(at, not_asked(question, now()));
            } else {
                let (inquirer, question, asked_at) = (Arc::clone(&inquirer), question.clone(), now());
                asked.spawn(async move { (at, asked_at, inquirer.inquire(&question).await) });
            }
        }
        let Some(joined) = asked.join_next().await else { break };
        let (at, asked_at, told) = joined.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
        unanswered_in_a_row = if told.outcome == Evidence::Unreachable { unanswered_in_a_row + 1 } else { 0 };
        let record = AnswerRecord::new(&questions[at], asked_at, now(), told);
        keep(&record).await?;
        records.insert(at, record);
    }
    Ok(records.into_values().collect())
}

fn not_asked(question: &Question, at: Instant) -> AnswerRecord {
    let reason = "not asked: the questions before found Antom's API down".to_owned();
    AnswerRecord::new(question, at, at, Told::without_answer(Evidence::Unreachable, reason))
}
