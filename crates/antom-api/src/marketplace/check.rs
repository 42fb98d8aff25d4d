//! What is checked before a request is sent: its form, as far as Antom documents it.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::error::NotAsked;
use crate::excerpt;
use crate::model::Amount;
use crate::question::{id_of, printable};

/// Longest `referenceMerchantId`, `loginId`, `referenceOrderId` (SDK comments).
const MOST_REFERENCE: usize = 64;

/// Longest notification and redirect address.
const MOST_URL: usize = 2048;

/// Values are texts, as all members of a request but lists are (fact sheet, 6.4).
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut amount = serializer.serialize_struct("Amount", 2)?;
        amount.serialize_field("currency", &self.currency)?;
        amount.serialize_field("value", &self.value.to_string())?;
        amount.end()
    }
}

pub(super) fn id(field: &'static str, text: &str) -> Result<(), NotAsked> {
    id_of(field, text).map(drop)
}

pub(super) fn optional_id(field: &'static str, text: Option<&str>) -> Result<(), NotAsked> {
    text.map_or(Ok(()), |text| id(field, text))
}

pub(super) fn reference(field: &'static str, text: &str) -> Result<(), NotAsked> {
    printable(field, text, MOST_REFERENCE).map(drop)
}

pub(super) fn url(field: &'static str, text: Option<&str>) -> Result<(), NotAsked> {
    text.map_or(Ok(()), |text| printable(field, text, MOST_URL).map(drop))
}

pub(super) fn text(field: &'static str, text: &str, most: usize) -> Result<(), NotAsked> {
    printable(field, text, most).map(drop)
}

pub(super) fn currency(field: &'static str, code: &str) -> Result<(), NotAsked> {
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(NotAsked::Value { field, found: excerpt(code), expected: "three capital letters" })
}

/// An amount above zero: nothing is never paid, split or given back.
pub(super) fn amount(field: &'static str, amount: &Amount) -> Result<(), NotAsked> {
    currency(field, &amount.currency)?;
    if amount.value > 0 {
        return Ok(());
    }
    Err(NotAsked::Value { field, found: amount.value.to_string(), expected: "an amount above 0 in the smallest unit" })
}

/// A list with at least one and at most so many elements.
pub(super) fn list<T>(field: &'static str, list: &[T], most: usize) -> Result<(), NotAsked> {
    match list.len() {
        0 => Err(NotAsked::Value { field, found: "empty".to_owned(), expected: "at least one element" }),
        len if len > most => Err(NotAsked::TooMany { field, found: len, most }),
        _ => Ok(()),
    }
}

/// Parts that are in one currency.
pub(super) fn one_currency<'a>(field: &'static str, amounts: impl Iterator<Item = &'a Amount>) -> Result<(), NotAsked> {
    let mut first: Option<&str> = None;
    for amount in amounts {
        if *first.get_or_insert(&amount.currency) != amount.currency {
            let found = excerpt(&amount.currency);
            return Err(NotAsked::Value { field, found, expected: "the same currency in all parts" });
        }
    }
    Ok(())
}

/// A request as it is sent, with the account that the client's settings name.
#[derive(Serialize)]
struct Sent<'a, R> {
    #[serde(flatten)]
    request: &'a R,
    #[serde(rename = "merchantAccountId", skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
}

pub(super) fn json<R: Serialize>(request: &R, account: Option<&str>) -> Vec<u8> {
    serde_json::to_vec(&Sent { request, account }).expect("texts, lists and objects of texts always serialise")
}

/// Booleans travel as texts (fact sheet, 6.4).
pub(super) fn flag<S: Serializer>(flag: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
    match flag {
        Some(true) => serializer.serialize_str("true"),
        Some(false) => serializer.serialize_str("false"),
        None => serializer.serialize_none(),
    }
}
