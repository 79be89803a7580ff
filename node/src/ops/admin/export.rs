//! Everything of an account as one JSON document, as `docs/operating.md` describes it. It is written while it is read, so
//! that a large account takes no memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::OperatorError;
use crate::machine::clock::now_ms;
use crate::machine::files::private;
use crate::store::{Account, Part, Store};

/// What the first member of an export says.
const FORMAT: &str = "dm3-node account 1";

/// Writes a new file that its owner alone can read.
pub(super) async fn write(store: &dyn Store, account: &Account, to: &Path) -> Result<(), OperatorError> {
    let address = account.address;
    let mut file = BufWriter::new(private(File::options().write(true).create_new(true)).open(to)?);
    let settings = store.settings(address).await?;
    let settings: Option<Value> = settings.map(|text| serde_json::from_str(&text)).transpose()?;
    let channels = store.channels(address).await?;
    let channels: Vec<Value> = channels
        .into_iter()
        .map(|channel| {
            json!({
                "type": channel.kind.as_str(),
                "recipient": channel.recipient,
                "enabled": channel.enabled,
                "verified": channel.verified,
            })
        })
        .collect();
    let members: [(&str, Value); 8] = [
        ("format", FORMAT.into()),
        ("exportedAt", now_ms().into()),
        ("address", address.to_string().into()),
        ("blocked", account.blocked.into()),
        ("profile", serde_json::from_str(&account.profile)?),
        ("name", store.name_of(address).await?.map(|name| name.to_string()).into()),
        ("settings", settings.into()),
        ("notificationChannels", channels.into()),
    ];
    writeln!(file, "{{")?;
    for (name, value) in members {
        writeln!(file, "  {}: {value},", Value::from(name))?;
    }
    for (name, part, end) in [
        ("messages", Part::Messages, ","),
        ("storageConversations", Part::StorageConversations, ","),
        ("storageMessages", Part::StorageMessages, ","),
        ("history", Part::History, ","),
        ("files", Part::Blobs, ""),
    ] {
        write!(file, "  \"{name}\": [")?;
        rows(store, account, part, &mut file).await?;
        writeln!(file, "]{end}")?;
    }
    writeln!(file, "}}")?;
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

async fn rows(
    store: &dyn Store,
    account: &Account,
    part: Part,
    file: &mut BufWriter<File>,
) -> Result<(), OperatorError> {
    let mut after = String::new();
    loop {
        let rows = store.export(account.address, part, &after).await?;
        let first = after.is_empty();
        let Some((last, _)) = rows.last() else { return Ok(()) };
        last.clone_into(&mut after);
        for (n, (_, row)) in rows.iter().enumerate() {
            let comma = if first && n == 0 { "" } else { "," };
            write!(file, "{comma}\n    {row}")?;
        }
    }
}
