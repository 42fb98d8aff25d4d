//! Exit code 4: a partner or the database that cannot be reached.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use super::{Page, Place, SECRETS};

const FINGERPRINT: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

/// A port on loopback at which nobody listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn servers_that_nobody_answers_for() {
    let mut page = Page::default();
    let port = dead_port();
    let place = Place::quiet_day();
    place.configure_sftp(port, FINGERPRINT);
    page.note("no SFTP server", 4, &place.run_day());
    assert!(!place.has_outputs());

    let place = Place::quiet_day();
    let url = format!("postgres://recon:{}@127.0.0.1:{port}/recon", SECRETS[1]);
    place.configure_more(&format!("[database]\nurl = \"{url}\""));
    page.note("no PostgreSQL", 4, &place.run_day());
    assert!(!place.has_outputs());

    let place = Place::quiet_day();
    let query = format!("kind = \"query\"\nurl = \"{url}\"\nsql = \"SELECT * FROM entries\"");
    place.configure("kind = \"csv\"\npath = \"ledger.csv\"", &query);
    page.note("no PostgreSQL of the ledger", 4, &place.run_day());
    assert!(!place.has_outputs());
    assert_page!("partners", &page.0.replace(&format!(":{port}"), ":<port>"));
}

/// A day with a discrepancy, and an API at which nobody answers.
fn with_a_dead_api(port: u16) -> Place {
    let place = Place::quiet_day();
    for name in ["merchant", "antom"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["genpkey", "-algorithm", "RSA", "-out"]).arg(place.path(&format!("{name}-private.pem")));
        assert!(openssl.output().unwrap().status.success(), "openssl makes a key pair");
    }
    let key = fs::read_to_string(place.path("merchant-private.pem")).unwrap();
    place.write_secret("merchant.pem", &key);
    let mut openssl = Command::new("openssl");
    openssl.args(["pkey", "-pubout", "-in"]).arg(place.path("antom-private.pem"));
    place.write("antom.pem", openssl.output().unwrap().stdout);
    place.configure_more(&format!(
        "[api]\ngateway = \"http://127.0.0.1:{port}\"\nclient_id = \"5X00000000000000\"\nprivate_key_file = \
         \"merchant.pem\"\nantom_public_key_file = \"antom.pem\"\nattempts = 1\ntimeout = \"2s\""
    ));
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", ledger.replace(",2550,", ",2551,"));
    place
}

#[test]
fn an_api_that_does_not_answer_leaves_discrepancies_open() {
    let port = dead_port();
    let place = with_a_dead_api(port);
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("answer   UNAVAILABLE"), "{}", ended.stdout);
    let required = place.run("run --date 2026-03-02 --require-answers --fail-on info");
    assert_eq!(required.code, Some(4), "a retry may heal it, so it comes before 1");
    assert!(required.stdout.contains("open     AMOUNT_MISMATCH"), "{}", required.stdout);
    assert!(place.has_outputs());
    assert_page!("dead_api", &required.stderr.replace(&format!(":{port}"), ":<port>"));
}
