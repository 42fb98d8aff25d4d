//! Fingerprints of host keys, in OpenSSH's form.

use std::fmt;

use ring::digest;

use super::FetchError;

/// The SHA-256 fingerprint of a public key: `SHA256:` and base64 without padding, as `ssh-keygen -lf` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

/// Characters of 32 bytes in base64 without padding.
const ENCODED_CHARS: usize = 43;

impl Fingerprint {
    /// The fingerprint of a public key in its wire form.
    pub(super) fn of_key(key: &[u8]) -> Self {
        Self(encode(digest::digest(&digest::SHA256, key).as_ref()))
    }

    /// Reads a configured fingerprint.
    ///
    /// # Errors
    ///
    /// [`FetchError::Configuration`] for anything that is not `SHA256:` and 43 characters of base64.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let encoded = text.trim().strip_prefix("SHA256:").map(|rest| rest.trim_end_matches('='));
        match encoded {
            Some(encoded) if encoded.len() == ENCODED_CHARS && decode(encoded).is_some() => {
                Ok(Self(encoded.to_owned()))
            }
            _ => Err(FetchError::Configuration(format!(
                "source.host_key: found `{}`; expected `SHA256:` and {ENCODED_CHARS} characters of base64, as \
                 `ssh-keyscan HOST | ssh-keygen -lf -` prints them",
                text.escape_debug()
            ))),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", self.0)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without padding.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

/// Reads base64 with or without padding; `None` if it is none, or has bits left over.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|&known| known == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && bits == 0).then_some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn base64_both_ways() {
        // RFC 4648, section 10, without the padding.
        for (plain, encoded) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(decode("Zg=="), Some(b"f".to_vec()));
        for wrong in ["Z", "Zh", "Z-8", "Zm9vé"] {
            assert_eq!(decode(wrong), None, "`{wrong}`");
        }
    }

    #[test]
    fn fingerprints_are_read_in_the_form_of_ssh_keygen() {
        let of_nothing = Fingerprint::of_key(b"");
        assert_eq!(of_nothing.to_string(), "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!(Fingerprint::parse(&of_nothing.to_string()).unwrap(), of_nothing);
        assert_eq!(Fingerprint::parse(&format!(" {of_nothing}= ")).unwrap(), of_nothing);
        for wrong in ["", "SHA256:", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "MD5:d4:1d:8c", "SHA256:abc"] {
            let message = Fingerprint::parse(wrong).unwrap_err().to_string();
            assert!(message.contains("ssh-keyscan"), "{message}");
        }
    }
}
