//! What did not work, and what a person can do about it. What may pass by itself is never told as final.

use dm3_core::delivery::api::{ApiError, is_superseded};
use dm3_core::delivery::{DiscoveryError, Price, Refusal};
use dm3_core::identity::{AddressError, BackupError, MeantError, NameError};
use dm3_core::ports::{StoreError, Unreachable, WalletError};
use dm3_core::session::{FindError, HomeError, SignInError, WriteError};
use dm3_core::web::{Outage, UrlError};

use super::address::short_address;
use super::sizes::kilobytes;
use super::spoken::{say, script as script_name};
use super::words::*;
use crate::app::fault::Fault;
use crate::app::part::PartMissing;

/// What did not work.
pub fn fault(fault: &Fault) -> String {
    told(match fault {
        Fault::NoNode => FaultWord::NoNode,
        Fault::NodeAddress(error) => return fault_node_address(say(url(error))),
        Fault::RpcAddress(error) => return fault_rpc_address(say(url(error))),
        Fault::NodeUnreachable(_) => FaultWord::NodeUnreachable,
        Fault::NodeUnusable(error) => node_unusable(error),
        Fault::Store(error) => store(error),
        Fault::Find(error) => return find(error),
        Fault::OwnAccount => FaultWord::OwnAccount,
        Fault::LeaderOffline => FaultWord::LeaderOffline,
        Fault::Write(error) => return write(error),
        Fault::Home(error) => return home(error),
        Fault::SignIn(error) => return sign_in(error),
        Fault::WalletGone => FaultWord::WalletGone,
        Fault::SigningForbidden => FaultWord::SigningForbidden,
        Fault::Nonce(_) => FaultWord::Nonce,
        Fault::Part(PartMissing::Unreachable) => FaultWord::PartUnreachable,
        Fault::Part(PartMissing::OtherVersion) => FaultWord::PartOtherVersion,
    })
}

/// An own message was refused.
pub fn refused(refusal: &Refusal) -> String {
    let (word, said) = match refusal {
        Refusal::Damaged => (RefusalWord::Damaged, None),
        Refusal::Receiver => (RefusalWord::Receiver, None),
        Refusal::NoService => (RefusalWord::NoService, None),
        Refusal::Service(name) => return not_sent(&refusal_service(&name.to_string())),
        Refusal::NotSealed => (RefusalWord::NotSealed, None),
        Refusal::Spam => (RefusalWord::Spam, None),
        Refusal::TooLarge => (RefusalWord::TooLarge, None),
        Refusal::UnknownReceiver => (RefusalWord::UnknownReceiver, None),
        Refusal::FormerKeys => (RefusalWord::FormerKeys, None),
        Refusal::Stopped => (RefusalWord::Stopped, None),
        Refusal::Malformed(said) => (RefusalWord::Malformed, Some(said)),
        Refusal::Rejected(said) => (RefusalWord::Rejected, Some(said)),
        Refusal::Unexplained(said) => (RefusalWord::Unexplained, Some(said)),
    };
    match said.filter(|said| !said.is_empty()) {
        Some(said) => not_sent_said(&said.to_string(), say(word)),
        None => not_sent(say(word)),
    }
}

fn url(error: &UrlError) -> FaultWord {
    match error {
        UrlError::Scheme => FaultWord::UrlScheme,
        UrlError::Insecure => FaultWord::UrlInsecure,
        UrlError::Credentials => FaultWord::UrlCredentials,
        UrlError::Host => FaultWord::UrlHost,
        UrlError::Character => FaultWord::UrlCharacter,
        UrlError::Query => FaultWord::UrlQuery,
        UrlError::TooLong => FaultWord::UrlTooLong,
    }
}

fn node_unusable(error: &DiscoveryError) -> FaultWord {
    match error {
        DiscoveryError::NotANode => FaultWord::NotANode,
        DiscoveryError::Undescribed => FaultWord::NodeUndescribed,
        DiscoveryError::Network => FaultWord::NodeNetwork,
        DiscoveryError::Version => FaultWord::NodeVersion,
        DiscoveryError::TooLarge | DiscoveryError::Member(_) => FaultWord::NodeDescription,
    }
}

fn write(error: &WriteError) -> String {
    told(match error {
        WriteError::Overlong { .. } => FaultWord::WriteOverlong,
        WriteError::TooLarge { limit, .. } => {
            return fault_write_too_large(&kilobytes((limit / 1000) as usize));
        }
        WriteError::Unwanted(_) => FaultWord::WriteUnwanted,
        WriteError::Store(error) => store(error),
    })
}

fn store(error: &StoreError) -> FaultWord {
    match error {
        StoreError::Insecure => FaultWord::StoreInsecure,
        StoreError::Outdated => FaultWord::StoreOutdated,
        StoreError::Blocked => FaultWord::StoreBlocked,
        StoreError::Unavailable(_) => FaultWord::StoreUnavailable,
        StoreError::SignedOut => FaultWord::StoreSignedOut,
        StoreError::Full => FaultWord::StoreFull,
        StoreError::Damaged => FaultWord::StoreDamaged,
    }
}

fn unreachable(error: &Unreachable) -> String {
    let host = &error.host.to_string();
    if error.outage == Outage::Disagreement { fault_nodes_disagree(host) } else { fault_unreachable(host) }
}

fn find(error: &FindError) -> String {
    let (words, name): (fn(&str) -> String, _) = match error {
        FindError::Name(error) => return name_fault(error),
        FindError::Meant(error) => return told(meant(error)),
        FindError::Unreachable(error) => return unreachable(error),
        FindError::Store(error) => return told(store(error)),
        FindError::Unknown(name) => (fault_find_unknown, name),
        FindError::NotItself { name, .. } => (fault_find_not_itself, name),
        FindError::Lookup { name, .. } => (fault_find_lookup, name),
        FindError::Record { name, .. } => (fault_find_record, name),
        FindError::Profile { name, .. } => (fault_find_profile, name),
        FindError::OldProfile { name, .. } => (fault_find_old_profile, name),
        FindError::OtherKeys(name) => (fault_find_other_keys, name),
        FindError::NoDeliveryService(name) => (fault_find_no_delivery_service, name),
        FindError::DeliveryService { name, .. } => (fault_find_delivery_service, name),
    };
    words(&name.to_string())
}

fn meant(error: &MeantError) -> FaultWord {
    match error {
        MeantError::TooLong => FaultWord::MeantTooLong,
        MeantError::Ambiguous => FaultWord::MeantAmbiguous,
        MeantError::Nobody => FaultWord::MeantNobody,
        MeantError::OtherNetwork => FaultWord::MeantOtherNetwork,
        MeantError::Address(AddressError::Form) => FaultWord::AddressForm,
        MeantError::Address(AddressError::Checksum) => FaultWord::AddressChecksum,
        MeantError::OtherChain => FaultWord::MeantOtherChain,
        MeantError::ManyOwners => FaultWord::MeantManyOwners,
        MeantError::NoOwner => FaultWord::MeantNoOwner,
    }
}

fn name_fault(error: &NameError) -> String {
    told(match error {
        NameError::Empty => FaultWord::NameEmpty,
        NameError::EmptyLabel => FaultWord::NameEmptyLabel,
        NameError::TooLong => FaultWord::NameTooLong,
        NameError::Character(character) => return fault_name_character(&character.to_string()),
        NameError::MixedScripts { label, script, character, .. } => {
            return fault_name_mixed(&character.to_string(), label, &script_name(script));
        }
        NameError::Confusable { label, script, imitated, .. } => {
            return fault_name_confusable(&script_name(imitated), label, &script_name(script));
        }
        NameError::Label { label, .. } => return fault_name_label(label),
        NameError::NotAscii => FaultWord::NameNotAscii,
        NameError::NoTables => FaultWord::NameNoTables,
    })
}

fn home(error: &HomeError) -> String {
    told(match error {
        HomeError::Unreachable(error) => return unreachable(error),
        HomeError::Api(error) => return api(error),
        HomeError::Find(error) => return find(error),
        HomeError::NoProfile => FaultWord::HomeNoProfile,
        HomeError::KeysReplaced => FaultWord::HomeKeysReplaced,
        HomeError::Store(error) => store(error),
        HomeError::Closed => FaultWord::HomeClosed,
    })
}

fn api(error: &ApiError) -> String {
    told(match error {
        ApiError::Unauthorized | ApiError::NoAccount | ApiError::OtherKey => FaultWord::ApiUnauthorized,
        ApiError::Challenge(_) => FaultWord::ApiChallenge,
        ApiError::Refused { reason, .. } if reason.is_empty() => FaultWord::ApiRefused,
        ApiError::Refused { reason, .. } => return fault_api_refused_said(&reason.to_string()),
        ApiError::Busy { .. } => FaultWord::ApiBusy,
        ApiError::Unavailable(_) => FaultWord::ApiUnavailable,
        ApiError::Profile(_) | ApiError::Garbled(_) => FaultWord::ApiGarbled,
    })
}

fn code(error: &BackupError) -> FaultWord {
    match error {
        BackupError::Code => FaultWord::CodeForm,
        BackupError::Checksum => FaultWord::CodeChecksum,
        BackupError::File => FaultWord::CodeFile,
        BackupError::Version => FaultWord::CodeVersion,
        BackupError::NotOpened => FaultWord::CodeNotOpened,
        BackupError::OtherAccount(_) => FaultWord::CodeOtherAccount,
    }
}

fn sign_in(error: &SignInError) -> String {
    told(match error {
        SignInError::Wallet(WalletError::Refused) => FaultWord::WalletRefused,
        SignInError::Wallet(WalletError::Pending) => FaultWord::WalletPending,
        SignInError::Wallet(WalletError::Disconnected) => FaultWord::WalletDisconnected,
        SignInError::Wallet(WalletError::Garbled) => FaultWord::WalletGarbled,
        SignInError::Wallet(WalletError::Gone) => FaultWord::WalletGone,
        SignInError::Wallet(WalletError::Failed(said)) if said.is_empty() => FaultWord::WalletFailed,
        SignInError::Wallet(WalletError::Failed(said)) => {
            return fault_wallet_failed_said(&said.to_string());
        }
        SignInError::Signature(_) => FaultWord::Signature,
        SignInError::OtherAccount { account, signer } => {
            return fault_other_account(&short_address(*account), &short_address(*signer));
        }
        SignInError::SmartAccount => FaultWord::SmartAccount,
        SignInError::Backup(error) => code(error),
        SignInError::Find(error) => return find(error),
        SignInError::Unreachable(error) => return unreachable(error),
        SignInError::Node(error) if is_superseded(error) => FaultWord::Superseded,
        SignInError::Node(error) => return api(error),
        SignInError::Price(Price::Invitation) => FaultWord::PriceInvitation,
        SignInError::Price(Price::Work(_)) => FaultWord::PriceWork,
        SignInError::Price(Price::Deposit(_)) => FaultWord::PriceDeposit,
        SignInError::Price(Price::Closed) => FaultWord::PriceClosed,
        SignInError::NotShown => FaultWord::NotShown,
        SignInError::Store(error) => store(error),
    })
}

fn told(word: FaultWord) -> String {
    say(word).to_owned()
}
