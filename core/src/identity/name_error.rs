//! Why a text is no name.

use crate::said::Said;

/// Why a text is not a name that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("please enter a name")]
    Empty,
    /// An empty label: two dots in a row, or one at either end.
    #[error("a name must not begin or end with a dot, nor have two in a row")]
    EmptyLabel,
    /// Longer than 253 bytes.
    #[error("the name is too long")]
    TooLong,
    /// A character that ENS does not allow here.
    #[error("‘{0}’ can't stand here in an ENS name")]
    Character(char),
    /// Letters of two scripts in one label, as in names that pretend to be others.
    #[error(
        "‘{character}’ in “{label}” is not {script}{}; somebody may want to pass for another",
        imitating(.looks_like.map(String::from).as_deref())
    )]
    MixedScripts {
        /// The label, with invisible characters left out.
        label: String,
        /// The script of the letters before it: its name in English, or its code in ISO 15924, as the library has it.
        script: String,
        /// The letter of another script.
        character: char,
        /// The letter from a to z that it looks like.
        looks_like: Option<char>,
    },
    /// All letters are of one script, and they can be read as letters of another.
    #[error(
        "“{label}” is written in {script} and can be taken for {imitated}{}; somebody may want to pass for another",
        imitating(.looks_like.as_deref())
    )]
    Confusable {
        /// The label, with invisible characters left out.
        label: String,
        /// Its script, called like that of mixed ones.
        script: String,
        /// The script it can be taken for, called alike.
        imitated: String,
        /// The label in letters from a to z that it looks like.
        looks_like: Option<String>,
    },
    /// Another rule of ENSIP-15 is broken.
    #[error("“{label}” can't be an ENS name: {reason}")]
    Label {
        /// The label, with invisible characters left out.
        label: String,
        /// In the words of the library that knows the rules.
        reason: Said,
    },
    /// Outside ASCII, and this build has no ENSIP-15 tables of its own: a [normaliser](crate::ports::Normaliser)
    /// must be asked.
    #[error("names with letters outside a–z can't be read here")]
    NotAscii,
    /// The rules for names outside ASCII could not be loaded; it can be tried again.
    #[error("the rules for names with such letters could not be loaded; please try again")]
    NoTables,
}

fn imitating(text: Option<&str>) -> String {
    text.map(|text| format!(" and looks like “{text}”")).unwrap_or_default()
}
