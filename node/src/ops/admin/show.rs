//! Lists as operators read them, and other programs: columns with tabs between them, a head first.
//!
//! Senders' names are what strangers wrote: what could change a terminal is shown as an escape.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dm3_core::deposit::{EPOCH, SignedVoucher, Voucher, epoch_of};
use dm3_core::identity::Address;
use dm3_core::registry::deposits;
use time::OffsetDateTime;

use crate::store::{AccountUse, Act, Block, Invitation, SenderUse};

pub(super) fn accounts(accounts: &[AccountUse]) -> String {
    let rows = accounts.iter().map(|account| {
        vec![
            account.address.to_lower_hex(),
            account.name.as_deref().map_or_else(none, plain),
            account.messages.to_string(),
            account.mailbox_bytes.to_string(),
            account.storage_bytes.to_string(),
            account.last_login.map_or_else(none, time),
            if account.blocked { "blocked" } else { "-" }.to_owned(),
        ]
    });
    table("account\tname\tmessages\tmailbox_bytes\tstorage_bytes\tlast_login\tblocked", rows)
}

pub(super) fn names(names: &[(String, Address)], reserved: &BTreeSet<String>) -> String {
    let claimed = names.iter().map(|(name, address)| vec![plain(name), address.to_lower_hex()]);
    let reserved = reserved.iter().map(|label| vec![plain(label), "reserved_names".to_owned()]);
    table("name\taccount", claimed.chain(reserved))
}

pub(super) fn senders(senders: &[SenderUse]) -> String {
    let rows = senders.iter().map(|sender| {
        vec![
            plain(&sender.sender),
            sender.address.map_or_else(none, |address| address.to_lower_hex()),
            if sender.verified { "verified" } else { "unknown" }.to_owned(),
            sender.messages.to_string(),
            sender.bytes.to_string(),
            sender.mailboxes.to_string(),
        ]
    });
    table("sender\taddress\tsignature\tmessages\tbytes\tmailboxes", rows)
}

pub(super) fn blocks(blocks: &[Block]) -> String {
    let rows = blocks.iter().map(|block| vec![block.kind.clone(), plain(&block.subject), time(block.since)]);
    table("kind\twhat\tsince", rows)
}

pub(super) fn invitations(invitations: &[Invitation]) -> String {
    let rows = invitations.iter().map(|invitation| {
        vec![
            invitation_id(invitation),
            invitation.uses.to_string(),
            invitation.used.to_string(),
            time(invitation.made_at),
            invitation.expires_at.map_or_else(none, time),
            plain(&invitation.note),
        ]
    });
    table("invitation\tuses\tused\tmade\tuntil\tnote", rows)
}

/// What an invitation is called, since its code is not known any more.
pub(super) fn invitation_id(invitation: &Invitation) -> String {
    hex::encode(&invitation.code_hash[..6])
}

pub(super) fn acts(acts: &[Act]) -> String {
    let rows = acts.iter().map(|act| {
        let subject = if act.subject.is_empty() { none() } else { plain(&act.subject) };
        vec![time(act.at), plain(&act.operator), plain(&act.act), subject]
    });
    table("when\tby\tact\twhat", rows)
}

/// Vouchers, and the transaction that burns what each promises: to which contract, with which data.
pub(super) fn stakes(vouchers: &[String], now: u64) -> String {
    let rows = vouchers.iter().filter_map(|text| {
        let voucher = SignedVoucher::from_json(&serde_json::from_str(text).ok()?)?.prove().ok()?;
        let Voucher { contract, epoch, slots, .. } = *voucher.voucher();
        Some(vec![
            slots.count().to_string(),
            // It can be burned in its week, and in the one after.
            if epoch_of(now) > epoch + 1 { none() } else { time((epoch + 2) * EPOCH) },
            contract.to_string(),
            format!("0x{}", hex::encode(deposits::burn(&voucher, slots.bits()))),
        ])
    });
    table("slots\tburnable_until\tto\tdata", rows)
}

fn table(head: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = head.to_owned();
    for row in rows {
        text.push('\n');
        text.push_str(&row.join("\t"));
    }
    text
}

fn none() -> String {
    "-".to_owned()
}

fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char == '\'' || char == '"' {
            shown.push(char);
        } else {
            // Writing into a text does not fail.
            let _ = write!(shown, "{}", char.escape_debug());
        }
    }
    shown
}

/// Milliseconds since 1970 as a time in UTC.
fn time(milliseconds: u64) -> String {
    let seconds = i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX);
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) else { return none() };
    let (date, hours) = (at.date(), at.time());
    format!(
        "{}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        hours.hour(),
        hours.minute(),
        hours.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_does_nothing_to_a_terminal() {
        assert_eq!(plain("bob's.eth"), "bob's.eth");
        assert_eq!(plain("ä\u{1b}[2J\t\n\u{202e}x"), "ä\\u{1b}[2J\\t\\n\\u{202e}x");
    }

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(time(1_795_398_894_000), "2026-11-23T01:54:54Z");
    }
}
