//! `simulate --messages N --seed S`: runs worlds until so many messages were said. The seed of a world that fails is
//! told with the command that runs this world again.

use std::process::ExitCode;
use std::time::Instant;

use dm3_simulation::{Options, Report, Trouble, WORLD, World};

const USAGE: &str =
    "usage: simulate [--messages N] [--seed S] [--only-until STEP] [--without KIND,KIND] [--trace]";

struct Arguments {
    messages: usize,
    seed: u64,
    only_until: Option<u64>,
    without: Vec<String>,
    trace: bool,
}

fn arguments() -> Option<Arguments> {
    let mut given =
        Arguments { messages: WORLD, seed: 1, only_until: None, without: Trouble::not_yet(), trace: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--messages" => given.messages = words.next()?.parse().ok()?,
            "--seed" => given.seed = words.next()?.parse().ok()?,
            "--only-until" => given.only_until = Some(words.next()?.parse().ok()?),
            "--without" => {
                let kinds = words.next()?;
                given.without = kinds.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
            }
            "--trace" => given.trace = true,
            _ => return None,
        }
    }
    given.without.iter().all(|kind| Trouble::KINDS.contains(&kind.as_str())).then_some(given)
}

fn main() -> ExitCode {
    let Some(given) = arguments() else {
        eprintln!("{USAGE}\nkinds of trouble: {}", Trouble::KINDS.join(", "));
        return ExitCode::FAILURE;
    };
    let begun = Instant::now();
    let (mut total, mut worlds) = (Report::default(), 0);
    let (mut seed, mut failed) = (given.seed, Vec::new());
    while total.messages < given.messages {
        let messages = WORLD.min(given.messages - total.messages);
        let options = Options {
            seed,
            messages,
            only_until: given.only_until,
            trouble: Trouble::all_but(&given.without),
            trace: given.trace,
            lie: None,
        };
        match World::run(options) {
            Ok(report) => {
                total.messages += report.messages;
                total.acknowledged += report.acknowledged;
                total.steps += report.steps;
                total.time += report.time;
                total.troubles += report.troubles;
                worlds += 1;
            }
            Err(wrong) => {
                for what in wrong.iter().take(20) {
                    eprintln!("  {what}");
                }
                let without = match given.without.as_slice() {
                    same if same == Trouble::not_yet() => String::new(),
                    kinds => format!(" --without {}", kinds.join(",")),
                };
                eprintln!(
                    "FAILED: {} things are wrong. Again: npm run simulate -- --messages {messages} --seed {seed}{without}",
                    wrong.len()
                );
                failed.push(seed);
                total.messages += messages;
            }
        }
        if given.only_until.is_some() {
            break;
        }
        seed += 1;
    }
    if !failed.is_empty() {
        eprintln!(
            "{} of {} worlds failed (seeds {} to {}, {:.1} s): {failed:?}",
            failed.len(),
            seed - given.seed,
            given.seed,
            seed - 1,
            begun.elapsed().as_secs_f64()
        );
        return ExitCode::FAILURE;
    }
    println!(
        "{} messages in {worlds} worlds (seeds {} to {}): all of them once, in order, kept before they were acknowledged; \
         {} acknowledgements, {} troubles, {} steps, {} hours there, {:.1} s here",
        total.messages,
        given.seed,
        seed - 1,
        total.acknowledged,
        total.troubles,
        total.steps,
        total.time / 3_600_000,
        begun.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
