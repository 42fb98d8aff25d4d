#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use proptest::prelude::*;

use super::super::files_table::{World, check, divide, shown, shown_places, shuffled};
use super::super::sums_of_lines;
use super::*;

/// The proof of a world, and the names of the date's summaries with the places of their lines.
fn prove(world: &mut World) -> (BatchProof, Vec<String>) {
    let today = world.today;
    let [summaries, earlier_summaries] = divide(std::mem::take(&mut world.summaries), today);
    let of_day = |of_today: bool| world.details.iter().filter(move |file| (file.date == today) == of_today);
    let sums = |of_today: bool| sums_of_lines(of_day(of_today).flat_map(|file| &file.parsed.lines));
    let (details, earlier_details) = (sums(true), sums(false));
    let names = &world.names;
    let proof = prove_batches(&BatchInputs {
        details: &details,
        earlier_details: &earlier_details,
        summaries: &summaries,
        earlier_summaries: &earlier_summaries,
        merchant_per_party: world.merchant_per_party,
        incomplete: &world.incomplete,
        rejected: &world.unread,
        file_name: &|file| names[usize::try_from(file).unwrap()].clone(),
        symbols: &world.symbols,
    });
    let places = shown_places(&summaries, &proof.places);
    (proof, places)
}

/// Findings, then where the summaries' lines ended, then remarks.
fn run(world: &mut World) -> Vec<String> {
    let (proof, places) = prove(world);
    let mut shown: Vec<String> = proof.findings.iter().map(|finding| world.show(finding)).collect();
    shown.extend(places);
    shown.extend(proof.remarks.iter().map(|remark| format!("~ {remark}")));
    shown
}

/// The rows: batch, party, currency, lines, gross, fees, other, net, summary, difference.
fn rows(world: &mut World) -> Vec<String> {
    let row = |row: &BatchRow| {
        let amount = |amount| shown(amount, row.key.currency);
        let sum = &row.sum;
        let party = if row.party.is_empty() { row.merchant.clone() } else { format!("{}/{}", row.merchant, row.party) };
        let scope = if row.all_parties { " all" } else { "" };
        format!(
            "{} {party} {} {} {} {} {} {} {} {} {:?}{scope}",
            row.batch,
            row.key.currency,
            sum.lines,
            amount(Some(sum.gross())),
            amount(Some(sum.fees())),
            amount(Some(sum.other())),
            amount(Some(sum.net)),
            amount(row.summary),
            amount(row.difference()),
            row.proved
        )
    };
    prove(world).0.rows.iter().map(row).collect()
}

fn explanations(text: &str) -> Vec<String> {
    prove(&mut World::read(text)).0.findings.into_iter().map(|finding| finding.explanation).collect()
}

#[test]
fn details_and_summary_agree_per_batch_party_and_currency() {
    check(
        "
        # Everything counts: fees, reserves, corrections, unknown types. Two batches in one file, two currencies.
        D 03-03 d
          PAYMENT B1 m1/S1 90.00 fee=-1.00
          SETTLEMENT_FEE B1 m1/S1 -0.50
          RESERVE B1 m1/S1 -9.00
          COMMISSION B1 m1/S1 -1.00
          PAYMENT B1 m0 9.00
          PAYMENT B1 m0 500 cur=JPY
          PAYMENT B2 m1/S1 1.00
        S 03-03 s
          B1 m1/S1 79.50
          B2 m1/S1 1.00
          B1 m0 9.00
          B1 m0 500 cur=JPY
        =
        @ s ++++
        ---
        # Amounts and parties that disagree; the others hold.
        D 03-03 d
          PAYMENT B1 m1/S1 90.00
          PAYMENT B1 m2/S2 5.00
          PAYMENT B1 m3/S3 7.00
          PAYMENT B2 m1/S1 9999999999999999.99
        S 03-03 s
          B1 m1/S1 80.00
          B1 m2/S2 5.00
          B1 m4/S4 7.00
          B2 m1/S1 9999999999999999.98
          B3 m1/S1 -1.00
        =
        BATCH_TOTAL B1 m1/S1 USD 90.00 80.00 s:2
        BATCH_TOTAL B1 m3/S3 USD 7.00 - d:4
        BATCH_TOTAL B1 m4/S4 USD - 7.00 s:4
        BATCH_TOTAL B2 m1/S1 USD 9999999999999999.99 9999999999999999.98 s:5
        BATCH_TOTAL B3 m1/S1 USD - -1.00 s:6
        @ s !+!!!
        ---
        # Nothing against nothing is nothing: a net of zero, and the batch of a day without transactions.
        D 03-03 d
          PAYMENT B1 m1/S1 5.00
          REFUND B1 m1/S1 -5.00
        S 03-03 s
          0000000000000000000 m1 0.00
          B2 m1 0.00
        =
        @ s ++
        ---
        # Parts of a summary add up; without one of them the sum does not hold.
        D 03-03 d
          PAYMENT B1 m1/S1 8.00
          PAYMENT B2 m1/S1 8.00
        S 03-03 s0
          B1 m1/S1 5.00
          B2 m1/S1 5.00
        S 03-03 s1
          B1 m1/S1 3.00
        =
        BATCH_TOTAL B2 m1/S1 USD 8.00 5.00 s0:3
        @ s0 +!
        @ s1 +
        ",
        run,
    );
}

#[test]
fn a_summary_without_parties_is_compared_over_all() {
    check(
        "
        D 03-03 d
          PAYMENT B1 c1/S1 10.00
          REFUND B1 c1/S2 -2.00
          PAYMENT B1 c1 1.00
          PAYMENT B2 c1/S1 4.00
          PAYMENT B4 c1/S1 1.00
          PAYMENT B4 c1/S2 1.00
        G 03-03 g
          B1 c1 PAYMENT 11.00
          B1 c1 TOTAL 9.00
          B1 c1 REFUND -3.00          # not compared: the total is
          B2 c1 PAYMENT 4.00
          B2 c1 DEFAULT 0.50
          B3 c1 TOTAL 2.00
        =
        BATCH_TOTAL B2 c1 USD 4.00 4.50 g:5
        BATCH_TOTAL B3 c1 USD - 2.00 g:7
        BATCH_TOTAL B4 c1 USD 2.00 - d:6
        @ g +++!!!
        ---
        # No types and no parties.
        D 03-03 d
          PAYMENT B1 c1/S1 10.00
        G 03-03 g
          B1 c1 - 10.00
        =
        @ g +
        ---
        # Both kinds of summaries: both are compared.
        D 03-03 d
          PAYMENT B1 m1/S1 10.00
          PAYMENT B1 m1/S2 10.00
        S 03-03 a
          B1 m1/S1 10.00
          B1 m1/S2 10.00
        G 03-03 b
          B1 m1 TOTAL 21.00
        =
        BATCH_TOTAL B1 m1 USD 20.00 21.00 b:2 all parties
        @ a ++
        @ b !
        ",
        run,
    );
}

#[test]
fn a_customers_summary_is_about_all_merchants() {
    check(
        "
        merchant_per_party
        D 03-03 d
          PAYMENT B1 m1/S1 10.00
          PAYMENT B1 m0 1.00
          PAYMENT B2 m1/S1 10.00
          PAYMENT B2 m0 1.00
          PAYMENT B3 m1/S1 5.00
        G 03-03 g
          B1 m0 TOTAL 11.00
          B2 m0 TOTAL 1.00
          B2 m1 TOTAL 9.00
          B3 m0 TOTAL 6.00
        =
        BATCH_TOTAL B2 m1 USD 10.00 9.00 g:4
        BATCH_TOTAL B3 m0 USD 5.00 6.00 g:5
        @ g ++!!
        ---
        # The customer's own lines otherwise.
        D 03-03 d
          PAYMENT B1 c1/S1 10.00
        G 03-03 g
          B1 c2 TOTAL 10.00
        =
        BATCH_TOTAL B1 c1 USD 10.00 - d:2
        BATCH_TOTAL B1 c2 USD - 10.00 g:2
        @ g !
        ",
        run,
    );
}

#[test]
fn a_batch_closes_when_the_other_side_comes() {
    check(
        "
        # The summary a day after its details, and details a day after their summary.
        today 03-04
        D 03-03 d3
          PAYMENT B1 m1/S1 10.00
          PAYMENT B0 m1/S1 10.00
        S 03-03 s3
          B2 m1/S1 4.00
        D 03-04 d4
          PAYMENT B2 m1/S1 4.00
        S 03-04 s4
          B1 m1/S1 10.00
        =
        @ s4 +
        ---
        # Details of two days.
        today 03-04
        D 03-03 d3
          PAYMENT B1 m1/S1 10.00
        D 03-04 d4
          PAYMENT B1 m1/S1 1.00
        S 03-04 s4
          B1 m1/S1 10.00
        =
        BATCH_TOTAL B1 m1/S1 USD 11.00 10.00 s4:2
        @ s4 !
        ---
        # A day without a summary judges nothing but what an earlier summary said.
        today 03-04
        S 03-03 s3
          B2 m1/S1 4.00
        D 03-04 d4
          PAYMENT B1 m1/S1 4.00
          PAYMENT B2 m1/S1 5.00
        =
        BATCH_TOTAL B2 m1/S1 USD 5.00 4.00 s3:2
        ~ batch `B1` is not proved against a settlement summary: the date has none
        ---
        # An empty summary is a summary.
        D 03-03 d
          PAYMENT B1 m1/S1 4.00
        S 03-03 s
        =
        BATCH_TOTAL B1 m1/S1 USD 4.00 - d:2
        @ s
        ",
        |world| run(world).into_iter().map(|line| line.trim().to_owned()).collect(),
    );
}

#[test]
fn rows_show_both_sides() {
    check(
        "
        today 03-04
        D 03-03 d3
          PAYMENT B1 m1/S1 1.00
        D 03-04 d
          PAYMENT B1 m1/S1 90.00 fee=-1.00
          SETTLEMENT_FEE B1 m1/S1 -0.50
          RESERVE B1 m1/S1 -9.00
          PAYMENT A9 m1/S1 1.00
          PAYMENT A9 m1/S2 1.00
        S 03-04 s
          B1 m1/S1 80.00
          C1 m1/S1 2.00
          0000 m1 0.00
        G 03-04 g
          A9 m1 TOTAL 2.00
        =
        A9 m1 USD 2 2.00 0.00 0.00 2.00 2.00 0.00 Holds all
        B1 m1/S1 USD 4 92.00 -1.50 -9.00 81.50 80.00 -1.50 Fails
        C1 m1/S1 USD 0 0.00 0.00 0.00 0.00 2.00 2.00 Fails
        ---
        D 03-03 d
          PAYMENT B1 m1/S1 1.00
        =
        B1 m1/S1 USD 1 1.00 0.00 0.00 1.00 - - NotRun
        ",
        rows,
    );
}

#[test]
fn lines_count_by_what_they_are() {
    let world = World::read(
        "D 03-03 d
           PAYMENT B1 m1/S1 9.00 fee=-1.00
           REFUND B1 m1/S1 -3.00 fee=0.25
           SETTLEMENT_FEE B1 m1/S1 -0.50
           ADJUSTMENT_FEE B1 m1/S1 -0.30
           DEFAULT B1 m1/S1 0.10
           RESERVE B1 m1/S1 -2.00
           RESERVE_RELEASE B1 m1/S1 1.00
           COLLATERAL_WITHHELD B1 m1/S1 -4.00
           COLLATERAL_RELEASED B1 m1/S1 3.00
           COMMISSION B1 m1/S1 -0.01
           PAYMENT B2 m1/S1 100.00",
    );
    let wanted = world.symbols.intern(b"B1");
    let all = world.details.iter().flat_map(|file| &file.parsed.lines);
    let mut sums = sums_of_lines(all.filter(|line| line.batch == wanted));
    let (_, sum) = sums.pop_first().unwrap();
    assert!(sums.is_empty());
    use crate::movement::EntryType::{Payment, Refund};
    use crate::report::FeeKind::{SettlementFee, Total};
    assert_eq!(sum.gross, BTreeMap::from([(Payment, 1_000), (Refund, -325)]));
    assert_eq!(sum.fees, BTreeMap::from([(Total, -75), (SettlementFee, -50)]));
    assert_eq!((sum.corrections, sum.unknown), (-20, -1));
    assert_eq!((sum.reserve_taken, sum.reserve_given), (-200, 100));
    assert_eq!((sum.collateral_taken, sum.collateral_given), (-400, 300));
    assert_eq!((sum.lines, sum.net), (10, 329));
    assert_eq!(sum.net, sum.gross() + sum.fees() + sum.other());
    assert_eq!(sum.types.values().map(|of_type| of_type.net).sum::<i128>(), sum.net);
    // Twice the same lines are twice the sums, wherever the first stands.
    let mut twice = sum.clone();
    twice.merge(&sum);
    assert_eq!((twice.lines, twice.net, twice.other()), (20, 658, 2 * sum.other()));
    assert_eq!((twice.gross(), twice.fees(), twice.first), (2 * sum.gross(), 2 * sum.fees(), sum.first));
}

#[test]
fn explanations_say_where_to_look() {
    let found = explanations(
        "incomplete settlementItems_USD_B1
         incomplete settlementItems_USD_B2
         unread B1 2
         D 03-03 d
           PAYMENT B1 m1/S1 90.00
           PAYMENT B1 m1/S1 1.00
           PAYMENT B1 m2/S2 5.00
           PAYMENT B2 m3 5.00
         S 03-03 s rejects=1/B1
           B1 m1/S1 80.00
           B1 m0 16.00
           B2 m3 4.00",
    );
    let tail = "over all parties the batch agrees: look for amounts under another party; a part of the settlement details is \
                missing: `settlementItems_USD_B1`; of this batch 2 lines of the settlement details and 1 line of the summary \
                could not be read";
    assert_eq!(
        found,
        [
            format!(
                "batch `B1`, merchant `m0`: the summary says 16.00 USD (`s` line 3), the settlement details have no line for \
                 this party and currency; {tail}"
            ),
            format!(
                "batch `B1`, sub-merchant `S1` (`m1`): the settlement details come to 91.00 USD in 2 lines, the first at `d` \
                 line 2, the summary says 80.00 USD (`s` line 2), a difference of -11.00 USD; {tail}"
            ),
            // The row of `S2` may be the one that could not be read.
            "batch `B2`, merchant `m3`: the settlement details come to 5.00 USD in 1 line, the first at `d` line 5, the \
             summary says 4.00 USD (`s` line 4), a difference of -1.00 USD; a part of the settlement details is missing: \
             `settlementItems_USD_B2`"
                .to_owned(),
        ]
    );
    let found = explanations(
        "D 03-03 d
           PAYMENT B1 c1/S1 10.00
           REFUND B1 c1/S1 -2.00
           CANCEL B1 c1/S1 0.00
         G 03-03 g
           B1 c1 Payment 10.00 count=1
           B1 c1 REFUND -3.00 count=2
           B1 c1 TOTAL 7.00 count=3",
    );
    assert_eq!(
        found,
        [
            "batch `B1`, customer `c1`, all parties: the settlement details come to 8.00 USD in 3 lines, the first at `d` line 2, \
          the summary says 7.00 USD (`g` line 4), a difference of -1.00 USD; types that differ: `CANCEL`: details 0.00 USD in \
          1 line, summary 0.00 USD in 0, `REFUND`: details -2.00 USD in 1 line, summary -3.00 USD in 2"
        ]
    );
}

/// Lines of details: batch, party, whether a day earlier, settlement amount; and whether summaries name parties.
type AnyWorld = (Vec<(u8, u8, bool, i64)>, bool, bool);

fn any_world() -> impl Strategy<Value = AnyWorld> {
    let line = (0_u8..3, 0_u8..3, prop::bool::weighted(0.2), -500_i64..1_000);
    (prop::collection::vec(line, 1..14), any::<bool>(), prop::bool::weighted(0.3))
}

fn major(amount: i64) -> String {
    Currency::parse(b"USD").unwrap().major(amount.into()).to_string()
}

/// The files of a world whose summary is what its details come to, but for `wrong` on its first row.
fn files((lines, names_party, in_parts): &AnyWorld, wrong: i64) -> Vec<(String, Vec<String>)> {
    let mut files = vec![("D 03-02 d2".to_owned(), Vec::new()), ("D 03-03 d3".to_owned(), Vec::new())];
    let mut sums = BTreeMap::<(u8, u8), i64>::new();
    for &(batch, party, earlier, net) in lines {
        files[usize::from(!earlier)].1.push(format!("PAYMENT B{batch} c1/S{party} {}", major(net)));
        *sums.entry((batch, if *names_party { party } else { 0 })).or_default() += net;
    }
    *sums.values_mut().next().unwrap() += wrong;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for ((batch, party), sum) in sums {
        let words = if *names_party { format!("B{batch} c1/S{party}") } else { format!("B{batch} c1 TOTAL") };
        let part = if *in_parts { 100 } else { 0 };
        first.push(format!("{words} {}", major(sum - part)));
        if *in_parts {
            second.push(format!("{words} {}", major(part)));
        }
    }
    let layout = if *names_party { "S" } else { "G" };
    files.push((format!("{layout} 03-03 s1"), first));
    files.push((format!("{layout} 03-03 s2"), second));
    files
}

/// What was found, without places.
fn essence(text: &str) -> Vec<String> {
    let mut world = World::read(text);
    let (proof, _) = prove(&mut world);
    let finding = |finding: &ProofFinding| world.show(&ProofFinding { place: None, ..finding.clone() });
    let row =
        |row: &BatchRow| format!("{} {} {} {:?} {:?}", row.batch, row.party, row.sum.net, row.summary, row.proved);
    proof.findings.iter().map(finding).chain(proof.rows.iter().map(row)).chain(proof.remarks).collect()
}

/// What agrees gives no finding, what is changed gives one, and no order of files or lines decides anything.
#[test]
fn what_agrees_is_silent_in_any_order() {
    let judged = Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let strategy = (any_world(), 1_i64..500, prop::collection::vec(any::<u32>(), 30));
    runner
        .run(&strategy, |(world, wrong, choices)| {
            let (proof, _) = prove(&mut World::read(&shuffled("", &files(&world, 0), &choices)));
            prop_assert!(proof.findings.is_empty(), "{:?}", proof.findings);
            judged.set(judged.get() + proof.rows.iter().filter(|row| row.proved == Proved::Holds).count());
            let wrong_files = files(&world, wrong);
            let straight = essence(&shuffled("", &wrong_files, &[0]));
            prop_assert_eq!(&straight, &essence(&shuffled("", &wrong_files, &choices)));
            prop_assert_eq!(straight.iter().filter(|line| line.starts_with("BATCH_TOTAL")).count(), 1);
            Ok(())
        })
        .unwrap();
    assert!(judged.get() > 600, "only {} batches and parties were judged", judged.get());
}
