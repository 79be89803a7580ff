//! Every word that a person reads. The application knows codes with their values; here they become words.
//!
//! ```text
//! texts/en.json ──build.rs──▶ words.rs        what there is to say, and how in English
//! texts/de.json ──build──▶ dm3-chat-text-de.json ──the loader──▶ spoken.rs: said instead
//! ```
//!
//! A further language is a file beside `widget/texts/en.json`; this code does not know it.

mod address;
mod backup;
mod demands;
mod faults;
mod message;
mod sizes;
mod spoken;
mod stake;
mod words;

use dm3_core::device::Notice;
use dm3_core::identity::Address;
use dm3_core::thread::Quoted;

pub use address::short_address;
pub use backup::{backup_failed, backup_restored};
pub use demands::{coins, demand_of, lacks, tokens};
pub use faults::{fault, refused};
pub use sizes::file_size;
pub use spoken::{code, date, say, speak};
pub use stake::{stake_failed, staked};
pub use words::{
    AttentionWord, BackupWord, EmojiWord, FilesWord, KeysWord, OwnWord, SearchWord, SettingsWord, ShareWord,
    SiteWord, StakeWord, TalkWord, Word, attachments, message_field, no_messages_with, no_profile,
    quarantined, unread,
};
pub use words::{
    attention_answer, attention_asks, attention_claimed, attention_done, attention_given, attention_how,
    attention_late, attention_offers, attention_over, attention_pending, attention_put, attention_returned,
    attention_take, attention_taken, files_further as further_files, files_picture_named as picture_named,
    files_remove as remove_file, keys_stake_explained, own_deposit_at, own_deposit_promised,
    own_device_days as device_days, own_ens_done, own_ens_no_resolver, own_ens_nobody, own_ens_not_allowed,
    own_ens_not_shown, own_ens_off_chain, own_ens_other, own_ens_sure, own_ens_waiting, own_name_field,
    own_room_deposit, own_room_for, own_room_given, own_room_kept, own_room_offer, own_room_unbounded,
    own_searched_since, own_services_asks, own_services_away, own_services_closed, own_services_first,
    own_services_gone_sure, own_services_left, own_services_listed, own_services_names,
    own_services_new_sure, own_services_no_name, own_services_node_gone, own_services_only,
    own_services_refused, own_services_refused_said, own_sign_out_sure as sign_out_sure,
    search_write_to as write_to, settings_demands_held as demands_held,
    settings_demands_stakes as demands_stakes, settings_mail_sent as mail_sent, settings_of_whom as of_whom,
    settings_payments_amount as payments_amount, settings_payments_stand_first as payments_stand_first,
    share_mentioned as mentioned, share_mentioned_more as mentioned_more,
    share_report_help as report_explained, share_token, share_used as used, site_asking as owns_asking,
    site_official as official_contact, site_owns as owns, site_owns_no_more as owns_no_more,
    site_owns_no_more_but as owns_no_more_but, site_owns_not as owns_not, site_owns_not_but as owns_not_but,
    site_owns_unknown as owns_unknown, stake_asks, stake_at_stake, stake_burned, stake_confirm, stake_gone,
    stake_how, stake_leaving, stake_own, stake_people, stake_promised, stake_put, stake_record,
    stake_record_none, stake_record_unknown, talk_came as came, talk_first_written as first_written,
    talk_looks_like as looks_like,
};

use crate::app::files::Refused;
use crate::app::platform::StorageUse;
use crate::app::settings::Errand;
use crate::app::state::{Busy, Delivery, PreviewText, SignInStep};
use sizes::{duration, kilobytes};

/// A number of things, as the language writes it.
pub fn number(count: usize) -> String {
    spoken::number(count as f64)
}

/// Above the steps of signing in; `to` is whom the page wants to be written to.
pub fn sign_in_title(to: Option<&str>) -> String {
    to.map_or_else(|| say(Word::SignInTitle).to_owned(), words::sign_in_title_to)
}

/// An own message in the list. Waiting: no delivery service has it yet.
pub fn own_preview(text: &str, waiting: bool) -> String {
    if waiting { words::own_preview_waiting(text) } else { words::own_preview(text) }
}

/// The device's clock is so many milliseconds fast, or slow if negative.
pub fn clock_error(fast: i64) -> String {
    let time = duration((fast.unsigned_abs() / 60_000) as usize);
    if fast > 0 { words::clock_fast(&time) } else { words::clock_slow(&time) }
}

/// Who wrote an entry, for those who do not see on which side it stands.
pub fn author(own: bool, peer: &str, time: &str) -> String {
    if own { words::author_you(time) } else { words::author(peer, time) }
}

/// Something happened to the peer's name or keys, at a time that is given in words.
pub fn notice(notice: &Notice, peer: &str, when: &str) -> String {
    match notice {
        Notice::NameMoved { name, to } => {
            words::notice_name_moved(&name.to_string(), peer, &short_address(*to), when)
        }
        Notice::NameGone { name } => words::notice_name_gone(&name.to_string(), peer, when),
        Notice::KeysChanged { .. } => words::notice_keys_changed(peer, when),
        Notice::OldProfile { .. } => words::notice_old_profile(peer, when),
    }
}

/// What a file is, and how large.
pub fn file_kind(media_type: &str, size: usize) -> String {
    let kind = match media_type {
        "application/pdf" => "PDF",
        "application/xml" => "XML",
        "application/rtf" => "RTF",
        _ => say(match media_type {
            "application/zip" => FilesWord::Zip,
            "application/gzip" | "application/x-7z-compressed" | "application/vnd.rar" => FilesWord::Archive,
            "application/vnd.microsoft.portable-executable"
            | "application/x-executable"
            | "application/wasm" => FilesWord::Program,
            "image/svg+xml" => FilesWord::Drawing,
            "text/html" => FilesWord::Page,
            "text/plain" => FilesWord::Text,
            _ => match media_type.split_once('/') {
                Some(("image", _)) => FilesWord::Picture,
                Some(("audio", _)) => FilesWord::Sound,
                Some(("video", _)) => FilesWord::Video,
                _ => FilesWord::Other,
            },
        }),
    };
    [kind, &file_size(size)].join(" · ")
}

/// A group of emoji, by its name in Unicode's list.
pub fn emoji_group(slug: &str) -> &'static str {
    say(match slug {
        "smileys_emotion" => EmojiWord::Smileys,
        "people_body" => EmojiWord::People,
        "animals_nature" => EmojiWord::Nature,
        "food_drink" => EmojiWord::Food,
        "travel_places" => EmojiWord::Travel,
        "activities" => EmojiWord::Activities,
        "objects" => EmojiWord::Things,
        "symbols" => EmojiWord::Symbols,
        "flags" => EmojiWord::Flags,
        _ => EmojiWord::More,
    })
}

/// There is more attached than can be sent, by so many bytes.
pub fn too_large_by(bytes: usize) -> String {
    words::files_too_large_by(&file_size(bytes))
}

/// What makes pictures smaller, and how large all of it would be.
pub fn make_smaller(bytes: usize) -> String {
    words::files_make_smaller(&file_size(bytes))
}

/// How much of a file is at the node.
pub fn sending_file(percent: u8) -> String {
    words::files_sending(&spoken::number(f64::from(percent)))
}

/// How much of a file is here.
pub fn loading_file(percent: u8) -> String {
    words::files_loading(&spoken::number(f64::from(percent)))
}

/// What clients show of a file that don't know how to fetch it; `{name}` and `{address}` are yet to be filled in.
pub fn file_in_words() -> String {
    words::files_in_words("{address}", "{name}")
}

/// Why something can't be attached.
pub fn not_attached(why: Refused) -> &'static str {
    say(match why {
        Refused::Many => FilesWord::RefusedMany,
        Refused::Large => FilesWord::RefusedLarge,
        Refused::Unreadable => FilesWord::RefusedUnreadable,
        Refused::Pixels => FilesWord::RefusedPixels,
        Refused::NoRoom => FilesWord::NoRoom,
        Refused::NotBrought => FilesWord::NotBrought,
    })
}

/// Since when somebody is known here, as a day in words.
pub fn known_since(day: &str) -> String {
    if day == say(Word::Today) {
        say(SettingsWord::KnownSinceToday).to_owned()
    } else if day == say(Word::Yesterday) {
        say(SettingsWord::KnownSinceYesterday).to_owned()
    } else {
        words::settings_known_since(day)
    }
}

/// What a host is asked for.
pub fn errands(errands: &[Errand]) -> String {
    let words = errands.iter().map(|errand| {
        say(match errand {
            Errand::Node => SettingsWord::ErrandNode,
            Errand::Chain => SettingsWord::ErrandChain,
            Errand::Service => SettingsWord::ErrandService,
        })
    });
    words.collect::<Vec<_>>().join(" · ")
}

/// How much is kept.
pub fn storage(storage: StorageUse) -> String {
    let size = match storage.bytes.div_ceil(1_000) {
        count @ 0..1_000 => kilobytes(count as usize),
        count => words::megabytes(&spoken::number((count / 100) as f64 / 10.0)),
    };
    words::settings_storage_used(&size)
}

/// What the one button of the sign-in does.
pub fn sign_in_action(step: &SignInStep, busy: Option<Busy>, failed: bool) -> &'static str {
    say(match (busy, step) {
        (Some(Busy::Wallet), _) => Word::WaitingForWallet,
        (Some(Busy::Network), _) => Word::OneMoment,
        (None, SignInStep::Connect { wallets }) if wallets.is_empty() => Word::LookAgain,
        (None, SignInStep::Connect { .. }) => Word::ConnectWallet,
        (None, SignInStep::CreateKeys { .. }) => Word::CreateKeys,
        (None, SignInStep::PublishProfile { .. }) => Word::PublishProfile,
        // These have buttons of their own.
        (None, SignInStep::OtherKeys(_) | SignInStep::KeepCode { .. } | SignInStep::Stake(_)) => {
            Word::TryAgain
        }
        (None, SignInStep::Finishing) if failed => Word::TryAgain,
        (None, SignInStep::Finishing) => Word::SigningIn,
    })
}

/// Which account of which wallet is signing in.
pub fn connected_wallet(account: Option<Address>, wallet: Option<&str>) -> String {
    [account.map(short_address).as_deref(), wallet].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A conversation's last message.
pub fn preview(text: &PreviewText) -> &str {
    match text {
        PreviewText::Text(text) => text,
        PreviewText::Attachment => "📎",
        PreviewText::Deleted => say(Word::MessageDeleted),
    }
}

/// What is shown of a message that is answered.
pub fn quoted(shown: &Quoted) -> String {
    match shown {
        Quoted::Text(text) => text.clone(),
        Quoted::Attachments(count) => attachments(*count),
        Quoted::Deleted => say(Word::Deleted).to_owned(),
    }
}

/// How far an own message has come.
pub fn delivery(delivery: &Delivery) -> Option<String> {
    let word = match delivery {
        Delivery::Received => return None,
        Delivery::Sending => Word::Sending,
        Delivery::Waiting => Word::Waiting,
        Delivery::Sent => Word::Sent,
        Delivery::Arrived => Word::Arrived,
        Delivery::Read => Word::Read,
        Delivery::Failed(why) => return Some(refused(why)),
    };
    Some(say(word).to_owned())
}
