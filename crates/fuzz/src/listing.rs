//! Names as a server gives them.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use antom_recon::fetch::names::{Patterns, missing_parts};
use antom_recon::fetch::{Collector, Found, IgnoredReason, Listing, RawEntry, Stamp, bounds};
use antom_recon::movement::ReportKind;

use crate::bytes::line;

/// The first line is a pattern of file names, the rest the names of a directory's entries, each after a byte with its length; a
/// length of 255 is an entry that is no file. What is used stays one component below any directory, is printable and is there
/// once; every entry is used or ignored; what a name says stands in the name.
pub fn listing(data: &[u8]) {
    let (pattern, rest) = line(data);
    let names = names(rest);
    let mut collector = Collector::new("/v1/settlements/1/20260302");
    for (name, stamp) in &names {
        let entry = RawEntry { name: name.to_vec(), found: stamp.map_or(Found::NotAFile, Found::File) };
        if collector.add(entry).is_err() {
            assert!(names.len() > bounds::MAX_DIRECTORY_ENTRIES);
            return;
        }
    }
    let listing = collector.finish();
    every_entry_is_somewhere(&names, &listing);
    let mut patterns = Patterns::default();
    says_what_it_is(&listing, &patterns);
    let pattern = String::from_utf8_lossy(pattern);
    if patterns.replace(ReportKind::TransactionDetails, &[&*pattern]).is_ok() {
        says_what_it_is(&listing, &patterns);
    }
}

/// Names with what a server says of the entries.
fn names(mut rest: &[u8]) -> Vec<(&[u8], Option<Stamp>)> {
    let mut names = Vec::new();
    while let Some((&length, behind)) = rest.split_first() {
        let stamp = (length != u8::MAX).then_some(Stamp { size: u64::from(length), modified: None });
        let (name, behind) = behind.split_at(usize::from(length).min(behind.len()));
        names.push((name, stamp));
        rest = behind;
    }
    names
}

fn every_entry_is_somewhere(names: &[(&[u8], Option<Stamp>)], listing: &Listing) {
    let entries: Vec<&[u8]> =
        names.iter().map(|(name, _)| *name).filter(|name| *name != b"." && *name != b"..").collect();
    assert_eq!(listing.files.len() + listing.ignored.len(), entries.len(), "{listing:?}");
    assert!(listing.files.is_sorted_by(|one, other| one.name < other.name), "sorted, and each once: {listing:?}");
    let given: BTreeSet<&[u8]> = names.iter().filter(|(_, stamp)| stamp.is_some()).map(|(name, _)| *name).collect();
    for file in &listing.files {
        assert!(given.contains(file.name.as_bytes()), "`{}` was not given", file.name);
        stays_below(&file.name);
    }
    for entry in &listing.ignored {
        let shown = entry.to_string();
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(entry.name.chars().count() <= bounds::MAX_QUOTED_CHARS + 1, "{shown:?}");
        let known = given.contains(entry.name.as_bytes()) && listing.files.iter().any(|file| file.name == entry.name);
        assert!(entry.reason != IgnoredReason::Repeated || known || entry.name.contains(['\\', '…']), "{shown:?}");
    }
}

/// A name that is used is one component, below whatever directory.
fn stays_below(name: &str) {
    let directory = Path::new("/archive/incoming");
    let path = directory.join(name);
    assert_eq!((path.parent(), path.file_name()), (Some(directory), Some(name.as_ref())), "`{}`", name.escape_debug());
    assert!(path.components().all(|part| !matches!(part, Component::ParentDir | Component::CurDir)));
    assert!(!name.contains(['/', '\\']) && !name.starts_with('.') && !name.chars().any(char::is_control));
    assert!(name.len() <= bounds::MAX_NAME_BYTES);
}

/// What is recognised in a name stands in it.
fn says_what_it_is(listing: &Listing, patterns: &Patterns) {
    let recognised: Vec<_> =
        listing.files.iter().filter_map(|file| Some((&file.name, patterns.recognise(&file.name)?))).collect();
    for (name, found) in &recognised {
        for part in [&found.date, &found.currency, &found.batch, &found.method].into_iter().flatten() {
            assert!(name.contains(part.as_str()), "`{part}` is not in `{name}`");
        }
        assert!(
            found.date.as_ref().is_none_or(|date| date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()))
        );
        match found.sequence {
            Some(part) => assert_eq!(found.group.replacen("<seq>", &format!("{part:03}"), 1), **name),
            None => assert_eq!(found.group, **name),
        }
    }
    for (group, missing) in missing_parts(recognised.iter().map(|(_, found)| found)) {
        let of_group = recognised.iter().filter(|(_, found)| found.group == group);
        let there: BTreeSet<u16> = of_group.filter_map(|(_, found)| found.sequence).collect();
        let last = there.last().copied().unwrap_or_default();
        assert!(missing.iter().all(|part| *part < last && !there.contains(part)), "{group}: {missing:?}");
        assert_eq!(missing.len() + there.len(), usize::from(last) + 1, "{group}: {missing:?}");
    }
}
