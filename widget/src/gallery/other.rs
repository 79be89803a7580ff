//! Settings, a contact, backups, and faults that stop everything.

use dm3_core::attention::Minimum;
use dm3_core::delivery::{Amount, ChannelRefusal, MailChannel, SpamRule};
use dm3_core::deposit::Terms;
use dm3_core::identity::{Address, BackupError, ComparisonCode, KeySeed, ProfileKeys, RecoveryCode};
use dm3_core::ports::StoreError;
use dm3_core::session::{Askable, MailError, Restored, Token};
use dm3_core::testing::SeededEntropy;

use super::made::{ALICE, BOB, ERIN, LONG, States, ago, bob, inside, person, silence, talk, thread};
use crate::app::backup::{Backup, BackupFault, BackupStep};
use crate::app::fault::Fault;
use crate::app::part::PartMissing;
use crate::app::platform::{Notifying, StorageUse};
use crate::app::settings::{
    Asked, Asking, Card, Contacted, Demands, Errand, Keys, Mail, Next, Offer, Settings, Wrong,
};
use crate::app::state::{Apart, Person, Screen, ShownCode, State, Theme};

pub(super) const STATES: States = &[
    ("settings", |state| inside(state, Screen::Settings(Apart::new(settings(), 1)))),
    ("settings-loading", |state| {
        let settings =
            Settings { demands: None, storage: None, wallet: None, mail: Offer::Searching, ..settings() };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-nothing-yet", |state| {
        let mail = Offer::Known(Mail { channel: None, busy: false, failed: None });
        let settings = Settings { mail, notifying: Notifying::Off, ..settings() };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-code", |state| {
        let failed = Some(MailError::Refused(ChannelRefusal::WrongCode));
        let mail = Offer::Known(Mail { channel: Some(mail_to(false)), busy: false, failed });
        let settings = Settings { mail, ..settings() };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-stake", |state| {
        let address = Address::from_bytes([8; 20]);
        let token = Token { address, symbol: Some("DAI".into()), decimals: 18 };
        let (contract, slot) = (Address::from_bytes([7; 20]), 500_000_000_000_000_000);
        let rule = SpamRule::Deposit(Terms { chain: 1, contract, token: address, slot, slots: 3 });
        let deposits = Askable::Deposits { chain: 1, contract, token, slot };
        let demands = Demands {
            rules: Some(vec![rule]),
            failed: None,
            known: vec![deposits.clone()],
            asking: Asking::Found(deposits, Some("0.5".into())),
            misread: None,
        };
        let settings = Settings { demands: Some(Ok(demands)), ..settings() };
        inside(state, Screen::Settings(Apart::new(settings, 1)))
    }),
    ("settings-payments", |state| {
        let address = Address::from_bytes([8; 20]);
        let token = Token { address, symbol: Some("DAI".into()), decimals: 18 };
        let contract = Address::from_bytes([7; 20]);
        let minimum = Minimum { chain: 1, contract, token: address, amount: 500_000_000_000_000_000 };
        let asked = Asked {
            minimum: Some((minimum, Some(token.clone()))),
            next: Next::Amount(contract, token),
            wrong: Some(Wrong::Number),
            ..Asked::default()
        };
        let settings = Settings { payments: Some(Ok(asked)), ..settings() };
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

fn settings() -> Settings {
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
            known: Vec::new(),
            asking: Asking::None,
            misread: None,
        })),
        payments: Some(Ok(Asked::default())),
        mail: Offer::Known(Mail { channel: Some(mail_to(true)), busy: false, failed: None }),
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
