//! Looking people up: whose word counts, and for how long.

use dm3_core::identity::{Address, AddressError, EnsName, MeantError, NameError, Nft, UserProfile};
use dm3_core::ports::Clock as _;
use dm3_core::registry::{PROFILE_KEY, Site};
use dm3_core::seal::sha256_hex;
use dm3_core::session::{FindError, Holding};
use dm3_core::testing::{Fault, Network, Pair, Peer, TestWallet};

use crate::support::*;

#[test]
fn weakness_21_a_name_outside_ascii_is_found_in_its_normal_form_and_a_look_alike_is_refused() {
    run(async {
        let pair = Pair::new();
        pair.network.give_name(&name("ünï.eth"), pair.bob.address());
        let found = pair.alice.directory().find("ÜNÏ.eth").await.unwrap();
        assert_eq!((found.address, found.name), (pair.bob.address(), Some(name("ünï.eth"))));
        let look_alike = pair.alice.directory().find("bоb.eth").await.unwrap_err();
        assert!(look_alike.to_string().contains("looks like “o”"), "{look_alike}");
    });
}

#[test]
fn weakness_22_an_address_name_of_any_domain_speaks_only_for_its_own_address() {
    run(async {
        let pair = Pair::new();
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        for domain in ["addr.other.eth", "beta-addr.dm3.eth"] {
            let bobs = EnsName::of_address(pair.bob.address(), &name(domain));
            pair.network.edit_name(&bobs, |records| records.address = Some(mallory.address()));
            let found = pair.alice.directory().find(bobs.as_str()).await;
            assert_eq!(found, Err(FindError::NotItself { name: bobs.clone(), address: mallory.address() }));
            pair.network.edit_name(&bobs, |records| records.address = Some(pair.bob.address()));
            assert_eq!(pair.alice.directory().find(bobs.as_str()).await.unwrap().address, pair.bob.address());
        }
    });
}

#[test]
fn weakness_22_a_gateway_cannot_put_another_profile_at_an_address_name() {
    run(async {
        let pair = Pair::new();
        let mallory = TestWallet::of("mallory");
        let profile = UserProfile::new(keys_of("mallory").public(), vec![]);
        let text = profile.registration_message(mallory.address());
        let signature = dm3_core::ports::Wallet::sign_text(&mallory, mallory.address(), &text).await.unwrap();
        pair.network.set_profile(pair.bob.address(), profile.signed(signature));
        let found = pair.alice.directory().find(pair.bob.alias().as_str()).await;
        assert!(matches!(found, Err(FindError::Profile { .. })), "{found:?}");
    });
}

/// How often the address of bob.eth is asked for within a time, if it is needed twice.
async fn asked_again(network: &Network, peer: &Peer, after: u32) -> bool {
    let directory = peer.directory();
    directory.address_of(&name("bob.eth")).await.unwrap();
    network.clock().sleep(after).await;
    network.fail("eth_call", Fault::Unreachable);
    let again = directory.address_of(&name("bob.eth")).await.is_err();
    network.heal();
    again
}

#[test]
fn weakness_24_an_answer_is_kept_for_as_long_as_its_owner_says_but_at_most_a_minute() {
    run(async {
        let pair = Pair::new();
        let set = |ttl| pair.network.edit_name(&name("bob.eth"), |records| records.ttl = ttl);
        for (ttl, kept) in [(0, 60_000), (5, 5_000), (59, 59_000), (3600, 60_000), (u64::MAX, 60_000)] {
            set(ttl);
            assert!(!asked_again(&pair.network, &pair.alice, kept - 1).await, "{ttl}");
            assert!(asked_again(&pair.network, &pair.alice, kept).await, "{ttl}");
        }
    });
}

#[test]
fn with_a_universal_resolver_the_same_people_are_found() {
    run(async {
        let (pair, _, _) = Pair::signed_in().await;
        let expected = pair.alice.directory().find("bob.eth").await.unwrap();
        pair.network.offer_universal_resolver(true);
        let directory = pair.alice.directory();
        assert!(directory.discovery().universal_resolver.is_some());
        assert_eq!(directory.find("bob.eth").await.unwrap(), expected);
        for typed in [pair.bob.alias().to_string(), pair.bob.address().to_string()] {
            let found = directory.find(&typed).await.unwrap();
            assert_eq!((found.address, found.name), (expected.address, expected.name.clone()), "{typed}");
            assert!(found.profile.is_some(), "{typed}");
        }
        assert_eq!(directory.find("nobody.eth").await, Err(FindError::Unknown(name("nobody.eth"))));
        assert!(directory.delivery_service(&name("ds.dm3.eth")).await.is_ok());
        let (alice, bob) = (pair.alice.resume().await, pair.bob.resume().await);
        say(&alice, &pair.bob, "all the same").await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn weakness_23_a_profile_on_ipfs_is_what_its_owner_vouched_for_whatever_a_gateway_says() {
    run(async {
        let pair = Pair::new();
        let (bobs, bob) = (name("bob.eth"), pair.bob.address());
        let directory = pair.alice.directory();
        pair.bob.sign_up().await;
        let (_, profile) = directory.profile_of(bob).await.unwrap().unwrap();
        let block = profile.as_signed().to_canonical();
        let cid = format!("f01551220{}", &sha256_hex(&block)[2..]);
        pair.network.edit_name(&bobs, |records| {
            records.texts.insert(PROFILE_KEY.to_owned(), format!("ipfs://{cid}"));
        });
        // Nobody has it: that may pass.
        let missing = directory.profile_at(&bobs, bob).await.unwrap_err();
        assert!(missing.is_temporary(), "{missing}");
        let asked: Vec<String> =
            pair.network.requests().iter().rev().take(2).map(|request| request.url.to_string()).collect();
        let [second, first] = asked.as_slice() else { panic!("{asked:?}") };
        assert!(first.starts_with("https://ipfs.example/ipfs/b"), "{first}");
        // The first gateway has something better.
        pair.network.set_block(first, block.replace("ds.dm3.eth", "ds2.eth").as_bytes());
        let wrong = directory.profile_at(&bobs, bob).await.unwrap_err();
        assert!(matches!(wrong, FindError::Unreachable(_)), "{wrong}");
        // The second one is honest.
        pair.network.set_block(second, block.as_bytes());
        assert_eq!(directory.profile_at(&bobs, bob).await, Ok(Some((bobs, profile))));
    });
}

#[test]
fn a_gateway_of_ipfs_that_the_node_offers_is_asked_beside_the_own_ones() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let (bobs, bob) = (name("bob.eth"), pair.bob.address());
        let alice = pair.alice.sign_up().await;
        let directory = alice.directory();
        pair.bob.sign_up().await;
        let (_, profile) = directory.profile_of(bob).await.unwrap().unwrap();
        let block = profile.as_signed().to_canonical();
        let cid = format!("f01551220{}", &sha256_hex(&block)[2..]);
        pair.network.edit_name(&bobs, |records| {
            records.texts.insert(PROFILE_KEY.to_owned(), format!("ipfs://{cid}"));
        });
        assert!(directory.profile_at(&bobs, bob).await.unwrap_err().is_temporary());
        let asked = pair.network.requests().last().map(|request| request.url.to_string()).unwrap();
        assert!(asked.starts_with("https://dm3.example/proxy/ipfs/b"), "{asked}");
        pair.network.set_block(&asked, block.as_bytes());
        assert_eq!(directory.profile_at(&bobs, bob).await, Ok(Some((bobs, profile))));
    });
}

#[test]
fn a_record_on_ipfs_that_is_no_document_is_its_owners_to_repair() {
    run(async {
        let pair = Pair::new();
        pair.network.edit_name(&name("bob.eth"), |records| {
            records.texts.insert(PROFILE_KEY.to_owned(), "ipfs://k51qzi5uqu5".to_owned());
        });
        let directory = pair.alice.directory();
        let found = directory.profile_at(&name("bob.eth"), pair.bob.address()).await.unwrap_err();
        assert!(!found.is_temporary() && matches!(found, FindError::Record { .. }), "{found}");
    });
}

#[test]
fn what_names_have_in_common_is_asked_once_and_again_after_a_minute() {
    run(async {
        let pair = Pair::new();
        let others = ["carol", "dave", "erin"].map(|label| Peer::new(&pair.network, label));
        for other in &others {
            other.sign_up().await;
        }
        let directory = pair.alice.directory();
        let calls = || pair.network.calls();
        let mut needed = Vec::new();
        for other in &others {
            let before = calls();
            directory.find(other.alias().as_str()).await.unwrap();
            needed.push(calls() - before);
        }
        // Of the second and the third, only their own names.
        assert_eq!(needed[1], needed[2]);
        assert!(needed[1] + 3 <= needed[0], "{needed:?}");
        pair.network.clock().advance(60_000);
        let before = calls();
        directory.find(others[0].alias().as_str()).await.unwrap();
        assert_eq!(calls() - before, needed[0]);
    });
}

#[test]
fn what_most_likely_comes_next_is_asked_beside_so_that_each_look_up_waits_for_the_chain_a_few_times() {
    run(async {
        let pair = Pair::new();
        for peer in [&pair.alice, &pair.bob] {
            peer.sign_up().await;
        }
        let directory = Peer::new(&pair.network, "carol").directory();
        let clock = pair.network.clock();
        pair.network.fail("eth_call", Fault::Slow(100));
        let mut waited = Vec::new();
        for peer in [&pair.alice, &pair.bob] {
            let before = clock.now();
            assert!(directory.profile_at(&peer.alias(), peer.address()).await.unwrap().is_some());
            waited.push(clock.now() - before);
        }
        // The registry of both names, the resolver of the parent, its verdict on what the gateway says; of the second name,
        // the first of these beside the resolver.
        assert_eq!(waited, [300, 200]);
        let before = clock.now();
        directory.delivery_service(&name("ds.dm3.eth")).await.unwrap();
        assert_eq!(clock.now() - before, 200, "the registry, and the resolver");
    });
}

#[test]
fn whatever_somebody_types_leads_to_whom_they_mean() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let bob = pair.bob.address();
        for typed in [
            "eip155:1:BOB",
            "0XBOB",
            "BOB without 0x",
            "eth:BOB",
            "ethereum:pay-BOB@1?value=1e18",
            "https://etherscan.io/address/BOB",
            "https://app.ens.domains/bob.eth",
            "https://bob.eth.limo",
            "bob.eth.",
            "@bob.eth",
            "ens:bob.eth",
            "\u{feff} bob.eth\u{200b}\r\n",
            " BOB\n",
        ] {
            let typed = match typed {
                "0XBOB" => bob.to_string().replace("0x", "0X"),
                "BOB without 0x" => bob.to_string()[2..].to_owned(),
                typed => typed.replace("BOB", &bob.to_string()),
            };
            for found in [alice.find(&typed).await, pair.alice.directory().find(&typed).await] {
                let found = found.unwrap_or_else(|error| panic!("{typed}: {error}"));
                assert_eq!((found.address, found.name), (bob, Some(name("bob.eth"))), "{typed}");
                assert!(found.profile.is_some(), "{typed}");
            }
        }
        let found = |typed: &'static str| alice.find(typed);
        assert_eq!(found("alice.eth bob.eth").await, Err(MeantError::Ambiguous.into()));
        assert_eq!(
            found("solana:mainnet:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv").await,
            Err(MeantError::OtherNetwork.into())
        );
        assert_eq!(found("0x1234").await, Err(MeantError::from(AddressError::Form).into()));
        assert_eq!(found("john bob.eth").await, Err(NameError::Character(' ').into()));
        // An invisible letter inside is none around.
        assert_eq!(found("bo\u{200d}b.eth").await, Err(NameError::Character('\u{200d}').into()));
    });
}

#[test]
fn whether_somebody_has_a_token_is_what_its_contract_says_now() {
    run(async {
        let (pair, _, _) = Pair::signed_in().await;
        let (contract, bob) = (Address::from_bytes([0xaa; 20]), pair.bob.address());
        let mut token = [0; 32];
        token[31] = 7;
        let directory = pair.alice.directory();
        let chain = directory.discovery().chain_id;
        let asked = |chain: u64, kind: &str, number: u8| {
            Nft::of_id(&format!("eip155:{chain}/{kind}:{contract}/{number}")).unwrap()
        };
        let holding = async |nft: Nft| directory.holding(bob, &nft).await;
        pair.network.give_nfts(contract, [(token, bob)]);
        assert_eq!(holding(asked(chain, "erc721", 7)).await, Ok(Holding::Held));
        assert_eq!(holding(asked(chain, "erc721", 8)).await, Ok(Holding::NotHeld));
        assert_eq!(holding(asked(chain, "erc1155", 7)).await, Ok(Holding::Held));
        assert_eq!(holding(asked(chain, "erc1155", 8)).await, Ok(Holding::NotHeld));
        pair.network.give_nfts(contract, [(token, pair.alice.address())]);
        assert_eq!(holding(asked(chain, "erc721", 7)).await, Ok(Holding::OfOther(pair.alice.address())));
        assert_eq!(holding(asked(chain, "erc1155", 7)).await, Ok(Holding::NotHeld));
        for kind in ["erc721", "erc1155"] {
            assert_eq!(holding(asked(chain + 1, kind, 7)).await, Err(MeantError::OtherChain.into()));
        }
        let nothing = Nft { contract: Address::from_bytes([0xcc; 20]), ..asked(chain, "erc1155", 7) };
        assert_eq!(holding(nothing).await, Err(MeantError::NoOwner.into()));
        pair.network.fail("eth_call", Fault::Unreachable);
        for kind in ["erc721", "erc1155"] {
            assert!(holding(asked(chain, kind, 7)).await.unwrap_err().is_temporary());
        }
    });
}

#[test]
fn a_name_belongs_to_a_site_if_it_says_so_and_leads_to_the_account() {
    run(async {
        let (pair, _, _) = Pair::signed_in().await;
        let site = Site::of("https://shop.example").unwrap();
        let directory = pair.alice.directory();
        let (shop, bob) = (name("shop.eth"), pair.bob.address());
        let names = async |account: Address| directory.names_site(&shop, account, &site).await;
        pair.network.give_name(&shop, bob);
        assert_eq!(names(bob).await, Ok(false), "it says nothing");
        pair.network.edit_name(&shop, |name| {
            name.texts.insert("url".into(), "https://shop.example/about".into());
        });
        assert_eq!(names(bob).await, Ok(true));
        assert_eq!(names(pair.alice.address()).await, Ok(false), "it is somebody else's");
        pair.network.fail("eth_call", Fault::Unreachable);
        pair.network.clock().advance(120_000);
        assert!(names(bob).await.unwrap_err().is_temporary());
    });
}

#[test]
fn an_nft_leads_to_its_owner_on_the_chain_of_names_alone() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let (contract, many) = (Address::from_bytes([0xaa; 20]), Address::from_bytes([0xbb; 20]));
        let mut token = [0; 32];
        token[31] = 7;
        pair.network.give_nfts(contract, [(token, pair.bob.address())]);
        pair.network.give_nfts(many, []);
        let chain = pair.alice.directory().discovery().chain_id;
        let find = async |typed: String| alice.find(&typed).await;
        let found = find(format!("eip155:{chain}/erc721:{contract}/7")).await.unwrap();
        assert_eq!((found.address, found.name), (pair.bob.address(), Some(name("bob.eth"))));
        let calls = pair.network.calls();
        for other in ["1", "99999999999999999999999999999999"] {
            let elsewhere = find(format!("eip155:{other}/erc721:{contract}/7")).await;
            assert_eq!(elsewhere, Err(MeantError::OtherChain.into()));
        }
        assert_eq!(pair.network.calls(), calls, "nobody was asked");
        assert_eq!(
            find(format!("eip155:{chain}/erc721:{contract}/8")).await,
            Err(MeantError::NoOwner.into())
        );
        assert_eq!(find(format!("eip155:{chain}/erc721:{many}/7")).await, Err(MeantError::ManyOwners.into()));
        assert_eq!(
            find(format!("eip155:{chain}/erc1155:{many}/7")).await,
            Err(MeantError::ManyOwners.into())
        );
        let nothing = Address::from_bytes([0xcc; 20]);
        assert_eq!(find(format!("eip155:{chain}/erc721:{nothing}/7")).await, Err(MeantError::NoOwner.into()));
        pair.network.fail("eth_call", Fault::Unreachable);
        let failed = find(format!("eip155:{chain}/erc721:{contract}/7")).await.unwrap_err();
        assert!(failed.is_temporary(), "{failed}");
    });
}
