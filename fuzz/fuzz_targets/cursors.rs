#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shiryan_fuzz::targets::cursors(data));
