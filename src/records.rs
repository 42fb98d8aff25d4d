//! `records`.
