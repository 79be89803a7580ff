//! Files that are too large for a message: sent through the account's node, and fetched from where their message says.
//!
//! ```text
//! ThroughNode ─▶ Send ─▶ each file sealed and at the node ─▶ its message, written as every other
//! Load ─▶ parts, each proven ─▶ shown as what came in the message itself
//! ```
//!
//! Nothing is fetched by itself: who fetches tells, through a node, that the message was read. Until the message is written
//! its files stay beside the composer, as all that is attached does.

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::message::{
    Attachment, FileElsewhere, MAX_EMBEDDED, MessageHash, SignedMessage, handling, true_type,
};
use dm3_core::session::{Carried, FetchError, KeepError};

use super::driver::Active;
use super::files::{Attached, Away, Files, Ready, Refused};
use super::outbox::{send, take_out};
use super::platform::Platform;
use super::shown::look_of;

/// How much of a file's name stands in the words for clients that don't know how to fetch it: characters.
const NAME_IN_WORDS: usize = 60;

/// Whether the account's node would keep all of this.
pub(super) fn takes_all<P: Platform>(at: &Active<P>, attached: &[Attached]) -> bool {
    let session = at.session();
    attached.iter().all(|it| {
        it.ready.as_ref().is_some_and(|ready| session.keeps_files_of(ready.bytes.bytes().len() as u64))
    })
}

/// By how many bytes the largest of them is more than any message takes.
pub(super) fn beyond_messages(attached: &[Attached]) -> Option<usize> {
    let lengths = attached.iter().filter_map(|it| it.ready.as_ref().map(|ready| ready.bytes.bytes().len()));
    lengths.max().and_then(|length| length.checked_sub(MAX_EMBEDDED)).filter(|by| *by > 0)
}

/// Stops what is being sent or fetched.
pub(super) fn stop<P: Platform>(at: &Active<P>) {
    at.shelf.carried.set(at.shelf.carried.get() + 1);
}

/// Whether what was begun now is still wanted; it is not in another conversation.
fn wanted<P: Platform>(at: &Active<P>) -> impl Fn() -> bool + use<P> {
    let (at, round, carried) = (at.clone(), at.shelf.round.get(), at.shelf.carried.get());
    move || at.shelf.round.get() == round && at.shelf.carried.get() == carried
}

fn percent(carried: Carried) -> u8 {
    u8::try_from(carried.done.saturating_mul(100) / carried.all.max(1)).unwrap_or(100).min(100)
}

/// Brings all that is attached to the node, then writes their message. Tells whether it was.
pub(super) async fn send_through_node<P: Platform>(
    at: &Active<P>,
    peer: Address,
    text: String,
    attached: &[Attached],
    words: &str,
) -> bool {
    if at.shelf.sending.replace(true) {
        return false;
    }
    let sent = bring_and_send(at, peer, text, attached, words).await;
    at.shelf.sending.set(false);
    Files::change(at.driver.state, |files| files.sending = None);
    // It may have been left behind with its conversation.
    for (_, files, _) in at.shelf.left.borrow_mut().iter_mut() {
        Files::change_left(files, |files| files.sending = None);
    }
    sent
}

async fn bring_and_send<P: Platform>(
    at: &Active<P>,
    peer: Address,
    text: String,
    attached: &[Attached],
    words: &str,
) -> bool {
    let wanted = wanted(at);
    let mut files = Vec::new();
    for each in attached {
        let Some(ready) = &each.ready else { return false };
        let file = match &ready.elsewhere {
            Some(file) => file.clone(),
            None => match bring(at, ready, &wanted).await {
                Ok(file) => file,
                Err(error) => {
                    refuse(at, &error);
                    return false;
                }
            },
        };
        // Where the message can't be written, it need not be brought there again.
        Files::change_one(at.driver.state, each.number, |it| {
            if let Some(ready) = &mut it.ready {
                ready.elsewhere = Some(file.clone());
            }
        });
        files.push((each.name.clone(), file));
    }
    if !wanted() {
        return false;
    }
    let in_words = |(name, file): &(String, FileElsewhere)| {
        let name: String = name.chars().take(NAME_IN_WORDS).collect();
        words.replace("{address}", file.address.as_str()).replace("{name}", &name)
    };
    let words = files.iter().map(in_words).collect::<Vec<_>>().join("\n");
    // The first one says for all of them what the text ends with.
    let attachments = files
        .iter()
        .enumerate()
        .map(|(n, (name, file))| Attachment::elsewhere(name, file, if n == 0 { &words } else { "" }));
    let Ok(attachments) = attachments.collect::<Result<Vec<_>, _>>() else {
        // A node that gives addresses which nobody may use.
        Files::change(at.driver.state, |files| files.refused = Some(Refused::NotBrought));
        return false;
    };
    let own = text.trim().to_owned();
    let whole = if own.is_empty() { words } else { format!("{own}\n\n{words}") };
    if !send(at, peer, whole, attachments).await {
        return false;
    }
    take_out(at, peer, &own);
    true
}

async fn bring<P: Platform>(
    at: &Active<P>,
    ready: &Ready,
    wanted: &impl Fn() -> bool,
) -> Result<FileElsewhere, KeepError> {
    let bytes = ready.bytes.bytes();
    let go_on = |carried| {
        if wanted() {
            Files::change(at.driver.state, |files| files.sending = Some(percent(carried)));
        }
        wanted()
    };
    at.session().keep_file(at.driver.platform.carrier(), bytes, true_type(bytes), &go_on).await
}

fn refuse<P: Platform>(at: &Active<P>, error: &KeepError) {
    let why = match error {
        KeepError::Stopped => return,
        KeepError::NotOffered | KeepError::NoRoom => Refused::NoRoom,
        KeepError::Seal(_) | KeepError::Home(_) => Refused::NotBrought,
    };
    Files::change(at.driver.state, |files| files.refused = Some(why));
}

/// Fetches an attachment of a message, and shows it.
pub(super) async fn load<P: Platform>(at: Active<P>, of: MessageHash, place: usize) {
    let wanted = wanted(&at);
    let Some(conversation) = at.open_peer().map(ConversationId::Peer) else { return };
    let Ok(Some(row)) = at.session().message(&of).await else { return };
    let Ok(message) = SignedMessage::parse(&row.json) else { return };
    let file = message.attachment_list().nth(place).and_then(|it| it.elsewhere());
    let Some(file) = file.filter(|_| row.conversation == conversation && wanted()) else { return };
    let show = |away| Files::change_item(at.driver.state, &of, place, |item| item.look = away);
    show(Away::Coming(0).into());
    let go_on = |carried| {
        if wanted() {
            show(Away::Coming(percent(carried)).into());
        }
        wanted()
    };
    let carrier = at.driver.platform.carrier();
    let fetched = at.session().fetch_file(carrier, conversation, &file, &go_on).await;
    if at.open_peer().map(ConversationId::Peer) != Some(conversation) {
        return;
    }
    match fetched {
        Ok(bytes) => {
            let (media_type, size, look) = look_of(&at, &bytes, handling(&file.claimed_type, &bytes));
            Files::change_item(at.driver.state, &of, place, |item| {
                (item.media_type, item.size, item.look) = (media_type, size, look);
            });
        }
        Err(error) => show(
            match error {
                FetchError::Stopped | FetchError::NotWelcome => Away::Waiting,
                FetchError::Gone => Away::Gone,
                FetchError::Open(_) => Away::Changed,
                FetchError::NoWay
                | FetchError::Unreachable(_)
                | FetchError::Status(_)
                | FetchError::Store(_) => Away::Failed,
            }
            .into(),
        ),
    }
}
