//! What a run is asked for.

use crate::lie::Lie;

/// What may go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Requests and replies are lost, come twice, fail.
    pub requests: bool,
    /// Some are under way for many seconds.
    pub slow: bool,
    /// Nodes are restarted, are away, take nothing for a while.
    pub nodes: bool,
    /// Chain and gateways can't be reached for a while.
    pub chain: bool,
    /// Tabs are killed at any moment, frozen, opened beside each other.
    pub tabs: bool,
    /// Devices are offline.
    pub offline: bool,
    /// Sockets die without a word.
    pub sockets: bool,
    /// Devices do not read, or do not write, for a while.
    pub stores: bool,
    /// Somebody puts copies, other people's mail and garbage into mailboxes.
    pub mischief: bool,
    /// Clocks of devices and nodes are wrong, and are set anew.
    pub clocks: bool,
    /// Names of people are given to others, or to nobody, for a while.
    pub names: bool,
    /// Gateways know nobody, or mistake people for each other, for a while.
    pub gateways: bool,
    /// Browsers let go of all that they keep, once the node has it.
    pub emptied: bool,
    /// No trouble, but a check: whether messages stand in the order in which they were said.
    pub order: bool,
    /// Likewise: the order on devices whose clock was set anew while they were used.
    pub leaps: bool,
}

impl Trouble {
    /// The kinds by name.
    pub const KINDS: [&str; 15] = [
        "requests", "slow", "nodes", "chain", "tabs", "offline", "sockets", "stores", "mischief", "clocks",
        "names", "gateways", "emptied", "order", "leaps",
    ];

    /// What the program does not get right yet: left out unless it is asked for.
    pub fn not_yet() -> Vec<String> {
        ["leaps"].map(str::to_owned).to_vec()
    }

    /// Everything that is not left out.
    pub fn all_but(left_out: &[String]) -> Self {
        let mut trouble = Self::default();
        for kind in Self::KINDS {
            *trouble.kind(kind) = !left_out.iter().any(|it| it == kind);
        }
        trouble
    }

    fn kind(&mut self, kind: &str) -> &mut bool {
        match kind {
            "requests" => &mut self.requests,
            "slow" => &mut self.slow,
            "nodes" => &mut self.nodes,
            "chain" => &mut self.chain,
            "tabs" => &mut self.tabs,
            "offline" => &mut self.offline,
            "sockets" => &mut self.sockets,
            "stores" => &mut self.stores,
            "mischief" => &mut self.mischief,
            "clocks" => &mut self.clocks,
            "names" => &mut self.names,
            "gateways" => &mut self.gateways,
            "emptied" => &mut self.emptied,
            "order" => &mut self.order,
            _ => &mut self.leaps,
        }
    }
}

/// What one world is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// All that is drawn follows from it.
    pub seed: u64,
    /// How many messages are said.
    pub messages: usize,
    /// Stops after so many steps.
    pub only_until: Option<u64>,
    /// What may go wrong.
    pub trouble: Trouble,
    /// Tells what happens.
    pub trace: bool,
    /// What is wrong on purpose.
    pub lie: Option<Lie>,
}
