//! Names, profiles, wallet signatures.

use dm3_core::identity::wallet_signature::recover;
use dm3_core::identity::{Address, EnsName, SignedProfile};

use super::{bounded, text};

pub fn name(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse(), Ok(address));
    }
    let Ok(name) = text.parse::<EnsName>() else { return };
    assert!(name.as_str().len() <= 253);
    assert_eq!(name.as_str().parse().as_ref(), Ok(&name), "a normal form is its own");
    assert_eq!(EnsName::from_normalised(name.as_str()).as_ref(), Ok(&name));
    // A length byte for each label in place of the dots, one more, and the root.
    assert!(name.dns_encoded().len() <= name.as_str().len() + 2);
    let mut above = Some(name);
    while let Some(name) = above {
        let _ = (name.namehash(), name.carried_address());
        above = name.parent();
    }
}

pub fn profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(profile) = SignedProfile::parse(text) else { return };
    let written = profile.to_canonical();
    bounded(&written, text);
    assert_eq!(SignedProfile::parse(&written).as_ref(), Ok(&profile));
    if let Ok(verified) = profile.verify(Address::ZERO) {
        panic!("nobody has the key of {}", verified.account());
    }
}

pub fn wallet_signature(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = recover("message", text);
    let _ = recover(text, text);
    if let Some((raw, _)) = data.split_first_chunk::<64>() {
        let signature = format!("0x{}1b", hex::encode(raw));
        if let Ok(signer) = recover(text, &signature) {
            let other = format!("0x{}1c", hex::encode(raw));
            assert_ne!(recover(text, &other), Ok(signer), "the other root is another point");
        }
    }
}
