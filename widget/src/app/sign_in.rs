//! Signing in, step by step. Every step can be tried again or left.

use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::WalletError;
use dm3_core::session::{Keys, Registration, Session, SignIn, SignInError, SignedIn};

use super::driver::Driver;
use super::platform::{HostEvent, PageWallet as _, Platform};
use super::start::NodeError;
use super::state::{self, Busy, Screen, SignInStep};

/// What the steps so far have led to.
pub(super) struct SignInFlow<P: Platform> {
    wallet: Rc<P::Wallet>,
    steps: Rc<SignIn<P::Ports>>,
    registration: Option<Rc<Registration<P::Ports>>>,
}

impl<P: Platform> Driver<P> {
    /// Shows the wallets of the page.
    pub(super) fn show_wallets(&self, error: Option<String>) {
        *self.sign_in.borrow_mut() = None;
        self.state.screen.set(Screen::SignIn(state::SignIn {
            step: SignInStep::Connect { wallets: self.platform.wallets() },
            busy: None,
            error,
            wallet: None,
            account: None,
        }));
    }

    /// A wallet was announced late.
    pub(super) fn refresh_wallets(&self) {
        let found = self.platform.wallets();
        self.update_sign_in(|sign_in| {
            if let SignInStep::Connect { wallets } = &mut sign_in.step {
                *wallets = found;
            }
        });
    }

    pub(super) async fn connect(self: Rc<Self>, id: String) {
        let Some(wallet) = self.platform.wallet(&id) else {
            return self.show_wallets(Some("This wallet has gone. Please choose another one.".to_owned()));
        };
        let name = wallet.name();
        self.update_sign_in(|sign_in| {
            sign_in.wallet = Some(name.clone());
            sign_in.error = None;
            sign_in.busy = Some(Busy::Wallet);
        });
        let account = match wallet.connect().await {
            Ok(accounts) => accounts.first().copied(),
            Err(error) => return self.step_failed(&SignInError::Wallet(error)),
        };
        let Some(account) = account else {
            return self.step_failed(&SignInError::Wallet(WalletError::Disconnected));
        };
        self.update_sign_in(|sign_in| sign_in.busy = Some(Busy::Network));
        // The keys may still be here from an earlier visit: then there is nothing to sign.
        match self.seed(account).await {
            Ok(Some(_)) => return self.resume(account).await,
            Ok(None) => {}
            Err(error) => return self.step_failed(&SignInError::Store(error)),
        }
        match self.fresh_directory().await {
            Ok(directory) => {
                let steps = Rc::new(SignIn::new(directory, account));
                let text = steps.key_message();
                *self.sign_in.borrow_mut() =
                    Some(SignInFlow { wallet: Rc::new(wallet), steps, registration: None });
                self.show_step(SignInStep::CreateKeys { text }, Some((name, account)));
            }
            Err(error) => self.sign_in_impossible(&error),
        }
    }

    /// Without the node nobody can sign in.
    pub(super) fn sign_in_impossible(&self, error: &NodeError) {
        let message = error.to_string();
        self.platform.emit(HostEvent::Error { code: "node-unreachable", message: message.clone() });
        self.update_sign_in(|sign_in| {
            sign_in.busy = None;
            sign_in.error = Some(message);
        });
    }

    pub(super) async fn create_keys(self: Rc<Self>) {
        let flow =
            self.sign_in.borrow().as_ref().map(|flow| (Rc::clone(&flow.wallet), Rc::clone(&flow.steps)));
        let Some((wallet, steps)) = flow else { return self.show_wallets(None) };
        if !self.may_sign("keys", steps.key_message()) {
            return;
        }
        match steps.create_keys(wallet.as_ref()).await {
            Ok(Keys::Known(signed_in)) => self.finish(signed_in).await,
            Ok(Keys::New(registration)) => {
                let text = registration.message();
                self.keep_registration(registration);
                self.show_step(SignInStep::PublishProfile { text }, None);
            }
            Ok(Keys::OtherNonce(registration) | Keys::Unusable(registration)) => {
                let text = registration.message();
                self.keep_registration(registration);
                self.show_step(SignInStep::OtherKeys { text }, None);
            }
            Err(error) => self.step_failed(&error),
        }
    }

    pub(super) async fn publish_profile(self: Rc<Self>) {
        let flow = self.sign_in.borrow().as_ref().and_then(|flow| {
            flow.registration.as_ref().map(|registration| (Rc::clone(&flow.wallet), Rc::clone(registration)))
        });
        let Some((wallet, registration)) = flow else { return self.show_wallets(None) };
        if !self.may_sign("profile", registration.message()) {
            return;
        }
        match registration.publish(wallet.as_ref()).await {
            Ok(signed_in) => self.finish(signed_in).await,
            Err(error) => self.step_failed(&error),
        }
    }

    async fn finish(self: &Rc<Self>, signed_in: SignedIn) {
        self.show_step(SignInStep::Finishing, None);
        let Some(directory) = self.directory() else { return self.show_wallets(None) };
        if let Err(error) = signed_in.remember(&directory).await {
            return self.step_failed(&SignInError::Store(error));
        }
        self.enter(Session::resume(directory, signed_in.account, &signed_in.seed)).await;
    }

    /// Tells the page what is about to be signed, and marks the wallet as asked.
    fn may_sign(&self, purpose: &'static str, text: String) -> bool {
        if !self.platform.emit(HostEvent::BeforeSign { purpose, text }) {
            self.update_sign_in(|sign_in| {
                sign_in.error = Some("This page does not allow signing right now.".to_owned());
            });
            return false;
        }
        self.update_sign_in(|sign_in| {
            sign_in.busy = Some(Busy::Wallet);
            sign_in.error = None;
        });
        true
    }

    fn keep_registration(&self, registration: Registration<P::Ports>) {
        if let Some(flow) = self.sign_in.borrow_mut().as_mut() {
            flow.registration = Some(Rc::new(registration));
        }
    }

    fn show_step(&self, step: SignInStep, who: Option<(String, Address)>) {
        self.update_sign_in(|sign_in| {
            sign_in.step = step;
            sign_in.busy = None;
            sign_in.error = None;
            if let Some((wallet, account)) = who {
                sign_in.wallet = Some(wallet);
                sign_in.account = Some(account);
            }
        });
    }

    fn step_failed(&self, error: &SignInError) {
        let code = match error {
            SignInError::Wallet(WalletError::Refused) => "signature-refused",
            SignInError::Wallet(_) => "wallet",
            SignInError::Signature(_)
            | SignInError::OtherAccount { .. }
            | SignInError::SmartAccount
            | SignInError::Backup(_) => "signature",
            SignInError::Find(_) | SignInError::Unreachable(_) | SignInError::Node(_) => "node-unreachable",
            SignInError::Store(_) => "storage",
        };
        let message = sentence(&error.to_string());
        self.platform.emit(HostEvent::Error { code, message: message.clone() });
        self.update_sign_in(|sign_in| {
            sign_in.busy = None;
            sign_in.error = Some(message);
        });
    }

    fn update_sign_in(&self, change: impl FnOnce(&mut state::SignIn)) {
        self.state.screen.update(|screen| {
            if let Screen::SignIn(sign_in) = screen {
                change(sign_in);
            }
        });
    }
}

/// Errors are phrases; on the screen they stand as sentences.
pub(super) fn sentence(phrase: &str) -> String {
    let end = if phrase.ends_with(['.', '!', '?']) { "" } else { "." };
    // An address or a name keeps its letters.
    let word = phrase.split_whitespace().next().unwrap_or_default();
    if word.contains('.') || word.starts_with("0x") {
        return format!("{phrase}{end}");
    }
    let mut sentence = format!("{phrase}{end}");
    // Our own phrases begin with ASCII.
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}
