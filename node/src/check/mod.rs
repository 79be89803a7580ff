//! What is wrong with a deployment, in words, each with what to do.
//!
//! ```text
//! local: file, keys, permissions, database ─▶ chain: node, id, clock, records, gateway contract
//!                                          ─▶ web: the public address, and whether this node answers there
//!                                          ─▶ notifications: the mail server, the key for web push
//! ```

mod chain;
mod local;
mod notifications;
mod web;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::chain::Chain;
use crate::config::Config;
use crate::endpoints::Endpoints;
use crate::metrics::Metrics;
use crate::outgoing::Outgoing;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Good,
    /// It works, but look at it.
    Doubt,
    /// It does not work.
    Wrong,
}

/// What was found about one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub level: Level,
    /// Which part.
    pub part: &'static str,
    /// What is the case.
    pub text: String,
    /// What to do about it; empty if nothing.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.level {
            Level::Good => "ok   ",
            Level::Doubt => "look ",
            Level::Wrong => "WRONG",
        };
        write!(f, "{mark}  {}: {}", self.part, self.text)?;
        if !self.remedy.is_empty() {
            write!(f, "\n       → {}", self.remedy)?;
        }
        Ok(())
    }
}

/// The findings so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, level: Level, part: &'static str, text: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Finding { level, part, text: text.into(), remedy: remedy.into() });
    }

    fn good(&mut self, part: &'static str, text: impl Into<String>) {
        self.add(Level::Good, part, text, "");
    }

    fn doubt(&mut self, part: &'static str, text: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Doubt, part, text, remedy);
    }

    fn wrong(&mut self, part: &'static str, text: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Wrong, part, text, remedy);
    }
}

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
            return found.0;
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
            return found.0;
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
        chain::check_gateway(&mut found, &config, &chain).await
    } else {
        None
    };
    web::check(&mut found, &config, &client, question.as_deref()).await;
    notifications::check(&mut found, &config).await;
    found.0
}
