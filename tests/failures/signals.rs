//! Exit codes 130 and 143: a run that waits is told to stop.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Place;

/// Starts a run against a server that accepts and says nothing, sends the signal when the run waits for it.
fn stop_with(signal: &str) -> (Option<i32>, String, Duration) {
    let place = Place::quiet_day();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    place.configure_sftp(port, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    let mut command = place.command("run --date 2026-03-02");
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let silent = listener.accept().unwrap();
    let sent = Instant::now();
    let told = Command::new("kill").args(["-s", signal, &run.id().to_string()]).status().unwrap();
    assert!(told.success());
    let ended = run.wait_with_output().unwrap();
    drop(silent);
    assert!(!place.has_outputs(), "nothing half-written is visible");
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap(), sent.elapsed())
}

#[test]
fn a_waiting_run_ends_soon_and_says_why() {
    for (signal, code, word) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let (ended, stderr, took) = stop_with(signal);
        assert_eq!(ended, Some(code), "{stderr}");
        assert!(stderr.starts_with(&format!("{word}: ")), "{stderr}");
        assert!(took < Duration::from_secs(10), "the server's silence is not waited for: {took:?}");
    }
}
