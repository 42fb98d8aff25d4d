//! Payments with their settled lines and shares, most of them as they should be, and anything at all wrong with the others: those that
//! are whole are left out of full matching, and nobody misses them (`agreed::check` compares in every run).

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::case::Case;
use super::run::{Reports, run};
use super::world::{CaseText, holds};

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Reported,
    Settled,
    Booked,
}

/// A row before it is text.
#[derive(Debug, Clone)]
struct Row {
    side: Side,
    day: u8,
    entry_type: &'static str,
    request: String,
    antom: String,
    of: String,
    cents: i64,
    currency: &'static str,
    by: &'static str,
    more: String,
}

impl Row {
    fn text(&self) -> String {
        let Self { entry_type, request, antom, of, cents, currency, by, more, .. } = self;
        let sign = if *cents < 0 { "-" } else { "" };
        let amount = format!("{sign}{}.{:02}{currency}", cents.abs() / 100, cents.abs() % 100);
        format!("{entry_type} {request} {antom} {amount} of={of} by={by}{more}")
    }

    /// All ids that it has or names.
    fn ids(&self) -> impl Iterator<Item = &str> {
        [self.request.as_str(), &self.antom].into_iter().chain(self.of.split('/')).filter(|id| !["", "-"].contains(id))
    }
}

/// Parties, and what each gets of a payment, in cents.
const DIVISIONS: [&[(&str, i64)]; 8] = [
    &[("S1", 1000)],
    &[("S1", 1000)],
    &[("S1", 900), ("-", 100)],
    &[("S1", 900), ("-", 100)],
    &[("-", 1000)],
    &[("S1", 600), ("S2", 300), ("-", 100)],
    &[("S2", 1000)],
    &[("S1", 1000), ("-", 0)],
];

/// How shares are booked and name their payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shares {
    None,
    /// One request for all shares of a payment; the payment by both ids.
    Together,
    /// A request for each share; the payment by its request id.
    Apart,
    /// The payment's ids are the shares' own.
    Own,
    /// One request for the shares of many payments.
    Batch,
    /// The payment by Antom's id alone: nothing is left out.
    ByAntom,
}

/// A payment that is whole.
fn family(at: usize, day: u8, division: &[(&'static str, i64)], shares: Shares) -> Vec<Row> {
    let total = division.iter().map(|part| part.1).sum();
    let row = |side, by, cents| Row {
        side,
        day,
        entry_type: "PAYMENT",
        request: format!("r{at}"),
        antom: format!("a{at}"),
        of: "-".to_owned(),
        cents,
        currency: "",
        by,
        more: String::new(),
    };
    let mut rows = vec![row(Side::Reported, division[0].0, total), row(Side::Booked, division[0].0, total)];
    for (number, &(by, cents)) in division.iter().enumerate() {
        rows.push(row(Side::Settled, by, cents));
        let (request, of) = match shares {
            Shares::None => continue,
            Shares::Together => (format!("q{at}"), format!("r{at}/a{at}")),
            Shares::Apart => (format!("q{at}-{number}"), format!("r{at}")),
            Shares::Own => (format!("r{at}"), "-".to_owned()),
            Shares::Batch => ("q".to_owned(), format!("r{at}/a{at}")),
            Shares::ByAntom => (format!("q{at}"), format!("/a{at}")),
        };
        let antom = if shares == Shares::Own { format!("a{at}") } else { format!("t{at}-{number}") };
        let share = row(Side::Booked, by, cents);
        rows.push(Row { entry_type: "SETTLEMENT", request, antom, of, ..share });
    }
    rows
}

/// What can be wrong with one row of a payment.
const FAULTS: [&str; 32] = [
    "amount",
    "sign",
    "zero",
    "EUR",
    "by S1",
    "by S2",
    "by S3",
    "by -",
    "FAILED",
    "PENDING",
    "CANCELLED",
    "day before",
    "day after",
    "late",
    "twice",
    "twice in another batch",
    "twice on another day",
    "gone",
    "other request",
    "other antom",
    "no request",
    "no antom",
    "no id",
    "of other",
    "of antom",
    "of other antom",
    "of itself",
    "of nothing",
    "net negative",
    "spelled otherwise",
    "unreadable",
    "other side",
];

/// What can stand beside a row: its type, and its original.
const BESIDE: [(&str, &str); 14] = [
    ("CAPTURE", "both"),
    ("CAPTURE", "request"),
    ("AUTHORIZATION", "both"),
    ("VOID", "antom"),
    ("CANCEL", "none"),
    ("CANCEL", "both"),
    ("REFUND", "both"),
    ("REFUND", "antom"),
    ("REFUND_REVERSAL", "request"),
    ("DISPUTE", "both"),
    ("DISPUTE_REVERSAL", "antom"),
    ("PAYMENT_REVERSAL", "both"),
    ("SETTLEMENT", "request"),
    ("SETTLEMENT", "antom"),
];

/// A thing that goes wrong: with which row, what, and the number of another payment.
type Fault = (Index, Result<&'static str, (&'static str, &'static str)>, usize);

/// Does something to one of the rows of payment `at`, or puts one beside it.
fn spoil(rows: &mut Vec<Row>, at: usize, (which, fault, other): &Fault) {
    let position = which.index(rows.len());
    let row = &mut rows[position];
    match *fault {
        Err(beside) => {
            let row = row_beside(row, at, beside);
            rows.push(row);
        }
        Ok("gone") => drop(rows.remove(position)),
        Ok("twice") => rows.push(rows[position].clone()),
        Ok("twice in another batch") => rows.push(Row { more: " batch=B2".to_owned(), ..rows[position].clone() }),
        Ok("twice on another day") => rows.push(Row { day: 5 - rows[position].day.min(3), ..rows[position].clone() }),
        Ok(fault) => change(row, at, fault, *other),
    }
}

fn row_beside(row: &Row, at: usize, (entry_type, original): (&'static str, &'static str)) -> Row {
    let is_outgoing = ["VOID", "CANCEL", "REFUND", "DISPUTE", "PAYMENT_REVERSAL"].contains(&entry_type);
    let of = match original {
        "both" => format!("r{at}/a{at}"),
        "request" => format!("r{at}"),
        "antom" => format!("/a{at}"),
        _ => "-".to_owned(),
    };
    // A cancel that names no original has the payment's ids.
    let (request, antom) = if original == "none" { ("r", "a") } else { ("x", "y") };
    Row {
        side: if entry_type == "SETTLEMENT" { Side::Booked } else { row.side },
        entry_type,
        request: format!("{request}{at}"),
        antom: format!("{antom}{at}"),
        of,
        cents: if is_outgoing { -row.cents } else { row.cents },
        ..row.clone()
    }
}

/// Makes cells of a row say something else.
fn change(row: &mut Row, at: usize, fault: &'static str, other: usize) {
    let nothing = || "-".to_owned();
    match fault {
        "amount" => row.cents += 25,
        "sign" => row.cents = -row.cents,
        "zero" => row.cents = 0,
        "EUR" => row.currency = "EUR",
        "unreadable" => row.currency = "USDX",
        "by S1" => row.by = "S1",
        "by S2" => row.by = "S2",
        "by S3" => row.by = "S3",
        "by -" => row.by = "-",
        "FAILED" | "PENDING" | "CANCELLED" => row.more = format!(" status={fault}"),
        "day before" => row.day = 2,
        "day after" => row.day = 4,
        "late" => row.more = " at=23:55".to_owned(),
        "other request" => row.request = format!("r{other}"),
        "other antom" => row.antom = format!("a{other}"),
        "no request" => row.request = nothing(),
        "no antom" => row.antom = nothing(),
        "no id" => (row.request, row.antom) = (nothing(), nothing()),
        "of other" => row.of = format!("r{other}/a{other}"),
        "of antom" => row.of = format!("/a{at}"),
        "of other antom" => row.of = format!("/a{other}"),
        "of itself" => row.of = format!("r{at}/a{at}"),
        "of nothing" => row.of = nothing(),
        "net negative" => row.more = " net=-1.00".to_owned(),
        "other side" => row.side = if row.side == Side::Settled { Side::Reported } else { Side::Settled },
        // The ledger's words have one spelling: there it is a row that cannot be read.
        "spelled otherwise" => row.entry_type = "Payment",
        _ => panic!("`{fault}` is no fault of a row"),
    }
}

/// Payments of two days; what is wrong with each.
#[derive(Debug, Clone)]
struct World {
    splits: bool,
    registry: bool,
    payments: Vec<Payment>,
}

#[derive(Debug, Clone)]
struct Payment {
    day: u8,
    shares: Shares,
    is_spoiled: bool,
    rows: Vec<Row>,
}

fn fault() -> impl Strategy<Value = Fault> {
    let fault = prop_oneof![2 => select(FAULTS.to_vec()).prop_map(Ok), 1 => select(BESIDE.to_vec()).prop_map(Err)];
    (any::<Index>(), fault, 0_usize..7)
}

fn world() -> impl Strategy<Value = World> {
    let shares = [Shares::Together, Shares::Apart, Shares::Own, Shares::Batch];
    let usual = prop_oneof![6 => select(shares.to_vec()), 1 => Just(Shares::ByAntom), 1 => Just(Shares::None)];
    let faults = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(fault(), 1..3)];
    let day = prop_oneof![3 => Just(3_u8), 1 => Just(2_u8)];
    let payment = (day, select(DIVISIONS.to_vec()), usual, any::<bool>(), faults);
    let payments = prop::collection::vec(payment, 1..8);
    (any::<bool>(), any::<bool>(), payments).prop_map(|(splits, registry, payments)| {
        let payments = (0..).zip(payments).map(|(at, (day, division, shares, is_booked, faults))| {
            // Without comparing shares, most ledgers have none.
            let shares = if splits || is_booked && at > 4 { shares } else { Shares::None };
            let mut rows = family(at, day, division, shares);
            for fault in &faults {
                if !rows.is_empty() {
                    spoil(&mut rows, at, fault);
                }
            }
            Payment { day, shares, is_spoiled: !faults.is_empty(), rows }
        });
        World { splits, registry, payments: payments.collect() }
    })
}

impl World {
    fn text(&self) -> CaseText {
        let splits = if self.splits { "splits on" } else { "splits off" }.to_owned();
        let registry = self.registry.then(|| "registry S1 S2 S3!".to_owned());
        let (transactions, settlements, entries) = (Vec::new(), Vec::new(), Vec::new());
        let settings = [splits].into_iter().chain(registry).collect();
        let mut case = CaseText { settings, transactions, settlements, entries };
        for row in self.payments.iter().flat_map(|payment| &payment.rows) {
            match row.side {
                Side::Reported => case.transactions.push((row.day, row.text())),
                Side::Settled => case.settlements.push((row.day, row.text())),
                Side::Booked => {
                    case.entries.push(format!("e{:03} 03-0{} {}", case.entries.len(), row.day, row.text()));
                }
            }
        }
        case
    }

    /// How many payments of a day are whole and share no id with any that is not.
    fn whole(&self, day: u8) -> usize {
        let is_plain = |payment: &Payment| {
            let is_booked = if self.splits {
                !matches!(payment.shares, Shares::None | Shares::ByAntom)
            } else {
                payment.shares == Shares::None
            };
            payment.day == day && is_booked && !payment.is_spoiled
        };
        let (mut whole, mut others): (Vec<_>, Vec<_>) = self.payments.iter().partition(|payment| is_plain(payment));
        loop {
            let asked: BTreeSet<&str> = others.iter().flat_map(|payment| &payment.rows).flat_map(Row::ids).collect();
            let is_asked = |payment: &&Payment| payment.rows.iter().flat_map(Row::ids).any(|id| asked.contains(id));
            let (touched, rest): (Vec<_>, Vec<_>) = whole.into_iter().partition(is_asked);
            whole = rest;
            if touched.is_empty() {
                return whole.len();
            }
            others.extend(touched);
        }
    }
}

/// What a run of each day leaves out.
fn left_out(case: &Case) -> Vec<usize> {
    let (reports, mut open) = (Reports::of(case), BTreeSet::new());
    let days = case.expected.iter().map(|(today, _)| {
        let day = run(case, &reports, *today, &open);
        open = day.found.iter().map(|(_, row)| row.discrepancy_id.as_str().to_owned()).collect();
        day.agreed_payments
    });
    days.collect()
}

#[test]
fn whole_payments_are_left_out_whatever_is_wrong_with_others() {
    let (plain, among_others) = (Cell::new(0), Cell::new(0));
    holds(1_000, 500, &world(), |world| {
        let case = Case::read(&world.text().text());
        let mut whole = 0;
        for (day, left_out) in (2..).zip(left_out(&case)) {
            let expected = world.whole(day);
            prop_assert!(left_out >= expected, "{left_out} of {expected} payments of 03-0{day} are left out");
            whole += expected;
        }
        let is_any_spoiled = world.payments.iter().any(|payment| payment.is_spoiled);
        let sum = if is_any_spoiled { &among_others } else { &plain };
        sum.set(sum.get() + whole);
        Ok(whole > 0 && is_any_spoiled)
    });
    assert!(plain.get() > 100 && among_others.get() > 1_000, "{plain:?} and {among_others:?} payments were whole");
}

/// A case of text, and how many payments its one run leaves out.
#[track_caller]
fn leaves_out(expected: usize, text: &str) {
    assert_eq!(left_out(&Case::read(&format!("{text}\n= 03-03"))), [expected]);
}

#[test]
fn a_payment_of_several_parties_is_left_out_with_its_shares() {
    let text = |splits: &str, shares: &str| {
        format!(
            "splits {splits}
             registry S1 S2
             T 03-03
               PAYMENT r1 a1 10.00
             S 03-03
               PAYMENT r1 a1 6.00
               PAYMENT r1 a1 3.00 by=S2
               PAYMENT r1 a1 1.00 by=-
             L
               e1 03-03 PAYMENT r1 a1 10.00
               {shares}"
        )
    };
    let share = |of: &str| {
        format!(
            "e2 03-03 SETTLEMENT {of} by=S2 to=SELLER
             e3 03-03 SETTLEMENT {of} to=MARKETPLACE
             e4 03-03 SETTLEMENT {of}"
        )
    };
    let shares = |of: &str| {
        let amounts = ["3.00", "1.00", "6.00"].into_iter();
        let rows = share(of).lines().zip(amounts).map(|(row, amount)| row.replace('*', amount)).collect::<Vec<_>>();
        rows.join("\n")
    };
    leaves_out(1, &text("on", &shares("q1 t1 * of=r1/a1")));
    leaves_out(1, &text("on", &shares("q1 - * of=r1")));
    leaves_out(1, &text("on", &shares("r1 a1 *")));
    leaves_out(0, &text("on", &shares("q1 t1 * of=/a1")));
    leaves_out(0, &text("on", &shares("- a1 *")));
    leaves_out(0, &text("on", ""));
    leaves_out(1, &text("off", ""));
    leaves_out(0, &text("off", &shares("q1 t1 * of=r1/a1")));
}

#[test]
fn a_share_belongs_to_the_payment_that_it_names_whatever_its_own_ids_are() {
    leaves_out(
        0,
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
           e3 03-03 SETTLEMENT r1 - 10.00 of=/a2
           e4 03-03 SETTLEMENT q2 - 10.00 of=r2",
    );
}
