//! A key for signing, made once per process: it is worth nothing, and it is nowhere to be found.

use std::process::Command;
use std::sync::LazyLock;

use antom_api::{PrivateKey, PublicKey};

/// Antom's key, for one process.
pub(crate) static ANTOM: LazyLock<Keys> = LazyLock::new(Keys::generate);

/// Both halves of a key.
pub(crate) struct Keys {
    pub(crate) private: PrivateKey,
    pub(crate) public: PublicKey,
}

impl Keys {
    fn generate() -> Self {
        let arguments = ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
        let made = Command::new("openssl").args(arguments).output().expect("`openssl` makes the key; install it");
        let text = String::from_utf8(made.stdout).expect("PEM is text");
        let private = PrivateKey::from_text(&text).expect("openssl makes keys that can be read");
        Self { public: private.public_key(), private }
    }
}
