//! An SFTP server that refuses, breaks, stalls and lies.

use std::time::Duration;

use lab::keys::SshKey;
use lab::serve::PASSWORD;
use lab::sftp::{FileFault, HOSTILE_CONTENT, Repeat, SftpEvent, hostile_names};
use lab::world::faults::Fault;

use super::antom::{Antom, day_with, tree};
use super::child::{Ended, Running};
use super::desk::Desk;

fn one_day(seed: u64) -> Antom {
    Antom::of(day_with(seed, &[Fault::PaymentNotBooked]))
}

/// Short waits of the program itself.
fn impatient(mut desk: Desk) -> Desk {
    desk.set("SOURCE_TIMEOUT", "1s").set("SOURCE_CONNECT_TIMEOUT", "2s");
    desk
}

#[test]
fn a_wrong_password_is_said_and_never_shown() {
    let antom = one_day(31);
    let desk = antom.csv_desk();
    std::fs::write(desk.path("secrets/sftp-password"), "not-the-password").unwrap();
    let address = antom.sftp().addr().to_string();
    desk.run(&antom.run())
        .with_code(4)
        .says(&["unreachable: ", &address, "`recon`", "password", "publickey", "refused the login"])
        .hides("not-the-password")
        .hides(PASSWORD);
    assert_eq!(antom.sftp().log().login_failures(), 1, "a refused password is not sent again: accounts get locked");
    assert_eq!(desk.out_tree(), [""; 0]);
}

#[test]
fn an_unknown_or_changed_host_key_is_refused_before_anything_is_sent() {
    let antom = one_day(32);
    let stranger = SshKey::from_seed(&[7; 32]).unwrap();
    let presented = antom.sftp().host_key_fingerprint();

    let mut desk = antom.csv_desk();
    desk.set("SOURCE_HOST_KEY", stranger.fingerprint());
    desk.run(&antom.run()).with_code(5).says(&["integrity: ", &presented, &stranger.fingerprint()]).hides(PASSWORD);

    // The server that known_hosts lists had another key, or is not listed at all.
    let mut desk = antom.csv_desk();
    desk.replace(&format!("host_key = \"{presented}\""), "known_hosts = \"known_hosts\"");
    let host = format!("[127.0.0.1]:{}", antom.sftp().addr().port());
    std::fs::write(desk.path("known_hosts"), format!("{host} {}\n", stranger.public_openssh().unwrap())).unwrap();
    desk.run(&antom.run()).with_code(5).says(&["integrity: ", &presented, &stranger.fingerprint()]);
    std::fs::write(desk.path("known_hosts"), "# nobody\n").unwrap();
    desk.run(&antom.run()).with_code(5).says(&["integrity: ", &presented]);

    assert_eq!((antom.sftp().log().logins(), antom.sftp().log().login_failures()), (0, 0), "nothing was sent");
    assert_eq!(desk.out_tree(), [""; 0]);

    // The right one is let through.
    std::fs::copy(antom.root().join("known_hosts"), desk.path("known_hosts")).unwrap();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
}

#[test]
fn a_connection_that_drops_in_the_middle_of_a_file_is_taken_up_again() {
    let antom = one_day(33);
    let expected = antom.csv_desk();
    expected.done(&antom.run());
    let file = antom.transactions();
    let half = file.bytes.len() as u64 / 2;
    antom.sftp().faults().on_file(file.name(), FileFault::DropAfter { bytes: half, repeat: Repeat::ONCE });
    let desk = antom.csv_desk();
    desk.done(&antom.run());
    let dropped = |event: &&SftpEvent| matches!(event, SftpEvent::Dropped(_));
    assert_eq!(antom.sftp().log().events().iter().filter(dropped).count(), 1);
    assert_eq!(desk.outputs(&antom.date()), expected.outputs(&antom.date()), "the same bytes arrived");
    assert_eq!(desk.archive_leftovers(), [""; 0]);
    antom.assert_only_read();
}

/// A fault that stays, the exit code it must end with, and what must be said of the file.
struct Stubborn {
    fault: FileFault,
    code: i32,
    says: &'static str,
}

#[test]
fn a_server_that_never_gets_better_is_given_up_in_time() {
    let antoms = [34, 35, 36, 38].map(one_day);
    let size = |at: usize| antoms[at].transactions().bytes.len() as u64;
    let cases = [
        Stubborn { fault: FileFault::DropAfter { bytes: 0, repeat: Repeat::Always }, code: 4, says: "failed 5 times" },
        Stubborn { fault: FileFault::StallAfter { bytes: 1000 }, code: 4, says: "failed 5 times" },
        // A size that is not true is never believed.
        Stubborn { fault: FileFault::WrongSize(size(2) + 10), code: 4, says: "failed 5 times" },
        Stubborn { fault: FileFault::WrongSize(size(3) - 10), code: 3, says: "transactionItems_" },
    ];
    // Most of the time is spent between the attempts, so all are tried at once.
    let runs: Vec<(Desk, Running)> = antoms
        .iter()
        .zip(&cases)
        .map(|(antom, case)| {
            antom.sftp().faults().on_file(antom.transactions().name(), case.fault.clone());
            let desk = impatient(antom.csv_desk());
            let running = Running::start(desk.command(&antom.run()));
            (desk, running)
        })
        .collect();
    // All are waited for before anything else is done, so that each one's time is its own.
    let ended: Vec<(Desk, Ended)> = runs.into_iter().map(|(desk, running)| (desk, running.wait())).collect();
    for ((antom, case), (desk, ended)) in antoms.iter().zip(&cases).zip(ended) {
        let ended = ended.with_code(case.code).says(&[antom.transactions().name(), case.says]).hides(PASSWORD);
        // Five attempts of one second (found out in slices of one), and at most 1 + 2 + 4 + 8 seconds between them.
        assert!(ended.took < Duration::from_secs(32), "{:?}: {:?}", case.fault, ended.took);
        assert_eq!(desk.out_tree(), [""; 0], "{:?}", case.fault);
        antom.sftp().faults().clear();
        desk.done(&antom.run());
        antom.audit(&desk.published(&antom.date()));
        assert_eq!(desk.archive_leftovers(), [""; 0]);
        antom.assert_only_read();
    }
}

#[test]
fn hostile_names_in_the_listing_are_left_alone() {
    let antom = one_day(37);
    let desk = antom.csv_desk();
    desk.done(&antom.run());
    let expected = (desk.outputs(&antom.date()), desk.archived());

    let directory = antom.directory();
    antom.sftp().faults().hostile_names(&directory, hostile_names());
    // Those that would be taken for reports, were it not for where they lead.
    let reports = ["../transactionItems_evil.csv", "/transactionItems_evil.csv", "sub/transactionItems_evil.csv"];
    antom.sftp().faults().hostile_names(&directory, reports);
    let desk = antom.csv_desk();
    let before = tree(&desk.path(""));
    desk.done(&antom.run());
    assert_eq!((desk.outputs(&antom.date()), desk.archived()), expected);
    let known = ["archive/", "out/", "antom-recon.db"];
    let is_known = |path: &String| before.contains(path) || known.iter().any(|start| path.starts_with(start));
    let others: Vec<String> = tree(&desk.path("")).into_iter().filter(|path| !is_known(path)).collect();
    assert_eq!(others, [""; 0], "files in other places");
    let asked_for: Vec<String> = antom
        .sftp()
        .log()
        .opened()
        .into_iter()
        .filter(|path| path.contains("evil") || path.contains("passwd"))
        .collect();
    assert_eq!(asked_for, [""; 0]);
    assert!(!HOSTILE_CONTENT.is_empty(), "whoever asks gets something");
    let fetched = desk.done(&format!("fetch --date {}", antom.date()));
    assert!(!fetched.stdout.contains('\u{1b}') && !fetched.stdout.contains('\u{7}'), "{:?}", fetched.stdout);
    antom.assert_only_read();
}
