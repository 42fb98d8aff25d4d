//! What was read, read again.

use antom_recon::calendar::{BusinessDate, CutOff};
use antom_recon::money::{AmountUnit, Currency, parse_amount};
use antom_recon::movement::ReportKind;
use antom_recon::proof::RowRules;
use antom_recon::report::{
    ActivityLine, AnyReport, BalanceLine, Line, Original, Place, Reject, SignRule, SummaryLine, parse_settlement,
};

use super::accounts::places;
use super::{KEYS, ONE_THREAD, Reading, THREE_THREADS};
use crate::padding::after_header;

/// How many lines of a file are read alone.
const MOST_ALONE: usize = 4;

/// A line with its place taken out, and what it names.
type Bare<L> = (L, Option<Original>);

/// A line of any report.
trait Placed: Clone {
    fn place_mut(&mut self) -> &mut Place;
}

macro_rules! placed {
    ($($line:ty),+) => {$(
        impl Placed for $line {
            fn place_mut(&mut self) -> &mut Place {
                &mut self.place
            }
        }
    )+};
}
placed!(Line, SummaryLine, ActivityLine, BalanceLine, Reject);

/// The lines, each so many lines and bytes earlier.
fn earlier<L: Placed>(lines: &[L], by: usize) -> Vec<L> {
    let moved = |line: &L| {
        let mut line = line.clone();
        let place = line.place_mut();
        place.line -= u32::try_from(by).expect("a block has fewer lines");
        place.offset -= by as u64;
        line
    };
    lines.iter().map(moved).collect()
}

/// The same report, so many blank lines later.
pub(super) fn is_the_same_later(report: &AnyReport, later: &AnyReport, by: usize) {
    assert_eq!(report.rejects(), earlier(later.rejects(), by), "rejects");
    assert_eq!(report.remarks().len(), later.remarks().len(), "remarks");
    match (report, later) {
        (AnyReport::Details(one), AnyReport::Details(other)) => {
            assert_eq!(one.lines, earlier(&other.lines, by));
            assert_eq!((&one.originals, &one.totals), (&other.originals, &other.totals));
        }
        (AnyReport::Summary(one), AnyReport::Summary(other)) => assert_eq!(one.lines, earlier(&other.lines, by)),
        (AnyReport::Activity(one), AnyReport::Activity(other)) => assert_eq!(one.lines, earlier(&other.lines, by)),
        (AnyReport::Balances(one), AnyReport::Balances(other)) => assert_eq!(one.lines, earlier(&other.lines, by)),
        _ => panic!("two kinds"),
    }
}

/// Reads the first lines again, each with the header and `<END>` alone.
pub(super) fn lines_stand_alone(data: &[u8], report: &AnyReport, reading: &Reading<'_>) {
    let Some(header) = after_header(data).map(|end| &data[..end]) else { return };
    for (at, place) in places(report).into_iter().enumerate().take(MOST_ALONE) {
        let start = usize::try_from(place.offset).expect("a place in memory");
        let file = [header, &data[start..start + place.length as usize], b"\n<END>\n"].concat();
        let alone = reading.parse(&file, &ONE_THREAD).expect("a line of a file that was read");
        assert!(alone.rejects().is_empty() && alone.lines() == 1, "{place:?} alone: {alone:?}");
        match (report, &alone) {
            (AnyReport::Details(one), AnyReport::Details(other)) => {
                let auto = reading.options.sign_rule == SignRule::Auto;
                let bare = |line, originals| if auto { unsigned(bare(line, originals)) } else { bare(line, originals) };
                assert_eq!(bare(&one.lines[at], &one.originals), bare(&other.lines[0], &other.originals));
            }
            (AnyReport::Summary(one), AnyReport::Summary(other)) => {
                assert_eq!(SummaryLine { place, ..other.lines[0].clone() }, one.lines[at]);
            }
            (AnyReport::Activity(one), AnyReport::Activity(other)) => {
                assert_eq!(ActivityLine { place, ..other.lines[0] }, one.lines[at]);
            }
            (AnyReport::Balances(one), AnyReport::Balances(other)) => {
                assert_eq!(BalanceLine { place, ..other.lines[0] }, one.lines[at]);
            }
            _ => panic!("two kinds"),
        }
    }
}

fn bare(line: &Line, originals: &[Original]) -> Bare<Line> {
    let original = line.original.map(|at| originals[at as usize]);
    let nowhere = Place { file: 0, line: 0, offset: 0, length: 0 };
    (Line { place: nowhere, original: None, ..*line }, original)
}

/// A line without signs: what they mean is told by all lines of a file, unless the options say it.
fn unsigned((line, original): Bare<Line>) -> Bare<Line> {
    (Line { amount: line.amount.abs(), net: line.net.abs(), fee: line.fee.abs(), ..line }, original)
}

/// Every amount, written in major units, is read as itself.
pub(super) fn amounts_come_back(report: &AnyReport) {
    let comes_back = |amount: i64, currency: Currency| {
        let text = currency.major(amount.into()).to_string();
        assert_eq!(parse_amount(text.as_bytes(), currency, AmountUnit::Major), Ok(amount), "`{text}` {currency}");
    };
    match report {
        AnyReport::Details(report) => report.lines.iter().for_each(|line| comes_back(line.amount, line.currency)),
        AnyReport::Summary(report) => report.lines.iter().for_each(|line| comes_back(line.net, line.currency)),
        AnyReport::Activity(report) => report.lines.iter().for_each(|line| comes_back(line.amount, line.currency)),
        AnyReport::Balances(report) => report.lines.iter().for_each(|line| comes_back(line.balance, line.currency)),
    }
}

/// The proof of each line of settlement details finds the same with any number of threads, at lines of the file.
pub(super) fn rows_are_proved(data: &[u8], report: &AnyReport, reading: &Reading<'_>) {
    if report.kind() != ReportKind::SettlementDetails {
        return;
    }
    let cut_off = CutOff::parse("+08:00").expect("an offset");
    let on = BusinessDate::from_days_since_epoch(20_000).expect("a date");
    let proofs = [&*ONE_THREAD, &*THREE_THREADS].map(|pool| {
        let rules = RowRules::new(reading.symbols, cut_off).with_unit(reading.options.amount_unit);
        let read = pool.install(|| {
            parse_settlement(data, 0, reading.options, KEYS, reading.symbols, |layout| {
                rules.for_file(on, &layout.fee_kinds())
            })
        });
        let (parsed, examiner, notes) = read.expect("it was read before");
        assert_eq!(parsed.lines.len(), report.lines());
        examiner.finish(notes)
    });
    let lines: Vec<u32> = places(report).iter().map(|place| place.line).collect();
    for finding in &proofs[0].0.findings {
        assert!(lines.contains(&finding.place.line), "{finding:?} is about no line");
    }
    assert_eq!(proofs[0], proofs[1], "three threads prove something else");
}
