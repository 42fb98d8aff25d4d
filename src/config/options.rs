//! What the sections say, as plain values.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::{Secret, SecretFile};
use super::units::MajorAmount;
use crate::calendar::CutOff;
use crate::discrepancy::{DiscrepancyKind, Severity};
use crate::money::AmountUnit;

/// `[merchant]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// The platform's merchant id: the directory of the reports and of the outputs. Letters, digits, `-` and `_` only.
    pub platform_merchant_id: String,
    /// Where Antom's business day ends.
    pub cut_off: CutOff,
}

/// `[source]`: where reports come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Antom's SFTP server.
    Sftp(Box<Sftp>),
    /// The same tree on a local path.
    Directory {
        /// The folder that holds `root`. It exists.
        path: PathBuf,
        /// The directory above the merchant's, relative to `path`, without slashes at its ends.
        root: String,
    },
}

/// `[database]`: how the program's own database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUse {
    /// The schema of the program's tables on PostgreSQL; none leaves it to the user's `search_path`.
    pub schema: Option<String>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long reading the whole ledger may take.
    pub ledger_timeout: Duration,
}

/// How to reach the SFTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sftp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub login: Login,
    /// How the server proves who it is.
    pub host_key: HostKey,
    /// The directory above the merchant's, without a slash at its end.
    pub root: String,
    /// How many files are transferred at the same time.
    pub connections: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the server may be silent.
    pub timeout: Duration,
    /// How long a fetch may take in all.
    pub total_timeout: Duration,
}

/// How long Antom keeps files (page `obtain_reports`: older ones might be deleted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days after a date in which its files are there.
    pub days: u32,
    /// With so many days left, or fewer, a date whose files nobody has is worth a warning.
    pub warning_days: u32,
}

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// With a password.
    Password(SecretFile),
    /// With a private key.
    PrivateKey {
        /// The key, in OpenSSH's or PEM form.
        key: SecretFile,
        /// What it is encrypted with.
        passphrase: Option<SecretFile>,
    },
}

/// Which host key is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKey {
    /// The one with this fingerprint, as OpenSSH writes it: `SHA256:` and 43 characters.
    Fingerprint(String),
    /// Those that this file in OpenSSH's format names for the host. It exists.
    KnownHosts(PathBuf),
}

/// `[ledger]`: where entries come from.
#[derive(Clone)]
pub enum Ledger {
    /// The built-in table of the program's own database.
    Table,
    /// A CSV file. It exists.
    Csv(PathBuf),
    /// A query on another database.
    Query {
        /// Its address, which may hold a password.
        url: Secret,
        /// The query.
        sql: String,
    },
}

/// `[sub_merchants]`: where registered sub-merchants are listed.
#[derive(Clone)]
pub enum SubMerchants {
    /// In a CSV file. It exists.
    Csv(PathBuf),
    /// In another database.
    Query {
        /// Its address, which may hold a password.
        url: Secret,
        /// The query.
        sql: String,
    },
}

/// `[api]`: how to ask Antom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Scheme, host and port, without a slash at the end. `http://` on loopback only.
    pub gateway: String,
    /// The marketplace's client id.
    pub client_id: String,
    /// Signs questions.
    pub private_key: SecretFile,
    /// Verifies answers. It exists.
    pub antom_public_key_file: PathBuf,
    /// Version of the key pair at Antom.
    pub key_version: u32,
    /// Sent along where the account needs it.
    pub merchant_account_id: Option<String>,
    /// How long connecting may take, and how long the server may be silent; an attempt may take both together.
    pub timeout: Duration,
    /// How long all questions may take together.
    pub total_timeout: Duration,
    /// How many questions are under way at the same time.
    pub in_flight: usize,
    /// How often a question is tried in all.
    pub attempts: u32,
    /// Result codes that mean: Antom does not know it.
    pub not_found_codes: Vec<String>,
}

/// `[requery]`: what to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requery {
    /// Whether anything is asked. Without an `[api]` section the default is no.
    pub enabled: bool,
    /// Questions that a run may ask.
    pub budget: u32,
}

/// `[matching]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matching {
    /// Business days after which an unsettled line is overdue.
    pub settlement_due_days: u32,
    /// How far before the day's end an entry may still be reported a day later.
    pub cutoff_grace: Duration,
    /// Calendar days that an entry may stay pending.
    pub pending_max_days: u32,
    /// Calendar days in which a settlement line's transaction and an original are looked for.
    pub lookback_days: u32,
    /// Whether the ledger books settlement entries, one per share.
    pub splits: bool,
    /// What is done with fee, reserve, collateral and correction lines.
    pub adjustments: Adjustments,
}

/// `matching.adjustments`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustments {
    /// Lines that the ledger does not book are excluded: totals prove them.
    Proved,
    /// Every line must have an entry.
    Ledger,
}

/// `[severity]`: the severity of a kind, and the amount that raises it by one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRules {
    /// The amount at stake from which on a discrepancy is one level more severe.
    pub raise_at: MajorAmount,
    /// Severities that go over the built-in ones.
    pub kinds: BTreeMap<DiscrepancyKind, Severity>,
}

/// `[expect]`: on which days a report must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Every day.
    Daily,
    /// Every business day of the settlement calendar.
    BusinessDays,
    /// It may be absent.
    Optional,
}

/// `[reports.<kind>]`: what differs from the built-in layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportOptions {
    /// Name patterns in place of the built-in ones; empty for those.
    pub file: Vec<String>,
    /// The unit of its amounts.
    pub amount_unit: AmountUnit,
    /// What `transactionId` names.
    pub id_rule: IdRule,
    /// How amounts are signed.
    pub sign: SignRule,
    /// Further header names of a column, by the name that Antom gives it.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Required columns in place of the built-in ones.
    pub required: Option<Vec<String>>,
}

/// What `transactionId` names in a line that has an original (facts about Antom: section 4.2 of the fact sheet, two layouts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdRule {
    /// By the header: new where it has `originalTransactionRequestId` and no `originalTransactionId`.
    Auto,
    /// The refund, capture or dispute itself.
    Own,
    /// The original payment.
    Payment,
}

/// How a report signs amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignRule {
    /// By the file: signed, unless every outgoing type is positive.
    Auto,
    /// As written.
    Signed,
    /// By the type: outgoing types are negative, whatever is written.
    ByType,
}

/// `[proof]`: what proofs allow for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// By how many smallest units of the settlement currency the net of a converted line may differ.
    pub converted_tolerance: u32,
    /// Business days after the settlement date by which the account must show the payout.
    pub payout_due_days: u32,
    /// The words for payouts in the activity's type column; empty if it has none.
    pub payout_types: Vec<String>,
    /// Whether a summary's total that disagrees with its own rows ends the run.
    pub fatal_control_totals: bool,
}
