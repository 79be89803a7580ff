//! Telling receivers that a message has come: channels, codes, mail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use support::push::{Browser, vapid_claims};
use support::smtp::Security;
use support::{Account, MailServer, Node, PostgresServer, PushService, Reply, Socket};

/// A key for web push, and a subscription as a browser gives it.
const VAPID: &str = "vapid_private_key = 'RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw'\nvapid_contact = 'mailto:ops@example.org'\n";
const P256DH: &str =
    "BLn9b-VR0ca83knDNZ32dCHGyjJp-1riX9ZTN40MqV8K_LpQmLqxC_DoHvqvFXO_nGdAB4W9dogZb_sM-uV4JbY";

struct Receiver<'a> {
    node: &'a Node,
    account: Account,
    token: String,
}

impl<'a> Receiver<'a> {
    async fn new(node: &'a Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { node, account, token }
    }

    fn path(&self, route: &str) -> String {
        format!("/ds/notifications{route}/{}", self.account.name)
    }

    async fn post(&self, route: &str, body: Value) -> Reply {
        self.node.post_as(&self.token, &self.path(route), &body).await
    }

    async fn ok(&self, route: &str, body: Value) {
        let reply = self.post(route, body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"), "{route}");
    }

    async fn refused(&self, route: &str, body: Value, text: &str) {
        let reply = self.post(route, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (400, json!({ "error": text })), "{route} {body}");
    }

    async fn channels(&self) -> Value {
        let reply = self.node.get_as(&self.token, &self.path("")).await;
        assert_eq!(reply.status, 200);
        reply.json()["notificationChannels"].clone()
    }

    async fn delete(&self, kind: &str) -> Reply {
        let path = format!("/ds/notifications/channel/{kind}/{}", self.account.name);
        self.node.request(Method::DELETE, &path, Some(&self.token), None).await
    }

    /// With mail that is proven.
    async fn told_by_mail(self, server: &mut MailServer) -> Self {
        self.ok("/global", json!({ "isEnabled": true })).await;
        self.ok("", email("bob@example.test")).await;
        let code = server.mail().await.code();
        self.ok("/otp/verify", json!({ "otp": code, "notificationChannelType": "EMAIL" })).await;
        self
    }
}

fn email(to: &str) -> Value {
    json!({ "recipientValue": to, "notificationChannelType": "EMAIL" })
}

fn kind(kind: &str) -> Value {
    json!({ "notificationChannelType": kind })
}

fn push(endpoint: &str) -> Value {
    let keys = json!({ "p256dh": P256DH, "auth": "_ordMnz7uTCmrpBTeUV4Bw" });
    json!({ "endpoint": endpoint, "expirationTime": null, "keys": keys })
}

#[tokio::test]
async fn a_mail_address_is_proven_by_the_code_that_is_sent_to_it() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let bob = Receiver::new(&node, 2).await;
    let global = node.get_as(&bob.token, &bob.path("/global")).await;
    assert_eq!(global.json(), json!({ "isEnabled": false }));
    bob.refused("", email("bob@example.test"), "Global notifications is off").await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", email("bob@example.test")).await;
    let config = json!({ "isEnabled": true, "isVerified": false, "recipientValue": "bob@example.test" });
    assert_eq!(bob.channels().await, json!([{ "config": config, "type": "EMAIL" }]));
    let mail = server.mail().await;
    assert_eq!(mail.from, "MAIL FROM:<ds1@example.org>");
    assert_eq!(mail.to, "RCPT TO:<bob@example.test>");
    assert!(mail.login.starts_with("AUTH PLAIN"), "{mail:?}");
    let code = mail.code();
    assert_eq!(code.len(), 5);
    let wrong = if code == "12345" { "54321" } else { "12345" };
    let answer = |code: &str| json!({ "otp": code, "notificationChannelType": "EMAIL" });
    bob.refused("/otp/verify", answer(wrong), "Invalid OTP").await;
    bob.refused("/otp/verify", json!({ "notificationChannelType": "EMAIL" }), "OTP is missing").await;
    bob.ok("/otp/verify", answer(&code)).await;
    assert_eq!(bob.channels().await[0]["config"]["isVerified"], true);
    bob.refused("/otp/verify", answer(&code), "EMAIL notification channel is already verified").await;
    bob.refused("/otp", kind("EMAIL"), "EMAIL notification channel is already verified").await;
}

#[tokio::test]
async fn many_accounts_do_not_flood_one_person_with_codes() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&format!("{}\ncodes_per_day_per_recipient = 2\n", server.config())).await;
    let mut statuses = Vec::new();
    for n in 2..6 {
        let account = Receiver::new(&node, n).await;
        account.ok("/global", json!({ "isEnabled": true })).await;
        let reply = account.post("", email(&format!("Victim+{n}@example.test"))).await;
        if reply.status == 429 {
            assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
            assert_eq!(account.channels().await, json!([]), "nothing is changed then");
        }
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
    for _ in 0..2 {
        server.mail().await;
    }
    let other = Receiver::new(&node, 9).await.told_by_mail(&mut server).await;
    assert_eq!(other.channels().await[0]["config"]["isVerified"], true, "another is not concerned");
}

#[tokio::test]
async fn codes_are_counted_for_all_processes_of_a_database_and_over_a_restart() {
    let server = MailServer::start().await;
    let database = PostgresServer::shared().database().await;
    let more = format!("{}\ncodes_per_day_per_recipient = 2\n", server.config());
    let mut one = Node::start_on(Some(&database), "warn", &more).await;
    let two = Node::start_on(Some(&database), "warn", &more).await;
    let ask = async |node: &Node, n: u8| {
        let account = Receiver::new(node, n).await;
        account.ok("/global", json!({ "isEnabled": true })).await;
        account.post("", email(&format!("victim+{n}@example.test"))).await.status.as_u16()
    };
    assert_eq!([ask(&one, 2).await, ask(&two, 3).await], [200, 200]);
    assert_eq!([ask(&one, 4).await, ask(&two, 5).await], [429, 429]);
    one.kill_and_restart().await;
    assert_eq!(ask(&one, 6).await, 429);
}

#[tokio::test]
async fn a_code_is_guessed_at_most_five_times_and_resent_at_most_once_a_minute() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let bob = Receiver::new(&node, 2).await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", email("bob@example.test")).await;
    let code = server.mail().await.code();
    let wrong = if code == "12345" { "54321" } else { "12345" };
    for _ in 0..5 {
        bob.refused(
            "/otp/verify",
            json!({ "otp": wrong, "notificationChannelType": "EMAIL" }),
            "Invalid OTP",
        )
        .await;
    }
    let right = json!({ "otp": code, "notificationChannelType": "EMAIL" });
    bob.refused("/otp/verify", right, "Otp not found, please resend the OTP for verification").await;
    let soon = "New OTP can be generated after 1 minutes of last OTP generated";
    bob.refused("/otp", kind("EMAIL"), soon).await;
    // Neither another address nor removing the channel gets around it.
    bob.refused("", email("eve@example.test"), soon).await;
    assert_eq!(bob.channels().await[0]["config"]["recipientValue"], "bob@example.test");
    assert_eq!(bob.delete("EMAIL").await.status, 200);
    bob.refused("", email("bob@example.test"), soon).await;
    assert!(server.waiting().is_none());
}

#[tokio::test]
async fn channels_are_switched_and_removed() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let bob = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    let switch = |on: bool| json!({ "isEnabled": on, "notificationChannelType": "EMAIL" });
    for on in [false, false, true] {
        bob.ok("/channel", switch(on)).await;
        assert_eq!(bob.channels().await[0]["config"]["isEnabled"], on);
    }
    bob.ok("/global", json!({ "isEnabled": false })).await;
    assert_eq!(bob.channels().await, json!([]));
    bob.refused("/channel", switch(true), "Global notifications is off").await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    let removed = bob.delete("EMAIL").await;
    let text = "Notification channel EMAIL has been removed successfully";
    assert_eq!((removed.status.as_u16(), removed.json()), (200, json!({ "message": text })));
    let absent = bob.delete("EMAIL").await;
    let text = "EMAIL notification channel is not configured";
    assert_eq!((absent.status.as_u16(), absent.json()), (400, json!({ "error": text })));
    bob.refused("/channel", switch(true), text).await;
    bob.refused("/otp", kind("EMAIL"), text).await;
    assert_eq!(bob.channels().await, json!([]));
}

#[tokio::test]
async fn what_is_malformed_or_not_set_up_is_refused_in_the_deployed_words() {
    let server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let bob = Receiver::new(&node, 2).await;
    bob.refused("/global", json!({}), "Invalid value").await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.refused("", json!({ "recipientValue": "x" }), "Notification Channel Type is missing").await;
    bob.refused(
        "",
        json!({ "recipientValue": "x", "notificationChannelType": "SMS" }),
        "Invalid notification channel type",
    )
    .await;
    bob.refused("", kind("EMAIL"), "Recipient value is missing").await;
    for address in ["nope", "bob@example.test\r\nBcc: eve@example.test", "bob@example.test,eve@example.test"]
    {
        bob.refused("", email(address), "Invalid email value").await;
    }
    let unsupported = "Notification channel PUSH is currently not supported by the DS";
    let subscription = push("https://push.example/x");
    for value in [subscription.clone(), subscription.to_string().into()] {
        bob.refused("", json!({ "recipientValue": value, "notificationChannelType": "PUSH" }), unsupported)
            .await;
    }
    bob.refused("/channel", kind("EMAIL"), "Invalid value").await;
    let broken = node.request(Method::POST, &bob.path("/otp"), Some(&bob.token), Some("{")).await;
    assert_eq!((broken.status.as_u16(), broken.body.as_str()), (400, "Bad Request"));
}

#[tokio::test]
async fn only_a_receiver_without_a_socket_is_told_and_not_of_whom() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let alice = Account::new(1);
    let bob = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    let mut socket = Socket::authorized(&node, &bob.account, &bob.token).await;
    alice.send(&node, &bob.account, "seen at once").await;
    socket.message().await;
    socket.send("41").await;
    drop(socket);
    // The server may take a moment to see that the socket is gone.
    let mail = loop {
        alice.send(&node, &bob.account, "missed").await;
        match tokio::time::timeout(std::time::Duration::from_millis(300), server.mail()).await {
            Ok(mail) => break mail,
            Err(_) => continue,
        }
    };
    assert_eq!(mail.to, "RCPT TO:<bob@example.test>");
    assert!(mail.text.contains("You received a new message."), "{}", mail.text);
    assert!(!mail.text.contains(alice.name.as_str()), "{}", mail.text);
    // Not once more for each message of a minute.
    for _ in 0..3 {
        alice.send(&node, &bob.account, "missed too").await;
    }
    assert!(server.waiting().is_none());
}

#[tokio::test]
async fn an_operator_may_have_the_sender_named() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&format!("{}notifications_name_sender = true", server.config())).await;
    let alice = Account::new(1).called("alice.eth");
    let bob = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    alice.send(&node, &bob.account, "hi").await;
    assert!(server.mail().await.text.contains("You received a new message from alice.eth."));
}

#[tokio::test]
async fn who_switched_it_off_is_not_told() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let alice = Account::new(1);
    let off = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    off.ok("/channel", json!({ "isEnabled": false, "notificationChannelType": "EMAIL" })).await;
    let quiet = Receiver::new(&node, 3).await.told_by_mail(&mut server).await;
    quiet.ok("/global", json!({ "isEnabled": false })).await;
    let unproven = Receiver::new(&node, 4).await;
    unproven.ok("/global", json!({ "isEnabled": true })).await;
    unproven.ok("", email("dave@example.test")).await;
    server.mail().await;
    let told = Receiver::new(&node, 5).await.told_by_mail(&mut server).await;
    for receiver in [&off, &quiet, &unproven, &told] {
        alice.send(&node, &receiver.account, "hi").await;
    }
    // The last one's mail comes, and no other's before it or after it.
    server.mail().await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(server.waiting().is_none());
}

#[tokio::test]
async fn a_message_is_taken_at_once_though_the_mail_server_says_nothing() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let config = format!(
        "smtp_host = '127.0.0.1'\nsmtp_port = {port}\nsmtp_security = 'none'\nsmtp_from = 'ds1@example.org'\n\
         request_timeout_seconds = 5\n"
    );
    let node = Node::start_with(&config).await;
    let bob = Receiver::new(&node, 2).await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", email("bob@example.test")).await;
    Account::new(1).send(&node, &bob.account, "hi").await;
}

#[tokio::test]
async fn what_the_node_says_about_itself_holds_no_secret() {
    let server = MailServer::start().await;
    let node = Node::start_with(&format!("{}{VAPID}", server.config())).await;
    let request = json!({ "jsonrpc": "2.0", "method": "dm3_getDeliveryServiceProperties", "params": [] });
    let reply = node.post("/ds/rpc", &request).await;
    let properties: Value = serde_json::from_str(reply.json()["result"].as_str().unwrap()).unwrap();
    let kinds: Vec<&str> = properties["notificationChannel"]
        .as_array()
        .unwrap()
        .iter()
        .map(|channel| channel["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["EMAIL", "PUSH"]);
    assert_eq!(properties["notificationChannel"][1]["config"]["publicVapidKey"].as_str().unwrap().len(), 87);
    let described = node.get("/.well-known/dm3").await.body;
    for secret in ["hunter2", "RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw"] {
        assert!(!reply.body.contains(secret) && !described.contains(secret));
    }
}

#[tokio::test]
async fn web_push_goes_to_public_addresses_only() {
    let node = Node::start_with(VAPID).await;
    let bob = Receiver::new(&node, 2).await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    for endpoint in
        ["http://push.example/x", "https://127.0.0.1/x", "https://10.0.0.1/", "https://[::1]/", "x"]
    {
        let body = json!({ "recipientValue": push(endpoint), "notificationChannelType": "PUSH" });
        bob.refused("", body, "Invalid push value").await;
    }
    let subscription = push("https://push.example/x");
    bob.ok("", json!({ "recipientValue": subscription, "notificationChannelType": "PUSH" })).await;
    let channel = &bob.channels().await[0];
    assert_eq!((&channel["type"], &channel["config"]["isVerified"]), (&json!("PUSH"), &json!(true)));
    let kept: Value = serde_json::from_str(channel["config"]["recipientValue"].as_str().unwrap()).unwrap();
    assert_eq!(kept, subscription);
}

#[test]
fn the_browser_of_these_tests_opens_the_message_of_rfc_8291() {
    let decoded = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
    let browser = Browser::of(
        &decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
        &decoded("BTBZMqHH6r4Tts7J_aSIgg"),
    );
    let body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
                AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    assert_eq!(browser.decrypt(&decoded(body)), "When I grow up, I want to be a watermelon");
}

/// The key that browsers subscribe with.
async fn published_vapid_key(node: &Node) -> String {
    let request = json!({ "jsonrpc": "2.0", "method": "dm3_getDeliveryServiceProperties", "params": [] });
    let reply = node.post("/ds/rpc", &request).await;
    let properties: Value = serde_json::from_str(reply.json()["result"].as_str().unwrap()).unwrap();
    properties["notificationChannel"][0]["config"]["publicVapidKey"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_is_told_over_its_push_service_and_only_it_can_read_what() {
    let mut service = PushService::start().await;
    let node = Node::start_with(&format!("{VAPID}allow_private_networks = true")).await;
    let bob = Receiver::new(&node, 2).await;
    let browser = Browser::new();
    let endpoint = format!("{}/send/bobs-secret-path", service.url);
    let subscription = browser.subscription(&endpoint);
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", json!({ "recipientValue": subscription, "notificationChannelType": "PUSH" })).await;
    let alice = Account::new(1).called("alice.eth");
    alice.send(&node, &bob.account, "hello").await;
    let pushed = service.pushed().await;
    assert_eq!(pushed.path, "/send/bobs-secret-path");
    let claims = vapid_claims(&pushed.headers, &published_vapid_key(&node).await);
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!(service.url), &json!("mailto:ops@example.org")));
    assert_eq!(pushed.headers["content-encoding"], "aes128gcm");
    assert!(pushed.headers["ttl"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    let text: Value = serde_json::from_str(&browser.decrypt(&pushed.body)).unwrap();
    assert_eq!(text, json!({ "title": "New Message", "body": "You received a new message." }));
    assert!(!node.log().contains("bobs-secret-path"), "an endpoint is a secret: {}", node.log());
}

#[tokio::test]
async fn a_browser_that_unsubscribed_is_forgotten() {
    let mut service = PushService::start().await;
    let node = Node::start_with(&format!("{VAPID}allow_private_networks = true")).await;
    let bob = Receiver::new(&node, 2).await;
    let subscription = Browser::new().subscription(&format!("{}/gone", service.url));
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", json!({ "recipientValue": subscription, "notificationChannelType": "PUSH" })).await;
    assert_eq!(bob.channels().await[0]["type"], "PUSH");
    Account::new(1).send(&node, &bob.account, "hello").await;
    service.pushed().await;
    let began = std::time::Instant::now();
    while bob.channels().await != json!([]) {
        assert!(began.elapsed().as_secs() < 60, "the channel is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn mail_goes_over_tls_to_a_server_whose_certificate_is_trusted() {
    for security in [Security::Tls, Security::StartTls] {
        let mut server = MailServer::start_with(security).await;
        let node = Node::start_with(&server.config_with_ca()).await;
        let bob = Receiver::new(&node, 2).await;
        bob.ok("/global", json!({ "isEnabled": true })).await;
        bob.ok("", email("bob@example.test")).await;
        let mail = server.mail().await;
        assert!(mail.encrypted && mail.login.starts_with("AUTH PLAIN"), "{security:?} {mail:?}");
        assert_eq!(mail.to, "RCPT TO:<bob@example.test>");
    }
}

/// The server hears neither password nor mail.
async fn says_nothing_secret(mut server: MailServer, config: String) {
    let node = Node::start_with(&config).await;
    let bob = Receiver::new(&node, 2).await;
    bob.ok("/global", json!({ "isEnabled": true })).await;
    bob.ok("", email("bob@example.test")).await;
    let said = server.session().await;
    assert!(!said.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{said:?}");
    assert!(server.waiting().is_none());
    assert!(!node.log().contains("hunter2") && !node.log().contains("bob@example.test"), "{}", node.log());
}

#[tokio::test]
async fn a_mail_server_with_a_strangers_certificate_is_sent_nothing() {
    for security in [Security::Tls, Security::StartTls] {
        let server = MailServer::start_with(security).await;
        let config = server.config();
        says_nothing_secret(server, config).await;
    }
}

#[tokio::test]
async fn a_mail_server_that_offers_no_tls_is_sent_nothing_when_tls_is_wanted() {
    let server = MailServer::start().await;
    let config = server.config().replace("smtp_security = 'none'", "smtp_security = 'starttls'");
    says_nothing_secret(server, config).await;
}

#[tokio::test]
async fn nobody_reaches_anothers_channels() {
    let mut server = MailServer::start().await;
    let node = Node::start_with(&server.config()).await;
    let bob = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    let eve = Receiver::new(&node, 3).await;
    eve.ok("/global", json!({ "isEnabled": true })).await;
    assert_eq!(eve.channels().await, json!([]));
    let body = json!({ "isEnabled": false, "notificationChannelType": "EMAIL", "recipientValue": "eve@example.test", "otp": "1" });
    let body = body.to_string();
    for (method, path) in [
        (Method::GET, bob.path("")),
        (Method::POST, bob.path("")),
        (Method::GET, bob.path("/global")),
        (Method::POST, bob.path("/global")),
        (Method::POST, bob.path("/otp")),
        (Method::POST, bob.path("/otp/verify")),
        (Method::POST, bob.path("/channel")),
        (Method::DELETE, bob.path("/channel/EMAIL")),
    ] {
        for token in [Some(eve.token.as_str()), None] {
            let reply = node.request(method.clone(), &path, token, Some(&body)).await;
            assert_eq!(
                (reply.status.as_u16(), reply.body.as_str()),
                (401, "Unauthorized"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(bob.channels().await[0]["config"]["recipientValue"], "bob@example.test");
}

#[tokio::test]
async fn push_services_that_never_answer_keep_nobody_from_codes_mails_and_pushes() {
    let mut service = PushService::start().await;
    let mut server = MailServer::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let node = Node::start_with(&format!("{VAPID}allow_private_networks = true\n{}", server.config())).await;
    let alice = Account::new(1).called("alice.eth");
    for n in 10..20 {
        let mallory = Receiver::new(&node, n).await;
        mallory.ok("/global", json!({ "isEnabled": true })).await;
        let subscription = Browser::new().subscription(&format!("http://{}/x", silent.local_addr().unwrap()));
        mallory.ok("", json!({ "recipientValue": subscription, "notificationChannelType": "PUSH" })).await;
        alice.send(&node, &mallory.account, "hello").await;
    }
    let began = std::time::Instant::now();
    let bob = Receiver::new(&node, 2).await.told_by_mail(&mut server).await;
    let subscription = Browser::new().subscription(&format!("{}/send", service.url));
    bob.ok("", json!({ "recipientValue": subscription, "notificationChannelType": "PUSH" })).await;
    alice.send(&node, &bob.account, "hello").await;
    service.pushed().await;
    server.mail().await;
    assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
}
