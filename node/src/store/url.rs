//! Where a Postgres server is.

use std::fmt;

use sqlx::postgres::PgConnectOptions;
use zeroize::Zeroizing;

/// A Postgres URL, `postgres://user:password@host:port/database?…`. It is a secret: it is never shown.
#[derive(Clone)]
pub struct PostgresUrl {
    url: Zeroizing<String>,
    /// Instead of the one in the URL.
    password: Option<Zeroizing<String>>,
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(…)")
    }
}

impl PostgresUrl {
    /// Reads a URL; `None` if it is none of Postgres.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Self { url: Zeroizing::new(text.to_owned()), password: None };
        url.options().is_ok().then_some(url)
    }

    /// The same with a password that does not stand in it.
    pub(super) fn with_password(self, password: Zeroizing<String>) -> Self {
        Self { password: Some(password), ..self }
    }

    /// How to connect.
    pub(super) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let options: PgConnectOptions = self.url.parse()?;
        Ok(match &self.password {
            Some(password) => options.password(password),
            None => options,
        })
    }
}
