//! What is the account's own.

use dm3_core::attention::Payment;
use dm3_core::delivery::Stake;
use dm3_core::delivery::room::{Limits, MoreRoom, Used};
use dm3_core::deposit::{Promise, Slots, Terms, Topic};
use dm3_core::engine::Connection as Link;
use dm3_core::identity::Address;
use dm3_core::registry::TransactionRequest;
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::Room as Told;
use dm3_core::session::{
    Asked, ClaimError, Device, Fate, LeftService, NameStands, OwnDeposit, OwnEns, Publication, PublishError,
    Searched, Services, ServicesError, StakeError, Token,
};

use super::made::{States, ago, inside};
use crate::app::attention::Known;
use crate::app::fault::Fault;
use crate::app::own::{
    Devices, Ens, Held, Listing, NotListed, NotPublished, OWN, Own, OwnName, OwnServices, Publishing, Room,
    Search, Unsearched,
};
use crate::app::settings::Offer;
use crate::app::stake::Failure;
use crate::app::state::{Apart, Screen, State};

pub(super) const STATES: States = &[
    ("own", |state| show(state, own()?)),
    ("own-loading", |state| show(state, Own::new())),
    ("own-nothing-yet", |state| {
        let name = OwnName { name: None, failed: Some(ClaimError::Taken), ..name() };
        show(
            state,
            Own {
                name: Offer::Known(name),
                ens: ens(&[], Publishing::Idle)?,
                devices: Offer::Nowhere,
                deposits: Some(Ok(Vec::new())),
                search: Search {
                    contracts: vec![Address::from_bytes([7; 20])],
                    failed: Some(Unsearched::Unknown),
                    ..Search::default()
                },
                ..own()?
            },
        )
    }),
    ("own-room-staked", |state| show(state, Own { room: Some(Ok(room(true))), ..own()? })),
    ("own-found", |state| show(state, found()?)),
    ("own-ens-asked", |state| {
        let publication = Publication {
            name: "alice-and-the-looking-glass.example.eth".parse().ok()?,
            cost: 1_234_567_890_123_456,
            replaces: true,
            request: TransactionRequest::call(Address::ZERO, Vec::new()),
        };
        let names = [("alice-and-the-looking-glass.example.eth", NameStands::Older)];
        show(state, Own { ens: ens(&names, Publishing::Asked(publication))?, ..own()? })
    }),
    ("own-ens-sign", |state| show(state, Own { ens: ens(&[], Publishing::Signing)?, ..own()? })),
    ("own-ens-waiting", |state| {
        let ens = ens(&[("alice.eth", NameStands::Without)], Publishing::Waiting("alice.eth".parse().ok()?))?;
        show(state, Own { ens, ..own()? })
    }),
    ("own-ens-done", |state| {
        let ens = ens(&[("alice.eth", NameStands::Published)], Publishing::Done("alice.eth".parse().ok()?))?;
        show(state, Own { ens, ..own()? })
    }),
    ("own-ens-failed", |state| {
        let names = [
            ("alice.eth", NameStands::Without),
            ("sold.eth", NameStands::Elsewhere),
            ("another-name-of-alice.example.eth", NameStands::Unknown),
        ];
        let failed = Some(PublishError::NotAllowed("managed.eth".parse().ok()?).into());
        show(state, Own { ens: Ens { failed, ..ens(&names, Publishing::Idle)? }, ..own()? })
    }),
    ("own-ens-unknown", |state| {
        let ens = Ens { names: Some(Err(NotPublished::NoWallet)), ..ens(&[], Publishing::Looking)? };
        show(state, Own { ens, ..own()? })
    }),
    ("own-services-changed", |state| show(state, Own { services: changed()?, ..own()? })),
    ("own-services-alone", |state| {
        let wanted = vec![OTHER.parse().ok()?];
        let services = OwnServices { wanted, step: Listing::Signing, ..services()? };
        show(state, Own { services, ens: ens(&[], Publishing::Idle)?, ..own()? })
    }),
    ("own-services-publishing", |state| {
        show(state, Own { services: OwnServices { step: Listing::Publishing, ..changed()? }, ..own()? })
    }),
    ("own-services-failed", |state| {
        let asks = ServicesError::Asks { name: NEW.parse().ok()?, asked: Asked::Something };
        show(state, Own { services: OwnServices { failed: Some(asks.into()), ..changed()? }, ..own()? })
    }),
    ("own-services-done", |state| {
        let left =
            vec![LeftService { name: "ds.dm3.eth".parse().ok()?, until: ago(0) + 30 * 24 * 60 * 60_000 }];
        let wanted = vec![OTHER.parse().ok()?];
        let (found, links) = (found_services(&[OTHER], left), Some(Vec::new()));
        let services = OwnServices { found, wanted, links, step: Listing::Done, ..OwnServices::default() };
        show(
            state,
            Own { services, ens: ens(&[("alice.eth", NameStands::Older)], Publishing::Idle)?, ..own()? },
        )
    }),
    ("own-services-no-wallet", |state| {
        let services = OwnServices { failed: Some(NotListed::NoWallet), ..changed()? };
        show(state, Own { services, ..own()? })
    }),
    ("own-sign-out", |state| {
        let devices = Devices { asked: vec!["2".into()], ..devices() };
        show(state, Own { devices: Offer::Known(devices), ..own()? })
    }),
    ("own-signed-out", |state| {
        let mut devices = Devices { told: true, ..devices() };
        devices.list.truncate(1);
        show(state, Own { devices: Offer::Known(devices), ..own()? })
    }),
];

fn show(state: State, own: Own) -> Option<()> {
    inside(state, Screen::Settings(Apart::new(own, OWN)))
}

fn ens(names: &[(&str, NameStands)], step: Publishing) -> Option<Ens> {
    let own =
        |(name, stands): &(&str, NameStands)| Some(OwnEns { name: name.parse().ok()?, stands: *stands });
    let names = names.iter().map(own).collect::<Option<Vec<_>>>()?;
    Some(Ens { names: Some(Ok(names)), step, failed: None })
}

fn own() -> Option<Own> {
    Some(Own {
        name: Offer::Known(name()),
        ens: ens(&[("alice.eth", NameStands::Published)], Publishing::Idle)?,
        services: services()?,
        devices: Offer::Known(devices()),
        deposits: Some(Ok(vec![
            held(1, Deposited::Open { amount: 2_000_000_000_000_000_000 }),
            Held {
                failed: Some(Failure::Stake(StakeError::Reverted)),
                ..held(2, Deposited::Leaving { amount: 500_000_000_000_000_000, exit: 0 })
            },
        ])),
        room: Some(Ok(room(false))),
        payments: Vec::new(),
        paying: None,
        unpaid: None,
        search: Search::default(),
    })
}

const OTHER: &str = "another-delivery-service.example.eth";
const NEW: &str = "new.example.eth";

fn services() -> Option<OwnServices> {
    let listed = ["ds.dm3.eth", OTHER];
    let links = vec![("ds.dm3.eth".parse().ok()?, Link::Live), (OTHER.parse().ok()?, Link::Connecting)];
    let wanted = listed.iter().map(|name| name.parse().ok()).collect::<Option<Vec<_>>>()?;
    let found = found_services(&listed, Vec::new());
    Some(OwnServices { found, wanted, links: Some(links), ..OwnServices::default() })
}

/// A new one is wanted first, and the node's own no more.
fn changed() -> Option<OwnServices> {
    let wanted = [NEW, OTHER].iter().map(|name| name.parse().ok()).collect::<Option<Vec<_>>>()?;
    Some(OwnServices { wanted, ..services()? })
}

fn found_services(listed: &[&str], left: Vec<LeftService>) -> Option<Result<Services, Fault>> {
    let listed = listed.iter().map(|name| name.parse().ok()).collect::<Option<Vec<_>>>()?;
    Some(Ok(Services { listed, left, node: "ds.dm3.eth".parse().ok()? }))
}

/// So much room; with a stake, more.
fn room(staked: bool) -> Room {
    let address = |byte| Address::from_bytes([byte; 20]);
    let (free, more) = (
        Limits { history: 50_000_000, files: 10_000_000 },
        Limits { history: 500_000_000, files: 2_000_000_000 },
    );
    let has = if staked { more } else { free };
    let terms =
        Terms { chain: 1, contract: address(7), token: address(8), slot: 500_000_000_000_000_000, slots: 4 };
    let stake = Stake { terms, receiver: address(4) };
    let told = Told {
        history: Some(Used { bytes: 48_900_000, of: Some(has.history) }),
        files: Some(Used { bytes: 2_300_000, of: Some(has.files) }),
        more: Some(MoreRoom { has, stake, then: more }),
    };
    Room { told, token: dai(), ..Room::empty() }
}

/// Found on the chain by a browser that knew nothing.
fn found() -> Option<Own> {
    let mut elsewhere = held(3, Deposited::Open { amount: 2_000_000_000_000_000_000 });
    elsewhere.own.promises_here = false;
    let address = |byte| Address::from_bytes([byte; 20]);
    let offered = |until, fate| {
        let (contract, token, payer, receiver) = (address(6), address(8), address(1), address(5));
        let payment =
            Payment { chain: 1, contract, payer, receiver, token, amount: 5, until, topic: [0; 32] };
        Known { payment, fate, token: dai() }
    };
    let lately = |contract| Searched { since: Some(ago(40 * 24 * 60)), ..Searched::new(contract) };
    let contracts = vec![address(6), address(7)];
    let searched = contracts.iter().copied().map(lately).collect();
    Some(Own {
        deposits: Some(Ok(vec![elsewhere])),
        payments: vec![
            offered(ago(3 * 24 * 60) / 1000, Fate::Late(2_500_000_000_000_000_000)),
            offered(ago(60) / 1000, Fate::Held(1_000_000_000_000_000_000)),
        ],
        search: Search { contracts, searched, ..Search::default() },
        ..own()?
    })
}

fn dai() -> Option<Token> {
    Some(Token { address: Address::from_bytes([8; 20]), symbol: Some("DAI".into()), decimals: 18 })
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
    let own = OwnDeposit { contract, key: address(number), standing, promises_here: true, promises };
    Held { own, token: dai(), epoch: 0, busy: false, failed: None }
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
