//! Answers that are lost on the way: the same request again does not do it twice.

use std::time::Duration;

use antom_api::marketplace::{Refund, RefundFrom, Standing};
use antom_api::{AskError, Client, ClientConfig, PrivateKey, PublicKey, RetryPolicy};
use lab::api::{ApiFault, Endpoint, Repeat, Scope};
use lab::keys::{ANTOM, MERCHANT};
use lab::market::{DisputeSort, MarketOptions, NewDispute};

use super::harness::{CLIENT_ID, Lab, euros, friday, pay};
use super::lifecycle::settle;

/// A client that tries three times, with hardly any pause.
fn patient(lab: &Lab) -> Client {
    let (private, public) = (PrivateKey::from_text(MERCHANT.private_pem), PublicKey::from_text(ANTOM.public_pem));
    let retry = RetryPolicy {
        max_attempts: 3.try_into().unwrap(),
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(2),
    };
    let config = ClientConfig::new(lab.server.url(), CLIENT_ID, private.unwrap(), public.unwrap());
    Client::new(config.retry(retry)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_is_done_once() {
    let options = MarketOptions { fee_basis_points: 0, ..MarketOptions::new(CLIENT_ID, friday()) };
    let lab = Lab::with_sellers(options, &["s1"]).await;
    let client = patient(&lab);
    let faults = lab.server.faults();
    for (number, fault) in [
        ApiFault::Reset,
        ApiFault::Http500,
        ApiFault::UnknownException,
        ApiFault::Throttled,
        ApiFault::Result { code: "REQUEST_TRAFFIC_EXCEED_LIMIT".to_owned(), status: "U".to_owned() },
    ]
    .into_iter()
    .enumerate()
    {
        let [payment, split, refund] = ["p", "t", "r"].map(|kind| format!("{kind}{number}"));
        for id in [&payment, &split, &refund] {
            faults.plan(Scope::id(id.as_str()), fault.clone(), Repeat::Times(2));
        }
        let receipt = client.pay(&pay(&payment, "s1", "GCASH", 1_000)).await.unwrap();
        assert_eq!((receipt.standing, receipt.attempts), (Standing::InProcess, 3), "{fault:?}");
        let id = receipt.body.payment_id.unwrap();
        lab.market.advance(4_000).await.unwrap();
        let receipt = client.settle(&settle(&split, &id, 900, 100)).await.unwrap();
        assert_eq!((receipt.standing, receipt.attempts), (Standing::Done, 3), "{fault:?}");
        let back = Refund::new(refund.as_str(), &id, euros(200), RefundFrom::Seller);
        let receipt = client.refund(&back).await.unwrap();
        assert_eq!((receipt.standing, receipt.attempts), (Standing::Done, 3), "{fault:?}");
        assert_eq!(lab.server.log().count(Endpoint::Refund, &refund), 3, "{fault:?}");
    }
    let held = lab.market.holdings();
    assert_eq!(held[&("s1".to_owned(), "EUR".to_owned())], 5 * 700, "five sales, each done once");
    assert_eq!(held[&(String::new(), "EUR".to_owned())], 5 * 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_antoms_is_not_sent_again_and_a_dispute_is_answered_once() {
    let lab = Lab::with_sellers(MarketOptions::new(CLIENT_ID, friday()), &["s1"]).await;
    let client = patient(&lab);
    lab.server.faults().plan(Scope::id("p1"), ApiFault::WrongKey, Repeat::ONCE);
    let order = pay("p1", "s1", "CARD", 1_000);
    let forged = client.pay(&order).await.unwrap_err();
    assert!(matches!(forged, AskError::Untrusted { attempts: 1, .. }), "{forged}");
    assert_eq!(client.pay(&order).await.unwrap().standing, Standing::InProcess, "the same again is safe");
    lab.market.advance(60).await.unwrap();

    let dispute = NewDispute {
        payment_request_id: "p1".to_owned(),
        amount_minor: 100,
        sort: DisputeSort::Chargeback,
        reason_code: "4853".to_owned(),
        source: "Visa".to_owned(),
        is_defendable: true,
    };
    let id = lab.market.open_dispute(&dispute).unwrap();
    lab.server.faults().plan(Scope::id(&id), ApiFault::Http500, Repeat::Always);
    let accept = antom_api::marketplace::AcceptDispute { dispute_id: id.clone() };
    let lost = client.accept_dispute(&accept).await.unwrap_err();
    assert!(matches!(lost, AskError::Unreachable { attempts: 1, .. }), "{lost}");
    assert_eq!(lab.server.log().count(Endpoint::AcceptDispute, &id), 1);
}
