//! The signals of [`State`](super::state::State), made for small WASM: Leptos' own are code of their own for each type
//! of value. Here only the value has a type; who reads it and who is told of changes is the same for all.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::{ArcTrigger, GetValue, LocalStorage, Notify, StoredValue, Track};

/// What one field holds.
pub struct Slot<T> {
    value: RefCell<T>,
    changed: ArcTrigger,
}

/// A value that views follow. Copies are the same field.
pub struct Field<S: 'static, T: 'static> {
    slots: StoredValue<Rc<S>, LocalStorage>,
    slot: fn(&S) -> &Slot<T>,
}

impl<T> Slot<T> {
    /// A slot with its first value.
    pub fn new(value: T) -> Self {
        Self { value: RefCell::new(value), changed: ArcTrigger::new() }
    }
}

impl<S, T> Field<S, T> {
    /// The field in the slot of `slots` that `slot` points to.
    pub fn new(slots: StoredValue<Rc<S>, LocalStorage>, slot: fn(&S) -> &Slot<T>) -> Self {
        Self { slots, slot }
    }

    /// Reads the value; what reads it runs again when it changes.
    pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        let slots = self.slots.get_value();
        let slot = (self.slot)(&slots);
        slot.changed.track();
        read(&slot.value.borrow())
    }

    /// Reads the value once.
    pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        let slots = self.slots.get_value();
        read(&(self.slot)(&slots).value.borrow())
    }

    /// Changes the value and tells those who read it.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        let slots = self.slots.get_value();
        let slot = (self.slot)(&slots);
        change(&mut slot.value.borrow_mut());
        slot.changed.notify();
    }

    /// Replaces the value and tells those who read it.
    pub fn set(self, value: T) {
        self.update(|current| *current = value);
    }
}

impl<S, T: Clone> Field<S, T> {
    /// A copy of the value; what reads it runs again when it changes.
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// A copy of the value.
    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

impl<S, T> Clone for Field<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T> Copy for Field<S, T> {}
