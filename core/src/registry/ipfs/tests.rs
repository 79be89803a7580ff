use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::readable::DAG_PB;
use super::*;

/// What npm's `ipfs-unixfs-importer` makes of one document in several ways.
fn made_by_ipfs() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/vectors/ipfs.json")).unwrap()
}

fn cid(text: &str) -> Cid {
    let cid = Cid::try_from(text).unwrap();
    Cid::new_v1(cid.codec(), *cid.hash())
}

/// Blocks by the CIDs they are asked for.
fn blocks_of(case: &Value) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let blocks = case["blocks"].as_object().unwrap();
    let block = |(name, block): (&String, &Value)| {
        (cid(name).hash().to_bytes(), hex::decode(block.as_str().unwrap()).unwrap())
    };
    blocks.iter().map(block).collect()
}

fn begin(address: &str) -> Result<IpfsFetch, IpfsError> {
    IpfsFetch::new(&IpfsLocation::new(&format!("ipfs://{address}")))
}

fn fetch(address: &str, blocks: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<String, IpfsError> {
    let gateway = "https://gateway.example".parse().unwrap();
    let mut fetch = begin(address)?;
    loop {
        let url = fetch.request(&gateway)?.url;
        let asked = url.as_str().strip_prefix("https://gateway.example/ipfs/").unwrap();
        let asked = cid(asked.strip_suffix("?format=raw").unwrap());
        if let Some(text) = fetch.block(&blocks[&asked.hash().to_bytes()])? {
            return Ok(text);
        }
    }
}

#[test]
fn weakness_23_documents_are_put_together_from_blocks_that_match_their_cids() {
    let made = made_by_ipfs();
    for case in made["cases"].as_array().unwrap() {
        let (root, blocks) = (case["cid"].as_str().unwrap(), blocks_of(case));
        assert_eq!(fetch(root, &blocks).as_deref(), Ok(made["text"].as_str().unwrap()), "{}", case["name"]);
        // Each block in turn is another one.
        for changed in blocks.keys() {
            let mut blocks = blocks.clone();
            blocks.get_mut(changed).unwrap()[0] ^= 1;
            assert_eq!(fetch(root, &blocks), Err(IpfsError::WrongBlock), "{}", case["name"]);
        }
    }
    assert_eq!(made["cases"].as_array().unwrap().len(), 4);
}

#[test]
fn a_wrong_block_spoils_nothing() {
    let made = made_by_ipfs();
    let case = &made["cases"][0];
    let mut fetch = begin(case["cid"].as_str().unwrap()).unwrap();
    let before = fetch.clone();
    assert_eq!(fetch.block(b"{}"), Err(IpfsError::WrongBlock));
    assert_eq!(fetch.block(&vec![0; MAX_BLOCK + 1]), Err(IpfsError::WrongBlock));
    assert_eq!(fetch, before);
    let block = blocks_of(case).into_values().next().unwrap();
    assert_eq!(fetch.block(&block), Ok(Some(made["text"].as_str().unwrap().to_owned())));
    assert_eq!(fetch.block(&block), Err(IpfsError::WrongBlock));
}

#[test]
fn a_path_leads_through_directories() {
    let made = made_by_ipfs();
    let directory = made["directory"]["cid"].as_str().unwrap();
    let mut blocks = blocks_of(&made["cases"][0]);
    let block = hex::decode(made["directory"]["block"].as_str().unwrap()).unwrap();
    blocks.insert(cid(directory).hash().to_bytes(), block);
    let at = |path: &str| fetch(&format!("{directory}{path}"), &blocks);
    assert_eq!(at("/a.json").as_deref(), Ok(made["text"].as_str().unwrap()));
    assert_eq!(at(""), Err(IpfsError::NoFile("it is a directory")));
    assert_eq!(at("/b.json"), Err(IpfsError::NoFile("nothing lies at its path")));
    assert_eq!(at("/a.json/b"), Err(IpfsError::NoFile("its path leads through a file")));
}

#[test]
fn a_cid_is_read_in_each_of_its_bases() {
    let v0 = "QmSeZUxFdKdbeFopzZbkfSnetxCjXeWQ9UQTtdgvgqpQor";
    let v1 = cid(v0).to_string();
    let base16 = format!("f{}", hex::encode(cid(v0).to_bytes()));
    let gateway = "https://gateway.example/x/".parse().unwrap();
    for address in [v0, &v1, &v1.to_uppercase(), &base16, &format!("ipfs/{v0}/")] {
        let url = begin(address).unwrap().request(&gateway).unwrap().url;
        assert_eq!(url.as_str(), format!("https://gateway.example/x/ipfs/{v1}?format=raw"));
    }
    let longest = "b".repeat(99);
    for bad in ["", "Qm", "bafy", "bafyb/x", &v0[1..], "k51qzi5uqu5", "f01711220", &longest, "a%62", "b?c"] {
        assert!(matches!(begin(bad), Err(IpfsError::Link(_))), "{bad}");
    }
    let long = format!("ipfs://{v0}{}", "/a".repeat(MAX_LINK / 2));
    for bad in ["", "ipfs:", "ipfs:/é/", &format!("ipns://{v0}"), &long] {
        assert!(matches!(IpfsFetch::new(&IpfsLocation::new(bad)), Err(IpfsError::Link(_))), "{bad}");
    }
    assert!(IpfsFetch::new(&IpfsLocation::new(&format!("IPFS://{v0}"))).is_ok());
}

#[test]
fn what_can_t_be_checked_is_not_asked_for() {
    // BLAKE2b-256, and a CID that carries its bytes itself.
    for (codec, multihash) in
        [(RAW, [&[0xa0, 0xe4, 0x02, 32][..], &[7; 32]].concat()), (RAW, vec![0, 2, 1, 2])]
    {
        let bytes = [&[1, codec as u8][..], &multihash].concat();
        let text = format!("f{}", hex::encode(bytes));
        assert_eq!(begin(&text), Err(IpfsError::Link("its hash is not SHA-256")));
    }
    let dag_cbor = format!("f0171{}", hex::encode([&[0x12, 32][..], &[7; 32]].concat()));
    assert_eq!(begin(&dag_cbor), Err(IpfsError::Link("it is neither a raw block nor a file")));
}

fn cid_of(codec: u64, bytes: &[u8]) -> Cid {
    Cid::read_bytes(&[&[1, codec as u8, 0x12, 32][..], &sha256(bytes)].concat()[..]).unwrap()
}

/// A file node that links to `cid` so many times.
fn node(cid: &Cid, times: usize) -> Vec<u8> {
    let bytes = cid.to_bytes();
    let link = [&[0x0a, bytes.len() as u8][..], &bytes].concat();
    let links = [&[0x12, link.len() as u8][..], &link].concat().repeat(times);
    [links, vec![0x0a, 2, 8, 2]].concat()
}

#[test]
fn large_documents_and_endless_ones_are_refused() {
    let leaf = vec![b'x'; 2000];
    let many = node(&cid_of(RAW, &leaf), MAX_BLOCKS);
    let mut fetch = begin(&cid_of(DAG_PB, &many).to_string()).unwrap();
    assert_eq!(fetch.block(&many), Err(IpfsError::TooLarge));

    let some = node(&cid_of(RAW, &leaf), MAX_BLOCKS - 1);
    let mut fetch = begin(&cid_of(DAG_PB, &some).to_string()).unwrap();
    assert_eq!(fetch.block(&some), Ok(None));
    for _ in 0..MAX_DOCUMENT / leaf.len() {
        assert_eq!(fetch.block(&leaf), Ok(None));
    }
    assert_eq!(fetch.block(&leaf), Err(IpfsError::TooLarge));

    let huge = vec![b'x'; MAX_DOCUMENT + 1];
    assert_eq!(begin(&cid_of(RAW, &huge).to_string()).unwrap().block(&huge), Err(IpfsError::TooLarge));
    let binary = [0xff];
    let fetched = begin(&cid_of(RAW, &binary).to_string()).unwrap().block(&binary);
    assert_eq!(fetched, Err(IpfsError::NoFile("it is no text")));
}

#[test]
fn a_chain_of_single_links_ends_at_the_bound() {
    let mut blocks = vec![b"{}".to_vec()];
    let mut next = cid_of(RAW, b"{}");
    for _ in 0..MAX_BLOCKS {
        let parent = node(&next, 1);
        next = cid_of(DAG_PB, &parent);
        blocks.push(parent);
    }
    let mut fetch = begin(&next.to_string()).unwrap();
    let mut taken = 0;
    let error = blocks.iter().rev().find_map(|block| {
        taken += 1;
        fetch.block(block).err()
    });
    assert_eq!((error, taken), (Some(IpfsError::TooLarge), MAX_BLOCKS));
}

proptest! {
    #[test]
    fn hostile_blocks_never_panic(block in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut fetch = begin(&cid_of(DAG_PB, &block).to_string()).unwrap();
        prop_assert_ne!(fetch.block(&block), Err(IpfsError::WrongBlock));
    }

    #[test]
    fn hostile_links_never_panic(address in "[a-zA-Z0-9/%.]{0,60}") {
        let _ = begin(&address);
    }
}
