//! What ships: the binary contains no call that moves money, and `cron/` does what it says.
//!
//! `antom-api` has such calls behind its feature `marketplace`, which the laboratory's tests switch on. Two things keep them out of
//! the job: nothing that `cargo build` builds asks for the feature, however many packages are built together; and nothing in the
//! job refers to the calls, so that even the binary of this very test run, whose library has them, does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use lab::api::Endpoint;

/// The inquiries that the job asks; all other calls change something at Antom's.
const ASKED: [Endpoint; 2] = [Endpoint::InquiryPayment, Endpoint::InquiryRefund];

/// How the client spells a call's path in memory. Put together here, so that the text is not in this test's own binary.
fn path(endpoint: Endpoint) -> Vec<u8> {
    ["v1/", endpoint.path()].concat().into_bytes()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

#[test]
fn no_call_that_moves_money_is_in_the_binary() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_antom-recon")).unwrap();
    let missing: Vec<Endpoint> = ASKED.into_iter().filter(|endpoint| !contains(&binary, &path(*endpoint))).collect();
    assert!(missing.is_empty(), "the search finds nothing, not even {missing:?}");
    let others = Endpoint::ALL.into_iter().filter(|endpoint| !endpoint.is_inquiry());
    let found: Vec<&str> = others.filter(|endpoint| contains(&binary, &path(*endpoint))).map(Endpoint::path).collect();
    assert!(found.is_empty(), "the job's binary has {found:?}");
}

/// The features of `antom-api` that the whole workspace asks for, as cargo resolves them.
fn features(edges: &str) -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let tree = ["tree", "--workspace", "--locked", "--offline", "--invert", "antom-api", "--edges", edges];
    let output = Command::new(env!("CARGO")).args(tree).arg("--manifest-path").arg(manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_build_asks_for_the_calls_that_move_money() {
    let marketplace = "antom-api feature \"marketplace\"";
    let tested = features("normal,build,dev,features");
    assert!(tested.contains(marketplace), "tests ask for them, or the search finds nothing:\n{tested}");
    let built = features("normal,build,features");
    assert!(built.contains("antom-recon") && built.contains("lab"), "both packages are looked at:\n{built}");
    assert!(!built.contains(marketplace), "`cargo build --workspace` would compile them in:\n{built}");
}

/// Writes a program for the shell into a folder that goes before all others.
fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a line as cron does, with the programs of a folder before all others.
fn by_cron(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Output {
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(folder).env_clear().env("PATH", path);
    command.envs(variables.iter().copied()).output().unwrap()
}

fn shown(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A run that prints its page and its log, counts itself, and ends with the code in `$CODE`.
const RUN: &str = "echo page; echo log >&2; echo x >> tries; exit $CODE";

#[test]
fn only_a_run_that_was_given_up_is_mailed() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/cron/with-retries");
    // Exit codes with the tries that they are worth (cron/runbook.md).
    for (code, tries) in [("0", 1), ("1", 1), ("2", 1), ("3", 7), ("4", 7), ("5", 1), ("6", 7), ("143", 7)] {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), "antom-recon", RUN);
        program(folder.path(), "sleep", "exit 0");
        let line = format!("{script} antom-recon run");
        let output = by_cron(folder.path(), &line, &[("CODE", code), ("PAGES", "pages.log")]);
        let mail = format!("exit code {code} after {tries} tries: antom-recon run\n");
        let mail = if code == "0" { "" } else { &mail };
        assert_eq!(shown(&output), (code.parse().ok(), mail, &*"log\n".repeat(tries)), "code {code}");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("pages.log"), read("tries")), ("page\n".repeat(tries), "x\n".repeat(tries)), "code {code}");
    }
}

#[test]
fn pages_go_where_they_are_told_or_to_the_log() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "antom-recon", RUN);
    let line = concat!(env!("CARGO_MANIFEST_DIR"), "/cron/with-retries antom-recon run");
    assert_eq!(shown(&by_cron(folder.path(), line, &[("CODE", "0")])), (Some(0), "", "page\nlog\n"));
    let output = by_cron(folder.path(), line, &[("CODE", "0"), ("PAGES", "no/such/folder")]);
    let (code, mail, _) = shown(&output);
    assert!(code == Some(2) && mail.starts_with("exit code 2 after 1 tries"), "no place for pages: {output:?}");
}

/// Debian's cron takes the times of a line in the system's zone and leaves `CRON_TZ` alone; cronie knows it.
#[test]
fn the_crontab_starts_a_run_at_ten_in_antoms_zone_under_every_cron() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/cron/crontab")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let [mail, pages, line] = lines[..] else { panic!("{lines:?}") };
    assert!(mail.starts_with("MAILTO=") && pages.starts_with("PAGES="), "no variable that only some understand");
    let command = line.strip_prefix("0 * * * *  recon  ").unwrap();
    // A cron ends the command at the first `%` that is not escaped.
    let command = command.replace("\\%", "\0");
    assert!(!command.contains('%'), "{command}");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    let places = ["/usr/local/lib/antom-recon/", "/var/log/antom-recon/"];
    let command =
        places.iter().fold(command.replace('\0', "%"), |line, known| line.replace(known, &format!("{place}/")));
    program(folder.path(), "with-retries", "echo given up; echo \"$@\" >&2");
    program(folder.path(), "date", "exec /bin/date -d \"@$AT\" \"$@\"");
    let log = folder.path().join("run.log");
    for zone in ["UTC", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30"] {
        let mut starts = Vec::new();
        // Monday, 16 March 2026, hour by hour from midnight in UTC+8.
        for hour in 0..24 {
            let at = (1_773_590_400 + hour * 3600).to_string();
            let output = by_cron(folder.path(), &command, &[("AT", &at), ("TZ", zone)]);
            let (code, mail, other) = shown(&output);
            assert_eq!((code, other), (Some(0), ""), "nothing is to be mailed in other hours, or logged as failed");
            starts.extend((mail == "given up\n").then_some(hour));
        }
        assert_eq!(starts, [10], "{zone}");
        let said = fs::read_to_string(&log).unwrap();
        assert!(said.starts_with("/usr/local/bin/antom-recon run --config ") && said.lines().count() == 1, "{said}");
        fs::remove_file(&log).unwrap();
    }
}
