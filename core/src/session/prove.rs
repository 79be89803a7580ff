//! Proving: who wrote a message that was opened, and whether it was written to this account.
//!
//! ```text
//! from inside ──▶ address ──▶ verified profile ──▶ the signature
//! to inside, from outside ──▶ addresses: this account's, the author's
//! ```

use super::{FindError, Session};
use crate::device::Doubt;
use crate::identity::VerifiedProfile;
use crate::message::{AuthenticMessage, AuthenticityError, OpenedMessage};
use crate::ports::Ports;
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

impl<P: Ports> Session<P> {
    /// Finds the profile of the account behind a name that a message claims to be from.
    pub(super) async fn sender(&self, name: &str) -> Result<VerifiedProfile, FindError> {
        let name = self.directory.name(name).await?;
        let address = self.directory.address_of(&name).await?;
        let address = address.ok_or_else(|| FindError::Unknown(name.clone()))?;
        let found = self.directory.profile_under(&name, address).await?;
        found.map(|(_, profile)| profile).ok_or(FindError::Unknown(name))
    }

    /// Forgets the profile of a sender, whether it was found at their name or at their address name.
    pub(super) async fn forget_sender(&self, name: &str) {
        let Ok(name) = self.directory.name(name).await else { return };
        self.directory.forget(&name);
        if let Ok(Some(address)) = self.directory.address_of(&name).await {
            self.directory.forget(&self.directory.alias(address));
        }
    }

    /// Proves the author of a message; `named_outside` is the sender that its envelope names, or empty.
    pub(super) async fn judge(
        &self,
        message: &OpenedMessage,
        named_outside: &str,
        sender: &Result<VerifiedProfile, FindError>,
    ) -> Verdict {
        let sender = match sender {
            Ok(sender) => sender,
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
        let authentic = message.clone().authenticate(self.account, receiver, sender);
        match authentic.and_then(|message| message.in_envelope_of(outside)) {
            Ok(message) => Verdict::Proven(message),
            Err(AuthenticityError::OtherReceiver(to)) => Verdict::Never(Doubt::OtherReceiver(Said::new(&to))),
            Err(AuthenticityError::NotSignedBySender(from)) => {
                Verdict::Never(Doubt::NotSigned(Said::new(&from)))
            }
            Err(AuthenticityError::OtherEnvelope(from)) => {
                Verdict::Never(Doubt::OtherEnvelope(Said::new(&from)))
            }
        }
    }
}

/// What a name that was not found means for the message.
fn not_found(error: &FindError, name: &str) -> Verdict {
    if error.is_temporary() { Verdict::NotNow } else { Verdict::NotYet(Doubt::NoSender(Said::new(name))) }
}
