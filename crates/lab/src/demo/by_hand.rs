//! Both servers up over a week, for trying things by hand.

use super::{api_book, configuration};
use crate::serve::{Ports, serve_on};
use crate::world::World;
use anyhow::{Context as _, Result};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes the world and the job's configuration into `dir`, starts both servers, says on `out` how to use them, and
/// serves until Ctrl-C.
///
/// # Errors
///
/// If the folder cannot be written or a server cannot start.
pub fn serve(world: World, dir: &Path, ports: Ports, out: &mut dyn Write) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let dir = dir.canonicalize()?;
    world.write(&dir).with_context(|| format!("the world cannot be written to `{}`", dir.display()))?;
    let runtime = tokio::runtime::Runtime::new().context("the servers' threads cannot be started")?;
    runtime.block_on(async {
        let servers = serve_on(&dir, api_book(&world.book), ports).await?;
        let config = dir.join("antom-recon.toml");
        fs::write(&config, configuration(&world.plan, &servers.config_sections()))?;
        let (config, first, last) = (config.display(), world.plan.first_day, world.plan.last_day());
        writeln!(out, "Antom answers at sftp://{} and {}.", servers.sftp.addr(), servers.api.url())?;
        writeln!(out, "How to connect by other means is in {}.", servers.files.connect.display())?;
        writeln!(out, "\nIn another terminal:")?;
        writeln!(out, "  cargo run --release -- ledger import {}/ledger.csv --config {config}", dir.display())?;
        writeln!(out, "  cargo run --release -- run --from {first} --to {last} --config {config}")?;
        writeln!(out, "\nCtrl-C stops the servers; the files stay.")?;
        out.flush()?;
        tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
        servers.stop().await;
        Ok(())
    })
}
