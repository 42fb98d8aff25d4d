//! Where reports come from: Antom's SFTP server, or the same tree on a local path.
//!
//! [`list_days`] reads the directories of dates, [`fetch`] brings its reports into the [`Archive`], [`probe`] tells `doctor` whether
//! that would work. Raw bytes are archived under their SHA-256 before anything reads them. Nothing is ever written to or
//! deleted from the source. Nothing that a server says is trusted: its host key must be the configured one, names are used only
//! if they are harmless, and everything has a bound ([`bounds`]).
//!
//! The code is synchronous and blocks; call it from a thread that may. Which report a file is follows from its name alone
//! ([`names`]); what is in it is not this module's business, except for the last line, which tells whether it is whole. Whatever
//! its form, [`Archive::read_report`] gives it as CSV.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "fetching is reading and writing files")]

mod archive;
mod archive_reader;
pub mod bounds;
mod control;
mod crew;
mod deadline;
mod digest;
mod directory;
mod ending;
mod endpoint;
mod error;
mod fingerprint;
mod frames;
mod intake;
mod listing;
pub mod names;
mod outcome;
mod pattern;
mod report_reader;
mod selection;
mod sftp;
mod source;
mod transfer;

pub use self::archive::{Archive, Packing, Stored};
pub use self::archive_reader::ArchiveReader;
pub use self::control::{Cancel, Control, Progress};
pub use self::digest::{Digest, DigestError};
pub use self::error::FetchError;
pub use self::fingerprint::Fingerprint;
pub use self::frames::Pieces;
pub use self::listing::{Collector, Found, Ignored, IgnoredReason, Listing, OutOfReach, RawEntry, RemoteFile, Stamp};
pub use self::outcome::{Fetched, FetchedFile, Incomplete, IncompleteReason, Probe};
pub use self::report_reader::{LocalReport, ReportReader, Unread};
pub use self::source::{Auth, DEFAULT_CONNECTIONS, DEFAULT_ROOT, HostKey, Secret, SftpOptions, SourceOptions};

use self::endpoint::{Attempts, Connection, Endpoint, Trouble, connect};
use self::names::Patterns;
use crate::calendar::BusinessDate;
use crate::id::PlatformMerchantId;
use crate::movement::ReportKind;
use crate::points::{Point, reached};

/// What to fetch.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Whose reports: the directory below the root.
    pub merchant: &'a PlatformMerchantId,
    /// Of which date: the directory below the merchant's.
    pub date: BusinessDate,
    /// Which reports.
    pub wanted: &'a [ReportKind],
    /// How their files are called.
    pub patterns: &'a Patterns,
}

/// What a date's directory holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayListing {
    /// The directory.
    pub directory: String,
    /// What is in it.
    pub listing: Listing,
}

/// Reads the directories of dates, in their order, over one connection as long as it holds. One that does not exist is empty.
/// Links are followed where their names are those of reports.
///
/// # Errors
///
/// [`FetchError::Configuration`], [`FetchError::Unreachable`], [`FetchError::Integrity`] for the host key,
/// [`FetchError::Bounds`] for a directory with too many entries, [`FetchError::Cancelled`].
pub fn list_days(
    source: &SourceOptions,
    merchant: &PlatformMerchantId,
    dates: &[BusinessDate],
    patterns: &Patterns,
    control: &Control<'_>,
) -> Result<Vec<DayListing>, FetchError> {
    with_endpoint(source, control, |endpoint, control| {
        let mut connection = None;
        let mut days = Vec::with_capacity(dates.len());
        for &date in dates {
            let directory = directory_of(endpoint, merchant, date)?;
            let (listing, used) =
                list_directory_over(connection.take(), endpoint, &directory, &reports(patterns), control)?;
            connection = Some(used);
            days.push(DayListing { directory, listing });
        }
        Ok(days)
    })
}

/// Brings the wanted reports of a date into the archive, several files at once. The result does not depend on the order in
/// which they arrive. A file that is not whole is archived all the same, as evidence, and listed apart.
///
/// # Errors
///
/// As for [`list_days`]; also [`FetchError::Bounds`] for a file that is too large and [`FetchError::Archive`] if the archive cannot
/// be written. Files that are in the archive by then stay there, and the next fetch finds them.
pub fn fetch(
    source: &SourceOptions,
    request: &Request<'_>,
    archive: &Archive,
    control: &Control<'_>,
) -> Result<Fetched, FetchError> {
    with_endpoint(source, control, |endpoint, control| {
        let directory = directory_of(endpoint, request.merchant, request.date)?;
        let (mut listing, connection) = list_directory(endpoint, &directory, &reports(request.patterns), control)?;
        reached(Point::FetchListed);
        let (wanted, out_of_reach) = selection::select(&mut listing, &directory, request);
        let bytes = wanted.iter().map(|file| file.size).fold(0, u64::saturating_add);
        (control.progress)(Progress::Listed { files: wanted.len(), bytes });
        let transferred = crew::transfer_all(endpoint, archive, control, connection, &wanted)?;
        Ok(selection::conclude(directory, listing, (wanted, transferred), out_of_reach, request.date))
    })
}

/// Connects, logs in and reads the merchant's directory.
///
/// # Errors
///
/// As for [`list_days`].
pub fn probe(
    source: &SourceOptions,
    merchant: &PlatformMerchantId,
    control: &Control<'_>,
) -> Result<Probe, FetchError> {
    with_endpoint(source, control, |endpoint, control| {
        let directory = merchant_directory(endpoint, merchant)?;
        let (listing, connection) = list_directory(endpoint, &directory, &|_| false, control)?;
        // The dates' directories, and links to such, are among the entries that are no files.
        let is_folder =
            |reason: &IgnoredReason| matches!(reason, IgnoredReason::NotAFile | IgnoredReason::Unrecognised);
        let folders = listing.ignored.iter().filter(|entry| is_folder(&entry.reason));
        let mut dates: Vec<BusinessDate> =
            folders.filter(|entry| entry.name.len() == 8).filter_map(|entry| entry.name.parse().ok()).collect();
        dates.sort_unstable();
        let dates = listing.exists.then_some(dates);
        Ok(Probe { address: endpoint.address(), directory, dates, facts: connection.facts() })
    })
}

fn with_endpoint<T>(
    source: &SourceOptions,
    control: &Control<'_>,
    work: impl FnOnce(&dyn Endpoint, &Control<'_>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    match source {
        SourceOptions::Sftp(options) => {
            let server = sftp::Server::new(options)?;
            deadline::within(options.total_timeout, &server.address(), control, |control| work(&server, control))
        }
        SourceOptions::Directory { path } => work(&directory::Tree::new(path)?, control),
    }
}

/// `<root>/<merchant>`.
fn merchant_directory(endpoint: &dyn Endpoint, merchant: &PlatformMerchantId) -> Result<String, FetchError> {
    let id = merchant.as_str();
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(harmless) {
        return Err(FetchError::Configuration(format!(
            "merchant.platform_merchant_id: found `{}`; expected 1 to 64 letters, digits, `-` or `_`",
            id.escape_debug()
        )));
    }
    Ok(format!("{}/{id}", endpoint.root().trim_end_matches('/')))
}

/// `<root>/<merchant>/<yyyymmdd>`.
fn directory_of(
    endpoint: &dyn Endpoint,
    merchant: &PlatformMerchantId,
    date: BusinessDate,
) -> Result<String, FetchError> {
    Ok(format!("{}/{}", merchant_directory(endpoint, merchant)?, date.compact()))
}

/// Names that a pattern recognises.
fn reports(patterns: &Patterns) -> impl Fn(&str) -> bool {
    |name| patterns.recognise(name).is_some()
}

/// Connects and reads a directory, again over a new connection if it breaks; gives the connection back as well.
fn list_directory(
    endpoint: &dyn Endpoint,
    directory: &str,
    wanted: &dyn Fn(&str) -> bool,
    control: &Control<'_>,
) -> Result<(Listing, Box<dyn Connection>), FetchError> {
    list_directory_over(None, endpoint, directory, wanted, control)
}

/// The same over a connection that is there already, if there is one.
fn list_directory_over(
    mut ready: Option<Box<dyn Connection>>,
    endpoint: &dyn Endpoint,
    directory: &str,
    wanted: &dyn Fn(&str) -> bool,
    control: &Control<'_>,
) -> Result<(Listing, Box<dyn Connection>), FetchError> {
    let address = endpoint.address();
    let what = format!("listing `{directory}`");
    let mut attempts = Attempts::new(endpoint.patience(), &what, &address);
    loop {
        let mut connection = match ready.take() {
            Some(known) => known,
            None => connect(endpoint, control)?,
        };
        let mut collector = Collector::new(directory);
        match connection.list(directory, wanted, &mut |entry| collector.add(entry)) {
            Ok(()) => return Ok((collector.finish(), connection)),
            Err(Trouble::Absent) => return Ok((Listing::default(), connection)),
            Err(Trouble::Broken(why)) => attempts.failed(&why, control)?,
            Err(Trouble::Fatal(error)) => return Err(error),
        }
    }
}
