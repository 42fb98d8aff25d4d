//! Lines of summaries, activities and balances are counted like all others: each once, in the place that its proof gave it.

use crate::discrepancy::Side;
use crate::kind::DiscrepancyKind;
use crate::money::{Currency, Tally};
use crate::proof::Proved;
use crate::report::Reject;

use super::{ControlKey, ControlTotals, Imbalance, describe};

/// The rule that excludes lines whose proof could not be run: the other report is missing, or there is no day before.
pub const NOT_PROVED: &str = "not_proved";

/// One line of such a report, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// `IN` and `OUT` of an activity, `BALANCE`, the type of a summary's row or `SUMMARY`.
    pub entry_type: String,
    /// Its currency.
    pub currency: Currency,
    /// Its amount in the currency's smallest unit.
    pub amount: i64,
    /// Where it ended.
    pub proved: Proved,
}

impl ControlTotals {
    /// Counts the lines and rejects of one file. `findings` are the kinds of what was found about the reports of its kind: lines
    /// that fail must be named by something.
    ///
    /// # Errors
    /// An [`Imbalance`]: the parts do not make the whole, or lines fail and nothing was found.
    pub fn count_statement(
        &mut self,
        file: &str,
        lines: impl Iterator<Item = StatementLine>,
        rejects: &[Reject],
        findings: &[DiscrepancyKind],
    ) -> Result<(), Imbalance> {
        for line in lines {
            let key = ControlKey {
                side: Side::Report,
                file: file.to_owned(),
                entry_type: line.entry_type,
                currency: Some(line.currency),
            };
            if line.proved == Proved::Fails && findings.is_empty() {
                return Err(Imbalance::Unnamed(describe(&key), "a discrepancy"));
            }
            let mut tally = Tally::default();
            tally.add(line.amount);
            let total = self.rows.entry(key).or_default();
            total.total.merge(&tally);
            match line.proved {
                Proved::Holds => total.matched.merge(&tally),
                Proved::Fails => total.discrepancies.merge(&tally),
                Proved::NotRun => {
                    total.excluded.merge(&tally);
                    *self.excluded_by.entry(NOT_PROVED).or_default() += 1;
                }
            }
        }
        for reject in rejects {
            self.reject(Side::Report, file, reject);
        }
        for (key, row) in self.rows.iter().filter(|(key, _)| key.file == file) {
            row.adds_up().map_err(|what| Imbalance::Sums(describe(key), what))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(amount: i64, proved: Proved) -> StatementLine {
        let currency = Currency::parse(b"USD").expect("a known currency");
        StatementLine { entry_type: "IN".to_owned(), currency, amount, proved }
    }

    #[test]
    fn every_line_has_a_place_and_a_failure_has_a_name() {
        let mut totals = ControlTotals::default();
        let lines = [line(5, Proved::Holds), line(-3, Proved::Fails), line(7, Proved::NotRun)];
        totals.count_statement("a.csv", lines.into_iter(), &[], &[DiscrepancyKind::BalanceRoll]).expect("a balance");
        let row = totals.rows.values().next().expect("a row");
        assert_eq!((row.total.count, row.matched.sum(), row.discrepancies.sum(), row.excluded.sum()), (3, 5, -3, 7));
        assert_eq!(totals.excluded_by[NOT_PROVED], 1);
        let nameless = totals.count_statement("b.csv", [line(1, Proved::Fails)].into_iter(), &[], &[]);
        assert!(matches!(nameless, Err(Imbalance::Unnamed(..))));
    }
}
