//! What receivers are told by: the mail server, and the key for web push.

use crate::config::Config;
use crate::notifications::{MailError, Mailer, Smtp, SmtpSecurity};

use super::Findings;

pub(super) async fn check(found: &mut Findings, config: &Config) {
    match &config.smtp {
        Some(smtp) => mail(found, smtp, config.host()).await,
        None => found.good("mail", "smtp_host is empty, so nobody is told of messages by mail"),
    }
    match &config.vapid {
        Some(vapid) => found.good(
            "web push",
            format!(
                "notifications are signed for {} with the key {}; browsers that subscribed to another one must \
                 subscribe anew",
                vapid.contact(),
                vapid.public_key()
            ),
        ),
        None => found.good("web push", "vapid_private_key is empty, so nobody is told of messages by web push"),
    }
}

/// Signs in to the mail server, and leaves.
async fn mail(found: &mut Findings, smtp: &Smtp, hello: &str) {
    let (part, place) = ("mail", format!("{}:{}", smtp.host, smtp.port));
    let tried = match Mailer::new(smtp, hello) {
        Ok(mailer) => mailer.sign_in().await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(()) => {
            let how = match (&smtp.login, smtp.security) {
                (Some(_), SmtpSecurity::None) => "takes user name and password, without TLS on this machine",
                (Some(_), _) => "takes user name and password over TLS",
                (None, SmtpSecurity::None) => "answers, without TLS on this machine",
                (None, _) => "answers over TLS; no user name is given",
            };
            found.good(part, format!("the mail server {place} {how}"));
        }
        Err(error) => {
            let remedy = remedy(smtp, &error);
            found.wrong(part, format!("{place}: {}", reason(&error)), remedy);
        }
    }
}

fn remedy(smtp: &Smtp, error: &MailError) -> String {
    let MailError::Transport(error) = error else {
        return "let smtp_ca_file name a file with certificates in PEM that this user can read, or leave it empty"
            .into();
    };
    if error.is_tls() {
        return "let smtp_host be the name in the server's certificate; if your own authority issued it, name its \
                certificate in smtp_ca_file"
            .into();
    }
    if error.status().is_some() && smtp.login.is_some() {
        return "check smtp_username and smtp_password; some providers want a password made for programs"
            .into();
    }
    if error.status().is_some() {
        return "set smtp_username and smtp_password, if the server wants them".into();
    }
    let other = match smtp.security {
        SmtpSecurity::Tls => "starttls, usually at port 587",
        SmtpSecurity::StartTls => "tls, usually at port 465",
        SmtpSecurity::None => "starttls or tls",
    };
    format!(
        "check smtp_host and smtp_port and whether a firewall is between; or the server wants smtp_security {other}"
    )
}

/// The error and what is behind it.
fn reason(error: &MailError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}
