//! Payments about which nobody asks: one line in transaction details, its lines in settlement details and one entry that say the same,
//! with a share in the ledger for each settled line where shares are compared. On most days these are nearly all rows; they are found by
//! what is compared, in 40 bytes a row, before any row is matched in full.
//!
//! Such a family agrees if the rules of `movement`, `settlement` and `splits` would place all of its rows as they are placed here
//! whatever the other rows say, so long as none of those shares an id with them: the caller looks for such rows, and matches the family in
//! full where there is one.
//!
//! ```text
//! line (transactions)   PAYMENT, successful, names no original, party known    \  same request id and currency;
//! lines (settlement)    the same, of the day, net amount not negative, a       | the settled amounts add up to the line's;
//!                       party each                                             | the entry has the line's amount, party and date;
//! entry                 PAYMENT, SUCCESS, names no original                     | each settled line has one share of its party
//! shares                SETTLEMENT, SUCCESS, of the day, name the payment by    | and amount; no further row
//!                       request id; none where shares are not compared         /
//!                       of later days, which no run answers for yet, what waits may have any
//! item                  the line as the run before left it in transit
//!
//! Fate                  line and entry are of   item           settled lines
//! Matched               the day                 none           some
//! Waits                 the day                 none           none, and its window is open
//! Waits                 an earlier date         as the line    none, and its window is open
//! Settles               an earlier date         as the line    some: these close it
//! ```

mod mark;
mod sums;

use mark::Side;
pub use mark::{Mark, Marker, Place, WaitedItem};
pub use sums::Agreed;

/// Number of partitions. At ten million lines a side each holds some 30,000 marks, or 40,000 with shares: a good megabyte, which is
/// sorted in a processor's cache.
pub const PARTITIONS: usize = 1_024;

/// Parts of a partition in which the rows of a payment are put side by side.
const BUCKETS: usize = 1 << 11;

/// What becomes of a family that agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is matched.
    Matched,
    /// Its line waits for its settlement.
    Waits,
    /// Its line waited, and is settled today.
    Settles,
}

/// The rows of a payment, which agree.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    /// What becomes of them.
    pub fate: Fate,
    rows: &'a [Mark],
}

/// Shows the families of a partition that agree; `may_wait` tells of an age whether lines may wait still.
pub fn agree(marks: &mut [Mark], may_wait: impl Fn(u8) -> bool, mut show: impl FnMut(Family<'_>)) {
    put_side_by_side(marks);
    for rows in marks.chunk_by(|one, other| one.key == other.key) {
        if let Some(fate) = fate_of(rows, &may_wait) {
            show(Family { fate, rows });
        }
    }
}

/// Puts the rows of each payment side by side, in the order of sides and parties. Rows of one side and party are one too many of their
/// payment, in whatever order they are.
fn put_side_by_side(marks: &mut [Mark]) {
    let sort = |some: &mut [Mark]| some.sort_unstable_by_key(|mark| (mark.key, mark.side(), mark.party));
    if marks.len() < BUCKETS {
        return sort(marks);
    }
    // Keys are hashes: by a few of their bits, nearly all rows find their place, and few are left to be compared with others.
    let mut ends = [0_usize; BUCKETS];
    marks.iter().for_each(|mark| ends[mark.bucket()] += 1);
    let mut end = 0;
    for bucket in &mut ends {
        end += *bucket;
        *bucket = end;
    }
    let (mut start, mut next) = (0, [0; BUCKETS]);
    next[1..].copy_from_slice(&ends[..BUCKETS - 1]);
    for (bucket, &end) in ends.iter().enumerate() {
        while next[bucket] < end {
            let (at, to) = (next[bucket], marks[next[bucket]].bucket());
            marks.swap(at, next[to]);
            next[to] += 1;
        }
        sort(&mut marks[start..end]);
        start = end;
    }
}

/// What becomes of the rows of a payment, in order, if they are all that there must be of it and say the same.
fn fate_of(family: &[Mark], may_wait: impl Fn(u8) -> bool) -> Option<Fate> {
    let [line, rest @ ..] = family else { return None };
    let (settled, booked) = rest.split_at(rest.partition_point(|mark| mark.side() < Side::Booked));
    let [entry, rest @ ..] = booked else { return None };
    let (shares, rest) = rest.split_at(rest.partition_point(|mark| mark.side() < Side::Later));
    let (later, waited) = rest.split_at(rest.partition_point(|mark| mark.side() < Side::Waited));
    let agrees = line.side() == Side::Reported
        && settled.iter().all(|mark| mark.side() > Side::Reported)
        && entry.side() == Side::Booked
        && shares.iter().all(|mark| mark.side() == Side::Share)
        && line.says() == entry.says()
        && line.age() == entry.age();
    let fate = match (line.age(), waited, settled) {
        (0, [], []) => Fate::Waits,
        (0, [], _) => Fate::Matched,
        (1.., [item], []) if item.is_of(line) => Fate::Waits,
        (1.., [item], _) if item.is_of(line) => Fate::Settles,
        _ => return None,
    };
    let says_so = match fate {
        Fate::Waits => shares.is_empty() && may_wait(line.age()),
        Fate::Matched | Fate::Settles => later.is_empty() && is_settled(line, settled, shares),
    };
    (agrees && says_so).then_some(fate)
}

/// Whether a payment's settled lines, one for each party, add up to its line, and its shares to them.
fn is_settled(line: &Mark, settled: &[Mark], shares: &[Mark]) -> bool {
    let divided = &settled[settled.partition_point(|mark| mark.side() < Side::Divided)..];
    let sum: i128 = settled.iter().map(|mark| i128::from(mark.amount)).sum();
    settled.is_sorted_by(|one, other| one.party < other.party)
        && sum == i128::from(line.amount)
        && settled.iter().all(|mark| mark.currency == line.currency && mark.age() == 0)
        && divided.iter().map(Mark::says).eq(shares.iter().map(Mark::says))
}

impl<'a> Family<'a> {
    /// Where its rows stand.
    pub fn places(&self) -> impl Iterator<Item = Place> + 'a {
        self.rows.iter().map(Mark::place)
    }

    /// Where its line stands.
    #[must_use]
    pub fn line(&self) -> Place {
        self.rows[0].place()
    }

    /// The number of its item in transit, if it has one.
    #[must_use]
    pub fn item(&self) -> Option<u32> {
        self.rows.last().filter(|mark| mark.side() == Side::Waited).map(|mark| mark.row)
    }

    /// Where the first of its settled lines stands.
    #[must_use]
    pub fn first_settled(&self) -> Option<Place> {
        let settled = self.rows.iter().filter(|mark| matches!(mark.side(), Side::Settled | Side::Divided));
        settled.min_by_key(|mark| (mark.tag, mark.row)).map(Mark::place)
    }
}

#[cfg(test)]
mod tests {
    use super::mark::Tag;
    use super::*;
    use crate::id::Symbol;
    use crate::money::Currency;

    /// A mark of one payment: side, age, amount, party.
    fn mark((side, age, amount, party): (Side, u8, i64, u32)) -> Mark {
        let currency = Currency::parse(b"USD").expect("a currency");
        let tag = Tag::new(1, age, side).expect("few files");
        Mark { key: (1, 2), amount, party: Symbol::of_number(party), currency, tag, row: 0 }
    }

    /// What becomes of a payment with these rows; lines of up to three days ago may wait.
    fn fate(rows: &[(Side, u8, i64, u32)]) -> Option<Fate> {
        let (mut marks, mut found): (Vec<Mark>, _) = (rows.iter().copied().map(mark).collect(), Vec::new());
        // In whatever order they come.
        marks.reverse();
        agree(&mut marks, |age| age <= 3, |family| found.push(family.fate));
        assert!(found.len() < 2, "there is one payment");
        found.pop()
    }

    use Side::{Booked, Divided, Later, Reported, Settled, Share, Waited};

    #[test]
    fn rows_of_a_payment_come_side_by_side_however_many_there_are() {
        let sides = [(Share, 0, 1, 2), (Reported, 0, 1, 1), (Booked, 0, 1, 1), (Share, 0, 1, 1), (Settled, 0, 1, 1)];
        let spread = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Keys that fill the buckets, and keys that all are in one.
        for (payments, key) in [(3_000, spread as fn(u64) -> u64), (3_000, |number| number), (7, spread)] {
            let of = |&row: &(Side, u8, i64, u32)| {
                (0..payments).map(move |number| Mark { key: (key(number), 0), ..mark(row) })
            };
            let mut marks: Vec<Mark> = sides.iter().flat_map(of).collect();
            put_side_by_side(&mut marks);
            let families: Vec<&[Mark]> = marks.chunk_by(|one, other| one.key == other.key).collect();
            let keys: std::collections::BTreeSet<_> = families.iter().map(|family| family[0].key).collect();
            assert_eq!((families.len(), keys.len()), (payments as usize, payments as usize));
            let places =
                |family: &[Mark]| -> Vec<_> { family.iter().map(|row| (row.side(), row.party.number())).collect() };
            let expected = [(Reported, 1), (Settled, 1), (Booked, 1), (Share, 1), (Share, 2)];
            assert!(families.into_iter().all(|family| places(family) == expected));
        }
    }

    #[test]
    fn a_payment_of_the_day_is_matched_or_waits() {
        let (line, entry) = ((Reported, 0, 10, 7), (Booked, 0, 10, 7));
        assert_eq!(fate(&[line, entry]), Some(Fate::Waits));
        assert_eq!(fate(&[line, (Settled, 0, 10, 7), entry]), Some(Fate::Matched));
        assert_eq!(
            fate(&[line, (Divided, 0, 4, 7), (Divided, 0, 6, 8), entry, (Share, 0, 4, 7), (Share, 0, 6, 8)]),
            Some(Fate::Matched)
        );
        for other in [(Booked, 0, 11, 7), (Booked, 0, 10, 8), (Booked, 1, 10, 7)] {
            assert_eq!(fate(&[line, other]), None, "{other:?}");
        }
        assert_eq!(fate(&[line]), None);
        assert_eq!(fate(&[line, line, entry]), None, "twice reported");
        assert_eq!(fate(&[line, entry, entry]), None, "twice booked");
        assert_eq!(fate(&[line, (Settled, 0, 9, 7), entry]), None, "another sum");
        assert_eq!(fate(&[line, (Settled, 0, 10, 7), (Settled, 0, 0, 7), entry]), None, "one party twice");
        assert_eq!(fate(&[line, (Divided, 0, 10, 7), entry]), None, "no share");
        assert_eq!(fate(&[line, entry, (Share, 0, 10, 7)]), None, "a share that waits as well");
        assert_eq!(fate(&[line, entry, (Waited, 1, 10, 0)]), None, "an item of another day");
    }

    #[test]
    fn a_payment_of_an_earlier_day_waits_on_or_is_settled_as_the_item_that_it_was() {
        let (line, entry, item) = ((Reported, 2, 10, 7), (Booked, 2, 10, 7), (Waited, 2, 10, 0));
        assert_eq!(fate(&[line, entry, item]), Some(Fate::Waits));
        assert_eq!(fate(&[line, (Settled, 0, 10, 7), entry, item]), Some(Fate::Settles));
        assert_eq!(fate(&[line, (Divided, 0, 10, 7), entry, (Share, 0, 10, 7), item]), Some(Fate::Settles));
        for other in [(Waited, 1, 10, 0), (Waited, 2, 11, 0)] {
            assert_eq!(fate(&[line, entry, other]), None, "{other:?}");
            assert_eq!(fate(&[line, (Settled, 0, 10, 7), entry, other]), None, "{other:?}");
        }
        assert_eq!(fate(&[line, entry]), None, "it did not wait");
        assert_eq!(fate(&[line, entry, item, item]), None, "it waited twice");
        assert_eq!(fate(&[line, (Settled, 1, 10, 7), entry, item]), None, "settled before");
        let late = [(Reported, 4, 10, 7), (Booked, 4, 10, 7), (Waited, 4, 10, 0)];
        assert_eq!(fate(&late), None, "overdue");
        assert_eq!(
            fate(&[late[0], (Settled, 0, 10, 7), late[1], late[2]]),
            Some(Fate::Settles),
            "and settled all the same"
        );
    }

    #[test]
    fn a_share_of_a_later_day_is_nothing_to_what_waits_and_too_much_for_what_is_settled() {
        let (line, entry, later) = ((Reported, 0, 10, 7), (Booked, 0, 10, 7), (Later, 0, 10, 7));
        assert_eq!(fate(&[line, entry, later, later]), Some(Fate::Waits));
        let settled = [line, (Divided, 0, 10, 7), entry, (Share, 0, 10, 7)];
        assert_eq!(fate(&settled), Some(Fate::Matched));
        assert_eq!(fate(&[&settled[..], &[later]].concat()), None);
    }
}
