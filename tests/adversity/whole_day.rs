//! Whole days over every combination of source, store and ledger: the same answer each time, and the right one.

use lab::world::faults::Fault;
use lab::world::{Plan, World};

use super::antom::{Antom, full_day};
use super::desk::{Desk, Outputs};
use super::rows::new_postgres;
use crate::fetch::sshd::{self, Sshd};

/// The outputs that hold amounts; `summary.json` names its inputs, which differ between kinds of ledger.
fn tables(mut outputs: Outputs) -> Outputs {
    assert!(outputs.remove("summary.json").is_some());
    assert_eq!(outputs.len(), 9);
    outputs
}

/// Makes a desk fetch from OpenSSH with a key in place of the laboratory's server with a password.
pub(super) fn over_openssh(antom: &Antom, desk: &mut Desk, sshd: &Sshd) {
    let settlements = antom.root().join("remote/v1/settlements");
    let key = sshd.user_key();
    desk.replace(
        "password_file = \"secrets/sftp-password\"",
        &format!("private_key_file = \"{}\"\nroot = \"{}\"", key.display(), settlements.display()),
    );
    desk.set("SOURCE_PORT", sshd.port.to_string()).set("SOURCE_USERNAME", &sshd.user);
    desk.set("SOURCE_HOST_KEY", sshd.host_fingerprint("ed25519"));
}

/// Makes a desk take its ledger from a query on a database, whose built-in table is filled for that.
fn from_query(desk: &mut Desk, url: &str) {
    let mut other = desk.command("ledger import ledger.csv");
    other.env("ANTOM_RECON_DATABASE_URL", url);
    assert!(other.status().unwrap().success());
    let sql = "SELECT * FROM ledger_entries";
    desk.replace("kind = \"table\"", &format!("kind = \"query\"\nurl = \"{url}\"\nsql = \"{sql}\""));
}

/// Runs the last day, audits it, and gives its tables.
fn reconciled(antom: &Antom, desk: &Desk) -> Outputs {
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    tables(desk.outputs(&antom.date()))
}

#[test]
fn every_source_store_and_ledger_gives_the_same_bytes() {
    let mut plan = full_day(21);
    // A discrepancy about a file names its path, and the server with another root has another.
    plan.faults.retain(|fault| *fault != Fault::SummaryWithoutEnd);
    let antom = Antom::of(plan);
    let expected = reconciled(&antom, &antom.filled_desk());
    assert!(expected["discrepancies.csv"].lines().count() > 30, "{}", expected["discrepancies.csv"]);
    assert_eq!(reconciled(&antom, &antom.csv_desk()), expected, "a ledger in a CSV file");

    let mut desk = antom.desk();
    from_query(&mut desk, "sqlite://shop.db");
    assert_eq!(reconciled(&antom, &desk), expected, "a ledger in another SQLite database");

    if let Some(url) = new_postgres() {
        let mut desk = antom.desk();
        desk.set("DATABASE_URL", &url);
        desk.done("ledger import ledger.csv");
        assert_eq!(reconciled(&antom, &desk), expected, "everything on PostgreSQL");

        let mut desk = antom.desk();
        from_query(&mut desk, &new_postgres().unwrap());
        assert_eq!(reconciled(&antom, &desk), expected, "a ledger in a PostgreSQL database");
    }
    antom.assert_only_read();

    let Some(sshd) = sshd::start(antom.root()) else { return };
    let mut desk = antom.csv_desk();
    over_openssh(&antom, &mut desk, &sshd);
    assert_eq!(reconciled(&antom, &desk), expected, "over OpenSSH with a key");
    let mut desk = antom.desk();
    over_openssh(&antom, &mut desk, &sshd);
    desk.set("DATABASE_URL", new_postgres().unwrap_or_else(|| "sqlite://other.db".to_owned()));
    desk.done("ledger import ledger.csv");
    assert_eq!(reconciled(&antom, &desk), expected, "over OpenSSH, with the table on PostgreSQL");
}

#[test]
fn a_week_is_the_same_on_both_databases() {
    let antom = Antom::of(Plan { payments: 6, ..Plan::one_week(22) });
    let week = format!("run --from {} --to {}", antom.world.plan.first_day, antom.date());
    let weekly = |desk: &Desk| -> Vec<Outputs> {
        desk.done("ledger import ledger.csv");
        desk.done(&week);
        antom.audit(&desk.published(&antom.date()));
        antom.world.plan.all_days().iter().map(|day| desk.outputs(&day.to_string())).collect()
    };
    let expected = weekly(&antom.desk());
    assert_eq!(expected.len(), 5);
    antom.assert_only_read();
    let Some(url) = new_postgres() else { return };
    let mut desk = antom.desk();
    desk.set("DATABASE_URL", &url);
    assert_eq!(weekly(&desk), expected);
}

#[test]
fn a_day_is_the_same_with_any_number_of_threads_and_however_often_it_is_run() {
    let antom = Antom::of(full_day(23));
    let desk = antom.filled_desk();
    desk.done(&format!("{} --threads 1", antom.run())).shows(&["open", "outputs"]);
    let first = desk.outputs(&antom.date());
    desk.done(&format!("{} --threads 7", antom.run())).shows(&["(unchanged)"]);
    assert_eq!(desk.outputs(&antom.date()), first);
    assert!(!desk.out().join("superseded").exists());
    antom.audit(&desk.published(&antom.date()));
}

/// A file that Antom delivers again with other content is noticed on its own date, and the older outputs stay.
#[test]
fn a_restated_file_is_noticed_and_supersedes_the_outputs() {
    let antom = Antom::of(full_day(24));
    let desk = antom.filled_desk();
    desk.done(&antom.run());
    let first = desk.outputs(&antom.date());
    // One payment is taken out of the report: the last line before the end.
    let path = antom.root().join("remote").join(&antom.transactions().path);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let gone = lines.remove(lines.len() - 2);
    std::fs::write(&path, lines.concat()).unwrap();
    desk.done(&antom.run());
    let rows = desk.discrepancies(&antom.date());
    let of_kind = |kind| (0..rows.len()).filter(|&row| rows.cell(row, "kind") == kind).count();
    assert_eq!(of_kind("FILE_RESTATED"), 1, "without {gone}");
    let older = desk.out().join("superseded").join(format!("{}-r1", antom.date()));
    for (name, text) in tables(first) {
        assert_eq!(std::fs::read_to_string(older.join(&name)).unwrap(), text, "{name}");
    }
    desk.done(&antom.run()).shows(&["(unchanged)"]);
}

/// Whoever changes an archived file, or loses one, is found out by the next run that reads it.
#[test]
fn an_archive_that_was_tampered_with_is_an_integrity_failure() {
    let antom = Antom::of(Plan { payments: 4, days: 2, ..Plan::one_day(25) });
    let [first, second] = [0, 1].map(|at| antom.world.plan.all_days()[at].to_string());
    let desk = antom.csv_desk();
    desk.done(&format!("run --date {first}"));
    let read_again = antom.world.files.iter().find(|file| file.name().starts_with("transactionItems")).unwrap();
    let digest = antom_recon::fetch::Digest::of(&read_again.bytes).to_string();
    let archived = super::antom::tree(&desk.path("archive"));
    let path = desk.path("archive").join(archived.iter().find(|name| name.contains(&digest)).unwrap());
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let name = path.file_name().unwrap().to_str().unwrap();
    for (bytes, date) in [(Some(changed), &first), (None, &second)] {
        match bytes {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        desk.run(&format!("run --date {date}")).with_code(5).says(&["integrity: ", name]);
        assert!(!desk.published(&second).exists());
    }
    std::fs::write(&path, whole).unwrap();
    desk.done(&format!("run --date {second}"));
    desk.done(&format!("run --date {first}")).shows(&["(unchanged)"]);
}

#[test]
fn the_worlds_of_these_tests_have_what_they_are_for() {
    let world = World::generate(full_day(21));
    let injected = |fault: Fault| world.expected.iter().any(|row| row.fault == fault);
    assert!(world.expected.len() > 30);
    assert!(injected(Fault::SettledTwice) && injected(Fault::PaymentNotBooked) && injected(Fault::SplitDiffers));
}

#[test]
fn a_report_that_is_never_delivered_is_told_and_nothing_else() {
    let antom = Antom::of(Plan { payments: 6, ..Plan::one_day(26) });
    let mut desk = antom.csv_desk();
    desk.set("EXPECT_SETTLEMENT_SUMMARY", "daily");
    for file in antom.world.files.iter().filter(|file| file.name().starts_with("settlementSummary")) {
        std::fs::remove_file(antom.root().join("remote").join(&file.path)).unwrap();
    }
    desk.run(&antom.run()).with_code(3).says(&["settlement_summary is expected in "]);
    desk.done(&format!("{} --allow-missing", antom.run()));
    let outputs = desk.outputs(&antom.date());
    let rows: Vec<&str> = outputs["discrepancies.csv"].lines().skip(1).collect();
    assert!(matches!(&rows[..], [row] if row.contains(",FILE_MISSING,high,")), "{rows:?}");
}
