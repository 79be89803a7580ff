//! Parts of the application that are loaded when they are used: once for all elements of the page, and again when that
//! failed.

use std::cell::Cell;
use std::thread::LocalKey;

use futures_util::future::LocalBoxFuture;
use leptos::prelude::{ArcTrigger, Notify as _, Track as _};
use leptos::task::spawn_local;

/// Why a part can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartMissing {
    /// Its file can't be fetched now. Can be tried again.
    Unreachable,
    /// A newer version took its place on the server: only a reload of the page brings what fits together.
    OtherVersion,
}

/// How far the loading of a part is.
#[derive(Clone, Copy)]
pub enum Loading<T> {
    /// Nobody asked for it yet, or it is under way.
    Waiting,
    /// It can be used.
    There(T),
    /// It can't be loaded.
    Missing(PartMissing),
}

/// A part that is reached through the table `T`. Copies are the same part.
pub struct Part<T: 'static>(&'static LocalKey<Loader<T>>);

/// Loads one part.
pub struct Loader<T: 'static> {
    load: fn() -> LocalBoxFuture<'static, Result<T, PartMissing>>,
    loading: Cell<Loading<T>>,
    wanted: Cell<bool>,
    changed: ArcTrigger,
}

impl<T> Loader<T> {
    /// `load` makes the part belong to the running application; a second call while one is under way, or after one
    /// succeeded, must do no harm.
    pub fn new(load: fn() -> LocalBoxFuture<'static, Result<T, PartMissing>>) -> Self {
        Self {
            load,
            loading: Cell::new(Loading::Waiting),
            wanted: Cell::new(false),
            changed: ArcTrigger::new(),
        }
    }
}

impl<T: Copy> Part<T> {
    /// The part of this loader.
    pub const fn new(loader: &'static LocalKey<Loader<T>>) -> Self {
        Self(loader)
    }

    /// How far its loading is; what reads it runs again when that changes.
    pub fn state(self) -> Loading<T> {
        self.0.with(|loader| {
            loader.changed.track();
            loader.loading.get()
        })
    }

    /// Sees to it that it is loaded, unless it is there already.
    pub fn ask(self) {
        if matches!(self.0.with(|loader| loader.loading.get()), Loading::There(_)) {
            return;
        }
        self.set(Loading::Waiting);
        let loading: LocalBoxFuture<'static, ()> = Box::pin(async move {
            // Whoever reads the state learns of it.
            let _ = self.loaded().await;
        });
        spawn_local(loading);
    }

    /// Why it can't be used, where that is so.
    pub fn missing(self) -> Option<PartMissing> {
        match self.state() {
            Loading::Missing(why) => Some(why),
            Loading::Waiting | Loading::There(_) => None,
        }
    }

    /// Asks for it again, where it could not be loaded.
    pub fn ask_again(self) {
        if matches!(self.0.with(|loader| loader.loading.get()), Loading::Missing(_)) {
            self.ask();
        }
    }

    /// The same, once: for views, which say so whenever they are drawn.
    pub fn want(self) {
        if !self.0.with(|loader| loader.wanted.replace(true)) {
            self.ask();
        }
    }

    /// The part, once it is loaded.
    pub async fn loaded(self) -> Result<T, PartMissing> {
        let load = self.0.with(|loader| loader.load);
        let loaded = load().await;
        self.set(match loaded {
            Ok(table) => Loading::There(table),
            Err(missing) => Loading::Missing(missing),
        });
        loaded
    }

    /// Uses the part: now, or once it is loaded. That it can't be is said by whoever shows its [state](Self::state).
    pub fn with(self, act: impl FnOnce(T) + 'static) {
        if let Loading::There(table) = self.0.with(|loader| loader.loading.get()) {
            return act(table);
        }
        let loading: LocalBoxFuture<'static, ()> = Box::pin(async move {
            if let Ok(table) = self.loaded().await {
                act(table);
            }
        });
        spawn_local(loading);
    }

    fn set(self, loading: Loading<T>) {
        self.0.with(|loader| {
            loader.loading.set(loading);
            loader.changed.notify();
        });
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<T> {}
