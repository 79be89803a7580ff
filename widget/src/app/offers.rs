//! What the account's node offers beside its mailbox: a name, and mail while nobody is there.

use dm3_core::delivery::MailChannel;
use dm3_core::session::MailError;

use super::command::{MailAsk, OfferAsk};
use super::driver::Active;
use super::platform::Platform;
use super::settings::{Mail, Offer, OwnName, Settings, change_settings};

/// Looks both up.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let name = match at.session().name_domain() {
        None => Offer::Nowhere,
        Some(domain) => match at.session().claimed_name().await {
            Ok(name) => Offer::Known(OwnName {
                domain: domain.to_string(),
                name,
                asked: false,
                busy: false,
                failed: None,
            }),
            Err(error) => Offer::Unknown(error.into()),
        },
    };
    change_settings(&at, |shown| shown.own_name = name);
    let mail = match at.session().mail().await {
        Ok(channel) => Offer::Known(Mail { channel, busy: false, failed: None }),
        Err(MailError::Home(error)) => Offer::Unknown(error.into()),
        // It was asked for nothing that it could refuse.
        Err(MailError::NotOffered | MailError::Refused(_)) => Offer::Nowhere,
    };
    change_settings(&at, |shown| shown.mail = mail);
}

/// Does what somebody wants of them.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: OfferAsk) {
    match ask {
        OfferAsk::Claim(label) => {
            change_name(at, |own| (own.busy, own.failed) = (true, None));
            let claimed = at.session().claim_name(&label).await;
            change_name(at, |own| {
                own.busy = false;
                match claimed {
                    Ok(name) => own.name = Some(name),
                    Err(error) => own.failed = Some(error),
                }
            });
        }
        OfferAsk::Doubt(asked) => change_name(at, |own| own.asked = asked),
        OfferAsk::Release(name) => {
            change_name(at, |own| (own.asked, own.busy, own.failed) = (false, true, None));
            let released = at.session().release_name(&name).await;
            change_name(at, |own| {
                own.busy = false;
                match released {
                    Ok(()) => own.name = None,
                    Err(error) => own.failed = Some(error),
                }
            });
        }
        OfferAsk::Mail(ask) => {
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
    }
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

fn change_name<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut OwnName)) {
    change_settings(at, |shown: &mut Settings| {
        if let Offer::Known(own) = &mut shown.own_name {
            change(own);
        }
    });
}

fn change_mail<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Mail)) {
    change_settings(at, |shown: &mut Settings| {
        if let Offer::Known(mail) = &mut shown.mail {
            change(mail);
        }
    });
}
