//! Rule 5 and point of detail 4: the ledger's shares against the lines of settlement details, per payment and party.

use super::check;

#[test]
fn shares_match_by_payment_and_party_whatever_their_request_id() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r1 a1 1.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 9.00 of=r1/a1 by=S1 to=SELLER
           e3 03-03 SETTLEMENT s1 - 1.00 of=r1/a1 by=- to=MARKETPLACE
         = 03-03
           T 1: 1 matched
           S 2: 2 matched
           L 3: 3 matched",
    );
}

#[test]
fn a_share_of_the_marketplace_is_its_own_even_if_it_names_the_seller() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r1 a1 1.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 9.00 of=r1/a1 by=S1 to=SELLER
           e3 03-03 SETTLEMENT s1 - 1.00 of=r1/a1 by=S1 to=MARKETPLACE
         = 03-03
           T 1: 1 matched
           S 2: 2 matched
           L 3: 3 matched",
    );
}

#[test]
fn a_share_of_another_amount_is_a_split_mismatch_with_the_payments_ids_and_date() {
    check(
        "splits on
         T 03-02
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 8.00 by=S1 at=03-02
           PAYMENT r1 a1 2.00 by=- at=03-02
         L
           e1 03-02 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 t1 9.00 of=r1/a1 by=S1 to=SELLER
           e3 03-03 SETTLEMENT s2 t2 1.00 of=r1/a1 by=- to=MARKETPLACE
         = 03-03
           SPLIT_MISMATCH splits SETTLEMENT r1/a1 9.00|8.00 SUCCESS|SUCCESS e2 S0303:2 on 03-02
           SPLIT_MISMATCH splits SETTLEMENT r1/a1 1.00|2.00 SUCCESS|SUCCESS e3 S0303:3 by - on 03-02
           T 1: 1 matched
           S 2: 2 discrepancies
           L 2: 2 discrepancies",
    );
}

#[test]
fn a_settled_share_that_the_ledger_lacks() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r1 a1 1.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 9.00 of=r1/a1 by=S1
         = 03-03
           MISSING_IN_LEDGER splits SETTLEMENT r1/a1 -|1.00 -|SUCCESS S0303:3 by -
           T 1: 1 matched
           S 2: 1 matched, 1 discrepancies
           L 2: 2 matched",
    );
}

#[test]
fn a_booked_share_that_is_not_settled_waits_and_is_then_overdue() {
    check(
        "splits on
         due 1
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-04
           PAYMENT r1 a1 10.00 by=S1 at=03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
           e3 03-03 SETTLEMENT s1 - 1.00 of=r1/a1 by=- to=MARKETPLACE
         = 03-03
           wait report PAYMENT r1/a1 due 03-04 settlement
           wait ledger SETTLEMENT r1/- due 03-04 settlement
           wait ledger SETTLEMENT r1/- due 03-04 settlement
           T 1: 1 in transit
           L 3: 1 matched, 2 in transit
         = 03-05
           NOT_SETTLED splits SETTLEMENT r1/a1 1.00|- SUCCESS|- e3 by - on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_share_that_names_its_payment_by_antoms_id_alone_has_the_payments_request_id() {
    check(
        "splits on
         due 1
         T 03-03
           REFUND f1 b1 -1.00 of=/a1 status=FAILED
           PAYMENT r1 a1 10.00 status=FAILED
         L
           e1 03-03 SETTLEMENT s1 - 10.00 of=/a1 by=S1
           e2 03-03 REFUND f2 b2 -1.00 of=r2/a2 status=FAILED
           e3 03-03 SETTLEMENT s2 - 10.00 of=/a2 by=S1
           e4 03-03 SETTLEMENT s3 - 10.00 of=/a3 by=S1    # nobody knows
         = 03-03
           wait ledger SETTLEMENT r1/- due 03-04 settlement
           wait ledger SETTLEMENT r2/- due 03-04 settlement
           wait ledger SETTLEMENT s3/- due 03-04 settlement
           T 2: 2 excluded
           L 4: 3 in transit, 1 excluded
         = 03-05
           NOT_SETTLED splits SETTLEMENT r1/a1 10.00|- SUCCESS|- e1 on 03-03
           NOT_SETTLED splits SETTLEMENT r2/a2 10.00|- SUCCESS|- e3 on 03-03
           NOT_SETTLED splits SETTLEMENT s3/a3 10.00|- SUCCESS|- e4 on 03-03
           L 3: 3 discrepancies",
    );
}

#[test]
fn a_captured_share_has_the_payments_request_id() {
    check(
        "splits on
         T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE q1 c1 10.00 of=/a1
           PAYMENT r2 a2 10.00
         S 03-03
           CAPTURE q1 c1 10.00 of=/a1
           PAYMENT r2 a2 10.00
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 10.00 of=r1/a1
           e3 03-03 SETTLEMENT s1 - 9.00 of=r1/a1 by=S1
           e4 03-03 PAYMENT r2 a2 10.00
           e5 03-03 SETTLEMENT s2 - 9.00 of=/a2 by=S1
         = 03-03
           SPLIT_MISMATCH splits SETTLEMENT r1/a1 9.00|10.00 SUCCESS|SUCCESS e3 S0303:2
           SPLIT_MISMATCH splits SETTLEMENT r2/a2 9.00|10.00 SUCCESS|SUCCESS e5 S0303:3
           T 3: 3 matched
           S 2: 2 discrepancies
           L 5: 3 matched, 2 discrepancies",
    );
}

#[test]
fn the_captures_of_a_payment_are_one_share_per_party() {
    check(
        "splits on
         T 03-03
           AUTHORIZATION r1 a1 10.00
           CAPTURE r1 c1 4.00 of=/a1
           CAPTURE r1 c2 6.00 of=/a1
         S 03-03
           CAPTURE r1 c1 3.00 of=/a1 by=S1
           CAPTURE r1 c1 1.00 of=/a1 by=-
           CAPTURE r1 c2 5.00 of=/a1 by=S1
           CAPTURE r1 c2 1.00 of=/a1 by=-
         L
           e1 03-03 AUTHORIZATION r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 4.00 of=r1/a1
           e3 03-03 CAPTURE q2 c2 6.00 of=r1/a1
           e4 03-03 SETTLEMENT s1 - 8.00 of=r1/a1 by=S1
           e5 03-03 SETTLEMENT s1 - 1.00 of=r1/a1 by=- to=MARKETPLACE
         = 03-03
           SPLIT_MISMATCH splits SETTLEMENT r1/a1 1.00|2.00 SUCCESS|SUCCESS e5 S0303:3 by -
           T 3: 3 matched
           S 4: 2 matched, 2 discrepancies
           L 5: 4 matched, 1 discrepancies",
    );
}

#[test]
fn a_share_booked_twice_is_a_duplicate() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00 by=S1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
           e3 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
         = 03-03
           DUPLICATE_IN_LEDGER splits SETTLEMENT r1/a1 10.00|- SUCCESS|- e3
           T 1: 1 matched
           S 1: 1 matched
           L 3: 2 matched, 1 discrepancies",
    );
}

#[test]
fn a_share_has_the_date_of_its_payment_even_if_the_payment_is_booked_twice() {
    for (first, second) in [("03-02", "03-03"), ("03-03", "03-02")] {
        check(&format!(
            "splits on
             T 03-02
             T 03-03
             L
               e1 {first} PAYMENT r1 a1 10.00
               e2 {second} PAYMENT r1 a1 10.00
               e3 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
             = 03-03
               MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1{}
               DUPLICATE_IN_LEDGER transactions PAYMENT r1/a1 10.00|- SUCCESS|- e2{}
               wait ledger SETTLEMENT r1/- due 03-11 settlement on 03-02
               L 3: 1 in transit, 2 discrepancies",
            if first == "03-02" { " on 03-02" } else { "" },
            if second == "03-02" { " on 03-02" } else { "" },
        ));
    }
}

#[test]
fn a_failed_share_is_no_share() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00 by=S1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
           e3 03-03 SETTLEMENT s0 - 10.00 of=r1/a1 by=S1 status=FAILED
         = 03-03
           T 1: 1 matched
           S 1: 1 matched
           L 3: 2 matched, 1 excluded
         = 03-04",
    );
}

#[test]
fn a_share_in_another_currency() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00 by=S1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 10.00EUR of=r1/a1 by=S1
         = 03-03
           CURRENCY_MISMATCH splits SETTLEMENT r1/a1 10.00EUR|10.00 SUCCESS|SUCCESS e2 S0303:2
           T 1: 1 matched
           S 1: 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn without_splits_shares_are_not_looked_at() {
    check(
        "splits off
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 9.00 by=S1
           PAYMENT r1 a1 1.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           T 1: 1 matched
           S 2: 2 matched
           L 1: 1 matched",
    );
}

#[test]
fn without_splits_booked_shares_are_excluded_and_counted() {
    check(
        "splits off
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 10.00 by=S1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 SETTLEMENT s1 - 10.00 of=r1/a1 by=S1
         = 03-03
           T 1: 1 matched
           S 1: 1 matched
           L 2: 1 matched, 1 excluded
         = 03-04",
    );
}

#[test]
fn a_settled_line_without_ids_belongs_to_no_payment() {
    check(
        "splits on
         T 03-03
           PAYMENT r1 - 10.00
         S 03-03
           PAYMENT r1 - 10.00
           PAYMENT - - 4.00
         L
           e1 03-03 PAYMENT r1 - 10.00
           e2 03-03 SETTLEMENT s1 - 10.00 of=r1
         = 03-03
           SETTLED_NOT_REPORTED settlement PAYMENT -/- -|4.00 -|SUCCESS S0303:3
           MISSING_IN_LEDGER splits SETTLEMENT -/- -|4.00 -|SUCCESS S0303:3
           T 1: 1 matched
           S 2: 1 matched, 1 discrepancies
           L 2: 2 matched",
    );
}
