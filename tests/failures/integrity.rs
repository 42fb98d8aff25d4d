//! Exit codes 5 and 6: what must agree and does not, and a lock that another run holds.

use std::fs;
use std::path::{Path, PathBuf};

use antom_recon::calendar::Instant;
use antom_recon::store::{Store, StoreOptions};
use lab::sftp::{SftpOptions, SftpServer};

use super::{Page, Place, SECRETS};

/// All files under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn an_archived_file_that_was_changed_is_never_believed() {
    let place = Place::quiet_day();
    assert_eq!(place.run_day().code, Some(0));
    let mut archived = files(&place.path("archive"));
    archived.retain(|path| path.extension().is_some_and(|ending| ending == "zst"));
    assert!(archived.len() >= 3, "every report is archived");
    let mut page = Page::default();
    for file in &archived {
        let good = fs::read(file).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        let mut permissions = fs::metadata(file).unwrap().permissions();
        #[allow(clippy::permissions_set_readonly_false, reason = "the file of a test")]
        permissions.set_readonly(false);
        fs::set_permissions(file, permissions).unwrap();
        fs::write(file, bad).unwrap();
        let ended = place.run_day();
        assert_eq!(ended.code, Some(5), "{}: {}", file.display(), ended.stderr);
        if page.0.is_empty() {
            page.note("a byte of the archive was changed", 5, &ended);
        }
        fs::write(file, good).unwrap();
        assert_eq!(place.run_day().code, Some(0), "it is whole again");
    }
    // Which file is met first is a matter of digests.
    assert!(page.0.contains("integrity: business date 2026-03-02: "), "{}", page.0);
    assert!(page.0.contains("<here>/archive/"), "{}", page.0);
}

/// A server over the place's own tree.
async fn server(place: &Place) -> SftpServer {
    SftpServer::start(SftpOptions::new(place.path("remote"), "recon", SECRETS[0])).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_passwords_of_an_sftp_server() {
    let place = Place::quiet_day();
    let server = server(&place).await;
    let (key, port) = (server.host_key_fingerprint(), server.addr().port());
    place.configure_sftp(port, &key);
    let ended = tokio::task::block_in_place(|| place.run_day());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let mut page = Page::default();
    place.write_secret("secrets/sftp-password", "not-the-word");
    page.note("a wrong password", 4, &tokio::task::block_in_place(|| place.run_day()));
    place.write_secret("secrets/sftp-password", SECRETS[0]);
    place.configure(&key, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    page.note("another host key", 5, &tokio::task::block_in_place(|| place.run_day()));
    place.configure("host_key = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"", "known_hosts = \"hosts\"");
    place.write("hosts", "");
    page.note("a host that is not known", 5, &tokio::task::block_in_place(|| place.run_day()));
    assert!(server.log().attempted_writes().is_empty());
    assert_page!("sftp", &page.0.replace(&key, "<its key>").replace(&format!(":{port}"), ":<port>"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_at_once_is_refused_and_says_who_is_at_work() {
    let place = Place::quiet_day();
    let options = StoreOptions { base_dir: place.path(""), ..StoreOptions::default() };
    let store = Store::open("sqlite://antom-recon.db", options).await.unwrap();
    let stopped = || Instant::parse(b"2026-03-03T02:00:00Z").unwrap();
    let lock = store.lock("2188120000000001", stopped).await.unwrap();
    let mut page = Page::default();
    page.note("the lock is held", 6, &tokio::task::block_in_place(|| place.run_day()));
    assert!(!place.has_outputs());
    lock.release().await.unwrap();
    assert_eq!(tokio::task::block_in_place(|| place.run_day()).code, Some(0));
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let who = format!("process {} on `{}`", std::process::id(), host.trim());
    let page = page.0.replace(&who, "<who>");
    // The lease is renewed while the program asks, and how long that takes nobody knows.
    let (before, rest) = page.split_once("last heard of ").unwrap();
    let (_, after) = rest.split_once(" s ago").unwrap();
    let (between, rest) = after.split_once("or after ").unwrap();
    let (until, after) = rest.split_once(' ').unwrap();
    assert!(Instant::parse(until.as_bytes()).is_some(), "{until}");
    assert_page!("locked", &format!("{before}last heard of <n> s ago{between}or after <until> {after}"));
}
