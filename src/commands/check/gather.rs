//! Which files `check` looks at: those named, and in a folder everything that looks like a report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::calendar::BusinessDate;
use crate::failure::{Failure, Kind, OrFail};
use crate::fetch::names::{Format, Patterns, Recognised, missing_parts};
use crate::movement::ReportKind;

/// Folders in folders: the tree of a year has three levels, and a link back to itself must end.
const MAX_DEPTH: usize = 8;

/// Files of one set; a year of a large marketplace has some ten thousand.
const MAX_FILES: usize = 100_000;

/// One file to check.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Its name alone.
    pub(super) name: String,
    /// What its name says, if a pattern fits it.
    pub(super) recognised: Option<Recognised>,
    /// The date of its name or of its folder.
    pub(super) date: Option<BusinessDate>,
    /// Where it stands among the files of the command line.
    pub(super) position: usize,
}

/// The files of the command line.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Reports, or what may be some, by date and then as they were named.
    pub(super) files: Vec<Candidate>,
    /// Files in folders that are no reports by their names, and workbooks of reports that are there as text.
    pub(super) skipped: Vec<PathBuf>,
}

impl Gathered {
    /// Leaves out workbooks that lie beside the same report as text: read both, and every line would count twice.
    fn drop_second_forms(&mut self) {
        let texts: BTreeSet<PathBuf> = self
            .files
            .iter()
            .map(|file| file.path.clone())
            .filter(|path| Format::of(&path.to_string_lossy()) == Format::Csv)
            .collect();
        let is_second = |file: &Candidate| {
            Format::of(&file.name) == Format::Xlsx && texts.contains(&file.path.with_extension("csv"))
        };
        let (second, first): (Vec<Candidate>, Vec<Candidate>) = self.files.drain(..).partition(is_second);
        self.files = first;
        self.skipped.extend(second.into_iter().map(|file| file.path));
    }

    /// Whether all files are of one day, or none has a date.
    pub(super) fn one_date(&self) -> bool {
        self.files.first().map(|file| file.date) == self.files.last().map(|file| file.date)
    }
}

/// Gathers the files of the command line, folders with all that is in them.
///
/// # Errors
/// A failure of usage for a path that cannot be opened.
pub(super) fn gather(paths: &[PathBuf], patterns: &Patterns) -> anyhow::Result<Gathered> {
    let mut gathered = Gathered::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let expected = || format!("`{}` cannot be opened; expected a report file or a folder of them", path.display());
        let metadata = fs::metadata(path).or_fail(Kind::Usage, expected)?;
        if metadata.is_dir() {
            walk(path, patterns, 0, &mut gathered)?;
        } else {
            fs::File::open(path).or_fail(Kind::Usage, expected)?;
            gathered.files.push(candidate(path.clone(), patterns));
        }
    }
    gathered.files.retain(|file| seen.insert(file.path.clone()));
    gathered.drop_second_forms();
    // Names of settlement files hold no date: beside files of one day they are that day's.
    let dates: BTreeSet<BusinessDate> = gathered.files.iter().filter_map(|file| file.date).collect();
    if let (Some(&date), 1) = (dates.first(), dates.len()) {
        gathered.files.iter_mut().for_each(|file| file.date = Some(date));
    }
    for (position, file) in gathered.files.iter_mut().enumerate() {
        file.position = position;
    }
    gathered.files.sort_by_key(|file| file.date);
    Ok(gathered)
}

fn walk(folder: &Path, patterns: &Patterns, depth: usize, gathered: &mut Gathered) -> anyhow::Result<()> {
    let unreadable = || format!("`{}` cannot be read; expected a folder of report files", folder.display());
    if depth > MAX_DEPTH {
        return Err(Failure::usage(format!("`{}` is more than {MAX_DEPTH} folders deep", folder.display())).into());
    }
    let entries = fs::read_dir(folder).or_fail(Kind::Usage, unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>().or_fail(Kind::Usage, unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, patterns, depth + 1, gathered)?;
            continue;
        }
        let file = candidate(path, patterns);
        let looks_like_one = file.recognised.is_some()
            || ["csv", "xlsx"]
                .iter()
                .any(|ending| file.path.extension().is_some_and(|is| is.eq_ignore_ascii_case(ending)));
        if looks_like_one {
            gathered.files.push(file);
        } else {
            gathered.skipped.push(file.path);
        }
        if gathered.files.len() > MAX_FILES {
            let sentence = format!("`{}` holds more than {MAX_FILES} files; check a part of them", folder.display());
            return Err(Failure::usage(sentence).into());
        }
    }
    Ok(())
}

impl Candidate {
    /// A set of parts as one file: the name that its parts share.
    pub(super) fn of_set(group: &str, date: Option<BusinessDate>) -> Self {
        let (path, name) = (PathBuf::from(group), group.to_owned());
        Self { path, name, recognised: None, date, position: 0 }
    }
}

fn candidate(path: PathBuf, patterns: &Patterns) -> Candidate {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let recognised = patterns.recognise(&name);
    let of_folder = path.parent().and_then(Path::file_name).and_then(|folder| digits(&folder.to_string_lossy()));
    let of_name = recognised.as_ref().and_then(|known| digits(known.date.as_deref()?));
    Candidate { date: of_folder.or(of_name), name, recognised, path, position: 0 }
}

/// A date of eight digits.
fn digits(text: &str) -> Option<BusinessDate> {
    (text.len() == 8).then(|| text.parse().ok()).flatten()
}

/// A set that lacks parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    pub(super) kind: ReportKind,
    /// The date of its folder or name.
    pub(super) date: Option<BusinessDate>,
    /// The name that its parts share, `<seq>` standing for the number.
    pub(super) group: String,
    /// The numbers that are missing.
    pub(super) missing: Vec<u16>,
}

/// Sets that lack parts, folder by folder.
pub(super) fn gaps(files: &[Candidate]) -> Vec<Gap> {
    let mut folders = BTreeMap::<Option<&Path>, BTreeMap<ReportKind, Vec<(&Candidate, &Recognised)>>>::new();
    for file in files {
        if let Some(known) = &file.recognised {
            folders.entry(file.path.parent()).or_default().entry(known.kind).or_default().push((file, known));
        }
    }
    let mut gaps = BTreeSet::new();
    for (kind, parts) in folders.into_values().flatten() {
        for (group, missing) in missing_parts(parts.iter().map(|(_, known)| *known)) {
            let date = parts.iter().find(|(_, known)| known.group == group).and_then(|(file, _)| file.date);
            gaps.insert(Gap { kind, date, group, missing });
        }
    }
    gaps.into_iter().collect()
}
