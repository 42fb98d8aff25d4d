//! `commands`.
