//! A world: nodes, people, what they say to each other, and what goes wrong meanwhile.

use std::rc::Rc;

use dm3_core::identity::EnsName;
use dm3_core::registry::{DELIVERY_SERVICE_KEY, data_uri};
use serde_json::json;

use crate::chain::{Chain, Gateways};
use crate::device::{Device, Failure};
use crate::lie::Lie;
use crate::network::Network;
use crate::node::{Kind, Node, PING};
use crate::options::{Options, Trouble};
use crate::oracle::Oracle;
use crate::people::{Person, check_names, clock_error, later, look_up, read_back, say};
use crate::schedule::{Process, Schedule};

/// More steps within a millisecond than anything needs.
const ENDLESS: u64 = 2_000_000;
/// How many steps lie between two troubles in the middle of something, on average.
const STEPS_BETWEEN: u64 = 3_000;
/// How long everything may take to arrive once nothing is in its way any more: milliseconds. What could not be proven for
/// hours is tried again after six at most, and a quarter.
const PATIENCE: u64 = 8 * 60 * 60_000;

/// What came of a world.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many messages were said.
    pub messages: usize,
    /// How many entries were acknowledged.
    pub acknowledged: u64,
    /// How many steps it took.
    pub steps: u64,
    /// How much time passed there: milliseconds.
    pub time: u64,
    /// How many people, devices and nodes there were.
    pub people: usize,
    /// See [`Self::people`].
    pub devices: usize,
    /// See [`Self::people`].
    pub nodes: usize,
    /// How many things went wrong on purpose.
    pub troubles: u64,
}

/// A world.
pub struct World {
    options: Options,
    schedule: Schedule,
    network: Rc<Network>,
    oracle: Rc<Oracle>,
    people: Vec<Person>,
    troubles: u64,
}

impl World {
    /// Runs a world to its end.
    ///
    /// # Errors
    /// What must never be, as it was found.
    pub fn run(options: Options) -> Result<Report, Vec<String>> {
        let mut world = Self::new(options);
        world.live();
        world.settle()
    }

    fn new(options: Options) -> Self {
        let schedule = Schedule::new(options.seed);
        let oracle = Rc::<Oracle>::default();
        oracle.set_lie(options.lie);
        let clocks = options.trouble.clocks;
        let mut chain = Chain::default();
        // Most nodes share a domain of address names; some worlds have one for each.
        let apart = schedule.once_in(3);
        let mut nodes = Vec::new();
        for number in 0..schedule.draw(1..4) as usize {
            let kind = if schedule.once_in(2) { Kind::Ours } else { Kind::Reference };
            let error = if clocks && schedule.once_in(2) { clock_error(&schedule) / 10 } else { 0 };
            let domain = if apart { format!("addr{number}.dm3.eth") } else { "addr.dm3.eth".to_owned() };
            let domain: EnsName = domain.parse().unwrap();
            if apart || number == 0 {
                chain.add_domain(domain.clone(), format!("https://gateway{number}.example"));
            }
            let node = Node::new(kind, number, domain, error, schedule.clone(), Rc::clone(&oracle));
            let record = data_uri::of_json(&node.profile().to_json());
            chain.name(&node.name).texts.insert(DELIVERY_SERVICE_KEY.to_owned(), record);
            node.set_hasty(options.lie == Some(Lie::AcknowledgesEarly));
            nodes.push(node);
        }
        let network = Network::new(schedule.clone(), chain, nodes, Rc::clone(&oracle));
        let mut world = Self { options, schedule, network, oracle, people: Vec::new(), troubles: 0 };
        world.settle_people();
        world
    }

    fn settle_people(&mut self) {
        let schedule = self.schedule.clone();
        for node in &self.network.nodes {
            let (node, pinging) = (Rc::clone(node), schedule.clone());
            schedule.spawn(&Process::default(), async move {
                loop {
                    pinging.sleep(PING).await;
                    node.ping();
                }
            });
        }
        let mut devices = 0;
        for number in 0..schedule.draw(2..11) as usize {
            let count = [1, 1, 1, 2, 2, 3][schedule.draw(0..6) as usize];
            let Some(node) = schedule.pick(&self.network.nodes) else { break };
            let clocks = self.options.trouble.clocks;
            let (person, wallet) = Person::new(&self.network, node, number, devices..devices + count, clocks);
            devices += count;
            for device in &person.devices {
                self.oracle.add_device(Rc::clone(device));
            }
            schedule.spawn(&Process::default(), Person::sign_up(person.devices.clone(), wallet));
            self.people.push(person);
        }
        for number in 0..self.people.len() {
            for other in 0..number {
                if other + 1 == number || schedule.once_in(3) {
                    self.people[number].peers.push(other);
                    self.people[other].peers.push(number);
                }
            }
        }
        self.pass(60_000, false);
        for device in self.devices() {
            device.open();
        }
        self.pass(5_000, false);
    }

    fn devices(&self) -> Vec<Rc<Device>> {
        self.people.iter().flat_map(|person| person.devices.iter().cloned()).collect()
    }

    /// Lets time pass, and trouble happen in the middle of it.
    fn pass(&mut self, milliseconds: u64, trouble: bool) {
        let end = self.schedule.now() + milliseconds;
        let mut since = (self.schedule.now(), self.schedule.steps());
        loop {
            while self.schedule.step() {
                if trouble && self.schedule.once_in(STEPS_BETWEEN) {
                    self.trouble();
                }
                if self.is_over() {
                    return;
                }
                let (now, steps) = (self.schedule.now(), self.schedule.steps());
                if now != since.0 {
                    since = (now, steps);
                }
                if steps - since.1 > ENDLESS {
                    self.oracle.report("it goes on for ever without waiting for anything".to_owned());
                    return;
                }
            }
            if self.schedule.now() >= end {
                return;
            }
            self.schedule.jump(end);
        }
    }

    /// Nothing that comes later could matter.
    fn is_over(&self) -> bool {
        self.options.only_until.is_some_and(|until| self.schedule.steps() >= until)
            || self.oracle.first_broken().is_some()
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.options.trace {
            eprintln!("{:>9} {:>9} {}", self.schedule.now() % 100_000_000, self.schedule.steps(), what());
        }
    }

    /// People talk, and things go wrong.
    fn live(&mut self) {
        self.network.trouble.replace(self.options.trouble.clone());
        // Some worlds are busy, some are slow.
        let pause = [200, 1_000, 4_000, 20_000][self.schedule.draw(0..4) as usize];
        while self.oracle.counts().0 < self.options.messages && !self.is_over() {
            self.pass(self.schedule.draw(1..2 * pause), true);
            self.talk();
            if self.schedule.once_in(10) {
                self.trouble();
            }
        }
        self.network.trouble.replace(Trouble::default());
    }

    fn talk(&self) {
        let Some(author) = self.schedule.pick(&self.people) else { return };
        let Some(peer) = self.schedule.pick(&author.peers).and_then(|peer| self.people.get(*peer)) else {
            return;
        };
        let Some(device) = self.schedule.pick(&author.devices) else { return };
        let Some(tab) = device.usable_tab() else {
            if device.tabs.borrow().len() < 3 {
                self.tell(|| format!("device {} opens a tab", device.number));
                device.open();
            }
            return;
        };
        if !device.opened.borrow().contains(&peer.address) {
            let typed = peer.typed(&self.schedule, device.domain());
            return look_up(&self.schedule, device, &tab, peer.address, typed);
        }
        let count = if self.schedule.once_in(5) { self.schedule.draw(2..6) } else { 1 };
        for _ in 0..count {
            let number = say(device, &tab, peer.address);
            self.tell(|| {
                format!("device {} of {} says m{number} to {}", device.number, author.address, peer.address)
            });
        }
    }

    /// Something goes wrong.
    fn trouble(&mut self) {
        self.troubles += 1;
        let (schedule, trouble) = (self.schedule.clone(), self.options.trouble.clone());
        let devices = self.devices();
        let (Some(device), Some(node)) = (schedule.pick(&devices), schedule.pick(&self.network.nodes)) else {
            return;
        };
        let seconds = |from: u64, to: u64| schedule.draw(from * 1_000..to * 1_000);
        match schedule.draw(0..19) {
            0..=3 if trouble.tabs => self.kill(device),
            4 if trouble.tabs => self.freeze(device),
            5 if trouble.tabs && device.tabs.borrow().len() < 3 => {
                self.tell(|| format!("device {} opens a tab", device.number));
                device.open();
            }
            6 if trouble.offline => {
                let milliseconds = seconds(0, 120);
                self.tell(|| format!("device {} is offline for {milliseconds} ms", device.number));
                device.line.set_online(false);
                let device = Rc::clone(device);
                later(&schedule, milliseconds, move || be_online(&device));
            }
            7 if trouble.nodes => {
                let milliseconds = seconds(0, 60);
                let forgets = schedule.once_in(2);
                self.tell(|| format!("{} is restarted within {milliseconds} ms", node.name));
                node.stop(forgets);
                let node = Rc::clone(node);
                later(&schedule, milliseconds, move || node.start());
            }
            8 if trouble.nodes => {
                self.tell(|| format!("{} is busy", node.name));
                node.be_busy(seconds(0, 30), schedule.draw(0..20) as u32);
            }
            9 if trouble.chain && schedule.once_in(3) => {
                self.tell(|| "nobody reaches the chain".to_owned());
                self.network.no_chain.set(schedule.now() + seconds(0, 40));
            }
            10 if trouble.sockets => {
                if let Some(wire) = node.wire(schedule.draw(0..100)) {
                    self.tell(|| format!("a socket to {} dies", node.name));
                    wire.die();
                }
            }
            11 | 12 if trouble.stores => {
                let failure = if schedule.once_in(2) { Failure::Writing } else { Failure::All };
                let milliseconds = if schedule.once_in(2) { schedule.draw(0..20) } else { seconds(0, 20) };
                self.tell(|| format!("device {} fails: {failure:?} for {milliseconds} ms", device.number));
                device.set_failure(failure);
                let device = Rc::clone(device);
                later(&schedule, milliseconds, move || device.set_failure(Failure::None));
            }
            13 if trouble.mischief => self.mischief(node),
            14 if trouble.clocks && schedule.once_in(4) => {
                let error = clock_error(&schedule);
                self.tell(|| format!("the clock of device {} is {error} ms fast", device.number));
                device.clock.set(error);
            }
            15 if trouble.names => self.give_name_away(),
            16 if trouble.gateways => {
                let how = if schedule.once_in(2) { Gateways::KnowNobody } else { Gateways::Mistake };
                self.tell(|| format!("gateways: {how:?}"));
                self.network.gateways.set((schedule.now() + seconds(0, 600), how));
            }
            17 | 18 if trouble.emptied && device.forget() => {
                self.tell(|| format!("device {} is emptied", device.number));
            }
            _ => {}
        }
    }

    /// Somebody's name leads to somebody else, or nowhere, for a while.
    fn give_name_away(&self) {
        let schedule = &self.schedule;
        let (Some(person), Some(other)) = (schedule.pick(&self.people), schedule.pick(&self.people)) else {
            return;
        };
        let Some(name) = person.name.clone() else { return };
        let to = (!schedule.once_in(3)).then_some(other.address);
        self.tell(|| format!("{name} leads to {to:?}"));
        self.network.point(&name, to);
        let (network, address) = (Rc::clone(&self.network), person.address);
        later(schedule, schedule.draw(0..7_200_000), move || network.point(&name, Some(address)));
    }

    fn kill(&self, device: &Device) {
        if let Some(tab) = device.any_tab() {
            self.tell(|| format!("device {} closes a tab", device.number));
            device.kill(&tab);
        }
    }

    fn freeze(&self, device: &Device) {
        let Some(tab) = device.usable_tab() else { return };
        let milliseconds = self.schedule.draw(0..30_000);
        self.tell(|| format!("device {} freezes a tab for {milliseconds} ms", device.number));
        tab.freeze(&self.schedule);
        let schedule = self.schedule.clone();
        later(&self.schedule, milliseconds, move || tab.thaw(&schedule));
    }

    /// A copy of what waits, for its receiver or somebody else; or nothing that could be read.
    fn mischief(&self, node: &Node) {
        let others: Vec<_> = self.people.iter().map(|person| person.address).collect();
        let Some(other) = self.schedule.pick(&others) else { return };
        let entry = node.entry(self.schedule.draw(0..20));
        match (self.schedule.draw(0..3), entry) {
            (0, Some((owner, envelope))) => node.put(owner, envelope),
            (1, Some((_, envelope))) => node.put(*other, envelope),
            _ => node.put(*other, json!({ "message": "nothing", "metadata": { "messageHash": "0x1" } })),
        }
    }

    /// Nothing is in the way any more: everything has to arrive.
    fn settle(mut self) -> Result<Report, Vec<String>> {
        for node in &self.network.nodes {
            node.heal();
        }
        self.network.no_chain.set(0);
        self.network.gateways.take();
        for person in &self.people {
            if let Some(name) = &person.name {
                self.network.point(name, Some(person.address));
            }
        }
        for device in self.devices() {
            device.set_failure(Failure::None);
            for tab in device.tabs.borrow().iter().filter(|tab| tab.frozen.get()) {
                tab.thaw(&self.schedule);
            }
            if device.tabs.borrow().is_empty() {
                device.open();
            }
            be_online(&device);
        }
        self.tell(|| "everything is healed".to_owned());
        let end = self.schedule.now() + PATIENCE;
        let mut wrong;
        loop {
            self.pass(60_000, false);
            let left: usize = self.devices().iter().map(|device| device.waiting()).sum();
            let last = self.schedule.now() >= end || self.is_over();
            if left > 0 && !last {
                continue;
            }
            self.look_at_everything();
            wrong = self.oracle.judge(&self.options.trouble);
            wrong.extend(self.unlisted());
            if wrong.is_empty() || last {
                break;
            }
        }
        if self.options.only_until.is_some_and(|until| self.schedule.steps() >= until) {
            wrong = self.oracle.first_broken().into_iter().collect();
        }
        // Engines hold devices that hold engines.
        for device in self.devices() {
            let tabs = device.tabs.take();
            tabs.iter().for_each(|tab| self.schedule.kill(&tab.process));
        }
        let (messages, acknowledged) = self.oracle.counts();
        let report = Report {
            messages,
            acknowledged,
            steps: self.schedule.steps(),
            time: self.schedule.now() - crate::schedule::MORNING,
            people: self.people.len(),
            devices: self.devices().len(),
            nodes: self.network.nodes.len(),
            troubles: self.troubles,
        };
        if wrong.is_empty() { Ok(report) } else { Err(wrong) }
    }

    /// Everybody looks at all they have, back to the first message.
    fn look_at_everything(&self) {
        for device in self.devices() {
            let Some(tab) = device.usable_tab() else { continue };
            let (process, read) = (tab.process.clone(), device.emptied.get());
            self.schedule.spawn(&process, async move {
                if read {
                    read_back(&device, &tab).await;
                }
                check_names(&device, &tab).await;
            });
        }
    }

    /// Conversations that have messages and are not in the list.
    fn unlisted(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for person in &self.people {
            for device in &person.devices {
                let Some(tab) = device.usable_tab() else { continue };
                let listed = device.undisturbed(async || tab.engine.session().conversations().await);
                let listed = listed.unwrap_or_default();
                for peer in person.peers.iter().filter_map(|peer| self.people.get(*peer)) {
                    let conversation = dm3_core::conversation::ConversationId::Peer(peer.address);
                    let rows = device.rows(conversation).len();
                    if rows > 0 && !listed.iter().any(|it| it.conversation == conversation) {
                        let number = device.number;
                        wrong.push(format!(
                            "device {number} of {}: the conversation with {} has {rows} messages and is not in the list",
                            person.address, peer.address
                        ));
                    }
                }
            }
        }
        wrong
    }
}

/// The network is back, and the browser says so.
fn be_online(device: &Device) {
    device.line.set_online(true);
    for tab in device.tabs.borrow().iter().filter(|tab| !tab.frozen.get()) {
        tab.engine.wake();
    }
}
