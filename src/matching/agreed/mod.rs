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
    // Rows of one side and party are one too many of their payment, in whatever order they are.
    marks.sort_unstable_by_key(|mark| (mark.key, mark.side(), mark.party));
    for rows in marks.chunk_by(|one, other| one.key == other.key) {
        if let Some(fate) = fate_of(rows, &may_wait) {
            show(Family { fate, rows });
        }
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
