//! The attachments of messages: read from the device when their message is shown, gone with their conversation.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::message::{
    Embedded, Handling, MediaKind, MessageHash, PictureHead, ReceivedAttachment, SignedMessage, Source,
    true_type,
};

use super::driver::Active;
use super::files::{Away, Files, Item, Look, SENDABLE, TOO_MUCH};
use super::platform::Platform;
use super::state::Apart;

/// How many attachments of one message are shown.
pub(super) const MAX_SHOWN: usize = 20;
/// How many bytes of attachments are shown before somebody has to ask for more.
const MAX_HELD: usize = 64_000_000;
/// How much of a text is shown, in characters.
const MAX_TEXT: usize = 2_000;
/// The type of what no browser may take for something else.
const PLAIN: &str = "application/octet-stream";

/// Another conversation is opened, or none: lets go of the attachments that were shown. Where something is attached that was
/// not sent, all of it waits for the conversation to be opened again; but what was being read is left behind.
pub(super) fn change_files<P: Platform>(at: &Active<P>, to: Option<ConversationId>) {
    let (shelf, files) = (&at.shelf, at.driver.state.files);
    if !Files::now(at.driver.state).attached.is_empty() {
        // What was being weighed is weighed again when it is sent.
        Files::change(at.driver.state, Files::settle);
    }
    let (now, urls) = (files.get_untracked(), shelf.urls.take());
    let mut left = shelf.left.borrow_mut();
    match at.open_peer() {
        Some(from) if matches!(now.place, SENDABLE | TOO_MUCH) => {
            left.push((ConversationId::Peer(from), now, urls));
        }
        _ => withdraw(at, urls),
    }
    shelf.round.set(shelf.round.get() + 1);
    shelf.asked.borrow_mut().clear();
    shelf.held.set(0);
    let back = left.iter().position(|(of, ..)| Some(*of) == to).map(|place| left.swap_remove(place));
    let (files_back, urls) = back.map_or((Apart::waiting(), Vec::new()), |(_, files, urls)| (files, urls));
    shelf.urls.replace(urls);
    files.set(files_back);
}

fn withdraw<P: Platform>(at: &Active<P>, urls: Vec<String>) {
    for url in urls {
        at.driver.platform.withdraw_file(&url);
    }
}

/// Lets go of them when the account is left.
struct Guard<P: Platform>(Active<P>);

impl<P: Platform> Drop for Guard<P> {
    fn drop(&mut self) {
        let shelf = &self.0.shelf;
        for (_, _, urls) in shelf.left.take() {
            withdraw(&self.0, urls);
        }
        withdraw(&self.0, shelf.urls.take());
        shelf.round.set(shelf.round.get() + 1);
        self.0.driver.state.files.set(Apart::waiting());
    }
}

/// Makes a file that the page can show or save, for as long as the conversation is open.
pub(super) fn put_on_shelf<P: Platform>(at: &Active<P>, bytes: &[u8], media_type: &str) -> Option<String> {
    if !at.shelf.guarded.replace(true) {
        at.spawn(|at| async move {
            let _guard = Guard(at);
            std::future::pending::<()>().await;
        });
    }
    let url = at.driver.platform.show_file(bytes, media_type)?;
    at.shelf.urls.borrow_mut().push(url.clone());
    Some(url)
}

/// Lets go of one file.
pub(super) fn take_off_shelf<P: Platform>(at: &Active<P>, url: &str) {
    at.shelf.urls.borrow_mut().retain(|other| other != url);
    at.driver.platform.withdraw_file(url);
}

/// Shows the attachments of a message; one message after the other, the last that was asked for first.
pub(super) async fn show<P: Platform>(at: Active<P>, of: MessageHash, anyway: bool) {
    at.shelf.asked.borrow_mut().push((of, anyway));
    if at.shelf.showing.replace(true) {
        return;
    }
    loop {
        let next = at.shelf.asked.borrow_mut().pop();
        let Some((of, anyway)) = next else { break };
        show_one(&at, of, anyway).await;
    }
    at.shelf.showing.set(false);
}

async fn show_one<P: Platform>(at: &Active<P>, of: MessageHash, anyway: bool) {
    let (state, round) = (at.driver.state, at.shelf.round.get());
    let known = Files::now(state);
    let is_there = known.shown.get(&of).is_some_and(|items| items.iter().all(|it| it.look != Look::Later));
    if is_there || !at.is_welcome() {
        return;
    }
    let Some(conversation) = at.open_peer().map(ConversationId::Peer) else { return };
    // What can't be read is said where it is read anyway: with the conversation.
    let Ok(Some(row)) = at.session().message(&of).await else { return };
    if row.conversation != conversation || at.shelf.round.get() != round || !at.is_welcome() {
        return;
    }
    let Ok(message) = SignedMessage::parse(&row.json) else { return };
    let mut items: Vec<_> =
        message.attachment_list().take(MAX_SHOWN).map(|received| item(at, &received, anyway)).collect();
    let further = message.attachments().saturating_sub(MAX_SHOWN);
    if further > 0 {
        items.push(Item { name: String::new(), media_type: PLAIN, size: 0, look: Look::Further(further) });
    }
    Files::change(state, |files| drop(files.shown.insert(of, Rc::new(items))));
}

fn item<P: Platform>(at: &Active<P>, received: &ReceivedAttachment<'_>, anyway: bool) -> Item {
    if let Some(file) = received.elsewhere().filter(|file| at.session().can_fetch(file)) {
        let size = usize::try_from(file.size).unwrap_or(usize::MAX);
        return Item { name: received.file_name(), media_type: PLAIN, size, look: Away::Waiting.into() };
    }
    let (media_type, size, look) = match received.source() {
        Ok(Source::Embedded(embedded)) => embedded_look(at, &embedded, anyway),
        Ok(Source::Web(url)) => (PLAIN, 0, Look::Elsewhere(url.as_str().to_owned())),
        Ok(Source::Ipfs(path)) => (PLAIN, 0, Look::Elsewhere(format!("ipfs://{path}"))),
        Err(_) => (PLAIN, 0, Look::Unusable),
    };
    Item { name: received.file_name(), media_type, size, look }
}

fn embedded_look<P: Platform>(
    at: &Active<P>,
    embedded: &Embedded<'_>,
    anyway: bool,
) -> (&'static str, usize, Look) {
    let held = at.shelf.held.get();
    if held > MAX_HELD && !anyway {
        return (PLAIN, 0, Look::Later);
    }
    let Ok(bytes) = embedded.bytes() else { return (PLAIN, 0, Look::Unusable) };
    look_of(at, &bytes, embedded.handling(&bytes))
}

/// How bytes are shown with which this may be done: what they are, how many, and how they look.
pub(super) fn look_of<P: Platform>(
    at: &Active<P>,
    bytes: &[u8],
    handling: Handling,
) -> (&'static str, usize, Look) {
    at.shelf.held.set(at.shelf.held.get() + bytes.len());
    let blob_type = match handling {
        Handling::Inline(media_type, _) => media_type,
        Handling::Text => "text/plain;charset=utf-8",
        Handling::Download | Handling::NeverRender => PLAIN,
    };
    let Some(url) = put_on_shelf(at, bytes, blob_type) else { return (PLAIN, bytes.len(), Look::Unusable) };
    let look = match handling {
        Handling::Inline(_, MediaKind::Audio) => Look::Audio(url),
        Handling::Inline(_, MediaKind::Video) => Look::Video(url),
        Handling::Inline(_, MediaKind::Image) => match PictureHead::read(bytes) {
            Some(head) if head.is_bearable() => Look::Picture { url, width: head.width, height: head.height },
            // It might hang the page.
            Some(_) | None => Look::File(url),
        },
        Handling::Text => {
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            let end = text.char_indices().nth(MAX_TEXT).map(|(end, _)| end);
            let text_start = text[..end.unwrap_or(text.len())].to_owned();
            Look::Text { url, text: text_start, cut: end.is_some() }
        }
        Handling::Download | Handling::NeverRender => Look::File(url),
    };
    (true_type(bytes), bytes.len(), look)
}

/// What is at an address can't be shown in the page: it can be saved.
pub(super) fn offer_instead<P: Platform>(at: &Active<P>, url: &str) {
    Files::change(at.driver.state, |files| {
        for items in
            files.shown.values_mut().filter(|items| items.iter().any(|it| it.look.url() == Some(url)))
        {
            let offered = items.iter().cloned().map(|mut item| {
                if item.look.url() == Some(url) {
                    item.look = Look::File(url.to_owned());
                }
                item
            });
            *items = Rc::new(offered.collect());
        }
    });
}
