//! Which events may be asked for: some of one contract's, in not too many blocks.

use serde_json::{Value, json};

use super::digits::is_hex;

/// The most blocks that are looked through.
const MOST_BLOCKS: u64 = 10_000;
/// The most for some events that name one account, or one of something else: the answer is short.
const MOST_BLOCKS_OF_ONE: u64 = 100_000;
/// The most events among which one may be, in one place of a filter; and the most places.
const MOST_TOPICS: usize = 4;
/// `0x` and the digits of an address, of a topic, and the most of a block's number.
const ADDRESS: usize = 42;
const TOPIC: usize = 66;
const NUMBER: usize = 18;

/// The filter put together anew; `None` if it is none that may be asked for.
pub(super) fn filter(filter: &Value) -> Option<Value> {
    let members = filter.as_object()?;
    let text = |member: &str| members.get(member)?.as_str();
    let block = |member: &str| {
        let digits = text(member).filter(|text| is_hex(text, NUMBER))?.strip_prefix("0x")?;
        u64::from_str_radix(digits, 16).ok()
    };
    let address = text("address").filter(|text| text.len() == ADDRESS && is_hex(text, ADDRESS))?;
    let (first, last) = (block("fromBlock")?, block("toBlock")?);
    let topics = members.get("topics")?.as_array()?;
    let is_of_one = topics.iter().skip(1).any(Value::is_string);
    let most = if is_of_one { MOST_BLOCKS_OF_ONE } else { MOST_BLOCKS };
    let is_bounded = members.len() == 4 && first <= last && last - first < most;
    // Without the first one, all that a contract has ever told would be looked through.
    let is_named = topics.first().is_some_and(|topic| !topic.is_null()) && topics.len() <= MOST_TOPICS;
    (is_bounded && is_named && topics.iter().all(is_place)).then(|| {
        json!({ "address": address, "topics": topics, "fromBlock": format!("{first:#x}"), "toBlock": format!("{last:#x}") })
    })
}

/// Anything, one topic, or one of some.
fn is_place(place: &Value) -> bool {
    let is_topic =
        |topic: &Value| topic.as_str().is_some_and(|text| text.len() == TOPIC && is_hex(text, TOPIC));
    match place {
        Value::Null => true,
        Value::Array(some) => (1..=MOST_TOPICS).contains(&some.len()) && some.iter().all(is_topic),
        one => is_topic(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_events_of_one_contract_in_some_blocks_may_be_asked_for() {
        let topic = format!("0x{}", "01".repeat(32));
        let good = json!({
            "address": "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e", "topics": [[topic, topic], null, topic],
            "fromBlock": "0x1", "toBlock": "0x186a0",
        });
        assert_eq!(filter(&good), Some(good.clone()));
        let mut of_all = good.clone();
        of_all["topics"] = json!([[topic, topic], null, [topic]]);
        assert_eq!(filter(&of_all), None);
        of_all["toBlock"] = json!("0x2710");
        assert_eq!(filter(&of_all), Some(of_all.clone()));
        for (member, value) in [
            ("address", json!(["0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e"])),
            ("address", json!("0x12")),
            ("topics", json!([])),
            ("topics", json!([null, topic])),
            ("topics", json!([[]])),
            ("topics", json!([["0x01"]])),
            ("topics", json!([[topic, topic, topic, topic, topic]])),
            ("topics", json!([topic, topic, topic, topic, topic])),
            ("fromBlock", json!("0x0")),
            ("fromBlock", json!("earliest")),
            ("toBlock", json!("0x0")),
            ("toBlock", json!("latest")),
            ("toBlock", json!("0x186a1")),
            ("blockHash", json!(topic)),
        ] {
            let mut wrong = good.clone();
            wrong[member] = value.clone();
            assert_eq!(filter(&wrong), None, "{member} {value}");
        }
    }
}
