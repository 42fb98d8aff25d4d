use antom_api::marketplace::{
    AcceptDispute, Cancel, Capture, Consult, DefenseDocument, DownloadDisputeEvidence, EvidenceType, Members,
    MerchantInfo, Order, Pay, PaymentMethod, Refund, RefundDetail, RefundFrom, Register, Settle, SettlementBankAccount,
    SettlementDetail, SettlementInfo, SettlementStrategy, Standing, Transfer, UpdateSettlementInfo,
};
use antom_api::{Amount, AskError, Client, Distrust, NotAsked};

use crate::gateway::{Gateway, Reply};

fn usd(value: i64) -> Amount {
    Amount { currency: "USD".to_owned(), value }
}

fn pay() -> Pay {
    Pay::new("pay-1", "order-1", "A lamp", "seller-1", "CARD", usd(725))
}

fn settle(details: Vec<SettlementDetail>) -> Settle {
    Settle::new("settle-1", "2023", details)
}

fn refund() -> Refund {
    Refund::new("refund-1", "2023", usd(100), RefundFrom::UnsettledFunds)
}

fn transfer() -> Transfer {
    let account = |name: &str| PaymentMethod {
        payment_method_type: "ANTOM_ACCOUNT".to_owned(),
        customer_id: Some(name.to_owned()),
        ..PaymentMethod::default()
    };
    Transfer::new("transfer-1", account("a"), usd(100), account("b"))
}

fn bank() -> SettlementBankAccount {
    SettlementBankAccount {
        bank_account_no: "DE1".to_owned(),
        account_holder_name: "A".to_owned(),
        swift_code: "DEUTDEFF".to_owned(),
        bank_region: "DE".to_owned(),
        account_holder_type: "ENTERPRISE".to_owned(),
        ..SettlementBankAccount::default()
    }
}

fn register() -> Register {
    let info = SettlementInfo { settlement_currency: "USD".to_owned(), settlement_bank_account: bank() };
    let (id, login) = ("seller-1".to_owned(), "a@example.com".to_owned());
    Register {
        registration_request_id: "reg-1".to_owned(),
        settlement_infos: vec![info],
        merchant_info: MerchantInfo {
            reference_merchant_id: id,
            login_id: login,
            legal_entity_type: "COMPANY".to_owned(),
            more: Members::default(),
        },
        payment_methods: Vec::new(),
    }
}

/// What is sent, path and body, when one call is made and answered with a plain success.
macro_rules! sent {
    ($call:ident, $request:expr) => {{
        let gateway = Gateway::start([Reply::result("SUCCESS", "S")]).await;
        let receipt = gateway.client().$call(&$request).await.unwrap();
        assert_eq!(receipt.standing, Standing::Done);
        let request = gateway.requests().remove(0);
        let path = request.line.split(' ').nth(1).unwrap().strip_prefix("/ams/api/v1/").unwrap().to_owned();
        (path, request.body)
    }};
}

#[tokio::test]
async fn requests_are_sent_as_antom_spells_them() {
    let mut more = Members::new();
    more.insert("env".to_owned(), serde_json::json!({"terminalType": "WEB"}));
    let pay = Pay {
        settlement_strategy: Some(SettlementStrategy { settlement_currency: "USD".to_owned() }),
        more,
        ..pay().manual_capture().notify("https://shop.example/antom")
    };
    let (path, body) = sent!(pay, pay);
    assert_eq!(path, "payments/pay");
    assert_eq!(
        body,
        r#"{"productCode":"CASHIER_PAYMENT","paymentRequestId":"pay-1","order":{"referenceOrderId":"order-1","orderDescription":"A lamp","orderAmount":{"currency":"USD","value":"725"},"merchant":{"referenceMerchantId":"seller-1"}},"paymentAmount":{"currency":"USD","value":"725"},"paymentMethod":{"paymentMethodType":"CARD"},"paymentFactor":{"captureMode":"MANUAL","isAuthorization":"true"},"settlementStrategy":{"settlementCurrency":"USD"},"paymentNotifyUrl":"https://shop.example/antom","env":{"terminalType":"WEB"}}"#
    );
    let shares = vec![SettlementDetail::seller(usd(700)), SettlementDetail::marketplace(usd(25))];
    let expected = r#"{"settlementRequestId":"settle-1","paymentId":"2023","settlementDetails":[{"settleTo":"SELLER","settlementAmount":{"currency":"USD","value":"700"}},{"settleTo":"MARKETPLACE","settlementAmount":{"currency":"USD","value":"25"}}]}"#;
    assert_eq!(sent!(settle, settle(shares)), ("payments/settle".to_owned(), expected.to_owned()));
    let expected = r#"{"refundRequestId":"refund-1","paymentId":"2023","refundAmount":{"currency":"USD","value":"100"},"refundDetails":[{"refundFrom":"UNSETTLED_FUNDS","refundAmount":{"currency":"USD","value":"100"}}]}"#;
    assert_eq!(sent!(refund, refund()), ("payments/refund".to_owned(), expected.to_owned()));
    assert_eq!(sent!(cancel, Cancel::Id("2023".to_owned())).1, r#"{"paymentId":"2023"}"#);
    let cancel = sent!(cancel, Cancel::RequestId("pay-1".to_owned()));
    assert_eq!(cancel, ("payments/cancel".to_owned(), r#"{"paymentRequestId":"pay-1"}"#.to_owned()));
    let (capture, dispute) = (capture(), "D1".to_owned());
    let expected = r#"{"captureRequestId":"capture-1","paymentId":"2023","captureAmount":{"currency":"USD","value":"5"},"isLastCapture":"true"}"#;
    assert_eq!(sent!(capture, capture), ("payments/capture".to_owned(), expected.to_owned()));
    let accept = AcceptDispute { dispute_id: dispute.clone() };
    assert_eq!(sent!(accept_dispute, accept).0, "payments/acceptDispute");
    let document = DefenseDocument { dispute_id: dispute.clone(), dispute_evidence: "UERG".to_owned() };
    assert_eq!(sent!(supply_defense_document, document).0, "payments/supplyDefenseDocument");
    let file = DownloadDisputeEvidence { dispute_id: dispute, dispute_evidence_type: EvidenceType::Template };
    let expected = r#"{"disputeId":"D1","disputeEvidenceType":"DISPUTE_EVIDENCE_TEMPLATE"}"#;
    assert_eq!(sent!(download_dispute_evidence, file).1, expected);
    assert_eq!(sent!(create_transfer, transfer()).0, "funds/createTransfer");
    let (path, body) = sent!(create_payout, transfer());
    assert_eq!(path, "funds/createPayout");
    assert!(body.contains(r#""purposeCode":"GSD""#) && body.contains(r#""transferToCurrency":"USD""#), "{body}");
    assert_eq!(sent!(register, register()).0, "merchants/register");
    let update = UpdateSettlementInfo {
        update_request_id: "u1".to_owned(),
        reference_merchant_id: "seller-1".to_owned(),
        settlement_currency: "USD".to_owned(),
        settlement_bank_account: bank(),
    };
    assert_eq!(sent!(update_settlement_info, update).0, "merchants/settlementInfo/update");
}

fn capture() -> Capture {
    Capture {
        capture_request_id: "capture-1".to_owned(),
        payment_id: "2023".to_owned(),
        capture_amount: usd(5),
        is_last_capture: Some(true),
    }
}

/// Why a request is not sent at all.
macro_rules! not_asked {
    ($client:expr, $call:ident, $request:expr) => {
        match $client.$call(&$request).await {
            Err(AskError::NotAsked(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
}

#[tokio::test]
async fn what_antom_must_refuse_is_not_sent() {
    let gateway = Gateway::start([Reply::result("SUCCESS", "S")]).await;
    let client: Client = gateway.client();
    let order = |amount| Order { order_amount: amount, ..pay().order };
    let euros = Amount { currency: "EUR".to_owned(), value: 1 };
    let share = || SettlementDetail::seller(usd(1));
    let detail = |amount| RefundDetail { refund_from: RefundFrom::Seller, refund_amount: amount };
    let consult = |amount| Consult {
        product_code: "CASHIER_PAYMENT".to_owned(),
        payment_amount: amount,
        settlement_strategy: None,
        more: Members::default(),
    };
    let mut remark = transfer();
    remark.transfer_to_detail.transfer_remark = Some("x".repeat(1025));
    let reasons: Vec<(NotAsked, &str)> = vec![
        (not_asked!(client, pay, Pay { payment_request_id: String::new(), ..pay() }), "`paymentRequestId` is empty"),
        (not_asked!(client, pay, Pay { payment_amount: usd(0), ..pay() }), "`paymentAmount` is `0`"),
        (not_asked!(client, pay, Pay { order: order(usd(-5)), ..pay() }), "`orderAmount` is `-5`"),
        (not_asked!(client, pay, pay().notify("x".repeat(2049))), "`paymentNotifyUrl` is too long"),
        (
            not_asked!(client, consult, consult(Amount { currency: "usd".to_owned(), value: 1 })),
            "three capital letters",
        ),
        (not_asked!(client, capture, Capture { capture_amount: usd(0), ..capture() }), "`captureAmount` is `0`"),
        (not_asked!(client, cancel, Cancel::Id("x".repeat(65))), "`paymentId` is too long"),
        (not_asked!(client, settle, settle(Vec::new())), "`settlementDetails` is `empty`"),
        (
            not_asked!(client, settle, settle(vec![share(); 21])),
            "`settlementDetails` has 21 elements; expected at most 20",
        ),
        (
            not_asked!(client, settle, settle(vec![share(), SettlementDetail::marketplace(euros.clone())])),
            "same currency",
        ),
        (not_asked!(client, refund, Refund { refund_details: vec![detail(usd(99))], ..refund() }), "add up to"),
        (not_asked!(client, refund, Refund { refund_details: vec![detail(euros)], ..refund() }), "same currency"),
        (not_asked!(client, refund, Refund { refund_reason: Some("x".repeat(257)), ..refund() }), "`refundReason`"),
        (
            not_asked!(client, accept_dispute, AcceptDispute { dispute_id: "a\nb".to_owned() }),
            "`disputeId` is not printable",
        ),
        (not_asked!(client, create_transfer, remark), "`transferRemark` is too long"),
        (not_asked!(client, register, Register { settlement_infos: Vec::new(), ..register() }), "`settlementInfos`"),
    ];
    for (reason, expected) in reasons {
        assert!(reason.to_string().contains(expected), "{reason}; expected {expected}");
    }
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn what_is_in_process_is_waited_for_and_what_is_unknown_is_sent_again() {
    let in_process = r#"{"result":{"resultCode":"PAYMENT_IN_PROCESS","resultStatus":"U"},"paymentRequestId":"pay-1"}"#;
    let accepted = r#"{"result":{"resultCode":"SOMETHING","resultStatus":"U"},"transferRequestId":"transfer-1","transferId":"T1"}"#;
    let gateway = Gateway::start([Reply::signed(in_process)]).await;
    let receipt = gateway.client().pay(&pay()).await.unwrap();
    assert_eq!((receipt.standing, receipt.attempts), (Standing::InProcess, 1));

    let gateway = Gateway::start([Reply::signed(accepted)]).await;
    let receipt = gateway.client().create_payout(&transfer()).await.unwrap();
    assert_eq!((receipt.standing, receipt.attempts), (Standing::InProcess, 1), "it has an id: Antom is at it");
    assert_eq!(receipt.body.transfer_id.as_deref(), Some("T1"));

    let gateway = Gateway::start([Reply::result("UNKNOWN_EXCEPTION", "U")]).await;
    let receipt = gateway.client().refund(&refund()).await.unwrap();
    assert_eq!((receipt.standing, receipt.attempts), (Standing::Unknown, 3));
    let bodies: Vec<String> = gateway.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same request each time");

    for reply in [Reply::result("UNKNOWN_EXCEPTION", "U"), Reply::status(503)] {
        let gateway = Gateway::start([reply]).await;
        let accept = AcceptDispute { dispute_id: "D1".to_owned() };
        let _lost_or_unknown = gateway.client().accept_dispute(&accept).await;
        assert_eq!(gateway.requests().len(), 1, "no idempotency is documented for disputes");
    }
    for (code, standing) in [("ORDER_NOT_EXIST", Standing::NotFound), ("REFUND_AMOUNT_EXCEED", Standing::Refused)] {
        let gateway = Gateway::start([Reply::result(code, "F")]).await;
        assert_eq!(gateway.client().refund(&refund()).await.unwrap().standing, standing);
    }
}

#[tokio::test]
async fn another_calls_answer_is_not_taken_for_this_ones() {
    let other = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"refundRequestId":"refund-2"}"#;
    let gateway = Gateway::start([Reply::signed(other)]).await;
    let error = gateway.client().refund(&refund()).await.unwrap_err();
    assert!(matches!(error, AskError::Untrusted { reason: Distrust::WrongAnswer { .. }, .. }), "{error}");
    let gateway = Gateway::start([Reply::signed(other).unsigned()]).await;
    let error = gateway.client().refund(&refund()).await.unwrap_err();
    assert!(matches!(error, AskError::Untrusted { reason: Distrust::Unsigned { .. }, .. }), "{error}");
}
