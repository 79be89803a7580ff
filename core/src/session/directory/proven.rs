//! Profiles whose signatures were checked: the same text is not checked again. A signature of an ordinary account holds for
//! ever; what a contract says about one is asked each time.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::identity::{Address, ProfileError, SignedProfile, VerifiedProfile};

/// How many are remembered.
const MAX: usize = 64;

/// Those that were checked last, the newest last.
#[derive(Default)]
pub(super) struct Proven(RefCell<VecDeque<(Address, String, VerifiedProfile)>>);

impl Proven {
    /// Checks that the account itself signed what a record says.
    pub(super) fn check(
        &self,
        json: &str,
        account: Address,
        signed: SignedProfile,
    ) -> Result<VerifiedProfile, ProfileError> {
        let same =
            |(signer, text, _): &&(Address, String, VerifiedProfile)| *signer == account && text == json;
        if let Some((_, _, profile)) = self.0.borrow().iter().find(same) {
            return Ok(profile.clone());
        }
        let profile = signed.verify(account)?;
        let mut proven = self.0.borrow_mut();
        if proven.len() >= MAX {
            proven.pop_front();
        }
        proven.push_back((account, json.to_owned(), profile.clone()));
        Ok(profile)
    }
}
