//! A local tree as a source. Links are followed as long as they stay inside the tree.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FetchError;
use super::control::Control;
use super::endpoint::{Blocks, Connection, Endpoint, Patience, Trouble};
use super::listing::{Found, RawEntry, Stamp};
use super::source::{DEFAULT_CONNECTIONS, DEFAULT_ROOT};

/// A folder that holds `v1/settlements`.
pub(super) struct Tree {
    /// Without links, so that what leads out of it can be told.
    root: PathBuf,
}

impl Tree {
    pub(super) fn new(path: &Path) -> Result<Self, FetchError> {
        let root = path.canonicalize().ok().filter(|root| root.is_dir()).ok_or_else(|| {
            FetchError::Configuration(format!(
                "source.path: `{}` is not a readable directory; expected the folder that contains `v1/settlements`",
                path.display()
            ))
        })?;
        Ok(Self { root })
    }
}

impl Endpoint for Tree {
    fn address(&self) -> String {
        self.root.display().to_string()
    }

    fn root(&self) -> &str {
        DEFAULT_ROOT
    }

    fn connections(&self) -> usize {
        DEFAULT_CONNECTIONS
    }

    fn patience(&self) -> Patience {
        Patience { attempts: 3, back_off: Duration::from_millis(200) }
    }

    fn connect(&self, control: &Control<'_>) -> Result<Box<dyn Connection>, Trouble> {
        Ok(Box::new(TreeReader { root: self.root.clone(), cancel: control.cancel.clone() }))
    }
}

struct TreeReader {
    root: PathBuf,
    cancel: super::Cancel,
}

impl TreeReader {
    /// The real path of a remote one (`/v1/settlements/…`), inside the tree.
    fn inside(&self, path: &str) -> Result<PathBuf, Trouble> {
        let real =
            self.root.join(path.trim_start_matches('/')).canonicalize().map_err(|error| trouble(path, &error))?;
        if real.starts_with(&self.root) {
            return Ok(real);
        }
        Err(Trouble::Fatal(FetchError::Configuration(format!(
            "source.path: `{path}` leads out of the tree to `{}`; expected everything inside `{}`",
            real.display(),
            self.root.display()
        ))))
    }

    /// What an entry is, following links that stay inside.
    fn found(&self, entry: &fs::DirEntry, wanted: &dyn Fn(&str) -> bool) -> Found {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if is_link && !entry.file_name().to_str().is_some_and(wanted) {
            return Found::NotLookedUp;
        }
        let looked_up = entry.path().canonicalize().and_then(|real| Ok((fs::metadata(&real)?, real)));
        match looked_up {
            Ok((metadata, real)) if metadata.is_file() && real.starts_with(&self.root) => {
                Found::File(stamp_of(&metadata))
            }
            Ok(_) => Found::NotAFile,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::OutOfReach("it leads nowhere".into()),
            Err(error) => Found::OutOfReach(error.to_string()),
        }
    }
}

fn stamp_of(metadata: &fs::Metadata) -> Stamp {
    Stamp { size: metadata.len(), modified: Some(metadata.mtime()) }
}

fn trouble(path: &str, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Trouble::Absent,
        io::ErrorKind::PermissionDenied => Trouble::Fatal(FetchError::Unreachable(format!(
            "source.path: `{path}` cannot be read: {error}; give this user the right to read it"
        ))),
        _ => Trouble::Broken(format!("`{path}`: {error}")),
    }
}

impl Connection for TreeReader {
    fn list(
        &mut self,
        directory: &str,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(RawEntry) -> Result<(), FetchError>,
    ) -> Result<(), Trouble> {
        let real = self.inside(directory)?;
        for entry in fs::read_dir(real).map_err(|error| trouble(directory, &error))? {
            self.cancel.check()?;
            let entry = entry.map_err(|error| trouble(directory, &error))?;
            let found = self.found(&entry, wanted);
            each(RawEntry { name: entry.file_name().into_vec(), found })?;
        }
        Ok(())
    }

    fn stamp(&mut self, path: &str) -> Result<Stamp, Trouble> {
        let real = self.inside(path)?;
        fs::metadata(real).map(|metadata| stamp_of(&metadata)).map_err(|error| trouble(path, &error))
    }

    fn open(&mut self, path: &str, offset: u64) -> Result<Box<dyn Blocks + '_>, Trouble> {
        // Anything but a regular file is turned away before it is opened: opening a pipe would wait for its writer.
        let real = self.inside(path)?;
        if !fs::metadata(&real).is_ok_and(|metadata| metadata.is_file()) {
            return Err(Trouble::Absent);
        }
        let mut file = File::open(real).map_err(|error| trouble(path, &error))?;
        file.seek(SeekFrom::Start(offset)).map_err(|error| trouble(path, &error))?;
        Ok(Box::new(LocalFile { file, path: path.to_owned() }))
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

struct LocalFile {
    file: File,
    path: String,
}

impl Blocks for LocalFile {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(|error| trouble(&self.path, &error)),
            }
        }
    }
}
