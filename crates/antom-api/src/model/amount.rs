//! Money as Antom's API writes it.

use std::fmt;

use super::{BodyError, Fields, FromFields};

/// An amount of money: `{currency, value}`.
///
/// `value` is a non-negative whole number in the currency's smallest unit (725 for 7.25 USD, 725
/// for 725 JPY). Reports, by contrast, are in major units. Direction is never in the sign: a refund
/// of 725 is 725 too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount {
    /// ISO 4217, three capital letters.
    pub currency: String,
    /// In the smallest unit. Antom allows 16 digits, so 64 bits are plenty.
    pub value: i64,
}

impl FromFields for Amount {
    fn from_fields(mut fields: Fields) -> Result<Self, BodyError> {
        let currency = fields.text("currency")?.ok_or_else(|| fields.missing("currency"))?;
        if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(fields.unexpected("currency", &currency, "three capital letters"));
        }
        let value = fields.text("value")?.ok_or_else(|| fields.missing("value"))?;
        let digits_only = value.bytes().all(|digit| digit.is_ascii_digit());
        match value.parse() {
            Ok(value) if digits_only => Ok(Amount { currency, value }),
            _ => Err(fields.unexpected(
                "value",
                &value,
                "a non-negative whole number in the currency's smallest unit, below 2^63",
            )),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} (smallest unit)", self.value, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Amount, String> {
        Fields::parse(json).and_then(Amount::from_fields).map_err(|error| error.to_string())
    }

    #[test]
    fn whole_numbers_as_text_or_number() {
        for (value, expected) in [
            (r#""725""#, 725),
            ("725", 725),
            (r#""0""#, 0),
            (r#""9999999999999999""#, 9_999_999_999_999_999),
            (r#""9223372036854775807""#, i64::MAX),
        ] {
            let amount = read(&format!(r#"{{"currency":"USD","value":{value}}}"#));
            assert_eq!(amount, Ok(Amount { currency: "USD".to_owned(), value: expected }), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_amount() {
        for value in [
            r#""7.25""#,
            "7.25",
            "725.0",
            "1e3",
            r#""-1""#,
            "-1",
            r#""+1""#,
            r#"" 1""#,
            r#""1,000""#,
            r#""９""#,
            r#""""#,
            "null",
            "true",
            "{}",
            r#""9223372036854775808""#,
        ] {
            assert!(read(&format!(r#"{{"currency":"USD","value":{value}}}"#)).is_err(), "{value}");
        }
        for currency in [r#""usd""#, r#""US""#, r#""USDT""#, "840", "null"] {
            assert!(read(&format!(r#"{{"currency":{currency},"value":"1"}}"#)).is_err(), "{currency}");
        }
        assert_eq!(read(r#"{"value":"1"}"#), Err("`currency` is missing".to_owned()));
    }
}
