//! Wallets of the person who visits: EIP-6963 discovery, and EIP-1193 requests.
//!
//! ```text
//! page's provider ──────────────┐ wins
//! eip6963:announceProvider ─────┼──▶ Wallets ──wallet(id)──▶ InjectedWallet
//! window.ethereum ──────────────┘ only    └──▶ Told: other wallets, other accounts
//!                                 if nobody announced
//! ```
//!
//! Any script in the page can announce itself as any wallet: names and pictures are claims.

mod announcement;
mod chain;
mod discovery;
mod injected;
mod outside;
mod sending;

pub use chain::WalletsChain;
pub use discovery::{Told, WalletInfo, WalletSource, Wallets};
pub use injected::{InjectedWallet, Watch};
