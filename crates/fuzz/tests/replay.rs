//! Every target over its corpus, and over what once made it fail.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "inputs are files")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz::Costly;

// The client's feature is on for tests only, so that the library's own module is not there.
#[path = "../src/bytes.rs"]
#[allow(dead_code, reason = "notifications need a part of it")]
mod bytes;
#[path = "../src/notification.rs"]
mod notification;
#[path = "../src/signing.rs"]
mod signing;

/// The most that all inputs together may take.
const MOST_BYTES: u64 = 300 << 10;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder, sorted; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The names in a folder without what follows the last dot.
fn names(folder: &str) -> BTreeSet<String> {
    files(&root().join(folder)).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn replay(name: &str, target: fn(&[u8])) {
    let corpus = files(&root().join("corpus").join(name));
    assert!(!corpus.is_empty(), "no corpus of `{name}`");
    for path in corpus.into_iter().chain(files(&root().join("crashes").join(name))) {
        run(&path, target);
    }
}

/// Runs a target over a file, and names the file if it fails.
fn run(path: &Path, target: fn(&[u8])) {
    let bytes = fs::read(path).unwrap();
    let shown = path.strip_prefix(root()).unwrap().display();
    let ended = std::panic::catch_unwind(|| target(&bytes));
    assert!(ended.is_ok(), "{shown} fails, see above");
}

macro_rules! replayed {
    ($($name:ident: $target:expr;)+) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), $target);
            }
        )+

        #[test]
        fn every_target_is_replayed() {
            let replayed = BTreeSet::from([$(stringify!($name).to_owned()),+]);
            assert_eq!(names("targets"), replayed);
            assert_eq!(names("corpus"), replayed);
            assert!(names("crashes").is_subset(&replayed));
        }
    };
}

replayed! {
    answer: |data| fuzz::answer(data, Costly::Always);
    config: fuzz::config;
    decision: fuzz::decision;
    ledger: |data| fuzz::ledger(data, Costly::Always);
    listing: fuzz::listing;
    money: fuzz::money;
    notification: notification::notification;
    report: |data| fuzz::report(data, Costly::Always);
    workbook: fuzz::workbook;
}

#[test]
fn the_inputs_are_small() {
    let folders = ["corpus", "crashes"].iter().flat_map(|folder| files(&root().join(folder)));
    let sizes = folders.flat_map(|folder| files(&folder)).map(|file| fs::metadata(file).unwrap().len());
    let bytes: u64 = sizes.sum();
    assert!(bytes <= MOST_BYTES, "corpus and crashes have {bytes} bytes; expected at most {MOST_BYTES}");
}
