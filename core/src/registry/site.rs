//! Whether a name is the official contact of a web site. Two have to say so, each of which alone could lie:
//!
//! ```text
//! the name's owner   the text record `url` (ENSIP-5) is an address of the site
//! the site           its /.well-known/dm3-contact.json lists the name (RFC 8615)
//! ```
//!
//! The file is what whoever runs the site can put there, and nobody else: a page of a site may be a stranger's, or show what
//! strangers wrote. A site is an origin: neither what is below its host nor beside it.

use serde_json::Value;

use crate::identity::EnsName;
use crate::seal::json;
use crate::web::HttpUrl;

/// The key of the record.
pub const SITE_KEY: &str = "url";
/// Where the file is.
const FILE: &str = "/.well-known/dm3-contact.json";
/// The longest file that is read, in bytes.
pub const MAX_SITE_FILE: usize = 8 * 1024;
/// How many of its names are read.
const MAX_CONTACTS: usize = 32;

/// A web site, as its origin: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(String);

impl Site {
    /// The site that an address is of; `None` if it is no address, or not one that can be trusted: not encrypted, with a
    /// user name, or in letters that hosts don't have.
    pub fn of(address: &str) -> Option<Self> {
        let address = address.trim();
        let end = address.find('#').unwrap_or(address.len());
        let url: HttpUrl = address[..end].parse().ok()?;
        let (scheme, _) = url.as_str().split_once("://")?;
        let authority = url.authority();
        // A host may be an address in brackets, with colons of its own.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()?),
            _ => (authority, default_port(scheme)),
        };
        let port = if port == default_port(scheme) { String::new() } else { format!(":{port}") };
        Some(Self(format!("{scheme}://{host}{port}")))
    }

    /// How it is called: host, and port if it is another than usual.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, host)| host)
    }

    /// Where it says who its contacts are.
    pub fn file(&self) -> String {
        format!("{}{FILE}", self.0)
    }

    /// Whether a name's record says that it belongs to this site.
    pub fn is_named_by(&self, record: &str) -> bool {
        Self::of(record).as_ref() == Some(self)
    }

    /// Whether the site's file lists the name.
    pub fn lists(name: &EnsName, file: &str) -> bool {
        let listed = |entry: &Value| entry.as_str().is_some_and(|entry| is_called(name, entry));
        file.len() <= MAX_SITE_FILE
            && json::parse(file).is_some_and(|file| {
                let contacts = file.get("contacts").and_then(Value::as_array);
                contacts.is_some_and(|contacts| contacts.iter().take(MAX_CONTACTS).any(listed))
            })
    }
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

/// Names outside ASCII are written as they are normalised.
fn is_called(name: &EnsName, text: &str) -> bool {
    text == name.as_str() || text.parse::<EnsName>().is_ok_and(|text| text == *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "https://shop.example";

    fn name(text: &str) -> EnsName {
        text.parse().unwrap()
    }

    fn is_named(record: &str) -> bool {
        Site::of(SHOP).unwrap().is_named_by(record)
    }

    #[test]
    fn any_address_of_the_site_names_it() {
        for record in [
            SHOP,
            " https://shop.example/ ",
            "HTTPS://Shop.Example/about?us#team",
            "https://shop.example:443",
            "https://shop.example:0443/x",
        ] {
            assert!(is_named(record), "{record}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_of_the_site_does_not() {
        for record in [
            "",
            "shop.example",
            "http://shop.example",
            "https://www.shop.example",
            "https://shop.example.evil.example",
            "https://evil.example/shop.example",
            "https://evil.example/?https://shop.example",
            "https://shop.example@evil.example",
            "https://shop.example:8443",
            "https://shop.example.",
            "https://shop.examp1e",
            "https://shоp.example",
            "https://shop.example\\@evil.example",
            "https://shop.example\t.evil.example",
            "javascript:https://shop.example",
            "https://evil.example https://shop.example",
        ] {
            assert!(!is_named(record), "{record}");
        }
    }

    #[test]
    fn a_site_has_a_name_and_a_place_for_the_file() {
        let local = Site::of("http://127.0.0.1:8080/page").unwrap();
        assert_eq!(
            (local.host(), local.file().as_str()),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/.well-known/dm3-contact.json")
        );
        assert_eq!(Site::of("http://[::1]").unwrap().host(), "[::1]");
        assert_eq!(Site::of("http://[::1]:80").unwrap().host(), "[::1]");
        assert_eq!(Site::of("http://shop.example"), None);
        assert_eq!(Site::of("null"), None);
        assert_eq!(Site::of("file:///x"), None);
    }

    #[test]
    fn the_file_lists_names_and_lists_no_other() {
        let shop = name("shop.eth");
        for file in [r#"{"contacts":["shop.eth"]}"#, r#"{"a":1,"contacts":["other.eth","Shop.ETH"]}"#] {
            assert!(Site::lists(&shop, file), "{file}");
        }
        let many = |count: usize| format!(r#"{{"contacts":[{}"shop.eth"]}}"#, r#""a.eth","#.repeat(count));
        assert!(Site::lists(&shop, &many(MAX_CONTACTS - 1)));
        let long = format!(r#"{{"contacts":["shop.eth"]{}}}"#, " ".repeat(MAX_SITE_FILE));
        for file in [
            "",
            "null",
            "shop.eth",
            r#"["shop.eth"]"#,
            r#"{"contacts":"shop.eth"}"#,
            r#"{"contacts":[["shop.eth"],{"shop.eth":1}]}"#,
            r#"{"contacts":["support.shop.eth","shop.eth.evil.eth","sh0p.eth"]}"#,
            "<!doctype html><p>shop.eth",
            &many(MAX_CONTACTS),
            &long,
        ] {
            assert!(!Site::lists(&shop, file), "{file}");
        }
    }
}
