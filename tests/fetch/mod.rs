//! Fetching from real parts: OpenSSH's server on loopback, a local tree, and a proxy that breaks connections on purpose.

mod broken;
mod connecting;
mod many;
mod proxy;
mod reports;
pub(crate) mod sshd;
mod tree;
