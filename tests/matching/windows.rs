//! Rule 2 and the windows: the end of the day, pending entries, missing reports, days before the first run.

use super::check;

#[test]
fn an_entry_within_the_grace_waits_for_the_next_days_report_and_matches_once() {
    check(
        "T 03-03
         T 03-04
           PAYMENT r1 a1 10.00 at=03-03T23:50
         L
           e1 03-03T23:50 PAYMENT r1 a1 10.00
         = 03-03
           wait ledger PAYMENT r1/a1 due 03-04 report of the next day
           L 1: 1 in transit
         = 03-04
           wait report PAYMENT r1/a1 due 03-13 settlement
           crossing 1
           T 1: 1 in transit
           L 1: 1 matched
         = 03-05
           wait report PAYMENT r1/a1 due 03-13 settlement on 03-04
           T 1: 1 in transit",
    );
}

#[test]
fn an_entry_within_the_grace_that_the_next_report_lacks_is_missing() {
    check(
        "T 03-03
         T 03-04
         L
           e1 03-03T23:50 PAYMENT r1 a1 10.00
         = 03-03
           wait ledger PAYMENT r1/a1 due 03-04 report of the next day
           L 1: 1 in transit
         = 03-04
           MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1 on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn the_grace_ends_where_it_says() {
    check(
        "T 03-03
         L
           e1 03-03T23:44 PAYMENT r1 a1 10.00
           e2 03-03T23:45 PAYMENT r2 a2 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1
           wait ledger PAYMENT r2/a2 due 03-04 report of the next day
           L 2: 1 in transit, 1 discrepancies",
    );
}

#[test]
fn without_grace_the_end_of_the_day_is_the_end() {
    check(
        "grace_minutes 0
         T 03-03
           PAYMENT r2 a2 10.00 at=23:59
         L
           e1 03-03T23:59 PAYMENT r1 a1 10.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1
           MISSING_IN_LEDGER transactions PAYMENT r2/a2 -|10.00 -|SUCCESS T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_line_within_the_grace_waits_for_an_entry_of_the_next_day() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00 at=23:50
           PAYMENT r2 a2 10.00 at=23:50
         T 03-04
         L
           e1 03-04T08:00 PAYMENT r9 a9 1.00 status=FAILED
         = 03-03
           wait report PAYMENT r1/a1 due 03-04 entry of the next day
           wait report PAYMENT r2/a2 due 03-04 entry of the next day
           T 2: 2 in transit
         = 03-04
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2 on 03-03
           MISSING_IN_LEDGER transactions PAYMENT r2/a2 -|10.00 -|SUCCESS T0303:3 on 03-03
           T 2: 2 discrepancies
           L 1: 1 excluded",
    );
}

#[test]
fn a_line_whose_entry_lies_just_after_midnight_matches_on_its_own_day_and_is_not_missing_on_the_next() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00 at=23:58
         T 03-04
         L
           e1 03-04T00:01 PAYMENT r1 a1 10.00
         = 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement
           crossing 1
           T 1: 1 in transit
         = 03-04
           wait report PAYMENT r1/a1 due 03-12 settlement on 03-03
           T 1: 1 in transit
           L 1: 1 matched",
    );
}

#[test]
fn a_pending_entry_waits_and_then_has_the_wrong_status() {
    check(
        "T 03-03
         T 03-04
         T 03-05
         T 03-06
         T 03-07
         L
           e1 03-03 PAYMENT r1 a1 10.00 status=PENDING
         = 03-03
           wait ledger PAYMENT r1/a1 due 03-06 outcome
           L 1: 1 in transit
         = 03-06
           wait ledger PAYMENT r1/a1 due 03-06 outcome on 03-03
           L 1: 1 in transit
         = 03-07
           STATUS_MISMATCH transactions PAYMENT r1/a1 10.00|- PENDING|- e1 on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_line_whose_entry_did_not_happen_is_a_status_mismatch() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
           PAYMENT r3 a3 10.00
         L
           e1 03-03 PAYMENT r1 a1 10.00 status=PENDING
           e2 03-03 PAYMENT r2 a2 10.00 status=FAILED
           e3 03-03 PAYMENT r3 a3 10.00 status=CANCELLED
         = 03-03
           STATUS_MISMATCH transactions PAYMENT r1/a1 10.00|10.00 PENDING|SUCCESS e1 T0303:2
           STATUS_MISMATCH transactions PAYMENT r2/a2 10.00|10.00 FAILED|SUCCESS e2 T0303:3
           STATUS_MISMATCH transactions PAYMENT r3/a3 10.00|10.00 CANCELLED|SUCCESS e3 T0303:4
           T 3: 3 discrepancies
           L 3: 3 discrepancies",
    );
}

#[test]
fn what_did_not_happen_on_either_side_is_excluded() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00 status=FAILED
           PAYMENT r2 a2 10.00 status=FAILED
         L
           e2 03-03 PAYMENT r2 a2 10.00 status=FAILED
           e3 03-03 PAYMENT r3 a3 10.00 status=CANCELLED
         = 03-03
           T 2: 1 matched, 1 excluded
           L 2: 1 matched, 1 excluded",
    );
}

#[test]
fn a_failed_line_whose_entry_happened_is_a_status_mismatch() {
    check(
        "layout gen3
         T 03-03
           PAYMENT r1 a1 10.00 status=FAILED
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           STATUS_MISMATCH transactions PAYMENT r1/a1 10.00|10.00 SUCCESS|FAILED e1 T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn without_transaction_details_entries_wait_until_their_window_ends() {
    check(
        "S 03-03
         T 03-04
         T 03-05
         T 03-06
         T 03-07
         L
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           wait ledger PAYMENT r1/a1 due 03-06 missing report
           L 1: 1 in transit
         = 03-06
           wait ledger PAYMENT r1/a1 due 03-06 missing report on 03-03
           L 1: 1 in transit
         = 03-07
           MISSING_IN_REPORT transactions PAYMENT r1/a1 10.00|- SUCCESS|- e1 on 03-03
           L 1: 1 discrepancies",
    );
}

#[test]
fn entries_of_days_that_no_run_answers_for_are_nobodys_discrepancy() {
    check(
        "T 03-03
         L
           e1 03-02 PAYMENT r1 a1 10.00
           e2 03-04 PAYMENT r2 a2 10.00
         = 03-03",
    );
}

#[test]
fn a_line_without_entry_and_an_entry_without_line() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e2 03-03 PAYMENT r2 a2 20.00
         = 03-03
           MISSING_IN_REPORT transactions PAYMENT r2/a2 20.00|- SUCCESS|- e2
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2
           T 1: 1 discrepancies
           L 1: 1 discrepancies",
    );
}

#[test]
fn a_discrepancy_is_open_until_the_ledger_gets_the_entry() {
    check(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 20.00
         T 03-04
         L
           e1 03-05 PAYMENT r1 a1 10.00
         = 03-03
           MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2
           MISSING_IN_LEDGER transactions PAYMENT r2/a2 -|20.00 -|SUCCESS T0303:3
           T 2: 2 discrepancies
         = 03-05
           MISSING_IN_LEDGER transactions PAYMENT r2/a2 -|20.00 -|SUCCESS T0303:3 on 03-03
           wait report PAYMENT r1/a1 due 03-12 settlement on 03-03
           T 2: 1 in transit, 1 discrepancies
           L 1: 1 matched",
    );
}

#[test]
fn transfers_and_payouts_are_excluded_by_name_on_their_own_day() {
    check(
        "T 03-03
         T 03-04
         L
           e1 03-03 TRANSFER r1 a1 10.00
           e2 03-03 PAYOUT r2 a2 10.00
         = 03-03
           L 2: 2 excluded
         = 03-04",
    );
}

/// The first date of the window has a neighbour that was not read: what is found about it for the first time may be a mistake.
#[test]
fn what_only_the_edge_of_the_window_shows_is_not_found_anew() {
    let day = |window: &str, found: &str| {
        check(&format!(
            "window {window}
             T 03-03
               PAYMENT r1 a1 10.00
             S 03-03
               PAYMENT r1 a1 11.00
               PAYMENT r2 a2 5.00 at=03-03
             T 03-04
             L
               e1 03-03 PAYMENT r1 a1 10.00
             = 03-04
               {found}"
        ));
    };
    day(
        "03-02",
        "AMOUNT_MISMATCH settlement PAYMENT r1/a1 10.00|11.00 SUCCESS|SUCCESS e1 S0303:2 on 03-03
         SETTLED_NOT_REPORTED settlement PAYMENT r2/a2 -|5.00 -|SUCCESS S0303:3 on 03-03
         T 1: 1 discrepancies
         S 2: 2 discrepancies",
    );
    day("03-03", "");
}

#[test]
fn what_was_read_only_because_it_was_open_is_not_found_anew() {
    let day = |window: &str, found: &str| {
        check(&format!(
            "window {window}
             T 03-03
               PAYMENT r1 a1 10.00
             T 03-04
             = 03-04
               {found}"
        ));
    };
    let missing = "MISSING_IN_LEDGER transactions PAYMENT r1/a1 -|10.00 -|SUCCESS T0303:2 on 03-03
                   T 1: 1 discrepancies";
    day("03-02", missing);
    day("03-03", missing);
    day("03-04", "");
}
