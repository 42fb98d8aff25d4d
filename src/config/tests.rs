#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::calendar::CutOff;
use crate::discrepancy::{DiscrepancyKind, Severity};
use crate::failure::Kind;
use crate::movement::ReportKind;

mod refusals;

/// A folder with a configuration and the files that examples name.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        std::fs::create_dir(desk.path("secrets")).unwrap();
        std::fs::create_dir(desk.path("remote")).unwrap();
        for name in ["sftp-password", "sftp-key", "sftp-key-passphrase", "merchant.pem", "antom.pem"] {
            desk.write(&format!("secrets/{name}"), "secret\n");
        }
        desk.write("secrets/database-url", "postgres://u:p@db/recon\n");
        for name in ["ledger.csv", "sub-merchants.csv", "known_hosts"] {
            desk.write(name, "");
        }
        desk.write("holidays.txt", "# spring festival\n2026-02-17\n\n2026-02-18 # second day\n");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn load_with(&self, toml: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Config, Failure> {
        self.write("c.toml", toml);
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&self.path("c.toml")), &Environment::of(variables), flags)
    }

    fn load(&self, toml: &str) -> Config {
        self.load_with(toml, &[], &Flags::default()).map_err(|failure| failure.to_string()).unwrap()
    }

    /// The message of a failure, the folder cut out of it.
    fn message<T>(&self, result: Result<T, Failure>) -> String {
        let failure = result.err().expect("a failure");
        assert_eq!(failure.kind(), Kind::Configuration);
        failure.message().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Loads the text and reads one thing from it; the message must be this.
#[track_caller]
fn refused<T>(toml: &str, read: impl Fn(&Config) -> Result<T, Failure>, expected: &str) {
    let desk = Desk::new();
    let result = desk.load_with(toml, &[], &Flags::default()).and_then(|config| read(&config));
    assert_eq!(desk.message(result), expected);
}

/// The configuration of the contract, with a source that needs no network.
const SFTP: &str = "
[source]
host = 'sftp.example.com'
username = 'recon'
password_file = 'secrets/sftp-password'
host_key = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
";

#[test]
fn the_example_loads_and_every_section_of_it_is_right() {
    let desk = Desk::new();
    let config = desk.load(EXAMPLE);
    assert_eq!(config.merchant().unwrap().platform_merchant_id, "2188120000000001");
    let Source::Sftp(sftp) = config.source().unwrap() else { panic!("sftp") };
    assert_eq!((sftp.host.as_str(), sftp.port, sftp.connections), ("sftp.example.com", 22, 4));
    let Login::Password(file) = sftp.login else { panic!("a password") };
    assert_eq!(file.read().ok().unwrap().expose(), "secret");
    assert_eq!(config.api().unwrap().gateway, "https://open-sea-global.alipay.com");
    assert_eq!(config.requery().unwrap(), Requery { enabled: true, budget: 500 });
    assert!(matches!(config.ledger(), Ok(Ledger::Table)));
    assert!(matches!(config.sub_merchants(), Ok(None)));
    assert_eq!(config.output_dir(), desk.path("out"));
    config.database().ok().unwrap();
    config.matching().unwrap();
    config.severity().unwrap();
    assert_eq!(config.expect().unwrap().len(), ReportKind::ALL.len());
    assert_eq!(config.reports().unwrap().len(), ReportKind::ALL.len());
    assert_eq!((config.holidays().unwrap(), config.threads().unwrap()), (Vec::new(), None));
}

/// The keys of the example, with the commented ones, by section.
fn example_keys() -> Vec<(String, String, bool)> {
    let mut section = String::new();
    let mut keys = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        let (bare, commented) = line.strip_prefix("# ").map_or((line, false), |bare| (bare, true));
        if let Some((name, _)) = bare.split_once(" = ").filter(|(name, _)| !name.contains([' ', '"'])) {
            keys.push((section.clone(), name.to_owned(), commented));
        }
    }
    keys
}

#[test]
fn the_example_has_every_key_and_no_other() {
    let found: BTreeSet<(String, String)> =
        example_keys().into_iter().map(|(section, name, _)| (section, name)).collect();
    let known: BTreeSet<(String, String)> =
        keys::all().iter().map(|key| (key.section.clone(), key.name.clone())).collect();
    assert!(known.len() > 90, "only {} keys are known", known.len());
    assert_eq!(found, known);
}

#[test]
fn commented_lines_of_the_example_are_right_as_well_and_show_the_defaults() {
    let uncommented: String = EXAMPLE.lines().fold(String::new(), |text, line| {
        let bare = line
            .strip_prefix("# ")
            .filter(|bare| bare.split_once(" = ").is_some_and(|(name, _)| !name.contains([' ', '"'])));
        let value = bare.filter(|bare| !bare.contains("# example"));
        text + value.unwrap_or(line) + "\n"
    });
    let desk = Desk::new();
    let (set, unset) = (desk.load(&uncommented), desk.load(EXAMPLE));
    assert_eq!(set.source().unwrap(), unset.source().unwrap_or_else(|f| panic!("{f}")));
    assert_eq!(set.reports().unwrap(), unset.reports().unwrap());
    assert_eq!(set.matching().unwrap(), unset.matching().unwrap());
    assert_eq!(set.expect().unwrap(), unset.expect().unwrap());
    assert_eq!(set.proof().unwrap(), unset.proof().unwrap());
    assert_eq!(set.threads().unwrap(), unset.threads().unwrap());
    assert_eq!(set.archive_dir(), unset.archive_dir());
    let without_lines = |api: Api| Api { private_key: SecretFile::new(PathBuf::new(), String::new()), ..api };
    assert_eq!(without_lines(set.api().unwrap()), without_lines(unset.api().unwrap()));
    let all: String = EXAMPLE.lines().fold(String::new(), |text, line| {
        let bare = line
            .strip_prefix("# ")
            .filter(|bare| bare.split_once(" = ").is_some_and(|(name, _)| !name.contains([' ', '"'])));
        text + bare.unwrap_or(line) + "\n"
    });
    desk.load(&all);
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = Desk::new().load("");
    assert_eq!(config.cut_off().unwrap(), CutOff::parse("+08:00").unwrap());
    let matching = config.matching().unwrap();
    assert_eq!((matching.settlement_due_days, matching.pending_max_days, matching.lookback_days), (7, 3, 35));
    assert_eq!((matching.cutoff_grace, matching.splits), (Duration::from_secs(900), true));
    assert_eq!(matching.adjustments, Adjustments::Proved);
    assert_eq!(config.requery().unwrap(), Requery { enabled: false, budget: 500 });
    assert_eq!(config.expect().unwrap()[&ReportKind::TransactionDetails], Expectation::Daily);
    assert_eq!(config.expect().unwrap()[&ReportKind::SettlementDetails], Expectation::Optional);
    assert_eq!(config.severity().unwrap().raise_at.in_minor(2), 100_000);
    assert!(config.severity().unwrap().kinds.is_empty());
    assert_eq!(config.threads().unwrap(), None);
    let folder = config.folder().display().to_string();
    assert_eq!(config.database().ok().unwrap().expose(), format!("sqlite://{folder}/antom-recon.db"));
}

#[test]
fn a_flag_goes_over_the_environment_and_the_environment_over_the_file() {
    let desk = Desk::new();
    let toml = "run.threads = 2\noutput.dir = 'a'\nmatching.splits = true\napi.not_found_codes = ['A']";
    let variables =
        [("ANTOM_RECON_RUN_THREADS", "3"), ("ANTOM_RECON_OUTPUT_DIR", "b"), ("ANTOM_RECON_MATCHING_SPLITS", "false")];
    let threads = |variables, flags: Flags| desk.load_with(toml, variables, &flags).ok().unwrap().threads().unwrap();
    assert_eq!(threads(&[], Flags::default()), Some(2));
    assert_eq!(threads(&variables, Flags::default()), Some(3));
    assert_eq!(threads(&variables, Flags { threads: Some(4), ..Flags::default() }), Some(4));
    let config = desk.load_with(toml, &variables, &Flags::default()).ok().unwrap();
    assert_eq!(config.output_dir(), desk.path("b"));
    assert!(!config.matching().unwrap().splits);
}

#[test]
fn variables_set_the_dotted_sections_too() {
    let desk = Desk::new();
    let variables = [
        ("ANTOM_RECON_REPORTS_TRANSACTION_DETAILS_AMOUNT_UNIT", "minor"),
        ("ANTOM_RECON_REPORTS_TRANSACTION_DETAILS_REQUIRED", "transactionId, transactionType"),
        ("ANTOM_RECON_SEVERITY_AMOUNT_MISMATCH", "high"),
        ("ANTOM_RECON_EXPECT_SETTLEMENT_DETAILS", "business_days"),
        ("ANTOM_RECON_LOG", "debug"),
        ("ANTOM_RECON_SERVICE_HOST", "10.0.0.1"),
        ("ANTOM_RECON_MATCHING_CUTOFF_GRACE", ""),
        ("PATH", "/bin"),
    ];
    let config = desk.load_with("", &variables, &Flags::default()).map_err(|failure| failure.to_string()).unwrap();
    let report = &config.reports().unwrap()[&ReportKind::TransactionDetails];
    assert_eq!(report.amount_unit, crate::money::AmountUnit::Minor);
    assert_eq!(report.required.as_deref(), Some(&["transactionId".to_owned(), "transactionType".to_owned()][..]));
    assert_eq!(config.severity().unwrap().kinds[&DiscrepancyKind::AmountMismatch], Severity::High);
    assert_eq!(config.expect().unwrap()[&ReportKind::SettlementDetails], Expectation::BusinessDays);
    assert_eq!(config.matching().unwrap().cutoff_grace, Duration::from_secs(900));
}

#[test]
fn variables_of_others_are_no_mistakes() {
    let desk = Desk::new();
    let of_service = [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_22_TCP",
        "PORT_8080_TCP",
        "PORT_8080_TCP_ADDR",
        "PORT_8080_TCP_PORT",
        "PORT_8080_TCP_PROTO",
        "DB_SERVICE_HOST",
        "DB_PORT_5432_TCP_PORT",
    ];
    for name in of_service.into_iter().chain(["LOG", "LIMITS", "VERSION", "IMAGE", "HOME", "CONFIG"]) {
        let loaded = desk.load_with("", &[(&*format!("ANTOM_RECON_{name}"), "x")], &Flags::default());
        assert!(loaded.is_ok(), "{name}: {:?}", loaded.err().map(|failure| failure.to_string()));
    }
}

#[test]
fn wrong_variables_are_named() {
    let desk = Desk::new();
    let load = |name: &str, value| desk.message(desk.load_with("", &[(name, value)], &Flags::default()));
    assert_eq!(
        load("ANTOM_RECON_SOURCE_HOTS", "x"),
        "unknown environment variable `ANTOM_RECON_SOURCE_HOTS`; the nearest known one is `ANTOM_RECON_SOURCE_HOST`; \
         correct or unset it"
    );
    assert_eq!(
        load("ANTOM_RECON_SOURCE_PORT", "ssh"),
        "environment variable `ANTOM_RECON_SOURCE_PORT` is `ssh`; expected a whole number without quotes"
    );
    // A mistyped section too.
    for (name, meant) in
        [("MACHING_SPLITS", "MATCHING_SPLITS"), ("SORUCE_HOTS", "SOURCE_HOST"), ("OUT_DIR", "OUTPUT_DIR")]
    {
        assert_eq!(
            load(&format!("ANTOM_RECON_{name}"), "x"),
            format!(
                "unknown environment variable `ANTOM_RECON_{name}`; the nearest known one is `ANTOM_RECON_{meant}`; correct or \
                 unset it"
            )
        );
    }
    let config = desk.load_with("", &[("ANTOM_RECON_MERCHANT_TIMEZONE", "CST")], &Flags::default()).ok().unwrap();
    assert_eq!(
        desk.message(config.cut_off()),
        "environment variable `ANTOM_RECON_MERCHANT_TIMEZONE`: `[merchant] timezone` is `CST`; expected an offset from UTC \
         such as `+08:00` (names of zones are not known here)"
    );
}

#[test]
fn unknown_keys_are_named_with_their_line_and_the_nearest_known_one() {
    let all = |_: &Config| Ok(());
    let case = |toml, expected| refused(toml, all, expected);
    case(
        "\n[source]\nhots = 'x'\n",
        "`c.toml` line 3: unknown key `hots` in `[source]`; the nearest known key is `host`",
    );
    case(
        "[source]\npassword = 'x'\n",
        "`c.toml` line 2: unknown key `password` in `[source]`; the nearest known key is `password_file`",
    );
    case("[sorce]\nhost = 'x'\n", "`c.toml` line 1: unknown section `[sorce]`; the nearest known one is `[source]`");
    case(
        "host = 'x'\n",
        "`c.toml` line 1: unknown key `host` outside of any section; the nearest known key is `host` in `[source]`",
    );
    case(
        "[reports.transaction_detail]\nfile = 'x'\n",
        "`c.toml` line 1: unknown section `[reports.transaction_detail]`; the nearest known one is \
         `[reports.transaction_details]`",
    );
    case(
        "[severity]\nAMOUNT_MISSMATCH = 'high'\n",
        "`c.toml` line 2: unknown key `AMOUNT_MISSMATCH` in `[severity]`; the nearest known key is `AMOUNT_MISMATCH`",
    );
    case(
        "[expect]\ntransactions = 'daily'\n[run]\nthreds = 2\n",
        "`c.toml` line 2: unknown key `transactions` in `[expect]`; the nearest known key is `transaction_details`\n  \
         also: `c.toml` line 4: unknown key `threds` in `[run]`; the nearest known key is `threads`",
    );
}

#[test]
fn values_of_the_wrong_type_are_named_with_their_line() {
    let all = |_: &Config| Ok(());
    let case = |toml, expected| refused(toml, all, expected);
    case(
        "[source]\nport = '22'\n",
        "`c.toml` line 2: `[source] port` is of type string; expected a whole number without quotes",
    );
    case("[source]\nhost = 1\n", "`c.toml` line 2: `[source] host` is of type integer; expected a text in quotes");
    case("source = 1\n", "`c.toml` line 1: `source` is of type integer; expected a section `[source]` with keys");
    case(
        "[reports.settlement_details]\naliases = 'x'\n",
        "`c.toml` line 2: `[reports.settlement_details] aliases` is of type string; expected a table such as \
         `{ transactionId = [\"transaction_id\"] }`",
    );
}

#[test]
fn broken_files_are_named_and_never_quoted() {
    let desk = Desk::new();
    let message = desk.message(desk.load_with("[database]\nurl = \"postgres://u:hunter2@db\n", &[], &Flags::default()));
    assert!(message.starts_with("`c.toml` line 2: not TOML: "), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    std::fs::write(desk.path("latin1.toml"), b"# caf\xe9\n").unwrap();
    let load = |name: &str| Config::load(Some(&desk.path(name)), &Environment::default(), &Flags::default());
    assert_eq!(desk.message(load("latin1.toml")), "`latin1.toml`: byte 5 is not UTF-8; save the file as UTF-8");
    assert_eq!(
        desk.message(load("none.toml")),
        "the configuration `none.toml` does not exist; name another with `--config`, or begin with `antom-recon config example`"
    );
    desk.write("large.toml", &"#".repeat((1 << 20) + 1));
    assert!(desk.message(load("large.toml")).contains("1048577 bytes"));
}
