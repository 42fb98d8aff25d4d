//! An SFTP server that refuses, breaks, stalls and lies.

use std::time::Duration;

use lab::keys::SshKey;
use lab::serve::PASSWORD;
use lab::sftp::{FileFault, HOSTILE_CONTENT, Repeat, SftpEvent, hostile_names};
use lab::world::faults::Fault;

use super::antom::{Antom, day_with, tree};
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

#[test]
fn a_connection_that_always_drops_is_given_up() {
    let antom = one_day(34);
    let name = antom.transactions().name().to_owned();
    antom.sftp().faults().on_file(&name, FileFault::DropAfter { bytes: 0, repeat: Repeat::Always });
    let desk = antom.csv_desk();
    desk.run(&antom.run()).with_code(4).says(&["unreachable: ", &name, "failed 5 times"]).hides(PASSWORD);
    assert_eq!(desk.out_tree(), [""; 0]);
    antom.sftp().faults().clear();
    desk.done(&antom.run());
    antom.audit(&desk.published(&antom.date()));
    assert_eq!(desk.archive_leftovers(), [""; 0]);
    antom.assert_only_read();
}

#[test]
fn a_server_that_stalls_is_given_up_within_the_configured_time() {
    let antom = one_day(35);
    let name = antom.transactions().name().to_owned();
    antom.sftp().faults().on_file(&name, FileFault::StallAfter { bytes: 1000 });
    let desk = impatient(antom.csv_desk());
    let ended = desk.run(&antom.run()).with_code(4).says(&["unreachable: ", &name]);
    // Five attempts of one second (found out in slices of one), and at most 1 + 2 + 4 + 8 seconds between them.
    assert!(ended.took < Duration::from_secs(32), "{:?}", ended.took);
    assert_eq!(desk.out_tree(), [""; 0]);
    antom.assert_only_read();
}

#[test]
fn a_size_that_is_not_true_is_never_believed() {
    let antom = one_day(36);
    let file = antom.transactions();
    let size = file.bytes.len() as u64;
    for (wrong, code) in [(size - 10, 3), (size + 10, 4)] {
        antom.sftp().faults().on_file(file.name(), FileFault::WrongSize(wrong));
        let desk = impatient(antom.csv_desk());
        desk.run(&antom.run()).with_code(code).says(&[file.name()]);
        assert_eq!(desk.out_tree(), [""; 0], "{wrong} in place of {size}");
        antom.sftp().faults().clear();
        desk.done(&antom.run());
        antom.audit(&desk.published(&antom.date()));
    }
    antom.assert_only_read();
}

#[test]
fn hostile_names_in_the_listing_are_left_alone() {
    let antom = one_day(37);
    let desk = antom.csv_desk();
    desk.done(&antom.run());
    let expected = (desk.outputs(&antom.date()), archived(&desk));

    let directory = antom.directory();
    antom.sftp().faults().hostile_names(&directory, hostile_names());
    // Those that would be taken for reports, were it not for where they lead.
    let reports = ["../transactionItems_evil.csv", "/transactionItems_evil.csv", "sub/transactionItems_evil.csv"];
    antom.sftp().faults().hostile_names(&directory, reports);
    let desk = antom.csv_desk();
    let before = tree(&desk.path(""));
    desk.done(&antom.run());
    assert_eq!((desk.outputs(&antom.date()), archived(&desk)), expected);
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

/// What lies in the archive, by digest.
fn archived(desk: &Desk) -> Vec<String> {
    tree(&desk.path("archive"))
}
