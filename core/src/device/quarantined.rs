/// Something that came in and could not be proven. Never shown as a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// SHA-256 of the envelope's canonical JSON.
    pub id: String,
    /// When it came: milliseconds.
    pub arrived: u64,
    /// Why it is here, in words.
    pub reason: String,
    /// The envelope's JSON, if it is short enough to keep.
    pub envelope: Option<String>,
}
