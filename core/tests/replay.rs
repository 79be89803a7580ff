//! Replays the corpora of the fuzz targets (`core/fuzz/corpus`): what was found once stays fixed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target that finds something fails by panicking"
)]

mod parsers;

use std::fs;
use std::path::PathBuf;

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

#[test]
fn every_input_of_every_corpus_is_read_safely() {
    for (target, _) in parsers::TARGETS {
        let mut inputs = 0;
        for file in fs::read_dir(fuzz().join("corpus").join(target)).unwrap() {
            let path = file.unwrap().path();
            let data = fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| parsers::run(target, &data)).is_err() {
                panic!("{}", path.display());
            }
            inputs += 1;
        }
        assert!(inputs > 0, "the corpus of {target} is empty");
    }
}

#[test]
fn every_target_can_be_fuzzed() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (target, _) in parsers::TARGETS {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target} is not in core/fuzz/Cargo.toml"
        );
        let source = fs::read_to_string(fuzz().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(source.contains(&format!("run(\"{target}\"")), "{target}");
    }
}
