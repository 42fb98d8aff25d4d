//! Whether `verify` finds the trail whole, and finds any single byte that is changed: of an archived file, of an output, of the
//! record of a run.

use super::Options;
use super::desk::{Desk, tree};
use super::records::Records;
use crate::print::Sheet;
use anyhow::{Context as _, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Archived files that are changed, spread over the archive.
const ARCHIVED: usize = 5;

/// The exit code of what is not as it was.
const INTEGRITY: u8 = 5;

/// What was tried.
struct Tried {
    what: String,
    changes: usize,
    /// What `verify` did not notice, or did not name.
    unnoticed: Vec<String>,
}

/// Runs `verify`, changes one byte after the other and runs it again, and tells on `out`; gives everything that went unnoticed.
pub(super) fn tamper(desk: &Desk<'_>, database: &str, options: &Options, out: &mut dyn Write) -> Result<Vec<String>> {
    let whole = desk.must(&["verify"], 0)?;
    writeln!(out, "\n$ antom-recon verify\n{}\nAfter a single byte was changed:\n", whole.trim_end())?;
    let mut tried = vec![archived(desk)?];
    tried.extend(outputs(desk)?);
    tried.extend(records(desk, database, options.thorough)?);
    let mut sheet = Sheet::new(&["what was changed", ">times", ">found"]);
    for one in &tried {
        let found = one.changes - one.unnoticed.len();
        sheet.row([one.what.clone(), one.changes.to_string(), found.to_string()]);
    }
    sheet.write(out)?;
    desk.must(&["verify"], 0).context("everything was put back")?;
    Ok(tried.into_iter().flat_map(|one| one.unnoticed).collect())
}

/// Says what is wrong with what `verify` says after a change; `name` is what it must name.
fn unnoticed(desk: &Desk<'_>, what: &str, name: &str) -> Result<Option<String>> {
    let ran = desk.job(&["verify"])?;
    if ran.code == INTEGRITY && ran.text.contains(name) {
        return Ok(None);
    }
    Ok(Some(format!(
        "{what} was changed, and `verify` ends with {} and does not name `{name}`: {}",
        ran.code, ran.text
    )))
}

/// Changes one byte of a file, and puts it back.
fn flip(desk: &Desk<'_>, path: &Path, place: usize, tried: &mut Tried) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    if bytes.is_empty() {
        return Ok(());
    }
    let mut changed = bytes.clone();
    changed[place % bytes.len()] ^= 1;
    overwrite(path, &changed)?;
    let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let what = format!("byte {} of `{}`", place % bytes.len(), path.display());
    tried.unnoticed.extend(unnoticed(desk, &what, &stem)?);
    tried.changes += 1;
    overwrite(path, &bytes)
}

/// Writes over a file that may be read-only.
fn overwrite(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("`{}` cannot be written", path.display());
    let before = fs::metadata(path).with_context(failed)?.permissions();
    fs::remove_file(path).with_context(failed)?;
    fs::write(path, bytes).with_context(failed)?;
    fs::set_permissions(path, before).with_context(failed)
}

/// Files of the archive, from its first to its last; what is only derived from it is none of them.
fn archived(desk: &Desk<'_>) -> Result<Tried> {
    let archive = desk.path("archive");
    let is_kept = |path: &PathBuf| {
        let inner = path.strip_prefix(&archive).unwrap_or(path);
        !inner.starts_with("memory")
            && !inner.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'))
    };
    let files: Vec<PathBuf> = tree(&archive)?.into_iter().filter(is_kept).collect();
    let mut tried = Tried { what: "an archived file".to_owned(), changes: 0, unnoticed: Vec::new() };
    for number in 0..ARCHIVED.min(files.len()) {
        let path = &files[number * files.len() / ARCHIVED];
        flip(desk, path, 7 + number * 131, &mut tried)?;
    }
    Ok(tried)
}

/// Every output of a date in the middle, and of a superseded run.
fn outputs(desk: &Desk<'_>) -> Result<Vec<Tried>> {
    let dates = folders(&desk.out())?;
    let published: Vec<&PathBuf> = dates.iter().filter(|path| !path.ends_with("superseded")).collect();
    let superseded = folders(&desk.out().join("superseded"))?;
    let chosen = [
        ("an output", published.get(published.len() / 2).map(|path| (*path).clone())),
        ("an output that was superseded", superseded.into_iter().next()),
    ];
    let mut all = Vec::new();
    for (what, folder) in chosen {
        let mut tried = Tried { what: what.to_owned(), changes: 0, unnoticed: Vec::new() };
        let folder = folder.with_context(|| format!("there is no folder with {what}"))?;
        for (number, path) in tree(&folder)?.iter().enumerate() {
            flip(desk, path, 11 + number * 57, &mut tried)?;
        }
        all.push(tried);
    }
    Ok(all)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let items = fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
    let mut found = Vec::new();
    for item in items {
        let path = item?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A cell of each kind of record, or of each column of it.
fn records(desk: &Desk<'_>, database: &str, thorough: bool) -> Result<Vec<Tried>> {
    let mut records = Records::open(database, &desk.path(""))?;
    records.disarm()?;
    let mut all = Vec::new();
    for table in records.tables()? {
        let mut tried = Tried { what: format!("a record in `{table}`"), changes: 0, unnoticed: Vec::new() };
        for column in records.columns(&table)? {
            let Some(cell) = records.change(&table, &column)? else { continue };
            let what = format!("`{}` of `{table}` of the run of {}", column.name, cell.business_date);
            // What is missing of a run, or was published for it, the run after it knows; which entry of the journal added a row, the
            // journal knows, by table and row.
            let name = if column.name == "journal_sequence" { format!("`{table}`") } else { "run 20".to_owned() };
            tried.unnoticed.extend(unnoticed(desk, &what, &name)?);
            tried.changes += 1;
            records.put_back(&cell)?;
            if !thorough {
                break;
            }
        }
        if tried.changes > 0 {
            all.push(tried);
        }
    }
    records.arm()?;
    Ok(all)
}
