//! Signing in, step by step.

use dm3_core::delivery::{Price, Stake};
use dm3_core::deposit::Terms;
use dm3_core::identity::{Address, RecoveryCode};
use dm3_core::ports::WalletError;
use dm3_core::session::{SignInError, StakeError, Token};
use dm3_core::testing::SeededEntropy;

use super::made::{ALICE, States, later};
use crate::app::entry_stake::EntryStake;
use crate::app::fault::Fault;
use crate::app::state::{
    Apart, Busy, OtherKeys, OwnKeys, Screen, ShownCode, SignIn, SignInStep, State, WalletChoice, Way,
};

pub(super) const STATES: States = &[
    ("sign-in-no-wallet", |state| at(state, SignInStep::Connect { wallets: Vec::new() }, None, None)),
    ("sign-in-connect", |state| at(state, wallets(&["MetaMask"]), None, None)),
    ("sign-in-to-somebody", |state| {
        state.to.set(Some("shop.eth".into()));
        at(state, wallets(&["MetaMask"]), None, None)
    }),
    ("sign-in-wallets", |state| {
        later(move || state.choosing.set(true));
        at(
            state,
            wallets(&["MetaMask", "Rabby Wallet", "A wallet with quite a long name of its own"]),
            None,
            None,
        )
    }),
    ("sign-in-keys", |state| at(state, keys(), None, None)),
    ("sign-in-keys-busy", |state| at(state, keys(), Some(Busy::Wallet), None)),
    ("sign-in-refused", |state| {
        at(state, keys(), None, Some(Fault::SignIn(SignInError::Wallet(WalletError::Refused))))
    }),
    ("sign-in-publish", |state| at(state, SignInStep::PublishProfile { text: TEXT.into() }, None, None)),
    ("sign-in-invitation", |state| {
        let step = SignInStep::PublishProfile { text: TEXT.into() };
        at(state, step, None, Some(Fault::SignIn(SignInError::Price(Price::Invitation))))
    }),
    ("sign-in-stake", |state| at(state, stake(None), None, None)),
    ("sign-in-stake-failed", |state| at(state, stake(Some(StakeError::Reverted)), None, None)),
    ("sign-in-finishing", |state| at(state, SignInStep::Finishing, Some(Busy::Network), None)),
    ("sign-in-other-keys", |state| at(state, other(None), None, None)),
    ("sign-in-nonce", |state| at(state, other(Some(Way::Nonce)), None, None)),
    ("sign-in-code", |state| at(state, other(Some(Way::Code)), None, None)),
    ("sign-in-replace", |state| at(state, other(Some(Way::Replace)), None, None)),
    ("sign-in-keep-code", |state| {
        let code = ShownCode::new(&RecoveryCode::new_random(&SeededEntropy::new(7)));
        at(state, SignInStep::KeepCode { code, why: OwnKeys::Contract }, None, None)
    }),
];

const TEXT: &str = "Connect the dm3 MESSENGER with your wallet.\nKeys for your dm3 profile are to be created.\n\nThere is no paid transaction initiated.";

fn at(state: State, step: SignInStep, busy: Option<Busy>, error: Option<Fault>) -> Option<()> {
    let is_first = matches!(step, SignInStep::Connect { .. });
    let wallet = (!is_first).then(|| "MetaMask".to_owned());
    let account = if is_first { None } else { Some(ALICE.parse().ok()?) };
    state.screen.set(Screen::SignIn(SignIn { step, busy, error, wallet, account }));
    Some(())
}

fn wallets(names: &[&str]) -> SignInStep {
    let each = names.iter().map(|name| WalletChoice { id: (*name).into(), name: (*name).into(), icon: None });
    SignInStep::Connect { wallets: each.collect() }
}

fn keys() -> SignInStep {
    SignInStep::CreateKeys { text: TEXT.into(), other_app: false }
}

fn stake(failed: Option<StakeError>) -> SignInStep {
    let address = |byte| Address::from_bytes([byte; 20]);
    let slot = 500_000_000_000_000_000;
    let terms = Terms { chain: 1, contract: address(7), token: address(8), slot, slots: 4 };
    let token = Some(Token { address: address(8), symbol: Some("DAI".into()), decimals: 18 });
    let wanted = Stake { terms, receiver: address(9) };
    SignInStep::Stake(Apart::new(EntryStake { wanted, token, unseen: false, failed }, 1))
}

fn other(way: Option<Way>) -> SignInStep {
    let text = Some(TEXT.into());
    SignInStep::OtherKeys(OtherKeys { usable: true, derived: true, tried: false, way, text })
}
