//! A wire up until Ctrl-C, for leading any program through it by hand.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Disturbance, Wire};

/// How often new connections are looked for, to tell about them.
const GLANCE: Duration = Duration::from_millis(500);

/// How to start it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where the server is.
    pub server: SocketAddr,
    /// Loopback port; 0 takes a free one.
    pub port: u16,
    /// Whether connections are refused.
    pub refuse: bool,
    /// What goes wrong otherwise; nothing if it is not set.
    pub disturbance: Option<Disturbance>,
}

/// Starts a wire, says on `out` where it is and what passed on each connection, and holds it until Ctrl-C.
///
/// # Errors
/// When the port is taken.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<()> {
    let mut wire = Wire::refusing(options.server, options.port)?;
    if let Some(disturbance) = options.disturbance {
        wire.disturb(disturbance);
    }
    if !options.refuse {
        wire.open()?;
    }
    let what = match (options.refuse, options.disturbance) {
        (true, _) => "connections are refused".to_owned(),
        (false, None) => "in order".to_owned(),
        (false, Some(Disturbance { fault, direction, connections })) => {
            format!("{fault:?}, {direction:?}, connections: {connections:?}")
        }
    };
    writeln!(out, "A line from {} to {}: {what}. Ctrl-C ends it.", wire.addr(), options.server)?;
    out.flush()?;
    let runtime = tokio::runtime::Runtime::new().context("Ctrl-C cannot be waited for")?;
    runtime.block_on(async {
        let mut told = Vec::new();
        loop {
            tokio::select! {
                pressed = tokio::signal::ctrl_c() => return pressed.context("Ctrl-C cannot be waited for"),
                () = tokio::time::sleep(GLANCE) => {}
            }
            let traffic = wire.traffic();
            for (at, now) in traffic.iter().enumerate().filter(|(at, now)| told.get(*at) != Some(*now)) {
                let (number, up, down) = (at + 1, now.to_server, now.to_client);
                writeln!(out, "connection {number}: {up} bytes to the server, {down} to the client")?;
            }
            out.flush()?;
            told = traffic;
        }
    })
}
