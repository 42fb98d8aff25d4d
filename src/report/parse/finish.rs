//! From the results of blocks to the whole file: order, the end, signs, remarks.

use crate::id::Symbols;
use crate::money::AmountUnit;
use crate::movement::{EntryType, ReportKind};
use crate::report::schema::Header;
use crate::report::{Line, Original, ParsedReport, Reject, ReportError, ReportOptions, SignRule, TypeTotals};

use super::block::{BlockResult, BlockTotal, Evidence};
use super::error::MAX_REJECTS;

/// From how many amounts on it is suspicious that none of them has a decimal point: fewer may be whole by chance.
const SUSPICIOUS_AMOUNTS: u64 = 10;

/// What the blocks gave so far, in file order.
#[derive(Default)]
pub(super) struct Gathered {
    lines: Vec<Line>,
    originals: Vec<Original>,
    rejects: Vec<Reject>,
    totals: Vec<BlockTotal>,
    evidence: Evidence,
    last_line: u32,
    end: Option<u32>,
}

impl Gathered {
    /// Takes the next block.
    pub(super) fn take(&mut self, block: Result<BlockResult, ReportError>) -> Result<(), ReportError> {
        let block = block?;
        let after_end = if self.end.is_some() { block.first_line } else { block.after_end };
        self.end = self.end.or(block.end);
        if let (Some(end), Some(line)) = (self.end, after_end) {
            return Err(ReportError::AfterEnd { end, line });
        }
        self.last_line = block.last_line.unwrap_or(self.last_line);
        let base = u32::try_from(self.originals.len()).unwrap_or(u32::MAX);
        self.originals.extend(block.originals);
        self.lines.extend(block.lines.into_iter().map(|mut line| {
            line.original = line.original.map(|at| at.saturating_add(base));
            line
        }));
        self.rejects.extend(block.rejects);
        if self.rejects.len() > MAX_REJECTS {
            let first = &self.rejects[0];
            return Err(ReportError::TooManyRejects { line: first.place.line, reason: first.reason.clone() });
        }
        self.evidence.merge(&block.evidence);
        for total in block.totals {
            self.add_total(total);
        }
        Ok(())
    }

    fn add_total(&mut self, total: BlockTotal) {
        let same = |known: &&mut BlockTotal| known.raw_type == total.raw_type && known.currency == total.currency;
        match self.totals.iter_mut().find(same) {
            Some(known) => known.tally.merge(&total.tally),
            None => self.totals.push(total),
        }
    }

    /// Checks that the file is complete.
    pub(super) fn check_end(&self) -> Result<(), ReportError> {
        match self.end {
            Some(_) => Ok(()),
            None => Err(ReportError::Incomplete { line: self.last_line.max(1) }),
        }
    }

    /// Applies what only the whole file can tell.
    pub(super) fn finish(
        mut self,
        kind: ReportKind,
        options: &ReportOptions,
        symbols: &Symbols,
        header: Header,
    ) -> ParsedReport {
        let Header { layout, unknown, mut remarks } = header;
        if kind == ReportKind::TransactionDetails {
            remarks.extend(self.sign(options.sign_rule));
        }
        remarks.extend(self.suspicious_unit(options.amount_unit));
        remarks.extend(self.remark_foreign_fees());
        let mut totals = TypeTotals::new();
        for total in &self.totals {
            totals.entry((symbols.text(total.raw_type), total.currency)).or_default().merge(&total.tally);
        }
        ParsedReport {
            kind,
            lines: self.lines,
            originals: self.originals,
            rejects: self.rejects,
            totals,
            unknown_columns: unknown,
            remarks,
            layout,
        }
    }

    /// Applies the sign rule of transaction details (`antom.md` 9.8), and says so.
    fn sign(&mut self, rule: SignRule) -> Option<String> {
        let (positive, negative) = (self.evidence.outgoing_positive, self.evidence.outgoing_negative);
        if positive == 0 || rule == SignRule::Signed {
            return None;
        }
        if rule == SignRule::Auto && negative > 0 {
            return Some(format!(
                "the types that take money out have both signs ({positive} positive amounts, {negative} negative): all amounts \
                 are taken as written"
            ));
        }
        let outgoing = |known: Option<EntryType>| known.is_some_and(EntryType::is_outgoing);
        for line in self.lines.iter_mut().filter(|line| outgoing(line.entry_type)) {
            line.amount = -line.amount.abs();
        }
        for total in self.totals.iter_mut().filter(|total| outgoing(total.entry_type)) {
            total.tally.credit -= std::mem::take(&mut total.tally.debit);
        }
        Some(format!(
            "{positive} amounts of types that take money out are written as positive: their sign is taken from the type"
        ))
    }

    /// Amounts of a currency with decimals that never show one may be smallest units (`antom.md` 7.1).
    fn suspicious_unit(&self, unit: AmountUnit) -> Option<String> {
        let Evidence { with_places, with_point, .. } = self.evidence;
        let suspicious = unit == AmountUnit::Major && with_places >= SUSPICIOUS_AMOUNTS && with_point == 0;
        suspicious.then(|| {
            format!(
                "none of {with_places} amounts in currencies with decimals has a decimal point: if they are smallest units, set \
                 `amount_unit = \"minor\"` for this report"
            )
        })
    }

    fn remark_foreign_fees(&self) -> Option<String> {
        let lines = self.evidence.foreign_fees;
        (lines > 0).then(|| {
            format!(
                "{lines} lines have a fee in another currency than the settlement's, which is not part of their fee"
            )
        })
    }
}

impl Evidence {
    fn merge(&mut self, other: &Self) {
        self.with_places += other.with_places;
        self.with_point += other.with_point;
        self.foreign_fees += other.foreign_fees;
        self.outgoing_positive += other.outgoing_positive;
        self.outgoing_negative += other.outgoing_negative;
    }
}
