//! dm3's text records on an ENS name, and where they say a profile is.

use super::data_uri::{self, DataUriError};
use crate::identity::SignedProfile;
use crate::seal::{json, sha256_hex};
use crate::web::{HttpRequest, HttpUrl, UrlError};

/// The text record that holds a user's signed profile.
pub const PROFILE_KEY: &str = "network.dm3.profile";
/// The text record that holds a delivery service's profile.
pub const DELIVERY_SERVICE_KEY: &str = "network.dm3.deliveryService";

/// The longest record or linked document that is read, in bytes.
const MAX_PROFILE: usize = 64 * 1024;

/// Where a record says that its JSON is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileLocation {
    /// In the record itself: JSON text.
    Inline(String),
    /// At a web address, with the hash of what must be found there.
    Web(WebLocation),
    /// On IPFS, under an address that is itself the hash.
    Ipfs(IpfsLocation),
}

/// A profile at a web address. Only text with the right hash comes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebLocation {
    url: HttpUrl,
    /// 64 lower-case hexadecimal digits.
    hash: String,
}

/// An `ipfs://` address as it stands in a record. Whether it can be used is seen by who follows it
/// (`registry::ipfs`), so that a program that never does carries no code for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpfsLocation(String);

/// Why a record does not lead to a profile. In each case the owner of the name must repair it, unless
/// the text says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More than 64 KiB.
    #[error("the record is larger than 64 KiB; its owner must shorten it")]
    TooLarge,
    /// A data URI that does not hold JSON.
    #[error("the record can't be read: {0}; its owner must publish it again")]
    DataUri(#[from] DataUriError),
    /// A link to an address that may not be called.
    #[error("the record links to an address that can't be used: {0}")]
    Url(#[from] UrlError),
    /// A link without `dm3Hash`: whoever serves it could put anything there.
    #[error("the record links to a profile without saying its hash (dm3Hash); its owner must add it")]
    NoHash,
    /// What the link leads to is not what the record vouches for.
    #[error("what the record links to is not what its owner vouched for (dm3Hash differs)")]
    WrongHash,
    /// What the link leads to is not JSON.
    #[error("what the record links to is not JSON")]
    NotJson,
    /// On IPFS, but not in a way that can be used, or [not at all](crate::ports::NoIpfs) by this program.
    #[error("the record leads to IPFS, but {0}; its owner can publish it in the record itself")]
    Ipfs(IpfsFault),
    /// Neither a data URI nor a link.
    #[error("the record is neither a data address nor a link; its owner must publish it again")]
    Unknown,
}

/// Why what a record names on IPFS was not had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IpfsFault {
    /// This program reads nothing there.
    #[error("nothing is read there")]
    NotRead,
    /// The program was given no gateway to ask.
    #[error("no IPFS gateway is set up")]
    NoGateway,
    /// The address can't be used.
    #[error("its address there can't be used")]
    Link,
    /// What lies there is no document.
    #[error("what lies there is no document")]
    NoFile,
    /// Larger than 64 KiB, or in more than 64 blocks.
    #[error("what lies there is larger than 64 KiB, or in more than 64 pieces")]
    TooLarge,
    /// No gateway has it.
    #[error("no gateway has it")]
    NotThere,
}

impl ProfileLocation {
    /// Reads the value of a [`PROFILE_KEY`] or [`DELIVERY_SERVICE_KEY`] record.
    pub fn parse(record: &str) -> Result<Self, RecordError> {
        let record = record.trim();
        if record.len() > MAX_PROFILE {
            return Err(RecordError::TooLarge);
        }
        let scheme = record.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match scheme.as_str() {
            "data" => Ok(Self::Inline(data_uri::json_of(record)?)),
            "http" | "https" => {
                let url = HttpUrl::of_link(record)?;
                let digits = url.query_value("dm3Hash").ok_or(RecordError::NoHash)?;
                let hash = digits.strip_prefix("0x").unwrap_or(digits).to_ascii_lowercase();
                if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(RecordError::NoHash);
                }
                Ok(Self::Web(WebLocation { url, hash }))
            }
            "ipfs" => Ok(Self::Ipfs(IpfsLocation::new(record))),
            _ => Err(RecordError::Unknown),
        }
    }
}

impl IpfsLocation {
    /// Takes a text as it stands.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl WebLocation {
    /// How to fetch the profile.
    pub fn request(&self) -> HttpRequest {
        HttpRequest::get(self.url.clone())
    }

    /// The JSON text, if it is the one that the record vouches for: the SHA-256 of its canonical form
    /// is the record's `dm3Hash`.
    pub fn check(&self, fetched: &str) -> Result<String, RecordError> {
        if fetched.len() > MAX_PROFILE {
            return Err(RecordError::TooLarge);
        }
        let value = json::parse(fetched).ok_or(RecordError::NotJson)?;
        if sha256_hex(&json::canonical(&value)).trim_start_matches("0x") != self.hash {
            return Err(RecordError::WrongHash);
        }
        Ok(fetched.to_owned())
    }
}

/// The value of a [`PROFILE_KEY`] record.
pub fn profile_record(profile: &SignedProfile) -> String {
    data_uri::of_json(&profile.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"; // sha256 of {"a":1}

    fn link(query: &str) -> Result<WebLocation, RecordError> {
        match ProfileLocation::parse(&format!("https://a.example/p.json{query}"))? {
            ProfileLocation::Web(link) => Ok(link),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_yields_only_what_its_hash_vouches_for() {
        for hash in [HASH.to_owned(), format!("0x{HASH}"), HASH.to_uppercase()] {
            let link = link(&format!("?dm3Hash={hash}")).unwrap();
            assert_eq!(link.check("{ \"a\": 1 }").unwrap(), "{ \"a\": 1 }");
            assert_eq!(link.check("{\"a\":2}"), Err(RecordError::WrongHash));
            assert_eq!(link.check("<html>"), Err(RecordError::NotJson));
        }
        assert_eq!(link(""), Err(RecordError::NoHash));
        assert_eq!(link("?dm3Hash=0x12"), Err(RecordError::NoHash));
    }

    #[test]
    fn what_cannot_be_followed_safely_is_refused() {
        let parse = ProfileLocation::parse;
        let insecure = format!("http://a.example/?dm3Hash={HASH}");
        assert_eq!(parse(&insecure), Err(RecordError::Url(UrlError::Insecure)));
        assert!(parse(&format!("http://127.0.0.1:8080/?dm3Hash={HASH}")).is_ok());
        assert!(
            matches!(parse("IPFS://bafy"), Ok(ProfileLocation::Ipfs(link)) if link.as_str() == "IPFS://bafy")
        );
        assert_eq!(parse("{\"profile\":1}"), Err(RecordError::Unknown));
        assert_eq!(parse(&"x".repeat(MAX_PROFILE + 1)), Err(RecordError::TooLarge));
        assert_eq!(parse("data:application/json,{}"), Ok(ProfileLocation::Inline("{}".into())));
    }
}
