//! A local Antom.
