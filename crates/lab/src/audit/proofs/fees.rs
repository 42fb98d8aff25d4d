//! Fees: each line's against the schedule, and their sums as `fees.csv` shows them.

use anyhow::Result;
use chrono::NaiveDate;
use std::collections::BTreeMap;

use super::detail::{Detail, Fee};
use super::formula::{Issue, gross};
use super::money::Currency;
use super::schedule::{Day, Judgement, Schedule};

/// Fees that nobody agreed on in a contract: they are passed on as the issuer and the scheme charge them.
const PASSED_ON: [&str; 2] = ["interchange", "scheme"];

/// What `fees.csv` has one row of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeKey {
    /// The word of the fee kind.
    pub kind: &'static str,
    /// `paymentMethodType`.
    pub method: String,
    /// `cardBrand`.
    pub brand: String,
    /// `referenceMerchantId`.
    pub party: String,
    /// The fee's currency.
    pub currency: Currency,
}

/// One row of `fees.csv`; amounts in smallest units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeeTotal {
    /// Lines with a fee or with one that a rule expects.
    pub count: u64,
    /// Sum of their gross in settlement currency; `None` if one of them is unknown or in another currency than the fee.
    pub base: Option<i128>,
    /// Sum of the fees as reported.
    pub charged: i128,
    /// What the rules expect of those that they name; `None` if they name none.
    pub expected: Option<i128>,
    /// Whether interchange, scheme fee or markup was charged.
    pub parts: bool,
    /// Whether a blended fee was charged.
    pub blended: bool,
}

impl FeeTotal {
    /// The fee model (`antom.md`, 3.3).
    pub fn model(&self) -> &'static str {
        match (self.parts, self.blended) {
            (true, _) => "ic++",
            (false, true) => "blended",
            (false, false) => "unknown",
        }
    }
}

/// All rows of `fees.csv`.
pub type FeeTotals = BTreeMap<FeeKey, FeeTotal>;

/// The fees of one line and what the schedule says about them.
pub struct Judge<'j> {
    /// The contract; without one nothing is judged.
    pub schedule: Option<&'j Schedule>,
    /// The lines' business date.
    pub on: NaiveDate,
    /// The days before, for the volumes of tiers.
    pub history: &'j [Day],
}

impl Judge<'_> {
    /// Adds the line's fees to the totals and gives what is wrong with them, in the contract's order of kinds. `sign` is -1 where
    /// the acquirer writes charged fees as positive.
    pub fn line(&self, line: &Detail, sign: i128, totals: &mut FeeTotals) -> Result<Vec<Issue>> {
        let mut issues = Vec::new();
        for (kind, fee) in carried(line) {
            let charged = fee.map_or(0, |fee| sign * fee.amount);
            let currency = fee.filter(|fee| fee.amount != 0).map_or(line.currency, |fee| fee.currency);
            let is_own = currency == line.currency;
            let judged = match self.schedule.filter(|_| is_own) {
                Some(schedule) => schedule.expected(kind, line, self.on, self.history)?,
                None => Judgement::Unknown,
            };
            let expected = if let Judgement::Expected(expected) = judged { Some(expected) } else { None };
            if fee.is_some() || expected.is_some() {
                let key = FeeKey {
                    kind,
                    method: line.method.clone(),
                    brand: line.brand.clone(),
                    party: line.party.clone(),
                    currency,
                };
                add(totals.entry(key), line, is_own, sign * charged, expected.map(|expected| sign * expected));
            }
            let issue = match expected {
                Some(expected) if charged < expected => Some("FEE_OVERCHARGED"),
                Some(expected) if charged > expected => Some("FEE_UNDERCHARGED"),
                None if judged == Judgement::NoRule && charged != 0 && self.needs_rule(kind, line) => {
                    Some("FEE_WITHOUT_RULE")
                }
                _ => None,
            };
            let issue = issue.map(|kind| (kind, expected.map(|of| sign * of), Some(sign * charged), line.currency));
            issues.extend(issue);
        }
        issues.sort_by_key(|(kind, ..)| {
            ["FEE_OVERCHARGED", "FEE_UNDERCHARGED", "FEE_WITHOUT_RULE"].iter().position(|known| known == kind)
        });
        Ok(issues)
    }

    /// Whether a fee that no rule names is worth a row. An aggregate and its parts are the same money: the aggregate needs no rule
    /// of its own beside parts, and parts need none beside an aggregate that a rule names.
    fn needs_rule(&self, kind: &str, line: &Detail) -> bool {
        let named = |kind: &str| self.schedule.is_some_and(|schedule| schedule.names(kind, line, self.on));
        match kind {
            "total" => line.fees.iter().all(|fee| fee.amount == 0),
            kind if PASSED_ON.contains(&kind) => false,
            _ => line.aggregate.is_none() || !named("total"),
        }
    }
}

/// The fee kinds that a line may carry, with the fees that are there.
fn carried(line: &Detail) -> Vec<(&'static str, Option<Fee>)> {
    if let Some(kind) = line.fee_line() {
        return vec![(kind, Some(Fee { kind, amount: line.net, currency: line.currency }))];
    }
    if !line.is_movement() {
        return Vec::new();
    }
    let there = |kind: &str| line.fees.iter().chain(&line.aggregate).find(|fee| fee.kind == kind).copied();
    line.columns.iter().map(|kind| (*kind, there(kind))).collect()
}

fn add(
    total: std::collections::btree_map::Entry<'_, FeeKey, FeeTotal>,
    line: &Detail,
    is_own: bool,
    charged: i128,
    expected: Option<i128>,
) {
    let total = total.or_insert_with(|| FeeTotal { base: Some(0), ..FeeTotal::default() });
    let gross = if line.is_movement() { gross(line) } else { Some(0) };
    total.count += 1;
    total.base = total.base.zip(gross.filter(|_| is_own)).map(|(base, gross)| base + gross);
    total.charged += charged;
    if let Some(expected) = expected {
        total.expected = Some(total.expected.unwrap_or(0) + expected);
    }
    let is_charged = |kind: &str| line.fees.iter().any(|fee| fee.kind == kind && fee.amount != 0);
    total.parts |= ["interchange", "scheme", "acquirer_markup"].into_iter().any(is_charged);
    total.blended |= is_charged("payment_method");
}
