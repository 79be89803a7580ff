//! What is wrong with a deployment, in words, each with what to do.
//!
//! ```text
//! local: file, keys, permissions, database ─▶ chain: node, id, clock, records, gateway contract
//!                                          ─▶ tls: the certificate, and whom it is asked of
//!                                          ─▶ web: the public address, and whether this node answers there
//!                                          ─▶ notifications: the mail server, the key for web push
//! ```

mod chain;
mod finding;
mod local;
mod notifications;
mod tls;
mod web;

use std::path::Path;
use std::sync::Arc;

use self::finding::Findings;
pub use self::finding::{Finding, Level};
use crate::config::Config;
use crate::ethereum::chain::Chain;
use crate::ethereum::endpoints::Endpoints;
use crate::monitoring::metrics::Metrics;
use crate::outgoing::Outgoing;

/// Looks at everything that a deployment needs. Changes nothing; asks the chain and the public address.
pub async fn check(file: &Path) -> Vec<Finding> {
    let mut found = Findings::default();
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => {
            found.wrong(
                "configuration",
                error.to_string(),
                "every key is explained in dm3-node.example.toml; `dm3-node init` writes a new file",
            );
            return found.into_all();
        }
    };
    found.good("configuration", format!("{} can be read", file.display()));
    local::check(&mut found, file, &config).await;
    let outgoing = match Outgoing::new(config.reach, config.outgoing) {
        Ok(outgoing) => outgoing,
        Err(error) => {
            found.wrong(
                "TLS",
                error.to_string(),
                "report this: the program's own certificates can't be read",
            );
            return found.into_all();
        }
    };
    let client = outgoing.trusted().clone();
    let chain = |urls: &[_]| {
        let metrics = Arc::new(Metrics::new());
        let endpoints = Endpoints::new(outgoing.clone(), urls, config.chain_id, 0, metrics.clone());
        Chain::new(outgoing.clone(), Arc::new(endpoints), config.ens_registry, metrics)
    };
    let mut one_is_well = false;
    for (n, url) in config.rpc_urls.iter().enumerate() {
        one_is_well |=
            chain::check_node(&mut found, &config, n, &client, &chain(std::slice::from_ref(url))).await;
    }
    let chain = chain(&config.rpc_urls);
    let question = if one_is_well {
        chain::check_record(&mut found, &config, &chain).await;
        chain::check_stakes(&mut found, &config, &chain).await;
        chain::check_gateway(&mut found, &config, &chain).await
    } else {
        None
    };
    tls::check(&mut found, &config).await;
    web::check(&mut found, &config, &client, question.as_deref()).await;
    notifications::check(&mut found, &config).await;
    found.into_all()
}
