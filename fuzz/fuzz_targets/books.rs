#![no_main]

libfuzzer_sys::fuzz_target!(init: shiryan_fuzz::allow_damaged_workbooks(), |data: &[u8]| shiryan_fuzz::targets::books(data));
