#![allow(clippy::unwrap_used)]

use super::*;
use crate::id::Key;
use crate::movement::EntryType;
use crate::report::{IdRule, Line, SignRule};

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

/// The parsed form of a line, for the tables below.
fn shown(line: &Line, symbols: &Symbols) -> String {
    let at = line.at.map_or("-".to_owned(), |at| at.rfc3339());
    format!(
        "{} {} {} net {} {} fee {} party `{}` at {at}",
        line.entry_type.map_or("?", EntryType::as_str),
        line.amount,
        line.currency,
        line.net,
        line.settlement_currency.map_or("-".to_owned(), |currency| currency.to_string()),
        line.fee,
        symbols.text(line.party),
    )
}

/// Each case: one line, and the form it is parsed to or the column and reason for which it is rejected.
fn check_lines(kind: ReportKind, header: &str, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let (report, symbols) = parse(kind, &ReportOptions::default(), &file(header, &[line])).unwrap();
        let found = match (&report.lines[..], &report.rejects[..]) {
            ([line], []) => shown(line, &symbols),
            ([], [reject]) => format!("reject {}: {}", reject.column, reject.reason),
            _ => panic!("`{line}` gave {report:?}"),
        };
        assert_eq!(&found, expected, "`{line}`");
    }
}

#[test]
fn settlement_lines() {
    check_lines(
        ReportKind::SettlementDetails,
        SETTLEMENT,
        &[
            (
                "B,M,s1,p1,,r1,o1,PAYMENT,2026-03-01T10:00:00+08:00,100.00,USD,97.50,USD,-2.50,USD,-1,USD,,",
                "PAYMENT 10000 USD net 9750 USD fee -250 party `s1` at 2026-03-01T02:00:00Z",
            ),
            (
                "B,M,None,f1,p1,r2,null,REFUND,2026-03-01 10:00:00-07:00,-1450,JPY,-9.70,USD,,,0.30,,USD/JPY,145.5",
                "REFUND -1450 JPY net -970 USD fee 30 party `` at 2026-03-01T17:00:00Z",
            ),
            (
                "B,M,\"s,1\",p1,,\"r\"\"1\",,PAYMENT,,1.234,KWD,1.2,KWD,,,,,,",
                "PAYMENT 1234 KWD net 1200 KWD fee 0 party `s,1` at -",
            ),
            ("B,M,,x1,,,,SETTLEMENT_FEE,,,,-5.00,USD,,,,,,", "FEE -500 USD net -500 USD fee 0 party `` at -"),
            ("B,M,,x1,,,,DEFAULT,,,,,HKD,-5,HKD,,,,", "ADJUSTMENT 0 HKD net 0 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,COMMISSION,,,,-5,USD,,,,,,", "? -500 USD net -500 USD fee 0 party `` at -"),
            ("B,M,,x1,,,,COMMISSION,,-7,EUR,-5,USD,,,,,,", "? -700 EUR net -500 USD fee 0 party `` at -"),
            // An aggregate is never added to its parts; a fee in another currency cannot be added at all.
            ("B,M,,p1,,r1,,CAPTURE,,1,USD,1,USD,,,-2,EUR,,", "CAPTURE 100 USD net 100 USD fee 0 party `` at -"),
            ("B,M,,p1,,r1,,PAYMENT,,,,1,USD,,,,,,", "reject transactionAmountValue: empty; expected an amount"),
            ("B,M,,p1,,r1,,PAYMENT,,1,USD,,USD,,,,,,", "reject settlementAmountValue: empty; expected an amount"),
            (
                "B,M,,p1,,r1,,PAYMENT,,1,,1,USD,,,,,,",
                "reject transactionCurrency: empty; expected the currency of the amount beside it",
            ),
            ("B,M,,p1,,r1,,,,1,USD,1,USD,,,,,,", "reject transactionType: empty; expected the type of the line"),
            (
                "B,M,,p1,,r1,,PAYMENT,,1.005,USD,1,USD,,,,,,",
                "reject transactionAmountValue: `1.005`: too many decimals: the currency has 2",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,,1.5,JPY,1,USD,,,,,,",
                "reject transactionAmountValue: `1.5`: too many decimals: the currency has 0",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,abc,,,",
                "reject interchangeFeeAmountValue: `abc`: not an amount: expected an optional sign, digits and at most one decimal \
             point",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,,1,USX,1,USD,,,,,,",
                "reject transactionCurrency: `USX`: no currency that is known; expected a code of ISO 4217",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,2026-03-01T10:00:00,1,USD,1,USD,,,,,,",
                "reject paymentTime: `2026-03-01T10:00:00`: no time; expected `YYYY-MM-DDTHH:MM:SS±hh:mm`, with its offset from UTC",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,,,,1e3",
                "reject quotePrice: `1e3`: no rate; expected digits and at most one decimal point between them",
            ),
            (
                "B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,,,USDJPY,",
                "reject quoteCurrencyPair: `USDJPY`: no pair of currencies; expected one such as `USD/SGD`",
            ),
            ("B,M,,p1,,r1,,PAYMENT,,1,USD,1", "reject : 12 cells; expected 19, as many as the header has"),
            ("B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,,,,,x", "reject : 20 cells; expected 19, as many as the header has"),
            ("B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,,,,,,", "PAYMENT 100 USD net 100 USD fee 0 party `` at -"),
        ],
    );
}

#[test]
fn a_reject_keeps_what_could_be_read() {
    let text = file(SETTLEMENT, &["B,M,s1,f1,p1,r1,o1,REFUND,,-1.005,USD,1,USD,,,,,,"]);
    let (report, _) = parse(ReportKind::SettlementDetails, &ReportOptions::default(), &text).unwrap();
    let reject = &report.rejects[0];
    assert_eq!(reject.raw, "B,M,s1,f1,p1,r1,o1,REFUND,,-1.005,USD,1,USD,,,,,,");
    assert_eq!((reject.place.line, reject.place.offset), (2, SETTLEMENT.len() as u64 + 1));
    assert_eq!(reject.entry_type, Some(EntryType::Refund));
    assert_eq!(reject.by_request, KEYS.key(EntryType::Refund.request_space(), b"r1"));
    assert_eq!(reject.by_antom, KEYS.key(EntryType::Refund.antom_space(), b"f1"));
    assert_eq!(reject.text.original_antom_id, "p1");
    assert!(report.totals.is_empty());
}

/// Keys of a line in a readable form: its own request id and Antom id, then the original's.
fn keys_of(report: &ParsedReport) -> String {
    let line = &report.lines[0];
    let known = line.entry_type.unwrap();
    let original = line.original.map(|at| report.originals[at as usize]).unwrap_or_default();
    let name = |key: Key, space: u8| {
        let ids = ["id", "req", "oid", "oreq"];
        ids.into_iter().find(|id| KEYS.key(space, id.as_bytes()) == key).unwrap_or("-")
    };
    let payment = EntryType::Payment;
    [
        name(line.by_request, known.request_space()),
        name(line.by_antom, known.antom_space()),
        name(original.by_request, payment.request_space()),
        name(original.by_antom, payment.antom_space()),
    ]
    .join(" ")
}

#[test]
fn ids_follow_the_rule_of_the_file() {
    let with_both = format!("{TRANSACTIONS},originalTransactionRequestId");
    // Type, ids; then request id, Antom id, original's request id, original's Antom id.
    let old = [
        ("M,,id,,req,,PAYMENT,,1,USD,", "req id - -"),
        ("M,,id,oid,req,,REFUND,,-1,USD,oreq", "req id oreq oid"),
        ("M,,id,oid,,,DISPUTE,,-1,USD,", "- id - oid"),
        ("M,,id,oid,-,,DISPUTE,,-1,USD,", "- id - oid"),
        ("M,,id,oid,req,,CAPTURE,,1,USD,", "req id - oid"),
        ("M,,id,oid,oreq,,CAPTURE,,1,USD,oreq", "- id oreq oid"),
        ("M,,id,oid,oreq,,VOID,,-1,USD,oreq", "- id oreq oid"),
        ("M,,id,,req,,CANCEL,,-1,USD,", "req id req id"),
        ("M,,id,oid,req,,PAYMENT_REVERSAL,,-1,USD,", "req id req oid"),
        ("M,,id,,,,SETTLEMENT_FEE,,-1,USD,", "- id - -"),
    ];
    for (line, expected) in old {
        let (report, _) =
            parse(ReportKind::TransactionDetails, &ReportOptions::default(), &file(&with_both, &[line])).unwrap();
        assert_eq!(keys_of(&report), expected, "`{line}`");
    }
    let new = [
        ("C,,id,,req,,PAYMENT,SUCCESS,,1,USD", "req id - -"),
        ("C,,id,oreq,req,,REFUND,SUCCESS,,-1,USD", "req - oreq id"),
        ("C,,id,oreq,req,,CANCEL,SUCCESS,,-1,USD", "req id oreq id"),
        ("C,,id,oreq,,,DISPUTE,SUCCESS,,-1,USD", "- - oreq id"),
        ("C,,id,,,,SETTLEMENT_FEE,SUCCESS,,-1,USD", "- id - -"),
    ];
    for (line, expected) in new {
        let (report, _) =
            parse(ReportKind::TransactionDetails, &ReportOptions::default(), &file(NEW_IDS, &[line])).unwrap();
        assert_eq!(keys_of(&report), expected, "`{line}`");
    }
    let forced = ReportOptions { id_rule: IdRule::Old, ..ReportOptions::default() };
    let (report, _) = parse(ReportKind::TransactionDetails, &forced, &file(NEW_IDS, &[new[1].0])).unwrap();
    assert_eq!(keys_of(&report), "req id oreq -");
    let text = report.layout.text(new[1].0.as_bytes());
    assert_eq!(
        (text.antom_id.as_str(), text.original_request_id.as_str(), text.raw_status.as_str()),
        ("id", "oreq", "SUCCESS")
    );
}

#[test]
fn signs_follow_the_rule_of_the_file() {
    let payment = "M,,p1,,r1,,PAYMENT,,10,USD";
    let (positive, negative) = ("M,,f1,p1,r2,,REFUND,,3,USD", "M,,f2,p1,r3,,REFUND,,-4,USD");
    let cases = [
        (SignRule::Auto, vec![payment, positive], "1000 -300", "their sign is taken from the type"),
        (SignRule::Auto, vec![payment, negative], "1000 -400", ""),
        (SignRule::Auto, vec![payment, positive, negative], "1000 300 -400", "taken as written"),
        (SignRule::Signed, vec![payment, positive], "1000 300", ""),
        (SignRule::ByType, vec![payment, positive, negative], "1000 -300 -400", "their sign is taken from the type"),
    ];
    for (sign_rule, lines, expected, remark) in cases {
        let options = ReportOptions { sign_rule, ..ReportOptions::default() };
        let (report, _) = parse(ReportKind::TransactionDetails, &options, &file(TRANSACTIONS, &lines)).unwrap();
        let found: Vec<String> = report.lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(found.join(" "), expected, "{sign_rule:?} {lines:?}");
        assert_eq!(report.remarks.is_empty(), remark.is_empty(), "{:?}", report.remarks);
        assert!(report.remarks.iter().all(|said| said.contains(remark)), "{:?}", report.remarks);
        let sum: i128 = report.totals.values().map(|tally| tally.sum()).sum();
        assert_eq!(sum, report.lines.iter().map(|line| i128::from(line.amount)).sum::<i128>());
    }
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
        let report =
            pool.install(|| parse_pieces(splitter, 3, kind, &ReportOptions::default(), KEYS, &symbols)).unwrap();
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
