//! What the program is packed with – image and service – fits the program and the repository it is built from.
//! Neither is built or started here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

#[path = "support/skipped.rs"]
mod skipped;

use std::path::{Path, PathBuf};
use std::process::Command;

use skipped::skipped;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The instructions of the Dockerfile, each with its arguments.
fn instructions() -> Vec<(String, String)> {
    let file = text("Dockerfile").replace("\\\n", " ");
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// The arguments of the only instruction of that kind.
fn only(kind: &str) -> String {
    let mut found = instructions().into_iter().filter(|(name, _)| name == kind).map(|(_, rest)| rest);
    let one = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "more than one {kind}");
    one
}

#[test]
fn the_image_is_built_from_named_versions_with_the_projects_compiler() {
    let images: Vec<String> = instructions()
        .into_iter()
        .filter(|(name, _)| name == "FROM")
        .map(|(_, rest)| rest.split(' ').next().unwrap().to_owned())
        .collect();
    for image in &images {
        let (_, tag) = image.split_once(':').unwrap_or_else(|| panic!("{image} names no version"));
        let version = tag.split('-').next().unwrap();
        let numbers = version.split('.').collect::<Vec<_>>();
        assert!(numbers.len() >= 2 && numbers.iter().all(|n| n.parse::<u32>().is_ok()), "{image}");
    }
    let toolchain: toml::Table = text("rust-toolchain.toml").parse().unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(images[0].starts_with(&format!("rust:{channel}-")), "{images:?}");
}

#[test]
fn the_image_copies_what_the_build_needs_and_what_it_makes() {
    let instructions = instructions();
    let copies: Vec<&str> =
        instructions.iter().filter(|(name, _)| name == "COPY").map(|(_, rest)| rest.as_str()).collect();
    let [". .", copied] = copies[..] else { panic!("{copies:?}") };
    // Nothing that the build reads is kept from it.
    let ignored = text(".dockerignore");
    for needed in ["Cargo.toml", "Cargo.lock", "core", "node", "xtask", "widget", "tests/interop"] {
        assert!(root().join(needed).exists(), "{needed}");
        assert!(!ignored.lines().any(|line| line.trim_end_matches('/') == needed), "{needed}");
    }
    // Nor does what must stay here go into it.
    for secret in [".git", "**/*.sqlite*", "**/dm3-node.toml"] {
        assert!(ignored.lines().any(|line| line == secret), "{secret}");
    }
    let build = instructions.iter().find(|(_, rest)| rest.starts_with("cargo build")).unwrap();
    assert_eq!(build.1, "cargo build --release --locked -p dm3-node --bin dm3-node");
    let installed = copied.strip_prefix("--from=build /source/target/release/dm3-node ").expect(copied);
    let entry: Vec<String> = serde_json::from_str(&only("ENTRYPOINT")).unwrap();
    assert_eq!(entry[0], installed);
    assert!(takes(&entry[1..]), "{entry:?}");
    assert_ne!(only("USER").split(':').next(), Some("0"));
}

#[test]
fn the_service_starts_the_program_as_the_guide_installs_it() {
    let unit = text("node/dm3-node.service");
    let of = |key: &str| unit.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).unwrap();
    let command: Vec<String> = of("ExecStart").split(' ').map(str::to_owned).collect();
    assert!(takes(&command[1..]), "{command:?}");
    let guide = text("docs/operating.md");
    let [folder, config] = [command[0].trim_end_matches("dm3-node"), &command[2]];
    assert!(guide.contains(&format!("install target/release/dm3-node {folder}")), "{folder}");
    assert!(guide.contains(&format!("--config {config} init")), "{config}");
    assert!(guide.contains(&format!("--home-dir /var/lib/{} {}", of("StateDirectory"), of("User"))));
}

#[test]
fn the_service_is_one_that_systemd_takes() {
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        skipped("systemd-analyze is not on this machine (sudo apt-get install systemd)");
        return;
    };
    assert!(version.status.success());
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("dm3-node.service");
    // The program is not installed here.
    let text =
        text("node/dm3-node.service").replace("/usr/local/bin/dm3-node", env!("CARGO_BIN_EXE_dm3-node"));
    std::fs::write(&unit, text).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("dm3-node.service")).collect();
    assert!(verified.status.success() && about_it.is_empty(), "{said}");
}

/// Whether the program knows these arguments: it says then that it can't read the file, and not how it is used.
fn takes(arguments: &[String]) -> bool {
    let arguments = arguments.iter().map(|word| match word.strip_prefix("/etc/") {
        Some(rest) => format!("/nowhere/{rest}"),
        None => word.clone(),
    });
    let output = Command::new(env!("CARGO_BIN_EXE_dm3-node")).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stderr).contains("can't read /nowhere/")
}
