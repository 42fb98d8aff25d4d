//! The formula of one line: net = gross + signed fees (`antom.md`, 3.1 and 3.2).

use std::collections::{BTreeMap, BTreeSet};

use super::detail::Detail;
use super::money::{Currency, convert};

/// Smallest units by which a converted line may be off.
const TOLERANCE: i128 = 2;

/// Something that is wrong with a line: kind, what it should be, what it is, the currency of both.
pub type Issue = (&'static str, Option<i128>, Option<i128>, Currency);

/// The gross of a movement in settlement currency; `None` if the quote cannot give it.
pub fn gross(line: &Detail) -> Option<i128> {
    let (amount, currency) = line.amount?;
    if currency == line.currency {
        return Some(amount);
    }
    convert(amount, currency, line.currency, line.pair?, line.price?)
}

/// The gross with the quote turned around.
fn turned_gross(line: &Detail) -> Option<i128> {
    let (amount, currency) = line.amount?;
    let (left, right) = line.pair?;
    convert(amount, currency, line.currency, (right, left), line.price?)
}

/// The counted fees of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeeSum {
    /// Those in settlement currency.
    pub own: i128,
    /// Those in other currencies, converted by the line's quote; `None` if it does not cover one of them.
    pub foreign: Option<i128>,
    /// Whether any of them is in another currency and not zero.
    pub has_foreign: bool,
}

/// Adds up the counted fees with their signs as written (`sign` = 1) or turned (-1).
pub fn fee_sum(line: &Detail, sign: i128) -> FeeSum {
    let mut sum = FeeSum { foreign: Some(0), ..FeeSum::default() };
    for fee in line.counted_fees() {
        if fee.currency == line.currency {
            sum.own += sign * fee.amount;
        } else if fee.amount != 0 {
            sum.has_foreign = true;
            let quote = line.pair.zip(line.price);
            let converted =
                quote.and_then(|(pair, price)| convert(sign * fee.amount, fee.currency, line.currency, pair, price));
            sum.foreign = sum.foreign.zip(converted).map(|(left, right)| left + right);
        }
    }
    sum
}

fn tolerance(line: &Detail, fees: &FeeSum) -> i128 {
    let converted = line.amount.is_some_and(|(_, currency)| currency != line.currency);
    if converted || fees.has_foreign { TOLERANCE } else { 0 }
}

/// What is wrong with the money of a line, in the contract's order of kinds.
pub fn issues(line: &Detail, sign: i128) -> Vec<Issue> {
    let mut issues = Vec::new();
    let fees = fee_sum(line, sign);
    let mut all = line.counted_fees().iter().chain(&line.fees);
    if let Some(fee) = all.find(|fee| fee.currency != line.currency && fee.amount != 0) {
        issues.push(("FEE_CURRENCY", None, Some(fee.amount), fee.currency));
    }
    let currency = line.currency;
    let all_fees = fees.foreign.map(|foreign| fees.own + foreign);
    let Some(gross) = gross(line) else {
        issues.push(("FX_VARIANCE", None, Some(line.net - all_fees.unwrap_or(fees.own)), currency));
        return issues;
    };
    let allowed = tolerance(line, &fees);
    let near = |left: i128, right: i128| (left - right).abs() <= allowed;
    let is_converted = line.amount.is_some_and(|(_, of)| of != currency);
    let conversion_tolerance = if is_converted { TOLERANCE } else { 0 };
    if line.converted.is_some_and(|(_, of)| of != currency) {
        issues.push(("FX_VARIANCE", Some(gross), None, currency));
        return issues;
    }
    let converted = line.converted.map(|(converted, _)| converted);
    if let Some(converted) = converted.filter(|converted| (converted - gross).abs() > conversion_tolerance) {
        issues.push(("FX_VARIANCE", Some(gross), Some(converted), currency));
        if all_fees.is_some_and(|fees| !near(line.net, converted + fees)) {
            issues.push(("NET_FORMULA", all_fees.map(|fees| gross + fees), Some(line.net), currency));
        }
        return issues;
    }
    let Some(fees) = all_fees else { return issues };
    if near(line.net, gross + fees) {
        return issues;
    }
    let turned = turned_gross(line).filter(|_| is_converted && line.converted.is_none());
    if turned.is_some_and(|turned| near(line.net, turned + fees)) {
        issues.push(("FX_VARIANCE", Some(gross), Some(line.net - fees), currency));
    } else {
        issues.push(("NET_FORMULA", Some(gross + fees), Some(line.net), currency));
    }
    issues
}

/// The acquirers of each file whose fees have the opposite sign: lines fit with the signs turned, and none with a fee fits as
/// written (`antom.md`, 3.2). The key is the file and the acquirer.
pub fn turned_acquirers(lines: &[Detail]) -> BTreeSet<(String, String)> {
    let mut fits: BTreeMap<(String, String), (bool, bool)> = BTreeMap::new();
    let with_fees = lines.iter().filter(|line| {
        let has_fee = line.counted_fees().iter().any(|fee| fee.amount != 0);
        line.is_movement() && !line.acquirer.is_empty() && has_fee
    });
    for line in with_fees {
        let seen = fits.entry((line.place.file.clone(), line.acquirer.clone())).or_default();
        seen.0 |= fits_with(line, 1);
        seen.1 |= fits_with(line, -1);
    }
    fits.into_iter().filter(|(_, (written, turned))| *turned && !*written).map(|(key, _)| key).collect()
}

/// Whether the formula can be judged and holds.
fn fits_with(line: &Detail, sign: i128) -> bool {
    let fees = fee_sum(line, sign);
    let all_fees = fees.foreign.map(|foreign| fees.own + foreign);
    let right = gross(line).zip(all_fees).map(|(gross, fees)| gross + fees);
    right.is_some_and(|right| (line.net - right).abs() <= tolerance(line, &fees))
}
