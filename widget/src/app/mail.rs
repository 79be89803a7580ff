//! Mail of the account's node while nobody is there.

use dm3_core::delivery::MailChannel;
use dm3_core::session::MailError;

use super::command::MailAsk;
use super::driver::Active;
use super::platform::Platform;
use super::settings::{Mail, Offer, Settings, change_settings};

/// Looks up how it stands with it.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let mail = match at.session().mail().await {
        Ok(channel) => Offer::Known(Mail { channel, busy: false, failed: None }),
        Err(MailError::Home(error)) => Offer::Unknown(error.into()),
        // It was asked for nothing that it could refuse.
        Err(MailError::NotOffered | MailError::Refused(_)) => Offer::Nowhere,
    };
    change_settings(&at, |shown| shown.mail = mail);
}

/// Does what somebody wants of it.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: MailAsk) {
    change_mail(at, |mail| (mail.busy, mail.failed) = (true, None));
    let done = tell(at, ask).await;
    change_mail(at, |mail| {
        mail.busy = false;
        match done {
            Ok(channel) => mail.channel = channel,
            Err(error) => mail.failed = Some(error),
        }
    });
}

/// Does it; the result is how it stands then, as the node tells.
async fn tell<P: Platform>(at: &Active<P>, ask: MailAsk) -> Result<Option<MailChannel>, MailError> {
    let session = at.session();
    match ask {
        MailAsk::Set(address) => session.set_mail(&address).await?,
        MailAsk::SendCode => session.send_mail_code().await?,
        MailAsk::Prove(code) => session.prove_mail(&code).await?,
        MailAsk::Enable(enabled) => session.enable_mail(enabled).await?,
        MailAsk::Remove => session.remove_mail().await?,
    }
    session.mail().await
}

fn change_mail<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Mail)) {
    change_settings(at, |shown: &mut Settings| {
        if let Offer::Known(mail) = &mut shown.mail {
            change(mail);
        }
    });
}
