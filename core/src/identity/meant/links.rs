//! Links that somebody is named in. They are read, never followed, so it does not matter who is behind the host.

use super::reference::{
    Candidate, Meant, MeantError, Nft, behind_gateway, digits_of_address, is_below_eth, of_chain,
    token_number, whole_address,
};

/// Where an NFT has a page of its own: the host, the path before its contract, and the number of its chain. After the
/// contract comes its number.
const PAGES_OF_NFTS: &[(&str, &str, u64)] = &[
    ("opensea.io", "assets/ethereum", 1),
    ("opensea.io", "item/ethereum", 1),
    ("opensea.io", "assets", 1),
    ("testnets.opensea.io", "assets/sepolia", 11_155_111),
    ("etherscan.io", "nft", 1),
    ("etherscan.io", "token", 1),
    ("sepolia.etherscan.io", "nft", 11_155_111),
    ("sepolia.etherscan.io", "token", 11_155_111),
    ("blur.io", "asset", 1),
    ("blur.io", "eth/asset", 1),
    ("looksrare.org", "collections", 1),
    ("magiceden.io", "item-details/ethereum", 1),
    ("rarible.com", "token", 1),
];

/// Where every name has a page of its own, also one of DNS.
const APP_OF_NAMES: &str = "app.ens.domains";

/// Reads a link without its scheme.
pub(super) fn of_link(link: &str) -> Result<Meant, MeantError> {
    let link = link.trim_start_matches('/');
    let (authority, rest) = link.split_at(link.find(['/', '?', '#']).unwrap_or(link.len()));
    // What stands before an @ only looks like a host.
    if authority.contains('@') {
        return Err(MeantError::Nobody);
    }
    let host = authority.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let pieces: Vec<String> =
        rest.split(['/', '?', '&', '=', '#']).filter(|piece| !piece.is_empty()).map(decoded).collect();
    let mut found = Candidate::default();
    if let Some(name) = behind_gateway(host).or_else(|| is_below_eth(host).then_some(host)) {
        found.add(Meant::Name(name.to_owned()))?;
    }
    for (at, piece) in pieces.iter().enumerate() {
        if let Some(nft) = nft(host, &pieces, at)? {
            found.add(Meant::Nft(nft))?;
        } else if let Some(meant) = of_piece(host, piece)? {
            found.add(meant)?;
        }
    }
    found.into_inner().ok_or(MeantError::Nobody)
}

/// Reads what is asked of a wallet (ERC-681), without its scheme: whose account it is about.
pub(super) fn of_request(request: &str) -> Result<Meant, MeantError> {
    let request = request.trim_start_matches('/');
    let is_payment = request.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("pay-"));
    let request = if is_payment { &request[4..] } else { request };
    let (target, rest) = request.split_at(request.find(['@', '/', '?', '#']).unwrap_or(request.len()));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut found = Candidate::default();
    // The target of a transfer is the token's contract.
    if path.split_once('/').is_some_and(|(_, function)| function == "transfer") {
        for (_, value) in values.filter(|(key, _)| *key == "address") {
            found.add(of_piece("", &decoded(value))?.ok_or(MeantError::Nobody)?)?;
        }
    } else {
        found.add(of_piece("", &decoded(target))?.ok_or(MeantError::Nobody)?)?;
        for (_, value) in values {
            if let Some(other) = of_piece("", &decoded(value))? {
                found.add(other)?;
            }
        }
    }
    found.into_inner().ok_or(MeantError::Nobody)
}

/// A piece that is an address or a name.
fn of_piece(host: &str, piece: &str) -> Result<Option<Meant>, MeantError> {
    if let Some(address) = whole_address(piece) {
        return address.map(|address| Some(Meant::Address(address)));
    }
    if let Some(account) = piece.strip_prefix("eip155:") {
        return of_chain(account).map(Some);
    }
    let piece = piece.trim_start_matches('@');
    let is_name = is_below_eth(piece) || (host == APP_OF_NAMES && piece.contains('.'));
    Ok(is_name.then(|| Meant::Name(piece.to_owned())))
}

/// The NFT whose contract is the piece at this place.
fn nft(host: &str, pieces: &[String], at: usize) -> Result<Option<Nft>, MeantError> {
    let (contract, mut token) = match pieces[at].split_once(':') {
        // One piece at some markets.
        Some((contract, token)) if digits_of_address(contract).is_some() => (contract, Some(token)),
        _ => (pieces[at].as_str(), None),
    };
    let Some(contract) = whole_address(contract) else { return Ok(None) };
    let mut after = pieces[at + 1..].iter();
    if token.is_none() {
        token = after.next().map(String::as_str);
        if token == Some("a") && host.ends_with("etherscan.io") {
            token = after.next().map(String::as_str);
        }
    }
    let Some(token) = token.and_then(token_number) else { return Ok(None) };
    let (contract, path) = (contract?, pieces[..at].join("/"));
    let is_there =
        |page: &str| path.strip_suffix(page).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    let pages = PAGES_OF_NFTS.iter().filter(|(site, ..)| *site == host);
    match pages.clone().find(|(_, page, _)| is_there(page)) {
        Some((_, _, chain)) => Ok(Some(Nft { chain: Some(*chain), contract, token, many: false })),
        None if pages.count() > 0 => Ok(Some(Nft { chain: None, contract, token, many: false })),
        // It may be a token of a contract, or the second page of an account.
        None => Err(MeantError::Ambiguous),
    }
}

/// A piece of a link in the characters that it stands for.
fn decoded(piece: &str) -> String {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| piece.to_owned())
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}
