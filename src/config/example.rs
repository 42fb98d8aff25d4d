//! The commented configuration that `antom-recon config example` prints. Tests load it and look for every known key in it.

/// A configuration with every key: those that most need to set stand as they are, the others as remarks with their defaults.
pub const EXAMPLE: &str = include_str!("example.toml");
