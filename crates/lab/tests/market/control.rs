//! The control port, tried with `curl`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use lab::market::{Control, MarketOptions};
use serde_json::{Value, json};

use super::command::{run, said as said_of};
use super::harness::{CLIENT_ID, Lab, friday, pay};

/// Asks the control port; with a body it is a POST.
fn ask(control: &Control, path: &str, body: Option<&str>) -> Value {
    let url = control.url() + path;
    let mut arguments = vec!["--silent", "--show-error", &url];
    arguments.extend(body.map(|body| ["--data-raw", body]).into_iter().flatten());
    let output = run(Path::new("."), "curl", &arguments, b"");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_everybody_else_are_moved_from_outside() {
    let options = MarketOptions { fee_basis_points: 0, ..MarketOptions::new(CLIENT_ID, friday()) };
    let lab = Lab::with_sellers(options, &["s1"]).await;
    let control = Control::start(lab.market.clone(), 0).await.unwrap();
    let post = |path: &str, body: Value| ask(&control, path, Some(&body.to_string()));
    assert_eq!(ask(&control, "/", None)["now"], "2026-11-24T09:00:00+08:00");

    post("/plan/buyer", json!({"paymentRequestId": "p1", "after": 5}));
    post("/plan/buyer", json!({"paymentRequestId": "p2", "after": 5, "code": "RISK_REJECT"}));
    post("/plan/buyer", json!({"paymentRequestId": "p3"}));
    for (id, method) in [("p1", "CARD"), ("p2", "GCASH"), ("p3", "GCASH")] {
        lab.client.pay(&pay(id, "s1", method, 1_000)).await.unwrap();
    }
    post("/advance", json!({"seconds": 5}));
    let state = post("/advance", json!({"to": "2026-11-24T10:00:00+08:00"}));
    assert_eq!((&state["now"], &state["today"]), (&json!("2026-11-24T10:00:00+08:00"), &json!("2026-11-24")));
    let held = json!([
        {"referenceMerchantId": "", "currency": "EUR", "minor": "0"},
        {"referenceMerchantId": "s1", "currency": "EUR", "minor": "1000"},
    ]);
    assert_eq!(state["holdings"], held, "one of three has paid");
    let told: Vec<Value> = ask(&control, "/notifications", None).as_array().unwrap().clone();
    assert_eq!(told.iter().filter(|sent| sent["kind"] == "PAYMENT_RESULT").count(), 2);
    assert!(told.iter().all(|sent| sent["acknowledged"] == true && sent["attempts"].as_array().unwrap().len() == 1));

    let dispute = |amount: i64, sort: &str| json!({"paymentRequestId": "p1", "amount": amount, "type": sort});
    let open = || post("/dispute", dispute(100, "CHARGEBACK"))["disputeId"].as_str().unwrap().to_owned();
    let (lost, kept, withdrawn) = (open(), open(), open());
    post("/dispute/judge", json!({"disputeId": lost, "deducted": 60}));
    post("/dispute/judge", json!({"disputeId": kept}));
    post("/dispute/withdraw", json!({"disputeId": withdrawn}));
    post("/dispute", dispute(30, "RDR"));
    assert_eq!(lab.market.holdings()[&("s1".to_owned(), "EUR".to_owned())], 910);
    post("/dispute/reverse", json!({"disputeId": lost}));
    assert_eq!(lab.market.holdings()[&("s1".to_owned(), "EUR".to_owned())], 970);

    let closed = post("/close-day", json!({}));
    let names: Vec<&str> = closed["reports"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(names.len(), 3, "no split, so no batch with anything to pay but debts: {names:?}");
    assert!(names.iter().all(|path| path.starts_with("v1/settlements/2188120000000001/20261124/")));
    for (path, body, problem) in [
        ("/advance", json!({}), "expected one of `seconds` and `to`"),
        ("/advance", json!({"to": "tomorrow"}), "no time with offset"),
        ("/advance", json!({"minutes": 1}), "cannot be read"),
        ("/plan/bank", json!({"requestId": "r1"}), "expected `slow`"),
        ("/plan/review", json!({"requestId": "r1", "reasonCode": "DULL"}), "no documented reason"),
        ("/dispute", dispute(1, "QUARREL"), "no documented type"),
        ("/dispute", json!({"paymentRequestId": "p2", "amount": 1, "type": "CHARGEBACK"}), "no card payment"),
        ("/dispute/judge", json!({"disputeId": "D9"}), "no open dispute"),
        ("/refund/bounce", json!({"refundRequestId": "r9"}), "no refund"),
        ("/elsewhere", json!({}), "nothing at"),
    ] {
        let error = post(path, body)["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.contains(problem), "{path}: `{error}`; expected {problem}");
    }
}

#[test]
fn the_command_keeps_a_marketplace_up() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("market");
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["market", "--start", "2026-11-20T09:00:00+08:00", "--dir"])
        .arg(&root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(lab.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = said.find_map(|line| line.trim().strip_prefix("curl ").map(str::to_owned)).unwrap();
    let output = run(Path::new("."), "curl", &["--silent", "--show-error", &url], b"");
    let state: Value = serde_json::from_slice(&output.stdout).unwrap();
    let body = r#"{"productCode":"CASHIER_PAYMENT","paymentAmount":{"currency":"EUR","value":"100"}}"#;
    let asked = run(&root, "sh", &["ask.sh", "consult", body], b"");
    lab.kill().unwrap();
    lab.wait().unwrap();
    assert_eq!(state["now"], "2026-11-20T09:00:00+08:00");
    assert!(said_of(&asked).contains("\"GCASH\"") && said_of(&asked).contains("Verified OK"), "{}", said_of(&asked));
}
