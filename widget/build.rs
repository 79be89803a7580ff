//! Makes `words.rs` of the English messages (`texts/en.json`): for each group – what stands before the dot of an id – an
//! enum of the messages that stand on the screen as they are, and a function for each that has arguments, so that the
//! compiler compares what is said with what there is to say. A message has a number, by which it is found in the files of
//! other languages (`build/texts.mjs` has the same order): words come first, by their groups, then what has arguments.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::{env, fs, path::Path};

#[path = "src/texts/message.rs"]
#[allow(dead_code, reason = "only the reading of braces is needed here")]
mod message;

const ENGLISH: &str = "texts/en.json";
/// The words of the loader, which is JavaScript.
const LOADER: &str = "loader";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ENGLISH}");
    println!("cargo::rerun-if-changed=src/texts/message.rs");
    let messages: BTreeMap<String, String> = serde_json::from_str(&fs::read_to_string(ENGLISH)?)?;
    let mut groups: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut others = Vec::new();
    for (id, message) in &messages {
        let mut arguments = BTreeMap::new();
        note_arguments(message, &mut arguments).ok_or_else(|| format!("{id} is malformed"))?;
        if arguments.is_empty() {
            let (group, name) = id.split_once('.').unwrap_or(("", id));
            groups.entry(group).or_default().push((name, message));
        } else {
            others.push((id, message, arguments));
        }
    }
    let (mut code, mut number) = (String::new(), 0);
    for (group, words) in &groups {
        if *group != LOADER {
            word_group(&mut code, number, &(camel(group) + "Word"), words)?;
        }
        number += words.len();
    }
    for (id, message, arguments) in &others {
        function(&mut code, number, id, message, arguments)?;
        number += 1;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?;
    Ok(())
}

/// Words of a group have numbers in a row, by which each is found among the lines of one text: a table of addresses would
/// weigh three bytes for each of them, after compression.
fn word_group(
    code: &mut String,
    first: usize,
    name: &str,
    words: &[(&str, &str)],
) -> Result<(), Box<dyn Error>> {
    writeln!(code, "#[derive(Clone, Copy, PartialEq, Eq)]\n#[repr(u16)]\npub enum {name} {{")?;
    for (word, _) in words {
        writeln!(code, "    {},", camel(word))?;
    }
    writeln!(code, "}}\nimpl Words for {name} {{\n    const FIRST: u16 = {first};")?;
    let english: Vec<_> = words.iter().map(|(_, message)| *message).collect();
    if english.iter().any(|message| message.contains('\n')) {
        return Err(format!("a message of {name} has more than one line").into());
    }
    writeln!(code, "    const ENGLISH: &'static str = {:?};", english.join("\n"))?;
    writeln!(code, "    fn place(self) -> u16 {{ self as u16 }}\n}}")?;
    Ok(())
}

/// Numbers – what a plural is made of – are passed as such, all else as text.
fn function(
    code: &mut String,
    number: usize,
    id: &str,
    message: &str,
    arguments: &BTreeMap<String, bool>,
) -> Result<(), Box<dyn Error>> {
    let name = id.replace(['.', '-'], "_");
    let list = |each: fn(&str, bool) -> String| {
        arguments.iter().map(|(name, counts)| each(name, *counts)).collect::<Vec<_>>().join(", ")
    };
    let taken = list(|name, counts| format!("{name}: {}", if counts { "usize" } else { "&str" }));
    let given = list(|name, counts| {
        format!("({name:?}, {})", if counts { format!("&{name}.to_string()") } else { name.to_owned() })
    });
    // Most have one, and calls are many.
    let told = match arguments.iter().next() {
        Some((argument, counts)) if arguments.len() == 1 => {
            format!("{}({number}, {message:?}, {argument})", if *counts { "tell_count" } else { "tell_one" })
        }
        _ => format!("tell({number}, {message:?}, &[{given}])"),
    };
    writeln!(code, "pub fn {name}({taken}) -> String {{\n    {told}\n}}")?;
    Ok(())
}

/// The names of a message's arguments, and whether they are counted.
fn note_arguments(message: &str, arguments: &mut BTreeMap<String, bool>) -> Option<()> {
    let mut rest = message;
    while let Some((_, after)) = rest.split_once('{') {
        let end = message::closing(after)?;
        let inside = after.get(..end)?;
        match inside.split_once(',') {
            None => {
                arguments.entry(inside.trim().to_owned()).or_default();
            }
            Some((name, kind)) => {
                let (kind, mut branches) = kind.split_once(',')?;
                *arguments.entry(name.trim().to_owned()).or_default() |= kind.trim() == "plural";
                while let Some((_, after)) = branches.split_once('{') {
                    let end = message::closing(after)?;
                    note_arguments(after.get(..end)?, arguments)?;
                    branches = after.get(end + 1..)?;
                }
            }
        }
        rest = after.get(end + 1..)?;
    }
    Some(())
}

/// `end-of-line` as `EndOfLine`.
fn camel(name: &str) -> String {
    let words = name.split('-').filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
