//! What a client needs to know.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::answer::NOT_FOUND_CODES;
use crate::key::{PrivateKey, PublicKey};
use crate::retry::{Randomness, RetryPolicy};

/// What the official SDKs allow for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// What the official SDKs allow for reading.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// At a quarter of a second per inquiry, eight in flight ask 500 questions in 16 s. Antom publishes
/// no rate limit, so this stays modest.
const MAX_IN_FLIGHT: usize = 8;
/// A transaction inside an `inquiryPayment` answer takes about 1 KiB: room for a payment with a
/// thousand refunds.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The settings of a [`Client`](crate::Client). They are checked when the client is built.
#[derive(Debug)]
pub struct ClientConfig {
    pub(crate) gateway: String,
    pub(crate) client_id: String,
    pub(crate) private_key: PrivateKey,
    pub(crate) antom_public_key: PublicKey,
    pub(crate) key_version: u32,
    pub(crate) merchant_account_id: Option<String>,
    pub(crate) agent_token: Option<AgentToken>,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) total_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) max_in_flight: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) not_found_codes: Vec<String>,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
}

impl ClientConfig {
    /// The four things that have no default.
    ///
    /// `gateway` is the address of Antom's region, such as `https://open-sea-global.alipay.com`;
    /// `http://` is accepted for loopback hosts only. A `client_id` that begins with `SANDBOX_`
    /// goes to the sandbox's paths.
    #[must_use]
    pub fn new(
        gateway: impl Into<String>,
        client_id: impl Into<String>,
        private_key: PrivateKey,
        antom_public_key: PublicKey,
    ) -> Self {
        ClientConfig {
            gateway: gateway.into(),
            client_id: client_id.into(),
            private_key,
            antom_public_key,
            key_version: 1,
            merchant_account_id: None,
            agent_token: None,
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            total_timeout: None,
            retry: RetryPolicy::default(),
            max_in_flight: MAX_IN_FLIGHT,
            max_body_bytes: MAX_BODY_BYTES,
            not_found_codes: NOT_FOUND_CODES.iter().map(|code| (*code).to_owned()).collect(),
            clock: Clock(Arc::new(|| DateTime::from(SystemTime::now()))),
            randomness: Randomness::system(),
        }
    }

    /// `keyVersion`: which of the merchant's uploaded keys signs. Default 1, which is what the
    /// official SDKs send.
    #[must_use]
    pub fn key_version(self, key_version: u32) -> Self {
        ClientConfig { key_version, ..self }
    }

    /// `merchantAccountId`, which Antom wants only if one client id serves several accounts.
    #[must_use]
    pub fn merchant_account_id(self, id: impl Into<String>) -> Self {
        ClientConfig { merchant_account_id: Some(id.into()), ..self }
    }

    /// The `agent-token` of an independent software vendor.
    #[must_use]
    pub fn agent_token(self, token: AgentToken) -> Self {
        ClientConfig { agent_token: Some(token), ..self }
    }

    /// How long connecting (names, TCP, TLS) may take. Default 15 s.
    #[must_use]
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        ClientConfig { connect_timeout, ..self }
    }

    /// How long the server may keep silent. Default 15 s. A whole attempt, the last byte of the
    /// answer included, may take both time-outs together, so that a server cannot hold a question
    /// by dripping.
    #[must_use]
    pub fn read_timeout(self, read_timeout: Duration) -> Self {
        ClientConfig { read_timeout, ..self }
    }

    /// How long all questions of a client and its clones may take together, counted from the first
    /// one. A question that is under way when this is over is given up, later ones are not sent;
    /// both end as [`Failure::OutOfTime`](crate::Failure::OutOfTime). Default: no limit.
    #[must_use]
    pub fn total_timeout(self, total_timeout: Duration) -> Self {
        ClientConfig { total_timeout: Some(total_timeout), ..self }
    }

    /// How often to ask, and how long to wait in between.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        ClientConfig { retry, ..self }
    }

    /// How many questions are asked at the same time, their retries and pauses included; others
    /// wait for their turn. Default 8. Clones of a client share the ceiling.
    #[must_use]
    pub fn max_in_flight(self, max_in_flight: usize) -> Self {
        ClientConfig { max_in_flight, ..self }
    }

    /// The longest body in bytes that is read. Default 1 MiB.
    #[must_use]
    pub fn max_body_bytes(self, max_body_bytes: usize) -> Self {
        ClientConfig { max_body_bytes, ..self }
    }

    /// The codes that, with status `F`, mean [`Outcome::NotFound`](crate::Outcome::NotFound).
    /// Default [`NOT_FOUND_CODES`]; this replaces them.
    #[must_use]
    pub fn not_found_codes(self, codes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        ClientConfig { not_found_codes: codes.into_iter().map(Into::into).collect(), ..self }
    }

    /// Where `request-time` comes from. Default: the system's clock.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        ClientConfig { clock: Clock(Arc::new(now)), ..self }
    }

    /// Where jitter comes from: 64 random bits per call. Default: the standard library's hash
    /// seeds.
    #[must_use]
    pub fn randomness(self, bits: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        ClientConfig { randomness: Randomness::new(bits), ..self }
    }
}

/// The `agent-token` header's value: a secret that shows nothing of itself and is wiped when it is
/// dropped.
pub struct AgentToken(Zeroizing<String>);

impl AgentToken {
    /// Takes the token over.
    #[must_use]
    pub fn new(token: String) -> Self {
        AgentToken(Zeroizing::new(token))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AgentToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AgentToken(not shown)")
    }
}

#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
