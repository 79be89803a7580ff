//! Documents on IPFS, fetched block by block from gateways that need not be trusted.
//!
//! ```text
//! ipfs://<cid>/<path> ─► block of the cid ─► directory: block of the path's next entry, and again
//!                                         ─► file: its bytes, then the blocks of its links, in order ─► document
//! block is taken  ⇔  SHA-256(block) = the hash in its CID
//! ```
//!
//! A gateway can withhold, but not change. [`IpfsFetch`] says which block to ask for; whoever does the asking chooses
//! the gateways ([`IpfsGateways`](crate::session::IpfsGateways) does, over the ports). Sources: the CID and multihash specifications, UnixFS
//! and dag-pb of the IPLD specifications, and the IPFS trustless gateway specification. CIDs are read by the crate
//! `cid` (of the format's own authors, kept up, MIT); the crates that read files bring storage and networking along.

mod error;
mod readable;
mod unixfs;

use cid::Cid;

pub use error::IpfsError;
use readable::{RAW, readable};

use super::location::IpfsLocation;
use crate::seal::sha256;
use crate::web::{BaseUrl, HttpRequest};

/// What an address begins with.
const SCHEME: &str = "ipfs://";
/// The longest address, in bytes.
const MAX_LINK: usize = 256;
/// The largest document, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;
/// The largest block that is looked at, in bytes: a document and what is around it, or a directory.
pub const MAX_BLOCK: usize = 2 * MAX_DOCUMENT;
/// The most blocks of a document, with the directories on the way to it.
const MAX_BLOCKS: usize = 64;
/// The longest text of a CID, in bytes: a SHA-256 has 73 in base 16.
const MAX_CID: usize = 80;

/// A document that is being put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpfsFetch {
    /// The blocks that are still wanted; the next one is last.
    wanted: Vec<Cid>,
    /// The entries of directories on the way to the file; the next one is last.
    path: Vec<String>,
    document: Vec<u8>,
    blocks: usize,
}

impl IpfsFetch {
    /// Begins.
    ///
    /// # Errors
    /// [`IpfsError::Link`] if the link has no CID that can be fetched.
    pub fn new(link: &IpfsLocation) -> Result<Self, IpfsError> {
        let begins = link.as_str().get(..SCHEME.len()).is_some_and(|text| text.eq_ignore_ascii_case(SCHEME));
        if !begins || link.as_str().len() > MAX_LINK {
            return Err(IpfsError::Link("its address does not begin with ipfs://, or is too long"));
        }
        let address = &link.as_str()[SCHEME.len()..];
        // Older links repeat the namespace.
        let address = address.strip_prefix("ipfs/").unwrap_or(address);
        if address.contains(['%', '?', '#']) {
            return Err(IpfsError::Link("its path has an escape or a query"));
        }
        let mut parts = address.split('/').filter(|part| !part.is_empty());
        let root = parts.next().filter(|text| text.len() <= MAX_CID);
        let root = root.and_then(|text| Cid::try_from(text).ok());
        let root = root.ok_or(IpfsError::Link("it has no CID, or one in an unknown base"))?;
        let root = readable(root).map_err(IpfsError::Link)?;
        let mut path: Vec<String> = parts.map(str::to_owned).collect();
        path.reverse();
        Ok(Self { wanted: vec![root], path, document: Vec::new(), blocks: 0 })
    }

    /// How to ask a gateway for the next block: `<gateway>/ipfs/<cid>?format=raw`. The answer is bytes, at most
    /// [`MAX_BLOCK`] of them.
    ///
    /// # Errors
    /// [`IpfsError::Link`] if gateway and CID make no web address.
    pub fn request(&self, gateway: &BaseUrl) -> Result<HttpRequest, IpfsError> {
        // Version 1 names the same block as version 0, and hosts that are not case-sensitive understand it too.
        let cid = self.wanted.last().map(|cid| Cid::new_v1(cid.codec(), *cid.hash()).to_string());
        let url = gateway.join(&["ipfs", &cid.unwrap_or_default()]);
        let url = format!("{url}?format=raw").parse();
        url.map(HttpRequest::get).map_err(|_| IpfsError::Link("the gateway can't be asked for it"))
    }

    /// Takes the bytes that a gateway gave for the block; gives the document's text when it is complete.
    ///
    /// # Errors
    /// [`IpfsError::WrongBlock`] leaves everything as it was, so that another gateway can be asked; all others are
    /// final.
    pub fn block(&mut self, bytes: &[u8]) -> Result<Option<String>, IpfsError> {
        let cid = self.wanted.last().ok_or(IpfsError::WrongBlock)?;
        if bytes.len() > MAX_BLOCK || sha256(bytes) != cid.hash().digest() {
            return Err(IpfsError::WrongBlock);
        }
        let raw = cid.codec() == RAW;
        self.wanted.pop();
        self.blocks += 1;
        if raw {
            self.add(bytes)?;
        } else {
            let node = unixfs::parse(bytes)?;
            if node.is_directory {
                let name = self.path.pop().ok_or(IpfsError::NoFile("it is a directory"))?;
                let entry = node.links.iter().find(|link| link.name == name.as_bytes());
                self.wanted.push(entry.ok_or(IpfsError::NoFile("nothing lies at its path"))?.target()?);
            } else {
                self.add(node.data)?;
                if self.blocks + self.wanted.len() + node.links.len() > MAX_BLOCKS {
                    return Err(IpfsError::TooLarge);
                }
                for link in node.links.iter().rev() {
                    self.wanted.push(link.target()?);
                }
            }
        }
        if !self.wanted.is_empty() {
            return if self.blocks < MAX_BLOCKS { Ok(None) } else { Err(IpfsError::TooLarge) };
        }
        let document = std::mem::take(&mut self.document);
        String::from_utf8(document).map(Some).map_err(|_| IpfsError::NoFile("it is no text"))
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), IpfsError> {
        if !self.path.is_empty() {
            return Err(IpfsError::NoFile("its path leads through a file"));
        }
        if self.document.len() + bytes.len() > MAX_DOCUMENT {
            return Err(IpfsError::TooLarge);
        }
        self.document.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
