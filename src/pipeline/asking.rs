//! Asking Antom about what is left, within the budget, and keeping every answer as evidence.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use antom_api::{Client, ClientConfig, PrivateKey, PublicKey, RetryPolicy};

use crate::clock;
use crate::config::{Api, Config};
use crate::failure::{Failure, Kind};
use crate::fetch::Digest;
use crate::points::{Point, reached};
use crate::requery::{self, AnswerRecord, Endpoint, Evidence, Question, Told};
use crate::store::NewAnswer;

use super::folds::OrKind;
use super::timing::Timings;
use super::{Day, Job};

/// What asking came to.
#[derive(Debug, Default)]
pub struct Asked {
    /// Questions of the plan.
    pub questions: usize,
    /// Those with evidence.
    pub answered: usize,
    /// Why the first of the others has none.
    pub why: Option<String>,
}

/// Plans, asks, keeps the answers, and fills the answer columns.
pub async fn ask(job: &Job<'_>, day: &mut Day, timings: &mut Timings) -> anyhow::Result<Asked> {
    let requery = job.config.requery()?;
    if !requery.enabled {
        return Ok(Asked::default());
    }
    timings.begin();
    let plan = requery::plan(&day.discrepancies, requery.budget as usize);
    let records = if plan.questions.is_empty() { Vec::new() } else { answers(job, &plan.questions).await? };
    requery::apply(&mut day.discrepancies, &plan, &records);
    timings.end("ask", plan.questions.len() as u64);
    let answered = records.iter().filter(|record| record.outcome.is_evidence()).count();
    let why = records.iter().find(|record| !record.outcome.is_evidence()).map(|record| record.reason.clone());
    if let Some(why) = &why {
        let sentence = format!("{} of {} questions were answered", answered, plan.questions.len());
        tracing::warn!("{sentence}; the first without an answer: {why}");
        day.remarks.push(format!("{sentence}; the others are marked UNAVAILABLE"));
    }
    Ok(Asked { questions: plan.questions.len(), answered, why })
}

/// Answers in the order of the questions: those that an earlier run of the date kept, and those that Antom gives now.
async fn answers(job: &Job<'_>, questions: &[Question]) -> anyhow::Result<Vec<AnswerRecord>> {
    let api = job.config.api()?;
    let client = client(&api)?;
    let stored = stored(job, questions).await?;
    let keep = async |record: &AnswerRecord| keep(job, record).await;
    requery::ask(Arc::new(client), questions, &stored, api.in_flight, clock::now, keep).await
}

/// Keeps what came of a question: committed at once, so that a run that is killed does not ask again.
async fn keep(job: &Job<'_>, record: &AnswerRecord) -> anyhow::Result<()> {
    let answer = NewAnswer {
        platform_merchant_id: job.merchant.as_str(),
        run_date: job.today,
        question: &record.question_key,
        endpoint: record.endpoint.as_str(),
        asked_at: record.asked_at,
        answered_at: Some(record.answered_at),
        http_status: record.http_status,
        signature: &record.signature,
        body: record.raw.as_bytes(),
        outcome: record.outcome.as_str(),
    };
    reached(Point::AnswerReceived);
    job.store.save_answer(&answer).await.or_kind()?;
    reached(Point::AnswerKept);
    Ok(())
}

/// What earlier runs of the same date were told, so that a rerun has the same bytes and asks nothing twice.
async fn stored(job: &Job<'_>, questions: &[Question]) -> anyhow::Result<BTreeMap<String, AnswerRecord>> {
    let asked: BTreeMap<String, &Question> = questions.iter().map(|question| (question.key(), question)).collect();
    let mut known = BTreeMap::new();
    for answer in job.store.answers_for(job.merchant.as_str(), job.today).await.or_kind()? {
        let (Some(question), Some(outcome)) = (asked.get(&answer.question), Evidence::parse(&answer.outcome)) else {
            continue;
        };
        let Ok(raw) = String::from_utf8(answer.body) else { continue };
        let (http_status, signature) = (answer.http_status, answer.signature);
        let told = Told { http_status, signature, raw, ..Told::without_answer(outcome, String::new()) };
        let answered_at = answer.answered_at.unwrap_or(answer.asked_at);
        let record = AnswerRecord::new(question, answer.asked_at, answered_at, told);
        if record.outcome.is_evidence() {
            known.insert(answer.question, record);
        }
    }
    Ok(known)
}

/// The client that the configuration describes.
///
/// # Errors
/// A failure of the configuration: a key that cannot be read or is the wrong one, a gateway that is refused.
pub fn client(api: &Api) -> anyhow::Result<Client> {
    let wrong = |key: &str, error: &dyn std::fmt::Display| Failure::configuration(format!("api.{key}: {error}"));
    let private = PrivateKey::from_text(api.private_key.read()?.expose())
        .map_err(|error| wrong("private_key_file", &format!("`{}`: {error}", api.private_key.path().display())))?;
    let public = PublicKey::from_file(&api.antom_public_key_file).map_err(|error| {
        wrong("antom_public_key_file", &format!("`{}`: {error}", api.antom_public_key_file.display()))
    })?;
    let mut config = ClientConfig::new(&api.gateway, &api.client_id, private, public)
        .key_version(api.key_version)
        .connect_timeout(api.timeout)
        .read_timeout(api.timeout)
        .total_timeout(api.total_timeout)
        .max_in_flight(api.in_flight)
        .not_found_codes(api.not_found_codes.clone())
        .retry(RetryPolicy {
            max_attempts: NonZeroU32::new(api.attempts).unwrap_or(NonZeroU32::MIN),
            ..RetryPolicy::default()
        });
    if let Some(account) = &api.merchant_account_id {
        config = config.merchant_account_id(account);
    }
    Client::new(config).map_err(|error| wrong("gateway", &error).into())
}

/// Asks about a payment that does not exist: a signed answer proves path, keys and clock.
///
/// # Errors
/// Why nothing trustworthy came back.
pub async fn probe(config: &Config) -> anyhow::Result<String> {
    let client = client(&config.api()?)?;
    let nothing = format!("antom-recon-doctor-{}", &Digest::of(b"doctor").to_string()[..12]);
    let Some(question) = Question::by(Endpoint::InquiryPayment, "", &nothing) else { return Ok(String::new()) };
    let asking = requery::Inquirer::inquire(&client, &question);
    let told = tokio::time::timeout(super::options::DOCTOR_PATIENCE + Duration::from_secs(20), asking).await;
    let told = told.map_err(|_| Failure::new(Kind::Unreachable, "no answer in time"))?;
    let clock = clock_beside(told.ahead_s)?;
    match told.outcome {
        Evidence::Found | Evidence::NotFound => {
            Ok(joined(["a signed answer came back", "its signature is Antom's", &clock]))
        }
        Evidence::Refused | Evidence::Unknown => {
            Ok(joined([&format!("a signed answer came back: {}", told.reason), &clock]))
        }
        Evidence::Untrusted | Evidence::NotAsked => Err(Failure::new(Kind::Integrity, told.reason).into()),
        Evidence::Unreachable => Err(Failure::new(Kind::Unreachable, told.reason).into()),
    }
}

/// Parts of a sentence; an empty one is left out.
fn joined<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<&str>>().join(", ")
}

/// How this machine's clock stands beside that of a signed answer; nothing if it has none.
fn clock_beside(ahead_s: Option<i64>) -> anyhow::Result<String> {
    /// Antom publishes no figure for how far the time of a request may be off; gateways of its kind allow some minutes.
    const MAX_SKEW_S: u64 = 300;
    let Some(ahead) = ahead_s else { return Ok(String::new()) };
    let word = if ahead < 0 { "ahead of" } else { "behind" };
    let skew = format!("this machine's clock is {} s {word} Antom's", ahead.unsigned_abs());
    if ahead.unsigned_abs() <= MAX_SKEW_S {
        return Ok(skew);
    }
    let sentence = format!("{skew}; expected at most {MAX_SKEW_S} s; set the clock, or requests will be refused");
    Err(Failure::new(Kind::Configuration, sentence).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_named() {
        let said = |ahead| clock_beside(ahead).map_err(|error| error.to_string());
        assert_eq!(said(Some(0)), Ok("this machine's clock is 0 s behind Antom's".to_owned()));
        assert_eq!(said(Some(-300)), Ok("this machine's clock is 300 s ahead of Antom's".to_owned()));
        assert!(said(Some(301)).is_err_and(|said| said.starts_with("this machine's clock is 301 s behind Antom's; ")));
        assert_eq!(said(None), Ok(String::new()));
    }

    #[test]
    fn a_clock_that_is_not_known_leaves_no_comma_behind() {
        let clock = |ahead| clock_beside(ahead).expect("it is not far off");
        assert_eq!(joined(["a signed answer came back: `X`", &clock(None)]), "a signed answer came back: `X`");
        let known = joined(["a signed answer came back: `X`", &clock(Some(1))]);
        assert_eq!(known, "a signed answer came back: `X`, this machine's clock is 1 s behind Antom's");
    }
}
