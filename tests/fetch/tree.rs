//! A remote tree on disk, the sources that lead to it, and what a fetch is asked for in these tests.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use antom_recon::calendar::BusinessDate;
use antom_recon::fetch::names::Patterns;
use antom_recon::fetch::{Archive, Control, FetchError, Fetched, Request, SftpOptions, SourceOptions, fetch};
use antom_recon::id::PlatformMerchantId;
use antom_recon::movement::ReportKind;
use tempfile::TempDir;

use super::sshd::{self, Sshd};

pub(super) const MERCHANT: &str = "2188120000000001";
pub(super) const DIRECTORY: &str = "v1/settlements/2188120000000001/20260301";
pub(super) const TRANSACTIONS: &str = "transactionItems_20260301_000.csv";

pub(super) fn merchant() -> PlatformMerchantId {
    PlatformMerchantId::new(MERCHANT)
}

pub(super) fn date() -> BusinessDate {
    "2026-03-01".parse().unwrap()
}

pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) archive: Archive,
}

impl World {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(&dir.path().join("archive")).unwrap();
        fs::create_dir_all(dir.path().join("remote").join(DIRECTORY)).unwrap();
        Self { dir, archive }
    }

    /// The folder that holds `v1/settlements`.
    pub(super) fn remote(&self) -> PathBuf {
        self.dir.path().join("remote")
    }

    /// The directory of the date.
    pub(super) fn directory(&self) -> PathBuf {
        self.remote().join(DIRECTORY)
    }

    pub(super) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.directory().join(name), bytes).unwrap();
    }

    pub(super) fn sshd(&self) -> Option<Sshd> {
        sshd::start(self.dir.path())
    }

    pub(super) fn options(&self, sshd: &Sshd) -> SftpOptions {
        sshd.options(&self.remote())
    }

    pub(super) fn local(&self) -> SourceOptions {
        SourceOptions::Directory { path: self.remote() }
    }

    /// The sources that must behave alike: the local tree, and the same tree behind a server if one is installed.
    pub(super) fn sources(&self) -> (Vec<SourceOptions>, Option<Sshd>) {
        let sshd = self.sshd();
        let remote = sshd.as_ref().map(|sshd| SourceOptions::Sftp(self.options(sshd).into()));
        (std::iter::once(self.local()).chain(remote).collect(), sshd)
    }

    pub(super) fn fetch(&self, source: &SourceOptions) -> Result<Fetched, FetchError> {
        self.fetch_watched(source, &Control::silent())
    }

    pub(super) fn fetch_watched(&self, source: &SourceOptions, control: &Control<'_>) -> Result<Fetched, FetchError> {
        let (merchant, patterns) = (merchant(), Patterns::default());
        let request = Request { merchant: &merchant, date: date(), wanted: ReportKind::ALL, patterns: &patterns };
        fetch(source, &request, &self.archive, control)
    }

    /// Every path below the remote tree with its size, mode and time of change.
    pub(super) fn inventory(&self) -> Vec<String> {
        let mut lines = Vec::new();
        describe(&self.remote(), &mut lines);
        lines.sort();
        lines
    }
}

fn describe(path: &Path, lines: &mut Vec<String>) {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path).unwrap();
    let (size, mode, at) = (metadata.len(), metadata.mode(), (metadata.mtime(), metadata.mtime_nsec()));
    lines.push(format!("{} {size} {mode:o} {at:?}", path.display()));
    if metadata.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| describe(&entry.unwrap().path(), lines));
    }
}

/// A report of about so many bytes that compresses badly.
pub(super) fn report(bytes: usize) -> Vec<u8> {
    let mut text = b"transactionId,transactionAmountValue\n".to_vec();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while text.len() < bytes {
        // An xorshift generator: the same bytes on every machine.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.extend_from_slice(format!("{state:016x},{}\n", state % 1000).as_bytes());
    }
    text.extend_from_slice(b"<END>\n");
    text
}
