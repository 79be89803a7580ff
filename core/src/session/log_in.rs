//! Finding the delivery services that take messages for the account, and logging in there.

use std::rc::Rc;

use super::home::Mailbox;
use super::{FindError, Home, HomeError, Session};
use crate::delivery::api::{self, ApiError};
use crate::delivery::{Challenge, socket_io};
use crate::identity::{EnsName, NameError, VerifiedProfile};
use crate::ports::{Clock as _, Http as _, Ports, Unreachable};
use crate::seal::signing::SigningSecret;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// For how long those that were found are believed to be all: milliseconds. Another device may have published others.
const BELIEVED: u64 = 60 * 60_000;

impl<P: Ports> Session<P> {
    /// The delivery services that the account's profile lists and that can be found, and behind them those that it left and
    /// that [were found](Self::homes_and_left). Those that could not be looked up are looked up again the next time, and all
    /// of them every hour.
    ///
    /// # Errors
    /// [`HomeError`] if none can be found, or the profile is not the one of this device's keys.
    pub async fn homes(&self) -> Result<Vec<Rc<Home>>, HomeError> {
        let kept = self.homes.borrow().clone();
        let found = self.homes_found.get();
        if self.all_homes_found.get() && self.ports().clock().now().saturating_sub(found) < BELIEVED {
            return Ok(kept);
        }
        match self.find_homes(&kept).await {
            Err(HomeError::Find(error)) if error.is_temporary() && !kept.is_empty() => Ok(kept),
            other => other,
        }
    }

    /// Looks the delivery services up; of those that are `kept` the sessions go on.
    async fn find_homes(&self, kept: &[Rc<Home>]) -> Result<Vec<Rc<Home>>, HomeError> {
        let profile = self.own_profile().await?;
        let listed = self.directory.services_of(&profile).await;
        let mut homes = Vec::new();
        let mut problem = listed.later.then_some(FindError::Name(NameError::NoTables));
        for name in &listed.names {
            if let Some(home) = kept.iter().find(|home| home.name == *name) {
                homes.push(Rc::clone(home));
                continue;
            }
            if *name == self.node.name {
                homes.push(Rc::clone(&self.node));
                continue;
            }
            match self.directory.delivery_service(name).await {
                Ok(service) => {
                    let socket = socket_io::socket_base(&service.url);
                    homes.push(Home::new(name, service.url, socket, Mailbox::Unknown));
                }
                // One that may still be found counts more than one that does not exist.
                Err(error) if problem.is_none() || error.is_temporary() => problem = Some(error),
                Err(_) => {}
            }
        }
        let complete = !problem.as_ref().is_some_and(FindError::is_temporary);
        if let (true, Some(error)) = (homes.is_empty(), problem) {
            return Err(error.into());
        }
        self.all_homes_found.set(complete);
        self.homes_found.set(self.ports().clock().now());
        self.homes.borrow_mut().clone_from(&homes);
        Ok(homes)
    }

    /// The account's published profile, which holds the keys of this device.
    pub(super) async fn own_profile(&self) -> Result<VerifiedProfile, HomeError> {
        let published = self.directory.profile_at(&self.alias, self.account).await?;
        let (_, profile) = published.ok_or(HomeError::NoProfile)?;
        let is_ours = profile.keys() == self.keys.public();
        self.keys_replaced.set(!is_ours);
        if !is_ours {
            return Err(HomeError::KeysReplaced);
        }
        Ok(profile)
    }

    /// Sends a request in the name of the account; logs in if that is needed.
    pub(super) async fn authorized(
        &self,
        home: &Home,
        request: &dyn Fn(&SessionToken) -> HttpRequest,
    ) -> Result<HttpResponse, HomeError> {
        let kept = home.token.borrow().clone();
        if let Some(token) = kept {
            let reply = self.ports().http().send(&request(&token)).await?;
            if !matches!(reply.status, 401 | 403) {
                return Ok(reply);
            }
        }
        home.is_fresh.set(false);
        let token = self.log_in(home).await?;
        Ok(self.ports().http().send(&request(&token)).await?)
    }

    /// Answers a fresh challenge, if that was not done [just before](Self::look_early). Registers the account first where
    /// it is not known, or only with an older profile.
    pub(super) async fn log_in(&self, home: &Home) -> Result<SessionToken, HomeError> {
        let turn = home.logging_in.take().await;
        let early = home.token.borrow().clone().filter(|_| home.is_fresh.replace(false));
        let token = match early {
            Some(token) => token,
            None => self.log_in_anew(home).await?,
        };
        drop(turn);
        *home.token.borrow_mut() = Some(token.clone());
        // Without it the next start has to learn the time anew.
        let _ = self.keep_time().await;
        Ok(token)
    }

    async fn log_in_anew(&self, home: &Home) -> Result<SessionToken, HomeError> {
        match self.answer_challenge(home).await {
            Err(HomeError::Api(ApiError::NoAccount | ApiError::OtherKey)) => {
                // What was found a minute ago may be older than what the server has.
                self.directory.forget(&self.alias);
                let profile = self.own_profile().await?;
                let request = api::post_profile(&home.url, &self.alias, profile.as_signed());
                api::parse_done(&self.ports().http().send(&request).await?)?;
                self.answer_challenge(home).await
            }
            other => other,
        }
    }

    /// Answers a fresh challenge.
    pub(super) async fn answer_challenge(&self, home: &Home) -> Result<SessionToken, HomeError> {
        let challenge = self.challenge_of(home).await?;
        self.answer(home, &challenge).await
    }

    /// Asks a delivery service for a challenge, and learns what it says of the time.
    pub(super) async fn challenge_of(&self, home: &Home) -> Result<Challenge, HomeError> {
        let learn = |challenge: &Challenge, asked| self.learn_time(home, &challenge.issued(), asked);
        challenge_of(self.ports(), &home.url, &self.alias, learn).await
    }

    /// Answers a challenge of a delivery service.
    pub(super) async fn answer(&self, home: &Home, challenge: &Challenge) -> Result<SessionToken, HomeError> {
        answer(self.ports(), &home.url, &self.alias, challenge, &self.keys.signing).await
    }

    /// Answers a fresh challenge of a server that takes no messages.
    pub(super) async fn prove_keys_to(&self, server: &BaseUrl) -> Result<SessionToken, HomeError> {
        answer_challenge(self.ports(), server, &self.alias, &self.keys.signing, |_, _| {}).await
    }
}

/// Proves a signing key to a server: answers a fresh challenge of it with the key. `learn` is told what came, and when it
/// was asked for.
pub(super) async fn answer_challenge<E>(
    ports: &impl Ports,
    server: &BaseUrl,
    name: &EnsName,
    key: &SigningSecret,
    learn: impl FnOnce(&Challenge, u64),
) -> Result<SessionToken, E>
where
    E: From<Unreachable> + From<ApiError>,
{
    let challenge = challenge_of::<E>(ports, server, name, learn).await?;
    answer(ports, server, name, &challenge, key).await
}

async fn challenge_of<E>(
    ports: &impl Ports,
    server: &BaseUrl,
    name: &EnsName,
    learn: impl FnOnce(&Challenge, u64),
) -> Result<Challenge, E>
where
    E: From<Unreachable> + From<ApiError>,
{
    let asked = ports.clock().now();
    let reply = ports.http().send(&api::get_challenge(server, name)).await?;
    let challenge = api::parse_challenge(server, &reply, name)?;
    learn(&challenge, asked);
    Ok(challenge)
}

async fn answer<E>(
    ports: &impl Ports,
    server: &BaseUrl,
    name: &EnsName,
    challenge: &Challenge,
    key: &SigningSecret,
) -> Result<SessionToken, E>
where
    E: From<Unreachable> + From<ApiError>,
{
    let answer = api::answer_challenge(server, name, challenge, key);
    Ok(api::parse_token(&ports.http().send(&answer).await?)?)
}
