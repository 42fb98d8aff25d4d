//! The hot parts against the clock: `cargo bench -p benches`.

use benches::calendar::Instant;
use benches::day::{Parsed, Texts, parsed_ledger, parsed_report};
use benches::id::{KeyMaker, Symbols};
use benches::money::{AmountUnit, Currency, parse_amount};
use benches::movement::{EntryType, ReportKind};
use benches::records::{Piece, Splitter};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

/// Payments of the day: some blocks of each file.
const PAYMENTS: u64 = 20_000;

/// Texts of a kind that are parsed in one turn.
const TEXTS: u64 = 1_000;

fn main() {
    divan::main();
}

/// Gives every block of records of a text to `each`.
fn blocks(text: &str, mut each: impl FnMut(&benches::records::Block)) {
    let mut splitter = Splitter::new(text.as_bytes());
    while let Ok(Some(piece)) = splitter.next_piece() {
        if let Piece::Records(block) = &piece {
            each(block);
        }
        splitter.recycle(piece);
    }
}

/// Where blocks and records end.
#[divan::bench]
fn splitting(bencher: Bencher<'_, '_>) {
    let texts = Texts::of(PAYMENTS);
    let bencher = bencher.counter(BytesCount::of_str(&texts.settlements));
    bencher.bench_local(|| {
        let mut records = 0;
        blocks(black_box(&texts.settlements), |block| records += block.records().count());
        records
    });
}

/// Where cells end, records included.
#[divan::bench]
fn scanning_fields(bencher: Bencher<'_, '_>) {
    let texts = Texts::of(PAYMENTS);
    let bencher = bencher.counter(BytesCount::of_str(&texts.settlements));
    bencher.bench_local(|| {
        let mut count = 0;
        blocks(black_box(&texts.settlements), |block| {
            let mut rows = block.rows();
            while let Some((_, row)) = rows.next_row() {
                count += row.len();
            }
        });
        count
    });
}

#[divan::bench]
fn amounts(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = (0..TEXTS).map(|number| format!("{}.{:02}", number * 7_919, number % 100)).collect();
    let Some(currency) = Currency::parse(b"USD") else { return };
    bencher.counter(ItemsCount::new(texts.len())).bench_local(|| {
        let amount = |text: &String| parse_amount(black_box(text.as_bytes()), currency, AmountUnit::Major).ok();
        texts.iter().filter_map(amount).sum::<i64>()
    });
}

#[divan::bench]
fn dates(bencher: Bencher<'_, '_>) {
    let time = |number: u64| format!("2026-11-18T{:02}:{:02}:{:02}+08:00", number % 24, number % 60, number % 59);
    let texts: Vec<String> = (0..TEXTS).map(time).collect();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| texts.iter().filter_map(|text| Instant::parse(black_box(text.as_bytes()))).max());
}

#[divan::bench]
fn keys(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = (0..TEXTS).map(|number| format!("pay20261118{number:012}")).collect();
    let (keys, space) = (KeyMaker::new(7), EntryType::Payment.request_space());
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| texts.iter().map(|text| keys.key(space, black_box(text.as_bytes()))).max());
}

/// A whole report, on all cores.
#[divan::bench(args = [ReportKind::TransactionDetails, ReportKind::SettlementDetails])]
fn parsing(bencher: Bencher<'_, '_>, kind: ReportKind) {
    let texts = Texts::of(PAYMENTS);
    let text = if kind == ReportKind::TransactionDetails { &texts.transactions } else { &texts.settlements };
    let bencher = bencher.counter(BytesCount::of_str(text)).counter(ItemsCount::new(PAYMENTS));
    bencher.bench_local(|| parsed_report(black_box(text), kind, &Symbols::new()));
}

/// A whole ledger, on all cores.
#[divan::bench]
fn ledger(bencher: Bencher<'_, '_>) {
    let texts = Texts::of(PAYMENTS);
    let bencher = bencher.counter(BytesCount::of_str(&texts.ledger)).counter(ItemsCount::new(PAYMENTS));
    bencher.bench_local(|| parsed_ledger(black_box(&texts.ledger), &Symbols::new()));
}

/// Matching of three sides, on all cores.
#[divan::bench]
fn join(bencher: Bencher<'_, '_>) {
    let parsed = Parsed::of(&Texts::of(PAYMENTS));
    bencher.counter(ItemsCount::new(3 * PAYMENTS)).bench_local(|| black_box(&parsed).matched());
}
