//! What an answer means.

use antom_recon::calendar::Instant;
use antom_recon::discrepancy::{Answer, Discrepancy};
use antom_recon::money::Currency;
use antom_recon::requery::{
    AnswerRecord, Endpoint, Evidence, Question, Told, Verdict, apply, evaluate, facts_from_body, plan,
};
use serde_json::{Value, json};

use super::{row, table};

const NOW: Instant = Instant::from_millis(1_772_500_000_000);

fn record(endpoint: Endpoint, outcome: Evidence, body: &Value) -> AnswerRecord {
    let question = Question::by(endpoint, "p", "").unwrap();
    let told = Told { raw: body.to_string(), ..Told::without_answer(outcome, "why".into()) };
    AnswerRecord::new(&question, NOW, NOW, told)
}

fn amount(value: &str, currency: &str) -> Value {
    json!({"currency": currency, "value": value})
}

/// An answer to `inquiryPayment` about payment `p` (request id `r`).
fn payment(status: &str, value: &str, currency: &str, transactions: Value) -> AnswerRecord {
    let body = json!({
        "result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"},
        "paymentStatus": status, "paymentId": "p", "paymentRequestId": "r",
        "paymentAmount": amount(value, currency), "transactions": transactions,
    });
    record(Endpoint::InquiryPayment, Evidence::Found, &body)
}

/// One of its transactions: `TYPE:id:request id:STATUS:value`.
fn transactions(texts: &[&str]) -> Value {
    let one = |text: &&str| {
        let [kind, id, request_id, status, value] = text.split(':').collect::<Vec<_>>()[..] else { panic!("{text}") };
        json!({"transactionType": kind, "transactionId": id, "transactionRequestId": request_id,
               "transactionStatus": status, "transactionAmount": amount(value, "USD")})
    };
    texts.iter().map(one).collect()
}

fn refund(status: &str, value: &str) -> AnswerRecord {
    let body = json!({
        "result": {"resultCode": "SUCCESS", "resultStatus": "S"},
        "refundStatus": status, "refundId": "f", "refundRequestId": "rf", "refundAmount": amount(value, "USD"),
    });
    record(Endpoint::InquiryRefund, Evidence::Found, &body)
}

fn with_amounts(mut row: Discrepancy, ledger: &str, report: &str) -> Discrepancy {
    row.ledger_amount = ledger.parse().ok();
    row.report_amount = report.parse().ok();
    row
}

fn shown(verdict: &Verdict) -> String {
    let amount = verdict.amount.map_or("-".to_owned(), |amount| amount.to_string());
    format!("{} {amount}", verdict.answer)
}

#[test]
fn payments() {
    // kind, ledger, report | status, amount, currency | answer, amount
    let cases = table(
        "
        MISSING_IN_REPORT    1000 -     SUCCESS    1000 USD  CONFIRMS_LEDGER   1000
        MISSING_IN_REPORT    1000 -     SUCCESS    999  USD  CONTRADICTS_BOTH  999
        MISSING_IN_REPORT    1000 -     SUCCESS    1000 EUR  CONTRADICTS_BOTH  1000
        MISSING_IN_REPORT    1000 -     FAIL       1000 USD  CONFIRMS_REPORT   1000
        MISSING_IN_REPORT    1000 -     CANCELLED  1000 USD  CONFIRMS_REPORT   1000
        MISSING_IN_REPORT    1000 -     PROCESSING 1000 USD  PENDING           1000
        MISSING_IN_REPORT    1000 -     PENDING    1000 USD  PENDING           1000
        MISSING_IN_LEDGER    -    1000  SUCCESS    1000 USD  CONFIRMS_REPORT   1000
        MISSING_IN_LEDGER    -    1000  SUCCESS    1001 USD  CONTRADICTS_BOTH  1001
        MISSING_IN_LEDGER    -    1000  FAIL       1000 USD  CONFIRMS_LEDGER   1000
        MISSING_IN_LEDGER    -    1000  PROCESSING 1000 USD  PENDING           1000
        SETTLED_NOT_REPORTED 1000 1000  SUCCESS    1000 USD  CONFIRMS_REPORT   1000
        SETTLED_NOT_REPORTED 900  1000  SUCCESS    900  USD  CONFIRMS_LEDGER   900
        SETTLED_NOT_REPORTED -    1000  CANCELLED  1000 USD  CONFIRMS_LEDGER   1000
        SETTLED_NOT_REPORTED 1000 1000  FAIL       1000 USD  CONTRADICTS_BOTH  1000
        NOT_SETTLED          1000 -     SUCCESS    1000 USD  CONFIRMS_LEDGER   1000
        NOT_SETTLED          1000 1000  SUCCESS    1000 USD  CONFIRMS_LEDGER   1000
        NOT_SETTLED          1000 1000  CANCELLED  1000 USD  CONFIRMS_REPORT   1000
        NOT_SETTLED          1000 -     FAIL       1000 USD  CONFIRMS_REPORT   1000
        AMOUNT_MISMATCH      1000 900   SUCCESS    1000 USD  CONFIRMS_LEDGER   1000
        AMOUNT_MISMATCH      1000 900   SUCCESS    900  USD  CONFIRMS_REPORT   900
        AMOUNT_MISMATCH      1000 900   SUCCESS    950  USD  CONTRADICTS_BOTH  950
        AMOUNT_MISMATCH      1000 900   SUCCESS    900  EUR  CONTRADICTS_BOTH  900
        AMOUNT_MISMATCH      1000 900   FAIL       900  USD  CONTRADICTS_BOTH  900
        AMOUNT_MISMATCH      1000 900   PENDING    900  USD  PENDING           900
        MISSING_IN_REPORT    1000 -     REVERSED   1000 USD  UNAVAILABLE       -
        ",
    );
    for case in &cases {
        let row = with_amounts(row("d", case[0], "PAYMENT"), case[1], case[2]);
        let verdict = evaluate(&row, &payment(case[3], case[4], case[5], json!([])));
        let expected = format!("{} {}", case[6], if case[7].is_empty() { "-" } else { case[7] });
        assert_eq!(shown(&verdict), expected, "{case:?}");
        assert_eq!(verdict.status, case[3], "{case:?}");
    }
}

#[test]
fn each_side_of_a_currency_mismatch_is_compared_in_its_own_currency() {
    let mut row = with_amounts(row("d", "CURRENCY_MISMATCH", "PAYMENT"), "1000", "1000");
    row.ledger_currency = Currency::parse(b"EUR");
    for (currency, expected) in
        [("EUR", Answer::ConfirmsLedger), ("USD", Answer::ConfirmsReport), ("JPY", Answer::ContradictsBoth)]
    {
        let verdict = evaluate(&row, &payment("SUCCESS", "1000", currency, json!([])));
        assert_eq!((verdict.answer, verdict.currency), (expected, Currency::parse(currency.as_bytes())));
    }
}

#[test]
fn states() {
    // ledger's state, report's state, is there a line | Antom's state | answer
    let cases = table(
        "
        PENDING   -          no   SUCCESS    CONTRADICTS_BOTH
        PENDING   -          no   FAIL       CONFIRMS_REPORT
        PENDING   -          no   CANCELLED  CONFIRMS_REPORT
        PENDING   -          no   PROCESSING PENDING
        PENDING   -          yes  SUCCESS    CONFIRMS_REPORT
        PENDING   SUCCESS    yes  SUCCESS    CONFIRMS_REPORT
        PENDING   SUCCESS    yes  FAIL       CONTRADICTS_BOTH
        FAILED    -          yes  SUCCESS    CONFIRMS_REPORT
        FAILED    -          yes  FAIL       CONFIRMS_LEDGER
        FAILED    -          yes  CANCELLED  CONFIRMS_LEDGER
        CANCELLED SUCCESS    yes  FAIL       CONFIRMS_LEDGER
        FAILED    CANCELLED  yes  CANCELLED  CONFIRMS_REPORT
        SUCCESS   FAIL       yes  SUCCESS    CONFIRMS_LEDGER
        SUCCESS   FAIL       yes  CANCELLED  CONFIRMS_REPORT
        FAILED    BRAND_NEW  yes  SUCCESS    CONTRADICTS_BOTH
        ",
    );
    for case in &cases {
        let mut row = with_amounts(row("d", "STATUS_MISMATCH", "PAYMENT"), "1000", "");
        row.ledger_status = case[0].into();
        row.report_status = case[1].into();
        if case[2] == "yes" {
            row.report_line = Some(2);
            row.report_amount = Some(1000);
        }
        let verdict = evaluate(&row, &payment(case[3], "1000", "USD", json!([])));
        assert_eq!(verdict.answer.as_str(), case[4], "{case:?}");
    }
    let mut row = with_amounts(row("d", "STATUS_MISMATCH", "PAYMENT"), "1000", "1000");
    row.ledger_status = "FAILED".into();
    let verdict = evaluate(&row, &payment("SUCCESS", "1", "USD", json!([])));
    assert_eq!(verdict.answer, Answer::ContradictsBoth, "the right state for another amount confirms nobody");
}

#[test]
fn movements_under_a_payment() {
    let listed = transactions(&[
        "PAYMENT:p:r:SUCCESS:1000",
        "CAPTURE:c1:rc1:SUCCESS:600",
        "CAPTURE:c2:rc2:FAIL:400",
        "REFUND:f1:rf1:SUCCESS:250",
        "REFUND:f2:rf2:PROCESSING:50",
        "VOID:v1:r:SUCCESS:1000",
    ]);
    // kind, type, request id, Antom id, ledger, report | answer, amount
    let cases = table(
        "
        MISSING_IN_REPORT CAPTURE rc1 -   600   -     CONFIRMS_LEDGER   600
        MISSING_IN_REPORT CAPTURE -   c1  600   -     CONFIRMS_LEDGER   600
        MISSING_IN_LEDGER CAPTURE r   c2  -     400   CONFIRMS_LEDGER   400
        MISSING_IN_LEDGER CAPTURE r   c9  -     400   NOT_FOUND         -
        MISSING_IN_LEDGER CAPTURE r   -   -     400   NOT_FOUND         -
        MISSING_IN_REPORT REFUND  rf1 -   -250  -     CONFIRMS_LEDGER   -250
        AMOUNT_MISMATCH   REFUND  rf1 f1  -200  -250  CONFIRMS_REPORT   -250
        MISSING_IN_REPORT REFUND  rf2 p   -50   -     PENDING           -50
        MISSING_IN_REPORT REFUND  rf9 p   -50   -     NOT_FOUND         -
        MISSING_IN_REPORT REFUND  rc1 -   -600  -     NOT_FOUND         -
        ORPHAN_REVERSAL   REFUND  rf1 f1  -     -250  CONFIRMS_REPORT   -250
        MISSING_IN_LEDGER VOID    r   x   -     -1000 CONFIRMS_REPORT   -1000
        MISSING_IN_LEDGER VOID    r   x   -     0     CONFIRMS_REPORT   -1000
        MISSING_IN_LEDGER DISPUTE -   d   -     -1000 NOT_FOUND         -
        ",
    );
    for case in &cases {
        let mut row = with_amounts(row("d", case[0], case[1]), case[4], case[5]);
        row.request_id = case[2].into();
        row.antom_id = case[3].into();
        let verdict = evaluate(&row, &payment("SUCCESS", "1000", "USD", listed.clone()));
        assert_eq!(
            shown(&verdict),
            format!("{} {}", case[6], if case[7].is_empty() { "-" } else { case[7] }),
            "{case:?}"
        );
        assert_eq!(verdict.answer == Answer::NotFound, !verdict.note.is_empty(), "{case:?}: {}", verdict.note);
    }
}

#[test]
fn what_a_payments_state_says_of_what_called_it_off() {
    // kind, type, ledger, report | payment | answer, amount
    let cases = table(
        "
        MISSING_IN_REPORT CANCEL -1000 -     CANCELLED  CONFIRMS_LEDGER  -1000
        MISSING_IN_LEDGER CANCEL -     0     CANCELLED  CONFIRMS_REPORT  -1000
        MISSING_IN_REPORT CANCEL -900  -     CANCELLED  CONTRADICTS_BOTH -1000
        MISSING_IN_REPORT CANCEL -1000 -     SUCCESS    CONFIRMS_REPORT  -
        MISSING_IN_REPORT CANCEL -1000 -     FAIL       CONFIRMS_REPORT  -
        MISSING_IN_REPORT CANCEL -1000 -     PROCESSING PENDING          -
        MISSING_IN_REPORT VOID   -1000 -     CANCELLED  CONFIRMS_LEDGER  -1000
        MISSING_IN_REPORT VOID   -1000 -     SUCCESS    NOT_FOUND        -
        MISSING_IN_LEDGER DISPUTE -    -1000 FAIL       CONFIRMS_LEDGER  -
        MISSING_IN_LEDGER DISPUTE -    -1000 CANCELLED  NOT_FOUND        -
        ",
    );
    for case in &cases {
        let row = with_amounts(row("d", case[0], case[1]), case[2], case[3]);
        let verdict = evaluate(&row, &payment(case[4], "1000", "USD", json!([])));
        assert_eq!(
            shown(&verdict),
            format!("{} {}", case[5], if case[6].is_empty() { "-" } else { case[6] }),
            "{case:?}"
        );
    }
}

#[test]
fn refunds_asked_by_themselves() {
    // kind, type, ledger, report | refund | answer, amount
    let cases = table(
        "
        MISSING_IN_REPORT REFUND          -250 -    SUCCESS     CONFIRMS_LEDGER -250
        MISSING_IN_REPORT REFUND          -250 -    FAIL        CONFIRMS_REPORT -250
        MISSING_IN_LEDGER REFUND          -    -250 PROCESSING  PENDING         -250
        AMOUNT_MISMATCH   REFUND          -200 -250 SUCCESS     CONFIRMS_REPORT -250
        MISSING_IN_LEDGER REFUND_REVERSAL -    250  FAIL        CONFIRMS_REPORT 250
        MISSING_IN_LEDGER REFUND_REVERSAL -    250  SUCCESS     NOT_FOUND       -
        ",
    );
    for case in &cases {
        let row = with_amounts(row("d", case[0], case[1]), case[2], case[3]);
        let verdict = evaluate(&row, &refund(case[4], "250"));
        assert_eq!(
            shown(&verdict),
            format!("{} {}", case[5], if case[6].is_empty() { "-" } else { case[6] }),
            "{case:?}"
        );
    }
}

#[test]
fn limits_compare_the_sum_of_what_succeeded() {
    // limit, reported sum, Antom's refunds | answer, amount
    let cases = [
        ("-1000", "-1200", vec!["REFUND:a:a:SUCCESS:700", "REFUND:b:b:SUCCESS:500"], "CONFIRMS_REPORT -1200"),
        ("-1000", "-1200", vec!["REFUND:a:a:SUCCESS:700", "REFUND:b:b:FAIL:500"], "CONFIRMS_LEDGER -700"),
        ("-1000", "-1200", vec!["REFUND:a:a:SUCCESS:700", "REFUND:b:b:PROCESSING:500"], "PENDING -700"),
        ("-1000", "-1200", vec!["REFUND:a:a:SUCCESS:1100", "CAPTURE:b:b:SUCCESS:100"], "CONTRADICTS_BOTH -1100"),
    ];
    for (limit, reported, listed, expected) in cases {
        let row = with_amounts(row("d", "REFUND_EXCEEDS_PAYMENT", "REFUND"), limit, reported);
        let verdict = evaluate(&row, &payment("SUCCESS", "1000", "USD", transactions(&listed)));
        assert_eq!(shown(&verdict), expected, "{listed:?}");
    }
}

#[test]
fn a_limit_is_not_judged_by_a_list_that_is_not_understood() {
    let refund = |status: &str, amount: Value| json!({"transactionType": "REFUND", "transactionId": "f", "transactionStatus": status, "transactionAmount": amount});
    let usd = || amount("500", "USD");
    // What Antom lists | answer and amount, what the explanation says
    let cases = [
        (json!([refund("SUCCESS", amount("500", "EUR"))]), "UNAVAILABLE -", "Antom lists a refund in EUR"),
        (json!([refund("SUCCESS", usd()), refund("SUCCESS", Value::Null)]), "UNAVAILABLE -", "without an amount"),
        (json!([refund("PROCESSING", Value::Null)]), "UNAVAILABLE -", "without an amount"),
        (json!([refund("SETTLED_SOMEHOW", usd())]), "UNAVAILABLE -", "state `SETTLED_SOMEHOW` is not known"),
        (json!([{"transactionType": "REFUND", "transactionAmount": usd()}]), "UNAVAILABLE -", "state `` is not known"),
        (json!([]), "NOT_FOUND -", "Antom's payment is `FAIL` and lists no such REFUND"),
        (Value::Null, "NOT_FOUND -", "lists no such REFUND"),
        // What failed moved nothing, and what is of another type does not count.
        (json!([refund("SUCCESS", usd()), refund("FAIL", Value::Null)]), "CONFIRMS_LEDGER -500", ""),
        (json!([refund("SUCCESS", usd()), {"transactionType": "CAPTURE"}]), "CONFIRMS_LEDGER -500", ""),
    ];
    for (listed, expected, note) in cases {
        let row = with_amounts(row("d", "REFUND_EXCEEDS_PAYMENT", "REFUND"), "-1000", "-1200");
        let verdict = evaluate(&row, &payment("FAIL", "1000", "USD", listed.clone()));
        assert_eq!(shown(&verdict), expected, "{listed}");
        assert!(
            verdict.note.contains(note) && verdict.note.is_empty() == note.is_empty(),
            "{listed}: {}",
            verdict.note
        );
    }
    let over =
        json!([{"transactionType": "CAPTURE", "transactionStatus": "SETTLED_SOMEHOW", "transactionAmount": usd()}]);
    let row = with_amounts(row("d", "CAPTURE_EXCEEDS_AUTHORIZATION", "CAPTURE"), "400", "500");
    assert_eq!(shown(&evaluate(&row, &payment("FAIL", "400", "USD", over))), "UNAVAILABLE -");
}

#[test]
fn a_share_is_pending_until_antom_may_settle_it() {
    let row = with_amounts(row("d", "NOT_SETTLED", "SETTLEMENT"), "400", "");
    for (earliest, expected) in [(1_772_500_001_000_i64, Answer::Pending), (1_772_499_999_000, Answer::ConfirmsLedger)]
    {
        let body = json!({
            "result": {"resultCode": "SUCCESS", "resultStatus": "S"}, "paymentStatus": "SUCCESS",
            "paymentAmount": amount("1000", "USD"), "earliestSettlementTime": Instant::from_millis(earliest).rfc3339(),
        });
        let verdict = evaluate(&row, &record(Endpoint::InquiryPayment, Evidence::Found, &body));
        assert_eq!((verdict.answer, verdict.amount), (expected, None), "{}", verdict.note);
    }
}

#[test]
fn of_a_share_whose_amounts_differ_antom_tells_how_its_payment_stands() {
    // kind | payment | answer, what the explanation says
    let (of_payment, silent) = ("Antom answers for the payment", "its API does not tell what a share is worth");
    let cases = [
        ("SPLIT_MISMATCH", "SUCCESS", "NOT_FOUND -", silent),
        ("SPLIT_MISMATCH", "FAIL", "CONTRADICTS_BOTH -", of_payment),
        ("SPLIT_MISMATCH", "CANCELLED", "CONTRADICTS_BOTH -", of_payment),
        ("SPLIT_MISMATCH", "PROCESSING", "PENDING -", of_payment),
        ("SPLIT_MISMATCH", "REVERSED", "UNAVAILABLE -", "state `REVERSED` is not known"),
        ("CURRENCY_MISMATCH", "SUCCESS", "NOT_FOUND -", silent),
        ("CURRENCY_MISMATCH", "FAIL", "CONTRADICTS_BOTH -", of_payment),
    ];
    for (kind, status, expected, note) in cases {
        // The payment's own amount is neither side's, even if it is the same.
        let row = with_amounts(row("d", kind, "SETTLEMENT"), "900", "1000");
        let verdict = evaluate(&row, &payment(status, "1000", "USD", json!([])));
        assert_eq!(shown(&verdict), expected, "{kind} {status}");
        assert!(verdict.note.contains(note), "{kind} {status}: {}", verdict.note);
    }
    let early = json!({
        "result": {"resultCode": "SUCCESS", "resultStatus": "S"}, "paymentStatus": "SUCCESS",
        "earliestSettlementTime": "2099-01-01T00:00:00+08:00",
    });
    let row = with_amounts(row("d", "SPLIT_MISMATCH", "SETTLEMENT"), "900", "1000");
    let verdict = evaluate(&row, &record(Endpoint::InquiryPayment, Evidence::Found, &early));
    assert_eq!(verdict.answer, Answer::Pending);
    assert!(verdict.note.starts_with("Antom settles the payment from 2098-12-31T16:00:00"), "{}", verdict.note);
}

#[test]
fn what_is_no_evidence_is_unavailable() {
    let row = with_amounts(row("d", "MISSING_IN_REPORT", "PAYMENT"), "1000", "");
    let good = payment("SUCCESS", "1000", "USD", json!([])).raw;
    let good: Value = serde_json::from_str(&good).unwrap();
    for outcome in
        [Evidence::Refused, Evidence::Unknown, Evidence::Unreachable, Evidence::Untrusted, Evidence::NotAsked]
    {
        let verdict = evaluate(&row, &record(Endpoint::InquiryPayment, outcome, &good));
        assert_eq!((verdict.answer, verdict.amount), (Answer::Unavailable, None), "{outcome}");
        assert!(!verdict.note.is_empty(), "{outcome}");
    }
    let unreadable = json!({"result": {"resultCode": "SUCCESS", "resultStatus": "S"}, "paymentStatus": {"a": 1}});
    let verdict = evaluate(&row, &record(Endpoint::InquiryPayment, Evidence::Found, &unreadable));
    assert_eq!(verdict.answer, Answer::Unavailable);
    let strange = payment("SUCCESS", "1000", "XXQ", json!([]));
    assert_eq!(evaluate(&row, &strange).answer, Answer::Unavailable);
}

#[test]
fn what_antom_does_not_know_is_not_found() {
    let row = with_amounts(row("d", "MISSING_IN_REPORT", "PAYMENT"), "1000", "");
    let body = json!({"result": {"resultCode": "ORDER_NOT_EXIST", "resultStatus": "F"}});
    let verdict = evaluate(&row, &record(Endpoint::InquiryPayment, Evidence::NotFound, &body));
    assert_eq!((verdict.answer, verdict.status.as_str()), (Answer::NotFound, "ORDER_NOT_EXIST"));
}

#[test]
fn a_stored_body_gives_the_same_facts() {
    let known = payment("SUCCESS", "1000", "USD", transactions(&["REFUND:f:rf:SUCCESS:1"]));
    assert_eq!(facts_from_body(known.endpoint, &known.raw).ok(), known.facts);
    assert_eq!(known.facts.unwrap().transactions.len(), 1);
}

#[test]
fn answers_end_in_the_columns() {
    let mut asked = with_amounts(row("a", "MISSING_IN_REPORT", "PAYMENT"), "1000", "");
    asked.antom_id = "p".into();
    let mut refund = with_amounts(row("b", "MISSING_IN_REPORT", "REFUND"), "-50", "");
    (refund.original_antom_id, refund.request_id, refund.explanation) = ("p".into(), "rf".into(), "no line".into());
    let mut beyond = with_amounts(row("c", "MISSING_IN_REPORT", "PAYMENT"), "1", "");
    beyond.antom_id = "q".into();
    let mut rows = [asked, refund, beyond, row("d", "FILE_MISSING", "")];
    let plan = plan(&rows, 1);
    apply(&mut rows, &plan, &[payment("SUCCESS", "1000", "USD", json!([]))]);
    let answers: Vec<_> = rows.iter().map(|row| row.answer).collect();
    use Answer::*;
    assert_eq!(answers, [Some(ConfirmsLedger), Some(NotFound), Some(SkippedBudget), None]);
    assert_eq!((rows[0].answer_amount, rows[0].answer_status.as_str()), (Some(1000), "SUCCESS"));
    assert_eq!(rows[0].explanation, "");
    assert_eq!(rows[1].explanation, "no line; Antom's payment is `SUCCESS` and lists no such REFUND");
}
