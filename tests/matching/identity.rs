//! Rules 1 and 8, points of detail 1, 2, 5 and 6: which rows are the same movement.

use super::check;

#[test]
fn a_line_meets_its_entry_by_type_and_request_id() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a9 10.00
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 1: 1 in transit
           L 1: 1 matched",
    );
}

#[test]
fn the_same_request_id_under_another_type_is_another_movement() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 FEE r1 - 10.00
           e2 03-03 AUTHORIZATION r1 a1 10.00
         = 03-03
           MISSING_IN_REPORT transactions AUTHORIZATION r1/a1 10.00|- SUCCESS|- e2
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2
           T 1: 1 discrepancies
           L 2: 1 discrepancies, 1 excluded",
    );
}

#[test]
fn an_entry_without_request_id_meets_its_line_by_antom_id() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -2.00 of=/a1
         L
           e1 03-03 PAYMENT -  a1 10.00
           e2 03-03 REFUND  -  b1 -2.00 of=/a1
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report REFUND f1/b1 due 03-12 settlement
           T 2: 2 in transit
           L 2: 2 matched",
    );
}

#[test]
fn a_line_without_request_id_meets_its_entry_by_antom_id() {
    check(
        "T 03-03
           PAYMENT - a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           wait report PAYMENT -/a1 due 03-12 settlement
           T 1: 1 in transit
           L 1: 1 matched",
    );
}

#[test]
fn an_antom_id_does_not_override_a_request_id() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r2 a1 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r2/a1 10.00|- SUCCESS|- e1
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_capture_with_the_request_id_of_its_payment_meets_its_entry_by_antom_id() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE r1 c1 10.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 10.00 of=r1/a1
         = 03-03
           wait report CAPTURE r1/c1 due 03-12 settlement
           T 2: 1 matched, 1 in transit
           L 2: 2 matched",
    );
}

#[test]
fn a_void_with_the_request_id_of_its_payment_meets_its_entry_by_antom_id_and_does_not_settle() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           VOID r1 v1 -10.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 VOID q1 v1 -10.00 of=r1/a1
         = 03-03
           T 2: 2 matched
           L 2: 2 matched",
    );
}

#[test]
fn several_captures_of_one_payment_each_meet_their_own_entry() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE r1 c1 4.00 of=/a1
           CAPTURE r1 c2 5.00 of=/a1
         S 03-04
           CAPTURE r1 c1 4.00 of=/a1 at=03-03
           CAPTURE r1 c2 5.00 of=/a1 at=03-03
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 4.00 of=r1/a1
           e3 03-03 CAPTURE q2 c2 5.50 of=r1/a1
         = 03-03
           AMOUNT_MISMATCH transactions CAPTURE q2/c2 5.50|5.00 SUCCESS|SUCCESS e3 T0303:4
           wait report CAPTURE r1/c1 due 03-12 settlement
           T 3: 1 matched, 1 in transit, 1 discrepancies
           L 3: 2 matched, 1 discrepancies
         = 03-04
           AMOUNT_MISMATCH transactions CAPTURE q2/c2 5.50|5.00 SUCCESS|SUCCESS e3 T0303:4 on 03-03
           T 2: 1 matched, 1 discrepancies
           S 2: 2 matched
           L 1: 1 discrepancies",
    );
}

#[test]
fn captures_of_generation_3_meet_their_entries_by_request_id() {
    check(
        "layout gen3
         T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE q1 a1 4.00 of=r1
           CAPTURE q2 a1 5.00 of=r1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 4.00 of=r1/a1
           e3 03-03 CAPTURE q2 c2 5.00 of=r1/a1
         = 03-03
           wait report CAPTURE q1/a1 due 03-12 settlement
           wait report CAPTURE q2/a1 due 03-12 settlement
           T 3: 1 matched, 2 in transit
           L 3: 3 matched",
    );
}

#[test]
fn the_sources_of_a_refund_are_summed() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -3.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=SELLER
           e3 03-03 REFUND f1 b1 -1.00 of=r1/a1 from=MARKETPLACE by=-
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report REFUND f1/b1 due 03-12 settlement
           T 2: 2 in transit
           L 3: 3 matched",
    );
}

#[test]
fn the_same_source_of_a_refund_twice_is_a_duplicate() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 b1 -3.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=SELLER
           e3 03-03 REFUND f1 b1 -1.00 of=r1/a1 from=UNSETTLED_FUNDS
           e4 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=SELLER
         = 03-03
           DUPLICATE_IN_LEDGER transactions REFUND f1/b1 -2.00|- SUCCESS|- e4
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report REFUND f1/b1 due 03-12 settlement
           T 2: 2 in transit
           L 4: 3 matched, 1 discrepancies",
    );
}

#[test]
fn rapid_dispute_resolutions_and_cdrn_refunds_meet_dispute_entries() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 20.00
           RAPID_DISPUTE_RESOLUTION - d1 -10.00 of=/a1
           CDRN - d2 -20.00 of=/a2
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 20.00
           e3 03-03 DISPUTE - d1 -10.00 of=r1/a1
           e4 03-03 DISPUTE - d2 -20.00 of=r2/a2
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report PAYMENT r2/a2 due 03-12 settlement
           wait report RAPID_DISPUTE_RESOLUTION -/d1 due 03-12 settlement
           wait report CDRN -/d2 due 03-12 settlement
           T 4: 4 in transit
           L 4: 4 matched",
    );
}

#[test]
fn an_incremental_line_meets_an_authorization_entry() {
    check(
        "T 03-03
           AUTHORIZATION r1 a1 10.00
           INCREMENTAL r2 a2 3.00 of=/a1
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 AUTHORIZATION r2 a2 3.00 of=r1/a1
         = 03-03
           T 2: 2 matched
           L 2: 2 matched",
    );
}
