//! The name that the account's node gives it: `bob` below the node's domain.

use super::{HomeError, Session};
use crate::delivery::api::{self, ApiError};
use crate::identity::EnsName;
use crate::ports::{Http as _, Ports, Unreachable};
use crate::web::HttpRequest;

/// Why the account does not have the name that it wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The node gives no names away.
    #[error("this node gives no names away")]
    NotOffered,
    /// It is no single part of a name.
    #[error("this can't be a name; it takes letters, digits and hyphens, without a dot")]
    Form,
    /// It belongs to somebody, or nobody may have it.
    #[error("this name is taken; choose another")]
    Taken,
    /// The node can't be asked, or refuses for another reason.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl From<ApiError> for ClaimError {
    fn from(error: ApiError) -> Self {
        if api::is_taken(&error) { Self::Taken } else { Self::Home(error.into()) }
    }
}

impl From<Unreachable> for ClaimError {
    fn from(error: Unreachable) -> Self {
        Self::Home(error.into())
    }
}

impl<P: Ports> Session<P> {
    /// The domain below which the node gives names away, if it does.
    pub fn name_domain(&self) -> Option<&EnsName> {
        self.directory.discovery().user_domain.as_ref()
    }

    /// The name that the account has claimed at its node.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn claimed_name(&self) -> Result<Option<EnsName>, HomeError> {
        let request = api::get_claimed(&self.directory.discovery().resolver_url, self.account);
        Ok(api::parse_claimed(&self.ports().http().send(&request).await?)?)
    }

    /// Claims a name, of which `label` is the part before the domain.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn claim_name(&self, label: &str) -> Result<EnsName, ClaimError> {
        let domain = self.name_domain().ok_or(ClaimError::NotOffered)?;
        let name: EnsName = format!("{}.{domain}", label.trim()).parse().map_err(|_| ClaimError::Form)?;
        if name.parent().as_ref() != Some(domain) {
            return Err(ClaimError::Form);
        }
        let resolver = &self.directory.discovery().resolver_url;
        self.done(&api::claim_name(resolver, &self.alias, &name, &self.keys.signing)).await?;
        Ok(name)
    }

    /// Gives the claimed name back: others may have it then.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn release_name(&self, name: &EnsName) -> Result<(), ClaimError> {
        let resolver = &self.directory.discovery().resolver_url;
        self.done(&api::release_name(resolver, name, &self.keys.signing)).await
    }

    async fn done(&self, request: &HttpRequest) -> Result<(), ClaimError> {
        Ok(api::parse_done(&self.ports().http().send(request).await?)?)
    }
}
