//! Disputes and transfers: what is frozen, deducted, given back and told; and that no money is made or lost.

use antom_api::marketplace::{
    AcceptDispute, DefenseDocument, DisputeEvent, DisputeNotification, DownloadDisputeEvidence, EvidenceType,
    Notification, PaymentMethod, Standing, Transfer,
};
use antom_api::{AccountBalance, BalanceQuestion};
use lab::market::{Bank, DisputeSort, MarketOptions, NewDispute};

use super::harness::{CLIENT_ID, DAY, Lab, euros, friday, pay};
use super::lifecycle::settle;

fn dispute(payment: &str, minor: i64) -> NewDispute {
    NewDispute {
        payment_request_id: payment.to_owned(),
        amount_minor: minor,
        sort: DisputeSort::Chargeback,
        reason_code: "4853".to_owned(),
        source: "Mastercard".to_owned(),
        is_defendable: true,
    }
}

/// A seller with 900 euro cents that are split, from a card payment of 1000.
async fn sold() -> Lab {
    sold_under(MarketOptions { fee_basis_points: 0, ..MarketOptions::new(CLIENT_ID, friday()) }).await
}

async fn sold_under(options: MarketOptions) -> Lab {
    let lab = Lab::with_sellers(options, &["s1", "s2"]).await;
    let id = lab.paid_by(&pay("p1", "s1", "CARD", 1_000)).await;
    lab.client.settle(&settle("t1", &id, 900, 100)).await.unwrap();
    lab.receiver.take();
    lab
}

async fn told(lab: &Lab) -> Vec<DisputeNotification> {
    lab.market.advance(0).await.unwrap();
    let notified = lab.receiver.take().into_iter().filter_map(|one| match one.notification {
        Notification::Dispute(dispute) => Some(dispute),
        Notification::Settlement(_) => None,
        other => panic!("{other:?}"),
    });
    notified.collect()
}

/// Available and frozen.
async fn seller(lab: &Lab) -> (i64, i64) {
    let question = BalanceQuestion::SubMerchant("s1".to_owned());
    let accounts = lab.client.inquire_balance(&question).await.unwrap().body.account_balances.unwrap();
    let AccountBalance { available_balance, frozen_balance, .. } = &accounts[0];
    (available_balance.as_ref().unwrap().value, frozen_balance.as_ref().unwrap().value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_freezes_is_defended_and_judged_either_way() {
    let lab = sold().await;
    let lost = lab.market.open_dispute(&dispute("p1", 300)).unwrap();
    let won = lab.market.open_dispute(&dispute("p1", 200)).unwrap();
    assert_eq!(seller(&lab).await, (400, 500));
    let opened = told(&lab).await;
    assert_eq!(opened.iter().map(|it| &it.event).collect::<Vec<_>>(), [&DisputeEvent::Created; 2]);
    assert_eq!((opened[0].dispute_amount.clone(), opened[0].defendable), (Some(euros(300)), Some(true)));
    assert_eq!(opened[0].defense_due_time.unwrap() - opened[0].dispute_time.unwrap(), chrono::TimeDelta::days(7));

    for id in [&lost, &won] {
        let document = DefenseDocument { dispute_id: id.clone(), dispute_evidence: "UERG".to_owned() };
        assert_eq!(lab.client.supply_defense_document(&document).await.unwrap().standing, Standing::Done);
    }
    let file = DownloadDisputeEvidence { dispute_id: lost.clone(), dispute_evidence_type: EvidenceType::File };
    let evidence = lab.client.download_dispute_evidence(&file).await.unwrap();
    assert_eq!(evidence.body.dispute_evidence.as_deref(), Some("UERG"));
    lab.market.advance(8 * DAY).await.unwrap();
    let supplied: Vec<_> = told(&lab).await.into_iter().map(|it| it.event).collect();
    assert_eq!(
        supplied,
        [DisputeEvent::DefenseSupplied, DisputeEvent::DefenseSupplied],
        "no alert once it is defended"
    );

    lab.market.judge_dispute(&lost, Some(250)).unwrap();
    lab.market.judge_dispute(&won, None).unwrap();
    assert!(lab.market.judge_dispute(&won, None).is_err());
    let judged = told(&lab).await;
    let results: Vec<_> = judged.iter().map(|it| it.dispute_judged_result.clone().unwrap()).collect();
    assert_eq!(results, ["ACCEPT_BY_MERCHANT", "ACCEPT_BY_CUSTOMER"]);
    assert_eq!(judged[0].dispute_judged_amount, Some(euros(250)));
    assert_eq!(seller(&lab).await, (650, 0), "what was frozen was not paid out");
    lab.market.close_day().await.unwrap();
    assert_eq!(seller(&lab).await, (0, 0));
    lab.market.reverse_dispute(&lost).unwrap();
    assert!(lab.market.reverse_dispute(&won).is_err());
    assert_eq!(seller(&lab).await, (250, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_after_the_payout_is_a_debt_that_the_next_sale_pays() {
    let lab = sold().await;
    lab.market.close_day().await.unwrap();
    let id = lab.market.open_dispute(&dispute("p1", 300)).unwrap();
    lab.client.accept_dispute(&AcceptDispute { dispute_id: id }).await.unwrap();
    let owes = || lab.market.holdings()[&("s1".to_owned(), "EUR".to_owned())];
    assert_eq!((owes(), seller(&lab).await), (-300, (0, 0)), "the API has no negative amounts");
    lab.market.advance(DAY).await.unwrap();
    assert_eq!(owes(), -300, "carried from batch to batch");
    let next = lab.paid("p2", "s1", 1_000).await;
    lab.client.settle(&settle("t2", &next, 1_000, 0)).await.unwrap_err();
    lab.client.settle(&settle("t2", &next, 900, 100)).await.unwrap();
    lab.receiver.take();
    lab.market.close_day().await.unwrap();
    assert_eq!(owes(), 0);
    let paid: Vec<i64> = lab
        .receiver
        .take()
        .into_iter()
        .map(|one| match one.notification {
            Notification::Settlement(it) => it.actual_settlement_amount.unwrap().value,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(paid, [100, 600]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_given_up_forgotten_withdrawn_or_ended_at_once() {
    let lab = sold().await;
    let [given_up, forgotten, withdrawn] =
        [100, 200, 50].map(|minor| lab.market.open_dispute(&dispute("p1", minor)).unwrap());
    let accepted = lab.client.accept_dispute(&AcceptDispute { dispute_id: given_up.clone() }).await.unwrap();
    assert_eq!((accepted.standing, accepted.body.dispute_id), (Standing::Done, Some(given_up)));
    lab.market.withdraw_dispute(&withdrawn).unwrap();
    assert_eq!(seller(&lab).await, (600, 200));
    lab.market.open_dispute(&NewDispute { sort: DisputeSort::Rapid, ..dispute("p1", 10) }).unwrap();
    let retrieval = NewDispute { sort: DisputeSort::RetrievalRequest, ..dispute("p1", 10) };
    lab.market.open_dispute(&retrieval).unwrap();
    assert_eq!(seller(&lab).await, (590, 200), "a request for documents freezes nothing");
    told(&lab).await;
    // The second's defence is due in a week.
    lab.market.advance(6 * DAY).await.unwrap();
    let alerts: Vec<_> = lab.receiver.take_keys().into_iter().filter(|key| !key.starts_with("SETTLEMENT")).collect();
    assert_eq!(alerts[0], format!("DEFENSE_DUE_ALERT {forgotten}"));
    lab.market.advance(DAY).await.unwrap();
    let [lost, documents] = &told(&lab).await[..] else { panic!("two disputes end") };
    assert_eq!((&lost.event, lost.dispute_accept_reason.as_deref()), (&DisputeEvent::Accepted, Some("TIMEOUT")));
    assert_eq!(lost.dispute_id, Some(forgotten));
    assert_eq!(documents.dispute_type.as_deref(), Some("RETRIEVAL_REQUEST"));

    let too_much = lab.market.open_dispute(&dispute("p1", 681));
    assert!(too_much.is_err(), "100, 200 and 20 of 1000 are gone: {too_much:?}");
    lab.paid("w1", "s1", 100).await;
    assert!(lab.market.open_dispute(&dispute("w1", 10)).is_err(), "wallets know no disputes here");
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_and_payouts_end_by_notification() {
    let options = MarketOptions { fee_basis_points: 0, keeps_payouts: true, ..MarketOptions::new(CLIENT_ID, friday()) };
    let lab = sold_under(options).await;
    lab.market.close_day().await.unwrap();
    lab.receiver.take();
    let method = |word: &str, party: Option<&str>| PaymentMethod {
        payment_method_type: word.to_owned(),
        customer_id: party.map(str::to_owned),
        ..PaymentMethod::default()
    };
    let account = |party| method("ANTOM_ACCOUNT", party);
    let bonus = Transfer::new("x1", account(None), euros(40), account(Some("s2")));
    let receipt = lab.client.create_transfer(&bonus).await.unwrap();
    assert_eq!((receipt.standing, receipt.body.transfer_id.is_some()), (Standing::InProcess, true));
    lab.market.plan_bank("x2", Bank::IsSlowAndFails("PROCESS_FAIL".to_owned()));
    for (id, minor) in [("x2", 300), ("x3", 200)] {
        let payout = Transfer::new(id, account(Some("s1")), euros(minor), method("BANK_ACCOUNT", Some("s1")));
        assert_eq!(lab.client.create_payout(&payout).await.unwrap().standing, Standing::InProcess);
    }
    assert_eq!(seller(&lab).await, (400, 0), "what is under way is gone");
    lab.market.advance(60).await.unwrap();
    let ended = lab.receiver.take();
    let results: Vec<_> = ended
        .iter()
        .map(|one| match &one.notification {
            Notification::Transfer(it) => {
                (it.transfer_request_id.clone().unwrap(), it.transfer_result.clone().unwrap().code)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("x1", "SUCCESS"), ("x2", "PROCESS_FAIL"), ("x3", "SUCCESS")];
    assert_eq!(results, expected.map(|(id, code)| (id.to_owned(), code.to_owned())));
    assert_eq!(seller(&lab).await, (700, 0), "the payout that failed came back");
    assert_eq!(
        lab.client.create_transfer(&bonus).await.unwrap().standing,
        Standing::Done,
        "a repetition is told the end"
    );
    let held = lab.market.holdings();
    assert_eq!(held.values().sum::<i64>(), 1_000 - 200, "what was paid, less what left: {held:?}");
}
