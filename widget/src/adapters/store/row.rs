//! Records and keys as IndexedDB keeps them.

use std::cell::RefCell;
use std::str::FromStr;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Refusal;
use dm3_core::device::{
    Account, Contact, Lane, Last, MAX_FOUND_AT, MessageRow, Notices, Place, Position, Preview, Quarantined,
    SendState, Standing, Summary,
};
use dm3_core::identity::{Address, EnsName, SeenProfiles};
use dm3_core::ports::StoreError;
use dm3_core::seal::json;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbKeyRange;

use super::request::Failure;

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

/// `{owner, waiting, about, change, message}`: a message of an account on this device. `waiting` is the message's time
/// while it waits to be sent, `about` the hash of what a note is about; an index leaves out what lacks its member. So is
/// `taken` left out of the message where it is its time.
/// `change` is the number of its last change, which [`number`] adds.
pub fn message(owner: Address, message: &MessageRow) -> Result<JsValue, StoreError> {
    let state = match &message.state {
        SendState::Waiting => "waiting".into(),
        SendState::Accepted => "accepted".into(),
        SendState::Refused(refusal) => {
            object(&[("refused", refusal.code().into()), ("value", refusal.value().into())])
        }
        SendState::Received => "received".into(),
    };
    let time = place_number(message.place)?;
    let waiting = if message.state == SendState::Waiting { time.clone() } else { JsValue::UNDEFINED };
    let moved = message.taken != message.place;
    let taken = if moved { place_number(message.taken)? } else { JsValue::UNDEFINED };
    let about = message.about().map(|hash| hash.to_string());
    let message = object(&[
        ("hash", message.hash.as_str().into()),
        ("conversation", message.conversation.to_string().into()),
        ("author", message.author.to_string().into()),
        ("lane", lane_name(message.lane).into()),
        ("time", time),
        ("taken", taken),
        ("arrived", moment(message.arrived)?),
        ("json", message.json.as_str().into()),
        ("state", state),
    ]);
    Ok(object(&[
        ("owner", text_of(owner)),
        ("waiting", waiting),
        ("about", about.into()),
        ("message", message),
    ]))
}

/// Notes the number of a message's last change.
pub fn number(record: &JsValue, change: u64) {
    set(record, "change", &(change as f64).into());
}

/// What [`number`] noted.
pub fn read_number(record: &JsValue) -> Option<u64> {
    read_moment(record, "change").ok()
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
    let place = read_place(&message, "time")?;
    Ok(MessageRow {
        hash: parsed(&message, "hash")?,
        conversation: parsed(&message, "conversation")?,
        author: read_address(&message, "author")?,
        lane,
        place,
        taken: read_place(&message, "taken").unwrap_or(place),
        arrived: read_moment(&message, "arrived")?,
        json: text(&message, "json")?,
        state,
    })
}

/// `{owner, contact, summary}`: a conversation of an account on this device.
pub fn conversation(owner: Address, summary: &Summary) -> Result<JsValue, StoreError> {
    let (contact, numbers) = (contact(&summary.contact)?, summary);
    let summary = object(&[
        ("last", summary.last.as_ref().map_or(Ok(JsValue::UNDEFINED), last)?),
        ("unread", (numbers.unread as f64).into()),
        ("changes", (numbers.changes as f64).into()),
    ]);
    Ok(object(&[("owner", owner.to_string().into()), ("contact", contact), ("summary", summary)]))
}

/// What [`conversation`] wrote. Its contact can be read even if this can't.
pub fn read_summary(record: &JsValue) -> Result<Summary, StoreError> {
    let summary = member(record, "summary");
    let last = member(&summary, "last");
    Ok(Summary {
        contact: read_contact(record)?,
        last: if last.is_undefined() { None } else { Some(read_last(&last)?) },
        unread: read_moment(&summary, "unread")?,
        changes: read_moment(&summary, "changes")?,
    })
}

fn last(last: &Last) -> Result<JsValue, StoreError> {
    let (kind, text) = match &last.shown {
        Preview::Text(text) => ("text", text.as_str()),
        Preview::Attachment => ("attachment", ""),
        Preview::Deleted => ("deleted", ""),
    };
    Ok(object(&[
        ("hash", last.hash.as_str().into()),
        ("version", last.version.as_str().into()),
        ("time", place_number(last.place)?),
        ("own", last.own.into()),
        ("waiting", last.waiting.into()),
        ("kind", kind.into()),
        ("text", text.into()),
    ]))
}

fn read_last(last: &JsValue) -> Result<Last, StoreError> {
    let shown = match text(last, "kind")?.as_str() {
        "text" => Preview::Text(text(last, "text")?),
        "attachment" => Preview::Attachment,
        "deleted" => Preview::Deleted,
        _ => return Err(no_record()),
    };
    Ok(Last {
        hash: parsed(last, "hash")?,
        version: parsed(last, "version")?,
        place: read_place(last, "time")?,
        own: member(last, "own").is_truthy(),
        waiting: member(last, "waiting").is_truthy(),
        shown,
    })
}

fn contact(contact: &Contact) -> Result<JsValue, StoreError> {
    Ok(object(&[
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
        ("standing", json::canonical(&contact.standing.to_json()).into()),
    ]))
}

/// The contact in a conversation's record. All but which conversation it is may be damaged or missing: its messages are
/// there still, and must not be hidden.
pub fn read_contact(record: &JsValue) -> Result<Contact, StoreError> {
    let contact = member(record, "contact");
    let text = |name| text(&contact, name).unwrap_or_default();
    let names: Array = member(&contact, "found_at").dyn_into().unwrap_or_default();
    let names = names.iter().filter_map(|name| EnsName::from_normalised(&name.as_string()?).ok());
    Ok(Contact {
        conversation: parsed(&contact, "conversation")?,
        name: stored_name(&contact).unwrap_or_default(),
        found_at: names.take(MAX_FOUND_AT).collect(),
        seen: SeenProfiles::parse(&text("seen")).unwrap_or_default(),
        notices: Notices::parse(&text("notices")),
        read_until: read_moment(&contact, "read_until").unwrap_or_default(),
        touched: read_moment(&contact, "touched").unwrap_or_default(),
        // Before there were requests, every conversation was in the list.
        standing: json::parse(&text("standing"))
            .and_then(|standing| Standing::from_json(&standing))
            .unwrap_or_else(Standing::accepted),
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
        set(&object, name, value);
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

/// A place as milliseconds and a fraction of one, which is exact until the year 2248: so it sorts among those that were
/// stored when places were whole milliseconds.
fn place_number(place: Place) -> Result<JsValue, StoreError> {
    if place.time() > MAX_SAFE_INTEGER { Err(StoreError::Damaged) } else { Ok(as_number(place).into()) }
}

fn as_number(place: Place) -> f64 {
    place.time() as f64 + place.part() as f64 / Place::PARTS as f64
}

fn read_place(object: &JsValue, name: &str) -> Result<Place, StoreError> {
    let number = member(object, name).as_f64().ok_or_else(no_record)?;
    let time = number as u64;
    let part = ((number - time as f64) * Place::PARTS as f64) as u64;
    let place = Place::within(time, part).filter(|_| time <= MAX_SAFE_INTEGER);
    place.filter(|place| as_number(*place) == number).ok_or_else(no_record)
}

fn read_address(object: &JsValue, name: &str) -> Result<Address, StoreError> {
    Address::parse_unchecked_case(&text(object, name)?).map_err(|_| no_record())
}

/// A member of an object; `undefined` of what is none.
pub fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a member of an object.
pub fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Fails for what is no object, and then nothing is lost.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
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

/// A JavaScript array of texts: names of tables, or the path or the beginning of a key.
pub fn texts(parts: &[&str]) -> Array {
    parts.iter().map(|part| JsValue::from_str(part)).collect()
}

thread_local! {
    /// The owner that was written last: an address as text costs a hash.
    static OWNER: RefCell<Option<(Address, JsValue)>> = const { RefCell::new(None) };
}

/// An owner as a member of records and the beginning of keys.
pub fn text_of(owner: Address) -> JsValue {
    OWNER.with(|kept| {
        let mut kept = kept.borrow_mut();
        match &*kept {
            Some((known, text)) if *known == owner => text.clone(),
            _ => kept.insert((owner, owner.to_string().into())).1.clone(),
        }
    })
}

/// The key of an owner's record.
pub fn key(owner: Address, id: &str) -> JsValue {
    Array::of2(&text_of(owner), &id.into()).into()
}

/// All keys that begin with these parts. An empty array sorts after every number and text.
pub fn prefix(parts: &[&str]) -> Result<IdbKeyRange, Failure> {
    let lower = texts(parts);
    between(&lower, &lower.concat(&Array::of1(&Array::new())), false, false)
}

/// The messages of a conversation, all or those before a place: the key of one in the index.
pub fn messages(
    owner: Address,
    conversation: ConversationId,
    before: Option<JsValue>,
) -> Result<IdbKeyRange, Failure> {
    let (owner, conversation) = (owner.to_string(), conversation.to_string());
    match before {
        Some(before) => between(&texts(&[&owner, &conversation]), &before, false, true),
        None => prefix(&[&owner, &conversation]),
    }
}

/// Where a message stands in the index of [`messages`].
pub fn place(owner: Address, conversation: ConversationId, position: &Position) -> JsValue {
    let end = Array::of2(&as_number(position.place).into(), &position.hash.as_str().into());
    texts(&[&owner.to_string(), &conversation.to_string()]).concat(&end).into()
}

/// The messages of a conversation whose last change is later.
pub fn changed_after(
    owner: Address,
    conversation: ConversationId,
    change: u64,
) -> Result<IdbKeyRange, Failure> {
    after(&texts(&[&owner.to_string(), &conversation.to_string()]), change)
}

/// What came in and arrived after a time.
pub fn arrived_after(
    owner: Address,
    conversation: ConversationId,
    time: u64,
) -> Result<IdbKeyRange, Failure> {
    after(&incoming(owner, conversation), time)
}

/// What came in and arrived at a time at the latest.
pub fn arrived_until(
    owner: Address,
    conversation: ConversationId,
    time: u64,
) -> Result<IdbKeyRange, Failure> {
    let lane = incoming(owner, conversation);
    between(&lane, &lane.concat(&Array::of1(&(time as f64).into())), false, false)
}

fn incoming(owner: Address, conversation: ConversationId) -> Array {
    texts(&[&owner.to_string(), &conversation.to_string(), lane_name(Lane::In)])
}

/// All keys that begin with these parts and go on with a greater number.
fn after(parts: &Array, number: u64) -> Result<IdbKeyRange, Failure> {
    let lower = parts.concat(&Array::of1(&(number as f64).into()));
    between(&lower, &parts.concat(&Array::of1(&Array::new())), true, false)
}

/// All keys between two.
pub fn between(
    lower: &JsValue,
    upper: &JsValue,
    without_lower: bool,
    without_upper: bool,
) -> Result<IdbKeyRange, Failure> {
    Ok(IdbKeyRange::bound_with_lower_open_and_upper_open(lower, upper, without_lower, without_upper)?)
}
