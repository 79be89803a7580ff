//! Whose element it is: the account, and the wallet that it came with.
//!
//! ```text
//! the account's wallet shares …     it first         ▶ it stays
//!                                   another first    ▶ the other one's: at once, and on every later start
//!                                   none any more    ▶ locked: it stays; else it leaves the screen
//!                                   it is silent     ▶ it stays
//! there is no such wallet (any more)                 ▶ what the other wallets share counts, if any shares something
//! ```
//!
//! What one wallet says counts for its own account alone, so two accounts of two wallets stay side by side. The first
//! account that a wallet shares is the one that is chosen in it. Chains and connections mean nothing here: nothing
//! of an account depends on them.

use std::cell::RefCell;

use dm3_core::identity::Address;
use futures_channel::oneshot;

use super::platform::Who;

/// What the wallets' words mean for an account.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is still theirs, and came with this wallet.
    Same(Who),
    /// Somebody else is there: one of these.
    Others(Vec<Who>),
}

/// What each wallet of the page shares, as far as it said.
#[derive(Default)]
pub(super) struct WalletBook {
    entries: RefCell<Vec<Entry>>,
    /// Hears when enough is known for a start.
    starting: RefCell<Option<Starting>>,
}

struct Entry {
    wallet: String,
    accounts: Option<Vec<Address>>,
    /// Answers to a question that is older than what the wallet told by itself are not news.
    told: u32,
    asked: bool,
}

struct Starting {
    /// The wallet whose answer is enough.
    wallet: Option<String>,
    done: oneshot::Sender<()>,
}

impl WalletBook {
    /// Takes note of the wallets that are in the page. Those that went are forgotten.
    pub(super) fn set_present(&self, wallets: &[String]) {
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| wallets.contains(&entry.wallet));
        // In the order of the page.
        for (place, wallet) in wallets.iter().enumerate() {
            match entries.iter().position(|entry| entry.wallet == *wallet) {
                Some(known) => entries.swap(place, known),
                None => {
                    let new = Entry { wallet: wallet.clone(), accounts: None, told: 0, asked: false };
                    entries.insert(place, new);
                }
            }
        }
    }

    /// Something else is behind the wallets' ids: nothing that they said counts any more.
    pub(super) fn forget(&self) {
        for entry in self.entries.borrow_mut().iter_mut() {
            (entry.accounts, entry.asked) = (None, false);
            entry.told += 1;
        }
    }

    /// The wallets that are to be asked, with the number for [`Self::answered`]: those that did not answer the last
    /// question are not asked again; and of those that spoke already, only if `anew`.
    pub(super) fn questions(&self, anew: bool) -> Vec<(String, u32)> {
        let mut entries = self.entries.borrow_mut();
        let open = entries.iter_mut().filter(|entry| !entry.asked && (anew || entry.accounts.is_none()));
        open.map(|entry| {
            entry.asked = true;
            (entry.wallet.clone(), entry.told)
        })
        .collect()
    }

    /// A wallet that was asked answered, or failed to. Gives what it shared before, if the answer is news.
    pub(super) fn answered(
        &self,
        wallet: &str,
        told: u32,
        accounts: Option<Vec<Address>>,
    ) -> Option<Option<Vec<Address>>> {
        let mut entries = self.entries.borrow_mut();
        let entry = entries.iter_mut().find(|entry| entry.wallet == wallet && entry.told == told)?;
        entry.asked = false;
        let before = entry.accounts.take();
        // A wallet that fails shares nothing, unless it did before.
        entry.accounts = accounts.or_else(|| before.clone()).or(Some(Vec::new()));
        Some(before)
    }

    /// A wallet told by itself what it shares now. Gives what it shared before, and the number for [`Self::is_current`].
    pub(super) fn told(&self, wallet: &str, accounts: Vec<Address>) -> Option<(Option<Vec<Address>>, u32)> {
        let mut entries = self.entries.borrow_mut();
        let entry = entries.iter_mut().find(|entry| entry.wallet == wallet)?;
        (entry.told, entry.asked) = (entry.told + 1, false);
        Some((entry.accounts.replace(accounts), entry.told))
    }

    /// Whether a wallet has told nothing since.
    pub(super) fn is_current(&self, wallet: &str, told: u32) -> bool {
        self.entries.borrow().iter().any(|entry| entry.wallet == wallet && entry.told == told)
    }

    /// What is heard once enough is known to start: the answer of the account's own wallet, or of all. `None` if it
    /// is known already.
    pub(super) fn enough(&self, who: Option<&Who>) -> Option<oneshot::Receiver<()>> {
        let (done, heard) = oneshot::channel();
        let starting = Starting { wallet: who.and_then(|who| who.wallet.clone()), done };
        if self.is_enough(&starting) {
            return None;
        }
        // Whoever waited before has been overtaken.
        drop(self.starting.replace(Some(starting)));
        Some(heard)
    }

    /// Tells whoever starts, if they know enough now; says whether somebody is about to start.
    pub(super) fn tell_starting(&self) -> bool {
        let starting = self.starting.take().filter(|starting| !starting.done.is_canceled());
        let Some(starting) = starting else { return false };
        if self.is_enough(&starting) {
            let _ = starting.done.send(());
        } else {
            *self.starting.borrow_mut() = Some(starting);
        }
        true
    }

    fn is_enough(&self, starting: &Starting) -> bool {
        let entries = self.entries.borrow();
        let own = entries.iter().find(|entry| Some(&entry.wallet) == starting.wallet.as_ref());
        own.is_some_and(|entry| entry.accounts.is_some())
            || entries.iter().all(|entry| entry.accounts.is_some())
    }

    /// The accounts that are chosen in the wallets.
    pub(super) fn chosen(&self) -> Vec<Who> {
        let entries = self.entries.borrow();
        let chosen = entries.iter().filter_map(|entry| {
            let account = *entry.accounts.as_ref()?.first()?;
            Some(Who { account, wallet: Some(entry.wallet.clone()) })
        });
        chosen.collect()
    }

    /// Whether an account is still the one, or who else may be.
    pub(super) fn settle(&self, who: &Who) -> Verdict {
        let entries = self.entries.borrow();
        let own = entries.iter().find(|entry| Some(&entry.wallet) == who.wallet.as_ref());
        if let Some(own) = own {
            return match own.accounts.as_ref().and_then(|accounts| accounts.first()) {
                Some(first) if *first != who.account => {
                    Verdict::Others(vec![Who { account: *first, wallet: who.wallet.clone() }])
                }
                _ => Verdict::Same(who.clone()),
            };
        }
        drop(entries);
        let chosen = self.chosen();
        match chosen.iter().find(|other| other.account == who.account) {
            Some(same) => Verdict::Same(same.clone()),
            None if chosen.is_empty() => Verdict::Same(who.clone()),
            None => Verdict::Others(chosen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Address = Address::from_bytes([0xa; 20]);
    const BOB: Address = Address::from_bytes([0xb; 20]);

    /// Wallets with what they share, as far as they said.
    type Shared<'a> = &'a [(&'a str, Option<&'a [Address]>)];

    fn book(wallets: Shared<'_>) -> WalletBook {
        let book = WalletBook::default();
        book.set_present(&wallets.iter().map(|(wallet, _)| (*wallet).to_owned()).collect::<Vec<_>>());
        for (wallet, accounts) in wallets {
            if let Some(accounts) = accounts {
                book.told(wallet, accounts.to_vec());
            }
        }
        book
    }

    fn who(account: Address, wallet: Option<&str>) -> Who {
        Who { account, wallet: wallet.map(str::to_owned) }
    }

    fn same(account: Address, wallet: Option<&str>) -> Verdict {
        Verdict::Same(who(account, wallet))
    }

    fn other(account: Address, wallet: &str) -> Verdict {
        Verdict::Others(vec![who(account, Some(wallet))])
    }

    #[test]
    fn an_account_is_who_is_chosen_in_its_own_wallet() {
        let alice = who(ALICE, Some("m"));
        let cases: [(Shared<'_>, Verdict); 6] = [
            (&[("m", Some(&[ALICE, BOB]))], same(ALICE, Some("m"))),
            (&[("m", Some(&[BOB, ALICE]))], other(BOB, "m")),
            (&[("m", Some(&[]))], same(ALICE, Some("m"))),
            // What another wallet shares is another person's.
            (&[("m", None), ("r", Some(&[BOB]))], same(ALICE, Some("m"))),
            (&[("m", Some(&[])), ("r", Some(&[BOB]))], same(ALICE, Some("m"))),
            (&[("r", Some(&[BOB])), ("m", Some(&[ALICE]))], same(ALICE, Some("m"))),
        ];
        for (wallets, verdict) in cases {
            assert_eq!(book(wallets).settle(&alice), verdict, "{wallets:?}");
        }
    }

    #[test]
    fn an_account_whose_wallet_is_unknown_or_gone_is_who_another_one_shares() {
        for wallet in [None, Some("gone")] {
            let alice = who(ALICE, wallet);
            assert_eq!(book(&[("m", Some(&[ALICE]))]).settle(&alice), same(ALICE, Some("m")));
            assert_eq!(book(&[("m", Some(&[BOB]))]).settle(&alice), other(BOB, "m"));
            assert_eq!(
                book(&[("m", Some(&[BOB])), ("r", Some(&[ALICE]))]).settle(&alice),
                same(ALICE, Some("r"))
            );
            assert_eq!(book(&[("m", Some(&[])), ("r", None)]).settle(&alice), same(ALICE, wallet));
            assert_eq!(book(&[]).settle(&alice), same(ALICE, wallet));
        }
    }

    #[test]
    fn a_start_waits_for_the_accounts_own_wallet_or_for_all() {
        let alice = who(ALICE, Some("m"));
        assert!(book(&[("m", Some(&[])), ("r", None)]).enough(Some(&alice)).is_none());
        assert!(book(&[]).enough(None).is_none());
        let book = book(&[("m", None), ("r", None), ("s", None)]);
        let mut heard = book.enough(Some(&alice)).unwrap();
        book.told("r", vec![BOB]);
        assert!(book.tell_starting());
        assert_eq!(heard.try_recv(), Ok(None));
        book.told("m", vec![]);
        assert!(book.tell_starting());
        assert_eq!(heard.try_recv(), Ok(Some(())));
        assert!(!book.tell_starting());
    }

    #[test]
    fn an_answer_that_is_older_than_what_the_wallet_told_is_no_news() {
        let book = book(&[("m", None)]);
        let questions = book.questions(false);
        assert!(book.questions(true).is_empty(), "it is being asked");
        book.told("m", vec![BOB]);
        assert_eq!(book.answered("m", questions[0].1, Some(vec![ALICE])), None);
        assert_eq!(book.chosen(), [who(BOB, Some("m"))]);
    }

    #[test]
    fn what_stood_behind_an_id_before_counts_no_more() {
        let book = book(&[("page", Some(&[ALICE]))]);
        let asked = book.questions(true);
        book.forget();
        assert!(book.chosen().is_empty());
        assert_eq!(book.answered("page", asked[0].1, Some(vec![ALICE])), None);
        book.set_present(&[]);
        book.set_present(&["page".to_owned()]);
        assert!(book.chosen().is_empty());
    }
}
