//! The text of lines, read again from the archive for the few of them that end in an output.
#![allow(clippy::disallowed_types, reason = "a report is unpacked into a file without a name")]

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::names::Format;
use crate::fetch::{Archive, Digest, FetchError, Pieces, ReportReader, Unread};
use crate::report::{Layout, LineText, Place};

use super::folds::{OrKind, fetch_failure};
use super::intake::InputFile;
use super::{Job, options};

/// Bytes that are read at once: the lines of a page of discrepancies mostly lie close together.
const BUFFER_BYTES: usize = 1 << 20;

/// Reads lines again.
pub struct Texts<'a> {
    archive: Archive,
    inputs: &'a [InputFile],
    /// Readers of files in pieces that nobody uses now, each with the piece that it unpacked last.
    idle: Mutex<Vec<(Digest, Pieces)>>,
}

impl<'a> Texts<'a> {
    /// Of the files of a run.
    ///
    /// # Errors
    /// The archive cannot be opened.
    pub fn open(job: &Job<'_>, inputs: &'a [InputFile]) -> anyhow::Result<Self> {
        Ok(Self { archive: options::archive(job.config)?, inputs, idle: Mutex::default() })
    }

    /// Reads the lines of one file, in their order in it: from the pieces of the archived file in which they stand, or, of a
    /// workbook and of a file that was archived as one piece, once from its start to the last line that is wanted. A piece that was
    /// unpacked last is not unpacked again for the lines that follow.
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
        let Some(mut pieces) = self.pieces(file, first.0.offset)? else {
            return self.onward(first.0.file)?.read(wanted, take);
        };
        let mut raw = Vec::new();
        for (place, item) in wanted {
            pieces.read(place.offset, place.length as usize, &mut raw).or_kind()?;
            take(item, file.layout.text(&raw))?;
        }
        self.idle().push((file.digest, pieces));
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Digest, Pieces)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader of a file's pieces that nobody else uses: one that has unpacked this offset, another one of the file, or a new one; none if
    /// the file is not in pieces.
    fn pieces(&self, file: &InputFile, offset: u64) -> anyhow::Result<Option<Pieces>> {
        if file.format != Format::Csv {
            return Ok(None);
        }
        let mut idle = self.idle();
        let of_file = idle.iter().enumerate().filter(|(_, (digest, _))| *digest == file.digest);
        if let Some((at, _)) = of_file.max_by_key(|(_, (_, pieces))| pieces.has(offset)) {
            return Ok(Some(idle.swap_remove(at).1));
        }
        drop(idle);
        self.archive.pieces(file.digest).or_kind()
    }

    /// Whether lines of a file are read without what stands before them.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub fn is_pieced(&self, file: u32) -> anyhow::Result<bool> {
        let file = &self.inputs[file as usize];
        Ok(file.format == Format::Csv && self.archive.pieces(file.digest).or_kind()?.is_some())
    }

    /// Reads one file from its start on, for lines that are asked for some at a time and in their order.
    ///
    /// # Errors
    /// The archive cannot be read, or is not what it was.
    pub fn onward(&self, file: u32) -> anyhow::Result<Onward<'_>> {
        let file = &self.inputs[file as usize];
        let reader = BufReader::with_capacity(BUFFER_BYTES, self.reader(file)?);
        Ok(Onward { archive: &self.archive, file, reader, at: 0, raw: Vec::new() })
    }

    /// A whole file as text, in a file that has no name and ends with the run: for lines that are asked for one by one.
    ///
    /// # Errors
    /// As [`read`](Self::read); there is no room for it.
    pub fn unpack(&self, file: u32) -> anyhow::Result<File> {
        let known = &self.inputs[file as usize];
        let no_room =
            || format!("`{}` cannot be unpacked; expected room in the folder for temporary files", known.name);
        let mut text = tempfile::tempfile().or_fail(Kind::Unforeseen, no_room)?;
        let failed = |error| fetch_failure(&FetchError::from_read(error, &self.archive.path_of(known.digest)));
        std::io::copy(&mut self.reader(known)?, &mut text).map_err(failed)?;
        Ok(text)
    }

    /// Cuts the lines of a file.
    pub fn layout(&self, file: u32) -> &Layout {
        &self.inputs[file as usize].layout
    }

    fn reader(&self, file: &InputFile) -> anyhow::Result<ReportReader> {
        let reader = self.archive.read_report_again(file.digest, file.format).map_err(|error| match error {
            Unread::Archive(error) => fetch_failure(&error),
            error @ Unread::File { .. } => Failure::new(Kind::Unforeseen, error.to_string()),
            Unread::Workbook(error) => fetch_failure(&FetchError::Integrity(format!(
                "`{}` was read and cannot be read again: {error}",
                file.name
            ))),
        });
        Ok(reader?)
    }
}

/// A file that is being read from its start on.
pub struct Onward<'a> {
    archive: &'a Archive,
    file: &'a InputFile,
    reader: BufReader<ReportReader>,
    /// How far it was read.
    at: u64,
    raw: Vec<u8>,
}

impl Onward<'_> {
    /// Reads the next lines, which stand in their order behind all those before.
    ///
    /// # Errors
    /// As [`Texts::read`].
    pub fn read<T>(
        &mut self,
        wanted: Vec<(Place, T)>,
        mut take: impl FnMut(T, LineText) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let failed = |error| fetch_failure(&FetchError::from_read(error, &self.archive.path_of(self.file.digest)));
        for (place, item) in wanted {
            let mut between = (&mut self.reader).take(place.offset - self.at);
            std::io::copy(&mut between, &mut std::io::sink()).map_err(failed)?;
            self.raw.resize(place.length as usize, 0);
            self.reader.read_exact(&mut self.raw).map_err(failed)?;
            self.at = place.offset + u64::from(place.length);
            take(item, self.file.layout.text(&self.raw))?;
        }
        Ok(())
    }
}
