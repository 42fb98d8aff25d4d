//! Antom's answers in types. Field names are Antom's, in Rust's spelling; each field's
//! documentation gives the original.
//!
//! What all bodies have in common: a member that is absent, `null` or empty is `None`; numbers and
//! booleans may come as JSON strings or natively (documentation says strings, the SDKs say both);
//! members that are not listed here are kept in `other`, with the exact text that Antom sent; a
//! value of an enumeration that this crate does not know is kept as `Other`; a member that is
//! listed and cannot be read makes the whole body unreadable, because half of an answer is worse
//! evidence than none.

mod amount;
mod balance;
mod fields;
mod payment;
mod quote;
mod refund;
mod status;
mod time;

pub use amount::Amount;
pub use balance::{AccountBalance, BalanceInquiry};
pub use fields::{BodyError, UnknownFields};
pub use payment::{PaymentInquiry, Transaction};
pub use quote::Quote;
pub use refund::RefundInquiry;
pub use status::{PaymentStatus, RefundStatus, TransactionType};

pub(crate) use fields::{Fields, FromFields};
pub(crate) use status::open_enum;
pub(crate) use time::parse_time;

use crate::answer::{Outcome, ResultInfo, ResultStatus};

/// The body of an answer.
pub(crate) trait Body: FromFields {
    /// What an answer with `resultStatus` `S` says.
    fn outcome_of_success(&self) -> Outcome;

    /// `merchantAccountId`: of which of a client's accounts it speaks, if it says so.
    fn account(&self) -> Option<&str> {
        None
    }
}

/// Reads a whole body: `result`, and the rest.
pub(crate) fn read_body<T: FromFields>(text: &str) -> Result<(ResultInfo, T), BodyError> {
    let mut fields = Fields::parse(text)?;
    let result = fields.object::<ResultInfo>("result")?.ok_or_else(|| fields.missing("result"))?;
    Ok((result, T::from_fields(fields)?))
}

/// The `resultCode` of a body that nobody vouches for, for messages only: cut to what a code can
/// be.
pub(crate) fn claimed_code(body: &[u8]) -> Option<String> {
    let fields = Fields::parse(std::str::from_utf8(body).ok()?);
    let result = fields.ok()?.object::<ResultInfo>("result").ok()??;
    let is_code = |code: &String| code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    Some(result.code).filter(|code| (1..=64).contains(&code.len())).filter(is_code)
}

impl FromFields for ResultInfo {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        let status = fields.text("resultStatus")?.ok_or_else(|| fields.missing("resultStatus"))?;
        Ok(ResultInfo {
            code: fields.text("resultCode")?.unwrap_or_default(),
            status: ResultStatus::from(status),
            message: fields.text("resultMessage")?.unwrap_or_default(),
        })
    }
}
