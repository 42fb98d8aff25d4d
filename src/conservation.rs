//! Conservation: every line and entry is counted once, in one place, and the sums prove it.
//!
//! Totals are added up twice: by the parser while it reads, and here from the states that matching gave. They must agree, no
//! row may be left undecided, and every row that is called waiting or discrepant must be named by an item or a finding.

mod roll_forward;
mod statements;

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;

use crate::calendar::BusinessDate;
use crate::discrepancy::Side;
use crate::id::{Symbol, Symbols};
use crate::ledger::ParsedLedger;
use crate::matching::{DayReport, Exclusion, ItemRef, ItemSide, Reconciliation, State};
use crate::money::{Currency, Tally};
use crate::movement::EntryType;
use crate::report::{Line, TypeTotals};

pub use roll_forward::{OpenItem, OpenKind, OpenSum, Roll, RollForward, RollKey, Rolling};
pub use statements::{NOT_PROVED, StatementCell};

/// One row of the proof: a side, file, type and currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlTotal {
    /// All rows.
    pub total: Tally,
    /// Matched ones.
    pub matched: Tally,
    /// Those inside their windows.
    pub in_transit: Tally,
    /// Those that are part of a discrepancy.
    pub discrepancies: Tally,
    /// Those that a named rule excludes.
    pub excluded: Tally,
    /// Those that could not be read; they have no amount.
    pub rejected: Tally,
}

/// What a control total is about; the order of the output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlKey {
    /// The side.
    pub side: Side,
    /// The file's name; empty for the ledger.
    pub file: String,
    /// The type as a word of the contract, or as written.
    pub entry_type: String,
    /// The currency; none for rejected lines whose currency could not be read.
    pub currency: Option<Currency>,
}

/// All control totals, with the numbers of rows that each named rule excluded.
#[derive(Debug, Default)]
pub struct ControlTotals {
    /// The rows, in order.
    pub rows: BTreeMap<ControlKey, ControlTotal>,
    /// How many rows each rule excluded.
    pub excluded_by: BTreeMap<&'static str, u64>,
}

/// Why the day does not add up. Any of these is a defect of the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Imbalance {
    /// A row was left undecided.
    #[error("{0} is in no place: neither matched, in transit, a discrepancy, excluded nor rejected")]
    Unplaced(String),
    /// Counts or sums of the parts differ from the whole.
    #[error("{0} does not add up: {1}")]
    Sums(String, String),
    /// The parser counted something else.
    #[error("`{file}`: the parser counted {parsed} for {what}, matching {matched}")]
    Parser {
        /// The file.
        file: String,
        /// Type and currency.
        what: String,
        /// Count and sum while parsing.
        parsed: String,
        /// Count and sum after matching.
        matched: String,
    },
    /// A row is called waiting or discrepant, and nothing names it, or the other way round.
    #[error("{0} is placed as {1}, and nothing names it")]
    Unnamed(String, &'static str),
}

/// What is counted.
pub struct Counted<'a> {
    /// Transaction details.
    pub transactions: &'a [DayReport],
    /// Settlement details.
    pub settlements: &'a [DayReport],
    /// The ledger.
    pub ledger: &'a ParsedLedger,
    /// Interned texts.
    pub symbols: &'a Symbols,
    /// Rows that count as discrepant because a rejected line has their id.
    pub claimed_by_rejects: &'a HashSet<ItemRef>,
    /// Payments that agree and were not matched in full: their rows in each file of transaction details, of settlement details, and in the
    /// ledger, and what of them is listed as waiting.
    pub agreed: AgreedRows,
}

/// Rows that agree, by currency, for each file of both sides by state, and for the ledger by type.
#[derive(Debug, Default)]
pub struct AgreedRows {
    /// In the order of the files of transaction details.
    pub transactions: Vec<BTreeMap<(State, Currency), Tally>>,
    /// In the order of the files of settlement details.
    pub settlements: Vec<BTreeMap<(State, Currency), Tally>>,
    /// Entries, all of them matched.
    pub ledger: BTreeMap<(EntryType, Currency), Tally>,
    /// What of the lines is listed as in transit.
    pub listed: BTreeMap<Currency, Tally>,
    /// The type of the lines as they write it.
    pub raw_type: Symbol,
}

impl Counted<'_> {
    fn sides(&self) -> [(ItemSide, &[DayReport]); 2] {
        [(ItemSide::Transactions, self.transactions), (ItemSide::Settlement, self.settlements)]
    }

    fn type_of(&self, line: &Line) -> String {
        line.entry_type.map_or_else(|| self.symbols.text(line.raw_type), |known| known.to_string())
    }
}

/// Counts every row once and proves that the day adds up.
///
/// # Errors
/// The first [`Imbalance`] that is found; the run must not end as a success then.
pub fn prove(
    counted: &Counted<'_>,
    reconciliation: &Reconciliation,
    today: BusinessDate,
) -> Result<ControlTotals, Imbalance> {
    let mut totals = ControlTotals::default();
    for (side, files) in counted.sides() {
        for (file, report) in (0_u32..).zip(files) {
            totals.count_file(counted, reconciliation, (side, file), report, today)?;
        }
    }
    totals.count_ledger(counted, reconciliation)?;
    for (key, row) in &totals.rows {
        row.adds_up().map_err(|what| Imbalance::Sums(describe(key), what))?;
    }
    every_place_has_a_name(counted, reconciliation)?;
    counted.agreed.is_listed()?;
    Ok(totals)
}

impl AgreedRows {
    /// Lines that agree and wait are listed one by one: what is listed comes to what was counted.
    fn is_listed(&self) -> Result<(), Imbalance> {
        let mut waiting = BTreeMap::<Currency, Tally>::new();
        for ((_, currency), tally) in
            self.transactions.iter().flatten().filter(|((state, _), _)| *state == State::InTransit)
        {
            waiting.entry(*currency).or_default().merge(tally);
        }
        for currency in waiting.keys().chain(self.listed.keys()) {
            let [waits, listed] = [&waiting, &self.listed].map(|sums| sums.get(currency).copied().unwrap_or_default());
            if waits != listed {
                let sums = format!(
                    "{} with a sum of {} wait, {} with {} are listed",
                    waits.count,
                    waits.sum(),
                    listed.count,
                    listed.sum()
                );
                return Err(Imbalance::Sums(format!("lines in transit in {currency}"), sums));
            }
        }
        Ok(())
    }
}

impl ControlTotals {
    fn count_file(
        &mut self,
        counted: &Counted<'_>,
        reconciliation: &Reconciliation,
        (side, file): (ItemSide, u32),
        report: &DayReport,
        today: BusinessDate,
    ) -> Result<(), Imbalance> {
        let (states, agreed) = match side {
            ItemSide::Settlement => (&reconciliation.settlements, &counted.agreed.settlements),
            _ => (&reconciliation.transactions, &counted.agreed.transactions),
        };
        let states = &states[file as usize];
        let mut cells = count_lines(&report.parsed.lines, states);
        for (&(state, currency), tally) in
            agreed.get(file as usize).into_iter().flatten().filter(|(_, sum)| sum.count > 0)
        {
            let (raw_type, entry_type) = (counted.agreed.raw_type, Some(EntryType::Payment));
            cells.entry(Cell { raw_type, entry_type, currency, state }).or_default().merge(tally);
        }
        // A line of the day itself can neither be closed before nor be nobody's.
        let is_lost = |state: &State| match state {
            State::Unplaced => true,
            State::Past | State::OutOfScope => report.date == today,
            _ => false,
        };
        if let Some(at) = states.iter().position(is_lost) {
            let line = report.parsed.lines[at].place.line;
            return Err(Imbalance::Unplaced(format!("`{}` line {line}", report.name)));
        }
        if report.date == today {
            agree_with_parser(counted, report, &cells)?;
        }
        for (cell, tally) in cells {
            if matches!(cell.state, State::Past | State::OutOfScope) {
                continue;
            }
            let entry_type =
                cell.entry_type.map_or_else(|| counted.symbols.text(cell.raw_type), |known| known.to_string());
            let (file, currency) = (report.name.clone(), Some(cell.currency));
            self.add(ControlKey { side: Side::Report, file, entry_type, currency }, &tally, cell.state);
        }
        for reject in &report.parsed.rejects {
            self.reject(Side::Report, &report.name, reject);
        }
        Ok(())
    }

    fn add(&mut self, key: ControlKey, tally: &Tally, state: State) {
        let total = self.rows.entry(key).or_default();
        total.total.merge(tally);
        let part = match state {
            State::Matched => &mut total.matched,
            State::InTransit => &mut total.in_transit,
            State::Discrepancy => &mut total.discrepancies,
            _ => &mut total.excluded,
        };
        part.merge(tally);
        if let Some(rule) = state.exclusion() {
            *self.excluded_by.entry(Exclusion::as_str(rule)).or_default() += tally.count;
        }
    }

    fn reject(&mut self, side: Side, file: &str, reject: &crate::report::Reject) {
        let entry_type = reject.entry_type.map_or_else(|| reject.text.raw_type.clone(), |known| known.to_string());
        let key = ControlKey { side, file: file.to_owned(), entry_type, currency: reject.currency };
        let total = self.rows.entry(key).or_default();
        total.total.add(0);
        total.rejected.add(0);
    }

    fn count_ledger(&mut self, counted: &Counted<'_>, reconciliation: &Reconciliation) -> Result<(), Imbalance> {
        let mut cells = HashMap::<(EntryType, Currency, State), Tally>::new();
        for (entry, &state) in counted.ledger.entries.iter().zip(&reconciliation.ledger) {
            if state == State::Unplaced {
                return Err(Imbalance::Unplaced(format!("the ledger's row at line {}", entry.place.line)));
            }
            cells.entry((entry.entry_type, entry.currency, state)).or_default().add(entry.amount);
        }
        for (&(entry_type, currency), tally) in counted.agreed.ledger.iter().filter(|(_, sum)| sum.count > 0) {
            cells.entry((entry_type, currency, State::Matched)).or_default().merge(tally);
        }
        for ((entry_type, currency, state), tally) in cells {
            if matches!(state, State::Past | State::OutOfScope) {
                continue;
            }
            let (entry_type, currency) = (entry_type.to_string(), Some(currency));
            self.add(ControlKey { side: Side::Ledger, file: String::new(), entry_type, currency }, &tally, state);
        }
        for reject in &counted.ledger.rejects {
            self.reject(Side::Ledger, "", reject);
        }
        Ok(())
    }
}

impl ControlTotal {
    /// Whether the parts make the whole, in counts, debits and credits.
    fn adds_up(&self) -> Result<(), String> {
        let mut parts = Tally::default();
        for part in [&self.matched, &self.in_transit, &self.discrepancies, &self.excluded, &self.rejected] {
            parts.merge(part);
        }
        if parts == self.total {
            return Ok(());
        }
        Err(format!(
            "{} rows with a sum of {}, the places hold {} with {}",
            self.total.count,
            self.total.sum(),
            parts.count,
            parts.sum()
        ))
    }
}

fn describe(key: &ControlKey) -> String {
    let currency = key.currency.map_or_else(String::new, |known| known.to_string());
    format!("{} `{}` {} {currency}", key.side, key.file, key.entry_type)
}

/// Lines that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Cell {
    raw_type: Symbol,
    entry_type: Option<EntryType>,
    currency: Currency,
    state: State,
}

/// Lines that one thread counts at a time.
const CHUNK: usize = 1 << 16;

/// Counts the lines of a file by type, currency and state. Sums do not depend on the order in which threads add.
fn count_lines(lines: &[Line], states: &[State]) -> HashMap<Cell, Tally> {
    let chunks = lines.par_chunks(CHUNK).zip(states.par_chunks(CHUNK));
    let counts = chunks.map(|(lines, states)| {
        let mut cells = HashMap::<Cell, Tally>::new();
        for (line, &state) in lines.iter().zip(states) {
            let cell = Cell { raw_type: line.raw_type, entry_type: line.entry_type, currency: line.currency, state };
            cells.entry(cell).or_default().add(line.amount);
        }
        cells
    });
    counts.reduce(HashMap::new, |mut all, part| {
        for (cell, tally) in part {
            all.entry(cell).or_default().merge(&tally);
        }
        all
    })
}

/// The parser's own totals against the lines that were matched.
fn agree_with_parser(counted: &Counted<'_>, report: &DayReport, cells: &HashMap<Cell, Tally>) -> Result<(), Imbalance> {
    let mut found = TypeTotals::new();
    for (cell, tally) in cells {
        found.entry((counted.symbols.text(cell.raw_type), cell.currency)).or_default().merge(tally);
    }
    let keys: std::collections::BTreeSet<_> = found.keys().chain(report.parsed.totals.keys()).collect();
    for key in keys {
        let (parsed, matched) = (report.parsed.totals.get(key), found.get(key));
        if parsed != matched {
            let words = |tally: Option<&Tally>| {
                tally.map_or_else(
                    || "nothing".to_owned(),
                    |sum| format!("{} lines with a sum of {}", sum.count, sum.sum()),
                )
            };
            return Err(Imbalance::Parser {
                file: report.name.clone(),
                what: format!("{} {}", key.0, key.1),
                parsed: words(parsed),
                matched: words(matched),
            });
        }
    }
    Ok(())
}

/// Waiting rows are listed as such, discrepant rows belong to a finding or to a rejected line, and nothing else is listed.
fn every_place_has_a_name(counted: &Counted<'_>, reconciliation: &Reconciliation) -> Result<(), Imbalance> {
    let waiting: HashSet<ItemRef> = reconciliation.waiting.iter().map(|item| item.item).collect();
    let named: HashSet<ItemRef> =
        reconciliation.findings.iter().flat_map(|finding| finding.consumed.iter().copied()).collect();
    let is_named = |item: ItemRef, state: State| match state {
        State::InTransit => waiting.contains(&item),
        State::Discrepancy => named.contains(&item) || counted.claimed_by_rejects.contains(&item),
        _ => true,
    };
    let sides = [
        (ItemSide::Transactions, reconciliation.transactions.as_slice()),
        (ItemSide::Settlement, reconciliation.settlements.as_slice()),
        (ItemSide::Ledger, std::slice::from_ref(&reconciliation.ledger)),
    ];
    for (side, files) in sides {
        for (file, states) in (0_u32..).zip(files) {
            for (row, &state) in (0_u32..).zip(states) {
                let item = ItemRef { side, file, row };
                if !is_named(item, state) {
                    let word = if state == State::InTransit { "in transit" } else { "a discrepancy" };
                    return Err(Imbalance::Unnamed(name_of(counted, item), word));
                }
            }
        }
    }
    let closed = waiting.iter().filter(|item| reconciliation.state(**item) != State::InTransit).min();
    closed.map_or(Ok(()), |item| Err(Imbalance::Unnamed(name_of(counted, *item), "closed, yet listed as waiting")))
}

fn name_of(counted: &Counted<'_>, item: ItemRef) -> String {
    let (file, row) = (item.file as usize, item.row as usize);
    match item.side {
        ItemSide::Ledger => format!("the ledger's row at line {}", counted.ledger.entries[row].place.line),
        _ => {
            let files = if item.side == ItemSide::Settlement { counted.settlements } else { counted.transactions };
            let line = &files[file].parsed.lines[row];
            format!("`{}` line {} ({})", files[file].name, line.place.line, counted.type_of(line))
        }
    }
}

#[cfg(test)]
mod tests;
