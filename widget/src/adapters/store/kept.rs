//! Envelopes that wait to be taken in.
//!
//! ```text
//! kept       {owner, kept: {id, service, sender, arrived, taken?, size, code, value, tries, due}}
//! envelopes  {owner, id, text}
//! ```

use std::rc::Rc;

use dm3_core::Said;
use dm3_core::device::{Kept, WaitsFor};
use dm3_core::identity::{Address, EnsName};
use dm3_core::ports::StoreError;
use wasm_bindgen::JsValue;

use super::database::Database;
use super::row::{key, member, moment, object, read_moment, text};
use super::schema::table;

fn record(owner: Address, kept: &Kept) -> Result<JsValue, StoreError> {
    let kept = object(&[
        ("id", kept.id.as_str().into()),
        ("service", kept.service.as_str().into()),
        ("sender", kept.sender.as_str().into()),
        ("arrived", moment(kept.arrived)?),
        ("taken", kept.taken.map(moment).transpose()?.unwrap_or(JsValue::UNDEFINED)),
        ("size", moment(kept.size)?),
        ("code", kept.waits_for.code().into()),
        ("value", kept.waits_for.value().into()),
        ("tries", kept.tries.into()),
        ("due", moment(kept.due)?),
    ]);
    Ok(object(&[("owner", owner.to_string().into()), ("kept", kept)]))
}

/// What [`change`] wrote.
pub fn read(record: &JsValue) -> Result<Kept, StoreError> {
    let kept = member(record, "kept");
    Ok(Kept {
        id: text(&kept, "id")?,
        service: EnsName::from_normalised(&text(&kept, "service")?).map_err(|_| StoreError::Damaged)?,
        sender: Said::new(&text(&kept, "sender")?),
        arrived: read_moment(&kept, "arrived")?,
        taken: read_moment(&kept, "taken").ok(),
        size: read_moment(&kept, "size")?,
        waits_for: WaitsFor::from_code(&text(&kept, "code")?, &text(&kept, "value")?),
        tries: u32::try_from(read_moment(&kept, "tries")?).unwrap_or(u32::MAX),
        due: read_moment(&kept, "due")?,
    })
}

pub fn read_envelope(record: &JsValue) -> Option<String> {
    member(record, "text").as_string()
}

pub async fn change(
    database: &Rc<Database>,
    owner: Address,
    put: &[(Kept, Option<String>)],
    let_go: &[String],
) -> Result<(), StoreError> {
    let mut records = Vec::new();
    for (kept, envelope) in put {
        let envelope = envelope.as_ref().map(|envelope| {
            object(&[
                ("owner", owner.to_string().into()),
                ("id", kept.id.as_str().into()),
                ("text", envelope.as_str().into()),
            ])
        });
        records.push((record(owner, kept)?, envelope));
    }
    let let_go: Vec<_> = let_go.iter().map(|id| key(owner, id)).collect();
    let write = database.write_for(owner, &[table::KEPT, table::ENVELOPES], move |t| async move {
        let (kept, envelopes) = (t.object_store(table::KEPT)?, t.object_store(table::ENVELOPES)?);
        for (record, envelope) in records {
            kept.put(&record)?;
            if let Some(envelope) = envelope {
                envelopes.put(&envelope)?;
            }
        }
        for id in let_go {
            kept.delete(&id)?;
            envelopes.delete(&id)?;
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}
