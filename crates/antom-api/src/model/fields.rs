//! Reading a JSON object member by member, with the path of whatever is wrong.
//!
//! Values stay the text that Antom sent until somebody asks for them, so that no number passes
//! through binary floating point on its way, and what nobody asks for survives unchanged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use chrono::{DateTime, FixedOffset};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::time::parse_time;
use super::{Amount, Quote};
use crate::excerpt;

/// A type that is read from an object.
pub(crate) trait FromFields: Sized {
    fn from_fields(fields: Fields) -> Result<Self, BodyError>;
}

/// What is unexpected in a body, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Not JSON, not an object, or a member that is there twice.
    #[error("{place} is not the JSON object that was expected: {reason}")]
    Json {
        /// Which part of the body.
        place: String,
        /// What the parser says.
        reason: String,
    },
    /// A member that must be there.
    #[error("`{field}` is missing")]
    Missing {
        /// The path of the member.
        field: String,
    },
    /// A member that cannot be read.
    #[error("`{field}` is `{found}`; expected {expected}")]
    Unexpected {
        /// The path of the member.
        field: String,
        /// The beginning of what is there.
        found: String,
        /// What would have been understood.
        expected: &'static str,
    },
}

/// An object's members that were not read yet.
pub(crate) struct Fields {
    /// Where the object is in the body; empty for the body itself.
    path: String,
    members: BTreeMap<String, Box<RawValue>>,
}

impl Fields {
    pub(crate) fn parse(text: &str) -> Result<Self, BodyError> {
        Self::parse_at(text, String::new())
    }

    fn parse_at(text: &str, path: String) -> Result<Self, BodyError> {
        match serde_json::from_str::<Members>(text) {
            Ok(Members(members)) => Ok(Fields { path, members }),
            Err(error) => {
                let place = if path.is_empty() { "the body".to_owned() } else { format!("`{path}`") };
                Err(BodyError::Json { place, reason: error.to_string() })
            }
        }
    }

    /// A text; a number or boolean is its text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, BodyError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        match raw.get().as_bytes()[0] {
            b'"' => {
                let text: String = serde_json::from_str(raw.get())
                    .map_err(|_| self.unexpected(name, raw.get(), "a text without broken escapes"))?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
            b'{' | b'[' => Err(self.unexpected(name, raw.get(), "a text, a number or a boolean")),
            _ => Ok(Some(raw.get().to_owned())),
        }
    }

    pub(crate) fn status<T: From<String>>(&mut self, name: &str) -> Result<Option<T>, BodyError> {
        Ok(self.text(name)?.map(T::from))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, BodyError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.unexpected(name, other, "`true` or `false`")),
        }
    }

    pub(crate) fn time(&mut self, name: &str) -> Result<Option<DateTime<FixedOffset>>, BodyError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let time = parse_time(&text);
        time.map(Some).ok_or_else(|| self.unexpected(name, &text, "a time such as `2019-11-27T12:01:01+08:00`"))
    }

    pub(crate) fn amount(&mut self, name: &str) -> Result<Option<Amount>, BodyError> {
        self.object(name)
    }

    pub(crate) fn quote(&mut self, name: &str) -> Result<Option<Quote>, BodyError> {
        self.object(name)
    }

    pub(crate) fn object<T: FromFields>(&mut self, name: &str) -> Result<Option<T>, BodyError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        T::from_fields(Self::parse_at(raw.get(), self.path_of(name))?).map(Some)
    }

    /// A list of objects; `None` if there is no list, which differs from an empty one.
    pub(crate) fn list<T: FromFields>(&mut self, name: &str) -> Result<Option<Vec<T>>, BodyError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        let items: Vec<&RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| self.unexpected(name, raw.get(), "a list of objects"))?;
        let read = |(index, item): (usize, &&RawValue)| {
            T::from_fields(Self::parse_at(item.get(), format!("{}[{index}]", self.path_of(name)))?)
        };
        items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// The members that nobody asked for, `null` ones included.
    pub(crate) fn rest(self) -> UnknownFields {
        UnknownFields(self.members)
    }

    pub(crate) fn missing(&self, name: &str) -> BodyError {
        BodyError::Missing { field: self.path_of(name) }
    }

    pub(crate) fn unexpected(&self, name: &str, found: &str, expected: &'static str) -> BodyError {
        BodyError::Unexpected { field: self.path_of(name), found: excerpt(found), expected }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.members.remove(name).filter(|raw| raw.get() != "null")
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Members of an object that this crate has no field for, by name, each as the exact JSON text that
/// Antom sent.
///
/// They may contain personal data of a buyer, so debugging shows their names only.
#[derive(Clone, Default)]
pub struct UnknownFields(BTreeMap<String, Box<RawValue>>);

impl UnknownFields {
    /// The JSON text of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|raw| raw.get())
    }

    /// All members, by name and JSON text, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), raw.get()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for UnknownFields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for UnknownFields {}

impl fmt::Debug for UnknownFields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// An object that refuses to have a member twice: two readers could take different ones for the
/// truth.
struct Members(BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            match members.entry(name) {
                Entry::Vacant(place) => place.insert(value),
                Entry::Occupied(place) => {
                    return Err(A::Error::custom(format_args!("member `{}` is there twice", excerpt(place.key()))));
                }
            };
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_numbers_and_booleans_are_texts_and_nothing_is_nothing() {
        let mut fields = Fields::parse(r#"{"a":"x\"\u00e9","b":12.500,"c":true,"d":null,"e":""}"#).unwrap();
        let mut text = |name: &str| fields.text(name).unwrap();
        assert_eq!(text("a").as_deref(), Some("x\"é"));
        assert_eq!(text("b").as_deref(), Some("12.500"));
        assert_eq!(text("c").as_deref(), Some("true"));
        assert_eq!([text("d"), text("e"), text("f")], [None, None, None]);
    }

    #[test]
    fn flags_are_booleans_or_their_names() {
        let mut fields = Fields::parse(r#"{"a":true,"b":"false","c":1}"#).unwrap();
        assert_eq!(fields.flag("a").unwrap(), Some(true));
        assert_eq!(fields.flag("b").unwrap(), Some(false));
        assert_eq!(fields.flag("c").unwrap_err().to_string(), "`c` is `1`; expected `true` or `false`");
    }

    #[test]
    fn what_nobody_asked_for_keeps_its_text() {
        let mut fields =
            Fields::parse(r#"{"known":"1","price":1.2300000000000000000001,"info":{"a": [1, 2]},"none":null}"#)
                .unwrap();
        fields.text("known").unwrap();
        let rest = fields.rest();
        let expected = [("info", r#"{"a": [1, 2]}"#), ("none", "null"), ("price", "1.2300000000000000000001")];
        assert!(rest.iter().eq(expected));
        assert_eq!(rest.get("known"), None);
        assert_eq!(format!("{rest:?}"), r#"{"info", "none", "price"}"#);
    }

    #[test]
    fn errors_name_the_path() {
        let body = r#"{"list":[{"amount":{"currency":"USD","value":"1"}},{"amount":{"currency":"USD","value":"1.5"}}],"text":{"a":1}}"#;
        struct Item;
        impl FromFields for Item {
            fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
                fields.amount("amount").map(|_| Item)
            }
        }
        let mut fields = Fields::parse(body).unwrap();
        let error = fields.list::<Item>("list").err().unwrap().to_string();
        assert!(error.starts_with("`list[1].amount.value` is `1.5`; expected"), "{error}");
        let error = fields.text("text").unwrap_err().to_string();
        assert_eq!(error, r#"`text` is `{"a":1}`; expected a text, a number or a boolean"#);
    }

    #[test]
    fn bodies_that_are_no_objects() {
        for (body, expected) in [
            ("", "EOF"),
            ("[]", "expected an object"),
            ("{} {}", "trailing characters"),
            ("{'a':1}", "key must be a string"),
            (r#"{"a":1,"a":2}"#, "member `a` is there twice"),
        ] {
            let error = Fields::parse(body).err().unwrap().to_string();
            assert!(error.contains(expected) && error.starts_with("the body"), "{body:?} gave {error:?}");
        }
        let mut nested = Fields::parse(r#"{"quote":[]}"#).unwrap();
        assert!(nested.quote("quote").unwrap_err().to_string().starts_with("`quote`"));
    }
}
