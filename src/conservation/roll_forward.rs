//! The roll-forward: what was open, what came, what went, what is open.
//!
//! Opening items are those that the run before left open, closing items those that this run leaves open. Every opening item must be
//! among the closing ones or have been told to be cleared; then each row's counts and amounts are added up item by item and held
//! against the closing items, which are added up on their own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use crate::calendar::{AgeBucket, BusinessDate, SettlementCalendar};
use crate::discrepancy::Discrepancy;
use crate::kind::DiscrepancyKind;
use crate::money::Currency;

use super::Imbalance;

/// What an open item is: a kind of discrepancy, or an item inside its window. The order of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OpenKind {
    /// A discrepancy.
    Discrepancy(DiscrepancyKind),
    /// Waiting inside its window.
    InTransit,
}

impl fmt::Display for OpenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discrepancy(kind) => f.pad(kind.as_str()),
            Self::InTransit => f.pad("IN_TRANSIT"),
        }
    }
}

/// An item that is open before or after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem<'a> {
    /// Its id for life.
    pub id: &'a str,
    /// What it is.
    pub kind: OpenKind,
    /// The currency of its amount; none for files and what has no amount.
    pub currency: Option<Currency>,
    /// `delta` of a discrepancy, the amount of an item in transit, in smallest units; 0 if it has none.
    pub amount: i128,
    /// The date of the run that first listed it.
    pub first_seen_on: BusinessDate,
}

impl<'a> From<&'a Discrepancy> for OpenItem<'a> {
    fn from(row: &'a Discrepancy) -> Self {
        Self {
            id: row.discrepancy_id.as_str(),
            kind: OpenKind::Discrepancy(row.kind),
            currency: row.currency,
            amount: row.delta().unwrap_or_default(),
            first_seen_on: row.first_seen_on,
        }
    }
}

/// A row of the roll-forward: a kind, a currency, an age.
pub type RollKey = (OpenKind, Option<Currency>, AgeBucket);

/// How many items, and what they come to in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenSum {
    /// Items.
    pub count: u64,
    /// Their amounts, signed.
    pub amount: i128,
}

impl OpenSum {
    fn add(&mut self, amount: i128) {
        self.count += 1;
        self.amount += amount;
    }
}

/// Opening + new − cleared = closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roll {
    /// Open after the run before.
    pub opening: OpenSum,
    /// Open now and not before.
    pub new: OpenSum,
    /// Open before and not now.
    pub cleared: OpenSum,
    /// Open now.
    pub closing: OpenSum,
}

impl Roll {
    /// Whether it adds up, in counts and amounts.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let (opening, new) = (self.opening, self.new);
        let amount = opening.amount.checked_add(new.amount).and_then(|sum| sum.checked_sub(self.cleared.amount));
        opening.count + new.count == self.closing.count + self.cleared.count && amount == Some(self.closing.amount)
    }
}

/// All rows, in the order of the output.
pub type RollForward = BTreeMap<RollKey, Roll>;

/// What is rolled forward from what was open to what is open.
#[derive(Debug)]
pub struct Rolling<'a> {
    ages: Ages<'a>,
    rows: RollForward,
}

impl<'a> Rolling<'a> {
    /// Nothing yet. An item's age is that on `today`, for opening and closing alike.
    #[must_use]
    pub fn new(today: BusinessDate, calendar: &'a SettlementCalendar) -> Self {
        Self { ages: Ages { today, calendar, known: HashMap::new() }, rows: RollForward::new() }
    }

    /// Adds an item of which it is known whether it was open before, and whether it is now.
    pub fn roll(&mut self, item: &OpenItem<'_>, was_open: bool, is_open: bool) {
        let row = self.rows.entry(self.ages.key(item, item.first_seen_on)).or_default();
        for (sum, has_it) in [
            (&mut row.opening, was_open),
            (&mut row.new, !was_open),
            (&mut row.cleared, !is_open),
            (&mut row.closing, is_open),
        ] {
            if has_it {
                sum.add(item.amount);
            }
        }
    }

    /// Rolls the other items forward, and proves that all rows add up.
    ///
    /// An item that keeps its id but changes its kind, currency or amount leaves its old row and enters its new one. `cleared` are the
    /// ids that `cleared.csv` lists, `became` those that are part of a discrepancy; kinds about files go by themselves, for they are
    /// listed on their own date only.
    ///
    /// # Errors
    /// [`Imbalance`] if an item went without a word, stands twice, is both open and told to be cleared, or a row does not add up.
    pub fn finish(
        mut self,
        opening: &[OpenItem<'_>],
        closing: &[OpenItem<'_>],
        (cleared, became): (&HashSet<&str>, &HashSet<&str>),
    ) -> Result<RollForward, Imbalance> {
        let now = by_id(closing, "is open")?;
        let before = by_id(opening, "was open")?;
        for item in closing {
            if cleared.contains(item.id) {
                return Err(Imbalance::Unnamed(format!("open item `{}`", item.id), "open and as cleared"));
            }
            let row = self.rows.entry(self.ages.key(item, item.first_seen_on)).or_default();
            row.closing.add(item.amount);
            if !before.get(item.id).is_some_and(|old| is_same(old, item)) {
                row.new.add(item.amount);
            }
        }
        for item in opening {
            let still = now.get(item.id);
            // One age for one item: a rerun of an earlier date may have found it earlier.
            let since = still.map_or(item.first_seen_on, |new| new.first_seen_on);
            let row = self.rows.entry(self.ages.key(item, since)).or_default();
            row.opening.add(item.amount);
            match still {
                Some(new) if is_same(item, new) => {}
                None if !goes_by_itself(item.kind) && ![cleared, became].iter().any(|told| told.contains(item.id)) => {
                    let name = format!("item `{}` ({}), open after the run before,", item.id, item.kind);
                    return Err(Imbalance::Unnamed(name, "neither open nor cleared"));
                }
                _ => row.cleared.add(item.amount),
            }
        }
        adds_up(self.rows)
    }
}

/// Proves that every row adds up.
fn adds_up(rows: RollForward) -> Result<RollForward, Imbalance> {
    for ((kind, currency, age), row) in &rows {
        if !row.adds_up() {
            let currency = currency.map(|known| known.to_string()).unwrap_or_default();
            let sums = format!(
                "opening {:?} + new {:?} - cleared {:?} is not closing {:?}",
                row.opening, row.new, row.cleared, row.closing
            );
            return Err(Imbalance::Sums(format!("roll-forward of {kind} {currency} {age}"), sums));
        }
    }
    Ok(rows)
}

/// Whether an item stays in its row.
fn is_same(old: &OpenItem<'_>, new: &OpenItem<'_>) -> bool {
    (old.kind, old.currency, old.amount) == (new.kind, new.currency, new.amount)
}

fn by_id<'a, 'b>(
    items: &'b [OpenItem<'a>],
    what: &'static str,
) -> Result<HashMap<&'a str, &'b OpenItem<'a>>, Imbalance> {
    let mut map = HashMap::with_capacity(items.len());
    for item in items {
        if map.insert(item.id, item).is_some() {
            return Err(Imbalance::Sums(format!("item `{}`", item.id), format!("it {what} twice")));
        }
    }
    Ok(map)
}

/// Kinds about files are listed on their own date only.
const fn goes_by_itself(kind: OpenKind) -> bool {
    matches!(kind, OpenKind::Discrepancy(kind) if kind.is_about_file())
}

/// Ages on one day; there are few dates among many items.
#[derive(Debug)]
struct Ages<'a> {
    today: BusinessDate,
    calendar: &'a SettlementCalendar,
    known: HashMap<BusinessDate, AgeBucket>,
}

impl Ages<'_> {
    fn key(&mut self, item: &OpenItem<'_>, since: BusinessDate) -> RollKey {
        let (today, calendar) = (self.today, self.calendar);
        let age =
            *self.known.entry(since).or_insert_with(|| AgeBucket::of(calendar.business_days_between(since, today)));
        (item.kind, item.currency, age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: OpenKind = OpenKind::Discrepancy(DiscrepancyKind::MissingInLedger);
    const AMOUNT: OpenKind = OpenKind::Discrepancy(DiscrepancyKind::AmountMismatch);

    fn day(text: &str) -> BusinessDate {
        text.parse().expect("a date")
    }

    fn item(id: &'static str, kind: OpenKind, amount: i128, since: &str) -> OpenItem<'static> {
        OpenItem { id, kind, currency: Currency::parse(b"USD"), amount, first_seen_on: day(since) }
    }

    fn roll(
        opening: &[OpenItem<'_>],
        closing: &[OpenItem<'_>],
        cleared: &[&'static str],
    ) -> Result<Vec<String>, Imbalance> {
        let (cleared, became) = (cleared.iter().copied().collect(), HashSet::from(["waits", "stays"]));
        let calendar = SettlementCalendar::default();
        let rows = Rolling::new(day("2026-03-11"), &calendar).finish(opening, closing, (&cleared, &became))?;
        let sum = |sum: OpenSum| format!("{}/{}", sum.count, sum.amount);
        let line = |((kind, _, age), row): (&RollKey, &Roll)| {
            let sums = [row.opening, row.new, row.cleared, row.closing].map(sum);
            format!("{kind} {age}: {}", sums.join(" "))
        };
        Ok(rows.iter().map(line).collect())
    }

    #[test]
    fn what_was_open_comes_to_what_is_open() {
        let opening = [
            item("stays", AMOUNT, 5, "2026-03-10"),
            item("goes", AMOUNT, 7, "2026-03-10"),
            item("changes", AMOUNT, 1, "2026-03-02"),
            item("waits", OpenKind::InTransit, -3, "2026-03-10"),
            item("file", OpenKind::Discrepancy(DiscrepancyKind::FileMissing), 0, "2026-03-10"),
        ];
        let closing = [
            item("stays", AMOUNT, 5, "2026-03-10"),
            item("changes", AMOUNT, 2, "2026-03-02"),
            item("new", MISSING, 9, "2026-03-11"),
        ];
        let rows = roll(&opening, &closing, &["goes"]).expect("it adds up");
        let expected = [
            "FILE_MISSING 0 to 1: 1/0 0/0 1/0 0/0",
            "MISSING_IN_LEDGER 0 to 1: 0/0 1/9 0/0 1/9",
            "AMOUNT_MISMATCH 0 to 1: 2/12 0/0 1/7 1/5",
            "AMOUNT_MISMATCH 4 to 7: 1/1 1/2 1/1 1/2",
            "IN_TRANSIT 0 to 1: 1/-3 0/0 1/-3 0/0",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn an_item_that_was_found_earlier_by_a_rerun_has_one_age() {
        let rows = roll(&[item("a", AMOUNT, 5, "2026-03-10")], &[item("a", AMOUNT, 5, "2026-03-02")], &[]);
        assert_eq!(rows.expect("it adds up"), ["AMOUNT_MISMATCH 4 to 7: 1/5 0/0 0/0 1/5"]);
    }

    #[test]
    fn a_row_adds_up_in_counts_and_in_amounts() {
        let sum = |count, amount| OpenSum { count, amount };
        let row = Roll { opening: sum(2, 12), new: sum(1, 3), cleared: sum(1, 7), closing: sum(2, 8) };
        assert!(row.adds_up());
        assert!(!Roll { closing: sum(3, 8), ..row }.adds_up(), "another count");
        assert!(!Roll { closing: sum(2, 9), ..row }.adds_up(), "another amount");
        assert!(!Roll { opening: sum(2, i128::MAX), ..row }.adds_up(), "an amount that cannot be");
    }

    #[test]
    fn what_goes_without_a_word_is_an_imbalance() {
        let open = [item("a", AMOUNT, 5, "2026-03-10")];
        let lost = roll(&open, &[], &[]).expect_err("nobody says where it went").to_string();
        assert!(lost.contains("`a`") && lost.contains("neither open nor cleared"), "{lost}");
        let both = roll(&open, &open, &["a"]).expect_err("open and cleared").to_string();
        assert!(both.contains("open and as cleared"), "{both}");
        let twice = [open[0].clone(), open[0].clone()];
        assert!(roll(&[], &twice, &[]).expect_err("two of one id").to_string().contains("is open twice"));
    }
}
