//! Keeping Antom's answers.

use antom_recon::store::NewAnswer;

use super::on_both;
use super::samples::{MERCHANT, at, day};

const SIGNATURE: &str =
    "POST /path\nclient-id: 5X\nresponse-time: 2026-10-02T09:00:01+08:00\nsignature: algorithm=RSA256\n";

on_both! {
    async fn answers_are_kept_byte_for_byte_and_in_order(harness) {
        let store = harness.open().await;
        let outage = NewAnswer {
            platform_merchant_id: MERCHANT,
            run_date: day("2026-10-01"),
            question: "inquiryPayment pay-1",
            endpoint: "/ams/api/v1/payments/inquiryPayment",
            asked_at: at("2026-10-02T01:00:00Z"),
            answered_at: None,
            http_status: None,
            signature: "",
            body: b"",
            outcome: "UNAVAILABLE",
        };
        // Neither NUL nor broken UTF-8 may change: the signature is over these bytes.
        let body = b"{\"a\":1}\0\xff";
        let answer = NewAnswer { answered_at: Some(at("2026-10-02T01:00:01.5Z")), http_status: Some(200),
            signature: SIGNATURE, body, outcome: "CONFIRMS_LEDGER", ..outage };
        store.save_answer(&outage).await.unwrap();
        store.save_answer(&answer).await.unwrap();
        store.save_answer(&NewAnswer { run_date: day("2026-10-02"), ..answer }).await.unwrap();
        store.save_answer(&NewAnswer { platform_merchant_id: "another", ..answer }).await.unwrap();
        drop(store);

        // Committed at once: a process that comes later finds them.
        let store = harness.open().await;
        let found = store.answers_for(MERCHANT, day("2026-10-01")).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].answered_at, found[0].http_status, &*found[0].outcome), (None, None, "UNAVAILABLE"));
        let kept = &found[1];
        assert_eq!((kept.run_date, &*kept.question, &*kept.endpoint), (answer.run_date, answer.question, answer.endpoint));
        assert_eq!((kept.asked_at, kept.answered_at, kept.http_status), (answer.asked_at, answer.answered_at, Some(200)));
        assert_eq!((&*kept.signature, &*kept.body, &*kept.outcome), (SIGNATURE, &body[..], "CONFIRMS_LEDGER"));
        assert_eq!(store.answers_to(MERCHANT, "inquiryPayment pay-1").await.unwrap().len(), 3);
        assert!(store.answers_to(MERCHANT, "inquiryPayment pay-2").await.unwrap().is_empty());
        // Rows without a signature, as earlier versions kept them all, and with one are in one journal.
        store.verify_journal(MERCHANT).await.unwrap();
    }
}
