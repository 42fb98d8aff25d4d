//! Antom's signatures, written from the fact sheet (6.2, 6.3) and not shared with the API client: RSA PKCS#1 v1.5 over
//! SHA-256, base64, URL-encoded, in a header `algorithm=RSA256,keyVersion=1,signature=…`.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};

use crate::keys::der;

/// Signs with one private key.
pub(crate) struct Signer(RsaKeyPair);

/// Verifies with one public key.
pub(crate) struct Verifier(UnparsedPublicKey<Vec<u8>>);

/// What a signature covers, for requests and answers alike.
pub(crate) struct Signed<'a> {
    /// Path of the request with its query.
    pub path: &'a str,
    pub client_id: &'a str,
    /// `request-time` or `response-time` exactly as in the header.
    pub time: &'a str,
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn content(&self) -> Vec<u8> {
        let mut content = format!("POST {}\n{}.{}.", self.path, self.client_id, self.time).into_bytes();
        content.extend_from_slice(self.body);
        content
    }
}

impl Signer {
    /// Takes a PKCS#8 key, PEM or bare base64.
    pub(crate) fn new(private_key: &str) -> Result<Self> {
        let pair = RsaKeyPair::from_pkcs8(&der(private_key)?);
        Ok(Self(pair.ok().context("the private key is not an RSA key in PKCS#8")?))
    }

    /// The value of the `signature` header.
    pub(crate) fn header(&self, signed: &Signed<'_>) -> Result<String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let done = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed.content(), &mut signature);
        ensure!(done.is_ok(), "the answer could not be signed");
        let encoded = STANDARD.encode(signature).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        Ok(format!("algorithm=RSA256,keyVersion=1,signature={encoded}"))
    }
}

/// The DER bytes before the key itself in a SubjectPublicKeyInfo of an RSA 2048 key: sequence, `rsaEncryption`, bit
/// string. Fixed, because a 2048-bit key with exponent 65537 always has the same lengths.
const RSA_2048_PREFIX: [u8; 24] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

impl Verifier {
    /// Takes an RSA 2048 SubjectPublicKeyInfo, PEM or bare base64.
    pub(crate) fn new(public_key: &str) -> Result<Self> {
        let spki = der(public_key)?;
        let key =
            spki.strip_prefix(&RSA_2048_PREFIX).context("the public key is not a SubjectPublicKeyInfo of RSA 2048")?;
        Ok(Self(UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_vec())))
    }

    /// Checks a `signature` header; the error says what is wrong with it.
    pub(crate) fn check(&self, header: &str, signed: &Signed<'_>) -> Result<(), &'static str> {
        let signature = parse_header(header)?;
        self.0
            .verify(&signed.content(), &signature)
            .map_err(|_| "the signature does not fit path, client, time and body")
    }
}

/// The raw signature in a header. Stricter than needed: the value must be URL-encoded, as the SDK sends it.
fn parse_header(header: &str) -> Result<Vec<u8>, &'static str> {
    let part = |name: &str| {
        header
            .split(',')
            .find_map(|part| part.trim().split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    if part("algorithm") != Some("RSA256") {
        return Err("algorithm must be RSA256");
    }
    if part("keyVersion") != Some("1") {
        return Err("keyVersion must be 1, the only key there is");
    }
    let value = part("signature").filter(|value| !value.is_empty()).ok_or("the header has no signature")?;
    if value.contains(['+', '/', '=']) {
        return Err("the signature must be URL-encoded");
    }
    let base64 = percent_decode(value).ok_or("the signature is not URL-encoded text")?;
    STANDARD.decode(base64).map_err(|_| "the signature is not base64")
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        decoded.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::keys::{ANTOM, MERCHANT};

    const SIGNED: Signed<'_> = Signed { path: "/p", client_id: "c", time: "1", body: b"{}" };

    #[test]
    fn what_one_side_signs_the_other_verifies_and_nothing_else() {
        let header = Signer::new(ANTOM.private_pem).unwrap().header(&SIGNED).unwrap();
        let antom = Verifier::new(&ANTOM.public_base64()).unwrap();
        antom.check(&header, &SIGNED).unwrap();
        antom.check(&header.replace(',', ", "), &SIGNED).unwrap();
        for other in [
            Signed { path: "/q", ..SIGNED },
            Signed { client_id: "d", ..SIGNED },
            Signed { time: "2", ..SIGNED },
            Signed { body: b"{} ", ..SIGNED },
        ] {
            antom.check(&header, &other).unwrap_err();
        }
        Verifier::new(MERCHANT.public_pem).unwrap().check(&header, &SIGNED).unwrap_err();
    }

    #[test]
    fn headers_that_are_not_as_documented_are_refused() {
        for (header, reason) in [
            ("", "algorithm"),
            ("algorithm=RSA,keyVersion=1,signature=QQ%3D%3D", "algorithm"),
            ("algorithm=RSA256,signature=QQ%3D%3D", "keyVersion"),
            ("algorithm=RSA256,keyVersion=1", "no signature"),
            ("algorithm=RSA256,keyVersion=1,signature=", "no signature"),
            ("algorithm=RSA256,keyVersion=1,signature=QQ==", "URL-encoded"),
            ("algorithm=RSA256,keyVersion=1,signature=QQ%3", "URL-encoded"),
            ("algorithm=RSA256,keyVersion=1,signature=Q!", "base64"),
        ] {
            let error = parse_header(header).unwrap_err();
            assert!(error.contains(reason), "`{header}`: {error}");
        }
    }
}
