//! The date's folder: whole or absent, replaced only by other bytes, repaired after a crash at any point.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use antom_recon::export::{
    self, CsvOut, Outcome, Output, Publication, PublishError, Published, Shown, recover, unfinished,
};
use antom_recon::id::PlatformMerchantId;

use super::rendering::summary;

const DATE: &str = "2026-03-02";

fn merchant() -> PlatformMerchantId {
    PlatformMerchantId::new("218")
}

fn begin(out: &Path) -> Publication {
    Publication::begin(out, &merchant(), DATE.parse().unwrap()).unwrap()
}

/// A publication with one table of one cell, and a summary whose timings differ.
fn write(publication: &mut Publication, cell: &str, seconds: u64) {
    let table = |file: &fs::File| {
        let mut table = CsvOut::new(file, &["cell"])?;
        table.text(cell)?;
        table.end()?;
        table.finish()
    };
    publication.write(Output::Discrepancies, table).unwrap();
    publication.write(Output::Summary, |file| export::summary(file, &summary(seconds))).unwrap();
}

/// Publishes over what was published for revision 1.
fn publish(out: &Path, cell: &str, seconds: u64) -> Published {
    publish_over(out, cell, seconds, Shown::Published(1))
}

fn publish_over(out: &Path, cell: &str, seconds: u64, shown: Shown) -> Published {
    let mut publication = begin(out);
    write(&mut publication, cell, seconds);
    publication.commit().unwrap().publish(shown).unwrap()
}

/// The names below a folder, sorted, and what their table says.
fn tree(out: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![out.join("218")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let table = path.join("discrepancies.csv");
            if table.exists() {
                let cell = fs::read_to_string(table).unwrap().replace("cell\r\n", "").trim().to_owned();
                found.push((path.strip_prefix(out.join("218")).unwrap().display().to_string(), cell));
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect()
}

#[test]
fn the_first_folder_appears_whole_and_nothing_else_is_left() {
    let out = tempfile::tempdir().unwrap();
    let mut publication = begin(out.path());
    write(&mut publication, "one", 1);
    assert!(!out.path().join("218").join(DATE).exists(), "not before it is finished");
    assert_eq!(publication.outputs().len(), 2);
    let published = publication.commit().unwrap().publish(Shown::Edited(None)).unwrap();
    assert_eq!(published, Published { folder: out.path().join("218").join(DATE), outcome: Outcome::New });
    assert_eq!(tree(out.path()), pairs(&[(DATE, "one")]));
    assert_eq!(fs::read_dir(out.path().join("218")).unwrap().count(), 1);
}

#[test]
fn the_same_bytes_supersede_nothing() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "one", 1);
    let folder = out.path().join("218").join(DATE);
    let before = fs::read(folder.join("summary.json")).unwrap();
    fs::write(folder.join("notes.txt"), "an analyst's").unwrap();
    assert_eq!(publish(out.path(), "one", 99).outcome, Outcome::Unchanged);
    assert_eq!(fs::read(folder.join("summary.json")).unwrap(), before, "the old summary stays with its timings");
    assert_eq!(fs::read_dir(out.path().join("218")).unwrap().count(), 1);
}

#[test]
fn other_bytes_move_the_old_folder_aside_each_time() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "one", 1);
    let aside = out.path().join("218/superseded/2026-03-02-r1");
    assert_eq!(publish(out.path(), "two", 1).outcome, Outcome::Superseded(aside));
    // Revision 2 was never published, and revision 3 twice.
    publish_over(out.path(), "three", 1, Shown::Published(3));
    publish_over(out.path(), "four", 1, Shown::Published(3));
    publish_over(out.path(), "five", 1, Shown::Published(4));
    let expected = [
        (DATE, "five"),
        ("superseded/2026-03-02-r1", "one"),
        ("superseded/2026-03-02-r3", "two"),
        ("superseded/2026-03-02-r3.2", "three"),
        ("superseded/2026-03-02-r4", "four"),
    ];
    assert_eq!(tree(out.path()), pairs(&expected));
}

#[test]
fn a_file_that_somebody_saved_over_is_replaced_and_kept() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "one", 1);
    let edit = |cell: &str| {
        fs::write(out.path().join("218").join(DATE).join("discrepancies.csv"), format!("cell\r\n{cell}\r\n")).unwrap();
    };
    edit("edited");
    let aside = out.path().join("218/edited/2026-03-02-r1");
    let replaced = publish_over(out.path(), "one", 1, Shown::Edited(Some(1)));
    assert_eq!(replaced.outcome, Outcome::Edited(aside));
    edit("again");
    publish_over(out.path(), "one", 1, Shown::Edited(Some(1)));
    edit("nobody knows");
    publish_over(out.path(), "one", 1, Shown::Edited(None));
    let expected = [
        (DATE, "one"),
        ("edited/2026-03-02", "nobody knows"),
        ("edited/2026-03-02-r1", "edited"),
        ("edited/2026-03-02-r1.2", "again"),
    ];
    assert_eq!(tree(out.path()), pairs(&expected));
}

#[test]
fn an_output_more_or_less_is_a_difference() {
    let out = tempfile::tempdir().unwrap();
    publish(out.path(), "one", 1);
    let mut publication = begin(out.path());
    write(&mut publication, "one", 1);
    publication.write(Output::Cleared, |file| CsvOut::new(file, &["x"])?.finish()).unwrap();
    let published = publication.commit().unwrap().publish(Shown::Published(1)).unwrap();
    assert!(matches!(published.outcome, Outcome::Superseded(_)));
    assert!(matches!(publish(out.path(), "one", 1).outcome, Outcome::Superseded(_)));
}

#[test]
fn a_publication_that_is_given_up_leaves_nothing() {
    let out = tempfile::tempdir().unwrap();
    let mut publication = begin(out.path());
    write(&mut publication, "one", 1);
    drop(publication);
    assert_eq!(fs::read_dir(out.path().join("218")).unwrap().count(), 0);
}

/// What a crash leaves after each step of a publication of `new` over `old`, made by hand.
fn crashed(out: &Path, step: u32, old: Option<&str>) {
    if let Some(old) = old {
        publish(out, old, 1);
    }
    let other = tempfile::tempdir().unwrap();
    publish(other.path(), "new", 1);
    let complete = other.path().join("218").join(DATE);
    let root = out.join("218");
    fs::create_dir_all(root.join("superseded")).unwrap();
    let copy = |to: PathBuf| {
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(&complete).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
        }
    };
    let leave = |name: &str| copy(root.join(name));
    let move_aside = || {
        if old.is_some() {
            fs::rename(root.join(DATE), root.join("superseded/2026-03-02-r1")).unwrap();
        }
    };
    match step {
        0 => {
            leave(".tmp-2026-03-02-AbCdEf");
            fs::remove_file(root.join(".tmp-2026-03-02-AbCdEf/summary.json")).unwrap();
        }
        1 => leave(".ready-2026-03-02"),
        2 => {
            leave(".ready-2026-03-02");
            move_aside();
        }
        _ => {
            move_aside();
            leave(DATE);
        }
    }
}

#[test]
fn a_crash_after_any_step_is_repaired() {
    let mut cases = 0;
    for step in 0..=3 {
        for old in [None, Some("old")] {
            let out = tempfile::tempdir().unwrap();
            crashed(out.path(), step, old);
            let waiting = unfinished(out.path(), &merchant()).unwrap();
            assert_eq!(waiting.len(), usize::from(step == 1 || step == 2), "step {step}: {waiting:?}");
            recover(out.path(), &merchant(), DATE.parse().unwrap(), Shown::Published(1)).unwrap();
            let expected = match (step, old) {
                (0, None) => pairs(&[]),
                (0, Some(_)) => pairs(&[(DATE, "old")]),
                (_, None) => pairs(&[(DATE, "new")]),
                (_, Some(_)) => pairs(&[(DATE, "new"), ("superseded/2026-03-02-r1", "old")]),
            };
            assert_eq!(tree(out.path()), expected, "step {step}, old {old:?}");
            let hidden = fs::read_dir(out.path().join("218")).unwrap();
            assert!(hidden.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
            let rerun = publish(out.path(), "new", 2).outcome;
            assert_eq!(rerun == Outcome::Unchanged, step > 0, "step {step}, old {old:?}: {rerun:?}");
            cases += 1;
        }
    }
    assert_eq!(cases, 8);
}

#[test]
fn a_crash_after_the_same_bytes_supersedes_nothing() {
    let out = tempfile::tempdir().unwrap();
    crashed(out.path(), 1, Some("new"));
    recover(out.path(), &merchant(), DATE.parse().unwrap(), Shown::Published(1)).unwrap();
    assert_eq!(tree(out.path()), pairs(&[(DATE, "new")]));
}

#[test]
fn other_dates_and_nothing_at_all_are_left_alone() {
    let out = tempfile::tempdir().unwrap();
    recover(out.path(), &merchant(), DATE.parse().unwrap(), Shown::Published(1)).unwrap();
    assert!(unfinished(out.path(), &merchant()).unwrap().is_empty());
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    let busy = out.path().join("218/.tmp-2026-03-03-AbCdEf");
    fs::create_dir_all(&busy).unwrap();
    publish(out.path(), "one", 1);
    assert!(busy.exists());
}

#[test]
fn a_merchant_id_is_no_path() {
    let out = tempfile::tempdir().unwrap();
    for id in ["", "..", "a/b", "a\\b", "/etc", "a\0b", "-rf", "ü", &"a".repeat(65)] {
        let error = Publication::begin(out.path(), &PlatformMerchantId::new(id), DATE.parse().unwrap()).unwrap_err();
        assert!(matches!(error, PublishError::Merchant(_)), "{id:?}: {error}");
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn failures_say_where_and_what_to_do() {
    let out = tempfile::tempdir().unwrap();
    let mut publication = begin(out.path());
    let full = |_: &fs::File| Err(io::Error::from(io::ErrorKind::StorageFull));
    let error = publication.write(Output::InTransit, full).unwrap_err().to_string();
    assert!(error.starts_with("cannot write `") && error.contains("in_transit.csv`: "), "{error}");
    assert!(
        error.ends_with("; the disk is full: free space or set `output.dir` to another one, and run again"),
        "{error}"
    );

    let short = |mut file: &fs::File| {
        let written = CsvOut::new(file, &["x"])?.finish()?;
        file.write_all(b"more")?;
        Ok(written)
    };
    let error = publication.write(Output::Cleared, short).unwrap_err().to_string();
    assert!(error.contains("7 bytes arrived of 3"), "{error}");

    let blocked = tempfile::tempdir().unwrap();
    fs::write(blocked.path().join("218"), "a file").unwrap();
    let error = Publication::begin(blocked.path(), &merchant(), DATE.parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("218") && error.ends_with("a file is where a folder is expected: move it away"), "{error}");
}
