#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::calendar::CutOff;
use crate::discrepancy::{DiscrepancyKind, Severity};
use crate::failure::Kind;
use crate::movement::ReportKind;

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
    assert_eq!(threads(&variables, Flags { threads: Some(4) }), Some(4));
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
fn wrong_variables_are_named() {
    let desk = Desk::new();
    let load = |name, value| desk.message(desk.load_with("", &[(name, value)], &Flags::default()));
    assert_eq!(
        load("ANTOM_RECON_SOURCE_HOTS", "x"),
        "unknown environment variable `ANTOM_RECON_SOURCE_HOTS`; the nearest known one is `ANTOM_RECON_SOURCE_HOST`; \
         correct or unset it"
    );
    assert_eq!(
        load("ANTOM_RECON_SOURCE_PORT", "ssh"),
        "environment variable `ANTOM_RECON_SOURCE_PORT` is `ssh`; expected a whole number without quotes"
    );
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

#[test]
fn wrong_merchants_are_refused() {
    let expected = "the platform's merchant id at Antom (letters, digits, `-` and `_`)";
    let missing = format!(
        "`c.toml`: `[merchant] platform_merchant_id` is not set; expected {expected}; set it there or in the environment \
         variable `ANTOM_RECON_MERCHANT_PLATFORM_MERCHANT_ID`"
    );
    refused("", Config::merchant, &missing);
    let wrong = format!("`c.toml` line 1: `[merchant] platform_merchant_id` is `../x`; expected {expected}");
    refused("merchant.platform_merchant_id = '../x'", Config::merchant, &wrong);
    refused(
        "[merchant]\nplatform_merchant_id = '1'\ntimezone = 'Asia/Shanghai'",
        Config::merchant,
        "`c.toml` line 3: `[merchant] timezone` is `Asia/Shanghai`; expected an offset from UTC such as `+08:00` (names of \
         zones are not known here)",
    );
}

#[test]
fn wrong_sources_are_refused() {
    let without = |key: &str| SFTP.lines().filter(|line| !line.starts_with(key)).collect::<Vec<_>>().join("\n");
    let case = |toml: &str, expected: &str| refused(toml, Config::source, expected);
    case("source.kind = 'ftp'", "`c.toml` line 1: `[source] kind` is `ftp`; expected one of `sftp`, `directory`");
    case(
        &without("host_key"),
        "`c.toml`: `[source] host_key` is not set; expected the fingerprint of the server's key as OpenSSH writes it (`SHA256:` \
         and 43 characters), or `known_hosts`; ask Antom for it, an unknown key is never accepted; set it there or in the \
         environment variable `ANTOM_RECON_SOURCE_HOST_KEY`",
    );
    case(
        &SFTP.replace("SHA256:47", "MD5:47"),
        "`c.toml` line 6: `[source] host_key` is `MD5:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU`; expected the fingerprint of \
         the server's key as OpenSSH writes it (`SHA256:` and 43 characters)",
    );
    case(
        &format!("{SFTP}private_key_file = 'secrets/sftp-key'"),
        "`c.toml` line 5: `[source] password_file` and `c.toml` line 7: `[source] private_key_file` are both set; expected one \
         of them, remove the other",
    );
    case(
        &format!("{SFTP}known_hosts = 'known_hosts'"),
        "`c.toml` line 6: `[source] host_key` and `c.toml` line 7: `[source] known_hosts` are both set; expected one of them, \
         remove the other",
    );
    case(
        &without("password_file"),
        "`c.toml`: `[source] password_file` is not set; expected the file that holds the password, or `private_key_file`; set \
         it there or in the environment variable `ANTOM_RECON_SOURCE_PASSWORD_FILE`",
    );
    case(
        &SFTP.replace("sftp-password", "nowhere"),
        "`c.toml` line 5: `[source] password_file`: `secrets/nowhere` does not exist; expected the file that holds the \
         password; relative paths start at the folder of the configuration file",
    );
    case(
        &format!("{SFTP}port = 70000"),
        "`c.toml` line 7: `[source] port` is `70000`; expected a whole number from 1 to 65535",
    );
    case(
        &format!("{SFTP}timeout = '60'"),
        "`c.toml` line 7: `[source] timeout` is `60`; expected a whole number and a unit (`ms`, `s`, `m`, `h`) such as `60s`, \
         at most `1h`",
    );
    case(
        &SFTP.replace("'sftp.example.com'", "'sftp://sftp.example.com'"),
        "`c.toml` line 3: `[source] host` is `sftp://sftp.example.com`; expected the name of the SFTP server alone, without \
         scheme, user or path",
    );
    case(
        &format!("{SFTP}root = '/v1/../x'"),
        "`c.toml` line 7: `[source] root` is `/v1/../x`; expected a directory such as `/v1/settlements`, without `..`",
    );
}

#[test]
fn a_directory_must_be_there() {
    let case = |toml: &str, expected: &str| refused(toml, Config::source, expected);
    case(
        "source.kind = 'directory'",
        "`c.toml`: `[source] path` is not set; expected the folder that holds `v1/settlements`; set it there or in the \
         environment variable `ANTOM_RECON_SOURCE_PATH`",
    );
    case(
        "source.kind = 'directory'\nsource.path = 'gone'",
        "`c.toml` line 2: `[source] path`: `gone` does not exist; expected the folder that holds `v1/settlements`; relative \
         paths start at the folder of the configuration file",
    );
    case(
        "source.kind = 'directory'\nsource.path = 'ledger.csv'",
        "`c.toml` line 2: `[source] path`: `ledger.csv` is a file; expected the folder that holds `v1/settlements`",
    );
    let desk = Desk::new();
    let config = desk.load("source.kind = 'directory'\nsource.path = 'remote'");
    let expected = Source::Directory { path: desk.path("remote"), root: "v1/settlements".to_owned() };
    assert_eq!(config.source().unwrap(), expected);
}

#[test]
fn keys_log_in_too() {
    let desk = Desk::new();
    let toml = SFTP.replace("password_file = 'secrets/sftp-password'", "private_key_file = 'secrets/sftp-key'");
    let toml =
        toml.replace("host_key = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'", "known_hosts = 'known_hosts'");
    let toml = format!("{toml}private_key_passphrase_file = 'secrets/sftp-key-passphrase'");
    let Source::Sftp(sftp) = desk.load(&toml).source().unwrap() else { panic!("sftp") };
    assert_eq!(sftp.host_key, HostKey::KnownHosts(desk.path("known_hosts")));
    let Login::PrivateKey { key, passphrase } = sftp.login else { panic!("a key") };
    assert_eq!(key.path(), desk.path("secrets/sftp-key"));
    assert_eq!(passphrase.unwrap().read().ok().unwrap().expose(), "secret");
}

#[test]
fn wrong_ledgers_registries_and_databases_are_refused() {
    refused(
        "ledger.kind = 'excel'",
        Config::ledger,
        "`c.toml` line 1: `[ledger] kind` is `excel`; expected one of `table`, `csv`, `query`",
    );
    refused(
        "[ledger]\nkind = 'csv'\npath = 'gone.csv'",
        Config::ledger,
        "`c.toml` line 3: `[ledger] path`: `gone.csv` does not exist; expected the CSV file that holds the ledger's entries; \
         relative paths start at the folder of the configuration file",
    );
    refused(
        "[ledger]\nkind = 'query'\nurl = 'mysql://u:hunter2@db'\nsql = 'x'",
        Config::ledger,
        "`c.toml` line 3: `[ledger] url` is not the address of a known database; expected `sqlite://` and a path, or \
         `postgres://user@host/database`",
    );
    refused(
        "sub_merchants.file = 'gone.csv'",
        Config::sub_merchants,
        "`c.toml` line 1: `[sub_merchants] file`: `gone.csv` does not exist; expected the CSV file that lists the registered \
         sub-merchants; relative paths start at the folder of the configuration file",
    );
    refused(
        "[sub_merchants]\nfile = 'sub-merchants.csv'\nsql = 'x'",
        Config::sub_merchants,
        "`c.toml` line 2: `[sub_merchants] file` and `c.toml` line 3: `[sub_merchants] sql` are both set; expected one of them, \
         remove the other",
    );
    refused(
        "database.url = 'mysql://u:hunter2@db'",
        Config::database,
        "`c.toml` line 1: `[database] url` is not the address of a known database; expected `sqlite://` and a path, or \
         `postgres://user@host/database`",
    );
    let desk = Desk::new();
    let config =
        desk.load("database.url_file = 'secrets/database-url'\nledger.kind = 'csv'\nledger.path = 'ledger.csv'");
    assert_eq!(config.database().ok().unwrap().expose(), "postgres://u:p@db/recon");
    assert!(matches!(config.ledger(), Ok(Ledger::Csv(path)) if path == desk.path("ledger.csv")));
}

#[test]
fn wrong_apis_are_refused() {
    let api = "[api]\nclient_id = 'c'\nprivate_key_file = 'secrets/merchant.pem'\nantom_public_key_file = 'secrets/antom.pem'\n";
    refused(
        &format!("{api}gateway = 'http://example.com'"),
        Config::api,
        "`c.toml` line 5: `[api] gateway` is `http://example.com`; expected `https://` and a host name (`http://` is accepted for \
         loopback only)",
    );
    refused(
        "requery.enabled = true",
        Config::requery,
        "`c.toml` line 1: `[requery] enabled` is `true`, but `[api]` is empty; set `[api]` so that Antom can be asked, or \
         `false` here",
    );
    let desk = Desk::new();
    let config = desk.load(&format!("{api}gateway = 'http://127.0.0.1:8080/'"));
    assert_eq!(config.api().unwrap().gateway, "http://127.0.0.1:8080");
    assert!(config.requery().unwrap().enabled);
}

#[test]
fn wrong_words_are_refused_with_the_right_ones() {
    refused(
        "expect.account_activity = 'weekly'",
        Config::expect,
        "`c.toml` line 1: `[expect] account_activity` is `weekly`; expected one of `daily`, `business_days`, `optional`",
    );
    refused(
        "severity.NOT_SETTLED = 'urgent'",
        Config::severity,
        "`c.toml` line 1: `[severity] NOT_SETTLED` is `urgent`; expected one of `info`, `low`, `medium`, `high`",
    );
    refused(
        "severity.raise_at = '-1'",
        Config::severity,
        "`c.toml` line 1: `[severity] raise_at` is `-1`; expected an amount in major units such as `\"1000.00\"`, not negative, \
         with at most four decimals",
    );
    refused(
        "reports.account_activity.amount_unit = 'cents'",
        Config::reports,
        "`c.toml` line 1: `[reports.account_activity] amount_unit` is `cents`; expected one of `major`, `minor`",
    );
    refused(
        "matching.adjustments = 'no'",
        Config::matching,
        "`c.toml` line 1: `[matching] adjustments` is `no`; expected one of `proved`, `ledger`",
    );
}

#[test]
fn reports_and_holidays_are_read() {
    let desk = Desk::new();
    let toml = "[calendar]\nholidays_file = 'holidays.txt'\n[reports.settlement_details]\nfile = 'settle*.csv'\n\
                id_rule = 'payment'\nsign = 'by_type'\naliases = { transactionId = ['txn', 'id'], pspName = 'psp' }\n";
    let config = desk.load(toml);
    let report = &config.reports().unwrap()[&ReportKind::SettlementDetails];
    assert_eq!(report.file, ["settle*.csv"]);
    assert_eq!((report.id_rule, report.sign, report.required.as_ref()), (IdRule::Payment, SignRule::ByType, None));
    assert_eq!(report.aliases["transactionId"], ["txn", "id"]);
    assert_eq!(report.aliases["pspName"], ["psp"]);
    let holidays: Vec<String> = config.holidays().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(holidays, ["2026-02-17", "2026-02-18"]);
    desk.write("holidays.txt", "2026-02-17\n17.02.2026\n");
    let message = desk.message(config.holidays());
    assert_eq!(message, "`holidays.txt` line 2: `17.02.2026` is not a date; expected YYYY-MM-DD; one date per line");
}
