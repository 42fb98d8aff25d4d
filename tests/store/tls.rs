//! The modes of TLS, against a server whose certificate a CA of its own has signed for `localhost` and nobody else.

use std::path::Path;
use std::process::Command;

use antom_recon::store::{QueryLedger, Store, StoreError, StoreOptions};
use tempfile::TempDir;

use super::postgres::{Cluster, PASSWORD};

/// Runs `openssl` in a folder.
fn openssl(folder: &Path, words: &str) {
    let output = Command::new("openssl").current_dir(folder).args(words.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `ca.pem`, `other.pem` (of a CA that signed nothing), `server.pem` and `server.key`.
pub fn certificates() -> TempDir {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for ca in ["ca", "other"] {
        openssl(at, &format!("req -x509 {KEY} -keyout {ca}.key -out {ca}.pem -subj /CN={ca} -days 3"));
    }
    openssl(at, &format!("req {KEY} -keyout server.key -out server.csr -subj /CN=server"));
    std::fs::write(at.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        at,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile names -out server.pem",
    );
    folder
}

/// A server that takes connections with TLS only.
pub fn server(certificates: &Path) -> Option<Cluster> {
    Cluster::private("-c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.key", |data| {
        for name in ["server.pem", "server.key"] {
            std::fs::copy(certificates.join(name), data.join(name)).unwrap();
        }
        use std::os::unix::fs::PermissionsExt;
        let key = data.join("server.key");
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    })
}

#[tokio::test]
async fn each_mode_makes_sure_of_what_it_says() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = certificates();
    let Some(server) = server(certificates.path()) else { return };
    // Relative files start at the folder of the configuration.
    let options = || StoreOptions { base_dir: certificates.path().to_owned(), ..StoreOptions::default() };
    let url = |host: &str, parameters: &str| {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/postgres?{parameters}", server.port)
    };
    let table = [
        ("127.0.0.1", "sslmode=disable", false),
        ("127.0.0.1", "sslmode=prefer", true),
        ("127.0.0.1", "sslmode=require", true),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=ca.pem", true),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=other.pem", false),
        ("127.0.0.1", "sslmode=verify-ca", false),
        ("localhost", "sslmode=verify-full&sslrootcert=ca.pem", true),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=ca.pem", false),
        ("localhost", "sslmode=verify-full&sslrootcert=other.pem", false),
        ("localhost", "sslmode=verify-full", false),
    ];
    for (host, parameters, is_right) in table {
        let opened = Store::open(&url(host, parameters), options()).await;
        match opened {
            Ok(store) => {
                assert!(is_right, "{host} {parameters}");
                store.close().await;
            }
            Err(error) => {
                assert!(!is_right, "{host} {parameters}: {error}");
                assert!(matches!(error, StoreError::Unreachable { .. }), "{host} {parameters}: {error}");
                assert!(!error.to_string().contains(PASSWORD), "{error}");
            }
        }
        let queried = QueryLedger::open(&url(host, parameters), &options()).await;
        assert_eq!(queried.is_ok(), is_right, "{host} {parameters}: the ledger's database likewise");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_there_and_a_mode_that_is_none_are_mistakes_of_the_configuration() {
    for (parameters, part) in [
        ("sslmode=verify-full&sslrootcert=nowhere.pem", "`sslrootcert` names `/somewhere/nowhere.pem`"),
        ("sslmode=verify", "`sslmode` one of disable, prefer, require, verify-ca and verify-full"),
    ] {
        let url = format!("postgres://recon:{PASSWORD}@localhost/recon?{parameters}");
        let options = StoreOptions { base_dir: "/somewhere".into(), ..StoreOptions::default() };
        let error = Store::open(&url, options).await.unwrap_err();
        assert!(matches!(error, StoreError::Address { .. }) && error.to_string().contains(part), "{error}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
}
