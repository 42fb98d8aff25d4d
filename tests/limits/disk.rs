//! Disks that are full: what could not be written is told with its path and what to do; with room, the same command goes on.
//!
//! Each disk is a small one of its own, in memory, seen by the program alone. Where this user may not mount any, the tests say so; in CI
//! they fail.

use std::process::Command;

use super::day::{Day, Ran, entry, line};
use crate::fetch::sshd::skipped;

/// What the program said on the full disk, and what it said when there was room.
struct Twice {
    full: Ran,
    then: Ran,
}

/// Runs the day with a small disk at a folder, and again after the disk has grown; none if disks cannot be mounted here.
fn on_a_disk_of(day: &Day, folder: &str, size: &str) -> Option<Twice> {
    twice_on_a_disk_of(day, "run --date 2026-03-02 --threads 2", folder, size)
}

/// The same with another command.
fn twice_on_a_disk_of(day: &Day, words: &str, folder: &str, size: &str) -> Option<Twice> {
    let namespace = ["-m", "-rm"].into_iter().find(|flags| {
        let tried =
            Command::new("unshare").args([flags, "mount", "-t", "tmpfs", "-o", "size=4k", "none", "/mnt"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    });
    let Some(namespace) = namespace else {
        return skipped("this user may not mount a small disk: neither `unshare -m` nor `unshare -rm` is allowed");
    };
    std::fs::create_dir_all(day.path(folder)).unwrap();
    let script = format!(
        "mount -t tmpfs -o size={size} none {folder} && cd . && \"$0\" \"$@\"; code=$?; echo \"<ended $code>\"; echo \"<ended $code>\" >&2; \
         mount -o remount,size=256m none {folder} && exec \"$0\" \"$@\""
    );
    let both = day.within(&["unshare", namespace, "sh", "-c", &script], words);
    let part = |text: &str, at: usize| {
        let (first, rest) = text.split_once("<ended ").unwrap_or_else(|| panic!("{text}"));
        let (code, second) = rest.split_once(">\n").unwrap();
        (code.parse::<i32>().unwrap(), [first, second][at].to_owned())
    };
    let ran = |at: usize, code: Option<i32>| Ran {
        code: if at == 0 { Some(part(&both.stdout, 0).0) } else { code },
        stdout: part(&both.stdout, at).1,
        stderr: part(&both.stderr, at).1,
        peak: both.peak,
        addresses: both.addresses,
        name: both.name.clone(),
    };
    Some(Twice { full: ran(0, None), then: ran(1, both.code) })
}

/// A day of which every entry is missing in the report: its record and its outputs are large.
fn many_discrepancies() -> Day {
    let day = Day::new();
    day.entries((0..3_000).map(|number| entry(number, &format!("r{number}"))));
    day
}

/// A day whose report is large, and compresses badly.
fn many_lines() -> Day {
    let day = Day::new();
    let id = |number: usize| format!("r{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    day.transactions((0..20_000).map(|number| line(number, &id(number))));
    day.entries((0..20_000).map(|number| entry(number, &id(number))));
    day
}

#[track_caller]
fn told_and_mended(twice: Option<Twice>, code: i32, parts: &[&str]) {
    let Some(Twice { full, then }) = twice else { return };
    full.with_code(code).says(parts);
    then.with_code(0);
}

#[test]
fn of_the_archive() {
    told_and_mended(on_a_disk_of(&many_lines(), "archive", "64k"), 5, &["archive/", "disk is full", "free space"]);
}

#[test]
fn of_the_database() {
    let day = many_discrepancies();
    day.configure("sqlite://antom-recon.db", "sqlite://db/antom-recon.db");
    told_and_mended(on_a_disk_of(&day, "db", "2m"), 5, &["db/antom-recon.db", "disk is full", "free space"]);
}

#[test]
fn of_the_outputs() {
    let day = many_discrepancies();
    told_and_mended(on_a_disk_of(&day, "out", "64k"), 5, &["discrepancies.csv", "disk is full", "free space"]);
}

#[test]
fn of_the_memory() {
    let twice = on_a_disk_of(&many_lines(), "archive/memory", "16k");
    told_and_mended(twice, 5, &["archive/memory/", "disk is full", "free space"]);
}

#[test]
fn of_the_ledgers_copy() {
    let day = many_lines();
    day.command("ledger import ledger.csv").with_code(0);
    day.configure("kind = \"csv\"\npath = \"ledger.csv\"", "kind = \"table\"");
    told_and_mended(on_a_disk_of(&day, "tmp", "64k"), 5, &["copy of the ledger", "free space", "TMPDIR"]);
}

#[test]
fn a_doctor_says_it_as_a_run_does() {
    for folder in ["archive", "out"] {
        let day = Day::new();
        day.run("--threads 2").with_code(0);
        for old in ["archive", "out"] {
            std::fs::remove_dir_all(day.path(old)).unwrap();
        }
        let twice = twice_on_a_disk_of(&day, "doctor", folder, "64k");
        told_and_mended(twice, 5, &["cannot write to `", folder, "No space left on device", "free space"]);
    }
}
