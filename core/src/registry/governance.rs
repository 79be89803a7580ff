//! What somebody voted, as delegates do: OpenZeppelin's Governor and Compound's Bravo tell it alike. Nothing but reading.
//!
//! ```text
//! governor, voter, some blocks ──votes_body──▶ eth_getLogs ──parse_votes──▶ Vote, the latest first
//! token, account ──voting_power_call, delegate_call──▶ how many votes somebody has; to whom they gave theirs
//! ```

use serde_json::Value;

use super::abi::{Arg, Tuple, encode_call};
use super::json_rpc::{Blocks, RpcError, logs_body, parse_logs, topic_of};
use super::lookup::CallOutcome;
use crate::delivery::Amount;
use crate::identity::Address;
use crate::said::Said;

/// `VoteCast(address indexed,uint256,uint8,uint256,string)`.
const VOTE_CAST: &str = "0xb8e138887d0aa13bab447e82de9d5c1777041ecd21ca36ba824ff1e6c07ddda4";
/// `VoteCastWithParams(address indexed,uint256,uint8,uint256,string,bytes)`.
const VOTE_CAST_WITH_PARAMS: &str = "0xe2babfbac5889a709b63bb7f598b324e08bc5a4fb9ec647fb3cbc9ec07eb8712";
/// `getVotes(address)` of a token with votes (ERC-5805).
const GET_VOTES: [u8; 4] = [0x9a, 0xb2, 0x4e, 0xb0];
/// `delegates(address)`.
const DELEGATES: [u8; 4] = [0x58, 0x7c, 0xde, 0x1e];
/// The most votes that are read of an answer.
const MOST_VOTES: usize = 200;

/// What somebody voted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The proposal's number, a word.
    pub proposal: [u8; 32],
    /// Which way.
    pub support: Support,
    /// With how many votes, in the token's smallest unit.
    pub weight: Amount,
    /// Why, in their own words.
    pub reason: Said,
    /// In which block.
    pub block: u64,
}

/// Which way somebody voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Against it.
    Against,
    /// For it.
    For,
    /// Neither.
    Abstain,
    /// Something of the governor's own.
    Other(u8),
}

/// Asks a governor's events for what somebody voted in some blocks.
pub fn votes_body(governor: Address, voter: Address, blocks: Blocks) -> String {
    let events = [VOTE_CAST, VOTE_CAST_WITH_PARAMS].map(Value::from).to_vec();
    logs_body(governor, vec![Value::Array(events), topic_of(voter).into()], blocks)
}

/// Reads the answer, the latest first. What is not what was asked for is passed over.
///
/// # Errors
/// [`RpcError`].
pub fn parse_votes(body: &str, governor: Address, voter: Address) -> Result<Vec<Vote>, RpcError> {
    let logs = parse_logs(body)?;
    let is_vote = |log: &super::json_rpc::Log| {
        let [event, by, ..] = log.topics.as_slice() else { return false };
        log.contract == governor
            && *by == topic_of(voter)
            && [VOTE_CAST, VOTE_CAST_WITH_PARAMS].contains(&&**event)
    };
    let votes = logs.iter().rev().filter(|log| is_vote(log));
    Ok(votes.filter_map(|log| vote(&log.data, log.block)).take(MOST_VOTES).collect())
}

fn vote(data: &[u8], block: u64) -> Option<Vote> {
    let data = Tuple::new(data).ok()?;
    Some(Vote {
        proposal: data.word(0).ok()?,
        support: match u8::try_from(data.uint(1).ok()?).ok()? {
            0 => Support::Against,
            1 => Support::For,
            2 => Support::Abstain,
            other => Support::Other(other),
        },
        weight: Amount::from_be_bytes(data.word(2).ok()?),
        reason: Said::new(data.string(3).ok()?),
        block,
    })
}

/// Asks a token how many votes an account has now, its own and those that others gave it.
pub fn voting_power_call(account: Address) -> Vec<u8> {
    encode_call(GET_VOTES, &[Arg::Address(account)])
}

/// Asks a token to whom an account gave its votes.
pub fn delegate_call(account: Address) -> Vec<u8> {
    encode_call(DELEGATES, &[Arg::Address(account)])
}

/// To whom; `None` if to nobody, or the answer is none.
pub fn delegate(answer: &CallOutcome) -> Option<Address> {
    let CallOutcome::Returned(data) = answer else { return None };
    Tuple::new(data).ok()?.address(0).ok().filter(|address| *address != Address::ZERO)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    const GOVERNOR: Address = Address::from_bytes([3; 20]);
    const VOTER: Address = Address::from_bytes([4; 20]);

    fn log(event: &str, voter: Address, support: u64, more: &Value) -> Value {
        let data = encode(&[Arg::Uint(77), Arg::Uint(support), Arg::Uint(500), Arg::Bytes(b"because")]);
        let mut log = json!({
            "address": GOVERNOR.to_lower_hex(), "topics": [event, topic_of(voter)],
            "data": format!("0x{}", hex::encode(data)), "blockNumber": "0x10", "removed": false,
        });
        for (member, value) in more.as_object().unwrap() {
            log[member] = value.clone();
        }
        log
    }

    fn read(logs: &[Value]) -> Vec<Vote> {
        parse_votes(&json!({ "result": logs }).to_string(), GOVERNOR, VOTER).unwrap()
    }

    #[test]
    fn events_and_selectors_are_the_hashes_of_their_signatures() {
        let hash = |text: &str| keccak256(text.as_bytes());
        let event = |text: &str| format!("0x{}", hex::encode(hash(text)));
        assert_eq!(VOTE_CAST, event("VoteCast(address,uint256,uint8,uint256,string)"));
        let with_params = event("VoteCastWithParams(address,uint256,uint8,uint256,string,bytes)");
        assert_eq!(VOTE_CAST_WITH_PARAMS, with_params);
        assert_eq!(GET_VOTES, hash("getVotes(address)")[..4]);
        assert_eq!(DELEGATES, hash("delegates(address)")[..4]);
    }

    #[test]
    fn votes_are_told_the_latest_first() {
        let none = json!({});
        let votes = read(&[
            log(VOTE_CAST, VOTER, 1, &none),
            log(VOTE_CAST_WITH_PARAMS, VOTER, 0, &json!({ "blockNumber": "0x11" })),
            log(VOTE_CAST, VOTER, 9, &json!({ "blockNumber": "0x12" })),
        ]);
        let told: Vec<_> = votes.iter().map(|vote| (vote.block, vote.support)).collect();
        assert_eq!(told, [(18, Support::Other(9)), (17, Support::Against), (16, Support::For)]);
        assert_eq!(votes[0].weight, Amount::from(500));
        assert_eq!(votes[0].reason, Said::new("because"));
        assert_eq!(votes[0].proposal[31], 77);
    }

    #[test]
    fn what_was_not_asked_for_is_passed_over() {
        let other = Address::from_bytes([5; 20]);
        let none = json!({});
        let logs = [
            log(VOTE_CAST, other, 1, &none),
            log("0x01", VOTER, 1, &none),
            log(VOTE_CAST, VOTER, 1, &json!({ "address": other.to_lower_hex() })),
            log(VOTE_CAST, VOTER, 1, &json!({ "removed": true })),
            log(VOTE_CAST, VOTER, 1, &json!({ "data": "0x" })),
            log(VOTE_CAST, VOTER, 256, &none),
            log(VOTE_CAST, VOTER, 1, &json!({ "blockNumber": 16 })),
        ];
        assert_eq!(read(&logs), []);
        assert_eq!(read(&vec![log(VOTE_CAST, VOTER, 1, &none); 300]).len(), MOST_VOTES);
        assert!(parse_votes("[]", GOVERNOR, VOTER).is_err());
    }

    #[test]
    fn so_many_blocks_are_asked_for_at_once() {
        let blocks = Blocks::up_to(25_000);
        let body = votes_body(GOVERNOR, VOTER, blocks);
        assert!(
            body.contains(r#""fromBlock":"0x3a99","#) && body.contains(r#""toBlock":"0x61a8""#),
            "{body}"
        );
        let all: Vec<_> = std::iter::successors(Some(blocks), |blocks| blocks.before()).collect();
        assert_eq!(all.iter().map(|blocks| blocks.last - blocks.first + 1).sum::<u64>(), 25_001);
    }

    #[test]
    fn votes_are_given_to_somebody_or_to_nobody() {
        let told = |account| delegate(&CallOutcome::Returned(encode(&[Arg::Address(account)])));
        assert_eq!(told(VOTER), Some(VOTER));
        assert_eq!(told(Address::ZERO), None);
        assert_eq!(delegate(&CallOutcome::Returned(Vec::new())), None);
    }
}
