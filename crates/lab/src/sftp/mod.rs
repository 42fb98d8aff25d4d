//! Antom's SFTP side: a read-only server over a folder of reports, on loopback, in process.
//!
//! What is emulated (fact sheet, section 5): login with user name and password, also with a key (for Antom
//! unverified); a tree that starts with `v1/settlements/…`. Nothing can be changed through it: whatever would write, remove, rename
//! or set attributes is refused and written down, see [`SftpLog::attempted_writes`].
//!
//! The server runs on the caller's tokio runtime. A blocking client (`ssh2`) in the same process needs a runtime with
//! more than one thread, or a thread of its own.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use lab::sftp::{FileFault, Repeat, SftpOptions, SftpServer};
//!
//! let server = SftpServer::start(SftpOptions::new("remote", "recon", "secret")).await?;
//! server.faults().on_file("x.csv", FileFault::DropAfter { bytes: 4096, repeat: Repeat::ONCE });
//! // … run the job against server.addr() with host key server.host_key_fingerprint() …
//! assert!(server.log().attempted_writes().is_empty());
//! server.stop().await;
//! # Ok(()) }
//! ```

mod faults;
mod files;
mod log;
mod open_file;
mod ssh;
mod tree;

use std::borrow::Cow;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use russh::keys::PublicKey;
use russh::server::Config;
use russh::{MethodKind, MethodSet, Preferred, compression};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::faults::{FileFault, HOSTILE_CONTENT, HOSTILE_NAMES, Moment, Repeat, SftpFaults, hostile_names};
pub use self::log::{SftpEvent, SftpLog};
use self::ssh::SshSession;
use self::tree::Tree;
use crate::keys::SshKey;

/// A refused login is answered after so long. Real servers take a second or more; nobody guesses passwords here.
const REFUSAL_DELAY: Duration = Duration::from_millis(20);

/// Wait after a connection that could not be taken, so that a lack of file handles does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How to start an [`SftpServer`].
pub struct SftpOptions {
    /// Folder that clients see as `/`; must exist.
    pub root: PathBuf,
    /// The only user.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// The user's key, as [`SshKey::public_openssh`] writes it; without one, key logins fail.
    pub authorized_key: Option<String>,
    /// The server's identity. Two servers with different keys are a server whose key changed.
    pub host_key: Option<SshKey>,
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// What goes wrong; keep a clone to change it later, or use [`SftpServer::faults`].
    pub faults: SftpFaults,
}

impl SftpOptions {
    /// Password login only, a new host key, a free port, no faults.
    pub fn new(root: impl Into<PathBuf>, username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            username: username.into(),
            password: password.into(),
            authorized_key: None,
            host_key: None,
            port: 0,
            faults: SftpFaults::default(),
        }
    }
}

/// A running SFTP server. Stops when dropped.
pub struct SftpServer {
    addr: SocketAddr,
    host_key: SshKey,
    faults: SftpFaults,
    log: SftpLog,
    stopping: watch::Sender<()>,
    accepting: JoinHandle<()>,
}

/// What all sessions of one server share.
struct Shared {
    tree: Tree,
    username: String,
    password: String,
    authorized_key: Option<PublicKey>,
    faults: SftpFaults,
    log: SftpLog,
}

/// A second handle on a connection's socket, to cut it without a word as a broken line does.
struct Socket {
    stream: std::net::TcpStream,
    cut: AtomicBool,
}

impl Socket {
    fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
        // It fails only when the connection has gone already, which is what was wanted.
        let _gone_already = self.stream.shutdown(Shutdown::Both);
    }

    /// Requests that came in before the cut are still read from buffers; nobody waits for their answers.
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }
}

impl SftpServer {
    /// Starts listening on `127.0.0.1`.
    ///
    /// # Errors
    /// When the folder is missing, the authorized key is unreadable or the port is taken.
    pub async fn start(options: SftpOptions) -> Result<Self> {
        let root = options.root.display().to_string();
        let tree =
            Tree::new(&options.root).with_context(|| format!("the folder to serve, `{root}`, cannot be read"))?;
        let authorized_key = options.authorized_key.as_deref().map(PublicKey::from_openssh).transpose();
        let host_key = options.host_key.map_or_else(SshKey::generate, Ok)?;
        let log = SftpLog::default();
        let shared = Arc::new(Shared {
            tree,
            username: options.username,
            password: options.password,
            authorized_key: authorized_key.context("the authorized key is not a line of `authorized_keys`")?,
            faults: options.faults.clone(),
            log: log.clone(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("the SFTP server cannot listen on 127.0.0.1:{}", options.port))?;
        let addr = listener.local_addr()?;
        let (stopping, stopped) = watch::channel(());
        let accepting = tokio::spawn(accept(listener, Arc::new(config(&host_key)), shared, stopped));
        Ok(Self { addr, host_key, faults: options.faults, log, stopping, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `SHA256:…` of the host key, as OpenSSH prints it and the job's `host_key` takes it.
    #[must_use]
    pub fn host_key_fingerprint(&self) -> String {
        self.host_key.fingerprint()
    }

    /// The line for a `known_hosts` file, without a line end.
    ///
    /// # Errors
    /// When the SSH library cannot encode the key.
    pub fn known_hosts_line(&self) -> Result<String> {
        let public = self.host_key.public_openssh()?;
        Ok(format!("[{}]:{} {public}", self.addr.ip(), self.addr.port()))
    }

    /// What clients did so far.
    #[must_use]
    pub fn log(&self) -> &SftpLog {
        &self.log
    }

    /// What goes wrong; settable at any time.
    #[must_use]
    pub fn faults(&self) -> &SftpFaults {
        &self.faults
    }

    /// Cuts all connections and frees the port.
    pub async fn stop(self) {
        drop(self.stopping);
        // The task cannot fail otherwise than by a panic, which has been reported by then.
        let _ended = self.accepting.await;
    }
}

fn config(host_key: &SshKey) -> Config {
    Config {
        keys: vec![host_key.private().clone()],
        methods: MethodSet::from([MethodKind::Password, MethodKind::PublicKey].as_slice()),
        preferred: Preferred { compression: Cow::Borrowed(&[compression::NONE]), ..Preferred::DEFAULT },
        auth_rejection_time: REFUSAL_DELAY,
        auth_rejection_time_initial: Some(Duration::ZERO),
        nodelay: true,
        ..Config::default()
    }
}

/// Takes connections until the server is stopped or dropped.
async fn accept(listener: TcpListener, config: Arc<Config>, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // The client went before it was taken, or there are too many open files: the next one may be fine.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        shared.log.add(SftpEvent::Connected);
        tokio::spawn(converse(stream, Arc::clone(&config), Arc::clone(&shared), stopped.clone()));
    }
}

/// One connection from beginning to end.
async fn converse(stream: TcpStream, config: Arc<Config>, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    let Ok((stream, socket)) = with_second_handle(stream) else {
        return;
    };
    let socket = Arc::new(socket);
    let session = SshSession::new(shared, Arc::clone(&socket));
    let talk = async {
        // Errors here are the client's: a wrong host key, a lost connection. What it did is in the log.
        if let Ok(running) = russh::server::run_stream(config, stream, session).await {
            let _client_went = running.await;
        }
    };
    tokio::select! {
        _ = stopped.changed() => socket.cut(),
        () = talk => {}
    }
}

fn with_second_handle(stream: TcpStream) -> std::io::Result<(TcpStream, Socket)> {
    let stream = stream.into_std()?;
    let socket = Socket { stream: stream.try_clone()?, cut: AtomicBool::new(false) };
    Ok((TcpStream::from_std(stream)?, socket))
}
