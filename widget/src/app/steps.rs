//! The steps of signing in, as the rest of the application reaches them: they are a part that is loaded when it is used
//! ([`Part`](super::part::Part)).

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::command::Choice;
use super::driver::Driver;
use super::part::PartMissing;
use super::platform::{Platform, Task};

/// The steps of signing in.
pub struct SignInSteps<P: Platform> {
    pub(super) connect: fn(Rc<Driver<P>>, String) -> Task,
    pub(super) create_keys: fn(Rc<Driver<P>>) -> Task,
    pub(super) publish_profile: fn(Rc<Driver<P>>) -> Task,
    pub(super) go_on: fn(Rc<Driver<P>>, Choice) -> Task,
}

/// Loads the steps of signing in.
pub type LoadSteps<P> = fn() -> LocalBoxFuture<'static, Result<SignInSteps<P>, PartMissing>>;
