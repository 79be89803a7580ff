//! Whether a name says that it belongs to a web site.

use super::{Directory, FindError};
use crate::identity::{Address, EnsName};
use crate::ports::Ports;
use crate::registry::{Found, Record, SITE_KEY, Site};

impl<P: Ports> Directory<P> {
    /// Whether a name, which leads to this account now, says that it belongs to the site. That is one half of the proof; the
    /// site's own file is the other ([`Site::lists`]).
    ///
    /// # Errors
    /// [`FindError`] if it can't be found out.
    pub async fn names_site(&self, name: &EnsName, account: Address, site: &Site) -> Result<bool, FindError> {
        if self.address_of(name).await? != Some(account) {
            return Ok(false);
        }
        let record = self.record(name, Record::Text(SITE_KEY.to_owned())).await?.and_then(Found::into_text);
        Ok(record.is_some_and(|record| site.is_named_by(&record)))
    }
}
