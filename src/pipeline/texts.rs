//! The text of lines, read again from the archive for the few of them that end in an output.

use std::io::{BufReader, Read};

use crate::failure::{Failure, Kind};
use crate::fetch::{Archive, FetchError, Unread};
use crate::report::{LineText, Place};

use super::folds::fetch_failure;
use super::intake::InputFile;
use super::{Job, options};

/// Bytes that are read at once: the lines of a page of discrepancies mostly lie close together.
const BUFFER_BYTES: usize = 1 << 20;

/// Reads lines again.
pub struct Texts<'a> {
    archive: Archive,
    inputs: &'a [InputFile],
}

impl<'a> Texts<'a> {
    /// Of the files of a run.
    ///
    /// # Errors
    /// The archive cannot be opened.
    pub fn open(job: &Job<'_>, inputs: &'a [InputFile]) -> anyhow::Result<Self> {
        Ok(Self { archive: options::archive(job.config)?, inputs })
    }

    /// Reads the lines of one file, once from its start to the last line that is wanted, in their order in it.
    ///
    /// # Errors
    /// The archive cannot be read, or is not what it was.
    pub fn read<T>(
        &self,
        mut wanted: Vec<(Place, T)>,
        mut take: impl FnMut(T, LineText) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        wanted.sort_by_key(|(place, _)| place.offset);
        let Some(first) = wanted.first() else { return Ok(()) };
        let file = &self.inputs[first.0.file as usize];
        let reader = self.archive.read_report_again(file.digest, file.format).map_err(|error| match error {
            Unread::Archive(error) => fetch_failure(&error),
            error @ Unread::File { .. } => Failure::new(Kind::Unforeseen, error.to_string()),
            Unread::Workbook(error) => fetch_failure(&FetchError::Integrity(format!(
                "`{}` was read and cannot be read again: {error}",
                file.name
            ))),
        })?;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        let (mut at, mut raw) = (0_u64, Vec::new());
        let failed = |error| fetch_failure(&FetchError::from_read(error, &self.archive.path_of(file.digest)));
        for (place, item) in wanted {
            std::io::copy(&mut (&mut reader).take(place.offset - at), &mut std::io::sink()).map_err(failed)?;
            raw.resize(place.length as usize, 0);
            reader.read_exact(&mut raw).map_err(failed)?;
            at = place.offset + u64::from(place.length);
            take(item, file.layout.text(&raw))?;
        }
        Ok(())
    }
}
