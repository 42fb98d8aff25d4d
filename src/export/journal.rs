//! How a finished folder takes the place of an older one, so that a crash between any two steps can be repaired.
//!
//! ```text
//! .tmp-<date>-<random>   being written            crash: swept by the next run of the date
//! .ready-<date>          complete, flushed; the   crash: the next run goes on from here
//!                        run notes its digests
//! superseded/<date>-r<n> the older folder, of      crash: likewise; the older folder is safe here
//!                        revision n; or, if
//! edited/<date>-r<n>     somebody edited it
//! <date>                 what people see
//! ```
//!
//! A place that is taken already is followed by `.2`, `.3` and so on. Each arrow is one rename within one directory tree, flushed
//! before the next: a folder under any of these names but the first is whole.

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
    edited: PathBuf,
    date: String,
}

/// What lies where a date's outputs are shown. It says where that goes to make room, and only those who know what was published can
/// tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// What was published for this revision.
    Published(u32),
    /// Not what any run published: somebody wrote in it. The revision that it was of, if that can be told.
    Edited(Option<u32>),
}

/// The folder of what later revisions superseded.
pub(super) const SUPERSEDED: &str = "superseded";

/// The folder of what somebody had edited when it had to make room.
pub(super) const EDITED: &str = "edited";

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
            superseded: merchant.join(SUPERSEDED),
            edited: merchant.join(EDITED),
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

    /// Publishes the committed folder; gives the new place of the one that makes room for it.
    pub(super) fn roll_forward(&self, shown: Shown) -> Result<Option<PathBuf>, PublishError> {
        let aside = if exists(&self.visible)? { Some(self.set_aside(shown)?) } else { None };
        rename(&self.ready, &self.visible)?;
        reached(Point::PublicationVisible);
        flush_directory(&self.merchant)?;
        Ok(aside)
    }

    /// Moves the visible folder to `superseded/<date>-r<n>/`, n being its revision, or to `edited/` if somebody edited it.
    fn set_aside(&self, shown: Shown) -> Result<PathBuf, PublishError> {
        let (shelf, name) = match shown {
            Shown::Published(revision) => (&self.superseded, format!("{}-r{revision}", self.date)),
            Shown::Edited(Some(revision)) => (&self.edited, format!("{}-r{revision}", self.date)),
            Shown::Edited(None) => (&self.edited, self.date.clone()),
        };
        fs::create_dir_all(shelf).map_err(during("create", shelf))?;
        let (mut place, mut copy) = (shelf.join(&name), 1_u32);
        while exists(&place)? {
            copy += 1;
            place = shelf.join(format!("{name}.{copy}"));
        }
        rename(&self.visible, &place)?;
        reached(Point::PublicationSetAside);
        flush_directory(shelf)?;
        flush_directory(&self.merchant)?;
        Ok(place)
    }

    fn repair(&self, shown: Shown) -> Result<(), PublishError> {
        if !exists(&self.merchant)? {
            return Ok(());
        }
        if exists(&self.ready)? {
            if exists(&self.visible)? && same_outputs(&self.ready, &self.visible)? {
                fs::remove_dir_all(&self.ready).map_err(during("remove", &self.ready))?;
            } else {
                self.roll_forward(shown)?;
            }
        }
        self.sweep()
    }

    /// Removes what dead runs of the date were writing.
    pub(super) fn sweep(&self) -> Result<(), PublishError> {
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

/// Finishes a publication of this date that a crash interrupted, where what is shown may have to make room, and sweeps what it left.
/// Whoever calls it holds the run's lock: nobody else is publishing the same date. Nothing happens if there is nothing to repair.
///
/// # Errors
/// A merchant id that is no folder name; what the file system says.
pub fn recover(
    out: &Path,
    merchant: &PlatformMerchantId,
    date: BusinessDate,
    shown: Shown,
) -> Result<(), PublishError> {
    Folders::new(out, merchant, date)?.repair(shown)
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
