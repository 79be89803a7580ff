//! People: accounts with devices, who talk to some of the others.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::{ChainAccess, Discovery};
use dm3_core::identity::{Address, EnsName, KeySeed};
use dm3_core::session::{Keys, SignIn};
use dm3_core::testing::TestWallet;

use crate::chain::REGISTRY;
use crate::device::{Device, Tab};
use crate::network::{Line, Network};
use crate::node::Node;
use crate::schedule::{DeviceClock, Process, Schedule};

/// A day: milliseconds.
const DAY: u64 = 86_400_000;

/// An account, and what belongs to it.
pub struct Person {
    /// The account.
    pub address: Address,
    /// The name that leads to it, for as long as nobody takes it away.
    pub name: Option<EnsName>,
    /// Where everybody finds its profile, also those who are at nodes of another domain.
    found_at: EnsName,
    /// Its devices.
    pub devices: Vec<Rc<Device>>,
    /// With whom it talks: numbers of people.
    pub peers: Vec<usize>,
}

/// What a node says about itself.
fn discovery(node: &Node) -> Discovery {
    let access = ChainAccess {
        chain_id: 31337,
        rpc_url: "https://rpc.example".parse().unwrap(),
        ens_registry: REGISTRY,
        universal_resolver: None,
    };
    let mut discovery = Discovery::at(&node.origin, node.name.clone(), node.domain.clone(), access);
    discovery.mailbox_url = node.numbers().then(|| node.origin.child("ds").child("mailbox"));
    discovery.history_url = node.keeps_history().then(|| node.origin.child("ds").child("history"));
    discovery
}

/// A clock, right or wrong.
pub fn clock(schedule: &Schedule, may_be_wrong: bool) -> DeviceClock {
    if !may_be_wrong || schedule.once_in(2) {
        return DeviceClock::new(schedule.clone(), 0, 0);
    }
    DeviceClock::new(schedule.clone(), clock_error(schedule), schedule.draw(0..400) as i64 - 200)
}

/// By how much a clock is wrong: some seconds, minutes, or up to a day.
pub fn clock_error(schedule: &Schedule) -> i64 {
    let most = [20_000, 900_000, DAY][schedule.draw(0..3) as usize];
    schedule.draw(0..2 * most) as i64 - most as i64
}

impl Person {
    /// Somebody new, with an account at a node; `number` counts people, `devices` all devices.
    pub fn new(
        network: &Rc<Network>,
        node: &Node,
        number: usize,
        devices: std::ops::Range<usize>,
        wrong_clocks: bool,
    ) -> (Self, TestWallet) {
        let wallet = TestWallet::of(&format!("person {number}"));
        let address = wallet.address();
        let schedule = &network.schedule;
        let name = (!schedule.once_in(3)).then(|| format!("p{number}.eth").parse::<EnsName>().unwrap());
        let mut found_at = EnsName::of_address(address, &node.domain);
        if let Some(name) = &name {
            network.chain.borrow_mut().give_name(name, address);
            network.point(name, Some(address));
            if schedule.once_in(3) {
                network.chain.borrow_mut().name(name).publishes = true;
                found_at = name.clone();
            }
        }
        let device = |number| {
            let line = Line::new(Rc::clone(network));
            Device::new(address, number, line, discovery(node), clock(schedule, wrong_clocks))
        };
        let devices = devices.map(device).collect();
        (Self { address, name, found_at, devices, peers: Vec::new() }, wallet)
    }

    /// Signs up, and in on every device.
    pub async fn sign_up(devices: Vec<Rc<Device>>, wallet: TestWallet) {
        let Some(first) = devices.first() else { return };
        let seed = Self::first_sign_in(first, &wallet).await;
        for device in &devices {
            device.sign_in(&seed);
        }
    }

    async fn first_sign_in(device: &Device, wallet: &TestWallet) -> KeySeed {
        let keys = SignIn::new(device.directory(), device.owner).create_keys(wallet).await;
        match keys.expect("keys") {
            Keys::Known(signed_in) => signed_in.seed,
            Keys::New(registration) | Keys::OtherNonce(registration) | Keys::Unusable(registration) => {
                registration.publish(wallet).await.expect("a profile").seed
            }
        }
    }

    /// What somebody types to find them who is at a node of this domain.
    pub fn typed(&self, schedule: &Schedule, domain: &EnsName) -> String {
        if self.found_at.address_below(domain).is_none() || schedule.once_in(4) {
            return self.found_at.to_string();
        }
        match &self.name {
            Some(name) if !schedule.once_in(4) => name.to_string(),
            _ => self.address.to_string(),
        }
    }
}

/// Looks at a tab now and again: names are checked, and shown as they stand.
pub async fn look(device: Rc<Device>, tab: Rc<Tab>) {
    let schedule = device.line.network().schedule.clone();
    loop {
        schedule.sleep(schedule.draw(5_000..600_000)).await;
        check_names(&device, &tab).await;
    }
}

/// Fetches all that the account's node has of its conversations, as whoever scrolls back does.
pub async fn read_back(device: &Device, tab: &Tab) {
    for peer in device.peers() {
        // What fails is fetched at the next look.
        while tab.engine.older(ConversationId::Peer(peer)).await.is_ok_and(|older| older.more) {}
    }
}

/// Checks the names of all peers.
pub async fn check_names(device: &Device, tab: &Tab) {
    for peer in device.peers() {
        device.show_name(tab, peer);
        // What could not be stored is checked again at the next look.
        drop(tab.engine.session().check_name(ConversationId::Peer(peer)).await);
        device.show_name(tab, peer);
    }
}

/// Looks somebody up in a tab, and opens the conversation.
pub fn look_up(schedule: &Schedule, device: &Rc<Device>, tab: &Tab, peer: Address, typed: String) {
    let (engine, device) = (Rc::clone(&tab.engine), Rc::clone(device));
    schedule.start(&tab.process, async move {
        let Ok(found) = engine.session().directory().find(&typed).await else { return };
        if found.address == peer && engine.session().keep(&found).await.is_ok() {
            device.opened.borrow_mut().insert(peer);
        }
    });
}

/// Says something in a tab.
pub fn say(device: &Rc<Device>, tab: &Tab, peer: Address) -> u32 {
    let network = device.line.network();
    let oracle = Rc::clone(network.oracle());
    let number = oracle.begin(device, peer);
    let engine = Rc::clone(&tab.engine);
    network.schedule.start(&tab.process, async move {
        let written = engine.send(ConversationId::Peer(peer), &[], &format!("m{number}")).await;
        oracle.end(number, written.is_ok());
    });
    number
}

/// Whatever is done from outside, by nobody's tab.
pub fn later(schedule: &Schedule, milliseconds: u64, act: impl FnOnce() + 'static) {
    let sleeping = schedule.clone();
    schedule.spawn(&Process::default(), async move {
        sleeping.sleep(milliseconds).await;
        act();
    });
}
