//! The auditor's roll-forward: opening + new − cleared = closing, per kind, currency and age.

use super::view::age;
use super::{Day, Open};
use std::collections::BTreeMap;

/// How many items, and what they come to in millionths of the major unit.
pub type Sum = (i64, i128);

/// The last age of each bucket, and its words.
const BUCKETS: [(i64, &str); 7] = [
    (1, "0 to 1"),
    (3, "2 to 3"),
    (7, "4 to 7"),
    (30, "8 to 30"),
    (60, "31 to 60"),
    (90, "61 to 90"),
    (i64::MAX, "over 90"),
];

/// Opening, new, cleared and closing of one kind, currency and age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roll {
    /// Open after the run before.
    pub opening: Sum,
    /// Open now and not before.
    pub new: Sum,
    /// Open before and not now.
    pub cleared: Sum,
    /// Open now.
    pub closing: Sum,
}

/// Rows by kind, currency and age.
pub(super) type Rows = BTreeMap<(String, String, String), Roll>;

fn add(sum: &mut Sum, open: &Open) {
    *sum = (sum.0 + 1, sum.1 + open.item.micros);
}

/// Rolls a day forward. An item that changes its kind, currency or amount leaves its row and enters another.
pub(super) fn roll(day: &Day) -> Rows {
    let mut rows = Rows::new();
    let before: BTreeMap<&str, &Open> = day.opening.iter().map(|open| (open.item.key.as_str(), open)).collect();
    let now: BTreeMap<&str, &Open> = day.closing.iter().map(|open| (open.item.key.as_str(), open)).collect();
    let is_same = |one: &Open, other: Option<&&Open>| {
        let values = |open: &Open| (open.item.kind, open.item.currency.clone(), open.item.micros);
        other.is_some_and(|other| values(one) == values(other))
    };
    let key = |open: &Open| {
        let since = now.get(&*open.item.key).map_or(open.first_seen_on, |open| open.first_seen_on);
        let days = age(since, day.date);
        let bucket = BUCKETS.iter().find(|(last, _)| days <= *last).map_or("", |(_, words)| words);
        (open.item.kind.to_owned(), open.item.currency.clone(), bucket.to_owned())
    };
    for open in &day.opening {
        let row = rows.entry(key(open)).or_default();
        add(&mut row.opening, open);
        if !is_same(open, now.get(&*open.item.key)) {
            add(&mut row.cleared, open);
        }
    }
    for open in &day.closing {
        let row = rows.entry(key(open)).or_default();
        add(&mut row.closing, open);
        if !is_same(open, before.get(&*open.item.key)) {
            add(&mut row.new, open);
        }
    }
    rows
}
