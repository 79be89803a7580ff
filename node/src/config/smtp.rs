//! The mail server that notifications go through.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::ConfigError;
use crate::notifications::{Smtp, SmtpSecurity};

/// The keys as they are written.
pub(super) struct SmtpKeys<'a> {
    pub host: &'a str,
    pub port: u64,
    pub security: &'a str,
    pub ca_file: &'a str,
    pub username: &'a str,
    pub password: &'a str,
    pub from: &'a str,
}

impl SmtpKeys<'_> {
    /// Checks them; no host is no mail server.
    pub(super) fn check(self) -> Result<Option<Smtp>, ConfigError> {
        let wrong = |key, expected| ConfigError::Value { key, expected };
        if self.host.is_empty() {
            return Ok(None);
        }
        let security = match self.security {
            "tls" => SmtpSecurity::Tls,
            "starttls" => SmtpSecurity::StartTls,
            "none" if matches!(self.host, "localhost" | "127.0.0.1" | "::1") => SmtpSecurity::None,
            _ => {
                return Err(wrong(
                    "smtp_security",
                    "starttls or tls, or none for a mail server on this machine",
                ));
            }
        };
        let login = match (self.username, self.password) {
            ("", "") => None,
            ("", _) | (_, "") => {
                return Err(wrong("smtp_password", "set together with smtp_username, or neither"));
            }
            (username, password) => Some((username.to_owned(), Zeroizing::new(password.to_owned()))),
        };
        Ok(Some(Smtp {
            host: self.host.to_owned(),
            port: u16::try_from(self.port).map_err(|_| wrong("smtp_port", "below 65536"))?,
            security,
            ca_file: Some(self.ca_file).filter(|path| !path.is_empty()).map(PathBuf::from),
            login,
            from: self.from.parse().map_err(|_| wrong("smtp_from", "a mail address"))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: SmtpKeys<'_> = SmtpKeys {
        host: "mail.example.org",
        port: 587,
        security: "starttls",
        ca_file: "",
        username: "dm3",
        password: "hunter2",
        from: "dm3@example.org",
    };

    #[test]
    fn a_mail_server_is_optional_and_its_password_is_never_shown() {
        assert!(SmtpKeys { host: "", ..KEYS }.check().unwrap().is_none());
        let smtp = KEYS.check().unwrap().unwrap();
        assert_eq!(smtp.security, SmtpSecurity::StartTls);
        assert!(!format!("{smtp:?}").contains("hunter2"));
    }

    #[test]
    fn a_password_is_never_sent_in_the_clear_to_another_machine() {
        assert!(SmtpKeys { security: "none", ..KEYS }.check().is_err());
        assert!(SmtpKeys { security: "none", host: "127.0.0.1", ..KEYS }.check().unwrap().is_some());
        assert!(SmtpKeys { security: "", ..KEYS }.check().is_err());
    }

    #[test]
    fn half_a_login_is_a_mistake() {
        assert!(SmtpKeys { password: "", ..KEYS }.check().is_err());
        assert!(SmtpKeys { username: "", ..KEYS }.check().is_err());
        assert!(SmtpKeys { username: "", password: "", ..KEYS }.check().unwrap().unwrap().login.is_none());
        assert!(SmtpKeys { from: "nobody", ..KEYS }.check().is_err());
    }
}
