#![allow(clippy::unwrap_used)]

mod details;
mod detection;
mod examine;
mod statements;

use super::*;
use crate::movement::EntryType;

const KEYS: KeyMaker = KeyMaker::new(11);

const SETTLEMENT: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                          transactionRequestId,referenceTransactionId,transactionType,paymentTime,transactionAmountValue,\
                          transactionCurrency,settlementAmountValue,settlementCurrency,feeAmountValue,feeCurrency,\
                          interchangeFeeAmountValue,interchangeFeeCurrency,quoteCurrencyPair,quotePrice";

const TRANSACTIONS: &str = "merchantId,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                            referenceTransactionId,transactionType,paymentTime,transactionAmountValue,transactionCurrency";

const NEW_IDS: &str = "customerId,referenceMerchantId,transactionId,originalTransactionRequestId,transactionRequestId,\
                       referenceTransactionId,transactionType,status,transactionCompletionTime,transactionAmountValue,\
                       transactionCurrency";

fn parse(kind: ReportKind, options: &ReportOptions, text: &str) -> Result<(ParsedReport, Symbols), ReportError> {
    let symbols = Symbols::new();
    parse_report(text.as_bytes(), 0, kind, options, KEYS, &symbols).map(|report| (report, symbols))
}

fn file(header: &str, lines: &[&str]) -> String {
    format!("{header}\n{}\n<END>\n", lines.join("\n"))
}

/// Each case: a file, and what it is refused for (or how many lines it gives).
#[test]
fn files_that_are_refused() {
    let line = "M,,p1,,r1,,PAYMENT,,1,USD";
    let header = TRANSACTIONS;
    let cases = [
        (String::new(), "the file is empty; expected a header, lines and `<END>`"),
        ("\n\n".to_owned(), "the file is empty; expected a header, lines and `<END>`"),
        ("<END>\n".to_owned(), "line 1: `<END>` where the header was expected"),
        (format!("{header}\n"), "the last line, 1, is not `<END>`; the file is incomplete, fetch it again"),
        (format!("{header}\n{line}\n"), "the last line, 2, is not `<END>`; the file is incomplete, fetch it again"),
        (
            format!("{header}\n{line}\n\nM,,p1,,r1,"),
            "the last line, 4, is not `<END>`; the file is incomplete, fetch it again",
        ),
        (format!("{header}\n{line}\n<END>\n\n{line}\n"), "line 5 follows `<END>` in line 3; expected nothing after it"),
        (format!("{header}\n<END>\n<END>\n"), "line 3 follows `<END>` in line 2; expected nothing after it"),
        (format!("{header},merchantid\n<END>\n"), "the header names `merchantId` twice, in columns 1 and 11"),
        (
            format!(
                "{}\n<END>\n",
                header.replace("transactionAmountValue", "transactionAmountVal").replace("merchantId,r", "r")
            ),
            "the header lacks `merchantId`, `transactionAmountValue` (nearest is `transactionAmountVal`)",
        ),
        (format!("{header}\n<END>\n"), "0 lines"),
        (format!("{header}\r\n{line}\r\n\r\n<END>\r\n\r\n"), "1 lines"),
        (format!("\u{feff}{header}\n{line}\n\"<END>\",,,\n"), "1 lines"),
        (format!("{header},\n{line},\n<END>,,,,,,,,,,\n"), "1 lines"),
    ];
    for (text, expected) in cases {
        let found = match parse(ReportKind::TransactionDetails, &ReportOptions::default(), &text) {
            Ok((report, _)) => format!("{} lines", report.lines.len()),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named() {
    let good = file(TRANSACTIONS, &["M,,p1,,r1,,PAYMENT,,1,USD", "M,,p2,,r2,,PAYMENT,,1,USD"]).into_bytes();
    let at = TRANSACTIONS.len() + 1 + 26 + 3;
    for (byte, position) in [(0xff, at), (0xc3, 3), (0x80, good.len() - 2)] {
        let mut bad = good.clone();
        bad[position] = byte;
        let line = 1 + good[..position].iter().filter(|&&byte| byte == b'\n').count();
        let symbols = Symbols::new();
        let kind = ReportKind::TransactionDetails;
        let error = parse_report(&bad[..], 0, kind, &ReportOptions::default(), KEYS, &symbols).unwrap_err();
        let expected =
            format!("not UTF-8: byte `0x{byte:02X}` at offset {position}, line {line}; expected a file in UTF-8");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn columns_are_found_under_all_their_names() {
    let renamed = "CUSTOMERID, referenceMerchantId ,txn,originalTransactionId,transactionRequestId,\
                   referenceTransactionId,transactionType,paymentTime,transactionAmountValue,transactionCurrency,odd";
    let options = ReportOptions {
        column_aliases: [("txn".to_owned(), "transactionId".to_owned())].into(),
        ..ReportOptions::default()
    };
    let text = file(renamed, &["M,s1,p1,,r1,,PAYMENT,,1,USD,x"]);
    let (report, symbols) = parse(ReportKind::TransactionDetails, &options, &text).unwrap();
    assert_eq!(report.lines[0].by_antom, KEYS.key(EntryType::Payment.antom_space(), b"p1"));
    assert_eq!(
        (symbols.text(report.lines[0].party), symbols.text(report.lines[0].merchant)),
        ("s1".into(), "M".into())
    );
    assert_eq!(report.unknown_columns, ["odd"]);
    let wrong = ReportOptions {
        column_aliases: [("txn".to_owned(), "transactionNumber".to_owned())].into(),
        ..ReportOptions::default()
    };
    let error = parse(ReportKind::TransactionDetails, &wrong, &text).unwrap_err();
    assert!(error.to_string().contains("`transactionNumber`"), "{error}");
    let fewer = ReportOptions { required: Some(vec!["transactionType".to_owned()]), ..ReportOptions::default() };
    let text = file("transactionType,transactionAmountValue,transactionCurrency", &["PAYMENT,1,USD"]);
    assert_eq!(parse(ReportKind::TransactionDetails, &fewer, &text).unwrap().0.lines.len(), 1);
    let both = format!("customerId,{TRANSACTIONS}");
    let (report, symbols) = parse(
        ReportKind::TransactionDetails,
        &ReportOptions::default(),
        &file(&both, &["C,M,,p1,,r1,,PAYMENT,,1,USD"]),
    )
    .unwrap();
    assert_eq!(symbols.text(report.lines[0].merchant), "M");
    assert_eq!(report.remarks, ["`merchantId` and `customerId` mean the same; `merchantId` is read"]);
}

#[test]
fn a_unit_that_looks_wrong_is_remarked_and_the_other_is_read() {
    let lines = vec!["M,,p1,,r1,,PAYMENT,,1450,USD"; 10];
    let text = file(TRANSACTIONS, &lines);
    let (report, _) = parse(ReportKind::TransactionDetails, &ReportOptions::default(), &text).unwrap();
    assert!(report.remarks[0].contains("none of 10 amounts"), "{:?}", report.remarks);
    let minor = ReportOptions { amount_unit: crate::money::AmountUnit::Minor, ..ReportOptions::default() };
    let (report, _) = parse(ReportKind::TransactionDetails, &minor, &text).unwrap();
    assert_eq!((report.lines[0].amount, report.remarks.len()), (1450, 0));
    let (report, _) = parse(ReportKind::TransactionDetails, &minor, &text.replace("1450", "14.50")).unwrap();
    assert_eq!(report.rejects.len(), 10);
}

/// The result does not depend on the number of threads or on where the borders of blocks fall.
#[test]
fn threads_and_blocks_change_nothing() {
    let mut lines = Vec::new();
    for at in 0..3_000 {
        let party = at % 7;
        lines.push(match at % 5 {
            0 => format!(
                "B,M,s{party},p{at},,r{at},o{at},PAYMENT,2026-03-01T10:00:00+08:00,{at}.25,USD,1,USD,-0.25,USD,,,,"
            ),
            1 => format!("B,M,\"s,{party}\",f{at},p{at},r{at},\"o\n{at}\",REFUND,,-{at},JPY,-1,USD,,,,,,"),
            2 => format!("B,M,,x{at},,,,SETTLEMENT_FEE,,,,-{at}.5,USD,,,,,,"),
            3 => format!("B,M,s{party},p{at},,r{at},,PAYMENT,,oops,USD,1,USD,,,,,,"),
            _ => format!("B,M,é{party},\"open,,{at},,r{at},,PAYMENT"),
        });
        if at % 5 == 4 && at > 300 {
            lines.pop();
        }
    }
    let text = file(SETTLEMENT, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let read = |threads: usize, block_bytes: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let symbols = Symbols::new();
        let splitter = Splitter::with_block_bytes(text.as_bytes(), block_bytes);
        let kind = ReportKind::SettlementDetails;
        let options = ReportOptions::default();
        let source = Source { file: 3, kind, options: &options, keys: KEYS, symbols: &symbols };
        let report = pool.install(|| details(splitter, &source, |_| (), &())).unwrap().report;
        let lines: Vec<_> = (report.lines.iter())
            .map(|line| {
                let texts = [line.party, line.merchant, line.batch, line.raw_type].map(|symbol| symbols.text(symbol));
                let keys = (line.by_request, line.by_antom, line.original.map(|at| report.originals[at as usize]));
                (line.place, keys, line.amount, line.net, line.fee, line.at, line.currency, texts)
            })
            .collect();
        (lines, report.rejects, report.totals, report.remarks)
    };
    let expected = read(1, 1 << 20);
    assert!(
        expected.0.len() > 1_700 && expected.1.len() > 600,
        "{} lines, {} rejects",
        expected.0.len(),
        expected.1.len()
    );
    let bytes = text.as_bytes();
    for (line, ..) in &expected.0 {
        let start = usize::try_from(line.offset).unwrap();
        assert!(bytes[start..].starts_with(b"B,M,"), "offset {start}");
    }
    for threads in [1, 2, 8] {
        for block_bytes in [97, 1_000, 40_000] {
            assert!(read(threads, block_bytes) == expected, "{threads} threads, blocks of {block_bytes} differ");
        }
    }
}

#[test]
fn the_text_of_a_line_is_read_again_from_its_place() {
    let text = file(SETTLEMENT, &["B,M,\"s,1\",f1,p1,r1,\"o\n1\",REFUND,,-1,USD,-1,USD,,,,,,"]);
    let (report, _) = parse(ReportKind::SettlementDetails, &ReportOptions::default(), &text).unwrap();
    let place = report.lines[0].place;
    let start = usize::try_from(place.offset).unwrap();
    let again = report.layout.text(&text.as_bytes()[start..start + place.length as usize]);
    assert_eq!((again.sub_merchant_id.as_str(), again.order_id.as_str()), ("s,1", "o\n1"));
    assert_eq!(
        (again.request_id.as_str(), again.antom_id.as_str(), again.original_antom_id.as_str()),
        ("r1", "f1", "p1")
    );
    assert_eq!((again.merchant_id.as_str(), again.batch_id.as_str(), again.raw_type.as_str()), ("M", "B", "REFUND"));
}
