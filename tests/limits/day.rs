//! A day of files written for the purpose, and the program over it, watched.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the program may take at all; anything quadratic takes longer.
pub const PATIENCE: Duration = Duration::from_secs(900);

const PROGRAM: &str = env!("CARGO_BIN_EXE_antom-recon");
const PLATFORM: &str = "2188120000000001";

const TRANSACTIONS: &str = "merchantId,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                            referenceTransactionId,transactionType,paymentTime,transactionAmountValue,transactionCurrency";
const SETTLEMENTS: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                           transactionRequestId,referenceTransactionId,transactionType,paymentTime,settlementTime,\
                           transactionAmountValue,\
                           transactionCurrency,settlementAmountValue,settlementCurrency";
const LEDGER: &str = "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
                      sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id";

const CONFIGURATION: &str = "[merchant]\nplatform_merchant_id = \"2188120000000001\"\n\
    [source]\nkind = \"directory\"\npath = \"remote\"\n\
    [database]\nurl = \"sqlite://antom-recon.db\"\n\
    [ledger]\nkind = \"csv\"\npath = \"ledger.csv\"\n\
    [requery]\nenabled = false\n[matching]\nsplits = false\n[output]\ndir = \"out\"\n";

/// One payment as a line of transaction details.
pub fn line(number: usize, request_id: &str) -> String {
    format!("2188120000000101,seller-1,a{number},,{request_id},,PAYMENT,2026-03-02T10:00:00+08:00,10.00,USD")
}

/// The same payment in settlement details.
pub fn settled(number: usize, request_id: &str) -> String {
    format!(
        "B1,2188120000000101,seller-1,a{number},,{request_id},,PAYMENT,2026-03-02T10:00:00+08:00,\
         2026-03-02T20:00:00+08:00,10.00,USD,10.00,USD"
    )
}

/// The same payment in the ledger.
pub fn entry(number: usize, request_id: &str) -> String {
    format!("e{number},PAYMENT,{request_id},a{number},,,,seller-1,1000,USD,SUCCESS,2026-03-02T10:00:00+08:00,,,")
}

/// A folder with a configuration, reports and a ledger.
pub struct Day {
    folder: TempDir,
    date: Cell<&'static str>,
    log: Cell<&'static str>,
}

/// How the program ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// The most memory that it had.
    pub peak: u64,
    /// The most addresses.
    pub addresses: u64,
    /// What the system called it when it was looked at last.
    pub name: String,
}

impl Day {
    /// A day without a line or an entry.
    pub fn new() -> Self {
        let (date, log) = (Cell::new("2026-03-02"), Cell::new("error"));
        let day = Self { folder: tempfile::tempdir().unwrap(), date, log };
        fs::write(day.path("antom-recon.toml"), CONFIGURATION).unwrap();
        fs::create_dir_all(day.remote()).unwrap();
        fs::create_dir(day.path("tmp")).unwrap();
        day.transactions([]);
        day.entries([]);
        day
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets the program tell what only its developers ask.
    pub fn log_everything(&self) {
        self.log.set("antom_recon::memory=debug");
    }

    /// Goes on with another date, of which there is no report yet.
    pub fn turn_to(&self, date: &'static str) {
        self.date.set(date);
        fs::create_dir_all(self.remote()).unwrap();
    }

    /// Replaces a part of the configuration, which must be there.
    pub fn configure(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.path("antom-recon.toml")).unwrap();
        assert!(text.contains(old), "`{old}` stands in the configuration");
        fs::write(self.path("antom-recon.toml"), text.replace(old, new)).unwrap();
    }

    pub fn remote(&self) -> PathBuf {
        self.path("remote/v1/settlements").join(PLATFORM).join(self.date.get().replace('-', ""))
    }

    /// Writes a file part by part, each as it is.
    pub fn raw(&self, path: PathBuf, parts: impl IntoIterator<Item = Vec<u8>>) -> &Self {
        let mut file = BufWriter::new(File::create(path).unwrap());
        parts.into_iter().for_each(|part| file.write_all(&part).unwrap());
        file.flush().unwrap();
        self
    }

    fn table(&self, path: PathBuf, header: &str, rows: impl IntoIterator<Item = String>, end: &str) -> &Self {
        let rows = rows.into_iter().map(|row| (row + "\n").into_bytes());
        let parts = std::iter::once(format!("{header}\n").into_bytes()).chain(rows).chain([end.into()]);
        self.raw(path, parts)
    }

    /// Transaction details with these lines, complete.
    pub fn transactions(&self, lines: impl IntoIterator<Item = String>) -> &Self {
        self.transactions_with("", lines)
    }

    /// Transaction details with more columns at the end of their header.
    pub fn transactions_with(&self, columns: &str, lines: impl IntoIterator<Item = String>) -> &Self {
        let path = self.remote().join(format!("transactionItems_{}_000.csv", self.date.get().replace('-', "")));
        self.table(path, &format!("{TRANSACTIONS}{columns}"), lines, "<END>\n")
    }

    /// Settlement details with these lines, complete.
    pub fn settlements(&self, lines: impl IntoIterator<Item = String>) -> &Self {
        self.table(self.remote().join("settlementItems_USD_B1_000.csv"), SETTLEMENTS, lines, "<END>\n")
    }

    /// The ledger with these entries.
    pub fn entries(&self, entries: impl IntoIterator<Item = String>) -> &Self {
        self.table(self.path("ledger.csv"), LEDGER, entries, "")
    }

    /// Runs the day.
    pub fn run(&self, flags: &str) -> Ran {
        self.command(&format!("run --date {} {flags}", self.date.get()))
    }

    /// Runs a command to its end, with an eye on its memory.
    pub fn command(&self, words: &str) -> Ran {
        self.within(&[], words)
    }

    /// The same as the end of another command line.
    pub fn within(&self, outer: &[&str], words: &str) -> Ran {
        let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let all: Vec<&str> = outer.iter().copied().chain([PROGRAM]).chain(words.split_whitespace()).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("TMPDIR", self.path("tmp"));
        command.env("ANTOM_RECON_LOG", self.log.get()).stdin(Stdio::null());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let (mut child, started) = (command.spawn().unwrap(), Instant::now());
        let (mut peak, mut addresses, mut name) = (0, 0, String::new());
        let status = loop {
            if let Some((memory, space, called)) = seen_of(child.id()) {
                (peak, addresses, name) = (memory.max(peak), space.max(addresses), called);
            }
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{all:?} does not end; its memory is at {peak} bytes");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |file: &mut File| {
            let mut text = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        };
        Ran { code: status.code(), stdout: text(&mut stdout), stderr: text(&mut stderr), peak, addresses, name }
    }

    fn table_of_discrepancies(&self) -> csv::Reader<File> {
        csv::Reader::from_path(self.path("out").join(PLATFORM).join(self.date.get()).join("discrepancies.csv")).unwrap()
    }

    /// How many discrepancies of each kind were written.
    pub fn kinds(&self) -> BTreeMap<String, usize> {
        let mut table = self.table_of_discrepancies();
        let kind = table.headers().unwrap().iter().position(|name| name == "kind").unwrap();
        let (mut kinds, mut row) = (BTreeMap::new(), csv::StringRecord::new());
        while table.read_record(&mut row).unwrap() {
            *kinds.entry(row[kind].to_owned()).or_default() += 1;
        }
        kinds
    }

    /// The rows of discrepancies that were written.
    pub fn discrepancies(&self) -> Vec<BTreeMap<String, String>> {
        self.table_of_discrepancies().deserialize().map(|row| row.unwrap()).collect()
    }

    /// Every output by name, the timings of `summary.json` left out.
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let folder = self.path("out").join(PLATFORM).join(self.date.get());
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let shown = |path: PathBuf| {
            let (name, text) = (path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
            if name != "summary.json" {
                return (name.to_owned(), text);
            }
            let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(summary.as_object_mut().unwrap().remove("timings").is_some(), "{text}");
            (name.to_owned(), summary.to_string())
        };
        files.map(shown).collect()
    }

    /// What the same program needs for a day on which nothing happens: the most of three runs, since one may end before it was
    /// looked at where it was largest.
    pub fn idle_peak() -> u64 {
        static PEAK: OnceLock<u64> = OnceLock::new();
        let peak = || Self::new().run("--threads 2").with_code(0).peak;
        *PEAK.get_or_init(|| peak().max(peak()).max(peak()))
    }
}

impl Ran {
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in stderr:\n{}", self.stderr);
        }
        self
    }

    /// Checks that it never had more memory than this.
    #[track_caller]
    pub fn within(self, bytes: u64) -> Self {
        assert!(self.peak > 0, "the memory of the program was not seen");
        assert!(self.peak <= bytes, "{} MiB of memory, {} allowed", self.peak >> 20, bytes >> 20);
        self
    }
}

/// The most memory and addresses that a process has had so far, and its name; none once it has ended.
fn seen_of(id: u32) -> Option<(u64, u64, String)> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
    };
    let name = status.lines().find_map(|line| line.strip_prefix("Name:"))?.trim();
    Some((bytes("VmHWM:")?, bytes("VmPeak:")?, name.to_owned()))
}
