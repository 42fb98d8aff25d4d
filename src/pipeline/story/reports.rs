//! The archived reports: which of them are searched, and what they say of an id.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::failure::Failure;
use crate::failure::Kind;
use crate::fetch::names::Format;
use crate::fetch::{Archive, Digest, DigestError, FetchError, ReportReader, Unread};
use crate::id::{KeyMaker, Symbols};
use crate::movement::ReportKind;
use crate::pipeline::folds::{OrKind, fetch_failure};
use crate::pipeline::{damaged, options};
use crate::records::SplitError;
use crate::report::{AnyReport, Damage, Layout, LineText, ParsedReport, ReportRules, parse_any};
use crate::store::ArchivedFile;

use super::entries::breaks;
use super::search::{Hit, Hits, Needles};

/// Lines of a workbook of which a cell was lost, by physical line.
type Damages = BTreeMap<u32, Damage>;

/// A report in the archive, as the newest run that read it names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportFile {
    /// The business date of the run.
    pub date: BusinessDate,
    /// Which report it is.
    pub kind: ReportKind,
    /// Its name.
    pub name: String,
    /// Where its bytes are.
    digest: Digest,
    /// Whether the newest revision of its date read it; if not, it was restated since.
    pub in_force: bool,
}

/// A report that has lines of an id.
#[derive(Debug)]
pub struct FoundFile {
    /// Which.
    pub file: ReportFile,
    /// Its lines.
    pub hits: Hits,
    /// The first of the lines, parsed alone; none if they are not those of a report.
    pub parsed: Option<Parsed>,
}

/// Lines that were parsed apart from their file.
#[derive(Debug)]
pub struct Parsed {
    /// What they say.
    pub report: AnyReport,
    /// Which hit stands at an offset of the parsed text.
    places: BTreeMap<u64, usize>,
}

/// Where reports are and how they are read.
pub struct Reader<'a> {
    archive: Archive,
    rules: ReportRules,
    pub keys: KeyMaker,
    pub symbols: &'a Symbols,
}

/// The reports of all runs of a merchant by date and name, each content of a name once: what was delivered under two dates or two
/// names is two reports, as it is to the runs.
pub fn files(files: &[ArchivedFile]) -> anyhow::Result<Vec<ReportFile>> {
    let mut newest = BTreeMap::<BusinessDate, u32>::new();
    for file in files {
        let revision = newest.entry(file.business_date).or_default();
        *revision = (*revision).max(file.revision);
    }
    let mut found = BTreeMap::<(BusinessDate, String, Digest), ReportFile>::new();
    for file in files {
        let Some(kind) = ReportKind::parse(&file.kind) else { continue };
        let (date, path) = (file.business_date, &file.path);
        let digest: Digest = file.sha256.parse().map_err(|error: DigestError| {
            Failure::new(Kind::Integrity, format!("the run of {date} names `{path}` under {error}"))
        })?;
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let in_force = newest.get(&date) == Some(&file.revision);
        let key = (date, name.clone(), digest);
        let known = found.entry(key).or_insert(ReportFile { date, name, kind, digest, in_force });
        known.in_force |= in_force;
    }
    let mut found: Vec<ReportFile> = found.into_values().collect();
    found.sort();
    Ok(found)
}

impl<'a> Reader<'a> {
    /// Reads what the configuration names.
    pub fn open(config: &Config, symbols: &'a Symbols) -> anyhow::Result<Self> {
        let (archive, rules) = (options::archive(config)?, options::report_rules(config)?);
        Ok(Self { archive, rules, keys: KeyMaker::new(RandomState::new().build_hasher().finish()), symbols })
    }

    /// Searches files on the current rayon pool, and gives those that have lines, with the bytes that were searched and the names
    /// of files that could not be: pruned ones, and such as no run could read either.
    ///
    /// # Errors
    /// The archive cannot be read, or a file is not what it was.
    pub fn search(
        &self,
        files: &[&ReportFile],
        needles: &Needles<'_>,
    ) -> anyhow::Result<(Vec<FoundFile>, u64, Vec<String>)> {
        let results: Vec<anyhow::Result<Result<(Hits, Damages), String>>> =
            files.par_iter().map(|file| self.search_file(file, needles)).collect();
        let (mut found, mut bytes, mut not_searched) = (Vec::new(), 0, Vec::new());
        for (&file, result) in files.iter().zip(results) {
            match result? {
                Ok((hits, damages)) => {
                    bytes += hits.bytes;
                    if hits.count > 0 {
                        let parsed = self.parse(file.kind, &hits, &damages);
                        found.push(FoundFile { file: file.clone(), hits, parsed });
                    }
                }
                Err(why) => not_searched.push(format!("`{}` of {}: {why}", file.name, file.date)),
            }
        }
        Ok((found, bytes, not_searched))
    }

    fn search_file(&self, file: &ReportFile, needles: &Needles<'_>) -> anyhow::Result<Result<(Hits, Damages), String>> {
        if self.archive.size_of(file.digest).or_kind()?.is_none() {
            return Ok(Err("is not in the archive (any more)".to_owned()));
        }
        let reader = match self.reader(file) {
            Ok(reader) => reader,
            Err(Unread::Archive(error)) => return Err(fetch_failure(&error).into()),
            Err(other) => return Ok(Err(other.to_string())),
        };
        let damages = damaged(reader.lossy());
        match needles.search(reader) {
            Ok(hits) => Ok(Ok((hits, damages))),
            Err(SplitError::Read { source, .. }) => {
                Err(fetch_failure(&FetchError::from_read(source, &self.archive.path_of(file.digest))).into())
            }
            Err(other) => Ok(Err(other.to_string())),
        }
    }

    /// The whole of a file. Its digest is not computed once more (that is what `verify` is for); the checksum of the packing holds.
    pub fn reader(&self, file: &ReportFile) -> Result<ReportReader, Unread> {
        self.archive.read_report_again(file.digest, Format::of(&file.name))
    }

    /// Parses the kept lines apart from their file, of which these were damaged.
    fn parse(&self, kind: ReportKind, hits: &Hits, damages: &Damages) -> Option<Parsed> {
        let (mut text, mut places) = ([hits.header.as_slice(), b"\n"].concat(), BTreeMap::new());
        let (mut options, mut line) = (self.rules.of(kind), 2 + breaks(&hits.header));
        for (at, hit) in hits.kept.iter().enumerate() {
            places.insert(text.len() as u64, at);
            options.damaged.extend(damages.get(&hit.line).map(|damage| (line, damage.clone())));
            line += 1 + breaks(&hit.raw);
            text.extend_from_slice(&hit.raw);
            text.push(b'\n');
        }
        text.extend_from_slice(b"<END>\n");
        let report = parse_any(text.as_slice(), 0, kind, &options, self.keys, self.symbols).ok()?;
        Some(Parsed { report, places })
    }

    /// Parses the whole of a file of details.
    ///
    /// # Errors
    /// The archive cannot be read, or the file is not what it was.
    pub fn parse_whole(&self, file: &ReportFile) -> anyhow::Result<ParsedReport> {
        let wrong = |why: String| Failure::new(Kind::Integrity, format!("`{}` of {}: {why}", file.name, file.date));
        let reader = self.reader(file).map_err(|error| wrong(error.to_string()))?;
        let mut options = self.rules.of(file.kind);
        options.damaged = damaged(reader.lossy());
        let report = parse_any(reader, 0, file.kind, &options, self.keys, self.symbols)
            .map_err(|error| wrong(error.to_string()))?;
        match report {
            AnyReport::Details(details) => Ok(details),
            _ => Err(wrong("is no report of details".to_owned()).into()),
        }
    }
}

impl Parsed {
    /// Which hit a line is, by its place in the parsed text.
    pub fn hit(&self, offset: u64) -> Option<usize> {
        self.places.get(&offset).copied()
    }

    /// The lines, if it is a report of details.
    pub const fn details(&self) -> Option<&ParsedReport> {
        match &self.report {
            AnyReport::Details(report) => Some(report),
            _ => None,
        }
    }

    /// How lines are cut.
    pub const fn layout(&self) -> &Layout {
        self.report.layout()
    }

    /// The ids of a hit as text.
    pub fn text(&self, hit: &Hit) -> LineText {
        self.layout().text(&hit.raw)
    }
}

impl FoundFile {
    /// The ids of a movement that its lines name: their own and those of their originals.
    pub fn ids(&self) -> BTreeSet<String> {
        let is_details = matches!(self.file.kind, ReportKind::TransactionDetails | ReportKind::SettlementDetails);
        let Some(parsed) = self.parsed.as_ref().filter(|_| is_details) else { return BTreeSet::new() };
        let texts = self.hits.kept.iter().map(|hit| parsed.text(hit));
        let ids = texts.flat_map(|text| {
            [text.request_id, text.antom_id, text.original_request_id, text.original_antom_id, text.order_id]
        });
        ids.filter(|id| !id.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_a_report_of_every_date_and_name_that_has_it() {
        let file = |date: &str, revision, name: &str, digest: char| ArchivedFile {
            business_date: date.parse().expect("a date"),
            revision,
            kind: "transaction_details".to_owned(),
            path: format!("/v1/settlements/2188/{name}"),
            sha256: digest.to_string().repeat(64),
            size: 1,
        };
        let archived = [
            file("2026-03-02", 1, "one.csv", 'a'),
            file("2026-03-02", 2, "one.csv", 'b'),
            file("2026-03-02", 2, "two.csv", 'b'),
            file("2026-03-03", 1, "one.csv", 'a'),
            file("2026-03-03", 2, "one.csv", 'a'),
        ];
        let found = files(&archived).expect("they can be read");
        let told: Vec<(String, &str, String, bool)> = found
            .iter()
            .map(|file| (file.date.to_string(), &*file.name, file.digest.to_string()[..1].to_owned(), file.in_force))
            .collect();
        let expected = [
            ("2026-03-02", "one.csv", "a", false),
            ("2026-03-02", "one.csv", "b", true),
            ("2026-03-02", "two.csv", "b", true),
            ("2026-03-03", "one.csv", "a", true),
        ];
        let expected = expected.map(|(date, name, digest, is)| (date.to_owned(), name, digest.to_owned(), is));
        assert_eq!(told, expected);
    }
}
