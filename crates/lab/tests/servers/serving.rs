//! Both servers as a person meets them: by the files that `serve` writes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lab::api::{Book, Endpoint, PaymentRecord};
use lab::serve::{Running, serve};

use super::command::{run, said};

async fn serving(root: &Path) -> Running {
    let payment = PaymentRecord {
        payment_id: "P1".to_owned(),
        payment_request_id: "pr-1".to_owned(),
        status: "SUCCESS".to_owned(),
        amount_minor: 5,
        currency: "JPY".to_owned(),
        ..PaymentRecord::default()
    };
    serve(root, Book { payments: vec![payment], ..Book::default() }).await.unwrap()
}

/// The one line of the text that begins so, without its indentation.
fn command(text: &str, begin: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| line.starts_with(begin));
    line.unwrap_or_else(|| panic!("no line begins with `{begin}` in:\n{text}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_text_work() {
    let root = tempfile::tempdir().unwrap();
    let running = serving(root.path()).await;
    fs::write(root.path().join("remote/a.csv"), "a\n<END>\n").unwrap();
    let text = fs::read_to_string(&running.files.connect).unwrap();
    assert!(!text.contains("GATEWAY"), "a name was left in:\n{text}");

    let sftp = command(&text, "sftp ") + " <<< 'get a.csv got.csv'";
    let sftp = sftp.replace("sftp ", "sftp -F none -o IdentityAgent=none ");
    let output = run(root.path(), "bash", &["-c", &sftp], b"");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(root.path().join("got.csv")).unwrap(), "a\n<END>\n");

    for tool in [["curl", "--version"], ["openssl", "version"]] {
        run(root.path(), tool[0], &tool[1..], b"");
    }
    let ask = command(&text, "sh ask.sh inquiryPayment").replace("...", "pr-1");
    let output = run(root.path(), "sh", &["-c", &ask], b"");
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains(r#""value":"5""#) && said.contains("Verified OK"), "{said}");
    assert_eq!(running.api.log().count(Endpoint::InquiryPayment, "P1"), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_keeps_the_host_key_and_secrets_are_for_their_owner() {
    let root = tempfile::tempdir().unwrap();
    let first = serving(root.path()).await;
    let fingerprint = first.sftp.host_key_fingerprint();
    assert!(first.config_sections().contains(&format!("host_key = \"{fingerprint}\"")));
    first.stop().await;
    let second = serving(root.path()).await;
    assert_eq!(second.sftp.host_key_fingerprint(), fingerprint);
    for secret in [&second.files.sftp_password, &second.files.merchant_private_key] {
        let mode = fs::metadata(secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "`{}`", secret.display());
    }
}
