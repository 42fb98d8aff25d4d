//! Exchange rates.

use chrono::{DateTime, FixedOffset};

use super::{BodyError, Fields, FromFields, UnknownFields};

/// `Quote`: an exchange rate that was used or locked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote {
    /// `quoteId`.
    pub quote_id: Option<String>,
    /// `quoteCurrencyPair`, such as `BRL/USD`. An amount in the left currency times the price is
    /// one in the right.
    pub quote_currency_pair: Option<String>,
    /// `quotePrice`, the exact decimal text that Antom sent: rates do not pass through binary
    /// floating point here.
    pub quote_price: Option<String>,
    /// `quoteStartTime`.
    pub quote_start_time: Option<DateTime<FixedOffset>>,
    /// `quoteExpiryTime`.
    pub quote_expiry_time: Option<DateTime<FixedOffset>>,
    /// `guaranteed`.
    pub guaranteed: Option<bool>,
    /// Everything else.
    pub other: UnknownFields,
}

impl FromFields for Quote {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(Quote {
            quote_id: fields.text("quoteId")?,
            quote_currency_pair: fields.text("quoteCurrencyPair")?,
            quote_price: fields.text("quotePrice")?,
            quote_start_time: fields.time("quoteStartTime")?,
            quote_expiry_time: fields.time("quoteExpiryTime")?,
            guaranteed: fields.flag("guaranteed")?,
            other: fields.rest(),
        })
    }
}
