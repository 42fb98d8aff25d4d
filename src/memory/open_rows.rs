//! What is open and what is cleared, as rows that wait on the disk.

use super::bytes::{Put, Take};
use super::rows::{put_currency, put_word, take_currency, take_word};
use super::shelf::Stored;
use crate::calendar::BusinessDate;
use crate::discrepancy::{ClearedRow, InTransitRow, Side};
use crate::matching::WaitsFor;
use crate::movement::EntryType;

fn put_text(put: &mut Put, text: &str) {
    put.number(text.len() as u64);
    put.0.extend_from_slice(text.as_bytes());
}

/// A text, in the memory of another.
fn take_text(take: &mut Take<'_>, mut text: String) -> Option<String> {
    let length = usize::try_from(take.number()?).ok()?;
    let (head, rest) = take.0.split_at_checked(length)?;
    take.0 = rest;
    text.clear();
    text.push_str(std::str::from_utf8(head).ok()?);
    Some(text)
}

fn put_date(put: &mut Put, date: Option<BusinessDate>) {
    put.u8(u8::from(date.is_some()));
    put.signed(date.map_or(0, |date| date.days_since_epoch().into()));
}

fn take_date(take: &mut Take<'_>) -> Option<Option<BusinessDate>> {
    let is_there = take.u8()? == 1;
    let date = BusinessDate::from_days_since_epoch(i32::try_from(take.signed()?).ok()?)?;
    Some(is_there.then_some(date))
}

fn put_amount(put: &mut Put, amount: Option<i128>) {
    match amount.map(i64::try_from) {
        None => put.u8(0),
        Some(Ok(amount)) => {
            put.u8(1);
            put.signed(amount);
        }
        Some(Err(_)) => {
            put.u8(2);
            put.i128(amount.unwrap_or_default());
        }
    }
}

fn take_amount(take: &mut Take<'_>) -> Option<Option<i128>> {
    match take.u8()? {
        0 => Some(None),
        1 => take.signed().map(|amount| Some(amount.into())),
        _ => take.i128().map(Some),
    }
}

impl Stored for InTransitRow {
    fn put(&self, to: &mut Put) {
        [&self.item_id, &self.request_id, &self.antom_id].into_iter().for_each(|text| put_text(to, text));
        put_word(to, EntryType::ALL, Some(self.entry_type));
        put_currency(to, Some(self.currency));
        put_amount(to, Some(self.amount));
        put_word(to, Side::ALL, Some(self.side));
        [self.business_date, self.due_on].into_iter().for_each(|date| put_date(to, Some(date)));
        put_word(to, WaitsFor::ALL, WaitsFor::parse(self.waits_for));
        put_date(to, Some(self.first_seen_on));
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        take_in_transit(from, <[String; 3]>::default())
    }

    fn take_again(&mut self, from: &mut Take<'_>) -> Option<()> {
        let texts = [&mut self.item_id, &mut self.request_id, &mut self.antom_id].map(std::mem::take);
        *self = take_in_transit(from, texts)?;
        Some(())
    }
}

/// Reads an item, with the memory of other texts.
fn take_in_transit(from: &mut Take<'_>, [item_id, request_id, antom_id]: [String; 3]) -> Option<InTransitRow> {
    Some(InTransitRow {
        item_id: take_text(from, item_id)?,
        request_id: take_text(from, request_id)?,
        antom_id: take_text(from, antom_id)?,
        entry_type: take_word(from, EntryType::ALL)??,
        currency: take_currency(from)??,
        amount: take_amount(from)??,
        side: take_word(from, Side::ALL)??,
        business_date: take_date(from)??,
        due_on: take_date(from)??,
        waits_for: take_word(from, WaitsFor::ALL)??.as_str(),
        first_seen_on: take_date(from)??,
    })
}

impl Stored for ClearedRow {
    fn put(&self, to: &mut Put) {
        let texts = [&self.item_id, &self.request_id, &self.antom_id, &self.entry_type];
        texts.into_iter().for_each(|text| put_text(to, text));
        put_currency(to, self.currency);
        put_amount(to, self.amount);
        put_word(to, Side::ALL, Some(self.side));
        [Some(self.business_date), self.due_on].into_iter().for_each(|date| put_date(to, date));
        put_text(to, &self.cleared_by);
        [Some(self.cleared_on), self.first_seen_on].into_iter().for_each(|date| put_date(to, date));
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        take_cleared(from, <[String; 5]>::default())
    }

    fn take_again(&mut self, from: &mut Take<'_>) -> Option<()> {
        let Self { item_id, request_id, antom_id, entry_type, cleared_by, .. } = self;
        *self = take_cleared(from, [item_id, request_id, antom_id, entry_type, cleared_by].map(std::mem::take))?;
        Some(())
    }
}

/// Reads what was cleared, with the memory of other texts.
fn take_cleared(from: &mut Take<'_>, texts: [String; 5]) -> Option<ClearedRow> {
    let [item_id, request_id, antom_id, entry_type, cleared_by] = texts;
    Some(ClearedRow {
        item_id: take_text(from, item_id)?,
        request_id: take_text(from, request_id)?,
        antom_id: take_text(from, antom_id)?,
        entry_type: take_text(from, entry_type)?,
        currency: take_currency(from)?,
        amount: take_amount(from)?,
        side: take_word(from, Side::ALL)??,
        business_date: take_date(from)??,
        due_on: take_date(from)?,
        cleared_by: take_text(from, cleared_by)?,
        cleared_on: take_date(from)??,
        first_seen_on: take_date(from)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::money::Currency;

    /// A row as it comes back; `other` is one into whose memory it is read as well.
    fn back<T: Stored + PartialEq + std::fmt::Debug>(row: &T, other: T) -> Option<T> {
        let mut put = Put::default();
        row.put(&mut put);
        let mut take = Take(&put.0);
        assert!(T::take(&mut Take(&put.0[..put.0.len() - 1])).is_none(), "less than a row");
        let row = T::take(&mut take);
        assert!(take.0.is_empty(), "nothing is left over");
        let (mut again, mut take) = (other, Take(&put.0));
        again.take_again(&mut take)?;
        assert!(Some(&again) == row.as_ref() && take.0.is_empty(), "nothing is left of the other: {again:?}");
        row
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let date = |text: &str| text.parse::<BusinessDate>().unwrap();
        let currency = Currency::parse(b"KWD").unwrap();
        for waits_for in WaitsFor::ALL {
            let row = InTransitRow {
                item_id: "T-1".to_owned(),
                request_id: String::new(),
                antom_id: "2026Ünïcödé".repeat(30),
                entry_type: EntryType::Refund,
                currency,
                amount: i128::MIN,
                side: Side::Ledger,
                business_date: date("1970-01-01"),
                due_on: date("2026-03-01"),
                waits_for: waits_for.as_str(),
                first_seen_on: date("2026-02-28"),
            };
            let other =
                InTransitRow { item_id: "T-22".to_owned(), request_id: "r".to_owned(), amount: 1, ..row.clone() };
            assert_eq!(back(&row, other), Some(row));
        }
        for (amount, due_on) in [(None, None), (Some(-7), Some(date("2026-03-01"))), (Some(i128::MAX), None)] {
            let row = ClearedRow {
                item_id: "T-1".to_owned(),
                request_id: "r".to_owned(),
                antom_id: "a".to_owned(),
                entry_type: "a type that nobody knows".to_owned(),
                currency: amount.map(|_| currency),
                amount,
                side: Side::Report,
                business_date: date("2026-02-27"),
                due_on,
                cleared_by: "`file` line 7".to_owned(),
                cleared_on: date("2026-03-01"),
                first_seen_on: due_on,
            };
            let other = ClearedRow { antom_id: "longer".to_owned(), cleared_by: String::new(), ..row.clone() };
            assert_eq!(back(&row, other), Some(row));
        }
    }
}
