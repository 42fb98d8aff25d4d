#![allow(clippy::unwrap_used)]

use std::cell::Cell;

use proptest::prelude::*;

use super::super::files_table::{World, check, shown, shown_places, shuffled};
use super::*;

/// The proof of a world, and where the lines of activity and balances ended.
fn prove(world: &mut World) -> (BalanceProof, Vec<String>) {
    let (today, yesterday) = (world.today, world.today.minus_days(1));
    let all =
        std::mem::take(&mut world.balances).into_iter().filter(|file| file.date == today || file.date == yesterday);
    let (balances, before): (Vec<_>, Vec<_>) = all.partition(|file| file.date == today);
    let activity: Vec<_> = std::mem::take(&mut world.activity).into_iter().filter(|file| file.date == today).collect();
    let logs = &world.logs;
    let proof = prove_balances(&BalanceInputs {
        today,
        before: &before,
        last_before: world.last_before,
        activity: &activity,
        balances: &balances,
        incomplete: &world.incomplete,
        symbols: &world.symbols,
        log_id: &|place| logs[&place].clone(),
    });
    let mut places = shown_places(&activity, &proof.activity);
    places.extend(shown_places(&balances, &proof.balances));
    (proof, places)
}

/// Findings, then where the lines ended, then remarks.
fn run(world: &mut World) -> Vec<String> {
    let (proof, places) = prove(world);
    let mut shown: Vec<String> = proof.findings.iter().map(|finding| world.show(finding)).collect();
    shown.extend(places);
    shown.extend(proof.remarks.iter().map(|remark| format!("~ {remark}")));
    shown
}

/// Account, party, currency, opening, in, out, expected, reported, difference.
fn rows(world: &mut World) -> Vec<String> {
    let row = |row: &AccountRow| {
        let amount = |amount| shown(amount, row.currency);
        let amounts = [row.opening, row.money_in, row.money_out, row.expected, row.reported, row.difference];
        let amounts: Vec<String> = amounts.into_iter().map(amount).collect();
        format!("{} {}/{} {} {}", row.account, row.merchant, row.party, row.currency, amounts.join(" "))
    };
    prove(world).0.rows.iter().map(row).collect()
}

#[test]
fn yesterday_and_what_moved_make_today() {
    check(
        "
        # Two currencies of one account number are two accounts.
        B 03-02 b2
          a1 m1/S1 10.00
          a1 m1/S1 500 cur=JPY
          a2 m0 7.00
        A 03-03 a
          l1 a1 m1/S1 IN 90.00
          l2 a1 m1/S1 OUT -80.00
          l3 a1 m1/S1 OUT -100 cur=JPY
        B 03-03 b3
          a1 m1/S1 20.00
          a1 m1/S1 400 cur=JPY
          a2 m0 7.00
        =
        @ a +++
        @ b3 +++
        ---
        # Too much, too little, and one that nothing moved.
        B 03-02 b2
          a1 m1/S1 10.00
          a2 m1/S1 10.00
          a3 m1/S1 10.00
        A 03-03 a
          l1 a1 m1/S1 IN 9999999999999999.99
          l2 a2 m1/S1 OUT -3.00
        B 03-03 b3
          a1 m1/S1 10.00
          a2 m1/S1 7.00
          a3 m1/S1 9.99
        =
        BALANCE_ROLL a1 m1/S1 USD 10000000000000009.99 10.00 b3:2
        BALANCE_ROLL a3 m1/S1 USD 10.00 9.99 b3:4
        @ a !+
        @ b3 !+!
        ---
        # New accounts begin with nothing, and what vanishes must have nothing.
        B 03-02 b2
          a1 m1/S1 10.00
          a2 m1/S1 0.00
          a3 m1/S1 5.00
        A 03-03 a
          l1 n1 m1/S1 IN 1.00
          l2 n2 m1/S1 IN 1.00
          l3 n3 m1/S1 IN 1.00
          l4 a3 m1/S1 OUT -5.00
        B 03-03 b3
          n1 m1/S1 1.00
          n2 m1/S1 2.00
          n4 m1/S1 0.00
        =
        BALANCE_ROLL a1 m1/S1 USD 10.00 - b2:2
        BALANCE_ROLL n2 m1/S1 USD 1.00 2.00 b3:3
        BALANCE_ROLL n3 m1/S1 USD 1.00 - a:4
        @ a +!!+
        @ b3 +!+
        ---
        # A negative movement in is added as written.
        B 03-02 b2
          a1 m1/S1 10.00
        A 03-03 a
          l1 a1 m1/S1 IN -4.00
        B 03-03 b3
          a1 m1/S1 6.00
        =
        @ a +
        @ b3 +
        ~ 1 line of direction `IN` with a negative amount, the first at `a` line 2: added as written
        ",
        run,
    );
}

#[test]
fn without_a_report_nothing_is_proved() {
    check(
        "
        last 03-01
        B 03-01 b1
          a1 m1/S1 10.00
        A 03-03 a
          l1 a1 m1/S1 IN 1.00
          l1 a1 m1/S1 IN 1.00
        B 03-03 b3
          a1 m1/S1 11.00
        =
        DUPLICATE_IN_REPORT l1 m1/S1 USD - 1.00 a:3 2
        @ a ?!
        @ b3 ?
        ~ balances of 2026-03-03 are not proved: there is no daily ending balance of 2026-03-02; the last one before is that of 2026-03-01
        ---
        A 03-02 a2
          l1 a1 m1/S1 IN 1.00
        =
        ~ balances of 2026-03-03 are not proved: there is no daily ending balance of 2026-03-02; there is none before it either; there is no account activity of 2026-03-03; there is no daily ending balance of 2026-03-03
        ---
        # Reports without lines are reports.
        B 03-02 b2
        A 03-03 a
        B 03-03 b3
          a1 m1/S1 1.00
        =
        BALANCE_ROLL a1 m1/S1 USD 0.00 1.00 b3:2
        @ a
        @ b3 !
        ",
        |world| run(world).into_iter().map(|line| line.trim().to_owned()).collect(),
    );
}

#[test]
fn a_movement_counts_once() {
    check(
        "
        # The first is that of the lowest name and line, whatever order the files come in.
        B 03-02 b2
          a1 m1/S1 10.00
          a2 m1/S1 0.00
        A 03-03 z
          l1 a1 m1/S1 IN 1.00
          l2 a2 m1/S1 IN 5.00
        A 03-03 a
          l1 a1 m1/S1 IN 1.00
          l3 a1 m1/S1 IN 1.00
          l1 a1 m1/S1 IN 2.00
        B 03-03 b3
          a1 m1/S1 12.00
          a2 m1/S1 5.00
        =
        DUPLICATE_IN_REPORT l1 m1/S1 USD - 2.00 a:4 2
        DUPLICATE_IN_REPORT l1 m1/S1 USD - 1.00 z:2 3
        @ z !+
        @ a ++!
        @ b3 ++
        ",
        run,
    );
}

#[test]
fn balances_that_contradict_themselves() {
    check(
        "
        # Twice the same, and twice another; the second time the right balance comes first.
        B 03-02 b2
          a1 m1/S1 10.00
          a1 m1/S1 10.00
          a2 m1/S1 10.00
          a3 m1/S1 10.00
          a3 m1/S1 11.00
        A 03-03 a
          l1 a3 m1/S1 IN 1.00
        B 03-03 b3
          a1 m1/S1 10.00
          a1 m1/S1 10.00
          a1 m1/S1 10.00
          a2 m1/S1 10.00
          a2 m1/S1 12.00
          a3 m1/S1 11.00
        =
        DUPLICATE_IN_REPORT a1 m1/S1 USD - 10.00 b3:3 balance 2
        DUPLICATE_IN_REPORT a1 m1/S1 USD - 10.00 b3:4 balance 3
        BALANCE_ROLL a2 m1/S1 USD 10.00 12.00 b3:6
        @ a ?
        @ b3 +!!!!?
        ~ accounts whose balance is in doubt are not proved: 1 (`a3`)
        ---
        # A line of another date is not used.
        B 03-02 b2
          a1 m1/S1 10.00
          a2 m1/S1 10.00 on=03-01
          a3 m1/S1 1.00
        A 03-03 a
        B 03-03 b3
          a1 m1/S1 10.00 on=02-03
          a2 m1/S1 10.00
          a3 m1/S1 1.00
        =
        @ a
        @ b3 ??+
        ~ the daily ending balance of 2026-03-02 has 1 line of another date, the first at `b2` line 3 with `accountDate` 2026-03-01: not used
        ~ the daily ending balance of 2026-03-03 has 1 line of another date, the first at `b3` line 2 with `accountDate` 2026-02-03: not used
        ~ accounts whose balance is in doubt are not proved: 2 (`a1`, `a2`)
        ---
        # A report that is stamped with the day after, as a whole.
        B 03-02 b2
          a1 m1/S1 10.00 on=03-03
        A 03-03 a
        B 03-03 b3
          a1 m1/S1 11.00 on=03-04
        =
        BALANCE_ROLL a1 m1/S1 USD 10.00 11.00 b3:2
        @ a
        @ b3 !
        ~ every line of the daily ending balance of 2026-03-02 has `accountDate` 2026-03-03: read as balances of 2026-03-02
        ~ every line of the daily ending balance of 2026-03-03 has `accountDate` 2026-03-04: read as balances of 2026-03-03
        ---
        # A report of another week is none.
        B 03-02 b2
          a1 m1/S1 10.00
        A 03-03 a
        B 03-03 b3
          a1 m1/S1 10.00 on=02-24
        =
        @ a
        @ b3 ?
        ~ the daily ending balance of 2026-03-03 has 1 line of another date, the first at `b3` line 2 with `accountDate` 2026-02-24: not used
        ~ accounts whose balance is in doubt are not proved: 1 (`a1`)
        ",
        |world| run(world).into_iter().map(|line| line.trim().to_owned()).collect(),
    );
}

#[test]
fn rows_show_the_arithmetic() {
    check(
        "
        B 03-02 b2
          a2 m1/S1 10.00
          a9 m0 1.00
        A 03-03 a
          l1 a2 m1/S1 IN 5.00
          l2 a2 m1/S1 OUT -7.00
          l3 a1 m2/S2 IN 300 cur=JPY
        B 03-03 b3
          a2 m1/S1 8.50
          a1 m2/S2 300 cur=JPY
        =
        a9 m0/ USD 1.00 0.00 0.00 1.00 - -1.00
        a2 m1/S1 USD 10.00 5.00 -7.00 8.00 8.50 0.50
        a1 m2/S2 JPY 0 300 0 300 300 0
        ---
        A 03-03 a
          l2 a2 m1/S1 OUT -7.00
        B 03-03 b3
          a2 m1/S1 8.50
        =
        a2 m1/S1 USD - 0.00 -7.00 - 8.50 -
        ---
        # What moved is not known without activity, and not zero.
        B 03-02 b2
          a2 m1/S1 10.00
        B 03-03 b3
          a2 m1/S1 8.50
        =
        a2 m1/S1 USD 10.00 - - - 8.50 -
        ",
        rows,
    );
}

#[test]
fn explanations_say_where_to_look() {
    let mut world = World::read(
        "incomplete accountActivity_20260303
         B 03-02 b2
           a1 m1/S1 10.00
         A 03-03 a rejects=2
           l1 a1 m1/S1 IN 5.00
           l1 a1 m1/S1 IN 6.00
           l2 a1 m1/S1 OUT -1.00
           l3 n1 m0 IN 1.00
         B 03-03 b3 rejects=1
           a1 m1/S1 15.00
           a1 m1/S1 16.00",
    );
    let proof = prove(&mut world).0;
    // The line that could not be read may be that of `n1`.
    assert!(proof.remarks.iter().any(|remark| remark.contains("`n1`")), "{:?}", proof.remarks);
    let found: Vec<String> = proof.findings.into_iter().map(|finding| finding.explanation).collect();
    let tail = "2 lines of the activity could not be read; 1 line of the balance report could not be read; a part of a report \
                is missing: `accountActivity_20260303`";
    assert_eq!(
        found,
        [
            "movement `l1` of account `a1` stands in the activity again; the first is `a` line 2; it is added once; the first \
             says 5.00 USD of account `a1`, this line 6.00 USD"
                .to_owned(),
            format!(
                "account `a1` of sub-merchant `S1` (`m1`): 10.00 USD at the end of 2026-03-02 (`b2` line 2), 5.00 USD in and \
                 -1.00 USD out in 2 lines, the first at `a` line 2, so that 14.00 USD was expected; the balance report \
                 contradicts itself: 15.00 USD (`b3` line 2) and 16.00 USD (`b3` line 3); a difference of 1.00 USD; 1 line of \
                 repeated movements were not added; {tail}"
            ),
        ]
    );
}

#[test]
fn sums_go_beyond_64_bits() {
    let moves: Vec<String> = (0..20).map(|at| format!("l{at} a1 m1 IN 9999999999999999.99")).collect();
    let mut world = World::read(&format!("B 03-02 b2\nA 03-03 a\n{}\nB 03-03 b3\na1 m1 1.00", moves.join("\n")));
    assert_eq!(run(&mut world)[0], "BALANCE_ROLL a1 m1 USD 199999999999999999.80 1.00 b3:2");
}

/// Accounts with an opening balance or none, and movements: account and amount.
fn any_world() -> impl Strategy<Value = (Vec<Option<i64>>, Vec<(usize, i64)>)> {
    let openings = prop::collection::vec(prop::option::weighted(0.8, -200_i64..1_000), 4);
    (openings, prop::collection::vec((0_usize..4, -500_i64..900), 0..16))
}

/// The files of a world whose balances are right, but for that of one account, and whose first `again` movements stand twice.
fn files(
    (openings, moves): &(Vec<Option<i64>>, Vec<(usize, i64)>),
    wrong: i64,
    again: usize,
) -> Vec<(String, Vec<String>)> {
    let major = |amount: i64| Currency::parse(b"USD").unwrap().major(amount.into()).to_string();
    let mut closing: Vec<i64> = openings.iter().map(|opening| opening.unwrap_or_default()).collect();
    let mut activity = [Vec::new(), Vec::new()];
    for (at, &(account, amount)) in moves.iter().enumerate() {
        closing[account] += amount;
        let direction = if amount < 0 { "OUT" } else { "IN" };
        let row = format!("l{at} a{account} m{account} {direction} {}", major(amount));
        activity[at % 2].push(row.clone());
        if at < again {
            activity[1].push(row);
        }
    }
    closing[1] += wrong;
    let balance = |(account, amount): (usize, i64)| format!("a{account} m{account} {}", major(amount));
    let before = openings.iter().enumerate().filter_map(|(account, opening)| Some(balance((account, (*opening)?))));
    let [first, second] = activity;
    vec![
        ("B 03-02 b2".to_owned(), before.collect()),
        ("A 03-03 a1".to_owned(), first),
        ("A 03-03 a2".to_owned(), second),
        ("B 03-03 b3".to_owned(), closing.into_iter().enumerate().map(balance).collect()),
    ]
}

/// What was found, without places.
fn essence(text: &str) -> (Vec<String>, Vec<AccountRow>) {
    let mut world = World::read(text);
    let (proof, _) = prove(&mut world);
    let finding = |finding: &ProofFinding| world.show(&ProofFinding { place: None, ..finding.clone() });
    let mut findings: Vec<String> = proof.findings.iter().map(finding).collect();
    // Repeated movements stand in the order of their places.
    findings.sort();
    (findings, proof.rows)
}

/// Balances that roll give no finding, one that does not gives one, and no order of files or lines decides anything.
#[test]
fn what_rolls_is_silent_in_any_order() {
    let (moved, repeated) = (Cell::new(0), Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let strategy = (any_world(), 1_i64..500, 0_usize..3, prop::collection::vec(any::<u32>(), 40));
    runner
        .run(&strategy, |(world, wrong, again, choices)| {
            let (proof, places) = prove(&mut World::read(&shuffled("", &files(&world, 0, 0), &choices)));
            prop_assert!(proof.findings.is_empty(), "{:?}", proof.findings);
            prop_assert!(places.iter().all(|place| !place.contains(['?', '!'])));
            moved.set(
                moved.get()
                    + proof.rows.iter().filter(|row| (row.money_in, row.money_out) != (Some(0), Some(0))).count(),
            );
            let wrong_files = files(&world, wrong, again);
            let straight = essence(&shuffled("", &wrong_files, &[0]));
            prop_assert_eq!(&straight, &essence(&shuffled("", &wrong_files, &choices)));
            let rolls = straight.0.iter().filter(|line| line.starts_with("BALANCE_ROLL"));
            prop_assert_eq!(rolls.count(), 1);
            prop_assert_eq!(straight.0.len(), 1 + again.min(world.1.len()));
            repeated.set(repeated.get() + straight.0.len() - 1);
            Ok(())
        })
        .unwrap();
    assert!(moved.get() > 400, "only {} accounts moved", moved.get());
    assert!(repeated.get() > 150, "only {} movements were repeated", repeated.get());
}
