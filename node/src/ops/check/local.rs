//! This machine: the file, its keys, the database.

use std::path::Path;

use super::Findings;
use crate::config::Config;
use crate::store::{Database, StoreError};

pub(super) async fn check(found: &mut Findings, file: &Path, config: &Config) {
    keys(found, config);
    proxies(found, config);
    permissions(found, "configuration", file, true);
    for file in &config.secret_files {
        permissions(found, "secret", file, true);
    }
    if let Database::Sqlite(path) = &config.database
        && path.exists()
    {
        permissions(found, "database", path, false);
    }
    database(found, config).await;
}

/// The example's keys are known to everybody.
fn keys(found: &mut Findings, config: &Config) {
    match config.public_secret() {
        Some(key) => found.wrong(
            "keys",
            format!("{key} is the example's, which everybody knows"),
            "make keys of your own: `dm3-node init` writes a configuration with fresh ones",
        ),
        None => found.good("keys", "they are this deployment's own"),
    }
}

/// Behind a proxy that is not known as one, all clients are one.
fn proxies(found: &mut Findings, config: &Config) {
    let listens_here = config.listen.ip().is_loopback();
    if !listens_here || config.is_for_this_machine() || config.trusted_proxies.contains(config.listen.ip()) {
        return found.good("proxy", "clients are told apart by their addresses");
    }
    found.wrong(
        "proxy",
        "the node is reached through a proxy on this machine, and trusted_proxies does not name it: all clients count \
         as one, and are refused together",
        format!("set trusted_proxies = \"{}\", and let the proxy set X-Forwarded-For", config.listen.ip()),
    );
}

#[cfg(unix)]
pub(super) fn permissions(found: &mut Findings, part: &'static str, path: &Path, secret: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return;
    }
    let text = format!("{} may be read by others (mode {mode:o})", path.display());
    let remedy = format!("chmod 600 {}", path.display());
    if secret {
        found.wrong(part, format!("{text}, and holds secret keys"), remedy);
    } else {
        found.doubt(part, text, remedy);
    }
}

#[cfg(not(unix))]
pub(super) fn permissions(_: &mut Findings, _: &'static str, _: &Path, _: bool) {}

async fn database(found: &mut Findings, config: &Config) {
    let part = "database";
    if let Database::Sqlite(path) = &config.database {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(error) = tempfile_in(folder) {
            found.wrong(
                part,
                format!("nothing can be written to its folder {}: {error}", folder.display()),
                "create the folder and let the user that runs the node write there",
            );
            return;
        }
    }
    match config.database.inspect().await {
        Ok(state) if state.version.is_none() => found.good(part, "it is empty; the start sets it up"),
        Ok(state) if state.version > Some(state.newest) => found.wrong(
            part,
            "a newer version of this program made it",
            "run that version or a later one; an older one can't read it",
        ),
        Ok(state) if state.version < Some(state.newest) => {
            found.good(part, "its schema is older; the start brings it up to date");
        }
        Ok(_) => found.good(part, "it can be read and its schema is this version's"),
        Err(error) => found.wrong(part, error.to_string(), remedy(&config.database, &error)),
    }
}

fn remedy(database: &Database, error: &StoreError) -> &'static str {
    match (database, error) {
        (Database::Postgres(_), _) => {
            "check that Postgres runs, and host, user, password and database of the URL (`psql URL` tells more)"
        }
        (Database::Sqlite(_), StoreError::Damaged(_)) => "restore a backup: `dm3-node --config FILE restore`",
        (Database::Sqlite(_), _) => {
            "check that `database` names a SQLite file of this program and its user may read it"
        }
    }
}

/// Writes and removes a file.
pub(super) fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".dm3-node-check-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    std::fs::remove_file(probe)
}
