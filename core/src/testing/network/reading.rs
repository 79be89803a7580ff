//! The chain as everybody in the network reads it.

use super::{Fault, Network, unreachable};
use crate::identity::Address;
use crate::ports::{Chain, Clock as _, Unreachable};
use crate::registry::{CallOutcome, TransactionHash, TransactionReceipt};
use crate::web::Outage;

impl Chain for Network {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable> {
        self.0.calls.set(self.0.calls.get() + 1);
        self.reach_chain("eth_call").await?;
        Ok(self.0.chain.borrow().call(to, data))
    }

    async fn transactions(&self, account: Address) -> Result<u64, Unreachable> {
        self.reach_chain("eth_getTransactionCount").await?;
        Ok(self.0.chain.borrow().holdings(account).transactions)
    }

    async fn receipt(&self, hash: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
        self.reach_chain("eth_getTransactionReceipt").await?;
        Ok(self.0.chain.borrow().receipt(hash))
    }

    async fn ask(&self, body: String) -> Result<String, Unreachable> {
        self.reach_chain(&body).await?;
        let asked = self.0.chain.borrow().ask(&body);
        asked.ok_or_else(|| unreachable("rpc.example", Outage::TimedOut))
    }
}

impl Network {
    async fn reach_chain(&self, method: &str) -> Result<(), Unreachable> {
        match self.fault(method) {
            None | Some(Fault::Duplicated | Fault::Longest(_)) => {}
            Some(Fault::Slow(milliseconds)) => self.0.clock.sleep(milliseconds).await,
            Some(Fault::Unreachable | Fault::ReplyLost | Fault::Status(_) | Fault::Busy(_)) => {
                return Err(unreachable("rpc.example", Outage::TimedOut));
            }
        }
        Ok(())
    }
}
