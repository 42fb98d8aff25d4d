//! Rule 6 and point of detail 10: originals, and parts that exceed their whole.

use super::check;

#[test]
fn a_reversal_whose_original_is_nowhere_is_an_orphan_said_once() {
    check(
        "T 03-03
           REFUND f1 b1 -2.00 of=/a9
         S 03-03
           REFUND f1 b1 -2.00 of=/a9
         L
           e1 03-03 REFUND f1 b1 -2.00 of=r9/a9
         = 03-03
           ORPHAN_REVERSAL transactions REFUND f1/b1 -2.00|-2.00 SUCCESS|SUCCESS e1 T0303:2
           T 1: 1 discrepancies
           S 1: 1 matched
           L 1: 1 discrepancies",
    );
}

#[test]
fn every_kind_of_reversal_can_be_an_orphan() {
    check(
        "T 03-03
           CAPTURE - c1 2.00 of=/a1
           CANCEL r2 a2 -2.00
           DISPUTE - d3 -2.00 of=/a3
         S 03-03
           REFUND_REVERSAL f4 x4 2.00 of=/a4
         L
           e1 03-03 CAPTURE q1 c1 2.00 of=r1/a1
           e2 03-03 CANCEL r2 a2 -2.00 of=r2/a2
           e3 03-03 DISPUTE - d3 -2.00 of=r3/a3
           e4 03-03 REFUND_REVERSAL f4 - 2.00 of=r4/a4
         = 03-03
           ORPHAN_REVERSAL transactions CAPTURE q1/c1 2.00|2.00 SUCCESS|SUCCESS e1 T0303:2
           ORPHAN_REVERSAL transactions CANCEL r2/a2 -2.00|-2.00 SUCCESS|SUCCESS e2 T0303:3
           ORPHAN_REVERSAL transactions DISPUTE -/d3 -2.00|-2.00 SUCCESS|SUCCESS e3 T0303:4
           ORPHAN_REVERSAL settlement REFUND_REVERSAL f4/x4 2.00|2.00 SUCCESS|SUCCESS e4 S0303:2
           T 3: 3 discrepancies
           S 1: 1 discrepancies
           L 4: 4 discrepancies",
    );
}

#[test]
fn an_original_on_either_side_or_an_earlier_day_is_enough() {
    check(
        "T 03-02
           PAYMENT r1 a1 10.00
         T 03-03
           REFUND f1 b1 -2.00 of=/a1
           REFUND f2 b2 -2.00 of=/a2
         L
           e1 03-03 REFUND f1 b1 -2.00
           e2 03-03 REFUND f2 b2 -2.00 of=r2/a2
           e3 02-20 PAYMENT r2 a2 10.00
         = 03-03
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0302:2 on 03-02
           wait report REFUND f1/b1 due 03-12 settlement
           wait report REFUND f2/b2 due 03-12 settlement
           T 3: 2 in transit, 1 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn refunds_over_their_payment_are_said_on_the_one_that_goes_over() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -6.00 of=/a1
           REFUND f2 b2 -5.00 of=/a1
           REFUND f3 b3 -1.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -6.00 of=r1/a1
           e3 03-03 REFUND f2 b2 -5.00 of=r1/a1
           e4 03-03 REFUND f3 b3 -1.00 of=r1/a1
         = 03-03
           REFUND_EXCEEDS_PAYMENT transactions REFUND f2/b2 -10.00|-11.00 SUCCESS|SUCCESS e3 T0303:4
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report REFUND f1/b1 due 03-12 settlement
           wait report REFUND f3/b3 due 03-12 settlement
           T 4: 3 in transit, 1 discrepancies
           L 4: 3 matched, 1 discrepancies",
    );
}

#[test]
fn refunds_of_exactly_the_payment_are_fine() {
    check(
        "T 03-02
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -6.00 of=/a1
         T 03-03
           REFUND f2 b2 -4.00 of=/a1
         S 03-03
           PAYMENT r1 a1 10.00 at=03-02
           REFUND f1 b1 -6.00 of=/a1 at=03-02
           REFUND f2 b2 -4.00 of=/a1 at=03-03
         L
           e1 03-02 PAYMENT r1 a1 10.00
           e2 03-02 REFUND f1 b1 -6.00 of=r1/a1
           e3 03-03 REFUND f2 b2 -4.00 of=r1/a1
         = 03-03
           T 3: 3 matched
           S 3: 3 matched
           L 1: 1 matched",
    );
}

#[test]
fn a_bounced_refund_makes_room_for_another() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -6.00 of=/a1
           REFUND f2 b2 -6.00 of=/a1
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -6.00 of=/a1
           REFUND f2 b2 -6.00 of=/a1
           REFUND_REVERSAL f1 x1 6.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -6.00 of=r1/a1
           e3 03-03 REFUND f2 b2 -6.00 of=r1/a1
           e4 03-03 REFUND_REVERSAL f1 - 6.00 of=r1/a1
         = 03-03
           T 3: 3 matched
           S 4: 4 matched
           L 4: 4 matched",
    );
}

#[test]
fn captures_over_their_authorisation_are_said_on_the_one_that_goes_over() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE r1 c1 6.00 of=/a1
           CAPTURE r1 c2 6.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 6.00 of=r1/a1
           e3 03-03 CAPTURE q2 c2 6.00 of=r1/a1
         = 03-03
           CAPTURE_EXCEEDS_AUTHORIZATION transactions CAPTURE q2/c2 10.00|12.00 SUCCESS|SUCCESS e3 T0303:4
           wait report CAPTURE r1/c1 due 03-12 settlement
           T 3: 1 matched, 1 in transit, 1 discrepancies
           L 3: 2 matched, 1 discrepancies",
    );
}

#[test]
fn an_incremental_authorisation_raises_the_limit_of_captures() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           INCREMENTAL r2 a2 2.00 of=/a1
           CAPTURE r1 c1 6.00 of=/a1
           CAPTURE r1 c2 6.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 AUTHORIZATION r2 a2 2.00 of=r1/a1
           e3 03-03 CAPTURE q1 c1 6.00 of=r1/a1
           e4 03-03 CAPTURE q2 c2 6.00 of=r1/a1
         = 03-03
           wait report CAPTURE r1/c1 due 03-12 settlement
           wait report CAPTURE r1/c2 due 03-12 settlement
           T 4: 2 matched, 2 in transit
           L 4: 4 matched",
    );
}

#[test]
fn refunds_of_a_captured_authorisation_are_limited_by_its_captures() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE r1 c1 6.00 of=/a1
           REFUND f1 b1 -7.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 6.00 of=r1/a1
           e3 03-03 REFUND f1 b1 -7.00 of=r1/a1
         = 03-03
           REFUND_EXCEEDS_PAYMENT transactions REFUND f1/b1 -6.00|-7.00 SUCCESS|SUCCESS e3 T0303:4
           wait report CAPTURE r1/c1 due 03-12 settlement
           T 3: 1 matched, 1 in transit, 1 discrepancies
           L 3: 2 matched, 1 discrepancies",
    );
}

#[test]
fn an_amount_mismatch_ranks_before_an_exceeded_limit_and_keeps_its_own_amounts() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -11.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -10.00 of=r1/a1
         = 03-03
           AMOUNT_MISMATCH transactions REFUND f1/b1 -10.00|-11.00 SUCCESS|SUCCESS e2 T0303:3 \
           also REFUND_EXCEEDS_PAYMENT
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn a_cancel_that_names_nothing_is_of_the_payment_with_its_ids() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           CANCEL r1 a1 -10.00
           CANCEL r2 a2 -5.00
           CANCEL - - -1.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 CANCEL r1 a1 -10.00
           e3 03-03 CANCEL r2 a2 -5.00
         = 03-03
           ORPHAN_REVERSAL transactions CANCEL r2/a2 -5.00|-5.00 SUCCESS|SUCCESS e3 T0303:4
           MISSING_IN_LEDGER transactions CANCEL -/- -|-1.00 -|SUCCESS T0303:5
           T 4: 2 matched, 2 discrepancies
           L 3: 2 matched, 1 discrepancies",
    );
}
