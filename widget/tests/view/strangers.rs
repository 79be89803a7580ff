//! Who writes to somebody for the first time: what they are told, and what is told of them.

use dm3_core::delivery::{SpamRule, Verdict};
use dm3_core::device::Trust;
use dm3_core::session::{Demand, Usage};
use dm3_widget::app::state::*;
use dm3_widget::app::stranger::Stranger;
use dm3_widget::app::{Act, Command, ShareAsk, StakeAsk};
use wasm_bindgen_test::*;

use super::page::*;

/// Until parts that are asked for have shown themselves.
async fn drawn() {
    for _ in 0..5 {
        settled().await;
    }
}

#[wasm_bindgen_test]
async fn what_is_demanded_is_told_with_how_it_can_be_met_and_checked_again_on_request() {
    let mut page = Page::thread(bob(), vec![bubble(1, "Hi", Delivery::Received)]).await;
    page.state.account.set(Some(carol()));
    page.state.thread.update(|thread| {
        let rule = SpamRule::MinNonce(5);
        let demand = Demand { rule, verdict: Verdict::Broken, held: Some(1.into()), token: None };
        thread.as_mut().unwrap().demands = vec![demand];
    });
    drawn().await;
    let told = "bob.eth takes messages only from wallets that have sent at least 5 transactions. Your account \
                0x15d3…6A65 has sent one transaction on Ethereum; it needs 5. Each one that you send counts.";
    assert_eq!(page.texts(".demands p"), [told]);
    page.asked();
    page.click("Check again").await;
    assert_eq!(page.asked(), [Command::act(Act::Stake(StakeAsk::Demands))]);
}

#[wasm_bindgen_test]
async fn what_is_found_out_about_a_stranger_takes_the_room_that_was_left_for_it_and_nobodys_place() {
    let mut page = Page::open(|state| {
        let mut shown = thread(bob(), vec![bubble(1, "Hi", Delivery::Received)]);
        shown.standing.trust = Trust::Requested;
        state.conversations.set(Some(Vec::new()));
        state.thread.set(Some(shown));
        state.screen.set(Screen::Thread);
    })
    .await;
    drawn().await;
    assert_eq!((page.all(".fact").len(), page.all(".fact-blank").len()), (4, 2));
    assert!(page.asked().contains(&Command::act(Act::Share(ShareAsk::LookAtStranger))));
    let accept = page.button("Accept");
    let (usage, mentioned) = (Some(Some(Usage::Sent(12))), Some(vec![carol()]));
    page.state.stranger.set(Apart::new(Stranger { of: bob(), usage, mentioned }, 1));
    drawn().await;
    assert_eq!((page.all(".fact").len(), page.all(".fact-blank").len()), (4, 0));
    let told = page.texts(".fact");
    assert!(told.contains(&"This wallet has sent 12 transactions on Ethereum.".to_owned()), "{told:?}");
    assert!(told.contains(&"Mentioned to you by 0x15d3…6A65.".to_owned()), "{told:?}");
    assert!(page.button("Accept") == accept, "the button is the one that it was");
    assert_eq!(page.asked(), [], "it is asked once");
}
