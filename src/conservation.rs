//! `conservation`.
