//! The client: signs a question, asks it as often as it is worth, believes nothing that is not signed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::Semaphore;
use tracing::debug;

use crate::answer::{Answer, Outcome, RawBody, ResultInfo, ResultStatus, Signed};
use crate::config::ClientConfig;
use crate::error::{AskError, ConfigError, Distrust, Failure, NotAsked};
use crate::gateway::{Gateway, header_value};
use crate::model::{
    BalanceInquiry, Body, BodyError, PaymentInquiry, RefundInquiry, claimed_code, parse_time,
    read_body,
};
use crate::question::{BalanceQuestion, PaymentQuestion, Question, RefundQuestion};
use crate::signature;
use crate::transport::{Reply, Transport};

/// Asks Antom. Cheap to clone; clones share connections and the ceiling on questions in flight.
///
/// Each call is one question, however often it has to be asked, and ends in one of these ways:
///
/// | Result | Meaning | Asked again? |
/// |---|---|---|
/// | `Ok`, [`Outcome::Found`] | Antom says how it stands | |
/// | `Ok`, [`Outcome::NotFound`] | Antom does not know it | no |
/// | `Ok`, [`Outcome::Refused`] | Antom refuses to say (`F`) | no, unless throttled |
/// | `Ok`, [`Outcome::Unknown`] | Antom could not say (`U`) | yes, until attempts run out |
/// | [`AskError::Unreachable`] | no answer came | if [`Failure::is_worth_a_retry`] |
/// | [`AskError::Untrusted`] | unsigned, badly signed or about something else | no |
/// | [`AskError::Unreadable`] | signed, and in a form that this crate does not know | no |
/// | [`AskError::NotAsked`] | the question itself was wrong | |
///
/// Dropping the future of a call ends it at once.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: ClientConfig,
    gateway: Gateway,
    transport: Transport,
    /// The headers that are the same for every request.
    headers: HeaderMap,
    in_flight: Semaphore,
}

impl Client {
    /// Checks the settings and sets up HTTP and TLS. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting, what is wrong with it and what would be right.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        let headers = fixed_headers(&config)?;
        let gateway = Gateway::new(&config.gateway, &config.client_id)?;
        for (name, value) in [
            ("max_in_flight", config.max_in_flight),
            ("max_body_bytes", config.max_body_bytes),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero { name });
            }
        }
        if config.antom_public_key == config.private_key.public_key() {
            tracing::warn!(
                "Antom's public key is the merchant's own: every real answer will look badly signed; \
                 copy Antom's key from its dashboard"
            );
        }
        let transport = Transport::new(&config, &gateway)?;
        let in_flight = Semaphore::new(config.max_in_flight.min(Semaphore::MAX_PERMITS));
        Ok(Client {
            inner: Arc::new(Inner {
                config,
                gateway,
                transport,
                headers,
                in_flight,
            }),
        })
    }

    /// `inquiryPayment`: how a payment stands, together with its captures and refunds.
    ///
    /// # Errors
    ///
    /// [`AskError`]: there is no evidence. Antom's refusals are answers, not errors.
    pub async fn inquiry_payment(
        &self,
        question: &PaymentQuestion,
    ) -> Result<Answer<PaymentInquiry>, AskError> {
        self.inner.ask(question).await
    }

    /// `inquiryRefund`: how a refund stands.
    ///
    /// # Errors
    ///
    /// As for [`inquiry_payment`](Self::inquiry_payment).
    pub async fn inquiry_refund(
        &self,
        question: &RefundQuestion,
    ) -> Result<Answer<RefundInquiry>, AskError> {
        self.inner.ask(question).await
    }

    /// `inquireBalance`: what the marketplace or one of its sub-merchants has with Antom.
    ///
    /// # Errors
    ///
    /// As for [`inquiry_payment`](Self::inquiry_payment).
    pub async fn inquire_balance(
        &self,
        question: &BalanceQuestion,
    ) -> Result<Answer<BalanceInquiry>, AskError> {
        self.inner.ask(question).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// One question: its turn, its attempts, the pauses in between.
    async fn ask<Q: Question>(&self, question: &Q) -> Result<Answer<Q::Body>, AskError> {
        let body = question.request(self.config.merchant_account_id.as_deref())?;
        let url = self.gateway.call(Q::API);
        let _turn = self
            .in_flight
            .acquire()
            .await
            .expect("nobody closes the semaphore");
        let mut attempts = 0;
        loop {
            attempts += 1;
            let end = self.attempt(question, &url, &body, attempts).await;
            let pause = match worth_a_retry(&end) {
                Some(asked_pause) => {
                    self.config
                        .retry
                        .wait_after(attempts, asked_pause, &self.config.randomness)
                }
                None => None,
            };
            let Some(pause) = pause else { return end };
            match &end {
                Ok(answer) => {
                    debug!(path = url.path(), attempts, ?pause, result = %answer.result, "asking again")
                }
                Err(error) => debug!(path = url.path(), attempts, ?pause, %error, "asking again"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// One attempt: signed anew, because the time is part of what is signed.
    async fn attempt<Q: Question>(
        &self,
        question: &Q,
        url: &Url,
        body: &[u8],
        attempts: u32,
    ) -> Result<Answer<Q::Body>, AskError> {
        let path = || url.path().to_owned();
        let asked_at = self.config.clock.now();
        let headers =
            self.signed_headers(url.path(), &asked_at.timestamp_millis().to_string(), body)?;
        let reply = self
            .transport
            .post(url.clone(), headers, body.to_vec())
            .await;
        let reply = reply.map_err(|failure| AskError::Unreachable {
            path: path(),
            attempts,
            failure,
        })?;
        let untrusted = |reason| AskError::Untrusted {
            path: path(),
            attempts,
            reason,
        };
        let signed = self.verify(url.path(), &reply).map_err(untrusted)?;
        let (raw, response_time, result, body) = read_reply::<Q::Body>(reply.body, &signed)
            .map_err(|(reason, raw)| AskError::Unreadable {
                path: path(),
                attempts,
                reason,
                raw,
            })?;
        question.recognise(&body).map_err(untrusted)?;
        let outcome = self.outcome(&result, &body);
        debug!(path = url.path(), attempts, result = %result, ?outcome, "answered");
        Ok(Answer {
            outcome,
            result,
            body,
            raw,
            response_time,
            asked_at,
            attempts,
            signed,
        })
    }

    fn signed_headers(&self, path: &str, time: &str, body: &[u8]) -> Result<HeaderMap, NotAsked> {
        let config = &self.config;
        let signature = signature::sign(
            &config.private_key,
            config.key_version,
            path,
            &config.client_id,
            time,
            body,
        )?;
        let mut headers = self.headers.clone();
        for (name, value) in [("request-time", time), ("signature", &signature)] {
            let value = HeaderValue::from_str(value)
                .expect("digits and URL-encoded base64 are header values");
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// The gate that every answer passes: its exact bytes, Antom's key, its time.
    fn verify(&self, path: &str, reply: &Reply) -> Result<Signed, Distrust> {
        let unsigned = |missing| Distrust::Unsigned {
            missing,
            claimed: claimed_code(&reply.body),
        };
        let signature =
            sole_header(&reply.headers, "signature")?.ok_or_else(|| unsigned("signature"))?;
        let time = sole_header(&reply.headers, "response-time")?
            .ok_or_else(|| unsigned("response-time"))?;
        let config = &self.config;
        signature::verify(
            &config.antom_public_key,
            path,
            &config.client_id,
            &time,
            &reply.body,
            &signature,
        )?;
        Ok(Signed {
            path: path.to_owned(),
            response_time: time,
            signature,
        })
    }

    fn outcome(&self, result: &ResultInfo, body: &impl Body) -> Outcome {
        match result.status {
            ResultStatus::Success => body.outcome_of_success(),
            ResultStatus::Failed if self.config.not_found_codes.contains(&result.code) => {
                Outcome::NotFound
            }
            ResultStatus::Failed => Outcome::Refused,
            ResultStatus::Unknown | ResultStatus::Other(_) => Outcome::Unknown,
        }
    }
}

/// `None` if this is the end; else the pause that the server asked for, if it did.
fn worth_a_retry<T>(end: &Result<Answer<T>, AskError>) -> Option<Option<Duration>> {
    match end {
        Ok(answer) if answer.result.is_worth_a_retry() => Some(None),
        Err(AskError::Unreachable { failure, .. }) if failure.is_worth_a_retry() => match failure {
            Failure::Status { retry_after, .. } => Some(*retry_after),
            _ => Some(None),
        },
        _ => None,
    }
}

type ReadReply<T> = (
    RawBody,
    chrono::DateTime<chrono::FixedOffset>,
    ResultInfo,
    T,
);

/// Understands a verified body; where that fails, hands it back with the reason.
fn read_reply<T: Body>(
    body: Vec<u8>,
    signed: &Signed,
) -> Result<ReadReply<T>, (BodyError, RawBody)> {
    let text = String::from_utf8(body).map_err(|error| {
        let reason = BodyError::Json {
            place: "the body".to_owned(),
            reason: error.utf8_error().to_string(),
        };
        (
            reason,
            RawBody::new(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )
    })?;
    let time = parse_time(&signed.response_time).ok_or_else(|| BodyError::Unexpected {
        field: "response-time".to_owned(),
        found: crate::excerpt(&signed.response_time),
        expected: "a time such as `2019-05-28T12:12:14+08:00`",
    });
    match time.and_then(|time| Ok((time, read_body(&text)?))) {
        Ok((time, (result, body))) => Ok((RawBody::new(text), time, result, body)),
        Err(reason) => Err((reason, RawBody::new(text))),
    }
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

fn fixed_headers(config: &ClientConfig) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    headers.insert(
        "client-id",
        header_value("the client id", &config.client_id)?,
    );
    if let Some(id) = &config.merchant_account_id {
        header_value("the merchant account id", id)?;
    }
    if let Some(token) = &config.agent_token {
        let mut value = header_value("the agent token", token.expose())?;
        value.set_sensitive(true);
        headers.insert("agent-token", value);
    }
    Ok(headers)
}
