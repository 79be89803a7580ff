//! What the account demands of those who write to it: its node checks that, and lets the people who are welcome write
//! whatever they meet. And what it asks of payments, which its node tells.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::Value;

use super::{HomeError, Session};
use crate::attention::Minimum;
use crate::delivery::api::{self, ApiError};
use crate::delivery::{SpamRule, Wishes};
use crate::device::{Summary, Trust};
use crate::identity::Address;
use crate::ports::{Ports, Store as _, StoreError};
use crate::web::BaseUrl;

/// The setting that says on every device of the account that it demands something.
const DEMANDS: &str = "demands";
/// The most people that a node lets write whatever they meet.
const MAX_ALLOWED: usize = 1000;

impl<P: Ports> Session<P> {
    /// What the account demands of those who write, as it stands at its node. `None` if the node checks nothing.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn own_demands(&self) -> Result<Option<Vec<SpamRule>>, HomeError> {
        let Some(settings) = self.wishes_url() else { return Ok(None) };
        Ok(Some(self.wishes(&settings).await?.rules()))
    }

    /// Demands this from now on. People who are welcome may write all the same.
    ///
    /// # Errors
    /// [`HomeError`]: then the node demands what it did.
    pub async fn demand(&self, rules: &[SpamRule]) -> Result<(), HomeError> {
        let settings = self.wishes_url().ok_or(ApiError::NoAccount)?;
        let mut wishes = self.wishes(&settings).await?;
        // Before anything is demanded, and as long as something is: other devices have to know whom to name.
        if !rules.is_empty() {
            self.set_setting(DEMANDS, Value::Bool(true)).await?;
        }
        wishes.demand(rules);
        let welcome = welcome(wishes.allowed(), &self.known().await?);
        wishes.allow(welcome.clone());
        self.put_wishes(&settings, &wishes).await?;
        *self.allowed.borrow_mut() = Some(welcome);
        if rules.is_empty() {
            self.set_setting(DEMANDS, Value::Bool(false)).await?;
        }
        Ok(())
    }

    /// Whether the account demands something, so that the node [has to know](Self::name_welcome) who is welcome.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn demands_something(&self) -> Result<bool, StoreError> {
        Ok(self.setting(DEMANDS).await? == Some(Value::Bool(true)))
    }

    /// Tells the node who is welcome, if others are than it was told.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn name_welcome(&self) -> Result<(), HomeError> {
        let Some(settings) = self.wishes_url() else { return Ok(()) };
        let told = self.allowed.borrow().clone();
        if let Some(told) = told
            && welcome(told.clone(), &self.known().await?) == told
        {
            return Ok(());
        }
        let mut wishes = self.wishes(&settings).await?;
        let welcome = welcome(wishes.allowed(), &self.known().await?);
        if welcome != wishes.allowed() {
            wishes.allow(welcome.clone());
            self.put_wishes(&settings, &wishes).await?;
        }
        *self.allowed.borrow_mut() = Some(welcome);
        Ok(())
    }

    /// What a payment has to be for the account to look at a request before others, as it stands at its node. The outer `None`
    /// if the node publishes nothing of the kind.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn own_attention(&self) -> Result<Option<Option<Minimum>>, HomeError> {
        let Some(settings) = self.wishes_url() else { return Ok(None) };
        Ok(Some(self.wishes(&settings).await?.attention()))
    }

    /// Looks at such requests before others from now on, or at none.
    ///
    /// # Errors
    /// [`HomeError`]: then the node publishes what it did.
    pub async fn want_attention(&self, minimum: Option<Minimum>) -> Result<(), HomeError> {
        let settings = self.wishes_url().ok_or(ApiError::NoAccount)?;
        let mut wishes = self.wishes(&settings).await?;
        wishes.want_attention(minimum.as_ref());
        // Before anybody pays: every device has to know which payments are.
        self.note_attention(minimum).await?;
        self.put_wishes(&settings, &wishes).await
    }

    fn wishes_url(&self) -> Option<BaseUrl> {
        self.directory.discovery().settings_url.clone()
    }

    async fn known(&self) -> Result<Vec<Summary>, StoreError> {
        self.ports().store().summaries(self.account).await
    }

    async fn wishes(&self, settings: &BaseUrl) -> Result<Wishes, HomeError> {
        let reply =
            self.authorized(&self.node, &|token| api::get_wishes(settings, &self.alias, token)).await?;
        Ok(api::parse_wishes(&reply)?)
    }

    async fn put_wishes(&self, settings: &BaseUrl, wishes: &Wishes) -> Result<(), HomeError> {
        let put = |token: &_| api::put_wishes(settings, &self.alias, token, wishes);
        api::parse_wishes(&self.authorized(&self.node, &put).await?)?;
        Ok(())
    }
}

/// Who may write whatever they meet, in order: those of the contacts who are welcome, of too many the ones of whom there
/// was something new last; and who is no contact stays, since somebody else must have named them.
fn welcome(allowed: Vec<String>, summaries: &[Summary]) -> Vec<String> {
    let peer = |summary: &Summary| summary.contact.conversation.peer();
    let known: BTreeSet<Address> = summaries.iter().map(peer).collect();
    let is_stranger =
        |written: &String| Address::parse_unchecked_case(written).map_or(true, |it| !known.contains(&it));
    let mut welcome: Vec<String> = allowed.into_iter().filter(is_stranger).collect();
    let is_accepted = |summary: &&Summary| summary.contact.standing.trust == Trust::Accepted;
    let mut accepted: Vec<_> = summaries.iter().filter(is_accepted).collect();
    accepted.sort_by_key(|summary| Reverse(summary.time()));
    welcome.extend(accepted.into_iter().map(|summary| peer(summary).to_string()));
    welcome.truncate(MAX_ALLOWED);
    welcome.sort();
    welcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::ConversationId;
    use crate::device::{Contact, Last, Place, Preview, Standing};
    use crate::message::MessageHash;

    fn contact(n: u16, standing: Standing) -> Summary {
        let mut address = [0; 20];
        address[..2].copy_from_slice(&n.to_be_bytes());
        let conversation = ConversationId::Peer(Address::from_bytes(address));
        Summary::new(Contact { standing, ..Contact::new(conversation, n.into()) })
    }

    fn written(n: u16) -> String {
        contact(n, Standing::default()).contact.conversation.peer().to_string()
    }

    #[test]
    fn who_is_welcome_is_named_and_who_is_no_more_is_not() {
        let contacts = [contact(1, Standing::accepted()), contact(2, Standing::default())];
        let allowed = vec!["carol.eth".to_owned(), written(2).to_lowercase(), written(9)];
        let named = welcome(allowed, &contacts);
        assert_eq!(named, [written(1), written(9), "carol.eth".to_owned()]);
        assert_eq!(welcome(named.clone(), &contacts), named);
    }

    #[test]
    fn of_too_many_the_latest_are_named() {
        let mut contacts: Vec<_> = (0..1200).map(|n| contact(n, Standing::accepted())).collect();
        // It was opened first, and there is a message of just now.
        let hash = MessageHash::least();
        contacts[0].last = Some(Last {
            hash: hash.clone(),
            version: hash,
            place: Place::at(5_000),
            own: false,
            waiting: false,
            shown: Preview::Text("hi".into()),
        });
        let named = welcome(Vec::new(), &contacts);
        assert_eq!(named.len(), MAX_ALLOWED);
        assert!(named.contains(&written(0)));
        assert!(named.contains(&written(201)) && !named.contains(&written(200)));
        assert_eq!(welcome(named.clone(), &contacts), named);
    }
}
