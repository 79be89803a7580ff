#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dm3_fuzz::parsers::run("markup", data));
