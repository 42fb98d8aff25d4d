//! The served folder: what a client's path means, and nothing outside it.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use russh_sftp::protocol::{File, FileAttributes};

/// A folder that clients see as `/`.
#[derive(Clone)]
pub(crate) struct Tree {
    root: PathBuf,
}

/// A path as the client may mean it: absolute, without `.` and `..`, and whether it tried to climb above `/`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientPath {
    /// Starts with `/`; the top is `/` alone.
    pub absolute: String,
    /// True when `..` was used at the top.
    pub climbed: bool,
}

impl ClientPath {
    /// Reads `.` and `..` by text, like a server that is confined to its root; relative paths start at `/`.
    pub(crate) fn parse(asked: &str) -> Self {
        let mut parts: Vec<&str> = Vec::new();
        let mut climbed = false;
        for part in asked.split('/') {
            match part {
                "" | "." => {}
                ".." => climbed |= parts.pop().is_none(),
                name => parts.push(name),
            }
        }
        Self { absolute: format!("/{}", parts.join("/")), climbed }
    }
}

impl Tree {
    /// Serves `root`.
    ///
    /// # Errors
    /// When `root` does not exist or cannot be read.
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: root.canonicalize()? })
    }

    /// The real path behind a client's path, links followed.
    ///
    /// # Errors
    /// `NotFound` when there is none, or when it lies outside the served folder.
    pub(crate) fn follow(&self, path: &ClientPath) -> io::Result<PathBuf> {
        self.confine(self.root.join(&path.absolute[1..]).canonicalize()?)
    }

    /// Attributes of what a client's path names, the link itself if it is one.
    ///
    /// # Errors
    /// As [`Tree::follow`], for the folder that holds it.
    pub(crate) fn describe_link(&self, path: &ClientPath) -> io::Result<Metadata> {
        let plain = self.root.join(&path.absolute[1..]);
        let (Some(parent), Some(name)) = (plain.parent(), plain.file_name()) else {
            return self.root.metadata();
        };
        if path.absolute == "/" {
            return self.root.metadata();
        }
        self.confine(parent.canonicalize()?)?.join(name).symlink_metadata()
    }

    /// Entries of a folder, `.` and `..` first as other servers give them, then sorted by name.
    ///
    /// # Errors
    /// When the folder is missing, outside, or cannot be read.
    pub(crate) fn list(&self, path: &ClientPath) -> io::Result<Vec<File>> {
        let folder = self.follow(path)?;
        let own = FileAttributes::from(&folder.metadata()?);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            // The protocol library speaks UTF-8 only: a name in another encoding is shown with replacement characters.
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push(File::new(name, FileAttributes::from(&entry.metadata()?)));
        }
        entries.sort_by(|a, b| a.filename.cmp(&b.filename));
        let mut listing = vec![File::new(".", own.clone()), File::new("..", own)];
        listing.append(&mut entries);
        Ok(listing)
    }

    fn confine(&self, real: PathBuf) -> io::Result<PathBuf> {
        if real.starts_with(&self.root) { Ok(real) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_are_read_by_text_and_never_leave_the_top() {
        for (asked, absolute, climbed) in [
            ("", "/", false),
            (".", "/", false),
            ("/", "/", false),
            ("v1//settlements/./x", "/v1/settlements/x", false),
            ("/v1/../v2", "/v2", false),
            ("/v1/../../etc/passwd", "/etc/passwd", true),
            ("../../..", "/", true),
        ] {
            let expected = ClientPath { absolute: absolute.to_owned(), climbed };
            assert_eq!(ClientPath::parse(asked), expected, "`{asked}`");
        }
    }

    #[test]
    fn links_inside_are_followed_and_links_outside_are_not_there() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::fs::write(inside.path().join("a.csv"), "a").unwrap();
        std::os::unix::fs::symlink("a.csv", inside.path().join("near")).unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("far")).unwrap();
        let tree = Tree::new(inside.path()).unwrap();
        let follow = |path: &str| tree.follow(&ClientPath::parse(path));

        assert_eq!(follow("/near").unwrap(), inside.path().canonicalize().unwrap().join("a.csv"));
        assert_eq!(follow("/far/secret").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(tree.describe_link(&ClientPath::parse("/far")).unwrap().is_symlink());
        assert!(tree.describe_link(&ClientPath::parse("/far/secret")).is_err());
    }
}
