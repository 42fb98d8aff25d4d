//! Before a fetch, which files to transfer; after it, which of them are whole.

use std::collections::BTreeMap;

use super::Request;
use super::ending::Ending;
use super::listing::{Ignored, IgnoredReason, Listing, OutOfReach};
use super::names::{Format, Recognised, missing_parts};
use super::outcome::{Fetched, FetchedFile, Incomplete, IncompleteReason, Wanted};
use super::transfer::Transferred;
use crate::calendar::BusinessDate;
use crate::movement::ReportKind;

/// Picks the wanted reports, in the order of kind and name, and those of them that are out of reach. What cannot be used moves to
/// the ignored entries.
pub(super) fn select(listing: &mut Listing, directory: &str, request: &Request<'_>) -> (Vec<Wanted>, Vec<Incomplete>) {
    let mut wanted = Vec::new();
    for file in &listing.files {
        match request.patterns.recognise(&file.name) {
            None => listing.ignored.push(Ignored { name: file.name.clone(), reason: IgnoredReason::Unrecognised }),
            Some(recognised) if request.wanted.contains(&recognised.kind) => wanted.push(Wanted {
                path: format!("{directory}/{}", file.name),
                name: file.name.clone(),
                size: file.stamp.size,
                recognised,
            }),
            Some(_) => {}
        }
    }
    let (mut wanted, twice) = without_second_forms(wanted);
    listing.ignored.extend(twice);
    listing.ignored.sort_by(|a, b| a.name.cmp(&b.name));
    wanted.sort_by(|a, b| (a.recognised.kind, &a.name).cmp(&(b.recognised.kind, &b.name)));
    let out_of_reach = std::mem::take(&mut listing.out_of_reach).into_iter().filter_map(|OutOfReach { name, why }| {
        let kind = request.patterns.recognise(&name)?.kind;
        let path = format!("{directory}/{name}");
        let reason = IncompleteReason::OutOfReach { why };
        request.wanted.contains(&kind).then_some(Incomplete { kind, name, path, reason, archived: None })
    });
    (wanted, out_of_reach.collect())
}

/// Drops workbooks of reports that are there as text as well: read both, and every line would count twice.
fn without_second_forms(wanted: Vec<Wanted>) -> (Vec<Wanted>, Vec<Ignored>) {
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let texts: BTreeMap<(ReportKind, String), String> = wanted
        .iter()
        .filter(|file| file.recognised.format == Format::Csv)
        .map(|file| ((file.recognised.kind, stem(&file.name)), file.name.clone()))
        .collect();
    let (mut kept, mut ignored) = (Vec::new(), Vec::new());
    for file in wanted {
        match texts.get(&(file.recognised.kind, stem(&file.name))) {
            Some(csv) if file.recognised.format == Format::Xlsx => {
                ignored.push(Ignored { name: file.name, reason: IgnoredReason::AlsoAsCsv { csv: csv.clone() } });
            }
            _ => kept.push(file),
        }
    }
    (kept, ignored)
}

/// Sorts what was transferred into whole files and others.
pub(super) fn conclude(
    directory: String,
    listing: Listing,
    (wanted, transferred): (Vec<Wanted>, Vec<Transferred>),
    out_of_reach: Vec<Incomplete>,
    date: BusinessDate,
) -> Fetched {
    let mut incomplete = out_of_reach;
    incomplete.extend(gaps(&directory, wanted.iter().map(|file| &file.recognised)));
    let mut files = Vec::new();
    for (file, transferred) in wanted.into_iter().zip(transferred) {
        match transferred {
            Transferred::Taken(taken) => match flaw(&taken.ending, file.recognised.format) {
                None => files.push(FetchedFile {
                    kind: file.recognised.kind,
                    format: file.recognised.format,
                    name: file.name,
                    path: file.path,
                    date,
                    sequence: file.recognised.sequence,
                    group: file.recognised.group,
                    size: taken.stored.size,
                    digest: taken.stored.digest,
                    is_known: taken.stored.is_known,
                }),
                Some(reason) => {
                    incomplete.push(not_whole(file, reason, Some((taken.stored.digest, taken.stored.size))));
                }
            },
            Transferred::Unstable { before, after } => {
                incomplete.push(not_whole(file, IncompleteReason::Unstable { before, after }, None));
            }
            Transferred::Vanished => incomplete.push(not_whole(file, IncompleteReason::Vanished, None)),
        }
    }
    incomplete.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Fetched { directory, directory_exists: listing.exists, files, incomplete, ignored: listing.ignored }
}

fn not_whole(file: Wanted, reason: IncompleteReason, archived: Option<(super::Digest, u64)>) -> Incomplete {
    Incomplete { kind: file.recognised.kind, name: file.name, path: file.path, reason, archived }
}

/// What the ending says against a file. Workbooks are archives with a directory at their end, so a cut one cannot be opened;
/// whoever reads it notices.
fn flaw(ending: &Ending, format: Format) -> Option<IncompleteReason> {
    match (ending, format) {
        (Ending::Empty, _) => Some(IncompleteReason::Empty),
        (_, Format::Xlsx) | (Ending::Whole, _) => None,
        (Ending::OnlyHeader, _) => Some(IncompleteReason::OnlyHeader),
        (Ending::Cut { last_line }, _) => Some(IncompleteReason::NoEnd { last_line: last_line.clone() }),
    }
}

/// The sets that lack parts.
fn gaps<'a>(directory: &str, parts: impl Iterator<Item = &'a Recognised>) -> Vec<Incomplete> {
    let mut by_kind: BTreeMap<ReportKind, Vec<&Recognised>> = BTreeMap::new();
    for part in parts {
        by_kind.entry(part.kind).or_default().push(part);
    }
    let of_kind = |(kind, parts): (ReportKind, Vec<&Recognised>)| {
        missing_parts(parts).into_iter().map(move |(group, missing)| (kind, group, missing))
    };
    by_kind
        .into_iter()
        .flat_map(of_kind)
        .map(|(kind, group, missing)| Incomplete {
            kind,
            path: format!("{directory}/{group}"),
            name: group,
            reason: IncompleteReason::MissingParts { missing },
            archived: None,
        })
        .collect()
}
