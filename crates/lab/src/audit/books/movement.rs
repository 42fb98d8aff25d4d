//! One movement: its entries, its lines in transaction details, its settled lines, and what of it is open.
//!
//! The rules are those of the contract, applied to what the tale knows of itself: nothing is looked up by key, for the world
//! knows which rows it made for one movement.

use super::item::{About, Amount, Item, entry_key, identity, line_key, waiting_entry, waiting_line};
use super::limits::{self, Limits};
use super::view::{View, is_near_end, is_rejected};
use crate::world::calendar::{after, day_of};
use crate::world::layout::{Layout, Report};
use crate::world::quarter::Tale;
use crate::world::story::{Entry, Line, Movement, Settled};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// All rows of one movement.
#[derive(Default)]
struct Rows<'t> {
    entries: Vec<&'t Entry>,
    lines: Vec<(NaiveDate, &'t Line)>,
    settled: Vec<&'t Settled>,
    /// Whether a line of it could not be read.
    rejected: bool,
}

/// What the ledger says of a movement: one entry, or the sources of a refund together.
struct Booking<'t> {
    first: &'t Entry,
    items: Vec<&'t Entry>,
    amount: Amount,
    status: &'static str,
    day: NaiveDate,
}

impl Booking<'_> {
    fn keys(&self) -> Vec<String> {
        self.items.iter().map(|entry| entry_key(entry)).collect()
    }
}

/// Everything that is open of a tale, but for shares.
pub(super) fn open(view: &View<'_>, tale: &Tale, items: &mut Vec<Item>) {
    let limits = Limits::of(view, tale);
    for ((entry_type, id), rows) in movements(view, tale, items) {
        let mut judge = Judge { view, limits: &limits, entry_type, id, items };
        judge.movement(&rows);
    }
}

/// The rows of a tale by movement. Lines that cannot be read or understood are listed at once.
fn movements<'t>(view: &View<'_>, tale: &'t Tale, items: &mut Vec<Item>) -> BTreeMap<(&'static str, String), Rows<'t>> {
    let mut movements: BTreeMap<(&'static str, String), Rows<'t>> = BTreeMap::new();
    for entry in view.entries(tale).into_iter().filter(|entry| entry.entry_type != "SETTLEMENT") {
        let id = if entry.request_id.is_empty() { &entry.antom_id } else { &entry.request_id };
        movements.entry((entry.entry_type, id.clone())).or_default().entries.push(entry);
    }
    for (day, line) in view.reported(tale) {
        let key = (line.movement.entry_type(), identity(line).to_owned());
        if is_rejected(line) {
            items.push(rejected(view, Report::TransactionDetails, day, line));
            movements.entry(key).or_default().rejected = true;
        } else if line.movement == Movement::Unheard {
            let report = Some((line.amount_minor, line.currency));
            let about = About { kind: "UNKNOWN_TYPE", ..about_line("transactions", day, line, report) };
            let mut item = about.item(view.layout(), identity(line), Vec::new());
            // The row names the type as the report spells it.
            item.cells.retain(|(column, _)| *column != "entry_type");
            items.push(item);
        } else {
            movements.entry(key).or_default().lines.push((day, line));
        }
    }
    for settled in view.settled(tale) {
        let key = (settled.line.movement.entry_type(), identity(&settled.line).to_owned());
        if is_rejected(&settled.line) {
            items.push(rejected(view, Report::SettlementDetails, settled.on, &settled.line));
        } else {
            movements.entry(key).or_default().settled.push(settled);
        }
    }
    if view.layout() == Layout::Gen3 {
        join_disputes(&mut movements);
    }
    movements
}

/// The newest layout gives disputes no id of their own: entries of one payment and amount are candidates for one line.
fn join_disputes(movements: &mut BTreeMap<(&'static str, String), Rows<'_>>) {
    let of_disputes = |key: &&(&'static str, String)| key.0 == "DISPUTE";
    let keys: Vec<(&'static str, String)> = movements.keys().filter(of_disputes).cloned().collect();
    let with_line = keys.iter().find(|key| !movements[*key].lines.is_empty()).cloned();
    let Some(home) = with_line else { return };
    for key in keys.into_iter().filter(|key| *key != home) {
        let others = movements.remove(&key).unwrap_or_default();
        movements.entry(home.clone()).or_default().entries.extend(others.entries);
    }
}

/// A line that cannot be read. Its amounts are unknown; its currency is what its cell says, if that is one.
fn rejected(view: &View<'_>, report: Report, day: NaiveDate, line: &Line) -> Item {
    let stage = if report == Report::TransactionDetails { "transactions" } else { "settlement" };
    let cells = [("kind", "REJECTED_LINE".to_owned()), ("stage", stage.to_owned()), ("business_date", day.to_string())];
    Item {
        key: format!("{stage} rejected {}", line.id.0),
        kind: "REJECTED_LINE",
        currency: limits::readable_currency(&view.plan.columns(report), line),
        micros: 0,
        cells: cells.to_vec(),
        line: Some(line.id),
        takes_over: Vec::new(),
    }
}

/// A discrepancy about a line alone.
fn about_line<'a>(stage: &'static str, date: NaiveDate, line: &'a Line, report: Option<Amount>) -> About<'a> {
    let entry_type = line.movement.entry_type();
    About { kind: "", stage, date, entry_type, line: Some(line), entry: None, ledger: None, report }
}

/// Puts what is open of one movement into the list.
struct Judge<'j, 'v> {
    view: &'j View<'v>,
    limits: &'j Limits,
    entry_type: &'static str,
    id: String,
    items: &'j mut Vec<Item>,
}

impl Judge<'_, '_> {
    fn layout(&self) -> Layout {
        self.view.layout()
    }

    fn list(&mut self, about: &About<'_>, takes_over: Vec<String>) {
        let item = about.item(self.layout(), &self.id, takes_over);
        self.items.push(item);
    }

    fn movement(&mut self, rows: &Rows<'_>) {
        if self.layout() == Layout::Gen3 && self.entry_type == "DISPUTE" && rows.entries.len() > 1 {
            return self.ambiguous(rows);
        }
        let booking = self.booking(&rows.entries);
        let shares = self.shares(&rows.settled);
        if rows.settled.first().is_some_and(|settled| settled.line.movement.is_of_batch()) {
            return self.of_batch(&shares, booking.as_ref());
        }
        let line = self.first_line(&rows.lines);
        match (line, &booking) {
            (Some((day, line)), booking) => {
                let agrees = self.compare(day, line, booking.as_ref());
                self.settlement(day, line, booking.as_ref(), &shares, agrees);
            }
            (None, Some(booking)) if shares.is_empty() => self.without_line(booking, rows.rejected),
            (None, _) if shares.is_empty() => {}
            (None, booking) => self.settled_alone(booking.as_ref(), &shares),
        }
    }

    /// The line in transaction details; the same one again is a discrepancy of its own.
    fn first_line<'t>(&mut self, lines: &[(NaiveDate, &'t Line)]) -> Option<(NaiveDate, &'t Line)> {
        let first = *lines.first()?;
        for (occurrence, (day, line)) in (2..).zip(&lines[1..]) {
            let report = Some((line.amount_minor, line.currency));
            let about = About { kind: "DUPLICATE_IN_REPORT", ..about_line("transactions", *day, line, report) };
            let name = format!("{} {occurrence}", self.id);
            let mut item = about.item(self.layout(), &name, Vec::new());
            // A file under two names has the line twice at one place.
            item.line = item.line.filter(|id| first.1.id != *id);
            self.items.push(item);
        }
        Some(first)
    }

    /// The first entry, with the other sources of a refund; every further one is a discrepancy.
    fn booking<'t>(&mut self, entries: &[&'t Entry]) -> Option<Booking<'t>> {
        let mut entries = entries.to_vec();
        entries.sort_by(|one, other| one.entry_id.cmp(&other.entry_id));
        let first = *entries.first()?;
        let amount = (first.amount_minor, first.currency);
        let mut booking =
            Booking { first, items: vec![first], amount, status: first.status, day: day_of(first.occurred_at) };
        for (occurrence, entry) in (2..).zip(&entries[1..]) {
            let is_source = !entry.refund_from.is_empty()
                && booking.items.iter().all(|known| known.refund_from != entry.refund_from)
                && !first.refund_from.is_empty()
                && entry.currency == first.currency;
            if is_source {
                booking.items.push(entry);
                booking.amount.0 += entry.amount_minor;
            } else if self.view.answers_for(entry) {
                self.repeated_entry(entry, occurrence);
            }
        }
        Some(booking)
    }

    fn repeated_entry(&mut self, entry: &Entry, occurrence: u32) {
        let about = About {
            kind: "DUPLICATE_IN_LEDGER",
            stage: if self.entry_type == "REFUND_REVERSAL" { "settlement" } else { "transactions" },
            date: day_of(entry.occurred_at),
            entry_type: self.entry_type,
            line: None,
            entry: Some(entry),
            ledger: Some((entry.amount_minor, entry.currency)),
            report: None,
        };
        let name = format!("{} {occurrence}", self.id);
        self.items.push(about.item(self.view.layout(), &name, vec![entry_key(entry)]));
    }

    /// The first settled line of each party; a second one is a discrepancy.
    fn shares<'t>(&mut self, settled: &[&'t Settled]) -> Vec<&'t Settled> {
        let mut shares: Vec<&Settled> = Vec::new();
        for one in settled {
            let Some(first) = shares.iter().find(|share| share.line.party == one.line.party) else {
                shares.push(one);
                continue;
            };
            let same_batch = (first.on, first.slot) == (one.on, one.slot);
            let kind = if same_batch { "DUPLICATE_IN_REPORT" } else { "SETTLED_TWICE" };
            let report = Some((one.line.amount_minor, one.line.currency));
            let about = About { kind, ..about_line("settlement", day_of(one.line.at), &one.line, report) };
            let name = format!("{} {} again", self.id, one.line.party.reference);
            self.items.push(about.item(self.view.layout(), &name, Vec::new()));
        }
        shares
    }

    /// Two booked disputes and one line that fits both.
    fn ambiguous(&mut self, rows: &Rows<'_>) {
        let Some((day, line)) = rows.lines.first() else { return };
        let report = Some((line.amount_minor, line.currency));
        let about = About { kind: "AMBIGUOUS", ..about_line("transactions", *day, line, report) };
        let mut taken: Vec<String> = rows.entries.iter().map(|entry| entry_key(entry)).collect();
        taken.push(line_key(self.layout(), line));
        self.list(&about, taken);
    }

    /// A line of a whole batch, which the ledger books as well.
    fn of_batch(&mut self, shares: &[&Settled], booking: Option<&Booking<'_>>) {
        let (Some(share), None) = (shares.first(), booking) else { return };
        let report = Some((share.payout.net_minor(), share.payout.currency));
        let about = About { kind: "UNEXPLAINED_ADJUSTMENT", ..about_line("proof", share.on, &share.line, report) };
        self.list(&about, Vec::new());
    }

    /// A line against its booking: lists what differs first, and gives whether nothing does.
    fn compare(&mut self, day: NaiveDate, line: &Line, booking: Option<&Booking<'_>>) -> bool {
        let report = Some((line.amount_minor, line.currency));
        let about = about_line("transactions", day, line, report);
        let taken = vec![line_key(self.layout(), line)];
        let Some(booking) = booking else {
            if is_near_end(line.at, day) && day == self.view.date {
                let item = waiting_line(self.layout(), line, day, after(day, 1));
                self.items.push(item);
            } else {
                let kind = if self.view.is_registered(line) { "MISSING_IN_LEDGER" } else { "UNKNOWN_SUB_MERCHANT" };
                self.list(&About { kind, ..about }, taken);
            }
            return false;
        };
        let exceeded = self.limits.exceeded(line);
        let is_other_seller = booking.items.iter().all(|entry| entry.sub_merchant_id != line.party.reference);
        let wrong = [
            (!self.view.is_registered(line), "UNKNOWN_SUB_MERCHANT"),
            (self.limits.is_orphan(line.movement), "ORPHAN_REVERSAL"),
            (line.currency != booking.amount.1, "CURRENCY_MISMATCH"),
            (line.amount_minor != booking.amount.0, "AMOUNT_MISMATCH"),
            (booking.status != "SUCCESS", "STATUS_MISMATCH"),
            (is_other_seller, "SUB_MERCHANT_MISMATCH"),
            (exceeded.is_some() && self.entry_type == "REFUND", "REFUND_EXCEEDS_PAYMENT"),
            (exceeded.is_some(), "CAPTURE_EXCEEDS_AUTHORIZATION"),
        ];
        let Some((_, kind)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) else { return true };
        let (ledger, report) = match exceeded.filter(|_| kind.contains("EXCEEDS")) {
            Some((limit, sum)) => ((limit, line.currency), (sum, line.currency)),
            None => (booking.amount, (line.amount_minor, line.currency)),
        };
        let about = About { kind, entry: Some(booking.first), ledger: Some(ledger), report: Some(report), ..about };
        self.list(&about, [taken, booking.keys()].concat());
        false
    }

    /// A line and its settlement: there, waiting, overdue, or never expected.
    fn settlement(
        &mut self,
        day: NaiveDate,
        line: &Line,
        booking: Option<&Booking<'_>>,
        shares: &[&Settled],
        agrees: bool,
    ) {
        if !shares.is_empty() {
            return self.settled(day, line, booking, shares);
        }
        let never = matches!(line.movement, Movement::Authorization | Movement::Void | Movement::Cancel);
        if never || (line.movement == Movement::Payment && self.limits.settles_otherwise) {
            return;
        }
        let due_on = self.view.settlement_due(day);
        if self.view.date <= due_on {
            if agrees {
                let item = waiting_line(self.layout(), line, day, due_on);
                self.items.push(item);
            }
            return;
        }
        let ledger = booking.map_or((line.amount_minor, line.currency), |known| known.amount);
        let about = About {
            kind: "NOT_SETTLED",
            entry: booking.map(|known| known.first),
            ledger: Some(ledger),
            ..about_line("settlement", day, line, None)
        };
        self.list(&about, vec![line_key(self.layout(), line)]);
    }

    /// A line against what was settled of it.
    fn settled(&mut self, day: NaiveDate, line: &Line, booking: Option<&Booking<'_>>, shares: &[&Settled]) {
        let total = shares.iter().map(|share| share.line.amount_minor).sum();
        let other = shares.iter().map(|share| share.line.currency).find(|currency| *currency != line.currency);
        let kind = match other {
            Some(_) => "CURRENCY_MISMATCH",
            None if total != line.amount_minor => "AMOUNT_MISMATCH",
            None => return,
        };
        let first = &shares[0].line;
        let about = About {
            kind,
            entry: booking.map(|known| known.first),
            ledger: Some((line.amount_minor, line.currency)),
            ..about_line("settlement", day, first, Some((total, other.unwrap_or(line.currency))))
        };
        self.list(&about, vec![line_key(self.layout(), line)]);
    }

    /// A booking that no report has.
    fn without_line(&mut self, booking: &Booking<'_>, is_rejected: bool) {
        if !self.view.answers_for(booking.first) {
            return;
        }
        let (today, day) = (self.view.date, booking.day);
        let settles_only = self.entry_type == "REFUND_REVERSAL";
        let due_on = match booking.status {
            "PENDING" => Some(self.view.pending_due(day)),
            "SUCCESS" if is_rejected => return,
            "SUCCESS" if settles_only => Some(self.view.settlement_due(day)),
            "SUCCESS" if self.view.lacks_report(day) => Some(self.view.pending_due(day)),
            "SUCCESS" if is_near_end(booking.first.occurred_at, day) => Some(day),
            "SUCCESS" => None,
            _ => return,
        };
        if due_on.is_some_and(|due_on| today <= due_on) {
            // Tomorrow's report may still have what was booked in the last minutes.
            let due_on = due_on.map(|due_on| if due_on == day { after(day, 1) } else { due_on });
            let waiting = booking.items.iter().map(|entry| waiting_entry(entry, day, due_on.unwrap_or(day)));
            self.items.extend(waiting);
            return;
        }
        let (kind, stage) = match booking.status {
            "PENDING" => ("STATUS_MISMATCH", "transactions"),
            _ if settles_only => ("NOT_SETTLED", "settlement"),
            _ => ("MISSING_IN_REPORT", "transactions"),
        };
        let about = About {
            kind,
            stage,
            date: day,
            entry_type: self.entry_type,
            line: None,
            entry: Some(booking.first),
            ledger: Some(booking.amount),
            report: None,
        };
        self.list(&about, booking.keys());
    }

    /// Settled lines that transaction details do not have: right for bounced refunds alone.
    fn settled_alone(&mut self, booking: Option<&Booking<'_>>, shares: &[&Settled]) {
        let first = &shares[0].line;
        let total = shares.iter().map(|share| share.line.amount_minor).sum();
        let report = (total, first.currency);
        let kind = match booking {
            _ if self.entry_type != "REFUND_REVERSAL" => "SETTLED_NOT_REPORTED",
            None => "MISSING_IN_LEDGER",
            Some(booking) if booking.amount.1 != first.currency => "CURRENCY_MISMATCH",
            Some(booking) if booking.amount.0 != total => "AMOUNT_MISMATCH",
            Some(booking) if booking.status != "SUCCESS" => "STATUS_MISMATCH",
            Some(booking) if !booking.items.iter().any(|entry| entry.sub_merchant_id == first.party.reference) => {
                "SUB_MERCHANT_MISMATCH"
            }
            Some(_) => return,
        };
        let about = About {
            kind,
            entry: booking.map(|known| known.first),
            ledger: booking.map(|known| known.amount),
            ..about_line("settlement", booking.map_or(day_of(first.at), |known| known.day), first, Some(report))
        };
        let keys = booking.map(Booking::keys).unwrap_or_default();
        self.list(&about, keys);
    }
}
