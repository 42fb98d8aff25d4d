//! Payments that agree before all else, against what matching makes of them: in every case and every property of these tests.

use std::collections::{BTreeMap, HashMap, HashSet};

use antom_recon::calendar::BusinessDate;
use antom_recon::conservation::{self, AgreedRows, ControlTotals, Counted};
use antom_recon::id::{Key, Symbols};
use antom_recon::ledger::ParsedLedger;
use antom_recon::matching::agreed::{Agreed, Family, Fate, Mark, Marker, PARTITIONS, Place, WaitedItem, agree};
use antom_recon::matching::{
    self, Closure, DayReport, Finding, Inputs, ItemRef, ItemSide, Policy, Reconciliation, State, Waiting, WaitsFor,
};
use antom_recon::money::{Currency, Tally};
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
        let expected = left_out.get(&item).map_or_else(|| again.state(rest.place(item)), |known| known.state);
        assert_eq!(reconciliation.state(item), expected, "{item:?}, and without what agrees");
    }
    let findings: Vec<Finding> = reconciliation.findings.iter().map(|finding| rest.finding(finding)).collect();
    assert_eq!(findings, again.findings, "without what agrees");
    let (listed, waiting): (Vec<&Waiting>, Vec<&Waiting>) =
        reconciliation.waiting.iter().partition(|waits| left_out.contains_key(&waits.item));
    let waiting = waiting.into_iter().map(|waits| Waiting { item: rest.place(waits.item), ..*waits });
    assert_eq!(waiting.collect::<Vec<_>>(), again.waiting, "without what agrees");
    let due = due(inputs, policy);
    for Waiting { item, business_date, due_on, waits_for } in &listed {
        let date = inputs.transactions[item.file as usize].date;
        assert_eq!(
            (date, due.get(&date), *waits_for),
            (*business_date, Some(due_on), WaitsFor::Settlement),
            "{item:?}"
        );
    }
    let expected: HashSet<ItemRef> =
        left_out.iter().filter(|(_, known)| known.state == State::InTransit).map(|(item, _)| *item).collect();
    assert_eq!(listed.iter().map(|waits| waits.item).collect::<HashSet<_>>(), expected, "what agrees and waits");
    let (closed, closures): (Vec<&Closure>, Vec<&Closure>) =
        reconciliation.closures.iter().partition(|closed| left_out.contains_key(&closed.item));
    let closures =
        closures.into_iter().map(|closed| Closure { item: rest.place(closed.item), by: rest.place(closed.by) });
    assert_eq!(closures.collect::<Vec<_>>(), again.closures, "without what agrees");
    let closed: HashMap<ItemRef, ItemRef> = closed.into_iter().map(|closed| (closed.item, closed.by)).collect();
    let expected = left_out.iter().filter_map(|(item, known)| Some((*item, known.closed_by?)));
    assert_eq!(closed, expected.collect::<HashMap<_, _>>(), "what agrees and is settled");
    assert_eq!(reconciliation.period_crossings, again.period_crossings, "without what agrees");
    let all = sums(inputs, policy, symbols, (reconciliation, AgreedRows::default()));
    let parts = sums(&fewer, policy, symbols, (&again, agreed_rows(inputs, &agreed, symbols)));
    assert_eq!((all.rows, all.excluded_by), (parts.rows, parts.excluded_by), "without what agrees");
    left_out.keys().filter(|item| item.side == ItemSide::Transactions).count()
}

/// What is expected of a row that is left out.
#[derive(Debug, Clone, Copy)]
struct Known {
    state: State,
    /// The row that closes it, if it is one of an earlier day that waited.
    closed_by: Option<ItemRef>,
}

/// Until when the lines of each date that there is may wait.
fn due(inputs: &Inputs<'_>, policy: &Policy) -> BTreeMap<BusinessDate, BusinessDate> {
    let due_on = |date| policy.calendar.plus_business_days(date, policy.settlement_due_days);
    let dates = inputs.transactions.iter().map(|file| file.date).chain([policy.today]);
    dates.map(|date| (date, due_on(date))).collect()
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
        listed: listed(agreed),
        raw_type: symbols.intern(b"PAYMENT"),
    }
}

/// What waits of the lines that agree.
fn listed(agreed: &Agreed) -> BTreeMap<Currency, Tally> {
    let mut listed = BTreeMap::<Currency, Tally>::new();
    for ((state, currency), tally) in agreed.lines.values().flatten() {
        if *state == State::InTransit {
            listed.entry(*currency).or_default().merge(tally);
        }
    }
    listed
}

/// The rows that agree and that share no id with others, and their sums. Every line of an earlier day is taken for an item that waited.
fn left_out(inputs: &Inputs<'_>, policy: &Policy, symbols: &Symbols) -> (HashMap<ItemRef, Known>, Agreed) {
    let Policy { today, cut_off, splits, .. } = *policy;
    let (payment, due) = (symbols.intern(b"PAYMENT"), due(inputs, policy));
    let marker = Marker { today, cut_off, registry: inputs.registry, payment, splits, due: &due };
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
                let date = report.date;
                // Of settlement details, those of the day alone are marked.
                let is_marked = date == today || side == ItemSide::Transactions;
                put(marker.line((report.parsed.kind, date), line, row).filter(|_| is_marked));
                if side == ItemSide::Transactions {
                    let waited =
                        WaitedItem { key: line.by_request, amount: line.amount, currency: line.currency, date };
                    put(Mark::item(today, waited, row));
                }
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
    let mut found = HashSet::new();
    for marks in &mut partitions {
        agree(
            marks,
            |age| marker.may_wait(age),
            |family| found.extend(family.places().filter_map(|place| items.get(&place))),
        );
    }
    let untouched = untouched(found, &ids);
    let (mut left_out, mut agreed) = (HashMap::new(), Agreed::default());
    for marks in &mut partitions {
        agree(
            marks,
            |age| marker.may_wait(age),
            |family| {
                let line = items[&family.line()];
                if untouched.contains(&line) {
                    agreed.add(family);
                    let is_today = inputs.transactions[line.file as usize].date == today;
                    let is_later = |item: ItemRef| {
                        let entry =
                            inputs.ledger.entries.get(item.row as usize).filter(|_| item.side == ItemSide::Ledger);
                        entry.is_some_and(|entry| cut_off.date_of(entry.occurred_at) > today)
                    };
                    let known = |item: ItemRef| match is_later(item) {
                        true => Known { state: State::OutOfScope, closed_by: None },
                        false => expected(item, family, is_today, |place| items[&place]),
                    };
                    let rows = family.places().filter_map(|place| items.get(&place));
                    left_out.extend(rows.map(|item| (*item, known(*item))));
                }
            },
        );
    }
    (left_out, agreed)
}

/// What is expected of a row of a family that agrees.
fn expected(item: ItemRef, family: Family<'_>, is_today: bool, item_at: impl Fn(Place) -> ItemRef) -> Known {
    let is_line = item == item_at(family.line());
    let is_booked = item.side == ItemSide::Ledger;
    let state = match family.fate {
        Fate::Waits if is_line => State::InTransit,
        // The entry was matched on its own day.
        Fate::Waits if !is_today => State::Past,
        Fate::Settles
            if is_booked
                && family.places().find(|place| matches!(place, Place::Entry(_))).map(&item_at) == Some(item) =>
        {
            State::Past
        }
        _ => State::Matched,
    };
    let closed_by = family.first_settled().filter(|_| is_line && family.fate == Fate::Settles).map(item_at);
    Known { state, closed_by }
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
    fn of(inputs: &Inputs<'_>, left_out: &HashMap<ItemRef, Known>) -> Self {
        let mut places = HashMap::new();
        let mut next = HashMap::<(ItemSide, u32), u32>::new();
        for item in items(inputs).into_iter().filter(|item| !left_out.contains_key(item)) {
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
