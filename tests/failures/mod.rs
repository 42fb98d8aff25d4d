//! Every way to end, as an operator meets it: the real binary, its exit code, what it says on stderr, and what it leaves behind.

/// Compares a page with its snapshot, beside the file that calls.
macro_rules! assert_page {
    ($name:literal, $page:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $page);
        })
    };
}

mod checking;
mod days;
mod deciding;
mod explaining;
mod importing;
mod inputs;
mod integrity;
mod partners;
mod proofs;
mod settings;
mod signals;
mod trail;
mod usage;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The day that works until a case spoils it.
const DATE: &str = "2026-03-02";

/// What no message may hold: the password of the SFTP user, and that of a database.
const SECRETS: [&str; 2] = ["a-secret-word", "another-secret"];

/// How the program ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A folder with a configuration and inputs that work.
struct Place {
    folder: TempDir,
}

impl Place {
    fn of_scenario(name: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let scenarios = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/scenarios"));
        copy(&scenarios.join(name), place.folder.path());
        place
    }

    /// A day on which all is well.
    fn quiet_day() -> Self {
        Self::of_scenario("a_quiet_day")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The transaction details of the day.
    fn report(&self) -> PathBuf {
        self.path("remote/v1/settlements/2188120000000001/20260302/transactionItems_20260302_000.csv")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a part of the configuration, which must be there.
    fn configure(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.path("antom-recon.toml")).unwrap();
        assert!(text.contains(old), "`{old}` stands in the configuration");
        self.write("antom-recon.toml", text.replace(old, new));
    }

    /// Adds to the configuration.
    fn configure_more(&self, more: &str) {
        let text = fs::read_to_string(self.path("antom-recon.toml")).unwrap();
        self.write("antom-recon.toml", format!("{text}\n{more}\n"));
    }

    /// A secret in a file that only its owner may read.
    fn write_secret(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Reports over SFTP from a port on loopback.
    fn configure_sftp(&self, port: u16, host_key: &str) {
        self.write_secret("secrets/sftp-password", SECRETS[0]);
        let sftp = format!(
            "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {port}\nusername = \"recon\"\nhost_key = \"{host_key}\"\n\
             password_file = \"secrets/sftp-password\"\nconnect_timeout = \"20s\"\ntimeout = \"20s\"\n"
        );
        self.configure("kind = \"directory\"\npath = \"remote\"\n", &sftp);
    }

    /// The program in this folder, with nothing from outside in its environment.
    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_antom-recon"));
        command.args(args.split_whitespace()).current_dir(self.folder.path()).env_clear();
        command.env("ANTOM_RECON_LOG", "error").stdin(Stdio::null());
        command
    }

    fn run(&self, args: &str) -> Ended {
        self.end(self.command(args))
    }

    fn end(&self, mut command: Command) -> Ended {
        let output = command.output().unwrap();
        let here = self.folder.path().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&here, "<here>");
        let ended = Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for secret in SECRETS {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{}", ended.stderr);
        }
        ended
    }

    fn run_day(&self) -> Ended {
        self.run("run --date 2026-03-02")
    }

    fn has_outputs(&self) -> bool {
        self.path("out").exists()
    }
}

/// A page of messages, a paragraph per case.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Notes how a case ended, which must be with this code and with nothing on stdout.
    fn note(&mut self, case: &str, code: i32, ended: &Ended) {
        assert_eq!(ended.code, Some(code), "{case}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{case}");
        assert!(!ended.stderr.trim().is_empty(), "{case}: nobody is told why");
        write!(self.0, "# {case}: exit code {code}\n{}\n", ended.stderr).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_day_that_works_ends_with_0_and_with_1_for_those_who_ask() {
    let place = Place::quiet_day();
    let ended = place.run("run --date 2026-03-02 --fail-on info");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.starts_with("2026-03-02  2188120000000001\n"), "{}", ended.stdout);
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", ledger.replace(",2550,", ",2551,"));
    let severe = place.run("run --date 2026-03-02 --fail-on high");
    assert_eq!((severe.code, severe.stderr.as_str()), (Some(0), ""));
    let ended = place.run("run --date 2026-03-02 --fail-on medium");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("open     AMOUNT_MISMATCH"), "the day is told all the same: {}", ended.stdout);
    assert_eq!(
        ended.stderr,
        "discrepancies: business date 2026-03-02: 2 of severity medium or higher; see `<here>/out/2188120000000001/2026-03-02`\n"
    );
}

#[test]
fn a_range_is_run_to_its_end_before_its_discrepancies_are_told() {
    let place = Place::of_scenario("duplicates");
    let ended = place.run("run --from 2026-03-02 --to 2026-03-03 --fail-on medium");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let days: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("2026-")).collect();
    assert_eq!(days, ["2026-03-02  2188120000000001", "2026-03-03  2188120000000001"]);
    assert!(
        ended.stderr.starts_with("discrepancies: business date 2026-03-02: 2 of severity medium"),
        "{}",
        ended.stderr
    );
}
