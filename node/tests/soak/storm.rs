//! Mixed load while the node is killed, its disk filled, its clock put thirty days on and back, and its database ended:
//! nothing that was accepted is missing or comes twice, and nothing was said for good that was not true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use crate::asking::{Asking, Said};
use crate::seconds;
use crate::support::{Account, Around, Clock, Node, PostgresServer, SmallDisk};

/// How many write, read and keep a history at the same time.
const PEOPLE: u8 = 4;
/// How far the clock is put.
const DAYS: i64 = 30;
/// How long the disk is full, and the database away.
const AWAY: Duration = Duration::from_secs(2);
/// How long everything may take to be well again at the end.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the node is told: what waits would end after ten days, and the disk is small.
const SETTINGS: &str =
    "message_ttl_seconds = 864000\ndisk_bytes_kept_free = 8000000\ndisk_reserve_bytes = 4000000\n";

/// What was accepted, and what must not have been said.
#[derive(Default)]
struct Ledger {
    /// Texts that were answered with OK, by who they are for.
    accepted: BTreeMap<u8, BTreeSet<String>>,
    /// Texts that their reader has seen.
    seen: BTreeMap<u8, BTreeSet<String>>,
    /// Those of them whose acknowledgement was answered.
    gone: BTreeMap<u8, BTreeSet<String>>,
    /// Records of histories that were written, by whose they are.
    records: BTreeMap<u8, BTreeSet<String>>,
    /// Accounts of [`Account::of_many`] that were registered.
    newcomers: Vec<u16>,
    lies: Vec<String>,
}

struct World {
    node: Asking,
    ledger: Mutex<Ledger>,
    stopping: AtomicBool,
    /// Whether everything that was begun was answered.
    written: AtomicBool,
    pause: Duration,
}

impl World {
    fn goes_on(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }

    fn note<T>(&self, what: impl FnOnce(&mut Ledger) -> T) -> T {
        what(&mut self.ledger.lock().unwrap())
    }

    fn lie(&self, what: String) {
        self.note(|ledger| ledger.lies.push(what));
    }

    /// Writes to everybody in turn. Now and then to nobody, and in somebody else's name.
    async fn write(self: Arc<Self>, n: u8) {
        let writer = Account::new(n);
        for count in 0_u32.. {
            if !self.goes_on() {
                return;
            }
            let to = 1 + (n - 1 + u8::try_from(1 + count % u32::from(PEOPLE - 1)).unwrap()) % PEOPLE;
            let (reader, text) = (Account::new(to), format!("{n}-{count}"));
            match self.node.submit(&writer.envelope(&reader, &text).to_canonical()).await {
                Said::Taken => {
                    self.note(|ledger| ledger.accepted.entry(to).or_default().insert(text));
                }
                said => self.lie(format!("a good message {text}: {said:?}")),
            }
            if count % 8 == 0 {
                let nobody = writer.envelope(&Account::new(200), "nobody").to_canonical();
                let said = self.node.submit(&nobody).await;
                if said != Said::Refused(-32001) {
                    self.lie(format!("a message to nobody: {said:?}"));
                }
                let name = reader.name.as_str();
                let forged =
                    Account::new(99).envelope_addressed(&reader, "forged", writer.name.as_str(), name);
                let said = self.node.submit(&forged.to_canonical()).await;
                if said != Said::Refused(-32003) {
                    self.lie(format!("a forgery: {said:?}"));
                }
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Reads and acknowledges, until the mailbox is empty after the end.
    async fn read(self: Arc<Self>, n: u8) {
        let reader = Account::new(n);
        let mut token = None;
        loop {
            let last = self.written.load(Ordering::Relaxed);
            let held = match token.take() {
                Some(held) => held,
                None => match self.node.sign_in(&reader).await {
                    Ok(new) => new,
                    Err(reply) => return self.lie(format!("signing in: {reply:?}")),
                },
            };
            let page = match self.node.mailbox(&reader, &held).await {
                Ok(page) => page,
                // A session that is over. The next is asked for.
                Err(reply) if reply.status == 401 => continue,
                Err(reply) => return self.lie(format!("a page: {reply:?}")),
            };
            let ids: Vec<i64> = page.iter().map(|(id, _)| *id).collect();
            let texts: Vec<String> = page.iter().map(|(_, envelope)| reader.open(envelope)).collect();
            self.note(|ledger| {
                let Ledger { seen, gone, lies, .. } = ledger;
                let (seen, gone) = (seen.entry(n).or_default(), gone.entry(n).or_default());
                for (at, text) in texts.iter().enumerate() {
                    if gone.contains(text) {
                        lies.push(format!("{text} comes again"));
                    }
                    if texts[..at].contains(text) {
                        lies.push(format!("{text} lies there twice"));
                    }
                    seen.insert(text.clone());
                }
            });
            if !ids.is_empty() {
                match self.node.acknowledge(&reader, &held, &ids).await {
                    Ok(()) => self.note(|ledger| ledger.gone.entry(n).or_default().extend(texts)),
                    Err(reply) if reply.status == 401 => continue,
                    Err(reply) => return self.lie(format!("acknowledging: {reply:?}")),
                }
            } else if last {
                return;
            }
            token = Some(held);
            tokio::time::sleep(self.pause * 2).await;
        }
    }

    /// Writes records into a history.
    async fn keep(self: Arc<Self>, n: u8) {
        let (owner, mut token) = (Account::new(n), None);
        let path = format!("/api/history/{}", owner.name);
        let mut count = 0_u32;
        while self.goes_on() {
            let held = match token.take() {
                Some(held) => held,
                None => match self.node.sign_in(&owner).await {
                    Ok(new) => new,
                    Err(reply) => return self.lie(format!("signing in: {reply:?}")),
                },
            };
            let id = format!("r{count}");
            let record =
                json!({ "conversation": "c", "id": id, "replaces": 0, "data": STANDARD.encode(&id) });
            let reply =
                self.node.ask(Method::POST, &path, Some(&held), Some(&json!({ "records": [record] }))).await;
            match reply.status.as_u16() {
                // It was written before, and the answer was lost.
                200 | 409 => {
                    self.note(|ledger| ledger.records.entry(n).or_default().insert(id));
                    count += 1;
                }
                401 => continue,
                _ => return self.lie(format!("a record: {reply:?}")),
            }
            token = Some(held);
            tokio::time::sleep(self.pause * 4).await;
        }
    }

    /// Makes accounts.
    async fn come(self: Arc<Self>) {
        for n in 0_u16.. {
            if !self.goes_on() {
                return;
            }
            let account = Account::of_many(n);
            let path = format!("/ds/profile/{}", account.name);
            let reply = self.node.ask(Method::POST, &path, None, Some(&account.profile().to_json())).await;
            match reply.status.as_u16() {
                200 => self.note(|ledger| ledger.newcomers.push(n)),
                _ => self.lie(format!("an account: {reply:?}")),
            }
            tokio::time::sleep(self.pause * 10).await;
        }
    }

    /// Whether everything that was accepted is there.
    async fn look(&self) {
        let (records, newcomers) = self.note(|ledger| (ledger.records.clone(), ledger.newcomers.clone()));
        for (n, written) in records {
            let owner = Account::new(n);
            let mut token = self.node.sign_in(&owner).await.unwrap();
            let (mut found, mut after) = (BTreeSet::new(), Some(0));
            while let Some(from) = after {
                let path = format!("/api/history/{}/changes?after={from}", owner.name);
                let page = self.node.ask(Method::GET, &path, Some(&token), None).await;
                // It was opened while the clock was put right.
                if page.status == 401 {
                    token = self.node.sign_in(&owner).await.unwrap();
                    continue;
                }
                let page = page.json();
                let page_records = page["records"].as_array().unwrap();
                found.extend(page_records.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
                after = page["next"].as_u64();
            }
            let missing: Vec<_> = written.difference(&found).collect();
            assert!(missing.is_empty(), "records of {n} are missing: {missing:?}");
        }
        // The first and the last, and some between.
        let step = 1 + newcomers.len() / 20;
        for n in newcomers.iter().step_by(step).chain(newcomers.last()) {
            assert!(self.node.sign_in(&Account::of_many(*n)).await.is_ok(), "the account {n} is missing");
        }
        self.note(|ledger| {
            assert_eq!(ledger.lies, [""; 0]);
            let mut all = 0;
            for (n, accepted) in &ledger.accepted {
                let missing: Vec<_> = accepted.difference(&ledger.seen[n]).collect();
                assert!(missing.is_empty(), "messages to {n} are missing: {missing:?}");
                all += accepted.len();
            }
            assert!(all > 0);
            let records: usize = ledger.records.values().map(BTreeSet::len).sum();
            println!(
                "{all} messages, {records} records and {} accounts were accepted, all are there",
                newcomers.len()
            );
        });
    }
}

/// What happens to a node.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    Killed,
    Restarted,
    DiskFull,
    ClockOn,
    ClockBack,
    ClockRight,
    DatabaseEnds,
}

async fn storm(mut node: Node, mut server: Option<PostgresServer>) {
    let long = seconds(10);
    let world = Arc::new(World {
        node: Asking::new(&node.url),
        ledger: Mutex::default(),
        stopping: AtomicBool::new(false),
        written: AtomicBool::new(false),
        // An hour at a low rate, a few seconds at a higher one.
        pause: if long > Duration::from_secs(60) {
            Duration::from_millis(250)
        } else {
            Duration::from_millis(20)
        },
    });
    for n in 1..=PEOPLE {
        // Who never did could be anybody's copy of a profile, and in their name nothing is forged.
        Account::new(n).registered(&node).await.sign_in(&node).await;
    }
    let mut writing = Vec::new();
    let mut reading = Vec::new();
    for n in 1..=PEOPLE {
        writing.push(tokio::spawn(world.clone().write(n)));
        writing.push(tokio::spawn(world.clone().keep(n)));
        reading.push(tokio::spawn(world.clone().read(n)));
    }
    writing.push(tokio::spawn(world.clone().come()));

    let mut mishaps = Vec::new();
    if node.around.clock.is_some() {
        mishaps.extend([Mishap::ClockOn, Mishap::Killed, Mishap::ClockRight]);
        mishaps.extend([Mishap::ClockBack, Mishap::Killed, Mishap::ClockRight]);
    }
    mishaps.extend([Mishap::Killed, Mishap::Restarted]);
    if node.around.disk.is_some() {
        mishaps.push(Mishap::DiskFull);
    }
    if server.is_some() {
        mishaps.push(Mishap::DatabaseEnds);
    }
    // All of them in the shortest run, and then again.
    let between = (long / u32::try_from(mishaps.len() + 1).unwrap()).min(Duration::from_secs(20));
    let began = Instant::now();
    let mut happened: BTreeMap<String, usize> = BTreeMap::new();
    for mishap in mishaps.iter().cycle() {
        tokio::time::sleep(between).await;
        if began.elapsed() >= long {
            break;
        }
        *happened.entry(format!("{mishap:?}")).or_default() += 1;
        let clock = |days| node.around.clock.as_ref().unwrap().set(days);
        match mishap {
            Mishap::Killed => {
                node.kill_and_restart().await;
                world.node.moved(&node.url);
            }
            Mishap::Restarted => {
                node.terminate().await;
                node.start_again().await;
                world.node.moved(&node.url);
            }
            Mishap::DiskFull => {
                let disk = node.around.disk.as_ref().unwrap();
                disk.fill();
                tokio::time::sleep(AWAY).await;
                // What the reserve gave is taken, too.
                disk.fill();
                tokio::time::sleep(AWAY / 4).await;
                disk.clear();
            }
            Mishap::ClockOn => clock(DAYS),
            Mishap::ClockBack => clock(-DAYS),
            Mishap::ClockRight => clock(0),
            Mishap::DatabaseEnds => {
                let mut ended = server.take().unwrap();
                ended.crash();
                tokio::time::sleep(AWAY).await;
                server = Some(
                    tokio::task::spawn_blocking(move || {
                        ended.start_again();
                        ended
                    })
                    .await
                    .unwrap(),
                );
            }
        }
        assert!(node.is_running(), "it does not end by itself: {}", node.log());
    }
    if let Some(clock) = &node.around.clock {
        clock.set(0);
    }
    world.stopping.store(true, Ordering::Relaxed);
    let ended = async {
        for task in writing {
            task.await.unwrap();
        }
        world.written.store(true, Ordering::Relaxed);
        for task in reading {
            task.await.unwrap();
        }
        world.look().await;
    };
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        let log = node.log();
        let last = log.lines().rev().take(10).collect::<Vec<_>>().join("\n");
        panic!("it is not well again: {:?}\n{last}", world.note(|ledger| ledger.lies.clone()));
    }
    println!("in {} s it happened: {happened:?}", began.elapsed().as_secs());
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

/// A folder for a node, with a clock, and with a small disk where one can be had.
fn place(megabytes: Option<u32>) -> (tempfile::TempDir, Around) {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let disk = megabytes.and_then(|megabytes| SmallDisk::mount(&disk, megabytes));
    let clock = Clock::in_folder(folder.path());
    (folder, Around { disk, clock, ..Around::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlite_accepted_outlasts_kills_full_disks_and_wrong_clocks() {
    let (folder, around) = place(Some(200));
    storm(Node::start_in(folder, around, None, "warn", SETTINGS).await, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_accepted_outlasts_kills_its_own_end_and_wrong_clocks() {
    // Durable, since it is about what is on the disk.
    let server = PostgresServer::start(&[]);
    let database = server.database().await;
    let (folder, around) = place(None);
    let node = Node::start_in(folder, around, Some(&database), "warn", SETTINGS).await;
    storm(node, Some(server)).await;
}
