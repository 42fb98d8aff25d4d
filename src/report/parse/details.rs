//! Transaction details and settlement details: totals, originals, what an examiner sees, signs.

use crate::id::{Symbol, Symbols};
use crate::money::{Currency, Tally};
use crate::movement::{EntryType, ReportKind};
use crate::records::Row;
use crate::report::schema::{Header, is_empty};
use crate::report::{
    Column, Examiner, FeeAmount, Keeper, Line, Original, ParsedReport, Place, Pricing, SignRule, TypeTotals,
};

use super::Source;
use super::block::{LineKind, LineReader};
use super::cells::Unreadable;
use super::evidence::Evidence;
use super::gather::Gathered;
use super::line::Money;

/// Lines of details, who looks at them, and who takes them.
pub(super) struct Details<'e, E, P> {
    pub(super) examiner: &'e E,
    pub(super) keeper: &'e P,
}

/// What is gathered of lines of details.
#[derive(Default)]
pub(super) struct Beside<N, P> {
    /// Lines of a block refer to these by their index within the block.
    originals: Vec<Original>,
    totals: Vec<Total>,
    notes: N,
    packed: P,
    shown: Shown,
}

/// A control total.
struct Total {
    raw_type: Symbol,
    entry_type: Option<EntryType>,
    currency: Currency,
    tally: Tally,
}

/// Memory for what an examiner sees of a line, used again for the next one.
#[derive(Default)]
struct Shown {
    fees: Vec<FeeAmount>,
    unknown: Vec<(&'static str, &'static [u8])>,
}

impl<E: Examiner, P: Keeper> LineKind for Details<'_, E, P> {
    type Line = Line;
    type Beside = Beside<E::Notes, P::Packed>;
    // Lines of the documented layouts have about 250 bytes.
    const LINE_BYTES: usize = 200;

    #[inline]
    fn read(
        &self,
        reader: &mut LineReader<'_, '_>,
        beside: &mut Self::Beside,
        place: Place,
        row: Row<'_>,
    ) -> Result<Line, Unreadable> {
        let Beside { originals, shown, .. } = beside;
        shown.fees.clear();
        let keep = |fee| {
            if E::LOOKS {
                shown.fees.push(fee);
            }
        };
        let (line, money) = reader.read_line(place, row, originals, keep)?;
        beside.add_to_totals(&line);
        if E::LOOKS {
            self.show(reader, beside, &line, &money, row);
        }
        Ok(line)
    }

    fn finish(&self, beside: &mut Self::Beside, lines: &mut Vec<Line>) {
        self.examiner.finish_block(&mut beside.notes);
        if P::KEEPS && !lines.is_empty() {
            beside.packed = self.keeper.pack(lines, &beside.originals);
            // Their room as well: the results of some blocks wait for their turn.
            *lines = Vec::new();
            beside.originals = Vec::new();
        }
    }

    fn append(&self, beside: &mut Self::Beside, next: Self::Beside, lines: &mut [Line]) {
        self.keeper.take(next.packed);
        let base = u32::try_from(beside.originals.len()).unwrap_or(u32::MAX);
        if base > 0 && !next.originals.is_empty() {
            for at in lines.iter_mut().filter_map(|line| line.original.as_mut()) {
                *at = at.saturating_add(base);
            }
        }
        beside.originals.extend(next.originals);
        for total in next.totals {
            beside.add_total(total);
        }
        self.examiner.append(&mut beside.notes, next.notes);
    }
}

impl<E: Examiner, P: Keeper> Details<'_, E, P> {
    /// Shows an accepted line to the examiner.
    fn show(
        &self,
        reader: &mut LineReader<'_, '_>,
        beside: &mut Beside<E::Notes, P::Packed>,
        line: &Line,
        money: &Money<'_>,
        row: Row<'_>,
    ) {
        let layout = reader.context.layout;
        let Beside { notes, shown, .. } = beside;
        let mut unknown: Vec<(&str, &[u8])> = std::mem::take(&mut shown.unknown);
        let cells = layout.unknown().iter().map(|&at| (layout.name(at), row.get(at)));
        unknown.extend(cells.filter(|(_, cell)| !is_empty(cell)));
        let mut symbol = |column| reader.caches.lasting(column, layout.cell(row, column));
        let country = symbol(Column::CardCountry);
        let pricing = Pricing {
            line,
            quote: money.quote,
            converted: money.converted,
            coupon: money.coupon,
            aggregate: money.aggregate,
            fees: &shown.fees,
            unknown: &unknown,
            method: symbol(Column::PaymentMethodType),
            brand: symbol(Column::CardBrand),
            country: if country.is_empty() { symbol(Column::IssuingCountry) } else { country },
            acquirer: symbol(Column::Acquirer),
        };
        self.examiner.examine(&pricing, notes);
        shown.unknown = emptied(unknown);
    }
}

/// The same memory for texts that live longer, without its content. Collecting from a vector's own elements allocates nothing.
fn emptied(mut cells: Vec<(&str, &[u8])>) -> Vec<(&'static str, &'static [u8])> {
    cells.clear();
    cells.into_iter().map(|_| ("", &b""[..])).collect()
}

impl<N, P> Beside<N, P> {
    fn add_to_totals(&mut self, line: &Line) {
        let known =
            self.totals.iter_mut().find(|total| total.raw_type == line.raw_type && total.currency == line.currency);
        if let Some(total) = known {
            total.tally.add(line.amount);
            return;
        }
        let mut tally = Tally::default();
        tally.add(line.amount);
        let (raw_type, entry_type, currency) = (line.raw_type, line.entry_type, line.currency);
        self.totals.push(Total { raw_type, entry_type, currency, tally });
    }

    fn add_total(&mut self, total: Total) {
        let same = |known: &&mut Total| known.raw_type == total.raw_type && known.currency == total.currency;
        match self.totals.iter_mut().find(same) {
            Some(known) => known.tally.merge(&total.tally),
            None => self.totals.push(total),
        }
    }

    fn into_totals(self, symbols: &Symbols) -> (Vec<Original>, TypeTotals, N) {
        let mut totals = TypeTotals::new();
        for total in &self.totals {
            totals.entry((symbols.text(total.raw_type), total.currency)).or_default().merge(&total.tally);
        }
        (self.originals, totals, self.notes)
    }
}

impl<E: Examiner, P: Keeper> Gathered<Details<'_, E, P>> {
    /// Applies what only the whole file can tell; whether amounts of types that take money out were turned stands last.
    pub(super) fn into_report(mut self, source: &Source<'_>, header: Header) -> (ParsedReport, E::Notes, bool) {
        let Header { layout, unknown, mut remarks } = header;
        let mut turned = false;
        if source.kind == ReportKind::TransactionDetails {
            let (remark, signs) = self.sign(source.options.sign_rule);
            remarks.extend(remark);
            turned = signs;
        }
        remarks.extend(self.evidence.suspicious_unit(source.options.amount_unit));
        remarks.extend(self.evidence.remark_foreign_fees());
        let (originals, totals, notes) = self.beside.into_totals(source.symbols);
        let report = ParsedReport {
            kind: source.kind,
            lines: self.lines,
            originals,
            rejects: self.rejects,
            totals,
            unknown_columns: unknown,
            remarks,
            layout,
        };
        (report, notes, turned)
    }

    /// Applies the sign rule of transaction details (`antom.md` 9.8), and says so.
    fn sign(&mut self, rule: SignRule) -> (Option<String>, bool) {
        let Evidence { outgoing_positive: positive, outgoing_negative: negative, .. } = self.evidence;
        if positive == 0 || rule == SignRule::Signed {
            return (None, false);
        }
        if rule == SignRule::Auto && negative > 0 {
            let remark = format!(
                "the types that take money out have both signs ({positive} positive amounts, {negative} negative): all amounts \
                 are taken as written"
            );
            return (Some(remark), false);
        }
        let outgoing = |known: Option<EntryType>| known.is_some_and(EntryType::is_outgoing);
        for line in &mut self.lines {
            line.turn();
        }
        for total in self.beside.totals.iter_mut().filter(|total| outgoing(total.entry_type)) {
            total.tally.credit -= std::mem::take(&mut total.tally.debit);
        }
        let remark = format!(
            "{positive} amounts of types that take money out are written as positive: their sign is taken from the type"
        );
        (Some(remark), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_unknown_cells_is_used_again() {
        let text = String::from("12.50");
        let mut cells: Vec<(&str, &[u8])> = Vec::with_capacity(7);
        cells.push(("extraAmountValue", text.as_bytes()));
        let memory = cells.as_ptr().addr();
        let again = emptied(cells);
        assert_eq!((again.len(), again.capacity(), again.as_ptr().addr()), (0, 7, memory));
    }
}
