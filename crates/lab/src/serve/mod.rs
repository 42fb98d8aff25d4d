//! Both servers up at once, and a folder with all that a person or the job needs to connect to them.
//!
//! ```text
//! <root>/
//!   remote/                  what the SFTP server shows as `/`
//!   secrets/sftp-password    secrets/sftp-login-key    secrets/merchant.pem    secrets/antom.pem
//!   known_hosts
//!   ask.sh                   one signed question by curl and openssl
//!   connect.txt              addresses, fingerprint, commands
//! ```

mod by_hand;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::api::{ApiOptions, ApiServer, ApiState, Book};
use crate::keys::{ANTOM, MERCHANT, SshKey};
use crate::market::{MarketOptions, Marketplace};
use crate::sftp::{SftpOptions, SftpServer};

pub use by_hand::marketplace;

/// The user of the SFTP server.
pub const USERNAME: &str = "recon";

/// The user's password. Public by design, like all keys of the laboratory.
pub const PASSWORD: &str = "only-for-the-lab";

/// The API's client id; not of the sandbox, so the production path is served.
pub const CLIENT_ID: &str = "LAB_CLIENT";

/// Seeds of the server's host key and the user's login key: a configuration stays valid when the servers start again.
const HOST_KEY_SEED: [u8; 32] = *b"host key of the laboratory, open";
const LOGIN_KEY_SEED: [u8; 32] = *b"login key of the laboratory open";

/// Loopback ports; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// Of the SFTP server.
    pub sftp: u16,
    /// Of the API.
    pub api: u16,
}

/// Where the files for connecting are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The user's password, without a line end.
    pub sftp_password: PathBuf,
    /// The user's private key, OpenSSH format.
    pub sftp_login_key: PathBuf,
    /// The server's host key as a known_hosts file.
    pub known_hosts: PathBuf,
    /// The key that signs requests, PEM.
    pub merchant_private_key: PathBuf,
    /// The key that verifies answers, PEM.
    pub antom_public_key: PathBuf,
    /// One signed question by curl and openssl.
    pub ask: PathBuf,
    /// What a person reads.
    pub connect: PathBuf,
}

impl Files {
    fn under(root: &Path) -> Self {
        let secrets = root.join("secrets");
        Self {
            sftp_password: secrets.join("sftp-password"),
            sftp_login_key: secrets.join("sftp-login-key"),
            known_hosts: root.join("known_hosts"),
            merchant_private_key: secrets.join("merchant.pem"),
            antom_public_key: secrets.join("antom.pem"),
            ask: root.join("ask.sh"),
            connect: root.join("connect.txt"),
        }
    }
}

/// Both servers, running. They stop when this is dropped.
pub struct Running {
    /// The SFTP server over `<root>/remote`.
    pub sftp: SftpServer,
    /// The API.
    pub api: ApiServer,
    /// Files for connecting.
    pub files: Files,
}

/// Starts both servers on free ports, as [`serve_on`].
///
/// # Errors
/// As [`serve_on`].
pub async fn serve(root: &Path, book: Book) -> Result<Running> {
    serve_on(root, book, Ports::default()).await
}

/// Starts both servers: SFTP over `<root>/remote`, which is made when missing, the API with `book`. Writes the files
/// for connecting into `root`, over those of an earlier start.
///
/// # Errors
/// When a folder or file cannot be written, or a port is taken.
pub async fn serve_on(root: &Path, book: Book, ports: Ports) -> Result<Running> {
    start(root, ApiOptions { state: ApiState::new(book), ..ApiOptions::new(CLIENT_ID) }, ports).await
}

/// Starts both servers over a marketplace that begins at `now` without sellers: the API knows all of its calls, and its reports
/// come to lie in `<root>/remote`. Writes the same files for connecting.
///
/// # Errors
/// When a folder or file cannot be written, or a port is taken.
pub async fn serve_market(root: &Path, options: MarketOptions, ports: Ports) -> Result<(Running, Marketplace)> {
    let reports = root.join("remote");
    fs::create_dir_all(&reports).with_context(|| format!("making `{}`", reports.display()))?;
    let client_id = options.client_id.clone();
    let market = Marketplace::new(MarketOptions { reports: Some(reports), ..options })?;
    let api = ApiOptions { market: Some(market.clone()), ..ApiOptions::new(client_id) };
    Ok((start(root, api, ports).await?, market))
}

async fn start(root: &Path, api: ApiOptions, ports: Ports) -> Result<Running> {
    let remote = root.join("remote");
    for folder in [&remote, &root.join("secrets")] {
        fs::create_dir_all(folder).with_context(|| format!("making `{}`", folder.display()))?;
    }
    let login_key = SshKey::from_seed(&LOGIN_KEY_SEED)?;
    let sftp = SftpServer::start(SftpOptions {
        authorized_key: Some(login_key.public_openssh()?),
        host_key: Some(SshKey::from_seed(&HOST_KEY_SEED)?),
        port: ports.sftp,
        ..SftpOptions::new(remote, USERNAME, PASSWORD)
    })
    .await?;
    let api = ApiServer::start(ApiOptions { port: ports.api, ..api }).await?;
    let running = Running { sftp, api, files: Files::under(root) };
    running.write(&login_key)?;
    Ok(running)
}

impl Running {
    /// The sections `[source]` and `[api]` of the job's configuration, for a file that lies in the same folder.
    #[must_use]
    pub fn config_sections(&self) -> String {
        format!(
            r#"[source]
kind = "sftp"
host = "127.0.0.1"
port = {port}
username = "{USERNAME}"
password_file = "secrets/sftp-password"
host_key = "{fingerprint}"

[api]
gateway = "{gateway}"
client_id = "{CLIENT_ID}"
private_key_file = "secrets/merchant.pem"
antom_public_key_file = "secrets/antom.pem"
"#,
            port = self.sftp.addr().port(),
            fingerprint = self.sftp.host_key_fingerprint(),
            gateway = self.api.url(),
        )
    }

    /// Stops both servers; the files stay.
    pub async fn stop(self) {
        self.sftp.stop().await;
        self.api.stop().await;
    }

    fn write(&self, login_key: &SshKey) -> Result<()> {
        let files = &self.files;
        write_secret(&files.sftp_password, PASSWORD)?;
        write_secret(&files.sftp_login_key, &login_key.private_openssh()?)?;
        write_secret(&files.merchant_private_key, MERCHANT.private_pem)?;
        write_secret(&files.antom_public_key, ANTOM.public_pem)?;
        write(&files.known_hosts, &(self.sftp.known_hosts_line()? + "\n"))?;
        write(&files.ask, &self.fill_in(include_str!("ask.sh")))?;
        write(&files.connect, &self.fill_in(include_str!("connect.txt")))
    }

    /// Puts this run's values in place of the `@NAMES@` of a text.
    fn fill_in(&self, text: &str) -> String {
        text.replace("@SFTP_PORT@", &self.sftp.addr().port().to_string())
            .replace("@FINGERPRINT@", &self.sftp.host_key_fingerprint())
            .replace("@USER@", USERNAME)
            .replace("@GATEWAY@", &self.api.url())
            .replace("@CLIENT@", CLIENT_ID)
            .replace("@CONFIG@", &self.config_sections())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing `{}`", path.display()))
}

/// Readable by its owner alone: `ssh` refuses a key that others can read, and the job may check as well.
fn write_secret(path: &Path, text: &str) -> Result<()> {
    write(path, text)?;
    let only_owner = fs::Permissions::from_mode(0o600);
    fs::set_permissions(path, only_owner).with_context(|| format!("restricting `{}`", path.display()))
}
