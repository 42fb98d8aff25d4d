//! `antom-recon explain`: everything that is known about an id.

mod json;
mod text;

use std::io::Write;

use super::check::Format;
use super::{open_store, session};
use crate::config::Config;
use crate::failure::{Failure, Kind, OrFail};
use crate::pipeline::story::{Asked, What, story};

/// Tell everything that is known about an id, in the order of time
///
/// Entries, lines with file and line number as the archive has them, what is the same movement and by which rule, what became of
/// it day by day, Antom's answers, decisions, and where everything stands after the newest run. Reports near the dates that are
/// known of the id are searched; all of them if none is known, or nothing is found there. A batch is told in sums.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A request id, an Antom id, an order id, a settlement batch id, a discrepancy id or an item id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Text for people, or JSON for machines
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,
    /// Tell at most so many lines
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// Search every report, even if those near the id's dates have lines of it
    #[arg(long)]
    pub all: bool,
}

/// Writes all that is known about the id to `out`.
///
/// # Errors
/// See [`crate::failure`].
pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    if args.id.trim().is_empty() {
        let expected = "expected a request id, an Antom id, an order id, a batch id or a discrepancy id";
        return Err(Failure::usage(format!("the id is empty; {expected}")).into());
    }
    let mut told = session(async {
        let store = open_store(config).await?;
        let told = story(config, &store, Asked { id: args.id.trim(), everywhere: args.all }).await?;
        store.close().await;
        Ok(told)
    })?;
    let mut lines = 0;
    told.moments.retain(|moment| {
        let is_line = matches!(moment.what, What::Line(_));
        lines += usize::from(is_line);
        !is_line || lines <= args.limit
    });
    told.lines_not_told += lines.saturating_sub(args.limit) as u64;
    match args.format {
        Format::Text => text::write(&told, args.id.trim(), out),
        Format::Json => json::write(&told, args.id.trim(), out),
    }
    .or_fail(Kind::Unforeseen, || "cannot write the result")
}
