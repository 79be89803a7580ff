//! Names, profiles and links between them, wallet signatures, backups.

use dm3_core::identity::wallet_signature::recover;
use dm3_core::identity::{
    Address, Backup, EnsName, KeyNonce, KeySeed, Link, LinkPurpose, Meant, RecoveryCode, SeenProfiles,
    SignedLink, SignedProfile,
};

use super::{Fixed, bounded, stable, text};

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

/// What somebody typed.
pub fn meant(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = Meant::parse(text);
    if let Some(plain) = Meant::plain(text) {
        assert_eq!(read.as_ref(), Ok(&plain), "the short way leads to the same");
    }
    let Ok(meant) = read else { return };
    let _ = meant.is_complete();
    match meant {
        Meant::Address(address) => assert_eq!(Meant::parse(&address.to_string()), Ok(meant)),
        Meant::Nft(_) => {}
        // Where the rules of names are kept, it stays what it was.
        Meant::Name(name) => {
            assert!(name.len() <= text.len());
            if let Ok(name) = name.parse::<EnsName>() {
                let again = Meant::parse(name.as_str());
                assert!(matches!(&again, Ok(Meant::Name(_) | Meant::Address(_))), "{again:?}");
            }
        }
    }
}

pub fn profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(profile) = SignedProfile::parse(text) else { return };
    let written = profile.to_canonical();
    bounded(&written, text);
    stable(&written, SignedProfile::parse, SignedProfile::to_canonical);
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

/// A backup file, and in the next line the code that may open it.
pub fn backup(data: &[u8]) {
    let _ = KeySeed::from_kept(data);
    let Some(text) = text(data) else { return };
    let _ = (KeySeed::from_base64(text), text.parse::<KeyNonce>());
    let (file, code) = text.split_once('\n').unwrap_or((text, text));
    let code = code.parse::<RecoveryCode>().ok();
    if let Some(code) = &code {
        let written = code.to_text();
        assert_eq!(written.parse::<RecoveryCode>().expect("a written code is one").to_text(), written);
    }
    let Ok(backup) = file.parse::<Backup>() else { return };
    assert_eq!(backup.to_string().parse().as_ref(), Ok(&backup));
    let Some(code) = code else { return };
    if let Ok(seed) = backup.open(&code) {
        let again = Backup::wrap(backup.account(), &seed, &code, &Fixed).expect("a backup");
        assert!(again.open(&code).is_ok_and(|again| again.matches(&seed)));
        let other =
            Backup::wrap(Address::ZERO, &seed, &RecoveryCode::new_random(&Fixed), &Fixed).expect("a backup");
        assert!(other.open(&code).is_err());
    }
}

pub fn profile_link(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(link) = SignedLink::parse(text) else { return };
    let written = link.to_canonical();
    bounded(&written, text);
    assert_eq!(SignedLink::parse(&written).as_ref(), Ok(&link));
    let claimed = link.claimed().clone();
    // No member can add a line to the text that is signed.
    assert_eq!(claimed.message().lines().count(), 9);
    assert_eq!(Link::read(&claimed.message()).as_ref(), Ok(&claimed));
    for now in [0, 1_700_000_001, u64::MAX] {
        let purpose = LinkPurpose { linked: claimed.linked(), scope: "https://app.example", now };
        if let Ok(verified) = link.clone().verify_by_account(Address::ZERO, purpose) {
            panic!("nobody has the key of {:?}", verified.link().main());
        }
    }
}

/// What a device remembers: its storage may be damaged.
pub fn seen_profiles(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(seen) = SeenProfiles::parse(text) else { return };
    let written = seen.to_json();
    bounded(&written, text);
    assert_eq!(SeenProfiles::parse(&written), Ok(seen));
}
