//! Rule 8 where many rows fit many: each names what it fits, in the order of lines and entry ids.

use super::check;

#[test]
fn disputes_that_fit_by_one_id_of_their_original_or_by_both() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - - -5.00 of=r1
           DISPUTE - a1 -5.00
           DISPUTE - a1 -5.00 of=r1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e4 03-03 DISPUTE q4 - -5.00 of=/a1
           e3 03-03 DISPUTE q3 - -5.00 of=r1/a1
           e2 03-03 DISPUTE q2 - -5.00 of=r1
         = 03-03
           AMBIGUOUS transactions DISPUTE -/- -|-5.00 -|SUCCESS T0303:3 among e2 e3
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:4 among e3 e4
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:5 among e2 e3 e4
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 4: 1 in transit, 3 discrepancies
           L 4: 1 matched, 3 discrepancies",
    );
}

#[test]
fn the_first_ten_candidates_are_named_and_the_others_counted_once() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           DISPUTE - a1 -5.00 of=r1
           DISPUTE - - -5.00 of=r1
         L
           e00 03-03 PAYMENT r1 a1 10.00
           e12 03-03 DISPUTE q12 - -5.00 of=r1
           e01 03-03 DISPUTE q01 - -5.00 of=/a1
           e11 03-03 DISPUTE q11 - -5.00 of=r1
           e02 03-03 DISPUTE q02 - -5.00 of=r1/a1
           e10 03-03 DISPUTE q10 - -5.00 of=r1/a1
           e03 03-03 DISPUTE q03 - -5.00 of=r1/a1
           e09 03-03 DISPUTE q09 - -5.00 of=r1
           e04 03-03 DISPUTE q04 - -5.00 of=r1
           e08 03-03 DISPUTE q08 - -5.00 of=r1
           e05 03-03 DISPUTE q05 - -5.00 of=r1
           e07 03-03 DISPUTE q07 - -5.00 of=r1
           e06 03-03 DISPUTE q06 - -5.00 of=r1
         = 03-03
           AMBIGUOUS transactions DISPUTE -/a1 -|-5.00 -|SUCCESS T0303:3 among e01 e02 e03 e04 e05 e06 e07 e08 e09 e10 and 2 more
           AMBIGUOUS transactions DISPUTE -/- -|-5.00 -|SUCCESS T0303:4 among e02 e03 e04 e05 e06 e07 e08 e09 e10 e11 and 1 more
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 3: 1 in transit, 2 discrepancies
           L 13: 1 matched, 12 discrepancies",
    );
}

#[test]
fn bounced_refunds_name_what_those_before_them_left() {
    check(
        "T 03-03
         S 03-03
           REFUND_REVERSAL b1 - 2.00 of=/a1
           REFUND_REVERSAL b1 - 2.00 of=/a2 by=S2
           REFUND_REVERSAL b2 - 2.00 of=/a1
           REFUND_REVERSAL b3 - 2.00 of=/a1
         L
           e1 03-03 REFUND_REVERSAL - - 2.00 of=/a1
           e2 03-03 REFUND_REVERSAL - - 2.00 of=/a2
           e3 03-03 REFUND_REVERSAL - - 2.00 of=/a1
         = 03-03
           AMBIGUOUS transactions REFUND_REVERSAL -/- 2.00|- SUCCESS|- e1 among S0303:2 S0303:3 S0303:4 S0303:5
           AMBIGUOUS transactions REFUND_REVERSAL -/- 2.00|- SUCCESS|- e3 among S0303:4 S0303:5
           wait ledger REFUND_REVERSAL -/- due 03-12 settlement
           S 4: 4 discrepancies
           L 3: 1 in transit, 2 discrepancies",
    );
}

#[test]
fn bounced_refunds_whose_payment_has_nothing_left_stand_together_under_it() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00
           REFUND_REVERSAL b1 - 2.00 of=/a1
           REFUND_REVERSAL b2 - 3.00 of=/a1
         L
           e0 03-03 PAYMENT r1 a1 10.00
           e1 03-03 REFUND_REVERSAL b1 - 2.00 of=/a1
           e2 03-03 REFUND_REVERSAL - - 3.00 of=/a1
           e3 03-03 REFUND_REVERSAL - - 4.00 of=/a1
           e4 03-03 REFUND_REVERSAL - - 5.00 of=/a1
         = 03-03
           DUPLICATE_IN_LEDGER settlement REFUND_REVERSAL -/- 5.00|- SUCCESS|- e4
           wait ledger REFUND_REVERSAL -/- due 03-12 settlement
           T 1: 1 matched
           S 3: 3 matched
           L 5: 3 matched, 1 in transit, 1 discrepancies",
    );
}

#[test]
fn entries_that_fit_the_same_movements_by_different_antom_ids() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a1 10.00
           PAYMENT r2 a2 10.00
           PAYMENT r1 a2 10.00
         L
           e2 03-03 PAYMENT - a2 10.00
           e1 03-03 PAYMENT - a1 10.00
         = 03-03
           AMBIGUOUS transactions PAYMENT -/a2 10.00|- SUCCESS|- e2 among T0303:2 T0303:3 T0303:4 T0303:5
           AMBIGUOUS transactions PAYMENT -/a1 10.00|- SUCCESS|- e1 among T0303:2 T0303:3 T0303:4 T0303:5
           T 4: 4 discrepancies
           L 2: 2 discrepancies",
    );
}

#[test]
fn entries_whose_movements_all_have_an_entry_repeat_that_of_the_first_line() {
    check(
        "T 03-03
           PAYMENT r2 a1 10.00
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a1 10.00
           e3 03-03 PAYMENT - a1 10.00
           e4 03-03 PAYMENT - a1 10.00
         = 03-03
           DUPLICATE_IN_LEDGER transactions PAYMENT -/a1 10.00|- SUCCESS|- e3
           DUPLICATE_IN_LEDGER transactions PAYMENT -/a1 10.00|- SUCCESS|- e4
           wait report PAYMENT r2/a1 due 03-12 settlement
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 2 in transit
           L 4: 2 matched, 2 discrepancies",
    );
}

/// `a4`, `r3`, `a3`, `r2`, `a2` and `r1` are one payment: each is named together with the next, the way back first.
#[test]
fn an_original_that_others_link_to_a_payment_far_away_is_no_orphan() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00
           REFUND f1 - -4.00 of=r3
           REFUND f2 - -4.00 of=r2
           REFUND f3 - -4.00 of=r1
         L
           e0 03-03 PAYMENT r1 a1 10.00
           e1 03-03 REFUND f1 - -4.00 of=r3/a4
           e2 03-03 REFUND f2 - -4.00 of=r2/a3
           e3 03-03 REFUND f3 - -4.00 of=r1/a2
           e4 03-03 REFUND f4 - -1.00 of=/a4
           e5 03-03 REFUND f5 - -1.00 of=r3/a3
           e6 03-03 REFUND f6 - -1.00 of=r2/a2
           e7 03-03 REFUND f7 - -1.00 of=/a5
         = 03-03
           MISSING_IN_REPORT transactions REFUND f4/- -1.00|- SUCCESS|- e4
           MISSING_IN_REPORT transactions REFUND f5/- -1.00|- SUCCESS|- e5
           MISSING_IN_REPORT transactions REFUND f6/- -1.00|- SUCCESS|- e6
           MISSING_IN_REPORT transactions REFUND f7/- -1.00|- SUCCESS|- e7 also ORPHAN_REVERSAL
           REFUND_EXCEEDS_PAYMENT transactions REFUND f3/- -10.00|-12.00 SUCCESS|SUCCESS e3 T0303:5
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report REFUND f1/- due 03-12 settlement
           wait report REFUND f2/- due 03-12 settlement
           T 4: 3 in transit, 1 discrepancies
           L 8: 3 matched, 5 discrepancies",
    );
}
