//! What was found about a part.

use std::fmt;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Good,
    /// It works, but look at it.
    Doubt,
    /// It does not work.
    Wrong,
}

/// What was found about one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub level: Level,
    /// Which part.
    pub part: &'static str,
    /// What is the case.
    pub text: String,
    /// What to do about it; empty if nothing.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.level {
            Level::Good => "ok   ",
            Level::Doubt => "look ",
            Level::Wrong => "WRONG",
        };
        write!(f, "{mark}  {}: {}", self.part, self.text)?;
        if !self.remedy.is_empty() {
            write!(f, "\n       → {}", self.remedy)?;
        }
        Ok(())
    }
}

/// The findings so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn into_all(self) -> Vec<Finding> {
        self.0
    }

    pub(super) fn add(
        &mut self,
        level: Level,
        part: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Finding { level, part, text: text.into(), remedy: remedy.into() });
    }

    pub(super) fn good(&mut self, part: &'static str, text: impl Into<String>) {
        self.add(Level::Good, part, text, "");
    }

    pub(super) fn doubt(&mut self, part: &'static str, text: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Doubt, part, text, remedy);
    }

    pub(super) fn wrong(&mut self, part: &'static str, text: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Wrong, part, text, remedy);
    }
}
