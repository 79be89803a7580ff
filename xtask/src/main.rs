//! `wasm-bindgen` and its test runner as one tool of this workspace.
//!
//! Both must have exactly the version of the `wasm-bindgen` library that the widget links. Cargo.lock pins the
//! two together here, so nothing has to be installed and nothing can mismatch.
//!
//! ```text
//! xtask bindgen <arguments of wasm-bindgen>
//! xtask test-runner <test.wasm> <arguments of wasm-bindgen-test-runner>
//! ```

use std::{env, ffi::OsString, process::ExitCode};

use wasm_bindgen_cli::{wasm_bindgen, wasm_bindgen_test_runner};

const USAGE: &str = "usage: xtask bindgen <arguments of wasm-bindgen>
       xtask test-runner <test.wasm> <arguments of wasm-bindgen-test-runner>";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let tool = args.next().unwrap_or_default();
    let outcome = match tool.to_str() {
        Some("bindgen") => wasm_bindgen::run_cli_with_args(tool_args("wasm-bindgen", args)),
        Some("test-runner") => {
            wasm_bindgen_test_runner::run_cli_with_args(tool_args("wasm-bindgen-test-runner", args))
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

/// The tools expect a program name first, as the operating system would pass it.
fn tool_args(name: &str, args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    std::iter::once(name.into()).chain(args)
}
