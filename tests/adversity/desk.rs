//! Where a marketplace runs the program: a folder with configuration, secrets and ledger, and what it comes to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::antom::tree;
use super::child::{Ended, Running};

/// The configuration's name in every desk's folder.
const CONFIG: &str = "antom-recon.toml";

/// A folder of its own with everything that a run needs.
pub struct Desk {
    folder: TempDir,
    platform: String,
    environment: BTreeMap<String, String>,
}

/// The outputs of one date: name and bytes, the timings of `summary.json` left out.
pub type Outputs = BTreeMap<String, String>;

impl Desk {
    pub(super) fn new(root: &Path, config: String, platform: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir(at.join("secrets")).unwrap();
        for name in tree(&root.join("secrets")) {
            // Copying keeps the mode, so secrets stay their owner's.
            fs::copy(root.join("secrets").join(&name), at.join("secrets").join(&name)).unwrap();
        }
        for name in ["ledger.csv", "sub-merchants.csv", "fees.toml", "known_hosts"] {
            fs::copy(root.join(name), at.join(name)).unwrap();
        }
        fs::write(at.join(CONFIG), config).unwrap();
        Self { folder, platform: platform.to_owned(), environment: BTreeMap::new() }
    }

    /// Another desk with the same files and settings.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in tree(self.folder.path()) {
            let path = folder.path().join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(self.folder.path().join(&name), path).unwrap();
        }
        Self { folder, platform: self.platform.clone(), environment: self.environment.clone() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a key of the configuration, such as `SOURCE_PORT`, by the environment.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        self.environment.insert(format!("ANTOM_RECON_{key}"), value.into());
        self
    }

    /// Replaces a text that the configuration file has once.
    pub fn replace(&mut self, from: &str, to: &str) -> &mut Self {
        let path = self.path(CONFIG);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
        self
    }

    /// The program with these words, in this folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_antom-recon"));
        command.current_dir(self.folder.path()).args(words.split_whitespace());
        let ours = |(name, _): &(String, String)| name.starts_with("ANTOM_RECON_");
        for (name, _) in std::env::vars().filter(ours) {
            command.env_remove(name);
        }
        command.envs(&self.environment);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, words: &str) -> Ended {
        Running::start(self.command(words)).wait()
    }

    /// Runs it to its end, which must be exit code 0.
    #[track_caller]
    pub fn done(&self, words: &str) -> Ended {
        self.run(words).with_code(0)
    }

    /// Starts it so that it dies at a place of `antom_recon::points`, such as `stage: done#3`.
    #[cfg(debug_assertions)]
    pub fn start_doomed(&self, words: &str, place: &str) -> Running {
        let mut command = self.command(words);
        command.env("ANTOM_RECON_DIE_AT", place);
        Running::start(command)
    }

    /// Starts it.
    pub fn start(&self, words: &str) -> Running {
        Running::start(self.command(words))
    }

    /// `out/<platform>`.
    pub fn out(&self) -> PathBuf {
        self.path("out").join(&self.platform)
    }

    /// The published folder of a date.
    pub fn published(&self, date: &str) -> PathBuf {
        self.out().join(date)
    }

    /// What is published for a date.
    pub fn outputs(&self, date: &str) -> Outputs {
        let folder = self.published(date);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        files.map(|file| read_output(&file.unwrap().path())).collect()
    }

    /// Everything that lies below `out/<platform>`, hidden leftovers included.
    pub fn out_tree(&self) -> Vec<String> {
        tree(&self.out())
    }

    /// The rows of `discrepancies.csv`.
    pub fn discrepancies(&self, date: &str) -> lab::audit::Table {
        lab::audit::Table::read(&self.published(date).join("discrepancies.csv")).unwrap()
    }

    /// `answer` of every row, by discrepancy id; empty ones left out.
    pub fn answers(&self, date: &str) -> BTreeMap<String, String> {
        let rows = self.discrepancies(date);
        let answer = |row| (rows.cell(row, "discrepancy_id").to_owned(), rows.cell(row, "answer").to_owned());
        (0..rows.len()).map(answer).filter(|(_, answer)| !answer.is_empty()).collect()
    }

    /// Every file in the archive. Lists of closed entries are named by what they say, which the memory's own random seed decides: all of
    /// them have one name here.
    pub fn archived(&self) -> Vec<String> {
        let is_list = |name: &str| name.ends_with(".entries");
        let named = |name: String| if is_list(&name) { "memory/….entries".to_owned() } else { name };
        let mut names: Vec<String> = tree(&self.path("archive")).into_iter().map(named).collect();
        names.sort();
        names
    }

    /// Files in the archive that were never finished.
    pub fn archive_leftovers(&self) -> Vec<String> {
        tree(&self.path("archive/.incoming"))
    }
}

fn read_output(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(path).unwrap();
    if name != "summary.json" {
        return (name, text);
    }
    let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(summary.as_object_mut().unwrap().remove("timings").is_some(), "{text}");
    (name, summary.to_string())
}
