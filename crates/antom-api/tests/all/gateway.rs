use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antom_api::{Client, ClientConfig, RetryPolicy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::openssl::{ANTOM, KeyFiles, MERCHANT};

pub const CLIENT_ID: &str = "5X00000000000000";
pub const RESPONSE_TIME: &str = "2026-11-20T12:12:14+08:00";

/// What the gateway answers to one request.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    signer: Option<&'static KeyFiles>,
    response_time: Option<&'static str>,
    spaced: bool,
    body_sent: Option<Vec<u8>>,
    time_sent: Option<&'static str>,
    wait: Duration,
    chunked: bool,
    drip: Option<Duration>,
    reset: bool,
}

impl Reply {
    /// Status 200 and this body, signed by Antom.
    pub fn signed(body: impl Into<Vec<u8>>) -> Self {
        Reply {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            signer: Some(&ANTOM),
            response_time: Some(RESPONSE_TIME),
            spaced: false,
            body_sent: None,
            time_sent: None,
            wait: Duration::ZERO,
            chunked: false,
            drip: None,
            reset: false,
        }
    }

    /// A signed `result` without anything else.
    pub fn result(code: &str, status: &str) -> Self {
        Self::signed(result_body(code, status))
    }

    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Reply { status, signer: None, ..Self::signed("") }
    }

    /// The connection is reset instead of answered.
    pub fn reset() -> Self {
        Reply { reset: true, ..Self::signed("") }
    }

    pub fn unsigned(self) -> Self {
        Reply { signer: None, ..self }
    }

    pub fn signed_by(self, signer: &'static KeyFiles) -> Self {
        Reply { signer: Some(signer), ..self }
    }

    pub fn response_time(self, response_time: Option<&'static str>) -> Self {
        Reply { response_time, ..self }
    }

    /// The signature header in another order and with spaces.
    pub fn spaced(self) -> Self {
        Reply { spaced: true, ..self }
    }

    /// Sends another body than the one that is signed.
    pub fn but_sends(self, body: impl Into<Vec<u8>>) -> Self {
        Reply { body_sent: Some(body.into()), ..self }
    }

    /// Sends another time than the one that is signed.
    pub fn but_says_time(self, time: &'static str) -> Self {
        Reply { time_sent: Some(time), ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn after(self, wait: Duration) -> Self {
        Reply { wait, ..self }
    }

    /// No length is declared.
    pub fn chunked(self) -> Self {
        Reply { chunked: true, ..self }
    }

    /// One byte of the body at a time.
    pub fn dripping(self, pause: Duration) -> Self {
        Reply { drip: Some(pause), ..self }
    }

    fn head(&self, path: &str, sent: &[u8]) -> String {
        let mut head = format!("HTTP/1.1 {} Whatever\r\nconnection: close\r\n", self.status);
        if let Some(signer) = self.signer {
            let time = self.response_time.unwrap_or_default();
            let content = [format!("POST {path}\n{CLIENT_ID}.{time}.").as_bytes(), &self.body].concat();
            let signature = BASE64.encode(signer.sign(&content));
            let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            head += &match self.spaced {
                false => {
                    format!("signature: algorithm=RSA256,keyVersion=1,signature={signature}\r\n")
                }
                true => format!("Signature:  keyVersion=2 , signature={signature} , algorithm=RSA256 \r\n"),
            };
        }
        if let Some(time) = self.time_sent.or(self.response_time) {
            head += &format!("response-time: {time}\r\nclient-id: {CLIENT_ID}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.chunked {
            true => head + "transfer-encoding: chunked\r\n\r\n",
            false => head + &format!("content-length: {}\r\n\r\n", sent.len()),
        }
    }
}

pub fn result_body(code: &str, status: &str) -> String {
    format!(r#"{{"result":{{"resultCode":"{code}","resultStatus":"{status}","resultMessage":"for people"}}}}"#)
}

/// What arrived at the gateway.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map_or("", |(_, value)| value)
    }
}

/// A gateway on loopback that plays its replies in order and repeats the last one.
pub struct Gateway {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    most_at_once: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Gateway {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (now, most_at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (seen, most) = (Arc::clone(&requests), Arc::clone(&most_at_once));
        let accepting = tokio::spawn(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let reply = replies.get(turn).or(replies.last()).unwrap().clone();
                let (seen, now, most) = (Arc::clone(&seen), Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // A client that hangs up early is part of some tests.
                    let _ = answer(stream, &reply, &seen, &now).await;
                });
            }
        });
        Gateway { port, requests, most_at_once, accepting }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// The settings of an impatient client of this gateway: three attempts, hardly any pauses.
    pub fn config(&self) -> ClientConfig {
        config(&self.url()).retry(RetryPolicy {
            max_attempts: 3.try_into().unwrap(),
            base_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
        })
    }

    pub fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Settings with the two keys of the tests.
pub fn config(gateway: &str) -> ClientConfig {
    ClientConfig::new(gateway, CLIENT_ID, MERCHANT.private_key(), ANTOM.public_key())
}

async fn answer(
    mut stream: TcpStream,
    reply: &Reply,
    seen: &Mutex<Vec<Request>>,
    now: &AtomicUsize,
) -> std::io::Result<()> {
    if reply.reset {
        // Closing a connection with bytes that nobody read resets it.
        stream.readable().await?;
        seen.lock().unwrap().push(Request { line: String::new(), headers: Vec::new(), body: String::new() });
        now.fetch_sub(1, Ordering::SeqCst);
        return Ok(());
    }
    let request = read_request(&mut stream).await?;
    let path = request.line.split(' ').nth(1).unwrap().to_owned();
    seen.lock().unwrap().push(request);
    tokio::time::sleep(reply.wait).await;
    let sent = reply.body_sent.as_ref().unwrap_or(&reply.body);
    let head = reply.head(&path, sent);
    // Counted down before the client can know that it was answered.
    now.fetch_sub(1, Ordering::SeqCst);
    stream.write_all(head.as_bytes()).await?;
    match reply.drip {
        Some(pause) => {
            for byte in sent {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(pause).await;
            }
        }
        None if reply.chunked => {
            for chunk in sent.chunks(1000) {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                stream.write_all(chunk).await?;
                stream.write_all(b"\r\n").await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
        }
        None => stream.write_all(sent).await?,
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Request> {
    let mut bytes = Vec::new();
    let end_of_head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        bytes.push(stream.read_u8().await?);
    };
    let head = String::from_utf8(bytes[..end_of_head].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body).await?;
    Ok(Request { line, headers, body: String::from_utf8(body).unwrap() })
}
