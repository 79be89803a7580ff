//! A few small worlds. `npm run simulate` runs as many as are asked for.
#![allow(clippy::panic, reason = "a test that can't go on must fail")]

use dm3_simulation::{Options, Trouble, World};

/// How many messages are said in each.
const MESSAGES: usize = 60;

fn run(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let trouble = Trouble::all_but(&Trouble::not_yet());
        let options = Options { seed, messages: MESSAGES, only_until: None, trouble, trace: false };
        if let Err(wrong) = World::run(options) {
            let again = format!("npm run simulate -- --messages {MESSAGES} --seed {seed}");
            panic!("{}\nagain: {again}", wrong.join("\n"));
        }
    }
}

// Two, so that they run beside each other.

#[test]
fn nothing_is_lost_or_doubled_and_all_is_in_order() {
    run(1..4);
}

#[test]
fn nothing_is_lost_or_doubled_and_all_is_in_order_elsewhere() {
    run(5..8);
}

#[test]
fn a_seed_can_be_replayed() {
    let options = || Options {
        seed: 1,
        messages: 20,
        only_until: None,
        trouble: Trouble::all_but(&Trouble::not_yet()),
        trace: false,
    };
    let (first, second) = (World::run(options()), World::run(options()));
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}
