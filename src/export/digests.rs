//! What is published, as it lies on the disk now: for the trail that shows tampering.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::csv_out::{Hashing, Written};
use super::journal::{EDITED, Folders, SUPERSEDED};
use super::publish::{Output, OutputDigest, PublishError, during};
use crate::calendar::BusinessDate;
use crate::id::PlatformMerchantId;

/// The outputs in a folder, in the order of their names, each with the digest of its bytes, read on the current rayon pool. Other files
/// do not count.
///
/// # Errors
/// What the file system says.
pub fn digests_in(folder: &Path) -> Result<Vec<OutputDigest>, PublishError> {
    let digest = |&output: &Output| {
        let path = folder.join(output.as_str());
        if !path.try_exists().map_err(during("look at", &path))? {
            return Ok(None);
        }
        let written = digest_of(&path).map_err(during("read", &path))?;
        Ok(Some(OutputDigest { output, written }))
    };
    // Two of them may have millions of rows.
    let digests: Vec<Result<Option<OutputDigest>, PublishError>> = Output::ALL.par_iter().map(digest).collect();
    let mut digests: Vec<OutputDigest> = digests.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    digests.sort_by_key(|digest| digest.output.as_str());
    Ok(digests)
}

fn digest_of(path: &Path) -> io::Result<Written> {
    let mut hashing = Hashing::new(io::sink());
    io::copy(&mut File::open(path)?, &mut hashing)?;
    hashing.finish(None)
}

/// Where a date's outputs are shown, whether they are there or not.
///
/// # Errors
/// A merchant id that is no folder name.
pub fn published_folder(out: &Path, merchant: &PlatformMerchantId, on: BusinessDate) -> Result<PathBuf, PublishError> {
    Ok(Folders::new(out, merchant, on)?.visible)
}

/// Where a date's outputs are that are complete and not shown yet; none if there are no such.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn ready_folder(
    out: &Path,
    merchant: &PlatformMerchantId,
    on: BusinessDate,
) -> Result<Option<PathBuf>, PublishError> {
    let folder = Folders::new(out, merchant, on)?.ready;
    let is_there = folder.try_exists().map_err(during("look at", &folder))?;
    Ok(is_there.then_some(folder))
}

/// The folders of a date that later ones superseded, by name.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn superseded_folders(
    out: &Path,
    merchant: &PlatformMerchantId,
    on: BusinessDate,
) -> Result<Vec<PathBuf>, PublishError> {
    folders_of(&Folders::new(out, merchant, on)?.merchant.join(SUPERSEDED), &format!("{on}-r"))
}

/// The folders of a date that somebody had edited when they made room for what was published, by name.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn edited_folders(
    out: &Path,
    merchant: &PlatformMerchantId,
    on: BusinessDate,
) -> Result<Vec<PathBuf>, PublishError> {
    folders_of(&Folders::new(out, merchant, on)?.merchant.join(EDITED), &on.to_string())
}

/// The folders whose names begin so.
fn folders_of(shelf: &Path, prefix: &str) -> Result<Vec<PathBuf>, PublishError> {
    if !shelf.try_exists().map_err(during("look at", shelf))? {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(shelf).map_err(during("list", shelf))? {
        let path = entry.map_err(during("list", shelf))?.path();
        let is_of_date = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
        if is_of_date && path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
