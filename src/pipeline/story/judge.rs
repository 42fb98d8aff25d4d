//! What the matcher makes of the rows of a story: the state of each, and which of them it takes for the same movement. There is no
//! second set of rules: [`matching::reconcile`] judges the rows together, and then two by two.

use std::collections::{BTreeSet, HashMap};

use crate::calendar::BusinessDate;
use crate::id::{Key, KeySet};
use crate::ledger::{Entry, ParsedLedger};
use crate::matching::{self, DayReport, Inputs, ItemRef, ItemSide, Policy, Reconciliation, State};
use crate::movement::{EntryType, ReportKind};
use crate::report::{Line, Original, ParsedReport, Reject, TypeTotals};

use super::entries::Entries;
use super::reports::FoundFile;

/// How many rows are judged two by two; a movement with its reversals and shares has a few.
const MAX_ROWS: usize = 40;

/// The state of a row of a day without a run, or with one still to come.
const UNANSWERED: &str = "of a day that no run answers for";

/// The state of a row of which nothing else is known.
const CLOSED: &str = "closed by an earlier run";

/// A line or an entry of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A hit of a file.
    Line {
        /// Index of the file.
        file: usize,
        /// Index of the hit.
        hit: usize,
    },
    /// An entry.
    Entry(usize),
}

/// Two rows that are the same movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The one.
    pub one: Row,
    /// The other.
    pub other: Row,
    /// Why.
    pub rule: String,
    /// Whether they belong to different business dates.
    pub period_crossing: bool,
}

/// What the matcher makes of the rows.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The state of each row, in words.
    pub states: Vec<(Row, String)>,
    /// What belongs together.
    pub pairs: Vec<Pair>,
}

/// The days that runs answer for.
pub struct Days {
    /// All of them.
    pub scope: BTreeSet<BusinessDate>,
    /// Those without transaction details.
    pub missing: BTreeSet<BusinessDate>,
}

/// The rows as the matcher takes them.
struct Table<'a> {
    entries: &'a Entries,
    policy: Policy,
    days: &'a Days,
    rows: Vec<(Row, Known<'a>)>,
    /// Lines that could not be read: they stand for the entry that has their id.
    rejects: Vec<Rejected<'a>>,
}

/// A line that could not be read.
struct Rejected<'a> {
    row: Row,
    side: ItemSide,
    reject: &'a Reject,
    report: &'a ParsedReport,
    date: BusinessDate,
    name: &'a str,
    /// Where it stands in its file.
    line: u32,
}

/// A row as the matcher knows it.
#[derive(Clone, Copy)]
enum Known<'a> {
    Line { side: ItemSide, line: &'a Line, report: &'a ParsedReport, date: BusinessDate, name: &'a str },
    Entry(&'a Entry),
}

/// Judges the rows as of the policy's date. Lines of files that were restated since take no part.
pub fn judge(files: &[FoundFile], entries: &Entries, policy: &Policy, days: &Days) -> Judgement {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for (at, found) in files.iter().enumerate().filter(|(_, found)| found.file.in_force) {
        let side = match found.file.kind {
            ReportKind::TransactionDetails => ItemSide::Transactions,
            ReportKind::SettlementDetails => ItemSide::Settlement,
            _ => continue,
        };
        let Some((parsed, report)) = found.parsed.as_ref().and_then(|parsed| Some((parsed, parsed.details()?))) else {
            continue;
        };
        let (date, name) = (found.file.date, found.file.name.as_str());
        for line in &report.lines {
            let Some(hit) = parsed.hit(line.place.offset) else { continue };
            rows.push((Row::Line { file: at, hit }, Known::Line { side, line, report, date, name }));
        }
        for reject in &report.rejects {
            let Some(hit) = parsed.hit(reject.place.offset) else { continue };
            let (row, line) = (Row::Line { file: at, hit }, found.hits.kept[hit].line);
            rejects.push(Rejected { row, side, reject, report, date, name, line });
        }
    }
    rows.extend(entries.parsed.entries.iter().enumerate().map(|(at, entry)| (Row::Entry(at), Known::Entry(entry))));
    let mut policy = policy.clone();
    let dates = rows.iter().map(|(_, row)| row.date(&policy));
    let first = dates.min().unwrap_or(policy.today);
    // Everything about the rows is there, however old it is.
    policy.window_start = policy.window_start.min(first.minus_days(1));
    let table = Table { entries, policy, days, rows, rejects };
    let mut states = table.states();
    let rejected = table.rejects.iter().map(|known| (known.row, format!("rejected{}", why(known.reject))));
    states.extend(rejected);
    Judgement { states, pairs: table.pairs() }
}

impl Known<'_> {
    fn date(&self, policy: &Policy) -> BusinessDate {
        match self {
            Self::Line { date, .. } => *date,
            Self::Entry(entry) => policy.cut_off.date_of(entry.occurred_at),
        }
    }

    /// Type, key by request id, key by Antom id, amount, original.
    fn identity(&self, ledger: &ParsedLedger) -> (Option<EntryType>, Key, Key, i64, Option<Original>) {
        match self {
            Self::Line { line, report, .. } => {
                let original = line.original.and_then(|at| report.originals.get(at as usize)).copied();
                (line.entry_type, line.by_request, line.by_antom, line.amount, original)
            }
            Self::Entry(entry) => {
                let original = entry.original.and_then(|at| ledger.originals.get(at as usize)).copied();
                (Some(entry.entry_type), entry.by_request, entry.by_antom, entry.amount, original)
            }
        }
    }
}

/// A selection of rows after matching, and where each of them stands in it.
struct Matched {
    places: Vec<ItemRef>,
    result: Reconciliation,
    /// The first finding that consumed a row, and what waits, by their indices.
    named: HashMap<ItemRef, usize>,
    waiting: HashMap<ItemRef, usize>,
}

impl Matched {
    fn new(places: Vec<ItemRef>, result: Reconciliation) -> Self {
        let mut named = HashMap::new();
        for (at, finding) in result.findings.iter().enumerate() {
            for &item in &finding.consumed {
                named.entry(item).or_insert(at);
            }
        }
        let waiting = result.waiting.iter().enumerate().map(|(at, waiting)| (waiting.item, at)).collect();
        Self { places, result, named, waiting }
    }

    fn state(&self, at: usize) -> State {
        self.result.state(self.places[at])
    }
}

impl Table<'_> {
    /// Matches some of the rows as if there were no others, as of a date.
    fn reconcile(&self, selected: &[usize], today: BusinessDate) -> Matched {
        self.reconcile_beside(selected, today, false)
    }

    /// The same, beside the lines and rows that could not be read until then, if `with_rejects`.
    fn reconcile_beside(&self, selected: &[usize], today: BusinessDate, with_rejects: bool) -> Matched {
        let (mut transactions, mut settlements) = (Vec::<DayReport>::new(), Vec::<DayReport>::new());
        let ledger = &self.entries.parsed;
        let mut chosen =
            ParsedLedger { originals: ledger.originals.clone(), columns: ledger.columns, ..ParsedLedger::default() };
        let mut places = Vec::with_capacity(selected.len());
        for (_, row) in selected.iter().map(|&at| &self.rows[at]) {
            places.push(match *row {
                Known::Entry(entry) => {
                    chosen.entries.push(*entry);
                    place(ItemSide::Ledger, 0, chosen.entries.len())
                }
                Known::Line { side, line, report, date, name } => {
                    let files = if side == ItemSide::Transactions { &mut transactions } else { &mut settlements };
                    let file = position(files, (date, name), report);
                    files[file].parsed.lines.push(*line);
                    place(side, file, files[file].parsed.lines.len())
                }
            });
        }
        if with_rejects {
            for known in self.rejects.iter().filter(|known| known.date <= today) {
                let is_transaction = known.side == ItemSide::Transactions;
                let files = if is_transaction { &mut transactions } else { &mut settlements };
                let file = position(files, (known.date, known.name), known.report);
                files[file].parsed.rejects.push(known.reject.clone());
            }
            chosen.rejects.clone_from(&ledger.rejects);
        }
        let none = KeySet::default();
        let inputs = Inputs {
            transactions: &transactions,
            settlements: &settlements,
            ledger: &chosen,
            registry: None,
            scope: &self.days.scope,
            missing: &self.days.missing,
            known_originals: &none,
            entry_id: &|entry| {
                let at = ledger.entries.iter().position(|known| known.place == entry.place);
                at.map(|at| self.entries.text(at).0.entry_id).unwrap_or_default()
            },
        };
        let policy = Policy { today, window_start: self.policy.window_start.min(today), ..self.policy.clone() };
        Matched::new(places, matching::reconcile(&inputs, &policy))
    }

    fn date(&self, at: usize) -> BusinessDate {
        self.rows[at].1.date(&self.policy)
    }

    /// Where each row stands after the last day that said anything new about it. As of a later day it is only known to be closed; what
    /// is of a day after the newest run was closed by none.
    fn states(&self) -> Vec<(Row, String)> {
        let mut days: BTreeSet<BusinessDate> = (0..self.rows.len()).map(|at| self.date(at)).collect();
        days.insert(self.policy.today);
        let unsaid = |at| if self.date(at) > self.policy.today { UNANSWERED } else { CLOSED };
        let mut states: Vec<String> = (0..self.rows.len()).map(|at| unsaid(at).to_owned()).collect();
        for day in days.into_iter().filter(|day| *day <= self.policy.today) {
            // A run reads the ledger a day further than the reports, for what lies on the other side of midnight.
            let is_seen = |at: &usize| match self.rows[*at].1 {
                Known::Line { date, .. } => date <= day,
                Known::Entry(_) => self.date(*at) <= day.plus_days(1),
            };
            let seen: Vec<usize> = (0..self.rows.len()).filter(is_seen).collect();
            let matched = self.reconcile_beside(&seen, day, true);
            for (place, &row) in seen.iter().enumerate() {
                let says_nothing = [State::Past, State::OutOfScope].contains(&matched.state(place));
                if !says_nothing || (day == self.date(row) && matched.state(place) == State::OutOfScope) {
                    states[row] = self.words(&matched, place, row);
                }
            }
        }
        self.rows.iter().zip(states).map(|((row, _), state)| (*row, state)).collect()
    }

    /// A row's state in words; it stands at `at` among those that were matched.
    fn words(&self, matched: &Matched, at: usize, row: usize) -> String {
        let (item, state) = (matched.places[at], matched.state(at));
        if let Some(rule) = state.exclusion() {
            return format!("excluded by the rule `{rule}`");
        }
        match state {
            State::Matched => "matched".to_owned(),
            State::InTransit => {
                let waits = matched.waiting.get(&item).map(|&at| &matched.result.waiting[at]);
                waits.map_or_else(
                    || "in transit".to_owned(),
                    |known| format!("in transit, waits for the {} until {}", known.waits_for, known.due_on),
                )
            }
            State::Discrepancy => {
                let named = matched.named.get(&item).map(|&at| &matched.result.findings[at]);
                named.map_or_else(
                    || self.other_side(&self.rows[row].1),
                    |finding| format!("{} at stage `{}`", finding.kind, finding.stage),
                )
            }
            State::OutOfScope => UNANSWERED.to_owned(),
            _ => CLOSED.to_owned(),
        }
    }

    /// What is said of a discrepancy that no finding names: its other side could not be read.
    fn other_side(&self, known: &Known<'_>) -> String {
        let (_, by_request, by_antom, ..) = known.identity(&self.entries.parsed);
        let keys: Vec<Key> = Reject::keys_of(by_request, by_antom).into_iter().filter(|key| !key.is_none()).collect();
        let is_meant = |reject: &Reject| keys.contains(&reject.by_request) || keys.contains(&reject.by_antom);
        let said = match known {
            Known::Entry(_) => {
                let line = self.rejects.iter().find(|rejected| is_meant(rejected.reject));
                line.map(|known| {
                    format!("its line was rejected: `{}` line {}{}", known.name, known.line, why(known.reject))
                })
            }
            Known::Line { .. } => self.entries.parsed.rejects.iter().find(|reject| is_meant(reject)).map(|reject| {
                let line = self.entries.line(reject.place.line).map(|line| format!(" line {line}")).unwrap_or_default();
                format!("its entry was rejected: the ledger{line}{}", why(reject))
            }),
        };
        said.unwrap_or_else(|| "a discrepancy".to_owned())
    }

    /// The rows that the matcher takes for the same movement when it sees no others. What follows from two pairs over a line of
    /// transaction details is not said.
    fn pairs(&self) -> Vec<Pair> {
        let count = self.rows.len().min(MAX_ROWS);
        let mut pairs = BTreeSet::new();
        for one in 0..count {
            pairs.extend((one + 1..count).filter(|&other| self.are_one(one, other)).map(|other| (one, other)));
        }
        let is_transaction = |at: &usize| matches!(self.rows[*at].1, Known::Line { side: ItemSide::Transactions, .. });
        let follows = |(one, other): &(usize, usize)| {
            !is_transaction(one)
                && !is_transaction(other)
                && (0..count).filter(is_transaction).any(|at| {
                    pairs.contains(&(at.min(*one), at.max(*one))) && pairs.contains(&(at.min(*other), at.max(*other)))
                })
        };
        pairs.iter().filter(|pair| !follows(pair)).map(|&(one, other)| self.pair(one, other)).collect()
    }

    /// Whether one of two rows is matched because of the other, or both are part of the same finding. What their originals may be
    /// is there as well: a capture without its authorisation would be an orphan.
    fn are_one(&self, one: usize, other: usize) -> bool {
        let today = self.date(one).max(self.date(other)).min(self.policy.today);
        let types = [self.entry_type(one), self.entry_type(other)];
        let is_original = |at: &usize| {
            let own = self.entry_type(*at);
            matches!(own, Some(EntryType::Payment | EntryType::Authorization)) && !types.contains(&own)
        };
        let originals: Vec<usize> = (0..self.rows.len()).filter(is_original).collect();
        let with = |rows: &[usize]| self.reconcile(&[rows, &originals].concat(), today);
        let together = with(&[one, other]);
        let is_matched = |state: State| matches!(state, State::Matched | State::Past);
        let in_one_finding =
            |finding: &matching::Finding| together.places[..2].iter().all(|item| finding.consumed.contains(item));
        together.result.findings.iter().any(in_one_finding)
            || [one, other]
                .into_iter()
                .enumerate()
                .any(|(place, row)| is_matched(together.state(place)) && !is_matched(with(&[row]).state(0)))
    }

    fn entry_type(&self, at: usize) -> Option<EntryType> {
        match self.rows[at].1 {
            Known::Line { line, .. } => line.entry_type,
            Known::Entry(entry) => Some(entry.entry_type),
        }
    }

    fn pair(&self, one: usize, other: usize) -> Pair {
        let ((one, first), (other, second)) = (&self.rows[one], &self.rows[other]);
        let period_crossing = first.date(&self.policy) != second.date(&self.policy)
            && !matches!((first, second), (Known::Line { .. }, Known::Line { .. }));
        Pair { one: *one, other: *other, rule: self.rule(first, second), period_crossing }
    }

    /// By what two rows of one movement agree.
    fn rule(&self, one: &Known<'_>, other: &Known<'_>) -> String {
        let (one_type, one_request, one_antom, one_amount, one_original) = one.identity(&self.entries.parsed);
        let (type_, request, antom, amount, original) = other.identity(&self.entries.parsed);
        let agree = |one: Key, other: Key| !one.is_none() && one == other;
        let originals = one_original
            .zip(original)
            .is_some_and(|(one, other)| agree(one.by_request, other.by_request) || agree(one.by_antom, other.by_antom));
        let is_source = matches!(other, Known::Entry(entry) if !entry.refund_from.as_str().is_empty());
        if is_source && agree(one_request, request) {
            return "type and request id agree; it is one of the refund's sources, which are summed".to_owned();
        }
        if agree(one_request, request) {
            return match (one, other) {
                (Known::Entry(_), Known::Entry(_)) => "entries of one movement: type and request id agree".to_owned(),
                _ => "type and request id agree".to_owned(),
            };
        }
        if agree(one_antom, antom) {
            return "type and Antom id agree".to_owned();
        }
        if one_type != type_ && matches!(other, Known::Entry(entry) if entry.entry_type == EntryType::Settlement) {
            return "payment and party of the share agree".to_owned();
        }
        match (originals, one_amount == amount) {
            (true, true) => "type, original and amount agree".to_owned(),
            (true, false) => "type and original agree".to_owned(),
            (false, _) => "nothing else can be meant".to_owned(),
        }
    }
}

/// Why a line could not be read, after where it stands.
fn why(reject: &Reject) -> String {
    let column = if reject.column.is_empty() { String::new() } else { format!(", column `{}`", reject.column) };
    format!("{column}: {}", reject.reason)
}

/// Where a report stands among those of its side; it is put there if it does not yet.
fn position(files: &mut Vec<DayReport>, (date, name): (BusinessDate, &str), report: &ParsedReport) -> usize {
    let known = files.iter().position(|file| (file.date, file.name.as_str()) == (date, name));
    known.unwrap_or_else(|| {
        files.push(DayReport { date, name: name.to_owned(), parsed: without_lines(report) });
        files.len() - 1
    })
}

fn place(side: ItemSide, file: usize, rows: usize) -> ItemRef {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    ItemRef { side, file: number(file), row: number(rows - 1) }
}

/// A report with all but its lines.
fn without_lines(report: &ParsedReport) -> ParsedReport {
    ParsedReport {
        kind: report.kind,
        lines: Vec::new(),
        originals: report.originals.clone(),
        rejects: Vec::new(),
        totals: TypeTotals::new(),
        unknown_columns: Vec::new(),
        remarks: Vec::new(),
        layout: report.layout.clone(),
    }
}
