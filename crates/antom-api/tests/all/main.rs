//! The crate from the outside: keys and signatures against `openssl`, calls against a small server
//! on loopback.
#![allow(clippy::unwrap_used)]

/// A gateway that misbehaves on demand.
mod gateway;
/// Keys made by `openssl`, and signatures that it makes and verifies.
mod openssl;

/// Answers: found, not found, refused, unknown, and what survives in them.
mod answers;
/// What can be configured, and what is refused.
mod config;
/// Key files in all their forms, and what is wrong with others.
mod keys;
/// Bounds: retries, time-outs, sizes, questions in flight.
mod limits;
/// The calls that change something, with the feature `marketplace`.
#[cfg(feature = "marketplace")]
mod marketplace;
/// The signature scheme against an independent implementation.
mod signing;
/// Answers that must not be believed.
mod trust;
