//! `data:application/json` URIs (RFC 2397) as dm3's records use them: often with bare JSON behind the
//! comma, sometimes percent-encoded, sometimes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::seal::json;

/// Why a text is not a JSON data URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DataUriError {
    /// It doesn't begin with `data:application/json`, or has no comma.
    #[error("it is not a data:application/json address")]
    Form,
    /// Another character set than UTF-8 or Latin-1, and characters of which not all are in ASCII.
    #[error("its character set is neither UTF-8 nor Latin-1")]
    Charset,
    /// Broken base64.
    #[error("its base64 is broken")]
    Base64,
    /// What it holds is not JSON in UTF-8.
    #[error("what it holds is not JSON")]
    Json,
}

/// The JSON text in a `data:application/json` URI.
pub fn json_of(uri: &str) -> Result<String, DataUriError> {
    let (head, body) = uri.split_once(',').ok_or(DataUriError::Form)?;
    let mut parts = head.split(';').map(|part| part.trim().to_ascii_lowercase());
    if parts.next().as_deref() != Some("data:application/json") {
        return Err(DataUriError::Form);
    }
    let (mut base64, mut charset) = (false, String::new());
    for part in parts {
        match part.split_once('=') {
            Some(("charset", said)) => charset = said.to_owned(),
            None if part == "base64" => base64 = true,
            _ => {}
        }
    }
    let bytes = if base64 {
        let mut body = percent_decoded(body).unwrap_or_else(|| body.as_bytes().to_vec());
        // Also in the alphabet for addresses, and with or without what fills it up.
        for byte in &mut body {
            match *byte {
                b'-' => *byte = b'+',
                b'_' => *byte = b'/',
                _ => {}
            }
        }
        while body.last() == Some(&b'=') {
            body.pop();
        }
        STANDARD_NO_PAD.decode(&body).map_err(|_| DataUriError::Base64)?
    } else if is_json(body) {
        // The reference writes bare JSON, in which a percent sign stands for itself.
        return Ok(body.to_owned());
    } else {
        percent_decoded(body).ok_or(DataUriError::Json)?
    };
    text_of(bytes, &charset)?.filter(|text| is_json(text)).ok_or(DataUriError::Json)
}

/// Text in a character set.
fn text_of(bytes: Vec<u8>, charset: &str) -> Result<Option<String>, DataUriError> {
    match charset {
        _ if bytes.is_ascii() => {}
        "" | "utf-8" | "utf8" | "us-ascii" => {}
        // Windows has other characters where Latin-1 has some to control devices.
        "iso-8859-1" | "latin1" | "windows-1252" if !bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) => {
            return Ok(Some(bytes.into_iter().map(char::from).collect()));
        }
        _ => return Err(DataUriError::Charset),
    }
    Ok(String::from_utf8(bytes).ok())
}

/// The data URI of a JSON text, in the reference's form: nothing is encoded.
pub fn of_json(json: &str) -> String {
    format!("data:application/json,{json}")
}

fn is_json(text: &str) -> bool {
    json::parse(text).is_some()
}

/// The bytes of a text with `%XX` resolved; `None` if an escape is broken.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let mut decoded = [0];
            hex::decode_to_slice(digits, &mut decoded).ok()?;
            out.push(decoded[0]);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_json_is_taken_as_it_stands() {
        assert_eq!(json_of("data:application/json,{\"a\":\"100%25 #é\"}").unwrap(), "{\"a\":\"100%25 #é\"}");
        assert_eq!(json_of(&of_json("[1]")).unwrap(), "[1]");
    }

    #[test]
    fn encoded_json_is_decoded() {
        for uri in [
            "data:application/json,%7B%22a%22%3A%22%C3%A9%22%7D",
            "data:application/json;charset=utf-8,%7b%22a%22:%22é%22%7d",
            "data:application/json;base64,eyJhIjoiw6kifQ==",
            "DATA:application/JSON;charset=UTF-8;base64,eyJhIjoiw6kifQ",
            "data:application/json;base64,eyJhIjoiw6kifQ%3D%3D",
        ] {
            assert_eq!(json_of(uri).unwrap(), "{\"a\":\"é\"}", "{uri}");
        }
    }

    #[test]
    fn a_character_set_that_makes_no_difference_is_not_looked_at() {
        for uri in [
            "data:application/json;charset=utf-16,{}",
            "data:application/json;charset=iso-8859-15,%7B%7D",
            "data:application/json;charset=koi8-r;base64,e30=",
        ] {
            assert_eq!(json_of(uri).unwrap(), "{}", "{uri}");
        }
    }

    #[test]
    fn latin_1_and_the_alphabet_of_addresses_are_read() {
        for uri in [
            "data:application/json;charset=ISO-8859-1,%7B%22a%22:%22%E9%22%7D",
            "data:application/json;charset=windows-1252;base64,eyJhIjoi6SJ9",
        ] {
            assert_eq!(json_of(uri).unwrap(), "{\"a\":\"é\"}", "{uri}");
        }
        for uri in
            ["data:application/json;base64,WyI_Pz8-Pj4iXQ", "data:application/json;base64,WyI/Pz8+Pj4iXQ=="]
        {
            assert_eq!(json_of(uri).unwrap(), "[\"???>>>\"]", "{uri}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(json_of("data:text/html,{}"), Err(DataUriError::Form));
        assert_eq!(json_of("data:application/json"), Err(DataUriError::Form));
        assert_eq!(
            json_of("data:application/json;charset=utf-16,%5B%22%C3%A9%22%5D"),
            Err(DataUriError::Charset)
        );
        assert_eq!(
            json_of("data:application/json;charset=latin1,%5B%22%85%22%5D"),
            Err(DataUriError::Charset)
        );
        assert_eq!(json_of("data:application/json;base64,é"), Err(DataUriError::Base64));
        assert_eq!(json_of("data:application/json,%7"), Err(DataUriError::Json));
        assert_eq!(json_of("data:application/json,%FF"), Err(DataUriError::Json));
        assert_eq!(json_of("data:application/json,{"), Err(DataUriError::Json));
    }
}
