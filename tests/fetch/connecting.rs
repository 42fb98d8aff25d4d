//! Host keys and logins, against OpenSSH's server.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use antom_recon::fetch::{Auth, Control, FetchError, HostKey, Secret, SftpOptions, SourceOptions, probe};

use super::sshd::{Sshd, fingerprint, keygen};
use super::tree::{TRANSACTIONS, World, date, merchant};

/// A server with one report, and options that work.
fn world_with_server() -> Option<(World, Sshd)> {
    let world = World::new();
    world.put(TRANSACTIONS, "a\n<END>\n");
    let sshd = world.sshd()?;
    Some((world, sshd))
}

fn with_host_key(world: &World, sshd: &Sshd, host_key: HostKey) -> Result<usize, FetchError> {
    let mut options = world.options(sshd);
    options.host_key = host_key;
    world.fetch(&SourceOptions::Sftp(options.into())).map(|fetched| fetched.files.len())
}

fn integrity(result: Result<usize, FetchError>) -> String {
    match result {
        Err(FetchError::Integrity(message)) => message,
        other => panic!("not an integrity error: {other:?}"),
    }
}

#[test]
fn a_pinned_host_key_is_checked() {
    let Some((world, sshd)) = world_with_server() else { return };
    for kind in ["ed25519", "ecdsa"] {
        let pinned = HostKey::Fingerprint(sshd.host_fingerprint(kind));
        assert_eq!(with_host_key(&world, &sshd, pinned).unwrap(), 1, "whichever key the server likes best");
    }
    let expected = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let message = integrity(with_host_key(&world, &sshd, HostKey::Fingerprint(expected.into())));
    for part in [expected, &sshd.host_fingerprint("ed25519"), &sshd.host_fingerprint("ecdsa"), "source.host_key"] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
}

/// Writes a known_hosts file of these lines.
fn known_hosts(world: &World, lines: &[String]) -> PathBuf {
    let path = world.dir.path().join("known_hosts");
    fs::write(&path, format!("# hosts\n\n{}\n", lines.join("\n"))).unwrap();
    path
}

#[test]
fn known_hosts_are_checked() {
    let Some((world, sshd)) = world_with_server() else { return };
    let host = format!("[127.0.0.1]:{}", sshd.port);
    let (ed25519, ecdsa) = (sshd.host_public_key("ed25519"), sshd.host_public_key("ecdsa"));
    let other = world.dir.path().join("other");
    keygen(&other, &["-t", "ed25519"]);
    let other_key = fs::read_to_string(other.with_extension("pub")).unwrap();
    let fetch = |lines: &[String]| with_host_key(&world, &sshd, HostKey::KnownHosts(known_hosts(&world, lines)));

    for listed in [&ed25519, &ecdsa] {
        assert_eq!(fetch(&[format!("{host} {listed}")]).unwrap(), 1);
    }
    assert_eq!(fetch(&[format!("{host} {other_key}"), format!("{host} {ed25519}")]).unwrap(), 1, "one of two");

    let path = known_hosts(&world, &[format!("{host} {ed25519} a comment")]);
    assert!(Command::new("ssh-keygen").arg("-H").arg("-f").arg(&path).output().unwrap().status.success());
    assert!(fs::read_to_string(&path).unwrap().contains("|1|"), "names are hashed");
    assert_eq!(with_host_key(&world, &sshd, HostKey::KnownHosts(path.clone())).unwrap(), 1);

    let unknown = integrity(fetch(&[format!("sftp.example.com {ed25519}")]));
    assert!(unknown.contains("unknown") && unknown.contains(&sshd.host_fingerprint("ed25519")), "{unknown}");

    let changed = integrity(fetch(&[format!("{host} {other_key}")]));
    assert!(changed.contains("has changed") && changed.contains(&sshd.host_fingerprint("ed25519")), "{changed}");
    assert!(changed.contains(&fingerprint(&other)) && changed.contains("known_hosts"), "{changed}");

    let missing = with_host_key(&world, &sshd, HostKey::KnownHosts("/no/such/file".into())).unwrap_err();
    assert!(matches!(&missing, FetchError::Configuration(why) if why.contains("/no/such/file")), "{missing}");
}

/// OpenSSH's manual revokes a key with `*` for its hosts. Whatever stands there, a key that may be stolen lets nobody in.
#[test]
fn a_revoked_key_is_refused_whatever_the_hosts_of_its_line() {
    let Some((world, sshd)) = world_with_server() else { return };
    let host = format!("[127.0.0.1]:{}", sshd.port);
    let (key, fingerprint) = (sshd.host_public_key("ed25519"), sshd.host_fingerprint("ed25519"));
    let fetch = |lines: &[String]| with_host_key(&world, &sshd, HostKey::KnownHosts(known_hosts(&world, lines)));
    let listed = format!("{host} {key}");
    let hosts = [&*host, "*", &format!("[127.0.0.*]:{}", sshd.port), "|1|c2FsdA==|aGFzaA==", "!*", "sftp.example.com"];
    for revoked in hosts.map(|hosts| format!("@revoked {hosts} {key}")) {
        let refused = integrity(fetch(&[listed.clone(), revoked]));
        assert!(refused.contains("revoked") && refused.contains(&fingerprint), "{refused}");
    }
    let other = format!("@revoked * {}", sshd.host_public_key("ecdsa"));
    assert_eq!(fetch(&[listed.clone(), other]).unwrap(), 1, "another key");
    for wrong in ["@revoke * AAAA", "@revoked * ssh-ed25519 AAAA"] {
        let error = fetch(&[listed.clone(), wrong.to_owned()]).unwrap_err();
        // The file begins with a comment and an empty line.
        assert!(matches!(&error, FetchError::Configuration(why) if why.contains("known_hosts` line 4")), "{error}");
    }
}

#[test]
fn what_is_not_followed_in_known_hosts_lets_nobody_in_and_is_said() {
    let Some((world, sshd)) = world_with_server() else { return };
    let (key, port) = (sshd.host_public_key("ed25519"), sshd.port);
    let fetch = |line: String| with_host_key(&world, &sshd, HostKey::KnownHosts(known_hosts(&world, &[line])));
    for hosts in [
        "*",
        "127.0.0.?",
        &format!("@cert-authority [127.0.0.1]:{port}"),
        &format!("[127.0.0.1]:{port},![127.0.0.1]:{port}"),
        "127.0.0.1,!127.*",
    ] {
        let refused = integrity(fetch(format!("{hosts} {key}")));
        assert!(refused.contains("unknown") && refused.contains("its line 3 is not followed"), "{hosts}: {refused}");
    }
    assert_eq!(fetch(format!("sftp.example.com,*.example.com,[127.0.0.1]:{port} {key}")).unwrap(), 1, "its own name");
}

fn with_auth(world: &World, sshd: &Sshd, auth: Auth) -> Result<usize, FetchError> {
    let mut options: SftpOptions = world.options(sshd);
    options.auth = auth;
    world.fetch(&SourceOptions::Sftp(options.into())).map(|fetched| fetched.files.len())
}

#[test]
fn keys_log_in_in_every_form() {
    let Some((world, sshd)) = world_with_server() else { return };
    let forms: [(&str, &[&str], Option<&str>); 3] = [
        ("openssh", &["-t", "ed25519", "-N", "open sesame"], Some("open sesame")),
        ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"], None),
        ("ecdsa", &["-t", "ecdsa"], None),
    ];
    for (name, arguments, passphrase) in forms {
        let path = world.dir.path().join(name);
        keygen(&path, arguments);
        sshd.authorise(&path);
        let auth = Auth::PrivateKey { path, passphrase: passphrase.map(Secret::new) };
        assert_eq!(with_auth(&world, &sshd, auth).unwrap(), 1, "{name}");
    }
}

#[test]
fn a_login_that_cannot_work_says_why_and_keeps_the_secret() {
    let Some((world, sshd)) = world_with_server() else { return };
    let stranger = world.dir.path().join("stranger");
    keygen(&stranger, &["-t", "ed25519"]);
    let error = with_auth(&world, &sshd, Auth::PrivateKey { path: stranger, passphrase: None }).unwrap_err();
    let FetchError::Unreachable(message) = &error else { panic!("{error}") };
    for part in ["127.0.0.1", &format!("`{}`", sshd.user), "publickey", "90 days"] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }

    let password = Auth::Password(Secret::new("hunter2"));
    let error = with_auth(&world, &sshd, password).unwrap_err();
    let FetchError::Unreachable(message) = &error else { panic!("{error}") };
    assert!(message.contains("with a password; it offers `publickey`"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");

    let locked = world.dir.path().join("locked");
    keygen(&locked, &["-t", "ed25519", "-N", "open sesame"]);
    sshd.authorise(&locked);
    for passphrase in [None, Some("wrong words")] {
        let auth = Auth::PrivateKey { path: locked.clone(), passphrase: passphrase.map(Secret::new) };
        let error = with_auth(&world, &sshd, auth).unwrap_err();
        assert!(matches!(&error, FetchError::Configuration(why) if why.contains("passphrase")), "{error}");
        assert!(!error.to_string().contains("wrong words"));
    }

    let missing = Auth::PrivateKey { path: "/no/such/key".into(), passphrase: None };
    let error = with_auth(&world, &sshd, missing).unwrap_err();
    assert!(matches!(&error, FetchError::Configuration(why) if why.contains("/no/such/key")), "{error}");
}

#[test]
fn a_probe_tells_what_it_found() {
    let world = World::new();
    fs::create_dir(world.directory().with_file_name("20260228")).unwrap();
    fs::create_dir(world.directory().with_file_name("archive")).unwrap();
    let (sources, sshd) = world.sources();
    for source in &sources {
        let found = probe(source, &merchant(), &Control::silent()).unwrap();
        assert_eq!(found.dates, Some(vec!["2026-02-28".parse().unwrap(), date()]));
        if let (SourceOptions::Sftp(_), Some(sshd)) = (source, &sshd) {
            let login = format!("`{}` by publickey", sshd.user);
            assert_eq!(found.facts, [("host key", sshd.host_fingerprint("ed25519")), ("login", login)]);
            assert_eq!(found.address, format!("127.0.0.1:{}", sshd.port));
        }
    }
    fs::remove_dir_all(world.remote().join("v1")).unwrap();
    for source in &sources {
        assert_eq!(probe(source, &merchant(), &Control::silent()).unwrap().dates, None);
    }
}

#[test]
fn a_tree_that_is_not_there_is_a_matter_of_configuration() {
    let source = SourceOptions::Directory { path: "/no/such/tree".into() };
    let error = probe(&source, &merchant(), &Control::silent()).unwrap_err();
    assert!(matches!(&error, FetchError::Configuration(why) if why.contains("`/no/such/tree`")), "{error}");
}
