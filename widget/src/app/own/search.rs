//! Looking on the chain for what the account has at stake and nobody here knows of: for who comes with an emptied browser.

use dm3_core::identity::Address;
use dm3_core::session::Searched;

use super::deposits;
use super::shown::{Own, Search, Unsearched, change_own};
use crate::app::driver::Active;
use crate::app::platform::Platform;

/// Shows what is known, then looks where nothing is.
pub(super) async fn begin<P: Platform>(at: Active<P>) {
    deposits::look(&at).await;
    let session = at.session();
    let Ok(contracts) = session.contracts_to_search().await else { return };
    change_search(&at, |search| search.contracts = contracts.clone());
    let known: Vec<Address> = session.contracts_in_use().await.unwrap_or_default();
    look(&at, contracts.into_iter().filter(|contract| !known.contains(contract)).collect()).await;
}

/// Looks further back.
pub(super) async fn further<P: Platform>(at: &Active<P>) {
    let mut contracts = Vec::new();
    change_search(at, |search| contracts.clone_from(&search.contracts));
    look(at, contracts).await;
}

/// Looks at the contract whose address this is.
pub(super) async fn typed<P: Platform>(at: &Active<P>, typed: &str) {
    match typed.trim().parse() {
        Ok(contract) => look(at, vec![contract]).await,
        Err(_) => change_search(at, |search| search.failed = Some(Unsearched::Address)),
    }
}

async fn look<P: Platform>(at: &Active<P>, contracts: Vec<Address>) {
    let mut before = None;
    change_search(at, |search| {
        if !search.busy {
            before = Some(search.searched.clone());
            (search.busy, search.failed) = (true, None);
        }
    });
    let Some(before) = before else { return };
    let mut failed = None;
    for contract in contracts {
        let so_far = before.iter().find(|it| it.contract == contract);
        match at.session().search_chain(contract, so_far).await {
            Ok(Some(found)) => change_search(at, |search| note(search, found)),
            Ok(None) => {
                change_search(at, |search| search.contracts.retain(|known| *known != contract));
                failed = Some(Unsearched::Neither);
            }
            Err(_) => failed = Some(Unsearched::Unknown),
        }
    }
    at.engine.keep();
    deposits::look(at).await;
    // Said once the next may be asked for: who reads it tries another.
    change_search(at, |search| (search.busy, search.failed) = (false, failed));
}

fn note(search: &mut Search, found: Searched) {
    if !search.contracts.contains(&found.contract) {
        search.contracts.push(found.contract);
    }
    search.searched.retain(|before| before.contract != found.contract);
    search.searched.push(found);
}

fn change_search<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Search)) {
    change_own(at, |own: &mut Own| of(&mut own.search));
}
