//! `calendar`.
