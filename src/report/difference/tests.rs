//! Contents as tables of lines, and what became of each line in words.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::records::{MAX_RAW_BYTES, MAX_RECORD_BYTES};

const DETAILS: &str = "merchantId,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                       referenceTransactionId,transactionType,transactionAmountValue,transactionCurrency";

fn keys() -> KeyMaker {
    KeyMaker::new(7)
}

/// All that differs.
#[derive(Debug)]
struct Found {
    headers: Difference,
    counts: Counts,
    lines: Vec<LineChange>,
}

impl std::ops::Deref for Found {
    type Target = Difference;

    fn deref(&self) -> &Difference {
        &self.headers
    }
}

fn difference(kind: ReportKind, older: &str, newer: &str) -> Result<Found, Incomparable> {
    let contents = Contents::open(older.as_bytes(), newer.as_bytes(), kind, &ReportOptions::default(), keys())?;
    let mut partitions = vec![(Vec::new(), Vec::new()); PARTITIONS];
    let headers = contents.read(|age, mark| {
        let mut bytes = Vec::new();
        mark.put(&mut bytes);
        assert_eq!((bytes.len(), LineMark::take(&bytes)), (LineMark::BYTES, Some(mark)));
        assert_eq!(LineMark::take(&bytes[1..]), None);
        let (before, after) = &mut partitions[mark.partition()];
        if age == Age::Older {
            before.push(mark)
        } else {
            after.push(mark)
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let headers = headers.map_err(|stopped| match stopped {
        Stopped::Incomparable(why) => why,
        Stopped::Taking(never) => match never {},
    })?;
    let (mut counts, mut lines) = (Counts::default(), Vec::new());
    for (before, after) in partitions {
        let (some, changes) = pair(before, after);
        counts = counts.with(some);
        lines.extend(changes);
    }
    lines.sort_unstable_by_key(LineChange::place);
    Ok(Found { headers, counts, lines })
}

/// What became of the lines, a word each: `-2` was removed, `+3` added, `4>5 column old>new` changed.
fn told(kind: ReportKind, older: &str, newer: &str) -> String {
    let found = difference(kind, older, newer).unwrap();
    let raw = |text: &str, span: Span| {
        let start = usize::try_from(span.offset).unwrap();
        text.as_bytes()[start..start + span.length as usize].to_vec()
    };
    let tell = |change: &LineChange| match *change {
        LineChange::Removed(span) => format!("-{}", span.line),
        LineChange::Added(span) => format!("+{}", span.line),
        LineChange::Changed(old, new) => {
            let cells = found.cells(&raw(older, old), &raw(newer, new));
            let cells = cells.iter().map(|cell| format!("{} {}>{}", cell.column, cell.old, cell.new));
            format!("{}>{} {}", old.line, new.line, cells.collect::<Vec<_>>().join(", "))
        }
    };
    found.lines.iter().map(tell).collect::<Vec<_>>().join("; ")
}

fn details(lines: &[&str]) -> String {
    let mut text = format!("{DETAILS}\n");
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text + "<END>\n"
}

/// Cases of transaction details.
fn check(older: &[&str], newer: &[&str], expected: &str) {
    assert_eq!(told(ReportKind::TransactionDetails, &details(older), &details(newer)), expected);
}

const ONE: &str = "m,seller-1,antom-1,,pay-1,o-1,PAYMENT,10.00,USD";
const TWO: &str = "m,seller-1,antom-2,,pay-2,o-2,PAYMENT,20.00,USD";

#[test]
fn lines_are_added_removed_and_changed() {
    check(&[ONE, TWO], &[ONE, TWO], "");
    check(&[ONE, TWO], &[TWO, ONE], "");
    check(&[ONE], &[ONE, TWO], "+3");
    check(&[ONE, TWO], &[TWO], "-2");
    check(&[ONE], &[&ONE.replace("10.00", "11.00")], "2>2 transactionAmountValue 10.00>11.00");
    check(
        &[ONE, TWO],
        &[TWO, &ONE.replace("10.00,USD", "9.00,EUR")],
        "2>3 transactionAmountValue 10.00>9.00, transactionCurrency USD>EUR",
    );
    check(&[ONE], &[&ONE.replace("seller-1", "seller-2")], "2>2 referenceMerchantId seller-1>seller-2");
    check(&[ONE], &[&ONE.replace("antom-1", "antom-9")], "2>2 transactionId antom-1>antom-9");
    // Another request or another type is another movement.
    check(&[ONE], &[&ONE.replace("pay-1", "pay-9")], "-2; +2");
    check(&[ONE], &[&ONE.replace("PAYMENT", "REFUND")], "-2; +2");
    check(&[], &[ONE], "+2");
}

#[test]
fn quotes_and_line_ends_are_no_difference() {
    let older = details(&[ONE, "m,\"a,b\",antom-2,,pay-2,o-2,PAYMENT,20.00,USD"]);
    let newer = details(&[
        "\"m\",seller-1,antom-1,,\"pay-1\",o-1,PAYMENT,10.00,USD",
        "\"m\",\"a,b\",antom-2,,pay-2,o-2,PAYMENT,20.00,USD",
    ]);
    let newer = newer.replace('\n', "\r\n");
    assert_eq!(told(ReportKind::TransactionDetails, &older, &newer), "");
    // A comma inside quotes is not one between cells.
    let newer = details(&[ONE, "m,a,\"b,antom-2\",,pay-2,o-2,PAYMENT,20.00,USD"]);
    assert_eq!(
        told(ReportKind::TransactionDetails, &older, &newer),
        "3>3 referenceMerchantId a,b>a, transactionId antom-2>b,antom-2"
    );
}

#[test]
fn shares_and_duplicates_are_told_apart() {
    let share = |party: &str, amount: &str| format!("m,{party},antom-1,,pay-1,o-1,PAYMENT,{amount},USD");
    let (a, b, c) = (share("seller-1", "7.00"), share("", "3.00"), share("seller-1", "6.00"));
    check(&[&a, &b], &[&b, &c], "2>3 transactionAmountValue 7.00>6.00");
    // The same line twice, then once; then thrice.
    check(&[ONE, ONE], &[ONE], "-3");
    check(&[ONE, ONE], &[ONE, ONE, ONE], "+4");
    // Of two that say the same, the one that still stands is not the one that changed.
    check(&[&a, &a], &[&c, &a], "3>2 transactionAmountValue 7.00>6.00");
    // Lines without any id of their own: by their original, then by party.
    check(
        &["m,s,,antom-1,,,DISPUTE,-1.00,USD"],
        &["m,s,,antom-1,,,DISPUTE,-2.00,USD"],
        "2>2 transactionAmountValue -1.00>-2.00",
    );
    check(&["m,s,,,,,SETTLEMENT_FEE,,"], &["m,t,,,,,SETTLEMENT_FEE,,"], "2>2 referenceMerchantId s>t");
}

#[test]
fn columns_that_come_go_and_move() {
    let older = details(&[ONE]);
    let newer = "transactionType,merchantId,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                 transactionAmountValue,transactionCurrency,note,referenceTransactionId\n\
                 PAYMENT,m,seller-1,antom-1,,pay-1,10.00,USD,new,o-1\n<END>\n";
    assert_eq!(told(ReportKind::TransactionDetails, &older, newer), "");
    let found = difference(ReportKind::TransactionDetails, &older, newer).unwrap();
    assert_eq!(found.columns(), (vec!["note"], vec![]));
    let other = newer.replace("10.00", "1.00");
    assert_eq!(told(ReportKind::TransactionDetails, &older, &other), "2>2 transactionAmountValue 10.00>1.00");
    // A cell beyond the header has no name: the line is given as a whole.
    let longer = details(&[&format!("{ONE},more")]);
    assert_eq!(told(ReportKind::TransactionDetails, &older, &longer), format!("2>2  {ONE}>{ONE},more"));
}

#[test]
fn every_kind_of_report_has_lines_of_its_own() {
    use ReportKind::*;
    for (kind, header, older, newer, expected) in [
        (
            SettlementDetails,
            format!("settlementBatchId,settlementAmountValue,settlementCurrency,{DETAILS}"),
            format!("B1,9.90,USD,{ONE}"),
            format!("B2,9.80,USD,{ONE}"),
            "2>2 settlementBatchId B1>B2, settlementAmountValue 9.90>9.80",
        ),
        (
            SettlementSummary,
            "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency"
                .to_owned(),
            "B1,m,seller-1,2026-03-02,9.90,USD\nB1,m,seller-2,2026-03-02,1.00,USD".to_owned(),
            "B1,m,seller-2,2026-03-02,1.00,USD\nB1,m,seller-3,2026-03-02,9.90,USD".to_owned(),
            "-2; +3",
        ),
        (
            AccountActivity,
            "merchantId,referenceMerchantId,accountNo,accountCurrency,accountLogId,transDirection,amount".to_owned(),
            "m,seller-1,77,USD,log-1,IN,5.00\nm,seller-1,77,USD,log-2,OUT,-5.00".to_owned(),
            "m,seller-1,77,USD,log-2,OUT,-6.00\nm,seller-1,77,USD,log-1,IN,5.00".to_owned(),
            "3>2 amount -5.00>-6.00",
        ),
        (
            DailyEndingBalance,
            "merchantId,referenceMerchantId,accountNo,accountCurrency,balance,accountDate".to_owned(),
            "m,seller-1,77,USD,5.00,2026-03-02\nm,seller-1,77,EUR,1.00,2026-03-02".to_owned(),
            "m,seller-1,77,EUR,2.00,2026-03-02\nm,seller-1,77,USD,5.00,2026-03-02".to_owned(),
            "3>2 balance 1.00>2.00",
        ),
    ] {
        let text = |lines: &str| format!("{header}\n{lines}\n<END>\n");
        assert_eq!(told(kind, &text(&older), &text(&newer)), expected, "{kind}");
    }
}

#[test]
fn a_content_that_is_no_report_is_compared_as_it_stands_or_not_at_all() {
    let kind = ReportKind::TransactionDetails;
    assert_eq!(told(kind, "a,b\n1,2\n3,4\n<END>\n", "a,b\n1,2\n3,5\n<END>\n"), "-3; +3");
    // A line with wrong quotes is a line all the same.
    let broken = details(&["m,\"x\"y,antom-1", ONE]);
    assert_eq!(told(kind, &broken, &details(&[ONE])), "-2");
    assert_eq!(told(kind, &broken, &broken), "");
    let refused = difference(kind, "", &details(&[])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the older content cannot be read: the file is empty; expected a header, lines and `<END>`"
    );
    let refused = difference(kind, &details(&[]), "a,a\n<END>\n").unwrap_err();
    assert!(
        refused.to_string().starts_with("the newer content cannot be read: the header names `a` twice"),
        "{refused}"
    );
}

#[test]
fn of_a_line_without_an_end_its_beginning_is_read_again() {
    // The character at the end of what is kept is cut in two.
    let giant = format!("{}ü{}", "x".repeat(MAX_RAW_BYTES - 1), "y".repeat(3 * MAX_RECORD_BYTES));
    let (kind, newer) = (ReportKind::TransactionDetails, details(&[ONE, &giant]));
    let found = difference(kind, &details(&[ONE]), &newer).unwrap();
    let [LineChange::Added(span)] = found.lines[..] else { panic!("{:?}", found.lines) };
    assert_eq!((span.line, span.length as usize), (3, MAX_RAW_BYTES + 1));
    let start = usize::try_from(span.offset).unwrap();
    let cell = found.whole(b"", &newer.as_bytes()[start..start + span.length as usize]);
    assert_eq!(cell.new, "x".repeat(MAX_RAW_BYTES - 1));
    // The text of a long line that can be cut is read to its end.
    let long = |end: &str| ONE.replace("seller-1", &"s".repeat(2 * MAX_RAW_BYTES)).replace("USD", end);
    let changed = told(kind, &details(&[&long("USD")]), &details(&[&long("EUR")]));
    assert_eq!(changed, "2>2 transactionCurrency USD>EUR");
}

/// A line is 48 bytes, as the README says.
#[test]
fn a_line_is_kept_in_few_bytes() {
    assert_eq!(size_of::<LineMark>(), 48);
}

/// What is done with a line of the older content.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Keep,
    Remove,
    Change,
    Repeat,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![4 => Just(Edit::Keep), 1 => Just(Edit::Remove), 1 => Just(Edit::Change), 1 => Just(Edit::Repeat)]
}

/// Lines with ids of their own, edited, with new ones added and all of them mixed: exactly the edits are found.
#[test]
fn edits_are_found_whatever_the_order() {
    let effective = Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lines = prop::collection::vec((edit(), 1_u32..10_000), 0..40);
    runner
        .run(&(lines, 0_usize..5, any::<u64>()), |(edits, added, seed)| {
            let line = |at: usize, amount: u32| {
                format!("m,seller-{},antom-{at},,pay-{at},o-{at},PAYMENT,{amount},USD", at % 3)
            };
            let older: Vec<String> = edits.iter().enumerate().map(|(at, &(_, amount))| line(at, amount)).collect();
            let mut newer = Vec::new();
            let mut expected = Counts::default();
            for (at, &(edit, amount)) in edits.iter().enumerate() {
                match edit {
                    Edit::Keep => newer.push(line(at, amount)),
                    Edit::Remove => {}
                    Edit::Change => newer.push(line(at, amount + 1)),
                    Edit::Repeat => newer.extend([line(at, amount), line(at, amount)]),
                }
                expected.same += u64::from(matches!(edit, Edit::Keep | Edit::Repeat));
                expected.removed += u64::from(matches!(edit, Edit::Remove));
                expected.changed += u64::from(matches!(edit, Edit::Change));
                expected.added += u64::from(matches!(edit, Edit::Repeat));
            }
            newer.extend((0..added).map(|at| line(1_000 + at, 5)));
            expected.added += added as u64;
            // Mixed by a key that has nothing to do with the lines.
            newer.sort_by_key(|line| KeyMaker::new(seed).fingerprint(line.as_bytes()));
            let text = |lines: &[String]| details(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let found = difference(ReportKind::TransactionDetails, &text(&older), &text(&newer)).unwrap();
            prop_assert_eq!(found.counts, expected);
            for change in &found.lines {
                if let LineChange::Changed(old, new) = change {
                    let id = |lines: &[String], span: &Span| {
                        lines[span.line as usize - 2].split(',').nth(4).map(str::to_owned)
                    };
                    prop_assert_eq!(id(&older, old), id(&newer, new));
                }
            }
            effective
                .set(effective.get() + u32::from(expected.removed > 0 && expected.changed > 0 && expected.added > 0));
            Ok(())
        })
        .unwrap();
    assert!(effective.get() > 100, "only {} cases had every kind of edit", effective.get());
}

/// A large report, with a few changes far apart: the same on one thread and on four.
#[test]
fn a_large_report_is_compared_by_any_number_of_threads() {
    const LINES: usize = 200_000;
    let line = |at: usize, amount: usize| {
        format!("m,seller-{},antom-{at},,pay-{at},o-{at},PAYMENT,{amount}.00,USD\n", at % 50)
    };
    let mut older = format!("{DETAILS}\n");
    (0..LINES).for_each(|at| older.push_str(&line(at, at)));
    let mut newer = format!("{DETAILS}\n");
    (0..LINES)
        .rev()
        .filter(|at| at % 50_000 != 7)
        .for_each(|at| newer.push_str(&line(at, at + usize::from(at == 99_999))));
    let mut seen = BTreeMap::new();
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| difference(ReportKind::TransactionDetails, &older, &newer)).unwrap();
        let counts = Counts { added: 0, removed: 4, changed: 1, same: LINES as u64 - 5 };
        assert_eq!(found.counts, counts);
        seen.insert(threads, found.lines);
    }
    assert_eq!(seen[&1], seen[&4]);
    let lines: Vec<u32> = seen[&1]
        .iter()
        .map(|change| match change {
            LineChange::Removed(span) | LineChange::Changed(span, _) | LineChange::Added(span) => span.line,
        })
        .collect();
    assert_eq!(lines, [9, 50_009, 100_001, 100_009, 150_009]);
}
