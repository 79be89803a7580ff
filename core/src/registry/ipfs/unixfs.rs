//! The nodes of files and directories: dag-pb around UnixFS, both in the wire format of Protocol Buffers.
//!
//! ```text
//! node    = 2: link { 1: cid   2: name }*   1: unixfs { 1: type   2: bytes }
//! ```
//!
//! Sizes that a node claims are not read: the blocks themselves are counted.

use cid::Cid;

use super::error::IpfsError;
use super::readable::readable;

/// UnixFS types: a directory, and what files are made of.
const RAW: u64 = 0;
const DIRECTORY: u64 = 1;
const FILE: u64 = 2;
/// The most links of a node. A larger directory is split up (type 5), which is not followed.
const MAX_LINKS: usize = 4096;

/// A node: its own bytes, and what follows or lies in it.
pub(super) struct Node<'a> {
    pub(super) is_directory: bool,
    pub(super) data: &'a [u8],
    pub(super) links: Vec<Child<'a>>,
}

/// A link to another node or block.
pub(super) struct Child<'a> {
    /// Of an entry in a directory; of a file's parts it says nothing.
    pub(super) name: &'a [u8],
    cid: &'a [u8],
}

impl Child<'_> {
    pub(super) fn target(&self) -> Result<Cid, IpfsError> {
        let cid = Cid::try_from(self.cid).map_err(|_| IpfsError::NoFile("a link in it leads nowhere"))?;
        readable(cid).map_err(IpfsError::NoFile)
    }
}

pub(super) fn parse(block: &[u8]) -> Result<Node<'_>, IpfsError> {
    let (mut links, mut unixfs) = (Vec::new(), None);
    for field in Fields(block) {
        match field? {
            (2, Field::Bytes(link)) if links.len() < MAX_LINKS => links.push(parse_link(link)?),
            (2, Field::Bytes(_)) => return Err(IpfsError::TooLarge),
            (1, Field::Bytes(data)) => unixfs = Some(data),
            _ => {}
        }
    }
    let (mut kind, mut data) = (None, &[][..]);
    for field in Fields(unixfs.ok_or(IpfsError::NoFile("it holds no UnixFS data"))?) {
        match field? {
            (1, Field::Number(number)) => kind = Some(number),
            (2, Field::Bytes(bytes)) => data = bytes,
            _ => {}
        }
    }
    match kind {
        Some(kind @ (RAW | DIRECTORY | FILE)) => Ok(Node { is_directory: kind == DIRECTORY, data, links }),
        _ => Err(IpfsError::NoFile("it is neither a file nor a small directory")),
    }
}

fn parse_link(link: &[u8]) -> Result<Child<'_>, IpfsError> {
    let mut parsed = Child { name: &[], cid: &[] };
    for field in Fields(link) {
        match field? {
            (1, Field::Bytes(cid)) => parsed.cid = cid,
            (2, Field::Bytes(name)) => parsed.name = name,
            _ => {}
        }
    }
    Ok(parsed)
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by their numbers. It ends at the first that can't be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), IpfsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(IpfsError::NoFile("a block is damaged")))
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.number()?;
        let field = match key & 7 {
            0 => Field::Number(self.number()?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            // dag-pb and UnixFS have no other wire types.
            _ => return None,
        };
        Some((key >> 3, field))
    }

    /// A number in groups of seven bits, the lowest first; at most 63 bits, which no field exceeds.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
