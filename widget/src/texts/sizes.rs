//! How large something is, and how long something takes.

use super::spoken::number;
use super::words::{files_bytes, hours, kilobytes as in_kilobytes, megabytes, minutes};

/// So many thousand bytes.
pub fn kilobytes(count: usize) -> String {
    in_kilobytes(&number(count as f64))
}

/// So many bytes, in words that are read at a glance.
pub fn file_size(bytes: usize) -> String {
    match bytes {
        0..1_000 => files_bytes(bytes),
        1_000..999_500 => kilobytes((bytes + 500) / 1_000),
        _ => megabytes(&number(((bytes + 50_000) / 100_000) as f64 / 10.0)),
    }
}

/// So many minutes, or hours.
pub fn duration(in_minutes: usize) -> String {
    if in_minutes < 120 { minutes(in_minutes) } else { hours(in_minutes / 60) }
}
