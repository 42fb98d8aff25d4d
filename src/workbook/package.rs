//! The zip archive that a workbook is, and its parts. No name in it ever becomes a path of the file system.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::WorkbookError;
use super::bounds::{Limits, MAX_DIRECTORY_BYTES};
use super::error::{Reached, quoted};
use super::xml::Xml;

/// What encrypted workbooks and those from before 2007 begin with.
const OLE: [u8; 4] = [0xd0, 0xcf, 0x11, 0xe0];

/// What a zip archive begins with: its first entry, or the end of an empty directory.
const ZIP: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];

/// What a part is for, which decides how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It describes other parts.
    Index,
    /// It holds cells.
    Data,
}

/// An opened workbook.
pub(super) struct Package<R> {
    zip: ZipArchive<Guard<R>>,
    /// Positions of the parts, by name in lower case: names that differ in nothing else are the same part (ISO/IEC 29500-2).
    positions: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    left: u64,
    pub(super) limits: Limits,
}

impl<R: Read + Seek> Package<R> {
    pub(super) fn open(mut reader: R, limits: Limits) -> Result<Self, WorkbookError> {
        let length = reader.seek(SeekFrom::End(0)).map_err(WorkbookError::Read)?;
        if length > limits.workbook_bytes {
            return Err(too_many("bytes", limits.workbook_bytes));
        }
        look_at_the_start(&mut reader)?;
        let readable = Rc::new(Cell::new(MAX_DIRECTORY_BYTES));
        let guard = Guard { inner: reader, readable: Rc::clone(&readable) };
        // A workbook begins where its file begins, so that nothing has to be searched for.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let zip = ZipArchive::with_config(config, guard).map_err(no_directory)?;
        readable.set(u64::MAX);
        if zip.len() > limits.entries {
            return Err(too_many("parts", limits.entries as u64));
        }
        let mut package = Self { zip, positions: HashMap::new(), left: limits.unpacked_bytes, limits };
        package.name_parts()?;
        Ok(package)
    }

    fn name_parts(&mut self) -> Result<(), WorkbookError> {
        let twice = |found: &str| WorkbookError::Part {
            part: "the directory of parts".to_owned(),
            found: format!("{} twice", quoted(found)),
            expected: "every part once",
        };
        if self.zip.has_duplicate_names() {
            return Err(twice("a name"));
        }
        for (at, name) in self.zip.file_names_raw().enumerate() {
            let name = String::from_utf8_lossy(name);
            if self.positions.insert(key(&name), at).is_some() {
                return Err(twice(&name));
            }
        }
        Ok(())
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.positions.contains_key(&key(name))
    }

    /// Opens a part, to be read from its start to its end.
    pub(super) fn part(&mut self, name: &str, usage: Use) -> Result<Xml<'_>, WorkbookError> {
        let part = |found: String, expected| WorkbookError::Part { part: quoted(name), found, expected };
        let missing = || part("no such part".to_owned(), "it, because another part names it");
        let &at = self.positions.get(&key(name)).ok_or_else(missing)?;
        let (most, reached) = match usage {
            Use::Index => {
                let (what, most) = ("bytes unpacked from a part that describes others", self.limits.index_bytes);
                (most.min(self.left), Reached { what, most })
            }
            Use::Data => (self.left, Reached { what: "bytes unpacked", most: self.limits.unpacked_bytes }),
        };
        match self.zip.by_index(at) {
            Ok(file) => Ok(Xml::new(quoted(name), Box::new(file), &mut self.left, most, reached)),
            Err(ZipError::Io(error)) => Err(WorkbookError::reading(name, error)),
            Err(error) => Err(part(error.to_string(), "a part that is stored or deflated, without a password")),
        }
    }
}

/// Tells what is no workbook by its first bytes.
fn look_at_the_start(reader: &mut (impl Read + Seek)) -> Result<(), WorkbookError> {
    let mut start = Vec::with_capacity(4);
    reader.rewind().map_err(WorkbookError::Read)?;
    reader.take(4).read_to_end(&mut start).map_err(WorkbookError::Read)?;
    let is_start_of = |whole: &[u8; 4]| whole.starts_with(&start);
    if start.is_empty() {
        return Err(WorkbookError::Incomplete { found: "an empty file".to_owned() });
    }
    if start == OLE {
        return Err(WorkbookError::Encrypted);
    }
    if ZIP.iter().any(is_start_of) {
        return Ok(());
    }
    let found = format!("it begins with `{}`", start.escape_ascii());
    Err(WorkbookError::NotAWorkbook { found })
}

/// Why the directory of parts cannot be read.
fn no_directory(error: ZipError) -> WorkbookError {
    match error {
        ZipError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            WorkbookError::Incomplete { found: error.to_string() }
        }
        ZipError::Io(error) => match WorkbookError::reading("the directory of parts", error) {
            WorkbookError::Part { found, .. } => WorkbookError::Incomplete { found },
            other => other,
        },
        ZipError::InvalidArchive(found) => WorkbookError::Incomplete { found: found.into_owned() },
        other => WorkbookError::NotAWorkbook { found: other.to_string() },
    }
}

fn too_many(what: &'static str, most: u64) -> WorkbookError {
    WorkbookError::Bound { place: "the workbook".to_owned(), what, most }
}

/// How parts are compared. Some programs write backslashes, or a slash in front.
fn key(name: &str) -> String {
    name.trim_start_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase()
}

/// A reader that stops after a number of bytes: what it costs to find the parts is decided by the file alone.
struct Guard<R> {
    inner: R,
    readable: Rc<Cell<u64>>,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let left = self.readable.get();
        let taken = length as u64;
        if taken > left {
            return Err(Reached { what: "bytes in the directory of parts", most: MAX_DIRECTORY_BYTES }.into());
        }
        self.readable.set(left - taken);
        Ok(length)
    }
}

impl<R: Seek> Seek for Guard<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
