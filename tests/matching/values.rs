//! Rules 3, 7 and 9: values in their order, repetitions, sub-merchants, and lines that cannot be read or understood.

use super::check;

#[test]
fn amount_status_and_sub_merchant_are_one_discrepancy_that_names_the_others() {
    check(
        "T 03-03
           PAYMENT r1 a1 9.00 by=S2
         L
           e1 03-03 PAYMENT r1 a1 10.00 status=FAILED
         = 03-03
           AMOUNT_MISMATCH transactions PAYMENT r1/a1 10.00|9.00 FAILED|SUCCESS e1 T0303:2 by S2 \
           also STATUS_MISMATCH SUB_MERCHANT_MISMATCH
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn currency_comes_before_amount_and_amounts_of_two_currencies_are_not_compared() {
    check(
        "T 03-03
           PAYMENT r1 a1 1000JPY
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           CURRENCY_MISMATCH transactions PAYMENT r1/a1 10.00|1000JPY SUCCESS|SUCCESS e1 T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn amounts_have_their_currencys_own_number_of_places() {
    check(
        "T 03-03
           PAYMENT r1 a1 1000JPY
           PAYMENT r2 a2 1.234KWD
         L
           e1 03-03 PAYMENT r1 a1 1001JPY
           e2 03-03 PAYMENT r2 a2 1.233KWD
         = 03-03
           AMOUNT_MISMATCH transactions PAYMENT r1/a1 1001JPY|1000JPY SUCCESS|SUCCESS e1 T0303:2
           AMOUNT_MISMATCH transactions PAYMENT r2/a2 1.233KWD|1.234KWD SUCCESS|SUCCESS e2 T0303:3
           T 2: 2 discrepancies
           L 2: 2 discrepancies",
    );
}

#[test]
fn another_sub_merchant() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00 by=S2
           PAYMENT r2 a2 10.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00 by=S1
           e2 03-03 PAYMENT r2 a2 10.00 by=-
         = 03-03
           SUB_MERCHANT_MISMATCH transactions PAYMENT r1/a1 10.00|10.00 SUCCESS|SUCCESS e1 T0303:2 by S2
           wait report PAYMENT r2/a2 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 2: 1 matched, 1 discrepancies",
    );
}

#[test]
fn existence_comes_before_values_and_identity_before_existence() {
    check(
        "registry S1
         T 03-03
           PAYMENT r1 a1 9.00 by=S2
           REFUND f1 b1 -1.00 of=/a7 by=S2
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           UNKNOWN_SUB_MERCHANT transactions PAYMENT r1/a1 10.00|9.00 SUCCESS|SUCCESS e1 T0303:2 by S2 \
           also AMOUNT_MISMATCH SUB_MERCHANT_MISMATCH
           UNKNOWN_SUB_MERCHANT transactions REFUND f1/b1 -|-1.00 -|SUCCESS T0303:3 by S2 \
           also MISSING_IN_LEDGER ORPHAN_REVERSAL
           T 2: 2 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_line_twice_in_one_report_matches_once() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r1 a1 10.00
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           DUPLICATE_IN_REPORT transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:3
           DUPLICATE_IN_REPORT transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:4
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 3: 1 in transit, 2 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn the_first_of_two_lines_is_the_one_in_the_lowest_file() {
    check(
        "T 03-03 001
           PAYMENT r1 a1 10.00
         T 03-03 000
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           DUPLICATE_IN_REPORT transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303001:2
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 2: 1 in transit, 1 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn the_same_line_again_on_another_day_is_a_duplicate() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         T 03-04
           PAYMENT r1 a1 10.00 at=03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           T 1: 1 in transit
           L 1: 1 matched
         = 03-04
           DUPLICATE_IN_REPORT transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0304:2
           wait report PAYMENT r1/a1 due 03-12 settlement on 03-03
           T 2: 1 in transit, 1 discrepancies",
    );
}

#[test]
fn the_first_of_two_entries_is_the_one_with_the_lowest_entry_id() {
    for order in ["e2 e1", "e1 e2"] {
        let entries: Vec<String> = order
            .split(' ')
            .map(|id| format!("{id} 03-03 PAYMENT r1 a1 {}", if id == "e1" { "10.00" } else { "11.00" }))
            .collect();
        check(&format!(
            "T 03-03
               PAYMENT r1 a1 10.00
             L
               {}
             = 03-03
               DUPLICATE_IN_LEDGER transactions PAYMENT r1/a1 11.00|- SUCCESS|- e2
               wait report PAYMENT r1/a1 due 03-12 settlement
               T 1: 1 in transit
               L 2: 1 matched, 1 discrepancies",
            entries.join("\n"),
        ));
    }
}

#[test]
fn two_entries_without_a_line_are_a_missing_one_and_a_duplicate() {
    check(
        "T 03-03
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r1 a1 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1
           DUPLICATE_IN_LEDGER transactions PAYMENT r1/a1 10.00|- SUCCESS|- e2
           L 2: 2 discrepancies",
    );
}

#[test]
fn a_sub_merchant_must_be_registered_successfully() {
    check(
        "registry S1 S2!
         T 03-03
           PAYMENT r1 a1 10.00 by=S1
           PAYMENT r2 a2 10.00 by=S2
           PAYMENT r3 a3 10.00 by=S3
           PAYMENT r4 a4 10.00 by=-
         L
           e1 03-03 PAYMENT r1 a1 10.00 by=S1
           e2 03-03 PAYMENT r2 a2 10.00 by=S2
           e3 03-03 PAYMENT r3 a3 10.00 by=S3
           e4 03-03 PAYMENT r4 a4 10.00 by=-
         = 03-03
           UNKNOWN_SUB_MERCHANT transactions PAYMENT r2/a2 10.00|10.00 SUCCESS|SUCCESS e2 T0303:3 by S2
           UNKNOWN_SUB_MERCHANT transactions PAYMENT r3/a3 10.00|10.00 SUCCESS|SUCCESS e3 T0303:4 by S3
           wait report PAYMENT r1/a1 due 03-12 settlement
           wait report PAYMENT r4/a4 due 03-12 settlement
           T 4: 2 in transit, 2 discrepancies
           L 4: 2 matched, 2 discrepancies",
    );
}

#[test]
fn an_unknown_sub_merchant_is_said_once_per_movement() {
    check(
        "registry S1
         T 03-03
           PAYMENT r2 a2 10.00 by=S2
         S 03-03
           PAYMENT r2 a2 10.00 by=S2
         L
           e2 03-03 PAYMENT r2 a2 10.00 by=S2
         = 03-03
           UNKNOWN_SUB_MERCHANT transactions PAYMENT r2/a2 10.00|10.00 SUCCESS|SUCCESS e2 T0303:2 by S2
           T 1: 1 discrepancies
           S 1: 1 matched
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_share_for_an_unknown_sub_merchant_is_said_at_settlement_if_only_it_is_unknown() {
    check(
        "registry S1
         T 03-03
           PAYMENT r1 a1 10.00
         S 03-03
           PAYMENT r1 a1 9.00
           PAYMENT r1 a1 1.00 by=S9
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           UNKNOWN_SUB_MERCHANT settlement PAYMENT r1/a1 10.00|10.00 SUCCESS|SUCCESS e1 S0303:2
           T 1: 1 discrepancies
           S 2: 2 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn a_type_that_is_not_known_is_kept_and_said() {
    check(
        "T 03-03
           COMMISSION r1 a1 10.00
         S 03-03
           COMMISSION r1 a1 10.00
         = 03-03
           UNKNOWN_TYPE transactions COMMISSION r1/a1 -|10.00 -|SUCCESS T0303:2
           UNKNOWN_TYPE settlement COMMISSION r1/a1 -|10.00 -|SUCCESS S0303:2
           T 1: 1 discrepancies
           S 1: 1 discrepancies",
    );
}

#[test]
fn the_entry_of_a_rejected_line_is_not_also_missing() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.001
           PAYMENT - a2 x
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
         = 03-03
           REJECTED_LINE transactions PAYMENT r1/a1 -|- -|- T0303:2
           REJECTED_LINE transactions PAYMENT -/a2 -|- -|- T0303:3
           T 2: 2 rejected
           L 2: 2 discrepancies",
    );
}

#[test]
fn the_line_of_a_rejected_entry_is_not_also_missing() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e1 03-03 PAYMENT r1 a1 ten
         = 03-03
           REJECTED_LINE transactions PAYMENT r1/a1 -|- -|-
           T 1: 1 discrepancies
           L 1: 1 rejected",
    );
}

#[test]
fn the_entry_of_a_rejected_line_is_not_also_missing_where_the_type_cannot_be_read() {
    check(
        "T 03-03
           - r1 a1 10.00
           COMMISSION r2 a2 x
           PAYMENT r4 a4 10.00
         S 03-03
           - r4 a4 10.00
         L
           e1 03-03 PAYMENT r1 - 10.00
           e2 03-03 PAYMENT - a2 10.00
           e3 03-03 PAYMENT r3 a3 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r3/a3 10.00|- SUCCESS|- e3
           MISSING_IN_LEDGER transactions PAYMENT r4/a4 -|10.00 -|SUCCESS T0303:4
           REJECTED_LINE transactions - r1/a1 -|- -|- T0303:2
           REJECTED_LINE transactions COMMISSION r2/a2 -|- -|- T0303:3
           REJECTED_LINE settlement - r4/a4 -|- -|- S0303:2
           T 3: 1 discrepancies, 2 rejected
           S 1: 1 rejected
           L 3: 3 discrepancies",
    );
}

#[test]
fn the_line_of_a_rejected_entry_is_not_also_missing_where_the_type_cannot_be_read() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         L
           e1 03-03 - r1 - 10.00
           e2 03-03 PAIMENT - a2 10.00
           e3 03-03 - r3 - 10.00
           e4 03-03 PAYMENT r3 - 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r3/- 10.00|- SUCCESS|- e4
           REJECTED_LINE transactions - r1/- -|- -|-
           REJECTED_LINE transactions PAIMENT -/a2 -|- -|-
           REJECTED_LINE transactions - r3/- -|- -|-
           T 2: 2 discrepancies
           L 4: 1 discrepancies, 3 rejected",
    );
}
