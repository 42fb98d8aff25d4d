//! Looking back: what of the earlier days' reports and bookings a run has to look at, and remembering what it closed.
//!
//! A run matches what is new, what is open, and what hangs together with either. What was closed by an earlier run and has not been
//! touched since stays in the memory (`memory`) and is not read. The result is the same as if all of it had been read: a line or
//! entry that is left out is one that matching would have placed as [`State::Past`], and that shares no id with any that is there.
//!
//! Of the day itself, payments whose three rows agree are left out as well (`matching::agreed`), unless something that is looked at shares
//! an id with them.
//!
//! Nothing is known to be closed under other rules of matching, after a party left the registry, or without the memory of the
//! run before: then the whole window is matched, from remembered lines or, where these lack too, from the archive.

mod entries;
mod ids;
mod lines;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use xxhash_rust::xxh3::xxh3_64;

use crate::calendar::BusinessDate;
use crate::discrepancy::Discrepancy;
use crate::failure::{Failure, Kind};
use crate::ledger::Entry;
use crate::matching::agreed::{Mark, Marker, Place};
use crate::matching::{Policy, Reconciliation, State};
use crate::memory::{self, Bits, ClosedEntry, FileKey, Memory, MemoryError, Unkept};
use crate::movement::{EntryType, ReportKind};
use crate::report::ReportOptions;
use crate::store::{Carried, Run};

use super::inputs::Registry;
use super::intake::{InputFile, Reports};
use super::ledger::Ledger;
use super::marks::Marks;
use super::{Job, options};
use entries::{Entries, ids_of_reject};
pub use lines::Remembered;
use lines::{Lines, needed};

/// Entries that one thread marks at a time.
const CHUNK: usize = 1 << 16;

/// What a run left in the memory, and what it will add.
pub struct Recalled {
    rules: u64,
    parties: Option<Vec<u64>>,
    /// The lines of each file that were matched in full, by their numbers, and those that are closed of the others.
    rows: HashMap<(ReportKind, FileKey), (Vec<u32>, Bits)>,
    /// Lines that this run read, to be kept for later ones.
    unkept: Vec<Unkept>,
    /// Closed entries that were left out, by date.
    left_out: BTreeMap<BusinessDate, Vec<ClosedEntry>>,
    /// Date, fingerprint and id of the entries that were not.
    entries: Vec<(BusinessDate, ClosedEntry)>,
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
    let kind = if matches!(error, MemoryError::Damaged(_)) { Kind::Integrity } else { Kind::Unforeseen };
    Failure::new(kind, error.to_string()).into()
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
    let mut parties: Vec<u64> = known.map(|(party, _)| xxh3_64(job.symbols.text(*party).as_bytes())).collect();
    parties.sort_unstable();
    Some(parties)
}

/// Brings the lines of earlier days that the run needs to those that were read anew, and leaves closed entries out of the ledger.
///
/// # Errors
/// The memory cannot be read, or is damaged.
pub fn recall(
    job: &Job<'_>,
    (carried, reopened): (Option<&Carried>, &[&Discrepancy]),
    marker: Option<Marker<'_>>,
    (policy, registry): (&Policy, Option<&Registry>),
    reports: &mut Reports,
    ledger: &mut Ledger,
) -> anyhow::Result<Recalled> {
    let rules = xxh3_64(job.config.what_decides()?.as_bytes());
    let parties = parties_of(job, registry);
    let state = closed_before(&job.memory, carried.map(|before| &before.run), rules, parties.as_deref())?;
    let known = Known::of(job, state, reports, ledger.from)?.unwrap_or_default().without(job, reopened);
    let mut files = std::mem::take(&mut reports.remembered);
    for file in &mut files {
        let key = (file.date, file.name.clone(), file.sha256.clone());
        let closed = known.lines.get(&key).filter(|bits| bits.rows() == file.extract.lines());
        file.closed = closed.cloned().unwrap_or_else(|| Bits::none(file.extract.lines()));
    }
    let mut entries = Entries::of(&ledger.parsed, policy.cut_off, &job.symbols, &known.entries);
    if let Some(marker) = marker {
        reports.marks.extend(marks_of(&ledger.parsed.entries, marker)).map_err(failed)?;
    }
    let agreed = reports.marks.agree();
    put_agreed(&agreed, &mut files, &mut entries);
    let was_open = carried.filter(|_| !agreed.is_empty()).into_iter().flat_map(|before| ids_of_open(job, before));
    let seeds = seeds(reports, ledger).chain(known.asked).chain(was_open);
    let wanted = needed(&mut files, &ledger.parsed, &entries, seeds).map_err(failed)?;
    let by_number: HashMap<u32, &Bits> = files.iter().map(|file| (file.file, &file.needed)).collect();
    reports.agreed = reports.marks.left_out(|place| match place {
        Place::Line(file, row) => by_number.get(&file).is_some_and(|needed| !needed.has(row)),
        Place::Entry(row) => !wanted.has(row),
    });
    reports.marks = Marks::new();
    let mut recalled = Recalled {
        rules,
        parties,
        rows: HashMap::new(),
        unkept: Vec::new(),
        left_out: BTreeMap::new(),
        entries: Vec::new(),
    };
    recalled.leave_out(ledger, entries, &wanted);
    for file in files {
        let Lines { lines, originals, numbers } = file.read().map_err(failed)?;
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
        // What agrees today is past tomorrow.
        let mut closed = file.closed;
        file.agreed.iter().filter(|&row| !file.needed.has(row)).for_each(|row| closed.put(row));
        recalled.unkept.extend(file.unkept);
        recalled.rows.insert((file.kind, (file.date, file.name, file.sha256)), (numbers, closed));
    }
    Ok(recalled)
}

/// What marks the rows of the day; nothing where payments hang together with their shares, which are matched in full.
pub fn marker<'a>(job: &Job<'_>, policy: &Policy, registry: Option<&'a Registry>) -> Option<Marker<'a>> {
    let registry = registry.map(|known| &known.successful);
    let payment = job.symbols.intern(EntryType::Payment.as_str().as_bytes());
    let (today, cut_off) = (policy.today, policy.cut_off);
    (!policy.splits).then_some(Marker { today, cut_off, registry, payment })
}

/// The marks of entries.
fn marks_of(entries: &[Entry], marker: Marker<'_>) -> impl Iterator<Item = Mark> {
    let chunks: Vec<Vec<Mark>> = entries
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(at, entries)| {
            let rows = u32::try_from(at * CHUNK).unwrap_or(u32::MAX)..;
            rows.zip(entries).filter_map(|(row, entry)| marker.entry(entry, row)).collect()
        })
        .collect();
    chunks.into_iter().flatten()
}

/// Notes which rows agree.
fn put_agreed(agreed: &[Place], files: &mut [Remembered], entries: &mut Entries) {
    let mut by_number: HashMap<u32, &mut Bits> = files.iter_mut().map(|file| (file.file, &mut file.agreed)).collect();
    for place in agreed {
        match *place {
            Place::Line(file, row) => {
                if let Some(rows) = by_number.get_mut(&file) {
                    rows.put(row);
                }
            }
            Place::Entry(row) => entries.agreed.put(row),
        }
    }
}

/// The ids of what the run before left open: a payment of today that has one of them may be what closes it.
fn ids_of_open<'a>(job: &'a Job<'_>, before: &'a Carried) -> impl Iterator<Item = u64> + 'a {
    let rows = before.discrepancies.iter();
    let rows = rows.flat_map(|row| [&row.request_id, &row.antom_id, &row.original_request_id, &row.original_antom_id]);
    let items = before.in_transit.iter().flat_map(|item| [&item.request_id, &item.antom_id]);
    rows.chain(items).map(|id| job.keys.key(0, id.as_bytes()).hint())
}

/// What is known to be closed, as far as it can be told what has touched it since.
#[derive(Default)]
struct Known {
    /// The lines, by file.
    lines: BTreeMap<FileKey, Bits>,
    /// The entries, sorted, by date.
    entries: BTreeMap<BusinessDate, Vec<ClosedEntry>>,
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
    rejects.flat_map(|reject| ids_of_reject(reject.by_request, reject.by_antom))
}

impl Recalled {
    /// Leaves out the entries that nobody needs, and keeps what is known of all of them.
    fn leave_out(&mut self, ledger: &mut Ledger, entries: Entries, needed: &Bits) {
        for ((row, date), entry) in (0_u32..).zip(entries.dates).zip(entries.known) {
            if needed.has(row) {
                self.entries.push((date, entry));
            } else {
                self.left_out.entry(date).or_default().push(entry);
            }
        }
        let mut row = 0;
        ledger.parsed.entries.retain(|_| {
            row += 1;
            needed.has(row - 1)
        });
    }

    /// Gives what the run read its names, and keeps what is closed after it. The day is recorded and published by then: what cannot be
    /// kept now costs the next run time, and nothing else.
    pub fn remember(self, job: &Job<'_>, reports: &Reports, reconciliation: &Reconciliation, run: (u32, &str)) {
        if let Err(error) = self.keep(job, reports, reconciliation, run) {
            tracing::warn!(
                "what this run closed is not remembered, so the next one reads its lookback again: {error:#}"
            );
        }
    }

    fn keep(
        self,
        job: &Job<'_>,
        reports: &Reports,
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
        let mut closed = self.left_out;
        for ((date, entry), state) in self.entries.into_iter().zip(&reconciliation.ledger) {
            if *state == State::Past {
                closed.entry(date).or_default().push(entry);
            }
        }
        let mut entries = BTreeMap::new();
        for (date, mut of_date) in closed {
            of_date.sort_unstable();
            entries.insert(date, memory.keep_entries(&of_date).map_err(failed)?);
        }
        let state = memory::State { rules: self.rules, parties: self.parties, lines, entries };
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
