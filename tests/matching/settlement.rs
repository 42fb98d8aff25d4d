//! Rule 4, and points of detail 8 and 9: has it been settled, on time, once, for the amount that was reported.

use super::check;

#[test]
fn a_line_waits_for_business_days_and_is_then_overdue() {
    check(
        "due 2
         holidays 03-09
         T 03-05                             # a Thursday
           PAYMENT r1 a1 10.00
         L
           e1 03-05 PAYMENT r1 a1 10.00
         = 03-05
           wait report PAYMENT r1/a1 due 03-10 settlement
           T 1: 1 in transit
           L 1: 1 matched
         = 03-10
           wait report PAYMENT r1/a1 due 03-10 settlement on 03-05
           T 1: 1 in transit
         = 03-11
           NOT_SETTLED settlement PAYMENT r1/a1 10.00|- SUCCESS|- e1 T0305:2 on 03-05
           T 1: 1 discrepancies
         = 03-12
           NOT_SETTLED settlement PAYMENT r1/a1 10.00|- SUCCESS|- e1 T0305:2 on 03-05
           T 1: 1 discrepancies",
    );
}

#[test]
fn a_late_settlement_closes_the_overdue_line() {
    check(
        "due 1
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-06
           PAYMENT r1 a1 10.00 at=03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-05
           NOT_SETTLED settlement PAYMENT r1/a1 10.00|- SUCCESS|- e1 T0303:2 on 03-03
           T 1: 1 discrepancies
         = 03-06
           T 1: 1 matched
           S 1: 1 matched
         = 03-07",
    );
}

#[test]
fn only_what_moves_money_is_expected_to_settle() {
    check(
        "due 0
         T 03-03
           AUTHORIZATION r1 a1 10.00
           VOID r1 v1 -10.00 of=/a1
           PAYMENT r2 a2 10.00
           REFUND f2 b2 -1.00 of=/a2
           PAYMENT_REVERSAL r3 a3 -5.00 of=/a2
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 VOID - v1 -10.00 of=/a1
           e3 03-03 PAYMENT r2 a2 10.00
           e4 03-03 REFUND f2 b2 -1.00 of=/a2
           e5 03-03 PAYMENT_REVERSAL r3 a3 -5.00 of=/a2
         = 03-03
           wait report PAYMENT r2/a2 due 03-03 settlement
           wait report REFUND f2/b2 due 03-03 settlement
           wait report PAYMENT_REVERSAL r3/a3 due 03-03 settlement
           T 5: 2 matched, 3 in transit
           L 5: 5 matched",
    );
}

#[test]
fn a_captured_card_payment_settles_by_its_captures() {
    check(
        "due 0
         T 03-03
           PAYMENT r1 a1 10.00
           CAPTURE r1 c1 10.00 of=/a1
           PAYMENT r2 a2 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 10.00 of=r1/a1
           e3 03-03 PAYMENT r2 a2 10.00
         = 03-03
           wait report CAPTURE r1/c1 due 03-03 settlement
           wait report PAYMENT r2/a2 due 03-03 settlement
           T 3: 1 matched, 2 in transit
           L 3: 3 matched
         = 03-04
           NOT_SETTLED settlement CAPTURE q1/c1 10.00|- SUCCESS|- e2 T0303:3 on 03-03
           NOT_SETTLED settlement PAYMENT r2/a2 10.00|- SUCCESS|- e3 T0303:4 on 03-03
           T 2: 2 discrepancies",
    );
}

#[test]
fn a_payment_leaves_transit_when_it_is_captured() {
    check(
        "due 2
         T 03-03
           PAYMENT r1 a1 10.00
         T 03-05
           CAPTURE r1 c1 10.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-05 CAPTURE q1 c1 10.00 of=r1/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-05 settlement
           T 1: 1 in transit
           L 1: 1 matched
         = 03-05
           wait report CAPTURE r1/c1 due 03-09 settlement
           T 2: 1 matched, 1 in transit
           L 1: 1 matched
         = 03-06
           wait report CAPTURE r1/c1 due 03-09 settlement on 03-05
           T 1: 1 in transit",
    );
}

#[test]
fn another_amount_or_currency_in_settlement() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         S 03-03
           PAYMENT r1 a1 9.00
           PAYMENT r2 a2 10.00EUR
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
         = 03-03
           AMOUNT_MISMATCH settlement PAYMENT r1/a1 10.00|9.00 SUCCESS|SUCCESS e1 S0303:2
           CURRENCY_MISMATCH settlement PAYMENT r2/a2 10.00|10.00EUR SUCCESS|SUCCESS e2 S0303:3
           T 2: 2 discrepancies
           S 2: 2 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn one_movement_may_have_a_discrepancy_in_each_stage() {
    check(
        "T 03-03
           PAYMENT r1 a1 9.00
         S 03-03
           PAYMENT r1 a1 8.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           AMOUNT_MISMATCH transactions PAYMENT r1/a1 10.00|9.00 SUCCESS|SUCCESS e1 T0303:2
           AMOUNT_MISMATCH settlement PAYMENT r1/a1 9.00|8.00 SUCCESS|SUCCESS e1 S0303:2
           T 1: 1 discrepancies
           S 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn settled_in_two_batches_is_settled_twice_and_twice_in_one_batch_a_duplicate() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         S 03-03
           PAYMENT r1 a1 10.00 batch=B1
           PAYMENT r1 a1 10.00 batch=B2
           PAYMENT r2 a2 10.00 batch=B1
           PAYMENT r2 a2 10.00 batch=B1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
         = 03-03
           SETTLED_TWICE settlement PAYMENT r1/a1 -|10.00 -|SUCCESS S0303:3
           DUPLICATE_IN_REPORT settlement PAYMENT r2/a2 -|10.00 -|SUCCESS S0303:5
           T 2: 2 matched
           S 4: 2 matched, 2 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn settled_again_on_a_later_day() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-04
           PAYMENT r1 a1 10.00 batch=B1 at=03-03
         S 03-05
           PAYMENT r1 a1 10.00 batch=B2 at=03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-04
           T 1: 1 matched
           S 1: 1 matched
         = 03-05
           SETTLED_TWICE settlement PAYMENT r1/a1 -|10.00 -|SUCCESS S0305:2 on 03-03
           S 1: 1 discrepancies",
    );
}

#[test]
fn settled_and_never_reported() {
    check(
        "T 03-03
         S 03-03
           PAYMENT r1 a1 10.00
         = 03-03
           SETTLED_NOT_REPORTED settlement PAYMENT r1/a1 -|10.00 -|SUCCESS S0303:2
           S 1: 1 discrepancies",
    );
}

#[test]
fn settled_and_booked_but_never_reported_is_one_discrepancy() {
    check(
        "T 03-03
         S 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           SETTLED_NOT_REPORTED settlement PAYMENT r1/a1 10.00|10.00 SUCCESS|SUCCESS e1 S0303:2
           S 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn settled_and_never_reported_names_what_else_differs() {
    check(
        "T 03-03
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r2 a2 10.00
           PAYMENT r3 a3 10.00EUR
           PAYMENT r4 a4 9.00 by=S1
           PAYMENT r4 a4 1.00 by=-
           CANCEL r5 a5 0.00
           DISPUTE - d6 -1.00 of=/a4
           REFUND f7 b7 -5.00 of=/a7 by=S2
         L
           e1 03-03 PAYMENT r1 a1 10.00 by=S2
           e2 03-03 PAYMENT r2 a2 10.00 status=FAILED
           e3 03-03 PAYMENT r3 a3 11.00
           e4 03-03 PAYMENT r4 a4 10.00 by=S1
           e5 03-03 CANCEL r5 a5 -10.00
           e6 03-03 DISPUTE - d6 -1.00 of=r4/a4 by=S9
           e7 03-03 REFUND f7 b7 -5.00 of=r7/a7
           e8 03-03 PAYMENT r5 a5 10.00 status=CANCELLED
         = 03-03
           SETTLED_NOT_REPORTED settlement PAYMENT r1/a1 10.00|9.00 SUCCESS|SUCCESS e1 S0303:2 also AMOUNT_MISMATCH SUB_MERCHANT_MISMATCH
           SETTLED_NOT_REPORTED settlement PAYMENT r2/a2 10.00|10.00 FAILED|SUCCESS e2 S0303:3 also STATUS_MISMATCH
           SETTLED_NOT_REPORTED settlement PAYMENT r3/a3 11.00|10.00EUR SUCCESS|SUCCESS e3 S0303:4 also CURRENCY_MISMATCH
           SETTLED_NOT_REPORTED settlement PAYMENT r4/a4 10.00|10.00 SUCCESS|SUCCESS e4 S0303:5
           SETTLED_NOT_REPORTED settlement CANCEL r5/a5 -10.00|0.00 SUCCESS|SUCCESS e5 S0303:7
           SETTLED_NOT_REPORTED settlement DISPUTE -/d6 -1.00|-1.00 SUCCESS|SUCCESS e6 S0303:8 also SUB_MERCHANT_MISMATCH
           SETTLED_NOT_REPORTED settlement REFUND f7/b7 -5.00|-5.00 SUCCESS|SUCCESS e7 S0303:9 by S2 also ORPHAN_REVERSAL SUB_MERCHANT_MISMATCH
           S 8: 8 discrepancies
           L 8: 7 discrepancies, 1 excluded",
    );
}

#[test]
fn an_earlier_report_within_the_lookback_counts_and_one_beyond_it_does_not() {
    for (lookback, expected) in [
        (2, "T 1: 1 matched\nS 1: 1 matched"),
        (1, "SETTLED_NOT_REPORTED settlement PAYMENT r1/a1 -|10.00 -|SUCCESS S0305:2 on 03-03\nS 1: 1 discrepancies"),
    ] {
        check(&format!(
            "lookback {lookback}
             T 03-03
               PAYMENT r1 a1 10.00
             T 03-05
             S 03-05
               PAYMENT r1 a1 10.00 at=03-03
             L
               e1 {} PAYMENT r1 a1 10.00
             = 03-05
               {expected}",
            // Beyond the lookback lies its entry as well.
            if lookback == 2 { "03-03" } else { "02-20" },
        ));
    }
}

#[test]
fn shares_of_one_payment_are_no_duplicates_and_add_up() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r1 a1 1.00 by=-
           PAYMENT r2 a2 9.00 by=S1
           PAYMENT r2 a2 2.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
         = 03-03
           AMOUNT_MISMATCH settlement PAYMENT r2/a2 10.00|11.00 SUCCESS|SUCCESS e2 S0303:4
           T 2: 1 matched, 1 discrepancies
           S 4: 2 matched, 2 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn corrections_that_the_ledger_does_not_book_are_proved_by_totals() {
    check(
        "T 03-03
         S 03-03
           SETTLEMENT_FEE - x1 - net=-1.00
           ADJUSTMENT_FEE - x2 - net=-2.00
           RESERVE_WITHHOLDING - x3 - net=-3.00
           RESERVE_RELEASED - x4 - net=3.00
           COLLATERAL_WITHHELD - x5 - net=-4.00
           COLLATERAL_RELEASE - x6 - net=4.00
         = 03-03
           S 6: 6 excluded",
    );
}

#[test]
fn corrections_must_be_booked_if_the_ledger_is_said_to_book_them() {
    check(
        "adjustments ledger
         T 03-03
         S 03-03
           SETTLEMENT_FEE - x1 - net=-1.00
           RESERVE - x3 - net=-3.00
         L
           e1 03-03 FEE - x1 -1.00
         = 03-03
           UNEXPLAINED_ADJUSTMENT proof RESERVE -/x3 -|-3.00 -|SUCCESS S0303:3
           S 2: 1 matched, 1 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn a_booked_correction_is_compared_by_antom_id_with_the_settlement_amount() {
    check(
        "T 03-03
         S 03-03
           SETTLEMENT_FEE - x1 - net=-1.00
           ADJUSTMENT_FEE - x2 - net=-2.00
           COLLATERAL_WITHHOLDING - x3 - net=-3.00EUR
         L
           e1 03-03 FEE - x1 -1.00
           e2 03-03 ADJUSTMENT - x2 -2.50
           e3 03-03 COLLATERAL - x3 -3.00
         = 03-03
           AMOUNT_MISMATCH settlement ADJUSTMENT -/x2 -2.50|-2.00 SUCCESS|SUCCESS e2 S0303:3
           CURRENCY_MISMATCH settlement COLLATERAL -/x3 -3.00|-3.00EUR SUCCESS|SUCCESS e3 S0303:4
           S 3: 1 matched, 2 discrepancies
           L 3: 1 matched, 2 discrepancies",
    );
}

#[test]
fn a_booked_correction_must_be_its_sub_merchants() {
    check(
        "T 03-03
         S 03-03
           RESERVE - x1 - net=-1.00 by=S1
           SETTLEMENT_FEE - x2 - net=-2.00 by=S1
           SETTLEMENT_FEE - x3 - net=-3.00 by=-
           SETTLEMENT_FEE - x4 - net=-4.00 by=-
           RESERVE - x5 - net=-5.00 by=S1
         L
           e1 03-03 RESERVE - x1 -1.00 by=S9
           e2 03-03 FEE - x2 -2.00 by=-
           e3 03-03 FEE - x3 -3.00 by=S1
           e4 03-03 FEE - x4 -4.00 by=-
           e5 03-03 RESERVE - x5 -5.50 by=S9 status=PENDING
         = 03-03
           SUB_MERCHANT_MISMATCH settlement RESERVE -/x1 -1.00|-1.00 SUCCESS|SUCCESS e1 S0303:2
           SUB_MERCHANT_MISMATCH settlement FEE -/x2 -2.00|-2.00 SUCCESS|SUCCESS e2 S0303:3
           SUB_MERCHANT_MISMATCH settlement FEE -/x3 -3.00|-3.00 SUCCESS|SUCCESS e3 S0303:4
           AMOUNT_MISMATCH settlement RESERVE -/x5 -5.50|-5.00 PENDING|SUCCESS e5 S0303:6 also STATUS_MISMATCH SUB_MERCHANT_MISMATCH
           S 5: 1 matched, 4 discrepancies
           L 5: 1 matched, 4 discrepancies",
    );
}

#[test]
fn a_bounced_refund_must_come_back_to_its_sub_merchant() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL f1 b1 1.00 of=/a1 by=S1
           REFUND_REVERSAL f2 b2 2.00 of=/a1 by=-
           REFUND_REVERSAL f3 b3 3.00 of=/a1 by=-
           REFUND_REVERSAL f4 b4 4.00 of=/a1 by=S1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f1 - 1.00 of=r1/a1 by=S9
           e3 03-03 REFUND_REVERSAL f2 - 2.00 of=r1/a1 by=S1
           e4 03-03 REFUND_REVERSAL f3 - 3.00 of=r1/a1 by=S1 from=MARKETPLACE
           e5 03-03 REFUND_REVERSAL f4 - 4.00 of=r1/a1 by=S1
         = 03-03
           SUB_MERCHANT_MISMATCH settlement REFUND_REVERSAL f1/b1 1.00|1.00 SUCCESS|SUCCESS e2 S0303:3
           SUB_MERCHANT_MISMATCH settlement REFUND_REVERSAL f2/b2 2.00|2.00 SUCCESS|SUCCESS e3 S0303:4
           T 1: 1 matched
           S 5: 3 matched, 2 discrepancies
           L 5: 3 matched, 2 discrepancies",
    );
}

#[test]
fn a_booked_correction_waits_for_its_line() {
    check(
        "due 1
         T 03-03
         L
           e1 03-03 FEE - x1 -1.00
         = 03-03
           wait ledger FEE -/x1 due 03-04 settlement
           L 1: 1 in transit
         = 03-05
           NOT_SETTLED settlement FEE -/x1 -1.00|- SUCCESS|- e1 on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_line_of_today_for_a_payment_from_before_the_window_is_told() {
    check(
        "window 02-01
         S 03-03
           PAYMENT r1 a1 10.00 at=01-05
         = 03-03
           SETTLED_NOT_REPORTED settlement PAYMENT r1/a1 -|10.00 -|SUCCESS S0303:2 on 01-05
           S 1: 1 discrepancies",
    );
}
