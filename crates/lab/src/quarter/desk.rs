//! Where the job runs: a folder with its configuration, Antom's files as they are delivered, and the ledger as it is kept.

use crate::demo::configuration;
use crate::world::ledger_csv::ledger_csv;
use crate::world::plan::Plan;
use crate::world::quarter::{Bookkeeping, Change};
use crate::world::story::Entry;
use crate::world::writer::ReportFile;
use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// What a command of the job came to.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code of the contract.
    pub code: u8,
    /// What it wrote, results first and messages after them.
    pub text: String,
}

impl Ran {
    /// What a process came to.
    ///
    /// # Errors
    ///
    /// If a signal ended it.
    pub fn of(output: Output) -> Result<Self> {
        let code = output.status.code().and_then(|code| u8::try_from(code).ok());
        let code = code.with_context(|| format!("the job ended with {}", output.status))?;
        let text = [output.stdout, output.stderr].concat();
        Ok(Self { code, text: String::from_utf8_lossy(&text).into_owned() })
    }
}

/// The job: takes the words of a command, without the program's name, and gives what it came to.
pub type Program<'p> = &'p dyn Fn(&[OsString]) -> Result<Ran>;

/// The folder, and the ledger in it.
pub(crate) struct Desk<'p> {
    folder: PathBuf,
    platform: String,
    bookkeeping: Bookkeeping,
    program: Program<'p>,
    configuration: String,
    /// What is booked.
    entries: BTreeMap<String, Entry>,
}

/// The source and the reports that must be there.
pub(crate) const SOURCE: &str = "[source]\nkind = \"directory\"\npath = \"remote\"\n";
const EXPECT: &str = "\n[expect]\ntransaction_details = \"daily\"\ndaily_ending_balance = \"daily\"\n";

impl<'p> Desk<'p> {
    /// Writes the configuration; `database` is the address of the job's database.
    pub(crate) fn new(
        folder: PathBuf,
        plan: &Plan,
        (bookkeeping, lookback): (Bookkeeping, u32),
        database: &str,
        program: Program<'p>,
    ) -> Result<Self> {
        let ledger = match bookkeeping {
            Bookkeeping::AddOnly => "kind = \"table\"",
            Bookkeeping::Free => "kind = \"csv\"\npath = \"ledger.csv\"",
        };
        let text = configuration(plan, SOURCE)
            .replace("kind = \"table\"", ledger)
            .replace("[matching]", &format!("[matching]\nlookback_days = {lookback}"))
            .replace("sqlite://antom-recon.db", database);
        fs::create_dir_all(folder.join("remote/v1/settlements"))?;
        let (platform, entries, configuration) = (plan.platform.clone(), BTreeMap::new(), text + EXPECT);
        let desk = Self { folder, platform, bookkeeping, program, configuration, entries };
        desk.configure(str::to_owned)?;
        Ok(desk)
    }

    /// Writes the configuration anew: what `change` makes of the one of every day.
    pub(crate) fn configure(&self, change: impl FnOnce(&str) -> String) -> Result<()> {
        self.write("antom-recon.toml", &change(&self.configuration))
    }

    /// Has another configuration from now on.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&str) -> String) -> Result<()> {
        self.configuration = change(&self.configuration);
        self.configure(str::to_owned)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("`{}` cannot be written", path.display()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The published folder of a date.
    pub(crate) fn published(&self, date: NaiveDate) -> PathBuf {
        self.out().join(date.to_string())
    }

    /// The folder of all outputs.
    pub(crate) fn out(&self) -> PathBuf {
        self.folder.join("out").join(&self.platform)
    }

    /// The words of a command, with those that name the configuration.
    pub(crate) fn words(&self, words: &[&str]) -> Vec<OsString> {
        let mut command: Vec<OsString> = words.iter().map(OsString::from).collect();
        command.extend(["--config".into(), self.path("antom-recon.toml").into()]);
        command
    }

    /// Runs a command of the job.
    pub(crate) fn job(&self, words: &[&str]) -> Result<Ran> {
        (self.program)(&self.words(words))
    }

    /// Runs a command that must end with this code.
    pub(crate) fn must(&self, words: &[&str], code: u8) -> Result<String> {
        let ran = self.job(words)?;
        let words = words.join(" ");
        ensure!(ran.code == code, "`antom-recon {words}` ended with exit code {}, not {code}:\n{}", ran.code, ran.text);
        Ok(ran.text)
    }

    /// Puts files where Antom delivers them.
    pub(crate) fn deliver<'f>(&self, files: impl Iterator<Item = &'f ReportFile>) -> Result<()> {
        for file in files {
            self.deliver_as(&file.path, &file.bytes)?;
        }
        Ok(())
    }

    pub(crate) fn deliver_as(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.remote(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes).with_context(|| format!("`{}` cannot be written", path.display()))
    }

    /// Takes a delivered file back.
    pub(crate) fn withdraw(&self, path: &str) -> Result<()> {
        let path = self.remote(path);
        fs::remove_file(&path).with_context(|| format!("`{}` cannot be removed", path.display()))
    }

    pub(crate) fn remote(&self, path: &str) -> PathBuf {
        self.folder.join("remote").join(path)
    }

    /// Books new entries and corrections, in the way that the ledger allows.
    pub(crate) fn book(&mut self, new: Vec<Entry>, changes: &[&Change]) -> Result<()> {
        let mut imported = new.clone();
        self.entries.extend(new.into_iter().map(|entry| (entry.entry_id.clone(), entry)));
        for change in changes {
            match change {
                Change::Book(entry) | Change::Amend(entry) => {
                    self.entries.insert(entry.entry_id.clone(), entry.clone());
                    imported.push(entry.clone());
                }
                Change::Delete(entry_id) => {
                    self.entries.remove(entry_id);
                }
            }
        }
        match self.bookkeeping {
            Bookkeeping::Free => {
                let entries: Vec<Entry> = self.entries.values().cloned().collect();
                self.write("ledger.csv", &ledger_csv(&entries))
            }
            Bookkeeping::AddOnly if imported.is_empty() => Ok(()),
            Bookkeeping::AddOnly => {
                self.write("ledger.csv", &ledger_csv(&imported))?;
                let path = self.path("ledger.csv");
                self.must(&["ledger", "import", &path.to_string_lossy()], 0).map(|_| ())
            }
        }
    }
}

/// Every file below a folder, sorted.
pub(crate) fn tree(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let items = fs::read_dir(&folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
        for item in items {
            let path = item?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
