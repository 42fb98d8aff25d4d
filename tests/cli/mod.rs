//! The command line from outside: help, mistakes, exit codes.

use std::ffi::OsString;
use std::process::Command;

use antom_recon::cli::{Cli, run_with};
use antom_recon::environment::Environment;
use clap::CommandFactory;
use insta::assert_snapshot;

/// Runs the program in process without an environment: exit code and stdout.
fn run(line: &str) -> (u8, String) {
    let mut out = Vec::new();
    let args = std::iter::once("antom-recon").chain(line.split_whitespace()).map(OsString::from);
    let code = run_with(args, &Environment::default(), &mut out);
    (code, String::from_utf8(out).unwrap())
}

/// The help of a command, as wide as this page whatever the terminal.
fn help(command: &str) -> String {
    let args = ["antom-recon"].into_iter().chain(command.split_whitespace()).chain(["--help"]);
    let shown = Cli::command().term_width(100).try_get_matches_from(args).unwrap_err();
    assert_eq!(shown.kind(), clap::error::ErrorKind::DisplayHelp, "`{command} --help`");
    shown.render().to_string()
}

#[test]
fn help_and_version_go_to_stdout() {
    for line in ["--help", "run -h", "ledger import --help"] {
        let (code, text) = run(line);
        assert_eq!(code, 0, "`{line}`");
        assert!(text.contains("Usage: antom-recon"), "`{line}`: {text}");
    }
    assert_eq!(run("--version"), (0, format!("antom-recon {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn help_is_for_people() {
    assert_snapshot!("help", help(""));
    assert_snapshot!("help_run", help("run"));
    assert_snapshot!("help_fetch", help("fetch"));
    assert_snapshot!("help_check", help("check"));
    assert_snapshot!("help_parse", help("parse"));
    assert_snapshot!("help_ledger", help("ledger"));
    assert_snapshot!("help_ledger_import", help("ledger import"));
    assert_snapshot!("help_decide", help("decide"));
    assert_snapshot!("help_explain", help("explain"));
    assert_snapshot!("help_status", help("status"));
    assert_snapshot!("help_verify", help("verify"));
    assert_snapshot!("help_prune", help("prune"));
    assert_snapshot!("help_migrate", help("migrate"));
    assert_snapshot!("help_doctor", help("doctor"));
    assert_snapshot!("help_config", help("config"));
    assert_snapshot!("help_config_example", help("config example"));
}

#[test]
fn mistakes_on_the_command_line_are_exit_code_2() {
    for line in [
        "",
        "reconcile",
        "fetch",
        "run --date 2026-02-30",
        "run --date 2026-02-28 --fail-on urgent",
        "run --date 2026-02-28 --threads 0",
        "run --from 2026-02-28",
        "check",
        "explain",
        "ledger import",
        "status --log-format xml",
        "status --config",
    ] {
        assert_eq!(run(line), (2, String::new()), "`{line}`");
    }
}

#[test]
fn a_missing_or_wrong_configuration_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let line = format!("status --config {}", path.display());
    assert_eq!(run(&line), (2, String::new()));
    std::fs::write(&path, "[source]\nhots = 'x'\n").unwrap();
    assert_eq!(run(&line), (2, String::new()));
}

#[test]
fn the_example_goes_to_stdout() {
    let (code, text) = run("config example");
    assert_eq!((code, text.as_str()), (0, antom_recon::config::EXAMPLE));
}

#[test]
fn migrations_are_printed_without_a_configuration() {
    for (database, part) in [("sqlite", "STRICT"), ("postgres", "plpgsql")] {
        let (code, text) = run(&format!("migrate --print --database {database}"));
        assert_eq!(code, 0);
        assert!(
            text.starts_with("-- antom-recon ") && text.contains(part) && text.contains("_sqlx_migrations"),
            "{text}"
        );
    }
    let (code, text) = run("migrate --print --from 2 --database sqlite");
    assert_eq!((code, text.contains("-- Migration 1:"), text.contains("-- Migration 2:")), (0, false, true));
    for line in ["migrate --from 2", "migrate --print --from 0", "migrate --print --from 999 --database sqlite"] {
        assert_eq!(run(line), (2, String::new()), "`{line}`");
    }
}

#[test]
fn whoever_stops_reading_stops_nothing() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let args = ["antom-recon", "config", "example"].map(OsString::from);
    assert_eq!(run_with(args, &Environment::default(), &mut Gone), 0);
}

#[test]
fn a_defect_is_exit_code_5_and_no_other() {
    struct Defect;
    impl std::io::Write for Defect {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            panic!("a defect, for this test")
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let args = ["antom-recon", "config", "example"].map(OsString::from);
    assert_eq!(run_with(args, &Environment::default(), &mut Defect), 5);
}

/// Runs the binary: exit code and stderr.
fn run_binary(args: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("antom-recon.toml"), "[source]\nhots = 'x'\n").unwrap();
    let program =
        Command::new(env!("CARGO_BIN_EXE_antom-recon")).args(args).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(program.stdout).unwrap(), "");
    (program.status.code(), String::from_utf8(program.stderr).unwrap())
}

#[test]
fn failures_are_written_for_people_and_for_machines() {
    let sentence = "`antom-recon.toml` line 2: unknown key `hots` in `[source]`; the nearest known key is `host`";
    assert_eq!(run_binary(&["status"]), (Some(2), format!("configuration: {sentence}\n")));
    let (code, line) = run_binary(&["status", "--log-format", "json"]);
    assert_eq!(code, Some(2));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["message"], sentence);
    assert_eq!(line["fields"]["exit_code"], 2);
}
