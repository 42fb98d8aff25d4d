//! Fees: each line's against the schedule, and their sums as `fees.csv` shows them.

use anyhow::Result;
use chrono::NaiveDate;
use std::collections::BTreeMap;

use super::detail::{Detail, Fee};
use super::formula::{Issue, gross};
use super::money::Currency;
use super::schedule::{Day, Judgement, Schedule};
use super::words::TOTAL_FEE;

/// Fees that nobody agreed on in a contract: they are passed on as the issuer and the scheme charge them.
const PASSED_ON: [&str; 2] = ["interchange", "scheme"];

/// The kinds of discrepancies about fees, in the contract's order.
const KINDS: [&str; 3] = ["FEE_OVERCHARGED", "FEE_UNDERCHARGED", "FEE_WITHOUT_RULE"];

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
    /// The fee model of the lines.
    pub model: &'static str,
}

/// One row of `fees.csv`; amounts in smallest units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeeTotal {
    /// Lines with a fee that is not zero or that a rule expects, and lines that are fees as a whole.
    pub count: u64,
    /// Those that a rule judged.
    pub judged: u64,
    /// Sum of the magnitudes of their gross in settlement currency; `None` if one of them is unknown or in another currency than the
    /// fee.
    pub base: Option<i128>,
    /// Sum of the fees, a charged one being negative whichever way the acquirer writes it.
    pub charged: i128,
    /// What the rules expect of the lines that they judged.
    pub expected: i128,
    /// Whether any of the lines was read with the opposite sign.
    pub is_turned: bool,
}

/// All rows of `fees.csv`.
pub type FeeTotals = BTreeMap<FeeKey, FeeTotal>;

/// The fees of one line and what the schedule says about them.
pub struct Judge<'j> {
    /// The contract; without one nothing is judged.
    pub schedule: Option<&'j Schedule>,
    /// The date of the file.
    pub on: NaiveDate,
    /// The days before, for the volumes of tiers.
    pub history: &'j [Day],
}

/// A fee that a line carries or should carry: negative if it is charged.
struct Charge {
    fee: Fee,
    judged: Judgement,
}

impl Judge<'_> {
    /// Adds the line's fees to the totals and gives what is wrong with them, in the contract's order of kinds. `sign` is -1 where
    /// the acquirer writes charged fees as positive.
    pub fn line(&self, line: &Detail, sign: i128, totals: &mut FeeTotals) -> Result<Vec<Issue>> {
        if let Some(kind) = line.fee_line() {
            let fee = Fee { kind, amount: line.net, currency: line.currency };
            add(totals, line, &Charge { fee, judged: Judgement::NoRule }, 1);
            return Ok(Vec::new());
        }
        if !line.is_movement() {
            return Ok(Vec::new());
        }
        let mut issues = Vec::new();
        for charge in self.charges(line, sign)? {
            add(totals, line, &charge, sign);
            issues.extend(self.issue(&charge, line, sign));
        }
        issues.sort_by_key(|(kind, ..)| KINDS.iter().position(|known| known == kind));
        Ok(issues)
    }

    fn issue(&self, charge: &Charge, line: &Detail, sign: i128) -> Option<Issue> {
        let Fee { kind, amount, currency } = charge.fee;
        if self.schedule.is_none() || currency != line.currency {
            return None;
        }
        let (issue, expected) = match charge.judged {
            Judgement::Expected(expected) if amount < expected => (KINDS[0], Some(sign * expected)),
            Judgement::Expected(expected) if amount > expected => (KINDS[1], Some(sign * expected)),
            Judgement::NoRule if amount != 0 && !PASSED_ON.contains(&kind) => (KINDS[2], None),
            _ => return None,
        };
        Some((issue, expected, Some(sign * amount), line.currency))
    }

    fn judgement(&self, kind: &str, line: &Detail) -> Result<Judgement> {
        let on = line.happened_on.unwrap_or(self.on);
        self.schedule.map_or(Ok(Judgement::NoRule), |schedule| schedule.judge(kind, line, on, self.history))
    }

    /// The charges of a line, each money once. An aggregate that a rule names stands for its parts, but for those that have rules of
    /// their own; of any other aggregate what its parts leave over is left.
    fn charges(&self, line: &Detail, sign: i128) -> Result<Vec<Charge>> {
        let mut charges = Vec::new();
        let has_total = line.columns.contains(&TOTAL_FEE.0);
        let total = if has_total { self.judgement(TOTAL_FEE.0, line)? } else { Judgement::NoRule };
        let read = |fee: Fee| Fee { amount: sign * fee.amount, ..fee };
        for kind in line.columns.iter().filter(|kind| **kind != TOTAL_FEE.0) {
            let judged = self.judgement(kind, line)?;
            match line.fees.iter().find(|fee| fee.kind == *kind) {
                Some(_) if judged == Judgement::NoRule && total != Judgement::NoRule => {}
                Some(fee) => charges.push(Charge { fee: read(*fee), judged }),
                None => charges.push(Charge { fee: Fee { kind, amount: 0, currency: line.currency }, judged }),
            }
        }
        let parts = |currency: Currency| -> i128 {
            line.fees.iter().filter(|fee| fee.currency == currency).map(|fee| fee.amount).sum()
        };
        let whole = match (line.aggregate, total == Judgement::NoRule) {
            (Some(whole), false) => Some(whole),
            (Some(whole), true) => Some(Fee { amount: whole.amount - parts(whole.currency), ..whole }),
            (None, false) => Some(Fee { kind: TOTAL_FEE.0, amount: parts(line.currency), currency: line.currency }),
            (None, true) => None,
        };
        charges.extend(whole.map(|whole| Charge { fee: read(whole), judged: total }));
        // A rule's amount is in settlement currency and judges no other.
        for charge in charges.iter_mut().filter(|charge| charge.fee.currency != line.currency) {
            charge.judged = Judgement::Unknown;
        }
        Ok(charges)
    }
}

fn add(totals: &mut FeeTotals, line: &Detail, charge: &Charge, sign: i128) {
    let Fee { kind, amount, currency } = charge.fee;
    let expected = if let Judgement::Expected(expected) = charge.judged { Some(expected) } else { None };
    if amount == 0 && expected.is_none() && line.is_movement() {
        return;
    }
    let (method, brand, party) = (line.method.clone(), line.brand.clone(), line.party.clone());
    let key = FeeKey { kind, method, brand, party, currency, model: model(line) };
    let total = totals.entry(key).or_insert_with(|| FeeTotal { base: Some(0), ..FeeTotal::default() });
    let gross = if line.is_movement() { gross(line) } else { Some(0) };
    total.count += 1;
    total.base = total.base.zip(gross.filter(|_| currency == line.currency)).map(|(base, gross)| base + gross.abs());
    total.charged += amount;
    total.judged += u64::from(expected.is_some());
    total.expected += expected.unwrap_or(0);
    total.is_turned |= sign < 0;
}

/// The fee model of a line (`antom.md`, 3.3).
fn model(line: &Detail) -> &'static str {
    let has = |kind: &str| line.fees.iter().any(|fee| fee.kind == kind && fee.amount != 0);
    if line.fee_line().is_some() {
        "unknown"
    } else if ["interchange", "scheme", "acquirer_markup"].into_iter().any(has) {
        "ic++"
    } else if has("payment_method") {
        "blended"
    } else {
        "unknown"
    }
}
