//! A private PostgreSQL cluster in a temporary folder on a loopback port: one per test process, one database per test.
#![allow(clippy::print_stderr)] // A skipped test must say so where a person sees it.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

pub const PASSWORD: &str = "s3cret";

static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

pub struct Cluster {
    pub port: u16,
    folder: PathBuf,
    user: Option<String>,
    programs: PathBuf,
    /// Stops the server and removes its folder when this process ends, however it ends: its standard input closes then.
    _keeper: Child,
}

impl Cluster {
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Another cluster, for what must not happen to the one that all tests share; `prepare` puts files into its data folder.
    pub fn private(settings: &str, prepare: impl Fn(&Path)) -> Option<Self> {
        cluster()?;
        Some(launch(programs().unwrap(), settings, prepare))
    }

    /// Stops the server, whose connections are cut, and starts it again.
    pub fn restart(&self) {
        run(server_command(self.user.as_deref(), &self.programs.join("pg_ctl"))
            .args(["restart", "--wait", "--silent", "--mode=fast", "--pgdata"])
            .arg(self.folder.join("data"))
            .arg("--log")
            .arg(self.folder.join("log")));
    }
}

/// The cluster, or none (said on stderr) where PostgreSQL is not installed; on CI that is a failure.
pub fn cluster() -> Option<&'static Cluster> {
    match CLUSTER.get_or_init(start) {
        Ok(cluster) => Some(cluster),
        Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("PostgreSQL is needed on CI: {why}"),
        Err(why) => {
            eprintln!("SKIPPED on PostgreSQL: {why}");
            None
        }
    }
}

/// The URL of a new, empty database.
pub async fn new_database() -> Option<String> {
    let cluster = cluster()?;
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    Some(cluster.url(&name))
}

/// The URL of a new database that is a copy of another one, to which nobody may be connected.
pub async fn copy_of(url: &str) -> String {
    let cluster = cluster().unwrap();
    let (_, original) = url.split('?').next().unwrap().rsplit_once('/').unwrap();
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    let sql = format!("CREATE DATABASE {name} TEMPLATE {original}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    cluster.url(&name)
}

/// A missing installation is an `Err`; an installation that does not start is a failure of the test.
fn start() -> Result<Cluster, String> {
    Ok(launch(programs()?, "", |_| {}))
}

fn launch(programs: PathBuf, settings: &str, prepare: impl Fn(&Path)) -> Cluster {
    let folder = tempfile::Builder::new().prefix("recon-pg-").tempdir().unwrap().keep();
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    let user = server_user();
    if let Some(user) = &user {
        run(Command::new("chown").arg("-R").arg(user).arg(&folder));
    }
    let data = folder.join("data");
    run(server_command(user.as_deref(), &programs.join("initdb"))
        .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .arg(format!("--pwfile={}", folder.join("password").display()))
        .arg("--pgdata")
        .arg(&data));
    prepare(&data);
    if let Some(user) = &user {
        run(Command::new("chown").arg("-R").arg(user).arg(&data));
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Nothing here needs to survive a power cut.
    let settings =
        format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off {settings}");
    run(server_command(user.as_deref(), &programs.join("pg_ctl"))
        .args(["start", "--wait", "--silent", "--pgdata"])
        .arg(&data)
        .arg("--log")
        .arg(folder.join("log"))
        .args(["--options", &settings]));
    let keeper = keeper(user.as_deref(), &programs, &folder);
    Cluster { port, folder, user, programs, _keeper: keeper }
}

fn keeper(user: Option<&str>, programs: &Path, folder: &Path) -> Child {
    let stop = server_command(user, &programs.join("pg_ctl"));
    let mut words: Vec<_> = vec![stop.get_program().to_owned()];
    words.extend(stop.get_args().map(ToOwned::to_owned));
    Command::new("sh")
        .args(["-c", "folder=$1; shift; cat; \"$@\" stop --silent --mode=immediate --pgdata \"$folder/data\"; rm -rf \"$folder\""])
        .arg("keeper")
        .arg(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The server refuses to run as root.
fn server_user() -> Option<String> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout.trim_ascii() == b"0").then(|| "postgres".to_owned())
}

fn server_command(user: Option<&str>, program: &Path) -> Command {
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir("/");
    command
}

fn run(command: &mut Command) {
    // pg_ctl's server keeps what it inherits open, so its output must not be a pipe that is waited for.
    let log = tempfile::tempfile().unwrap();
    let status = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log.try_clone().unwrap())
        .status()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    if !status.success() {
        use std::io::{Read, Seek};
        let (mut log, mut text) = (log, String::new());
        log.rewind().unwrap();
        log.read_to_string(&mut text).unwrap();
        panic!("{command:?}: {status}\n{text}");
    }
}

/// The folder with `initdb` and `pg_ctl`: Debian's newest, or wherever the path leads.
fn programs() -> Result<PathBuf, String> {
    let debian = Path::new("/usr/lib/postgresql");
    let versions = match std::fs::read_dir(debian) {
        Ok(folders) => folders.filter_map(|folder| Some(folder.ok()?.path().join("bin"))).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{}: {error}", debian.display()),
    };
    let mut folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(versions);
    folders
        .into_iter()
        .rev()
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .ok_or_else(|| {
            "neither `initdb` and `pg_ctl` in /usr/lib/postgresql nor on the path; install PostgreSQL".to_owned()
        })
}
