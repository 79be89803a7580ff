//! The few web addresses dm3 uses, checked once: absolute, `https`, or `http` on this very machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest address that is looked at, in bytes. CCIP-read puts calldata into the path.
const MAX_URL: usize = 32 * 1024;

/// Why a text is not a web address that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `https://` nor `http://` in front.
    #[error("the address must begin with https://")]
    Scheme,
    /// Plain `http` to another machine, which anybody on the way could read and change.
    #[error("http:// is only allowed for this machine (localhost); use https://")]
    Insecure,
    /// A user name or password in the address.
    #[error("the address must not contain a user name or password")]
    Credentials,
    /// Host or port are malformed.
    #[error("the host or port of the address is malformed")]
    Host,
    /// A character that browsers and servers read differently, or that needs escaping.
    #[error("the address contains a character that is not allowed there")]
    Character,
    /// A query or fragment where only a path may stand.
    #[error("the address must not contain ? or #")]
    Query,
    /// Longer than 32 KiB.
    #[error("the address is too long")]
    TooLong,
}

/// An absolute `https` address, or `http` to a loopback host. No credentials, no fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port as written: what an error message may show.
    pub fn authority(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    /// Reads an address as it stands in a link: without its fragment, and with what is outside ASCII encoded.
    ///
    /// # Errors
    /// [`UrlError`], also for what browsers leave out or read as something else.
    pub fn of_link(text: &str) -> Result<Self, UrlError> {
        let text = text.split('#').next().unwrap_or_default();
        let mut ascii = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter.is_ascii() {
                true => ascii.push(letter),
                false => percent_encode_into(&mut ascii, letter.encode_utf8(&mut [0; 4])),
            }
        }
        ascii.parse()
    }

    /// The same URL with these numbers as its query.
    #[must_use]
    pub(crate) fn with_query(mut self, numbers: &[(&str, usize)]) -> Self {
        for (i, (name, number)) in numbers.iter().enumerate() {
            self.0.push_str(&format!("{}{name}={number}", if i == 0 { '?' } else { '&' }));
        }
        self
    }

    /// The same URL with one more query parameter.
    #[must_use]
    pub(crate) fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        self.0.push('=');
        percent_encode_into(&mut self.0, value);
        self
    }

    /// The value of the first query parameter called `key`, as written.
    pub fn query_value(&self, key: &str) -> Option<&str> {
        let (_, query) = self.0.split_once('?')?;
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key).map(|(_, v)| v))
    }
}

impl FromStr for HttpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_URL {
            return Err(UrlError::TooLong);
        }
        let colon = text.find("://").ok_or(UrlError::Scheme)?;
        let scheme = text[..colon].to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(UrlError::Scheme);
        }
        let rest = &text[colon + 3..];
        // A browser drops tabs and newlines and reads a backslash as a slash; so refuse them.
        if !rest.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>')) {
            return Err(UrlError::Character);
        }
        if rest.contains('#') {
            return Err(UrlError::Query);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        let authority = authority.to_ascii_lowercase();
        let host = check_authority(&authority)?;
        if scheme == "http" && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            return Err(UrlError::Insecure);
        }
        Ok(Self(format!("{scheme}://{authority}{tail}")))
    }
}

/// Checks host and optional port; gives the host.
fn check_authority(authority: &str) -> Result<&str, UrlError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let close = inner.find(']').ok_or(UrlError::Host)? + 2;
            let host = &authority[..close];
            if !host[1..close - 1].bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.') {
                return Err(UrlError::Host);
            }
            (host, &authority[close..])
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let host = &authority[..end];
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            if !host.bytes().all(allowed) || host.split('.').any(str::is_empty) {
                return Err(UrlError::Host);
            }
            (host, &authority[end..])
        }
    };
    if port.is_empty() {
        return Ok(host);
    }
    let digits = port.strip_prefix(':').ok_or(UrlError::Host)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.parse::<u16>().is_err() {
        return Err(UrlError::Host);
    }
    Ok(host)
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for HttpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An [`HttpUrl`] without a query and without a slash at its end: paths can be put behind it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(HttpUrl);

impl BaseUrl {
    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Host and port as written: what an error message may show.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// The address with these path segments behind it, each percent-encoded.
    pub fn join(&self, segments: &[&str]) -> HttpUrl {
        let mut url = self.0.0.clone();
        for segment in segments {
            url.push('/');
            percent_encode_into(&mut url, segment);
        }
        HttpUrl(url)
    }

    /// The address one path segment further down.
    pub fn child(&self, segment: &str) -> Self {
        Self(self.join(&[segment]))
    }

    /// The address one path segment further up, if that segment is `segment`.
    pub fn parent_of(&self, segment: &str) -> Option<Self> {
        let (parent, last) = self.0.0.rsplit_once('/')?;
        if last != segment || parent.ends_with('/') {
            return None;
        }
        Some(Self(HttpUrl(parent.to_owned())))
    }
}

impl FromStr for BaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url: HttpUrl = text.trim().trim_end_matches('/').parse()?;
        if url.0.contains('?') {
            return Err(UrlError::Query);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters. `.` and `..` can't be escaped
/// in a URL path; they are turned into a segment that no server has.
fn percent_encode_into(out: &mut String, segment: &str) {
    if matches!(segment, "" | "." | "..") {
        out.push_str("%00");
        return;
    }
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> UrlError {
        text.parse::<HttpUrl>().unwrap_err()
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in
            ["http://127.0.0.1:9080/ds", "http://localhost", "http://[::1]:80/x?y", "HTTPS://A.example"]
        {
            assert!(url.parse::<HttpUrl>().is_ok(), "{url}");
        }
        for url in
            ["http://a.example", "http://127.0.0.1.example", "http://localhost.example", "http://0x7f.1"]
        {
            assert_eq!(error(url), UrlError::Insecure, "{url}");
        }
    }

    #[test]
    fn what_readers_of_urls_disagree_on_is_refused() {
        assert_eq!(error("https://a@b.example"), UrlError::Credentials);
        assert_eq!(error("http://127.0.0.1:80@evil.example/"), UrlError::Credentials);
        assert_eq!(error("https://a\\b.example"), UrlError::Character);
        assert_eq!(error("https://a.example/\n"), UrlError::Character);
        assert_eq!(error("https://ä.example/"), UrlError::Character);
        assert_eq!(error("https://"), UrlError::Host);
        assert_eq!(error("https://a..example"), UrlError::Host);
        assert_eq!(error("https://a.example:99999"), UrlError::Host);
        assert_eq!(error("https://[::1"), UrlError::Host);
        assert_eq!(error("javascript://a"), UrlError::Scheme);
        assert_eq!(error("a.example"), UrlError::Scheme);
        assert_eq!(error("https://a.example/#x"), UrlError::Query);
        assert_eq!("https://a.example/?x".parse::<BaseUrl>(), Err(UrlError::Query));
    }

    #[test]
    fn path_segments_cannot_leave_their_place() {
        let base: BaseUrl = "https://a.example/ds/".parse().unwrap();
        assert_eq!(
            base.join(&["profile", "a/b?c é"]).as_str(),
            "https://a.example/ds/profile/a%2Fb%3Fc%20%C3%A9"
        );
        assert_eq!(base.join(&[".."]).as_str(), "https://a.example/ds/%00");
    }

    #[test]
    fn a_parameter_cannot_become_another() {
        let proxy: HttpUrl = "https://a.example/proxy".parse().unwrap();
        let one = proxy.with_parameter("url", "https://b.example/{sender}?a=b&c");
        assert_eq!(
            one.as_str(),
            "https://a.example/proxy?url=https%3A%2F%2Fb.example%2F%7Bsender%7D%3Fa%3Db%26c"
        );
        assert!(one.with_parameter("x", "y").as_str().ends_with("%26c&x=y"));
    }

    #[test]
    fn query_values_are_found_by_name() {
        let url: HttpUrl = "https://a.example/p.json?x=1&dm3Hash=0xab".parse().unwrap();
        assert_eq!(url.query_value("dm3Hash"), Some("0xab"));
        assert_eq!(url.query_value("Hash"), None);
        assert_eq!(url.authority(), "a.example");
    }

    #[test]
    fn a_link_may_have_a_fragment_and_letters_outside_ascii() {
        let url = |text: &str| HttpUrl::of_link(text).map(|url| url.to_string());
        assert_eq!(url("https://a.example/p?x=1#part"), Ok("https://a.example/p?x=1".into()));
        assert_eq!(url("https://a.example/zoé?q=日"), Ok("https://a.example/zo%C3%A9?q=%E6%97%A5".into()));
        assert_eq!(url("https://a.example/%C3%A9"), Ok("https://a.example/%C3%A9".into()));
        for bad in [
            "https://a.example/a\tb",
            "https://a.example/a\nb",
            "https://a.example\\é",
            "https://a.example/\"é",
        ] {
            assert_eq!(url(bad), Err(UrlError::Character), "{bad}");
        }
        assert_eq!(url("https://zoé.example/"), Err(UrlError::Host));
        assert_eq!(url("https://a.example#@b.example/"), Ok("https://a.example".into()));
    }
}
