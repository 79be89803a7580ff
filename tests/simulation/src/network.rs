//! What is between devices, nodes, chain and gateways; and a device's ports to it. Requests travel by themselves: one
//! whose sender is gone arrives all the same.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::identity::{Address, EnsName, NameError};
use dm3_core::ports::{self, Connection, Http, NoIpfs, Ports, Sockets, Unreachable};
use dm3_core::registry::{CallOutcome, TransactionHash, TransactionReceipt};
use dm3_core::testing::{MemoryStore, SeededEntropy};
use dm3_core::web::{HttpRequest, HttpResponse, Outage};

use crate::chain::{Chain, Gateways};
use crate::node::{Node, Wire};
use crate::options::Trouble;
use crate::oracle::Oracle;
use crate::schedule::{DeviceClock, Process, Schedule, Slot};

/// Chain, gateways and nodes.
pub struct Network {
    /// Time and chance.
    pub schedule: Schedule,
    /// Names and profiles.
    pub chain: RefCell<Chain>,
    /// All of them.
    pub nodes: Vec<Rc<Node>>,
    /// What may go wrong with a request.
    pub trouble: RefCell<Trouble>,
    /// Until when chain and gateways can't be reached.
    pub no_chain: Cell<u64>,
    /// Until when gateways answer so.
    pub gateways: Cell<(u64, Gateways)>,
    couriers: Process,
    oracle: Rc<Oracle>,
}

/// A device's way out.
#[derive(Clone)]
pub struct Line {
    network: Rc<Network>,
    online: Rc<Cell<bool>>,
}

/// What happens to one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    ReplyLost,
    Duplicated,
    Failed(u16),
}

impl Network {
    /// A network of these nodes.
    pub fn new(schedule: Schedule, chain: Chain, nodes: Vec<Rc<Node>>, oracle: Rc<Oracle>) -> Rc<Self> {
        Rc::new(Self {
            schedule,
            chain: RefCell::new(chain),
            nodes,
            trouble: RefCell::default(),
            no_chain: Cell::default(),
            gateways: Cell::default(),
            couriers: Process::default(),
            oracle,
        })
    }

    /// Who knows everything.
    pub fn oracle(&self) -> &Rc<Oracle> {
        &self.oracle
    }

    /// A person's name leads there from now on.
    pub fn point(&self, name: &EnsName, to: Option<Address>) {
        self.chain.borrow_mut().name(name).address = to;
        self.oracle.name_leads(name, to, self.schedule.now());
    }

    fn fate(&self) -> Fate {
        let trouble = self.trouble.borrow();
        if !trouble.requests || !self.schedule.once_in(12) {
            return Fate::Arrives;
        }
        match self.schedule.draw(0..6) {
            0 => Fate::Lost,
            1 | 2 => Fate::ReplyLost,
            3 | 4 => Fate::Duplicated,
            _ => Fate::Failed([500, 502, 503, 504][self.schedule.draw(0..4) as usize]),
        }
    }

    /// How long something is under way: milliseconds.
    fn latency(&self) -> u64 {
        let slow = self.trouble.borrow().slow && self.schedule.once_in(40);
        1 + if slow { self.schedule.draw(0..20_000) } else { self.schedule.draw(0..80) }
    }

    fn answer(&self, request: &HttpRequest) -> Option<HttpResponse> {
        if let Some(node) =
            self.nodes.iter().find(|node| request.url.as_str().starts_with(node.origin.as_str()))
        {
            return if node.is_down() { None } else { node.answer(request, &self.chain) };
        }
        if self.schedule.now() < self.no_chain.get() {
            return None;
        }
        let (until, gateways) = self.gateways.get();
        let gateways = if self.schedule.now() < until { gateways } else { Gateways::Right };
        self.chain.borrow().ask_gateway(request.url.as_str(), gateways)
    }

    /// Carries a request, whoever still waits for its answer.
    async fn carry(self: Rc<Self>, request: HttpRequest, reply: Rc<Slot<Result<HttpResponse, Outage>>>) {
        let fate = self.fate();
        self.schedule.sleep(self.latency()).await;
        if fate == Fate::Lost {
            self.schedule.sleep(10_000).await;
            return reply.set(Err(Outage::TimedOut));
        }
        if let Fate::Failed(status) = fate {
            self.schedule.sleep(self.latency()).await;
            return reply.set(Ok(HttpResponse::new(status, String::new())));
        }
        let answer = self.answer(&request);
        self.schedule.sleep(self.latency()).await;
        match answer {
            Some(_) if fate == Fate::ReplyLost => reply.set(Err(Outage::Ended)),
            Some(answer) => reply.set(Ok(answer)),
            None => reply.set(Err(Outage::NoAnswer)),
        }
        if fate == Fate::Duplicated {
            self.schedule.sleep(self.latency()).await;
            drop(self.answer(&request));
        }
    }
}

impl Line {
    /// A device's way out.
    pub fn new(network: Rc<Network>) -> Self {
        Self { network, online: Rc::new(Cell::new(true)) }
    }

    /// What it leads to.
    pub fn network(&self) -> &Rc<Network> {
        &self.network
    }

    /// Whether it works.
    pub fn set_online(&self, online: bool) {
        self.online.set(online);
    }

    fn offline(&self, host: &str) -> Result<(), Unreachable> {
        if self.online.get() { Ok(()) } else { Err(unreachable(host, Outage::NoAnswer)) }
    }
}

fn unreachable(host: &str, outage: Outage) -> Unreachable {
    Unreachable { host: host.to_owned(), outage }
}

impl Http for Line {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        let host = request.url.authority();
        self.offline(host)?;
        let reply = Rc::<Slot<_>>::default();
        let network = &self.network;
        let carried = Rc::clone(network).carry(request.clone(), Rc::clone(&reply));
        network.schedule.spawn(&network.couriers, carried);
        let reply = reply.get().await;
        self.offline(host)?;
        reply.map_err(|outage| unreachable(host, outage))
    }
}

impl ports::Normaliser for Line {
    async fn normalise(&self, name: &str) -> Result<EnsName, NameError> {
        name.parse()
    }
}

impl ports::Chain for Line {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable> {
        let host = "rpc.example";
        let (network, schedule) = (&self.network, &self.network.schedule);
        let fate = network.fate();
        schedule.sleep(network.latency()).await;
        self.offline(host)?;
        if !matches!(fate, Fate::Arrives | Fate::Duplicated) || schedule.now() < network.no_chain.get() {
            return Err(unreachable(host, Outage::TimedOut));
        }
        let outcome = network.chain.borrow().call(to, data);
        Ok(outcome)
    }

    async fn transactions(&self, _: Address) -> Result<u64, Unreachable> {
        self.offline("rpc.example").map(|_| 0)
    }

    async fn receipt(&self, _: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
        self.offline("rpc.example").map(|_| None)
    }

    /// Nobody asks for events here.
    async fn ask(&self, _: String) -> Result<String, Unreachable> {
        Err(unreachable("rpc.example", Outage::TimedOut))
    }
}

impl Sockets for Line {
    type Connection = Socket;

    async fn connect(&self, url: &str) -> Result<Socket, Unreachable> {
        let network = &self.network;
        let fate = network.fate();
        network.schedule.sleep(network.latency()).await;
        self.offline(url)?;
        let node = network.nodes.iter().find(|node| node.has_socket_at(url) && !node.is_down());
        match node {
            Some(node) if fate == Fate::Arrives => {
                Ok(Socket { line: self.clone(), node: Rc::clone(node), wire: node.open_socket() })
            }
            _ => Err(unreachable(url, Outage::TimedOut)),
        }
    }
}

/// A WebSocket in memory.
pub struct Socket {
    line: Line,
    node: Rc<Node>,
    wire: Rc<Wire>,
}

impl Connection for Socket {
    async fn send(&mut self, text: &str) -> Result<(), Unreachable> {
        let network = &self.line.network;
        network.schedule.sleep(network.latency()).await;
        self.line.offline("socket")?;
        self.node.take_frame(&self.wire, text, &network.chain);
        Ok(())
    }

    async fn receive(&mut self) -> Result<String, Unreachable> {
        let host = self.node.origin.authority();
        let ended = || unreachable(host, Outage::Ended);
        let frame = self.wire.next().await.ok_or_else(ended)?;
        if !self.line.online.get() {
            self.wire.die();
            return std::future::pending().await;
        }
        Ok(frame)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.node.close_socket(&self.wire);
    }
}

/// A tab's ports.
pub struct SimulatedPorts {
    line: Line,
    store: MemoryStore,
    clock: Rc<DeviceClock>,
    entropy: SeededEntropy,
}

impl SimulatedPorts {
    /// The ports of a tab of a device.
    pub fn new(line: Line, store: MemoryStore, clock: Rc<DeviceClock>, entropy: SeededEntropy) -> Self {
        Self { line, store, clock, entropy }
    }
}

impl Ports for SimulatedPorts {
    type Chain = Line;
    type Normaliser = Line;
    type Http = Line;
    type Ipfs = NoIpfs;
    type Sockets = Line;
    type Store = MemoryStore;
    type Clock = DeviceClock;
    type Entropy = SeededEntropy;

    fn chain(&self) -> &Line {
        &self.line
    }

    fn normaliser(&self) -> &Line {
        &self.line
    }

    fn http(&self) -> &Line {
        &self.line
    }

    fn ipfs(&self) -> &NoIpfs {
        &NoIpfs
    }

    fn sockets(&self) -> &Line {
        &self.line
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clock(&self) -> &DeviceClock {
        &self.clock
    }

    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
}
