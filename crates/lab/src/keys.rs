//! Throw-away keys for both sides: RSA pairs for the API, Ed25519 pairs for SSH.
//!
//! The RSA pairs are committed under `crates/lab/keys/` and public by design; that folder's README says so. They make
//! the laboratory the same on every machine and need no external command, because `ring` cannot generate RSA keys.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use russh::keys::ssh_key::{
    LineEnding,
    private::{Ed25519Keypair, KeypairData},
};
use russh::keys::{HashAlg, PrivateKey};

/// An RSA 2048 pair, public by design. Antom's Dashboard shows and takes the bare base64 form; PEM is what tools read.
#[derive(Clone, Copy)]
pub struct RsaPair {
    /// PKCS#8 private key, PEM.
    pub private_pem: &'static str,
    /// X.509 SubjectPublicKeyInfo, PEM.
    pub public_pem: &'static str,
}

/// The marketplace's pair: signs requests.
pub const MERCHANT: RsaPair = RsaPair {
    private_pem: include_str!("../keys/merchant-private.pem"),
    public_pem: include_str!("../keys/merchant-public.pem"),
};

/// Antom's pair in the laboratory: signs answers.
pub const ANTOM: RsaPair = RsaPair {
    private_pem: include_str!("../keys/antom-private.pem"),
    public_pem: include_str!("../keys/antom-public.pem"),
};

/// A pair that belongs to neither side: whatever it signed must be refused.
pub const STRANGER: RsaPair = RsaPair {
    private_pem: include_str!("../keys/stranger-private.pem"),
    public_pem: include_str!("../keys/stranger-public.pem"),
};

impl RsaPair {
    /// The private key as Antom shows keys: base64 of the PKCS#8 DER on one line, without armour.
    #[must_use]
    pub fn private_base64(&self) -> String {
        bare_base64(self.private_pem)
    }

    /// The public key as Antom shows keys: base64 of the SubjectPublicKeyInfo DER on one line, without armour.
    #[must_use]
    pub fn public_base64(&self) -> String {
        bare_base64(self.public_pem)
    }
}

/// The base64 inside a PEM block, on one line.
fn bare_base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// DER inside a PEM block, or inside bare base64.
///
/// # Errors
/// When what is left without armour and white space is not base64.
pub(crate) fn der(pem_or_base64: &str) -> Result<Vec<u8>> {
    let bare: String = bare_base64(pem_or_base64).split_whitespace().collect();
    STANDARD.decode(bare).context("the key is neither PEM nor base64 of DER")
}

/// An Ed25519 pair for SSH: a server's host key or a user's login key.
#[derive(Clone)]
pub struct SshKey(PrivateKey);

impl SshKey {
    /// A new random pair.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        ensure!(filled.is_ok(), "the system's random source gave no bytes for an SSH key");
        Self::from_seed(&seed)
    }

    /// The pair that belongs to `seed`: the same key on every machine.
    ///
    /// # Errors
    /// When the SSH library refuses the key.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self> {
        let pair = KeypairData::from(Ed25519Keypair::from_seed(seed));
        let key = PrivateKey::new(pair, "antom-recon lab").context("making an Ed25519 key")?;
        Ok(Self(key))
    }

    /// The private half in OpenSSH's own format, as `ssh -i` and libssh2 read it.
    ///
    /// # Errors
    /// When the SSH library cannot encode the key.
    pub fn private_openssh(&self) -> Result<String> {
        let text = self.0.to_openssh(LineEnding::LF).context("writing an SSH private key")?;
        Ok(text.to_string())
    }

    /// The public half as one line of `authorized_keys`, without a line end.
    ///
    /// # Errors
    /// When the SSH library cannot encode the key.
    pub fn public_openssh(&self) -> Result<String> {
        self.0.public_key().to_openssh().context("writing an SSH public key")
    }

    /// `SHA256:…` as OpenSSH prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    pub(crate) fn private(&self) -> &PrivateKey {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_ssh_key_and_no_two_keys_are_alike() {
        let (a, b) = (SshKey::from_seed(&[1; 32]).unwrap(), SshKey::from_seed(&[1; 32]).unwrap());
        assert_eq!(a.fingerprint(), b.fingerprint());
        assert!(a.fingerprint().starts_with("SHA256:"));
        assert_ne!(SshKey::generate().unwrap().fingerprint(), SshKey::generate().unwrap().fingerprint());
    }

    #[test]
    fn bare_base64_and_pem_are_the_same_key() {
        for pair in [MERCHANT, ANTOM, STRANGER] {
            assert_eq!(der(&pair.public_base64()).unwrap(), der(pair.public_pem).unwrap());
            assert_eq!(der(&pair.private_base64()).unwrap(), der(pair.private_pem).unwrap());
            assert!(!pair.private_base64().contains('\n'));
        }
    }
}
