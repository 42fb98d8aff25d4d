//! A marketplace at Antom, tried with the client of this workspace, with `openssl`, and with Antom's own SDK for Python.

#![allow(clippy::unwrap_used)]

#[path = "servers/command.rs"]
mod command;
#[path = "servers/gateway.rs"]
mod gateway;
#[path = "market/harness.rs"]
mod harness;

#[path = "market/contained.rs"]
mod contained;
#[path = "market/control.rs"]
mod control;
#[path = "market/example.rs"]
mod example;
#[path = "market/lifecycle.rs"]
mod lifecycle;
#[path = "market/lost.rs"]
mod lost;
#[path = "market/money.rs"]
mod money;
#[path = "market/notices.rs"]
mod notices;
#[path = "market/python.rs"]
mod python;
#[path = "market/refusals.rs"]
mod refusals;
#[path = "market/walk.rs"]
mod walk;
#[path = "market/week.rs"]
mod week;
