//! Lines of summaries, activities and balances are counted like all others: each once, in the place that its proof gave it.

use std::collections::BTreeMap;

use crate::discrepancy::Side;
use crate::kind::DiscrepancyKind;
use crate::money::{Currency, Tally};
use crate::proof::Proved;
use crate::report::Reject;

use super::{ControlKey, ControlTotals, Imbalance, describe};

/// The rule that excludes lines whose proof could not be run: the other report is missing, or there is no day before.
pub const NOT_PROVED: &str = "not_proved";

/// Lines of one file that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementCell {
    /// `IN` and `OUT` of an activity, `BALANCE`, the type of a summary's row or `SUMMARY`.
    pub entry_type: String,
    /// Their currency.
    pub currency: Currency,
    /// Where they ended.
    pub proved: Proved,
}

impl ControlTotals {
    /// Counts the lines and rejects of one file, of which the parser read `parsed` lines. `findings` are the kinds of what proofs
    /// found: lines that fail must be named by something.
    ///
    /// # Errors
    /// An [`Imbalance`]: a line has no place, the parts do not make the whole, or lines fail and nothing was found.
    pub fn count_statement(
        &mut self,
        file: &str,
        parsed: u64,
        cells: BTreeMap<StatementCell, Tally>,
        rejects: &[Reject],
        findings: &[DiscrepancyKind],
    ) -> Result<(), Imbalance> {
        let placed: u64 = cells.values().map(|tally| tally.count).sum();
        if placed != parsed {
            return Err(Imbalance::Unplaced(format!("`{file}`: {placed} of {parsed} lines have a place; the rest")));
        }
        for (StatementCell { entry_type, currency, proved }, tally) in cells {
            let key = ControlKey { side: Side::Report, file: file.to_owned(), entry_type, currency: Some(currency) };
            if proved == Proved::Fails && findings.is_empty() {
                return Err(Imbalance::Unnamed(describe(&key), "a discrepancy"));
            }
            let total = self.rows.entry(key).or_default();
            total.total.merge(&tally);
            match proved {
                Proved::Holds => total.matched.merge(&tally),
                Proved::Fails => total.discrepancies.merge(&tally),
                Proved::NotRun => {
                    total.excluded.merge(&tally);
                    *self.excluded_by.entry(NOT_PROVED).or_default() += tally.count;
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

    fn cells(lines: &[(i64, Proved)]) -> BTreeMap<StatementCell, Tally> {
        let currency = Currency::parse(b"USD").expect("a known currency");
        let mut cells = BTreeMap::<_, Tally>::new();
        for &(amount, proved) in lines {
            let cell = StatementCell { entry_type: "IN".to_owned(), currency, proved };
            cells.entry(cell).or_default().add(amount);
        }
        cells
    }

    #[test]
    fn every_line_has_a_place_and_a_failure_has_a_name() {
        let mut totals = ControlTotals::default();
        let lines = cells(&[(5, Proved::Holds), (-3, Proved::Fails), (7, Proved::NotRun)]);
        totals.count_statement("a.csv", 3, lines.clone(), &[], &[DiscrepancyKind::BalanceRoll]).expect("a balance");
        let row = totals.rows.values().next().expect("a row");
        assert_eq!((row.total.count, row.matched.sum(), row.discrepancies.sum(), row.excluded.sum()), (3, 5, -3, 7));
        assert_eq!(totals.excluded_by[NOT_PROVED], 1);
        totals.rows.values_mut().for_each(|row| row.matched.add(1));
        let other = totals.count_statement("b.csv", 1, cells(&[(1, Proved::Holds)]), &[], &[]);
        assert_eq!(other, Ok(()), "a file answers for its own rows");
        let doubled = totals.count_statement("a.csv", 1, cells(&[(1, Proved::Holds)]), &[], &[]);
        assert!(matches!(doubled, Err(Imbalance::Sums(..))));
        let nameless = totals.count_statement("d.csv", 1, cells(&[(1, Proved::Fails)]), &[], &[]);
        assert!(matches!(nameless, Err(Imbalance::Unnamed(..))));
        let lost = totals.count_statement("c.csv", 4, lines, &[], &[DiscrepancyKind::BalanceRoll]);
        assert!(matches!(lost, Err(Imbalance::Unplaced(_))));
    }
}
