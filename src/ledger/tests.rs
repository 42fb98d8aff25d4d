#![allow(clippy::unwrap_used)]

use super::parse::parse_pieces;
use super::*;
use crate::calendar::Instant;
use crate::id::{Key, KeyMaker, Symbols};
use crate::movement::{EntryType, Status};
use crate::records::Splitter;

const KEYS: KeyMaker = KeyMaker::new(5);

fn parse(text: &str) -> Result<(ParsedLedger, Symbols), LedgerError> {
    let symbols = Symbols::new();
    parse_ledger(text.as_bytes(), KEYS, &symbols, None).map(|ledger| (ledger, symbols))
}

/// A ledger with the contract's header.
fn file(rows: &[&str]) -> String {
    format!("{}\n{}\n", COLUMNS.join(","), rows.join("\n"))
}

/// Each case: one row, and the form it is parsed to or the column and reason for which it is rejected.
#[test]
fn rows() {
    let cases = [
        (
            "e1,PAYMENT,r1,p1,,,o1,s1,10000,USD,SUCCESS,2026-03-01T10:00:00+08:00,,,",
            "PAYMENT 10000 USD SUCCESS `s1` 2026-03-01T02:00:00Z ``",
        ),
        (
            "e1,REFUND,r2,f1,r1,p1,o1,s1,-14,JPY,PENDING,2026-03-01T02:00:00.5Z,,UNSETTLED_FUNDS,",
            "REFUND -14 JPY PENDING `s1` 2026-03-01T02:00:00.500Z `UNSETTLED_FUNDS`",
        ),
        (
            "e1,SETTLEMENT,x1,,r1,p1,,s1,5,KWD,SUCCESS,2026-03-01T02:00:00Z,MARKETPLACE,,B",
            "SETTLEMENT 5 KWD SUCCESS `` 2026-03-01T02:00:00Z ``",
        ),
        (
            "e1,SETTLEMENT,x1,,r1,p1,,s1,5,KWD,SUCCESS,2026-03-01T02:00:00Z,SELLER,,B",
            "SETTLEMENT 5 KWD SUCCESS `s1` 2026-03-01T02:00:00Z ``",
        ),
        (
            "\"e,1\",PAYMENT,\"r\n1\",,,,,,+1,USD,FAILED,2026-03-01T02:00:00Z,,,,,",
            "PAYMENT 1 USD FAILED `` 2026-03-01T02:00:00Z ``",
        ),
        (",PAYMENT,r1,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,,,", "entry_id: empty; expected the entry's id"),
        (
            "e1,PAYMENT,r1,,,,,,1.00,USD,SUCCESS,2026-03-01T02:00:00Z,,,",
            "amount_minor: `1.00`; expected a signed integer in the currency's smallest unit, at most 18 digits",
        ),
        (
            "e1,PAYMENT,r1,,,,,,,USD,SUCCESS,2026-03-01T02:00:00Z,,,",
            "amount_minor: empty; expected a signed integer in the currency's smallest unit, at most 18 digits",
        ),
        (
            "e1,PAYMENT,r1,,,,,,1,usd,SUCCESS,2026-03-01T02:00:00Z,,,",
            "currency: `usd`; expected a currency code of ISO 4217",
        ),
        (
            "e1,PAYMENT,r1,,,,,,1,USD,DONE,2026-03-01T02:00:00Z,,,",
            "status: `DONE`; expected one of PENDING SUCCESS FAILED CANCELLED",
        ),
        (
            "e1,PAYMENT,r1,,,,,,1,USD,SUCCESS,2026-03-01,,,",
            "occurred_at: `2026-03-01`; expected an RFC 3339 instant from 1970 to 9989 such as `2026-03-01T09:30:00+08:00`",
        ),
        (
            "e1,PAYMENT,r1,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,BUYER,,",
            "settle_to: `BUYER`; expected `SELLER`, `MARKETPLACE` or nothing",
        ),
        (
            "e1,REFUND,r1,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,,BUYER,",
            "refund_from: `BUYER`; expected one of SELLER MARKETPLACE UNSETTLED_FUNDS",
        ),
        ("e1,PAYMENT,r1", ": 3 cells; expected 15, as many as the header has"),
    ];
    for (row, expected) in cases {
        let (ledger, symbols) = parse(&file(&[row])).unwrap();
        let found = match (&ledger.entries[..], &ledger.rejects[..]) {
            ([entry], []) => format!(
                "{} {} {} {} `{}` {} `{}`",
                entry.entry_type,
                entry.amount,
                entry.currency,
                entry.status,
                symbols.text(entry.party),
                entry.occurred_at.rfc3339(),
                entry.refund_from
            ),
            ([], [reject]) => format!("{}: {}", reject.column, reject.reason),
            _ => panic!("`{row}` gave {ledger:?}"),
        };
        assert_eq!(found, expected, "`{row}`");
    }
    let unknown = parse(&file(&["e1,GIFT,r1,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,,,"])).unwrap().0;
    assert!(unknown.rejects[0].reason.starts_with("`GIFT`; expected one of PAYMENT AUTHORIZATION CAPTURE"));
}

#[test]
fn keys_and_text() {
    let row = "e1,REFUND,r2,f1,r1,p1,\"o,1\",s1,-14,JPY,PENDING,2026-03-01T02:00:00Z,,SELLER,B1";
    let (ledger, _) = parse(&file(&["", row])).unwrap();
    let entry = ledger.entries[0];
    assert_eq!(entry.place.line, 3);
    assert_eq!(entry.by_request, KEYS.key(EntryType::Refund.request_space(), b"r2"));
    assert_eq!(entry.by_antom, KEYS.key(EntryType::Refund.antom_space(), b"f1"));
    let original = ledger.originals[entry.original.unwrap() as usize];
    assert_eq!(original.by_request, KEYS.key(EntryType::Payment.request_space(), b"r1"));
    assert_eq!(original.by_antom, KEYS.key(EntryType::Payment.antom_space(), b"p1"));
    let text = ledger.text(row.as_bytes());
    assert_eq!(
        (text.order_id.as_str(), text.settlement_batch_id.as_str(), text.amount_minor.as_str()),
        ("o,1", "B1", "-14")
    );
    // Both ids empty is readable: the entry can only stay unmatched.
    let (ledger, _) = parse(&file(&["e1,PAYMENT,,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,,,"])).unwrap();
    assert_eq!((ledger.entries[0].by_request, ledger.entries[0].original), (Key::NONE, None));
}

#[test]
fn headers() {
    let minimal = "occurred_at,extra,status,currency,amount_minor,entry_type,entry_id\n\
                   2026-03-01T02:00:00Z,x,SUCCESS,USD,-5,FEE,e1\n";
    let (ledger, _) = parse(minimal).unwrap();
    assert_eq!((ledger.entries[0].amount, ledger.entries[0].status), (-5, Status::Success));
    let cases = [
        ("", "the ledger is empty; expected a header with the columns `entry_id`"),
        (
            "entry_id,status\n",
            "the header lacks `entry_type`, `amount_minor`, `currency`, `occurred_at`; found `entry_id, status`",
        ),
        ("entry_id,Entry_ID\n", "the header names `entry_id` twice, in columns 1 and 2"),
        ("\"entry_id\n", "line 1: the header cannot be read: a quote opens"),
    ];
    for (text, expected) in cases {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn only_entries_in_the_window_are_kept_but_all_rejects() {
    let row = |at: &str| format!("e,PAYMENT,r,,,,,,1,USD,SUCCESS,{at},,,");
    let rows =
        ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z", "never"];
    let rows = rows.map(row);
    let text = file(&rows.each_ref().map(String::as_str));
    let window = ["2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"].map(|at| Instant::parse(at.as_bytes()).unwrap());
    let ledger = parse_ledger(text.as_bytes(), KEYS, &Symbols::new(), Some(window.into())).unwrap();
    let lines: Vec<u32> = ledger.entries.iter().map(|entry| entry.place.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(ledger.rejects[0].place.line, 6);
}

#[test]
fn threads_and_blocks_change_nothing() {
    let rows: Vec<String> = (0..2_000)
        .map(|at| match at % 3 {
            0 => {
                format!("e{at},PAYMENT,r{at},p{at},,,\"o\n{at}\",s{},{at},USD,SUCCESS,2026-03-01T02:00:00Z,,,", at % 5)
            }
            1 => format!("e{at},REFUND,r{at},f{at},r,p{at},,,-{at},JPY,SUCCESS,2026-03-01T02:00:00Z,,,"),
            _ => format!("e{at},REFUND,r{at},f{at},r,p{at},,,oops,JPY,SUCCESS,2026-03-01T02:00:00Z,,,"),
        })
        .collect();
    let text = file(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let read = |threads: usize, block_bytes: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let symbols = Symbols::new();
        let splitter = Splitter::with_block_bytes(text.as_bytes(), block_bytes);
        let ledger = pool.install(|| parse_pieces(&(), splitter, KEYS, &symbols, None)).unwrap();
        let entries: Vec<_> = (ledger.entries.iter())
            .map(|entry| {
                let original = entry.original.map(|at| ledger.originals[at as usize]);
                (entry.place, entry.by_request, entry.by_antom, entry.amount, original, symbols.text(entry.party))
            })
            .collect();
        (entries, ledger.rejects)
    };
    let expected = read(1, 1 << 20);
    assert_eq!((expected.0.len(), expected.1.len()), (1_334, 666));
    for (threads, block_bytes) in [(1, 80), (2, 1_000), (8, 80), (8, 20_000)] {
        assert!(read(threads, block_bytes) == expected, "{threads} threads, blocks of {block_bytes} differ");
    }
}

#[test]
fn an_import_names_bad_rows_and_counts_them_all() {
    let good = "e,PAYMENT,r,,,,,,1,USD,SUCCESS,2026-03-01T02:00:00Z,,,";
    let mut rows = vec![good; 1_500];
    rows.extend(vec!["e,PAYMENT,r,,,,,,x,USD,SUCCESS,2026-03-01T02:00:00Z,,,"; 1_200]);
    rows.push(good);
    let text = file(&rows);
    let mut import = Import::start(text.as_bytes()).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = import.next_batch().unwrap() {
        found.extend(batch);
    }
    assert_eq!(found.len(), 1_501);
    assert_eq!((found[0].line, found[0].amount, found[0].text.entry_id.as_str()), (2, 1, "e"));
    assert_eq!(found[0].occurred_at, Instant::parse(b"2026-03-01T02:00:00Z").unwrap());
    let bad = import.bad_rows();
    assert_eq!((bad.count, bad.first.len()), (1_200, MAX_BAD_ROWS));
    assert_eq!(
        bad.first[0].to_string(),
        "line 1502: `amount_minor`: `x`; expected a signed integer in the currency's smallest unit, at most 18 digits"
    );
}
