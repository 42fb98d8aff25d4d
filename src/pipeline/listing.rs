//! What is in transit and what was cleared, of which there may be more than memory holds: rows are gathered as they come, sorted, on the
//! disk where they are many, and given in two orders, as they are listed and by id.
//!
//! Of payments that agree (`matching::agreed`) nobody looks at the rows themselves: what waits is listed with its text from the archive, or
//! as the run before listed it, and what is settled today is cleared.

use std::collections::BTreeMap;
use std::io;

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use crate::calendar::BusinessDate;
use crate::conservation::{OpenItem, OpenKind, Rolling};
use crate::discrepancy::{ClearedRow, InTransitRow, Side};
use crate::failure::{Failure, Kind};
use crate::matching::WaitsFor;
use crate::memory::{self, KeyOf, MemoryError, SortKey, Sorted, Sorter, Stored};
use crate::money::{Currency, Tally};
use crate::movement::{EntryType, ReportKind};
use crate::report::{Line, LineText, Place};
use crate::store::{Many, Reading};

use super::evidence::Evidence;
use super::intake::Reports;
use super::recall::{self, Listed, read_some};
use super::texts::Texts;
use super::waited::Waited;
use super::{Job, carry};

/// Bytes of rows in memory in each order, however much there is.
const HELD_BYTES: usize = 32 << 20;

/// What a line takes while its text is read: the line, and the row that it becomes.
const BYTES_PER_LINE: usize = 1_024;

/// What rows may take in memory in each order. There are four of these lists, so that each gets half of what others do.
fn held_bytes(job: &Job<'_>) -> usize {
    job.room.for_waiting_rows().map_or(HELD_BYTES, |bytes| HELD_BYTES.min(bytes / 2))
}

/// Rows that are being gathered, in two orders.
#[derive(Debug)]
struct Gathering<T> {
    listed: Sorter<T>,
    by_id: Sorter<T>,
}

/// Rows in two orders.
#[derive(Debug)]
pub struct InOrder<T> {
    listed: Sorted<T>,
    by_id: Sorted<T>,
}

impl<T: Stored> Gathering<T> {
    fn new(job: &Job<'_>, listed: KeyOf<T>, by_id: KeyOf<T>) -> Self {
        let held = held_bytes(job);
        let sorter = |key| Sorter::new(&job.memory, key, held);
        Self { listed: sorter(listed), by_id: sorter(by_id) }
    }

    /// Adds rows, to both orders at the same time.
    fn put(&mut self, rows: &[T]) -> anyhow::Result<()> {
        let put = |order: &mut Sorter<T>| rows.iter().try_for_each(|row| order.put(row));
        let (listed, by_id) = rayon::join(|| put(&mut self.listed), || put(&mut self.by_id));
        listed.and(by_id).map_err(recall::failed)
    }

    fn finish(self) -> Result<InOrder<T>, MemoryError> {
        Ok(InOrder { listed: self.listed.finish()?, by_id: self.by_id.finish()? })
    }
}

impl<T: Stored> InOrder<T> {
    /// Number of rows.
    pub const fn rows(&self) -> u64 {
        self.listed.rows()
    }
}

impl<T: Stored + std::fmt::Debug> Many<T> for InOrder<T> {
    fn listed(&self) -> io::Result<Box<dyn Reading<T>>> {
        reading(&self.listed)
    }

    fn by_id(&self) -> io::Result<Box<dyn Reading<T>>> {
        reading(&self.by_id)
    }
}

/// Rows that are being read from memory or disk.
struct FromMemory<T>(memory::InOrder<T>);

impl<T: Stored> Reading<T> for FromMemory<T> {
    fn more(&mut self) -> io::Result<&[T]> {
        self.0.more().map_err(io::Error::other)
    }
}

fn reading<T: Stored>(rows: &Sorted<T>) -> io::Result<Box<dyn Reading<T>>> {
    Ok(Box::new(FromMemory(rows.read().map_err(io::Error::other)?)))
}

/// The order of `in_transit.csv`.
pub fn by_date_and_side(row: &InTransitRow, key: &mut SortKey) {
    key.date(row.business_date);
    key.place(row.side as u8);
    key.date(row.due_on);
    key.place(row.entry_type as u8);
    key.text(&row.request_id);
    key.text(&row.item_id);
}

/// The order of `cleared.csv`.
pub fn by_date_and_type(row: &ClearedRow, key: &mut SortKey) {
    key.date(row.business_date);
    key.text(&row.entry_type);
    key.text(&row.item_id);
}

/// What is in transit and what was cleared, while it is gathered.
pub struct Listing {
    in_transit: Gathering<InTransitRow>,
    cleared: Gathering<ClearedRow>,
    /// What is listed of lines that agree.
    pub listed: BTreeMap<Currency, Tally>,
}

/// What is in transit and what was cleared.
#[derive(Debug)]
pub struct Lists {
    /// The rows of `in_transit.csv`.
    pub in_transit: InOrder<InTransitRow>,
    /// The rows of `cleared.csv`.
    pub cleared: InOrder<ClearedRow>,
}

impl Lists {
    /// Number of all rows.
    pub const fn rows(&self) -> u64 {
        self.in_transit.rows() + self.cleared.rows()
    }
}

impl Listing {
    /// Nothing yet.
    pub fn new(job: &Job<'_>) -> Self {
        let by_id: KeyOf<InTransitRow> = |row, key| key.text(&row.item_id);
        let cleared_by_id: KeyOf<ClearedRow> = |row, key| key.text(&row.item_id);
        Self {
            in_transit: Gathering::new(job, by_date_and_side, by_id),
            cleared: Gathering::new(job, by_date_and_type, cleared_by_id),
            listed: BTreeMap::new(),
        }
    }

    /// Adds the rest, and closes the lists.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn finish(self, in_transit: &[InTransitRow], cleared: &[ClearedRow]) -> anyhow::Result<Lists> {
        let (mut gathered, mut gathered_cleared) = (self.in_transit, self.cleared);
        gathered.put(in_transit)?;
        gathered_cleared.put(cleared)?;
        let in_transit = gathered.finish().map_err(recall::failed)?;
        Ok(Lists { in_transit, cleared: gathered_cleared.finish().map_err(recall::failed)? })
    }

    /// Lists lines that agree and wait; `were_open` if the run before listed them.
    fn wait(&mut self, rows: &[InTransitRow], were_open: bool, rolling: &mut Rolling<'_>) -> anyhow::Result<()> {
        for row in rows {
            let amount = i64::try_from(row.amount).map_err(|_| Failure::new(Kind::Integrity, NO_LINE))?;
            self.listed.entry(row.currency).or_default().add(amount);
            rolling.roll(&OpenItem::from(row), were_open, true);
        }
        self.in_transit.put(rows)
    }
}

const NO_LINE: &str = "an item in transit is no line; please report this defect";

impl<'a> From<&'a InTransitRow> for OpenItem<'a> {
    fn from(row: &'a InTransitRow) -> Self {
        Self {
            id: &row.item_id,
            kind: OpenKind::InTransit,
            currency: Some(row.currency),
            amount: row.amount,
            first_seen_on: row.first_seen_on,
        }
    }
}

impl Evidence<'_> {
    /// Lists the payments that agree and wait, or waited: those of the day, and what became of those that the run before left.
    /// `due` says until when the lines of a date may wait; `rolling` gets how the items came and went.
    ///
    /// # Errors
    /// The archive cannot be read any more, or is not what it was.
    pub fn list_agreed(
        &self,
        waited: &Waited,
        due: &BTreeMap<BusinessDate, BusinessDate>,
        (listing, rolling): (&mut Listing, &mut Rolling<'_>),
    ) -> anyhow::Result<()> {
        let due_of = |date: BusinessDate| due.get(&date).copied().ok_or_else(|| Failure::new(Kind::Integrity, NO_LINE));
        let texts = Texts::open(self.job, &self.reports.inputs)?;
        for file in &self.reports.listed {
            self.list_waiting(file, &texts, due_of(self.job.today)?, |rows| listing.wait(&rows, false, rolling))?;
        }
        // What it has unpacked is not needed any more.
        drop(texts);
        let mut places = LineNumbers::new(self.reports);
        waited.each_agreed(|items| {
            let (mut waiting, mut cleared) = (Vec::new(), Vec::new());
            for (row, settled) in items {
                let Some(place) = settled else {
                    let due_on = due_of(row.business_date)?;
                    waiting.push(InTransitRow { due_on, ..row });
                    continue;
                };
                let by = places.name(place)?;
                rolling.roll(&OpenItem::from(&row), true, false);
                cleared.push(carry::cleared_item(self.job, row.into(), by));
            }
            listing.wait(&waiting, true, rolling)?;
            listing.cleared.put(&cleared)
        })
    }

    /// Lists the lines of a file of the day that wait, in its order.
    fn list_waiting(
        &self,
        listed: &Listed,
        texts: &Texts<'_>,
        due_on: BusinessDate,
        mut list: impl FnMut(Vec<InTransitRow>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if listed.waiting().next().is_none() {
            return Ok(());
        }
        let mut onward = if texts.is_pieced(listed.file)? { None } else { Some(texts.onward(listed.file)?) };
        let mut pending: Vec<Line> = Vec::new();
        let mut flush = |lines: &mut Vec<Line>| {
            let rows = match &mut onward {
                Some(onward) => self.in_words(lines, due_on, |wanted, take| onward.read(wanted, take))?,
                None => {
                    let at_once = lines.len().div_ceil(rayon::current_num_threads()).max(1);
                    let read = |lines: &[Line]| self.in_words(lines, due_on, |wanted, take| texts.read(wanted, take));
                    let parts: anyhow::Result<Vec<_>> = lines.par_chunks(at_once).map(read).collect();
                    parts?.into_iter().flatten().collect()
                }
            };
            list(rows)?;
            lines.clear();
            anyhow::Ok(())
        };
        let at_once = held_bytes(self.job) / BYTES_PER_LINE;
        read_some(
            (&listed.extract, listed.file),
            listed.waiting(),
            |_, lines| lines,
            |lines| {
                pending.extend(lines);
                if pending.len() < at_once { Ok(()) } else { flush(&mut pending) }
            },
        )?;
        flush(&mut pending)
    }

    /// Lines of one file as items in transit, with their texts, which `read` gives line by line.
    fn in_words<'l>(
        &self,
        lines: &'l [Line],
        due_on: BusinessDate,
        read: impl FnOnce(Vec<(Place, &'l Line)>, &mut TakeText<'_, 'l>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<InTransitRow>> {
        let mut rows = Vec::with_capacity(lines.len());
        let places = lines.iter().map(|line| (line.place, line)).collect();
        read(places, &mut |line, text| {
            self.check_text(&self.reports.inputs[line.place.file as usize].name, line, &text)?;
            let payment = EntryType::Payment;
            rows.push(InTransitRow {
                item_id: self.job.names.item(&["report", payment.as_str(), &text.request_id, &text.antom_id]),
                request_id: text.request_id,
                antom_id: text.antom_id,
                entry_type: payment,
                currency: line.currency,
                amount: line.amount.into(),
                side: Side::Report,
                business_date: self.job.today,
                due_on,
                waits_for: WaitsFor::Settlement.as_str(),
                first_seen_on: self.job.today,
            });
            Ok(())
        })?;
        Ok(rows)
    }
}

/// Takes the text of a line.
type TakeText<'a, 'l> = dyn FnMut(&'l Line, LineText) -> anyhow::Result<()> + 'a;

/// Where the lines of the day's settlement details stand in their files, as spans of lines that follow one another: mostly there is one.
struct LineNumbers<'a> {
    reports: &'a Reports,
    spans: BTreeMap<u32, Vec<Span>>,
}

/// From this row of the file on, a row's line is so much further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    row: u32,
    ahead: u32,
}

impl<'a> LineNumbers<'a> {
    const fn new(reports: &'a Reports) -> Self {
        Self { reports, spans: BTreeMap::new() }
    }

    /// A line as an explanation names it.
    fn name(&mut self, (file, row): (u32, u32)) -> anyhow::Result<String> {
        if !self.spans.contains_key(&file) {
            let spans = self.read(file)?;
            self.spans.insert(file, spans);
        }
        let spans = &self.spans[&file];
        let span = spans.partition_point(|span| span.row <= row).checked_sub(1).and_then(|at| spans.get(at));
        let line = row + span.map_or(0, |span| span.ahead);
        Ok(format!("`{}` line {line}", self.reports.inputs[file as usize].name))
    }

    fn read(&self, file: u32) -> anyhow::Result<Vec<Span>> {
        let is_it = |listed: &&Listed| listed.file == file && listed.kind == ReportKind::SettlementDetails;
        let defect = || Failure::new(Kind::Integrity, "a line that settles is in no file; please report this defect");
        let listed = self.reports.listed.iter().find(is_it).ok_or_else(defect)?;
        let spans = |rows: &[u32], lines: Vec<Line>| {
            let mut spans = Vec::new();
            rows.iter().zip(&lines).for_each(|(&row, line)| add_line(&mut spans, row, line.place.line));
            spans
        };
        let mut all = Vec::new();
        read_some((&listed.extract, file), 0..listed.extract.lines(), spans, |spans| {
            spans.into_iter().for_each(|span| add_line(&mut all, span.row, span.row + span.ahead));
            Ok(())
        })?;
        Ok(all)
    }
}

fn add_line(spans: &mut Vec<Span>, row: u32, line: u32) {
    let ahead = line - row;
    if spans.last().is_none_or(|span| span.ahead != ahead) {
        spans.push(Span { row, ahead });
    }
}
