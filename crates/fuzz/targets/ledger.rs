//! See [`fuzz::ledger`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::ledger(data, fuzz::Costly::Sampled));
