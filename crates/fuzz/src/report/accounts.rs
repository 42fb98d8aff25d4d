//! What a report must add up to.

use std::collections::BTreeMap;

use antom_recon::id::Symbols;
use antom_recon::money::Tally;
use antom_recon::records::{Piece, Splitter, bounded_text};
use antom_recon::report::{AnyReport, Place};

/// As many lines and rejects as the file has lines between header and `<END>`, each at its own place.
pub(super) fn every_line_is_accounted_for(data: &[u8], report: &AnyReport) {
    let found = report.lines() + report.rejects().len();
    let there = if data.contains(&b'"') { records(data) } else { plain_lines(data) };
    // The header and `<END>` are no lines.
    assert_eq!(found + 2, there, "lines and rejects, of a file of so many with header and `<END>`");
    let mut places = places(report);
    places.extend(report.rejects().iter().map(|reject| reject.place));
    places.sort_by_key(|place| place.offset);
    for place in &places {
        let before = &data[..start(place)];
        let breaks = before.iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(place.line as usize, breaks + 1, "{place:?}");
    }
    for pair in places.windows(2) {
        assert!(start(&pair[0]) + (pair[0].length as usize) < start(&pair[1]), "{pair:?} overlap");
    }
    for reject in report.rejects() {
        let raw = &data[start(&reject.place)..][..reject.place.length as usize];
        assert_eq!(reject.raw, bounded_text(raw), "the raw text of {:?}", reject.place);
        assert!(!reject.reason.is_empty());
    }
}

fn start(place: &Place) -> usize {
    usize::try_from(place.offset).expect("a place in memory")
}

/// The places of the lines.
pub(super) fn places(report: &AnyReport) -> Vec<Place> {
    match report {
        AnyReport::Details(report) => report.lines.iter().map(|line| line.place).collect(),
        AnyReport::Summary(report) => report.lines.iter().map(|line| line.place).collect(),
        AnyReport::Activity(report) => report.lines.iter().map(|line| line.place).collect(),
        AnyReport::Balances(report) => report.lines.iter().map(|line| line.place).collect(),
    }
}

/// Lines that are not blank, of a file without quotes.
fn plain_lines(data: &[u8]) -> usize {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    data.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count()
}

/// Records that are not blank, and lines that are none.
fn records(data: &[u8]) -> usize {
    let (mut splitter, mut count) = (Splitter::new(data), 0);
    while let Some(piece) = splitter.next_piece().expect("what was parsed can be cut") {
        count += match &piece {
            Piece::Records(block) => block.records().filter(|record| !record.is_blank()).count(),
            Piece::Broken(_) => 1,
        };
    }
    count
}

/// Totals by type as written and currency, added up once more.
pub(super) fn sums_are_those_of_the_lines(report: &AnyReport, symbols: &Symbols) {
    let AnyReport::Details(report) = report else { return };
    let mut totals = BTreeMap::new();
    for line in &report.lines {
        let written = symbols.text(line.raw_type);
        totals.entry((written, line.currency)).or_insert_with(Tally::default).add(line.amount);
    }
    assert_eq!(report.totals, totals, "the totals of the lines");
}
