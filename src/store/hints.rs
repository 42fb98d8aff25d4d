//! Where in a run the rows of an id may stand, for items in transit and cleared, of which a run may have millions. An index over the ids of
//! all runs would take every row at another place; hints are made as rows are added, and are added at the end.
//!
//! ```text
//! rows by id --> SEGMENT rows --> a hint for each of their ids: hash, beginning of the row's id
//!                                 --> buckets by the first bits of the hash, as many as the segment needs --> `run_hints`
//! id --> hash --> its bucket in segments of every depth --> hints with that hash --> rows that begin so, compared in full
//! ```
//!
//! A hint decides nothing: what it leads to is compared with the id itself. All rows of an id have hints, so that none is missed; `verify`
//! holds the hints against what was recorded, like every table of a run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};

use super::bulk::{Cell, Table};

pub(super) const HINTS: Table =
    Table { name: "run_hints", columns: &["run_id", "bucket", "segment", "table_name", "hints"], on_conflict: "" };

/// Rows whose hints are made at once: less than 2 MiB of hints, and as many as text.
const SEGMENT: usize = 1 << 16;

/// Hints that a bucket has on the average, at most; with these, a row of the table fits into a page.
const BUCKET: usize = 128;

/// More buckets than a segment of all ids distinct can need are two to the power of this.
const DEEPEST: u32 = 12;

/// Bytes of a row's id in a hint: `T-` and 30 bits, which few rows share.
const BEGINNING: usize = 8;

/// Bytes of a hint.
const BYTES: usize = 4 + BEGINNING;

/// The hash of an id, and how the id of a row with it begins.
type Hint = (u32, [u8; BEGINNING]);

/// Hints of the rows of a run that are being added.
#[derive(Default)]
pub(super) struct Hinter {
    segment: i64,
    rows: usize,
    hints: Vec<Hint>,
}

impl Hinter {
    /// Takes note of a row whose cells, without the run's id, begin with the row's id, request id and Antom id.
    pub(super) fn note(&mut self, cells: &[Cell<'_>]) {
        let Some((Some(item), ids)) = cells.split_first().map(|(item, ids)| (item.str(), ids)) else { return };
        let ids = ids.iter().take(2).filter_map(Cell::str).filter(|id| !id.is_empty());
        self.hints.extend(ids.map(|id| (hash(id), beginning(item))));
        self.rows += 1;
    }

    /// Whether a segment is full.
    pub(super) const fn is_full(&self) -> bool {
        self.rows >= SEGMENT
    }

    /// The rows of [`HINTS`] for what was noted of a table, whether the segment is full or not.
    pub(super) fn close(&mut self, run_id: i64, table: &'static str) -> Vec<Cell<'static>> {
        self.hints.sort_unstable();
        self.hints.dedup();
        let depth = (0..DEEPEST).find(|depth| self.hints.len() >> depth <= BUCKET).unwrap_or(DEEPEST);
        let mut cells = Vec::new();
        for hints in self.hints.chunk_by(|(one, _), (other, _)| bucket(*one, depth) == bucket(*other, depth)) {
            cells.extend([
                Cell::Integer(run_id),
                Cell::Integer(bucket(hints[0].0, depth)),
                Cell::Integer(self.segment),
                Cell::text(table),
                Cell::text(written(hints)),
            ]);
        }
        *self = Self { segment: self.segment + 1, ..Self::default() };
        cells
    }
}

/// The hash of an id.
pub(super) fn hash(id: &str) -> u32 {
    let digest = digest(&SHA256, id.as_bytes());
    digest.as_ref().iter().take(4).fold(0, |hash, &byte| hash << 8 | u32::from(byte))
}

/// The buckets in which hints with this hash may be.
pub(super) fn buckets(hash: u32) -> impl Iterator<Item = i64> {
    (0..=DEEPEST).map(move |depth| bucket(hash, depth))
}

/// The bucket of a hash among two to the power of `depth`. Buckets of different depths have different numbers.
fn bucket(hash: u32, depth: u32) -> i64 {
    (1 << depth) | i64::from(hash) >> (u32::BITS - depth)
}

/// The beginning of an id, whole characters, filled up with NUL.
fn beginning(id: &str) -> [u8; BEGINNING] {
    let mut beginning = [0; BEGINNING];
    let end = (0..=BEGINNING.min(id.len())).rev().find(|&end| id.is_char_boundary(end)).unwrap_or_default();
    beginning[..end].copy_from_slice(&id.as_bytes()[..end]);
    beginning
}

fn written(hints: &[Hint]) -> String {
    let mut bytes = Vec::with_capacity(hints.len() * BYTES);
    for (hash, item) in hints {
        bytes.extend_from_slice(&hash.to_be_bytes());
        bytes.extend_from_slice(item);
    }
    STANDARD_NO_PAD.encode(bytes)
}

/// How the ids of the rows begin that these hints name for a hash; none if these are no hints.
pub(super) fn found(text: &str, hash: u32) -> Option<Vec<String>> {
    let bytes = STANDARD_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() % BYTES == 0)?;
    let hints = bytes.chunks(BYTES).filter(|hint| hint.starts_with(&hash.to_be_bytes()));
    hints.map(|hint| Some(std::str::from_utf8(&hint[4..]).ok()?.trim_end_matches('\0').to_owned())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn row(at: usize, request: &str) -> [Cell<'static>; 3] {
        let antom = format!("antom-{at}");
        [Cell::text(format!("T-{at:020}")), Cell::text(request.to_owned()), Cell::text(antom)]
    }

    /// What the rows of `run_hints` lead to for an id.
    fn look_up(cells: &[Cell<'_>], id: &str) -> Vec<String> {
        let wanted: Vec<i64> = buckets(hash(id)).collect();
        let mut items = Vec::new();
        for row in cells.chunks(HINTS.columns.len()) {
            let [_, Cell::Integer(bucket), _, _, Cell::Text(hints)] = row else { panic!("{row:?}") };
            if wanted.contains(bucket) {
                items.extend(found(hints, hash(id)).unwrap());
            }
        }
        items
    }

    #[test]
    fn every_id_of_every_row_is_found_however_many_there_are() {
        for count in [1, 63, 65, 128, 1_000, SEGMENT + 7] {
            let mut hinter = Hinter::default();
            let (mut cells, mut segments) = (Vec::new(), 0);
            for at in 0..count {
                hinter.note(&row(at, &format!("request-{at}")));
                if hinter.is_full() {
                    cells.extend(hinter.close(1, "t"));
                    segments += 1;
                }
            }
            cells.extend(hinter.close(1, "t"));
            assert_eq!(hinter.segment, segments + 1);
            for at in (0..count).step_by(count.div_ceil(50)) {
                let expected = beginning(&format!("T-{at:020}"));
                for id in [format!("request-{at}"), format!("antom-{at}")] {
                    let found = look_up(&cells, &id);
                    assert!(found.iter().any(|item| item.as_bytes() == expected), "{count} {id} {found:?}");
                }
            }
            assert!(look_up(&cells, "another").len() < 2);
            let largest = cells.iter().map(|cell| cell.str().map_or(0, str::len)).max();
            assert!(largest.unwrap() < 4_000, "{count} {largest:?}");
        }
    }

    #[test]
    fn an_id_of_all_rows_and_one_that_is_missing() {
        let mut hinter = Hinter::default();
        for at in 0..3_000 {
            hinter.note(&row(at, ["shared", ""][at % 2]));
        }
        let cells = hinter.close(1, "t");
        // The ids of the rows all begin alike, so that one hint stands for them.
        assert_eq!(look_up(&cells, "shared"), ["T-000000"]);
        assert_eq!(look_up(&cells, ""), [""; 0]);
        assert!(hinter.close(1, "t").is_empty());
    }

    #[test]
    fn an_id_is_cut_between_characters_and_what_is_no_hint_is_none() {
        assert_eq!(&beginning("T1"), b"T1\0\0\0\0\0\0");
        assert_eq!(&beginning("1234567é"), b"1234567\0");
        assert_eq!(found("not hints!", 7), None);
        assert_eq!(found(&STANDARD_NO_PAD.encode([0, 0, 0, 7]), 7), None);
        assert_eq!(found(&STANDARD_NO_PAD.encode([0, 0, 0, 7, 255, 0, 0, 0, 0, 0, 0, 0]), 7), None);
    }
}
