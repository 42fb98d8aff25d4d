//! The SFTP server as libssh2 sees it, which is what the job is built on.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use lab::keys::SshKey;
use lab::sftp::hostile_names;
use lab::sftp::{FileFault, HOSTILE_CONTENT, Repeat, SftpEvent, SftpOptions, SftpServer};
use ssh2::{HashType, Session};
use tempfile::TempDir;

const CONTENT: &str = "transactionId,amount\n1,2\n<END>\n";

async fn server() -> (SftpServer, TempDir) {
    let remote = tempfile::tempdir().unwrap();
    fs::create_dir(remote.path().join("day")).unwrap();
    fs::write(remote.path().join("day/a.csv"), CONTENT).unwrap();
    fs::write(remote.path().join("day/big.csv"), vec![b'x'; 3_000_000]).unwrap();
    let server = SftpServer::start(SftpOptions::new(remote.path(), "recon", "secret")).await;
    (server.unwrap(), remote)
}

fn connect(server: &SftpServer) -> Session {
    let mut session = Session::new().unwrap();
    session.set_tcp_stream(TcpStream::connect(server.addr()).unwrap());
    session.handshake().unwrap();
    session
}

fn login(server: &SftpServer) -> ssh2::Sftp {
    let session = connect(server);
    session.userauth_password("recon", "secret").unwrap();
    session.sftp().unwrap()
}

fn read(sftp: &ssh2::Sftp, path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    sftp.open(Path::new(path))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_login_lists_and_reads() {
    let (server, _remote) = server().await;
    let sftp = login(&server);
    let names: Vec<_> = sftp.readdir(Path::new("/day")).unwrap();
    let names: BTreeSet<_> = names.iter().map(|(path, stat)| (path.to_str().unwrap(), stat.size)).collect();
    let expected = [("/day/a.csv", Some(CONTENT.len() as u64)), ("/day/big.csv", Some(3_000_000))];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(read(&sftp, "/day/a.csv").unwrap(), CONTENT.as_bytes());
    assert_eq!(read(&sftp, "/day/big.csv").unwrap(), vec![b'x'; 3_000_000]);
    assert!(sftp.stat(Path::new("/day")).unwrap().is_dir());
    assert!(read(&sftp, "/day/none.csv").is_err());
    assert!(sftp.unlink(Path::new("/day/a.csv")).is_err());
    assert_eq!(server.log().attempted_writes(), ["remove /day/a.csv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_key_of_the_handshake_is_the_one_stated() {
    let (server, _remote) = server().await;
    let session = connect(&server);
    let digest = session.host_key_hash(HashType::Sha256).unwrap();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, digest);
    assert_eq!(format!("SHA256:{encoded}"), server.host_key_fingerprint());
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_by_key_and_wrong_secrets() {
    let remote = tempfile::tempdir().unwrap();
    let (key, other) = (SshKey::generate().unwrap(), SshKey::generate().unwrap());
    let mut options = SftpOptions::new(remote.path(), "recon", "secret");
    options.authorized_key = Some(key.public_openssh().unwrap());
    let server = SftpServer::start(options).await.unwrap();
    let by_key =
        |key: &SshKey| connect(&server).userauth_pubkey_memory("recon", None, &key.private_openssh().unwrap(), None);
    assert!(connect(&server).userauth_password("recon", "wrong").is_err());
    assert!(connect(&server).userauth_password("someone", "secret").is_err());
    by_key(&other).unwrap_err();
    assert_eq!((server.log().login_failures(), server.log().logins()), (3, 0));
    by_key(&key).unwrap();
    assert_eq!((server.log().login_failures(), server.log().logins()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_dropped_once_or_always() {
    let (server, _remote) = server().await;
    let fault = |repeat| FileFault::DropAfter { bytes: 1_000_000, repeat };
    server.faults().on_file("/day/big.csv", fault(Repeat::ONCE));
    assert!(read(&login(&server), "/day/big.csv").is_err());
    assert_eq!(read(&login(&server), "/day/big.csv").unwrap().len(), 3_000_000);

    server.faults().on_file("/day/big.csv", fault(Repeat::Always));
    for _ in 0..3 {
        assert!(read(&login(&server), "/day/big.csv").is_err());
    }
    assert_eq!(read(&login(&server), "/day/a.csv").unwrap(), CONTENT.as_bytes());
    let dropped = SftpEvent::Dropped("/day/big.csv".to_owned());
    assert_eq!(server.log().events().iter().filter(|event| **event == dropped).count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_read_is_never_answered_and_does_not_hold_up_the_stop() {
    let (server, _remote) = server().await;
    server.faults().on_file("big.csv", FileFault::StallAfter { bytes: 100_000 });
    let session = connect(&server);
    session.userauth_password("recon", "secret").unwrap();
    session.set_timeout(300);
    let sftp = session.sftp().unwrap();
    assert!(read(&sftp, "/day/big.csv").is_err());
    assert!(server.log().events().contains(&SftpEvent::Stalled("/day/big.csv".to_owned())));
    let begin = Instant::now();
    server.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_reads_take_their_time() {
    let (server, _remote) = server().await;
    server.faults().on_file("a.csv", FileFault::SlowReads(Duration::from_millis(60)));
    let begin = Instant::now();
    assert_eq!(read(&login(&server), "/day/a.csv").unwrap(), CONTENT.as_bytes());
    assert!(begin.elapsed() >= Duration::from_millis(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_size_is_claimed_everywhere() {
    let (server, _remote) = server().await;
    server.faults().on_file("a.csv", FileFault::WrongSize(7));
    let sftp = login(&server);
    let path = Path::new("/day/a.csv");
    let listed = sftp.readdir(Path::new("/day")).unwrap();
    let listed = listed.iter().find(|(name, _)| name == path).unwrap().1.size;
    let opened = sftp.open(path).unwrap().stat().unwrap().size;
    let sizes = [sftp.stat(path).unwrap().size, sftp.lstat(path).unwrap().size, listed, opened];
    assert_eq!(sizes, [Some(7); 4]);
    assert_eq!(read(&sftp, "/day/a.csv").unwrap(), CONTENT.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_listed_and_hold_something() {
    let (server, _remote) = server().await;
    server.faults().hostile_names("/day", hostile_names());
    let sftp = login(&server);
    let mut folder = sftp.opendir(Path::new("/day")).unwrap();
    let mut names = Vec::new();
    while let Ok((name, _)) = folder.readdir() {
        names.push(name.to_str().unwrap().to_owned());
    }
    for hostile in hostile_names() {
        assert!(names.contains(&hostile), "`{hostile:?}` is not in {names:?}");
    }
    assert_eq!(read(&sftp, "/day/../../etc/passwd").unwrap(), HOSTILE_CONTENT);
}
