//! What is wrong in a configuration is said with its key, its line and what is expected.

use super::*;

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
    refused(
        "[database]\nurl = 'postgres://db'\nschema = 'Recon'",
        Config::database_use,
        "`c.toml` line 3: `[database] schema` is `Recon`; expected 1 to 63 of a-z, 0-9 and `_`, no digit first, not beginning \
         with `pg_`",
    );
    refused(
        "[database]\nschema = 'recon'",
        Config::database_use,
        "`c.toml` line 2: `[database] schema` is for PostgreSQL; a SQLite file has no schemas: leave it out",
    );
    let desk = Desk::new();
    let used =
        desk.load("database.url = 'postgres://db'\ndatabase.schema = 'recon'\ndatabase.statement_timeout = '5m'");
    let used = used.database_use().ok().unwrap();
    assert_eq!(
        (used.schema.as_deref(), used.statement_timeout.as_secs(), used.connect_timeout.as_secs()),
        (Some("recon"), 300, 15)
    );
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

#[test]
fn proofs_and_fees_are_read() {
    let desk = Desk::new();
    let config = desk.load("");
    let defaults =
        Proof { converted_tolerance: 2, payout_due_days: 0, payout_types: Vec::new(), fatal_control_totals: false };
    assert_eq!(config.proof().unwrap(), defaults);
    assert_eq!(config.fee_schedule().unwrap(), None);
    desk.write("fees.toml", "");
    let config =
        desk.load("[proof]\npayout_types = 'PAYOUT'\nfatal_control_totals = true\n[fees]\nschedule = 'fees.toml'");
    let expected = Proof { payout_types: vec!["PAYOUT".to_owned()], fatal_control_totals: true, ..defaults };
    assert_eq!(config.proof().unwrap(), expected);
    assert_eq!(config.fee_schedule().unwrap(), Some(desk.path("fees.toml")));
    refused(
        "[proof]\nconverted_tolerance = 1001",
        Config::proof,
        "`c.toml` line 2: `[proof] converted_tolerance` is `1001`; expected a whole number from 0 to 1000",
    );
}
