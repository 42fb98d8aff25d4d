use super::super::files_table::{World, check, shown_places};
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
