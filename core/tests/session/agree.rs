//! What several devices of an account agree upon: what was read, chosen and typed, and under which keys it is kept.

use dm3_core::testing::{Fault, Pair};

use super::history::{another_device, exchange, push};
use super::support::{run, say, sync};

#[test]
fn only_what_stood_on_the_device_where_somebody_read_is_read() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let with_alice = pair.alice.conversation();
        let bobs_phone = another_device(&pair, "bob");
        let phone = bobs_phone.sign_up().await;
        say(&alice, &pair.bob, "one").await;
        sync(&phone).await;
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "two").await;
        // Nobody is there, and the phone is offline.
        sync(&bob).await;
        push(&bob).await;
        pair.network.clock().advance(60_000);
        phone.mark_read(with_alice).await.unwrap();
        exchange(&phone, &bob).await;
        assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (1, 1));
    });
}

#[test]
fn what_two_devices_took_in_and_one_has_shown_is_read_on_both_whichever_was_first() {
    for read_on_the_later in [false, true] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let with_alice = pair.alice.conversation();
            let bobs_phone = another_device(&pair, "bob");
            let phone = bobs_phone.sign_up().await;
            say(&alice, &pair.bob, "one").await;
            pair.network.fail_nth(1, "cknowledg", Fault::Unreachable);
            sync(&bob).await;
            pair.network.clock().advance(5_000);
            assert_eq!(sync(&phone).await, 1);
            let (reader, other) = if read_on_the_later { (&phone, &bob) } else { (&bob, &phone) };
            reader.mark_read(with_alice).await.unwrap();
            exchange(reader, other).await;
            exchange(reader, other).await;
            assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (0, 0));
            // What comes now is not.
            say(&alice, &pair.bob, "two").await;
            sync(&bob).await;
            exchange(&bob, &phone).await;
            assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (1, 1));
        });
    }
}
