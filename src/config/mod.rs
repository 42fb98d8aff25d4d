//! What the operator decided: flags, environment and file, in this order of precedence.
//!
//! `keys` is the one table of what can be set; `file` reads TOML into settings that remember their line; `settings` overlays
//! the layers and says where a wrong value came from; `sections` turns settings into typed options, one accessor per section.
//! A section is judged when it is asked for, so that a command demands only what it needs. Secrets stay in their files until
//! they are used (`secret`).
//!
//! Nothing below `pipeline` and `commands` sees this module: every other module receives options of its own.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "configuration is read from files")]

mod endpoint;
mod example;
mod file;
mod keys;
pub(crate) mod nearest;
mod options;
mod proofs;
mod secret;
mod sections;
mod settings;
mod units;

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::failure::Failure;

pub use example::EXAMPLE;
pub use options::{
    Adjustments, Api, DatabaseUse, Expectation, HostKey, IdRule, Ledger, Login, Matching, Merchant, Proof,
    ReportOptions, Requery, Retention, SeverityRules, Sftp, SignRule, Source, SubMerchants,
};
pub use secret::{Secret, SecretFile};
pub use units::MajorAmount;

use settings::Settings;

/// The file that is read when `--config` is not given.
pub const DEFAULT_FILE: &str = "antom-recon.toml";

/// What flags say about keys of the configuration; it goes over environment and file.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--threads`.
    pub threads: Option<u16>,
    /// `--memory-limit`.
    pub memory_limit: Option<String>,
}

/// The configuration. Sections are judged on access. It may hold passwords inside database addresses: no `Debug`.
pub struct Config {
    settings: Settings,
}

impl Config {
    /// Reads the configuration from `file` ([`DEFAULT_FILE`] if none is named), environment and flags.
    ///
    /// # Errors
    /// A [`Failure`] of the configuration: the file cannot be read, is not TOML, or has unknown or unreadable keys.
    pub fn load(file: Option<&Path>, environment: &Environment, flags: &Flags) -> Result<Self, Failure> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let mut settings = Settings::new(path);
        settings.add_file(file::read(path)?);
        settings.add_environment(environment)?;
        settings.add_flags(flags);
        Ok(Self { settings })
    }

    /// The same, for commands that need no configuration: if no file is named and the default one does not exist, environment,
    /// flags and defaults make the configuration.
    ///
    /// # Errors
    /// Those of [`Config::load`].
    pub fn load_if_present(file: Option<&Path>, environment: &Environment, flags: &Flags) -> Result<Self, Failure> {
        if file.is_some() || Path::new(DEFAULT_FILE).exists() {
            return Self::load(file, environment, flags);
        }
        let mut settings = Settings::new(Path::new(DEFAULT_FILE));
        settings.add_environment(environment)?;
        settings.add_flags(flags);
        Ok(Self { settings })
    }

    /// The file, for messages.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.settings.file()
    }

    /// What decides about a run's results, as text: two runs with the same text and the same inputs come to the same.
    ///
    /// # Errors
    /// See [`Config::merchant`]: the holidays file cannot be read.
    pub fn what_decides(&self) -> Result<String, Failure> {
        let mut text =
            self.settings.written(&["merchant", "reports", "matching", "proof", "expect", "severity", "requery"]);
        for holiday in self.holidays()? {
            text.push_str(&format!("holiday {holiday}\n"));
        }
        Ok(text)
    }

    /// The folder at which relative paths start.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.settings.folder()
    }
}

#[cfg(test)]
mod tests;
