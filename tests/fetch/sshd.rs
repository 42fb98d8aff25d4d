//! A private OpenSSH server on a loopback port, with its own keys, for the user who runs the tests.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use antom_recon::fetch::{Auth, HostKey, SftpOptions};

const SSHD: &str = "/usr/sbin/sshd";

pub(crate) struct Sshd {
    process: Child,
    pub(crate) port: u16,
    pub(crate) user: String,
    dir: PathBuf,
}

/// Starts a server that keeps its files in `dir`. `None`, said plainly on stderr, where no server is installed; in CI that is
/// a failure.
pub(crate) fn start(dir: &Path) -> Option<Sshd> {
    start_with_subsystem(dir, "internal-sftp")
}

/// The same with another program for the SFTP subsystem.
pub(crate) fn start_with_subsystem(dir: &Path, subsystem: &str) -> Option<Sshd> {
    if !Path::new(SSHD).exists() || Command::new("ssh-keygen").arg("-V").output().is_err() {
        return skipped(&format!("`{SSHD}` or `ssh-keygen` is not installed (openssh-server)"));
    }
    let dir = dir.join("sshd");
    fs::create_dir(&dir).unwrap();
    keygen(&dir.join("host_ed25519"), &["-t", "ed25519"]);
    keygen(&dir.join("host_ecdsa"), &["-t", "ecdsa"]);
    keygen(&dir.join("user"), &["-t", "ed25519"]);
    fs::copy(dir.join("user.pub"), dir.join("authorized_keys")).unwrap();
    if Path::new("/run").is_dir() && user() == "root" {
        fs::create_dir_all("/run/sshd").unwrap();
    }
    // Another process may take the port between choosing and using it.
    (0..5)
        .find_map(|_| launch(&dir, subsystem))
        .or_else(|| panic!("sshd: {}", fs::read_to_string(dir.join("log")).unwrap()))
}

/// Says on stderr that a test did not run, and why; in CI that is a failure.
pub(crate) fn skipped<T>(why: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "nothing may be skipped in CI: {why}");
    eprintln!("SKIPPED, nothing was tested: {why}");
    None
}

fn launch(dir: &Path, subsystem: &str) -> Option<Sshd> {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let at = dir.display();
    let base = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host_ed25519\nHostKey {at}/host_ecdsa\nPidFile none\n\
         AuthorizedKeysFile {at}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\nLogLevel VERBOSE\n\
         Subsystem sftp {subsystem}\n"
    );
    let config = dir.join("config");
    // Newer servers punish clients that hang up early, as these tests do; older ones do not know the setting.
    fs::write(&config, format!("{base}PerSourcePenalties no\n")).unwrap();
    if !Command::new(SSHD).arg("-t").arg("-f").arg(&config).stderr(Stdio::null()).status().unwrap().success() {
        fs::write(&config, base).unwrap();
    }
    let log = File::create(dir.join("log")).unwrap();
    let process = Command::new(SSHD).args(["-D", "-e", "-f"]).arg(&config).stderr(log).spawn().unwrap();
    let mut server = Sshd { process, port, user: user(), dir: dir.to_owned() };
    server.answers().then_some(server)
}

impl Sshd {
    fn answers(&mut self) -> bool {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        false
    }

    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub(crate) fn user_key(&self) -> PathBuf {
        self.dir.join("user")
    }

    /// Lets another key log in.
    pub(crate) fn authorise(&self, key: &Path) {
        let mut keys = fs::read_to_string(self.dir.join("authorized_keys")).unwrap();
        keys += &fs::read_to_string(key.with_extension("pub")).unwrap();
        fs::write(self.dir.join("authorized_keys"), keys).unwrap();
    }

    /// `algorithm base64` of the host key of a type.
    pub(crate) fn host_public_key(&self, kind: &str) -> String {
        let text = fs::read_to_string(self.dir.join(format!("host_{kind}.pub"))).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn host_fingerprint(&self, kind: &str) -> String {
        fingerprint(&self.dir.join(format!("host_{kind}")))
    }

    /// Options that work, with time-outs and waits that suit a test.
    pub(crate) fn options(&self, root: &Path) -> SftpOptions {
        let auth = Auth::PrivateKey { path: self.user_key(), passphrase: None };
        let host_key = HostKey::Fingerprint(self.host_fingerprint("ed25519"));
        let mut options = SftpOptions::new("127.0.0.1", self.port, &self.user, auth, host_key);
        options.root = root.join("v1/settlements").display().to_string();
        options.connect_timeout = Duration::from_secs(5);
        options.operation_timeout = Duration::from_secs(10);
        options.attempts = 3;
        options.back_off = Duration::from_millis(10);
        options
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes a key pair; without a passphrase unless the arguments name one.
pub(crate) fn keygen(path: &Path, arguments: &[&str]) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "test"]).args(arguments).arg("-f").arg(path);
    if !arguments.contains(&"-N") {
        command.args(["-N", ""]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The fingerprint of a key, as OpenSSH's own tool prints it.
pub(crate) fn fingerprint(key: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(key.with_extension("pub")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}
