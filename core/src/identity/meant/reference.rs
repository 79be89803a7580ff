//! What one piece of a text can refer to: an address, a name, a token, each in the spellings there are.

use crate::decimal::decimal;
use crate::identity::{Address, AddressError, EnsName};

/// Whom somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// An account, whatever chain was named with it: an address is the same account on each.
    Address(Address),
    /// Whoever has this name. As it was typed: it is not normalised yet, and may be no name.
    Name(String),
    /// Whoever owns this.
    Nft(Nft),
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nft {
    /// The chain it is on; `None` if that has no number here.
    pub chain: Option<u64>,
    /// The contract it is of.
    pub contract: Address,
    /// Its number there, as a word of the ABI.
    pub token: [u8; 32],
    /// Many may have it (ERC-1155), and not one (ERC-721).
    pub many: bool,
}

impl Nft {
    /// Reads the id of a token (CAIP-19): `eip155:1/erc721:0x…/123`.
    pub fn of_id(text: &str) -> Option<Self> {
        let (chain, asset) = text.strip_prefix("eip155:")?.split_once('/')?;
        asset_of(chain, asset).ok()
    }

    /// Its id; `None` if its chain has no number here.
    pub fn id(&self) -> Option<String> {
        let kind = if self.many { "erc1155" } else { "erc721" };
        Some(format!("eip155:{}/{kind}:{}/{}", self.chain?, self.contract, self.number()))
    }

    /// Its number there, in decimal digits.
    pub fn number(&self) -> String {
        decimal(self.token)
    }
}

/// Why it can't be made out whom somebody means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeantError {
    /// Longer than any reference to somebody.
    #[error("the text is too long to be a name, an address or a link")]
    TooLong,
    /// It refers to more than one.
    #[error("more than one name or address is in it; please enter one")]
    Ambiguous,
    /// It refers to nobody.
    #[error("there is neither a name nor an address in it")]
    Nobody,
    /// An account of another kind of network.
    #[error("it is no account of Ethereum, and dm3 has no others")]
    OtherNetwork,
    /// Looks like an address, but is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An NFT on a chain where nothing is looked up.
    #[error("NFTs of other chains can't be looked up")]
    OtherChain,
    /// A token of ERC-1155, which many may have.
    #[error("this token has no single owner")]
    ManyOwners,
    /// There is no such NFT, or nobody has it.
    #[error("this NFT has no owner")]
    NoOwner,
}

impl Meant {
    /// Reads what is nothing but an address or a name below `eth`, as most of what is typed is; `None` if it takes more
    /// than that to understand it.
    pub fn plain(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let name =
            text.parse::<EnsName>().ok().filter(|name| text.is_ascii() && name.as_str().ends_with(".eth"));
        name.map(|_| Self::Name(text.to_owned()))
    }

    /// Whether it is all that it can be, so that looking it up is no guess: half a name is looked up nowhere.
    pub fn is_complete(&self) -> bool {
        let Self::Name(name) = self else { return true };
        match name.rsplit_once('.') {
            // Who types `.et` is on the way to `.eth`.
            Some((labels, last)) => {
                !labels.is_empty() && last.chars().nth(1).is_some() && !last.eq_ignore_ascii_case("et")
            }
            None => false,
        }
    }
}

/// What was found in a text so far.
#[derive(Default)]
pub(super) struct Candidate(Option<Meant>);

impl Candidate {
    /// Takes one more; the same once more is no other.
    pub(super) fn add(&mut self, found: Meant) -> Result<(), MeantError> {
        let known = match (&self.0, &found) {
            (None, _) => false,
            (Some(Meant::Name(one)), Meant::Name(other)) if one.eq_ignore_ascii_case(other) => true,
            (Some(known), _) if *known == found => true,
            (Some(_), _) => return Err(MeantError::Ambiguous),
        };
        if !known {
            self.0 = Some(found);
        }
        Ok(())
    }

    pub(super) fn into_inner(self) -> Option<Meant> {
        self.0
    }
}

/// The digits of what begins like an address.
pub(super) fn digits_of_address(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

/// An address without its `0x`.
pub(super) fn address(digits: &str) -> Result<Address, MeantError> {
    Ok(format!("0x{digits}").parse::<Address>()?)
}

/// Whether these are the digits of an address, and nothing else.
pub(super) fn are_digits_of_address(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// A piece that is an address, with the name of a chain or without (ERC-3770); `None` if it is something else.
pub(super) fn whole_address(piece: &str) -> Option<Result<Address, MeantError>> {
    let bare =
        piece.split_once(':').filter(|(chain, _)| is_short_name(chain)).map_or(piece, |(_, rest)| rest);
    digits_of_address(bare).filter(|digits| are_digits_of_address(digits)).map(address)
}

/// A chain's short name, as in `eth:` and `arb1:`.
fn is_short_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A name below `eth`, by its looks: whether it is one is for the rules of names to say.
pub(super) fn is_below_eth(text: &str) -> bool {
    last_label(text).is_some_and(|(labels, last)| !labels.is_empty() && last.eq_ignore_ascii_case("eth"))
}

/// The name behind a host of a gateway to the sites of names: `alice.eth.limo`, `alice.eth.link`.
pub(super) fn behind_gateway(host: &str) -> Option<&str> {
    let (name, last) = last_label(host)?;
    let is_gateway = ["limo", "link"].iter().any(|gateway| last.eq_ignore_ascii_case(gateway));
    (is_gateway && is_below_eth(name)).then_some(name)
}

fn last_label(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once('.').filter(|(labels, _)| !labels.contains([':', '@', '/', ' ']))
}

/// What follows `eip155:`: an account (CAIP-10), or an asset (CAIP-19).
pub(super) fn of_chain(text: &str) -> Result<Meant, MeantError> {
    let end = text.find([':', '/']).ok_or(MeantError::Nobody)?;
    let (chain, rest) = text.split_at(end);
    if !(1..=32).contains(&chain.len()) || !chain.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(MeantError::Nobody);
    }
    let Some(asset) = rest.strip_prefix('/') else {
        let digits = digits_of_address(&rest[1..]).ok_or(AddressError::Form)?;
        return address(digits).map(Meant::Address);
    };
    let nft = asset_of(chain, asset)?;
    if nft.many { Err(MeantError::ManyOwners) } else { Ok(Meant::Nft(nft)) }
}

/// What follows a chain in the id of an asset.
fn asset_of(chain: &str, asset: &str) -> Result<Nft, MeantError> {
    let (kind, rest) = asset.split_once(':').ok_or(MeantError::Nobody)?;
    let (contract, token) = rest.split_once('/').ok_or(MeantError::Nobody)?;
    let many = match kind.to_ascii_lowercase().as_str() {
        "erc721" => false,
        "erc1155" => true,
        _ => return Err(MeantError::Nobody),
    };
    let contract = address(digits_of_address(contract).ok_or(AddressError::Form)?)?;
    let token = token_number(token).ok_or(MeantError::Nobody)?;
    Ok(Nft { chain: chain.parse().ok(), contract, token, many })
}

/// The number of a token: decimal digits of at most 256 bits.
pub(super) fn token_number(text: &str) -> Option<[u8; 32]> {
    /// As many as the largest such number has.
    const MOST: usize = 78;
    if text.is_empty() || text.len() > MOST {
        return None;
    }
    let mut number = [0_u8; 32];
    for digit in text.chars() {
        let mut carry = digit.to_digit(10)?;
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 10 + carry;
            *byte = value as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}
