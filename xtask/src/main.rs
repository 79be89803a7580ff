//! What turns compiled WASM into the element, as one tool of this workspace: `wasm-bindgen`, its test runner and
//! `wasm-split`.
//!
//! Each must fit exactly the library of its name that the widget links. Cargo.lock pins them together here, so nothing
//! has to be installed and nothing can mismatch.
//!
//! ```text
//! xtask split <linked.wasm> <folder>      main.wasm, and a file for each part; prints what each part consists of
//! xtask bindgen <arguments of wasm-bindgen>
//! xtask test-runner <test.wasm> <arguments of wasm-bindgen-test-runner>
//! ```

#![forbid(unsafe_code)]

use std::{collections::BTreeMap, env, error::Error, ffi::OsString, fs, path::PathBuf, process::ExitCode};

use wasm_bindgen_cli::{wasm_bindgen, wasm_bindgen_test_runner};

const USAGE: &str = "usage: xtask split <linked.wasm> <folder>
       xtask bindgen <arguments of wasm-bindgen>
       xtask test-runner <test.wasm> <arguments of wasm-bindgen-test-runner>";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let tool = args.next().unwrap_or_default();
    let outcome = match tool.to_str() {
        Some("split") => split(args),
        Some("bindgen") => {
            wasm_bindgen::run_cli_with_args(tool_args("wasm-bindgen", args)).map_err(Into::into)
        }
        Some("test-runner") => {
            wasm_bindgen_test_runner::run_cli_with_args(tool_args("wasm-bindgen-test-runner", args))
                .map_err(Into::into)
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

/// Cuts what only parts need out of the linked WASM. The functions that load them are imported from `./link.js`, which
/// the build writes. Prints a line for each part: its name, then its files without their ending.
fn split(mut args: impl Iterator<Item = OsString>) -> Result<(), Box<dyn Error>> {
    let (Some(input), Some(folder)) = (args.next(), args.next()) else { return Err(USAGE.into()) };
    let linked = fs::read(input)?;
    let folder = PathBuf::from(folder);
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&linked);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.link_name = "./link.js";
    // In an order of its own, so that the same code gives the same files.
    let parts = BTreeMap::from_iter(wasm_split_cli_support::transform(options)?.prefetch_map);
    for (part, files) in parts {
        println!("{part} {}", files.join(" "));
    }
    Ok(())
}

/// The tools expect a program name first, as the operating system would pass it.
fn tool_args(name: &str, args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    std::iter::once(name.into()).chain(args)
}
