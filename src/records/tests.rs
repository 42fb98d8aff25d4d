#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::io::Read;

use proptest::prelude::*;

use super::*;

/// A reader that gives its bytes in small pieces.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.len().min(self.1).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// All records as cells, or the cause for which a line is broken; each with its line, offset and raw bytes.
type Found = Vec<(u32, u64, Result<Vec<Vec<u8>>, BreakCause>, Vec<u8>)>;

fn read_all(bytes: &[u8], block_bytes: usize, trickle: usize) -> Found {
    let mut splitter = Splitter::with_block_bytes(Trickle(bytes, trickle), block_bytes);
    let mut cells = Cells::default();
    let mut found = Vec::new();
    while let Some(piece) = splitter.next_piece().unwrap() {
        match &piece {
            Piece::Broken(broken) => {
                found.push((broken.line, broken.offset, Err(broken.cause), broken.raw.clone()));
            }
            Piece::Records(block) => {
                let mut rows = block.rows();
                while let Some((record, row)) = rows.next_row() {
                    assert!(row.iter().eq(cells.cut(record.bytes).iter()), "a record has the same cells alone");
                    let row = row.iter().map(<[u8]>::to_vec).collect();
                    found.push((record.line, record.offset, Ok(row), record.bytes.to_vec()));
                }
            }
        }
        splitter.recycle(piece);
    }
    found
}

/// Cells of every length around those of a chunk, and chunks with no comma and with nothing else.
#[test]
fn cells_end_where_they_do_wherever_chunks_end() {
    for (cells, length) in (0..150).flat_map(|cells| [0, 1, 7, 8, 63, 64, 65].map(|length| (cells, length))) {
        let line = vec!["x".repeat(length); cells + 1].join(",");
        let file = format!("a\n{line}\r\n{line}\nb");
        let found = read_all(file.as_bytes(), BLOCK_BYTES, BLOCK_BYTES);
        let rows: Vec<Vec<Vec<u8>>> = found.into_iter().map(|(_, _, row, _)| row.unwrap()).collect();
        let long = vec![vec![b'x'; length]; cells + 1];
        assert_eq!(rows, [vec![b"a".to_vec()], long.clone(), long, vec![b"b".to_vec()]], "{cells} of {length}");
    }
}

/// Each case: the file, and its records as `line:cell|cell`, or `line!cause`.
#[test]
fn records_and_cells() {
    let cases: &[(&str, &str)] = &[
        ("a,b\nc,d\n", "1:a|b 2:c|d"),
        ("a,b\r\nc,d\r\n", "1:a|b 2:c|d"),
        ("a,b\nc,d", "1:a|b 2:c|d"),
        ("a,b\r\nc,d\r", "1:a|b 2:c|d"),
        ("\u{feff}a,b\nc,\n", "1:a|b 2:c|"),
        ("a\rb,c\n", "1:a\rb|c"),
        ("\"a,1\",b\nc\n", "1:a,1|b 2:c"),
        ("\"a\"\"b\",\"\"\nc\n", "1:a\"b| 2:c"),
        ("\"a\r\nb\",c\nd\n", "1:a\r\nb|c 3:d"),
        ("\"a\n\n\nb\"\r\nc\n", "1:a\n\n\nb 5:c"),
        ("a\"b\",c\nd\n", "1:a\"b\"|c 2:d"),
        ("a,\"b\"", "1:a|b"),
        ("a,\"b\"\r", "1:a|b"),
        ("a\n\"b\nc,d\n", "1:a 2!OpenQuote 3:c|d"),
        ("a\n\"b\"x,y\n\"c\"\n", "1:a 2!TextAfterQuote 3:c"),
        ("\"b\nc\"x\nd\n", "1!OpenQuote 2:c\"x 3:d"),
        ("", ""),
        ("\n\na\n", "1: 2: 3:a"),
    ];
    for (file, expected) in cases {
        for block_bytes in [1, 2, 3, 7, BLOCK_BYTES] {
            let found = read_all(file.as_bytes(), block_bytes, 2);
            let shown: Vec<String> = (found.iter())
                .map(|(line, _, row, _)| match row {
                    Ok(row) => format!("{line}:{}", String::from_utf8(row.join(&b'|')).unwrap()),
                    Err(cause) => format!("{line}!{cause:?}"),
                })
                .collect();
            // A quote that opens in line 1 and closes wrongly in line 2 is known as such in one piece only.
            let expected = expected.replace("1!OpenQuote", "1!TextAfterQuote");
            assert_eq!(shown.join(" "), expected, "{file:?} in blocks of {block_bytes}");
            for (_, offset, _, raw) in &found {
                let at = usize::try_from(*offset).unwrap();
                assert!(file.as_bytes()[at..].starts_with(raw), "{file:?} at {offset}");
            }
        }
    }
}

#[test]
fn a_line_without_an_end_is_dropped_while_it_is_read() {
    // 64 MiB without a line end, then one more line.
    let endless = std::io::repeat(b'x').take(64 << 20).chain(&b"\nlast,line\n"[..]);
    let mut splitter = Splitter::new(endless);
    let Some(Piece::Broken(broken)) = splitter.next_piece().unwrap() else { panic!("expected a broken line") };
    assert_eq!((broken.line, broken.offset, broken.length), (1, 0, 64 << 20));
    assert_eq!((broken.cause, broken.raw.len()), (BreakCause::TooLong, MAX_RAW_BYTES));
    let Some(Piece::Records(block)) = splitter.next_piece().unwrap() else { panic!("expected records") };
    let record = block.records().next().unwrap();
    assert_eq!((record.bytes, record.line, record.offset), (&b"last,line"[..], 2, (64 << 20) + 1));
    // A vector that grows doubles.
    let most = 2 * (MAX_RECORD_BYTES + BLOCK_BYTES);
    assert!(block.bytes.capacity() <= most, "{} bytes are held", block.bytes.capacity());
}

#[test]
fn a_quote_that_never_closes_costs_its_own_line_only() {
    let mut file = b"a,\"open\n".to_vec();
    for _ in 0..200_000 {
        file.extend_from_slice(b"1,2,3,4\n");
    }
    let found = read_all(&file, BLOCK_BYTES, usize::MAX);
    assert_eq!(found.len(), 200_001);
    assert_eq!((found[0].0, &found[0].2), (1, &Err(BreakCause::OpenQuote)));
    assert_eq!(found[200_000].0, 200_001);
}

#[test]
fn broken_records_are_bounded() {
    let file = "x\"y\",\"z\"w\n".repeat(2_000);
    let mut splitter = Splitter::new(file.as_bytes());
    let error = loop {
        match splitter.next_piece() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the file was read to its end"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SplitError::TooManyBroken { line: 1_001 }), "{error}");
}

/// A cell as it stands in a file, quoted where it must be or sometimes where it need not.
fn cell() -> impl Strategy<Value = String> {
    let quoted = "[a-c,\"\n\r é]{0,6}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\"")));
    let plain = "([a-cé ][a-c\"é ]{0,4})?";
    prop_oneof![2 => quoted, 3 => plain]
}

/// A file of records with at least two cells (the other reader skips empty lines), in either line end.
fn any_file() -> impl Strategy<Value = (String, usize)> {
    let record = prop::collection::vec(cell(), 2..5).prop_map(|cells| cells.join(","));
    let records = prop::collection::vec(record, 0..12);
    (records, prop::bool::ANY, prop::bool::ANY, 1_usize..40).prop_map(|(records, crlf, last_end, block_bytes)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut file = records.join(end);
        if last_end && !file.is_empty() {
            file.push_str(end);
        }
        (file, block_bytes)
    })
}

/// Any well-formed file gives the same cells as the `csv` crate, at the same places, wherever the borders of blocks fall.
#[test]
fn agrees_with_another_reader() {
    let (with_quoted_breaks, with_doubled_quotes) = (Cell::new(0), Cell::new(0));
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 1_000, ..ProptestConfig::default() });
    runner
        .run(&any_file(), |(file, block_bytes)| {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.as_bytes());
            let mut expected = Vec::new();
            for record in reader.byte_records() {
                let record = record.unwrap();
                let place = record.position().unwrap();
                let row: Vec<Vec<u8>> = record.iter().map(<[u8]>::to_vec).collect();
                with_quoted_breaks
                    .set(with_quoted_breaks.get() + usize::from(row.iter().any(|cell| cell.contains(&b'\n'))));
                expected.push((u32::try_from(place.line()).unwrap(), row));
            }
            with_doubled_quotes.set(with_doubled_quotes.get() + usize::from(file.contains("\"\"\"")));
            let found = read_all(file.as_bytes(), block_bytes, 5);
            let rows: Vec<(u32, Vec<Vec<u8>>)> =
                (found.iter()).map(|(line, _, row, _)| (*line, row.clone().unwrap())).collect();
            prop_assert_eq!(
                &rows.iter().map(|row| &row.1).collect::<Vec<_>>(),
                &expected.iter().map(|row| &row.1).collect::<Vec<_>>()
            );
            for (line, offset, _, raw) in &found {
                let at = usize::try_from(*offset).unwrap();
                prop_assert!(file.as_bytes()[at..].starts_with(raw));
                let before = file.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
                prop_assert_eq!(usize::try_from(*line).unwrap(), before + 1);
            }
            Ok(())
        })
        .unwrap();
    assert!(with_quoted_breaks.get() > 500, "only {} records with quoted line breaks", with_quoted_breaks.get());
    assert!(with_doubled_quotes.get() > 200, "only {} files with doubled quotes", with_doubled_quotes.get());
}

/// Whatever the bytes, every physical line is in exactly one record or broken line, and nothing depends on the blocks.
#[test]
fn no_byte_is_lost() {
    let broken = Cell::new(0);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 1_000, ..ProptestConfig::default() });
    runner
        .run(&("[a,\"\n\r]{0,40}", 1_usize..20), |(file, block_bytes)| {
            let whole = read_all(file.as_bytes(), BLOCK_BYTES, usize::MAX);
            prop_assert_eq!(&whole, &read_all(file.as_bytes(), block_bytes, 3));
            broken.set(broken.get() + whole.iter().filter(|(_, _, row, _)| row.is_err()).count());
            let mut at = 0;
            for (_, offset, _, raw) in &whole {
                prop_assert_eq!(*offset, at);
                let end = usize::try_from(at).unwrap() + raw.len();
                let rest = &file.as_bytes()[end..];
                let line_end = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|end| rest.starts_with(end));
                at = (end + line_end.map_or(0, <[u8]>::len)) as u64;
            }
            prop_assert_eq!(at, file.len() as u64);
            Ok(())
        })
        .unwrap();
    assert!(broken.get() > 500, "only {} broken lines", broken.get());
}
