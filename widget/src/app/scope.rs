//! Tasks that end together: nothing of an account runs on after it was left, and nothing of an element after it is gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::{AbortHandle, abortable};

use super::platform::Task;

/// Tasks that end together. Clones are the same scope.
#[derive(Clone, Default)]
pub(super) struct Scope(Rc<Tasks>);

#[derive(Default)]
struct Tasks {
    ended: Cell<bool>,
    /// How many there were so far; numbers them.
    count: Cell<usize>,
    running: RefCell<Vec<(usize, AbortHandle)>>,
}

impl Scope {
    /// The same task, but it ends with the scope: it never gets past an `await` afterwards. In a scope that has ended,
    /// it does nothing.
    pub(super) fn bind(&self, task: Task) -> Task {
        let tasks = Rc::clone(&self.0);
        let (task, handle) = abortable(task);
        if tasks.ended.get() {
            handle.abort();
        }
        let number = tasks.count.replace(tasks.count.get() + 1);
        tasks.running.borrow_mut().push((number, handle));
        Box::pin(async move {
            // Aborted is as good as done.
            let _ = task.await;
            tasks.running.borrow_mut().retain(|(other, _)| *other != number);
        })
    }

    /// Ends every task, and those that come later.
    pub(super) fn end(&self) {
        self.0.ended.set(true);
        for (_, handle) in self.0.running.take() {
            handle.abort();
        }
    }
}
