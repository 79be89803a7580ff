//! Reads the chain through an Ethereum node's JSON-RPC.

use dm3_core::identity::Address;
use dm3_core::ports::{Chain, Http as _, Unreachable};
use dm3_core::registry::json_rpc::{
    RpcError, eth_call_body, parse_eth_call, parse_quantity, parse_receipt, receipt_body, transactions_body,
};
use dm3_core::registry::{CallOutcome, TransactionHash, TransactionReceipt};
use dm3_core::web::{HttpRequest, HttpResponse, HttpUrl, Outage};

use super::http::BrowserHttp;

/// The chain as one Ethereum node shows it.
pub struct JsonRpcChain {
    url: HttpUrl,
}

impl JsonRpcChain {
    /// Reads through the node at `url`.
    pub const fn new(url: HttpUrl) -> Self {
        Self { url }
    }
}

impl Chain for JsonRpcChain {
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable> {
        let response = self.post(eth_call_body(to, data)).await?;
        parse_eth_call(&response.body).map_err(|error| self.outage(&response, error))
    }

    async fn transactions(&self, account: Address) -> Result<u64, Unreachable> {
        let response = self.post(transactions_body(account)).await?;
        parse_quantity(&response.body).map_err(|error| self.outage(&response, error))
    }

    async fn receipt(&self, hash: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable> {
        let response = self.post(receipt_body(hash)).await?;
        parse_receipt(&response.body, hash).map_err(|error| self.outage(&response, error))
    }

    async fn ask(&self, body: String) -> Result<String, Unreachable> {
        self.post(body).await.map(|response| response.body)
    }
}

impl JsonRpcChain {
    async fn post(&self, body: String) -> Result<HttpResponse, Unreachable> {
        BrowserHttp.send(&HttpRequest::post(self.url.clone(), body)).await
    }

    fn outage(&self, response: &HttpResponse, error: RpcError) -> Unreachable {
        // Some nodes answer reverts with 4xx, so the body counts; without one the status says more.
        let failed = !(200..300).contains(&response.status);
        let outage = match error {
            _ if failed => Outage::Status(response.status),
            RpcError::Form => Outage::Garbled,
            RpcError::TooLarge => Outage::TooLarge,
            RpcError::Node(said) => Outage::Failed(said),
        };
        Unreachable { host: self.url.authority().to_owned(), outage }
    }
}
