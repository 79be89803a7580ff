use proptest::prelude::*;

use super::*;
use crate::identity::{Address, AddressError, EnsName};

const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const PUNK: &str = "0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB";

fn bob() -> Meant {
    Meant::Address(BOB.parse().unwrap())
}

fn named(name: &str) -> Meant {
    Meant::Name(name.to_owned())
}

fn nft(chain: impl Into<Option<u64>>, token: u8) -> Meant {
    let mut number = [0; 32];
    number[31] = token;
    Meant::Nft(Nft { chain: chain.into(), contract: PUNK.parse().unwrap(), token: number, many: false })
}

fn each_means(expected: &Meant, texts: &[&str]) {
    for text in texts {
        let text = text.replace("BOB", BOB).replace("PUNK", PUNK);
        assert_eq!(Meant::parse(&text).as_ref(), Ok(expected), "{text}");
    }
}

fn each_fails(expected: &MeantError, texts: &[&str]) {
    for text in texts {
        let text = text.replace("BOB", BOB).replace("PUNK", PUNK);
        assert_eq!(Meant::parse(&text).as_ref(), Err(expected), "{text}");
    }
}

#[test]
fn an_address_is_understood_in_every_spelling() {
    each_means(
        &bob(),
        &[
            "BOB",
            "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "0X70997970C51812DC3A010C7D01B50E0D17DC79C8",
            "0X70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "@BOB",
            " \u{feff}\u{200b}BOB\u{2060}\r\n",
            "(BOB).",
            "“BOB”",
            "My address: BOB, thanks!",
            "BOB\nBOB",
        ],
    );
}

#[test]
fn an_address_is_the_same_account_on_every_chain() {
    each_means(
        &bob(),
        &[
            "eip155:1:BOB",
            "EIP155:8453:0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "eth:BOB",
            "arb1:BOB",
            "base:0X70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "ethereum:BOB",
            "ethereum:pay-BOB",
            "ethereum:BOB@137",
            "ethereum:pay-BOB@1?value=2.014e18&gas=10",
            "Ethereum:BOB@1/deposit",
            "ethereum:PUNK/transfer?address=BOB&uint256=1",
            "ethereum:PUNK@10/transfer?uint256=1&address=BOB",
        ],
    );
    each_means(&named("alice.eth"), &["ethereum:alice.eth@1?value=1", "ethereum:pay-alice.eth"]);
}

#[test]
fn a_name_is_understood_in_every_spelling() {
    each_means(
        &named("alice.eth"),
        &[
            "alice.eth",
            "alice.eth.",
            "@alice.eth",
            "ens:alice.eth",
            "ens:@alice.eth",
            "mailto:alice.eth",
            "<alice.eth>",
            "\u{feff}alice.eth\u{200b}\n",
            "\t“alice.eth”, ",
            "alice.eth?",
            "alice.eth alice.eth",
        ],
    );
    // What it is, and what it looks like, is for the rules of names to say.
    for name in [
        "Alice.ETH",
        "аlice.eth",
        "👨\u{200d}👩.eth",
        "a_b.eth",
        "alice",
        "alice.com",
        "_dm3.eth",
        ".eth",
        "$.eth",
    ] {
        assert_eq!(Meant::parse(name), Ok(named(name)), "{name}");
    }
    assert_eq!(Meant::parse(" \n"), Ok(named("")));
    let address_name = format!("{BOB}.addr.dm3.eth");
    assert_eq!(Meant::parse(&address_name), Ok(named(&address_name)));
}

#[test]
fn whoever_is_named_in_a_link_is_meant() {
    each_means(
        &bob(),
        &[
            "https://etherscan.io/address/BOB",
            "etherscan.io/address/BOB#tokentxns",
            "HTTPS://WWW.Etherscan.io/address/BOB/",
            "http://basescan.org/address/BOB?tab=1",
            "https://opensea.io/BOB",
            "https://opensea.io/BOB/created",
            "https://app.safe.global/home?safe=eth:BOB",
            "https://example.org/#/profile/BOB",
            "https://example.org/?account=eip155%3A1%3ABOB",
            "https://example.org/chat?to=BOB&theme=dark",
            "localhost:8080/inline.html?to=BOB",
            "Look: https://etherscan.io/address/BOB!",
            "<https://etherscan.io/address/BOB>",
        ],
    );
    each_means(
        &named("alice.eth"),
        &[
            "https://app.ens.domains/alice.eth",
            "app.ens.domains/alice.eth",
            "https://app.ens.domains/name/alice.eth/details",
            "https://rainbow.me/alice.eth",
            "https://opensea.io/alice.eth",
            "https://etherscan.io/name-lookup-search?id=alice.eth",
            "https://alice.eth.limo",
            "https://alice.eth.link/about#top",
            "alice.eth.limo",
            "alice.eth/",
            "https://example.org/a%6Cice.eth",
            "https://example.org/@alice.eth",
        ],
    );
    each_means(&named("alice.com"), &["https://app.ens.domains/alice.com"]);
    each_means(
        &named("🦄.eth"),
        &["https://app.ens.domains/%F0%9F%A6%84.eth", "https://app.ens.domains/🦄.eth"],
    );
}

#[test]
fn the_owner_of_an_nft_is_meant() {
    each_means(
        &nft(1, 123),
        &[
            "eip155:1/erc721:PUNK/123",
            "https://opensea.io/assets/ethereum/PUNK/123",
            "https://opensea.io/item/ethereum/PUNK/123",
            "https://opensea.io/de-DE/assets/ethereum/PUNK/123?tab=offers",
            "opensea.io/assets/PUNK/123",
            "https://etherscan.io/nft/PUNK/123",
            "https://etherscan.io/token/PUNK?a=123",
            "https://blur.io/asset/PUNK/123",
            "https://blur.io/eth/asset/PUNK/123",
            "https://looksrare.org/collections/PUNK/123",
            "https://magiceden.io/item-details/ethereum/PUNK/123",
            "https://rarible.com/token/PUNK:123",
        ],
    );
    each_means(
        &nft(11_155_111, 5),
        &["https://testnets.opensea.io/assets/sepolia/PUNK/5", "eip155:11155111/erc721:PUNK/5"],
    );
    each_means(
        &nft(None, 5),
        &["https://opensea.io/assets/matic/PUNK/5", "https://opensea.io/item/base/PUNK/5"],
    );
    each_fails(&MeantError::ManyOwners, &["eip155:1/erc1155:PUNK/123"]);
    each_fails(
        &MeantError::Nobody,
        &[
            "eip155:1/erc721:PUNK",
            "eip155:1/erc721:PUNK/",
            "eip155:1/erc721:PUNK/12a",
            "eip155:1/slip44:60",
            "eip155:1/slip44:60/1",
            "eip155:x:BOB",
            "eip155::BOB",
        ],
    );
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    let Ok(Meant::Nft(Nft { token, .. })) = Meant::parse(&format!("eip155:1/erc721:{PUNK}/{most}")) else {
        panic!()
    };
    assert_eq!(token, [0xff; 32]);
    let above = most.replace("935", "936");
    assert_eq!(Meant::parse(&format!("eip155:1/erc721:{PUNK}/{above}")), Err(MeantError::Nobody));
}

#[test]
fn a_page_of_an_unknown_site_may_be_of_a_token_or_of_an_account() {
    each_fails(&MeantError::Ambiguous, &["https://example.org/item/PUNK/123"]);
}

#[test]
fn two_in_one_text_are_refused_and_the_first_is_never_taken() {
    each_fails(
        &MeantError::Ambiguous,
        &[
            "alice.eth bob.eth",
            "alice.eth, bob.eth",
            "BOB PUNK",
            "BOB alice.eth",
            "alice.eth\nBOB",
            "pay BOB or PUNK",
            "https://app.ens.domains/alice.eth?next=bob.eth",
            "https://alice.eth.limo/bob.eth",
            "https://etherscan.io/token/PUNK?a=BOB",
            "https://opensea.io/BOB https://opensea.io/alice.eth",
            "ethereum:PUNK@1/approve?address=BOB&uint256=1",
            "ethereum:PUNK/transfer?address=BOB&address=PUNK",
            "eip155:1/erc721:PUNK/1 BOB",
        ],
    );
}

#[test]
fn words_beside_a_name_may_belong_to_it() {
    for text in ["john smith.eth", "write to alice.eth", "a b", "hello there"] {
        assert_eq!(Meant::parse(text), Ok(named(text)));
    }
}

#[test]
fn a_wrong_checksum_is_an_error_in_every_spelling() {
    let wrong = BOB.replace("C8", "c8");
    for around in [
        "WRONG",
        "eip155:1:WRONG",
        "eth:WRONG",
        "https://etherscan.io/address/WRONG",
        "ethereum:WRONG@1",
        "@WRONG",
        "hello WRONG",
    ] {
        let text = around.replace("WRONG", &wrong);
        assert_eq!(Meant::parse(&text), Err(AddressError::Checksum.into()), "{text}");
    }
    assert_eq!(Meant::parse(&wrong[2..]), Err(AddressError::Checksum.into()));
    each_fails(
        &AddressError::Form.into(),
        &["0x1234", "0X", "eth:0x1234", "eip155:1:0x12", "eip155:1:alice"],
    );
}

#[test]
fn accounts_of_other_networks_are_told_from_nonsense() {
    each_fails(
        &MeantError::OtherNetwork,
        &[
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv",
            "bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
            "bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "hedera:mainnet:BOB",
            "cosmos:cosmoshub-3:cosmos1t2uflqwqe0fsj0shcfkrvpukewcw40yjj6hdc0",
        ],
    );
    each_fails(
        &MeantError::Nobody,
        &[
            "https://example.org/",
            "https://example.org/alice",
            "https://etherscan.io/tx/0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b",
            "https://github.com/a/b/commit/70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "https://alice.eth@example.org/",
            "ens:ens:alice.eth",
            "foo:bar",
            "a/b",
        ],
    );
}

#[test]
fn what_takes_no_understanding_is_understood_alike() {
    for (text, plain) in
        [(BOB, true), (" alice.eth\n", true), ("Alice.ETH", true), ("alice.com", false), ("alice", false)]
    {
        assert_eq!(Meant::plain(text).is_some(), plain, "{text}");
    }
    for text in [
        "alice.eth.limo",
        "alice.eth.",
        "eth:alice.eth",
        "ünï.eth",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
    ] {
        assert_eq!(Meant::plain(text), None, "{text}");
    }
}

#[test]
fn half_a_name_is_not_complete() {
    for (text, complete) in [
        ("al", false),
        ("alice", false),
        ("alice.", false),
        ("alice.e", false),
        ("alice.et", false),
        ("alice.eth", true),
        ("a.b.eth", true),
        ("alice.io", true),
        (".eth", false),
        (BOB, true),
        ("eip155:5/erc721:0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb/1", true),
    ] {
        assert_eq!(Meant::parse(text).unwrap().is_complete(), complete, "{text}");
    }
}

#[test]
fn a_text_of_megabytes_is_refused_at_once() {
    let started = std::time::Instant::now();
    for text in ["alice.eth ".repeat(1_000_000), "/".repeat(9_000_000), " ".repeat(MAX_TYPED + 1)] {
        assert_eq!(Meant::parse(&text), Err(MeantError::TooLong));
    }
    assert!(started.elapsed().as_secs() < 2);
    // Nor does the longest that is read take long.
    for piece in ["/", ":", "0x", "a.eth/", "%", "@", " a", "eip155:", "1/"] {
        let _ = Meant::parse(&piece.repeat(MAX_TYPED / piece.len()));
    }
    assert!(started.elapsed().as_secs() < 4);
}

/// A name or an address, and what it means.
fn bare() -> impl Strategy<Value = (String, Meant)> {
    let name = "[a-z0-9$]{1,12}([.][a-z0-9-]{1,2}[a-z0-9]){0,2}[.]eth"
        .prop_map(|name| (name.clone(), Meant::Name(name)));
    let address = any::<[u8; 20]>().prop_map(|bytes| {
        let address = Address::from_bytes(bytes);
        (address.to_string(), Meant::Address(address))
    });
    prop_oneof![name, address]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_is_typed_panics(text in "\\PC{0,60}|[a-z0-9x:/.?#@%&= \u{200b}]{0,60}|(0x[0-9a-fA-F]{40}|eip155:|https://|/|:|alice[.]eth|opensea[.]io|[0-9]){0,9}") {
        let read = Meant::parse(&text);
        if let Ok(meant) = &read {
            meant.is_complete();
        }
        if let Some(plain) = Meant::plain(&text) {
            prop_assert_eq!(Ok(plain), read);
        }
    }

    #[test]
    fn whatever_is_around_it_the_same_is_meant(
        (text, meant) in bare(),
        before in "[ \t\r\n\u{200b}\u{feff}\u{2060}\u{a0}\"'(<@“«]{0,6}",
        after in "[ \t\r\n\u{200b}\u{feff}\u{2060}\u{a0}\"')>,.;:!?”»]{0,6}",
    ) {
        prop_assert_eq!(Meant::parse(&text), Ok(meant.clone()));
        prop_assert_eq!(Meant::parse(&format!("{before}{text}{after}")), Ok(meant.clone()));
        for link in ["https://example.org/", "https://app.ens.domains/", "https://opensea.io/", "ens:", "ethereum:", "https://a.example/?to=", "https://a.example/#"] {
            prop_assert_eq!(Meant::parse(&format!("{before}{link}{text}{after}")), Ok(meant.clone()));
        }
    }

    #[test]
    fn with_somebody_else_beside_it_nobody_is_meant((one, _) in bare(), (other, _) in bare(), between in "[ \n,;]{0,3} ") {
        prop_assume!(!one.eq_ignore_ascii_case(&other));
        prop_assert_eq!(Meant::parse(&format!("{one}{between}{other}")), Err(MeantError::Ambiguous));
    }

    #[test]
    fn a_name_is_passed_on_as_it_is(text in "[\\PC&&[^\\s]]{1,20}[.]eth") {
        if let (Ok(Meant::Name(name)), Ok(normal)) = (Meant::parse(&text), text.parse::<EnsName>()) {
            prop_assert_eq!(name.parse::<EnsName>(), Ok(normal));
        }
    }
}

#[test]
fn the_id_of_a_token_is_read_and_written() {
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    for kind in ["erc721", "erc1155"] {
        for number in ["0", "5", most] {
            let id = format!("eip155:1/{kind}:{PUNK}/{number}");
            let nft = Nft::of_id(&id).unwrap();
            assert_eq!((nft.many, nft.number().as_str()), (kind == "erc1155", number));
            assert_eq!(nft.id(), Some(id));
        }
    }
    for other in [
        "",
        "eip155:1",
        "eip155:1/erc721:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB",
        "eip155:1/erc20:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB/1",
        "eip155:1/erc721:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193bBB/1",
        "eip155:1/erc721:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB/1 and more",
        "about eip155:1/erc721:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB/1",
    ] {
        assert_eq!(Nft::of_id(other), None, "{other}");
    }
}
