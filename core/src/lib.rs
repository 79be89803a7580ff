//! The dm3 messaging protocol, without I/O.
//!
//! dm3 lets anybody write to anybody whose ENS name or Ethereum address they know, end-to-end encrypted, without an
//! operator who owns the users: as with mail, everybody chooses who takes their messages; as with a wallet, nobody
//! else holds their keys.
//!
//! # The words
//!
//! - An **account** is an Ethereum address. Everything else – names, keys, conversations – belongs to one.
//! - A **name** is an ENS name such as `alice.eth`, which resolves to an address. Accounts without one have an *address
//!   name* below a domain that hands them out for nothing: `0x71c7….addr.dm3.eth`. Messages carry names, and names can
//!   be given away, so names are resolved to addresses before anything is concluded from them.
//! - The **profile keys** of an account are two: one signs (Ed25519), one is sealed for (X25519). Both follow from one
//!   signature of the wallet, so the same wallet leads to the same keys in every client, and nothing has to be backed
//!   up. Wallets that sign differently each time, as those of smart accounts may, take random keys with a backup.
//! - A **profile** is the public half of these keys and the names of the account's delivery services, signed once by
//!   the wallet. It is a text record of the name (`network.dm3.profile`): in the record itself, or where it points to.
//! - A **delivery service** takes messages for its accounts and keeps them until they are fetched. It is found by its
//!   own ENS name (`network.dm3.deliveryService`). It learns who writes to whom, when and how much; never what.
//! - A **message** is JSON, signed by its author. An **envelope** is what travels: the message sealed for its receiver,
//!   and the *delivery information* (from whom, to whom) sealed for the delivery service.
//!
//! # What happens
//!
//! ```text
//!            ALICE                                 ENS                                   BOB
//!   once     wallet signs ──▶ keys                                       keys ◀── wallet signs
//!            wallet signs her profile ──▶  alice.eth   bob.eth  ◀── wallet signs his profile
//!
//!   send     bob.eth ──▶ address, profile, delivery service
//!            sign ──▶ seal for bob ──▶ seal from/to for his service
//!                          │
//!                          ▼        bob's DELIVERY SERVICE
//!                       submit ──▶ opens from/to, keeps the rest ◀── log in: sign a challenge
//!                                                                     fetch ──▶ open
//!   receive                        alice.eth ──▶ address, profile ──▶ verify signature and receiver
//!                                                                     store ──▶ acknowledge: the service forgets it
//! ```
//!
//! By hand, which is what a bot with its own transport does:
//!
//! ```
//! use dm3_core::identity::{DEFAULT_NONCE, KeySeed, ProfileKeys, UserProfile, key_message};
//! use dm3_core::message::{
//!     DeliveryInformation, Draft, Envelope, Header, OpenedMessage, ReceivedEnvelope,
//! };
//! # use dm3_core::ports::Wallet;
//! # use dm3_core::testing::{SeededEntropy, TestWallet};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { pollster::block_on(async {
//! # let entropy = SeededEntropy::new(1); // of the platform in earnest
//! # let (alice_wallet, bob_wallet) = (TestWallet::of("alice"), TestWallet::of("bob"));
//! # let service_keys = ProfileKeys::derive(&KeySeed::derive("the delivery service's"));
//! // Once: keys out of a signature of the wallet, and a profile with another one.
//! let alice = alice_wallet.address();
//! let signature = alice_wallet.sign_text(alice, &key_message(alice, DEFAULT_NONCE)).await?;
//! let alice_keys = ProfileKeys::derive(&KeySeed::derive(&signature));
//! let profile = UserProfile::new(alice_keys.public(), vec!["ds.dm3.eth".parse()?]);
//! let signature = alice_wallet.sign_text(alice, &profile.registration_message(alice)).await?;
//! let alices_profile = profile.signed(signature); // to be published
//! # let bob = bob_wallet.address();
//! # let signature = bob_wallet.sign_text(bob, &key_message(bob, DEFAULT_NONCE)).await?;
//! # let bob_keys = ProfileKeys::derive(&KeySeed::derive(&signature));
//! # let profile = UserProfile::new(bob_keys.public(), vec!["ds.dm3.eth".parse()?]);
//! # let signature = bob_wallet.sign_text(bob, &profile.registration_message(bob)).await?;
//! # let bobs_profile = profile.signed(signature);
//!
//! // Alice sends. Only a verified profile yields a key to seal for.
//! let receiver = bobs_profile.verify(bob)?.keys().encryption;
//! let header = Header { from: "alice.eth".parse()?, to: "bob.eth".parse()?, timestamp: 1_795_421_700_000 };
//! let message = Draft::text(header, "Hello Bob").sign(&alice_keys.signing);
//! let information = DeliveryInformation {
//!     from: message.from().to_owned(),
//!     to: message.to().to_owned(),
//!     delivery_instruction: None,
//! };
//! let service = service_keys.public().encryption;
//! let envelope = Envelope::seal(&message, &information, &receiver, &service, &alice_keys, &entropy)?;
//! let wire = envelope.to_canonical();
//!
//! // Bob receives. A message counts only when its author and receiver are proven.
//! let received = ReceivedEnvelope::from_json(&serde_json::from_str(&wire)?)?;
//! let opened = OpenedMessage::parse(&received.open(&bob_keys)?)?;
//! assert_eq!((opened.claimed_sender(), opened.claimed_receiver()), ("alice.eth", "bob.eth"));
//! let sender = alices_profile.verify(alice)?; // what ENS says about alice.eth
//! let authentic = opened.authenticate(bob, Some(bob), &sender)?;
//! assert_eq!((authentic.author(), authentic.message().text()), (alice, "Hello Bob"));
//! # Ok(()) }) }
//! ```
//!
//! With the use cases of [`session`], which look up, keep an outbox, try several delivery services, and acknowledge
//! nothing that is not stored. They reach the world through [`ports`]; here it is a network in memory:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { pollster::block_on(async {
//! # use dm3_core::testing::Pair;
//! let (people, alice, bob) = Pair::signed_in().await;
//! let message = alice.compose(people.bob.conversation(), "Hello Bob").await?;
//! assert!(alice.flush().await?.accepted.contains(message.hash()));
//! assert_eq!(bob.sync().await?.new.len(), 1);
//! assert_eq!(people.bob.texts(&people.alice).await, ["Hello Bob"]);
//! # Ok(()) }) }
//! ```
//!
//! The examples `print_profile` and `send_message` do the same natively, over HTTP.
//!
//! # The rooms
//!
//! ```text
//! web        HTTP services as values: addresses, requests, replies
//! identity   who: addresses, names, keys from a wallet signature, profiles
//! seal       secrecy and proof: canonical JSON, hashes, Ed25519, X25519 + ChaCha20-Poly1305
//! deposit    what senders have at stake: vouchers for slots of a deposit, as values
//! registry   where: ENS and CCIP-read as values, profile and delivery-service records
//! message    what: draft → signed → sealed; received → opened → authentic
//! delivery   how: a delivery service's API, challenge login, socket.io
//! markup     what a text looks like: a safe part of Markdown
//! thread     a conversation as a fold of authentic messages
//! conversation  who talks: another account today
//! device     what is kept on the device
//! storage    what is kept with a server, readable to its owner alone
//! ports      what the use cases need from the world
//! session    the use cases: sign in, send, receive, one step each
//! engine     what runs all the time: outbox, pick-up, one tab of many
//! ```
//!
//! The rooms of the protocol know neither ports nor `async`; only `session` and `engine` await. Time and randomness are arguments.
//!
//! What is believed is told by types: a `SignedProfile` becomes a [`VerifiedProfile`](identity::VerifiedProfile) only by
//! the account's proof, an [`OpenedMessage`](message::OpenedMessage) an
//! [`AuthenticMessage`](message::AuthenticMessage) only by its author's, and only a parsed
//! [`Challenge`](delivery::Challenge) is ever signed at login. None of them can be made otherwise.
//!
//! Where the published specification of dm3 and its deployed servers differ, the deployed form is written and both are
//! read; the module in question says so. What the protocol itself leaves open – no forward secrecy above all – is
//! listed in the project's `docs/security.md`.
//!
//! # Features
//!
//! - `ensip15`: names outside ASCII, with their tables built in.
//! - `ipfs`: profiles on IPFS ([`registry::ipfs`](registry), [`session`]), through gateways that need not be trusted.
//! - `testing`: ports in memory, two peers, a network that fails on purpose, and the contract every store keeps.

#![forbid(unsafe_code)]

pub mod attention;
pub mod conversation;
mod decimal;
pub mod delivery;
pub mod deposit;
pub mod device;
pub mod engine;
pub mod identity;
pub mod index;
pub mod markup;
pub mod message;
pub mod ports;
pub mod registry;
mod said;
pub mod seal;
pub mod session;
pub mod storage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod thread;
mod turns;
pub mod web;

pub use said::Said;
