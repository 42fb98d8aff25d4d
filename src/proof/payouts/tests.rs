#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use proptest::prelude::*;

use super::super::files_table::{World, check, shuffled};
use super::*;

fn prove(world: &World) -> PayoutProof {
    let outgoing = Outgoing::of(world.details.iter().filter(|file| file.date == world.today));
    prove_payouts(&PayoutInputs {
        today: world.today,
        due_days: world.due_days,
        calendar: &world.calendar,
        types: &world.types,
        from: world.payouts_from,
        summaries: &world.summaries,
        activity: &world.activity,
        outgoing: &outgoing,
        symbols: &world.symbols,
    })
}

/// The payouts that were found: batch, party, amount, place; `~` before one of another amount.
fn paid(world: &World, proof: &PayoutProof) -> Vec<String> {
    let mut shown = Vec::new();
    for (key, payouts) in &proof.payouts {
        for payout in payouts {
            let (batch, party) = (world.symbols.text(key.batch), world.party_text(key.merchant, key.party));
            let file = &world.names[usize::try_from(payout.place.file).unwrap()];
            let mark = if payout.exact { "" } else { "~" };
            let amount = key.currency.major(payout.amount);
            shown.push(format!("paid {batch} {party} {mark}{amount} {file}:{} {}", payout.place.line, payout.on));
        }
    }
    shown.sort();
    shown
}

/// Findings, then payouts, then remarks, then how many may still come.
fn run(world: &mut World) -> Vec<String> {
    let proof = prove(world);
    let mut shown: Vec<String> = proof.findings.iter().map(|finding| world.show(finding)).collect();
    shown.extend(paid(world, &proof));
    shown.extend(proof.remarks.iter().map(|remark| format!("~ {remark}")));
    shown.extend((proof.waiting > 0).then(|| format!("waiting {}", proof.waiting)));
    shown
}

#[test]
fn what_a_summary_pays_leaves_the_account() {
    check(
        "
        # Parties, currencies; nothing is expected of what is not positive.
        S 03-03 s
          B1 m1/S1 90.00
          B1 m0 500 cur=JPY
          B1 m2/S2 -4.00
          B2 m2/S2 0.00
        A 03-03 a
          l1 x1 m1/S1 IN 90.00
          l2 x1 m1/S1 OUT -90.00
          l3 x0 m0 OUT -500 cur=JPY
        =
        paid B1 m0 -500 a:4 2026-03-03
        paid B1 m1/S1 -90.00 a:3 2026-03-03
        ---
        # Two batches of one amount: each has its own payout, in order.
        S 03-03 s
          B2 m1/S1 90.00
          B1 m1/S1 90.00
          B3 m1/S1 90.00
        A 03-03 a
          l1 x1 m1/S1 OUT -90.00
          l2 x1 m1/S1 OUT -90.00
        =
        PAYOUT_MISSING B3 m1/S1 USD -90.00 - s:4
        paid B1 m1/S1 -90.00 a:2 2026-03-03
        paid B2 m1/S1 -90.00 a:3 2026-03-03
        ---
        # A movement that stands there twice happened once.
        S 03-03 s
          B1 m1/S1 90.00
          B2 m1/S1 90.00
        A 03-03 a
          l1 x1 m1/S1 OUT -90.00
          l1 x1 m1/S1 OUT -90.00
        =
        PAYOUT_MISSING B2 m1/S1 USD -90.00 - s:3
        paid B1 m1/S1 -90.00 a:2 2026-03-03
        ---
        # Nothing of another party, another currency or another day, and nothing that comes in.
        S 03-03 s
          B1 m1/S1 90.00
        A 03-02 a2
          l0 x1 m1/S1 OUT -90.00
        A 03-03 a
          l1 x1 m1/S2 OUT -90.00
          l2 x1 m2/S1 OUT -90.00
          l3 x1 m1/S1 OUT -9000 cur=JPY
          l4 x1 m1/S1 IN 90.00
        =
        PAYOUT_MISSING B1 m1/S1 USD -90.00 - s:2
        ---
        # Parts of a summary are paid at once, as far as any amount reaches.
        S 03-03 s0
          B1 m1/S1 60.00
          B2 m1/S1 9999999999999999.99
          B2 m1/S1 9999999999999999.99
        S 03-03 s1
          B1 m1/S1 30.00
        A 03-03 a
          l1 x1 m1/S1 OUT -90.00
        =
        PAYOUT_MISSING B2 m1/S1 USD -19999999999999999.98 - s0:3
        paid B1 m1/S1 -90.00 a:2 2026-03-03
        ",
        run,
    );
}

#[test]
fn another_amount_is_named_only_if_nothing_else_is_possible() {
    check(
        "
        # One payout, one candidate.
        S 03-03 s
          B1 m1/S1 90.00
          B2 m1/S1 50.00
        A 03-03 a
          l1 x1 m1/S1 OUT -89.00
          l2 x1 m1/S1 OUT -50.00
        =
        PAYOUT_AMOUNT B1 m1/S1 USD -90.00 -89.00 a:2
        paid B1 m1/S1 ~-89.00 a:2 2026-03-03
        paid B2 m1/S1 -50.00 a:3 2026-03-03
        ---
        # Two payouts, one candidate; one payout, two candidates.
        S 03-03 s
          B1 m1/S1 90.00
          B2 m1/S1 50.00
          B1 m2/S2 50.00
        A 03-03 a
          l1 x1 m1/S1 OUT -89.00
          l2 x2 m2/S2 OUT -51.00
          l3 x2 m2/S2 OUT -49.00
        =
        PAYOUT_MISSING B1 m1/S1 USD -90.00 - s:2
        PAYOUT_MISSING B1 m2/S2 USD -50.00 - s:4
        PAYOUT_MISSING B2 m1/S1 USD -50.00 - s:3
        ---
        # The candidate is a refund's amount, of the party; a refund of another party or amount does not matter.
        D 03-03 d
          REFUND B1 m1/S1 -9.00
          REFUND B1 m2/S2 -9.00
          PAYMENT B1 m1/S1 99.00
          DISPUTE B1 m3/S3 -8.00
        S 03-03 s
          B1 m1/S1 90.00
          B1 m3/S3 90.00
        A 03-03 a
          l1 x1 m1/S1 OUT -9.00
          l2 x3 m3/S3 OUT -9.00
        =
        PAYOUT_MISSING B1 m1/S1 USD -90.00 - s:2
        PAYOUT_AMOUNT B1 m3/S3 USD -90.00 -9.00 a:3
        paid B1 m3/S3 ~-9.00 a:3 2026-03-03
        ---
        # Words for payouts leave other movements out; a line without a word may be one.
        types PAYOUT Withdrawal
        S 03-03 s
          B1 m1/S1 90.00
          B1 m2/S2 90.00
          B1 m3/S3 90.00
        A 03-03 a
          l1 x1 m1/S1 OUT -90.00 type=REFUND
          l2 x1 m1/S1 OUT -80.00 type=payout
          l3 x2 m2/S2 OUT -90.00
          l4 x3 m3/S3 OUT -90.00 type=WITHDRAWAL
        =
        PAYOUT_AMOUNT B1 m1/S1 USD -90.00 -80.00 a:3
        paid B1 m1/S1 ~-80.00 a:3 2026-03-03
        paid B1 m2/S2 -90.00 a:4 2026-03-03
        paid B1 m3/S3 -90.00 a:5 2026-03-03
        ---
        # Lines that name their batch are for it alone.
        S 03-03 s
          B1 m1/S1 90.00
          B2 m1/S1 90.00
        A 03-03 a
          l1 x1 m1/S1 OUT -80.00 batch=B1
          l2 x1 m1/S1 OUT -90.00 batch=B2
          l3 x1 m1/S1 OUT -90.00 batch=B0
        =
        PAYOUT_AMOUNT B1 m1/S1 USD -90.00 -80.00 a:2
        paid B1 m1/S1 ~-80.00 a:2 2026-03-03
        paid B2 m1/S1 -90.00 a:3 2026-03-03
        ",
        run,
    );
}

#[test]
fn a_summary_without_parties_pays_its_total_to_the_customer() {
    check(
        "
        G 03-03 g
          B1 c1 PAYMENT 10.00
          B1 c1 TOTAL 9.00
          B1 c1 REFUND -1.00
          B2 c1 PAYMENT 4.00
          B2 c1 DEFAULT 0.50
          B3 c1 TOTAL 7.00
        A 03-03 a
          l1 x1 c1 OUT -9.00
          l2 x1 c1/S1 OUT -4.50
          l3 x1 other OUT -7.00 batch=B3
        =
        paid B1 c1 -9.00 a:2 2026-03-03
        paid B2 c1 -4.50 a:3 2026-03-03
        paid B3 c1 -7.00 a:4 2026-03-03
        ---
        # A refund of any of the customer's parties is no payout; of both kinds of summaries, the one with parties counts.
        D 03-03 d
          REFUND B1 c1/S7 -2.00
          PAYMENT B1 c1/S1 2.00
        G 03-03 g
          B1 c1 TOTAL 9.00
          B2 c1 TOTAL 6.00
        S 03-03 s
          B2 c1/S1 6.00
        A 03-03 a
          l1 x1 c1 OUT -2.00
          l2 x2 c1/S1 OUT -6.00
        =
        PAYOUT_MISSING B1 c1 USD -9.00 - g:2
        paid B2 c1/S1 -6.00 a:3 2026-03-03
        ",
        run,
    );
}

#[test]
fn a_payout_may_come_within_its_days() {
    check(
        "
        # 03-03 is a Tuesday. That of 03-02 is due, that of 03-03 may wait, that of 02-27 was due before.
        today 03-04
        due 2
        S 02-27 s0
          B0 m1/S1 10.00
        S 03-02 s2
          B1 m1/S1 20.00
          B2 m1/S1 30.00
        S 03-03 s3
          B3 m1/S1 40.00
          B4 m1/S1 50.00
        A 02-27 a0
        A 03-02 a2
        A 03-03 a3
          l1 x1 m1/S1 OUT -20.00
          l2 x1 m1/S1 OUT -40.00
        A 03-04 a4
          l3 x1 m1/S1 OUT -10.00
        =
        PAYOUT_MISSING B2 m1/S1 USD -30.00 - s2:3
        paid B0 m1/S1 -10.00 a4:2 2026-03-04
        paid B1 m1/S1 -20.00 a3:2 2026-03-03
        paid B3 m1/S1 -40.00 a3:3 2026-03-03
        waiting 1
        ---
        # A weekend does not count, and the activity of a business day that is not there may have held the payout.
        today 03-03
        due 2
        S 02-27 s0
          B0 m1/S1 10.00
        A 02-27 a0
        A 03-03 a3
        =
        ~ the payout of batch `B0`, sub-merchant `S1` (`m1`) is not proved: there is no account activity of 2026-03-02
        ---
        # Without the activity of the date nothing is proved.
        S 03-03 s
          B1 m1/S1 90.00
        =
        ~ payouts are not proved: there is no account activity of 2026-03-03
        ---
        # With nothing to pay there is nothing to prove.
        S 03-03 s
          B1 m1/S1 -90.00
        =
        ---
        # What was missing before all summaries are known takes its amount before anything is guessed, on the days of which all is
        # known. What is in time comes first, then the oldest.
        today 03-04
        due 1
        from 03-02
        S 02-25 s0
          B0 m1/S1 10.00
          B1 m1/S1 11.00
          B2 m1/S1 30.00
        S 02-26 s1
          B3 m1/S1 10.00
        S 03-03 s3
          B4 m1/S1 20.00
          B5 m1/S1 30.00
        A 03-02 a2
          l1 x1 m1/S1 OUT -11.00
        A 03-03 a3
          l2 x1 m1/S1 OUT -10.00
        A 03-04 a4
          l3 x1 m1/S1 OUT -30.00
        =
        PAYOUT_MISSING B4 m1/S1 USD -20.00 - s3:2
        paid B0 m1/S1 -10.00 a3:2 2026-03-03
        paid B5 m1/S1 -30.00 a4:2 2026-03-04
        ---
        # An earlier summary whose own activity is not there takes nothing.
        S 03-02 s2
          B0 m1/S1 10.00
        S 03-03 s3
          B1 m1/S1 11.00
        A 03-03 a3
          l1 x1 m1/S1 OUT -10.00
        =
        PAYOUT_AMOUNT B1 m1/S1 USD -11.00 -10.00 a3:2
        paid B1 m1/S1 ~-10.00 a3:2 2026-03-03
        ",
        run,
    );
}

#[test]
fn payouts_stand_in_the_batches_rows() {
    let world = World::read("S 03-03 s\nB1 m1/S1 90.00\nA 03-03 a\nl1 x1 m1/S1 OUT -90.00");
    let proof = prove(&world);
    let key = *proof.payouts.keys().next().unwrap();
    let row = |batch: Symbol| BatchRow {
        key: BatchKey { batch, ..key },
        batch: String::new(),
        merchant: String::new(),
        party: String::new(),
        all_parties: false,
        sum: crate::proof::BatchSum::default(),
        summary: None,
        payout: None,
        proved: crate::proof::Proved::Holds,
    };
    let mut rows = [row(key.batch), row(Symbol::EMPTY)];
    proof.add_to(&mut rows);
    assert_eq!(rows.map(|row| row.payout), [Some(-9_000), None]);
}

#[test]
fn explanations_name_what_there_was() {
    let world = World::read(
        "D 03-03 d
           REFUND B1 m1/S1 -2.00
         S 03-03 s
           B1 m1/S1 90.00
           B1 m2/S2 90.00
           B1 m3 90.00
         A 03-03 a rejects=1
           l1 x1 m1/S1 OUT -1.00
           l2 x1 m1/S1 OUT -2.00
           l3 x1 m1/S1 OUT -3.00
           l4 x1 m1/S1 OUT -4.00
           l5 x3 m3 OUT -89.00",
    );
    let found: Vec<String> = prove(&world).findings.into_iter().map(|finding| finding.explanation).collect();
    let tail = "1 line of the activity could not be read";
    assert_eq!(
        found,
        [
            format!(
                "batch `B1`, sub-merchant `S1` (`m1`): the summary pays 90.00 USD (`s` line 2); no movement of this amount left \
                 the party's accounts on 2026-03-03; others did: -1.00 USD (`a` line 2), -2.00 USD (`a` line 3, the amount of a \
                 settled refund, dispute or the like), -3.00 USD (`a` line 4) and 1 more; {tail}"
            ),
            format!(
                "batch `B1`, sub-merchant `S2` (`m2`): the summary pays 90.00 USD (`s` line 3); no payout left the party's \
                 accounts on 2026-03-03 that belongs to no other batch; {tail}"
            ),
            format!(
                "batch `B1`, merchant `m3`: the summary pays 90.00 USD (`s` line 4); 89.00 USD left account `x3` instead (`a` \
                 line 6), the only payout that is left on 2026-03-03; {tail}"
            ),
        ]
    );
}

/// Batches: a batch, a party, what the summary says, and what leaves the account: that, another amount, or nothing.
fn any_world() -> impl Strategy<Value = Vec<(u8, u8, i64, u8)>> {
    prop::collection::vec((0_u8..4, 0_u8..3, -3_i64..5, 0_u8..8), 1..12)
}

/// The files of a world, and how many payouts are expected of it that do not leave as they should.
fn files(batches: &[(u8, u8, i64, u8)], honest: bool) -> (Vec<(String, Vec<String>)>, usize) {
    let mut sums = BTreeMap::<(u8, u8), (i64, u8)>::new();
    for &(batch, party, net, fate) in batches {
        let sum = sums.entry((batch, party)).or_default();
        *sum = (sum.0 + net, fate);
    }
    let (mut summary, mut activity) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut wrong = 0;
    for (at, ((batch, party), (net, fate))) in sums.into_iter().enumerate() {
        summary[at % 2].push(format!("B{batch} m{party}/S{party} {net}.00"));
        activity[at % 2].push(format!("i{at} x{party} m{party}/S{party} IN 3.00"));
        if net <= 0 {
            continue;
        }
        let left = if honest || fate > 1 { format!("{net}.00") } else { "50.00".to_owned() };
        wrong += usize::from(!honest && fate <= 1);
        if honest || fate > 0 {
            activity[at % 2].push(format!("o{at} x{party} m{party}/S{party} OUT -{left}"));
        }
    }
    let ([s1, s2], [a1, a2]) = (summary, activity);
    let files = [("S 03-03 s1", s1), ("S 03-03 s2", s2), ("A 03-03 a1", a1), ("A 03-03 a2", a2)];
    (files.into_iter().map(|(header, rows)| (header.to_owned(), rows)).collect(), wrong)
}

/// What was found, without places: kinds and amounts per party, since batches of equal amounts may exchange their payouts.
fn essence(text: &str) -> Vec<String> {
    let world = World::read(text);
    let proof = prove(&world);
    let finding = |finding: &ProofFinding| world.show(&ProofFinding { place: None, ..finding.clone() });
    let mut shown: Vec<String> = proof.findings.iter().map(finding).collect();
    for (key, payouts) in &proof.payouts {
        let text = KeyText::of(key, &world.symbols);
        shown.extend(payouts.iter().map(|payout| format!("{text:?} {} {}", payout.amount, payout.exact)));
    }
    shown.sort();
    shown
}

/// What is paid gives no finding, what is not gives one each, and no order of files or lines decides anything.
#[test]
fn what_is_paid_is_silent_in_any_order() {
    let (paid, wrong_ones) = (Cell::new(0), Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    runner
        .run(&(any_world(), prop::collection::vec(any::<u32>(), 40)), |(batches, choices)| {
            let (honest, _) = files(&batches, true);
            let proof = prove(&World::read(&shuffled("", &honest, &choices)));
            prop_assert!(proof.findings.is_empty(), "{:?}", proof.findings);
            paid.set(paid.get() + proof.payouts.len());
            let (faulty, wrong) = files(&batches, false);
            let straight = essence(&shuffled("", &faulty, &[0]));
            prop_assert_eq!(&straight, &essence(&shuffled("", &faulty, &choices)));
            prop_assert_eq!(straight.iter().filter(|line| line.starts_with("PAYOUT")).count(), wrong);
            wrong_ones.set(wrong_ones.get() + wrong);
            Ok(())
        })
        .unwrap();
    assert!(paid.get() > 500, "only {} payouts were found", paid.get());
    assert!(wrong_ones.get() > 150, "only {} payouts were wrong", wrong_ones.get());
}
