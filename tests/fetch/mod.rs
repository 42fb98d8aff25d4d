//! Fetching from real parts: OpenSSH's server on loopback, a local tree, and a line that breaks on purpose.

mod broken;
mod connecting;
mod many;
mod reports;
pub(crate) mod sshd;
mod tree;
