//! Who is signed in.

use reqwest::Method;

use crate::support::{Account, Around, Clock, Node, Socket};

#[tokio::test]
async fn new_keys_and_signing_out_everywhere_end_every_session() {
    let node = Node::start().await;
    let alice = Account::new(3).registered(&node).await;
    let stolen = alice.sign_in(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &stolen).await;
    let mailbox = format!("/ds/mailbox/{}", alice.name);
    // Another list of services under the same keys concerns no session.
    let alice = alice.edition(1).also_at("ds2.eth").registered(&node).await;
    alice.sign_in(&node).await;
    assert_eq!(node.get_as(&stolen, &mailbox).await.status, 200);
    let alice = alice.rotated(77).edition(2).registered(&node).await;
    assert_eq!(node.get_as(&stolen, &mailbox).await.status, 200, "anybody may post; nothing is proven yet");
    let token = alice.sign_in(&node).await;
    assert_eq!(node.get_as(&stolen, &mailbox).await.status, 401);
    assert_eq!(socket.frame().await.as_deref(), Some("41"));
    assert!(Socket::connect(&node, alice.name.as_str(), &stolen).await.1.starts_with("44"));
    assert_eq!(node.get_as(&token, &mailbox).await.status, 200);

    let other = alice.sign_in(&node).await;
    assert_eq!(socket.frame().await, None, "whoever does not go away has no connection any more");
    let mut socket = Socket::authorized(&node, &alice, &other).await;
    let path = format!("/ds/auth/{}", alice.name);
    assert_eq!(node.request(Method::DELETE, &path, None, None).await.status, 401);
    assert_eq!(node.request(Method::DELETE, &path, Some(&token), None).await.status, 204);
    for token in [&token, &other] {
        assert_eq!(node.get_as(token, &mailbox).await.status, 401);
    }
    assert_eq!(socket.frame().await.as_deref(), Some("41"));
    let token = alice.sign_in(&node).await;
    assert_eq!(node.get_as(&token, &mailbox).await.status, 200);
}

/// A node whose clock can be set, where that is possible.
async fn with_a_clock() -> Option<Node> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::in_folder(folder.path())?;
    let around = Around { clock: Some(clock), ..Around::default() };
    Some(Node::start_in(folder, around, None, "warn", "").await)
}

/// Sets its clock to when the token has ended.
async fn let_end(node: &Node, alice: &Account, token: &str) {
    node.around.clock.as_ref().unwrap().set(1);
    // It takes a moment until the process sees the other clock.
    while node.get_as(token, &format!("/ds/mailbox/{}", alice.name)).await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_socket_outlives_the_token_that_opened_it_as_in_the_reference_and_opens_no_other() {
    let Some(node) = with_a_clock().await else { return };
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &token).await;
    let_end(&node, &alice, &token).await;
    assert!(Socket::connect(&node, alice.name.as_str(), &token).await.1.starts_with("44"));
    // Longer than sockets were looked for whose token had ended.
    for _ in 0..8 {
        assert!(socket.is_silent().await, "deployed clients do not come back when they are sent away");
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    Account::new(1).send(&node, &alice, "hi").await;
    assert_eq!(alice.open(&socket.message().await), "hi");
}

#[tokio::test]
async fn who_signs_in_anew_is_told_once_though_it_forgot_the_socket_it_had() {
    let Some(node) = with_a_clock().await else { return };
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut other = Socket::dial_by(&node, "another browser").await.authorizes(&alice, &token).await;
    let mut forgotten = Socket::authorized(&node, &alice, &token).await;
    let_end(&node, &alice, &token).await;
    let token = alice.sign_in(&node).await;
    let mut newer = Socket::authorized(&node, &alice, &token).await;
    assert_eq!(forgotten.frame().await.as_deref(), Some("41"));
    let mut newest = Socket::authorized(&node, &alice, &token).await;
    Account::new(1).send(&node, &alice, "hi").await;
    for socket in [&mut other, &mut newer, &mut newest] {
        assert_eq!(alice.open(&socket.message().await), "hi");
    }
}
