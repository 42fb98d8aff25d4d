//! The gateway in front of the API (fact sheet, 6.1 to 6.3): who asks, when, and is it signed.
//!
//! Its refusals come with HTTP 200 and without a signature. Documented is that an `INVALID_SIGNATURE` answer is
//! unsigned; that the other refusals of the gateway are too is our assumption, and the harder case for a client.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, Method, Uri, header};
use chrono::DateTime;

use super::log::Endpoint;
use super::signing::{Signed, Verifier};

/// Client ids of the sandbox begin so, and the sandbox has its own path (fact sheet, 6.1).
const SANDBOX_CLIENT: &str = "SANDBOX_";

/// What the gateway knows of its one client.
pub(super) struct Gateway {
    pub calls: &'static [Endpoint],
    pub client_id: String,
    pub merchant_key: Verifier,
    pub clock_skew: Duration,
}

/// A request as it came in.
pub(super) struct Incoming<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl Incoming<'_> {
    /// The path that is signed: with its query.
    pub(super) fn signed_path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Why the gateway refuses a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `resultCode`, always with status F.
    pub code: &'static str,
    /// `resultMessage`.
    pub message: String,
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into() })
}

/// Which of these calls a path means, and whether it is the sandbox's.
pub(super) fn route(calls: &[Endpoint], path: &str) -> Option<(Endpoint, bool)> {
    let (rest, sandbox) = match path.strip_prefix("/ams/sandbox/api/v1/") {
        Some(rest) => (rest, true),
        None => (path.strip_prefix("/ams/api/v1/")?, false),
    };
    calls.iter().find(|endpoint| endpoint.path() == rest).map(|endpoint| (*endpoint, sandbox))
}

impl Gateway {
    /// Lets a request through, or says why not.
    pub(super) fn check(&self, request: &Incoming<'_>) -> Result<Endpoint, Refusal> {
        let path = request.uri.path();
        let Some((endpoint, sandbox)) = route(self.calls, path) else {
            return refuse("INVALID_API", format!("there is no API at `{path}`"));
        };
        if request.method != Method::POST {
            return refuse("METHOD_NOT_SUPPORTED", format!("`{}` is not POST", request.method));
        }
        check_media_type(request.header(header::CONTENT_TYPE.as_str()))?;
        self.check_client(request.header("client-id"), sandbox)?;
        self.check_time(request.header("request-time"))?;
        let signed = Signed {
            path: request.signed_path(),
            client_id: &self.client_id,
            time: request.header("request-time"),
            body: request.body,
        };
        match self.merchant_key.check(request.header("signature"), &signed) {
            Ok(()) => Ok(endpoint),
            Err(reason) => refuse("INVALID_SIGNATURE", reason),
        }
    }

    /// The SDK chooses the path by the client id; that a client is unknown on the other path is our assumption.
    fn check_client(&self, client_id: &str, sandbox: bool) -> Result<(), Refusal> {
        if client_id != self.client_id {
            return refuse("INVALID_CLIENT", format!("client `{client_id}` is not known"));
        }
        if client_id.starts_with(SANDBOX_CLIENT) != sandbox {
            let path = if sandbox { "/ams/sandbox/api/" } else { "/ams/api/" };
            return refuse("INVALID_CLIENT", format!("client `{client_id}` does not belong to `{path}`"));
        }
        Ok(())
    }

    /// Milliseconds since 1970 as digits, or ISO 8601 with offset, near enough to now. Documented are the former since June 2023
    /// and the latter before; Antom's own SDK for Python still sends the latter (1.7.1). Which code Antom gives is not documented.
    fn check_time(&self, time: &str) -> Result<(), Refusal> {
        let Some(sent) = millis(time).map(Duration::from_millis) else {
            let message = format!("request-time `{time}` is neither milliseconds since 1970 in digits nor ISO 8601");
            return refuse("PARAM_ILLEGAL", message);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.abs_diff(sent) > self.clock_skew {
            return refuse("PARAM_ILLEGAL", format!("request-time `{time}` is too far from the gateway's clock"));
        }
        Ok(())
    }
}

fn millis(time: &str) -> Option<u64> {
    if !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()) {
        return time.parse().ok();
    }
    u64::try_from(DateTime::parse_from_rfc3339(time).ok()?.timestamp_millis()).ok()
}

/// The header may be absent (fact sheet, 6.2); if present it must be JSON in UTF-8.
fn check_media_type(content_type: &str) -> Result<(), Refusal> {
    let lower = content_type.to_ascii_lowercase().replace(' ', "");
    match lower.as_str() {
        "" | "application/json" | "application/json;charset=utf-8" => Ok(()),
        _ => refuse("MEDIA_TYPE_NOT_ACCEPTABLE", format!("content-type `{content_type}` is not JSON in UTF-8")),
    }
}
