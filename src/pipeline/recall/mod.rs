//! Looking back: what of the earlier days' reports and bookings a run has to look at, and remembering what it closed.
//!
//! A run matches what is new, what is open, and what hangs together with either. What was closed by an earlier run and has not been
//! touched since stays in the memory (`memory`) and is not read. The result is the same as if all of it had been read: a line or
//! entry that is left out is one that matching would have placed as [`State::Past`], and that shares no id with any that is there.
//!
//! Of the day itself and of what the run before left in transit, payments whose rows agree, shares included, are left out as well
//! (`matching::agreed`), unless something that is looked at shares an id with them.
//!
//! Nothing is known to be closed under other rules of matching, after a party left the registry, or without the memory of the
//! run before: then the whole window is matched, from remembered lines or, where these lack too, from the archive.

mod bloom;
mod ids;
mod lines;
mod outgoing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use xxhash_rust::xxh3::xxh3_64;

use crate::calendar::BusinessDate;
use crate::discrepancy::Discrepancy;
use crate::ledger::Entry;
use crate::matching::agreed::{Agreed, Mark, Marker, Place};
use crate::matching::{Policy, Reconciliation, State};
use crate::memory::{self, Bits, ClosedEntries, Extract, FileKey, Memory, MemoryError, Unkept};
use crate::movement::{EntryType, ReportKind};
use crate::report::{Line, ReportOptions};
use crate::store::{Carried, CarriedInTransit, Run};

use super::entries::Entries;
use super::folds::memory_failure;
use super::inputs::Registry;
use super::intake::{InputFile, Reports};
use super::ledger::Ledger;
use super::marks::Marks;
use super::waited::Waited;
use super::{Job, options, room};
pub use lines::{Remembered, read_some};
use lines::{Rows, Searched, Taken, needed, read_entries};

/// What a run left in the memory, and what it will add.
pub struct Recalled {
    rules: u64,
    parties: Option<Vec<u64>>,
    /// The lines of each file that were matched in full, by their numbers, and those that are closed of the others.
    rows: HashMap<(ReportKind, FileKey), (Vec<u32>, Bits)>,
    /// Lines that this run read, to be kept for later ones.
    unkept: Vec<Unkept>,
    /// The entries that were matched in full, by their numbers, and what is known of all.
    entries: Vec<u32>,
    booked: Rows,
}

/// A file of the day whose lines are listed without being matched in full.
pub struct Listed {
    /// Which report.
    pub kind: ReportKind,
    /// Its number among the run's inputs.
    pub file: u32,
    /// What it says.
    pub extract: Extract,
    /// What is known of its lines.
    rows: Rows,
}

impl Listed {
    /// The lines that wait for their settlement.
    pub fn waiting(&self) -> impl Iterator<Item = u32> + '_ {
        self.rows.waits.iter().filter(|row| self.rows.is_left_waiting(*row))
    }
}

/// A hash of the rules by which a report is read.
pub fn rules_of(options: &ReportOptions) -> u64 {
    xxh3_64(format!("{options:?}").as_bytes())
}

/// Where a file belongs in the memory.
fn key_of(file: &InputFile) -> FileKey {
    (file.date, file.name.clone(), file.digest.to_string())
}

/// What a failure of the memory is for the run.
pub fn failed(error: MemoryError) -> anyhow::Error {
    memory_failure(&error).into()
}

/// The name of a run in the memory.
fn name_of(date: BusinessDate, revision: u32, inputs_digest: &str) -> String {
    format!("{date}-r{revision}-{}", inputs_digest.get(..32).unwrap_or(inputs_digest))
}

/// What was closed after the run before, if it was matched by the same rules and no party left the registry since.
fn closed_before(
    memory: &Memory,
    before: Option<&Run>,
    rules: u64,
    parties: Option<&[u64]>,
) -> anyhow::Result<memory::State> {
    let Some(run) = before else { return Ok(memory::State::default()) };
    let name = name_of(run.business_date, run.revision, &run.inputs_digest);
    let state = memory.state(&name).map_err(failed)?.unwrap_or_default();
    let still_registered = match (&state.parties, parties) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(before), Some(now)) => before.iter().all(|party| now.binary_search(party).is_ok()),
    };
    Ok(if state.rules == rules && still_registered { state } else { memory::State::default() })
}

/// Hashes of the parties that are registered successfully, sorted.
fn parties_of(job: &Job<'_>, registry: Option<&Registry>) -> Option<Vec<u64>> {
    let known = registry?.successful.iter().filter(|(_, successful)| **successful);
    let mut parties: Vec<u64> =
        known.map(|(party, _)| job.keys.fingerprint(job.symbols.text(*party).as_bytes())).collect();
    parties.sort_unstable();
    Some(parties)
}

/// Finds which lines and entries the run needs, and puts them where matching finds them.
///
/// # Errors
/// The memory cannot be read, or is damaged.
pub fn recall(
    job: &Job<'_>,
    (carried, reopened): (Option<&Carried>, &[&Discrepancy]),
    (marker, mut marks, waited): (Marker<'_>, Marks, &mut Waited),
    registry: Option<&Registry>,
    (reports, ledger): (&mut Reports, &mut Ledger),
) -> anyhow::Result<Recalled> {
    // Under the seed of the keys: with another one, no id and no fingerprint that was kept means anything.
    let rules = job.keys.fingerprint(job.config.what_decides()?.as_bytes());
    let parties = parties_of(job, registry);
    let state = closed_before(&job.memory, carried.map(|before| &before.run), rules, parties.as_deref())?;
    let known = Known::of(job, state, reports, ledger.from)?.unwrap_or_default().without(job, reopened);
    let mut files = std::mem::take(&mut reports.remembered);
    reports.outgoing = outgoing::before(job, &files)?;
    for file in &mut files {
        let key = (file.date, file.name.clone(), file.sha256.clone());
        if let Some(closed) = known.lines.get(&key).filter(|bits| bits.rows() == file.extract.lines()) {
            file.rows.closed.clone_from(closed);
        }
    }
    let mut booked = Rows::new(ledger.entries.rows());
    let threads = job.threads.current_num_threads();
    job.room.for_stage("recall", ledger.entries.bytes_to_compare(known.entries.keys(), threads))?;
    let lost = put_closed(&ledger.entries, known.entries, &mut booked.closed).map_err(failed)?;
    mark_earlier(&files, waited.dates(), marker, &mut marks)?;
    reports.agreed = put_agreed(marks, marker, (&mut files, &mut booked), waited).map_err(failed)?;
    put_later(&ledger.entries, marker.today, &mut booked).map_err(failed)?;
    waited.bring_open().map_err(failed)?;
    let open = files.iter().map(|file| file.rows.open()).sum::<u64>() + booked.open();
    make_room(job, ledger, open).map_err(failed)?;
    job.room.for_stage("match", open * room::BYTES_PER_ROW)?;
    let was_open = carried.filter(|_| reports.agreed.rows > 0).into_iter();
    let was_open = was_open.flat_map(|before| ids_of_open(job, before, &waited.left));
    let seeds = seeds(reports, ledger).chain(known.asked).chain(lost).chain(was_open);
    let kept = &ledger.entries.kept;
    let sides = files.iter_mut().map(|file| Searched { source: &file.extract, rows: &mut file.rows });
    let mut sides: Vec<Searched<'_>> = sides.chain([Searched { source: kept, rows: &mut booked }]).collect();
    needed(&mut sides, seeds, job.room.for_filter()).map_err(failed)?;
    bring_needed(&files, waited).map_err(failed)?;
    let rows = files.iter().map(|file| file.rows.needed.count()).sum::<u64>() + booked.needed.count();
    job.room.for_stage("match", rows * room::BYTES_PER_ROW)?;

    let Taken { rows: entries, originals, numbers } = read_entries(kept, &booked.needed).map_err(failed)?;
    let is_counted = |entry: &Entry| marker.cut_off.date_of(entry.occurred_at) == marker.today;
    let agreeing = numbers.iter().zip(&entries).filter(|(row, entry)| booked.agreed.has(**row) && is_counted(entry));
    agreeing.for_each(|(_, entry)| reports.agreed.take_out_entry(entry));
    (ledger.parsed.entries, ledger.parsed.originals) = (entries, originals);
    let mut recalled = Recalled { rules, parties, rows: HashMap::new(), unkept: Vec::new(), entries: numbers, booked };
    for file in files {
        recalled.read(file, marker.today, reports).map_err(failed)?;
    }
    Ok(recalled)
}

/// Marks the lines of earlier days that are open, of the dates of which something waits.
fn mark_earlier(
    files: &[Remembered],
    dates: &BTreeSet<BusinessDate>,
    marker: Marker<'_>,
    marks: &mut Marks,
) -> anyhow::Result<()> {
    let waiting = files.iter().filter(|file| {
        file.kind == ReportKind::TransactionDetails && file.date < marker.today && dates.contains(&file.date)
    });
    for file in waiting {
        let of = (file.kind, file.date);
        let mark = |rows: &[u32], lines: Vec<Line>| -> Vec<Mark> {
            rows.iter().zip(&lines).filter_map(|(row, line)| marker.line(of, line, *row)).collect()
        };
        let open = Bits::outside(&file.rows.closed, &file.rows.agreed);
        read_some((&file.extract, file.file), open, mark, |found| marks.extend(found.into_iter()).map_err(failed))?;
    }
    Ok(())
}

/// Notes which entries are of later days: no run answers for them yet, so that they are looked at like closed ones, by an id that something
/// else shares with them.
fn put_later(entries: &Entries, today: BusinessDate, booked: &mut Rows) -> Result<(), MemoryError> {
    for date in entries.dates().filter(|date| *date > today) {
        entries.of(date, |row| {
            if !booked.agreed.has(row) {
                booked.closed.put(row);
            }
        })?;
    }
    Ok(())
}

/// Brings the items to memory whose lines are needed.
fn bring_needed(files: &[Remembered], waited: &mut Waited) -> Result<(), MemoryError> {
    let needed: HashMap<u32, &Bits> = files.iter().map(|file| (file.file, &file.rows.needed)).collect();
    waited.bring_needed(|(file, row)| needed.get(&file).is_some_and(|rows| rows.has(row)))
}

/// What marks the rows of the day.
pub fn marker<'a>(
    job: &Job<'_>,
    policy: &Policy,
    registry: Option<&'a Registry>,
    due: &'a BTreeMap<BusinessDate, BusinessDate>,
) -> Marker<'a> {
    let registry = registry.map(|known| &known.successful);
    let payment = job.symbols.intern(EntryType::Payment.as_str().as_bytes());
    let (today, cut_off, splits) = (policy.today, policy.cut_off, policy.splits);
    Marker { today, cut_off, registry, payment, splits, due }
}

/// Notes which entries are as they were when they were closed, and gives the ids of those that are gone.
fn put_closed(
    entries: &Entries,
    was_closed: BTreeMap<BusinessDate, ClosedEntries>,
    closed: &mut Bits,
) -> Result<Vec<u64>, MemoryError> {
    let closed = Mutex::new(closed);
    let one = |(date, was_closed): (BusinessDate, ClosedEntries)| {
        entries.compare(date, was_closed.read()?, |rows| {
            let mut closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
            rows.iter().for_each(|&row| closed.put(row));
        })
    };
    let lost: Vec<Vec<u64>> = was_closed.into_par_iter().map(one).collect::<Result<_, MemoryError>>()?;
    Ok(lost.concat())
}

/// Lets what nobody reads for now go to the disk, where memory is short or so many rows would not fit beside it.
fn make_room(job: &Job<'_>, ledger: &mut Ledger, rows: u64) -> Result<(), MemoryError> {
    let fits = !job.room.is_tight() && job.room.has(rows * room::BYTES_PER_ROW);
    if fits { Ok(()) } else { ledger.entries.rest() }
}

/// Notes which rows agree, and adds them up.
fn put_agreed(
    marks: Marks,
    marker: Marker<'_>,
    (files, booked): (&mut [Remembered], &mut Rows),
    waited: &mut Waited,
) -> Result<Agreed, MemoryError> {
    let last = files.iter().map(|file| file.file as usize).max();
    let mut by_number: Vec<Option<&mut Rows>> = (0..last.map_or(0, |last| last + 1)).map(|_| None).collect();
    files.iter_mut().for_each(|file| by_number[file.file as usize] = Some(&mut file.rows));
    let show = |place, fate| match place {
        Place::Line(file, row) => {
            if let Some(Some(rows)) = by_number.get_mut(file as usize) {
                rows.put_agreed(row, fate);
            }
        }
        Place::Entry(row) => booked.put_agreed(row, fate),
        Place::Item(_) => {}
    };
    marks.agree(|age| marker.may_wait(age), show, |fate| waited.note(fate))
}

/// The ids of what the run before left open, as far as it does not agree: a payment of today that has one of them may be what closes it.
fn ids_of_open<'a>(
    job: &'a Job<'_>,
    before: &'a Carried,
    waited: &'a [CarriedInTransit],
) -> impl Iterator<Item = u64> + 'a {
    let rows = before.discrepancies.iter();
    let rows = rows.flat_map(|row| [&row.request_id, &row.antom_id, &row.original_request_id, &row.original_antom_id]);
    let items = waited.iter().flat_map(|item| [&item.request_id, &item.antom_id]);
    rows.chain(items).map(|id| job.keys.key(0, id.as_bytes()).hint())
}

/// What is known to be closed, as far as it can be told what has touched it since.
#[derive(Default)]
struct Known {
    /// The lines, by file.
    lines: BTreeMap<FileKey, Bits>,
    /// The entries, sorted, by date.
    entries: BTreeMap<BusinessDate, ClosedEntries>,
    /// Ids of what was touched in a way that neither reports nor ledger show.
    asked: Vec<u64>,
}

impl Known {
    /// Of a state. Nothing if a part of it is no longer remembered: an entry that vanished would not be missed without it.
    fn of(
        job: &Job<'_>,
        state: memory::State,
        reports: &Reports,
        ledger_from: BusinessDate,
    ) -> anyhow::Result<Option<Self>> {
        let Some(asked) = ids_of_gone(job, &state, reports)? else { return Ok(None) };
        let mut entries = BTreeMap::new();
        for (&date, name) in state.entries.range(ledger_from..) {
            let Some(of_date) = job.memory.entries(name).map_err(failed)? else { return Ok(None) };
            entries.insert(date, of_date);
        }
        Ok(Some(Self { lines: state.lines, entries, asked }))
    }

    /// Without what people took up again: it was closed by a decision that no longer stands. What has no id to be found by is looked
    /// for in its whole file and date.
    fn without(mut self, job: &Job<'_>, reopened: &[&Discrepancy]) -> Self {
        for row in reopened {
            let ids = [&row.request_id, &row.antom_id, &row.original_request_id, &row.original_antom_id];
            let ids = ids.map(|id| job.keys.key(0, id.as_bytes()).hint());
            if ids == [0; 4] {
                self.lines.retain(|(_, name, _), _| *name != row.report_file);
                self.entries.remove(&row.business_date);
            }
            self.asked.extend(ids);
        }
        self
    }
}

/// The ids of the lines of files that the run before knew and that are in force no longer, because they were restated or withdrawn: what
/// such a line closed may be open again. Nothing if it is not remembered what one of them said.
fn ids_of_gone(job: &Job<'_>, state: &memory::State, reports: &Reports) -> anyhow::Result<Option<Vec<u64>>> {
    let in_force: BTreeSet<FileKey> = reports.inputs.iter().map(key_of).collect();
    let is_gone = |key: &&FileKey| reports.scope.contains(&key.0) && !in_force.contains(*key);
    let gone: Vec<&FileKey> = state.lines.keys().filter(is_gone).collect();
    let rules = options::report_rules(job.config)?;
    let mut ids = Vec::new();
    for (_, _, sha256) in gone {
        let mut is_known = false;
        for kind in [ReportKind::TransactionDetails, ReportKind::SettlementDetails] {
            let meaning = job.memory.meaning(rules_of(&rules.of(kind)));
            let Some(extract) = job.memory.extract(sha256, kind, meaning, &job.symbols).map_err(failed)? else {
                continue;
            };
            is_known = true;
            for block in 0..extract.blocks() {
                ids.extend(extract.ids(block).map_err(failed)?.all().map(|(_, id)| id));
            }
        }
        if !is_known {
            return Ok(None);
        }
    }
    Ok(Some(ids))
}

/// The ids of every line that could not be read.
fn seeds<'a>(reports: &'a Reports, ledger: &'a Ledger) -> impl Iterator<Item = u64> + 'a {
    let files = reports.transactions.iter().chain(&reports.settlements);
    let rejects = files.flat_map(|file| &file.parsed.rejects).chain(&ledger.parsed.rejects);
    rejects.flat_map(|reject| [reject.by_request.hint(), reject.by_antom.hint()])
}

impl Recalled {
    /// Puts the lines of a file that are needed among the others.
    fn read(&mut self, file: Remembered, today: BusinessDate, reports: &mut Reports) -> Result<(), MemoryError> {
        let Taken { rows: lines, originals, numbers } = file.read()?;
        let rows = file.rows;
        for (row, line) in numbers.iter().zip(&lines).filter(|(row, _)| rows.agreed.has(**row)) {
            let state = if rows.waits.has(*row) { State::InTransit } else { State::Matched };
            reports.agreed.take_out_line(file.file, line, state);
        }
        // What agrees today is past tomorrow, but for what waits.
        let mut closed = rows.closed.clone();
        closed.put_others(&rows.agreed, [&rows.needed, &rows.waits]);
        let side = if file.kind == ReportKind::SettlementDetails {
            &mut reports.settlements
        } else {
            &mut reports.transactions
        };
        let report = side.iter_mut().find(|report| report.date == file.date && report.name == file.name);
        if let Some(report) = report {
            report.parsed.lines = lines;
            report.parsed.originals = originals;
        }
        self.unkept.extend(file.unkept);
        if file.date == today {
            let listed = Listed { kind: file.kind, file: file.file, extract: file.extract, rows };
            reports.listed.push(listed);
        }
        self.rows.insert((file.kind, (file.date, file.name, file.sha256)), (numbers, closed));
        Ok(())
    }

    /// Gives what the run read its names, and keeps what is closed after it. The day is recorded and published by then: what cannot be
    /// kept now costs the next run time, and nothing else.
    pub fn remember(
        self,
        job: &Job<'_>,
        (reports, entries): (&Reports, &Entries),
        reconciliation: &Reconciliation,
        run: (u32, &str),
    ) {
        if let Err(error) = self.keep(job, (reports, entries), reconciliation, run) {
            tracing::warn!(
                "what this run closed is not remembered, so the next one reads its lookback again: {error:#}"
            );
        }
    }

    fn keep(
        self,
        job: &Job<'_>,
        (reports, entries): (&Reports, &Entries),
        reconciliation: &Reconciliation,
        (revision, inputs_digest): (u32, &str),
    ) -> anyhow::Result<()> {
        let memory = &job.memory;
        self.unkept.into_iter().try_for_each(Unkept::keep).map_err(failed)?;
        let mut lines = BTreeMap::new();
        let sides = [
            (&reports.transactions, &reconciliation.transactions),
            (&reports.settlements, &reconciliation.settlements),
        ];
        for (report, states) in sides.into_iter().flat_map(|(files, states)| files.iter().zip(states)) {
            let kind = report.parsed.kind;
            let of_report = |file: &&InputFile| (file.kind, file.date, &file.name) == (kind, report.date, &report.name);
            let Some(input) = reports.inputs.iter().find(of_report) else { continue };
            let key = key_of(input);
            let closed = match self.rows.get(&(kind, key.clone())) {
                Some((rows, before)) => closed_after(before.clone(), rows.iter().copied().zip(states)),
                None => continue,
            };
            lines.insert(key, closed);
        }
        // What was left out is closed, but for what waits.
        let is_closed = |row: u32| match self.entries.binary_search(&row) {
            Ok(at) => reconciliation.ledger.get(at) == Some(&State::Past),
            Err(_) => !self.booked.waits.has(row),
        };
        let mut closed = BTreeMap::new();
        for date in entries.dates().filter(|date| *date <= job.today) {
            let mut of_date = entries.closed(date, is_closed).peekable();
            if of_date.peek().is_some() {
                closed.insert(date, memory.keep_entries(of_date).map_err(failed)?);
            }
        }
        let state = memory::State { rules: self.rules, parties: self.parties, lines, entries: closed };
        memory.keep_state(&name_of(job.today, revision, inputs_digest), &state).map_err(failed)
    }
}

/// The bits of a file after a run: a line that was looked at is closed if it is past.
fn closed_after<'a>(mut closed: Bits, states: impl Iterator<Item = (u32, &'a State)>) -> Bits {
    for (row, state) in states {
        if *state == State::Past {
            closed.put(row);
        } else {
            closed.take_out(row);
        }
    }
    closed
}
