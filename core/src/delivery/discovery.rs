//! `/.well-known/dm3`: all that a client must know about a node, so that embedding takes one URL.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::blobs::FileOffer;
use crate::identity::{Address, EnsName};
use crate::seal::json;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl};

/// The document's only version.
const VERSION: u32 = 1;
/// The ENS registry, on every chain that has one of ENS's own.
const ENS_REGISTRY: &str = "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e";
/// The longest document that is read, in bytes.
const MAX_DOCUMENT: usize = 16 * 1024;

/// What a node says about itself. Members that are not listed here are ignored when read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    version: u32,
    /// The ENS name of the node's delivery service; goes into the profiles of its users.
    pub name: EnsName,
    /// The delivery service's API, such as `https://example.org/ds`.
    pub delivery_service_url: BaseUrl,
    /// The socket.io server, such as `https://example.org/socket.io`.
    pub socket_url: BaseUrl,
    /// The encrypted storage's API, such as `https://example.org/api`.
    pub storage_url: BaseUrl,
    /// Where address names are registered, such as `https://example.org/resolver-handler`.
    pub resolver_url: BaseUrl,
    /// The domain of address names, such as `addr.dm3.eth`.
    pub address_domain: EnsName,
    /// The chain ENS is on.
    pub chain_id: u64,
    /// A JSON-RPC endpoint of that chain.
    pub rpc_url: HttpUrl,
    /// The ENS registry on that chain.
    pub ens_registry: Address,
    /// The universal resolver on that chain (ENSIP-23), if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub universal_resolver: Option<Address>,
    /// The mailbox page by page, acknowledged by number; the account's name follows. Nodes of ours have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox_url: Option<BaseUrl>,
    /// The encrypted history in records of our own; the account's name follows. Nodes of ours have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_url: Option<BaseUrl>,
    /// What the account wants of its node; the account's name follows. Nodes of ours have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings_url: Option<BaseUrl>,
    /// Accounts can claim names one label below this domain. Nodes of ours that give names away say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_domain: Option<EnsName>,
    /// How accounts can be told of messages while they are away. Nodes of ours say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// Sealed files that are too large for a message. Nodes of ours may keep them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FileOffer>,
    /// Where a page's requests to other hosts go if its policy names the node alone.
    #[serde(skip_serializing_if = "Proxies::is_empty")]
    pub proxies: Proxies,
}

/// How a node can tell accounts of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notifications {
    /// Where that is set, such as `https://example.org/ds/notifications`; the account's name follows.
    pub url: BaseUrl,
    /// The kinds of channels that are set up there, such as `EMAIL`.
    pub channels: Vec<String>,
}

impl Notifications {
    /// The most kinds that are read; the rest is passed over.
    const MAX: usize = 16;

    fn read(value: &Value) -> Result<Option<Self>, DiscoveryError> {
        let Some(url) = offered(value, "url")? else { return Ok(None) };
        let kinds = value.get("channels").and_then(Value::as_array);
        let kinds = kinds.ok_or(DiscoveryError::Member("channels"))?;
        let kinds = kinds.iter().take(Self::MAX).filter_map(Value::as_str);
        Ok(Some(Self { url, channels: kinds.map(str::to_owned).collect() }))
    }
}

/// A node's way out for pages whose policy names no other host. What is absent is not offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proxies {
    /// Asks CCIP-read gateways: `POST ?url=TEMPLATE` with `{sender, data}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<HttpUrl>,
    /// Hands messages to other delivery services: `POST {deliveryService, envelope}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<HttpUrl>,
    /// Fetches parts of sealed files at other nodes: `GET ?url=ADDRESS` with `Range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<HttpUrl>,
    /// Fetches what records link to: `GET ?url=LINK`, with its `dm3Hash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<HttpUrl>,
    /// A gateway of IPFS, which answers `<gateway>/ipfs/<CID>?format=raw` with blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipfs: Option<BaseUrl>,
    /// Asks delivery services what they and receivers there take: `POST {deliveryService, question}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<HttpUrl>,
}

impl Proxies {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a document doesn't describe a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// More than 16 KiB.
    #[error("the node's description is larger than 16 KiB; check the node's address")]
    TooLarge,
    /// Not JSON: there is no node, or something else answers in its place.
    #[error("there is no dm3 node at this address; check it for typing errors")]
    NotANode,
    /// A dm3 server that does not describe itself, as the deployed ones do not, and nobody said what it would say.
    #[error("this dm3 server does not describe itself; its network must be named")]
    Undescribed,
    /// What was said in its place is not of the form that [`Discovery::named`] reads.
    #[error(
        "the network is named as: delivery service, domain of address names, chain id, and the ENS registry if it is another"
    )]
    Network,
    /// A version that this program doesn't know.
    #[error("the node speaks another version of dm3; reload the page to get the newest program")]
    Version,
    /// This member is absent or invalid.
    #[error("the node's description has no usable member {0:?}; its operator must repair it")]
    Member(&'static str),
}

impl Discovery {
    /// How to ask the node at `origin` about itself.
    pub fn request(origin: &BaseUrl) -> HttpRequest {
        HttpRequest::get(origin.join(&[".well-known", "dm3"]))
    }

    /// Describes a node with the reference's path map below one public address.
    pub fn at(origin: &BaseUrl, name: EnsName, address_domain: EnsName, chain: ChainAccess) -> Self {
        Self {
            version: VERSION,
            name,
            delivery_service_url: origin.child("ds"),
            socket_url: origin.child("socket.io"),
            storage_url: origin.child("api"),
            resolver_url: origin.child("resolver-handler"),
            address_domain,
            chain_id: chain.chain_id,
            rpc_url: chain.rpc_url,
            ens_registry: chain.ens_registry,
            universal_resolver: chain.universal_resolver,
            mailbox_url: None,
            history_url: None,
            settings_url: None,
            user_domain: None,
            notifications: None,
            files: None,
            proxies: Proxies::default(),
        }
    }

    /// How to ask whether there is a dm3 server that does not describe itself: it greets.
    pub fn greeting(origin: &BaseUrl) -> HttpRequest {
        HttpRequest::get(origin.join(&["ds", "hello"]))
    }

    /// Whether a server greets as the deployed ones do.
    pub fn is_greeting(reply: &HttpResponse) -> bool {
        reply.status == 200 && reply.body.trim() == "Hello DM3"
    }

    /// Describes a server of the deployed kind, which has the same paths, by what nobody can find out from it:
    /// `ds.dm3.eth addr.dm3.eth 1`, the ENS name of its delivery service, the domain of its address names, and the number
    /// of the chain that ENS is on; then the ENS registry, where that is another than everywhere. Nothing of it has to be
    /// believed: what is found by these names is checked as always.
    ///
    /// # Errors
    /// [`DiscoveryError::Network`] if it is something else.
    pub fn named(origin: &BaseUrl, network: &str, rpc_url: HttpUrl) -> Result<Self, DiscoveryError> {
        let wrong = DiscoveryError::Network;
        let words: Vec<&str> = network.split_ascii_whitespace().collect();
        let (name, domain, chain, registry) = match words.as_slice() {
            [name, domain, chain] => (name, domain, chain, ENS_REGISTRY),
            [name, domain, chain, registry] => (name, domain, chain, *registry),
            _ => return Err(wrong),
        };
        let access = ChainAccess {
            chain_id: chain.parse().map_err(|_| wrong.clone())?,
            rpc_url,
            ens_registry: Address::parse_unchecked_case(registry).map_err(|_| wrong.clone())?,
            universal_resolver: None,
        };
        let (name, domain) = (name.parse().map_err(|_| wrong.clone())?, domain.parse().map_err(|_| wrong)?);
        Ok(Self::at(origin, name, domain, access))
    }

    /// Reads and checks the document.
    pub fn parse(text: &str) -> Result<Self, DiscoveryError> {
        if text.len() > MAX_DOCUMENT {
            return Err(DiscoveryError::TooLarge);
        }
        let value = json::parse(text).ok_or(DiscoveryError::NotANode)?;
        match value.get("version") {
            Some(version) if version.as_u64() == Some(VERSION.into()) => {}
            Some(_) => return Err(DiscoveryError::Version),
            None => return Err(DiscoveryError::NotANode),
        }
        let number = value.get("chainId").and_then(Value::as_u64);
        Ok(Self {
            version: VERSION,
            name: member(&value, "name")?,
            delivery_service_url: member(&value, "deliveryServiceUrl")?,
            socket_url: member(&value, "socketUrl")?,
            storage_url: member(&value, "storageUrl")?,
            resolver_url: member(&value, "resolverUrl")?,
            address_domain: member(&value, "addressDomain")?,
            chain_id: number.ok_or(DiscoveryError::Member("chainId"))?,
            rpc_url: member(&value, "rpcUrl")?,
            ens_registry: address(&value, "ensRegistry")?,
            universal_resolver: match value.get("universalResolver") {
                None | Some(Value::Null) => None,
                Some(_) => Some(address(&value, "universalResolver")?),
            },
            mailbox_url: offered(&value, "mailboxUrl")?,
            history_url: offered(&value, "historyUrl")?,
            settings_url: offered(&value, "settingsUrl")?,
            user_domain: offered(&value, "userDomain")?,
            notifications: match value.get("notifications") {
                None | Some(Value::Null) => None,
                Some(notifications) => Notifications::read(notifications)?,
            },
            files: value.get("files").and_then(FileOffer::read),
            proxies: match value.get("proxies") {
                Some(proxies) => Proxies {
                    gateway: offered(proxies, "gateway")?,
                    message: offered(proxies, "message")?,
                    blob: offered(proxies, "blob")?,
                    document: offered(proxies, "document")?,
                    ipfs: offered(proxies, "ipfs")?,
                    service: offered(proxies, "service")?,
                },
                None => Proxies::default(),
            },
        })
    }

    /// The document's text.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

fn text_of<'a>(document: &'a Value, name: &'static str) -> Result<&'a str, DiscoveryError> {
    document.get(name).and_then(Value::as_str).ok_or(DiscoveryError::Member(name))
}

fn address(document: &Value, name: &'static str) -> Result<Address, DiscoveryError> {
    Address::parse_unchecked_case(text_of(document, name)?).map_err(|_| DiscoveryError::Member(name))
}

/// What is absent, or null, is not offered.
fn offered<T: FromStr>(document: &Value, name: &'static str) -> Result<Option<T>, DiscoveryError> {
    match document.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => member(document, name).map(Some),
    }
}

fn member<T: FromStr>(document: &Value, name: &'static str) -> Result<T, DiscoveryError> {
    text_of(document, name)?.parse().map_err(|_| DiscoveryError::Member(name))
}

/// How a node's clients reach the chain that ENS is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainAccess {
    /// The chain's id.
    pub chain_id: u64,
    /// A JSON-RPC endpoint.
    pub rpc_url: HttpUrl,
    /// The ENS registry.
    pub ens_registry: Address,
    /// The universal resolver (ENSIP-23), if the chain has one.
    pub universal_resolver: Option<Address>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Discovery {
        let chain = ChainAccess {
            chain_id: 31337,
            rpc_url: "http://127.0.0.1:8545/?key=x".parse().unwrap(),
            ens_registry: Address::from_bytes([7; 20]),
            universal_resolver: None,
        };
        let origin = "http://localhost:8080/".parse().unwrap();
        Discovery::at(&origin, "ds.dm3.eth".parse().unwrap(), "addr.dm3.eth".parse().unwrap(), chain)
    }

    #[test]
    fn what_the_node_writes_the_widget_reads() {
        let mut value: Value = serde_json::from_str(&node().to_json()).unwrap();
        assert_eq!(value["deliveryServiceUrl"], "http://localhost:8080/ds");
        assert_eq!(value["socketUrl"], "http://localhost:8080/socket.io");
        assert_eq!(value["resolverUrl"], "http://localhost:8080/resolver-handler");
        value["somethingNew"] = Value::Bool(true);
        assert_eq!(Discovery::parse(&value.to_string()), Ok(node()));
        let request = Discovery::request(&"https://a.example".parse().unwrap());
        assert_eq!(request.url.as_str(), "https://a.example/.well-known/dm3");
    }

    #[test]
    fn what_a_node_offers_beside_is_optional() {
        let mut value: Value = serde_json::from_str(&node().to_json()).unwrap();
        assert!(value.get("proxies").is_none() && value.get("mailboxUrl").is_none());
        value["mailboxUrl"] = "https://a.example/ds/mailbox".into();
        value["historyUrl"] = Value::Null;
        value["proxies"] =
            serde_json::json!({ "message": "https://a.example/proxy/message", "gateway": null });
        let offers = Discovery::parse(&value.to_string()).unwrap();
        assert_eq!(offers.mailbox_url, Some("https://a.example/ds/mailbox".parse().unwrap()));
        assert_eq!(offers.history_url, None);
        assert_eq!(offers.proxies.message, Some("https://a.example/proxy/message".parse().unwrap()));
        assert_eq!(offers.proxies.gateway, None);
        assert_eq!(Discovery::parse(&offers.to_json()), Ok(offers));
        value["proxies"]["gateway"] = 7.into();
        assert_eq!(Discovery::parse(&value.to_string()), Err(DiscoveryError::Member("gateway")));
    }

    #[test]
    fn a_server_that_does_not_describe_itself_is_described_by_its_names() {
        let origin: BaseUrl = "https://app.dm3.network".parse().unwrap();
        let rpc: HttpUrl = "https://rpc.example".parse().unwrap();
        let named = |network: &str| Discovery::named(&origin, network, rpc.clone());
        let found = named(" ds.dm3.eth  addr.dm3.eth 1 ").unwrap();
        assert_eq!(found.delivery_service_url.as_str(), "https://app.dm3.network/ds");
        assert_eq!(found.resolver_url.as_str(), "https://app.dm3.network/resolver-handler");
        assert_eq!((found.chain_id, found.ens_registry), (1, ENS_REGISTRY.parse().unwrap()));
        assert_eq!(found.proxies, Proxies::default());
        assert_eq!(Discovery::parse(&found.to_json()), Ok(found));
        let elsewhere = named(&format!("ds.eth addr.eth 31337 {}", Address::from_bytes([7; 20]))).unwrap();
        assert_eq!(elsewhere.ens_registry, Address::from_bytes([7; 20]));
        for bad in [
            "",
            "ds.eth addr.eth",
            "ds.eth addr.eth one",
            "a..b addr.eth 1",
            "ds.eth addr.eth 1 0x1",
            "a b 1 0x2 c",
        ] {
            assert_eq!(named(bad), Err(DiscoveryError::Network), "{bad}");
        }
        let hello = |status, body: &str| Discovery::is_greeting(&HttpResponse::new(status, body.to_owned()));
        assert!(hello(200, "Hello DM3") && !hello(404, "Hello DM3") && !hello(200, "<html>"));
        assert_eq!(Discovery::greeting(&origin).url.as_str(), "https://app.dm3.network/ds/hello");
    }

    #[test]
    fn each_defect_says_who_must_act() {
        let with = |member: &str, value: Value| {
            let mut document: Value = serde_json::from_str(&node().to_json()).unwrap();
            document[member] = value;
            Discovery::parse(&document.to_string())
        };
        assert_eq!(Discovery::parse("<html>"), Err(DiscoveryError::NotANode));
        assert_eq!(Discovery::parse("{}"), Err(DiscoveryError::NotANode));
        assert_eq!(with("version", 2.into()), Err(DiscoveryError::Version));
        assert!(matches!(with("rpcUrl", "http://a.example".into()), Err(DiscoveryError::Member(_))));
        assert!(matches!(with("name", "a..eth".into()), Err(DiscoveryError::Member(_))));
        assert_eq!(with("universalResolver", Value::Null), Ok(node()));
        let resolver = "0xeEeEEEeE14D718C2B47D9923Deab1335E144EeEe";
        let resolves = with("universalResolver", resolver.into()).unwrap();
        assert_eq!(resolves.universal_resolver, Some(resolver.parse().unwrap()));
        assert_eq!(Discovery::parse(&resolves.to_json()), Ok(resolves));
        assert!(matches!(with("universalResolver", 7.into()), Err(DiscoveryError::Member(_))));
        assert!(matches!(with("ensRegistry", Value::Null), Err(DiscoveryError::Member(_))));
        assert_eq!(Discovery::parse(&" ".repeat(MAX_DOCUMENT + 1)), Err(DiscoveryError::TooLarge));
    }
}
