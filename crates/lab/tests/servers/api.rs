//! The API as a client with `openssl` sees it: what is answered, what is refused, what goes wrong.

use std::time::{Duration, Instant};

use lab::api::{
    ApiFault, ApiOptions, ApiServer, ApiState, BalanceRecord, Book, Endpoint, PaymentRecord, RefundRecord, Repeat,
    Scope, TransactionRecord,
};
use serde_json::json;

use super::gateway::{Caller, Request, now_millis};

const PAYMENT: &str = "payments/inquiryPayment";
const REFUND: &str = "payments/inquiryRefund";
const BALANCE: &str = "accounts/inquireBalance";
const ABOUT_P1: &str = r#"{"paymentId":"P1"}"#;

fn payment(number: u32) -> PaymentRecord {
    PaymentRecord {
        payment_id: format!("P{number}"),
        payment_request_id: format!("pr-{number}"),
        status: "SUCCESS".to_owned(),
        amount_minor: 1000 + u64::from(number),
        currency: "EUR".to_owned(),
        payment_time: Some("2026-11-20T08:00:00+08:00".to_owned()),
        earliest_settlement_time: Some("2026-11-23T00:00:00+08:00".to_owned()),
        transactions: Vec::new(),
    }
}

fn book() -> Book {
    let mut with_refund = payment(1);
    with_refund.transactions.push(TransactionRecord {
        transaction_id: "R1".to_owned(),
        transaction_request_id: "rr-1".to_owned(),
        transaction_type: "REFUND".to_owned(),
        status: "PROCESSING".to_owned(),
        amount_minor: 300,
        currency: "EUR".to_owned(),
        transaction_time: None,
    });
    let refund = RefundRecord {
        refund_id: "R1".to_owned(),
        refund_request_id: "rr-1".to_owned(),
        status: "PROCESSING".to_owned(),
        amount_minor: 300,
        currency: "EUR".to_owned(),
        refund_time: Some("2026-11-21T08:00:00+08:00".to_owned()),
    };
    let balance = |merchant: Option<&str>, account: &str| BalanceRecord {
        reference_merchant_id: merchant.map(str::to_owned),
        account_no: account.to_owned(),
        currency: "EUR".to_owned(),
        available_minor: 70,
        frozen_minor: 30,
        total_minor: 100,
    };
    Book {
        payments: vec![with_refund, payment(2)],
        refunds: vec![refund],
        balances: vec![balance(None, "A0"), balance(Some("seller"), "A1")],
    }
}

async fn setup() -> (ApiServer, Caller) {
    let options = ApiOptions { state: ApiState::new(book()), ..ApiOptions::new("LAB") };
    let server = ApiServer::start(options).await.unwrap();
    let caller = Caller::new(&server.url());
    (server, caller)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_told_with_its_refunds_and_openssl_verifies_it() {
    let (server, caller) = setup().await;
    let answer = caller.ask(PAYMENT, r#"{"paymentRequestId":"pr-1"}"#).unwrap();
    assert_eq!((answer.status, caller.verified(&answer)), (200, Some(true)));
    assert_eq!(answer.headers["client-id"], "LAB");
    assert!(answer.headers["response-time"].ends_with("+08:00"));
    assert_eq!(
        answer.json(),
        json!({
            "result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"},
            "paymentStatus": "SUCCESS", "paymentResultCode": "SUCCESS",
            "paymentId": "P1", "paymentRequestId": "pr-1",
            "paymentAmount": {"currency": "EUR", "value": "1001"},
            "paymentTime": "2026-11-20T08:00:00+08:00",
            "earliestSettlementTime": "2026-11-23T00:00:00+08:00",
            "transactions": [{
                "transactionId": "R1", "transactionRequestId": "rr-1",
                "transactionType": "REFUND", "transactionStatus": "PROCESSING",
                "transactionAmount": {"currency": "EUR", "value": "300"},
            }],
        })
    );
    let both = caller.ask(PAYMENT, r#"{"paymentId":"P2","paymentRequestId":"pr-1"}"#).unwrap();
    assert_eq!(both.json()["paymentId"], "P2", "paymentId wins");
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "P1"), 1);
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "pr-2"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_and_balances_are_told() {
    let (server, caller) = setup().await;
    let refund = caller.ask(REFUND, r#"{"refundRequestId":"rr-1"}"#).unwrap();
    assert_eq!(caller.verified(&refund), Some(true));
    assert_eq!(refund.json()["refundStatus"], "PROCESSING");
    assert_eq!(refund.json().get("refundTime"), None, "told on success only");
    for (body, account) in [("{}", "A0"), (r#"{"referenceMerchantId":"seller"}"#, "A1")] {
        let answer = caller.ask(BALANCE, body).unwrap();
        let accounts = answer.json()["accountBalances"].clone();
        assert_eq!(accounts.as_array().unwrap().len(), 1);
        assert_eq!(accounts[0]["accountNo"], account);
        assert_eq!(accounts[0]["totalBalance"], json!({"currency": "EUR", "value": "100"}));
    }
    let mut refunded = book().refunds.remove(0);
    refunded.status = "SUCCESS".to_owned();
    server.state().put_refund(refunded);
    let refund = caller.ask(REFUND, r#"{"refundId":"R1"}"#).unwrap();
    assert_eq!(refund.json()["refundTime"], "2026-11-21T08:00:00+08:00");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_or_not_readable_is_told_under_signature() {
    let (server, caller) = setup().await;
    let long = format!(r#"{{"paymentId":"{}"}}"#, "9".repeat(65));
    for (api, body, result) in [
        (PAYMENT, r#"{"paymentId":"P9"}"#, "F ORDER_NOT_EXIST"),
        (PAYMENT, r#"{"paymentId":"pr-1"}"#, "F ORDER_NOT_EXIST"),
        (REFUND, r#"{"refundRequestId":"R1"}"#, "F ORDER_NOT_EXIST"),
        (PAYMENT, "{}", "F PARAM_ILLEGAL"),
        (PAYMENT, r#"{"paymentId":""}"#, "F PARAM_ILLEGAL"),
        (PAYMENT, r#"{"paymentId":1}"#, "F PARAM_ILLEGAL"),
        (PAYMENT, &long, "F PARAM_ILLEGAL"),
        (PAYMENT, "[]", "F PARAM_ILLEGAL"),
        (PAYMENT, "paymentId=P1", "F PARAM_ILLEGAL"),
        (BALANCE, r#"{"referenceMerchantId":"nobody"}"#, "F PARAM_ILLEGAL"),
    ] {
        let answer = caller.ask(api, body).unwrap();
        assert_eq!(answer.result(), result, "`{body}`");
        assert_eq!(caller.verified(&answer), Some(true), "`{body}`");
    }
    assert_eq!(server.log().total(), 10);
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "P9"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_refuses_what_is_not_in_order_without_a_signature() {
    type Change = fn(&mut Request);
    let cases: [(&str, Change); 17] = [
        ("INVALID_API", |it| it.path = "/ams/api/v1/payments/pay".to_owned()),
        ("INVALID_API", |it| it.path = format!("{}/", it.path)),
        ("METHOD_NOT_SUPPORTED", |it| it.method = "PUT"),
        ("MEDIA_TYPE_NOT_ACCEPTABLE", |it| it.content_type = "text/plain".to_owned()),
        ("INVALID_CLIENT", |it| it.client_id = "SOMEONE".to_owned()),
        ("INVALID_CLIENT", |it| it.client_id = String::new()),
        ("INVALID_CLIENT", |it| it.path = it.path.replace("/ams/", "/ams/sandbox/")),
        ("PARAM_ILLEGAL", |it| it.time = "2026-11-20T08:00:00+08:00".to_owned()),
        ("PARAM_ILLEGAL", |it| it.time = (now_millis() / 1000).to_string()),
        ("PARAM_ILLEGAL", |it| it.time = (now_millis() - 600_000).to_string()),
        ("PARAM_ILLEGAL", |it| it.time = String::new()),
        ("INVALID_SIGNATURE", |it| it.signature = Some(String::new())),
        ("INVALID_SIGNATURE", |it| it.signature = Some("nonsense".to_owned())),
        ("INVALID_SIGNATURE", |it| it.key = "stranger.pem"),
        ("INVALID_SIGNATURE", |it| it.signed_body = Some(format!("{} ", it.body))),
        ("INVALID_SIGNATURE", |it| it.signed_body = Some(String::new())),
        ("INVALID_SIGNATURE", |it| {
            it.signed_body = Some(it.body.replace("P1", "P2"));
        }),
    ];
    let (server, caller) = setup().await;
    for (number, (code, change)) in cases.into_iter().enumerate() {
        let mut request = Request::new(PAYMENT, ABOUT_P1);
        change(&mut request);
        let answer = caller.send(&request).unwrap();
        assert_eq!(answer.result(), format!("F {code}"), "case {number}");
        assert_eq!((answer.status, caller.verified(&answer)), (200, None), "case {number}");
    }
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "P1"), 0);
    let outcomes = server.log().questions();
    assert_eq!(outcomes.iter().filter(|it| it.outcome == "INVALID_SIGNATURE").count(), 6);

    let mut bare = Request::new(PAYMENT, ABOUT_P1);
    bare.content_type = String::new();
    assert_eq!(caller.send(&bare).unwrap().result(), "S SUCCESS", "content-type is optional");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_client_has_its_own_path() {
    let state = ApiState::new(book());
    let options = ApiOptions { state, ..ApiOptions::new("SANDBOX_LAB") };
    let server = ApiServer::start(options).await.unwrap();
    let caller = Caller::new(&server.url());
    let mut request = Request::new(PAYMENT, ABOUT_P1);
    request.client_id = "SANDBOX_LAB".to_owned();
    assert_eq!(caller.send(&request).unwrap().result(), "F INVALID_CLIENT");
    request.path = format!("/ams/sandbox/api/v1/{PAYMENT}");
    let answer = caller.send(&request).unwrap();
    assert_eq!((answer.result().as_str(), caller.verified(&answer)), ("S SUCCESS", Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_evidence() {
    let (server, caller) = setup().await;
    for (fault, verified) in [
        (ApiFault::Unsigned, None),
        (ApiFault::WrongKey, Some(false)),
        (ApiFault::TamperedBody, Some(false)),
        (ApiFault::AnswerAbout("pr-2".to_owned()), Some(true)),
    ] {
        server.faults().plan(Scope::id("pr-1"), fault.clone(), Repeat::ONCE);
        let answer = caller.ask(PAYMENT, ABOUT_P1).unwrap();
        assert_eq!(caller.verified(&answer), verified, "{fault:?}");
        let id = if verified == Some(true) { "P2" } else { "P1" };
        assert_eq!(answer.json()["paymentId"], id, "{fault:?}");
        let again = caller.ask(PAYMENT, ABOUT_P1).unwrap();
        assert_eq!((again.result().as_str(), caller.verified(&again)), ("S SUCCESS", Some(true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_to_be_asked_again() {
    let (server, caller) = setup().await;
    let code = |code: &str, status: &str| ApiFault::Result { code: code.into(), status: status.into() };
    let faults = server.faults();
    faults.plan(Scope::id("P1"), ApiFault::UnknownException, Repeat::Times(2));
    faults.plan(Scope::All, ApiFault::Throttled, Repeat::ONCE);
    faults.plan(Scope::All, code("PROCESS_FAIL", "F"), Repeat::ONCE);
    let results =
        |count: usize| -> Vec<String> { (0..count).map(|_| caller.ask(PAYMENT, ABOUT_P1).unwrap().result()).collect() };
    let expected =
        ["U UNKNOWN_EXCEPTION", "U UNKNOWN_EXCEPTION", "U REQUEST_TRAFFIC_EXCEED_LIMIT", "F PROCESS_FAIL", "S SUCCESS"];
    assert_eq!(results(5), expected);
    faults.plan(Scope::All, ApiFault::Throttled, Repeat::Always);
    assert_eq!(results(3), ["U REQUEST_TRAFFIC_EXCEED_LIMIT"; 3]);
    faults.clear();
    assert_eq!(results(1), ["S SUCCESS"]);
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "P1"), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_answers_and_none() {
    let (server, caller) = setup().await;
    let faults = server.faults();
    faults.plan(Scope::All, ApiFault::Http500, Repeat::ONCE);
    let answer = caller.ask(PAYMENT, ABOUT_P1).unwrap();
    assert_eq!((answer.status, caller.verified(&answer)), (500, None));

    faults.plan(Scope::All, ApiFault::Reset, Repeat::ONCE);
    let begin = Instant::now();
    let reset = caller.ask(PAYMENT, ABOUT_P1).err().map(|error| error.kind());
    assert_eq!(reset, Some(std::io::ErrorKind::ConnectionReset));
    faults.down(true);
    assert!(caller.ask(PAYMENT, ABOUT_P1).is_err());
    assert!(begin.elapsed() < Duration::from_secs(5));
    faults.down(false);

    faults.plan(Scope::All, ApiFault::Delay(Duration::from_millis(80)), Repeat::ONCE);
    let begin = Instant::now();
    assert_eq!(caller.ask(PAYMENT, ABOUT_P1).unwrap().result(), "S SUCCESS");
    assert!(begin.elapsed() >= Duration::from_millis(80));

    let outcomes: Vec<String> = server.log().questions().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, ["HTTP 500", "RESET", "RESET", "SUCCESS"]);
    server.stop().await;
    let refused = caller.ask(PAYMENT, ABOUT_P1).err().map(|error| error.kind());
    assert_eq!(refused, Some(std::io::ErrorKind::ConnectionRefused));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_in_flight_are_counted() {
    let (server, caller) = setup().await;
    let delay = ApiFault::Delay(Duration::from_millis(500));
    server.faults().plan(Scope::All, delay, Repeat::Always);
    let mut signed = Request::new(PAYMENT, ABOUT_P1);
    signed.signature = Some(caller.sign(&signed));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(caller.send(&signed).unwrap().result(), "S SUCCESS"));
        }
    });
    assert_eq!(server.log().most_in_flight(), 3);
    assert_eq!(server.log().count_endpoint(Endpoint::InquiryPayment), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_counts_although_nobody_waited_for_its_answer() {
    let (server, mut caller) = setup().await;
    server.faults().plan(Scope::All, ApiFault::Delay(Duration::from_secs(5)), Repeat::ONCE);
    caller.patience = Duration::from_millis(200);
    assert!(caller.ask(PAYMENT, ABOUT_P1).is_err());
    assert_eq!(server.log().count(Endpoint::InquiryPayment, "P1"), 1);
}
