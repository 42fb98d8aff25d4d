//! Just enough DER to find an RSA key inside its wrappings.
//!
//! ring wants the bare `RSAPublicKey` or `RSAPrivateKey` (RFC 8017, appendix A.1). Antom's
//! dashboard hands out SubjectPublicKeyInfo, the tools of merchants write PKCS#8 or PKCS#1. The
//! reader below takes definite, minimal lengths only and leaves no byte unread, so that two parsers
//! cannot disagree about the same key.

use super::KeyError;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1, `rsaEncryption`.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// A length of more than four bytes would be a key of over 4 GiB.
const MOST_LENGTH_BYTES: usize = 4;

/// An RSA key without its wrapping, as DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RsaKey<'a> {
    /// `RSAPrivateKey`.
    Private(&'a [u8]),
    /// `RSAPublicKey`.
    Public(&'a [u8]),
}

impl<'a> RsaKey<'a> {
    /// Unwraps PKCS#8, PKCS#1 (both halves) or SubjectPublicKeyInfo, told apart by their structure
    /// alone.
    pub(super) fn unwrap(der: &'a [u8]) -> Result<Self, KeyError> {
        let mut outer = Reader(der).sole(SEQUENCE)?;
        match outer.peek()? {
            SEQUENCE => unwrap_spki(outer),
            INTEGER => {
                let first = outer.take(INTEGER)?;
                match outer.peek()? {
                    SEQUENCE => unwrap_pkcs8(outer),
                    INTEGER if first == [0] => Ok(RsaKey::Private(der)),
                    INTEGER => Ok(RsaKey::Public(der)),
                    _ => Err(malformed("no key follows the first number")),
                }
            }
            _ => Err(malformed("neither a private nor a public key")),
        }
    }

    /// Number of bits of the modulus.
    pub(super) fn modulus_bits(self) -> Result<usize, KeyError> {
        let mut numbers = match self {
            RsaKey::Private(der) => {
                let mut numbers = Reader(der).sole(SEQUENCE)?;
                numbers.take(INTEGER)?;
                numbers
            }
            RsaKey::Public(der) => Reader(der).sole(SEQUENCE)?,
        };
        let modulus = numbers.positive_integer()?;
        let exponent = numbers.positive_integer()?;
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        if !odd(modulus) || !odd(exponent) {
            return Err(malformed("the modulus or the exponent is even"));
        }
        if matches!(self, RsaKey::Public(_)) {
            numbers.end()?;
        }
        Ok(modulus.len() * 8 - modulus[0].leading_zeros() as usize)
    }
}

/// `SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }`, positioned after
/// the outer header.
fn unwrap_spki(mut outer: Reader<'_>) -> Result<RsaKey<'_>, KeyError> {
    let algorithm = Reader(outer.take(SEQUENCE)?);
    if algorithm.peek()? != OBJECT_IDENTIFIER {
        return Err(KeyError::Certificate);
    }
    match outer.peek()? {
        // EncryptedPrivateKeyInfo has the same beginning, and the cipher where the algorithm
        // stands.
        OCTET_STRING => return Err(KeyError::Encrypted),
        BIT_STRING => require_rsa(algorithm)?,
        _ => return Err(malformed("no public key follows the algorithm")),
    }
    let bits = outer.take(BIT_STRING)?;
    outer.end()?;
    match bits.split_first() {
        Some((0, key)) => Ok(RsaKey::Public(key)),
        _ => Err(malformed("the public key is not a whole number of bytes")),
    }
}

/// `PrivateKeyInfo ::= SEQUENCE { version, algorithm, privateKey OCTET STRING, … }`, positioned
/// after the version.
fn unwrap_pkcs8(mut outer: Reader<'_>) -> Result<RsaKey<'_>, KeyError> {
    require_rsa(Reader(outer.take(SEQUENCE)?))?;
    // Attributes may follow; they carry nothing that signing needs.
    Ok(RsaKey::Private(outer.take(OCTET_STRING)?))
}

/// Checks that an `AlgorithmIdentifier` is plain RSA, with its parameters NULL or left out.
fn require_rsa(mut algorithm: Reader<'_>) -> Result<(), KeyError> {
    if algorithm.take(OBJECT_IDENTIFIER)? != RSA_ENCRYPTION {
        return Err(KeyError::NotRsa);
    }
    if !algorithm.0.is_empty() && !algorithm.take(NULL)?.is_empty() {
        return Err(malformed("RSA has no parameters"));
    }
    algorithm.end()
}

fn malformed(reason: &'static str) -> KeyError {
    KeyError::Structure { reason }
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Result<u8, KeyError> {
        self.0.first().copied().ok_or(malformed("it ends too early"))
    }

    /// The content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Result<&'a [u8], KeyError> {
        if self.peek()? != tag {
            return Err(malformed("an element of another type stands where one was expected"));
        }
        self.0 = &self.0[1..];
        let length = self.length()?;
        if length > self.0.len() {
            return Err(malformed("it ends too early"));
        }
        let (content, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(content)
    }

    /// The only element, with nothing after it.
    fn sole(mut self, tag: u8) -> Result<Self, KeyError> {
        let content = self.take(tag)?;
        self.end()?;
        Ok(Reader(content))
    }

    fn end(&self) -> Result<(), KeyError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(malformed("bytes follow its end")),
        }
    }

    fn length(&mut self) -> Result<usize, KeyError> {
        let first = usize::from(self.peek()?);
        self.0 = &self.0[1..];
        if first < 0x80 {
            return Ok(first);
        }
        let count = first & 0x7f;
        if count == 0 || count > MOST_LENGTH_BYTES || count > self.0.len() {
            return Err(malformed("a length that DER does not allow"));
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
        if digits[0] == 0 || length < 0x80 {
            return Err(malformed("a length that DER does not allow"));
        }
        Ok(length)
    }

    /// A positive integer without its sign byte; never empty.
    fn positive_integer(&mut self) -> Result<&'a [u8], KeyError> {
        match self.take(INTEGER)? {
            [0, magnitude @ ..] if magnitude.first().is_some_and(|first| *first >= 0x80) => Ok(magnitude),
            magnitude @ [0x01..=0x7f, ..] => Ok(magnitude),
            _ => Err(malformed("a number of the key is not positive")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `RSAPublicKey` with the modulus 0x8001 and the exponent 3.
    const TINY: &[u8] = &[0x30, 0x08, 0x02, 0x03, 0x00, 0x80, 0x01, 0x02, 0x01, 0x03];

    fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
        let mut bits = vec![0];
        bits.extend_from_slice(key);
        element(SEQUENCE, &[element(SEQUENCE, algorithm), element(BIT_STRING, &bits)].concat())
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut der = vec![tag, u8::try_from(content.len()).unwrap()];
        der.extend_from_slice(content);
        der
    }

    fn rsa_algorithm() -> Vec<u8> {
        [element(OBJECT_IDENTIFIER, RSA_ENCRYPTION), element(NULL, &[])].concat()
    }

    #[test]
    fn a_public_key_is_unwrapped_and_measured() {
        let der = spki(&rsa_algorithm(), TINY);
        let key = RsaKey::unwrap(&der).unwrap();
        assert_eq!(key, RsaKey::Public(TINY));
        assert_eq!(key.modulus_bits().unwrap(), 16);
        assert_eq!(RsaKey::unwrap(TINY).unwrap(), RsaKey::Public(TINY));
    }

    #[test]
    fn another_algorithm_is_named() {
        let elliptic = element(OBJECT_IDENTIFIER, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
        assert!(matches!(RsaKey::unwrap(&spki(&elliptic, TINY)), Err(KeyError::NotRsa)));
    }

    #[test]
    fn every_truncation_and_every_extension_is_refused() {
        let whole = spki(&rsa_algorithm(), TINY);
        for end in 0..whole.len() {
            assert!(RsaKey::unwrap(&whole[..end]).is_err(), "cut after {end} bytes");
        }
        let mut longer = whole;
        longer.push(0);
        assert!(RsaKey::unwrap(&longer).is_err());
    }

    #[test]
    fn lengths_that_are_indefinite_or_not_minimal_are_refused() {
        let long_form = [&[0x30, 0x81, 0x08], &TINY[2..]].concat();
        let indefinite = [&[0x30, 0x80], &TINY[2..], &[0, 0]].concat();
        let huge = [0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        for der in [&long_form[..], &indefinite, &huge] {
            assert!(matches!(RsaKey::unwrap(der), Err(KeyError::Structure { .. })), "{der:02x?}");
        }
    }

    #[test]
    fn zero_negative_and_even_numbers_are_no_key() {
        for (modulus, exponent) in [
            (&[0x00][..], &[0x03][..]),
            (&[0x81], &[0x03]),
            (&[0x00, 0x01], &[0x03]),
            (&[0x05], &[0x04]),
            (&[0x04], &[0x03]),
        ] {
            let der = element(SEQUENCE, &[element(INTEGER, modulus), element(INTEGER, exponent)].concat());
            assert!(RsaKey::Public(&der).modulus_bits().is_err(), "{modulus:02x?} {exponent:02x?}");
        }
    }
}
