//! A backup holds everything, and brings back what is missing and nothing else.

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Refusal;
use dm3_core::device::{Changed, MessageRow, SendState};
use dm3_core::identity::{Address, KeySeed, RecoveryCode};
use dm3_core::ports::{Clock as _, Store as _, StoreError};
use dm3_core::session::{ExportError, ImportError, Keys, Restored, Session, SignIn};
use dm3_core::storage::{ArchiveError, ArchiveHead, MAX_HEAD};

use dm3_core::testing::{MemoryPorts, MemoryStore, Pair, Peer, SeededEntropy, TestWallet};

use serde_json::json;

use crate::support::*;

fn code() -> RecoveryCode {
    RecoveryCode::new_random(&SeededEntropy::new(77))
}

async fn exported(session: &Session<MemoryPorts>) -> Vec<u8> {
    let mut file = Vec::new();
    session.export(&code(), |piece| file.extend(piece)).await.unwrap();
    file
}

fn head(file: &[u8]) -> ArchiveHead {
    ArchiveHead::read(file.get(..MAX_HEAD).unwrap_or(file)).unwrap()
}

async fn imported(session: &Session<MemoryPorts>, file: &[u8]) -> Result<Restored, ImportError> {
    let head = head(file);
    let rest = head.len();
    let mut import = session.import(head, &code()).await?;
    for piece in file[rest..].chunks(10_000) {
        import.push(piece).await?;
    }
    import.finish().await
}

async fn rows(store: &MemoryStore, owner: Address, with: ConversationId) -> Vec<MessageRow> {
    store.messages(owner, with, None, 10_000).await.unwrap()
}

/// The same person with another device, on which the keys are.
async fn other_device(pair: &Pair, name: &str, seed: &KeySeed) -> (MemoryStore, Session<MemoryPorts>) {
    let device = Peer::new(&pair.network, name);
    device.store.set_seed(device.address(), seed).await.unwrap();
    let session = Session::resume(device.directory(), device.address(), seed);
    (device.store.clone(), session)
}

/// bob, who has talked with alice and has an answer that has not left yet.
async fn talk() -> (Pair, Session<MemoryPorts>, Session<MemoryPorts>) {
    let (pair, alice, bob) = Pair::signed_in().await;
    for number in 0..220 {
        alice.compose(pair.bob.conversation(), &format!("number {number}")).await.unwrap();
    }
    alice.flush().await.unwrap();
    sync(&bob).await;
    bob.mark_read(pair.alice.conversation()).await.unwrap();
    bob.compose(pair.alice.conversation(), "an answer").await.unwrap();
    bob.set_draft(pair.alice.conversation(), "half a sen", bob.now()).await.unwrap();
    bob.set_setting("receipts", json!(false)).await.unwrap();
    (pair, alice, bob)
}

#[test]
fn another_device_has_everything_after_importing_it() {
    run(async {
        let (pair, _, bob) = talk().await;
        let file = exported(&bob).await;
        let (owner, with) = (pair.bob.address(), pair.alice.conversation());
        let seed = pair.bob.store.seed(owner).await.unwrap().unwrap();
        let (store, session) = other_device(&pair, "bob", &seed).await;
        let restored = Restored { messages: 221, conversations: 1, skipped: 0 };
        assert_eq!(imported(&session, &file).await, Ok(restored));
        let mut expected = rows(&pair.bob.store, owner, with).await;
        expected[0].state = SendState::Refused(Refusal::Stopped);
        assert_eq!(rows(&store, owner, with).await, expected);
        let (here, there) =
            (pair.bob.store.contact(owner, with).await.unwrap(), store.contact(owner, with).await.unwrap());
        let (here, there) = (here.unwrap(), there.unwrap());
        assert!(here.read_until > 0);
        assert_eq!(there, here);
        assert_eq!(session.draft(with).await.unwrap(), "half a sen");
        assert_eq!(session.setting("receipts").await.unwrap(), Some(json!(false)));
        // The account's other devices learn of it.
        let journal = store.journal(owner, 1_000).await.unwrap();
        assert!(journal.len() >= 222);
        // But not that it is stopped: where it waits, it waits rightly.
        let stopped = Changed::Message(expected[0].hash.clone());
        assert!(journal.iter().all(|entry| entry.changed != stopped));
        // A second time nothing is new.
        assert_eq!(imported(&session, &file).await.unwrap().messages, 0);
    });
}

#[test]
fn what_is_newer_on_the_device_stays() {
    run(async {
        let (pair, alice, bob) = talk().await;
        let file = exported(&bob).await;
        bob.flush().await.unwrap();
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "since then").await;
        sync(&bob).await;
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        bob.set_draft(pair.alice.conversation(), "another one", bob.now()).await.unwrap();
        let (owner, with) = (pair.bob.address(), pair.alice.conversation());
        let before = (rows(&pair.bob.store, owner, with).await, pair.bob.store.contacts(owner).await);
        assert_eq!(imported(&bob, &file).await.unwrap().messages, 0);
        assert_eq!((rows(&pair.bob.store, owner, with).await, pair.bob.store.contacts(owner).await), before);
        assert!(
            before.0.iter().all(|row| row.state != SendState::Waiting),
            "what has left does not leave again"
        );
    });
}

#[test]
fn the_keys_in_it_let_the_next_device_in() {
    run(async {
        let (pair, _, bob) = talk().await;
        let file = exported(&bob).await;
        let device = Peer::new(&pair.network, "bob");
        let sign_in = SignIn::new(device.directory(), device.address());
        let Ok(Keys::Known(signed_in)) = sign_in.restore_keys(head(&file).keys(), &code()).await else {
            panic!("they are the published ones");
        };
        signed_in.remember(&device.directory()).await.unwrap();
        let session = Session::resume(device.directory(), device.address(), &signed_in.seed);
        assert_eq!(imported(&session, &file).await.unwrap().messages, 221);
        assert_eq!(TestWallet::of("bob").prompts().len(), 0);
    });
}

#[test]
fn a_file_of_another_account_or_of_other_keys_is_refused_and_nothing_of_it_is_kept() {
    run(async {
        let (pair, alice, bob) = talk().await;
        let file = exported(&bob).await;
        let other_account = Err(ImportError::OtherAccount(pair.bob.address()));
        assert_eq!(imported(&alice, &file).await, other_account);
        // Somebody writes a file in bob's name, with keys of their own, and gives him the code.
        let forger = KeySeed::from_bytes([9; 32]);
        let (store, session) = other_device(&pair, "bob", &forger).await;
        let with = ConversationId::Peer(pair.alice.address());
        session.compose(with, "what bob never wrote").await.unwrap();
        let forged = exported(&session).await;
        let before = rows(&pair.bob.store, pair.bob.address(), with).await;
        assert_eq!(imported(&bob, &forged).await, Err(ImportError::Archive(ArchiveError::OtherKeys)));
        assert_eq!(rows(&pair.bob.store, pair.bob.address(), with).await, before);
        assert_eq!(imported(&session, &file).await, Err(ImportError::Archive(ArchiveError::OtherKeys)));
        assert_eq!(rows(&store, pair.bob.address(), with).await.len(), 1);
    });
}

#[test]
fn what_a_damaged_file_holds_before_the_damage_is_kept_and_the_rest_can_follow() {
    run(async {
        let (pair, _, bob) = talk().await;
        let file = exported(&bob).await;
        let mut damaged = file.clone();
        let at = file.len() / 2;
        damaged[at] ^= 1;
        let owner = pair.bob.address();
        let seed = pair.bob.store.seed(owner).await.unwrap().unwrap();
        let (store, session) = other_device(&pair, "bob", &seed).await;
        assert_eq!(imported(&session, &damaged).await, Err(ImportError::Archive(ArchiveError::Damaged)));
        let some = rows(&store, owner, pair.alice.conversation()).await.len();
        assert!(some > 0 && some < 221, "{some}");
        assert!(!store.journal(owner, 1).await.unwrap().is_empty(), "other devices are to have that, too");
        let cut = &file[..file.len() - 1];
        assert_eq!(imported(&session, cut).await, Err(ImportError::Archive(ArchiveError::Incomplete)));
        assert_eq!(imported(&session, &file).await.map(|_| ()), Ok(()));
        assert_eq!(rows(&store, owner, pair.alice.conversation()).await.len(), 221);
        store.set_write_failure(Some(StoreError::Full));
        assert_eq!(imported(&session, &file).await, Err(ImportError::Store(StoreError::Full)));
    });
}

#[test]
fn without_keys_there_is_no_file() {
    run(async {
        let (pair, _, bob) = talk().await;
        pair.bob.store.erase(pair.bob.address()).await.unwrap();
        assert_eq!(bob.export(&code(), |_| panic!("nothing is written")).await, Err(ExportError::NoKeys));
    });
}

#[test]
fn what_waited_when_the_file_was_made_leaves_another_device_only_when_it_is_tried_again() {
    run(async {
        let (pair, alice, bob) = talk().await;
        let file = exported(&bob).await;
        // It has left since, and the device is gone.
        bob.flush().await.unwrap();
        assert_eq!(sync(&alice).await, 1);
        let (owner, with) = (pair.bob.address(), pair.alice.conversation());
        let seed = pair.bob.store.seed(owner).await.unwrap().unwrap();
        let (store, session) = other_device(&pair, "bob", &seed).await;
        imported(&session, &file).await.unwrap();
        assert_eq!(session.flush().await.unwrap(), Default::default());
        let answer = rows(&store, owner, with).await.remove(0);
        session.retry(&answer.hash).await.unwrap();
        assert_eq!(session.flush().await.unwrap().accepted, [answer.hash]);
        // Where it still waits it goes on doing so.
        bob.compose(with, "another one").await.unwrap();
        let file = exported(&bob).await;
        imported(&bob, &file).await.unwrap();
        assert_eq!(bob.flush().await.unwrap().accepted.len(), 1);
    });
}

#[test]
fn what_comes_out_of_a_file_stands_in_its_order_beside_what_is_there() {
    for turned in [false, true] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let (owner, with) = (pair.bob.address(), pair.alice.conversation());
            let seed = pair.bob.store.seed(owner).await.unwrap().unwrap();
            let (store, other) = other_device(&pair, "bob", &seed).await;
            bob.sync().await.unwrap();
            other.sync().await.unwrap();
            // Both are taken within one millisecond.
            let now = pair.network.clock().now();
            let devices = if turned { [&other, &bob] } else { [&bob, &other] };
            for (device, text) in devices.into_iter().zip(["one", "two"]) {
                pair.network.clock().set(now);
                say(&alice, &pair.bob, text).await;
                assert_eq!(sync(device).await, 1);
            }
            let file = exported(&bob).await;
            imported(&other, &file).await.unwrap();
            let rows = rows(&store, owner, with).await;
            assert!(rows[0].place > rows[1].place, "no two stand at one place");
            assert!(rows[0].json.contains("two") && rows[1].json.contains("one"));
        });
    }
}
