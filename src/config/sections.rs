//! One accessor per section: settings in, typed options out, or a sentence that says what is wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Config;
use super::endpoint;
use super::options::{
    Adjustments, Api, DatabaseUse, Expectation, HostKey, IdRule, Ledger, Login, Matching, Merchant, ReportOptions,
    Requery, Retention, SeverityRules, Sftp, SignRule, Source, SubMerchants,
};
use super::secret::{Secret, SecretFile};
use super::units::{MajorAmount, parse_bytes};
use crate::calendar::{BusinessDate, CutOff};
use crate::discrepancy::{DiscrepancyKind, Severity};
use crate::failure::Failure;
use crate::money::AmountUnit;
use crate::movement::ReportKind;
use crate::report::is_known_column;

/// Files that are transferred at the same time: enough to fill a line, few enough for a partner's limit per account.
const MAX_CONNECTIONS: u32 = 16;

/// Threads: more than the largest machine has is a mistyped number.
const MAX_THREADS: u32 = 1024;
/// What a run takes at the very least: the process, its buffers, and rows that wait.
const MIN_MEMORY_BYTES: u64 = 64 << 20;

/// Days for which a source may keep files: the longest range of dates that one command takes.
const MAX_RETENTION_DAYS: u32 = 366;

/// Days in any window: ten years.
const MAX_DAYS: u32 = 3660;

impl Config {
    /// `[merchant]`
    ///
    /// # Errors
    /// A [`Failure`] that says which key is missing or wrong, where, and what is expected; so for every accessor.
    pub fn merchant(&self) -> Result<Merchant, Failure> {
        let (section, name) = ("merchant", "platform_merchant_id");
        let expected = "the platform's merchant id at Antom (letters, digits, `-` and `_`)";
        let id = self.settings.required(section, name, expected)?;
        // The id becomes a directory: nothing in it may lead elsewhere.
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err(self.settings.wrong(section, name, expected));
        }
        Ok(Merchant { platform_merchant_id: id.to_owned(), cut_off: self.cut_off()? })
    }

    /// `merchant.timezone` alone: where Antom's business day ends.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn cut_off(&self) -> Result<CutOff, Failure> {
        let zone = self.settings.text("merchant", "timezone").unwrap_or("+08:00");
        let expected = "an offset from UTC such as `+08:00` (names of zones are not known here)";
        CutOff::parse(zone).ok_or_else(|| self.settings.wrong("merchant", "timezone", expected))
    }

    /// `[source]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn source(&self) -> Result<Source, Failure> {
        let root = self.settings.text("source", "root").unwrap_or("/v1/settlements");
        if !endpoint::is_plain_directory(root) {
            return Err(self.settings.wrong("source", "root", "a directory such as `/v1/settlements`, without `..`"));
        }
        if self.settings.word("source", "kind", true, &[("sftp", true), ("directory", false)])? {
            return Ok(Source::Sftp(Box::new(self.sftp(root)?)));
        }
        let what = "the folder that holds `v1/settlements`";
        let path = self.settings.existing_folder("source", "path", what)?;
        let path = path.ok_or_else(|| self.settings.missing("source", "path", what))?;
        Ok(Source::Directory { path, root: root.trim_matches('/').to_owned() })
    }

    fn sftp(&self, root: &str) -> Result<Sftp, Failure> {
        let host = self.settings.required("source", "host", "the name of the SFTP server")?;
        if host.contains(['/', '@']) || host.contains(char::is_whitespace) {
            return Err(self.settings.wrong(
                "source",
                "host",
                "the name of the SFTP server alone, without scheme, user or path",
            ));
        }
        let port = self.settings.number("source", "port", 22, 1, u16::MAX.into())?;
        Ok(Sftp {
            host: host.to_owned(),
            port: u16::try_from(port).unwrap_or(u16::MAX),
            username: self.settings.required("source", "username", "the name to log in with")?.to_owned(),
            login: self.login()?,
            host_key: self.host_key()?,
            root: root.trim_end_matches('/').to_owned(),
            connections: self.settings.number("source", "connections", 4, 1, MAX_CONNECTIONS)? as usize,
            connect_timeout: self.settings.duration("source", "connect_timeout", "15s", "10m")?,
            timeout: self.settings.duration("source", "timeout", "60s", "1h")?,
            total_timeout: self.settings.duration("source", "total_timeout", "1h", "24h")?,
        })
    }

    /// `source.retention_days` and `source.retention_warning_days`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn retention(&self) -> Result<Retention, Failure> {
        let days = self.settings.number("source", "retention_days", 7, 1, MAX_RETENTION_DAYS)?;
        // From the third day on: earlier than that a report may just be late.
        let default = days.saturating_sub(3);
        let warning_days = self.settings.number("source", "retention_warning_days", default, 0, days)?;
        Ok(Retention { days, warning_days })
    }

    fn login(&self) -> Result<Login, Failure> {
        let password = self.secret_file("source", "password_file", "the file that holds the password")?;
        let key = self.secret_file("source", "private_key_file", "the file that holds the private key")?;
        let passphrase = "private_key_passphrase_file";
        match (password, key) {
            (Some(password), None) => Ok(Login::Password(password)),
            (None, Some(key)) => {
                let passphrase = self.secret_file("source", passphrase, "the file that holds the key's passphrase")?;
                Ok(Login::PrivateKey { key, passphrase })
            }
            (Some(_), Some(_)) => Err(self.both("source", "password_file", "private_key_file")),
            (None, None) => Err(self.settings.missing(
                "source",
                "password_file",
                "the file that holds the password, or `private_key_file`",
            )),
        }
    }

    fn host_key(&self) -> Result<HostKey, Failure> {
        let fingerprint = self.settings.text("source", "host_key");
        let known_hosts =
            self.settings.existing_file("source", "known_hosts", "a file in OpenSSH's known_hosts format")?;
        let example = "the fingerprint of the server's key as OpenSSH writes it (`SHA256:` and 43 characters)";
        match (fingerprint, known_hosts) {
            (Some(text), None) if endpoint::is_fingerprint(text) => Ok(HostKey::Fingerprint(text.to_owned())),
            (Some(_), None) => Err(self.settings.wrong("source", "host_key", example)),
            (None, Some(path)) => Ok(HostKey::KnownHosts(path)),
            (Some(_), Some(_)) => Err(self.both("source", "host_key", "known_hosts")),
            (None, None) => {
                let expected =
                    format!("{example}, or `known_hosts`; ask Antom for it, an unknown key is never accepted");
                Err(self.settings.missing("source", "host_key", &expected))
            }
        }
    }

    fn both(&self, section: &str, one: &str, other: &str) -> Failure {
        let (first, second) = (self.settings.place(section, one), self.settings.place(section, other));
        Failure::configuration(format!("{first} and {second} are both set; expected one of them, remove the other"))
    }

    fn secret_file(&self, section: &str, name: &str, what: &str) -> Result<Option<SecretFile>, Failure> {
        let path = self.settings.existing_file(section, name, what)?;
        Ok(path.map(|path| SecretFile::new(path, self.settings.place(section, name))))
    }

    /// `[archive] dir`: where raw reports are kept.
    #[must_use]
    pub fn archive_dir(&self) -> PathBuf {
        self.settings.path("archive", "dir").unwrap_or_else(|| self.folder().join("archive"))
    }

    /// `[output] dir`
    #[must_use]
    pub fn output_dir(&self) -> PathBuf {
        self.settings.path("output", "dir").unwrap_or_else(|| self.folder().join("out"))
    }

    /// `[run] threads`: how many threads parse and match; none for as many as the machine has cores.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn threads(&self) -> Result<Option<usize>, Failure> {
        let threads = self.settings.number("run", "threads", 0, 0, MAX_THREADS)?;
        Ok((threads > 0).then_some(threads as usize))
    }

    /// `[run] memory_limit`: how many bytes of memory the process may take; none for as many as there are.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn memory_limit(&self) -> Result<Option<u64>, Failure> {
        let Some(text) = self.settings.text("run", "memory_limit").filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match parse_bytes(text) {
            Some(bytes) if bytes >= MIN_MEMORY_BYTES => Ok(Some(bytes)),
            _ => Err(self.settings.wrong(
                "run",
                "memory_limit",
                "a size of at least 64 MiB, such as `512 MiB` or `2 GB`",
            )),
        }
    }

    /// `[database]`: the address of the program's own database. It may hold a password.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn database(&self) -> Result<Secret, Failure> {
        let url = self.address("database")?.unwrap_or_else(|| Secret::new("sqlite://antom-recon.db".to_owned()));
        self.database_address("database", &url)
    }

    /// `[database]`: how the program's own database is used.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn database_use(&self) -> Result<DatabaseUse, Failure> {
        let schema = self.settings.text("database", "schema").filter(|name| !name.is_empty());
        if let Some(name) = schema.filter(|name| !endpoint::is_schema(name)) {
            let place = self.settings.place("database", "schema");
            let expected = "1 to 63 of a-z, 0-9 and `_`, no digit first, not beginning with `pg_`";
            return Err(Failure::configuration(format!("{place} is `{name}`; expected {expected}")));
        }
        if schema.is_some() && self.database()?.expose().starts_with("sqlite:") {
            let place = self.settings.place("database", "schema");
            let sentence = format!("{place} is for PostgreSQL; a SQLite file has no schemas: leave it out");
            return Err(Failure::configuration(sentence));
        }
        let limit = |name, default, most| self.settings.duration("database", name, default, most);
        Ok(DatabaseUse {
            schema: schema.map(str::to_owned),
            connect_timeout: limit("connect_timeout", "15s", "10m")?,
            statement_timeout: limit("statement_timeout", "60s", "1h")?,
            ledger_timeout: limit("ledger_timeout", "30m", "12h")?,
        })
    }

    /// The address in `url` or in the file that `url_file` names.
    fn address(&self, section: &str) -> Result<Option<Secret>, Failure> {
        let file = self.secret_file(section, "url_file", "the file that holds the database's address")?;
        let url = self.settings.text(section, "url");
        match (url, file) {
            (Some(_), Some(_)) => Err(self.both(section, "url", "url_file")),
            (None, Some(file)) => file.read().map(Some),
            (url, None) => Ok(url.map(|url| Secret::new(url.to_owned()))),
        }
    }

    fn database_address(&self, section: &str, url: &Secret) -> Result<Secret, Failure> {
        endpoint::database(url.expose(), &self.folder()).map(Secret::new).ok_or_else(|| {
            let name = if self.settings.is_set(section, "url_file") { "url_file" } else { "url" };
            let place = self.settings.place(section, name);
            let expected = "`sqlite://` and a path, or `postgres://user@host/database`";
            Failure::configuration(format!("{place} is not the address of a known database; expected {expected}"))
        })
    }

    /// `[ledger]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        match self.settings.word(
            "ledger",
            "kind",
            "table",
            &[("table", "table"), ("csv", "csv"), ("query", "query")],
        )? {
            "csv" => {
                let what = "the CSV file that holds the ledger's entries";
                let path = self.settings.existing_file("ledger", "path", what)?;
                path.map(Ledger::Csv).ok_or_else(|| self.settings.missing("ledger", "path", what))
            }
            "query" => {
                let (url, sql) = self.query("ledger", "entries of the ledger")?;
                Ok(Ledger::Query { url, sql })
            }
            _ => Ok(Ledger::Table),
        }
    }

    /// Address and text of a query.
    fn query(&self, section: &str, what: &str) -> Result<(Secret, String), Failure> {
        let url = self.address(section)?;
        let expected = format!("the address of the database that holds the {what}");
        let url = url.ok_or_else(|| self.settings.missing(section, "url", &expected))?;
        let sql = self.settings.required(section, "sql", &format!("the query that returns the {what}"))?;
        Ok((self.database_address(section, &url)?, sql.to_owned()))
    }

    /// `[sub_merchants]`; none if no registry is configured.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn sub_merchants(&self) -> Result<Option<SubMerchants>, Failure> {
        let what = "the CSV file that lists the registered sub-merchants";
        let file = self.settings.existing_file("sub_merchants", "file", what)?;
        let queried = ["url", "url_file", "sql"].into_iter().find(|name| self.settings.is_set("sub_merchants", name));
        match (file, queried) {
            (Some(_), Some(name)) => Err(self.both("sub_merchants", "file", name)),
            (Some(file), None) => Ok(Some(SubMerchants::Csv(file))),
            (None, Some(_)) => {
                let (url, sql) = self.query("sub_merchants", "registered sub-merchants")?;
                Ok(Some(SubMerchants::Query { url, sql }))
            }
            (None, None) => Ok(None),
        }
    }

    /// `[api]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn api(&self) -> Result<Api, Failure> {
        let gateway = self.settings.required(
            "api",
            "gateway",
            "Antom's gateway, such as `https://open-sea-global.alipay.com`",
        )?;
        let gateway = endpoint::gateway(gateway).map_err(|expected| self.settings.wrong("api", "gateway", expected))?;
        let private = "the file that holds the merchant's private key (PEM or base64)";
        let public = "the file that holds Antom's public key (PEM or base64)";
        let private_key = self.secret_file("api", "private_key_file", private)?;
        let public_key = self.settings.existing_file("api", "antom_public_key_file", public)?;
        Ok(Api {
            gateway,
            client_id: self.settings.required("api", "client_id", "the marketplace's client id at Antom")?.to_owned(),
            private_key: private_key.ok_or_else(|| self.settings.missing("api", "private_key_file", private))?,
            antom_public_key_file: public_key
                .ok_or_else(|| self.settings.missing("api", "antom_public_key_file", public))?,
            key_version: self.settings.number("api", "key_version", 1, 1, u32::MAX)?,
            merchant_account_id: self.settings.text("api", "merchant_account_id").map(str::to_owned),
            timeout: self.settings.duration("api", "timeout", "10s", "10m")?,
            total_timeout: self.settings.duration("api", "total_timeout", "10m", "24h")?,
            in_flight: self.settings.number("api", "in_flight", 8, 1, 64)? as usize,
            attempts: self.settings.number("api", "attempts", 4, 1, 20)?,
            not_found_codes: self
                .settings
                .words("api", "not_found_codes")
                .unwrap_or_else(|| antom_api::NOT_FOUND_CODES.iter().map(|code| (*code).to_owned()).collect()),
        })
    }

    /// `[requery]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn requery(&self) -> Result<Requery, Failure> {
        let has_api = self.settings.has_section("api");
        let enabled = self.settings.flag("requery", "enabled");
        if enabled == Some(true) && !has_api {
            let place = self.settings.place("requery", "enabled");
            let sentence = format!(
                "{place} is `true`, but `[api]` is empty; set `[api]` so that Antom can be asked, or `false` here"
            );
            return Err(Failure::configuration(sentence));
        }
        if enabled.is_none() && !has_api {
            tracing::warn!("no `[api]` is configured: Antom is not asked about discrepancies");
        }
        let budget = self.settings.number("requery", "budget", 500, 0, 1_000_000)?;
        Ok(Requery { enabled: enabled.unwrap_or(has_api), budget })
    }

    /// `[matching]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn matching(&self) -> Result<Matching, Failure> {
        let days = |name, default| self.settings.number("matching", name, default, 0, MAX_DAYS);
        let adjustments = [("proved", Adjustments::Proved), ("ledger", Adjustments::Ledger)];
        Ok(Matching {
            settlement_due_days: days("settlement_due_days", 7)?,
            cutoff_grace: self.settings.duration("matching", "cutoff_grace", "15m", "24h")?,
            pending_max_days: days("pending_max_days", 3)?,
            lookback_days: days("lookback_days", 35)?,
            splits: self.settings.flag("matching", "splits").unwrap_or(true),
            adjustments: self.settings.word("matching", "adjustments", Adjustments::Proved, &adjustments)?,
        })
    }

    /// `[calendar] holidays_file`: days on which Antom does not settle, one per line; `#` begins a remark.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn holidays(&self) -> Result<Vec<BusinessDate>, Failure> {
        let what = "a file with one date (YYYY-MM-DD) per line";
        let Some(path) = self.settings.existing_file("calendar", "holidays_file", what)? else { return Ok(Vec::new()) };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let place = self.settings.place("calendar", "holidays_file");
            Failure::configuration(format!("{place}: `{}` cannot be read: {error}; expected {what}", path.display()))
        })?;
        parse_holidays(&path, &text)
    }

    /// `[severity]`
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn severity(&self) -> Result<SeverityRules, Failure> {
        let raise_at = self.settings.text("severity", "raise_at").unwrap_or("1000.00");
        let expected = "an amount in major units such as `\"1000.00\"`, not negative, with at most four decimals";
        let raise_at =
            MajorAmount::parse(raise_at).ok_or_else(|| self.settings.wrong("severity", "raise_at", expected))?;
        let words: Vec<(&str, Severity)> = Severity::ALL.iter().map(|&level| (level.as_str(), level)).collect();
        let mut kinds = BTreeMap::new();
        for &kind in DiscrepancyKind::ALL.iter().filter(|kind| self.settings.is_set("severity", kind.as_str())) {
            kinds.insert(kind, self.settings.word("severity", kind.as_str(), Severity::Info, &words)?);
        }
        Ok(SeverityRules { raise_at, kinds })
    }

    /// `[expect]`, for every kind of report.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn expect(&self) -> Result<BTreeMap<ReportKind, Expectation>, Failure> {
        let words = [
            ("daily", Expectation::Daily),
            ("business_days", Expectation::BusinessDays),
            ("optional", Expectation::Optional),
        ];
        let of = |&kind: &ReportKind| {
            let daily = kind == ReportKind::TransactionDetails;
            let default = if daily { Expectation::Daily } else { Expectation::Optional };
            self.settings.word("expect", kind.as_str(), default, &words).map(|expectation| (kind, expectation))
        };
        ReportKind::ALL.iter().map(of).collect()
    }

    /// `[reports.<kind>]`, for every kind of report.
    ///
    /// # Errors
    /// See [`Config::merchant`].
    pub fn reports(&self) -> Result<BTreeMap<ReportKind, ReportOptions>, Failure> {
        ReportKind::ALL.iter().map(|&kind| Ok((kind, self.report(kind)?))).collect()
    }

    fn report(&self, kind: ReportKind) -> Result<ReportOptions, Failure> {
        let section = format!("reports.{kind}");
        let units = [("major", AmountUnit::Major), ("minor", AmountUnit::Minor)];
        let id_rules = [("auto", IdRule::Auto), ("own", IdRule::Own), ("payment", IdRule::Payment)];
        let signs = [("auto", SignRule::Auto), ("signed", SignRule::Signed), ("by_type", SignRule::ByType)];
        let file = self.settings.words(&section, "file").unwrap_or_default();
        if file.iter().any(|pattern| pattern.is_empty() || pattern.contains('/')) {
            return Err(self.settings.wrong(
                &section,
                "file",
                "patterns of file names, `*` standing for anything but `/`",
            ));
        }
        let aliases = self.settings.table(&section, "aliases");
        if let Some(unknown) = aliases.keys().find(|canonical| !is_known_column(canonical)) {
            let place = self.settings.place(&section, "aliases");
            let sentence = format!(
                "{place}: `{unknown}` is no column of this report; expected a documented name such as `transactionId`, and after it the names that stand for it"
            );
            return Err(Failure::configuration(sentence));
        }
        let required = self.settings.words(&section, "required");
        if let Some(unknown) = required.iter().flatten().find(|name| !is_known_column(name)) {
            let place = self.settings.place(&section, "required");
            let sentence = format!(
                "{place}: `{unknown}` is no column of a report; expected documented names such as `transactionId`"
            );
            return Err(Failure::configuration(sentence));
        }
        Ok(ReportOptions {
            file,
            amount_unit: self.settings.word(&section, "amount_unit", AmountUnit::Major, &units)?,
            id_rule: self.settings.word(&section, "id_rule", IdRule::Auto, &id_rules)?,
            sign: self.settings.word(&section, "sign", SignRule::Auto, &signs)?,
            aliases,
            required,
        })
    }
}

/// Reads one date per line.
fn parse_holidays(path: &Path, text: &str) -> Result<Vec<BusinessDate>, Failure> {
    let mut holidays = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let date = line.split('#').next().unwrap_or_default().trim();
        if date.is_empty() {
            continue;
        }
        let date = date.parse().map_err(|error| {
            Failure::configuration(format!("`{}` line {}: {error}; one date per line", path.display(), at + 1))
        })?;
        holidays.push(date);
    }
    Ok(holidays)
}
