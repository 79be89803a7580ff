//! How a node tells an account of messages that come while no device is connected: by mail, after a code that was sent there
//! has been answered. The forms are those of the deployed servers.

use serde_json::Value;

use super::api::ApiError;
use super::reply::{check, json_of};
use crate::identity::EnsName;
use crate::seal::json::{canonical, object};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// What mail is called among the channels.
pub const MAIL: &str = "EMAIL";
/// The longest mail address, in bytes (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// The mail address that an account is told at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailChannel {
    /// The address.
    pub address: String,
    /// Mail is sent there.
    pub enabled: bool,
    /// The code was answered; before, no mail but codes is sent there.
    pub proven: bool,
}

/// A node's calls for an account's channels.
pub struct Channels<'a> {
    /// What the node's description names.
    pub url: &'a BaseUrl,
    /// The account's name there.
    pub account: &'a EnsName,
    /// Its session.
    pub token: &'a SessionToken,
}

impl Channels<'_> {
    /// Asks which there are.
    pub fn list(&self) -> HttpRequest {
        HttpRequest::get(self.url.join(&[self.account.as_str()])).with_bearer(self.token)
    }

    /// Switches all of them on; each has a switch of its own.
    pub fn allow(&self) -> HttpRequest {
        self.post(&["global"], vec![("isEnabled", true.into())])
    }

    /// Sends a code to a mail address, which takes the place of another one.
    pub fn set_mail(&self, address: &str) -> HttpRequest {
        self.post(&[], vec![("recipientValue", address.into()), ("notificationChannelType", MAIL.into())])
    }

    /// Sends another code.
    pub fn send_code(&self) -> HttpRequest {
        self.post(&["otp"], vec![("notificationChannelType", MAIL.into())])
    }

    /// Answers with the code.
    pub fn prove_mail(&self, code: &str) -> HttpRequest {
        self.post(&["otp", "verify"], vec![("otp", code.into()), ("notificationChannelType", MAIL.into())])
    }

    /// Switches mail on or off.
    pub fn enable_mail(&self, enabled: bool) -> HttpRequest {
        self.post(&["channel"], vec![("isEnabled", enabled.into()), ("notificationChannelType", MAIL.into())])
    }

    /// Has the address forgotten.
    pub fn remove_mail(&self) -> HttpRequest {
        let url = self.url.join(&["channel", MAIL, self.account.as_str()]);
        HttpRequest::delete(url).with_bearer(self.token)
    }

    fn post(&self, path: &[&str], body: Vec<(&'static str, Value)>) -> HttpRequest {
        let mut path = path.to_vec();
        path.push(self.account.as_str());
        HttpRequest::post(self.url.join(&path), canonical(&object(body))).with_bearer(self.token)
    }
}

/// Reads the reply to [`Channels::list`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_mail(reply: &HttpResponse) -> Result<Option<MailChannel>, ApiError> {
    check(reply)?;
    let value = json_of(reply).unwrap_or_default();
    let channels = value.get("notificationChannels").and_then(Value::as_array);
    let channels = channels.ok_or(ApiError::Garbled("no channels"))?;
    let Some(mail) = channels.iter().find(|channel| channel.get("type").is_some_and(|kind| kind == MAIL))
    else {
        return Ok(None);
    };
    let config = mail.get("config").unwrap_or(&Value::Null);
    let is = |member| config.get(member).is_some_and(|value| *value == true);
    let address = config.get("recipientValue").and_then(Value::as_str);
    match address.filter(|address| address.len() <= MAX_ADDRESS) {
        Some(address) => Ok(Some(MailChannel {
            address: address.to_owned(),
            enabled: is("isEnabled"),
            proven: is("isVerified"),
        })),
        None => Err(ApiError::Garbled("no mail address")),
    }
}

/// Why a node did not do what was asked of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelRefusal {
    /// That is no mail address.
    Address,
    /// A code was sent less than a minute ago.
    TooSoon,
    /// So many were sent that no more are for a while.
    TooMany,
    /// That is not the code.
    WrongCode,
    /// The code is none any more: its time is over, or too many answers were wrong.
    NoCode,
}

impl ChannelRefusal {
    /// Reads a server's refusal; `None` if it is another one.
    pub fn of(error: &ApiError) -> Option<Self> {
        let reason = match error {
            ApiError::Refused { reason, .. } => reason.as_str(),
            ApiError::Busy { .. } => return Some(Self::TooMany),
            _ => return None,
        };
        let known = [
            ("Invalid email value", Self::Address),
            ("New OTP can be generated after", Self::TooSoon),
            ("too many codes", Self::TooMany),
            ("Invalid OTP", Self::WrongCode),
            ("OTP is expired", Self::NoCode),
            ("Otp not found", Self::NoCode),
        ];
        known.into_iter().find(|(words, _)| reason.contains(words)).map(|(_, refusal)| refusal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Option<MailChannel>, ApiError> {
        parse_mail(&HttpResponse::new(200, body.to_string()))
    }

    #[test]
    fn each_call_goes_where_the_deployed_servers_have_it() {
        let (url, token) =
            ("https://a.example/ds/notifications".parse().unwrap(), SessionToken::new("t").unwrap());
        let account = "bob.eth".parse().unwrap();
        let channels = Channels { url: &url, account: &account, token: &token };
        let paths = [
            (channels.list(), "bob.eth", None),
            (channels.allow(), "global/bob.eth", Some(json!({ "isEnabled": true }))),
            (
                channels.set_mail("b@c.org"),
                "bob.eth",
                Some(json!({ "recipientValue": "b@c.org", "notificationChannelType": "EMAIL" })),
            ),
            (channels.send_code(), "otp/bob.eth", Some(json!({ "notificationChannelType": "EMAIL" }))),
            (
                channels.prove_mail("12345"),
                "otp/verify/bob.eth",
                Some(json!({ "otp": "12345", "notificationChannelType": "EMAIL" })),
            ),
            (
                channels.enable_mail(false),
                "channel/bob.eth",
                Some(json!({ "isEnabled": false, "notificationChannelType": "EMAIL" })),
            ),
            (channels.remove_mail(), "channel/EMAIL/bob.eth", None),
        ];
        for (request, path, body) in paths {
            assert_eq!(request.url.as_str(), format!("https://a.example/ds/notifications/{path}"));
            let sent: Option<Value> = request.body.as_deref().map(|body| serde_json::from_str(body).unwrap());
            assert_eq!(sent, body, "{path}");
            assert!(request.bearer.is_some());
        }
    }

    #[test]
    fn of_all_channels_mail_is_read() {
        let config = json!({ "isEnabled": true, "isVerified": false, "recipientValue": "b@c.org" });
        let push = json!({ "type": "PUSH", "config": {} });
        let listed =
            read(json!({ "notificationChannels": [push.clone(), { "type": "EMAIL", "config": config }] }));
        let mail = MailChannel { address: "b@c.org".to_owned(), enabled: true, proven: false };
        assert_eq!(listed, Ok(Some(mail)));
        assert_eq!(read(json!({ "notificationChannels": [push] })), Ok(None));
        assert!(read(json!({ "notificationChannels": [{ "type": "EMAIL" }] })).is_err());
        let long = json!({ "recipientValue": "b".repeat(MAX_ADDRESS + 1) });
        assert!(read(json!({ "notificationChannels": [{ "type": "EMAIL", "config": long }] })).is_err());
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn refusals_are_told_by_the_words_of_the_deployed_servers() {
        let refused = |reason: &str| {
            check(&HttpResponse::new(400, json!({ "error": reason }).to_string())).unwrap_err()
        };
        let of = |reason| ChannelRefusal::of(&refused(reason));
        assert_eq!(of("Invalid OTP"), Some(ChannelRefusal::WrongCode));
        assert_eq!(of("OTP is expired"), Some(ChannelRefusal::NoCode));
        assert_eq!(of("Otp not found, please resend the OTP for verification"), Some(ChannelRefusal::NoCode));
        assert_eq!(
            of("New OTP can be generated after 1 minutes of last OTP generated"),
            Some(ChannelRefusal::TooSoon)
        );
        assert_eq!(of("Invalid email value"), Some(ChannelRefusal::Address));
        assert_eq!(of("something else"), None);
        assert_eq!(ChannelRefusal::of(&ApiError::Busy { retry_after: None }), Some(ChannelRefusal::TooMany));
        assert_eq!(ChannelRefusal::of(&ApiError::Unavailable(503)), None);
    }
}
