//! What a directory holds: usable files, and names that are never used.

use std::collections::BTreeSet;
use std::fmt;

use super::FetchError;
use super::bounds::{MAX_DIRECTORY_ENTRIES, MAX_NAME_BYTES, quoted};

/// Size and time of change of a file, which tell whether it is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970-01-01T00:00:00Z by the server's clock, where it says.
    pub modified: Option<i64>,
}

/// A file in the directory of a date whose name can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name, one component.
    pub name: String,
    /// Its size in bytes and time of change.
    pub stamp: Stamp,
}

/// Why an entry of a directory is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IgnoredReason {
    /// The name is not UTF-8.
    NotUtf8,
    /// The name has more bytes than the bound allows.
    TooLong,
    /// The name contains a path separator, a control or an invisible character, or starts with a dot.
    UnsafeName,
    /// The directory has the name twice.
    Repeated,
    /// It is a directory, a device, or a link that leads out of the tree or nowhere.
    NotAFile,
    /// No report has such a name. Where it leads, if it is a link, was not looked up.
    Unrecognised,
    /// The same report is there as text, which is read instead.
    AlsoAsCsv {
        /// The name of the text.
        csv: String,
    },
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => write!(f, "its name is not UTF-8"),
            Self::TooLong => write!(f, "its name is longer than {MAX_NAME_BYTES} bytes"),
            Self::UnsafeName => write!(f, "its name has a separator, an unprintable character or a leading dot"),
            Self::Repeated => write!(f, "the directory has this name twice"),
            Self::NotAFile => write!(f, "it is not a regular file inside the directory"),
            Self::Unrecognised => write!(f, "no report has such a name"),
            Self::AlsoAsCsv { csv } => write!(f, "the same report is read from `{csv}`"),
        }
    }
}

/// An entry of a directory that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its name, escaped and shortened: for people only.
    pub name: String,
    /// Why.
    pub reason: IgnoredReason,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.name, self.reason)
    }
}

/// An entry with the name of a report that the source does not let us look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfReach {
    /// Its name, one component.
    pub name: String,
    /// What the source says.
    pub why: String,
}

/// The content of a date's directory, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Whether the directory exists.
    pub exists: bool,
    /// Files that can be fetched.
    pub files: Vec<RemoteFile>,
    /// Reports that are there and cannot be looked at.
    pub out_of_reach: Vec<OutOfReach>,
    /// Entries that are not used.
    pub ignored: Vec<Ignored>,
}

/// An entry as the source gives it; nothing about it is trusted.
#[derive(Debug, Clone)]
pub struct RawEntry {
    /// Its name, in whatever bytes.
    pub name: Vec<u8>,
    /// What it is.
    pub found: Found,
}

/// What a source says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A regular file.
    File(Stamp),
    /// Something else, or a file outside the tree.
    NotAFile,
    /// It would have to be looked up, and nobody wants it.
    NotLookedUp,
    /// It had to be looked up and could not be: why.
    OutOfReach(String),
}

/// Collects a directory under its bounds.
#[derive(Debug)]
pub struct Collector {
    directory: String,
    seen: BTreeSet<String>,
    count: usize,
    listing: Listing,
}

impl Collector {
    /// Nothing yet; `directory` is for messages.
    #[must_use]
    pub fn new(directory: &str) -> Self {
        let listing = Listing { exists: true, ..Listing::default() };
        Self { directory: directory.to_owned(), seen: BTreeSet::new(), count: 0, listing }
    }

    /// Takes one entry.
    ///
    /// # Errors
    ///
    /// [`FetchError::Bounds`] if the directory has too many.
    pub fn add(&mut self, entry: RawEntry) -> Result<(), FetchError> {
        if entry.name == b"." || entry.name == b".." {
            return Ok(());
        }
        self.count += 1;
        if self.count > MAX_DIRECTORY_ENTRIES {
            return Err(FetchError::Bounds(format!(
                "directory `{}` has more than {MAX_DIRECTORY_ENTRIES} entries, the most that are read; have it cleaned up \
                 or point `source.root` at the right place",
                self.directory
            )));
        }
        match usable(&entry.name).and_then(|name| self.sort(name, entry.found)) {
            Ok(()) => {}
            Err(reason) => self.listing.ignored.push(Ignored { name: quoted(&entry.name), reason }),
        }
        Ok(())
    }

    fn sort(&mut self, name: &str, found: Found) -> Result<(), IgnoredReason> {
        let name = name.to_owned();
        match found {
            Found::NotAFile => return Err(IgnoredReason::NotAFile),
            Found::NotLookedUp => return Err(IgnoredReason::Unrecognised),
            Found::File(_) | Found::OutOfReach(_) if !self.seen.insert(name.clone()) => {
                return Err(IgnoredReason::Repeated);
            }
            Found::File(stamp) => self.listing.files.push(RemoteFile { name, stamp }),
            Found::OutOfReach(why) => self.listing.out_of_reach.push(OutOfReach { name, why }),
        }
        Ok(())
    }

    /// What was collected, sorted.
    #[must_use]
    pub fn finish(mut self) -> Listing {
        self.listing.files.sort_by(|a, b| a.name.cmp(&b.name));
        self.listing.out_of_reach.sort_by(|a, b| a.name.cmp(&b.name));
        self.listing.ignored.sort_by(|a, b| a.name.cmp(&b.name));
        self.listing
    }
}

/// The name, if it is one harmless path component.
pub(super) fn usable(name: &[u8]) -> Result<&str, IgnoredReason> {
    if name.len() > MAX_NAME_BYTES {
        return Err(IgnoredReason::TooLong);
    }
    let name = std::str::from_utf8(name).map_err(|_| IgnoredReason::NotUtf8)?;
    // What Rust would escape is a control, a format (such as a change of direction) or a private character.
    let unprintable = |c: char| !matches!(c, '\'' | '"') && c.escape_debug().len() != 1;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) || name.chars().any(unprintable) {
        return Err(IgnoredReason::UnsafeName);
    }
    Ok(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_server_are_not_trusted() {
        let long = "a".repeat(201);
        let cases: [(&[u8], Option<IgnoredReason>); 16] = [
            (b"transactionItems_20221024_000.csv", None),
            ("bericht ä.csv".as_bytes(), None),
            (b"it's \"quoted\".csv", None),
            (b"", Some(IgnoredReason::UnsafeName)),
            (b"..", Some(IgnoredReason::UnsafeName)),
            (b"..\\..\\x.csv", Some(IgnoredReason::UnsafeName)),
            (b"../../etc/passwd", Some(IgnoredReason::UnsafeName)),
            (b"/etc/passwd", Some(IgnoredReason::UnsafeName)),
            (b".hidden.csv", Some(IgnoredReason::UnsafeName)),
            (b"a\0b.csv", Some(IgnoredReason::UnsafeName)),
            (b"a\nb.csv", Some(IgnoredReason::UnsafeName)),
            (b"a\x1b[31mb.csv", Some(IgnoredReason::UnsafeName)),
            ("a\u{202e}vsc.b".as_bytes(), Some(IgnoredReason::UnsafeName)),
            ("a\u{2028}b".as_bytes(), Some(IgnoredReason::UnsafeName)),
            (b"a\xff.csv", Some(IgnoredReason::NotUtf8)),
            (long.as_bytes(), Some(IgnoredReason::TooLong)),
        ];
        for (name, expected) in cases {
            assert_eq!(usable(name).err(), expected, "`{}`", name.escape_ascii());
        }
        assert!(usable("a".repeat(MAX_NAME_BYTES).as_bytes()).is_ok());
    }

    #[test]
    fn a_directory_is_read_up_to_its_bound() {
        let mut collector = Collector::new("/d");
        let found = Found::File(Stamp { size: 1, modified: None });
        for at in 0..MAX_DIRECTORY_ENTRIES {
            collector.add(RawEntry { name: format!("f{at}").into_bytes(), found: found.clone() }).unwrap();
        }
        let error = collector.add(RawEntry { name: b"one-more".to_vec(), found }).unwrap_err();
        assert!(matches!(&error, FetchError::Bounds(why) if why.contains("10000 entries")), "{error}");
    }

    #[test]
    fn names_are_taken_once_and_dots_are_no_entries() {
        let mut collector = Collector::new("/d");
        for name in ["b", "a", "b", ".", ".."] {
            let found = Found::File(Stamp { size: 1, modified: None });
            collector.add(RawEntry { name: name.into(), found }).unwrap();
        }
        for (name, found) in [
            ("sub", Found::NotAFile),
            ("link", Found::NotLookedUp),
            ("c", Found::OutOfReach("denied".into())),
            ("a", Found::OutOfReach("denied".into())),
        ] {
            collector.add(RawEntry { name: name.into(), found }).unwrap();
        }
        let listing = collector.finish();
        assert_eq!(listing.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let ignored: Vec<_> = listing.ignored.iter().map(|entry| (entry.name.as_str(), &entry.reason)).collect();
        let expected = [
            ("a", &IgnoredReason::Repeated),
            ("b", &IgnoredReason::Repeated),
            ("link", &IgnoredReason::Unrecognised),
            ("sub", &IgnoredReason::NotAFile),
        ];
        assert_eq!(ignored, expected);
        assert_eq!(listing.out_of_reach, [OutOfReach { name: "c".into(), why: "denied".into() }]);
    }
}
