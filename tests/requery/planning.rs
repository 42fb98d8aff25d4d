//! Which questions, for which discrepancies, in which order.

use antom_recon::discrepancy::{Discrepancy, DiscrepancyKind};
use antom_recon::money::Currency;
use antom_recon::requery::{Route, plan};

use super::{row, table};

/// Ids of a row: its own request and Antom id, its original's.
fn with_ids(mut row: Discrepancy, ids: &[&str]) -> Discrepancy {
    row.request_id = ids[0].into();
    row.antom_id = ids[1].into();
    row.original_request_id = ids[2].into();
    row.original_antom_id = ids[3].into();
    row
}

#[test]
fn one_discrepancy_asks() {
    // kind, type, request id, Antom id, original's request id, original's Antom id, question
    let cases = table(
        "
        MISSING_IN_REPORT   PAYMENT           r p - -    inquiryPayment?paymentId=p
        MISSING_IN_REPORT   PAYMENT           r - - -    inquiryPayment?paymentRequestId=r
        MISSING_IN_REPORT   PAYMENT           - - - -    -
        MISSING_IN_LEDGER   AUTHORIZATION     r p - -    inquiryPayment?paymentId=p
        AMOUNT_MISMATCH     CAPTURE           c i r p    inquiryPayment?paymentId=p
        AMOUNT_MISMATCH     CAPTURE           c i r -    inquiryPayment?paymentRequestId=r
        AMOUNT_MISMATCH     CAPTURE           c i - -    -
        STATUS_MISMATCH     VOID              r i - -    inquiryPayment?paymentRequestId=r
        STATUS_MISMATCH     VOID              r i - p    inquiryPayment?paymentId=p
        MISSING_IN_LEDGER   CANCEL            r p - -    inquiryPayment?paymentRequestId=r
        MISSING_IN_LEDGER   CANCEL            - p - -    inquiryPayment?paymentId=p
        MISSING_IN_LEDGER   DISPUTE           - d - p    inquiryPayment?paymentId=p
        MISSING_IN_LEDGER   DISPUTE           - d - -    -
        MISSING_IN_LEDGER   DISPUTE_REVERSAL  - p r -    inquiryPayment?paymentRequestId=r
        CURRENCY_MISMATCH   REFUND            r f - p    inquiryRefund?refundId=f
        CURRENCY_MISMATCH   REFUND            r p o p    inquiryRefund?refundRequestId=r
        SETTLED_NOT_REPORTED REFUND           r - - p    inquiryRefund?refundRequestId=r
        ORPHAN_REVERSAL     REFUND            - - - p    inquiryPayment?paymentId=p
        MISSING_IN_LEDGER   REFUND_REVERSAL   r x - p    inquiryRefund?refundRequestId=r
        MISSING_IN_LEDGER   REFUND_REVERSAL   - x - p    inquiryPayment?paymentId=p
        NOT_SETTLED         SETTLEMENT        r s - -    inquiryPayment?paymentRequestId=r
        NOT_SETTLED         SETTLEMENT        r s r p    inquiryPayment?paymentId=p
        CURRENCY_MISMATCH   SETTLEMENT        r s r p    inquiryPayment?paymentId=p
        SPLIT_MISMATCH      SETTLEMENT        r s r p    inquiryPayment?paymentId=p
        SPLIT_MISMATCH      SETTLEMENT        r s - -    inquiryPayment?paymentRequestId=r
        REFUND_EXCEEDS_PAYMENT REFUND         r f o p    inquiryPayment?paymentId=p
        CAPTURE_EXCEEDS_AUTHORIZATION CAPTURE c i o p    inquiryPayment?paymentId=p
        SUB_MERCHANT_MISMATCH PAYMENT         r p - -    -
        UNKNOWN_SUB_MERCHANT PAYMENT          r p - -    -
        DUPLICATE_IN_REPORT PAYMENT           r p - -    -
        SETTLED_TWICE       PAYMENT           r p - -    -
        AMBIGUOUS           DISPUTE           - d - p    -
        MISSING_IN_LEDGER   FEE               - p - -    -
        MISSING_IN_REPORT   TRANSFER          r p - -    -
        MISSING_IN_LEDGER   SOMETHING_NEW     r p - -    -
        REJECTED_LINE       PAYMENT           r p - -    -
        ",
    );
    for case in &cases {
        let rows = [with_ids(row("d", case[0], case[1]), &case[2..6])];
        let plan = plan(&rows, 10);
        let keys: Vec<_> = plan.questions.iter().map(|question| question.key()).collect();
        let expected: Vec<_> = case[6..].iter().filter(|key| !key.is_empty()).collect();
        assert_eq!(keys.iter().collect::<Vec<_>>(), expected, "{case:?}");
        assert_eq!(plan.routes, [if keys.is_empty() { Route::Nothing } else { Route::Ask(0) }], "{case:?}");
    }
}

#[test]
fn files_and_proofs_ask_nothing() {
    use DiscrepancyKind::*;
    let asking = [
        MissingInLedger,
        MissingInReport,
        SettledNotReported,
        NotSettled,
        OrphanReversal,
        CurrencyMismatch,
        AmountMismatch,
        StatusMismatch,
        RefundExceedsPayment,
        CaptureExceedsAuthorization,
    ];
    for &kind in DiscrepancyKind::ALL {
        let rows = [with_ids(row("d", kind.as_str(), "PAYMENT"), &["r", "p", "", ""])];
        assert_eq!(plan(&rows, 1).questions.len(), usize::from(asking.contains(&kind)), "{kind}");
    }
}

#[test]
fn one_inquiry_serves_the_payment_with_its_refunds_and_captures() {
    let rows = [
        with_ids(row("a", "MISSING_IN_REPORT", "REFUND"), &["rf", "f", "r", "p"]),
        with_ids(row("b", "MISSING_IN_REPORT", "CAPTURE"), &["c", "i", "", "p"]),
        // Known by its request id only; the refund above knows that it is `p`.
        with_ids(row("c", "AMOUNT_MISMATCH", "PAYMENT"), &["r", "", "", ""]),
        // A refund of a payment that nobody asks about.
        with_ids(row("d", "MISSING_IN_REPORT", "REFUND"), &["rg", "g", "", "q"]),
        with_ids(row("e", "MISSING_IN_REPORT", "REFUND"), &["rg", "g", "", "q"]),
        row("f", "BATCH_TOTAL", "PAYMENT"),
    ];
    let plan = plan(&rows, 10);
    let keys: Vec<_> = plan.questions.iter().map(|question| question.key()).collect();
    assert_eq!(keys, ["inquiryPayment?paymentId=p", "inquiryRefund?refundId=g"]);
    use Route::*;
    assert_eq!(plan.routes, [Ask(0), Ask(0), Ask(0), Ask(1), Ask(1), Nothing]);
}

/// id, currency, ledger amount, report amount (smallest units): 10.00 USD is less than 11 JPY and more than 9.999 KWD.
const STAKES: &str = "
    a  USD 1000  -
    b  JPY -     11
    c  KWD 9999  -
    e  USD -5000 -5001
    d  USD -     5001
    g  USD 1000  -
    f  USD 1     700000
";

fn staked(case: &[&str]) -> Discrepancy {
    let mut row = with_ids(row(case[0], "MISSING_IN_LEDGER", "PAYMENT"), &["", case[0], "", ""]);
    row.currency = Currency::parse(case[1].as_bytes());
    row.ledger_amount = case[2].parse().ok();
    row.report_amount = case[3].parse().ok();
    row
}

#[test]
fn the_most_money_is_asked_about_first_whatever_the_order_of_the_rows() {
    let mut rows: Vec<_> = table(STAKES).iter().map(|case| staked(case)).collect();
    for _ in 0..rows.len() {
        rows.rotate_left(1);
        let plan = plan(&rows, 100);
        let ids: String = plan.questions.iter().map(|question| question.key().pop().unwrap()).collect();
        assert_eq!(ids, "fdebagc");
    }
}

#[test]
fn amounts_of_a_currency_mismatch_count_in_their_own_currency() {
    let mut yen = staked(&["y", "USD", "5000", "1000"]);
    yen.kind = DiscrepancyKind::CurrencyMismatch;
    yen.ledger_currency = Currency::parse(b"JPY");
    let dollars = staked(&["z", "USD", "499900", ""]);
    let plan = plan(&[dollars, yen], 1);
    assert_eq!(plan.questions[0].key(), "inquiryPayment?paymentId=y", "JPY 5000 is more than USD 4999.00");
}

#[test]
fn beyond_the_budget_nothing_is_asked() {
    let mut rows: Vec<_> = table(STAKES).iter().map(|case| staked(case)).collect();
    rows.push(row("x", "FILE_MISSING", ""));
    let mut cases = 0;
    for budget in 0..=8 {
        let plan = plan(&rows, budget);
        assert_eq!(plan.questions.len(), budget.min(7));
        let skipped = plan.routes.iter().filter(|&&route| route == Route::SkippedBudget).count();
        assert_eq!(skipped, 7 - budget.min(7));
        assert_eq!(plan.routes[7], Route::Nothing);
        cases += 1;
    }
    assert_eq!(cases, 9);
}
