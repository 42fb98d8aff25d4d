//! An archived report as CSV, in whatever form it was delivered. A CSV file is read as it is; a workbook is unpacked and
//! converted in files without a name beside the archive, which end with their reader.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::archive_reader::ArchiveReader;
use super::bounds::BLOCK_BYTES;
use super::names::Format;
use super::{Digest, FetchError};
use crate::workbook::{self, Converted, LossyCell, WorkbookError};

/// Why a report could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The archive's fault: its file is missing, is not what its digest says, or there is no room to unpack it.
    #[error(transparent)]
    Archive(#[from] FetchError),
    /// A file outside of the archive cannot be opened, read or converted.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The report's fault: the bytes are those that Antom delivered, and they are no workbook that can be read.
    #[error(transparent)]
    Workbook(WorkbookError),
}

/// A report's CSV. As with [`Archive::read`], an error of the archive comes out of reading as a [`FetchError`] inside the
/// `io::Error` (see [`FetchError::from_read`]); for a workbook that was opened, the digest has been verified already.
pub struct ReportReader {
    source: Source,
    converted: Option<Converted>,
}

enum Source {
    Csv(Box<ArchiveReader>),
    Workbook(BufReader<File>),
}

impl ReportReader {
    /// What the conversion of a workbook told; none for a CSV file.
    #[must_use]
    pub const fn converted(&self) -> Option<&Converted> {
        self.converted.as_ref()
    }

    /// Cells of a workbook whose value it does not hold, in the order of lines. Such a line must be rejected whatever its columns
    /// accept: in the place of the value stands a sentence.
    #[must_use]
    pub fn lossy(&self) -> &[LossyCell] {
        self.converted.as_ref().map_or(&[], |converted| &converted.lossy)
    }
}

impl Read for ReportReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Csv(reader) => reader.read(buffer),
            Source::Workbook(reader) => reader.read(buffer),
        }
    }
}

/// A report on a local path, as CSV that can be read from any place as often as needed.
#[derive(Debug)]
pub struct LocalReport {
    /// The file itself, or what its workbook says, in a file without a name; at its start.
    pub csv: File,
    /// What the conversion of a workbook told; none for a CSV file.
    pub converted: Option<Converted>,
}

impl LocalReport {
    /// Opens a file, as a workbook if its name ends with `.xlsx`. A workbook is converted in the system's folder for temporary
    /// files, since the one that it lies in may not be ours to write to.
    ///
    /// # Errors
    ///
    /// [`Unread::File`], and [`Unread::Workbook`] if the report is to be refused.
    pub fn open(path: &Path) -> Result<Self, Unread> {
        let failed = |action| move |source| Unread::File { action, path: path.to_owned(), source };
        let file = File::open(path).map_err(failed("open"))?;
        if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("xlsx")) {
            return Ok(Self { csv: file, converted: None });
        }
        let mut csv = tempfile::tempfile().map_err(failed("convert"))?;
        let strings = tempfile::tempfile().map_err(failed("convert"))?;
        let converted = match convert(file, &mut csv, strings) {
            Ok(converted) => converted,
            Err(WorkbookError::Read(source)) => return Err(failed("read")(source)),
            Err(WorkbookError::Write(source)) => return Err(failed("convert")(source)),
            Err(error) => return Err(Unread::Workbook(error)),
        };
        Ok(Self { csv, converted: Some(converted) })
    }
}

/// Converts a workbook and goes back to the start of its CSV. Strings that its cells share lie in another file meanwhile.
fn convert(book: File, csv: &mut File, strings: File) -> Result<Converted, WorkbookError> {
    let converted = workbook::to_csv(BufReader::with_capacity(BLOCK_BYTES, book), &mut *csv, strings)?;
    csv.rewind().map_err(WorkbookError::Write)?;
    Ok(converted)
}

impl Archive {
    /// The CSV of an archived report: row r of a workbook's sheet is physical line r ([`workbook::to_csv`]).
    ///
    /// # Errors
    ///
    /// [`Unread::Archive`] as for [`Archive::read`], and at once if a workbook is not what its digest says;
    /// [`Unread::Workbook`] if the report is to be refused.
    pub fn read_report(&self, digest: Digest, format: Format) -> Result<ReportReader, Unread> {
        self.report(self.read(digest)?, digest, format)
    }

    /// The CSV again, of a report that this process has verified before: without hashing its file a second time ([`Archive::read_again`]).
    ///
    /// # Errors
    ///
    /// As for [`Archive::read_report`].
    pub fn read_report_again(&self, digest: Digest, format: Format) -> Result<ReportReader, Unread> {
        self.report(self.read_again(digest)?, digest, format)
    }

    fn report(&self, mut raw: ArchiveReader, digest: Digest, format: Format) -> Result<ReportReader, Unread> {
        if format == Format::Csv {
            return Ok(ReportReader { source: Source::Csv(Box::new(raw)), converted: None });
        }
        let path = self.path_of(digest);
        let (mut book, mut csv) = (self.unnamed()?, self.unnamed()?);
        io::copy(&mut raw, &mut book).map_err(|error| failed("unpack", &path, error))?;
        let converted = match convert(book, &mut csv, self.unnamed()?) {
            Ok(converted) => converted,
            Err(WorkbookError::Read(error) | WorkbookError::Write(error)) => {
                return Err(failed("convert", &path, error).into());
            }
            Err(error) => return Err(Unread::Workbook(error)),
        };
        let csv = BufReader::with_capacity(BLOCK_BYTES, csv);
        Ok(ReportReader { source: Source::Workbook(csv), converted: Some(converted) })
    }

    /// A file without a name, which takes its room with it when it is closed.
    fn unnamed(&self) -> Result<File, FetchError> {
        let folder = self.incoming();
        tempfile::tempfile_in(&folder).map_err(FetchError::archive("create a file in", &folder))
    }
}

/// The archive's own error if there is one inside, else that something could not be done with a file of it.
fn failed(action: &'static str, path: &Path, error: io::Error) -> FetchError {
    match error.downcast::<FetchError>() {
        Ok(inner) => inner,
        Err(source) => FetchError::archive(action, path)(source),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::workbook::Loss;

    /// A workbook of one sheet with these cells of its first column.
    fn workbook(cells: &[&str]) -> Vec<u8> {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let relation = |kind, target| {
            format!(r#"<Relationships><Relationship Id="a" Type="{office}/{kind}" Target="{target}"/></Relationships>"#)
        };
        let rows: String = cells.iter().map(|cell| format!("<row>{cell}</row>")).collect();
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
            ("xl/_rels/workbook.xml.rels", relation("worksheet", "sheet.xml")),
            ("xl/workbook.xml", r#"<workbook><sheets><sheet name="A" r:id="a"/></sheets></workbook>"#.to_owned()),
            ("xl/sheet.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
        ] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn text(mut reader: ReportReader) -> String {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn both_forms_are_read_as_csv_and_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let csv = archive.store(&b"id\r\n7\r\n<END>\r\n"[..]).unwrap().digest;
        let cells = [r#"<c t="str"><v>id</v></c>"#, "<c><v>1E27</v></c>", r#"<c t="str"><v>&lt;END&gt;</v></c>"#];
        let book = archive.store(&workbook(&cells)[..]).unwrap().digest;
        let converted = "id\na number of 28 digits that a workbook does not keep; ask for text or CSV\n<END>\n";
        for read in [Archive::read_report, Archive::read_report_again] {
            let reader = read(&archive, csv, Format::Csv).unwrap();
            assert_eq!((reader.lossy(), reader.converted()), (&[][..], None));
            assert_eq!(text(reader), "id\r\n7\r\n<END>\r\n");
            let reader = read(&archive, book, Format::Xlsx).unwrap();
            assert_eq!(reader.lossy(), [LossyCell { row: 2, column: 0, loss: Loss::Digits(28) }]);
            assert_eq!(reader.converted().unwrap().rows, 3);
            assert_eq!(text(reader), converted);
        }
        assert_eq!(fs::read_dir(archive.incoming()).unwrap().count(), 0);
    }

    #[test]
    fn a_bad_workbook_is_told_from_a_damaged_archive() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let whole = workbook(&["<c><v>1</v></c>"]);
        let cut = archive.store(&whole[..whole.len() - 1]).unwrap().digest;
        let refused = archive.read_report(cut, Format::Xlsx).err().unwrap();
        assert!(matches!(&refused, Unread::Workbook(error) if error.is_incomplete()), "{refused}");

        let digest = archive.store(&whole[..]).unwrap().digest;
        let other = zstd::encode_all(&workbook(&["<c><v>2</v></c>"])[..], 1).unwrap();
        fs::write(archive.path_of(digest), other).unwrap();
        let damaged = archive.read_report(digest, Format::Xlsx).err().unwrap();
        assert!(matches!(&damaged, Unread::Archive(FetchError::Integrity(_))), "{damaged}");
        assert_eq!(text(archive.read_report_again(digest, Format::Xlsx).unwrap()), "2\n", "trusted, not hashed");

        let missing = archive.read_report(Digest::of(b"never"), Format::Xlsx).err().unwrap();
        assert!(matches!(&missing, Unread::Archive(FetchError::Integrity(_))), "{missing}");
        assert_eq!(fs::read_dir(archive.incoming()).unwrap().count(), 0);
    }

    #[test]
    fn local_files_are_read_as_csv_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let book = workbook(&["<c><v>1</v></c>", "<c><v>2</v></c>"]);
        for (path, rows) in [(path("a.csv", b"1\n2\n"), None), (path("a.XLSX", &book), Some(2))] {
            let mut report = LocalReport::open(&path).unwrap();
            for _ in 0..2 {
                let mut csv = String::new();
                report.csv.read_to_string(&mut csv).unwrap();
                assert_eq!(csv, "1\n2\n");
                report.csv.rewind().unwrap();
            }
            assert_eq!(report.converted.map(|converted| converted.rows), rows);
        }
        let refused = LocalReport::open(&path("b.xlsx", b"1\n2\n")).unwrap_err();
        assert!(matches!(refused, Unread::Workbook(WorkbookError::NotAWorkbook { .. })), "{refused}");
        let missing = LocalReport::open(&dir.path().join("c.xlsx")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot open `") && missing.contains("c.xlsx"), "{missing}");
    }

    #[test]
    fn readers_go_to_other_threads() {
        fn is_send<T: Send>() {}
        is_send::<ReportReader>();
        is_send::<Unread>();
    }
}
