//! The two keys of a client: the merchant's private one and Antom's public one.
//!
//! Both are read from the text of a file: PEM (`PRIVATE KEY`, `RSA PRIVATE KEY`, `PUBLIC KEY`, `RSA
//! PUBLIC KEY`) or the bare base64 DER that Antom's dashboard and official SDKs use (PKCS#8,
//! SubjectPublicKeyInfo), line breaks allowed.

mod der;
mod encoding;

use std::fmt;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair as _, RsaKeyPair};
use thiserror::Error;
use zeroize::Zeroizing;

use der::RsaKey;

/// Shorter keys can be broken with money, and Antom states RSA 2048.
const FEWEST_BITS: usize = 2048;
/// The longest private key that ring signs with.
const MOST_PRIVATE_BITS: usize = 4096;
/// The longest public key that ring verifies with.
const MOST_PUBLIC_BITS: usize = 8192;

/// The merchant's private key, which signs what we ask.
///
/// The text and the DER that it was read from are wiped as soon as it is built. The numbers that
/// ring keeps for signing live until it is dropped. It shows its length and nothing else, and
/// cannot be written out again.
pub struct PrivateKey {
    pair: RsaKeyPair,
}

impl PrivateKey {
    /// Reads the text of a key file.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the text is instead of an RSA private key of 2048 to 4096 bits. A key
    /// whose numbers do not belong together is refused here and not at the first signature.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let der = encoding::decode(text)?;
        let key = RsaKey::unwrap(&der)?;
        let RsaKey::Private(private) = key else {
            return Err(KeyError::PublicForPrivate);
        };
        check_length(key.modulus_bits()?, MOST_PRIVATE_BITS)?;
        let pair = RsaKeyPair::from_der(private).map_err(|error| KeyError::Rejected { reason: error.to_string() })?;
        let key = PrivateKey { pair };
        let trial = b"trial";
        match key.sign(trial) {
            Some(signature) if key.public_key().verifies(trial, &signature) => Ok(key),
            _ => Err(KeyError::Rejected { reason: "InconsistentComponents".to_owned() }),
        }
    }

    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// As [`from_text`](Self::from_text), with the path in front; and where the file cannot be
    /// read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        from_file(path.as_ref(), Self::from_text)
    }

    /// The public half, as it is uploaded to Antom.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey { der: self.pair.public_key().as_ref().to_vec() }
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256. `None` if the key turns out to be unusable, which reading it
    /// has ruled out.
    pub(crate) fn sign(&self, content: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        // The randomness blinds the computation against timing; the signature does not depend on
        // it.
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), content, &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({} bits, not shown)", self.pair.public().modulus_len() * 8)
    }
}

/// Antom's public key, which verifies what Antom answers. The dashboard shows it after the
/// merchant's was uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSAPublicKey`, the form that ring takes.
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads the text of a key file.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the text is instead of an RSA public key of 2048 to 8192 bits.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let der = encoding::decode(text)?;
        let key = RsaKey::unwrap(&der)?;
        let RsaKey::Public(public) = key else {
            return Err(KeyError::PrivateForPublic);
        };
        check_length(key.modulus_bits()?, MOST_PUBLIC_BITS)?;
        Ok(PublicKey { der: public.to_vec() })
    }

    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// As [`from_text`](Self::from_text), with the path in front; and where the file cannot be
    /// read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        from_file(path.as_ref(), Self::from_text)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verifies(&self, content: &[u8], signature: &[u8]) -> bool {
        signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &self.der)
            .verify(content, signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = RsaKey::Public(&self.der).modulus_bits().unwrap_or_default();
        write!(formatter, "PublicKey({bits} bits)")
    }
}

fn from_file<T>(path: &Path, from_text: impl FnOnce(&str) -> Result<T, KeyError>) -> Result<T, KeyError> {
    let in_file = |source: KeyError| KeyError::InFile { path: path.to_owned(), source: Box::new(source) };
    let bytes = std::fs::read(path).map_err(|error| in_file(KeyError::Unreadable { reason: error.to_string() }))?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| in_file(KeyError::NotText))?;
    from_text(text).map_err(in_file)
}

fn check_length(bits: usize, most: usize) -> Result<(), KeyError> {
    match bits {
        _ if bits < FEWEST_BITS => Err(KeyError::TooShort { bits }),
        _ if bits > most => Err(KeyError::TooLong { bits, most }),
        _ => Ok(()),
    }
}

/// Why a key could not be read. No variant carries a part of the key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Any of the others, with the file it is about.
    #[error("key file `{}`: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<KeyError>,
    },
    /// The file cannot be read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// What the operating system says.
        reason: String,
    },
    /// The file is not UTF-8.
    #[error("not a text file; expected PEM or base64 (a binary DER file converts with `openssl pkey -inform der`)")]
    NotText,
    /// Nothing is there.
    #[error("the key is empty; expected PEM or base64")]
    Empty,
    /// No PEM, and no base64 either.
    #[error("found neither PEM nor base64; expected the content of a key, not its path or name")]
    NotBase64,
    /// A BEGIN line without its END line, or a label that stands for no key.
    #[error(
        "found a PEM block that is incomplete or no key; expected `PRIVATE KEY`, `RSA PRIVATE KEY` or `PUBLIC KEY`"
    )]
    BrokenPem,
    /// More than one PEM block.
    #[error("found {blocks} PEM blocks; expected one key per file")]
    SeveralKeys {
        /// How many.
        blocks: usize,
    },
    /// The private key is protected by a passphrase.
    #[error(
        "the private key is encrypted; decrypt it with `openssl pkey` and let the file's permissions protect it, \
         because an unattended program has nobody to ask for the passphrase"
    )]
    Encrypted,
    /// A certificate.
    #[error("found a certificate; expected the key alone (`openssl x509 -pubkey -noout` extracts a public one)")]
    Certificate,
    /// A key of another algorithm.
    #[error("found a key that is not RSA; expected RSA, because Antom signs with `RSA256`")]
    NotRsa,
    /// Base64 of something that is no key.
    #[error("the key's DER structure is broken: {reason}; expected PKCS#8, PKCS#1 or SubjectPublicKeyInfo")]
    Structure {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The two keys were exchanged.
    #[error(
        "found a public key where the merchant's private key is expected; check that the two key files are not exchanged"
    )]
    PublicForPrivate,
    /// The two keys were exchanged, or the merchant's private key was given twice.
    #[error(
        "found a private key where Antom's public key is expected; copy the public key from Antom's dashboard \
         and check that the two key files are not exchanged"
    )]
    PrivateForPublic,
    /// Too weak.
    #[error("the key has {bits} bits; expected at least 2048, because shorter RSA keys can be broken")]
    TooShort {
        /// Bits of the modulus.
        bits: usize,
    },
    /// More than can be computed with.
    #[error("the key has {bits} bits; expected at most {most}")]
    TooLong {
        /// Bits of the modulus.
        bits: usize,
        /// The longest that works.
        most: usize,
    },
    /// The numbers do not make a key.
    #[error("the private key is damaged ({reason}); export it again")]
    Rejected {
        /// The name of the check that failed.
        reason: String,
    },
}
