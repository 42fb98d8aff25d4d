use antom_api::{
    Amount, BalanceQuestion, Client, Outcome, PaymentQuestion, PaymentStatus, RefundQuestion, RefundStatus,
    ResultStatus, TransactionType, signature,
};
use chrono::DateTime;

use crate::gateway::{CLIENT_ID, Gateway, RESPONSE_TIME, Reply};
use crate::openssl::{ANTOM, MERCHANT};

const PAYMENT: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success."},
 "paymentStatus":"SUCCESS","paymentRequestId":"order-1","paymentId":"2023","paymentAmount":{"currency":"USD","value":"725"},
 "actualPaymentAmount":{"currency":"JPY","value":1077},"paymentTime":"2026-11-19T23:59:58+08:00","authExpiryTime":null,
 "settlementQuote":{"quotePrice":1.00000000000000000001,"quoteCurrencyPair":"USD/BRL","guaranteed":"true"},
 "pspCustomerInfo":{"pspName":"ALIPAY_CN"},"newField": [1.50, "é"],
 "transactions":[
  {"transactionType":"REFUND","transactionStatus":"PROCESSING","transactionId":"R9","transactionRequestId":"refund-1",
   "transactionAmount":{"currency":"USD","value":"25"},"transactionResult":{"resultStatus":"U","resultCode":"UNKNOWN_EXCEPTION"}},
  {"transactionType":"REWARD","transactionStatus":"ON_HOLD","why":"new"}]}"#;

fn order(id: &str) -> PaymentQuestion {
    PaymentQuestion::RequestId(id.to_owned())
}

fn usd(value: i64) -> Option<Amount> {
    Some(Amount { currency: "USD".to_owned(), value })
}

#[tokio::test]
async fn a_payment_is_found_with_everything_that_was_said() {
    let gateway = Gateway::start([Reply::signed(PAYMENT)]).await;
    let answer = gateway.client().inquiry_payment(&order("order-1")).await.unwrap();

    assert_eq!((answer.outcome, answer.attempts), (Outcome::Found, 1));
    assert_eq!(answer.result.status, ResultStatus::Success);
    assert_eq!(answer.response_time, DateTime::parse_from_rfc3339(RESPONSE_TIME).unwrap());
    let payment = &answer.body;
    assert_eq!(payment.payment_status, Some(PaymentStatus::Success));
    assert_eq!(payment.payment_id.as_deref(), Some("2023"));
    assert_eq!(payment.payment_amount, usd(725));
    assert_eq!(payment.actual_payment_amount.as_ref().map(|amount| amount.value), Some(1077));
    assert_eq!(payment.payment_time.map(|time| time.timestamp()), Some(1_795_103_998));
    assert_eq!(payment.auth_expiry_time, None);
    let quote = payment.settlement_quote.as_ref().unwrap();
    assert_eq!(quote.quote_price.as_deref(), Some("1.00000000000000000001"));
    assert_eq!(quote.guaranteed, Some(true));
    assert_eq!(payment.other.get("newField"), Some(r#"[1.50, "é"]"#));
    assert_eq!(payment.other.get("pspCustomerInfo"), Some(r#"{"pspName":"ALIPAY_CN"}"#));

    let [refund, reward] = payment.transactions.as_slice() else { panic!("two transactions were sent") };
    assert_eq!(refund.transaction_type, Some(TransactionType::Refund));
    assert_eq!(refund.transaction_status, Some(PaymentStatus::Processing));
    assert_eq!(refund.transaction_amount, usd(25));
    assert_eq!(refund.transaction_result.as_ref().unwrap().code, "UNKNOWN_EXCEPTION");
    assert_eq!(reward.transaction_type, Some(TransactionType::Other("REWARD".to_owned())));
    assert_eq!(reward.transaction_status, Some(PaymentStatus::Other("ON_HOLD".to_owned())));
    assert_eq!(reward.other.get("why"), Some(r#""new""#));
}

#[tokio::test]
async fn an_answer_is_evidence_that_can_be_verified_and_read_again() {
    let gateway = Gateway::start([Reply::signed(PAYMENT).spaced()]).await;
    let answer = gateway.client().inquiry_payment(&order("order-1")).await.unwrap();
    assert_eq!(answer.raw.as_str(), PAYMENT);
    let (key, signed) = (ANTOM.public_key(), &answer.signed);
    let verified = signature::verify(
        &key,
        &signed.path,
        CLIENT_ID,
        &signed.response_time,
        answer.raw.as_bytes(),
        &signed.signature,
    );
    assert_eq!(verified, Ok(()));
    let (result, body) = antom_api::PaymentInquiry::from_json(answer.raw.as_str()).unwrap();
    assert_eq!((&result, &body), (&answer.result, &answer.body));
    assert!(!format!("{answer:?}").contains("ALIPAY_CN"), "personal data is not for logs");
}

#[tokio::test]
async fn the_request_is_signed_over_the_path_that_is_called() {
    for (prefix, client_id, expected) in [
        ("", CLIENT_ID, "/ams/api/v1/payments/inquiryPayment"),
        ("/proxy/", "SANDBOX_5X", "/proxy/ams/sandbox/api/v1/payments/inquiryPayment"),
    ] {
        let gateway = Gateway::start([Reply::status(404)]).await;
        let url = gateway.url() + prefix;
        let now = || DateTime::from_timestamp_millis(1_685_599_933_871).unwrap();
        let config = antom_api::ClientConfig::new(url, client_id, MERCHANT.private_key(), ANTOM.public_key());
        let client = Client::new(config.clock(now).merchant_account_id("M1")).unwrap();
        client.inquiry_payment(&order("order-1")).await.unwrap_err();

        let request = &gateway.requests()[0];
        assert_eq!(request.line, format!("POST {expected} HTTP/1.1"));
        assert_eq!(request.header("client-id"), client_id);
        assert_eq!(request.header("request-time"), "1685599933871");
        assert_eq!(request.header("content-type"), "application/json; charset=UTF-8");
        assert_eq!(request.body, r#"{"paymentRequestId":"order-1","merchantAccountId":"M1"}"#);
        let content = format!("POST {expected}\n{client_id}.1685599933871.{}", request.body);
        let signature = signature::SignatureHeader::parse(request.header("signature")).unwrap().signature;
        assert!(MERCHANT.verifies(content.as_bytes(), &signature));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_by_code() {
    let gateway = Gateway::start([Reply::result("ORDER_NOT_EXIST", "F")]).await;
    let answer = gateway.client().inquiry_payment(&order("order-1")).await.unwrap();
    assert_eq!((answer.outcome, answer.result.code.as_str()), (Outcome::NotFound, "ORDER_NOT_EXIST"));

    let own_list = Client::new(gateway.config().not_found_codes(["NO_SUCH_ORDER"])).unwrap();
    assert_eq!(own_list.inquiry_payment(&order("order-1")).await.unwrap().outcome, Outcome::Refused);
    let gateway = Gateway::start([Reply::result("NO_SUCH_ORDER", "F")]).await;
    let own_list = Client::new(gateway.config().not_found_codes(["NO_SUCH_ORDER"])).unwrap();
    assert_eq!(own_list.inquiry_payment(&order("order-1")).await.unwrap().outcome, Outcome::NotFound);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_final() {
    let gateway = Gateway::start([Reply::result("ACCESS_DENIED", "F")]).await;
    let answer = gateway.client().inquiry_payment(&order("order-1")).await.unwrap();
    assert_eq!((answer.outcome, answer.attempts), (Outcome::Refused, 1));
    assert_eq!(answer.result.to_string(), "ACCESS_DENIED (F): for people");
    assert_eq!(gateway.requests().len(), 1);
}

#[tokio::test]
async fn refunds_are_asked_for_by_either_id() {
    const REFUND: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"refundStatus":"SUCCESS","refundId":"R9",
      "refundRequestId":"refund-1","refundAmount":{"currency":"USD","value":"25"},"refundTime":"2026-11-19T12:00:00+08:00","arn":74}"#;
    let gateway = Gateway::start([Reply::signed(REFUND)]).await;
    let client = gateway.client();
    for question in [RefundQuestion::Id("R9".to_owned()), RefundQuestion::RequestId("refund-1".to_owned())] {
        let answer = client.inquiry_refund(&question).await.unwrap();
        assert_eq!((answer.outcome, answer.body.refund_status), (Outcome::Found, Some(RefundStatus::Success)));
        assert_eq!((answer.body.refund_amount, answer.body.arn.as_deref()), (usd(25), Some("74")));
    }
    let requests = gateway.requests();
    assert_eq!(requests[0].line, "POST /ams/api/v1/payments/inquiryRefund HTTP/1.1");
    assert_eq!(requests[0].body, r#"{"refundId":"R9"}"#);
    assert_eq!(requests[1].body, r#"{"refundRequestId":"refund-1"}"#);
}

#[tokio::test]
async fn a_success_that_says_nothing_is_not_a_finding() {
    let nulls = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"refundStatus":null,"refundId":null,"paymentStatus":null}"#;
    let gateway = Gateway::start([Reply::signed(nulls)]).await;
    let client = gateway.client();
    let refund = client.inquiry_refund(&RefundQuestion::Id("R9".to_owned())).await.unwrap();
    assert_eq!(refund.outcome, Outcome::NotFound);
    let payment = client.inquiry_payment(&order("order-1")).await.unwrap();
    assert_eq!(payment.outcome, Outcome::Unknown);
    let balance = client.inquire_balance(&BalanceQuestion::Marketplace).await.unwrap();
    assert_eq!(balance.outcome, Outcome::Unknown);
}

#[tokio::test]
async fn balances_of_the_marketplace_and_of_a_sub_merchant() {
    const BALANCES: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"accountBalances":[
      {"accountNo":"A1","currency":"USD","availableBalance":{"currency":"USD","value":"900"},
       "frozenBalance":{"currency":"USD","value":"100"},"totalBalance":{"currency":"USD","value":"1000"}},
      {"currency":"BRL","totalBalance":{"currency":"BRL","value":"0"},"overdraft":false}]}"#;
    let gateway = Gateway::start([Reply::signed(BALANCES)]).await;
    let client = gateway.client();
    let answer = client.inquire_balance(&BalanceQuestion::Marketplace).await.unwrap();
    assert_eq!(answer.outcome, Outcome::Found);
    let balances = answer.body.account_balances.unwrap();
    assert_eq!(balances[0].available_balance, usd(900));
    assert_eq!(balances[0].frozen_balance, usd(100));
    assert_eq!(balances[0].total_balance, usd(1000));
    assert_eq!((balances[1].currency.as_deref(), balances[1].other.get("overdraft")), (Some("BRL"), Some("false")));

    client.inquire_balance(&BalanceQuestion::SubMerchant("seller-1".to_owned())).await.unwrap();
    let requests = gateway.requests();
    assert_eq!(requests[0].line, "POST /ams/api/v1/accounts/inquireBalance HTTP/1.1");
    assert_eq!((requests[0].body.as_str(), requests[1].body.as_str()), ("{}", r#"{"referenceMerchantId":"seller-1"}"#));
}
