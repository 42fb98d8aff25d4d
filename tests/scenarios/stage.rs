//! A scenario in a folder of its own, and everything that a run may change there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use antom_recon::cli::run_with;
use antom_recon::environment::Environment;
use tempfile::TempDir;

/// The merchant of all scenarios.
const MERCHANT: &str = "2188120000000001";

/// One line of `steps.txt`.
pub enum Step {
    /// Arguments of the program.
    Run(String),
    /// A folder to copy over the scenario's.
    Put(String),
    /// A file or folder to remove.
    Take(String),
}

/// How a run ended.
pub struct Ended {
    pub code: u8,
    pub stdout: String,
}

/// All that a run may change.
#[derive(Debug, PartialEq, Eq)]
pub struct Everything {
    /// The outputs of all dates and revisions.
    outputs: BTreeMap<String, String>,
    /// The names in the archive.
    archived: Vec<String>,
    /// How many rows each table of the database has.
    rows: Vec<(String, i64)>,
}

pub struct Stage {
    folder: TempDir,
}

impl Stage {
    pub fn build(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&super::scenarios().join(name), folder.path());
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn steps(&self) -> Vec<Step> {
        let step = |line: &str| match line.split_once(' ') {
            Some(("put", folder)) => Step::Put(folder.to_owned()),
            Some(("take", path)) => Step::Take(path.to_owned()),
            _ => Step::Run(line.to_owned()),
        };
        fs::read_to_string(self.path().join("steps.txt")).unwrap().lines().map(step).collect()
    }

    /// Changes the scenario's files as a step says that is no run.
    pub fn change(&self, step: &Step) {
        match step {
            Step::Run(_) => {}
            Step::Put(folder) => copy(&self.path().join(folder), self.path()),
            Step::Take(path) if self.path().join(path).is_dir() => fs::remove_dir_all(self.path().join(path)).unwrap(),
            Step::Take(path) => fs::remove_file(self.path().join(path)).unwrap(),
        }
    }

    /// Runs the program in process. Files on the command line are those of the scenario.
    pub fn run(&self, args: &str, more: &[&str]) -> Ended {
        let here = |word: &str| match word.ends_with(".csv") {
            true => self.path().join(word).into_os_string(),
            false => OsString::from(word),
        };
        let config = self.path().join("antom-recon.toml").into_os_string();
        let args = ["antom-recon"].into_iter().chain(args.split(' ')).chain(more.iter().copied()).map(here);
        let mut stdout = Vec::new();
        let code = run_with(args.chain([OsString::from("--config"), config]), &Environment::default(), &mut stdout);
        let here = self.path().display().to_string();
        Ended { code, stdout: String::from_utf8(stdout).unwrap().replace(&here, "<scenario>") }
    }

    /// The outputs of a date, by file name; empty if there are none.
    pub fn outputs(&self, date: &str) -> BTreeMap<String, String> {
        let folder = self.path().join("out").join(MERCHANT).join(date);
        files(&folder).into_iter().map(|file| (name_under(&folder, &file), read_output(&file))).collect()
    }

    /// The outputs of all dates and revisions, by path.
    pub fn all_outputs(&self) -> BTreeMap<String, String> {
        let folder = self.path().join("out");
        files(&folder).into_iter().map(|file| (name_under(&folder, &file), read_output(&file))).collect()
    }

    /// What there is now.
    pub fn everything(&self) -> Everything {
        let archive = self.path().join("archive");
        let archived = files(&archive).iter().map(|file| name_under(&archive, file)).collect();
        Everything { outputs: self.all_outputs(), archived, rows: self.rows() }
    }

    /// Mixes the rows of every ledger file but its last, which may be one that cannot be read: that one is named by its line.
    pub fn shuffle_ledger(&self, seed: u64) {
        for file in files(self.path()).iter().filter(|file| name_under(self.path(), file).starts_with("ledger")) {
            let text = fs::read_to_string(file).unwrap();
            let (header, rows) = text.split_once('\n').unwrap();
            let mut rows: Vec<&str> = rows.lines().collect();
            let mut random = seed;
            for at in (1..rows.len().saturating_sub(1)).rev() {
                // Knuth's generator; its high bits are good enough to mix a page of rows.
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                rows.swap(at, usize::try_from(random >> 33).unwrap() % (at + 1));
            }
            fs::write(file, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        }
    }

    fn rows(&self) -> Vec<(String, i64)> {
        let file = self.path().join("antom-recon.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
            let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
            let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut database).await.unwrap();
            let mut rows = Vec::new();
            for table in tables {
                let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
                let count = sqlx::query_scalar(sql).fetch_one(&mut database).await.unwrap();
                rows.push((table, count));
            }
            rows
        })
    }
}

/// The text of an output. Of a summary, the timings are left out.
fn read_output(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    if !file.ends_with("summary.json") {
        return text;
    }
    let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(summary.as_object_mut().unwrap().remove("timings").is_some(), "a summary has timings");
    serde_json::to_string_pretty(&summary).unwrap()
}

/// All files under a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name_under(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap().display().to_string()
}

/// Copies what is in a folder over another.
fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}
