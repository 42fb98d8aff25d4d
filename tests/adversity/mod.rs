//! The built program against partners that misbehave: the laboratory's servers with faults, OpenSSH, PostgreSQL, and its own death.
//!
//! Every test runs the binary as a shell would and judges it by what others see: exit code, stdout, stderr, published files,
//! the rows of its database, and what the servers wrote down.
#![allow(clippy::unwrap_used)]

mod antom;
mod api;
mod child;
mod commands;
mod cuts;
mod desk;
#[cfg(debug_assertions)] // A release build has no place at which it hangs or dies.
mod hangs;
mod kills;
mod memory;
mod month;
#[cfg(debug_assertions)]
mod points;
mod quarter;
mod rows;
mod sftp;
mod signals;
mod whole_day;
mod wire;
