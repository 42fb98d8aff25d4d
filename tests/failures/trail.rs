//! Verifying what was recorded, archived and published; pruning what nothing needs.

use std::fs;
use std::path::PathBuf;

use super::{DATE, Place};

impl Place {
    fn published(&self, name: &str) -> PathBuf {
        self.path(&format!("out/2188120000000001/{DATE}/{name}"))
    }

    /// The archived files.
    fn archived(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.path("archive")).unwrap().map(|entry| entry.unwrap().path());
        let shelves = folders.filter(|path| !path.ends_with(".incoming") && !path.ends_with("memory"));
        let mut files: Vec<PathBuf> =
            shelves.flat_map(|shelf| fs::read_dir(shelf).unwrap().map(|entry| entry.unwrap().path())).collect();
        files.sort();
        files
    }

    /// A day that is done.
    fn done() -> Self {
        let place = Self::quiet_day();
        assert_eq!(place.run_day().code, Some(0));
        place
    }

    /// What `verify` says: its line, or why not.
    fn verified(&self) -> (Option<i32>, String) {
        let ended = self.run("verify");
        (ended.code, ended.stdout + &ended.stderr)
    }

    fn is_whole(&self, parts: &[&str]) {
        let (code, text) = self.verified();
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` in {text}"));
    }

    fn differs(&self, parts: &[&str]) {
        let (code, text) = self.verified();
        assert_eq!(code, Some(5), "{text}");
        parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` in {text}"));
    }
}

#[test]
fn what_was_not_changed_is_verified_in_one_line() {
    let place = Place::quiet_day();
    place.is_whole(&["0 runs, 0 archived files and 0 published folders", "last digest none"]);
    assert_eq!(place.run_day().code, Some(0));
    place.is_whole(&["2188120000000001: 1 runs, ", " 1 published folders are what was recorded; last digest `"]);
    // Again, and as another revision.
    assert_eq!(place.run_day().code, Some(0));
    place.is_whole(&["1 runs, "]);
    place.configure_more("[severity]\nMISSING_IN_LEDGER = \"info\"");
    let again = place.run_day();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    place.is_whole(&["2 runs, "]);
    let other = place.run("verify --merchant 2188999999999999");
    assert!(other.stdout.starts_with("2188999999999999: 0 runs"), "{}", other.stdout);
}

#[test]
fn an_output_that_was_changed_is_named() {
    let place = Place::done();
    let path = place.published("discrepancies.csv");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, [&bytes[..], b"\r\n"].concat()).unwrap();
    place.differs(&["integrity: `", "discrepancies.csv` has the digest `", "; published were `"]);
    fs::remove_file(&path).unwrap();
    place.differs(&["discrepancies.csv` is missing; restore it from a backup"]);
    fs::write(&path, &bytes).unwrap();
    place.is_whole(&[]);
    // Notes that somebody put there are nobody's business.
    fs::write(place.published("notes.txt"), "called the seller").unwrap();
    place.is_whole(&[]);
    fs::rename(place.published(""), place.path("elsewhere")).unwrap();
    place.differs(&["is missing"]);
}

#[test]
fn an_archived_file_that_was_changed_or_is_gone_is_named() {
    let place = Place::done();
    let file = place.archived().remove(0);
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    place.differs(&["integrity: run 2026-03-02 revision 1, `", "` is missing; expected the file that was archived"]);
    fs::write(&file, &bytes[..bytes.len() - 2]).unwrap();
    place.differs(&["run 2026-03-02 revision 1", "cannot be unpacked"]);
    fs::write(&file, &bytes).unwrap();
    place.is_whole(&[]);
}

#[test]
fn a_folder_that_was_superseded_is_verified_as_well() {
    let place = Place::done();
    let report = fs::read_to_string(place.report()).unwrap();
    let line = report.lines().nth(1).unwrap();
    place.write(
        "remote/v1/settlements/2188120000000001/20260302/transactionItems_20260302_000.csv",
        report.replacen(line, &format!("{line}\r\n{line}"), 1),
    );
    let again = place.run_day();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    place.is_whole(&["2 runs, ", " 2 published folders"]);
    let older = place.path("out/2188120000000001/superseded/2026-03-02-r1");
    let page = older.join("control_totals.csv");
    let bytes = fs::read(&page).unwrap();
    fs::write(&page, b"nothing").unwrap();
    place.differs(&["superseded/2026-03-02-r1/control_totals.csv` has the digest"]);
    fs::write(&page, bytes).unwrap();
    place.is_whole(&[]);
    fs::rename(&older, place.path("elsewhere")).unwrap();
    place.differs(&["the outputs of run 2026-03-02 revision 1 are missing below `superseded`"]);
}

/// Another amount of the first entry, so that the next run has something else to say.
fn revise(place: &Place, amount: u32) {
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    let line = ledger.lines().nth(1).unwrap();
    let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
    let amount_at = ledger.lines().next().unwrap().split(',').position(|column| column == "amount_minor").unwrap();
    let revised: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| if at == amount_at { amount.to_string() } else { cell.clone() })
        .collect();
    place.write("ledger.csv", ledger.replacen(line, &revised.join(","), 1));
    assert_eq!(place.run_day().code, Some(0));
}

#[test]
fn outputs_that_somebody_edited_make_room_under_a_name_of_their_own() {
    let place = Place::done();
    let page = |folder: &str| {
        fs::read_to_string(place.path(&format!("out/2188120000000001/{folder}/discrepancies.csv"))).unwrap()
    };
    let edit = |text: &str| {
        let path = place.published("discrepancies.csv");
        fs::write(&path, fs::read_to_string(&path).unwrap() + text).unwrap();
    };
    let first = page(DATE);
    edit("called the seller\r\n");
    place.differs(&["/2026-03-02/discrepancies.csv` has the digest"]);
    let again = place.run_day();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stdout.contains("(what was there, which is not what was published, is in `"), "{}", again.stdout);
    assert_eq!(page(DATE), first);
    assert_eq!(page("edited/2026-03-02-r1"), first.clone() + "called the seller\r\n");
    assert!(!place.path("out/2188120000000001/superseded").exists(), "a rerun with the same bytes supersedes nothing");
    let set_aside = "; 1 folders that are not as they were published were set aside in `edited`";
    place.is_whole(&["1 runs, ", " 1 published folders", set_aside]);
    // The same again changes nothing, and each revision goes by its own number.
    assert!(place.run_day().stdout.contains(" (unchanged)\n"));
    revise(&place, 9_999);
    let second = page(DATE);
    revise(&place, 9_998);
    assert_eq!(page("superseded/2026-03-02-r1"), first);
    assert_eq!(page("superseded/2026-03-02-r2"), second);
    place.is_whole(&["3 runs, ", " 3 published folders", set_aside]);
    // What was published and is nowhere any more is still missed.
    edit("called again\r\n");
    revise(&place, 9_997);
    assert!(page("edited/2026-03-02-r3").ends_with("called again\r\n"));
    place.differs(&[
        "the outputs of run 2026-03-02 revision 3 are missing below `superseded` (`",
        "edited/2026-03-02-r3` was edited); restore them from a backup",
    ]);
}

#[test]
fn pruning_leaves_what_is_within_the_lookback() {
    let place = Place::done();
    let before = place.archived();
    let ended = place.run("prune --before 2027-01-01");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("0 files with 0 bytes deleted"), "{}", ended.stdout);
    assert!(ended.stdout.contains("on: the newest run looks back so far"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\n0 rows of 0 runs deleted, of runs before "), "{}", ended.stdout);
    assert_eq!(place.archived(), before);
}

#[test]
fn pruning_deletes_what_nothing_needs_and_verify_knows_it() {
    let place = Place::quiet_day();
    let dates = ["2026-03-02", "2026-06-01"];
    let folder = |date: &str| format!("remote/v1/settlements/2188120000000001/{}", date.replace('-', ""));
    assert_eq!(place.run_day().code, Some(0));
    // The same day again three months later, under its own name and with other bytes.
    for file in fs::read_dir(place.path(&folder(dates[0]))).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let text = fs::read_to_string(place.path(&folder(dates[0])).join(&name)).unwrap();
        let later = text.replace("2026-03-02", dates[1]).replace("20260302", "20260601");
        place.write(&format!("{}/{}", folder(dates[1]), name.replace("20260302", "20260601")), later);
    }
    let later = place.run("run --date 2026-06-01 --allow-missing");
    assert_eq!(later.code, Some(0), "{}", later.stderr);
    let before = place.archived();
    let listed = place.run("prune --before 2026-06-01 --dry-run");
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    assert_eq!(place.archived(), before, "a dry run deletes nothing");
    let pruned = place.run("prune --before 2026-06-01");
    assert_eq!(
        pruned.stdout.replace(" deleted, of", " would be deleted, of").lines().next(),
        listed.stdout.lines().next()
    );
    let deleted = before.len() - place.archived().len();
    assert!(deleted > 0 && pruned.stdout.contains(&format!("{deleted} files with ")), "{}", pruned.stdout);
    assert!(pruned.stdout.contains("2026-03-02  transaction_details"), "{}", pruned.stdout);
    place.is_whole(&["2 runs, ", &format!("; {deleted} archived files pruned")]);
    let again = place.run("prune --before 2026-06-01");
    assert!(again.stdout.starts_with("0 files with 0 bytes deleted"), "{}", again.stdout);
}

#[test]
fn the_schema_is_brought_up_to_date_and_told() {
    let place = Place::quiet_day();
    let told = place.run("migrate");
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(told.stdout.contains("antom-recon.db has schema version "), "{}", told.stdout);
    let script = place.run("migrate --print");
    assert!(script.stdout.contains("STRICT"), "the kind of the configuration");
    let of_schema = place.run("migrate --print --database postgres --schema recon").stdout;
    assert!(of_schema.contains("CREATE SCHEMA \"recon\";\n"), "{of_schema}");
    assert!(of_schema.contains("\nSET search_path TO \"recon\";\n"), "{of_schema}");
    let status = place.run("status").stdout;
    assert!(status.contains("lock is free\n") && status.contains("has schema version"), "{status}");
}

/// Changes one bit of a file, and puts it back when it was named.
fn one_bit(place: &Place, path: &std::path::Path, at: usize, bit: u8) {
    let bytes = fs::read(path).unwrap();
    let mut changed = bytes.clone();
    changed[at] ^= 1 << bit;
    fs::write(path, &changed).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    place.differs(&["integrity: ", name]);
    fs::write(path, &bytes).unwrap();
}

#[test]
fn one_bit_anywhere_in_the_archive_is_named() {
    let place = Place::done();
    for path in place.archived() {
        let length = fs::read(&path).unwrap().len();
        // Bytes 4 and 5 of a packed file describe it; some of their bits change nothing of what it unpacks to.
        for (at, bit) in [(0, 0), (4, 4), (5, 2), (16, 7), (length / 2, 0), (length - 1, 7)] {
            one_bit(&place, &path, at, bit);
        }
        // Nor does what a reader of the format must skip.
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, [&bytes[..], b"\x50\x2a\x4d\x18\x01\0\0\0x"].concat()).unwrap();
        place.differs(&["holds the right content, packed in ", "which no run recorded; restore it from a backup"]);
        fs::write(&path, &bytes).unwrap();
    }
    place.is_whole(&[]);
}

#[test]
fn one_bit_anywhere_in_an_output_is_named() {
    let place = Place::done();
    let outputs: Vec<PathBuf> = fs::read_dir(place.published("")).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(outputs.len() >= 9, "{outputs:?}");
    for path in outputs {
        let length = fs::read(&path).unwrap().len();
        for at in [0, length / 2, length - 1] {
            one_bit(&place, &path, at, 0);
        }
    }
    place.is_whole(&[]);
}

#[test]
fn old_rows_of_history_are_pruned_and_the_rest_is_verified() {
    let place = Place::of_scenario("settled_late");
    for day in 2..=6 {
        let ended = place.run(&format!("run --date 2026-03-0{day} --allow-missing"));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    for date in ["2026-06-01", "2026-06-02"] {
        assert_eq!(place.run(&format!("run --date {date} --allow-missing")).code, Some(0));
    }
    let trial = place.run("prune --before 2026-06-01 --dry-run").stdout;
    let line = trial.lines().find(|line| line.contains(" rows of ")).unwrap().to_owned();
    assert!(
        line.ends_with(" runs would be deleted, of runs before 2026-03-06") && !line.starts_with("0 rows"),
        "{trial}"
    );
    place.is_whole(&["7 runs, "]);
    let pruned = place.run("prune --before 2026-06-01");
    assert_eq!(pruned.code, Some(0), "{}", pruned.stderr);
    assert!(pruned.stdout.contains(&line.replace("would be deleted", "deleted")), "{}", pruned.stdout);
    place.is_whole(&["7 runs, ", " runs with old rows pruned"]);
    // What is needed for a run is there; a date that would need what is gone is refused.
    assert_eq!(place.run("run --date 2026-06-03 --allow-missing").code, Some(0));
    let refused = place.run("run --date 2026-03-04 --allow-missing");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("2026-03-04 cannot be run any more: what the run before it left open was pruned"),
        "{}",
        refused.stderr
    );
    let again = place.run("prune --before 2026-06-01").stdout;
    assert!(again.contains("\n0 rows of 0 runs deleted, of runs before 2026-03-06\n"), "{again}");
}

#[test]
fn a_file_that_no_run_reads_must_still_be_what_its_name_says() {
    let place = Place::done();
    let mut compressed = zstd::encode_all(&b"fetched, and not used by any run"[..], 1).unwrap();
    let sha256 = ring::digest::digest(&ring::digest::SHA256, b"fetched, and not used by any run");
    let name = sha256.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let path = format!("archive/{}/{name}.zst", &name[..2]);
    place.write(&path, &compressed);
    place.is_whole(&["; 1 archived files that no run of this merchant names have the content of their names"]);
    compressed[0] ^= 1;
    place.write(&path, &compressed);
    let ended = place.run("verify");
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains(&name), "{}", ended.stderr);
}
