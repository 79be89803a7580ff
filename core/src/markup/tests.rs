use proptest::prelude::*;

use super::letters::LOOKED_AT;
use super::*;

fn text(text: &str) -> Span {
    Span::Text(text.to_owned())
}

fn line(written: &str) -> Vec<Span> {
    match parse(written).as_slice() {
        [Block::Paragraph(spans)] => spans.clone(),
        blocks => panic!("{blocks:?}"),
    }
}

fn link(text: &str, address: &str) -> Span {
    Span::Link(Link::named(text, address).unwrap())
}

#[test]
fn marks_around_words_are_read() {
    assert_eq!(
        line("**a** *b* ~~c~~ `d` __e__ _f_"),
        [
            Span::Strong(vec![text("a")]),
            text(" "),
            Span::Emphasis(vec![text("b")]),
            text(" "),
            Span::Struck(vec![text("c")]),
            text(" "),
            Span::Code("d".into()),
            text(" "),
            Span::Strong(vec![text("e")]),
            text(" "),
            Span::Emphasis(vec![text("f")]),
        ]
    );
    assert_eq!(
        line("**a *b* c**"),
        [Span::Strong(vec![text("a "), Span::Emphasis(vec![text("b")]), text(" c")])]
    );
}

#[test]
fn marks_that_mean_nothing_are_text() {
    for plain in [
        "2*3*4",
        "snake_case_name",
        "a * b * c",
        "**open",
        "*a **b",
        "****",
        "~~",
        "`",
        "` `",
        "``",
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "&lt;",
        "\\*",
        ">.<",
        "#hashtag",
        "1.5",
        "In 2024. Then",
        "-5",
        "[a](b)",
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "javascript:alert(1)",
        "https://",
        "https://user@host/",
        "xhttps://a.example",
    ] {
        assert_eq!(line(plain), [text(plain)], "{plain}");
    }
}

#[test]
fn a_mark_that_stays_open_takes_nothing_from_those_inside_and_around() {
    assert_eq!(line("**a *b**"), [Span::Strong(vec![text("a *b")])]);
    assert_eq!(line("*a **b** c"), [text("*a "), Span::Strong(vec![text("b")]), text(" c")]);
}

#[test]
fn new_lines_stay_and_blocks_are_told_apart() {
    assert_eq!(line("a\n\nb"), [text("a"), Span::Break, Span::Break, text("b")]);
    assert_eq!(
        parse("# T\n> q\n> r\n- a\n- b\n3. c\n```rust\nx = *1*;\n\n```\nend"),
        [
            Block::Heading(vec![text("T")]),
            Block::Quote(vec![text("q"), Span::Break, text("r")]),
            Block::List { first: None, points: vec![vec![text("a")], vec![text("b")]] },
            Block::List { first: Some(3), points: vec![vec![text("c")]] },
            Block::Code("x = *1*;\n".into()),
            Block::Paragraph(vec![text("end")]),
        ]
    );
    assert_eq!(parse("```\nnever closed"), [Block::Code("never closed".into())]);
    assert_eq!(parse(""), []);
    assert_eq!(parse("\n\n"), []);
}

#[test]
fn addresses_are_links_without_the_sentence_around_them() {
    let address = "https://a.example/x_(y)?q=1#z";
    assert_eq!(line(&format!("See {address}.")), [text("See "), link(address, address), text(".")]);
    assert_eq!(
        line(&format!("({address}), **{address}**")),
        [text("("), link(address, address), text("), "), Span::Strong(vec![link(address, address)]),]
    );
    assert_eq!(line("HTTPS://A.EXAMPLE"), [link("HTTPS://A.EXAMPLE", "HTTPS://A.EXAMPLE")]);
}

#[test]
fn a_link_says_where_it_leads_unless_its_text_does() {
    let Span::Link(named) = &line("[my bank](https://evil.example/login)")[0] else { panic!() };
    assert_eq!((named.text(), named.host()), ("my bank", Some("evil.example")));
    let Span::Link(bare) = &line("https://a.example/b")[0] else { panic!() };
    assert_eq!(bare.host(), None);
    let Span::Link(lying) = &line("[https://bank.example](https://evil.example)")[0] else { panic!() };
    assert_eq!(lying.host(), Some("evil.example"));
    assert_eq!(
        line("![](https://a.example/p.png)"),
        [link("https://a.example/p.png", "https://a.example/p.png")]
    );
}

#[test]
fn addresses_that_look_like_others_are_no_links() {
    for hostile in [
        "https://bank.example\u{202e}elpmaxe.live//:sptth",
        "https://bаnk.example/",
        "https://bank.example@evil.example/",
        "https://bank.example\\@evil.example/",
        "https://bank.example\u{200b}.evil.example/",
        "https:///evil.example",
    ] {
        assert!(
            !line(hostile).iter().any(|span| matches!(span, Span::Link(link) if link.text() == hostile)),
            "{hostile}"
        );
    }
    assert_eq!(line("https://bank.example@evil.example/"), [text("https://bank.example@evil.example/")]);
}

#[test]
fn what_is_long_or_full_of_marks_is_text() {
    let long = "*a* ".repeat(MAX_TEXT / 4 + 1);
    assert_eq!(parse(&long), [Block::Paragraph(vec![text(&long)])]);
    assert!(!has_marks(&long));
    let many = "*a* ".repeat(MAX_MARKS);
    let spans = line(many.trim_end());
    assert!(spans.len() <= 2 * MAX_MARKS + 1, "{}", spans.len());
}

#[test]
fn addresses_that_nobody_can_follow_are_text() {
    let long = format!("https://a.example/{}", "x".repeat(3_000));
    assert_eq!(line(&long), [text(&long)]);
    // Each could be one, and none of them ends.
    let many = "https://a.example/".repeat(3_000);
    assert_eq!(line(&many), [text(&many)]);
}

#[test]
fn texts_without_marks_are_told_quickly() {
    for plain in ["Hello Bob", "See you at 5", "a-b", "3.5"] {
        assert!(!has_marks(plain), "{plain}");
        assert_eq!(line(plain), [text(plain)]);
    }
    for marked in ["*a*", "- a", "1. a", "http://a.example", "> a"] {
        assert!(has_marks(marked), "{marked}");
    }
}

#[test]
fn brackets_and_stops_behind_an_address_are_not_of_it() {
    for (written, end) in [
        ("https://a.example/(x)", ""),
        ("https://a.example/(x))", ")"),
        ("https://a.example/[x]](y)", ""),
        ("https://a.example/x.)].", ".)]."),
        ("https://a.example/{x}}…", "}…"),
        ("https://a.example/)(", ""),
    ] {
        let address = written.strip_suffix(end).unwrap();
        let spans = line(written);
        assert_eq!(spans[0], link(address, address), "{written}");
        assert_eq!(spans.get(1), (!end.is_empty()).then(|| text(end)).as_ref(), "{written}");
    }
}

#[test]
fn marks_around_an_address_that_is_no_link_are_read() {
    let address = "https://bank.example@evil.example/";
    assert_eq!(line(&format!("**{address}**")), [Span::Strong(vec![text(address)])]);
    assert_eq!(line(&format!("[a]({address}) *b*"))[1..], [Span::Emphasis(vec![text("b")])]);
    // What looks like an address inside of one is a part of it.
    let inside = format!("{address}https://good.example/");
    assert_eq!(line(&inside), [text(&inside)]);
}

/// How often each letter of a text is looked at until it is read, on average.
fn effort(written: &str) -> usize {
    LOOKED_AT.set(0);
    parse(written);
    LOOKED_AT.get() / written.len().max(1)
}

/// The most that [`effort`] may be, whatever is written.
const MAX_EFFORT: usize = 10;

#[test]
fn what_is_written_to_be_read_slowly_is_read_in_proportion_to_its_length() {
    for (part, times) in [
        (["https://@".repeat(113), ")".repeat(1024), " ".into()].concat(), 30),
        (["https://a.example/".to_owned(), ")".repeat(2_000), " ".into()].concat(), 30),
        ("https://@".to_owned(), 7_000),
        ("https://@ ".to_owned(), 6_000),
        ("[](".to_owned(), 20_000),
        ("[](https://".to_owned(), 5_000),
        ("[](https://a/\"".to_owned(), 4_000),
        ("[](https://a/\u{3000}".to_owned(), 4_000),
        (["[](https://a/".repeat(180), "\\) ".into()].concat(), 25),
        ("![".to_owned(), 30_000),
        ("[a".repeat(100), 300),
        ("` ".to_owned(), 30_000),
        ("`\n".to_owned(), 30_000),
    ] {
        let hostile = part.repeat(times);
        assert!(
            hostile.len() <= MAX_TEXT && effort(&hostile) <= MAX_EFFORT,
            "{} of {part}",
            effort(&hostile)
        );
    }
}

/// Everything that somebody reads, marks left out.
fn words(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) | Span::Code(text) => text.clone(),
            Span::Break => "\n".into(),
            Span::Strong(inside) | Span::Emphasis(inside) | Span::Struck(inside) => words(inside),
            Span::Link(link) => link.text().to_owned(),
        })
        .collect()
}

fn depth(spans: &[Span]) -> usize {
    spans
        .iter()
        .map(|span| match span {
            Span::Strong(inside) | Span::Emphasis(inside) | Span::Struck(inside) => 1 + depth(inside),
            _ => 0,
        })
        .max()
        .unwrap_or(0)
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("*".to_owned()),
        Just("**".to_owned()),
        Just("_".to_owned()),
        Just("~~".to_owned()),
        Just("`".to_owned()),
        Just("[".to_owned()),
        Just("](".to_owned()),
        Just(")".to_owned()),
        Just("https://a.example".to_owned()),
        Just("\n".to_owned()),
        Just("> ".to_owned()),
        Just("- ".to_owned()),
        Just("1. ".to_owned()),
        Just("```".to_owned()),
        Just(" ".to_owned()),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A few pieces, each many times, and all of this again and again.
fn repeated() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "https://",
        "http://a.example/",
        "@",
        "(",
        ")",
        "[",
        "]",
        "](",
        "[](https://a/",
        "![",
        "`",
        "*",
        "**",
        "_",
        "~~",
        "!",
        ".",
        "/",
        "\"",
        "\\",
        "<",
        "?",
        " ",
        "\n",
        "\u{3000}",
        "\u{200b}",
        "a",
        "é",
        "> ",
        "- ",
        "```",
    ]);
    let run = (piece, prop_oneof![3 => Just(1_usize), 1 => 2..400_usize])
        .prop_map(|(piece, times)| piece.repeat(times));
    prop::collection::vec(run, 1..6)
        .prop_map(|runs| runs.concat())
        .prop_map(|part| part.repeat((16 * 1024_usize).div_ceil(part.len())))
}

proptest! {
    #[test]
    fn nothing_is_read_slowly(written in repeated()) {
        let written = &written[..written.floor_char_boundary(MAX_TEXT)];
        prop_assert!(effort(written) <= MAX_EFFORT, "{}", effort(written));
    }

    #[test]
    fn no_word_is_lost_and_nothing_nests_deeply(written in hostile()) {
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
        let mut read = String::new();
        for block in parse(&written) {
            match block {
                Block::Paragraph(spans) | Block::Heading(spans) | Block::Quote(spans) => {
                    prop_assert!(depth(&spans) <= 3);
                    read += &words(&spans);
                }
                Block::List { points, .. } => {
                    for spans in &points {
                        prop_assert!(depth(spans) <= 3);
                        read += &words(spans);
                    }
                }
                Block::Code(code) => read += &code,
            }
        }
        // The language behind a fence, and the addresses behind named links, are not words.
        if !written.contains("```") && !written.contains("](") {
            prop_assert_eq!(letters(&read), letters(&written));
        }
        if !has_marks(&written) {
            prop_assert!(parse(&written).iter().all(|block| matches!(block, Block::Paragraph(spans)
                if spans.iter().all(|span| matches!(span, Span::Text(_) | Span::Break)))));
        }
    }
}
