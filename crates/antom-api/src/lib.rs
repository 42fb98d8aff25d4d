//! A client for the payment API of Antom, Alipay's global acquirer: signed questions, verified
//! answers.
//!
//! ```no_run
//! use antom_api::{Client, ClientConfig, Outcome, PaymentQuestion, PrivateKey, PublicKey};
//!
//! # async fn inquire() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientConfig::new(
//!     "https://open-sea-global.alipay.com",
//!     "SANDBOX_5X00000000000000",
//!     PrivateKey::from_file("secrets/merchant.pem")?,
//!     PublicKey::from_file("secrets/antom.pem")?,
//! ))?;
//!
//! let answer = client.inquiry_payment(&PaymentQuestion::RequestId("order-4711".to_owned())).await?;
//! match answer.outcome {
//!     Outcome::Found => println!("{:?} of {:?}", answer.body.payment_status, answer.body.payment_amount),
//!     Outcome::NotFound => println!("Antom does not know it"),
//!     Outcome::Refused | Outcome::Unknown => println!("Antom does not say: {}", answer.result),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **Every answer is verified before it is read**: RSA-SHA256 over the exact bytes, with Antom's
//!   key and the answer's time. Unsigned or wrongly signed is [`AskError::Untrusted`], whatever the
//!   body claims; so is a genuine answer about another payment. (The official SDKs skip
//!   verification when there is no signature.)
//! - **An [`Answer`] is evidence**: the typed body, the exact text, Antom's time, and what it takes
//!   to verify it again.
//! - **Nothing Antom says is lost or guessed**: unknown members and enumeration values survive;
//!   amounts are whole numbers in the smallest unit; an unreadable value is an error that names its
//!   place.
//! - **It is polite and bounded**: a ceiling on questions in flight, exponential back-off with full
//!   jitter on `U`, on throttling and on outages, time-outs, a longest body, no redirects.
//! - **It moves no money**: inquiries only. The calls that do (pay, settle, refund, transfer, …) and
//!   the notifications are in `marketplace`, behind the feature of that name, which is off.
//!
//! # Where to look
//!
//! [`ClientConfig`] for the settings, [`Client`] for the calls and how they end, [`signature`] for
//! the scheme itself (for verifying notifications, or for the server side of a test), [`AskError`]
//! for what can go wrong.
//!
//! # Time-outs add up
//!
//! One attempt takes at most the connect and read time-outs together. With the defaults a question
//! is given up after four attempts of at most 30 s and pauses of at most 3.5 s in all.

mod answer;
mod attempt;
mod client;
mod config;
mod error;
mod gateway;
mod key;
#[cfg(feature = "marketplace")]
pub mod marketplace;
mod model;
mod question;
mod retry;
pub mod signature;
mod transport;

pub use answer::{Answer, NOT_FOUND_CODES, Outcome, RawBody, ResultInfo, ResultStatus, Signed};
pub use client::Client;
pub use config::{AgentToken, ClientConfig};
pub use error::{AskError, ConfigError, Distrust, Failure, NotAsked};
pub use key::{KeyError, PrivateKey, PublicKey};
pub use model::{
    AccountBalance, Amount, BalanceInquiry, BodyError, PaymentInquiry, PaymentStatus, Quote, RefundInquiry,
    RefundStatus, Transaction, TransactionType, UnknownFields,
};
pub use question::{BalanceQuestion, PaymentQuestion, RefundQuestion};
pub use retry::RetryPolicy;

/// Foreign text for a message: its first characters, without control characters.
fn excerpt(text: &str) -> String {
    /// An id has 64 characters; the rest of a longer text adds nothing to a message.
    const MOST: usize = 80;
    let mut excerpt: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// The README's examples compile; those of the feature are among them.
#[cfg(all(doctest, feature = "marketplace"))]
#[doc = include_str!("../README.md")]
struct Readme;
