//! The SFTP server as OpenSSH's `sftp` sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use lab::keys::SshKey;
use lab::sftp::{FileFault, Repeat, SftpOptions, SftpServer};
use tempfile::TempDir;

use super::command::{run, said};

/// A server over a small tree, and a folder with a client's files.
struct Setup {
    server: SftpServer,
    remote: TempDir,
    client: TempDir,
}

async fn setup() -> Setup {
    let (remote, client) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir_all(remote.path().join("v1/settlements")).unwrap();
    fs::write(remote.path().join("v1/settlements/a.csv"), report(3000)).unwrap();
    let login = SshKey::generate().unwrap();
    let key = client.path().join("login");
    fs::write(&key, login.private_openssh().unwrap()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let mut options = SftpOptions::new(remote.path(), "recon", "secret");
    options.authorized_key = Some(login.public_openssh().unwrap());
    let server = SftpServer::start(options).await.unwrap();
    fs::write(client.path().join("known_hosts"), server.known_hosts_line().unwrap() + "\n").unwrap();
    Setup { server, remote, client }
}

fn report(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|line| format!("{line},some text of a line\n").into_bytes()).collect()
}

/// Gives `commands` to `sftp -b` with the login key and the pinned host key.
fn sftp(folder: &Path, port: u16, commands: &str) -> Output {
    let port = port.to_string();
    let arguments = [
        "-b",
        "-",
        "-P",
        &port,
        "-F",
        "none",
        "-i",
        "login",
        "-o",
        "UserKnownHostsFile=known_hosts",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "IdentityAgent=none",
        "recon@127.0.0.1",
    ];
    run(folder, "sftp", &arguments, commands.as_bytes())
}

impl Setup {
    fn sftp(&self, commands: &str) -> Output {
        sftp(self.client.path(), self.server.addr().port(), commands)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_listed_and_fetched() {
    let setup = setup().await;
    let output = setup.sftp("ls -l v1/settlements\nget v1/settlements/a.csv got.csv\n");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("a.csv"), "{}", said(&output));
    assert_eq!(fs::read(setup.client.path().join("got.csv")).unwrap(), report(3000));
    let log = setup.server.log();
    assert_eq!(log.opened(), ["/v1/settlements/a.csv"]);
    assert_eq!((log.logins(), log.login_failures(), log.connections()), (1, 0, 1));
    assert!(log.attempted_writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_would_change_the_server_is_refused_and_written_down() {
    let setup = setup().await;
    let before = report(3000);
    fs::write(setup.client.path().join("new.csv"), "x").unwrap();
    for (command, written_down) in [
        ("put new.csv v1/new.csv", "open for writing /v1/new.csv"),
        ("rm v1/settlements/a.csv", "remove /v1/settlements/a.csv"),
        ("rename v1/settlements/a.csv v1/b.csv", "rename /v1/settlements/a.csv"),
        ("mkdir v1/new", "mkdir /v1/new"),
        ("rmdir v1/settlements", "rmdir /v1/settlements"),
        ("chmod 600 v1/settlements/a.csv", "setstat /v1/settlements/a.csv"),
        ("ln -s a.csv v1/link", "symlink"),
    ] {
        let output = setup.sftp(&format!("{command}\n"));
        assert!(!output.status.success(), "`{command}`: {}", said(&output));
        let attempts = setup.server.log().attempted_writes();
        let last = attempts.last().unwrap_or_else(|| panic!("`{command}` was not written down"));
        assert!(last.starts_with(written_down), "`{command}` was written down as `{last}`");
    }
    let remote = setup.remote.path();
    assert_eq!(fs::read(remote.join("v1/settlements/a.csv")).unwrap(), before);
    assert_eq!(fs::read_dir(remote.join("v1")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_the_folder_is_served() {
    let setup = setup().await;
    std::os::unix::fs::symlink("/etc", setup.remote.path().join("etc")).unwrap();
    for path in ["../../../etc/hostname", "etc/hostname", "/etc/hostname"] {
        let output = setup.sftp(&format!("get {path} got\n"));
        assert!(!output.status.success(), "`{path}`: {}", said(&output));
    }
    assert!(!setup.client.path().join("got").exists());
    assert!(setup.server.log().opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_key_on_the_same_port_is_noticed_by_the_client() {
    let setup = setup().await;
    let port = setup.server.addr().port();
    setup.server.stop().await;
    let mut options = SftpOptions::new(setup.remote.path(), "recon", "secret");
    options.port = port;
    let changed = SftpServer::start(options).await.unwrap();
    let output = sftp(setup.client.path(), port, "ls\n");
    assert!(!output.status.success());
    assert!(said(&output).contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{}", said(&output));
    assert_eq!(changed.log().logins() + changed.log().login_failures(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_is_counted() {
    let setup = setup().await;
    setup.server.faults().refuse_logins(true);
    let output = setup.sftp("ls\n");
    assert!(said(&output).contains("Permission denied"), "{}", said(&output));
    assert!(setup.server.log().login_failures() >= 1);
    setup.server.faults().clear();
    assert!(setup.sftp("ls\n").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transfer_leaves_the_first_bytes_and_resumes() {
    let setup = setup().await;
    let fault = FileFault::DropAfter { bytes: 40_000, repeat: Repeat::ONCE };
    setup.server.faults().on_file("a.csv", fault);
    let output = setup.sftp("get v1/settlements/a.csv got.csv\n");
    assert!(!output.status.success(), "{}", said(&output));
    let got = setup.client.path().join("got.csv");
    let part = fs::read(&got).unwrap();
    assert!(part.len() <= 40_000 && report(3000).starts_with(&part), "{} bytes", part.len());

    let output = setup.sftp("get -a v1/settlements/a.csv got.csv\n");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read(&got).unwrap(), report(3000));
}
