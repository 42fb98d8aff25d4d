//! The client: its settings checked, its questions asked as often as it is worth.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use crate::answer::Answer;
#[cfg(doc)]
use crate::answer::Outcome;
use crate::attempt::Miss;
use crate::config::ClientConfig;
use crate::error::{AskError, ConfigError, Failure};
use crate::gateway::{Gateway, header_value};
use crate::model::{BalanceInquiry, PaymentInquiry, RefundInquiry};
use crate::question::{BalanceQuestion, PaymentQuestion, Question, RefundQuestion};
use crate::transport::Transport;

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
/// | [`AskError::Untrusted`] | unsigned, badly signed, about something else or silent about what | no |
/// | [`AskError::Unreadable`] | signed, and in a form that this crate does not know | no |
/// | [`AskError::NotAsked`] | the question itself was wrong | |
///
/// Dropping the future of a call ends it at once.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: ClientConfig,
    pub(crate) transport: Transport,
    /// The headers that are the same for every request.
    pub(crate) headers: HeaderMap,
    gateway: Gateway,
    in_flight: Semaphore,
    /// When all questions together have taken as long as they may; set by the first one.
    over_at: OnceLock<Instant>,
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
        for (name, value) in [("max_in_flight", config.max_in_flight), ("max_body_bytes", config.max_body_bytes)] {
            if value == 0 {
                return Err(ConfigError::Zero { name });
            }
        }
        if config.antom_public_key == config.private_key.public_key() {
            warn!(
                "Antom's public key is the merchant's own: every real answer will look badly signed; \
                 copy Antom's key from its dashboard"
            );
        }
        let transport = Transport::new(&config, &gateway)?;
        let in_flight = Semaphore::new(config.max_in_flight.min(Semaphore::MAX_PERMITS));
        Ok(Client {
            inner: Arc::new(Inner { config, gateway, transport, headers, in_flight, over_at: OnceLock::new() }),
        })
    }

    /// `inquiryPayment`: how a payment stands, together with its captures and refunds.
    ///
    /// # Errors
    ///
    /// [`AskError`]: there is no evidence. Antom's refusals are answers, not errors.
    pub async fn inquiry_payment(&self, question: &PaymentQuestion) -> Result<Answer<PaymentInquiry>, AskError> {
        self.inner.ask(question).await
    }

    /// `inquiryRefund`: how a refund stands.
    ///
    /// # Errors
    ///
    /// As for [`inquiry_payment`](Self::inquiry_payment).
    pub async fn inquiry_refund(&self, question: &RefundQuestion) -> Result<Answer<RefundInquiry>, AskError> {
        self.inner.ask(question).await
    }

    /// `inquireBalance`: what the marketplace or one of its sub-merchants has with Antom.
    ///
    /// # Errors
    ///
    /// As for [`inquiry_payment`](Self::inquiry_payment).
    pub async fn inquire_balance(&self, question: &BalanceQuestion) -> Result<Answer<BalanceInquiry>, AskError> {
        self.inner.ask(question).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Inner {
    /// One question: its turn, its attempts, the pauses in between, within the time for all.
    pub(crate) async fn ask<Q: Question>(&self, question: &Q) -> Result<Answer<Q::Body>, AskError> {
        let request = question.request(self.config.merchant_account_id.as_deref())?;
        let url = self.gateway.call(Q::API);
        let attempts = AtomicU32::new(0);
        let asking = self.ask_often_enough(question, &url, &request, &attempts);
        let Some(limit) = self.config.total_timeout else { return asking.await };
        let over_at = *self.over_at.get_or_init(|| Instant::now() + limit);
        // Nothing is sent any more, not even to be given up at once.
        let ended = if Instant::now() < over_at { timeout_at(over_at, asking).await.ok() } else { None };
        ended.unwrap_or_else(|| {
            let (path, attempts) = (url.path().to_owned(), attempts.load(Ordering::Relaxed));
            Err(AskError::Unreachable { path, attempts, failure: Failure::OutOfTime { limit } })
        })
    }

    async fn ask_often_enough<Q: Question>(
        &self,
        question: &Q,
        url: &Url,
        request: &[u8],
        made: &AtomicU32,
    ) -> Result<Answer<Q::Body>, AskError> {
        let _turn = self.in_flight.acquire().await.expect("nobody closes the semaphore");
        loop {
            let attempts = made.fetch_add(1, Ordering::Relaxed) + 1;
            let end = self.attempt(question, url, request, attempts).await;
            let Some(pause) = self.pause_after(question, &end, attempts) else {
                return end.map_err(|miss| miss.into_error(url.path(), attempts));
            };
            debug!(path = url.path(), attempts, ?pause, "asking again");
            tokio::time::sleep(pause).await;
        }
    }

    /// How long to wait before asking again; `None` if this is the end.
    fn pause_after<Q: Question>(
        &self,
        question: &Q,
        end: &Result<Answer<Q::Body>, Miss>,
        attempts: u32,
    ) -> Option<Duration> {
        let asked_pause = match end {
            _ if !question.may_be_repeated() => return None,
            Ok(answer) if !question.is_final(&answer.result, &answer.body) => None,
            Err(Miss::Failure(failure)) if failure.is_worth_a_retry() => failure.asked_pause(),
            _ => return None,
        };
        let ClientConfig { retry, randomness, .. } = &self.config;
        retry.wait_after(attempts, asked_pause, randomness)
    }
}

fn fixed_headers(config: &ClientConfig) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    headers.insert("client-id", header_value("the client id", &config.client_id)?);
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
