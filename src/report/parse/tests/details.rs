//! Lines of transaction details and settlement details.

use super::*;
use crate::id::Key;
use crate::report::{IdRule, Line, SignRule};

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
                "reject paymentTime: `2026-03-01T10:00:00`: no time; expected `YYYY-MM-DDTHH:MM:SS±hh:mm`, from 1970 to 9989, with its offset from UTC",
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
            ("B,M,,p1,,r1,,PAYMENT,,1,USD,1,USD,,,,,,,,", "reject : 21 cells; expected 19, as many as the header has"),
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

/// A correction without a settlement amount moves its aggregate fee.
#[test]
fn corrections() {
    check_lines(
        ReportKind::SettlementDetails,
        SETTLEMENT,
        &[
            ("B,M,,x1,,,,DEFAULT,,,,,HKD,-5,HKD,,,,", "ADJUSTMENT -500 HKD net -500 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,default,,,,None,,-5,HKD,,,,", "ADJUSTMENT -500 HKD net -500 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,DEFAULT,,,,0,HKD,-5,HKD,,,,", "ADJUSTMENT 0 HKD net 0 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,DEFAULT,,,,-2,HKD,-5,HKD,,,,", "ADJUSTMENT -200 HKD net -200 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,DEFAULT,,3,HKD,,HKD,-5,HKD,,,,", "ADJUSTMENT 300 HKD net -500 HKD fee -500 party `` at -"),
            ("B,M,,x1,,,,DEFAULT,,,,,HKD,,,-1,HKD,,", "ADJUSTMENT 0 HKD net 0 HKD fee -100 party `` at -"),
            ("B,M,,x1,,,,ADJUSTMENT_FEE,,,,,HKD,-5,HKD,,,,", "ADJUSTMENT 0 HKD net 0 HKD fee -500 party `` at -"),
            (
                "B,M,,x1,,,,DEFAULT,,,,,HKD,-5,SGD,,,,",
                "reject feeCurrency: `SGD`: a correction without a settlement amount moves its fee; expected it in `HKD`",
            ),
            ("B,M,,x1,,,,DEFAULT,,,,,,,,,,,", "reject settlementCurrency: empty; expected a currency"),
        ],
    );
}
