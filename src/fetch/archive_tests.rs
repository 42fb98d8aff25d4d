#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;

use super::*;

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// An integrity error is told from every other failure.
fn integrity(result: Result<Vec<u8>, FetchError>) -> String {
    match result {
        Err(FetchError::Integrity(message)) => message,
        Err(other) => panic!("not an integrity error: {other}"),
        Ok(bytes) => panic!("{} bytes were read", bytes.len()),
    }
}

#[test]
fn what_is_stored_is_read_back_under_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(&dir.path().join("archive")).unwrap();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for bytes in [&b""[..], b"abc", &large] {
        let stored = archive.store(bytes).unwrap();
        assert_eq!((stored.digest, stored.size), (Digest::of(bytes), bytes.len() as u64));
        assert_eq!(archive.read_all(stored.digest).unwrap(), bytes);
    }
    let abc = archive.path_of(Digest::of(b"abc"));
    let name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(abc.ends_with(format!("ba/{name}.zst")), "{}", abc.display());
    assert_eq!(name.parse::<Digest>().unwrap(), Digest::of(b"abc"));
    assert_eq!((mode(&abc), mode(abc.parent().unwrap()), mode(&dir.path().join("archive"))), (0o600, 0o700, 0o700));
}

#[test]
fn the_same_bytes_are_archived_once() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let first = archive.store(&b"report"[..]).unwrap();
    let inode = fs::metadata(archive.path_of(first.digest)).unwrap().ino();
    assert!(first.is_known, "it was hashed while it was written");
    let again = archive.store(&b"report"[..]).unwrap();
    assert_eq!(again, Stored { is_known: false, ..first }, "nobody looked into the file that lies there");
    assert_eq!(fs::metadata(archive.path_of(first.digest)).unwrap().ino(), inode, "the first one was left as it is");
    assert_eq!(files_below(dir.path()).len(), 1);
}

#[test]
fn a_damaged_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let digest = archive.store(&b"report"[..]).unwrap().digest;
    let path = archive.path_of(digest);

    let missing = integrity(archive.read_all(Digest::of(b"never")));
    assert!(missing.contains("is missing"), "{missing}");

    fs::write(&path, zstd::encode_all(&b"another report"[..], 1).unwrap()).unwrap();
    let other = integrity(archive.read_all(digest));
    assert!(other.contains(&Digest::of(b"another report").to_string()) && other.contains("restore"), "{other}");
    // Another length than the same bytes would compress to: looked into, and not papered over.
    let again = integrity(archive.store(&b"report"[..]).map(|_| Vec::new()));
    assert!(again.contains(&Digest::of(b"another report").to_string()), "{again}");

    // Of the same length: not looked into, not known to be right, and noticed when it is read.
    let same_length = archive.store(&b"repost"[..]).unwrap().digest;
    fs::copy(archive.path_of(same_length), &path).unwrap();
    assert!(!archive.store(&b"report"[..]).unwrap().is_known);
    assert!(integrity(archive.read_all(digest)).contains(&same_length.to_string()));

    let whole = zstd::encode_all(&b"report"[..], 1).unwrap();
    fs::write(&path, &whole).unwrap();
    assert!(archive.store(&b"report"[..]).unwrap().is_known, "another packing of the same bytes was read");
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    assert!(integrity(archive.read_all(digest)).contains("cannot be unpacked"));
    fs::write(&path, b"").unwrap();
    integrity(archive.read_all(digest));
}

#[test]
fn an_unfinished_file_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let mut writer = archive.writer().unwrap();
    writer.push(b"half").unwrap();
    assert_eq!(files_below(dir.path()).len(), 1);
    drop(writer);
    assert_eq!(files_below(dir.path()), Vec::<PathBuf>::new());

    let broken = io::Read::chain(&b"half"[..], FailingReader);
    assert!(matches!(archive.store(broken), Err(FetchError::Archive { .. })));
    assert_eq!(files_below(dir.path()), Vec::<PathBuf>::new());
}

struct FailingReader;

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("broken"))
    }
}

#[test]
fn leftovers_are_swept_and_living_writers_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let leftover = dir.path().join(INCOMING).join("00ff");
    fs::write(&leftover, b"of a process that was killed").unwrap();
    let mut writer = archive.writer().unwrap();
    writer.push(b"alive").unwrap();

    Archive::open(dir.path()).unwrap();
    assert!(!leftover.exists());
    let stored = writer.commit().unwrap();
    assert_eq!(archive.read_all(stored.digest).unwrap(), b"alive");
}
