//! One run of a case: through the real parser, matching, describing and the proof of conservation, all in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use antom_recon::calendar::BusinessDate;
use antom_recon::conservation::{self, AgreedRows, ControlTotals, Counted};
use antom_recon::discrepancy::{Describer, Discrepancy, LineEvidence, Names, SeverityRule, payment_request_id};
use antom_recon::id::{Key, KeyMaker, Symbols};
use antom_recon::ledger::{EntryText, ParsedLedger, parse_ledger};
use antom_recon::matching::{self, DayReport, Finding, Inputs, ItemRef, ItemSide, Reconciliation, State, Waiting};
use antom_recon::movement::ReportKind;
use antom_recon::report::{LineText, Reject, ReportOptions, SignRule, parse_report};

use super::case::{Case, ReportFile};
use super::tables;

/// What a run found.
pub struct Day {
    pub today: BusinessDate,
    /// Findings that hold, with their rows.
    pub found: Vec<(Finding, Discrepancy)>,
    /// Rejected lines.
    pub rejected: Vec<Discrepancy>,
    /// What waits, with its type, request id and Antom id.
    pub waiting: Vec<(Waiting, [String; 3])>,
    pub controls: ControlTotals,
    pub period_crossings: u64,
    pub reconciliation: Reconciliation,
    /// Payments that agree before all else.
    pub agreed_payments: usize,
    /// How the candidates of each ambiguous row are called.
    pub candidates: HashMap<String, Vec<String>>,
}

/// The report files of a case, parsed once for all its runs.
pub struct Reports {
    keys: KeyMaker,
    symbols: Symbols,
    transactions: Vec<DayReport>,
    settlements: Vec<DayReport>,
    /// Their bytes, by `Place::file`.
    texts: Vec<String>,
}

impl Reports {
    /// Parses all files of a case.
    pub fn of(case: &Case) -> Self {
        let (keys, symbols) = (KeyMaker::new(7), Symbols::new());
        let mut reports = Self { keys, symbols, transactions: Vec::new(), settlements: Vec::new(), texts: Vec::new() };
        for file in &case.files {
            let (kind, side) = match file.side {
                ItemSide::Settlement => (ReportKind::SettlementDetails, &mut reports.settlements),
                _ => (ReportKind::TransactionDetails, &mut reports.transactions),
            };
            let (text, index) = (tables::report(case, file), u32::try_from(reports.texts.len()).unwrap());
            let options = ReportOptions { sign_rule: SignRule::Signed, ..ReportOptions::default() };
            let parsed = parse_report(text.as_bytes(), index, kind, &options, keys, &reports.symbols).unwrap();
            assert!(parsed.remarks.is_empty(), "{:?}", parsed.remarks);
            side.push(DayReport { date: file.date, name: file.name.clone(), parsed });
            reports.texts.push(text);
        }
        reports
    }
}

/// The inputs of a run: files up to its date and entries up to a day after it, as far as the lookback reaches.
struct Parsed<'a> {
    symbols: &'a Symbols,
    transactions: &'a [DayReport],
    settlements: &'a [DayReport],
    texts: &'a [String],
    ledger: ParsedLedger,
    ledger_text: String,
}

impl<'a> Parsed<'a> {
    fn of(case: &Case, reports: &'a Reports, today: BusinessDate) -> Self {
        let from = today.minus_days(case.lookback_days);
        // Files are in the order of their dates.
        let seen = |files: &'a [DayReport]| {
            &files[files.partition_point(|file| file.date < from)..files.partition_point(|file| file.date <= today)]
        };
        let cut_off = case.policy.cut_off;
        let window = (cut_off.start_of(from.minus_days(1)), cut_off.start_of(today.plus_days(2)));
        let ledger_text = tables::ledger(case);
        let ledger = parse_ledger(ledger_text.as_bytes(), reports.keys, &reports.symbols, Some(window)).unwrap();
        Self {
            symbols: &reports.symbols,
            transactions: seen(&reports.transactions),
            settlements: seen(&reports.settlements),
            texts: &reports.texts,
            ledger,
            ledger_text,
        }
    }

    fn files(&self, side: ItemSide) -> &[DayReport] {
        if side == ItemSide::Settlement { self.settlements } else { self.transactions }
    }

    fn line_text(&self, item: ItemRef) -> LineText {
        let parsed = &self.files(item.side)[item.file as usize].parsed;
        let place = parsed.lines[item.row as usize].place;
        let start = usize::try_from(place.offset).unwrap();
        parsed.layout.text(&self.texts[place.file as usize].as_bytes()[start..start + place.length as usize])
    }

    fn line(&self, item: ItemRef) -> LineEvidence {
        let file = &self.files(item.side)[item.file as usize];
        let line = file.parsed.lines[item.row as usize].place.line;
        LineEvidence { text: self.line_text(item), file: file.name.clone(), line }
    }

    fn entry(&self, row: u32) -> EntryText {
        self.entry_text(&self.ledger.entries[row as usize])
    }

    fn entry_text(&self, entry: &antom_recon::ledger::Entry) -> EntryText {
        let start = usize::try_from(entry.place.offset).unwrap();
        self.ledger.text(&self.ledger_text.as_bytes()[start..start + entry.place.length as usize])
    }

    /// The request id of a row's payment, as the row says it.
    fn payment_request_id(&self, item: ItemRef) -> String {
        let (entry_type, own, original) = match item.side {
            ItemSide::Ledger => {
                let text = self.entry(item.row);
                (self.ledger.entries[item.row as usize].entry_type, text.request_id, text.original_request_id)
            }
            side => {
                let line = self.files(side)[item.file as usize].parsed.lines[item.row as usize];
                let text = self.line_text(item);
                (line.entry_type.unwrap(), text.request_id, text.original_request_id)
            }
        };
        payment_request_id(Some(entry_type), &own, &original).to_owned()
    }

    fn called(&self, item: ItemRef) -> String {
        match item.side {
            ItemSide::Ledger => self.entry(item.row).entry_id,
            _ => place(&self.line(item)),
        }
    }

    /// Rows whose only reason to be a discrepancy is a rejected row with their id.
    fn claimed_by_rejects(&self, reconciliation: &Reconciliation) -> HashSet<ItemRef> {
        let reports = || self.transactions.iter().chain(self.settlements);
        let rejects = reports().flat_map(|file| &file.parsed.rejects).chain(&self.ledger.rejects);
        let keys: HashSet<_> =
            rejects.flat_map(|reject| [reject.by_request, reject.by_antom]).filter(|key| !key.is_none()).collect();
        let mut claimed = HashSet::new();
        let mut claim = |item: ItemRef, by_request: Key, by_antom: Key| {
            let is_open = reconciliation.state(item) == State::Discrepancy;
            if is_open && Reject::keys_of(by_request, by_antom).iter().any(|key| keys.contains(key)) {
                claimed.insert(item);
            }
        };
        for (row, entry) in (0..).zip(&self.ledger.entries) {
            claim(ItemRef { side: ItemSide::Ledger, file: 0, row }, entry.by_request, entry.by_antom);
        }
        for (file, report) in (0..).zip(self.transactions) {
            for (row, line) in (0..).zip(&report.parsed.lines) {
                claim(ItemRef { side: ItemSide::Transactions, file, row }, line.by_request, line.by_antom);
            }
        }
        claimed
    }
}

/// A file and a physical line.
pub fn place(line: &LineEvidence) -> String {
    format!("{}:{}", line.file, line.line)
}

fn files(case: &Case, today: BusinessDate) -> impl Iterator<Item = &ReportFile> {
    let from = today.minus_days(case.lookback_days);
    case.files.iter().filter(move |file| from <= file.date && file.date <= today)
}

/// Runs a case for one date. `open_before` are the discrepancies that the run before left open.
pub fn run(case: &Case, reports: &Reports, today: BusinessDate, open_before: &BTreeSet<String>) -> Day {
    let parsed = Parsed::of(case, reports, today);
    let policy = matching::Policy { today, ..case.policy.clone() };
    let dates_with = |wanted: fn(&ReportFile) -> bool| -> BTreeSet<BusinessDate> {
        files(case, today).filter(|file| wanted(file)).map(|file| file.date).collect()
    };
    let earlier_runs = case.expected.iter().map(|(date, _)| *date).filter(|date| *date < today);
    let mut scope = dates_with(|_| true);
    scope.extend(earlier_runs.chain([today]));
    let reported = dates_with(|file| file.side == ItemSide::Transactions);
    let missing: BTreeSet<BusinessDate> = scope.difference(&reported).copied().collect();
    let registry: Option<matching::Registry> = case.registry.as_ref().map(|known| {
        known.iter().map(|(name, successful)| (parsed.symbols.intern(name.as_bytes()), *successful)).collect()
    });
    let inputs = Inputs {
        transactions: parsed.transactions,
        settlements: parsed.settlements,
        ledger: &parsed.ledger,
        registry: registry.as_ref(),
        scope: &scope,
        missing: &missing,
        known_originals: &antom_recon::id::KeySet::default(),
        entry_id: &|entry| parsed.entry_text(entry).entry_id,
    };
    let reconciliation = matching::reconcile(&inputs, &policy);
    let payments = super::agreed::check(&inputs, &policy, parsed.symbols, &reconciliation);
    Day { agreed_payments: payments, ..describe(&parsed, reconciliation, today, open_before) }
}

fn describe(
    parsed: &Parsed<'_>,
    mut reconciliation: Reconciliation,
    today: BusinessDate,
    open_before: &BTreeSet<String>,
) -> Day {
    let (names, severity) = (Names::new("2188"), SeverityRule::default());
    let describer = Describer { names: &names, severity: &severity, today };
    let (mut found, mut withdrawn, mut candidates) = (Vec::new(), Vec::new(), HashMap::new());
    for finding in std::mem::take(&mut reconciliation.findings) {
        let mut line = finding.line.map(|item| parsed.line(item));
        let mut entry = finding.entry.map(|item| parsed.entry(item.row));
        let told =
            [finding.line, finding.entry].into_iter().flatten().find_map(|item| reconciliation.payments.get(&item));
        if let Some(payment) = told.map(|item| parsed.payment_request_id(*item)) {
            line.iter_mut().for_each(|known| payment.clone_into(&mut known.text.original_request_id));
            entry.iter_mut().for_each(|known| payment.clone_into(&mut known.original_request_id));
        }
        let called: Vec<String> = finding.candidates.iter().map(|item| parsed.called(*item)).collect();
        let row = describer.describe(&finding, line.as_ref(), entry.as_ref(), &called);
        if finding.only_if_open_before && !open_before.contains(row.discrepancy_id.as_str()) {
            withdrawn.push(finding);
            continue;
        }
        candidates.insert(row.discrepancy_id.as_str().to_owned(), called);
        reconciliation.findings.push(finding.clone());
        found.push((finding, row));
    }
    reconciliation.withdraw(&withdrawn);
    let waiting = reconciliation.waiting.iter();
    let waiting = waiting.map(|waiting| (*waiting, waiting_ids(parsed, &reconciliation, waiting.item))).collect();
    let claimed_by_rejects = parsed.claimed_by_rejects(&reconciliation);
    let counted = Counted {
        agreed: AgreedRows::default(),
        transactions: parsed.transactions,
        settlements: parsed.settlements,
        ledger: &parsed.ledger,
        symbols: parsed.symbols,
        claimed_by_rejects: &claimed_by_rejects,
    };
    let controls = conservation::prove(&counted, &reconciliation, today)
        .unwrap_or_else(|imbalance| panic!("the run of {today} is not conserved: {imbalance}"));
    Day {
        today,
        found,
        rejected: rejected(parsed, &describer),
        waiting,
        controls,
        period_crossings: reconciliation.period_crossings,
        reconciliation,
        agreed_payments: 0,
        candidates,
    }
}

fn waiting_ids(parsed: &Parsed<'_>, reconciliation: &Reconciliation, item: ItemRef) -> [String; 3] {
    if item.side == ItemSide::Ledger {
        let text = parsed.entry(item.row);
        if text.entry_type == "SETTLEMENT" {
            let told = reconciliation.payments.get(&item).copied().unwrap_or(item);
            return [text.entry_type, parsed.payment_request_id(told), text.antom_id];
        }
        return [text.entry_type, text.request_id, text.antom_id];
    }
    let text = parsed.line_text(item);
    [text.raw_type, text.request_id, text.antom_id]
}

fn rejected(parsed: &Parsed<'_>, describer: &Describer<'_>) -> Vec<Discrepancy> {
    use antom_recon::kind::Stage;
    let mut rows = Vec::new();
    for (stage, files) in [(Stage::Transactions, parsed.transactions), (Stage::Settlement, parsed.settlements)] {
        for file in files {
            let rejects = file.parsed.rejects.iter();
            rows.extend(rejects.map(|reject| describer.rejected(reject, stage, &file.name, file.date, 1, None)));
        }
    }
    let in_ledger = parsed.ledger.rejects.iter();
    rows.extend(in_ledger.map(|reject| describer.rejected(reject, Stage::Transactions, "", describer.today, 1, None)));
    rows
}

/// Counts per side of the proof: all, matched, in transit, discrepancies, excluded, rejected.
pub fn counts(day: &Day) -> BTreeMap<char, [u64; 6]> {
    let mut sides = BTreeMap::<char, [u64; 6]>::new();
    for (key, row) in &day.controls.rows {
        // Files of cases are called by their side; the ledger has no file.
        let side = key.file.chars().next().unwrap_or('L');
        let parts = [&row.total, &row.matched, &row.in_transit, &row.discrepancies, &row.excluded, &row.rejected];
        for (sum, part) in sides.entry(side).or_default().iter_mut().zip(parts) {
            *sum += part.count;
        }
    }
    sides
}
