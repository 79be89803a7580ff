//! Rows by their keys: a row stays the same element for as long as its key is there, and only what has changed of it is
//! drawn anew – a screen reader would read all others again.
//!
//! leptos has a list of that kind. It takes rows out of the page and puts them back where others come before them: what has
//! the focus loses it, a video begins anew, a text that was selected is not any more, and the browser lays out all of them.

use std::mem::take;
use std::sync::Arc;

use dm3_core::index::Index;
use leptos::prelude::*;
use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::renderer::types::{Element, Node, Placeholder};
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Mountable, Position, PositionState};

use super::part;

/// What is shown by keys, and how.
pub(super) struct Rows<T> {
    shown: Vec<(String, ArcRwSignal<T>)>,
    row: Arc<dyn Fn(T) -> AnyView + Send + Sync>,
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Rows<T> {
    /// No rows yet; `row` draws one.
    pub(super) fn new(row: impl Fn(T) -> AnyView + Send + Sync + 'static) -> Self {
        Self { shown: Vec::new(), row: Arc::new(row) }
    }

    /// These and no others, with their keys.
    pub(super) fn show(&mut self, wanted: Vec<(String, T)>) -> AnyView {
        let known = places(self.shown.iter().map(|(key, _)| key));
        let (mut keys, mut shown) = (Vec::new(), Vec::new());
        for (key, new) in wanted {
            let row = match known.get(&key).and_then(|place| self.shown.get(place)) {
                Some((_, row)) => {
                    if row.with_untracked(|shown| *shown != new) {
                        row.set(new);
                    }
                    row.clone()
                }
                None => ArcRwSignal::new(new),
            };
            keys.push(key.clone());
            shown.push((key, row));
        }
        self.shown.clone_from(&shown);
        let draw = Arc::clone(&self.row);
        let row = move |place: usize| {
            let row = shown.get(place).map(|(_, row)| row.clone());
            let draw = Arc::clone(&draw);
            part(move || row.as_ref().map(|row| draw(row.get())).into_any()).into_any()
        };
        rows(keys, Box::new(row))
    }
}

fn places<'a>(keys: impl Iterator<Item = &'a String>) -> Index {
    let mut places = Index::default();
    for (place, key) in keys.enumerate() {
        places.insert(key.clone(), place);
    }
    places
}

/// Elements by their keys; `row` draws the one at a place. Of one type for all, because it is a lot of code.
pub(super) fn rows(keys: Vec<String>, row: Box<dyn Fn(usize) -> AnyView + Send>) -> AnyView {
    Keyed { keys, row }.into_any()
}

struct Keyed {
    keys: Vec<String>,
    row: Box<dyn Fn(usize) -> AnyView + Send>,
}

/// Those that are in the page.
struct KeyedState {
    rows: Vec<(String, AnyViewState)>,
    /// Stands behind the last.
    end: Placeholder,
}

impl Render for Keyed {
    type State = KeyedState;

    fn build(self) -> KeyedState {
        let rows = self.keys.into_iter().enumerate().map(|(place, key)| (key, (self.row)(place).build()));
        KeyedState { rows: rows.collect(), end: Rndr::create_placeholder() }
    }

    fn rebuild(self, state: &mut KeyedState) {
        let known = places(state.rows.iter().map(|(key, _)| key));
        let mut old: Vec<_> = take(&mut state.rows).into_iter().map(Some).collect();
        let mut rows = Vec::with_capacity(self.keys.len());
        for (place, key) in self.keys.into_iter().enumerate() {
            let stood = known.get(&key).and_then(|stood| Some((stood, old.get_mut(stood)?.take()?)));
            rows.push(match stood {
                Some((stood, (key, view))) => (Some(stood), key, view),
                None => (None, key, (self.row)(place).build()),
            });
        }
        for (_, mut gone) in old.into_iter().flatten() {
            gone.unmount();
        }
        // From the end, so that one that comes to the top of a list moves alone.
        let (mut next, mut behind): (&dyn Mountable, _) = (&state.end, usize::MAX);
        for (stood, _, view) in rows.iter_mut().rev() {
            match stood {
                Some(stood) if *stood < behind => behind = *stood,
                _ => drop(next.insert_before_this(view)),
            }
            next = view;
        }
        state.rows = rows.into_iter().map(|(_, key, view)| (key, view)).collect();
    }
}

impl Mountable for KeyedState {
    fn unmount(&mut self) {
        self.rows.iter_mut().for_each(|(_, row)| row.unmount());
        self.end.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.rows.iter_mut().for_each(|(_, row)| row.mount(parent, marker));
        self.end.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.rows.first() {
            Some((_, first)) => first.insert_before_this(child),
            None => self.end.insert_before_this(child),
        }
    }

    fn elements(&self) -> Vec<Element> {
        self.rows.iter().flat_map(|(_, row)| row.elements()).collect()
    }
}

impl AddAnyAttr for Keyed {
    type Output<A: Attribute> = Self;

    /// Nothing is given to all rows.
    fn add_any_attr<A: Attribute>(self, _: A) -> Self {
        self
    }
}

/// What leptos wants of every view. Nothing is drawn on a server.
impl RenderHtml for Keyed {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> KeyedState {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}
