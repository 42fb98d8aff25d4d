//! `discrepancy`.
