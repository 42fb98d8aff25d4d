//! `antom-recon migrate`: the schema of the database.

use std::io::Write;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{open_store, session};
use crate::config::Config;
use crate::failure::Failure;
use crate::pipeline::OrKind;
use crate::store::DatabaseKind;

/// Bring the database's schema up to date, or print the SQL that does
///
/// Every command that needs the database applies what is missing. Where only an administrator may create tables, let them run what
/// --print prints, as one user who owns the tables: it notes the version as well, and the program then needs no more than the
/// right to read and write. From a version that is there already: --print --from <the next version>; `status` says which is there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the SQL on stdout and change nothing
    #[arg(long)]
    pub print: bool,
    /// First version to print
    #[arg(long, value_name = "N", requires = "print", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    pub from: i64,
    /// Print for this kind of database [default: the one of the configuration]
    #[arg(long, value_name = "KIND", requires = "print", value_parser = database())]
    pub database: Option<DatabaseKind>,
    /// Print for this schema on PostgreSQL [default: the one of the configuration, or none]
    #[arg(long, value_name = "NAME", requires = "print")]
    pub schema: Option<String>,
}

/// The words of [`DatabaseKind`].
fn database() -> impl TypedValueParser<Value = DatabaseKind> {
    let words = DatabaseKind::WORDS.map(|(word, _)| word);
    PossibleValuesParser::new(words).try_map(|given| {
        let known = DatabaseKind::WORDS.into_iter().find(|(word, _)| *word == given);
        known.map(|(_, kind)| kind).ok_or("not a kind of database")
    })
}

/// Applies what is missing and says the version on `out`, or writes the script to it. The configuration is only loaded if it is
/// needed.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, load: impl FnOnce() -> Result<Config, Failure>, out: &mut dyn Write) -> anyhow::Result<()> {
    if !args.print {
        let config = load()?;
        return session(async {
            let store = open_store(&config).await?;
            let schema = store.check_migrations().await.or_kind()?;
            writeln!(out, "{} has schema version {}", store.name(), schema.newest)?;
            store.close().await;
            Ok(())
        });
    }
    let (kind, schema) = match args.database {
        Some(kind) => (kind, None),
        None => {
            let config = load()?;
            (DatabaseKind::of_url(config.database()?.expose()).or_kind()?, config.database_use()?.schema)
        }
    };
    if args.from > kind.newest() {
        let sentence = format!("`--from {}`: there is no such version; the newest is {}", args.from, kind.newest());
        return Err(Failure::usage(sentence).into());
    }
    writeln!(out, "-- antom-recon {}: schema versions {} to {}", env!("CARGO_PKG_VERSION"), args.from, kind.newest())?;
    out.write_all(kind.script(args.from, args.schema.as_deref().or(schema.as_deref())).as_bytes())?;
    Ok(())
}
