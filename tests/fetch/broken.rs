//! Connections that break, stall or never come up.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lab::wire::{Connections, Disturbance, Ending, Fault, Wire};

use antom_recon::fetch::{Cancel, Control, Digest, FetchError, HostKey, IgnoredReason, Progress, SourceOptions};

use super::sshd::{Sshd, skipped, start_with_subsystem};
use super::tree::{TRANSACTIONS, World, report};

/// Cuts a connection after so many bytes from the server.
fn cut(after: u64) -> Disturbance {
    Disturbance::of(Fault::Cut { after, ending: Ending::Fin })
}

/// Lets nothing pass any more after so many bytes from the server, and keeps both sides connected.
fn stall(after: u64) -> Disturbance {
    Disturbance::of(Fault::HalfOpen { after })
}

#[test]
fn a_connection_that_is_cut_once_is_resumed() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    let bytes = report(4_000_000);
    world.put(TRANSACTIONS, &bytes);
    let wire = Wire::disturbed(sshd.address(), cut(2_000_000).on(Connections::First(1))).unwrap();
    let mut options = world.options(&sshd);
    options.port = wire.addr().port();
    let (received, retries) = (Mutex::new(0), Mutex::new(Vec::new()));
    let progress = |progress: Progress<'_>| match progress {
        Progress::Received { bytes, .. } => *received.lock().unwrap() += bytes,
        Progress::Retrying { name, .. } => retries.lock().unwrap().push(name.to_owned()),
        Progress::Restarted { .. } => panic!("what had arrived was thrown away"),
        Progress::Listed { .. } | Progress::Archived { .. } => {}
    };
    let control = Control { progress: &progress, cancel: Cancel::default() };
    let fetched = world.fetch_watched(&SourceOptions::Sftp(options.into()), &control).unwrap();
    assert_eq!(fetched.files[0].digest, Digest::of(&bytes));
    assert_eq!(*received.lock().unwrap(), bytes.len() as u64, "every byte was transferred once");
    assert_eq!(retries.lock().unwrap().len(), 1);
    assert_eq!(wire.traffic().len(), 2);
}

#[test]
fn a_connection_that_is_always_cut_ends_as_unreachable() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    world.put(TRANSACTIONS, report(8_000_000));
    let wire = Wire::disturbed(sshd.address(), cut(200_000)).unwrap();
    let mut options = world.options(&sshd);
    options.port = wire.addr().port();
    let error = world.fetch(&SourceOptions::Sftp(options.into())).unwrap_err();
    let FetchError::Unreachable(message) = &error else { panic!("{error}") };
    assert!(message.contains(TRANSACTIONS) && message.contains("failed 3 times"), "{message}");
}

#[test]
fn a_server_that_stalls_is_given_up_in_time() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    world.put(TRANSACTIONS, report(4_000_000));
    // In the middle of a file, and in the middle of the handshake.
    for after in [1_000_000, 500] {
        let wire = Wire::disturbed(sshd.address(), stall(after)).unwrap();
        let mut options = world.options(&sshd);
        options.port = wire.addr().port();
        options.operation_timeout = Duration::from_secs(2);
        options.attempts = 2;
        let started = Instant::now();
        let error = world.fetch(&SourceOptions::Sftp(options.into())).unwrap_err();
        assert!(matches!(&error, FetchError::Unreachable(why) if why.contains("2 times")), "{error}");
        // Two attempts of two seconds, each found out in slices of one, and the first bytes in between.
        assert!(started.elapsed() < Duration::from_secs(12), "after {} bytes: {:?}", after, started.elapsed());
    }
}

#[test]
fn a_server_that_stalls_once_is_tried_again() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    let bytes = report(4_000_000);
    world.put(TRANSACTIONS, &bytes);
    let wire = Wire::disturbed(sshd.address(), stall(1_000_000).on(Connections::First(1))).unwrap();
    let mut options = world.options(&sshd);
    options.port = wire.addr().port();
    options.operation_timeout = Duration::from_secs(2);
    // Keep-alive messages must not cut the waiting short, nor count as answers.
    options.keep_alive = Duration::from_secs(1);
    let fetched = world.fetch(&SourceOptions::Sftp(options.into())).unwrap();
    assert_eq!(fetched.files[0].digest, Digest::of(&bytes));
}

/// A changed key must not pass for a server that is away, which is tried again and again while nobody is told.
#[test]
fn a_wrong_host_key_is_refused_though_later_connections_break() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    world.put(TRANSACTIONS, report(1_000));
    // At once, as by a limit on connections, and in the middle of the handshake.
    for after in [0, 500] {
        let wire = Wire::disturbed(sshd.address(), cut(after).on(Connections::After(1))).unwrap();
        let mut options = world.options(&sshd);
        options.port = wire.addr().port();
        options.host_key = HostKey::Fingerprint("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".into());
        let error = world.fetch(&SourceOptions::Sftp(options.into())).unwrap_err();
        let FetchError::Integrity(message) = &error else { panic!("{error}") };
        assert!(message.contains(&sshd.host_fingerprint("ed25519")), "{message}");
        if after == 0 {
            assert!(message.contains("asking for its other keys failed"), "{message}");
            assert_eq!(wire.traffic().len(), 3, "the wrong key, and two tries to see another");
        }
    }
}

#[test]
fn the_right_key_is_found_though_a_connection_in_between_breaks() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    world.put(TRANSACTIONS, report(1_000));
    let wire = Wire::disturbed(sshd.address(), cut(0).on(Connections::Nth(2))).unwrap();
    let mut options = world.options(&sshd);
    options.port = wire.addr().port();
    options.host_key = HostKey::Fingerprint(sshd.host_fingerprint("ecdsa"));
    assert_eq!(world.fetch(&SourceOptions::Sftp(options.into())).unwrap().files.len(), 1);
}

#[test]
fn several_files_come_over_several_connections() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    for part in 0..8 {
        world.put(&format!("transactionItems_20260301_{part:03}.csv"), report(1_500_000 + part));
    }
    let wire = Wire::start(sshd.address()).unwrap();
    let mut options = world.options(&sshd);
    options.port = wire.addr().port();
    options.connections = 3;
    let fetched = world.fetch(&SourceOptions::Sftp(options.into())).unwrap();
    assert_eq!(fetched.files.len(), 8);
    assert_eq!((wire.traffic().len(), wire.most_open()), (3, 3));
}

#[test]
fn nobody_there_is_unreachable() {
    let world = World::new();
    let Some(sshd) = world.sshd() else { return };
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut options = world.options(&sshd);
    options.port = nobody;
    let error = world.fetch(&SourceOptions::Sftp(options.into())).unwrap_err();
    let FetchError::Unreachable(message) = &error else { panic!("{error}") };
    assert!(message.contains(&format!("127.0.0.1:{nobody}: connecting failed 3 times")), "{message}");

    // One that accepts and says nothing.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut options = world.options(&sshd);
    options.port = silent.local_addr().unwrap().port();
    options.operation_timeout = Duration::from_secs(1);
    options.attempts = 1;
    let started = Instant::now();
    let error = world.fetch(&SourceOptions::Sftp(options.into())).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// Denies looking up links to what nobody may read.
const DENYING: &str = r#"
    if (ord($body) == 17 && $body =~ /denied/) {
        my $status = chr(101) . substr($body, 1, 4) . pack('N3', 3, 0, 0);
        syswrite(STDOUT, pack('N', length $status) . $status);
        next;
    }
"#;

/// Somebody's link to somewhere else must not stop the day; a report behind one must not be missing without a word.
#[test]
fn links_that_cannot_be_looked_up_stop_nothing_and_hide_no_report() {
    let world = World::new();
    world.put(TRANSACTIONS, report(1_000));
    let link = |target: &str, name: &str| symlink(target, world.directory().join(name)).unwrap();
    link(TRANSACTIONS, "old-backup-denied");
    link("nowhere", "old-backup-dangling");
    link(&"x".repeat(300), "old-backup-too-long");
    link(TRANSACTIONS, "settlementItems_USD_denied_000.csv");
    link("nowhere", "settlementItems_USD_dangling_000.csv");
    link(&"x".repeat(300), "settlementItems_USD_long_000.csv");
    let Some(sshd) = sshd_with(&world, DENYING) else { return };
    let remote = SourceOptions::Sftp(world.options(&sshd).into());
    // Whoever runs the tests may read what is denied to others, so that only the server denies anything.
    for (source, is_denied) in [(remote, true), (world.local(), false)] {
        let fetched = world.fetch(&source).unwrap();
        assert_eq!(fetched.files.len(), if is_denied { 1 } else { 2 });
        let ignored: Vec<_> = fetched.ignored.iter().map(|entry| (&*entry.name, &entry.reason)).collect();
        let names = ["old-backup-dangling", "old-backup-denied", "old-backup-too-long"];
        assert_eq!(ignored, names.map(|name| (name, &IgnoredReason::Unrecognised)));
        let missing: Vec<&str> = fetched.incomplete.iter().map(|file| &*file.name).collect();
        let names = ["dangling", "denied", "long"].map(|batch| format!("settlementItems_USD_{batch}_000.csv"));
        assert_eq!(missing, names.iter().filter(|name| is_denied || !name.contains("denied")).collect::<Vec<_>>());
        for file in &fetched.incomplete {
            let error = file.to_error();
            let FetchError::NotReady(message) = &error else { panic!("{error}") };
            assert!(message.contains(&file.path) && message.contains("cannot be looked at: "), "{message}");
        }
    }
}

/// Asks for at most 10,000 bytes wherever the client asks for more.
const STINGY: &str = r#"
    substr($body, -4) = pack('N', 10000) if ord($body) == 5 && unpack('N', substr($body, -4)) > 10000;
"#;

/// Passes requests on to OpenSSH's SFTP server, each after what is done with it first.
const BETWEEN: &str = r#"#!/usr/bin/perl
use strict;
open(my $server, '|-', 'SFTP_SERVER') or die;
binmode $_ for (\*STDIN, \*STDOUT, $server);
sub get {
    my ($length, $bytes) = (shift, '');
    while (length $bytes < $length) { sysread(STDIN, $bytes, $length - length $bytes, length $bytes) or exit }
    return $bytes;
}
while (1) {
    my $head = get(4);
    my $body = get(unpack 'N', $head);
    FIRST
    syswrite($server, $head . $body);
}
"#;

/// A server whose SFTP subsystem is a program around OpenSSH's own, which does this with each request first.
fn sshd_with(world: &World, first: &str) -> Option<Sshd> {
    let places = ["/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/libexec/openssh/sftp-server"];
    let place = places.into_iter().find(|place| Path::new(place).exists() && Path::new("/usr/bin/perl").exists());
    let server = place.or_else(|| skipped("`sftp-server` or `/usr/bin/perl` is not installed"))?;
    let path = world.dir.path().join("subsystem");
    fs::write(&path, BETWEEN.replace("SFTP_SERVER", server).replace("FIRST", first)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    start_with_subsystem(world.dir.path(), path.to_str().unwrap())
}

#[test]
fn a_server_that_gives_less_than_it_is_asked_for_is_read_all_the_same() {
    let world = World::new();
    let bytes = report(1_000_000);
    world.put(TRANSACTIONS, &bytes);
    let Some(sshd) = sshd_with(&world, STINGY) else { return };
    let fetched = world.fetch(&SourceOptions::Sftp(world.options(&sshd).into())).unwrap();
    assert_eq!(fetched.files[0].digest, Digest::of(&bytes));
}
