//! One attempt at a question: sign, send, verify, understand. In this order, so that nothing is read
//! before it is known to be Antom's.

use chrono::{DateTime, FixedOffset};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use tracing::debug;

use crate::answer::{Answer, Outcome, RawBody, ResultInfo, ResultStatus, Signed};
use crate::client::Inner;
use crate::error::{AskError, Distrust, Failure, NotAsked};
use crate::model::{Body, BodyError, claimed_code, parse_time, read_body};
use crate::question::{Question, same};
use crate::signature;
use crate::transport::Reply;

/// Why an attempt brought no evidence.
pub(crate) enum Miss {
    NotAsked(NotAsked),
    Failure(Failure),
    Distrust(Distrust),
    Unreadable(BodyError, RawBody, Option<Box<Signed>>),
}

impl Miss {
    /// What the caller gets to see when this was the last attempt.
    pub(crate) fn into_error(self, path: &str, attempts: u32) -> AskError {
        let path = path.to_owned();
        match self {
            Miss::NotAsked(reason) => AskError::NotAsked(reason),
            Miss::Failure(failure) => AskError::Unreachable { path, attempts, failure },
            Miss::Distrust(reason) => AskError::Untrusted { path, attempts, reason },
            Miss::Unreadable(reason, raw, signed) => AskError::Unreadable { path, attempts, reason, raw, signed },
        }
    }
}

impl Inner {
    /// Signed anew each time, because the time is part of what is signed.
    pub(crate) async fn attempt<Q: Question>(
        &self,
        question: &Q,
        url: &Url,
        request: &[u8],
        attempts: u32,
    ) -> Result<Answer<Q::Body>, Miss> {
        let path = url.path();
        let asked_at = self.config.clock.now();
        let time = asked_at.timestamp_millis().to_string();
        let headers = self.signed_headers(path, &time, request).map_err(Miss::NotAsked)?;
        let reply = self.transport.post(url.clone(), headers, request.to_vec());
        let reply = reply.await.map_err(Miss::Failure)?;
        let signed = self.verify(path, &reply).map_err(Miss::Distrust)?;
        let raw = text(reply.body)?;
        let (response_time, result, body) = match read(&signed.response_time, raw.as_str()) {
            Ok(read) => read,
            Err(reason) => return Err(Miss::Unreadable(reason, raw, Some(Box::new(signed)))),
        };
        question.recognise(&body).map_err(Miss::Distrust)?;
        self.recognise_account(&body).map_err(Miss::Distrust)?;
        let outcome = self.outcome(&result, &body);
        if outcome == Outcome::Found {
            question.is_named_in(&body).map_err(Miss::Distrust)?;
        }
        debug!(path, attempts, %result, ?outcome, "answered");
        Ok(Answer { outcome, result, body, raw, response_time, asked_at, attempts, signed })
    }

    fn signed_headers(&self, path: &str, time: &str, body: &[u8]) -> Result<HeaderMap, NotAsked> {
        let (key, version) = (&self.config.private_key, self.config.key_version);
        let signature = signature::sign(key, version, path, &self.config.client_id, time, body)?;
        let mut headers = self.headers.clone();
        for (name, value) in [("request-time", time), ("signature", &signature)] {
            let value = HeaderValue::from_str(value).expect("digits and URL-encoded base64 are header values");
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// The gate that every answer passes: its exact bytes, its time, Antom's key.
    fn verify(&self, path: &str, reply: &Reply) -> Result<Signed, Distrust> {
        let header = |name| {
            let unsigned = || Distrust::Unsigned { missing: name, claimed: claimed_code(&reply.body) };
            sole_header(&reply.headers, name)?.ok_or_else(unsigned)
        };
        let signature = header("signature")?;
        let response_time = header("response-time")?;
        let (key, client_id) = (&self.config.antom_public_key, &self.config.client_id);
        signature::verify(key, path, client_id, &response_time, &reply.body, &signature)?;
        Ok(Signed { path: path.to_owned(), client_id: client_id.clone(), response_time, signature })
    }

    /// Whether an answer that names an account names ours.
    fn recognise_account(&self, body: &impl Body) -> Result<(), Distrust> {
        match &self.config.merchant_account_id {
            Some(ours) => same("merchantAccountId", ours, body.account()),
            None => Ok(()),
        }
    }

    fn outcome(&self, result: &ResultInfo, body: &impl Body) -> Outcome {
        match result.status {
            ResultStatus::Success => body.outcome_of_success(),
            ResultStatus::Failed if self.config.not_found_codes.contains(&result.code) => Outcome::NotFound,
            ResultStatus::Failed => Outcome::Refused,
            ResultStatus::Unknown | ResultStatus::Other(_) => Outcome::Unknown,
        }
    }
}

/// The body as text, which JSON is.
fn text(body: Vec<u8>) -> Result<RawBody, Miss> {
    String::from_utf8(body).map(RawBody::new).map_err(|error| {
        let reason = error.utf8_error().to_string();
        let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Miss::Unreadable(BodyError::Json { place: "the body".to_owned(), reason }, RawBody::new(lossy), None)
    })
}

/// Understands what was verified.
fn read<T: Body>(response_time: &str, raw: &str) -> Result<(DateTime<FixedOffset>, ResultInfo, T), BodyError> {
    let time = parse_time(response_time).ok_or_else(|| BodyError::Unexpected {
        field: "response-time".to_owned(),
        found: crate::excerpt(response_time),
        expected: "a time such as `2019-05-28T12:12:14+08:00`",
    })?;
    let (result, body) = read_body(raw)?;
    Ok((time, result, body))
}

/// A header's text; `None` if it is absent or empty.
fn sole_header(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, Distrust> {
    let doubtful = || Distrust::DoubtfulHeader { header: name };
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(doubtful());
    }
    let text = value.to_str().map_err(|_| doubtful())?;
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}
