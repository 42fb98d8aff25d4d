//! A marketplace up until Ctrl-C, for trying calls by hand or from another language.

use super::{CLIENT_ID, Ports, serve_market};
use crate::market::{Control, MarketOptions};
use anyhow::{Context as _, Result};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Starts API, SFTP server and control port over an empty marketplace whose clock shows `now` (seconds since 1970), says on `out`
/// how to use them, and serves until Ctrl-C.
///
/// # Errors
/// When the folder cannot be written or a port is taken.
pub fn marketplace(dir: &Path, now: i64, ports: Ports, control_port: u16, out: &mut dyn Write) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
    let dir = dir.canonicalize()?;
    let runtime = tokio::runtime::Runtime::new().context("the servers' threads cannot be started")?;
    runtime.block_on(async {
        let (servers, market) = serve_market(&dir, MarketOptions::new(CLIENT_ID, now), ports).await?;
        let control = Control::start(market, control_port).await?;
        let (api, url) = (servers.api.url(), control.url());
        writeln!(out, "A marketplace at Antom answers at {api}, its reports come to sftp://{}.", servers.sftp.addr())?;
        writeln!(out, "How to connect is in {}; keys are beside it.", servers.files.connect.display())?;
        writeln!(out, "\nTime stands still until you move it:")?;
        writeln!(out, "  curl {url}/")?;
        writeln!(out, "  curl {url}/advance -d '{{\"seconds\":3600}}'")?;
        writeln!(out, "  curl {url}/close-day -d '{{}}'")?;
        writeln!(out, "\nCtrl-C stops it; the files stay, what the marketplace knew does not.")?;
        out.flush()?;
        tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")?;
        servers.stop().await;
        Ok(())
    })
}
