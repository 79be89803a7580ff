//! Everything of the account as one file, and back. Loaded when somebody asks for it.

use std::sync::Arc;

use dm3_core::identity::{BackupError, RecoveryCode};
use dm3_core::session::{ExportError, ImportError, Restored};
use dm3_core::storage::{ArchiveHead, MAX_HEAD};

use super::changes::told;
use super::command::{BackupAsk, Typed};
use super::driver::Active;
use super::platform::{NoFile, Platform, TabMessage};
use super::state::{Apart, FileBytes, Screen, ShownCode};
use super::steps::BackupSteps;
use super::thread::return_to_open;

/// Everything of the account as one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// Where the person is.
    pub step: BackupStep,
    /// A file is being written or taken in.
    pub busy: bool,
    /// What did not work. It can be tried again.
    pub error: Option<BackupFault>,
}

/// Where somebody is who makes a backup, or has one.
#[derive(Clone, Debug, PartialEq)]
pub enum BackupStep {
    /// It is explained, and to be chosen.
    Choose,
    /// There is a file.
    Made {
        /// The code that opens it, for as long as it stands there.
        code: ShownCode,
        /// Where the page has the file.
        url: String,
    },
    /// A file and its code are asked for.
    Restore {
        /// The page gave the file.
        given: Option<FileBytes>,
    },
    /// A file was taken in.
    Restored(Restored),
}

/// Why a backup was not made, or not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupFault {
    /// It could not be made.
    Export(ExportError),
    /// No file was chosen.
    NoFile,
    /// What was typed is no recovery code.
    Code(BackupError),
    /// It could not be taken in, or not to its end.
    Import(ImportError),
}

/// How much of a file is taken in at once, in bytes; a page draws in between.
const PIECE: usize = 256 * 1024;

impl<P: Platform> BackupSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(carry_out(at, ask)) }
    }
}

impl<P: Platform> Default for BackupSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: Arc<BackupAsk>) {
    match Arc::unwrap_or_clone(ask) {
        BackupAsk::Show => show(&at, BackupStep::Choose),
        BackupAsk::Restore => show(&at, BackupStep::Restore { given: None }),
        BackupAsk::Offer(file) => show(&at, BackupStep::Restore { given: Some(file) }),
        BackupAsk::Make => make(&at).await,
        BackupAsk::Take { file, code } => take(&at, file, &code).await,
        BackupAsk::Leave => {
            withdraw(&at);
            return_to_open(at).await;
        }
    }
}

/// Makes a file and the code that opens it. The code is on the screen alone, and for as long as that stands.
async fn make<P: Platform>(at: &Active<P>) {
    if is_busy(at) {
        return;
    }
    show(at, BackupStep::Choose);
    set_busy(at);
    let code = at.session().new_recovery_code();
    let mut pieces = Vec::new();
    match at.session().export(&code, |piece| pieces.push(piece)).await {
        Ok(()) => {
            let url = at.driver.platform.offer_file(Ok(pieces)).unwrap_or_default();
            show(at, BackupStep::Made { code: ShownCode::new(&code), url });
        }
        Err(error) => {
            at.driver.platform.offer_file(Err(NoFile::Failed));
            fail(at, BackupFault::Export(error));
        }
    }
}

/// Takes a file in.
async fn take<P: Platform>(at: &Active<P>, file: Option<FileBytes>, typed: &Typed) {
    if is_busy(at) {
        return;
    }
    let given = match shown(at) {
        Some(Backup { step: BackupStep::Restore { given }, .. }) => given,
        _ => None,
    };
    let Some(file) = given.or(file) else { return fail(at, BackupFault::NoFile) };
    let code = typed.reveal().split_whitespace().collect::<String>().parse::<RecoveryCode>();
    let code = match code {
        Ok(code) => code,
        Err(error) => return fail(at, BackupFault::Code(error)),
    };
    set_busy(at);
    match taken_in(at, &file, &code).await {
        Ok(restored) => show(at, BackupStep::Restored(restored)),
        Err(error) => fail(at, BackupFault::Import(error)),
    }
    // Also what came before something was damaged.
    at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
    told(at.clone(), None).await;
    at.engine.keep();
}

async fn taken_in<P: Platform>(
    at: &Active<P>,
    file: &FileBytes,
    code: &RecoveryCode,
) -> Result<Restored, ImportError> {
    let bytes = file.bytes();
    let head = ArchiveHead::read(bytes.get(..MAX_HEAD).unwrap_or(bytes))?;
    let rest = bytes.get(head.len()..).unwrap_or_default();
    let mut import = at.session().import(head, code).await?;
    for piece in rest.chunks(PIECE) {
        import.push(piece).await?;
    }
    import.finish().await
}

/// What is shown, if it is this.
fn shown<P: Platform>(at: &Active<P>) -> Option<Backup> {
    at.driver.state.screen.with_untracked(|screen| match screen {
        Screen::Backup(apart) => apart.shown::<Backup>().cloned(),
        _ => None,
    })
}

fn put<P: Platform>(at: &Active<P>, backup: Backup) {
    let place = match &backup.step {
        BackupStep::Choose => 1,
        BackupStep::Made { .. } => 2,
        BackupStep::Restore { .. } => 3,
        BackupStep::Restored(_) => 4,
    };
    at.driver.state.screen.set(Screen::Backup(Apart::new(backup, place)));
}

fn show<P: Platform>(at: &Active<P>, step: BackupStep) {
    withdraw(at);
    put(at, Backup { step, busy: false, error: None });
}

/// The file that was offered is not shown any more.
fn withdraw<P: Platform>(at: &Active<P>) {
    if let Some(Backup { step: BackupStep::Made { url, .. }, .. }) = shown(at) {
        at.driver.platform.withdraw_file(&url);
    }
}

fn is_busy<P: Platform>(at: &Active<P>) -> bool {
    shown(at).is_some_and(|backup| backup.busy)
}

fn set_busy<P: Platform>(at: &Active<P>) {
    change(at, |backup| (backup.busy, backup.error) = (true, None));
}

fn fail<P: Platform>(at: &Active<P>, fault: BackupFault) {
    change(at, |backup| (backup.busy, backup.error) = (false, Some(fault)));
}

fn change<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Backup)) {
    if let Some(mut backup) = shown(at) {
        change(&mut backup);
        put(at, backup);
    }
}
