//! `doctor`, `fetch`, `explain` and `status`, with everything in order and with one part broken at a time.

use std::fs;

use lab::api::{ApiFault, Repeat, Scope};
use lab::keys::{STRANGER, SshKey};
use lab::world::Plan;
use lab::world::faults::Fault;

use super::antom::{Antom, day_with, full_day};
use super::child::{Ended, Running};
use super::desk::Desk;

const PARTS: [&str; 6] = ["configuration", "database", "source", "api", "archive", "output"];

/// The parts that `doctor` says are broken, and all that it says.
fn broken(desk: &Desk, code: i32) -> (Vec<String>, String) {
    broken_parts(desk.run("doctor").with_code(code))
}

fn broken_parts(ended: Ended) -> (Vec<String>, String) {
    let mut failed = Vec::new();
    let mut lines = ended.stdout.lines();
    for part in PARTS {
        let line = lines.find(|line| line.split_whitespace().nth(1) == Some(part));
        let line = line.unwrap_or_else(|| panic!("`{part}` is not in:\n{}", ended.stdout));
        match line.split_whitespace().next() {
            Some("ok") => {}
            Some("FAILED") => failed.push(part.to_owned()),
            other => panic!("{other:?} in {line}"),
        }
    }
    (failed, ended.stdout + &ended.stderr)
}

#[test]
fn a_doctor_who_finds_nothing() {
    let antom = Antom::of(day_with(61, &[]));
    let desk = antom.desk();
    let (failed, said) = broken(&desk, 0);
    assert_eq!(failed, [""; 0]);
    let fingerprint = antom.sftp().host_key_fingerprint();
    let newest = format!("has 2 dates, the newest is {}", antom.date());
    for part in [fingerprint.as_str(), newest.as_str(), "its signature is Antom's", "schema version ", "16 MiB"] {
        assert!(said.contains(part), "`{part}` in {said}");
    }
    assert_eq!(antom.api().log().total(), 1);
    antom.assert_only_read();
}

#[test]
fn a_doctor_who_names_the_part_that_is_broken() {
    let antom = Antom::of(day_with(62, &[]));

    // A database is waited for, so this one is tried besides the others.
    let mut without_database = antom.desk();
    without_database.set("DATABASE_URL", "postgres://recon@127.0.0.1:1/recon").set("REQUERY_ENABLED", "false");
    let waiting = Running::start(without_database.command("doctor"));

    let desk = antom.desk();
    fs::write(desk.path("secrets/sftp-password"), "not-the-password").unwrap();
    let (failed, said) = broken(&desk, 4);
    assert_eq!(failed, ["source"]);
    assert!(said.contains("`recon`") && !said.contains("not-the-password"), "{said}");

    let mut desk = antom.desk();
    desk.set("SOURCE_HOST_KEY", SshKey::from_seed(&[9; 32]).unwrap().fingerprint());
    assert_eq!(broken(&desk, 5).0, ["source"]);

    let desk = antom.desk();
    fs::write(desk.path("secrets/antom.pem"), STRANGER.public_pem).unwrap();
    let (failed, said) = broken(&desk, 5);
    assert_eq!(failed, ["api"]);
    assert!(said.contains("signature"), "{said}");

    let mut desk = antom.desk();
    desk.set("API_ATTEMPTS", "2");
    antom.api().faults().down(true);
    assert_eq!(broken(&desk, 4).0, ["api"]);
    antom.api().faults().clear();
    antom.api().faults().plan(Scope::All, ApiFault::Unsigned, Repeat::Always);
    assert_eq!(broken(&desk, 5).0, ["api"]);
    antom.api().faults().clear();

    // Whoever runs the tests may be root, who may write everywhere; nobody can make a folder below a file.
    let mut desk = antom.desk();
    fs::write(desk.path("a-file"), "").unwrap();
    desk.set("OUTPUT_DIR", desk.path("a-file/out").display().to_string());
    assert_eq!(broken(&desk, 2).0, ["output"]);

    // Several at once: the first decides.
    let mut desk = antom.desk();
    fs::write(desk.path("secrets/antom.pem"), STRANGER.public_pem).unwrap();
    desk.set("OUTPUT_DIR", desk.path("ledger.csv/out").display().to_string());
    assert_eq!(broken(&desk, 5).0, ["api", "output"]);

    assert_eq!(broken_parts(waiting.wait().with_code(4)).0, ["database"]);
    antom.assert_only_read();
}

#[test]
fn fetch_alone_archives_and_asks_for_nothing_else() {
    let antom = Antom::of(full_day(63));
    let desk = antom.desk();
    let fetch = format!("fetch --date {}", antom.date());
    let ended = desk.done(&fetch);
    let last = antom.world.plan.last_day();
    let todays: Vec<&str> = antom.world.files.iter().filter(|file| file.day == last).map(|file| file.name()).collect();
    for name in &todays {
        assert!(ended.stdout.contains(name), "`{name}` in {}", ended.stdout);
    }
    assert_eq!(ended.stdout.lines().count(), todays.len());
    assert_eq!(desk.done(&fetch).stdout, ended.stdout);
    assert!(!desk.path("out").exists());
    assert_eq!(antom.api().log().total(), 0);

    let later = antom.world.plan.last_day().succ_opt().unwrap();
    desk.run(&format!("fetch --date {later}")).with_code(3).says(&["inputs not ready: ", &later.to_string()]);
    antom.assert_only_read();
}

#[test]
fn a_discrepancy_is_explained_and_the_status_is_told() {
    let mut plan = Plan { payments: 6, ..Plan::one_week(64) };
    plan.faults = vec![Fault::AmountDiffers, Fault::NotReportedUnknown];
    let antom = Antom::of(plan);
    let desk = antom.filled_desk();
    desk.done("status").shows(&["none yet"]);
    let days: Vec<String> = antom.world.plan.all_days().iter().map(ToString::to_string).collect();
    desk.done(&format!("run --from {} --to {}", days[3], days[4]));

    let status = desk.done("status").shows(&[&days[3], &days[4], "revision 1", "AMOUNT_MISMATCH", "0-1 days"]);
    let at = |day: &str| status.stdout.find(day).unwrap();
    assert!(at(&days[4]) < at(&days[3]), "newest first: {}", status.stdout);
    assert!(status.stdout.contains("reports expected and missing"), "{}", status.stdout);

    let rows = desk.discrepancies(&days[4]);
    let row = (0..rows.len()).find(|&row| rows.cell(row, "kind") == "AMOUNT_MISMATCH").unwrap();
    let cell = |column| rows.cell(row, column);
    let by_id = desk.done(&format!("explain {}", cell("discrepancy_id")));
    let file = cell("report_file").rsplit('/').next().unwrap().to_owned();
    let line = format!("{file} line {}:", cell("report_line"));
    let by_id = by_id.shows(&[
        cell("ledger_entry_id"),
        cell("request_id"),
        &line,
        "AMOUNT_MISMATCH",
        cell("explanation"),
        "answer ",
        "inquiryPayment",
        &format!("run       {}", days[4]),
    ]);
    let by_request = desk.done(&format!("explain {}", cell("request_id")));
    assert!(by_request.stdout.contains(&line) && by_request.stdout.contains("AMOUNT_MISMATCH"), "{by_id:?}");
    desk.done("explain nobody-knows-this").shows(&["nothing is known about `nobody-knows-this`"]);
}
