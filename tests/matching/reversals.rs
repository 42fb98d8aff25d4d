//! Points of detail 1, 3 and 7: bounced refunds, cancels, disputes and their reversals.

use super::check;

#[test]
fn a_bounced_refund_is_matched_in_settlement_by_request_id() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -2.00 of=/a1
         S 03-05
           PAYMENT r1 a1 10.00 at=03-03
           REFUND f1 b1 -2.00 of=/a1 at=03-03
           REFUND_REVERSAL f1 x9 2.00 of=/a1 at=03-04
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -2.00 of=r1/a1
           e3 03-04 REFUND_REVERSAL f1 - 2.00 of=r1/a1
         T 03-04
         = 03-04
           wait report PAYMENT r1/a1 due 03-12 settlement on 03-03
           wait report REFUND f1/b1 due 03-12 settlement on 03-03
           wait ledger REFUND_REVERSAL f1/- due 03-13 settlement
           T 2: 2 in transit
           L 1: 1 in transit
         = 03-05
           T 2: 2 matched
           S 3: 3 matched
           L 1: 1 matched",
    );
}

#[test]
fn a_bounced_refund_without_request_id_is_matched_by_the_originals_antom_id() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL - x9 2.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f1 - 2.00 of=r1/a1
         = 03-03
           T 1: 1 matched
           S 2: 2 matched
           L 2: 2 matched",
    );
}

#[test]
fn a_bounced_refund_without_entry_is_missing_at_the_stage_of_settlement() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL f1 x9 2.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           MISSING_IN_LEDGER settlement REFUND_REVERSAL f1/x9 -|2.00 -|SUCCESS S0303:3
           T 1: 1 matched
           S 2: 1 matched, 1 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn a_booked_bounce_that_never_settles_is_overdue_after_its_window() {
    check(
        "due 1
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f1 - 2.00 of=r1/a1
         = 03-04
           wait ledger REFUND_REVERSAL f1/- due 03-04 settlement on 03-03
           L 1: 1 in transit
         = 03-05
           NOT_SETTLED settlement REFUND_REVERSAL f1/- 2.00|- SUCCESS|- e2 on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_bounced_refund_of_another_amount() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL f1 x9 2.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f1 - 3.00 of=r1/a1
         = 03-03
           AMOUNT_MISMATCH settlement REFUND_REVERSAL f1/x9 3.00|2.00 SUCCESS|SUCCESS e2 S0303:3
           T 1: 1 matched
           S 2: 1 matched, 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn a_dispute_is_matched_by_its_dispute_id_and_its_reversal_apart_from_it() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - d1 -10.00 of=/a1
           DISPUTE_REVERSAL - d1 10.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -10.00 of=r1/a1
           e3 03-03 DISPUTE_REVERSAL - d1 10.00 of=r1/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report DISPUTE -/d1 due 03-12 settlement
           wait report DISPUTE_REVERSAL -/d1 due 03-12 settlement
           T 3: 3 in transit
           L 3: 3 matched",
    );
}

#[test]
fn a_dispute_of_the_newest_layout_is_matched_by_original_and_amount() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -4.00 of=r1
           DISPUTE - a1 -6.00 of=r1
           DISPUTE_REVERSAL - a1 4.00 of=r1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -6.00 of=r1/a1
           e3 03-03 DISPUTE - d2 -4.00 of=r1/a1
           e4 03-03 DISPUTE_REVERSAL - d2 4.00 of=r1/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report DISPUTE -/a1 due 03-12 settlement
           wait report DISPUTE -/a1 due 03-12 settlement
           wait report DISPUTE_REVERSAL -/a1 due 03-12 settlement
           T 4: 4 in transit
           L 4: 4 matched",
    );
}

#[test]
fn a_dispute_that_fits_two_entries_is_ambiguous_and_consumes_both() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -5.00 of=r1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e3 03-03 DISPUTE - d2 -5.00 of=r1/a1
           e2 03-03 DISPUTE - d1 -5.00 of=r1/a1
         = 03-03
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:3 among e2 e3
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 3: 1 matched, 2 discrepancies",
    );
}

#[test]
fn two_disputes_that_fit_the_same_two_entries_name_both_and_consume_each_once() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -5.00 of=r1 at=10:00
           DISPUTE - a1 -5.00 of=r1 at=11:00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -5.00 of=r1/a1
           e3 03-03 DISPUTE - d2 -5.00 of=r1/a1
         = 03-03
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:3 among e2 e3
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:4 among e2 e3
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 3: 1 in transit, 2 discrepancies
           L 3: 1 matched, 2 discrepancies",
    );
}

#[test]
fn a_dispute_of_the_newest_layout_with_another_amount_has_no_partner() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -5.00 of=r1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -4.00 of=r1/a1
         = 03-03
           MISSING_IN_REPORT transactions DISPUTE -/d1 -4.00|- SUCCESS|- e2
           MISSING_IN_LEDGER transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:3
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn a_dispute_of_the_newest_layout_is_settled_by_original_and_amount_on_another_day() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -4.00 of=r1
         T 03-04
         S 03-04
           PAYMENT r1 a1 10.00 at=03-03
           DISPUTE - a1 -4.00 of=r1 at=03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -4.00 of=r1/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report DISPUTE -/a1 due 03-12 settlement
           T 2: 2 in transit
           L 2: 2 matched
         = 03-04
           T 2: 2 matched
           S 2: 2 matched",
    );
}

#[test]
fn an_entry_that_fits_two_lines_by_antom_id_is_ambiguous_and_consumes_both() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a1 10.00
         L
           e1 03-03 PAYMENT - a1 10.00
         = 03-03
           AMBIGUOUS transactions PAYMENT -/a1 10.00|- SUCCESS|- e1 among T0303:2 T0303:3
           T 2: 2 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_cancelled_payment_leaves_transit_only_when_its_cancel_matches() {
    check(
        "due 1
         T 03-03
           PAYMENT r1 a1 10.00
         T 03-04
           CANCEL r1 a1 -10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-04 CANCEL r1 a1 -10.00 of=r1/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-04 settlement
           T 1: 1 in transit
           L 1: 1 matched
         = 03-04
           T 2: 2 matched
           L 1: 1 matched
         = 03-05",
    );
}

#[test]
fn a_cancel_that_only_one_side_has_leaves_the_payment_in_transit() {
    check(
        "due 1
         T 03-03
           PAYMENT r1 a1 10.00
         T 03-04
           CANCEL r1 a1 -10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-04
           MISSING_IN_LEDGER transactions CANCEL r1/a1 -|-10.00 -|SUCCESS T0304:2
           wait report PAYMENT r1/a1 due 03-04 settlement on 03-03
           T 2: 1 in transit, 1 discrepancies
         = 03-05
           MISSING_IN_LEDGER transactions CANCEL r1/a1 -|-10.00 -|SUCCESS T0304:2 on 03-04
           NOT_SETTLED settlement PAYMENT r1/a1 10.00|- SUCCESS|- e1 T0303:2 on 03-03
           T 2: 2 discrepancies",
    );
}

#[test]
fn a_cancel_that_failed_cancels_nothing() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           CANCEL r1 a1 -10.00 of=r1 status=FAILED
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 CANCEL r1 a1 -10.00 of=r1/a1
         = 03-03
           STATUS_MISMATCH transactions CANCEL r1/a1 -10.00|-10.00 SUCCESS|FAILED e2 T0303:3
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn a_cancel_may_settle_with_zero_or_with_the_returned_amount_and_nothing_else() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
           PAYMENT r3 a3 10.00
           CANCEL r1 a1 -10.00
           CANCEL r2 a2 -10.00
           CANCEL r3 a3 -10.00
         S 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
           PAYMENT r3 a3 10.00
           CANCEL r1 a1 0.00
           CANCEL r2 a2 -10.00
           CANCEL r3 a3 -1.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
           e3 03-03 PAYMENT r3 a3 10.00
           e4 03-03 CANCEL r1 a1 -10.00 of=r1/a1
           e5 03-03 CANCEL r2 a2 -10.00 of=r2/a2
           e6 03-03 CANCEL r3 a3 -10.00 of=r3/a3
         = 03-03
           AMOUNT_MISMATCH settlement CANCEL r3/a3 -10.00|-1.00 SUCCESS|SUCCESS e6 S0303:7
           T 6: 5 matched, 1 discrepancies
           S 6: 5 matched, 1 discrepancies
           L 6: 6 matched",
    );
}

#[test]
fn two_bounced_refunds_of_one_payment_are_two_movements() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL f1 x1 2.00 of=/a1
           REFUND_REVERSAL f2 x2 3.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f1 - 2.00 of=r1/a1
         = 03-03
           MISSING_IN_LEDGER settlement REFUND_REVERSAL f2/x2 -|3.00 -|SUCCESS S0303:4
           T 1: 1 matched
           S 3: 2 matched, 1 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn a_bounced_refund_without_request_id_does_not_borrow_the_one_of_another_line() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL - x1 2.00 of=/a1
           REFUND_REVERSAL f2 x2 3.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND_REVERSAL f2 - 3.00 of=r1/a1
         = 03-03
           MISSING_IN_LEDGER settlement REFUND_REVERSAL -/x1 -|2.00 -|SUCCESS S0303:3
           T 1: 1 matched
           S 3: 2 matched, 1 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn a_later_status_of_the_newest_layout_takes_the_place_of_the_one_before() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00 status=PENDING
         L
           e1 03-03 PAYMENT r1 a1 10.00
         T 03-04
           PAYMENT r1 a1 10.00
         = 03-03
           STATUS_MISMATCH transactions PAYMENT r1/a1 10.00|10.00 SUCCESS|PENDING e1 T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies
         = 03-04
           wait report PAYMENT r1/a1 due 03-13 settlement
           crossing 1
           T 2: 1 in transit, 1 excluded
           L 1: 1 matched",
    );
}

#[test]
fn a_reversal_of_a_dispute_that_is_there_is_no_orphan() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - d1 -10.00 of=/a1
           DISPUTE_REVERSAL - d2 10.00 of=/d1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 DISPUTE - d1 -10.00 of=/a1
           e3 03-03 DISPUTE_REVERSAL - d2 10.00 of=/d1
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report DISPUTE -/d1 due 03-12 settlement
           wait report DISPUTE_REVERSAL -/d2 due 03-12 settlement
           T 3: 3 in transit
           L 3: 3 matched",
    );
}

#[test]
fn two_disputes_of_one_payment_without_ids_keep_their_own_names() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -3.00 of=r1
           DISPUTE - a1 -4.00 of=r1
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           MISSING_IN_LEDGER transactions DISPUTE -/a1 -|-3.00 -|SUCCESS T0303:3
           MISSING_IN_LEDGER transactions DISPUTE -/a1 -|-4.00 -|SUCCESS T0303:4
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 3: 1 in transit, 2 discrepancies
           L 1: 1 matched",
    );
}
