//! `requery`.
