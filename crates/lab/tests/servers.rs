//! The laboratory's servers, tried with clients that know nothing of each other: OpenSSH, libssh2, `openssl`, `curl`.

#![allow(clippy::unwrap_used)]

#[path = "servers/api.rs"]
mod api;
#[path = "servers/command.rs"]
mod command;
#[path = "servers/gateway.rs"]
mod gateway;
#[path = "servers/libssh2.rs"]
mod libssh2;
#[path = "servers/openssh.rs"]
mod openssh;
#[path = "servers/serving.rs"]
mod serving;
#[path = "servers/wire.rs"]
mod wire;
