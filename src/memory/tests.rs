#![allow(clippy::unwrap_used)]

use super::*;
use crate::movement::EntryType;
use crate::proof::{BatchSums, sums_of_lines};
use crate::report::{Line, Original, ParsedReport, ReportOptions, parse_report};

const HEADER: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,transactionRequestId,originalTransactionId,\
    originalTransactionRequestId,referenceTransactionId,transactionType,paymentTime,transactionAmountValue,transactionCurrency,settlementAmountValue,settlementCurrency\n";

/// Settlement details of so many payments, with a refund and a line that cannot be read after every thousandth.
fn report(payments: u32) -> String {
    let mut text = HEADER.to_owned();
    for at in 0..payments {
        text.push_str(&format!(
            "B{},m1,S{},a{at},r{at},,,o{at},PAYMENT,2026-03-01T10:00:00+08:00,10.{:02},USD,9.00,USD\n",
            at % 3,
            at % 7,
            at % 100
        ));
        if at % 1000 == 0 {
            text.push_str(&format!("B0,m1,,b{at},f{at},a{at},r{at},,REFUND,,-1.00,USD,-1.00,USD\n"));
            text.push_str(&format!("B0,m1,\"S,1\",c{at},g{at},,,,PAYMENT,,1.0x,USD,1.00,USD\n"));
        }
    }
    text.push_str("<END>\n");
    text
}

fn parse(memory: &Memory, symbols: &Symbols, text: &str) -> ParsedReport {
    let options = ReportOptions::default();
    parse_report(text.as_bytes(), 4, ReportKind::SettlementDetails, &options, memory.keys(), symbols).unwrap()
}

/// Keeps what a file says, as the parser would give it: in blocks of some lines.
fn keep(memory: &Memory, name: &str, parsed: &ParsedReport, symbols: &Symbols) {
    let mut writer = memory.writer(name, parsed.kind).unwrap();
    for lines in parsed.lines.chunks(8_000) {
        writer.put(&PackedLines::of(lines, &parsed.originals)).unwrap();
    }
    let sums = sums_of_lines(&parsed.lines);
    let (extract, unkept) = writer.finish((parsed, &sums, false), symbols, memory.meaning(7)).unwrap();
    assert_eq!(extract.lines() as usize, parsed.lines.len());
    unkept.keep().unwrap();
}

fn with_original(parsed: &ParsedReport, line: &Line) -> (Line, Option<Original>) {
    let original = line.original.map(|at| parsed.originals[at as usize]);
    (Line { original: None, ..*line }, original)
}

#[test]
fn lines_are_read_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let merchant = PlatformMerchantId::new("2188");
    let memory = Memory::open(folder.path(), &merchant, false).unwrap();
    let symbols = Symbols::new();
    let parsed = parse(&memory, &symbols, &report(20_000));
    assert!(parsed.rejects.len() == 20 && parsed.originals.len() == 20);
    keep(&memory, "aa", &parsed, &symbols);

    // Another run gives its symbols other numbers.
    let symbols = Symbols::new();
    let _taken = symbols.intern(b"something else");
    let memory = Memory::open(folder.path(), &merchant, false).unwrap();
    let again = parse(&memory, &symbols, &report(20_000));
    let kind = ReportKind::SettlementDetails;
    let extract = memory.extract("aa", kind, memory.meaning(7), &symbols).unwrap().unwrap();
    assert_eq!((extract.lines(), extract.blocks()), (20_020, 3));
    let (names, surplus) = extract.header();
    assert_eq!((names.join(",") + "\n", surplus), (HEADER.to_owned(), 0));
    let (rejects, found) = extract.details(4).unwrap();
    assert_eq!(rejects, again.rejects);
    assert_eq!(found, sums_of_lines(&again.lines));
    let all: Vec<u32> = (0..extract.lines()).collect();
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for (block, wanted) in all.chunk_by(|one, two| extract.block_of(*one) == extract.block_of(*two)).enumerate() {
        rows.extend(extract.rows(block, 4, wanted).unwrap());
        ids.extend(extract.ids(block).unwrap().all());
    }
    let expected: Vec<_> = again.lines.iter().map(|line| with_original(&again, line)).collect();
    assert!(rows == expected, "every line is as it was");
    for (row, (line, original)) in (0..).zip(&expected).step_by(997) {
        let keys = [line.by_request, line.by_antom, original.unwrap_or_default().by_antom];
        for key in keys.into_iter().filter(|key| !key.is_none()) {
            assert!(ids.contains(&(row, key.hint())), "row {row}");
        }
    }
    let some = extract.rows(1, 4, &[8_000, 9_000]).unwrap();
    assert_eq!(some, [expected[8_000], expected[9_000]]);
    assert!(matches!(extract.rows(1, 4, &[7_999]), Err(MemoryError::Damaged(_))), "a row of another block");
}

#[test]
fn what_means_something_else_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let merchant = PlatformMerchantId::new("21/88");
    let memory = Memory::open(folder.path(), &merchant, false).unwrap();
    let symbols = Symbols::new();
    let parsed = parse(&memory, &symbols, &report(3));
    let kind = ReportKind::SettlementDetails;
    keep(&memory, "aa", &parsed, &symbols);
    let is_there = |memory: &Memory, name: &str, kind, rules| {
        memory.extract(name, kind, memory.meaning(rules), &symbols).unwrap().is_some()
    };
    assert!(is_there(&memory, "aa", kind, 7));
    assert!(!is_there(&memory, "aa", kind, 8), "read by other rules");
    assert!(!is_there(&memory, "bb", kind, 7), "another file");
    assert!(!is_there(&memory, "aa", ReportKind::TransactionDetails, 7), "another report");
    assert!(!is_there(&Memory::open(folder.path(), &merchant, true).unwrap(), "aa", kind, 7), "to be forgotten");
    let other = Memory::open(folder.path(), &PlatformMerchantId::new("2189"), false).unwrap();
    assert!(!is_there(&other, "aa", kind, 7), "another merchant");
    std::fs::remove_file(memory.dir.join("seed")).unwrap();
    assert!(!is_there(&Memory::open(folder.path(), &merchant, false).unwrap(), "aa", kind, 7), "under another seed");
}

#[test]
fn states_are_found_by_their_run_and_swept() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap();
    let keep = |entries: &[ClosedEntry]| memory.keep_entries(entries.iter().copied().map(Ok)).unwrap();
    let read = |name: &str| {
        let entries = memory.entries(name).unwrap()?;
        Some(entries.read().unwrap().map(Result::unwrap).collect::<Vec<_>>())
    };
    let entries = keep(&[(1, 2), (u64::MAX, 4)]);
    assert_eq!(keep(&[(1, 2), (u64::MAX, 4)]), entries);
    assert_ne!(keep(&[(1, 2)]), entries);
    assert_eq!(read(&entries), Some(vec![(1, 2), (u64::MAX, 4)]));
    assert_eq!(read("00"), None);
    let path = memory.dir.join(format!("{entries}.entries"));
    std::fs::write(&path, [7; 32]).unwrap();
    assert_eq!(read(&entries), None, "it is not what its name says");
    assert_eq!(keep(&[(1, 2), (u64::MAX, 4)]), entries);
    assert_eq!(read(&entries).map(|entries| entries.len()), Some(2));
    for at in 1..=7_u64 {
        let state = State { rules: at, ..State::default() };
        memory.keep_state(&format!("2026-03-0{at}-r1-ab"), &state).unwrap();
        memory.keep_state(&format!("2026-03-0{at}-r1-ab"), &state).unwrap();
    }
    assert_eq!(memory.states().unwrap().len(), 5, "the same again adds nothing");
    assert_eq!(memory.state("2026-03-02-r1-ab").unwrap(), None);
    assert_eq!(memory.state("2026-03-03-r1-ab").unwrap().unwrap().rules, 3);
    assert_eq!(read(&entries), None, "no state names them");
}

#[test]
fn what_is_not_kept_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let merchant = PlatformMerchantId::new("2188");
    let memory = Memory::open(folder.path(), &merchant, false).unwrap();
    let symbols = Symbols::new();
    let parsed = parse(&memory, &symbols, &report(3));
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&memory.dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut writer = memory.writer("aa", parsed.kind).unwrap();
    writer.put(&PackedLines::of(&parsed.lines, &parsed.originals)).unwrap();
    let (extract, unkept) = writer.finish((&parsed, &BatchSums::new(), true), &symbols, memory.meaning(7)).unwrap();
    let refund = parsed.lines.iter().position(|line| line.entry_type.is_some_and(EntryType::is_outgoing)).unwrap();
    let row = u32::try_from(refund).unwrap();
    assert_eq!(extract.rows(0, 4, &[row]).unwrap()[0].0.amount, -100, "signs are turned when lines are read");
    drop(memory.writer("aa", parsed.kind).unwrap());
    let [new, seed] = &names()[..] else { panic!("{:?}", names()) };
    assert!(new.starts_with("aa.settlement_details.lines.") && new.ends_with(".new") && seed == "seed", "{new}");
    drop(unkept);
    assert_eq!(names(), ["seed"]);
    std::fs::write(memory.dir.join("aa.settlement_details.lines.2.new"), b"of a run that was killed").unwrap();
    drop(Memory::open(folder.path(), &merchant, false).unwrap());
    assert_eq!(names(), ["seed"]);
}

/// An archive may have several databases, each with a lock of its own, and so runs that share a memory at the same time.
#[test]
fn runs_beside_one_another_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let merchant = PlatformMerchantId::new("2188");
    let open = || Memory::open(folder.path(), &merchant, false).unwrap();
    let (one, symbols) = (open(), Symbols::new());
    let (small, large) = (parse(&one, &symbols, &report(3)), parse(&one, &symbols, &report(20_000)));
    let write = |memory: &Memory, parsed: &ParsedReport| {
        let mut writer = memory.writer("aa", parsed.kind).unwrap();
        writer.put(&PackedLines::of(&parsed.lines, &parsed.originals)).unwrap();
        writer
    };
    let finish =
        |writer: Writer, parsed| writer.finish((parsed, &BatchSums::new(), false), &symbols, one.meaning(7)).unwrap();
    let (extract, unkept) = finish(write(&one, &large), &large);
    // The other sweeps when it opens the memory, and when it is done.
    let other = open();
    let half_written = write(&one, &small);
    let (_, of_other) = finish(write(&other, &small), &small);
    of_other.keep().unwrap();
    let list = [(1, 2), (3, 4)];
    let name = other.keep_entries(list.into_iter().map(Ok)).unwrap();
    let entries = one.entries(&name).unwrap().unwrap();
    other.keep_state("2026-03-02-r1-ab", &State::default()).unwrap();
    assert!(other.entries(&name).unwrap().is_none(), "no state names it");
    assert_eq!(entries.read().unwrap().map(Result::unwrap).collect::<Vec<_>>(), list, "whoever has it open reads on");
    assert_eq!(extract.rows(0, 4, &[0]).unwrap().len(), 1);
    unkept.keep().unwrap();
    finish(half_written, &small).1.keep().unwrap();
    let names = std::fs::read_dir(&one.dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.ends_with(".new")).count(), 0);
}

#[test]
fn all_who_open_a_new_memory_at_the_same_time_have_one_seed() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let open = || Memory::open(folder.path(), &PlatformMerchantId::new("2188"), false).unwrap().seed;
        let seeds: Vec<u64> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(seeds, [open(); 4]);
    }
}
