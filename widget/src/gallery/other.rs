//! Settings, a contact, backups, and faults that stop everything.

use dm3_core::delivery::{Amount, ChannelRefusal, MailChannel, SpamRule};
use dm3_core::engine::Connection as Link;
use dm3_core::identity::{BackupError, ComparisonCode, KeySeed, ProfileKeys, RecoveryCode};
use dm3_core::ports::StoreError;
use dm3_core::session::{ClaimError, MailError, Restored};
use dm3_core::testing::SeededEntropy;

use super::made::{ALICE, BOB, ERIN, LONG, States, ago, bob, inside, person, silence, talk, thread};
use crate::app::backup::{Backup, BackupFault, BackupStep};
use crate::app::fault::Fault;
use crate::app::part::PartMissing;
use crate::app::platform::{Notifying, StorageUse};
use crate::app::settings::{Card, Contacted, Demands, Errand, Keys, Mail, Offer, OwnName, Service, Settings};
use crate::app::state::{Apart, Person, Screen, ShownCode, State, Theme};

pub(super) const STATES: States = &[
    ("settings", |state| inside(state, Screen::Settings(Apart::new(settings(Some(Link::Live)), 1)))),
    ("settings-loading", |state| {
        let settings = Settings {
            demands: None,
            services: None,
            storage: None,
            wallet: None,
            own_name: Offer::Searching,
            mail: Offer::Searching,
            ..settings(None)
        };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-nothing-yet", |state| {
        let domain = "user.dm3.eth".into();
        let own_name = Offer::Known(OwnName {
            domain,
            name: None,
            asked: false,
            busy: false,
            failed: Some(ClaimError::Taken),
        });
        let mail = Offer::Known(Mail { channel: None, busy: false, failed: None });
        let settings = Settings { own_name, mail, notifying: Notifying::Off, ..settings(Some(Link::Live)) };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-code", |state| {
        let failed = Some(MailError::Refused(ChannelRefusal::WrongCode));
        let mail = Offer::Known(Mail { channel: Some(mail_to(false)), busy: false, failed });
        let settings = Settings { own_name: Offer::Nowhere, mail, ..settings(Some(Link::Live)) };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("card", |state| card(state, bob()?, Keys::Signed(code()?))),
    ("card-searching", |state| card(state, bob()?, Keys::Searching)),
    ("card-no-keys", |state| card(state, person(None, ERIN)?, Keys::None)),
    ("card-long", |state| card(state, person(Some(LONG), ERIN)?, Keys::Unknown(silence()))),
    ("backup", |state| backup(state, BackupStep::Choose, false, None)),
    ("backup-busy", |state| backup(state, BackupStep::Choose, true, None)),
    ("backup-made", |state| {
        let code = ShownCode::new(&RecoveryCode::new_random(&SeededEntropy::new(7)));
        backup(state, BackupStep::Made { code, url: "/icon.svg".into() }, false, None)
    }),
    ("backup-restore", |state| backup(state, BackupStep::Restore { given: None }, false, None)),
    ("backup-mistyped", |state| {
        let fault = BackupFault::Code(BackupError::Checksum);
        backup(state, BackupStep::Restore { given: None }, false, Some(fault))
    }),
    ("backup-restored", |state| {
        let restored = Restored { messages: 212, conversations: 9, skipped: 1 };
        backup(state, BackupStep::Restored(restored), false, None)
    }),
    ("failed", |state| failed(state, silence())),
    ("failed-no-node", |state| failed(state, Fault::NoNode)),
    ("failed-signed-out", |state| failed(state, Fault::Store(StoreError::SignedOut))),
    ("failed-part", |state| failed(state, Fault::Part(PartMissing::OtherVersion))),
];

fn settings(link: Option<Link>) -> Settings {
    let contacted =
        |host: &str, purposes: &[Errand]| Contacted { host: host.into(), purposes: purposes.into() };
    Settings {
        receipts: true,
        silent: false,
        theme: Theme::Auto,
        page_theme: false,
        notifying: Notifying::On,
        language: String::new(),
        page_language: false,
        demands: Some(Ok(Demands {
            rules: Some(vec![
                SpamRule::MinNonce(5),
                SpamRule::MinBalance(Amount::from(10_000_000_000_000_000)),
            ]),
            failed: None,
        })),
        own_name: Offer::Known(OwnName {
            domain: "user.dm3.eth".into(),
            name: "alice.user.dm3.eth".parse().ok(),
            asked: false,
            busy: false,
            failed: None,
        }),
        mail: Offer::Known(Mail { channel: Some(mail_to(true)), busy: false, failed: None }),
        services: Some(Ok(vec![
            Service { name: "ds.dm3.eth".into(), link },
            Service { name: "another-delivery-service.example.eth".into(), link: None },
        ])),
        hosts: vec![
            contacted("node.example", &[Errand::Node, Errand::Service]),
            contacted("ethereum.example:8545", &[Errand::Chain]),
        ],
        wallet: Some("MetaMask".into()),
        storage: Some(StorageUse { bytes: 4_300_000, lasting: false }),
    }
}

fn mail_to(proven: bool) -> MailChannel {
    MailChannel { address: "alice@example.org".into(), enabled: true, proven }
}

fn card(state: State, peer: Person, keys: Keys) -> Option<()> {
    state.thread.set(Some(thread(peer, talk(&[(false, "Hello")])?)));
    let names = vec!["0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc.addr.dm3.eth".to_owned()];
    inside(state, Screen::Settings(Apart::new(Card { since: Some(ago(90_000)), names, keys }, 2)))
}

fn code() -> Option<ComparisonCode> {
    let keys = |seed| ProfileKeys::derive(&KeySeed::new_random(&SeededEntropy::new(seed))).public();
    Some(ComparisonCode::of((ALICE.parse().ok()?, keys(1)), (BOB.parse().ok()?, keys(2))))
}

fn backup(state: State, step: BackupStep, busy: bool, error: Option<BackupFault>) -> Option<()> {
    inside(state, Screen::Backup(Apart::new(Backup { step, busy, error }, 1)))
}

fn failed(state: State, fault: Fault) -> Option<()> {
    state.screen.set(Screen::Failed(fault));
    Some(())
}
