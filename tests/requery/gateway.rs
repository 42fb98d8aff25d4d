//! The real client, against a gateway on loopback that answers one question, signed or not.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use antom_api::{Client, ClientConfig, PrivateKey, PublicKey, RetryPolicy, signature};
use antom_recon::requery::{Endpoint, Evidence, Inquirer, Question, Told};

const CLIENT_ID: &str = "5X00000000000000";
const PATH: &str = "/ams/api/v1/payments/inquiryPayment";
const TIME: &str = "2026-03-03T01:00:00+08:00";

/// Two fresh key pairs, made by `openssl`: the marketplace's and Antom's.
struct Keys {
    folder: tempfile::TempDir,
}

impl Keys {
    fn new() -> Self {
        let keys = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["merchant", "antom"] {
            let mut openssl = Command::new("openssl");
            openssl.args(["genpkey", "-algorithm", "RSA", "-out"]).arg(keys.file(name));
            assert!(openssl.output().unwrap().status.success(), "openssl makes a key pair");
        }
        keys
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(format!("{name}.pem"))
    }

    fn private(&self, name: &str) -> PrivateKey {
        PrivateKey::from_file(self.file(name)).unwrap()
    }

    fn antoms(&self) -> PublicKey {
        self.private("antom").public_key()
    }
}

/// Reads one request, whose body is as long as it says.
fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut block = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse::<usize>().unwrap() {
                return;
            }
        }
        let count = stream.read(&mut block).unwrap();
        assert!(count > 0, "the request ends early");
        request.extend_from_slice(&block[..count]);
    }
}

/// Asks a gateway that answers with this body once.
fn ask(keys: &Keys, body: &'static str, is_signed: bool, id: &str) -> Told {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    let signer = keys.private("antom");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        let mut head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
        if is_signed {
            let header = signature::sign(&signer, 1, PATH, CLIENT_ID, TIME, body.as_bytes()).unwrap();
            head += &format!("response-time: {TIME}\r\nclient-id: {CLIENT_ID}\r\nsignature: {header}\r\n");
        }
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).unwrap();
    });
    let told = inquire(keys, &gateway, id);
    server.join().unwrap();
    told
}

fn inquire(keys: &Keys, gateway: &str, id: &str) -> Told {
    let config = ClientConfig::new(gateway, CLIENT_ID, keys.private("merchant"), keys.antoms());
    let client = Client::new(config.retry(RetryPolicy::never())).unwrap();
    let question = Question::by(Endpoint::InquiryPayment, id, "").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.inquire(&question))
}

const FOUND: &str =
    r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"paymentStatus":"SUCCESS","paymentId":"p"}"#;
const UNKNOWN: &str = r#"{"result":{"resultCode":"ORDER_NOT_EXIST","resultStatus":"F"}}"#;
const DENIED: &str = r#"{"result":{"resultCode":"ACCESS_DENIED","resultStatus":"F"}}"#;
const BUSY: &str = r#"{"result":{"resultCode":"UNKNOWN_EXCEPTION","resultStatus":"U"}}"#;
const ODD: &str = r#"{"result":{"resultCode":"SUCCESS","resultStatus":"S"},"paymentAmount":7}"#;

#[test]
fn every_end_of_a_question_has_its_name() {
    let keys = Keys::new();
    for (body, is_signed, outcome, reason) in [
        (FOUND, true, Evidence::Found, ""),
        (UNKNOWN, true, Evidence::NotFound, ""),
        (DENIED, true, Evidence::Refused, "ACCESS_DENIED (F)"),
        (BUSY, true, Evidence::Unknown, "UNKNOWN_EXCEPTION (U)"),
        (ODD, true, Evidence::Unknown, "cannot be read"),
        (FOUND, false, Evidence::Untrusted, "no `signature` header"),
        (UNKNOWN, false, Evidence::Untrusted, "which nobody vouches for, says `ORDER_NOT_EXIST`"),
    ] {
        let told = ask(&keys, body, is_signed, "p");
        assert_eq!(told.outcome, outcome, "{body}: {told:?}");
        assert!(told.reason.contains(reason) && told.reason.is_empty() == reason.is_empty(), "{body}: {told:?}");
        assert_eq!(told.raw, if is_signed { body } else { "" }, "only what is signed is kept");
        assert_eq!((told.http_status, !told.signature.is_empty()), (Some(200), is_signed), "{body}: {told:?}");
        if is_signed {
            let head = format!("POST {PATH}\nclient-id: {CLIENT_ID}\nresponse-time: {TIME}\nsignature: ");
            let header = told.signature.strip_prefix(&head).and_then(|rest| rest.strip_suffix('\n')).unwrap();
            let again = signature::verify(&keys.antoms(), PATH, CLIENT_ID, TIME, told.raw.as_bytes(), header);
            assert_eq!(again, Ok(()), "{body}: what is kept can be verified again");
        }
    }
    assert_eq!(ask(&keys, FOUND, true, "q").outcome, Evidence::Untrusted, "an answer about another payment");
}

#[test]
fn nobody_there_and_an_id_that_cannot_be_asked() {
    let keys = Keys::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let told = inquire(&keys, &gateway, "p");
    assert_eq!(told, Told::without_answer(Evidence::Unreachable, told.reason.clone()));
    let told = inquire(&keys, &gateway, &"x".repeat(65));
    assert_eq!(told.outcome, Evidence::NotAsked);
    assert!(told.reason.starts_with("`paymentId` is too long"), "{}", told.reason);
}
