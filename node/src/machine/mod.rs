//! What the operating system gives: the time, random numbers, files of one's own.

pub mod clock;
pub mod entropy;
pub mod files;
