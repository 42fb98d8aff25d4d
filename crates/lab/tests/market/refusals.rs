//! Every documented result code that a misuse can cause, by requests that no careful client would send; each answer is verified
//! with `openssl`.

use lab::market::{Bank, Buyer, DisputeSort, MarketOptions, NewDispute};
use serde_json::{Value, json};

use super::gateway::{Caller, Request};
use super::harness::{CLIENT_ID, DAY, HOUR, Lab, friday, pay};
use super::lifecycle::settle;

/// What is asked, and how it is answered: `resultStatus resultCode`.
type Case = (&'static str, Value, &'static str);

struct Desk {
    lab: Lab,
    caller: Caller,
}

impl Desk {
    async fn open() -> Self {
        Self::with(MarketOptions::new(CLIENT_ID, friday())).await
    }

    async fn with(options: MarketOptions) -> Self {
        let lab = Lab::with_sellers(options, &["s1", "s2"]).await;
        let caller = Caller::new(&lab.server.url());
        Self { lab, caller }
    }

    #[track_caller]
    fn check(&self, cases: Vec<Case>) {
        for (number, (api, body, expected)) in cases.into_iter().enumerate() {
            let answer = self.caller.ask(api, &body.to_string()).unwrap();
            assert_eq!(answer.status, 200, "business errors come with HTTP 200 (fact sheet, 6.1)");
            assert_eq!(answer.result(), expected, "case {number}, {api} {body}: {}", answer.json());
            assert_eq!(self.caller.verified(&answer), Some(true), "case {number}, {api} {body}");
        }
    }

    /// A card payment with an authorisation. Answers its `paymentId`.
    async fn authorised(&self, request_id: &str, minor: i64) -> String {
        self.lab.paid_by(&pay(request_id, "s1", "CARD", minor).manual_capture()).await
    }
}

/// `base` with other members; `null` takes one away.
fn but(mut base: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        let pointer = format!("/{}", name.replace('.', "/"));
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let parent = base.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Array(list), value) => list[last.parse::<usize>().unwrap()] = value.clone(),
            (parent, Value::Null) => drop(parent.as_object_mut().unwrap().remove(last)),
            (parent, value) => drop(parent.as_object_mut().unwrap().insert(last.to_owned(), value.clone())),
        }
    }
    base
}

fn eur(value: &str) -> Value {
    json!({"currency": "EUR", "value": value})
}

fn pay_body() -> Value {
    json!({
        "productCode": "CASHIER_PAYMENT", "paymentRequestId": "p1", "paymentAmount": eur("1000"),
        "order": {"referenceOrderId": "o1", "orderDescription": "A lamp", "orderAmount": eur("1000"),
            "merchant": {"referenceMerchantId": "s1"}},
        "paymentMethod": {"paymentMethodType": "GCASH"},
    })
}

fn register_body(reference: &str) -> Value {
    json!({
        "registrationRequestId": format!("again-{reference}"),
        "settlementInfos": [{"settlementCurrency": "EUR", "settlementBankAccount": {
            "bankAccountNo": "DE1", "accountHolderName": "A", "swiftCode": "DEUTDEFF", "bankRegion": "DE",
            "accountHolderType": "ENTERPRISE"}}],
        "merchantInfo": {"referenceMerchantId": reference, "loginId": format!("{reference}@shop.example"),
            "legalEntityType": "COMPANY"},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations() {
    let desk = Desk::open().await;
    let new = || register_body("s3");
    let api = "merchants/register";
    let info = new()["settlementInfos"][0].clone();
    desk.check(vec![
        (api, json!([]), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"registrationRequestId": null})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"registrationRequestId": "x".repeat(65)})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"registrationRequestId": 7})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"settlementInfos": []})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"settlementInfos": vec![info.clone(); 11]})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"settlementInfos": [info.clone(), info]})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"settlementInfos.0.settlementCurrency": "euro"})), "F PARAM_ILLEGAL"),
        (
            api,
            but(new(), json!({"registrationRequestId": "k1", "settlementInfos.0.settlementCurrency": "KWD"})),
            "F CURRENCY_NOT_SUPPORT",
        ),
        (api, but(new(), json!({"settlementInfos.0.settlementBankAccount.swiftCode": null})), "F PARAM_ILLEGAL"),
        (
            api,
            but(new(), json!({"settlementInfos.0.settlementBankAccount.accountHolderType": "DOG"})),
            "F PARAM_ILLEGAL",
        ),
        (api, but(new(), json!({"merchantInfo.legalEntityType": "CLUB"})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"merchantInfo.loginId": "nobody"})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"merchantInfo.loginId": "s1@example.com"})), "F PARAM_ILLEGAL"),
        (api, but(new(), json!({"merchantInfo.referenceMerchantId": "s1"})), "F PARAM_ILLEGAL"),
        (
            api,
            but(new(), json!({"registrationRequestId": "k2", "paymentMethods": [{"paymentMethodType": "BARTER"}]})),
            "F INVALID_CONTRACT",
        ),
        (api, but(new(), json!({"registrationRequestId": "r3"})), "S SUCCESS"),
        (api, but(new(), json!({"registrationRequestId": "r3"})), "S SUCCESS"),
        (
            api,
            but(new(), json!({"registrationRequestId": "r3", "merchantInfo.loginId": "b@c"})),
            "F REPEAT_REQ_INCONSISTENT",
        ),
    ]);
    let update = json!({
        "updateRequestId": "u1", "referenceMerchantId": "s1", "settlementCurrency": "EUR",
        "settlementBankAccount": new()["settlementInfos"][0]["settlementBankAccount"].clone(),
    });
    let api = "merchants/settlementInfo/update";
    desk.check(vec![
        (api, but(update.clone(), json!({"updateRequestId": null})), "F PARAM_ILLEGAL"),
        (api, but(update.clone(), json!({"settlementBankAccount": "DE1"})), "F PARAM_ILLEGAL"),
        (api, but(update.clone(), json!({"updateRequestId": "u0", "referenceMerchantId": "s9"})), "F RECORD_NOT_FOUND"),
        (
            api,
            but(update.clone(), json!({"updateRequestId": "u2", "referenceMerchantId": "s3"})),
            "F CONTRACT_CHECK_FAIL",
        ),
        (api, update.clone(), "S SUCCESS"),
        (api, but(update, json!({"settlementCurrency": "USD"})), "F REPEAT_REQ_INCONSISTENT"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments() {
    let desk = Desk::open().await;
    let api = "payments/pay";
    let mut cases = vec![
        (api, json!("p1"), "F PARAM_ILLEGAL"),
        ("payments/consult", json!({"productCode": "BARTER", "paymentAmount": eur("1")}), "F PARAM_ILLEGAL"),
        ("payments/consult", json!({"productCode": "CASHIER_PAYMENT"}), "F PARAM_ILLEGAL"),
    ];
    for value in [
        json!("0"),
        json!("-1"),
        json!("7.25"),
        json!("1e3"),
        json!("+5"),
        json!(" 5"),
        json!(1000),
        json!("12345678901234567"),
    ] {
        cases.push((api, but(pay_body(), json!({"paymentAmount.value": value})), "F PARAM_ILLEGAL"));
    }
    for name in ["paymentRequestId", "productCode", "paymentAmount", "order", "paymentMethod"] {
        cases.push((api, but(pay_body(), json!({name: null})), "F PARAM_ILLEGAL"));
    }
    cases.extend([
        (api, but(pay_body(), json!({"productCode": "BARTER"})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"order.orderAmount": eur("999")})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"order.orderDescription": "x".repeat(257)})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"order.merchant": "s1"})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"paymentAmount.currency": "eur"})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"paymentExpiryTime": "tomorrow"})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"paymentExpiryTime": "2026-11-01T00:00:00+08:00"})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"paymentFactor": {"captureMode": "SOMETIMES"}})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"paymentFactor": {"captureMode": "MANUAL"}})), "F PARAM_ILLEGAL"),
        (api, but(pay_body(), json!({"settlementStrategy": {"settlementCurrency": "USD"}})), "F CURRENCY_NOT_SUPPORT"),
        (api, but(pay_body(), json!({"paymentMethod.paymentMethodType": "BARTER"})), "F INVALID_CONTRACT"),
        (api, but(pay_body(), json!({"order.merchant.referenceMerchantId": "s9"})), "F CONTRACT_CHECK_FAIL"),
        (api, but(pay_body(), json!({"merchantAccountId": "another"})), "F ACCESS_DENIED"),
        (api, pay_body(), "U PAYMENT_IN_PROCESS"),
        (api, pay_body(), "U PAYMENT_IN_PROCESS"),
        (
            api,
            but(pay_body(), json!({"paymentAmount": eur("999"), "order.orderAmount": eur("999")})),
            "F REPEAT_REQ_INCONSISTENT",
        ),
        (api, but(pay_body(), json!({"paymentMethod.paymentMethodType": "ALIPAY_HK"})), "F REPEAT_REQ_INCONSISTENT"),
        ("payments/inquiryPayment", json!({}), "F PARAM_ILLEGAL"),
        ("payments/inquiryPayment", json!({"paymentId": "p1"}), "F ORDER_NOT_EXIST"),
        ("payments/inquiryRefund", json!({"refundRequestId": "r9"}), "F ORDER_NOT_EXIST"),
        ("payments/inquiryRefund", json!({}), "F PARAM_ILLEGAL"),
    ]);
    desk.check(cases);

    // A seller that takes cards only.
    let only_cards = but(register_body("s4"), json!({"paymentMethods": [{"paymentMethodType": "CARD"}]}));
    desk.check(vec![("merchants/register", only_cards, "S SUCCESS")]);
    desk.lab.market.advance(4 * DAY).await.unwrap();
    let of_s4 = but(pay_body(), json!({"paymentRequestId": "p4", "order.merchant.referenceMerchantId": "s4"}));
    let mut cases = vec![(api, of_s4.clone(), "F INVALID_CONTRACT")];
    // What buyers and their banks cause, told by a repetition of the same request.
    for (number, (code, told)) in [
        ("RISK_REJECT", "F RISK_REJECT"),
        ("USER_NOT_EXIST", "F USER_NOT_EXIST"),
        ("USER_STATUS_ABNORMAL", "F USER_STATUS_ABNORMAL"),
        ("USER_BALANCE_NOT_ENOUGH", "F USER_BALANCE_NOT_ENOUGH"),
        ("USER_AMOUNT_EXCEED_LIMIT", "F USER_AMOUNT_EXCEED_LIMIT"),
        ("NO_PAY_OPTIONS", "F NO_PAY_OPTIONS"),
        ("PAYMENT_COUNT_EXCEED_LIMIT", "F PAYMENT_COUNT_EXCEED_LIMIT"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("decline-{number}");
        desk.lab.market.plan_buyer(&id, Buyer::FailsAfter(1, code.to_owned()));
        let order = but(pay_body(), json!({"paymentRequestId": id}));
        desk.check(vec![(api, order.clone(), "U PAYMENT_IN_PROCESS")]);
        cases.push((api, order, told));
    }
    desk.lab.market.advance(1).await.unwrap();
    desk.check(cases);
}

#[tokio::test(flavor = "multi_thread")]
async fn captures() {
    let desk = Desk::with(MarketOptions { multi_capture: false, ..MarketOptions::new(CLIENT_ID, friday()) }).await;
    let wallet = desk.lab.paid("w1", "s1", 1_000).await;
    let (first, second) = (desk.authorised("a1", 1_000).await, desk.authorised("a2", 1_000).await);
    desk.lab.market.plan_buyer("a3", Buyer::Waits);
    let waiting = desk.lab.client.pay(&pay("a3", "s1", "CARD", 1_000).manual_capture()).await.unwrap();
    let waiting = waiting.body.payment_id.unwrap();
    let api = "payments/capture";
    let body = |id: &str, payment: &str, amount: Value| json!({"captureRequestId": id, "paymentId": payment, "captureAmount": amount});
    desk.lab.market.plan_bank("c-slow", Bank::IsSlow);
    desk.lab.market.plan_bank("c-no", Bank::Refuses("RISK_REJECT".to_owned()));
    desk.check(vec![
        (api, but(body("c1", &first, eur("1")), json!({"captureRequestId": null})), "F PARAM_ILLEGAL"),
        (api, but(body("c1", &first, eur("1")), json!({"isLastCapture": "maybe"})), "F PARAM_ILLEGAL"),
        (api, body("c1", &first, eur("0")), "F PARAM_ILLEGAL"),
        (api, body("c2", "P9", eur("1")), "F ORDER_NOT_EXIST"),
        (api, body("c3", &wallet, eur("1")), "F AUTH_NOT_FOUND"),
        (api, body("c4", &waiting, eur("1")), "F ORDER_STATUS_INVALID"),
        (api, body("c5", &first, json!({"currency": "USD", "value": "1"})), "F CURRENCY_NOT_SUPPORT"),
        (api, body("c6", &first, eur("1001")), "F CAPTURE_AMOUNT_EXCEED_AUTH_LIMIT"),
        (api, body("c6", &first, eur("1000")), "F REPEAT_REQ_INCONSISTENT"),
        (api, body("c-no", &first, eur("600")), "F RISK_REJECT"),
        (api, body("c-slow", &first, eur("600")), "U CAPTURE_IN_PROCESS"),
        (api, body("c7", &first, eur("100")), "F MULTI_CAPTURE_NOT_SUPPORTED"),
        ("payments/cancel", json!({"paymentId": second}), "S SUCCESS"),
        (api, body("c8", &second, eur("1")), "F AUTH_CANCELLED"),
    ]);
    let third = desk.authorised("a4", 1_000).await;
    desk.lab.market.advance(7 * DAY).await.unwrap();
    desk.check(vec![(api, body("c9", &third, eur("1")), "F AUTH_EXPIRED")]);

    let desk = Desk::open().await;
    let id = desk.authorised("a1", 1_000).await;
    desk.check(vec![
        (api, but(body("c1", &id, eur("600")), json!({"isLastCapture": true})), "S SUCCESS"),
        (api, body("c2", &id, eur("100")), "F ORDER_STATUS_INVALID"),
        ("payments/cancel", json!({"paymentId": id}), "F ORDER_STATUS_INVALID"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn splits() {
    let desk = Desk::open().await;
    let id = desk.lab.paid("p1", "s1", 1_000).await;
    let early = desk.lab.client.pay(&pay("p2", "s1", "GCASH", 1_000)).await.unwrap().body.payment_id.unwrap();
    let gone = desk.lab.client.pay(&pay("p3", "s1", "GCASH", 1_000)).await.unwrap().body.payment_id.unwrap();
    let api = "payments/settle";
    let body = |id: &str, payment: &str, seller: &str, marketplace: &str| {
        json!({"settlementRequestId": id, "paymentId": payment, "settlementDetails": [
            {"settleTo": "SELLER", "settlementAmount": eur(seller)},
            {"settleTo": "MARKETPLACE", "settlementAmount": eur(marketplace)}]})
    };
    let share = body("", "", "1", "1")["settlementDetails"][0].clone();
    desk.check(vec![
        (api, but(body("t1", &id, "900", "100"), json!({"settlementDetails": null})), "F PARAM_ILLEGAL"),
        (api, but(body("t1", &id, "900", "100"), json!({"settlementDetails": vec![share; 21]})), "F PARAM_ILLEGAL"),
        (api, but(body("t1", &id, "900", "100"), json!({"settlementDetails.0.settleTo": "BUYER"})), "F PARAM_ILLEGAL"),
        (api, body("t1", &id, "900", "0"), "F PARAM_ILLEGAL"),
        (api, body("t1", &id, "900", "101"), "F PARAM_ILLEGAL"),
        (api, body("t1", &id, "800", "100"), "F PARAM_ILLEGAL"),
        (api, body("t2", "P9", "900", "100"), "F ORDER_NOT_EXIST"),
        (api, body("t3", &early, "900", "100"), "F ORDER_STATUS_INVALID"),
        (
            api,
            but(body("t4", &id, "900", "100"), json!({"settlementDetails.1.settlementAmount.currency": "USD"})),
            "F CURRENCY_NOT_SUPPORT",
        ),
        ("payments/cancel", json!({"paymentId": gone}), "S SUCCESS"),
        (api, body("t5", &gone, "900", "100"), "F ORDER_IS_CANCELED"),
    ]);
    desk.lab.market.advance(60).await.unwrap();
    desk.check(vec![
        (api, body("t6", &early, "900", "100"), "F ORDER_STATUS_INVALID"),
        (api, body("t1", &id, "900", "100"), "S SUCCESS"),
        (api, body("t1", &id, "900", "100"), "S SUCCESS"),
        (api, body("t1", &id, "100", "900"), "F REPEAT_REQ_INCONSISTENT"),
        (api, body("t7", &id, "900", "100"), "F ORDER_STATUS_INVALID"),
        ("payments/cancel", json!({"paymentId": id}), "F ORDER_STATUS_INVALID"),
    ]);
    desk.lab.market.advance(HOUR).await.unwrap();
    // What was refused stays refused under its id, and is done under another.
    desk.check(vec![
        (api, body("t6", &early, "900", "100"), "F ORDER_STATUS_INVALID"),
        (api, body("t8", &early, "900", "100"), "S SUCCESS"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds() {
    let options = MarketOptions { refund_window: 30 * DAY, ..MarketOptions::new(CLIENT_ID, friday()) };
    let desk = Desk::with(options).await;
    let (id, unpaid) = (desk.lab.paid("p1", "s1", 1_000).await, desk.authorised("a1", 1_000).await);
    desk.lab.client.settle(&settle("t1", &id, 900, 100)).await.unwrap();
    desk.lab.market.close_day().await.unwrap();
    let open = desk.lab.paid("p2", "s2", 1_000).await;
    let gone = desk.lab.client.pay(&pay("p3", "s1", "GCASH", 1_000)).await.unwrap().body.payment_id.unwrap();
    let captured = desk.authorised("a2", 1_000).await;
    let capture =
        |id: &str, minor: &str| json!({"captureRequestId": id, "paymentId": captured, "captureAmount": eur(minor)});
    desk.check(vec![("payments/capture", capture("c1", "400"), "S SUCCESS")]);
    let c1 =
        desk.caller.ask("payments/capture", &capture("c1", "400").to_string()).unwrap().json()["captureId"].clone();
    let api = "payments/refund";
    let body = |id: &str, payment: &str, minor: &str, from: &str| {
        json!({"refundRequestId": id, "paymentId": payment, "refundAmount": eur(minor),
            "refundDetails": [{"refundFrom": from, "refundAmount": eur(minor)}]})
    };
    desk.lab.market.plan_bank("r-no", Bank::Refuses("PROCESS_FAIL".to_owned()));
    desk.check(vec![
        (api, but(body("r1", &id, "10", "SELLER"), json!({"refundRequestId": null})), "F PARAM_ILLEGAL"),
        (api, but(body("r1", &id, "10", "SELLER"), json!({"refundAmount.value": "1.0"})), "F PARAM_ILLEGAL"),
        (
            api,
            but(body("r1", &open, "10", "UNSETTLED_FUNDS"), json!({"refundDetails.0.refundAmount": eur("9")})),
            "F PARAM_ILLEGAL",
        ),
        (api, body("r1", &id, "10", "BUYER"), "F PARAM_ILLEGAL"),
        (api, body("r2", "P9", "10", "SELLER"), "F ORDER_NOT_EXIST"),
        (api, but(body("r3", &captured, "10", "UNSETTLED_FUNDS"), json!({"captureId": "C9"})), "F ORDER_NOT_EXIST"),
        (api, body("r4", &unpaid, "10", "SELLER"), "F ORDER_STATUS_INVALID"),
        ("payments/cancel", json!({"paymentId": gone}), "S SUCCESS"),
        (api, body("r5", &gone, "10", "SELLER"), "F ORDER_IS_CANCELED"),
        (
            api,
            but(body("r6", &open, "10", "UNSETTLED_FUNDS"), json!({"refundAmount.currency": "USD"})),
            "F CURRENCY_NOT_SUPPORT",
        ),
        (api, body("r7", &open, "1001", "UNSETTLED_FUNDS"), "F REFUND_AMOUNT_EXCEED"),
        (api, but(body("r8", &captured, "401", "UNSETTLED_FUNDS"), json!({"captureId": c1})), "F REFUND_AMOUNT_EXCEED"),
        (api, body("r9", &id, "10", "UNSETTLED_FUNDS"), "F MERCHANT_BALANCE_NOT_ENOUGH"),
        (api, body("r10", &id, "1000", "SELLER"), "F MERCHANT_BALANCE_NOT_ENOUGH"),
        (api, body("r11", &id, "10", "MARKETPLACE"), "F MERCHANT_BALANCE_NOT_ENOUGH"),
        (api, body("r-no", &open, "10", "UNSETTLED_FUNDS"), "F PROCESS_FAIL"),
        (api, body("r12", &open, "600", "UNSETTLED_FUNDS"), "S SUCCESS"),
        (api, body("r12", &open, "600", "UNSETTLED_FUNDS"), "S SUCCESS"),
        (api, body("r12", &open, "500", "UNSETTLED_FUNDS"), "F REPEAT_REQ_INCONSISTENT"),
        (api, body("r13", &open, "401", "UNSETTLED_FUNDS"), "F REFUND_AMOUNT_EXCEED"),
        (
            api,
            but(body("r14", &open, "100", ""), json!({"refundDetails": null, "isAsyncRefund": true})),
            "U REFUND_IN_PROCESS",
        ),
        ("payments/cancel", json!({"paymentId": open}), "F PROCESS_FAIL"),
    ]);
    desk.lab.market.advance(30 * DAY).await.unwrap();
    desk.check(vec![(api, body("r15", &open, "10", "UNSETTLED_FUNDS"), "F REFUND_WINDOW_EXCEED")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancellations() {
    let desk = Desk::open().await;
    let mut ids = Vec::new();
    for (number, method) in ["GCASH", "BANK_TRANSFER", "MERCADOPAGO_BR", "CARD", "JKOPAY"].into_iter().enumerate() {
        ids.push(
            desk.lab.client.pay(&pay(&format!("p{number}"), "s1", method, 100)).await.unwrap().body.payment_id.unwrap(),
        );
    }
    desk.lab.market.plan_buyer("p9", Buyer::FailsAfter(1, "RISK_REJECT".to_owned()));
    desk.lab.client.pay(&pay("p9", "s1", "GCASH", 100)).await.unwrap();
    desk.lab.market.plan_buyer("p8", Buyer::PaysAfter(60));
    desk.lab.client.pay(&pay("p8", "s1", "BANK_TRANSFER", 100)).await.unwrap();
    let api = "payments/cancel";
    let of = |id: &str| json!({"paymentId": id});
    desk.lab.market.advance(30).await.unwrap();
    desk.check(vec![
        (api, json!({}), "F PARAM_ILLEGAL"),
        (api, of("P9"), "F ORDER_NOT_EXIST"),
        (api, json!({"paymentRequestId": "p99"}), "F ORDER_NOT_EXIST"),
        (api, json!({"paymentRequestId": "p9"}), "F ORDER_STATUS_INVALID"),
        (api, json!({"paymentRequestId": "p8"}), "S SUCCESS"),
        (api, of(&ids[1]), "F CANCEL_WINDOW_EXCEED"),
        (api, of(&ids[4]), "F PROCESS_FAIL"),
    ]);
    // Wallets: until a quarter past midnight.
    let late = desk.lab.client.pay(&pay("late", "s1", "GCASH", 100)).await.unwrap().body.payment_id.unwrap();
    desk.lab.market.close_day().await.unwrap();
    desk.lab.market.advance(14 * 60 + 59).await.unwrap();
    desk.check(vec![(api, of(&late), "S SUCCESS")]);
    desk.lab.market.advance(1).await.unwrap();
    desk.check(vec![(api, of(&ids[0]), "F CANCEL_WINDOW_EXCEED"), (api, of(&ids[2]), "S SUCCESS")]);
    desk.lab.market.advance(7 * DAY).await.unwrap();
    desk.check(vec![(api, of(&ids[3]), "F CANCEL_WINDOW_EXCEED"), (api, of(&ids[2]), "S SUCCESS")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_and_funds() {
    let desk = Desk::with(MarketOptions { keeps_payouts: true, ..MarketOptions::new(CLIENT_ID, friday()) }).await;
    let id = desk.lab.paid_by(&pay("p1", "s1", "CARD", 1_000)).await;
    desk.lab.client.settle(&settle("t1", &id, 900, 100)).await.unwrap();
    desk.lab.market.close_day().await.unwrap();
    let dispute = NewDispute {
        payment_request_id: "p1".to_owned(),
        amount_minor: 100,
        sort: DisputeSort::Chargeback,
        reason_code: "4853".to_owned(),
        source: "Mastercard".to_owned(),
        is_defendable: true,
    };
    let open = desk.lab.market.open_dispute(&dispute).unwrap();
    let hopeless = desk.lab.market.open_dispute(&NewDispute { is_defendable: false, ..dispute }).unwrap();
    let (accept, supply) = ("payments/acceptDispute", "payments/supplyDefenseDocument");
    let document = |id: &str| json!({"disputeId": id, "disputeEvidence": "UERG"});
    let file = |id: &str| json!({"disputeId": id, "disputeEvidenceType": "DISPUTE_EVIDENCE_FILE"});
    let download = "payments/downloadDisputeEvidence";
    desk.check(vec![
        (accept, json!({}), "F PARAM_ILLEGAL"),
        (accept, json!({"disputeId": "D9"}), "F ORDER_NOT_EXIST"),
        (supply, json!({"disputeId": open, "disputeEvidence": "no base64!"}), "F PARAM_ILLEGAL"),
        (supply, document("D9"), "F ORDER_NOT_EXIST"),
        (supply, document(&hopeless), "F PROCESS_FAIL"),
        (download, json!({"disputeId": open, "disputeEvidenceType": "PHOTO"}), "F PARAM_ILLEGAL"),
        (download, file("D9"), "F ORDER_NOT_EXIST"),
        (download, file(&open), "F ORDER_NOT_EXIST"),
        (supply, document(&open), "S SUCCESS"),
        (download, file(&open), "S SUCCESS"),
        (supply, document(&open), "F ORDER_STATUS_INVALID"),
        (accept, json!({"disputeId": open}), "F ORDER_STATUS_INVALID"),
        (accept, json!({"disputeId": hopeless}), "S SUCCESS"),
        (accept, json!({"disputeId": hopeless}), "F ORDER_STATUS_INVALID"),
    ]);
    let (transfer, payout) = ("funds/createTransfer", "funds/createPayout");
    let body = |id: &str, from: Value, minor: &str, to: Value| {
        json!({"transferRequestId": id,
            "transferFromDetail": {"transferFromMethod": from, "transferFromAmount": eur(minor)},
            "transferToDetail": {"transferToMethod": to, "transferToCurrency": "EUR", "purposeCode": "GSD"}})
    };
    let account = |party: &str| json!({"paymentMethodType": "ANTOM_ACCOUNT", "customerId": party});
    let bank = |party: &str| json!({"paymentMethodType": "BANK_ACCOUNT", "customerId": party});
    let good = || body("x1", account(""), "98", account("s2"));
    desk.check(vec![
        (transfer, but(good(), json!({"transferRequestId": null})), "F PARAM_ILLEGAL"),
        (transfer, but(good(), json!({"transferToDetail.purposeCode": "FUN"})), "F PARAM_ILLEGAL"),
        (
            transfer,
            but(good(), json!({"transferFromDetail.transferFromMethod.paymentMethodType": "CASH"})),
            "F PARAM_ILLEGAL",
        ),
        (transfer, body("x2", account("s1"), "1", account("s1")), "F PARAM_ILLEGAL"),
        (
            transfer,
            but(good(), json!({"transferRequestId": "x0", "transferToDetail.transferToCurrency": "USD"})),
            "F CURRENCY_NOT_SUPPORT",
        ),
        (transfer, body("x3", account(""), "1", account("s9")), "F CONTRACT_CHECK_FAIL"),
        (transfer, body("x4", account(""), "99", account("s2")), "F MERCHANT_BALANCE_NOT_ENOUGH"),
        (payout, body("x5", account("s1"), "1", bank("s2")), "F ACCESS_DENIED"),
        (payout, body("x6", account("s1"), "683", bank("s1")), "F MERCHANT_BALANCE_NOT_ENOUGH"),
        (payout, body("x7", account("s1"), "682", bank("s1")), "U PROCESSING"),
        (payout, body("x1", account(""), "1", bank("")), "U PROCESSING"),
        (transfer, good(), "F REPEAT_REQ_INCONSISTENT"),
        ("accounts/inquireBalance", json!({"referenceMerchantId": "s9"}), "F PARAM_ILLEGAL"),
        ("accounts/inquireBalance", json!({"referenceMerchantId": "x".repeat(33)}), "F PARAM_ILLEGAL"),
    ]);
    desk.lab.market.advance(60).await.unwrap();
    desk.check(vec![(payout, body("x7", account("s1"), "682", bank("s1")), "S SUCCESS")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_as_strict_for_every_call() {
    let desk = Desk::open().await;
    for endpoint in lab::api::Endpoint::ALL {
        type Change = fn(&mut Request);
        let changes: [(&str, Change); 6] = [
            ("F INVALID_API", |it| it.path.push('s')),
            ("F METHOD_NOT_SUPPORTED", |it| it.method = "PUT"),
            ("F MEDIA_TYPE_NOT_ACCEPTABLE", |it| it.content_type = "text/xml".to_owned()),
            ("F INVALID_CLIENT", |it| it.client_id = "SOMEBODY".to_owned()),
            ("F INVALID_SIGNATURE", |it| it.key = "stranger.pem"),
            ("F INVALID_SIGNATURE", |it| it.signed_body = Some("{}".to_owned())),
        ];
        for (expected, change) in changes {
            let mut request = Request::new(endpoint.path(), "{ }");
            change(&mut request);
            let answer = desk.caller.send(&request).unwrap();
            assert_eq!(answer.result(), expected, "{endpoint:?}");
            assert_eq!(desk.caller.verified(&answer), None, "{endpoint:?}");
        }
    }
    assert!(desk.caller.ask("payments/pay", "not json").unwrap().result() == "F PARAM_ILLEGAL");
}
