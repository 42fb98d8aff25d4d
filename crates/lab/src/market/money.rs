//! Amounts as the API has them: whole numbers in the smallest unit of one of Antom's currencies (fact sheet, 6.5).

use crate::world::money::{Currency, half_even, major};
use serde_json::{Value, json};

/// Antom's own list of currencies and their decimals.
const CURRENCIES: [(u32, &[&str]); 2] = [
    (0, &["CLP", "JPY", "KRW", "VND"]),
    (
        2,
        &[
            "AUD", "BDT", "BRL", "CAD", "CNY", "EUR", "GBP", "HKD", "IDR", "MXN", "MYR", "NZD", "PEN", "PHP", "PKR",
            "PLN", "SGD", "THB", "TWD", "USD",
        ],
    ),
];

/// Hundredths of a percent in one.
const BASIS_POINTS: i128 = 10_000;

/// The currency with this code, if it is one of Antom's.
pub(super) fn currency(code: &str) -> Option<Currency> {
    CURRENCIES.iter().find_map(|(decimals, codes)| {
        let code = codes.iter().find(|known| **known == code)?;
        Some(Currency { code, decimals: *decimals })
    })
}

/// An amount of money; signed inside the emulator, never negative in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) minor: i64,
    pub(super) currency: Currency,
}

impl Money {
    pub(super) fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// `{currency, value}` with the value as text.
    pub(super) fn json(self) -> Value {
        json!({"currency": self.currency.code, "value": self.minor.unsigned_abs().to_string()})
    }

    /// As reports have it: a decimal in major units.
    pub(super) fn major(self) -> String {
        major(self.minor, self.currency)
    }
}

/// So many hundredths of a percent of an amount, rounded half to even.
pub(super) fn share_of(minor: i64, basis_points: u16) -> i64 {
    half_even(i128::from(minor) * i128::from(basis_points), BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn antoms_currencies_have_antoms_decimals() {
        let decimals = ["JPY", "IDR", "KWD", "eur"].map(|code| currency(code).map(|it| it.decimals));
        assert_eq!(decimals, [Some(0), Some(2), None, None]);
    }

    #[test]
    fn a_share_is_rounded_half_to_even() {
        assert_eq!([50, 150, 149, 151].map(|minor| share_of(minor, 100)), [0, 2, 1, 2]);
    }
}
