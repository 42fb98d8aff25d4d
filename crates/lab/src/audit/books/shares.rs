//! The shares of a payment: what the ledger books for each party against what was settled for it.

use super::item::{About, Item, entry_key, waiting_entry};
use super::view::{View, is_rejected};
use crate::world::calendar::day_of;
use crate::world::quarter::Tale;
use crate::world::story::{Entry, Line, Movement, Settled};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What one party gets of one payment, on both sides.
#[derive(Default)]
struct Share<'t> {
    booked: Vec<&'t Entry>,
    settled: Vec<&'t Settled>,
}

/// Everything that is open of a tale's shares; nothing where the marketplace books none.
pub(super) fn open(view: &View<'_>, tale: &Tale, items: &mut Vec<Item>) {
    if !view.plan.splits {
        return;
    }
    let mut parties: BTreeMap<&str, Share<'_>> = BTreeMap::new();
    for entry in view.entries(tale).into_iter().filter(|entry| entry.entry_type == "SETTLEMENT") {
        parties.entry(&entry.sub_merchant_id).or_default().booked.push(entry);
    }
    for settled in view.settled(tale) {
        let counts = matches!(settled.line.movement, Movement::Payment | Movement::Capture);
        let share = parties.entry(&settled.line.party.reference).or_default();
        // A second line of one movement and party is told elsewhere.
        let is_first = share.settled.iter().all(|known| known.line.own_id != settled.line.own_id);
        if counts && is_first && !is_rejected(&settled.line) {
            share.settled.push(settled);
        }
    }
    let paid_on = paid_on(view, tale);
    for (party, share) in parties {
        items.extend(of_party(view, tale, party, &share, paid_on));
    }
}

/// The business date of the payment: that of its line, else that of its entry. An authorisation is none.
fn paid_on(view: &View<'_>, tale: &Tale) -> Option<NaiveDate> {
    let lines = view.reported(tale).into_iter();
    let reported = lines.filter(|(_, line)| line.movement == Movement::Payment && !is_rejected(line));
    let booked = view.entries(tale).into_iter().filter(|entry| entry.entry_type == "PAYMENT");
    reported.map(|(day, _)| day).min().or(booked.map(|entry| day_of(entry.occurred_at)).min())
}

fn of_party(view: &View<'_>, tale: &Tale, party: &str, share: &Share<'_>, paid_on: Option<NaiveDate>) -> Vec<Item> {
    let booked: i64 = share.booked.iter().map(|entry| entry.amount_minor).sum();
    let settled: i64 = share.settled.iter().map(|settled| settled.line.amount_minor).sum();
    let (entry, line) = (share.booked.first(), share.settled.first().map(|settled| &settled.line));
    let name = format!("{} {party}", tale.story.first.own_id);
    let ledger = entry.map(|entry| (booked, entry.currency));
    let payment = &tale.story.first.payment;
    let row = |kind, date, line: Option<&Line>| {
        let about = About {
            kind,
            stage: "splits",
            date,
            entry_type: "SETTLEMENT",
            line: None,
            entry: None,
            ledger,
            report: line.map(|line| (settled, line.currency)),
        };
        let mut item = about.item(view.layout(), &name, share.booked.iter().map(|entry| entry_key(entry)).collect());
        for (column, text) in &mut item.cells {
            match *column {
                "request_id" => text.clone_from(&payment.request_id),
                "antom_id" => text.clone_from(&payment.id),
                _ => {}
            }
        }
        vec![item]
    };
    match (line, entry) {
        (None, None) => Vec::new(),
        (None, Some(entry)) => {
            let date = paid_on.unwrap_or(day_of(entry.occurred_at));
            let due_on = view.settlement_due(date);
            if !share.booked.iter().any(|entry| view.answers_for(entry)) {
                Vec::new()
            } else if view.date <= due_on {
                share.booked.iter().map(|entry| waiting_share(entry, &payment.request_id, (date, due_on))).collect()
            } else {
                row("NOT_SETTLED", date, None)
            }
        }
        (Some(line), entry) => {
            let date = paid_on.unwrap_or(day_of(line.at));
            match entry {
                None => row("MISSING_IN_LEDGER", date, Some(line)),
                Some(entry) if entry.currency != line.currency => row("CURRENCY_MISMATCH", date, Some(line)),
                Some(_) if booked != settled => row("SPLIT_MISMATCH", date, Some(line)),
                Some(_) => Vec::new(),
            }
        }
    }
}

/// A share in transit, which goes by its payment's request id.
fn waiting_share(entry: &Entry, request_id: &str, (date, due_on): (NaiveDate, NaiveDate)) -> Item {
    let mut item = waiting_entry(entry, date, due_on);
    let cells = item.cells.iter_mut().filter(|(column, _)| *column == "request_id");
    cells.for_each(|(_, text)| request_id.clone_into(text));
    item
}
