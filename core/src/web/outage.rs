use crate::said::Said;

/// Why there is no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    /// No connection came about, or it broke: browsers don't say more.
    #[error("no answer")]
    NoAnswer,
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
    /// A live connection ended.
    #[error("the connection ended")]
    Ended,
    /// An answer with this HTTP status, where only success can be used.
    #[error("HTTP status {0}")]
    Status(u16),
    /// More than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// Not what an answer looks like.
    #[error("the answer can't be read")]
    Garbled,
    /// Readable, and provably not what was asked for.
    #[error("it gave something other than what was asked for")]
    OtherContent,
    /// Another server that was asked the same gives another answer.
    #[error("another server answers differently")]
    Disagreement,
    /// A failure without a code of ours, in the words of the server or of the platform.
    #[error("{0}")]
    Failed(Said),
}
