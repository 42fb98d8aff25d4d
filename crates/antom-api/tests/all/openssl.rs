use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use antom_api::{PrivateKey, PublicKey};
use tempfile::TempDir;

/// The merchant's throw-away key.
pub static MERCHANT: LazyLock<KeyFiles> = LazyLock::new(|| KeyFiles::generate("RSA", "rsa_keygen_bits:2048"));
/// Antom's.
pub static ANTOM: LazyLock<KeyFiles> = LazyLock::new(|| KeyFiles::generate("RSA", "rsa_keygen_bits:2048"));
/// Somebody else's.
pub static STRANGER: LazyLock<KeyFiles> = LazyLock::new(|| KeyFiles::generate("RSA", "rsa_keygen_bits:2048"));

/// A key pair in a folder of its own.
pub struct KeyFiles {
    dir: TempDir,
    /// PKCS#8 PEM.
    pub private: PathBuf,
    /// SubjectPublicKeyInfo PEM.
    pub public: PathBuf,
}

impl KeyFiles {
    pub fn generate(algorithm: &str, option: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (private, public) = (dir.path().join("private.pem"), dir.path().join("public.pem"));
        let (private_text, public_text) = (private.to_str().unwrap(), public.to_str().unwrap());
        run(&["genpkey", "-quiet", "-algorithm", algorithm, "-pkeyopt", option, "-out", private_text], b"");
        run(&["pkey", "-in", private_text, "-pubout", "-out", public_text], b"");
        KeyFiles { dir, private, public }
    }

    pub fn private_key(&self) -> PrivateKey {
        PrivateKey::from_file(&self.private).unwrap()
    }

    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_file(&self.public).unwrap()
    }

    /// The private key's file turned into another form by a command that ends in `-in FILE`.
    pub fn convert(&self, command: &[&str]) -> Vec<u8> {
        let file = if command.contains(&"-pubin") { &self.public } else { &self.private };
        run(&[command, &["-in", file.to_str().unwrap()]].concat(), b"")
    }

    pub fn sign(&self, content: &[u8]) -> Vec<u8> {
        run(&["dgst", "-sha256", "-sign", self.private.to_str().unwrap()], content)
    }

    pub fn verifies(&self, content: &[u8], signature: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap();
        std::fs::write(file.path(), signature).unwrap();
        let key = self.public.to_str().unwrap();
        let signature = file.path().to_str().unwrap();
        output(&["dgst", "-sha256", "-verify", key, "-signature", signature], content).status.success()
    }
}

/// Standard output of an `openssl` command that must succeed.
pub fn run(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = output(arguments, input);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?} failed: {complaint}");
    output.stdout
}

fn output(arguments: &[&str], input: &[u8]) -> std::process::Output {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}
