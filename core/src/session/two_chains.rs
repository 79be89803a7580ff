//! Reading the chain through two Ethereum nodes that know nothing of each other: the configured one, and the wallet's own.
//!
//! ```text
//! both answer alike          the answer
//! both answer differently    no answer: one of them lies, or lags
//! one answers                its answer
//! the wallet has none        the configured one alone
//! ```
//!
//! What leads to keys is read here. Who runs one of the two can hold it up, but can't lead anybody to other keys.

use futures_util::future::join;

use crate::identity::Address;
use crate::ports::{Chain, Unreachable};
use crate::registry::{CallOutcome, TransactionHash, TransactionReceipt};
use crate::web::Outage;

/// An Ethereum node that may not be there: that of a wallet.
#[allow(async_fn_in_trait, reason = "the browser has no threads; servers use concrete types")]
pub trait WalletChain {
    /// As [`Chain::call`]. Nothing if there is no wallet, or it is locked, on another chain than the one that ENS is on,
    /// or does not tell what the call came to. Never opens a window.
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Option<Result<CallOutcome, Unreachable>>;
}

/// The chain as two Ethereum nodes show it.
pub struct TwoChains<C, W> {
    configured: C,
    wallets: W,
    /// The configured node's host: named when the two disagree.
    host: String,
}

impl<C, W> TwoChains<C, W> {
    /// Reads through the configured node, on `host`, and the wallet's.
    pub const fn new(configured: C, wallets: W, host: String) -> Self {
        Self { configured, wallets, host }
    }
}

impl<C: Chain, W: WalletChain> Chain for TwoChains<C, W> {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable> {
        match join(self.configured.call(to, data), self.wallets.call(to, data)).await {
            (configured, None) => configured,
            (Ok(one), Some(Ok(other))) if one == other => Ok(one),
            (Ok(_), Some(Ok(_))) => {
                Err(Unreachable { host: self.host.clone(), outage: Outage::Disagreement })
            }
            (Ok(one), Some(Err(_))) | (Err(_), Some(Ok(one))) => Ok(one),
            (Err(error), Some(Err(_))) => Err(error),
        }
    }

    /// As the configured node says: nothing is decided by it.
    async fn transactions(&self, account: Address) -> Result<u64, Unreachable> {
        self.configured.transactions(account).await
    }

    /// As the configured node says: what follows from a transaction is read with [`Self::call`].
    async fn receipt(&self, hash: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
        self.configured.receipt(hash).await
    }

    /// As the configured node says: nothing is decided by it.
    async fn ask(&self, body: String) -> Result<String, Unreachable> {
        self.configured.ask(body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Said = Result<CallOutcome, Unreachable>;

    struct Node(Said);

    impl Chain for Node {
        async fn call(&self, _: Option<Address>, _: &[u8]) -> Said {
            self.0.clone()
        }

        async fn transactions(&self, _: Address) -> Result<u64, Unreachable> {
            self.0.clone().map(|_| 0)
        }

        async fn receipt(&self, _: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
            self.0.clone().map(|_| None)
        }

        async fn ask(&self, _: String) -> Result<String, Unreachable> {
            self.0.clone().map(|_| String::new())
        }
    }

    struct InWallet(Option<Said>);

    impl WalletChain for InWallet {
        async fn call(&self, _: Option<Address>, _: &[u8]) -> Option<Said> {
            self.0.clone()
        }
    }

    fn returned(byte: u8) -> Said {
        Ok(CallOutcome::Returned(vec![byte]))
    }

    fn down(host: &str) -> Said {
        Err(Unreachable { host: host.into(), outage: Outage::TimedOut })
    }

    fn asked(configured: Said, wallets: Option<Said>) -> Said {
        let both = TwoChains::new(Node(configured), InWallet(wallets), "rpc.example".into());
        pollster::block_on(both.call(None, b"data"))
    }

    #[test]
    fn what_both_say_counts_and_one_is_enough() {
        assert_eq!(asked(returned(1), Some(returned(1))), returned(1));
        assert_eq!(asked(returned(1), None), returned(1), "no wallet, or on another chain");
        assert_eq!(asked(down("rpc.example"), None), down("rpc.example"));
        assert_eq!(asked(returned(1), Some(down("wallet"))), returned(1));
        assert_eq!(asked(down("rpc.example"), Some(returned(2))), returned(2));
        assert_eq!(asked(down("rpc.example"), Some(down("wallet"))), down("rpc.example"));
    }

    #[test]
    fn where_they_disagree_nothing_is_decided() {
        let disagreement = Err(Unreachable { host: "rpc.example".into(), outage: Outage::Disagreement });
        let reverted = Ok(CallOutcome::Reverted(vec![1]));
        for other in [returned(2), reverted, Ok(CallOutcome::Returned(Vec::new()))] {
            assert_eq!(asked(returned(1), Some(other.clone())), disagreement);
            assert_eq!(asked(other, Some(returned(1))), disagreement);
        }
    }
}
