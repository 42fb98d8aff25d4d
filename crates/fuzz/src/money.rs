//! Amounts.

use antom_recon::money::{AmountUnit, Currency, Tally, parse_amount};

use crate::bytes::line;

/// The longest amount in the smallest unit.
const MOST_DIGITS: usize = 18;

/// The first three bytes are a currency, each line of the rest is an amount. What is read is what the digits say, and comes back
/// from its own text; what is not read is no amount.
pub fn money(data: &[u8]) {
    let Some((code, mut rest)) = data.split_at_checked(3) else { return };
    let Some(currency) = Currency::parse(code) else { return };
    assert_eq!(currency.code().as_bytes(), code);
    let mut tally = Tally::default();
    let (mut sum, mut count) = (0_i128, 0);
    while !rest.is_empty() {
        let cell;
        (cell, rest) = line(rest);
        for unit in [AmountUnit::Major, AmountUnit::Minor] {
            let read = parse_amount(cell, currency, unit).ok();
            assert_eq!(read.map(i128::from), expected(cell, currency, unit), "`{}` {unit:?}", cell.escape_ascii());
            let Some(amount) = read else { continue };
            let text = currency.major(amount.into()).to_string();
            assert_eq!(parse_amount(text.as_bytes(), currency, AmountUnit::Major), Ok(amount), "`{text}`");
            let places = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert_eq!(places, usize::from(currency.places()), "`{text}`");
            tally.add(amount);
            (sum, count) = (sum + i128::from(amount), count + 1);
        }
    }
    assert_eq!((tally.sum(), tally.count), (sum, count));
    assert!(tally.debit >= 0 && tally.credit <= 0);
}

/// What a cell says, told by its digits alone.
fn expected(cell: &[u8], currency: Currency, unit: AmountUnit) -> Option<i128> {
    let text = std::str::from_utf8(cell).ok()?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = match digits.split_once('.') {
        Some((_, decimals)) if unit == AmountUnit::Minor || decimals.is_empty() => return None,
        Some((whole, decimals)) => (whole, decimals),
        None => (digits, ""),
    };
    let places = if unit == AmountUnit::Minor { 0 } else { usize::from(currency.places()) };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) || decimals.len() > places {
        return None;
    }
    let written = format!("{whole}{decimals:0<places$}");
    let significant = written.trim_start_matches('0');
    if significant.len() > MOST_DIGITS {
        return None;
    }
    let amount: i128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    Some(if text.starts_with('-') { -amount } else { amount })
}
