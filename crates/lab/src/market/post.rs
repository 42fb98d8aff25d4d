//! Posting a notification: HTTP/1.1 over loopback, one request per connection, written here so that nothing is shared with the
//! client that is tried.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a receiver on the same machine may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An acknowledgement has a hundred bytes.
const LARGEST_ANSWER: u64 = 1 << 16;

/// Where a notification goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    host: String,
    port: u16,
    /// What is signed: path and query.
    pub(super) path: String,
}

impl Address {
    /// Reads `http://<loopback>[:port]/path`.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("the laboratory posts to `http://` addresses only")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().context("the port is no number")?),
            None => (authority, 80),
        };
        let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        ensure!(is_loopback, "`{host}` is not loopback, and the laboratory talks to this machine only");
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { host: host.to_owned(), port, path: path.to_owned() })
    }
}

/// Posts `body` with these headers; answers HTTP status and body.
pub(super) async fn post(address: &Address, headers: &[(&str, String)], body: &str) -> Result<(u16, Vec<u8>)> {
    let exchange = exchange(address, headers, body);
    tokio::time::timeout(PATIENCE, exchange).await.context("no answer in time")?
}

async fn exchange(address: &Address, headers: &[(&str, String)], body: &str) -> Result<(u16, Vec<u8>)> {
    let Address { host, port, path } = address;
    let mut stream = TcpStream::connect((host.as_str(), *port)).await.context("no connection")?;
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\n");
    request.push_str("content-type: application/json; charset=UTF-8\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // The receiver was told to close the connection, which ends the answer.
    stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await?;
    split(&answer)
}

fn split(answer: &[u8]) -> Result<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").context("the answer is no HTTP")?;
    let head = std::str::from_utf8(&answer[..end]).context("the answer is no HTTP")?;
    let mut words = head.split_whitespace();
    let Some((version, status)) = words.next().zip(words.next()) else { bail!("the answer is no HTTP") };
    ensure!(version.starts_with("HTTP/1."), "the answer is no HTTP");
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    ensure!(!is_chunked, "the answer is chunked; expected one with a length");
    Ok((status.parse().context("the status is no number")?, answer[end + 4..].to_vec()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_loopback_is_posted_to() {
        let address = Address::parse("http://127.0.0.1:81/notify?a=b").unwrap();
        assert_eq!(address, Address { host: "127.0.0.1".to_owned(), port: 81, path: "/notify?a=b".to_owned() });
        assert_eq!(Address::parse("http://localhost").unwrap().path, "/");
        for url in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "http://127.0.0.1:x/", "nowhere"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn answers_are_split_at_the_blank_line() {
        let answer = b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(split(answer).unwrap(), (200, b"{}".to_vec()));
        assert!(split(b"nonsense").is_err() && split(b"SSH-2.0\r\n\r\n").is_err());
    }
}
