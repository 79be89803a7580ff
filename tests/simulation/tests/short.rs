//! A few small worlds. `npm run simulate` runs as many as are asked for.
#![allow(clippy::panic, reason = "a test that can't go on must fail")]

use dm3_simulation::{Lie, Options, Trouble, World};

/// How many messages are said in each.
const MESSAGES: usize = 60;

fn options(seed: u64, messages: usize) -> Options {
    let trouble = Trouble::all_but(&Trouble::not_yet());
    Options { seed, messages, only_until: None, trouble, trace: false, lie: None }
}

fn run(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        if let Err(wrong) = World::run(options(seed, MESSAGES)) {
            let again = format!("npm run simulate -- --messages {MESSAGES} --seed {seed}");
            panic!("{}\nagain: {again}", wrong.join("\n"));
        }
    }
}

// Two, so that they run beside each other.

#[test]
fn nothing_is_lost_or_doubled_and_all_is_in_order() {
    run(1..7);
}

#[test]
fn nothing_is_lost_or_doubled_and_all_is_in_order_elsewhere() {
    run(11..17);
}

#[test]
fn a_seed_can_be_replayed() {
    let (first, second) = (World::run(options(1, 20)), World::run(options(1, 20)));
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

/// What the oracle finds where all goes well but for a lie.
fn found(lie: Option<Lie>) -> Vec<String> {
    let trouble = Trouble { order: true, ..Trouble::default() };
    World::run(Options { trouble, lie, ..options(1, MESSAGES) }).err().unwrap_or_default()
}

#[test]
fn the_oracle_finds_what_is_lost_doubled_out_of_order_misnamed_unchecked_or_acknowledged_early() {
    assert_eq!(found(None), [""; 0]);
    for (lie, what) in [
        (Lie::Loses, "is lost: it was written and never came"),
        (Lie::Doubles, "is there twice"),
        (Lie::Reverses, "after which it was said"),
        (Lie::Misnames, "is shown as of"),
        (Lie::AcknowledgesEarly, "before it was stored"),
        (Lie::ShowsAnyName, "as the checked name of"),
    ] {
        let found = found(Some(lie));
        assert!(found.iter().any(|found| found.contains(what)), "{lie:?}: {found:?}");
    }
}
