//! Configurations.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a configuration is a file")]

use std::path::Path;

use antom_recon::config::{Config, Flags};
use antom_recon::environment::Environment;
use antom_recon::failure::{Failure, Kind};

use crate::bytes::line;

/// What lines begin with that are variables of the environment.
const VARIABLE: &[u8] = b"ANTOM_RECON_";

/// A password that stands in the database's address whatever else does.
const PASSWORD: &str = "5ecret-Pa55word";

/// A variable that goes over what the file says, and its value.
const LOOKBACK: (&str, u32) = ("ANTOM_RECON_MATCHING_LOOKBACK_DAYS", 21);

/// The first lines may be variables of the environment, the next one is the rest of a database's address, the others are the
/// file. Every section is read or refused as a configuration; what is said is the same each time and never has the password in
/// it; the environment goes over the file.
pub fn config(data: &[u8]) {
    let (mut variables, mut rest) = (Vec::new(), data);
    while rest.starts_with(VARIABLE) {
        let first;
        (first, rest) = line(rest);
        let text = String::from_utf8_lossy(first).into_owned();
        variables.extend(text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    let (address, text) = line(rest);
    let address = format!("postgres://recon:{PASSWORD}@{}", String::from_utf8_lossy(address));
    let always = [("ANTOM_RECON_DATABASE_URL".to_owned(), address), (LOOKBACK.0.to_owned(), LOOKBACK.1.to_string())];
    let environment = Environment::of(variables.into_iter().chain(always));
    let folder = tempfile::tempdir().expect("a folder for a small file");
    let file = folder.path().join("antom-recon.toml");
    std::fs::write(&file, text).expect("room for a small file");
    let said = read(&file, &environment);
    assert_eq!(said, read(&file, &environment), "the same configuration, read twice");
}

/// What every section says, refusals as their messages.
fn read(file: &Path, environment: &Environment) -> Vec<String> {
    let config = match Config::load(Some(file), environment, &Flags::default()) {
        Ok(config) => config,
        Err(failure) => return vec![refusal(&failure)],
    };
    if let Ok(matching) = config.matching() {
        assert_eq!(matching.lookback_days, LOOKBACK.1, "the environment goes over the file");
    }
    if let Ok(address) = config.database() {
        assert!(address.expose().contains(PASSWORD));
    }
    if let Ok(merchant) = config.merchant() {
        let id = merchant.platform_merchant_id;
        assert!(!id.is_empty() && !id.contains(['/', '.', '\\']), "`{id}` becomes a folder");
    }
    vec![
        said(config.merchant().map(drop)),
        said(config.source().map(drop)),
        said(config.retention().map(drop)),
        said(config.database().map(drop)),
        said(config.database_use().map(drop)),
        said(config.ledger().map(drop)),
        said(config.sub_merchants().map(drop)),
        said(config.api().map(drop)),
        said(config.requery().map(drop)),
        said(config.matching().map(drop)),
        said(config.proof().map(drop)),
        said(config.fee_schedule().map(drop)),
        said(config.approve_above().map(drop)),
        said(config.severity().map(drop)),
        said(config.expect().map(drop)),
        said(config.reports().map(drop)),
        said(config.threads().map(drop)),
        said(config.what_decides().map(|text| assert!(!text.contains(PASSWORD)))),
    ]
}

fn said(read: Result<(), Failure>) -> String {
    read.map_or_else(|failure| refusal(&failure), |()| "read".to_owned())
}

/// A refusal is one of the configuration, and keeps the password to itself.
fn refusal(failure: &Failure) -> String {
    let message = failure.to_string();
    assert_eq!(failure.kind(), Kind::Configuration, "{message}");
    assert!(!message.contains(PASSWORD), "a password in a message");
    assert!(!failure.message().is_empty());
    message
}
