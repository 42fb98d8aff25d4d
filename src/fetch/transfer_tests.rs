//! Transfers from a scripted source, for what a real server does not do on request.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::fetch::Cancel;
use crate::fetch::ending::Ending;
use crate::fetch::endpoint::{Blocks, Patience};
use crate::fetch::listing::RawEntry;

/// What the file is at each look at it, the last one for ever; and where the connection breaks, once each.
struct Script {
    versions: Mutex<VecDeque<&'static [u8]>>,
    breaks_at: Mutex<VecDeque<usize>>,
    claimed_size: Option<u64>,
    opened_at: Mutex<Vec<u64>>,
}

impl Script {
    fn new(versions: &[&'static [u8]], breaks_at: &[usize]) -> Self {
        Self {
            versions: Mutex::new(versions.iter().copied().collect()),
            breaks_at: Mutex::new(breaks_at.iter().copied().collect()),
            claimed_size: None,
            opened_at: Mutex::default(),
        }
    }

    fn now(&self) -> &'static [u8] {
        self.versions.lock().unwrap()[0]
    }

    fn look(&self) -> &'static [u8] {
        let mut versions = self.versions.lock().unwrap();
        if versions.len() > 1 { versions.pop_front().unwrap() } else { versions[0] }
    }
}

struct Line<'a>(&'a Script);

struct Served<'a> {
    script: &'a Script,
    bytes: &'static [u8],
    at: usize,
}

impl Endpoint for &'static Script {
    fn address(&self) -> String {
        "script".into()
    }
    fn root(&self) -> &str {
        "/v1/settlements"
    }
    fn connections(&self) -> usize {
        1
    }
    fn patience(&self) -> Patience {
        Patience { attempts: 3, back_off: Duration::ZERO }
    }
    fn connect(&self, _: &Control<'_>) -> Result<Box<dyn Connection>, Trouble> {
        Ok(Box::new(Line(self)))
    }
}

impl Connection for Line<'static> {
    fn list(
        &mut self,
        _: &str,
        _: &dyn Fn(&str) -> bool,
        _: &mut dyn FnMut(RawEntry) -> Result<(), FetchError>,
    ) -> Result<(), Trouble> {
        Ok(())
    }
    fn stamp(&mut self, _: &str) -> Result<Stamp, Trouble> {
        let bytes = self.0.look();
        if bytes == b"GONE" {
            return Err(Trouble::Absent);
        }
        Ok(Stamp { size: self.0.claimed_size.unwrap_or(bytes.len() as u64), modified: None })
    }
    fn open(&mut self, _: &str, offset: u64) -> Result<Box<dyn Blocks + '_>, Trouble> {
        self.0.opened_at.lock().unwrap().push(offset);
        Ok(Box::new(Served { script: self.0, bytes: self.0.now(), at: usize::try_from(offset).unwrap() }))
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl Blocks for Served<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        let mut breaks = self.script.breaks_at.lock().unwrap();
        if breaks.front().is_some_and(|&at| self.at >= at) {
            breaks.pop_front();
            return Err(Trouble::Broken("cut".into()));
        }
        // A short text comes two bytes at a time, so that every position is one where something can happen.
        let most = if self.bytes.len() < 100 { 2 } else { buffer.len() };
        let length = self.bytes.len().saturating_sub(self.at).min(most);
        buffer[..length].copy_from_slice(&self.bytes[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

fn run(script: Script) -> (Result<Transferred, FetchError>, &'static Script, Archive, tempfile::TempDir) {
    let script: &'static Script = Box::leak(Box::new(script));
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let control = Control::silent();
    let transfer =
        Transfer { endpoint: &script, archive: &archive, control: &control, name: "a.csv", path: "/d/a.csv" };
    let result = transfer.run(&mut None);
    (result, script, archive, dir)
}

fn taken(result: Result<Transferred, FetchError>) -> Taken {
    match result.unwrap() {
        Transferred::Taken(taken) => taken,
        Transferred::Unstable { .. } | Transferred::Vanished => panic!("not taken"),
    }
}

#[test]
fn a_broken_transfer_goes_on_where_it_broke() {
    let (result, script, archive, _dir) = run(Script::new(&[b"h\n1,2\n<END>\n"], &[2, 6]));
    let taken = taken(result);
    assert_eq!(archive.read_all(taken.stored.digest).unwrap(), b"h\n1,2\n<END>\n");
    assert_eq!(taken.ending, Ending::Whole);
    assert_eq!(*script.opened_at.lock().unwrap(), [0, 2, 6]);
}

#[test]
fn a_transfer_that_keeps_breaking_ends() {
    let (result, ..) = run(Script::new(&[b"h\n1,2\n<END>\n"], &[0, 0, 0, 0]));
    let Err(FetchError::Unreachable(message)) = result else { panic!("it ended otherwise") };
    assert!(message.contains("reading `/d/a.csv` failed 3 times, last: cut"), "{message}");
}

#[test]
fn a_transfer_that_gets_ahead_may_break_more_often() {
    let text: &'static [u8] = Box::leak(vec![b'x'; 5 << 24].into_boxed_slice());
    let breaks: Vec<usize> = (1..5).map(|at| at << 24).collect();
    let (result, script, ..) = run(Script::new(&[text], &breaks));
    assert_eq!(taken(result).stored.size, 5 << 24);
    assert_eq!(script.opened_at.lock().unwrap().len(), 5, "four breaks, though three attempts are allowed");
}

#[test]
fn a_file_that_grows_is_read_again_from_its_start() {
    let (result, script, archive, _dir) = run(Script::new(&[b"h\n1", b"h\n1,2\n<END>\n"], &[]));
    assert_eq!(archive.read_all(taken(result).stored.digest).unwrap(), b"h\n1,2\n<END>\n");
    assert_eq!(*script.opened_at.lock().unwrap(), [0, 0]);
}

#[test]
fn a_file_that_changes_while_the_connection_is_away_is_not_pieced_together() {
    // Looked at before reading, then cut, and another file of the same name after that.
    let (result, script, archive, _dir) = run(Script::new(&[b"old1", b"new-file\n<END>"], &[2]));
    assert_eq!(archive.read_all(taken(result).stored.digest).unwrap(), b"new-file\n<END>");
    assert_eq!(*script.opened_at.lock().unwrap(), [0, 0]);
}

#[test]
fn a_file_that_keeps_growing_is_unstable() {
    let (result, _, archive, _dir) = run(Script::new(&[b"h", b"h\n", b"h\n1", b"h\n1,", b"h\n1,2"], &[]));
    assert!(matches!(result.unwrap(), Transferred::Unstable { .. }));
    assert!(!archive.path_of(crate::fetch::Digest::of(b"h\n")).exists());
}

#[test]
fn a_file_that_is_gone_is_said_to_be() {
    let (result, ..) = run(Script::new(&[b"GONE"], &[]));
    assert!(matches!(result.unwrap(), Transferred::Vanished));
}

#[test]
fn a_file_that_is_shorter_than_its_size_says_is_not_whole() {
    let mut script = Script::new(&[b"h\n<END>"], &[]);
    script.claimed_size = Some(100);
    let (result, ..) = run(script);
    let Err(FetchError::Unreachable(message)) = result else { panic!("it ended otherwise") };
    assert!(message.contains("ended after 7 of its 100 bytes"), "{message}");
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let mut script = Script::new(&[b"h\n<END>"], &[]);
    script.claimed_size = Some(MAX_FILE_BYTES + 1);
    let (result, script, ..) = run(script);
    assert!(matches!(result, Err(FetchError::Bounds(message)) if message.contains("17179869184")));
    assert_eq!(*script.opened_at.lock().unwrap(), [0; 0]);
}

#[test]
fn a_request_to_stop_is_heeded() {
    let script: &'static Script = Box::leak(Box::new(Script::new(&[b"h\n<END>"], &[])));
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let control = Control { progress: &|_| {}, cancel };
    let transfer =
        Transfer { endpoint: &script, archive: &archive, control: &control, name: "a.csv", path: "/d/a.csv" };
    assert!(matches!(transfer.run(&mut None), Err(FetchError::Cancelled)));
}
