//! Outputs: their bytes, and how they are published.

mod publishing;
mod rendering;
