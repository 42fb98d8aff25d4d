//! A local Antom, never shipped: what the job talks to in tests, demonstrations and by hand.
//!
//! | Module | Holds |
//! |---|---|
//! | [`keys`] | throw-away keys of both sides |
//! | [`sftp`] | an SFTP server over a folder of reports, read-only, with faults |
//! | [`api`] | the inquiries of Antom's API, strict about signatures, signing its answers, with faults |
//! | [`serve`](mod@serve) | both servers up, and a folder with what a person needs to connect |
//!
//! Antom's side is implemented from the fact sheet alone. Nothing here uses the job's parser or matcher or the API
//! client's signing code, so an error on one side is not hidden by the same error on the other.

pub mod api;
pub mod keys;
mod repeat;
pub mod serve;
pub mod sftp;
