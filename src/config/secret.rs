//! Secrets: named in the configuration by their file, read where they are used, wiped when they are dropped.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// A password or a key in PEM is a few kilobytes at most; a larger file is not a secret.
const MAX_BYTES: u64 = 64 * 1024;

/// A secret text. It has no `Debug`, `Display` or `Serialize`, and is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret, for the one call that needs it. Never write it anywhere.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The file that holds a secret, and the key that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    path: PathBuf,
    named_by: String,
}

impl SecretFile {
    /// The secret in this file; `named_by` says where the configuration names it.
    pub(super) fn new(path: PathBuf, named_by: String) -> Self {
        Self { path, named_by }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the secret. One line end at its end is cut. Warns if others than the owner may read the file.
    ///
    /// # Errors
    /// A [`Failure`] of the configuration: the file cannot be read, is empty, too large or not UTF-8.
    pub fn read(&self) -> Result<Secret, Failure> {
        let wrong = |found: String| {
            let (named_by, path) = (&self.named_by, self.path.display());
            Failure::configuration(format!(
                "{named_by}: `{path}` {found}; expected a file that holds the secret as UTF-8 text"
            ))
        };
        let metadata = std::fs::metadata(&self.path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if metadata.len() > MAX_BYTES {
            return Err(wrong(format!("has {} bytes, more than {MAX_BYTES}", metadata.len())));
        }
        warn_if_others_may_read(&self.path, &metadata);
        let bytes = std::fs::read(&self.path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong("is not UTF-8".to_owned()))?;
        let text = text.strip_suffix('\n').map_or(text, |cut| cut.strip_suffix('\r').unwrap_or(cut));
        if text.is_empty() {
            return Err(wrong("is empty".to_owned()));
        }
        Ok(Secret::new(text.to_owned()))
    }
}

#[cfg(unix)]
fn warn_if_others_may_read(path: &Path, metadata: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if others_may_read(mode) {
        tracing::warn!(
            "secret file `{}` has mode {mode:o}: others than its owner may read it; `chmod 600` it",
            path.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_: &Path, _: &std::fs::Metadata) {}

/// Whether group or world may read or write a file of this mode.
const fn others_may_read(mode: u32) -> bool {
    mode & 0o066 != 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(content: &[u8]) -> Result<Secret, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        SecretFile::new(path, "`c.toml` line 1: `[source] password_file`".to_owned()).read()
    }

    #[test]
    fn one_line_end_is_cut_and_nothing_else() {
        for (content, secret) in [
            (&b"pa ss\n"[..], "pa ss"),
            (b"pass\r\n", "pass"),
            (b"pass", "pass"),
            (b" pass \n\n", " pass \n"),
            ("pässword\n".as_bytes(), "pässword"),
        ] {
            assert_eq!(read(content).ok().unwrap().expose(), secret);
        }
    }

    #[test]
    fn what_holds_no_secret_is_refused_without_showing_it() {
        for (content, reason) in [(&b""[..], "is empty"), (b"\n", "is empty"), (b"top\xff", "is not UTF-8")] {
            let failure = read(content).err().unwrap();
            assert!(failure.message().contains(reason), "{failure}");
            assert!(failure.message().starts_with("`c.toml` line 1: `[source] password_file`"), "{failure}");
            assert!(!failure.message().contains("top"), "{failure}");
        }
        let failure = read(&[b'x'; 70_000]).err().unwrap();
        assert!(failure.message().contains("70000 bytes"), "{failure}");
    }

    #[test]
    fn modes_that_let_others_in() {
        assert!(!others_may_read(0o600) && !others_may_read(0o400));
        assert!(others_may_read(0o640) && others_may_read(0o604) && others_may_read(0o622));
    }
}
