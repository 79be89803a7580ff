//! What an operator does beside serving: commands of the program.

pub mod admin;
pub mod backup;
pub mod check;
pub mod init;
