//! Files that are too large for a message.

use std::cell::Cell;

use dm3_core::message::{Attachment, Draft, FileElsewhere, SignedMessage};
use dm3_core::seal::OpenFileError;
use dm3_core::session::{Carried, Decision, FetchError, KeepError};
use dm3_core::testing::{Fault, Network, Pair, Peer};

use crate::support::*;

const PUT: &str = "PUT https://dm3.example/ds/blobs/";

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 249) as u8).collect()
}

fn always(_: Carried) -> bool {
    true
}

async fn keep(network: &Network, session: &TestSession, file: &[u8]) -> Result<FileElsewhere, KeepError> {
    session.keep_file(network, file, "video/mp4", &always).await
}

async fn fetch(pair: &Pair, bob: &TestSession, file: &FileElsewhere) -> Result<Vec<u8>, FetchError> {
    bob.fetch_file(&pair.network, pair.alice.conversation(), file, &always).await
}

/// Alice has sent Bob, who has accepted her, a file.
async fn sent(length: usize) -> (Pair, TestSession, TestSession, FileElsewhere) {
    let (pair, alice, bob) = Pair::signed_in().await;
    pair.network.files().offer();
    let alice_again = pair.alice.resume().await;
    drop(alice);
    let kept = keep(&pair.network, &alice_again, &file(length)).await.unwrap();
    let attachment = Attachment::elsewhere("film.mp4", &kept, "film.mp4: at …").unwrap();
    let draft = |header| Draft::text(header, "look\n\nfilm.mp4: at …").carrying(vec![attachment]);
    alice_again.write(pair.bob.conversation(), &[], draft).await.unwrap();
    alice_again.flush().await.unwrap();
    sync(&bob).await;
    (pair, alice_again, bob, kept)
}

async fn received(of: &Peer, from: &Peer) -> (String, FileElsewhere) {
    let row = conversation(of, from).await.pop().unwrap();
    let message = SignedMessage::parse(&row.json).unwrap();
    let file = message.attachment_list().next().unwrap().elsewhere().unwrap();
    (message.text_of_ours().to_owned(), file)
}

#[test]
fn a_file_goes_sealed_to_the_node_and_to_who_has_accepted_its_sender() {
    run(async {
        let (pair, _alice, bob, kept) = sent(300_000).await;
        assert_eq!(pair.network.files().counts(), (1, 0));
        let (text, file_there) = received(&pair.bob, &pair.alice).await;
        assert_eq!((text.as_str(), &file_there), ("look", &kept));
        // A stranger's file is not even asked for.
        let asked = pair.network.requests().len();
        assert_eq!(fetch(&pair, &bob, &file_there).await, Err(FetchError::NotWelcome));
        assert_eq!(pair.network.requests().len(), asked);
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        assert_eq!(fetch(&pair, &bob, &file_there).await.unwrap(), file(300_000));
    });
}

#[test]
fn what_the_node_does_not_offer_is_not_tried() {
    run(async {
        let (pair, alice, _bob) = Pair::signed_in().await;
        assert_eq!(keep(&pair.network, &alice, b"x").await, Err(KeepError::NotOffered));
        pair.network.files().offer();
        let alice = pair.alice.resume().await;
        assert!(alice.keeps_files_of(500_000) && !alice.keeps_files_of(1_000_000));
        let asked = pair.network.requests().len();
        assert_eq!(keep(&pair.network, &alice, &file(1_000_000)).await, Err(KeepError::NotOffered));
        assert_eq!(keep(&pair.network, &alice, b"").await, Err(KeepError::NotOffered));
        assert_eq!(pair.network.requests().len(), asked);
        for status in [413, 507] {
            pair.network.fail_nth(1, "POST https://dm3.example/ds/blobs/", Fault::Status(status));
            assert_eq!(keep(&pair.network, &alice, b"x").await, Err(KeepError::NoRoom));
        }
    });
}

#[test]
fn an_upload_survives_what_passes_and_leaves_nothing_behind_if_it_ends() {
    run(async {
        let (pair, alice, bob, _) = sent(10).await;
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        for fault in
            [Fault::Unreachable, Fault::ReplyLost, Fault::Status(503), Fault::Busy(1), Fault::Status(401)]
        {
            pair.network.fail_nth(2, PUT, fault);
            let kept = keep(&pair.network, &alice, &file(200_000)).await.unwrap();
            assert_eq!(fetch(&pair, &bob, &kept).await.unwrap(), file(200_000), "{fault:?}");
        }
        let before = pair.network.files().counts();
        // Somebody changes their mind.
        let pieces = Cell::new(0);
        let stop = |carried: Carried| {
            assert!(carried.done <= carried.all);
            pieces.set(pieces.get() + 1);
            pieces.get() < 3
        };
        let stopped = alice.keep_file(&pair.network, &file(200_000), "video/mp4", &stop).await;
        assert_eq!(stopped, Err(KeepError::Stopped));
        pair.network.fail(PUT, Fault::Unreachable);
        assert!(matches!(keep(&pair.network, &alice, &file(200_000)).await, Err(KeepError::Home(_))));
        pair.network.heal();
        pair.network.fail(PUT, Fault::Status(400));
        let tried = pair.network.count("/ds/blobs/");
        assert!(matches!(keep(&pair.network, &alice, &file(9)).await, Err(KeepError::Home(_))));
        assert!(pair.network.count("/ds/blobs/") <= tried + 3, "what is final is not tried again");
        assert_eq!(pair.network.files().counts(), before);
    });
}

#[test]
fn a_fetch_survives_what_passes_and_gives_out_nothing_that_was_not_signed() {
    run(async {
        let (pair, _alice, bob, kept) = sent(900_000).await;
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        let address = kept.address.as_str();
        for fault in [Fault::Unreachable, Fault::Status(503), Fault::Busy(1)] {
            pair.network.fail_nth(2, address, fault);
            assert_eq!(fetch(&pair, &bob, &kept).await.unwrap(), file(900_000), "{fault:?}");
        }
        pair.network.fail(address, Fault::Status(500));
        assert_eq!(fetch(&pair, &bob, &kept).await, Err(FetchError::Status(500)));
        pair.network.heal();
        let stop = |carried: Carried| carried.done == 0;
        let stopped = bob.fetch_file(&pair.network, pair.alice.conversation(), &kept, &stop).await;
        assert_eq!(stopped, Err(FetchError::Stopped));

        let other = FileElsewhere { hash: [0; 32], ..kept.clone() };
        assert_eq!(fetch(&pair, &bob, &other).await, Err(OpenFileError::Changed.into()));
        let longer = FileElsewhere { size: kept.size + 100_000, ..kept.clone() };
        assert!(fetch(&pair, &bob, &longer).await.is_err());
        pair.network.files().tamper(|bytes| bytes[700_000] ^= 1);
        assert_eq!(fetch(&pair, &bob, &kept).await, Err(OpenFileError::Changed.into()));
        pair.network.files().tamper(|bytes| bytes.truncate(400_000));
        assert!(fetch(&pair, &bob, &kept).await.is_err());
        pair.network.files().lose_all();
        assert_eq!(fetch(&pair, &bob, &kept).await, Err(FetchError::Gone));
    });
}

#[test]
fn a_file_at_another_node_is_fetched_through_the_own_one_or_not_at_all() {
    run(async {
        let (pair, _alice, bob, kept) = sent(1_000).await;
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        let address = kept.address.as_str().replace("dm3.example", "ds2.example");
        let elsewhere = FileElsewhere { address: address.parse().unwrap(), ..kept };
        let asked = pair.network.requests().len();
        assert_eq!(fetch(&pair, &bob, &elsewhere).await, Err(FetchError::NoWay));
        assert!(!bob.can_fetch(&elsewhere));
        assert_eq!(pair.network.requests().len(), asked);
        pair.network.offer_proxies(true);
        let bob = pair.bob.resume().await;
        assert_eq!(fetch(&pair, &bob, &elsewhere).await.unwrap(), file(1_000));
        assert_eq!(pair.network.count("GET https://ds2.example/"), 0);
        assert_eq!(pair.network.count("GET https://dm3.example/proxy/blob?url="), 1);
    });
}
