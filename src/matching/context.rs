//! What every rule may look at, and small questions that several rules ask.

use crate::calendar::BusinessDate;
use crate::id::Symbol;
use crate::kind::{DiscrepancyKind, Stage};
use crate::ledger::{Entry, RefundSource};
use crate::movement::EntryType;
use crate::report::{Line, Original};

use super::board::Board;
use super::links::Links;
use super::outcome::{Closure, Finding, ItemRef, ItemSide, Outcome, State, Waiting, WaitsFor};
use super::{Inputs, Policy};

/// The inputs, the policy, and where results go.
pub(super) struct Context<'a> {
    pub inputs: &'a Inputs<'a>,
    pub policy: &'a Policy,
    pub board: &'a Board,
    pub links: &'a Links,
}

impl<'a> Context<'a> {
    /// The line at a reference to a report's side.
    pub fn line(&self, item: ItemRef) -> &'a Line {
        line_of(self.inputs, item)
    }

    /// The entry at a reference to the ledger.
    pub fn entry(&self, item: ItemRef) -> &'a Entry {
        &self.inputs.ledger.entries[item.row as usize]
    }

    /// The business date of a row: its file's directory, or its entry's instant.
    pub fn date(&self, item: ItemRef) -> BusinessDate {
        match item.side {
            ItemSide::Transactions => self.inputs.transactions[item.file as usize].date,
            ItemSide::Settlement => self.inputs.settlements[item.file as usize].date,
            ItemSide::Ledger => self.policy.cut_off.date_of(self.entry(item).occurred_at),
        }
    }

    /// Whether a row belongs to the run's own date.
    pub fn is_today(&self, item: ItemRef) -> bool {
        self.date(item) == self.policy.today
    }

    /// Whether everything about a movement of this date was read, so that what is not there is nowhere. The other side of midnight may
    /// lie on the day before.
    pub fn is_inside_window(&self, date: BusinessDate) -> bool {
        date > self.policy.window_start
    }

    /// The date of the movement behind a settlement line: its payment time's, else its file's.
    pub fn movement_date(&self, settled: ItemRef) -> BusinessDate {
        self.line(settled).at.map_or_else(|| self.date(settled), |at| self.policy.cut_off.date_of(at))
    }

    /// The last day on which something of `date` may still wait for its settlement.
    pub fn settlement_due(&self, date: BusinessDate) -> BusinessDate {
        self.policy.calendar.plus_business_days(date, self.policy.settlement_due_days)
    }

    /// Whether a sub-merchant is absent from the registry or not successfully registered. The marketplace itself is known.
    pub fn is_unknown_party(&self, line: &Line) -> bool {
        self.inputs
            .registry
            .is_some_and(|registry| !line.party.is_empty() && !registry.get(&line.party).copied().unwrap_or_default())
    }

    /// Whether the same sub-merchant is meant, as far as the line's layout names it.
    pub fn same_party(&self, line: &Line, party: Symbol) -> bool {
        !line.names_party || line.party == party
    }

    /// Whether settled lines and a booking name a sub-merchant in common. What is taken from the marketplace's funds, or comes back to
    /// them, stands on the marketplace's own account, whoever the seller is.
    pub fn share_a_party(&self, settled: &[ItemRef], booked: &[ItemRef]) -> bool {
        let names = |line: &Line, entry: &Entry| {
            let of_marketplace = entry.refund_from == RefundSource::Marketplace && line.party.is_empty();
            of_marketplace || self.same_party(line, entry.party)
        };
        settled.iter().any(|&line| booked.iter().any(|&entry| names(self.line(line), self.entry(entry))))
    }

    /// Whether an entry's date is one that a run answers for: this one or an earlier one.
    pub fn in_scope(&self, entry: ItemRef) -> bool {
        self.inputs.scope.contains(&self.date(entry))
    }

    /// Places the rows of a movement that is closed: they are matched if one of them is of today, and past otherwise. A row of
    /// an earlier day was open until now: what closed it is noted.
    pub fn close(&self, out: &mut Outcome, items: impl Iterator<Item = ItemRef> + Clone, state: State) {
        let news = items.clone().find(|item| self.is_today(*item));
        for item in items {
            let date = self.date(item);
            let place = match news {
                _ if item.side == ItemSide::Ledger && date > self.policy.today => State::OutOfScope,
                Some(by) => {
                    if date < self.policy.today {
                        out.closures.push(Closure { item, by });
                    }
                    state
                }
                None => State::Past,
            };
            self.board.place(item, place);
        }
    }

    /// Notes that rows of another movement close a row of an earlier day, which waited until now.
    pub fn close_by(&self, out: &mut Outcome, item: ItemRef, others: &[ItemRef]) {
        let news = others.iter().copied().find(|other| self.is_today(*other));
        if let Some(by) = news.filter(|_| self.date(item) < self.policy.today) {
            out.closures.push(Closure { item, by });
            self.board.place(item, State::Matched);
        }
    }

    /// Excludes an entry by a rule that asks for no line; those of earlier days were excluded by their own day's run.
    pub fn exclude_entry(&self, out: &mut Outcome, entry: ItemRef, rule: State) {
        if self.in_scope(entry) {
            self.close(out, [entry].into_iter(), rule);
        } else {
            self.board.place(entry, State::OutOfScope);
        }
    }

    /// Lists a discrepancy and places its rows.
    pub fn report(&self, out: &mut Outcome, mut finding: Finding) {
        // All of its rows were loaded only because something of their days is open.
        finding.only_if_open_before |= finding.consumed.iter().all(|item| self.date(*item) < self.policy.window_start);
        for &item in &finding.consumed {
            self.board.place(item, State::Discrepancy);
        }
        out.findings.push(finding);
    }

    /// Lists an item in transit and places it.
    pub fn wait(&self, out: &mut Outcome, item: ItemRef, due_on: BusinessDate, waits_for: WaitsFor) {
        self.wait_since(out, item, self.date(item), due_on, waits_for);
    }

    /// The same, for a row that stands for a movement of another date.
    pub fn wait_since(
        &self,
        out: &mut Outcome,
        item: ItemRef,
        business_date: BusinessDate,
        due_on: BusinessDate,
        waits_for: WaitsFor,
    ) {
        self.board.place(item, State::InTransit);
        out.waiting.push(Waiting { item, business_date, due_on, waits_for });
    }

    /// Every line whose type is not known is a discrepancy of its own.
    pub fn lines_of_unknown_type(&self) -> Outcome {
        let mut out = Outcome::default();
        let sides =
            [(ItemSide::Transactions, self.inputs.transactions), (ItemSide::Settlement, self.inputs.settlements)];
        for (side, files) in sides {
            for (file, report) in (0_u32..).zip(files) {
                for (row, line) in (0_u32..).zip(&report.parsed.lines) {
                    if line.entry_type.is_none() {
                        let item = ItemRef { side, file, row };
                        let finding = Finding { entry_type: None, ..self.about_line(item) };
                        self.report(&mut out, finding);
                    }
                }
            }
        }
        out
    }

    /// A finding about a line alone: `UNKNOWN_TYPE` until the caller says otherwise.
    pub fn about_line(&self, item: ItemRef) -> Finding {
        let line = self.line(item);
        Finding {
            kind: DiscrepancyKind::UnknownType,
            also: Vec::new(),
            stage: if item.side == ItemSide::Settlement { Stage::Settlement } else { Stage::Transactions },
            business_date: self.date(item),
            entry_type: line.entry_type,
            line: Some(item),
            entry: None,
            ledger: None,
            report: Some((line.amount.into(), line.currency)),
            ledger_status: None,
            report_status: line.status,
            occurrence: 1,
            candidates: Vec::new(),
            more_candidates: 0,
            due_on: None,
            period_crossing: false,
            only_if_open_before: false,
            consumed: vec![item],
        }
    }

    /// A finding about an entry alone.
    pub fn about_entry(&self, item: ItemRef) -> Finding {
        let entry = self.entry(item);
        Finding {
            kind: DiscrepancyKind::MissingInReport,
            also: Vec::new(),
            stage: Stage::Transactions,
            business_date: self.date(item),
            entry_type: Some(entry.entry_type),
            line: None,
            entry: Some(item),
            ledger: Some((entry.amount.into(), entry.currency)),
            report: None,
            ledger_status: Some(entry.status),
            report_status: None,
            occurrence: 1,
            candidates: Vec::new(),
            more_candidates: 0,
            due_on: None,
            period_crossing: false,
            only_if_open_before: false,
            consumed: vec![item],
        }
    }
}

/// The line at a reference to a report's side.
pub(super) fn line_of<'a>(inputs: &Inputs<'a>, item: ItemRef) -> &'a Line {
    let files = if item.side == ItemSide::Settlement { inputs.settlements } else { inputs.transactions };
    &files[item.file as usize].parsed.lines[item.row as usize]
}

/// What a row says of its original, in the spaces of [`EntryType::Payment`]. A cancel that names none has its payment's ids.
pub(super) fn original_of(inputs: &Inputs<'_>, item: ItemRef) -> Option<Original> {
    let (named, entry_type, by_request, by_antom) = if item.side == ItemSide::Ledger {
        let entry = &inputs.ledger.entries[item.row as usize];
        let named = entry.original.map(|at| inputs.ledger.originals[at as usize]);
        (named, Some(entry.entry_type), entry.by_request, entry.by_antom)
    } else {
        let files = if item.side == ItemSide::Settlement { inputs.settlements } else { inputs.transactions };
        let parsed = &files[item.file as usize].parsed;
        let line = &parsed.lines[item.row as usize];
        (line.original.map(|at| parsed.originals[at as usize]), line.entry_type, line.by_request, line.by_antom)
    };
    let named = named.filter(|original| *original != Original::default());
    match (named, entry_type) {
        (None, Some(EntryType::Cancel)) => Some(Original {
            by_request: by_request.in_space(EntryType::Payment.request_space()),
            by_antom: by_antom.in_space(EntryType::Payment.antom_space()),
        })
        .filter(|original| *original != Original::default()),
        _ => named,
    }
}
