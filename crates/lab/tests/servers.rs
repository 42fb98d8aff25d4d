//! The laboratory's servers, tried with clients that know nothing of each other: OpenSSH, libssh2, `openssl`, `curl`.

#![allow(clippy::unwrap_used)]

#[path = "servers/command.rs"]
mod command;
#[path = "servers/libssh2.rs"]
mod libssh2;
#[path = "servers/openssh.rs"]
mod openssh;
