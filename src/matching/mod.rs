//! `matching`.
