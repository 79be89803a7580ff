//! Whether the account meets what a receiver demands of those who write: told before something is written in vain.

use super::{Conditions, Session, Token};
use crate::conversation::ConversationId;
use crate::delivery::{Amount, SpamRule, Standing, Verdict};
use crate::identity::Address;
use crate::ports::{Chain as _, Ports, Unreachable};
use crate::registry::holdings;

/// The most rules that are looked at. What a receiver demands is theirs to say, and each costs a question.
const MAX_RULES: usize = 16;

/// Something that a receiver demands, and how the account stands with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// What is demanded.
    pub rule: SpamRule,
    /// Whether it is met.
    pub verdict: Verdict,
    /// What the account has of what it counts – transactions, wei, the smallest unit of the token –, if that was found out.
    pub held: Option<Amount>,
    /// The token that it is about, if it is not met and the token says what it is.
    pub token: Option<Token>,
}

impl<P: Ports> Session<P> {
    /// What is demanded of the account by a receiver whose delivery services told `conditions`, and whether it is met. A
    /// service that told nothing demands nothing, and any of them is enough. What can't be found out is
    /// [`Verdict::Unknown`].
    pub async fn demands(&self, conversation: ConversationId, conditions: &[Conditions]) -> Vec<Demand> {
        if conditions.iter().any(|told| told.extension.is_err()) {
            return Vec::new();
        }
        // Most often all of a receiver's services tell the same rules, and each is looked up once.
        let mut known: Vec<Demand> = Vec::new();
        let mut least: Option<Vec<Demand>> = None;
        for extension in conditions.iter().flat_map(|told| &told.extension) {
            let mut checked = Vec::new();
            for rule in extension.rules.iter().take(MAX_RULES) {
                let demand = match known.iter().find(|known| known.rule == *rule) {
                    Some(demand) => demand.clone(),
                    None => {
                        let demand = self.check_demand(rule, conversation).await;
                        known.push(demand.clone());
                        demand
                    }
                };
                checked.push(demand);
            }
            let broken =
                |demands: &[Demand]| demands.iter().filter(|demand| demand.verdict != Verdict::Met).count();
            if least.as_deref().is_none_or(|known| broken(&checked) < broken(known)) {
                least = Some(checked);
            }
        }
        least.unwrap_or_default()
    }

    async fn check_demand(&self, rule: &SpamRule, conversation: ConversationId) -> Demand {
        let sender = self.standing_by(rule, conversation).await.unwrap_or_default();
        let verdict = rule.check(&sender);
        let Standing { nonce, balance, tokens, .. } = sender;
        let sent = nonce.map(|sent| Amount::from(u128::from(sent)));
        let held = sent.or(balance).or_else(|| tokens.into_iter().next().map(|(_, held)| held));
        let token = match rule {
            SpamRule::MinTokenBalance { token, .. } if verdict != Verdict::Met => {
                self.directory.token(*token).await.ok().flatten()
            }
            _ => None,
        };
        Demand { rule: rule.clone(), verdict, held, token }
    }

    /// What a rule asks for.
    async fn standing_by(
        &self,
        rule: &SpamRule,
        conversation: ConversationId,
    ) -> Result<Standing, Unreachable> {
        let (chain, own) = (self.ports().chain(), self.account());
        let nothing = Standing::default();
        Ok(match rule {
            SpamRule::MinNonce(_) => Standing { nonce: Some(chain.transactions(own).await?), ..nothing },
            SpamRule::MinBalance(_) => {
                let answer = chain.call(None, &holdings::coins_code(own)).await?;
                Standing { balance: holdings::amount(&answer), ..nothing }
            }
            SpamRule::MinTokenBalance { token, .. } => {
                let answer = chain.call(Some(*token), &holdings::token_call(own)).await?;
                let held: Vec<(Address, _)> =
                    holdings::amount(&answer).map(|amount| (*token, amount)).into_iter().collect();
                Standing { tokens: held, ..nothing }
            }
            // Nobody tells whose contact one is; whoever wrote back has made one of it.
            SpamRule::ContactsOnly => {
                let known = self.overview(conversation).await.ok().flatten();
                let heard = known.and_then(|known| known.last).is_some_and(|last| !last.own);
                Standing { is_contact: heard.then_some(true), ..nothing }
            }
            SpamRule::Deposit(_) | SpamRule::Other(_) => nothing,
        })
    }
}
