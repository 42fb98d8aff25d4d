//! Several entries that are one booking, and entries that are one too many.

use antom_recon::kind::{DiscrepancyKind, Stage};

use super::case::Case;
use super::check;
use super::run::{Reports, run};

#[test]
fn a_booking_is_as_far_as_its_slowest_source() {
    for (first, second) in [("SUCCESS", "PENDING"), ("PENDING", "SUCCESS")] {
        check(&format!(
            "T 03-03
               REFUND f1 b1 -3.00 of=r1/a1
             L
               e1 03-03 REFUND f1 b1 -1.00 of=r1/a1 from=SELLER status={first}
               e2 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=MARKETPLACE status={second}
             = 03-03
               ORPHAN_REVERSAL transactions REFUND f1/b1 -3.00|-3.00 PENDING|SUCCESS e1 T0303:2 also STATUS_MISMATCH
               T 1: 1 discrepancies
               L 2: 2 discrepancies"
        ));
    }
}

#[test]
fn a_booking_without_a_line_is_missing_as_a_whole() {
    check(
        "T 03-03
         L
           e1 03-03 REFUND f1 b1 -1.00 of=r1/a1 from=SELLER
           e2 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=MARKETPLACE
         = 03-03
           MISSING_IN_REPORT transactions REFUND f1/b1 -3.00|- SUCCESS|- e1 also ORPHAN_REVERSAL
           L 2: 2 discrepancies",
    );
}

#[test]
fn an_entry_too_many_names_the_first() {
    let case = Case::read(
        "T 03-03
           PAYMENT r1 a1 10.00
         L
           e2 03-03 PAYMENT r1 a1 10.00
           e1 03-03 PAYMENT r1 a1 10.00
         = 03-03
           none",
    );
    let day = run(&case, &Reports::of(&case), case.expected[0].0, &Default::default());
    let [(finding, row)] = &day.found[..] else { panic!("{} found", day.found.len()) };
    assert_eq!((finding.occurrence, row.ledger_entry_id.as_str()), (2, "e2"));
    assert_eq!(day.candidates[row.discrepancy_id.as_str()], ["e1"]);
}

#[test]
fn what_a_later_day_closes_is_told_once() {
    let case = Case::read(
        "T 03-03
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 10.00
         T 03-04
         S 03-04
           PAYMENT r1 a1 10.00
           PAYMENT r2 a2 11.00
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 PAYMENT r2 a2 10.00
         = 03-04
           none",
    );
    let day = run(&case, &Reports::of(&case), case.expected[0].0, &Default::default());
    let closed: Vec<_> = day.reconciliation.closures.iter().map(|closure| (closure.item.row, closure.by.row)).collect();
    assert_eq!(closed, [(0, 0)], "the second pair is a discrepancy");
}

#[test]
fn a_payment_that_its_day_captures_was_never_open() {
    let case = Case::read(
        "T 03-03
           PAYMENT r1 a1 10.00
           CAPTURE r1 c1 10.00 of=/a1
         L
           e1 03-03 PAYMENT r1 a1 10.00
           e2 03-03 CAPTURE q1 c1 10.00 of=r1/a1
         = 03-03
           none",
    );
    let day = run(&case, &Reports::of(&case), case.expected[0].0, &Default::default());
    assert_eq!(day.reconciliation.closures, []);
    assert_eq!(day.waiting.len(), 1, "the capture waits: {:?}", day.waiting);
}

#[test]
fn a_bounced_refund_that_is_booked_twice_is_told_where_it_settles() {
    let case = Case::read(
        "T 03-03
         S 03-03
           REFUND_REVERSAL f1 x1 2.00 of=/a1
         L
           e1 03-03 REFUND_REVERSAL f1 - 2.00 of=r1/a1
           e2 03-03 REFUND_REVERSAL f1 - 2.00 of=r1/a1
         = 03-03
           none",
    );
    let day = run(&case, &Reports::of(&case), case.expected[0].0, &Default::default());
    let twice = day.found.iter().find(|(_, row)| row.ledger_entry_id == "e2").expect("the second is one too many");
    assert_eq!((twice.0.kind, twice.0.stage), (DiscrepancyKind::DuplicateInLedger, Stage::Settlement));
}

#[test]
fn a_booking_that_stays_pending_says_so_whichever_source_waits() {
    for (first, second) in [("SUCCESS", "PENDING"), ("PENDING", "SUCCESS")] {
        check(&format!(
            "T 03-03
             T 03-07
             L
               e1 03-03 REFUND f1 b1 -1.00 of=r1/a1 from=SELLER status={first}
               e2 03-03 REFUND f1 b1 -2.00 of=r1/a1 from=MARKETPLACE status={second}
             = 03-07
               STATUS_MISMATCH transactions REFUND f1/b1 -3.00|- PENDING|- e1 on 03-03
               L 2: 2 discrepancies"
        ));
    }
}
