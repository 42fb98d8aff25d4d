//! Reading requests strictly: every member but lists and flags is a text (fact sheet, 6.4).

use super::money::{Money, currency};
use super::refusal::{Refusal, illegal, refuse};
use crate::world::money::Currency;
use chrono::DateTime;
use serde_json::{Map, Value};

/// Most digits of a value (fact sheet, 6.4).
const MOST_DIGITS: usize = 16;

/// Longest id and reference.
pub(super) const ID: usize = 64;

/// Longest address.
pub(super) const URL: usize = 2048;

/// An object of a request, and where it stands in it.
#[derive(Clone)]
pub(super) struct Asked<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

impl<'a> Asked<'a> {
    pub(super) fn new(body: &'a Value) -> Result<Self, Refusal> {
        match body {
            Value::Object(members) => Ok(Self { members, path: String::new() }),
            _ => illegal("the body is not a JSON object"),
        }
    }

    fn named(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// An optional text, an empty one taken as absent.
    pub(super) fn optional(&self, name: &str, longest: usize) -> Result<Option<&'a str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text)),
            Some(Value::String(_)) => illegal(format!("`{}` is longer than {longest} characters", self.named(name))),
            Some(_) => illegal(format!("`{}` is not a string", self.named(name))),
        }
    }

    /// A text that must be there.
    pub(super) fn text(&self, name: &str, longest: usize) -> Result<&'a str, Refusal> {
        match self.optional(name, longest)? {
            Some(text) => Ok(text),
            None => illegal(format!("`{}` is missing", self.named(name))),
        }
    }

    /// One of a few words.
    pub(super) fn word(&self, name: &str, words: &[&'static str]) -> Result<&'static str, Refusal> {
        let text = self.text(name, ID)?;
        match words.iter().find(|word| **word == text) {
            Some(word) => Ok(word),
            None => illegal(format!("`{}` is `{text}`; expected one of {words:?}", self.named(name))),
        }
    }

    /// `true` or `false`, as a text (documentation) or a boolean (SDKs).
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => illegal(format!("`{}` is neither `true` nor `false`", self.named(name))),
        }
    }

    /// An optional instant, as seconds since 1970.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.optional(name, ID)? else { return Ok(None) };
        match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(Some(time.timestamp())),
            Err(_) => illegal(format!("`{}` is not a time with offset", self.named(name))),
        }
    }

    pub(super) fn object_or_none(&self, name: &str) -> Result<Option<Asked<'a>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Asked { members, path: self.named(name) })),
            Some(_) => illegal(format!("`{}` is not an object", self.named(name))),
        }
    }

    pub(super) fn object(&self, name: &str) -> Result<Asked<'a>, Refusal> {
        match self.object_or_none(name)? {
            Some(object) => Ok(object),
            None => illegal(format!("`{}` is missing", self.named(name))),
        }
    }

    /// A list of objects, empty if absent, of at most so many.
    pub(super) fn list(&self, name: &str, most: usize) -> Result<Vec<Asked<'a>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let Value::Array(items) = value else {
            return illegal(format!("`{}` is not a list", self.named(name)));
        };
        if items.len() > most {
            return illegal(format!("`{}` has more than {most} elements", self.named(name)));
        }
        let read = |(index, item): (usize, &'a Value)| match item {
            Value::Object(members) => Ok(Asked { members, path: format!("{}[{index}]", self.named(name)) }),
            _ => illegal(format!("`{}[{index}]` is not an object", self.named(name))),
        };
        items.iter().enumerate().map(read).collect()
    }

    /// A currency of Antom's list.
    pub(super) fn currency(&self, name: &str) -> Result<Currency, Refusal> {
        let code = self.text(name, ID)?;
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return illegal(format!("`{}` is not three capital letters", self.named(name)));
        }
        match currency(code) {
            Some(currency) => Ok(currency),
            None => refuse("CURRENCY_NOT_SUPPORT", format!("`{}` is `{code}`", self.named(name))),
        }
    }

    /// `{currency, value}`, above zero, in the smallest unit.
    pub(super) fn amount(&self, name: &str) -> Result<Money, Refusal> {
        let amount = self.object(name)?;
        let value = amount.text("value", MOST_DIGITS)?;
        let minor = match value.parse::<i64>() {
            Ok(minor) if minor > 0 && value.bytes().all(|digit| digit.is_ascii_digit()) => minor,
            _ => {
                let path = amount.named("value");
                return illegal(format!("`{path}` is not a whole number above 0 in the smallest unit"));
            }
        };
        Ok(Money::new(minor, amount.currency("currency")?))
    }
}
