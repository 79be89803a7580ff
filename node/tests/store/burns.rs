use dm3_core::delivery::BurnState;
use dm3_core::deposit::BurnFault;
use dm3_node::store::{BurnBudget, BurnOutcome, NewBurn, Offer, Reserved};

use crate::{Fresh, address};

contract!(
    a_burn_has_one_number_until_it_was_in_vain,
    a_budget_counts_what_may_be_spent_and_then_what_was,
    a_higher_offer_counts_once_and_all_that_were_made_are_known,
    of_wishes_at_once_one_has_the_last_of_a_budget,
    receipts_are_forgotten_but_the_last_number_is_not,
);

const DAY: u64 = 24 * 60 * 60 * 1000;
const RICH: BurnBudget = BurnBudget { all: 1_000_000, account: 1_000_000 };

/// One that may cost 1000 wei.
fn burn(n: u8, owner: u8) -> NewBurn {
    NewBurn {
        id: [n; 32],
        owner: address(owner),
        payer: address(9),
        nonce: 7,
        contract: address(8),
        data: vec![n, 0, 1],
        gas: 100,
        fee: 10,
        tip: 1,
        made_at: 100 * DAY + u64::from(n),
    }
}

/// The payer's transaction of this number, at the offer of all of them.
fn numbered(nonce: u64) -> NewBurn {
    NewBurn { nonce, ..burn(0, 1) }
}

async fn a_burn_has_one_number_until_it_was_in_vain(fresh: Fresh) {
    let store = &fresh.store;
    let Reserved::New(first) = store.reserve_burn(&burn(1, 1), RICH).await.unwrap() else { panic!() };
    assert_eq!((first.burn.nonce, first.state), (7, BurnState::Waiting));
    let Reserved::New(second) = store.reserve_burn(&burn(2, 1), RICH).await.unwrap() else { panic!() };
    assert_eq!(second.burn.nonce, 8);
    assert_eq!(store.reserve_burn(&burn(1, 1), RICH).await.unwrap(), Reserved::Known(first.clone()));
    let store = fresh.reopened().await;
    assert_eq!(store.waiting_burns(address(9), 10).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.waiting_burns(address(8), 10).await.unwrap(), []);
    let vain = BurnOutcome { fault: Some(BurnFault::Burned), cost: 5 };
    store.settle_burn(&numbered(7), vain).await.unwrap();
    // What is settled stays so.
    store.settle_burn(&numbered(7), BurnOutcome { fault: None, cost: 6 }).await.unwrap();
    let told = store.burn([1; 32]).await.unwrap().unwrap();
    assert_eq!(told.state, BurnState::Failed(BurnFault::Burned));
    let later = NewBurn { made_at: 100 * DAY + 50, ..burn(1, 1) };
    let Reserved::New(third) = store.reserve_burn(&later, RICH).await.unwrap() else { panic!() };
    assert_eq!(third.burn.nonce, 9);
    store.settle_burn(&numbered(9), BurnOutcome { fault: None, cost: 6 }).await.unwrap();
    let done = store.burn([1; 32]).await.unwrap().unwrap();
    assert_eq!(done.state, BurnState::Burned);
    assert_eq!(store.reserve_burn(&burn(1, 1), RICH).await.unwrap(), Reserved::Known(done.clone()));
    assert_eq!(store.burns_of(address(1), 2).await.unwrap(), [done, second]);
    assert_eq!(store.burns_of(address(2), 2).await.unwrap(), []);
}

async fn a_budget_counts_what_may_be_spent_and_then_what_was(fresh: Fresh) {
    let store = &fresh.store;
    let budget = BurnBudget { all: 2500, account: 1500 };
    let reserve = async |burn: NewBurn| match store.reserve_burn(&burn, budget).await.unwrap() {
        Reserved::New(_) => "new",
        Reserved::Known(_) => "known",
        Reserved::Spent => "spent",
    };
    assert_eq!(reserve(burn(1, 1)).await, "new");
    assert_eq!(reserve(burn(2, 1)).await, "spent", "the account's");
    assert_eq!(reserve(burn(3, 2)).await, "new");
    assert_eq!(reserve(burn(4, 3)).await, "spent", "all accounts'");
    store.settle_burn(&numbered(7), BurnOutcome { fault: None, cost: 400 }).await.unwrap();
    assert_eq!(reserve(burn(5, 1)).await, "new", "it was cheaper");
    assert_eq!(reserve(burn(6, 4)).await, "spent");
    assert_eq!(reserve(NewBurn { made_at: 101 * DAY, ..burn(7, 1) }).await, "new", "another day");
}

async fn of_wishes_at_once_one_has_the_last_of_a_budget(fresh: Fresh) {
    let (one, other) = (burn(1, 1), burn(2, 2));
    let budget = BurnBudget { all: 1500, account: 1500 };
    let (one, other) =
        tokio::join!(fresh.store.reserve_burn(&one, budget), fresh.store.reserve_burn(&other, budget));
    let spent = [one.unwrap(), other.unwrap()].iter().filter(|it| **it == Reserved::Spent).count();
    assert_eq!(spent, 1);
}

async fn receipts_are_forgotten_but_the_last_number_is_not(fresh: Fresh) {
    let store = &fresh.store;
    for n in 1..=3 {
        store.reserve_burn(&burn(n, 1), RICH).await.unwrap();
    }
    let done = BurnOutcome { fault: None, cost: 1 };
    store.settle_burn(&numbered(7), done).await.unwrap();
    store.settle_burn(&numbered(9), done).await.unwrap();
    assert_eq!(store.forget_burns(100 * DAY, 10).await.unwrap(), 0);
    assert_eq!(store.forget_burns(200 * DAY, 10).await.unwrap(), 1, "one waits, one is the last");
    let Reserved::New(next) = store.reserve_burn(&burn(4, 1), RICH).await.unwrap() else { panic!() };
    assert_eq!(next.burn.nonce, 10);
}

async fn a_higher_offer_counts_once_and_all_that_were_made_are_known(fresh: Fresh) {
    let store = &fresh.store;
    let budget = BurnBudget { all: 5000, account: 3000 };
    let Reserved::New(first) = store.reserve_burn(&burn(1, 1), budget).await.unwrap() else { panic!() };
    let Reserved::New(_) = store.reserve_burn(&burn(2, 1), budget).await.unwrap() else { panic!() };
    let offer = |fee| Offer { fee, tip: 2 };
    assert!(!store.raise_burn(&first, offer(21), budget).await.unwrap(), "above the account's budget");
    assert_eq!(store.burn([1; 32]).await.unwrap(), Some(first.clone()), "and nothing has changed");
    assert!(store.raise_burn(&first, offer(15), budget).await.unwrap());
    assert!(!store.raise_burn(&first, offer(16), budget).await.unwrap(), "another process was first");
    let second = store.burn([1; 32]).await.unwrap().unwrap();
    // What it was before does not count any more: 2000 for this one, and 1000 for the other.
    assert!(store.raise_burn(&second, offer(20), budget).await.unwrap());
    let told = store.waiting_burns(address(9), 1).await.unwrap().remove(0);
    assert_eq!(
        (&told.burn, &*told.earlier),
        (&first.burn.at(offer(20)), &[first.burn.offer(), offer(15)][..])
    );
    assert_eq!(store.reserve_burn(&burn(3, 1), budget).await.unwrap(), Reserved::Spent);
    let Reserved::Known(known) = store.reserve_burn(&burn(1, 1), budget).await.unwrap() else { panic!() };
    assert_eq!(known, told);
    // The chain took the one in the midst.
    store.settle_burn(&second.burn, BurnOutcome { fault: None, cost: 700 }).await.unwrap();
    let told = store.burn([1; 32]).await.unwrap().unwrap();
    assert_eq!((told.burn.offer(), told.state), (offer(15), BurnState::Burned));
    assert!(!store.raise_burn(&told, offer(40), RICH).await.unwrap(), "it waits no more");
    let Reserved::New(_) = store.reserve_burn(&burn(3, 1), budget).await.unwrap() else { panic!() };
}
