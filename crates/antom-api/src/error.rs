//! What can go wrong, sorted by what the caller should think of it.

use std::time::Duration;

use thiserror::Error;

use crate::answer::{RawBody, Signed};
use crate::model::BodyError;
use crate::signature::SignatureError;

/// A question that brought no evidence. What Antom did say, a refusal included, is an
/// [`Answer`](crate::Answer).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The question was wrong and was not asked.
    #[error("not asked: {0}")]
    NotAsked(#[from] NotAsked),
    /// No answer came, after all the attempts that were worth making. Nothing is known; ask again
    /// later.
    #[error("no answer to `{path}` after {attempts} attempt(s): {failure}")]
    Unreachable {
        /// The path that was called.
        path: String,
        /// How often it was tried.
        attempts: u32,
        /// What happened the last time.
        failure: Failure,
    },
    /// Something answered, and it must not be believed. It is not asked again: a wrong key, a
    /// gateway that cannot verify us and somebody in between do not go away by themselves, and
    /// repeating gives the last of them more to work with.
    #[error("the answer to `{path}` is no evidence: {reason}")]
    Untrusted {
        /// The path that was called.
        path: String,
        /// How often it was tried.
        attempts: u32,
        /// Why it is not believed.
        reason: Distrust,
    },
    /// Antom's own, verified words, which this crate does not understand.
    #[error("the signed answer to `{path}` cannot be read: {reason}")]
    Unreadable {
        /// The path that was called.
        path: String,
        /// How often it was tried.
        attempts: u32,
        /// What is unexpected, and where.
        reason: BodyError,
        /// The exact body; if it is no UTF-8, with `\u{fffd}` for what is not.
        raw: RawBody,
        /// What else is needed to verify the raw body once more; none if it is no UTF-8, for then it
        /// is not what was signed.
        signed: Option<Box<Signed>>,
    },
}

/// Why a question was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAsked {
    /// An id that Antom cannot have given or taken.
    #[error("`{field}` is {problem}; expected 1 to {most} printable characters")]
    Id {
        /// Antom's name of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
        /// The longest that Antom documents.
        most: usize,
    },
    /// A value that Antom must refuse.
    #[error("`{field}` is `{found}`; expected {expected}")]
    Value {
        /// Antom's name of the field.
        field: &'static str,
        /// What was given.
        found: String,
        /// What would have been sent.
        expected: &'static str,
    },
    /// A list that is too long.
    #[error("`{field}` has {found} elements; expected at most {most}")]
    TooMany {
        /// Antom's name of the field.
        field: &'static str,
        /// How many there are.
        found: usize,
        /// The most that Antom documents.
        most: usize,
    },
    /// The private key failed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// No connection: name, address, port or TLS.
    #[error("no connection: {0}")]
    Connection(String),
    /// The server's certificate is not valid for its name, by the certificates that this machine
    /// trusts.
    #[error(
        "the server's certificate is refused: {0}; check the gateway's host name and this machine's CA certificates"
    )]
    Certificate(String),
    /// Too slow.
    #[error("timed out (connecting may take {connect:?}, the whole attempt {whole:?})")]
    TimedOut {
        /// The limit for connecting.
        connect: Duration,
        /// The limit for the whole attempt.
        whole: Duration,
    },
    /// All questions together have taken as long as they may.
    #[error("the time for all questions together, {limit:?}, is over")]
    OutOfTime {
        /// The limit for all of them.
        limit: Duration,
    },
    /// The connection broke before the answer was complete, or what came was no HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Another HTTP status than 200, the only one that Antom answers with. Redirects are not
    /// followed.
    #[error("HTTP status {status}, expected 200{}", claim(claimed.as_deref()))]
    Status {
        /// The status.
        status: u16,
        /// How long the server asked to be left alone (`Retry-After`, in seconds).
        retry_after: Option<Duration>,
        /// The `resultCode` in the body, which nobody vouches for.
        claimed: Option<String>,
    },
    /// The body is longer than this client reads.
    #[error("the body is longer than {limit} bytes; raise `max_body_bytes` if Antom's answers have grown")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl Failure {
    /// Whether trying again can help: connections, time-outs, HTTP 408, 429 and 5xx. A refused
    /// certificate, another status and an oversized body will be the same the next time, and time
    /// that is over does not come back.
    #[must_use]
    pub fn is_worth_a_retry(&self) -> bool {
        match self {
            Failure::Connection(_) | Failure::TimedOut { .. } | Failure::Broken(_) => true,
            Failure::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Failure::Certificate(_) | Failure::TooLarge { .. } | Failure::OutOfTime { .. } => false,
        }
    }

    /// How long the server asked to be left alone.
    pub(crate) fn asked_pause(&self) -> Option<Duration> {
        match self {
            Failure::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why an answer is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Distrust {
    /// No `signature` or no `response-time` header. Antom's gateway answers so when it could not
    /// verify the request.
    #[error(
        "it has no `{missing}` header{}; check client id, private key, key version, \
         and that the matching public key was uploaded to Antom",
        claim(claimed.as_deref())
    )]
    Unsigned {
        /// The header that is missing.
        missing: &'static str,
        /// The `resultCode` in the body, which nobody vouches for.
        claimed: Option<String>,
    },
    /// Which header counts is open to doubt, and two readers could decide differently.
    #[error("its `{header}` header is there more than once or is not ASCII")]
    DoubtfulHeader {
        /// The header.
        header: &'static str,
    },
    /// The signature does not hold.
    #[error(transparent)]
    BadSignature(#[from] SignatureError),
    /// It is signed, and about something else than what was asked.
    #[error("it is about `{field}` `{found}`, and `{asked}` was asked for")]
    WrongAnswer {
        /// Antom's name of the field.
        field: &'static str,
        /// What was asked for.
        asked: String,
        /// What the answer is about.
        found: String,
    },
    /// It is signed, and does not say what it is about, which Antom's page says that such an answer does.
    #[error("it has no `{field}`, and `{asked}` was asked for")]
    Nameless {
        /// Antom's name of the field.
        field: &'static str,
        /// What was asked for.
        asked: String,
    },
}

fn claim(code: Option<&str>) -> String {
    code.map(|code| format!(" (the body, which nobody vouches for, says `{code}`)")).unwrap_or_default()
}

/// Why a client could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The gateway is no URL that can be called.
    #[error("gateway `{gateway}` {problem}; expected for example `https://open-sea-global.alipay.com`")]
    Gateway {
        /// What was configured.
        gateway: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A text that cannot be sent in a header.
    #[error("{name} is {problem}; expected visible ASCII characters without spaces")]
    Text {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A bound of zero.
    #[error("`{name}` is 0; expected at least 1")]
    Zero {
        /// The setting.
        name: &'static str,
    },
    /// TLS could not be set up on this machine.
    #[error("TLS cannot be set up: {0}; install the system's CA certificates (Debian: `ca-certificates`)")]
    Tls(String),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}
