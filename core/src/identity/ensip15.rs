//! Names outside ASCII, natively. The crate `ens-normalize` is a port of the library that ENSIP-15 was written with;
//! both pass the 38,613 official cases. It is not for the browser: its tables are larger than the whole element.

use super::name_error::NameError;

pub(super) fn normalise(text: &str) -> Result<String, NameError> {
    let error = match ens_normalize::ens_normalize(text) {
        Ok(name) => return Ok(name),
        Err(error) => error,
    };
    let broken = ens_normalize::ens_split(text, false).into_iter().find_map(|label| {
        let text: String = label.input.iter().copied().filter_map(char::from_u32).collect();
        Some(NameError::of_label(&text, label.error?.message()))
    });
    Err(broken.unwrap_or_else(|| NameError::of_label(text, error.message())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::EnsName;

    fn parse(text: &str) -> Result<String, NameError> {
        text.parse::<EnsName>().map(|name| name.to_string())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Names in ASCII never reach the tables, so what is done with them must be what the tables would do.
        #[test]
        fn the_short_way_for_ascii_agrees_with_ensip_15(text in "[ -~]{1,24}|[a-zA-Z0-9_$.'-]{1,12}|[a-c_.-]{1,6}") {
            prop_assume!(!text.trim().is_empty());
            let text = text.trim();
            let ours = parse(text).ok();
            prop_assert_eq!(ours, ens_normalize::ens_normalize(text).ok());
        }

        #[test]
        fn a_normalised_name_is_its_own_normal_form(text in "\\PC{1,20}|[а-яα-ωa-z☕😀’]{1,8}[.]eth") {
            if let Ok(name) = parse(&text) {
                prop_assert_eq!(parse(&name), Ok(name.clone()));
                prop_assert_eq!(EnsName::from_normalised(&name).map(|name| name.to_string()), Ok(name));
            }
        }
    }

    #[test]
    fn names_outside_ascii_are_normalised() {
        assert_eq!(parse("Ünïcode.ETH").unwrap(), "ünïcode.eth");
        assert_eq!(parse("ﬁ.eth").unwrap(), "fi.eth");
        assert_eq!(parse("straße.eth").unwrap(), "straße.eth");
        assert_eq!(parse("☕\u{fe0f}.eth").unwrap(), "☕.eth");
        assert_eq!(parse("o'neil.eth").unwrap(), "o’neil.eth");
    }

    #[test]
    fn weakness_21_names_that_pretend_to_be_others_are_refused_with_the_reason() {
        let mixed = parse("bоb.eth");
        assert!(
            matches!(&mixed, Err(NameError::MixedScripts { label, character: 'о', looks_like: Some('o'), .. }) if label == "bоb"),
            "{mixed:?}"
        );
        let whole = parse("аррӏе.eth");
        assert!(
            matches!(&whole, Err(NameError::Confusable { script, imitated, looks_like: Some(text), .. })
                if script == "Cyrillic" && imitated == "Latin" && text == "apple"),
            "{whole:?}"
        );
        assert_eq!(parse("al\u{200d}ice.eth"), Err(NameError::Character('\u{200d}')));
        assert_eq!(parse("ü..eth"), Err(NameError::EmptyLabel));
    }
}
