//! Outputs: their bytes, and how they are published.

mod proofs;
mod publishing;
mod rendering;
