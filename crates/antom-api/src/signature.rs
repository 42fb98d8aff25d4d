//! Antom's signature scheme: what is signed, how it travels, and how an answer is verified.
//!
//! ```text
//! content   = "POST " path "\n" client-id "." time "." body
//! signature = url-encode(base64(RSASSA-PKCS1-v1_5-SHA256(private key, content)))
//! header    = "algorithm=RSA256,keyVersion=1,signature=" signature
//! ```
//!
//! A request is signed with its `request-time` header and our key, an answer with its
//! `response-time` header and Antom's. The path is the one that was called (sandbox prefix
//! included), the body is taken byte for byte. Sources: page `digital_signature`; `SignatureTool`
//! of the official Java SDK.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use crate::key::{PrivateKey, PublicKey};

/// The only algorithm that Antom documents: RSA with SHA-256.
pub const ALGORITHM: &str = "RSA256";

/// The bytes that a signature covers. `path` begins with `/` and contains the query, if there is
/// one; `time` is the text of the `request-time` or `response-time` header, unchanged.
#[must_use]
pub fn content_to_sign(path: &str, client_id: &str, time: &str, body: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(path.len() + client_id.len() + time.len() + body.len() + "POST \n..".len());
    for part in ["POST ", path, "\n", client_id, ".", time, "."] {
        content.extend_from_slice(part.as_bytes());
    }
    content.extend_from_slice(body);
    content
}

/// Signs a request. The answer is the value of its `signature` header.
///
/// # Errors
///
/// [`SignatureError::Signing`] if the key is unusable, which [`PrivateKey::from_text`] has ruled
/// out already.
pub fn sign(
    key: &PrivateKey,
    key_version: u32,
    path: &str,
    client_id: &str,
    time: &str,
    body: &[u8],
) -> Result<String, SignatureError> {
    let signature = key.sign(&content_to_sign(path, client_id, time, body)).ok_or(SignatureError::Signing)?;
    let signature = url_encode(&BASE64.encode(signature));
    Ok(format!("algorithm={ALGORITHM},keyVersion={key_version},signature={signature}"))
}

/// Verifies an answer over its exact bytes. `header` is the value of its `signature` header.
///
/// # Errors
///
/// The header is malformed or names another algorithm, or the signature was not made with this key
/// over these bytes.
pub fn verify(
    key: &PublicKey,
    path: &str,
    client_id: &str,
    time: &str,
    body: &[u8],
    header: &str,
) -> Result<(), SignatureError> {
    let signature = SignatureHeader::parse(header)?.signature;
    if key.verifies(&content_to_sign(path, client_id, time, body), &signature) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The parts of a `signature` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeader {
    /// `keyVersion`: which of the signer's keys was used. Empty if the header does not say.
    pub key_version: String,
    /// The signature itself, decoded.
    pub signature: Vec<u8>,
}

impl SignatureHeader {
    /// Reads `algorithm=RSA256,keyVersion=1,signature=…`: parts in any order, spaces around them
    /// allowed, each split at its first `=`. The signature may be URL-encoded base64 or plain
    /// base64. Unknown parts are passed over.
    ///
    /// # Errors
    ///
    /// A part is repeated or has no `=`, the signature is missing or no base64, the algorithm is
    /// another one.
    pub fn parse(header: &str) -> Result<Self, SignatureError> {
        let (mut algorithm, mut key_version, mut signature) = (None, None, None);
        for part in header.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(SignatureError::Malformed("a part without `=`"))?;
            let (name, value) = (name.trim(), value.trim());
            let slot = match name {
                _ if name.eq_ignore_ascii_case("algorithm") => &mut algorithm,
                _ if name.eq_ignore_ascii_case("keyVersion") => &mut key_version,
                _ if name.eq_ignore_ascii_case("signature") => &mut signature,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(SignatureError::Malformed("a part that is there twice"));
            }
        }
        if let Some(other) = algorithm.filter(|name| !name.eq_ignore_ascii_case(ALGORITHM)) {
            return Err(SignatureError::Algorithm(crate::excerpt(other)));
        }
        let signature = signature.filter(|value| !value.is_empty()).ok_or(SignatureError::Malformed("no signature"))?;
        let base64 = url_decode(signature).ok_or(SignatureError::Malformed("a broken URL encoding"))?;
        let signature =
            BASE64.decode(base64).map_err(|_| SignatureError::Malformed("a signature that is no base64"))?;
        Ok(SignatureHeader { key_version: key_version.unwrap_or_default().to_owned(), signature })
    }
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The header cannot be read.
    #[error("the `signature` header has {0}; expected `algorithm=RSA256,keyVersion=…,signature=…`")]
    Malformed(&'static str),
    /// Another algorithm than ours.
    #[error("the `signature` header names the algorithm `{0}`; expected `RSA256`")]
    Algorithm(String),
    /// The signature belongs to other bytes or to another key.
    #[error(
        "the signature does not fit the body, the path, the client id and the response time; \
         check Antom's public key, and who stands in between"
    )]
    Mismatch,
    /// Our own key failed.
    #[error("the private key could not sign; export it again")]
    Signing,
}

/// URL encoding of base64, whose only characters to encode are these three.
fn url_encode(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Undoes `%XX`. A bare `+` stays what it is: in base64 it is a digit, and a space never occurs.
fn url_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_content_has_one_space_one_line_feed_and_two_dots() {
        let content =
            content_to_sign("/ams/api/v1/payments/inquiryPayment", "SANDBOX_5X", "1685599933871", b"{\"a\":1}");
        assert_eq!(content, b"POST /ams/api/v1/payments/inquiryPayment\nSANDBOX_5X.1685599933871.{\"a\":1}");
    }

    #[test]
    fn headers_that_can_be_read() {
        // 0xfb 0xff 0xbe is `+/++` less one: all three characters that need encoding occur below.
        let signature = vec![0xfb, 0xff, 0xbe, 0x01];
        for (header, key_version) in [
            ("algorithm=RSA256,keyVersion=1,signature=%2B%2F%2B%2BAQ%3D%3D", "1"),
            ("algorithm=RSA256, keyVersion=2, signature=%2b%2f%2b%2bAQ%3d%3d", "2"),
            ("signature = +/++AQ== , keyVersion = 1 , algorithm = rsa256", "1"),
            ("signature=+/++AQ==", ""),
            ("algorithm=RSA256,keyVersion=1,signature=+/++AQ%3D=,later=part=", "1"),
        ] {
            let parsed = SignatureHeader::parse(header).unwrap();
            assert_eq!(
                parsed,
                SignatureHeader { key_version: key_version.to_owned(), signature: signature.clone() },
                "{header}"
            );
        }
        assert_eq!(url_encode("+/++AQ=="), "%2B%2F%2B%2BAQ%3D%3D");
    }

    #[test]
    fn headers_that_cannot_be_read() {
        for (header, expected) in [
            ("", "no signature"),
            ("algorithm=RSA256,keyVersion=1", "no signature"),
            ("algorithm=RSA256,keyVersion=1,signature=", "no signature"),
            ("algorithm=RSA256,keyVersion=1,testing_signature", "without `=`"),
            ("signature=AQ==,signature=AQ==", "twice"),
            ("signature=%2", "URL encoding"),
            ("signature=%zz", "URL encoding"),
            ("signature=AQ", "no base64"),
            ("signature=not base64", "no base64"),
            ("algorithm=RSA1,signature=AQ==", "`RSA1`"),
        ] {
            let error = SignatureHeader::parse(header).unwrap_err().to_string();
            assert!(error.contains(expected), "{header:?} gave {error:?}");
        }
    }
}
