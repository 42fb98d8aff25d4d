//! `pipeline`.
