//! Exit code 2: the command line and the configuration.

use super::{DATE, Page, Place, SECRETS};

#[test]
fn mistakes_on_the_command_line() {
    let place = Place::quiet_day();
    let mut page = Page::default();
    for args in [
        "run --date 2026-03-02 --fast",
        "run --date 2026-02-30",
        "run --from 2026-03-02",
        "run --from 2026-03-03 --to 2026-03-02",
        "run --date 2026-03-02 --fail-on urgent",
        "run --date 2026-03-02 --config nowhere.toml",
        "check nowhere.csv",
        "parse remote",
        "parse nowhere.csv",
        "ledger import nowhere.csv",
    ] {
        page.note(args, 2, &place.run(args));
        assert!(!place.has_outputs(), "{args}");
    }
    assert_page!("usage", &page.0);
}

/// What a case does to the configuration: the words to replace, or nothing and words to add.
const SPOILT: [(&str, &str, &str); 25] = [
    ("an unknown key", "path = \"remote\"", "paht = \"remote\""),
    ("an unknown section", "[ledger]", "[leger]"),
    ("no TOML", "[ledger]", "[ledger"),
    ("a number in quotes", "", "[matching]\nlookback_days = \"35\""),
    ("a number out of bounds", "", "[matching]\nlookback_days = 99999"),
    ("a time zone that is none", "+08:00", "Asia/Shanghai"),
    ("a merchant id that leads elsewhere", "2188120000000001", "../2188"),
    ("no merchant id", "platform_merchant_id = \"2188120000000001\"", ""),
    ("a source directory that is missing", "path = \"remote\"", "path = \"romote\""),
    ("a ledger file that is missing", "path = \"ledger.csv\"", "path = \"leger.csv\""),
    ("a ledger that is a folder", "path = \"ledger.csv\"", "path = \"remote\""),
    ("a registry that is missing", "", "[sub_merchants]\nfile = \"sub-merchants.csv\""),
    ("a registry without its columns", "", "[sub_merchants]\nfile = \"steps.txt\""),
    (
        "keys that are none",
        "",
        "[api]\ngateway = \"https://example.com\"\nclient_id = \"5X\"\nprivate_key_file = \"sftp-password\"\nantom_public_key_file = \"ledger.csv\"",
    ),
    ("holidays that are none", "", "[calendar]\nholidays_file = \"ledger.csv\""),
    ("a duration without unit", "", "[matching]\ncutoff_grace = \"15\""),
    ("a severity that is none", "", "[severity]\nNOT_SETTLED = \"urgent\""),
    ("an alias of an unknown column", "", "[reports.transaction_details]\naliases = { transactionID = [\"id\"] }"),
    ("a pattern that is none", "", "[reports.transaction_details]\nfile = [\"items_<when>.csv\"]"),
    ("an expectation that is none", "", "[expect]\ntransaction_details = \"weekly\""),
    ("another database", "", "[database]\nurl = \"mysql://root:another-secret@db/recon\""),
    ("a gateway without encryption", "", "[api]\ngateway = \"http://open-sea-global.alipay.com\""),
    (
        "no host key",
        "kind = \"directory\"\npath = \"remote\"",
        "kind = \"sftp\"\nhost = \"sftp.example.com\"\nusername = \"recon\"\npassword_file = \"sftp-password\"",
    ),
    (
        "a host key that is none",
        "kind = \"directory\"\npath = \"remote\"",
        "kind = \"sftp\"\nhost = \"sftp.example.com\"\nusername = \"recon\"\npassword_file = \"sftp-password\"\nhost_key = \"SHA256:x\"",
    ),
    (
        "no password file",
        "kind = \"directory\"\npath = \"remote\"",
        "kind = \"sftp\"\nhost = \"sftp.example.com\"\nusername = \"recon\"\npassword_file = \"nowhere\"\n\
         host_key = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"",
    ),
];

#[test]
fn mistakes_in_the_configuration() {
    let mut page = Page::default();
    for (case, old, new) in SPOILT {
        let place = Place::quiet_day();
        place.write_secret("sftp-password", SECRETS[0]);
        if old.is_empty() {
            place.configure_more(new);
        } else {
            place.configure(old, new);
        }
        page.note(case, 2, &place.run_day());
        assert!(!place.has_outputs(), "{case}");
    }
    assert_page!("configuration", &page.0);
}

#[test]
fn mistakes_in_the_environment() {
    let place = Place::quiet_day();
    let mut page = Page::default();
    for (name, value) in [
        ("ANTOM_RECON_SOURCE_PTAH", "remote"),
        ("ANTOM_RECON_MATCHING_LOOKBACK_DAYS", "many"),
        ("ANTOM_RECON_REQUERY_ENABLED", "yes"),
        ("ANTOM_RECON_LEDGER_PATH", "nowhere.csv"),
    ] {
        let mut command = place.command(&format!("run --date {DATE}"));
        command.env(name, value);
        page.note(&format!("{name}={value}"), 2, &place.end(command));
    }
    assert_page!("environment", &page.0);
}

#[test]
fn a_ledger_that_is_none() {
    let mut page = Page::default();
    for (case, bytes) in [
        ("an empty ledger", &b""[..]),
        ("a ledger without its columns", b"entry_id,amount\n1,2\n"),
        ("a ledger that is not UTF-8", b"entry_id,entry_type\n\xff\xfe\n"),
    ] {
        let place = Place::quiet_day();
        place.write("ledger.csv", bytes);
        page.note(case, 2, &place.run_day());
        assert!(!place.has_outputs(), "{case}");
    }
    assert_page!("ledger", &page.0);
}
