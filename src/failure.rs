//! `failure`.
