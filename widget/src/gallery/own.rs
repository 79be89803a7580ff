//! What is the account's own.

use dm3_core::deposit::{Promise, Slots, Topic};
use dm3_core::engine::Connection as Link;
use dm3_core::identity::Address;
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::{ClaimError, Device, OwnDeposit, StakeError, Token};

use super::made::{States, ago, inside};
use crate::app::own::{Devices, Held, OWN, Own, OwnName, Service};
use crate::app::settings::Offer;
use crate::app::stake::Failure;
use crate::app::state::{Apart, Screen, State};

pub(super) const STATES: States = &[
    ("own", |state| show(state, own())),
    ("own-loading", |state| {
        show(state, Own { name: Offer::Searching, services: None, devices: Offer::Searching, deposits: None })
    }),
    ("own-nothing-yet", |state| {
        let name = OwnName { name: None, failed: Some(ClaimError::Taken), ..name() };
        show(
            state,
            Own {
                name: Offer::Known(name),
                devices: Offer::Nowhere,
                deposits: Some(Ok(Vec::new())),
                ..own()
            },
        )
    }),
    ("own-sign-out", |state| {
        let devices = Devices { asked: vec!["2".into()], ..devices() };
        show(state, Own { devices: Offer::Known(devices), ..own() })
    }),
    ("own-signed-out", |state| {
        let mut devices = Devices { told: true, ..devices() };
        devices.list.truncate(1);
        show(state, Own { devices: Offer::Known(devices), ..own() })
    }),
];

fn show(state: State, own: Own) -> Option<()> {
    inside(state, Screen::Settings(Apart::new(own, OWN)))
}

fn own() -> Own {
    Own {
        name: Offer::Known(name()),
        services: Some(Ok(vec![
            Service { name: "ds.dm3.eth".into(), link: Some(Link::Live) },
            Service { name: "another-delivery-service.example.eth".into(), link: None },
        ])),
        devices: Offer::Known(devices()),
        deposits: Some(Ok(vec![
            held(1, Deposited::Open { amount: 2_000_000_000_000_000_000 }),
            Held {
                failed: Some(Failure::Stake(StakeError::Reverted)),
                ..held(2, Deposited::Leaving { amount: 500_000_000_000_000_000, exit: 0 })
            },
        ])),
    }
}

fn held(number: u8, standing: Deposited) -> Held {
    let address = |byte| Address::from_bytes([byte; 20]);
    let contract = address(7);
    let promise = |slots| Promise {
        contract,
        key: address(number),
        epoch: 0,
        receiver: address(5),
        slots,
        topic: Topic::from_bytes([0; 32]),
    };
    let promises = Slots::new(0, 1).filter(|_| number == 1).map(promise).into_iter().collect();
    let own = OwnDeposit { contract, key: address(number), standing, promises };
    let token = Some(Token { address: address(8), symbol: Some("DAI".into()), decimals: 18 });
    Held { own, token, epoch: 0, busy: false, failed: None }
}

fn devices() -> Devices {
    let device = |id: &str, name: &str, days: u64| Device {
        id: id.into(),
        name: name.into(),
        since: ago(days * 24 * 60 + 100),
        seen: ago(days * 24 * 60),
        own: days == 0,
    };
    let list = vec![
        device("1", "Firefox · Linux", 0),
        device("2", "Safari · iPhone", 1),
        device("3", "Chrome · Windows", 1),
    ];
    Devices { list, ..Devices::default() }
}

fn name() -> OwnName {
    OwnName {
        domain: "user.dm3.eth".into(),
        name: "alice.user.dm3.eth".parse().ok(),
        asked: false,
        busy: false,
        failed: None,
    }
}
