#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use proptest::prelude::*;

use super::super::files_table::{World, check, shown_places, shuffled};
use super::*;

/// Findings, then where the lines ended, then remarks.
fn run(world: &mut World) -> Vec<String> {
    let result = control_totals(&world.summaries, &world.symbols);
    let mut shown: Vec<String> = result.findings.iter().map(|finding| world.show(finding)).collect();
    shown.extend(shown_places(&world.summaries, &result.places));
    shown.extend(result.remarks.iter().map(|remark| format!("~ {remark}")));
    shown
}

#[test]
fn a_total_is_the_sum_of_the_other_rows() {
    check(
        "
        # The first sample of Antom's page, TOTAL first.
        G 03-03 g
          B1 c1 TOTAL 7.25 count=2 total=-0.25
          B1 c1 PAYMENT 14.50 count=1 total=-0.50
          B1 c1 REFUND -7.25 count=1 total=0.25
        =
        @ g +++
        ---
        # TOTAL in the middle, a correction behind it that counts in amount and in lines; parties apart.
        G 03-03 g
          B1 c1 CAPTURE 96 count=1 total=-4 cur=JPY
          B1 c1 TOTAL 91 count=2 total=-9 cur=JPY
          B1 c1 DEFAULT -5 count=1 total=-5 cur=JPY
          B1 c2 PAYMENT 5 cur=JPY
          B1 c2 TOTAL 5 cur=JPY
        =
        @ g +++++
        ---
        # Two parts with a total each, of which one is wrong.
        G 03-03 g0
          B1 c1 PAYMENT 10.00
          B1 c1 TOTAL 10.00
        G 03-03 g1
          B1 c1 TOTAL 3.00
          B1 c1 PAYMENT 4.00
        =
        CONTROL_TOTAL B1 c1 USD 14.00 13.00 g0:3
        @ g0 !!
        @ g1 !!
        ---
        # The marketplace's summary has no totals.
        S 03-03 s
          B1 m1/S1 10.00
        =
        @ s ?
        ",
        run,
    );
}

#[test]
fn what_a_total_states_otherwise_is_said_once() {
    check(
        "
        # The amount goes before fees and count.
        G 03-03 g
          B1 c1 PAYMENT 10.00 count=1 total=-1.00
          B1 c1 TOTAL 12.00 count=3 total=-2.00
        =
        CONTROL_TOTAL B1 c1 USD 10.00 12.00 g:3
        @ g !!
        ---
        # A fee, in its own currency, goes before the count.
        G 03-03 g
          B1 c1 PAYMENT 10.00 count=1 tax=-100/JPY
          B1 c1 TOTAL 10.00 count=3 tax=-90/JPY
        =
        CONTROL_TOTAL B1 c1 JPY -100 -90 g:3 USD tax
        @ g !!
        ---
        # The same fee in two currencies: the first that differs.
        G 03-03 g
          B1 c1 PAYMENT 10.00 tax=-1.00/SGD
          B1 c1 TOTAL 10.00 tax=-1.00/HKD
        =
        CONTROL_TOTAL B1 c1 HKD 0.00 -1.00 g:3 USD tax
        @ g !!
        ---
        # A count has no amounts.
        G 03-03 g
          B1 c1 TOTAL 10.00 count=2
          B1 c1 PAYMENT 10.00 count=1
        =
        CONTROL_TOTAL B1 c1 USD - - g:2 USD count
        @ g !!
        ---
        # What is not stated is not judged.
        G 03-03 g
          B1 c1 TOTAL 10.00
          B1 c1 PAYMENT 10.00 count=1 tax=-1.00
        G 03-03 h
          B2 c1 PAYMENT 10.00
        =
        @ g ++
        @ h ?
        ~ `g` line 2: the `TOTAL` of batch `B1`, customer `c1`, all parties states no fee `tax`, though its rows do
        ~ the summary's own total of batch `B2`, customer `c1`, all parties is not proved: it has no row `TOTAL`
        ---
        # A total without rows, and totals beyond 64 bits.
        G 03-03 g
          B1 c1 TOTAL 1.00
        G 03-03 h
          B2 c1 TOTAL 9999999999999999.99
        =
        CONTROL_TOTAL B1 c1 USD 0.00 1.00 g:2
        CONTROL_TOTAL B2 c1 USD 0.00 9999999999999999.99 h:2
        @ g !
        @ h !
        ",
        run,
    );
}

#[test]
fn sums_go_beyond_64_bits() {
    let rows = "B1 c1 PAYMENT 9999999999999999.99\n".repeat(20);
    let total = "B1 c1 TOTAL 9999999999999999.99\n".repeat(19);
    let mut world = World::read(&format!("G 03-03 g\n{rows}{total}"));
    assert_eq!(run(&mut world)[0], "CONTROL_TOTAL B1 c1 USD 199999999999999999.80 189999999999999999.81 g:22");
}

#[test]
fn the_explanation_names_everything_that_differs() {
    let world = World::read(
        "G 03-03 g
           B1 c1 PAYMENT 10.00 count=1 total=-1.00
           B1 c1 DEFAULT 1.00 count=1
           B1 c1 TOTAL 12.00 count=3 total=-2.00",
    );
    let result = control_totals(&world.summaries, &world.symbols);
    assert_eq!(
        result.findings[0].explanation,
        "the `TOTAL` of batch `B1`, customer `c1`, all parties (`g` line 4) is not the sum of 2 other rows: settlement amount: \
         `TOTAL` 12.00 USD, the other rows 11.00 USD; also fee `total`: `TOTAL` -2.00 USD, the other rows -1.00 USD; also \
         number of lines: `TOTAL` 3, the other rows 2"
    );
}

/// Rows of types: batch, settlement amount, number of lines, fee, and in which part they stand.
fn any_rows() -> impl Strategy<Value = Vec<(u8, i64, u64, i64, bool)>> {
    prop::collection::vec((0_u8..3, -900_i64..900, 0_u64..50, -90_i64..20, any::<bool>()), 1..14)
}

/// The files of summaries whose totals are right, but for the given deviations of the first.
fn files(rows: &[(u8, i64, u64, i64, bool)], wrong: (i64, u64, i64)) -> Vec<(String, Vec<String>)> {
    let major = |amount: i64| Currency::parse(b"USD").unwrap().major(amount.into()).to_string();
    let row = |batch: u8, word: &str, net: i64, count: u64, fee: i64| {
        format!("B{batch} c1 {word} {} count={count} total={}", major(net), major(fee))
    };
    let mut totals = BTreeMap::<u8, (i64, u64, i64)>::new();
    let mut parts = [Vec::new(), Vec::new()];
    for (at, &(batch, net, count, fee, second)) in rows.iter().enumerate() {
        let total = totals.entry(batch).or_default();
        *total = (total.0 + net, total.1 + count, total.2 + fee);
        let word = ["PAYMENT", "REFUND", "DEFAULT"][at % 3];
        parts[usize::from(second)].push(row(batch, word, net, count, fee));
    }
    for (at, (batch, (net, count, fee))) in totals.into_iter().enumerate() {
        let wrong = if at == 0 { wrong } else { (0, 0, 0) };
        parts[at % 2].push(row(batch, "TOTAL", net + wrong.0, count + wrong.1, fee + wrong.2));
    }
    let [first, second] = parts;
    vec![("G 03-03 g1".to_owned(), first), ("G 03-03 g2".to_owned(), second)]
}

/// Totals that are right give no finding, wherever they stand; one that is wrong in any way gives one.
#[test]
fn right_totals_are_silent_in_any_order() {
    let held = Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let wrong =
        prop_oneof![(1_i64..9, 0_u64..2, 0_i64..2), (Just(0), 1_u64..9, 0_i64..2), (Just(0), 0_u64..2, 1_i64..9)];
    runner
        .run(&(any_rows(), wrong, prop::collection::vec(any::<u32>(), 30)), |(rows, wrong, choices)| {
            let world = World::read(&shuffled("", &files(&rows, (0, 0, 0)), &choices));
            let result = control_totals(&world.summaries, &world.symbols);
            prop_assert!(result.findings.is_empty(), "{:?}", result.findings);
            prop_assert!(result.places.iter().flatten().all(|&place| place == Proved::Holds));
            held.set(held.get() + result.places.iter().flatten().count());
            let essence = |choices: &[u32]| {
                let world = World::read(&shuffled("", &files(&rows, wrong), choices));
                let findings = control_totals(&world.summaries, &world.symbols).findings;
                let shown = |finding: ProofFinding| world.show(&ProofFinding { place: None, ..finding });
                findings.into_iter().map(shown).collect::<Vec<_>>()
            };
            prop_assert_eq!(essence(&[0]), essence(&choices));
            prop_assert_eq!(essence(&[0]).len(), 1);
            Ok(())
        })
        .unwrap();
    assert!(held.get() > 1_500, "only {} rows were judged", held.get());
}
