//! What really happened, and whether what is kept says the same.
//!
//! Each message is a text of its own, `m` and a number, so that a message is known whatever becomes of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{MessageRow, SendState};
use dm3_core::identity::{Address, EnsName};
use serde_json::Value;

use crate::device::Device;
use crate::lie::Lie;
use crate::options::Trouble;
use crate::schedule::MORNING;

/// For how long a checked name counts (ten minutes), and the record that it was checked by (one), and how long requests
/// may be under way meanwhile: milliseconds.
const CHECKED: u64 = 15 * 60_000;
/// For how long what is known of a name may be under way, with what is handed over under it: milliseconds.
const UNDER_WAY: u64 = 60_000;

/// Knows everything.
#[derive(Default)]
pub struct Oracle {
    said: RefCell<Vec<Said>>,
    devices: RefCell<Vec<Rc<Device>>>,
    /// What each device has shown in a conversation before.
    seen: RefCell<BTreeMap<(usize, Address), BTreeSet<u32>>>,
    /// What was let go of while a device did not have it: such a device may get a later copy, which does not tell when it
    /// was said.
    missed: RefCell<BTreeSet<(usize, String)>>,
    /// When a node took the copies of a message for an account, by its own clock.
    copies: RefCell<BTreeMap<(Address, String), Vec<u64>>>,
    /// Where each name of a person led from when on.
    names: RefCell<BTreeMap<EnsName, Led>>,
    /// What was handed over under a name that led to its receiver just before: its author could not know better.
    astray: RefCell<BTreeSet<u32>>,
    /// What it is told instead of the truth.
    lie: Cell<Option<Lie>>,
    /// What must never be, as it was found.
    broken: RefCell<Vec<String>>,
    acknowledged: Cell<u64>,
}

/// Where a name led from when on.
type Led = Vec<(u64, Option<Address>)>;

/// What a person wanted to say.
struct Said {
    author: Address,
    receiver: Address,
    device: usize,
    /// What stood in the conversation on that device since the last message that was written there.
    after: Vec<u32>,
    /// How often that device's clock had been set.
    clock_set: u32,
    told: Told,
}

/// What the person was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing: it is being written, or the tab was gone before.
    Nothing,
    /// It is written.
    Written,
    /// It is not written.
    Failed,
}

impl Oracle {
    /// One more device.
    pub fn add_device(&self, device: Rc<Device>) {
        self.devices.borrow_mut().push(device);
    }

    /// From now on it is told something wrong, and should see that.
    pub fn set_lie(&self, lie: Option<Lie>) {
        self.lie.set(lie);
    }

    /// Somebody begins to say something; gives its number.
    pub fn begin(&self, device: &Device, receiver: Address) -> u32 {
        let rows = device.rows(ConversationId::Peer(receiver));
        let now: BTreeSet<u32> = rows.iter().filter_map(number_of).collect();
        let mut seen = self.seen.borrow_mut();
        let before = seen.entry((device.number, receiver)).or_default();
        let after = now.difference(before).copied().collect();
        before.extend(now);
        let mut said = self.said.borrow_mut();
        let (author, clock_set) = (device.owner, device.clock.times_set());
        said.push(Said { author, receiver, device: device.number, after, clock_set, told: Told::Nothing });
        said.len() as u32 - 1
    }

    /// What they were told.
    pub fn end(&self, number: u32, written: bool) {
        let told = if written { Told::Written } else { Told::Failed };
        self.said.borrow_mut()[number as usize].told = told;
    }

    /// How many messages people wanted to say, and how many acknowledgements took something out of a mailbox.
    pub fn counts(&self) -> (usize, u64) {
        (self.said.borrow().len(), self.acknowledged.get())
    }

    /// Something that must never be.
    pub fn report(&self, what: String) {
        self.broken.borrow_mut().push(what);
    }

    /// Whether it is told this.
    pub fn lies(&self, lie: Lie) -> bool {
        self.lie.get() == Some(lie)
    }

    /// A name of a person leads there from now on.
    pub fn name_leads(&self, name: &EnsName, to: Option<Address>, now: u64) {
        self.names.borrow_mut().entry(name.clone()).or_default().push((now, to));
    }

    /// Whether a name led to an account at some moment since then.
    fn led_to(&self, name: &EnsName, account: Address, since: u64) -> bool {
        let names = self.names.borrow();
        let past = names.get(name).map(Vec::as_slice).unwrap_or_default();
        let ends = past.iter().skip(1).map(|(from, _)| *from).chain([u64::MAX]);
        past.iter().zip(ends).any(|((_, to), end)| *to == Some(account) && end >= since)
    }

    /// A device shows a name as its peer's, checked. It must have led to them within the time for which a check counts.
    pub fn shown(&self, device: &Device, peer: Address, name: &EnsName, now: u64) {
        // Whoever sets a clock back prolongs what counts by it.
        if device.clock.was_set() || name.carried_address() == Some(peer) {
            return;
        }
        if self.lies(Lie::ShowsAnyName) || !self.led_to(name, peer, now.saturating_sub(CHECKED)) {
            let (number, owner) = (device.number, device.owner);
            self.report(format!("device {number} of {owner} shows {name} as the checked name of {peer}"));
        }
    }

    /// An envelope is handed to a node, for whomever a name leads to at that moment.
    pub fn handed_over(&self, envelope: &str, name: &EnsName, leads_to: Option<Address>, now: u64) {
        let envelope: Value = serde_json::from_str(envelope).unwrap_or_default();
        let hash = envelope.pointer("/metadata/messageHash").and_then(Value::as_str).unwrap_or_default();
        let devices = self.devices.borrow();
        let Some((number, meant)) = devices.iter().find_map(|device| device.wrote(hash)) else { return };
        if leads_to != Some(meant) && self.led_to(name, meant, now.saturating_sub(UNDER_WAY)) {
            self.astray.borrow_mut().insert(number);
        }
    }

    /// The first of what must never be.
    pub fn first_broken(&self) -> Option<String> {
        self.broken.borrow().first().cloned()
    }

    /// A node takes something for an account, and marks it with its time.
    pub fn taken(&self, owner: Address, hash: &str, marked: u64) {
        self.copies.borrow_mut().entry((owner, hash.to_owned())).or_default().push(marked);
    }

    /// Whether a device can know when a message was said: not if it got a later copy before the first one, or alone.
    fn can_know(&self, device: &Device, row: &MessageRow) -> bool {
        let hash = row.hash.to_string();
        let copies = self.copies.borrow();
        let copies = copies.get(&(device.owner, hash.clone())).map(Vec::as_slice).unwrap_or_default();
        let first = copies.len() < 2 || copies.first() == Some(&row.place.time());
        first && !self.missed.borrow().contains(&(device.number, hash))
    }

    /// A node lets go of something that waited for an account.
    pub fn acknowledged(&self, owner: Address, hash: &str, text: &str) {
        self.acknowledged.set(self.acknowledged.get() + 1);
        let devices = self.devices.borrow();
        let (have, have_not): (Vec<_>, Vec<_>) =
            devices.iter().filter(|device| device.owner == owner).partition(|device| device.has(hash));
        if !have.is_empty() {
            let missed = have_not.into_iter().map(|device| (device.number, hash.to_owned()));
            self.missed.borrow_mut().extend(missed);
            return;
        }
        // Nobody has it. If it is a message that somebody wrote to this account, it is lost.
        let wrote = devices.iter().filter(|device| device.owner != owner).find_map(|device| {
            let row =
                device.rows(ConversationId::Peer(owner)).into_iter().find(|row| row.hash.to_string() == hash);
            row.filter(|row| row.author == device.owner)
        });
        if let Some(number) = wrote.as_ref().and_then(number_of) {
            let length = text.len();
            self.report(format!(
                "m{number} was acknowledged for {owner} before it was stored ({length} bytes)"
            ));
        }
    }

    /// What is wrong with what is kept, once everything had time to arrive.
    pub fn judge(&self, asked: &Trouble) -> Vec<String> {
        let mut wrong = self.broken.borrow().clone();
        let astray = self.astray.borrow();
        let (said, devices) = (self.said.borrow(), self.devices.borrow());
        let mut kept: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let pairs: BTreeSet<_> = said.iter().map(|said| (said.author, said.receiver)).collect();
        let pairs: BTreeSet<_> = pairs.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
        for device in devices.iter() {
            for (_, peer) in pairs.iter().filter(|(owner, _)| *owner == device.owner) {
                let mut rows = device.rows(ConversationId::Peer(*peer));
                if let Some(lie) = self.lie.get() {
                    lie.tell(device.owner, &mut rows);
                }
                rows.retain(|row| number_of(row).is_none_or(|number| !astray.contains(&number)));
                let places = check_conversation(&said, device, *peer, &rows, &mut wrong);
                // What another device of the account wrote by a wrong clock comes from there to its place.
                let leapt = devices.iter().any(|it| it.owner == device.owner && it.clock.was_set());
                if asked.order && (asked.leaps || !leapt) {
                    let known = places.into_iter().filter(|(_, place)| self.can_know(device, &rows[*place]));
                    let places = known.collect();
                    check_order(&said, &devices, device, *peer, &rows, &places, &mut wrong);
                }
                for number in rows.iter().filter_map(number_of) {
                    kept.entry(number).or_default().push(device.number);
                }
            }
        }
        for (number, said) in
            said.iter().enumerate().filter(|(number, _)| !astray.contains(&(*number as u32)))
        {
            let on = kept.get(&(number as u32)).map(Vec::as_slice).unwrap_or_default();
            let here = on.contains(&said.device);
            let there = on.iter().any(|on| devices[*on].owner == said.receiver);
            let what = match (said.told, here, there) {
                (Told::Written, false, _) => "was told to be written, and is not kept where it was",
                (Told::Written, true, false) => "is lost: it was written and never came",
                (Told::Nothing, true, false) => "is lost: it was written, if without a word, and never came",
                (Told::Nothing | Told::Failed, false, true) => "came, and is not kept where it was written",
                (Told::Failed, true, _) => "was told not to be written, and is kept",
                _ => continue,
            };
            let hash = devices[said.device]
                .rows(ConversationId::Peer(said.receiver))
                .into_iter()
                .find(|row| number_of(row) == Some(number as u32))
                .map(|row| row.hash.to_string())
                .unwrap_or_default();
            let there: Vec<_> = (devices.iter())
                .filter(|device| device.owner == said.receiver)
                .map(|device| format!("device {}: {}", device.number, device.doubt(&hash)))
                .collect();
            wrong.push(format!(
                "m{number} of {} on device {} to {} {what} ({})",
                said.author,
                said.device,
                said.receiver,
                there.join(", ")
            ));
        }
        wrong
    }
}

/// What is wrong with what a device shows of a conversation.
fn check_conversation(
    said: &[Said],
    device: &Device,
    peer: Address,
    rows: &[MessageRow],
    wrong: &mut Vec<String>,
) -> BTreeMap<u32, usize> {
    let mut places = BTreeMap::new();
    let at = format!("device {} of {} in its conversation with {peer}", device.number, device.owner);
    for (place, row) in rows.iter().enumerate() {
        let known = number_of(row).and_then(|number| Some((number, said.get(number as usize)?)));
        let Some((number, what)) = known else {
            wrong.push(format!("{at}: nobody said {}", row.json));
            continue;
        };
        if (row.author, what.author) == (device.owner, device.owner) {
            if what.receiver != peer {
                wrong.push(format!("{at}: m{number} was said to {}", what.receiver));
            }
            if row.state != SendState::Accepted {
                wrong.push(format!("{at}: m{number} is {:?}", row.state));
            }
        } else if row.author != what.author || what.author != peer || what.receiver != device.owner {
            wrong.push(format!("{at}: m{number} of {} is shown as of {}", what.author, row.author));
        }
        if places.insert(number, place).is_some() {
            wrong.push(format!("{at}: m{number} is there twice"));
        }
        // What is said between two at one place would never find room there.
        if let Some(other) = place.checked_sub(1).and_then(|before| rows.get(before))
            && other.place == row.place
        {
            let other = format!("m{} ({})", number_of(other).unwrap_or_default(), times_of(other));
            wrong.push(format!("{at}: m{number} ({}) stands where {other} does", times_of(row)));
        }
    }
    places
}

/// What is wrong with the order in which a device shows a conversation.
fn check_order(
    said: &[Said],
    devices: &[Rc<Device>],
    device: &Device,
    peer: Address,
    rows: &[MessageRow],
    places: &BTreeMap<u32, usize>,
    wrong: &mut Vec<String>,
) {
    let at = format!("device {} of {} in its conversation with {peer}", device.number, device.owner);
    let times = |number: &u32| {
        let row = places.get(number).and_then(|place| rows.get(*place));
        row.map_or_else(String::new, times_of)
    };
    // Of one device of an author, in the order in which it was said; and nothing before what its author had seen.
    let mut last: BTreeMap<(Address, usize), (u32, usize)> = BTreeMap::new();
    for (number, place) in places {
        let what = &said[*number as usize];
        let before = last.insert((what.author, what.device), (*number, *place));
        let earlier = before.filter(|(_, earlier)| earlier > place).map(|(earlier, _)| earlier);
        let seen = what.after.iter().find(|seen| places.get(seen).is_some_and(|seen| seen > place)).copied();
        for (other, why) in [(earlier, "after which it was said"), (seen, "which its author had seen")] {
            let Some(other) = other else { continue };
            if is_misled(said, rows, (*number, *place), (other, places[&other])) {
                continue;
            }
            let (these, those) = (times(number), times(&other));
            wrong.push(format!("{at}: m{number} ({these}) stands before m{other} ({those}), {why}"));
            // Where the account's other devices have both.
            for device in devices.iter().filter(|it| it.owner == device.owner && it.number != device.number) {
                let rows = device.rows(ConversationId::Peer(peer));
                let times = |wanted| rows.iter().find(|row| number_of(row) == Some(wanted)).map(times_of);
                let there = [*number, other].map(|wanted| times(wanted).unwrap_or_else(|| "nowhere".into()));
                wrong.push(format!("  on device {}: {there:?}", device.number));
            }
        }
    }
}

/// Whether nobody could know that one message was said after the other: the clock of the device on which both were written was
/// set between them, and the one said later came first: what stands is not moved.
fn is_misled(said: &[Said], rows: &[MessageRow], later: (u32, usize), earlier: (u32, usize)) -> bool {
    let [of_later, of_earlier] = [later, earlier].map(|(number, _)| &said[number as usize]);
    of_later.device == of_earlier.device
        && of_later.clock_set != of_earlier.clock_set
        && rows[later.1].arrived < rows[earlier.1].arrived
}

/// Where a message stands, when it was taken, when it claims to be from and when it came: by how many milliseconds later
/// than the world began.
fn times_of(row: &MessageRow) -> String {
    let json: Value = serde_json::from_str(&row.json).unwrap_or_default();
    let claimed = json["metadata"]["timestamp"].as_u64().unwrap_or_default();
    let since = |time: u64| i128::from(time) - i128::from(MORNING);
    let (at, part) = (since(row.place.time()), row.place.part());
    let taken = since(row.taken.time());
    format!("at {at}+{part}, taken {taken}, claims {}, came {}", since(claimed), since(row.arrived))
}

/// The number of a message that is kept.
pub fn number_of(row: &MessageRow) -> Option<u32> {
    let json: Value = serde_json::from_str(&row.json).ok()?;
    json["message"].as_str()?.strip_prefix('m')?.parse().ok()
}
