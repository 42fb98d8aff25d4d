//! `inquireBalance`.

use super::{Amount, Body, BodyError, Fields, FromFields, UnknownFields, read_body};
use crate::answer::{Outcome, ResultInfo};

/// The answer to `inquireBalance`: the balances of one party, by currency. It carries no id of the
/// party.
///
/// Source: SDK `AlipayInquireBalanceResponse`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BalanceInquiry {
    /// `accountBalances`. `None` if Antom sent no list.
    pub account_balances: Option<Vec<AccountBalance>>,
    /// Everything else.
    pub other: UnknownFields,
}

impl BalanceInquiry {
    /// Reads a stored body again. It does not verify anything: that happened when it was asked for.
    ///
    /// # Errors
    ///
    /// [`BodyError`] names the member that cannot be read.
    pub fn from_json(text: &str) -> Result<(ResultInfo, Self), BodyError> {
        read_body(text)
    }
}

impl FromFields for BalanceInquiry {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(BalanceInquiry { account_balances: fields.list("accountBalances")?, other: fields.rest() })
    }
}

impl Body for BalanceInquiry {
    fn outcome_of_success(&self) -> Outcome {
        match self.account_balances {
            Some(_) => Outcome::Found,
            None => Outcome::Unknown,
        }
    }
}

/// One of `accountBalances`: what a party has in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountBalance {
    /// `accountNo`.
    pub account_no: Option<String>,
    /// `currency`, ISO 4217.
    pub currency: Option<String>,
    /// `availableBalance`: what can be paid out.
    pub available_balance: Option<Amount>,
    /// `frozenBalance`: what is held back, for disputes for example.
    pub frozen_balance: Option<Amount>,
    /// `totalBalance`.
    pub total_balance: Option<Amount>,
    /// Everything else.
    pub other: UnknownFields,
}

impl FromFields for AccountBalance {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        Ok(AccountBalance {
            account_no: fields.text("accountNo")?,
            currency: fields.text("currency")?,
            available_balance: fields.amount("availableBalance")?,
            frozen_balance: fields.amount("frozenBalance")?,
            total_balance: fields.amount("totalBalance")?,
            other: fields.rest(),
        })
    }
}
