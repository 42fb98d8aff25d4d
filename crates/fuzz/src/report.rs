//! Reports.

mod accounts;
mod again;

use std::convert::Infallible;
use std::sync::LazyLock;

use antom_recon::id::{KeyMaker, Symbols};
use antom_recon::money::AmountUnit;
use antom_recon::movement::ReportKind;
use antom_recon::report::{
    Age, AnyReport, Contents, IdRule, LineMark, PARTITIONS, ReportError, ReportOptions, ReportRules, SignRule,
    detect_kind, pair, parse_any,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::bytes::{below, choice};
use crate::costly::Costly;
use crate::padding::{after_header, padded};

/// Keys of all files.
const KEYS: KeyMaker = KeyMaker::new(5);

/// Files longer than this are not padded and compared: what they would show, shorter ones show faster.
const MOST_COMPARED_BYTES: usize = 1 << 16;

static ONE_THREAD: LazyLock<ThreadPool> = LazyLock::new(|| pool(1));
static THREE_THREADS: LazyLock<ThreadPool> = LazyLock::new(|| pool(3));

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a few threads can always be started")
}

/// What a file is read as.
struct Reading<'a> {
    kind: ReportKind,
    options: &'a ReportOptions,
    symbols: &'a Symbols,
}

impl Reading<'_> {
    fn parse(&self, data: &[u8], pool: &ThreadPool) -> Result<AnyReport, ReportError> {
        pool.install(|| parse_any(data, 0, self.kind, self.options, KEYS, self.symbols))
    }
}

/// The bytes are a report of the kind that its header tells, or of any. Every line of it is a line or a reject, exactly once and
/// with its place; sums are those of the lines; a line alone says what it says among others; threads and the borders of blocks
/// change nothing.
pub fn report(data: &[u8], costly: Costly) {
    let choice = choice(data);
    let found = detect_kind(data, &ReportRules::default()).ok();
    let kind = found.unwrap_or(ReportKind::ALL[below(choice, 0, ReportKind::ALL.len())]);
    let (options, symbols) = (options(choice), Symbols::new());
    let reading = Reading { kind, options: &options, symbols: &symbols };
    let read = reading.parse(data, &ONE_THREAD);
    let by_others = reading.parse(data, &THREE_THREADS);
    assert_eq!(format!("{read:?}"), format!("{by_others:?}"), "three threads read something else");
    if let Ok(report) = &read {
        accounts::every_line_is_accounted_for(data, report);
        accounts::sums_are_those_of_the_lines(report, &symbols);
        again::lines_stand_alone(data, report, &reading);
        again::amounts_come_back(report);
        again::rows_are_proved(data, report, &reading);
        nothing_differs(data, kind, &options);
    }
    if data.len() <= MOST_COMPARED_BYTES && costly.is_due(choice, 8) {
        other_blocks(data, &reading, read.as_ref(), choice);
    }
}

/// How a file is read: mostly by default.
fn options(choice: u64) -> ReportOptions {
    let mut options = ReportOptions::default();
    match below(choice, 4, 8) {
        0 => options.amount_unit = AmountUnit::Minor,
        1 => options.id_rule = IdRule::New,
        2 => options.sign_rule = SignRule::Signed,
        3 => options.sign_rule = SignRule::ByType,
        _ => {}
    }
    options
}

/// A file does not differ from itself.
fn nothing_differs(data: &[u8], kind: ReportKind, options: &ReportOptions) {
    let contents = Contents::open(data, data, kind, options, KEYS).expect("what was parsed can be compared");
    let mut marks: Vec<[Vec<LineMark>; 2]> = vec![Default::default(); PARTITIONS];
    let read = contents.read(|age, mark| {
        marks[mark.partition()][usize::from(age == Age::Newer)].push(mark);
        Ok::<(), Infallible>(())
    });
    assert!(read.is_ok(), "what was parsed can be compared");
    for [older, newer] in marks {
        let (_, changes) = pair(older, newer);
        assert!(changes.is_empty(), "a file differs from itself: {changes:?}");
    }
}

/// Reads the file again with the border of blocks inside of its lines.
fn other_blocks(data: &[u8], reading: &Reading<'_>, read: Result<&AnyReport, &ReportError>, choice: u64) {
    let Some(at) = after_header(data) else { return };
    let (padded, count) = padded(data, at, below(choice, 16, data.len() - at + 1));
    match (read, reading.parse(&padded, &THREE_THREADS)) {
        (Ok(report), Ok(other)) => again::is_the_same_later(report, &other, count),
        // Of two things that are wrong with a file, the one in the earlier block is found first.
        (Err(_), Err(_)) => {}
        (one, other) => panic!("other blocks, another result: {one:?} / {other:?}"),
    }
}
