//! What is remembered of people: names that move, keys that change, profiles that come back.

use dm3_core::device::{Notice, SendState};
use dm3_core::identity::{Address, EnsName, SignedProfile, UserProfile};
use dm3_core::ports::{Clock as _, Wallet as _};
use dm3_core::session::{FindError, NameStanding, Occasion};
use dm3_core::testing::{Fault, Network, Pair, Peer};

use crate::support::*;

async fn open(session: &TestSession, typed: &str) -> Address {
    let peer = session.find(typed).await.unwrap();
    session.keep(&peer).await.unwrap();
    peer.address
}

/// What a device noted in a conversation.
async fn notices(session: &TestSession, with: &Peer) -> Vec<Notice> {
    let contact = session.contact(with.conversation()).await.unwrap().unwrap();
    contact.notices.iter().map(|(_, notice)| notice.clone()).collect()
}

async fn kept_name(session: &TestSession, with: &Peer) -> Option<EnsName> {
    session.contact(with.conversation()).await.unwrap().unwrap().name
}

/// What is served for somebody at their address name now.
async fn published(network: &Network, whose: &Peer) -> SignedProfile {
    let reader = Peer::new(network, "reader");
    let found = reader.directory().profile_at(&whose.alias(), whose.address()).await.unwrap();
    found.unwrap().1.as_signed().clone()
}

#[test]
fn a_name_counts_for_as_long_as_it_was_checked_a_moment_ago() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let (to, bobs) = (pair.bob.conversation(), name("bob.eth"));
        open(&alice, "bob.eth").await;
        assert_eq!(alice.name_standing(to, &bobs), NameStanding::Checked);
        pair.network.clock().advance(600_000);
        assert_eq!(alice.name_standing(to, &bobs), NameStanding::Unchecked);
        // After a reload nothing was checked yet.
        let alice = pair.alice.resume().await;
        assert_eq!(alice.name_standing(to, &bobs), NameStanding::Unchecked);
        pair.network.fail("eth_call", Fault::Unreachable);
        let checked = alice.check_name(to).await.unwrap();
        assert_eq!((checked.name, checked.standing), (Some(bobs.clone()), NameStanding::Uncheckable));
        assert!(notices(&alice, &pair.bob).await.is_empty(), "no answer is no proof");
        pair.network.heal();
        let checked = alice.check_name(to).await.unwrap();
        assert_eq!((checked.standing, checked.changed), (NameStanding::Checked, false));
        // A failure after that takes nothing away that was checked a moment ago.
        pair.network.clock().advance(60_000);
        pair.network.fail("eth_call", Fault::Unreachable);
        assert_eq!(alice.check_name(to).await.unwrap().standing, NameStanding::Checked);
    });
}

#[test]
fn a_name_that_moved_is_told_in_the_conversation_and_leads_to_its_new_owner() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        carol.sign_up().await;
        open(&alice, "bob.eth").await;
        say(&alice, &pair.bob, "hello").await;
        pair.network.edit_name(&name("bob.eth"), |records| records.address = Some(carol.address()));

        let alice = pair.alice.resume().await;
        let checked = alice.check_name(pair.bob.conversation()).await.unwrap();
        assert_eq!((checked.name, checked.changed), (None, true));
        let moved = Notice::NameMoved { name: name("bob.eth"), to: carol.address() };
        assert_eq!(notices(&alice, &pair.bob).await, std::slice::from_ref(&moved));
        assert_eq!(kept_name(&alice, &pair.bob).await, None);
        // It is said once.
        alice.check_name(pair.bob.conversation()).await.unwrap();
        assert_eq!(notices(&alice, &pair.bob).await, [moved]);
        assert_eq!(open(&alice, "bob.eth").await, carol.address());
        // The former owner is still written to, by their address.
        assert_eq!(say(&alice, &pair.bob, "are you still there?").await.accepted.len(), 1);
        assert_eq!(sync(&bob).await, 2);
    });
}

#[test]
fn opening_a_moved_name_takes_it_from_its_former_owner_at_once() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        open(&alice, "bob.eth").await;
        pair.network.edit_name(&name("bob.eth"), |records| records.address = Some(carol.address()));
        pair.network.clock().advance(60_000);
        open(&alice, "bob.eth").await;
        assert_eq!(kept_name(&alice, &pair.bob).await, None);
        assert_eq!(kept_name(&alice, &carol).await, Some(name("bob.eth")));
        assert_eq!(notices(&alice, &pair.bob).await.len(), 1);
    });
}

#[test]
fn whose_name_is_gone_is_called_as_they_call_themselves() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.edit_name(&name("work.eth"), |records| records.address = Some(pair.bob.address()));
        open(&alice, "work.eth").await;
        pair.network.edit_name(&name("work.eth"), |records| records.address = None);
        let alice = pair.alice.resume().await;
        let checked = alice.check_name(pair.bob.conversation()).await.unwrap();
        assert_eq!((checked.name, checked.standing), (Some(name("bob.eth")), NameStanding::Checked));
        assert_eq!(notices(&alice, &pair.bob).await, [Notice::NameGone { name: name("work.eth") }]);
    });
}

#[test]
fn changed_keys_are_used_and_told_in_the_conversation() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let since = pair.network.clock().now();
        open(&alice, "bob.eth").await;
        pair.bob.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "to the new keys").await;
        assert_eq!(notices(&alice, &pair.bob).await, [Notice::KeysChanged { since }]);
        // And once only.
        let alice = pair.alice.resume().await;
        say(&alice, &pair.bob, "again").await;
        assert_eq!(notices(&alice, &pair.bob).await.len(), 1);
    });
}

#[test]
fn a_profile_that_was_replaced_does_not_come_back_by_itself() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        open(&alice, "bob.eth").await;
        let old = published(&pair.network, &pair.bob).await;
        let replaced = pair.network.clock().now() + 60_000;
        pair.network.clock().advance(60_000);
        pair.bob.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        alice.peer(pair.bob.address()).await.unwrap();
        // The gateway serves the old one again: it was signed by bob, and nothing in it says that it is old.
        pair.network.set_profile(pair.bob.address(), old);
        pair.network.clock().advance(60_000);
        assert_eq!(say(&alice, &pair.bob, "not for the old keys").await.waiting, 1);
        let found = alice.peer(pair.bob.address()).await.unwrap_err();
        assert!(matches!(found, FindError::OldProfile { .. }) && found.is_temporary(), "{found}");
        let told = notices(&alice, &pair.bob).await;
        assert_eq!(told.last(), Some(&Notice::OldProfile { replaced }));
        let alice = pair.alice.resume().await;
        assert_eq!(alice.flush().await.unwrap().waiting, 1);
        assert_eq!(notices(&alice, &pair.bob).await, told, "it is said once");
        // Bob says by another way that it is his: then it is used.
        assert_eq!(alice.accept_profile(pair.bob.address()).await, Ok(true));
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(conversation(&pair.alice, &pair.bob).await[0].state, SendState::Accepted);
    });
}

#[test]
fn an_old_profile_at_one_name_does_not_hide_the_new_one_at_another() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let old = published(&pair.network, &pair.bob).await;
        pair.network.edit_name(&name("bob.eth"), |records| {
            let record = dm3_core::registry::profile_record(&old);
            records.texts.insert(dm3_core::registry::PROFILE_KEY.to_owned(), record);
        });
        open(&alice, "bob.eth").await;
        // Bob gets new keys at his node and forgets the record of his name.
        pair.bob.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        pair.network.edit_name(&name("bob.eth"), |records| records.texts.clear());
        pair.network.clock().advance(60_000);
        assert!(alice.peer(pair.bob.address()).await.unwrap().profile.is_some());
        pair.network.edit_name(&name("bob.eth"), |records| {
            let record = dm3_core::registry::profile_record(&old);
            records.texts.insert(dm3_core::registry::PROFILE_KEY.to_owned(), record);
        });
        pair.network.clock().advance(60_000);
        let alice = pair.alice.resume().await;
        let found = alice.find("bob.eth").await.unwrap().profile.unwrap().1;
        assert_eq!(found.keys(), keys_of("new").public());
    });
}

#[test]
fn whoever_has_former_keys_and_a_domain_does_not_write_in_their_owners_name() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let stolen = pair.alice.keys().await;
        let old = published(&pair.network, &pair.alice).await;
        pair.alice.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        // Bob knows alice by her present keys alone.
        open(&bob, "alice.eth").await;
        let elsewhere = pair.network.at_second_node();
        elsewhere.set_profile(pair.alice.address(), old);
        let mut letter = Letter::new(&pair, "it is me, alice").await;
        letter.from = EnsName::of_address(pair.alice.address(), &elsewhere.discovery().address_domain);
        letter.signed_by = stolen;
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 0);
        assert!(pair.bob.texts(&pair.alice).await.is_empty());
        let known = bob.peer(pair.alice.address()).await.unwrap().profile.unwrap().1;
        assert_eq!(known.keys(), keys_of("new").public(), "nothing was taken over");
        assert!(notices(&bob, &pair.alice).await.is_empty());
    });
}

#[test]
fn who_can_silence_the_known_place_does_not_lead_to_other_keys() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        carol.sign_up().await;
        open(&alice, carol.alias().as_str()).await;
        // At our own domain stands a profile of other keys, which carol once had.
        let former = Peer::new(&pair.network, "carol");
        former.publish(keys_of("former").public(), vec![name("ds.dm3.eth")]).await;
        pair.network.clock().advance(60_000);
        pair.network.fail("gateway.other.example", Fault::Unreachable);
        assert_eq!(say(&alice, &carol, "for carol").await.waiting, 1);
        pair.network.heal();
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert!(notices(&alice, &carol).await.is_empty());
    });
}

#[test]
fn an_edition_that_was_replaced_before_anybody_met_it_is_an_old_profile() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let publish = async |keys: &str, edition| {
            let services = vec![name("ds.dm3.eth")];
            let profile = UserProfile::new(keys_of(keys).public(), services).with_edition(edition);
            let text = profile.registration_message(pair.bob.address());
            let signature = pair.bob.wallet.sign_text(pair.bob.address(), &text).await.unwrap();
            pair.network.set_profile(pair.bob.address(), profile.signed(signature));
            pair.network.clock().advance(60_000);
        };
        publish("third", 3).await;
        open(&alice, "bob.eth").await;
        publish("first", 1).await;
        let found = alice.peer(pair.bob.address()).await.unwrap_err();
        assert!(matches!(found, FindError::OldProfile { .. }), "{found}");
        assert_eq!(alice.accept_profile(pair.bob.address()).await, Ok(true));
        let used = alice.peer(pair.bob.address()).await.unwrap().profile.unwrap().1;
        assert_eq!(used.keys(), keys_of("first").public());
        publish("second", 2).await;
        assert!(alice.peer(pair.bob.address()).await.unwrap().profile.is_some());
    });
}

#[test]
fn what_was_written_with_a_profile_that_is_used_again_is_taken_in_at_once() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let old = published(&pair.network, &pair.alice).await;
        open(&bob, "alice.eth").await;
        pair.network.clock().advance(60_000);
        pair.alice.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        bob.peer(pair.alice.address()).await.unwrap();
        pair.network.set_profile(pair.alice.address(), old);
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "hello").await;
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(bob.accept_profile(pair.alice.address()).await, Ok(true));
        let mut new = 0;
        bob.retry_kept(Occasion::Time, &mut |more| new += more.new.len()).await.unwrap();
        assert_eq!(new, 1);
    });
}
