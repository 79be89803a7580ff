//! English, where the wallet alone does not lead to somebody's keys.

use super::language::KeysWord;

/// What stands on the screen as it is.
pub fn word(word: KeysWord) -> &'static str {
    match word {
        KeysWord::OtherKeys => "This account has other keys",
        KeysWord::OtherKeysHelp => {
            "It already has a chat profile, but not with the keys that your wallet makes here: those were made by another app, with another wallet, or with a recovery code. How do you want to go on?"
        }
        KeysWord::OtherKeysOfContract => {
            "It is a smart account that has chat keys already. No wallet can make them again; the recovery code does that was shown when they were made. How do you want to go on?"
        }
        KeysWord::UnusableHelp => {
            "It already has a chat profile, but one that can't be used: it is damaged, or somebody else has signed it. How do you want to go on?"
        }
        KeysWord::UseNonce => "Use the keys of another app",
        KeysWord::UseNonceHelp => "You know the app’s nonce. Nothing is lost, and both go on working.",
        KeysWord::EnterCode => "Enter a recovery code",
        KeysWord::EnterCodeHelp => "You kept one when the keys were made. Nothing is lost.",
        KeysWord::NewKeys => "Make new keys",
        KeysWord::NewKeysHelp => "Messages for the old keys can’t be read with them.",
        KeysWord::NonceExplained => {
            "Apps make keys from a text that your wallet signs. Each app has a nonce of its own in it: look behind “Nonce:” in what your wallet shows there, or ask the app’s maker."
        }
        KeysWord::NonceField => "Nonce",
        KeysWord::Continue => "Continue",
        KeysWord::CodeExplained => {
            "Nine groups of four letters and digits. If it belongs to a backup file, paste the text of that file, too."
        }
        KeysWord::CodeField => "Recovery code",
        KeysWord::Restore => "Restore keys",
        KeysWord::ReplaceExplained => {
            "New keys take the place of the old ones for everybody who writes to you. Messages that were sent for the old keys can’t be read here. Other apps and devices with the old keys receive nothing any more. Your contacts see that your keys have changed."
        }
        KeysWord::ReplaceChecks => {
            "Your wallet signs the same text once more, which shows whether it can make the same keys again; then it signs the new profile."
        }
        KeysWord::Replace => "Replace profile",
        KeysWord::NotThese => {
            "These are not the account’s keys either. Check what you entered, or choose another way."
        }
        KeysWord::OtherWays => "Other ways",
        KeysWord::KeepCode => "Keep your recovery code",
        KeysWord::KeepCodeOfContract => {
            "Yours is a smart account, whose signatures can change, so no wallet can make your chat keys again. This code can: on another device, or when this browser has lost its data."
        }
        KeysWord::KeepCodeOfUnsteady => {
            "Your wallet signs the same text differently each time, so it can’t make your chat keys again. This code can: on another device, or when this browser has lost its data."
        }
        KeysWord::KeepCodeWarning => {
            "Write it down, or keep it in your password manager. Whoever has it can read your messages and write in your name; nobody can give you another one."
        }
        KeysWord::SaveCode => "Save as a file",
        KeysWord::CodeKept => "I have kept it",
    }
}
