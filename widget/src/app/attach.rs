//! What is attached to a message before it is sent. Files stay beside the composer until their message is kept.
//!
//! ```text
//! Given ──read──▶ bytes ──redraw (pictures)──▶ Ready ──weigh──▶ Room ──send──▶ outbox
//! ```
//!
//! A picture is drawn anew, so that it tells nothing but what is seen: cameras write into it where it was taken. What
//! is too large for the receiver's delivery service is said before anything is sent.

use std::sync::Arc;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::api::{Properties, Retention};
use dm3_core::message::{Attachment, Draft, MAX_EMBEDDED, PictureHead, true_type};
use dm3_core::session::WriteError;

use super::carry::{beyond_messages, load, send_through_node, stop, takes_all};
use super::command::FilesAsk;
use super::driver::Active;
use super::files::{Attached, Content, Files, Given, Ready, Refused, Room};
use super::outbox::{conditions, send};
use super::platform::{Platform, Redraw, Task};
use super::shown::{offer_instead, put_on_shelf, show, take_off_shelf};
use super::state::{Composing, FileBytes};
use super::steps::FilesSteps;

/// How many files one message takes.
pub const MAX_FILES: usize = 20;
/// The largest picture that is read, in bytes: it will be smaller.
const MAX_PICTURE: f64 = 60_000_000.0;
/// The longest name, in bytes.
const MAX_NAME: usize = 200;
/// How much of a picture is kept when it is drawn anew, and when it has to be small.
const QUALITY: f64 = 0.92;
const SMALL_QUALITY: f64 = 0.8;
/// The shortest side a picture is made smaller to, in pixels, and how often that is tried.
const MIN_SIDE: f64 = 160.0;
const MAX_TRIES: usize = 8;
/// What a delivery service takes that can't be asked: as much as the deployed ones do unless they are told otherwise, in
/// bytes of an envelope.
const ASSUMED_LIMIT: u64 = 100_000;
/// Left free for names and the like, in bytes.
const SPARE: usize = 1_024;

impl<P: Platform> FilesSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out }
    }
}

impl<P: Platform> Default for FilesSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

fn carry_out<P: Platform>(at: Active<P>, ask: Arc<FilesAsk>) -> Task {
    Box::pin(async move {
        match Arc::unwrap_or_clone(ask) {
            FilesAsk::Show { of, anyway } => show(at, of, anyway).await,
            FilesAsk::Unshowable(url) => offer_instead(&at, &url),
            FilesAsk::Attach(given) => attach(&at, given).await,
            FilesAsk::Remove(number) => {
                if at.shelf.sending.get() {
                    stop(&at);
                }
                remove(&at, &[number]);
                weigh(&at).await;
            }
            FilesAsk::Shrink => shrink(&at).await,
            FilesAsk::ThroughNode(words) => {
                Files::change(at.driver.state, |files| files.through_node = Some(words.into()));
                weigh(&at).await;
            }
            FilesAsk::Load { of, place } => load(at, of, place).await,
            FilesAsk::Stop => stop(&at),
            FilesAsk::Send(text) => send_with_files(&at, text).await,
        }
    })
}

async fn attach<P: Platform>(at: &Active<P>, given: Vec<Given>) {
    let state = at.driver.state;
    let edits = state.composing.with_untracked(|it| matches!(it, Composing::Edit { .. }));
    if at.open_peer().is_none() || edits {
        return;
    }
    let (round, room) = (at.shelf.round.get(), MAX_FILES.saturating_sub(Files::now(state).attached.len()));
    let refused = (given.len() > room).then_some(Refused::Many);
    let mut waiting = Vec::new();
    for file in given.into_iter().take(room) {
        at.shelf.number.set(at.shelf.number.get() + 1);
        waiting.push((at.shelf.number.get(), file));
    }
    Files::change(state, |files| {
        files.refused = refused;
        let name = |given: &Given| harmless(&given.name);
        let new =
            waiting.iter().map(|(number, it)| Attached { number: *number, name: name(it), ready: None });
        files.attached.extend(new);
    });
    for (number, file) in waiting {
        let is_there = |files: &Files| files.attached.iter().any(|it| it.number == number);
        // Taken off meanwhile, it is not even read.
        if at.shelf.round.get() != round || !is_there(&Files::now(state)) {
            continue;
        }
        let prepared = prepare(at, &file).await;
        if at.shelf.round.get() != round || !is_there(&Files::now(state)) {
            continue;
        }
        match prepared {
            Ok((mut ready, extension)) => {
                let media_type = true_type(ready.bytes.bytes());
                if PictureHead::read(ready.bytes.bytes()).is_some_and(|head| head.is_bearable()) {
                    ready.url = put_on_shelf(at, ready.bytes.bytes(), media_type);
                }
                Files::change_one(at.driver.state, number, |attached| {
                    if let Some(extension) = extension {
                        attached.name = renamed(&attached.name, extension);
                    }
                    attached.ready = Some(ready);
                });
            }
            Err(why) => {
                remove(at, &[number]);
                Files::change(state, |files| files.refused = Some(why));
            }
        }
    }
    weigh(at).await;
}

/// Reads a file; a picture is drawn anew. With the ending that its name is to have then.
async fn prepare<P: Platform>(
    at: &Active<P>,
    given: &Given,
) -> Result<(Ready, Option<&'static str>), Refused> {
    let is_picture = given.claimed.starts_with("image/");
    let fits = |size: usize| size <= MAX_EMBEDDED || at.session().keeps_files_of(size as u64);
    let most = if is_picture { given.size <= MAX_PICTURE } else { fits(given.size as usize) };
    if !most {
        return Err(Refused::Large);
    }
    let bytes = match &given.content {
        Content::Page(file) => at.driver.platform.read_file(file).await.ok_or(Refused::Unreadable)?,
        Content::Read(bytes) => bytes.clone(),
    };
    let (from, head) = (true_type(bytes.bytes()), PictureHead::read(bytes.bytes()));
    let plain = |bytes: FileBytes, tells| {
        let claimed = Some(given.claimed.clone()).filter(|claimed| !claimed.is_empty());
        let ready = Ready { bytes, claimed, url: None, tells, smaller: None, elsewhere: None };
        if fits(ready.bytes.bytes().len()) { Ok(ready) } else { Err(Refused::Large) }
    };
    let to = match from {
        "image/jpeg" | "image/avif" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        // Notes may stand in both.
        "image/gif" | "image/bmp" => return Ok((plain(bytes, true)?, None)),
        _ => {
            // Films and other pictures of telephones tell where they were made, too.
            let tells = (is_picture && from != "image/svg+xml")
                || given.claimed.starts_with("video/")
                || from.starts_with("video/");
            return Ok((plain(bytes, tells)?, None));
        }
    };
    let head = head.filter(PictureHead::is_bearable).ok_or(Refused::Pixels)?;
    // Drawn anew it would stand still.
    if head.moves {
        return Ok((plain(bytes, true)?, None));
    }
    let how = Redraw { from, to, width: head.width, height: head.height, quality: QUALITY };
    match at.driver.platform.redraw(bytes.clone(), how).await {
        Some(drawn) => {
            let extension = ending(true_type(drawn.bytes()));
            Ok((plain(drawn, false)?, extension))
        }
        None => Ok((plain(bytes, true)?, None)),
    }
}

/// Finds out whether all of it can be sent, and if not, how small the pictures would have to be.
async fn weigh<P: Platform>(at: &Active<P>) {
    let (state, round) = (at.driver.state, at.shelf.round.get());
    let weighed = at.shelf.weighed.get() + 1;
    at.shelf.weighed.set(weighed);
    let is_last = || at.shelf.round.get() == round && at.shelf.weighed.get() == weighed;
    let show = |room| {
        if is_last() {
            Files::change(state, |files| files.room = room);
        }
        is_last()
    };
    let files = Files::now(state);
    if files.attached.is_empty() {
        show(Room::Enough);
        return;
    }
    let node = takes_all(at, &files.attached);
    if files.through_node.is_some() && node {
        show(Room::Enough);
        return;
    }
    let Some(by) = excess(at, &files.attached).await else {
        show(Room::Enough);
        return;
    };
    if !show(Room::Weighing) {
        return;
    }
    let smaller = smaller(at, &files.attached, by, &is_last).await;
    let total = smaller.as_ref().map(|drawn| drawn.iter().map(|(_, bytes)| bytes.bytes().len()).sum());
    if show(Room::Lacking { by, smaller: total, node }) {
        for (number, bytes) in smaller.into_iter().flatten() {
            Files::change_one(at.driver.state, number, |attached| {
                if let Some(ready) = &mut attached.ready {
                    ready.smaller = Some(bytes);
                }
            });
        }
    }
}

/// By how many bytes of files this is more than the receiver's delivery service takes.
async fn excess<P: Platform>(at: &Active<P>, attached: &[Attached]) -> Option<usize> {
    if let Some(by) = beyond_messages(attached) {
        return Some(by);
    }
    let conversation = ConversationId::Peer(at.open_peer()?);
    let text = at.driver.state.text.get_untracked();
    let attachments = embedded(attached);
    let mut told = conditions(at, conversation);
    for service in &mut told {
        if service.properties.is_err() {
            service.properties =
                Ok(Properties { size_limit: Some(ASSUMED_LIMIT), retention: Retention::Unstated });
        }
    }
    let make = |header| Draft::text(header, text.trim()).carrying(attachments);
    match at.session().would_write(conversation, &told, make).await {
        // Twice written in 64 signs: once as an attachment, once sealed.
        Err(WriteError::TooLarge { size, limit }) => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            Some(size.saturating_sub(limit).saturating_mul(9) / 16 + 1)
        }
        Err(WriteError::Overlong { size, limit }) => {
            Some((size.saturating_sub(limit)).saturating_mul(3) / 4 + 1)
        }
        // What else is wrong is said when it is sent.
        Ok(()) | Err(WriteError::Unwanted(_) | WriteError::Store(_)) => None,
    }
}

/// All pictures, drawn so small that so many bytes less are needed; each gives in proportion.
async fn smaller<P: Platform>(
    at: &Active<P>,
    attached: &[Attached],
    by: usize,
    go_on: &impl Fn() -> bool,
) -> Option<Vec<(u64, FileBytes)>> {
    let pictures: Vec<_> = attached
        .iter()
        .filter_map(|attached| {
            let ready = attached.ready.as_ref()?;
            let head = PictureHead::read(ready.bytes.bytes()).filter(PictureHead::is_bearable)?;
            Some((attached.number, ready.bytes.clone(), head))
        })
        .collect();
    let total: usize = pictures.iter().map(|(_, bytes, _)| bytes.bytes().len()).sum();
    let target = total.checked_sub(by + SPARE).filter(|target| *target > 0)?;
    let share = target as f64 / total as f64;
    let mut drawn = Vec::new();
    for (number, bytes, head) in pictures {
        let most = (bytes.bytes().len() as f64 * share) as usize;
        drawn.push((number, small(at, bytes, head, most, go_on).await?));
    }
    Some(drawn)
}

/// A picture of at most so many bytes.
async fn small<P: Platform>(
    at: &Active<P>,
    bytes: FileBytes,
    head: PictureHead,
    most: usize,
    go_on: &impl Fn() -> bool,
) -> Option<FileBytes> {
    let longest = f64::from(head.width.max(head.height));
    // Of a photo, half the bytes are about half the pixels; a little more is tried first.
    let mut scale = (most as f64 / bytes.bytes().len() as f64).sqrt().min(1.0) * 1.2;
    for _ in 0..MAX_TRIES {
        scale = scale.min(1.0);
        if longest * scale < MIN_SIDE.min(longest) || !go_on() {
            return None;
        }
        let of = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        let how = Redraw {
            from: true_type(bytes.bytes()),
            to: "image/jpeg",
            width: of(head.width),
            height: of(head.height),
            quality: SMALL_QUALITY,
        };
        let drawn = at.driver.platform.redraw(bytes.clone(), how).await?;
        let size = drawn.bytes().len();
        if size <= most {
            return Some(drawn);
        }
        scale *= (most as f64 / size as f64).sqrt().clamp(0.5, 0.92);
    }
    None
}

/// Puts the smaller pictures in the place of the others.
async fn shrink<P: Platform>(at: &Active<P>) {
    for attached in Files::now(at.driver.state).attached {
        let Some(mut ready) = attached.ready else { continue };
        let Some(bytes) = ready.smaller.take() else { continue };
        if let Some(url) = &ready.url {
            take_off_shelf(at, url);
        }
        let media_type = true_type(bytes.bytes());
        ready.url = put_on_shelf(at, bytes.bytes(), media_type);
        (ready.bytes, ready.claimed, ready.tells, ready.elsewhere) = (bytes, None, false, None);
        Files::change_one(at.driver.state, attached.number, |it| {
            if let Some(extension) = ending(media_type) {
                it.name = renamed(&it.name, extension);
            }
            it.ready = Some(ready);
        });
    }
    weigh(at).await;
}

/// Sends what is attached, with a text or without one. It stays until it is kept.
async fn send_with_files<P: Platform>(at: &Active<P>, text: String) {
    let (round, Some(open)) = (at.shelf.round.get(), at.open_peer()) else { return };
    // The receiver's limit may have become known only now.
    weigh(at).await;
    // What was written and attached for one waits for them where another conversation was opened meanwhile.
    if at.shelf.round.get() != round {
        return;
    }
    let files = Files::now(at.driver.state);
    if files.room != Room::Enough || files.attached.iter().any(|it| it.ready.is_none()) {
        return;
    }
    let is_sent = match &files.through_node {
        Some(words) => send_through_node(at, open, text, &files.attached, words).await,
        None => send(at, open, text, embedded(&files.attached)).await,
    };
    if is_sent {
        let numbers: Vec<_> = files.attached.iter().map(|attached| attached.number).collect();
        remove(at, &numbers);
    }
}

/// As deployed clients attach it.
fn embedded(attached: &[Attached]) -> Vec<Attachment> {
    let embed = |attached: &Attached| {
        let ready = attached.ready.as_ref()?;
        let bytes = ready.bytes.bytes();
        let claimed = ready.claimed.as_deref();
        let embedded = Attachment::embed(&attached.name, claimed, bytes)
            .or_else(|_| Attachment::embed(&attached.name, None, bytes))
            .ok()?;
        let is_picture = true_type(bytes).starts_with("image/") && PictureHead::read(bytes).is_some();
        let embedded = embedded.with_member("id", attached.number.to_string().into()).ok()?;
        embedded.with_member("isImage", is_picture.into()).ok()
    };
    attached.iter().filter_map(embed).collect()
}

fn remove<P: Platform>(at: &Active<P>, numbers: &[u64]) {
    let is_meant = |attached: &Attached| numbers.contains(&attached.number);
    for attached in Files::now(at.driver.state).attached.iter().filter(|it| is_meant(it)) {
        if let Some(url) = attached.ready.as_ref().and_then(|ready| ready.url.as_ref()) {
            take_off_shelf(at, url);
        }
    }
    let take_off = |files: &mut Files| {
        files.attached.retain(|attached| !is_meant(attached));
        files.refused = None;
        if files.attached.is_empty() {
            files.room = Room::Enough;
            files.through_node = None;
        }
    };
    Files::change(at.driver.state, take_off);
    // Another conversation may have been opened while they were sent.
    for (_, files, _) in at.shelf.left.borrow_mut().iter_mut() {
        Files::change_left(files, take_off);
    }
}

/// A name that can be sent.
fn harmless(name: &str) -> String {
    let mut name: String = name.chars().filter(|sign| !sign.is_control()).collect();
    while name.len() > MAX_NAME {
        // The ending says what it is.
        let middle = name.char_indices().nth(name.chars().count() / 2).map_or(0, |(at, _)| at);
        name.remove(middle);
    }
    if name.is_empty() { "file".to_owned() } else { name }
}

fn ending(media_type: &str) -> Option<&'static str> {
    match media_type {
        "image/jpeg" => Some("jpg"),
        "image/png" => Some("png"),
        "image/webp" => Some("webp"),
        _ => None,
    }
}

/// The name with this ending, if it has another one.
fn renamed(name: &str, extension: &str) -> String {
    let (stem, now) = name.rsplit_once('.').unwrap_or((name, ""));
    let same =
        now.eq_ignore_ascii_case(extension) || (extension == "jpg" && now.eq_ignore_ascii_case("jpeg"));
    if same { name.to_owned() } else { format!("{stem}.{extension}") }
}
