//! Ledgers.

use antom_recon::calendar::Instant;
use antom_recon::id::{KeyMaker, Symbols};
use antom_recon::ledger::{
    COLUMNS, EntryText, Import, ImportRow, LedgerError, MAX_BAD_ROWS, ParsedLedger, parse_ledger,
};

use crate::bytes::{below, choice};
use crate::costly::Costly;
use crate::padding::{after_header, padded};

/// Keys of all entries.
const KEYS: KeyMaker = KeyMaker::new(5);

/// Ledgers longer than this are not padded.
const MOST_PADDED_BYTES: usize = 1 << 16;

/// The bytes are a ledger as CSV. What a run takes and what an import takes is the same; entries that are written out are read as
/// themselves; a window leaves out exactly what lies outside of it; the borders of blocks change nothing.
pub fn ledger(data: &[u8], costly: Costly) {
    let (choice, symbols) = (choice(data), Symbols::new());
    let parsed = parse_ledger(data, KEYS, &symbols, None);
    let imported = import(data);
    match (&parsed, &imported) {
        (Ok(parsed), Ok((rows, bad))) => {
            same_rows(data, parsed, rows, bad);
            comes_back(parsed, rows, &symbols);
            window(data, parsed, &symbols, choice);
        }
        (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
        _ => panic!("a run: {parsed:?}, an import: {imported:?}"),
    }
    if data.len() <= MOST_PADDED_BYTES && costly.is_due(choice, 8) {
        other_blocks(data, parsed.as_ref(), &symbols, choice);
    }
}

/// Rows that an import takes, and lines and reasons of those that it does not.
type Imported = (Vec<ImportRow>, Vec<(u32, String)>);

fn import(data: &[u8]) -> Result<Imported, LedgerError> {
    let mut import = Import::start(data)?;
    let mut rows = Vec::new();
    while let Some(batch) = import.next_batch()? {
        rows.extend(batch);
    }
    let bad = import.bad_rows();
    assert_eq!(bad.first.len() as u64, bad.count.min(MAX_BAD_ROWS as u64));
    Ok((rows, bad.first.iter().map(|row| (row.line, row.column.clone())).collect()))
}

/// A run and an import take and refuse the same rows.
fn same_rows(data: &[u8], parsed: &ParsedLedger, rows: &[ImportRow], bad: &[(u32, String)]) {
    let entries = parsed.entries.iter().map(|entry| (entry.place.line, entry.amount, entry.occurred_at));
    assert!(entries.eq(rows.iter().map(|row| (row.line, row.amount, row.occurred_at))), "entries");
    let rejects = parsed.rejects.iter().map(|reject| (reject.place.line, reject.column.clone()));
    assert!(rejects.take(MAX_BAD_ROWS).eq(bad.iter().cloned()), "rows that are refused: {bad:?}");
    for place in parsed.entries.iter().map(|entry| entry.place).chain(parsed.rejects.iter().map(|reject| reject.place))
    {
        let start = usize::try_from(place.offset).expect("a place in memory");
        let breaks = data[..start].iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(place.line as usize, breaks + 1, "{place:?}");
    }
}

/// The cells of an entry, in the order of the columns.
fn cells(text: &EntryText) -> [&str; COLUMNS.len()] {
    [
        &text.entry_id,
        &text.entry_type,
        &text.request_id,
        &text.antom_id,
        &text.original_request_id,
        &text.original_antom_id,
        &text.order_id,
        &text.sub_merchant_id,
        &text.amount_minor,
        &text.currency,
        &text.status,
        &text.occurred_at,
        &text.settle_to,
        &text.refund_from,
        &text.settlement_batch_id,
    ]
}

/// Entries that are written out as CSV are read as themselves.
fn comes_back(parsed: &ParsedLedger, rows: &[ImportRow], symbols: &Symbols) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect("memory takes everything");
    for row in rows {
        writer.write_record(cells(&row.text)).expect("as many cells as columns");
    }
    let written = writer.into_inner().expect("memory takes everything");
    let again = parse_ledger(&written[..], KEYS, symbols, None).expect("a ledger that was just written");
    assert!(again.rejects.is_empty(), "{:?}", again.rejects);
    assert_eq!(again.entries.len(), parsed.entries.len());
    for (one, other) in parsed.entries.iter().zip(&again.entries) {
        let [first, second] = [(parsed, one), (&again, other)].map(|(ledger, entry)| {
            let original = entry.original.map(|at| ledger.originals[at as usize]);
            let mut bare = *entry;
            (bare.place, bare.original) = (one.place, None);
            format!("{bare:?} {original:?}")
        });
        assert_eq!(first, second, "an entry, and the same written out");
    }
}

/// A window leaves out the entries outside of it, and no reject.
fn window(data: &[u8], parsed: &ParsedLedger, symbols: &Symbols, choice: u64) {
    let mut times: Vec<Instant> = parsed.entries.iter().map(|entry| entry.occurred_at).collect();
    times.sort_unstable();
    let Some(&from) = times.get(below(choice, 24, times.len().max(1))) else { return };
    let until = times[times.len() - 1];
    let inside = parse_ledger(data, KEYS, symbols, Some((from, until))).expect("it was read before");
    let expected = parsed.entries.iter().filter(|entry| from <= entry.occurred_at && entry.occurred_at < until);
    let lines = inside.entries.iter().map(|entry| entry.place.line);
    assert!(lines.eq(expected.map(|entry| entry.place.line)), "entries from {from:?} until {until:?}");
    assert_eq!(inside.rejects.len(), parsed.rejects.len());
}

/// Reads the ledger again with the border of blocks inside of its rows.
fn other_blocks(data: &[u8], parsed: Result<&ParsedLedger, &LedgerError>, symbols: &Symbols, choice: u64) {
    let Some(at) = after_header(data) else { return };
    let (padded, count) = padded(data, at, below(choice, 16, data.len() - at + 1));
    match (parsed, parse_ledger(&padded[..], KEYS, symbols, None)) {
        (Ok(one), Ok(other)) => {
            let lines = |ledger: &ParsedLedger, by: usize| -> Vec<(usize, i64)> {
                ledger.entries.iter().map(|entry| (entry.place.line as usize - by, entry.amount)).collect()
            };
            assert_eq!(lines(one, 0), lines(&other, count));
            let reasons = |ledger: &ParsedLedger, by: usize| -> Vec<(usize, String)> {
                ledger.rejects.iter().map(|reject| (reject.place.line as usize - by, reject.reason.clone())).collect()
            };
            assert_eq!(reasons(one, 0), reasons(&other, count));
            assert_eq!(one.originals, other.originals);
        }
        // Of two things that are wrong with a ledger, the one in the earlier block is found first.
        (Err(_), Err(_)) => {}
        (one, other) => panic!("other blocks, another result: {one:?} / {other:?}"),
    }
}
