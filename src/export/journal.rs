//! How a finished folder takes the place of an older one, so that a crash between any two steps can be repaired.
//!
//! ```text
//! .tmp-<date>-<random>   being written            crash: swept by the next run of the date
//! .ready-<date>          complete, flushed; the   crash: the next run goes on from here
//!                        run notes its digests
//! superseded/<date>-r<n> the older folder         crash: likewise; the older folder is safe here
//! <date>                 what people see
//! ```
//!
//! Each arrow is one rename within one directory tree, flushed before the next: a folder under any of these names but the first
//! is whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::publish::{Output, PublishError, during};
use super::summary::same_but_for_timings;
use crate::calendar::BusinessDate;
use crate::id::PlatformMerchantId;
use crate::points::{Point, reached};

/// The folders of one merchant and date.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    /// `out/<merchant>`.
    pub(super) merchant: PathBuf,
    /// The beginning of the private folder's name.
    pub(super) private_prefix: String,
    /// The complete folder on its way.
    pub(super) ready: PathBuf,
    /// What people see.
    pub(super) visible: PathBuf,
    superseded: PathBuf,
    date: String,
}

/// The beginning of the name of a complete folder on its way.
const READY: &str = ".ready-";

/// The longest id that is taken for a folder name; Antom's are 16 digits.
const MAX_MERCHANT_CHARS: usize = 64;

impl Folders {
    pub(super) fn new(out: &Path, merchant: &PlatformMerchantId, date: BusinessDate) -> Result<Self, PublishError> {
        let merchant = merchant_folder(out, merchant)?;
        Ok(Self {
            private_prefix: format!(".tmp-{date}-"),
            ready: merchant.join(format!("{READY}{date}")),
            visible: merchant.join(date.to_string()),
            superseded: merchant.join("superseded"),
            date: date.to_string(),
            merchant,
        })
    }

    /// Gives a complete private folder the name from which it will be published, whatever happens.
    pub(super) fn commit(&self, private: &Path) -> Result<(), PublishError> {
        rename(private, &self.ready)?;
        reached(Point::PublicationReady);
        flush_directory(&self.merchant)
    }

    /// Publishes the committed folder; gives the new place of the one that it supersedes.
    pub(super) fn roll_forward(&self) -> Result<Option<PathBuf>, PublishError> {
        let superseded = if exists(&self.visible)? { Some(self.set_aside()?) } else { None };
        rename(&self.ready, &self.visible)?;
        reached(Point::PublicationVisible);
        flush_directory(&self.merchant)?;
        Ok(superseded)
    }

    /// Moves the visible folder to `superseded/<date>-r<n>/`, n being one more than the largest there.
    fn set_aside(&self) -> Result<PathBuf, PublishError> {
        fs::create_dir_all(&self.superseded).map_err(during("create", &self.superseded))?;
        let prefix = format!("{}-r", self.date);
        let numbers = names_in(&self.superseded)?;
        let last = numbers.iter().filter_map(|name| name.strip_prefix(&prefix)?.parse::<u32>().ok()).max();
        let place = self.superseded.join(format!("{prefix}{}", last.unwrap_or(0) + 1));
        rename(&self.visible, &place)?;
        reached(Point::PublicationSetAside);
        flush_directory(&self.superseded)?;
        flush_directory(&self.merchant)?;
        Ok(place)
    }

    fn repair(&self) -> Result<(), PublishError> {
        if !exists(&self.merchant)? {
            return Ok(());
        }
        if exists(&self.ready)? {
            if exists(&self.visible)? && same_outputs(&self.ready, &self.visible)? {
                fs::remove_dir_all(&self.ready).map_err(during("remove", &self.ready))?;
            } else {
                self.roll_forward()?;
            }
        }
        for name in names_in(&self.merchant)? {
            if name.starts_with(&self.private_prefix) {
                let leftover = self.merchant.join(name);
                fs::remove_dir_all(&leftover).map_err(during("remove", &leftover))?;
            }
        }
        Ok(())
    }
}

/// `out/<merchant>`, if the id can be a folder name and nothing else.
fn merchant_folder(out: &Path, merchant: &PlatformMerchantId) -> Result<PathBuf, PublishError> {
    let id = merchant.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || id.len() > MAX_MERCHANT_CHARS || !id.bytes().all(plain) || id.starts_with('-') {
        return Err(PublishError::Merchant(id.to_owned()));
    }
    Ok(out.join(id))
}

/// Finishes a publication of this date that a crash interrupted, and sweeps what it left. Whoever calls it holds the run's lock:
/// nobody else is publishing the same date. Nothing happens if there is nothing to repair.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn recover(out: &Path, merchant: &PlatformMerchantId, date: BusinessDate) -> Result<(), PublishError> {
    Folders::new(out, merchant, date)?.repair()
}

/// The dates whose publication a crash interrupted when it was complete already, oldest first: [`recover`] each of them.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn unfinished(out: &Path, merchant: &PlatformMerchantId) -> Result<Vec<BusinessDate>, PublishError> {
    let folder = merchant_folder(out, merchant)?;
    if !exists(&folder)? {
        return Ok(Vec::new());
    }
    let names = names_in(&folder)?;
    let mut dates: Vec<BusinessDate> = names.iter().filter_map(|name| name.strip_prefix(READY)?.parse().ok()).collect();
    dates.sort_unstable();
    Ok(dates)
}

/// Whether every output of `new` stands in `old` with the same bytes, and `old` has no further output. Timings in `summary.json`
/// do not count, nor do files that are no outputs (notes that somebody put there).
pub(super) fn same_outputs(new: &Path, old: &Path) -> Result<bool, PublishError> {
    for &output in Output::ALL {
        let (new, old) = (new.join(output.as_str()), old.join(output.as_str()));
        let same = match (exists(&new)?, exists(&old)?) {
            (false, false) => true,
            (true, true) if output == Output::Summary => {
                let read = |path: &Path| fs::read(path).map_err(during("read", path));
                same_but_for_timings(&read(&new)?, &read(&old)?)
            }
            (true, true) => same_bytes(&new, &old)?,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Compares two files block by block.
fn same_bytes(left: &Path, right: &Path) -> Result<bool, PublishError> {
    use std::io::BufRead as _;
    let open = |path: &Path| {
        let file = fs::File::open(path).map_err(during("open", path))?;
        let length = file.metadata().map_err(during("read", path))?.len();
        Ok::<_, PublishError>((io::BufReader::with_capacity(64 * 1024, file), length))
    };
    let ((mut one, one_length), (mut two, two_length)) = (open(left)?, open(right)?);
    if one_length != two_length {
        return Ok(false);
    }
    loop {
        let (here, there) =
            (one.fill_buf().map_err(during("read", left))?, two.fill_buf().map_err(during("read", right))?);
        let count = here.len().min(there.len());
        if count == 0 {
            return Ok(here.len() == there.len());
        }
        if here[..count] != there[..count] {
            return Ok(false);
        }
        one.consume(count);
        two.consume(count);
    }
}

/// Makes renames and new names in a directory survive a power cut.
pub(super) fn flush_directory(directory: &Path) -> Result<(), PublishError> {
    fs::File::open(directory).and_then(|handle| handle.sync_all()).map_err(during("flush", directory))
}

fn rename(from: &Path, to: &Path) -> Result<(), PublishError> {
    fs::rename(from, to).map_err(during("move a folder to", to))
}

fn exists(path: &Path) -> Result<bool, PublishError> {
    path.try_exists().map_err(during("look at", path))
}

/// The names in a directory that are UTF-8, as all of ours are.
fn names_in(directory: &Path) -> Result<Vec<String>, PublishError> {
    let read = || {
        let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(io::Result::transpose).collect::<io::Result<Vec<String>>>()
    };
    read().map_err(during("list", directory))
}
