//! Lists of closed entries: sorted, of one width, under the name of their content. They are read and written one by one, for a list has
//! as many as a day has entries.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::PathBuf;

use xxhash_rust::xxh3::Xxh3Default;

use super::MemoryError;

/// An entry that is closed: the fingerprint of what it says, and one of its ids in 64 bits.
pub type ClosedEntry = (u64, u64);

/// Bytes of an entry.
const BYTES: usize = 16;

/// How much is read or hashed at a time.
const BUFFER: usize = 1 << 18;

/// The closed entries of a date, as an earlier run kept them: a file that is what its name says.
#[derive(Debug)]
pub struct ClosedEntries {
    path: PathBuf,
    /// Open, for others may let go of the list.
    file: File,
}

impl ClosedEntries {
    /// Looks at a list; nothing if its content is not what its name says.
    pub(super) fn open(path: PathBuf, mut file: File, name: &str) -> Result<Option<Self>, MemoryError> {
        let (hash, length) = hash_of(&mut file).map_err(MemoryError::file("read", &path))?;
        Ok((hash == name && length % BYTES as u64 == 0).then_some(Self { path, file }))
    }

    /// Reads the entries, which are sorted, one by one.
    ///
    /// # Errors
    /// [`MemoryError::File`], now or with an entry.
    pub fn read(self) -> Result<impl Iterator<Item = Result<ClosedEntry, MemoryError>>, MemoryError> {
        let Self { path, mut file } = self;
        file.rewind().map_err(MemoryError::file("read", &path))?;
        let mut input = BufReader::with_capacity(BUFFER, file);
        Ok(std::iter::from_fn(move || {
            let mut bytes = [0; BYTES];
            match input.read_exact(&mut bytes) {
                Ok(()) => {
                    let bits = u128::from_le_bytes(bytes);
                    Some(Ok((bits as u64, (bits >> 64) as u64)))
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
                Err(error) => Some(Err(MemoryError::file("read", &path)(error))),
            }
        }))
    }
}

/// The name of a content, and its length.
fn hash_of(input: &mut impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut length) = (Xxh3Default::new(), 0);
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok((format!("{:032x}", hash.digest128()), length)),
            read => {
                hash.update(&buffer[..read]);
                length += read as u64;
            }
        }
    }
}

/// Writes a list, entry by entry, and gives its name.
pub(super) struct Listing<W> {
    output: W,
    hash: Xxh3Default,
}

impl<W: Write> Listing<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, hash: Xxh3Default::new() }
    }

    pub(super) fn put(&mut self, (fingerprint, id): ClosedEntry) -> io::Result<()> {
        let bytes = (u128::from(fingerprint) | u128::from(id) << 64).to_le_bytes();
        self.hash.update(&bytes);
        self.output.write_all(&bytes)
    }

    pub(super) fn finish(self) -> (String, W) {
        (format!("{:032x}", self.hash.digest128()), self.output)
    }
}
