//! Fees, reserves and corrections that the ledger books: several lines, later days, other amounts.

use super::case::Case;
use super::check;
use super::run::{Reports, run};

#[test]
fn a_correction_of_several_lines_is_compared_as_a_whole() {
    check(
        "T 03-03
         S 03-03
           COLLATERAL_WITHHOLDING - x1 - net=-1.00
           COLLATERAL_WITHHOLDING - x1 - net=-2.00 by=S2
           COLLATERAL_WITHHOLDING - x2 - net=-1.00
           COLLATERAL_WITHHOLDING - x2 - net=-2.00 by=S2
         L
           e1 03-03 COLLATERAL - x1 -4.00
           e2 03-03 COLLATERAL - x2 -3.00
         = 03-03
           AMOUNT_MISMATCH settlement COLLATERAL -/x1 -4.00|-3.00 SUCCESS|SUCCESS e1 S0303:2
           S 4: 2 matched, 2 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn a_correction_that_is_not_booked_shows_what_was_charged() {
    check(
        "adjustments ledger
         T 03-03
         S 03-03
           SETTLEMENT_FEE - x1 -1.00 net=-0.50EUR
         = 03-03
           UNEXPLAINED_ADJUSTMENT proof FEE -/x1 -|-0.50EUR -|SUCCESS S0303:2
           S 1: 1 discrepancies",
    );
}

#[test]
fn a_correction_is_the_same_by_antoms_id_whatever_it_was_asked_for_with() {
    check(
        "T 03-03
         S 03-03
           SETTLEMENT_FEE s1 x1 - net=-1.00
         L
           e1 03-03 FEE q1 x1 -1.00
         = 03-03
           S 1: 1 matched
           L 1: 1 matched",
    );
}

#[test]
fn corrections_of_days_that_no_run_listed_are_not_found_later() {
    check(
        "adjustments ledger
         T 03-03
         S 03-03
           SETTLEMENT_FEE - x1 - net=-1.00
           RESERVE - x2 - net=-2.00
         T 03-04
         L
           e2 03-03 RESERVE - x2 -5.00
         = 03-04",
    );
}

#[test]
fn an_overdue_correction_says_when_its_window_ended() {
    let case = Case::read(
        "due 1
         T 03-03
         L
           e1 03-03 FEE - x1 -1.00
         = 03-05
           none",
    );
    let day = run(&case, &Reports::of(&case), case.expected[0].0, &Default::default());
    let [(_, row)] = &day.found[..] else { panic!("{} found", day.found.len()) };
    assert!(row.explanation.contains("the window ended on 2026-03-04"), "{}", row.explanation);
}
