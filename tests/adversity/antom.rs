//! Antom for these tests: a world whose right answer is known, and both servers over it.

use lab::api::ApiServer;
use lab::demo::api_book;
use lab::serve::{Running, serve};
use lab::sftp::SftpServer;
use lab::world::faults::Fault;
use lab::world::layout::Report;
use lab::world::{Plan, World};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::desk::Desk;

/// Both servers over one world; they answer as long as this lives. Any number of desks may ask them.
pub struct Antom {
    pub world: World,
    servers: Running,
    // After the servers, so that they are dropped while their runtime still runs.
    runtime: Runtime,
    root: TempDir,
}

/// One day with these faults and little else.
pub fn day_with(seed: u64, faults: &[Fault]) -> Plan {
    Plan { payments: 12, faults: faults.to_vec(), ..Plan::one_day(seed) }
}

/// One day with every fault that fits into a day.
pub fn full_day(seed: u64) -> Plan {
    day_with(seed, &Fault::ALL)
}

impl Antom {
    pub fn of(plan: Plan) -> Self {
        let world = World::generate(plan);
        let root = tempfile::tempdir().unwrap();
        world.write(root.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let servers = runtime.block_on(serve(root.path(), api_book(&world.book))).unwrap();
        Self { world, servers, runtime, root }
    }

    pub fn sftp(&self) -> &SftpServer {
        &self.servers.sftp
    }

    pub fn api(&self) -> &ApiServer {
        &self.servers.api
    }

    /// The folder with `remote/`, `ledger.csv`, `sub-merchants.csv`, `known_hosts` and `secrets/`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The directory of the last day, as an SFTP client sees it.
    pub fn directory(&self) -> String {
        let path = &self.transactions().path;
        format!("/{}", path.rsplit_once('/').unwrap().0)
    }

    /// The transaction details of the last day.
    pub fn transactions(&self) -> &lab::world::writer::ReportFile {
        let last = self.world.plan.last_day();
        let is_wanted =
            |file: &&lab::world::writer::ReportFile| file.day == last && file.report == Report::TransactionDetails;
        self.world.files.iter().find(is_wanted).unwrap()
    }

    /// The last day, as `--date` takes it.
    pub fn date(&self) -> String {
        self.world.plan.last_day().to_string()
    }

    /// `run --date` of the last day.
    pub fn run(&self) -> String {
        format!("run --date {}", self.date())
    }

    /// A new desk in front of both servers: SQLite, the built-in ledger table, still empty.
    pub fn desk(&self) -> Desk {
        let config = lab::demo::configuration(&self.world.plan, &self.servers.config_sections());
        Desk::new(self.root(), config, &self.world.plan.platform)
    }

    /// A desk whose ledger is the CSV file, so that nothing has to be imported.
    pub fn csv_desk(&self) -> Desk {
        let mut desk = self.desk();
        desk.replace("kind = \"table\"", "kind = \"csv\"\npath = \"ledger.csv\"");
        desk
    }

    /// A desk whose ledger table is filled.
    pub fn filled_desk(&self) -> Desk {
        let desk = self.desk();
        desk.done("ledger import ledger.csv");
        desk
    }

    /// What the outputs of the last day must be, as the lab's auditor sees it.
    pub fn audit(&self, outputs: &Path) {
        let verdict = lab::audit::audit(outputs, &self.world.expected, &self.world.waiting).unwrap();
        assert!(verdict.is_right(), "{verdict}");
    }

    /// Nothing was ever written on the SFTP server.
    pub fn assert_only_read(&self) {
        assert_eq!(self.sftp().log().attempted_writes(), [""; 0]);
    }

    /// Stops the API, so that connections are refused.
    pub fn without_api(self) -> WithoutApi {
        let Self { world, servers, runtime, root } = self;
        let Running { sftp, api, .. } = servers;
        runtime.block_on(api.stop());
        WithoutApi { world, _sftp: sftp, _runtime: runtime, _root: root }
    }
}

/// Antom with a stopped API.
pub struct WithoutApi {
    pub world: World,
    _sftp: SftpServer,
    _runtime: Runtime,
    _root: TempDir,
}

/// Every file below a folder, relative, sorted.
pub fn tree(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(items) = std::fs::read_dir(folder) else { return };
        for item in items.map(|item| item.unwrap().path()) {
            if item.is_dir() { walk(&item, found) } else { found.push(item) }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let mut names: Vec<String> =
        found.iter().map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect();
    names.sort();
    names
}
