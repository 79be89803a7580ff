//! Keeping the profiles that are posted.

use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};
use dm3_core::seal::json::canonical;
use dm3_core::seal::sha256;

use crate::app::App;
use crate::cases::ApiError;
use crate::machine::clock::{now_ms, now_seconds};
use crate::price::Unpaid;
use crate::store::{Blockable, REGISTRATION_STOPPED, Registered, Registration, Service};

impl App {
    /// Keeps a profile for the address a name belongs to; `paid` is what came along for a new account. The answer has the
    /// form of a token and is none.
    ///
    /// # Errors
    /// [`ApiError::NotKept`] if the profile is not that address's, or was replaced before; [`ApiError::Priced`].
    pub async fn register(
        &self,
        name: &str,
        profile: &str,
        service: Service,
        paid: Option<&str>,
    ) -> Result<String, ApiError> {
        self.want_room()?;
        let unresolvable = || ApiError::Unresolvable(name.to_owned());
        let parsed: EnsName = name.parse().map_err(|_| unresolvable())?;
        let address = self.names.address_of(&parsed).await?.ok_or_else(unresolvable)?;
        if service == Service::Storage
            && self.store.account(address).await?.is_some_and(|account| account.storage)
        {
            return Err(ApiError::NotKept("the account is registered already".into()));
        }
        let profile = SignedProfile::parse(profile).map_err(|error| ApiError::Refused(error.to_string()))?;
        let profile = self.names.verify(profile, address).await?.ok_or_else(|| {
            ApiError::NotKept(format!("the profile was not signed by the account {address}"))
        })?;
        self.keep(&profile, service, paid).await?;
        // As the reference has it: the mailbox's receipt names the address, the storage's the name.
        let account = match service {
            Service::Storage => parsed.as_str().to_owned(),
            Service::Mailbox | Service::Gateway => address.to_lower_hex(),
        };
        Ok(self.tokens.make_receipt(&account, now_seconds())?)
    }

    /// Keeps a verified profile.
    ///
    /// # Errors
    /// [`ApiError::NotKept`] if it was replaced before, the account is blocked, or it is new and none are taken;
    /// [`ApiError::Priced`] if it is new and not paid for.
    pub async fn keep(
        &self,
        profile: &VerifiedProfile,
        service: Service,
        paid: Option<&str>,
    ) -> Result<Address, ApiError> {
        let address = profile.account();
        if self.store.is_blocked(Blockable::Account, &address.to_lower_hex()).await? {
            return Err(ApiError::NotKept(
                "this account is blocked here; ask the operator of this server".into(),
            ));
        }
        let json = profile.as_signed().to_json();
        let text = canonical(&json);
        let mut payment = None;
        let kept = self.store.account(address).await?;
        // Anybody can post again what is published: it keeps no writer busy.
        if kept.as_ref().is_some_and(|kept| kept.serves(service) && kept.profile == text) {
            return Ok(address);
        }
        if kept.is_none() {
            if self.store.mark(REGISTRATION_STOPPED).await? == Some(1) {
                return Err(ApiError::NotKept(
                    "this server takes no new accounts; try another one, or later".into(),
                ));
            }
            payment = match self.price.take(address, paid, now_seconds()).await {
                Ok(payment) => payment,
                Err(unpaid) => return Err(self.unpaid(unpaid)),
            };
        }
        let registration = Registration {
            address,
            profile: text,
            profile_hash: sha256(canonical(&json["profile"]).as_bytes()),
            service,
            payment,
            now: now_ms(),
        };
        match self.store.register(registration).await? {
            // One that waits takes effect when its key answers a challenge.
            Registered::Kept | Registered::Pending => Ok(address),
            Registered::Unpaid => Err(self.unpaid(self.price.again(address, now_seconds()).await)),
            Registered::Superseded => Err(ApiError::NotKept(
                "this profile was replaced by a newer one; make and sign a new one".into(),
            )),
        }
    }

    /// Notes and tells what is to be paid.
    fn unpaid(&self, unpaid: Unpaid) -> ApiError {
        match unpaid {
            Unpaid::Priced(price) => {
                self.metrics.refused("registration");
                ApiError::Priced(price)
            }
            Unpaid::Unsure(error) => error.into(),
        }
    }
}
