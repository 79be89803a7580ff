//! Normalises names: a JSON text a line in, and for each a JSON object out, `{"name"}` or `{"error"}`.
//!
//! `printf '"Ünï.ETH"\n' | cargo run -p dm3-core --features ensip15 --example normalise`

use std::io::{BufRead as _, Write as _, stdin, stdout};

use dm3_core::identity::EnsName;
use serde_json::json;

fn main() -> std::io::Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let answer = match text.parse::<EnsName>() {
            Ok(name) => json!({ "name": name }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
