//! Messages in ICU MessageFormat, as far as ours use it: `{name}` and `{count, plural, =0 {…} one {…} other {# …}}`. Nothing is
//! quoted: an apostrophe is one.
//!
//! Compiled at build time they would be smaller still, but what a host page says in place of a text comes at run time, in
//! the same format, and there is one reader for both. The build has every message read by the format's own library
//! (`widget/build/texts.mjs`).

/// How deep messages lie in each other; more is no message.
const DEPTH: u8 = 4;

/// The name of an argument that is the only one.
pub const ANY: &str = "";

/// What a language knows of numbers.
pub trait Numbers {
    /// Its plural category of a whole number: `one`, `few`, `other` and so on.
    fn category(&self, number: &str) -> String;
    /// The number as it is written.
    fn written(&self, number: &str) -> String;
}

/// The message with its arguments in it. `None` where it is malformed, or asks for what is not there.
pub fn fill(message: &str, arguments: &[(&str, &str)], numbers: &dyn Numbers) -> Option<String> {
    let mut text = String::new();
    Filling { arguments, numbers }.write(message, None, DEPTH, &mut text)?;
    Some(text)
}

struct Filling<'a> {
    arguments: &'a [(&'a str, &'a str)],
    numbers: &'a dyn Numbers,
}

impl Filling<'_> {
    /// `counted` is what `#` stands for.
    fn write(&self, message: &str, counted: Option<&str>, depth: u8, text: &mut String) -> Option<()> {
        let mut rest = message;
        while let Some(at) = mark(rest) {
            text.push_str(rest.get(..at)?);
            let after = rest.get(at + 1..)?;
            rest = match rest.as_bytes().get(at)? {
                b'{' => {
                    let end = closing(after)?;
                    self.argument(after.get(..end)?, depth.checked_sub(1)?, text)?;
                    after.get(end + 1..)?
                }
                b'#' => {
                    text.push_str(
                        &counted.map_or_else(|| "#".to_owned(), |number| self.numbers.written(number)),
                    );
                    after
                }
                _ => return None,
            };
        }
        text.push_str(rest);
        Some(())
    }

    fn argument(&self, inside: &str, depth: u8, text: &mut String) -> Option<()> {
        let parts = cut(inside, b',');
        let name = parts.map_or(inside, |(name, _)| name).trim();
        let value = self.arguments.iter().find(|(known, _)| *known == ANY || *known == name)?.1;
        let Some((_, kind)) = parts else {
            text.push_str(value);
            return Some(());
        };
        let (kind, branches) = cut(kind, b',')?;
        if kind.trim() != "plural" {
            return None;
        }
        let exactly = branch(branches, &("=".to_owned() + value));
        let form = exactly.or_else(|| branch(branches, &self.numbers.category(value)));
        self.write(form.or_else(|| branch(branches, "other"))?, Some(value), depth, text)
    }
}

/// Where something stands that is no text.
fn mark(text: &str) -> Option<usize> {
    text.bytes().position(|byte| matches!(byte, b'{' | b'}' | b'#'))
}

/// What is before the first such mark, and what is behind it.
pub fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Where the brace ends that was opened before `text`.
pub fn closing(text: &str) -> Option<usize> {
    let (mut open, mut from) = (0_u32, 0);
    while let Some(at) = mark(text.get(from..)?).map(|at| from + at) {
        from = at + 1;
        match text.as_bytes().get(at)? {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// The message behind `wanted` among `one {…} other {…}`.
fn branch<'a>(branches: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = branches;
    loop {
        let (key, after) = cut(rest, b'{')?;
        let end = closing(after)?;
        if key.trim() == wanted {
            return after.get(..end);
        }
        rest = after.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// Forms of Arabic's kind, and digits of another script.
    struct Made;

    impl Numbers for Made {
        fn category(&self, number: &str) -> String {
            match number {
                "1" => "one",
                "2" => "two",
                "3" | "4" => "few",
                _ => "other",
            }
            .to_owned()
        }

        fn written(&self, number: &str) -> String {
            format!("[{number}]")
        }
    }

    fn filled(message: &str, arguments: &[(&str, &str)]) -> Option<String> {
        fill(message, arguments, &Made)
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn arguments_stand_where_the_language_wants_them() {
        let arguments = [("name", "bob.eth"), ("time", "09:41")];
        assert_eq!(filled("{time}: { name }!", &arguments).as_deref(), Some("09:41: bob.eth!"));
        assert_eq!(filled("Write to {name}", &[(ANY, "bob.eth")]).as_deref(), Some("Write to bob.eth"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_plural_is_chosen_by_the_exact_number_then_by_the_form_then_by_what_is_left() {
        let message = "{count, plural, =0 {nobody} one {somebody} few {# of {name}} other {# people}} left";
        let said = |count| filled(message, &[("count", count), ("name", "them")]);
        assert_eq!(said("0").as_deref(), Some("nobody left"));
        assert_eq!(said("1").as_deref(), Some("somebody left"));
        assert_eq!(said("2").as_deref(), Some("[2] people left"));
        assert_eq!(said("4").as_deref(), Some("[4] of them left"));
        assert_eq!(said("70").as_deref(), Some("[70] people left"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_apostrophe_is_one_and_a_number_sign_outside_of_plurals_too() {
        assert_eq!(filled("it's '#' {n}", &[("n", "1")]).as_deref(), Some("it's '#' 1"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_somebody_is_called_is_never_read_as_a_message() {
        assert_eq!(filled("{name}", &[("name", "{name} # '{'")]).as_deref(), Some("{name} # '{'"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_malformed_or_asks_for_what_is_not_there_is_no_message() {
        for message in [
            "{",
            "}",
            "{name",
            "{other}",
            "{name, plural}",
            "{name, plural, one {}}",
            "{name, date, short {}}",
            "{}",
        ] {
            assert_eq!(filled(message, &[("name", "x")]), None, "{message}");
        }
        let deep = "{name, plural, other {".repeat(2_000) + &"}}".repeat(2_000);
        assert_eq!(filled(&deep, &[("name", "x")]), None);
    }
}
