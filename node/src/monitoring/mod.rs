//! What an operator sees of a running node: metrics, whether it is ready, and how much was delivered.

pub mod metrics;
pub mod readiness;
pub mod statistics;
