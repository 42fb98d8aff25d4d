//! Where calls go: the gateway's address, and production or sandbox.

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::error::ConfigError;

/// Client ids of the sandbox begin so (official SDKs switch paths by it).
const SANDBOX_PREFIX: &str = "SANDBOX_";

/// A checked gateway address together with the path prefix of its environment.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    base: Url,
    prefix: String,
    loopback: bool,
}

impl Gateway {
    pub(crate) fn new(gateway: &str, client_id: &str) -> Result<Self, ConfigError> {
        let refuse = |problem: String| ConfigError::Gateway { gateway: without_login(gateway), problem };
        let base = Url::parse(gateway).map_err(|error| refuse(format!("is no URL ({error})")))?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(refuse("contains a login".to_owned()));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(refuse("contains a query or a fragment".to_owned()));
        }
        let loopback = is_loopback(&base);
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(refuse("is not encrypted, which is accepted for loopback hosts only".to_owned()));
            }
            scheme => return Err(refuse(format!("has the scheme `{scheme}`"))),
        }
        let environment = if client_id.starts_with(SANDBOX_PREFIX) { "/ams/sandbox/api" } else { "/ams/api" };
        let prefix = format!("{}{environment}", base.path().trim_end_matches('/'));
        Ok(Gateway { base, prefix, loopback })
    }

    /// The address of a call such as `v1/payments/inquiryPayment`. Its path is what gets signed.
    pub(crate) fn call(&self, api: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{api}", self.prefix));
        url
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A login has no place in a message.
fn without_login(gateway: &str) -> String {
    match (gateway.find("://"), gateway.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}…{}", &gateway[..scheme + 3], &gateway[at..])
        }
        _ => gateway.to_owned(),
    }
}

/// Checks a text that travels in a header. The text itself, which may be a secret, is not in the
/// message.
pub(crate) fn header_value(name: &'static str, text: &str) -> Result<HeaderValue, ConfigError> {
    let problem = match text {
        "" => "empty",
        _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => "not only visible ASCII characters",
        _ => {
            return HeaderValue::from_str(text).map_err(|_| ConfigError::Text { name, problem: "no header value" });
        }
    };
    Err(ConfigError::Text { name, problem })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_path_follows_the_client_id_and_the_prefix_of_the_gateway() {
        for (gateway, client_id, expected) in [
            ("https://example.com", "5X00", "https://example.com/ams/api/v1/payments/pay"),
            ("https://example.com/", "SANDBOX_5X00", "https://example.com/ams/sandbox/api/v1/payments/pay"),
            ("https://example.com/through/here/", "5X00", "https://example.com/through/here/ams/api/v1/payments/pay"),
            ("http://127.0.0.1:8080", "5X_SANDBOX_", "http://127.0.0.1:8080/ams/api/v1/payments/pay"),
        ] {
            assert_eq!(Gateway::new(gateway, client_id).unwrap().call("v1/payments/pay").as_str(), expected);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for gateway in
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost:1", "http://LOCALHOST"]
        {
            assert!(Gateway::new(gateway, "5X").is_ok_and(|gateway| gateway.is_loopback()), "{gateway}");
        }
        for gateway in [
            "http://example.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://[::ffff:8.8.8.8]",
        ] {
            let error = Gateway::new(gateway, "5X").unwrap_err().to_string();
            assert!(error.contains("loopback hosts only") && error.contains(gateway), "{error}");
        }
    }

    #[test]
    fn addresses_that_are_none() {
        for (gateway, expected) in [
            ("example.com", "is no URL"),
            ("ftp://example.com", "the scheme `ftp`"),
            ("https://example.com?a=b", "a query"),
            ("https://example.com#a", "a fragment"),
            ("https://user:secret@example.com", "a login"),
        ] {
            let error = Gateway::new(gateway, "5X").unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }
}
