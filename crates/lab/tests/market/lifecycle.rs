//! What goes well: onboarding, payments of all sorts, splits, refunds, cancellations.

use antom_api::marketplace::{
    Cancel, Capture, Consult, Members, Notification, Refund, RefundDetail, RefundFrom, RegistrationStatus, Settle,
    SettlementDetail, Standing, UpdateSettlementInfo,
};
use antom_api::{BalanceQuestion, Outcome, PaymentQuestion, PaymentStatus, RefundQuestion, RefundStatus};
use lab::market::{Bank, Buyer, MarketOptions, Verdict};

use super::harness::{CLIENT_ID, DAY, HOUR, Lab, bank, euros, friday, pay, seller};

fn options() -> MarketOptions {
    MarketOptions { fee_basis_points: 0, ..MarketOptions::new(CLIENT_ID, friday()) }
}

pub fn settle(request_id: &str, payment_id: &str, seller: i64, marketplace: i64) -> Settle {
    let shares = vec![SettlementDetail::seller(euros(seller)), SettlementDetail::marketplace(euros(marketplace))];
    Settle::new(request_id, payment_id, shares)
}

/// Available and frozen euros of a party.
async fn balance(lab: &Lab, party: BalanceQuestion) -> (i64, i64) {
    let answer = lab.client.inquire_balance(&party).await.unwrap();
    let accounts = answer.body.account_balances.unwrap();
    let euros = accounts.iter().find(|account| account.currency.as_deref() == Some("EUR")).unwrap();
    let value = |amount: &Option<antom_api::Amount>| amount.as_ref().unwrap().value;
    let (available, frozen) = (value(&euros.available_balance), value(&euros.frozen_balance));
    assert_eq!(value(&euros.total_balance), available + frozen);
    (available, frozen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_is_reviewed_for_days_and_may_apply_again_after_a_refusal() {
    let lab = Lab::start().await;
    lab.market.plan_review("register-s1", Verdict::RejectForRisk);
    let receipt = lab.client.register(&seller("s1")).await.unwrap();
    assert_eq!(receipt.body.registration_status, Some(RegistrationStatus::Processing));
    lab.market.advance(4 * DAY - 1).await.unwrap();
    assert!(lab.receiver.take().is_empty(), "the review takes four days");
    lab.market.advance(1).await.unwrap();
    let came = lab.receiver.take();
    let [Notification::Registration(refusal)] = &came.iter().map(|it| it.notification.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{came:?}")
    };
    assert_eq!(refusal.registration_status, Some(RegistrationStatus::Failed));
    assert_eq!(refusal.reason_code.as_deref(), Some("REJECT_FOR_RISK"));

    let mut again = seller("s1");
    again.registration_request_id = "register-s1-again".to_owned();
    again.merchant_info.login_id = "other@example.com".to_owned();
    assert_eq!(lab.client.register(&again).await.unwrap().standing, Standing::Done);
    lab.market.advance(4 * DAY).await.unwrap();
    assert_eq!(lab.receiver.take_keys(), ["REGISTRATION_RESULT register-s1-again"]);
    assert!(lab.market.registry_csv().ends_with(",SUCCESSFUL,2026-11-24\n"), "{}", lab.market.registry_csv());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_account_is_changed_after_five_minutes() {
    let lab = Lab::with_sellers(options(), &["s1"]).await;
    lab.receiver.take();
    lab.market.plan_review("update-2", Verdict::MissingInfo);
    for number in [1, 2] {
        let update = UpdateSettlementInfo {
            update_request_id: format!("update-{number}"),
            reference_merchant_id: "s1".to_owned(),
            settlement_currency: "JPY".to_owned(),
            settlement_bank_account: bank("JP1"),
        };
        let receipt = lab.client.update_settlement_info(&update).await.unwrap();
        assert_eq!(receipt.body.update_status, Some(RegistrationStatus::Processing));
    }
    let mut yen = pay("p1", "s1", "GCASH", 500);
    for amount in [&mut yen.payment_amount, &mut yen.order.order_amount] {
        amount.currency = "JPY".to_owned();
    }
    assert_eq!(lab.client.pay(&yen).await.unwrap().result.code, "CURRENCY_NOT_SUPPORT");
    lab.market.advance(300).await.unwrap();
    let statuses: Vec<_> = lab.receiver.take().into_iter().map(|it| it.notification).collect();
    let [Notification::SettlementInfo(first), Notification::SettlementInfo(second)] = &statuses[..] else {
        panic!("{statuses:?}")
    };
    assert_eq!(first.update_status, Some(RegistrationStatus::Successful));
    assert_eq!(second.reason_code.as_deref(), Some("MISSING_OR_INCORRECT_INFO"));
    assert_eq!(lab.client.pay(&yen).await.unwrap().standing, Standing::InProcess);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_payment_is_told_inquired_split_and_paid_out() {
    let lab = Lab::with_sellers(options(), &["s1"]).await;
    let consult = Consult {
        product_code: "CASHIER_PAYMENT".to_owned(),
        payment_amount: euros(1_000),
        settlement_strategy: None,
        more: Members::default(),
    };
    let methods = lab.client.consult(&consult).await.unwrap().body.payment_options.unwrap();
    assert!(methods.iter().any(|method| method.payment_method_type.as_deref() == Some("GCASH")));
    lab.receiver.take();

    let order = pay("p1", "s1", "GCASH", 1_000);
    let first = lab.client.pay(&order).await.unwrap();
    let id = first.body.payment_id.clone().unwrap();
    let answer = lab.client.inquiry_payment(&PaymentQuestion::RequestId("p1".to_owned())).await.unwrap();
    assert_eq!(answer.body.payment_status, Some(PaymentStatus::Processing));
    let again = lab.client.pay(&order).await.unwrap();
    assert_eq!(
        (again.body.payment_id, again.standing),
        (Some(id.clone()), Standing::InProcess),
        "same id, same payment"
    );

    lab.market.advance(30).await.unwrap();
    let [notified] = &lab.receiver.take()[..] else { panic!("one notification is expected") };
    let Notification::Payment(told) = &notified.notification else { panic!("{notified:?}") };
    let earliest = told.earliest_settlement_time.unwrap();
    assert_eq!(earliest - told.payment_time.unwrap(), chrono::TimeDelta::hours(1));
    let answer = lab.client.inquiry_payment(&PaymentQuestion::Id(id.clone())).await.unwrap();
    assert_eq!(answer.body.payment_status, Some(PaymentStatus::Success));
    assert_eq!(answer.body.earliest_settlement_time, Some(earliest));
    assert_eq!(lab.client.pay(&order).await.unwrap().standing, Standing::Done, "a repetition is told the outcome");
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (0, 1_000), "not split, so frozen");

    lab.market.advance(HOUR).await.unwrap();
    let split = settle("t1", &id, 900, 100);
    let receipt = lab.client.settle(&split).await.unwrap();
    assert_eq!(receipt.standing, Standing::Done, "{}", receipt.result);
    let again = lab.client.settle(&split).await.unwrap();
    assert_eq!(again.body.settlement_id, receipt.body.settlement_id, "sent twice, done once");
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (900, 0));
    assert_eq!(balance(&lab, BalanceQuestion::Marketplace).await, (100, 0));

    lab.receiver.take();
    lab.market.close_day().await.unwrap();
    let paid: Vec<_> = lab.receiver.take().into_iter().map(|it| it.notification).collect();
    let [Notification::Settlement(marketplace), Notification::Settlement(seller)] = &paid[..] else {
        panic!("{paid:?}")
    };
    assert_eq!(marketplace.actual_settlement_amount, Some(euros(100)));
    assert_eq!((marketplace.settle_to.as_deref(), &marketplace.reference_merchant_id), (Some("MARKETPLACE"), &None));
    assert_eq!(seller.actual_settlement_amount, Some(euros(900)));
    assert_eq!(seller.settlement_batch_id, marketplace.settlement_batch_id);
    assert_eq!(balance(&lab, BalanceQuestion::Marketplace).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_below_the_minimum_waits_and_a_weekend_settles_nothing() {
    let lab = Lab::with_sellers(MarketOptions { minimum_batch: 500, ..options() }, &["s1"]).await;
    let batches = |lab: &Lab| lab.market.notifications().iter().filter(|it| it.kind == "SETTLEMENT_RESULT").count();
    let first = lab.paid("p1", "s1", 400).await;
    lab.client.settle(&settle("t1", &first, 350, 50)).await.unwrap();
    lab.market.close_day().await.unwrap();
    assert_eq!(batches(&lab), 0, "400 is less than 500");
    lab.market.advance(3 * DAY).await.unwrap();
    assert_eq!(lab.market.today().to_string(), "2026-11-28", "a Saturday");
    let second = lab.paid("p2", "s1", 200).await;
    lab.client.settle(&settle("t2", &second, 150, 50)).await.unwrap();
    for (day, expected) in [("Saturday", 0), ("Sunday", 0), ("Monday", 2)] {
        lab.market.close_day().await.unwrap();
        assert_eq!(batches(&lab), expected, "{day}");
    }
    assert!(lab.market.holdings().values().all(|minor| *minor == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_authorised_captured_in_parts_and_the_captures_are_split() {
    let lab = Lab::with_sellers(options(), &["s1"]).await;
    lab.receiver.take();
    let id = lab.paid_by(&pay("p1", "s1", "CARD", 1_000).manual_capture()).await;
    let capture = |request_id: &str, minor| Capture {
        capture_request_id: request_id.to_owned(),
        payment_id: id.clone(),
        capture_amount: euros(minor),
        is_last_capture: None,
    };
    let first = lab.client.capture(&capture("c1", 600)).await.unwrap();
    assert_eq!(first.standing, Standing::Done, "{}", first.result);
    let again = lab.client.capture(&capture("c1", 600)).await.unwrap();
    assert_eq!(again.body.capture_id, first.body.capture_id);
    lab.market.plan_bank("c2", Bank::IsSlow);
    assert_eq!(lab.client.capture(&capture("c2", 400)).await.unwrap().standing, Standing::InProcess);
    lab.market.advance(60).await.unwrap();
    assert_eq!(
        lab.receiver.take_keys(),
        [format!("PAYMENT_RESULT {id}"), "CAPTURE_RESULT c1".into(), "CAPTURE_RESULT c2".into()]
    );
    assert_eq!(lab.client.capture(&capture("c2", 400)).await.unwrap().standing, Standing::Done);

    let answer = lab.client.inquiry_payment(&PaymentQuestion::Id(id.clone())).await.unwrap();
    let captures: Vec<_> =
        answer.body.transactions.iter().map(|it| it.transaction_request_id.clone().unwrap()).collect();
    assert_eq!(captures, ["c1", "c2"]);
    lab.market.advance(HOUR).await.unwrap();
    let receipt = lab.client.settle(&settle("t1", &id, 900, 100)).await.unwrap();
    assert_eq!(receipt.standing, Standing::Done, "{}", receipt.result);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_come_from_three_sources_at_once_fail_and_bounce() {
    let lab = Lab::with_sellers(options(), &["s1"]).await;
    let split_id = lab.paid("p1", "s1", 1_000).await;
    lab.client.settle(&settle("t1", &split_id, 900, 100)).await.unwrap();
    let open_id = lab.paid("p2", "s1", 500).await;
    lab.receiver.take();

    let mut both = Refund::new("r1", &split_id, euros(300), RefundFrom::Seller);
    both.refund_details = vec![
        RefundDetail { refund_from: RefundFrom::Seller, refund_amount: euros(250) },
        RefundDetail { refund_from: RefundFrom::Marketplace, refund_amount: euros(50) },
    ];
    let receipt = lab.client.refund(&both).await.unwrap();
    assert_eq!((receipt.standing, receipt.body.actual_refund_amount), (Standing::Done, Some(euros(300))));
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (650, 500));
    assert_eq!(balance(&lab, BalanceQuestion::Marketplace).await, (50, 0));

    let unsettled = Refund::new("r2", &open_id, euros(200), RefundFrom::UnsettledFunds);
    assert_eq!(lab.client.refund(&unsettled).await.unwrap().standing, Standing::Done);
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (650, 300));
    let receipt = lab.client.settle(&settle("t2", &open_id, 270, 30)).await.unwrap();
    assert_eq!(receipt.standing, Standing::Done, "what was refunded is not split: {}", receipt.result);

    lab.market.plan_bank("r3", Bank::IsSlowAndFails("RISK_REJECT".to_owned()));
    let slow = Refund::new("r3", &split_id, euros(100), RefundFrom::Seller);
    assert_eq!(lab.client.refund(&slow).await.unwrap().standing, Standing::InProcess);
    let question = RefundQuestion::RequestId("r3".to_owned());
    assert_eq!(lab.client.inquiry_refund(&question).await.unwrap().body.refund_status, Some(RefundStatus::Processing));
    lab.market.advance(60).await.unwrap();
    assert_eq!(lab.client.inquiry_refund(&question).await.unwrap().body.refund_status, Some(RefundStatus::Fail));
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (920, 0), "it came back");
    assert_eq!(lab.receiver.take_keys(), ["REFUND_RESULT r1", "REFUND_RESULT r2", "REFUND_RESULT r3"]);

    lab.market.bounce_refund("r1").unwrap();
    assert_eq!(balance(&lab, BalanceQuestion::Marketplace).await, (130, 0));
    assert!(lab.market.bounce_refund("r1").is_err() && lab.market.bounce_refund("r3").is_err());
    lab.market.advance(60).await.unwrap();
    assert!(lab.receiver.take().is_empty(), "a refund that bounces is told by the settlement report only");
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_fail_expire_and_are_cancelled() {
    let lab = Lab::with_sellers(options(), &["s1"]).await;
    lab.receiver.take();
    lab.market.plan_buyer("p1", Buyer::FailsAfter(10, "USER_BALANCE_NOT_ENOUGH".to_owned()));
    lab.client.pay(&pay("p1", "s1", "GCASH", 100)).await.unwrap();
    lab.market.plan_buyer("p2", Buyer::Waits);
    let mut expiring = pay("p2", "s1", "BANK_TRANSFER", 100);
    expiring.payment_expiry_time = Some("2026-11-24T10:00:00+08:00".to_owned());
    lab.client.pay(&expiring).await.unwrap();
    lab.market.plan_buyer("p3", Buyer::PaysAfter(60));
    lab.client.pay(&pay("p3", "s1", "GCASH", 100)).await.unwrap();
    let cancelled = lab.client.cancel(&Cancel::RequestId("p3".to_owned())).await.unwrap();
    assert_eq!(cancelled.standing, Standing::Done, "{}", cancelled.result);
    let again = lab.client.cancel(&Cancel::RequestId("p3".to_owned())).await.unwrap();
    assert_eq!(again.body.cancel_time, cancelled.body.cancel_time);
    lab.market.advance(2 * HOUR).await.unwrap();
    let mut codes = Vec::new();
    for id in ["p1", "p2", "p3"] {
        let answer = lab.client.inquiry_payment(&PaymentQuestion::RequestId(id.to_owned())).await.unwrap();
        codes.push((answer.body.payment_status.unwrap().to_string(), answer.body.payment_result_code.unwrap()));
    }
    let expected =
        [("FAIL", "USER_BALANCE_NOT_ENOUGH"), ("FAIL", "ORDER_IS_CLOSED"), ("CANCELLED", "ORDER_IS_CANCELED")];
    assert_eq!(codes, expected.map(|(status, code)| (status.to_owned(), code.to_owned())));
    let results: Vec<_> = lab.receiver.take().into_iter().map(|it| it.result.unwrap().code).collect();
    assert_eq!(results, ["USER_BALANCE_NOT_ENOUGH", "ORDER_IS_CLOSED"]);

    lab.paid("p4", "s1", 100).await;
    assert_eq!(lab.client.cancel(&Cancel::RequestId("p4".to_owned())).await.unwrap().standing, Standing::Done);
    assert_eq!(balance(&lab, BalanceQuestion::SubMerchant("s1".to_owned())).await, (0, 0), "the buyer has it back");
    let unknown = lab.client.inquiry_payment(&PaymentQuestion::RequestId("p9".to_owned())).await.unwrap();
    assert_eq!(unknown.outcome, Outcome::NotFound);
}
