//! See [`fuzz::decision`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::decision(data));
