//! Payments that agree before all else, against what matching makes of them: in every case and every property of these tests.

use std::collections::{BTreeMap, HashMap, HashSet};

use antom_recon::id::{Key, Symbol};
use antom_recon::ledger::ParsedLedger;
use antom_recon::matching::agreed::{Mark, Marker, Place, agree};
use antom_recon::matching::{self, DayReport, Inputs, ItemRef, ItemSide, Policy, Reconciliation, State};
use antom_recon::report::{Line, Original, ParsedReport};

/// Rows that agree and that nothing else shares an id with must be matched, and everything else must be the same without them.
/// Gives how many payments there were.
pub fn check(inputs: &Inputs<'_>, policy: &Policy, payment: Symbol, reconciliation: &Reconciliation) -> usize {
    if policy.splits {
        return 0;
    }
    let marker = Marker { today: policy.today, cut_off: policy.cut_off, registry: inputs.registry, payment };
    let left_out = left_out(inputs, policy, marker);
    for item in &left_out {
        assert_eq!(reconciliation.state(*item), State::Matched, "{item:?} agrees");
    }
    let (transactions, settlements) = (
        without(inputs.transactions, ItemSide::Transactions, &left_out),
        without(inputs.settlements, ItemSide::Settlement, &left_out),
    );
    let ledger = ParsedLedger {
        entries: kept(&inputs.ledger.entries, |row| ItemRef { side: ItemSide::Ledger, file: 0, row }, &left_out),
        originals: inputs.ledger.originals.clone(),
        rejects: inputs.ledger.rejects.clone(),
        columns: inputs.ledger.columns,
    };
    let fewer = Inputs { transactions: &transactions, settlements: &settlements, ledger: &ledger, ..*inputs };
    let again = matching::reconcile(&fewer, policy);
    assert_eq!(counts(&again), counts(reconciliation), "without what agrees");
    left_out.len() / 3
}

/// How many findings of each kind, items in transit and closures there are.
fn counts(of: &Reconciliation) -> (BTreeMap<String, usize>, usize, usize, u64) {
    let mut kinds = BTreeMap::new();
    for finding in &of.findings {
        *kinds.entry(format!("{:?} {:?} {:?}", finding.kind, finding.also, finding.business_date)).or_default() += 1;
    }
    (kinds, of.waiting.len(), of.closures.len(), of.period_crossings)
}

fn left_out(inputs: &Inputs<'_>, policy: &Policy, marker: Marker<'_>) -> HashSet<ItemRef> {
    let mut marks: Vec<Mark> = Vec::new();
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
                let mark = marker.line(report.parsed.kind, line, row).filter(|_| report.date == policy.today);
                marks.extend(mark);
                items.insert(Place::Line(line.place.file, row), item);
            }
        }
    }
    for (row, entry) in (0..).zip(&inputs.ledger.entries) {
        let item = ItemRef { side: ItemSide::Ledger, file: 0, row };
        let original = entry.original.map(|at| inputs.ledger.originals[at as usize]).unwrap_or_default();
        note(item, [entry.by_request, entry.by_antom], original);
        marks.extend(marker.entry(entry, row));
        items.insert(Place::Entry(row), item);
    }
    let rejects = inputs.transactions.iter().chain(inputs.settlements).flat_map(|file| &file.parsed.rejects);
    for reject in rejects.chain(&inputs.ledger.rejects) {
        // No row is in a fourth place.
        let nowhere = ItemRef { side: ItemSide::Ledger, file: u32::MAX, row: reject.place.line };
        note(nowhere, [reject.by_request, reject.by_antom], Original::default());
    }
    agree(&mut marks);
    let mut agreed: HashSet<ItemRef> = marks.iter().map(|mark| items[&mark.place()]).collect();
    // What shares an id with a row that is looked at is looked at, and so on.
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

fn kept<T: Copy>(rows: &[T], item: impl Fn(u32) -> ItemRef, left_out: &HashSet<ItemRef>) -> Vec<T> {
    (0..).zip(rows).filter(|(row, _)| !left_out.contains(&item(*row))).map(|(_, row)| *row).collect()
}

fn without(files: &[DayReport], side: ItemSide, left_out: &HashSet<ItemRef>) -> Vec<DayReport> {
    let file = |(file, report): (u32, &DayReport)| {
        let ParsedReport { kind, lines, originals, rejects, totals, layout, .. } = &report.parsed;
        let lines: Vec<Line> = kept(lines, |row| ItemRef { side, file, row }, left_out);
        let parsed = ParsedReport {
            kind: *kind,
            lines,
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
