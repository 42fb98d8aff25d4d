//! Addresses: fingerprints, gateways, databases, directories on a server.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Characters of a SHA-256 in base64 without padding.
const DIGEST_CHARACTERS: usize = 43;

/// Whether it is a fingerprint as OpenSSH writes it: `SHA256:` and 43 characters of base64 without padding.
pub fn is_fingerprint(text: &str) -> bool {
    let Some(digest) = text.strip_prefix("SHA256:") else { return false };
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    // 43 characters are 258 bits, so the last one ends in two zero bits.
    let last = |byte: &u8| b"AEIMQUYcgkosw048".contains(byte);
    digest.len() == DIGEST_CHARACTERS && digest.bytes().all(base64) && digest.as_bytes().last().is_some_and(last)
}

/// The gateway without a slash at its end, or what is expected instead.
pub fn gateway(text: &str) -> Result<String, &'static str> {
    let plain = "`https://` and a host name (`http://` is accepted for loopback only)";
    let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err("`https://` and a host name, such as `https://open-sea-global.alipay.com`"),
    };
    let rest = rest.trim_end_matches('/');
    if rest.contains(['/', '?', '#', '@']) || rest.contains(char::is_whitespace) {
        return Err("scheme, host and port only, without path, query or user");
    }
    let (host, port) = split_port(rest);
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("`https://`, a host name and perhaps a port");
    }
    if !secure && !is_loopback(host) {
        return Err(plain);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Splits `host:port`; brackets around an IPv6 address stay with it.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|v6| v6.parse::<Ipv6Addr>().ok());
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|v4| v4.is_loopback())
        || v6.is_some_and(|v6| v6.is_loopback())
}

/// The address of a database; a relative SQLite path starts at `folder`. `None` for anything but SQLite and PostgreSQL.
pub fn database(text: &str, folder: &Path) -> Option<String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Some(text.to_owned());
    }
    let rest = text.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    if path.is_empty() {
        return None;
    }
    if path == ":memory:" || path.starts_with('/') {
        return Some(format!("sqlite://{path}{query}"));
    }
    // What is special in an address must not be taken for it in the name of a folder.
    let folder = folder.display().to_string().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Some(format!("sqlite://{folder}/{path}{query}"))
}

/// Whether it is the name of a schema on PostgreSQL that needs no quoting.
pub fn is_schema(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    starts_well && name.len() <= 63 && name.bytes().all(plain) && !name.starts_with("pg_")
}

/// Whether it is a directory on a server that leads nowhere else.
pub fn is_plain_directory(text: &str) -> bool {
    !text.contains(['\0', '\\', '\n']) && !text.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints() {
        let digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        assert!(is_fingerprint(&format!("SHA256:{digest}")));
        for wrong in [
            digest.to_owned(),
            format!("SHA256:{digest}="),
            format!("sha256:{digest}"),
            format!("SHA256:{}", &digest[1..]),
            format!("SHA256:{}V", &digest[..42]),
            "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48".to_owned(),
            "SHA256:…".to_owned(),
            String::new(),
        ] {
            assert!(!is_fingerprint(&wrong), "`{wrong}`");
        }
    }

    #[test]
    fn gateways() {
        for right in [
            "https://open-sea-global.alipay.com",
            "https://open-sea-global.alipay.com/",
            "https://example.com:8443",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://127.8.9.1:1",
            "http://[::1]:8080",
        ] {
            assert_eq!(gateway(right).as_deref(), Ok(right.trim_end_matches('/')), "`{right}`");
        }
        for wrong in [
            "",
            "open-sea-global.alipay.com",
            "ftp://example.com",
            "http://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://10.0.0.1",
            "http://[::2]",
            "https://",
            "https://example.com/ams",
            "https://example.com?x",
            "https://example.com:http",
            "https://a b",
        ] {
            assert!(gateway(wrong).is_err(), "`{wrong}`");
        }
    }

    #[test]
    fn databases_start_at_the_folder_of_the_configuration() {
        let folder = Path::new("/etc/recon 100%");
        for (text, expected) in [
            ("sqlite://antom-recon.db", Some("sqlite:///etc/recon 100%25/antom-recon.db")),
            ("sqlite:antom-recon.db?mode=rwc", Some("sqlite:///etc/recon 100%25/antom-recon.db?mode=rwc")),
            ("sqlite:///var/lib/recon.db", Some("sqlite:///var/lib/recon.db")),
            ("sqlite::memory:", Some("sqlite://:memory:")),
            ("postgres://u:p@db/recon", Some("postgres://u:p@db/recon")),
            ("postgresql://db/recon", Some("postgresql://db/recon")),
            ("sqlite://", None),
            ("mysql://db/recon", None),
            ("", None),
        ] {
            assert_eq!(database(text, folder).as_deref(), expected, "`{text}`");
        }
    }

    #[test]
    fn directories() {
        assert!(is_plain_directory("/v1/settlements") && is_plain_directory("a..b/c"));
        assert!(!is_plain_directory("/v1/../x") && !is_plain_directory("a\\b") && !is_plain_directory("a\0"));
    }
}
