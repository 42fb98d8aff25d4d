use antom_api::signature::SignatureError;
use antom_api::{AskError, BodyError, Client, Distrust, PaymentQuestion, RefundQuestion};

use crate::gateway::{Gateway, Reply, result_body};
use crate::openssl::STRANGER;

const PAYMENT: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"paymentStatus":"SUCCESS",
  "paymentRequestId":"order-1","paymentId":"2023","paymentAmount":{"currency":"USD","value":"725"}}"#;

/// Asks for `order-1`, which must end in an error, after exactly one request.
async fn ask(reply: Reply) -> AskError {
    let gateway = Gateway::start([reply]).await;
    let error = gateway.client().inquiry_payment(&PaymentQuestion::RequestId("order-1".to_owned())).await.unwrap_err();
    assert_eq!(gateway.requests().len(), 1, "an answer like this is not asked for again: {error}");
    error
}

async fn distrust(reply: Reply) -> Distrust {
    match ask(reply).await {
        AskError::Untrusted { reason, attempts: 1, .. } => reason,
        other => panic!("expected distrust, got {other:?}"),
    }
}

#[tokio::test]
async fn unsigned_answers_are_no_evidence_whatever_their_status() {
    for (code, status) in [("SUCCESS", "S"), ("INVALID_SIGNATURE", "F"), ("UNKNOWN_EXCEPTION", "U")] {
        let reason = distrust(Reply::result(code, status).unsigned()).await;
        assert_eq!(reason, Distrust::Unsigned { missing: "signature", claimed: Some(code.to_owned()) });
        assert!(reason.to_string().contains(&format!("which nobody vouches for, says `{code}`")), "{reason}");
    }
    let reason = distrust(Reply::signed(PAYMENT).unsigned().header("signature", "")).await;
    assert!(matches!(reason, Distrust::Unsigned { missing: "signature", .. }), "{reason:?}");
}

#[tokio::test]
async fn an_answer_without_its_time_is_unsigned() {
    let reason = distrust(Reply::signed(PAYMENT).response_time(None)).await;
    assert!(matches!(reason, Distrust::Unsigned { missing: "response-time", .. }), "{reason:?}");
}

#[tokio::test]
async fn another_key_another_body_and_another_time_are_noticed() {
    for reply in [
        Reply::signed(PAYMENT).signed_by(&STRANGER),
        Reply::result("ORDER_NOT_EXIST", "F").signed_by(&STRANGER),
        Reply::result("UNKNOWN_EXCEPTION", "U").signed_by(&STRANGER),
        Reply::signed(PAYMENT).but_sends(PAYMENT.replace("725", "726")),
        Reply::signed(PAYMENT).but_sends(format!("{PAYMENT}\n")),
        Reply::signed(PAYMENT).but_says_time("2026-11-20T12:12:15+08:00"),
    ] {
        assert_eq!(distrust(reply).await, Distrust::BadSignature(SignatureError::Mismatch));
    }
}

#[tokio::test]
async fn headers_that_cannot_be_read_are_not_trusted() {
    for header in ["testing_signature", "algorithm=RSA256,keyVersion=1,signature=%%%", "algorithm=none,signature=AQ=="]
    {
        let reason = distrust(Reply::signed(PAYMENT).unsigned().header("signature", header)).await;
        assert!(matches!(reason, Distrust::BadSignature(_)), "{header} gave {reason:?}");
    }
    for header in ["signature", "response-time"] {
        let reason = distrust(Reply::signed(PAYMENT).header(header, "another")).await;
        assert_eq!(reason, Distrust::DoubtfulHeader { header });
    }
}

#[tokio::test]
async fn another_payments_answer_is_not_taken_for_this_ones() {
    let reason = distrust(Reply::signed(PAYMENT.replace("order-1", "order-2"))).await;
    let asked = "order-1".to_owned();
    assert_eq!(reason, Distrust::WrongAnswer { field: "paymentRequestId", asked, found: "order-2".to_owned() });
    assert_eq!(reason.to_string(), "it is about `paymentRequestId` `order-2`, and `order-1` was asked for");

    let gateway = Gateway::start([Reply::signed(PAYMENT)]).await;
    let error = gateway.client().inquiry_payment(&PaymentQuestion::Id("2024".to_owned())).await.unwrap_err();
    assert!(error.to_string().contains("`paymentId` `2023`, and `2024` was asked for"), "{error}");

    let refund =
        r#"{"result":{"resultStatus":"S"},"refundStatus":"SUCCESS","refundId":"R8","refundRequestId":"refund-2"}"#;
    let gateway = Gateway::start([Reply::signed(refund)]).await;
    for question in [RefundQuestion::Id("R9".to_owned()), RefundQuestion::RequestId("refund-1".to_owned())] {
        let error = gateway.client().inquiry_refund(&question).await.unwrap_err();
        assert!(matches!(error, AskError::Untrusted { reason: Distrust::WrongAnswer { .. }, .. }), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_say_what_it_is_about_is_no_evidence() {
    let nameless = PAYMENT.replace(r#""paymentRequestId":"order-1","#, "");
    let reason = distrust(Reply::signed(nameless)).await;
    assert_eq!(reason, Distrust::Nameless { field: "paymentRequestId", asked: "order-1".to_owned() });
    assert_eq!(reason.to_string(), "it has no `paymentRequestId`, and `order-1` was asked for");

    // Whether the other id is that of the same payment, nobody here knows.
    let other = PAYMENT.replace(r#""paymentId":"2023","#, "");
    let gateway = Gateway::start([Reply::signed(other)]).await;
    let error = gateway.client().inquiry_payment(&PaymentQuestion::Id("2023".to_owned())).await.unwrap_err();
    assert!(matches!(error, AskError::Untrusted { reason: Distrust::Nameless { .. }, .. }), "{error}");
    assert!(gateway.client().inquiry_payment(&PaymentQuestion::RequestId("order-1".to_owned())).await.is_ok());

    let refund = r#"{"result":{"resultStatus":"S"},"refundStatus":"SUCCESS"}"#;
    let gateway = Gateway::start([Reply::signed(refund)]).await;
    for question in [RefundQuestion::Id("R9".to_owned()), RefundQuestion::RequestId("refund-1".to_owned())] {
        let error = gateway.client().inquiry_refund(&question).await.unwrap_err();
        assert!(matches!(error, AskError::Untrusted { reason: Distrust::Nameless { .. }, .. }), "{error}");
    }
}

#[tokio::test]
async fn another_accounts_answer_is_not_taken_for_ours() {
    let question = PaymentQuestion::RequestId("order-1".to_owned());
    let of = |account: &str| Reply::signed(PAYMENT.replacen('{', &format!(r#"{{"merchantAccountId":"{account}","#), 1));
    // Who has one account names none; an answer need not name one either.
    for (ours, reply, is_believed) in [
        (Some("M1"), of("M1"), true),
        (Some("M1"), of("M2"), false),
        (Some("M1"), Reply::signed(PAYMENT), true),
        (None, of("M2"), true),
    ] {
        let gateway = Gateway::start([reply]).await;
        let config = gateway.config();
        let config = match ours {
            Some(id) => config.merchant_account_id(id),
            None => config,
        };
        let answer = Client::new(config).unwrap().inquiry_payment(&question).await;
        assert_eq!(answer.is_ok(), is_believed, "{ours:?}: {answer:?}");
        if let Err(error) = answer {
            assert!(error.to_string().contains("`merchantAccountId` `M2`, and `M1` was asked for"), "{error}");
        }
    }
}

#[tokio::test]
async fn signed_words_that_make_no_sense_are_kept_but_are_no_answer() {
    let no_status = r#"{"result":{"resultCode":"SUCCESS"}}"#;
    let float = PAYMENT.replace(r#""725""#, "7.25");
    for (body, expected) in [
        ("<html>maintenance</html>", "the body is not the JSON object"),
        ("{}", "`result` is missing"),
        (no_status, "`result.resultStatus` is missing"),
        (&float, "`paymentAmount.value` is `7.25`; expected a non-negative whole number"),
    ] {
        let AskError::Unreadable { reason, raw, .. } = ask(Reply::signed(body)).await else {
            panic!("{body} was read")
        };
        assert!(reason.to_string().contains(expected), "{reason}");
        assert_eq!(raw.as_str(), body);
    }
    let error = ask(Reply::signed(b"{\"a\":\"\xff\"}".to_vec())).await;
    assert!(matches!(&error, AskError::Unreadable { reason: BodyError::Json { .. }, .. }), "{error:?}");
    let error = ask(Reply::signed(result_body("SUCCESS", "S")).response_time(Some("yesterday"))).await;
    assert!(error.to_string().contains("`response-time` is `yesterday`"), "{error}");
}
