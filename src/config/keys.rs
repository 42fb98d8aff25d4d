//! The one table of what can be set. What does not stand here is an unknown key.

use std::fmt;
use std::sync::OnceLock;

use crate::discrepancy::DiscrepancyKind;
use crate::environment::PREFIX;
use crate::movement::ReportKind;

/// What a value looks like in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A text that may hold a password: messages never show it.
    Address,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of texts; a single text is a list of one. Separated by commas in the environment.
    Words,
    /// A table of lists of texts. The environment cannot set it.
    Table,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::Address => "a text in quotes",
            Self::Number => "a whole number without quotes",
            Self::Flag => "`true` or `false` without quotes",
            Self::Words => "a list of texts such as `[\"a\", \"b\"]`",
            Self::Table => "a table such as `{ transactionId = [\"transaction_id\"] }`",
        })
    }
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The section, such as `source` or `reports.transaction_details`.
    pub section: String,
    /// The key in its section.
    pub name: String,
    /// What its value looks like.
    pub shape: Shape,
}

impl Key {
    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}_{}", self.section.replace('.', "_"), self.name).to_uppercase()
    }
}

/// Sections with fixed keys.
const FIXED: &[(&str, &[(&str, Shape)])] = &[
    ("merchant", &[("platform_merchant_id", Shape::Text), ("timezone", Shape::Text)]),
    (
        "source",
        &[
            ("kind", Shape::Text),
            ("host", Shape::Text),
            ("port", Shape::Number),
            ("username", Shape::Text),
            ("password_file", Shape::Text),
            ("private_key_file", Shape::Text),
            ("private_key_passphrase_file", Shape::Text),
            ("host_key", Shape::Text),
            ("known_hosts", Shape::Text),
            ("root", Shape::Text),
            ("connections", Shape::Number),
            ("connect_timeout", Shape::Text),
            ("timeout", Shape::Text),
            ("total_timeout", Shape::Text),
            ("path", Shape::Text),
            ("retention_days", Shape::Number),
            ("retention_warning_days", Shape::Number),
        ],
    ),
    ("archive", &[("dir", Shape::Text)]),
    (
        "database",
        &[
            ("url", Shape::Address),
            ("url_file", Shape::Text),
            ("schema", Shape::Text),
            ("connect_timeout", Shape::Text),
            ("statement_timeout", Shape::Text),
            ("ledger_timeout", Shape::Text),
        ],
    ),
    (
        "ledger",
        &[
            ("kind", Shape::Text),
            ("path", Shape::Text),
            ("url", Shape::Address),
            ("url_file", Shape::Text),
            ("sql", Shape::Text),
        ],
    ),
    (
        "api",
        &[
            ("gateway", Shape::Text),
            ("client_id", Shape::Text),
            ("private_key_file", Shape::Text),
            ("antom_public_key_file", Shape::Text),
            ("key_version", Shape::Number),
            ("merchant_account_id", Shape::Text),
            ("timeout", Shape::Text),
            ("total_timeout", Shape::Text),
            ("in_flight", Shape::Number),
            ("attempts", Shape::Number),
            ("not_found_codes", Shape::Words),
        ],
    ),
    ("requery", &[("enabled", Shape::Flag), ("budget", Shape::Number)]),
    (
        "matching",
        &[
            ("settlement_due_days", Shape::Number),
            ("cutoff_grace", Shape::Text),
            ("pending_max_days", Shape::Number),
            ("lookback_days", Shape::Number),
            ("splits", Shape::Flag),
            ("adjustments", Shape::Text),
        ],
    ),
    ("calendar", &[("holidays_file", Shape::Text)]),
    (
        "sub_merchants",
        &[("file", Shape::Text), ("url", Shape::Address), ("url_file", Shape::Text), ("sql", Shape::Text)],
    ),
    (
        "proof",
        &[
            ("converted_tolerance", Shape::Number),
            ("payout_due_days", Shape::Number),
            ("payout_types", Shape::Words),
            ("fatal_control_totals", Shape::Flag),
        ],
    ),
    ("fees", &[("schedule", Shape::Text)]),
    ("decisions", &[("approve_above", Shape::Text)]),
    ("output", &[("dir", Shape::Text)]),
    ("run", &[("threads", Shape::Number), ("memory_limit", Shape::Text)]),
];

/// Keys of each `[reports.<kind>]`.
const REPORT: &[(&str, Shape)] = &[
    ("file", Shape::Words),
    ("amount_unit", Shape::Text),
    ("id_rule", Shape::Text),
    ("sign", Shape::Text),
    ("aliases", Shape::Table),
    ("required", Shape::Words),
];

/// All keys: the fixed ones, and those that follow the kinds of reports and discrepancies.
pub fn all() -> &'static [Key] {
    static ALL: OnceLock<Vec<Key>> = OnceLock::new();
    ALL.get_or_init(|| {
        let key = |section: &str, (name, shape): (&str, Shape)| Key {
            section: section.to_owned(),
            name: name.to_owned(),
            shape,
        };
        let fixed = FIXED.iter().flat_map(|(section, keys)| keys.iter().map(|&k| key(section, k)));
        let reports = ReportKind::ALL.iter().flat_map(|kind| {
            let section = format!("reports.{kind}");
            REPORT.iter().map(move |&k| key(&section, k))
        });
        let expect = ReportKind::ALL.iter().map(|kind| key("expect", (kind.as_str(), Shape::Text)));
        let raise = std::iter::once(key("severity", ("raise_at", Shape::Text)));
        let severity = DiscrepancyKind::ALL.iter().map(|kind| key("severity", (kind.as_str(), Shape::Text)));
        fixed.chain(reports).chain(expect).chain(raise).chain(severity).collect()
    })
}

/// The key with this section and name.
pub fn find(section: &str, name: &str) -> Option<&'static Key> {
    all().iter().find(|key| key.section == section && key.name == name)
}

/// Whether there is such a section, or sections below it.
pub fn is_section(name: &str) -> bool {
    all()
        .iter()
        .any(|key| key.section == name || key.section.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}
