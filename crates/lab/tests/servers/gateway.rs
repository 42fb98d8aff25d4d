//! A client for the API that has nothing but sockets and the `openssl` command.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use lab::keys::{ANTOM, MERCHANT, STRANGER};
use serde_json::Value;
use tempfile::TempDir;

use super::command::{run, said};

/// No answer of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request that can be changed before it is sent. The signature is made from the other fields when it is absent.
#[derive(Clone)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub client_id: String,
    pub time: String,
    pub content_type: String,
    pub body: String,
    /// What is signed in place of `body`.
    pub signed_body: Option<String>,
    pub signature: Option<String>,
    pub key: &'static str,
}

pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    pub path: String,
}

/// A folder with the keys as files, for `openssl`.
pub struct Caller {
    pub folder: TempDir,
    /// How long an answer is waited for.
    pub patience: Duration,
    gateway: String,
}

pub fn now_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

impl Request {
    pub fn new(api: &str, body: &str) -> Self {
        Self {
            method: "POST",
            path: format!("/ams/api/v1/{api}"),
            client_id: "LAB".to_owned(),
            time: now_millis().to_string(),
            content_type: "application/json; charset=UTF-8".to_owned(),
            body: body.to_owned(),
            signed_body: None,
            signature: None,
            key: "merchant.pem",
        }
    }
}

impl Caller {
    pub fn new(gateway: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, pem) in [
            ("merchant.pem", MERCHANT.private_pem),
            ("stranger.pem", STRANGER.private_pem),
            ("antom.pem", ANTOM.public_pem),
        ] {
            fs::write(folder.path().join(name), pem).unwrap();
        }
        let gateway = gateway.strip_prefix("http://").unwrap().to_owned();
        Self { folder, patience: PATIENCE, gateway }
    }

    /// Sends a question that is in order.
    pub fn ask(&self, api: &str, body: &str) -> io::Result<Answer> {
        self.send(&Request::new(api, body))
    }

    pub fn send(&self, request: &Request) -> io::Result<Answer> {
        let signature = request.signature.clone().unwrap_or_else(|| self.sign(request));
        let mut stream = TcpStream::connect(&self.gateway)?;
        stream.set_read_timeout(Some(self.patience))?;
        let Request { method, path, client_id, time, content_type, body, .. } = request;
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.gateway,
            body.len()
        );
        for (name, value) in [
            ("Client-Id", client_id),
            ("request-time", time),
            ("content-type", content_type),
            ("signature", &signature),
        ] {
            if !value.is_empty() {
                head += &format!("{name}: {value}\r\n");
            }
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        parse(&answer, path).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The header that belongs to a request.
    pub fn sign(&self, request: &Request) -> String {
        let Request { path, client_id, time, body, key, .. } = request;
        let body = request.signed_body.as_ref().unwrap_or(body);
        let content = format!("POST {path}\n{client_id}.{time}.{body}");
        let arguments = ["dgst", "-sha256", "-sign", key];
        let output = run(self.folder.path(), "openssl", &arguments, content.as_bytes());
        assert!(output.status.success(), "{}", said(&output));
        let base64 = STANDARD.encode(output.stdout);
        let encoded = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("algorithm=RSA256, keyVersion=1, signature={encoded}")
    }

    /// Whether `openssl` verifies the answer with Antom's key; `None` when it has no signature.
    pub fn verified(&self, answer: &Answer) -> Option<bool> {
        let header = answer.headers.get("signature")?;
        let value = header.strip_prefix("algorithm=RSA256,keyVersion=1,signature=").unwrap();
        let base64 = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let folder: &Path = self.folder.path();
        fs::write(folder.join("signature"), STANDARD.decode(base64).unwrap()).unwrap();
        let (client, time) = (&answer.headers["client-id"], &answer.headers["response-time"]);
        let mut content = format!("POST {}\n{client}.{time}.", answer.path).into_bytes();
        content.extend_from_slice(&answer.body);
        let arguments = ["dgst", "-sha256", "-verify", "antom.pem", "-signature", "signature"];
        Some(run(folder, "openssl", &arguments, &content).status.success())
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `resultStatus` and `resultCode`.
    pub fn result(&self) -> String {
        let result = &self.json()["result"];
        let text = |name: &str| result[name].as_str().unwrap().to_owned();
        format!("{} {}", text("resultStatus"), text("resultCode"))
    }
}

fn parse(answer: &[u8], path: &str) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Answer { status, headers, body: answer[end + 4..].to_vec(), path: path.to_owned() })
}
