//! `money`.
