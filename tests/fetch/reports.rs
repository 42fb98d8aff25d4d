//! What a fetch makes of a directory; every test runs on a local tree and on a real server, which must behave alike.

#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use antom_recon::fetch::names::Patterns;
use antom_recon::fetch::{
    Cancel, Control, Digest, FetchError, Fetched, IgnoredReason, IncompleteReason, Progress, list_days,
};
use antom_recon::movement::ReportKind;

use super::tree::{DIRECTORY, TRANSACTIONS, World, date, merchant, report};

fn ignored(fetched: &Fetched) -> Vec<(&str, &IgnoredReason)> {
    fetched.ignored.iter().map(|entry| (entry.name.as_str(), &entry.reason)).collect()
}

#[test]
fn the_directories_of_several_dates_are_listed_in_their_order() {
    let world = World::new();
    world.put("transactionItems_20260301_000.csv", "x");
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let dates = [date().minus_days(1), date(), date().plus_days(1), date()];
        let days = list_days(source, &merchant(), &dates, &Patterns::default(), &Control::silent()).unwrap();
        let told: Vec<_> = days.iter().map(|day| (day.listing.exists, day.listing.files.len())).collect();
        assert_eq!(told, [(false, 0), (true, 1), (false, 0), (true, 1)]);
        for (day, date) in days.iter().zip(dates) {
            assert!(day.directory.ends_with(&format!("/{}/{}", merchant(), date.compact())), "{}", day.directory);
        }
        assert_eq!(list_days(source, &merchant(), &[], &Patterns::default(), &Control::silent()).unwrap(), []);
    }
}

#[test]
fn all_reports_of_a_date_are_archived_in_a_fixed_order() {
    let world = World::new();
    let names = [
        "transactionItems_20260301_000.csv",
        "transactionItems_20260301_001.csv",
        "settlementItems_EUR_2026030199_000.csv",
        "settlementItems_USD_2026030100_000.csv",
        "settlementSummary_USD_2026030100_000.csv",
        "accountActivity_20260301_000.csv",
        "dailyEndingBalance_20260301_000.csv",
    ];
    let bytes: Vec<Vec<u8>> = (0..names.len()).map(|at| report(at * 700_000 + 100)).collect();
    names.iter().zip(&bytes).for_each(|(name, bytes)| world.put(name, bytes));
    world.put("notes.txt", "for people");
    let before = world.inventory();

    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        assert_eq!(fetched.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!(fetched.incomplete, []);
        assert_eq!(ignored(&fetched), [("notes.txt", &IgnoredReason::Unrecognised)]);
        for (file, bytes) in fetched.files.iter().zip(&bytes) {
            assert_eq!((file.size, file.digest, file.date), (bytes.len() as u64, Digest::of(bytes), date()));
            assert!(file.path.ends_with(&format!("/{DIRECTORY}/{}", file.name)), "{}", file.path);
            assert_eq!(world.archive.read_all(file.digest).unwrap(), *bytes);
        }
        assert_eq!(fetched.files[1].sequence, Some(1));
        assert_eq!(fetched.files[0].group, fetched.files[1].group);
        assert_eq!(fetched.files[6].kind, ReportKind::DailyEndingBalance);
        let mut again = world.fetch(source).unwrap();
        for (again, file) in again.files.iter_mut().zip(&fetched.files) {
            assert!(!again.is_known, "nobody has looked into what the archive has already");
            again.is_known = file.is_known;
        }
        assert_eq!(again, fetched, "a second fetch finds the same");
    }
    assert_eq!(world.inventory(), before, "nothing was changed at the source");
}

#[test]
fn files_that_are_not_whole_are_archived_and_said_to_be() {
    let world = World::new();
    let cases: [(&str, &[u8], &str); 8] = [
        ("settlementItems_USD_1_000.csv", b"a,b\n1,2\n3,", "ends with the line `3,`; expected `<END>`"),
        ("settlementItems_USD_2_000.csv", b"a,b\n", "has a header and nothing else; expected a last line `<END>`"),
        ("settlementItems_USD_3_000.csv", b"", "is empty; expected a header and a last line `<END>`"),
        ("settlementItems_USD_4_000.csv", b"\xef\xbb\xbf\r\n", "is empty; expected a header and a last line `<END>`"),
        ("settlementItems_USD_5_000.csv", b"a,b\n<END>\n1,2\n", "ends with the line `1,2`; expected `<END>`"),
        ("settlementItems_USD_6_000.csv", b"a,b\n<END>\n", ""),
        ("settlementItems_USD_7_000.csv", b"\xef\xbb\xbfa,b\r\n1,2\r\n\"<END>\"\r\n\r\n", ""),
        ("settlementItems_USD_8_000.xlsx", b"PK\x03\x04 a workbook", ""),
    ];
    cases.iter().for_each(|(name, bytes, _)| world.put(name, bytes));
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        let whole: Vec<&str> = fetched.files.iter().map(|file| file.name.as_str()).collect();
        let expected: Vec<&str> = cases.iter().filter(|case| case.2.is_empty()).map(|case| case.0).collect();
        assert_eq!(whole, expected);
        let flawed: Vec<_> = cases.iter().filter(|case| !case.2.is_empty()).collect();
        assert_eq!(fetched.incomplete.len(), flawed.len());
        for (found, (name, bytes, message)) in fetched.incomplete.iter().zip(flawed) {
            assert_eq!((found.name.as_str(), found.reason.to_string().as_str()), (*name, *message));
            let (digest, size) = found.archived.unwrap();
            assert_eq!((digest, size), (Digest::of(bytes), bytes.len() as u64));
            assert_eq!(world.archive.read_all(digest).unwrap(), *bytes, "evidence is kept");
            assert!(matches!(found.to_error(), FetchError::NotReady(why) if why.contains(name)));
        }
    }
}

#[test]
fn gaps_between_parts_and_second_forms_are_noticed() {
    let world = World::new();
    for name in ["settlementItems_USD_1_000.csv", "settlementItems_USD_1_002.csv", "settlementItems_USD_1_000.xlsx"] {
        world.put(name, "a\n<END>\n");
    }
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        assert_eq!(fetched.files.len(), 2);
        assert_eq!(fetched.incomplete.len(), 1);
        assert_eq!(fetched.incomplete[0].name, "settlementItems_USD_1_<seq>.csv");
        assert_eq!(fetched.incomplete[0].reason, IncompleteReason::MissingParts { missing: vec![1] });
        let csv = "settlementItems_USD_1_000.csv".to_owned();
        assert_eq!(ignored(&fetched), [("settlementItems_USD_1_000.xlsx", &IgnoredReason::AlsoAsCsv { csv })]);
    }
}

#[test]
fn a_date_without_a_directory_is_empty() {
    let world = World::new();
    fs::remove_dir(world.directory()).unwrap();
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        assert!(!fetched.directory_exists && fetched.files.is_empty() && fetched.incomplete.is_empty());
        let day =
            list_days(source, &merchant(), &[date()], &Patterns::default(), &Control::silent()).unwrap().remove(0);
        let listing = day.listing;
        assert!(!listing.exists && listing.files.is_empty());
    }
}

#[test]
fn hostile_names_are_never_used() {
    let world = World::new();
    world.put(TRANSACTIONS, "a\n<END>\n");
    let outside = world.dir.path().join("transactionItems_20260301_777.csv");
    fs::write(&outside, "secret").unwrap();
    let hostile: [&[u8]; 7] = [
        b"settlementItems_USD_1_000.csv\n",
        b"settlementItems_USD_\xff_000.csv",
        b"..settlementItems_USD_1_000.csv",
        b".settlementItems_USD_1_000.csv",
        b"..\\..\\settlementItems_USD_1_000.csv",
        b"settlementItems_USD_1_000\x1b[2J.csv",
        &[b'a'; 240],
    ];
    for name in hostile {
        fs::write(world.directory().join(OsStr::from_bytes(name)), "a\n<END>\n").unwrap();
    }
    fs::create_dir(world.directory().join("settlementItems_USD_2_000.csv")).unwrap();
    symlink(TRANSACTIONS, world.directory().join("transactionItems_20260301_001.csv")).unwrap();
    symlink("nowhere", world.directory().join("transactionItems_20260301_002.csv")).unwrap();
    let pipe = world.directory().join("transactionItems_20260301_003.csv");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());

    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        let names: Vec<&str> = fetched.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, [TRANSACTIONS, "transactionItems_20260301_001.csv"], "a link inside the tree is followed");
        assert_eq!(fetched.ignored.len(), hostile.len() + 2);
        let dangling = &fetched.incomplete[..];
        assert!(matches!(dangling, [file] if file.name == "transactionItems_20260301_002.csv"), "{dangling:?}");
        for entry in &fetched.ignored {
            assert!(!entry.name.contains(char::is_control) && entry.name.is_ascii() || entry.name.contains('…'));
        }
        let reason = |part: &str| &fetched.ignored.iter().find(|entry| entry.name.contains(part)).unwrap().reason;
        assert_eq!(*reason("\\xff"), IgnoredReason::NotUtf8);
        assert_eq!(*reason("\\n"), IgnoredReason::UnsafeName);
        assert_eq!(*reason("aaaa"), IgnoredReason::TooLong);
        assert_eq!(*reason("_003.csv"), IgnoredReason::NotAFile);
    }
    // Only for the local tree does a link that leads out of it lead anywhere new.
    symlink(&outside, world.directory().join("transactionItems_20260301_777.csv")).unwrap();
    let fetched = world.fetch(&world.local()).unwrap();
    assert!(ignored(&fetched).contains(&("transactionItems_20260301_777.csv", &IgnoredReason::NotAFile)));
    assert!(!world.archive.path_of(Digest::of(b"secret")).exists());
}

#[test]
fn a_directory_that_leads_out_of_the_tree_is_refused() {
    let world = World::new();
    fs::remove_dir(world.directory()).unwrap();
    let outside = world.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join(TRANSACTIONS), "a\n<END>\n").unwrap();
    symlink(&outside, world.directory()).unwrap();
    let error = world.fetch(&world.local()).unwrap_err();
    assert!(matches!(&error, FetchError::Configuration(why) if why.contains("leads out of the tree")), "{error}");
}

/// Appends to a file each time a block of it arrives, as often as told.
fn growing(world: &World, source: &antom_recon::fetch::SourceOptions, times: usize) -> Fetched {
    let path = world.directory().join(TRANSACTIONS);
    fs::write(&path, "a,b\n1,2\n").unwrap();
    let count = AtomicUsize::new(0);
    let progress = |progress: Progress<'_>| {
        if matches!(progress, Progress::Received { .. }) && count.fetch_add(1, SeqCst) < times {
            OpenOptions::new().append(true).open(&path).unwrap().write_all(b"<END>\n").unwrap();
        }
    };
    world.fetch_watched(source, &Control { progress: &progress, cancel: Cancel::default() }).unwrap()
}

#[test]
fn a_file_that_grows_is_read_again_and_then_given_up() {
    let world = World::new();
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = growing(&world, source, 1);
        assert_eq!(fetched.incomplete, []);
        assert_eq!(fetched.files[0].digest, Digest::of(b"a,b\n1,2\n<END>\n"));

        let fetched = growing(&world, source, usize::MAX);
        assert_eq!(fetched.files, []);
        assert!(matches!(fetched.incomplete[0].reason, IncompleteReason::Unstable { .. }));
        assert_eq!(fetched.incomplete[0].archived, None);
        let message = fetched.incomplete[0].to_error().to_string();
        assert!(message.contains(TRANSACTIONS) && message.contains("stays as it is"), "{message}");
    }
}

#[test]
fn a_file_beyond_the_bound_is_refused() {
    let world = World::new();
    let file = fs::File::create(world.directory().join(TRANSACTIONS)).unwrap();
    // A hole takes no space.
    file.set_len((16 << 30) + 1).unwrap();
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let error = world.fetch(source).unwrap_err();
        assert!(matches!(&error, FetchError::Bounds(why) if why.contains("at most 17179869184")), "{error}");
    }
}

#[test]
fn a_fetch_can_be_stopped() {
    let world = World::new();
    world.put(TRANSACTIONS, report(3_000_000));
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let cancel = Cancel::default();
        let of_progress = cancel.clone();
        let progress = move |progress: Progress<'_>| {
            if matches!(progress, Progress::Received { .. }) {
                of_progress.cancel();
            }
        };
        let error = world.fetch_watched(source, &Control { progress: &progress, cancel }).unwrap_err();
        assert!(matches!(error, FetchError::Cancelled), "{error}");
    }
    let incoming = world.dir.path().join("archive/.incoming");
    assert_eq!(fs::read_dir(incoming).unwrap().count(), 0, "nothing half-written is left");
}

#[test]
fn a_merchant_that_is_no_name_of_a_directory_is_refused() {
    let world = World::new();
    for wrong in ["", "..", "../1", "a/b", "a\nb"] {
        let merchant = antom_recon::id::PlatformMerchantId::new(wrong);
        let error =
            list_days(&world.local(), &merchant, &[date()], &Patterns::default(), &Control::silent()).unwrap_err();
        assert!(matches!(&error, FetchError::Configuration(why) if why.contains("platform_merchant_id")), "{error}");
    }
}
