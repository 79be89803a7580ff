//! Names that a node gives away: one label below a domain of its own. Whoever holds the keys of a published profile claims
//! one, and gives it back. The forms are those of the deployed resolver.

use serde_json::Value;

use super::api::ApiError;
use super::reply::{check, json_of};
use crate::identity::{Address, EnsName};
use crate::seal::json::{canonical, object};
use crate::seal::signing::SigningSecret;
use crate::web::{BaseUrl, HttpRequest, HttpResponse};

/// Claims a name for the account whose address name is `alias`.
pub fn claim_name(
    resolver: &BaseUrl,
    alias: &EnsName,
    name: &EnsName,
    signing: &SigningSecret,
) -> HttpRequest {
    let signature = signing.sign(&format!("alias: {name}"));
    let body = object(vec![
        ("dm3Name", name.as_str().into()),
        ("addressName", alias.as_str().into()),
        ("signature", signature.into()),
    ]);
    HttpRequest::post(resolver.join(&["profile", "name"]), canonical(&body))
}

/// Gives a claimed name back.
pub fn release_name(resolver: &BaseUrl, name: &EnsName, signing: &SigningSecret) -> HttpRequest {
    let signature = signing.sign(&format!("remove: {name}"));
    let body = object(vec![("dm3Name", name.as_str().into()), ("signature", signature.into())]);
    HttpRequest::post(resolver.join(&["profile", "deleteName"]), canonical(&body))
}

/// Asks which name an account has claimed.
pub fn get_claimed(resolver: &BaseUrl, account: Address) -> HttpRequest {
    HttpRequest::get(resolver.join(&["profile", "name", &account.to_string()]))
}

/// Reads the reply to [`get_claimed`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_claimed(reply: &HttpResponse) -> Result<Option<EnsName>, ApiError> {
    match check(reply) {
        Ok(()) => {}
        Err(ApiError::NoAccount) => return Ok(None),
        Err(error) => return Err(error),
    }
    let value = json_of(reply).unwrap_or_default();
    match value.get("name") {
        None | Some(Value::Null) => Ok(None),
        Some(name) => {
            let name = name.as_str().and_then(|name| name.parse().ok());
            name.map(Some).ok_or(ApiError::Garbled("no name"))
        }
    }
}

/// Whether a server refuses a claim because the name is somebody's, or kept for nobody.
pub fn is_taken(error: &ApiError) -> bool {
    let says =
        |reason: &str| reason.contains("Could not create alias") || reason.contains("kept by the operator");
    matches!(error, ApiError::Refused { reason, .. } if says(reason.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::{KeySeed, ProfileKeys};

    #[test]
    fn what_is_signed_names_the_name_and_what_becomes_of_it() {
        let keys = ProfileKeys::derive(&KeySeed::from_bytes([7; 32]));
        let resolver = "https://a.example/resolver-handler".parse().unwrap();
        let (alias, name) = ("0x01.addr.dm3.eth".parse().unwrap(), "bob.user.dm3.eth".parse().unwrap());
        let signs = |request: &HttpRequest, text: &str| {
            let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
            keys.public().signing.verify(text, body["signature"].as_str().unwrap()).is_ok()
        };
        let claim = claim_name(&resolver, &alias, &name, &keys.signing);
        assert_eq!(claim.url.as_str(), "https://a.example/resolver-handler/profile/name");
        assert!(signs(&claim, "alias: bob.user.dm3.eth"));
        let release = release_name(&resolver, &name, &keys.signing);
        assert_eq!(release.url.as_str(), "https://a.example/resolver-handler/profile/deleteName");
        assert!(signs(&release, "remove: bob.user.dm3.eth"));
    }

    #[test]
    fn nobody_s_name_is_none_and_nonsense_is_no_name() {
        let read = |status, body: Value| parse_claimed(&HttpResponse::new(status, body.to_string()));
        assert_eq!(read(404, json!({})), Ok(None));
        assert_eq!(read(200, json!({ "name": null })), Ok(None));
        assert_eq!(read(200, json!({ "name": "bob.user.dm3.eth" })), Ok("bob.user.dm3.eth".parse().ok()));
        assert!(read(200, json!({ "name": 7 })).is_err());
        assert!(read(200, json!({ "name": "a..b" })).is_err());
        assert!(read(503, json!({})).is_err());
    }

    #[test]
    fn a_name_of_somebody_else_is_told_from_other_refusals() {
        let refused = |reason: &str| {
            check(&HttpResponse::new(400, json!({ "error": reason }).to_string())).unwrap_err()
        };
        assert!(is_taken(&refused("Could not create alias")));
        assert!(is_taken(&refused("this name is kept by the operator; choose another")));
        assert!(!is_taken(&refused("signature invalid")));
    }
}
