//! Why something about a stake was not done.

use dm3_core::delivery::Amount;
use dm3_core::ports::TransactionError;
use dm3_core::session::{SignInError, StakeError, Token};

use super::demands::tokens;
use super::faults::fault;
use super::say;
use super::words::StakeWord;
use crate::app::fault::Fault;
use crate::app::stake::Failure;

/// So much of a token, in its smallest unit, as people write it.
pub fn staked(amount: u128, token: Option<&Token>) -> String {
    tokens(&Amount::from(amount), token)
}

/// Why it was not done.
pub fn stake_failed(failure: &Failure) -> String {
    let word = match failure {
        Failure::Stake(StakeError::Transaction(TransactionError::Wallet(error))) => {
            return fault(&Fault::SignIn(SignInError::Wallet(error.clone())));
        }
        Failure::NoWallet => StakeWord::NoWallet,
        Failure::Stake(error) => match error {
            StakeError::Transaction(_) => StakeWord::FailedWallet,
            StakeError::OtherChain | StakeError::Contract => StakeWord::FailedContract,
            StakeError::Reverted => StakeWord::FailedReverted,
            StakeError::Open(_) => StakeWord::FailedOpen,
            StakeError::TooFew => StakeWord::FailedFew,
            StakeError::TooMany => StakeWord::FailedMany,
            _ => StakeWord::Failed,
        },
    };
    say(word).to_owned()
}
