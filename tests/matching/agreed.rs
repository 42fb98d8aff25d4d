//! Payments that agree before all else, against what matching makes of them: in every case and every property of these tests.

use std::collections::{HashMap, HashSet};

use antom_recon::conservation::{self, AgreedRows, ControlTotals, Counted};
use antom_recon::id::{Key, Symbols};
use antom_recon::ledger::ParsedLedger;
use antom_recon::matching::agreed::{Agreed, Mark, Marker, PARTITIONS, Place, agree};
use antom_recon::matching::{
    self, Closure, DayReport, Finding, Inputs, ItemRef, ItemSide, Policy, Reconciliation, State, Waiting,
};
use antom_recon::report::{Original, ParsedReport};

/// Rows that agree and that nothing else shares an id with must be matched, and everything else must be the same without them: states,
/// findings, waiting items, closures and sums. Gives how many payments there were.
pub fn check(inputs: &Inputs<'_>, policy: &Policy, symbols: &Symbols, reconciliation: &Reconciliation) -> usize {
    let (left_out, agreed) = left_out(inputs, policy, symbols);
    let rest = Rest::of(inputs, &left_out);
    let fewer =
        Inputs { transactions: &rest.transactions, settlements: &rest.settlements, ledger: &rest.ledger, ..*inputs };
    let again = matching::reconcile(&fewer, policy);
    for item in items(inputs) {
        let expected = if left_out.contains(&item) { State::Matched } else { again.state(rest.place(item)) };
        assert_eq!(reconciliation.state(item), expected, "{item:?}, and without what agrees");
    }
    let findings: Vec<Finding> = reconciliation.findings.iter().map(|finding| rest.finding(finding)).collect();
    assert_eq!(findings, again.findings, "without what agrees");
    let waiting = reconciliation.waiting.iter().map(|waits| Waiting { item: rest.place(waits.item), ..*waits });
    assert_eq!(waiting.collect::<Vec<_>>(), again.waiting, "without what agrees");
    let closures = reconciliation.closures.iter();
    let closures = closures.map(|closed| Closure { item: rest.place(closed.item), by: rest.place(closed.by) });
    assert_eq!(closures.collect::<Vec<_>>(), again.closures, "without what agrees");
    assert_eq!(reconciliation.period_crossings, again.period_crossings, "without what agrees");
    let all = sums(inputs, policy, symbols, (reconciliation, AgreedRows::default()));
    let parts = sums(&fewer, policy, symbols, (&again, agreed_rows(inputs, &agreed, symbols)));
    assert_eq!((all.rows, all.excluded_by), (parts.rows, parts.excluded_by), "without what agrees");
    left_out.iter().filter(|item| item.side == ItemSide::Transactions).count()
}

#[test]
fn a_mark_is_small() {
    assert_eq!(size_of::<Mark>(), 40);
}

/// All rows of all sides.
fn items(inputs: &Inputs<'_>) -> Vec<ItemRef> {
    let mut items = Vec::new();
    for (side, files) in [(ItemSide::Transactions, inputs.transactions), (ItemSide::Settlement, inputs.settlements)] {
        for (file, report) in (0..).zip(files) {
            items.extend((0..).zip(&report.parsed.lines).map(|(row, _)| ItemRef { side, file, row }));
        }
    }
    items.extend((0..).zip(&inputs.ledger.entries).map(|(row, _)| ItemRef { side: ItemSide::Ledger, file: 0, row }));
    items
}

/// The proof of conservation; what no finding names, a rejected row may claim.
fn sums(
    inputs: &Inputs<'_>,
    policy: &Policy,
    symbols: &Symbols,
    (reconciliation, agreed): (&Reconciliation, AgreedRows),
) -> ControlTotals {
    let named: HashSet<&ItemRef> = reconciliation.findings.iter().flat_map(|finding| &finding.consumed).collect();
    let is_unnamed = |item: &ItemRef| reconciliation.state(*item) == State::Discrepancy && !named.contains(item);
    let counted = Counted {
        transactions: inputs.transactions,
        settlements: inputs.settlements,
        ledger: inputs.ledger,
        symbols,
        claimed_by_rejects: &items(inputs).into_iter().filter(is_unnamed).collect(),
        agreed,
    };
    conservation::prove(&counted, reconciliation, policy.today).unwrap_or_else(|imbalance| panic!("{imbalance}"))
}

/// What agrees, by the files of the inputs that have all rows.
fn agreed_rows(inputs: &Inputs<'_>, agreed: &Agreed, symbols: &Symbols) -> AgreedRows {
    let of_file = |report: &DayReport| {
        let line = report.parsed.lines.first();
        line.and_then(|line| agreed.lines.get(&line.place.file)).cloned().unwrap_or_default()
    };
    AgreedRows {
        transactions: inputs.transactions.iter().map(of_file).collect(),
        settlements: inputs.settlements.iter().map(of_file).collect(),
        ledger: agreed.entries.clone(),
        raw_type: symbols.intern(b"PAYMENT"),
    }
}

/// The rows of the day that agree and that share no id with others, and their sums.
fn left_out(inputs: &Inputs<'_>, policy: &Policy, symbols: &Symbols) -> (HashSet<ItemRef>, Agreed) {
    let Policy { today, cut_off, splits, .. } = *policy;
    let marker = Marker { today, cut_off, registry: inputs.registry, payment: symbols.intern(b"PAYMENT"), splits };
    let mut partitions: Vec<Vec<Mark>> = vec![Vec::new(); PARTITIONS];
    let mut put = |mark: Option<Mark>| mark.into_iter().for_each(|mark| partitions[mark.partition()].push(mark));
    let mut items = HashMap::new();
    let mut ids = HashMap::<u64, Vec<ItemRef>>::new();
    let mut note = |item: ItemRef, keys: [Key; 2], original: Original| {
        for key in [keys[0], keys[1], original.by_request, original.by_antom].into_iter().filter(|key| !key.is_none()) {
            ids.entry(key.hint()).or_default().push(item);
        }
    };
    for (side, files) in [(ItemSide::Transactions, inputs.transactions), (ItemSide::Settlement, inputs.settlements)] {
        for (file, report) in (0..).zip(files) {
            for (row, line) in (0..).zip(&report.parsed.lines) {
                let item = ItemRef { side, file, row };
                let original = line.original.map(|at| report.parsed.originals[at as usize]).unwrap_or_default();
                note(item, [line.by_request, line.by_antom], original);
                put(marker.line(report.parsed.kind, line, row).filter(|_| report.date == today));
                items.insert(Place::Line(line.place.file, row), item);
            }
        }
    }
    for (row, entry) in (0..).zip(&inputs.ledger.entries) {
        let item = ItemRef { side: ItemSide::Ledger, file: 0, row };
        let original = entry.original.map(|at| inputs.ledger.originals[at as usize]);
        note(item, [entry.by_request, entry.by_antom], original.unwrap_or_default());
        put(marker.entry(entry, original, row));
        items.insert(Place::Entry(row), item);
    }
    let rejects = inputs.transactions.iter().chain(inputs.settlements).flat_map(|file| &file.parsed.rejects);
    for reject in rejects.chain(&inputs.ledger.rejects) {
        // No row is in a fourth place.
        let nowhere = ItemRef { side: ItemSide::Ledger, file: u32::MAX, row: reject.place.line };
        note(nowhere, [reject.by_request, reject.by_antom], Original::default());
    }
    partitions.iter_mut().for_each(agree);
    let left_out = untouched(partitions.iter().flatten().map(|mark| items[&mark.place()]).collect(), &ids);
    let marks = partitions.into_iter().flatten().filter(|mark| left_out.contains(&items[&mark.place()]));
    let agreed = Agreed::of(&marks.collect::<Vec<_>>());
    (left_out, agreed)
}

/// What shares an id with a row that is looked at is looked at, and so on.
fn untouched(mut agreed: HashSet<ItemRef>, ids: &HashMap<u64, Vec<ItemRef>>) -> HashSet<ItemRef> {
    loop {
        let before = agreed.len();
        for sharing in ids.values() {
            if sharing.iter().any(|item| !agreed.contains(item)) {
                sharing.iter().for_each(|item| {
                    agreed.remove(item);
                });
            }
        }
        if agreed.len() == before {
            return agreed;
        }
    }
}

/// The inputs without what is left out.
struct Rest {
    transactions: Vec<DayReport>,
    settlements: Vec<DayReport>,
    ledger: ParsedLedger,
    /// Where the rows that are left stand now.
    places: HashMap<ItemRef, ItemRef>,
}

impl Rest {
    fn of(inputs: &Inputs<'_>, left_out: &HashSet<ItemRef>) -> Self {
        let mut places = HashMap::new();
        let mut next = HashMap::<(ItemSide, u32), u32>::new();
        for item in items(inputs).into_iter().filter(|item| !left_out.contains(item)) {
            let row = next.entry((item.side, item.file)).or_default();
            places.insert(item, ItemRef { row: *row, ..item });
            *row += 1;
        }
        let ledger = ParsedLedger {
            entries: kept(&inputs.ledger.entries, (ItemSide::Ledger, 0), &places),
            originals: inputs.ledger.originals.clone(),
            rejects: inputs.ledger.rejects.clone(),
            columns: inputs.ledger.columns,
        };
        Self {
            transactions: without(inputs.transactions, ItemSide::Transactions, &places),
            settlements: without(inputs.settlements, ItemSide::Settlement, &places),
            ledger,
            places,
        }
    }

    fn place(&self, item: ItemRef) -> ItemRef {
        *self.places.get(&item).unwrap_or_else(|| panic!("{item:?} is named, and agrees"))
    }

    fn finding(&self, finding: &Finding) -> Finding {
        let places = |items: &[ItemRef]| items.iter().map(|item| self.place(*item)).collect();
        Finding {
            line: finding.line.map(|item| self.place(item)),
            entry: finding.entry.map(|item| self.place(item)),
            candidates: places(&finding.candidates),
            consumed: places(&finding.consumed),
            ..finding.clone()
        }
    }
}

fn kept<T: Copy>(rows: &[T], (side, file): (ItemSide, u32), places: &HashMap<ItemRef, ItemRef>) -> Vec<T> {
    let is_kept = |row: u32| places.contains_key(&ItemRef { side, file, row });
    (0..).zip(rows).filter(|(row, _)| is_kept(*row)).map(|(_, row)| *row).collect()
}

fn without(files: &[DayReport], side: ItemSide, places: &HashMap<ItemRef, ItemRef>) -> Vec<DayReport> {
    let file = |(file, report): (u32, &DayReport)| {
        let ParsedReport { kind, lines, originals, rejects, totals, layout, .. } = &report.parsed;
        let parsed = ParsedReport {
            kind: *kind,
            lines: kept(lines, (side, file), places),
            originals: originals.clone(),
            rejects: rejects.clone(),
            totals: totals.clone(),
            unknown_columns: Vec::new(),
            remarks: Vec::new(),
            layout: layout.clone(),
        };
        DayReport { date: report.date, name: report.name.clone(), parsed }
    };
    (0..).zip(files).map(file).collect()
}
