//! Notifications: signed, sent again on Antom's schedule, and no more once they are acknowledged.

use antom_api::marketplace::{ACKNOWLEDGEMENT, Delivery, NotificationError, NotificationReader};
use antom_api::signature::{SignatureError, sign};
use antom_api::{PrivateKey, PublicKey};
use lab::keys::{ANTOM, MERCHANT, STRANGER};
use lab::market::{MarketOptions, SCHEDULE};

use super::harness::{CLIENT_ID, DAY, Lab, friday, pay};

/// Minutes after the first attempt at which all attempts of the last notification were made.
fn minutes(lab: &Lab) -> Vec<i64> {
    let sent = lab.market.notifications().pop().unwrap();
    sent.attempts.iter().map(|attempt| (attempt.at - sent.made_at) / 60).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_comes_again_on_the_documented_schedule() {
    let lab = Lab::with_sellers(MarketOptions::new(CLIENT_ID, friday()), &["s1"]).await;
    lab.receiver.take();
    lab.receiver.answer([(500, ACKNOWLEDGEMENT); 7]);
    lab.client.pay(&pay("p1", "s1", "GCASH", 100)).await.unwrap();
    lab.market.advance(30).await.unwrap();
    assert_eq!(minutes(&lab), [0]);
    lab.market.advance(119).await.unwrap();
    assert_eq!(minutes(&lab), [0], "the second comes after two minutes");
    lab.market.advance(3 * DAY).await.unwrap();
    assert_eq!(minutes(&lab), [0, 2, 12, 22, 82, 202, 562, 1462], "0 s, 2 min, 10 min, 10 min, 1 h, 2 h, 6 h, 15 h");
    let came = lab.receiver.take();
    assert_eq!(came.len(), SCHEDULE.len());
    assert!(came.iter().all(|one| one.raw == came[0].raw && one.key() == came[0].key()), "the same each time");
    let sent = lab.market.notifications().pop().unwrap();
    assert!(sent.is_acknowledged && sent.attempts[6].outcome.contains("HTTP 500"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_ends_it_and_nothing_else_does() {
    let lab = Lab::with_sellers(MarketOptions::new(CLIENT_ID, friday()), &["s1"]).await;
    lab.receiver.take();
    let failed = r#"{"result":{"resultCode":"PROCESS_FAIL","resultStatus":"F"}}"#;
    lab.receiver.answer([(200, "success"), (200, ""), (200, failed), (302, ACKNOWLEDGEMENT)]);
    lab.client.pay(&pay("p1", "s1", "GCASH", 100)).await.unwrap();
    lab.market.advance(2 * DAY).await.unwrap();
    assert_eq!(minutes(&lab), [0, 2, 12, 22, 82], "the fifth was acknowledged");
    assert_eq!(lab.receiver.take().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_is_tried_again_and_nobody_at_all_is_not() {
    let lab = Lab::with_sellers(MarketOptions::new(CLIENT_ID, friday()), &["s1"]).await;
    lab.receiver.take();
    // A port that nobody listens on; then an address that the laboratory does not post to.
    for url in ["http://127.0.0.1:1/notify", "https://example.com/notify"] {
        lab.client.pay(&pay(url, "s1", "GCASH", 100).notify(url)).await.unwrap();
    }
    lab.market.advance(3 * DAY).await.unwrap();
    for sent in lab.market.notifications().iter().rev().take(2) {
        assert_eq!((sent.attempts.len(), sent.is_acknowledged), (8, false), "{sent:?}");
    }
    lab.market.set_notify_url(None);
    lab.client.pay(&pay("p3", "s1", "GCASH", 100)).await.unwrap();
    lab.market.advance(DAY).await.unwrap();
    let sent = lab.market.notifications().pop().unwrap();
    assert_eq!((sent.url.as_str(), sent.attempts.len()), ("", 0), "neither request nor dashboard names an address");
    assert!(lab.receiver.take().is_empty(), "the request's address wins over the dashboard's");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_sends_once() {
    let lab = Lab::with_sellers(MarketOptions::new("SANDBOX_LAB", friday()), &["s1"]).await;
    lab.receiver.take();
    lab.receiver.answer([(500, "")]);
    lab.client.pay(&pay("p1", "s1", "GCASH", 100)).await.unwrap();
    lab.market.advance(3 * DAY).await.unwrap();
    assert_eq!(minutes(&lab), [0]);
}

#[test]
fn what_is_not_antoms_is_not_read() {
    let reader = NotificationReader::new(PublicKey::from_text(ANTOM.public_pem).unwrap(), CLIENT_ID);
    let (path, time) = ("/antom?shop=1", "1795161600000");
    let body = br#"{"notifyType":"PAYMENT_RESULT","result":{"resultStatus":"S"},"paymentId":"P1"}"#;
    let by = |pem: &str| sign(&PrivateKey::from_text(pem).unwrap(), 1, path, CLIENT_ID, time, body).unwrap();
    let genuine = by(ANTOM.private_pem);
    let good = Delivery { path, client_id: CLIENT_ID, request_time: time, signature: &genuine, body };
    assert_eq!(reader.read(&good).unwrap().key().unwrap(), ("PAYMENT_RESULT".to_owned(), "P1".to_owned()));
    let changed = String::from_utf8(body.to_vec()).unwrap().replace("P1", "P2");
    let strangers = [by(MERCHANT.private_pem), by(STRANGER.private_pem)];
    for forged in [
        Delivery { path: "/antom", ..good },
        Delivery { request_time: "1795161600001", ..good },
        Delivery { body: changed.as_bytes(), ..good },
        Delivery { signature: &strangers[0], ..good },
        Delivery { signature: &strangers[1], ..good },
    ] {
        let error = reader.read(&forged).unwrap_err();
        assert_eq!(error, NotificationError::BadSignature(SignatureError::Mismatch), "{forged:?}");
    }
    for (missing, unsigned) in [
        ("signature", Delivery { signature: "", ..good }),
        ("request-time", Delivery { request_time: "", ..good }),
        ("client-id", Delivery { client_id: "", ..good }),
    ] {
        assert_eq!(reader.read(&unsigned).unwrap_err(), NotificationError::Unsigned { missing });
    }
    let other = reader.read(&Delivery { client_id: "SOMEBODY", ..good }).unwrap_err();
    assert!(other.to_string().contains("for client `SOMEBODY`, and this is `LAB`"), "{other}");
    let garbage = b"not json";
    let signature =
        sign(&PrivateKey::from_text(ANTOM.private_pem).unwrap(), 1, path, CLIENT_ID, time, garbage).unwrap();
    let error = reader.read(&Delivery { signature: &signature, body: garbage, ..good }).unwrap_err();
    assert!(matches!(error, NotificationError::Unreadable(_)), "{error}");
}
