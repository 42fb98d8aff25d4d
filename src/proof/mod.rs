//! `proof`.
