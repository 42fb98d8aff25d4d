//! One HTTP exchange: a POST out, a bounded body back. No redirects, no retries, no opinion about
//! what was said.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::config::ClientConfig;
use crate::error::{ConfigError, Failure};
use crate::gateway::Gateway;
use crate::model::claimed_code;

/// An HTTP 200 with its whole body.
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Transport {
    http: reqwest::Client,
    connect: Duration,
    whole: Duration,
    max_body_bytes: usize,
}

impl Transport {
    pub(crate) fn new(config: &ClientConfig, gateway: &Gateway) -> Result<Self, ConfigError> {
        let connect = config.connect_timeout;
        let whole = connect.saturating_add(config.read_timeout);
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(gateway)?)
            .https_only(gateway.is_encrypted())
            .redirect(Policy::none())
            .referer(false)
            .user_agent(concat!("antom-api/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect)
            .read_timeout(config.read_timeout)
            .timeout(whole);
        if gateway.is_loopback() {
            // A proxy's idea of loopback is another machine.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ConfigError::Http(chain(&error)))?;
        Ok(Transport { http, connect, whole, max_body_bytes: config.max_body_bytes })
    }

    pub(crate) async fn post(&self, url: Url, headers: HeaderMap, body: Vec<u8>) -> Result<Reply, Failure> {
        let request = self.http.post(url).headers(headers).body(body);
        let response = request.send().await.map_err(|error| self.failure(error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = self.read(response).await;
        if status == StatusCode::OK {
            return Ok(Reply { headers, body: body? });
        }
        // Whatever is wrong with the body, the status is the news.
        let claimed = body.ok().and_then(|body| claimed_code(&body));
        Err(Failure::Status { status: status.as_u16(), retry_after: retry_after(&headers), claimed })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let limit = self.max_body_bytes;
        let declared = response.content_length().unwrap_or_default();
        if usize::try_from(declared).map_or(true, |declared| declared > limit) {
            return Err(Failure::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if chunk.len() > limit - body.len() {
                return Err(Failure::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        if error.is_timeout() {
            return Failure::TimedOut { connect: self.connect, whole: self.whole };
        }
        match certificate_problem(&error) {
            Some(problem) => Failure::Certificate(problem),
            None if error.is_connect() => Failure::Connection(chain(&error)),
            None => Failure::Broken(chain(&error)),
        }
    }
}

/// TLS by ring, named here so that nobody has to install a process-wide provider. The system's CA
/// certificates decide whom to trust; a gateway without encryption gets a configuration that trusts
/// nobody and needs no certificates.
fn tls(gateway: &Gateway) -> Result<rustls::ClientConfig, ConfigError> {
    let problem = |error: rustls::Error| ConfigError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(problem)?;
    let builder = if gateway.is_encrypted() {
        builder.with_platform_verifier().map_err(problem)?
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

/// `Retry-After` in seconds. Its other form, a date, would compare two clocks and is passed over.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error with its causes, outermost first, each said once.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// What rustls has against the server's certificate, if that is the cause.
fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(rustls::Error::InvalidCertificate(problem)) = unwrap_io(inner).downcast_ref() {
            return Some(problem.to_string());
        }
        cause = inner.source();
    }
    None
}

/// What an I/O error wraps, which its `source` passes over; however often it was wrapped.
fn unwrap_io<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => unwrap_io(wrapped),
        None => error,
    }
}
