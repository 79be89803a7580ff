//! The calls of a delivery service and of the resolver that registers address names: requests, and what
//! the replies mean. The forms are those of the deployed servers; the published specification's are
//! understood where they differ.

use serde_json::Value;

use super::Challenge;
use super::reply::{check, json_text};
use crate::identity::{Address, EnsName, SignedProfile};
use crate::message::MAX_ENVELOPE;
use crate::seal::json::{self, canonical, object};
use crate::seal::json_text::{split_beginning, split_elements};
use crate::seal::signing::SigningSecret;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

pub use super::claims::{claim_name, get_claimed, is_taken, parse_claimed, release_name};
pub use super::price::parse_registered;
pub use super::reply::{ApiError, is_superseded};
pub use super::rpc::{
    Properties, Retention, SubmitError, ask_through, get_profile_extension, get_properties,
    parse_profile_extension, parse_properties, parse_submitted, parse_submitted_ack, parse_submitted_through,
    submit, submit_beside, submit_through, submit_through_beside, submit_through_with, submit_with,
    unmet_rule, unmet_rule_through,
};
pub use super::wishes::{get_wishes, parse_wishes, put_wishes};

/// The longest mailbox listing that is read, in bytes.
const MAX_LISTING: usize = 64 * 1024 * 1024;
/// The most envelopes of one listing that are taken; the rest is there again once these are
/// acknowledged.
const MAX_ENVELOPES: usize = 2000;

// ---- profiles --------------------------------------------------------------------------------------

/// Asks a server for the profile it holds of an account.
pub fn get_profile(server: &BaseUrl, account: &EnsName) -> HttpRequest {
    HttpRequest::get(server.join(&["profile", account.as_str()]))
}

/// Reads the reply to [`get_profile`]; `None` if the server has no account of this name.
pub fn parse_profile(reply: &HttpResponse) -> Result<Option<SignedProfile>, ApiError> {
    match check(reply) {
        Ok(()) => Ok(Some(SignedProfile::parse(&reply.body)?)),
        Err(ApiError::NoAccount) => Ok(None),
        // The delivery service looks the name up itself and fails in its own way.
        Err(ApiError::Refused { reason, .. }) if reason.as_str().contains("Unable to resolve") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Registers a profile at a server. Log in afterwards: the token in the reply proves nothing.
pub fn post_profile(server: &BaseUrl, account: &EnsName, profile: &SignedProfile) -> HttpRequest {
    HttpRequest::post(server.join(&["profile", account.as_str()]), profile.to_canonical())
}

/// Registers a profile under the account's address name, at the resolver (`…/resolver-handler`).
// A copy for each who calls it: they are in parts of the element that are loaded apart.
#[inline(always)]
pub fn post_address(
    resolver: &BaseUrl,
    address_domain: &EnsName,
    account: Address,
    profile: &SignedProfile,
) -> HttpRequest {
    let body = object(vec![
        ("signedUserProfile", profile.to_json()),
        ("address", account.to_string().into()),
        ("subdomain", address_domain.as_str().into()),
    ]);
    HttpRequest::post(resolver.join(&["profile", "address"]), canonical(&body))
}

/// Reads the reply to [`acknowledge`] and the like: success or not.
pub fn parse_done(reply: &HttpResponse) -> Result<(), ApiError> {
    check(reply)
}

// ---- challenge login -------------------------------------------------------------------------------

/// Asks for a login challenge.
pub fn get_challenge(server: &BaseUrl, account: &EnsName) -> HttpRequest {
    HttpRequest::get(server.join(&["auth", account.as_str()]))
}

/// Ends every session of an account at a node of ours, the one of this token as well.
pub fn end_sessions(server: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    HttpRequest::delete(server.join(&["auth", account.as_str()])).with_bearer(token)
}

/// Reads the reply to [`get_challenge`] of the same server.
pub fn parse_challenge(
    server: &BaseUrl,
    reply: &HttpResponse,
    account: &EnsName,
) -> Result<Challenge, ApiError> {
    check(reply)?;
    Ok(Challenge::parse(&json_text(reply, "no challenge")?, server, account)?)
}

/// Answers a challenge with the profile's signing key.
pub fn answer_challenge(
    server: &BaseUrl,
    account: &EnsName,
    challenge: &Challenge,
    key: &SigningSecret,
) -> HttpRequest {
    let body =
        object(vec![("signature", challenge.sign(key).into()), ("challenge", challenge.as_str().into())]);
    HttpRequest::post(server.join(&["auth", account.as_str()]), canonical(&body))
}

/// Reads the reply to [`answer_challenge`]: the session token.
pub fn parse_token(reply: &HttpResponse) -> Result<SessionToken, ApiError> {
    match check(reply) {
        Ok(()) => SessionToken::new(&json_text(reply, "no token")?).ok_or(ApiError::Garbled("no token")),
        Err(ApiError::Refused { reason, .. })
            if reason.as_str().eq_ignore_ascii_case("signature invalid") =>
        {
            Err(ApiError::OtherKey)
        }
        Err(error) => Err(error),
    }
}

// ---- mailbox ---------------------------------------------------------------------------------------

/// What a mailbox holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Incoming {
    /// The envelopes, each as it came; one that is no JSON object here, or too large, as its text, if that says how it is
    /// acknowledged. None of them is checked yet.
    pub envelopes: Vec<Value>,
    /// How many other entries there are.
    pub unreadable: usize,
    /// There are more than were taken, or came: acknowledge these and ask again.
    pub more: bool,
}

/// Asks for everything in the mailbox. Anybody can make that too much for one answer: its beginning counts, too.
pub fn get_incoming(delivery_service: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    let url = delivery_service.join(&["delivery", "messages", "incoming", account.as_str()]);
    HttpRequest::get(url).with_bearer(token).for_beginning()
}

/// Reads the reply to [`get_incoming`]. An entry that can't be read does not spoil the others.
pub fn parse_incoming(reply: &HttpResponse) -> Result<Incoming, ApiError> {
    check(reply)?;
    if reply.body.len() > MAX_LISTING {
        return Err(ApiError::Garbled("larger than 64 MiB"));
    }
    let (entries, is_cut) = entries_of(&reply.body).ok_or(ApiError::Garbled("no list"))?;
    let mut incoming = Incoming { more: is_cut || entries.len() > MAX_ENVELOPES, ..Incoming::default() };
    for entry in entries.into_iter().take(MAX_ENVELOPES) {
        let value = if entry.len() > MAX_ENVELOPE { None } else { json::parse(entry) };
        match value.filter(Value::is_object) {
            Some(envelope) => incoming.envelopes.push(envelope),
            None if Acknowledgement::cut(entry).is_some() => incoming.envelopes.push(entry.into()),
            None => incoming.unreadable += 1,
        }
    }
    Ok(incoming)
}

/// The entries of a list, and whether the end of it is missing: then there is one at least.
fn entries_of(list: &str) -> Option<(Vec<&str>, bool)> {
    let all = split_elements(list, ['[', ']']).map(|entries| (entries, false));
    let begun = || split_beginning(list).filter(|entries| !entries.is_empty()).map(|entries| (entries, true));
    all.or_else(begun)
}

/// A page of a mailbox whose messages have numbers, as our nodes give it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MailboxPage {
    /// The envelopes with their numbers, oldest first, each as it came. None of them is checked yet.
    pub messages: Vec<(u64, Value)>,
    /// How many entries are none, or too large.
    pub unreadable: usize,
    /// After which number the next page begins; `None` if this is the last one.
    pub next: Option<u64>,
}

/// Asks for a page of a mailbox: what has a higher number than `after`, at most `limit` messages. A node that knows no
/// limit gives more.
pub fn get_mailbox(
    mailbox: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    after: u64,
    limit: usize,
) -> HttpRequest {
    let query = [("after", usize::try_from(after).unwrap_or(usize::MAX)), ("limit", limit)];
    HttpRequest::get(mailbox.join(&[account.as_str()]).with_query(&query)).with_bearer(token).for_beginning()
}

/// Reads the reply to [`get_mailbox`]. An entry that can't be read does not spoil the others.
pub fn parse_mailbox(reply: &HttpResponse) -> Result<MailboxPage, ApiError> {
    check(reply)?;
    if reply.body.len() > MAX_LISTING {
        return Err(ApiError::Garbled("larger than 64 MiB"));
    }
    let member = |name: &str| member(&reply.body, name);
    let begun = reply.body.strip_prefix(r#"{"messages":"#).filter(|begun| begun.starts_with('['));
    let messages = member("messages").or(begun).ok_or(ApiError::Garbled("no messages"))?;
    // Of a page that was cut within its first entry, the node is to be asked again later.
    let no_list =
        if begun.is_some() { ApiError::Unavailable(reply.status) } else { ApiError::Garbled("no list") };
    let (entries, is_cut) = entries_of(messages).ok_or(no_list)?;
    let next = member("next").and_then(json::parse).and_then(|next| next.as_u64());
    let more = is_cut || entries.len() > MAX_ENVELOPES;
    let mut page = MailboxPage { next, ..MailboxPage::default() };
    for entry in entries.into_iter().take(MAX_ENVELOPES) {
        let mut value = if entry.len() > MAX_ENVELOPE { None } else { json::parse(entry) };
        let number = value.as_ref().and_then(|value| value.get("id")).and_then(Value::as_u64);
        let envelope = value.as_mut().and_then(|value| value.get_mut("envelope")).map(Value::take);
        match number.zip(envelope.filter(Value::is_object)) {
            Some(message) => page.messages.push(message),
            None => page.unreadable += 1,
        }
    }
    if more {
        page.next = page.messages.iter().map(|(number, _)| *number).max();
    }
    Ok(page)
}

/// Acknowledges messages by their numbers.
pub fn acknowledge_numbers(
    mailbox: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    numbers: &[u64],
) -> HttpRequest {
    let ids = numbers.iter().map(|number| Value::from(*number)).collect();
    let url = mailbox.join(&[account.as_str(), "acknowledge"]);
    HttpRequest::post(url, canonical(&object(vec![("ids", Value::Array(ids))]))).with_bearer(token)
}

/// Says that one envelope is safely stored and may be deleted. What names it is JSON text: a deployed server knows names
/// that no text here can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    sender: String,
    message_hash: String,
}

impl Acknowledgement {
    /// Of the sender's name exactly as the envelope's delivery information gives it, and the hash exactly as its metadata
    /// claims it.
    pub fn new(sender: &str, message_hash: &str) -> Self {
        Self { sender: canonical(&sender.into()), message_hash: canonical(&message_hash.into()) }
    }

    /// Of an envelope's text, whatever else is in it; `None` if that does not name it.
    pub fn cut(envelope: &str) -> Option<Self> {
        let metadata = member(envelope, "metadata")?;
        let text = |of: &str, name: &str| {
            Some(member(of, name)?.trim()).filter(|text| text.starts_with('"')).map(str::to_owned)
        };
        Some(Self {
            sender: text(member(metadata, "deliveryInformation")?, "from")?,
            message_hash: text(metadata, "messageHash")?,
        })
    }
}

/// The text of a member of an object, of which nothing else is understood.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members = split_elements(object, ['{', '}'])?;
    members.into_iter().find_map(|member| {
        let (key, value) = member.trim_start().strip_prefix('"')?.split_once('"')?;
        (key == name).then(|| value.trim_start().strip_prefix(':'))?
    })
}

/// Acknowledges envelopes. The deployed server deletes one copy for each.
pub fn acknowledge(
    delivery_service: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    acknowledgements: &[Acknowledgement],
) -> HttpRequest {
    let list: Vec<_> = acknowledgements
        .iter()
        .map(|ack| format!(r#"{{"contactAddress":{},"messageHash":{}}}"#, ack.sender, ack.message_hash))
        .collect();
    let url = delivery_service.join(&["delivery", "messages", account.as_str(), "syncAcknowledgements"]);
    HttpRequest::post(url, format!(r#"{{"acknowledgements":[{}]}}"#, list.join(","))).with_bearer(token)
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
