//! Times as the backend writes them: `2026-11-23T01:55:03.681Z` (ECMA-262, Date.prototype.toISOString).

use serde_json::Value;

/// Milliseconds since 1970; numbers are taken as such.
pub(super) fn milliseconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| iso(value.as_str()?))
}

fn iso(text: &str) -> Option<u64> {
    let form = text.len() == 24 && text.is_ascii();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if !form || marks.iter().any(|(at, mark)| text.as_bytes()[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse::<u64>().ok() } else { None }
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    let in_range =
        year >= 1970 && day >= 1 && day <= *lengths.get(month)? && hour < 24 && minute < 60 && second < 60;
    if !in_range {
        return None;
    }
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let days = years + lengths[..month].iter().sum::<u64>() + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_javascript_writes_them() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T12:34:56.789Z", 951_827_696_789),
            ("2026-11-23T01:55:03.681Z", 1_795_398_903_681),
        ] {
            assert_eq!(milliseconds(&text.into()), Some(expected), "{text}");
        }
        assert_eq!(milliseconds(&5.into()), Some(5));
        for wrong in [
            "2026-13-01T00:00:00.000Z",
            "2026-02-29T00:00:00.000Z",
            "2026-11-23 01:55:03.681Z",
            "+026-11-23T01:55:03.681Z",
            "",
        ] {
            assert_eq!(milliseconds(&wrong.into()), None, "{wrong}");
        }
    }
}
