//! Records and keys as IndexedDB keeps them.

use std::str::FromStr;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Refusal;
use dm3_core::device::{
    Account, Contact, Lane, MAX_FOUND_AT, MessageRow, Notices, Position, Quarantined, SendState,
};
use dm3_core::identity::{Address, EnsName, SeenProfiles};
use dm3_core::ports::StoreError;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbKeyRange;

use super::request::Failure;
use super::schema::texts;

/// Above it, JavaScript's numbers are no longer whole.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// `{address, name}`: the account of this device.
pub fn account(account: &Account) -> JsValue {
    let name = account.name.as_ref().map(|name| name.as_str());
    object(&[("address", account.address.to_string().into()), ("name", name.into())])
}

/// What [`account`] wrote.
pub fn read_account(record: &JsValue) -> Result<Account, StoreError> {
    Ok(Account { address: read_address(record, "address")?, name: stored_name(record)? })
}

/// `{owner, waiting, message}`: a message of an account on this device. `waiting` is the message's time while it
/// waits to be sent; the index of the outbox leaves out what has no such member.
pub fn message(owner: Address, message: &MessageRow) -> Result<JsValue, StoreError> {
    let state = match &message.state {
        SendState::Waiting => "waiting".into(),
        SendState::Accepted => "accepted".into(),
        SendState::Refused(refusal) => {
            object(&[("refused", refusal.code().into()), ("value", refusal.value().into())])
        }
        SendState::Received => "received".into(),
    };
    let time = moment(message.time)?;
    let waiting = if message.state == SendState::Waiting { time.clone() } else { JsValue::UNDEFINED };
    let message = object(&[
        ("hash", message.hash.as_str().into()),
        ("conversation", message.conversation.to_string().into()),
        ("author", message.author.to_string().into()),
        ("lane", lane_name(message.lane).into()),
        ("time", time),
        ("arrived", moment(message.arrived)?),
        ("json", message.json.as_str().into()),
        ("state", state),
    ]);
    Ok(object(&[("owner", owner.to_string().into()), ("waiting", waiting), ("message", message)]))
}

/// What [`message`] wrote.
pub fn read_message(record: &JsValue) -> Result<MessageRow, StoreError> {
    let message = member(record, "message");
    let state = member(&message, "state");
    let lane = match text(&message, "lane")?.as_str() {
        "in" => Lane::In,
        "out" => Lane::Out,
        "note" => Lane::Note,
        _ => return Err(no_record()),
    };
    let state = match state.as_string().as_deref() {
        Some("waiting") => SendState::Waiting,
        Some("accepted") => SendState::Accepted,
        Some("received") => SendState::Received,
        Some(_) => return Err(no_record()),
        None => {
            let (code, value) = (text(&state, "refused")?, text(&state, "value")?);
            SendState::Refused(Refusal::from_code(&code, &value))
        }
    };
    Ok(MessageRow {
        hash: parsed(&message, "hash")?,
        conversation: parsed(&message, "conversation")?,
        author: read_address(&message, "author")?,
        lane,
        time: read_moment(&message, "time")?,
        arrived: read_moment(&message, "arrived")?,
        json: text(&message, "json")?,
        state,
    })
}

/// `{owner, contact}`: a contact of an account on this device.
pub fn contact(owner: Address, contact: &Contact) -> Result<JsValue, StoreError> {
    let contact = object(&[
        ("conversation", contact.conversation.to_string().into()),
        ("name", contact.name.as_ref().map(|name| name.as_str()).into()),
        ("read_until", moment(contact.read_until)?),
        ("touched", moment(contact.touched)?),
        (
            "found_at",
            contact.found_at.iter().map(|name| JsValue::from_str(name.as_str())).collect::<Array>().into(),
        ),
        ("seen", contact.seen.to_json().into()),
        ("notices", contact.notices.to_json().into()),
    ]);
    Ok(object(&[("owner", owner.to_string().into()), ("contact", contact)]))
}

/// What [`contact`] wrote. The members for where the peer was found, its profiles and what happened to it came later;
/// what is missing or damaged there is as if nothing were known.
pub fn read_contact(record: &JsValue) -> Result<Contact, StoreError> {
    let contact = member(record, "contact");
    let json = |name| text(&contact, name).unwrap_or_default();
    let names: Array = member(&contact, "found_at").dyn_into().unwrap_or_default();
    let names = names.iter().filter_map(|name| EnsName::from_normalised(&name.as_string()?).ok());
    Ok(Contact {
        conversation: parsed(&contact, "conversation")?,
        name: stored_name(&contact)?,
        found_at: names.take(MAX_FOUND_AT).collect(),
        seen: SeenProfiles::parse(&json("seen")).unwrap_or_default(),
        notices: Notices::parse(&json("notices")),
        read_until: read_moment(&contact, "read_until")?,
        touched: read_moment(&contact, "touched")?,
    })
}

/// `{owner, item}`: what came in for an account and could not be proven. For people with the browser's tools:
/// nothing but its key is ever read.
pub fn quarantined(owner: Address, item: &Quarantined) -> Result<JsValue, StoreError> {
    let item = object(&[
        ("id", item.id.as_str().into()),
        ("arrived", moment(item.arrived)?),
        ("doubt", object(&[("code", item.doubt.code().into()), ("value", item.doubt.value().into())])),
        ("envelope", item.envelope.as_deref().into()),
    ]);
    Ok(object(&[("owner", owner.to_string().into()), ("item", item)]))
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::In => "in",
        Lane::Out => "out",
        Lane::Note => "note",
    }
}

/// An object of these members, without those that are `undefined`.
pub fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_undefined()) {
        // A new object takes every member.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// A time in milliseconds. Fails for those that no clock shows, above 2^53.
pub fn moment(time: u64) -> Result<JsValue, StoreError> {
    if time > MAX_SAFE_INTEGER {
        return Err(StoreError::Damaged);
    }
    Ok((time as f64).into())
}

pub fn read_moment(object: &JsValue, name: &str) -> Result<u64, StoreError> {
    let number = member(object, name).as_f64().ok_or_else(no_record)?;
    let time = number as u64;
    if time > MAX_SAFE_INTEGER || time as f64 != number {
        return Err(no_record());
    }
    Ok(time)
}

fn read_address(object: &JsValue, name: &str) -> Result<Address, StoreError> {
    Address::parse_unchecked_case(&text(object, name)?).map_err(|_| no_record())
}

pub fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

pub fn text(object: &JsValue, name: &str) -> Result<String, StoreError> {
    member(object, name).as_string().ok_or_else(no_record)
}

fn parsed<T: FromStr>(object: &JsValue, name: &str) -> Result<T, StoreError> {
    text(object, name)?.parse().map_err(|_| no_record())
}

/// It was normalised when it was stored, which here can't be repeated for every name.
fn stored_name(object: &JsValue) -> Result<Option<EnsName>, StoreError> {
    let value = member(object, "name");
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    EnsName::from_normalised(&text(object, "name")?).map(Some).map_err(|_| no_record())
}

fn no_record() -> StoreError {
    StoreError::Damaged
}

/// The key of an owner's record.
pub fn key(owner: Address, id: &str) -> JsValue {
    Array::of2(&owner.to_string().into(), &id.into()).into()
}

/// All keys that begin with these parts. An empty array sorts after every number and text.
pub fn prefix(parts: &[&str]) -> Result<IdbKeyRange, Failure> {
    let lower = texts(parts);
    between(&lower, &lower.concat(&Array::of1(&Array::new())), false, false)
}

/// The messages of a conversation, all or those before a position.
pub fn conversation(
    owner: Address,
    conversation: ConversationId,
    before: Option<&Position>,
) -> Result<IdbKeyRange, Failure> {
    let (owner, conversation) = (owner.to_string(), conversation.to_string());
    let Some(before) = before else { return prefix(&[&owner, &conversation]) };
    let lower = texts(&[&owner, &conversation]);
    let upper = lower.concat(&Array::of2(&(before.time as f64).into(), &before.hash.as_str().into()));
    between(&lower, &upper, false, true)
}

/// The messages of one lane that arrived after a time.
pub fn arrived_after(
    owner: Address,
    conversation: ConversationId,
    lane: Lane,
    time: u64,
) -> Result<IdbKeyRange, Failure> {
    let lane = texts(&[&owner.to_string(), &conversation.to_string(), lane_name(lane)]);
    let lower = lane.concat(&Array::of1(&(time as f64).into()));
    between(&lower, &lane.concat(&Array::of1(&Array::new())), true, false)
}

fn between(
    lower: &Array,
    upper: &Array,
    without_lower: bool,
    without_upper: bool,
) -> Result<IdbKeyRange, Failure> {
    Ok(IdbKeyRange::bound_with_lower_open_and_upper_open(lower, upper, without_lower, without_upper)?)
}
