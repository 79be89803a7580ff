//! Proving: who wrote a message that was opened, and whether it was written to this account.
//!
//! ```text
//! from inside ──▶ address ──▶ verified profile ──▶ the signature
//! to inside, from outside ──▶ addresses: this account's, the author's
//! ```
//!
//! Whoever `to` leads to decides, under whichever name: an address leads to itself, an address name of any domain to the
//! address in its label, another name to what it resolves to.

use super::{FindError, Session};
use crate::conversation::ConversationId;
use crate::device::{Doubt, Located};
use crate::identity::{EnsName, VerifiedProfile};
use crate::message::{AuthenticMessage, AuthenticityError, OpenedMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::said::Said;

/// What is known about the author of a message.
pub(super) enum Verdict {
    /// It is who the message says.
    Proven(AuthenticMessage),
    /// It can't be proven, and nobody's records can change that.
    Never(Doubt),
    /// What was found does not prove it. That is no proof of the contrary: a record may be published later, a gateway
    /// or an Ethereum node may lag or lie.
    NotYet(Doubt),
    /// It can't be found out now.
    NotNow,
}

/// Who a message claims to be from.
pub(super) struct Sender {
    /// The name that it gives.
    name: EnsName,
    located: Located,
}

impl Sender {
    /// What the account behind that name published.
    pub(super) fn profile(&self) -> &VerifiedProfile {
        &self.located.1
    }
}

impl<P: Ports> Session<P> {
    /// Finds the account behind a name that a message claims to be from, and its profile.
    pub(super) async fn sender(&self, name: &str) -> Result<Sender, FindError> {
        let name = self.directory.name(name).await?;
        let address = self.directory.resolve(name.as_str()).await?;
        let address = address.ok_or_else(|| FindError::Unknown(name.clone()))?;
        // Nobody publishes anything at an address alone.
        let is_bare = name.parent().is_none();
        match self.profile_of(address, Some(&name).filter(|_| !is_bare)).await? {
            Some(located) if is_bare => Ok(Sender { name: located.0.clone(), located }),
            Some(located) => Ok(Sender { name, located }),
            None => Err(FindError::Unknown(name)),
        }
    }

    /// Forgets what was looked up of a sender, wherever it was found.
    pub(super) async fn forget_sender(&self, name: &str) {
        let Ok(name) = self.directory.name(name).await else { return };
        if let Ok(Some(address)) = self.directory.resolve(name.as_str()).await {
            self.directory.forget(&self.directory.alias(address));
            let known = self.ports().store().contact(self.account, ConversationId::Peer(address)).await;
            for name in known.ok().flatten().iter().flat_map(|contact| &contact.found_at) {
                self.directory.forget(name);
            }
        }
        self.directory.forget(&name);
    }

    /// Remembers where a sender was found of whom a message was kept.
    pub(super) async fn remember_sender(&self, sender: &Sender) -> Result<(), StoreError> {
        self.meet_author(&sender.name, &sender.located).await
    }

    /// Proves the author of a message; `named_outside` is the sender that its envelope names, or empty.
    pub(super) async fn judge(
        &self,
        message: &OpenedMessage,
        named_outside: &str,
        sender: &Result<Sender, FindError>,
    ) -> Verdict {
        let sender = match sender {
            Ok(sender) => sender.profile(),
            Err(error) => return not_found(error, message.claimed_sender()),
        };
        let outside = match named_outside {
            "" => message.claimed_sender(),
            name => name,
        };
        let mut addresses = [None; 2];
        for (name, address) in [message.claimed_receiver(), outside].into_iter().zip(&mut addresses) {
            *address = match self.directory.resolve(name).await {
                Ok(address) => address,
                Err(error) => return not_found(&error, name),
            };
        }
        let [receiver, outside] = addresses;
        if receiver.is_none() || outside.is_none() {
            // Whoever says that the name leads nowhere may lag.
            let name = if receiver.is_none() { message.claimed_receiver() } else { named_outside };
            return Verdict::NotYet(Doubt::NoSender(Said::new(name)));
        }
        let authentic = message.clone().authenticate(self.account, receiver, sender);
        match authentic.and_then(|message| message.in_envelope_of(outside)) {
            Ok(message) => Verdict::Proven(message),
            Err(AuthenticityError::OtherReceiver(to)) => {
                self.unless_carried(&to, Doubt::OtherReceiver(Said::new(&to))).await
            }
            // The sender may have new keys that whoever gave the old ones does not know yet.
            Err(AuthenticityError::NotSignedBySender(from)) => {
                Verdict::NotYet(Doubt::NotSigned(Said::new(&from)))
            }
            Err(AuthenticityError::OtherEnvelope(from)) => {
                self.unless_carried(named_outside, Doubt::OtherEnvelope(Said::new(&from))).await
            }
        }
    }
}

impl<P: Ports> Session<P> {
    /// An address name speaks for its address for ever; where another name leads may have been a lie, or has changed.
    async fn unless_carried(&self, name: &str, doubt: Doubt) -> Verdict {
        let carried = self.directory.name(name).await.is_ok_and(|name| name.carried_address().is_some());
        if carried { Verdict::Never(doubt) } else { Verdict::NotYet(doubt) }
    }
}

/// What a name that was not found means for the message.
fn not_found(error: &FindError, name: &str) -> Verdict {
    let doubt = Doubt::NoSender(Said::new(name));
    match error {
        error if error.is_temporary() => Verdict::NotNow,
        FindError::Name(_) | FindError::Meant(_) => Verdict::Never(doubt),
        _ => Verdict::NotYet(doubt),
    }
}
