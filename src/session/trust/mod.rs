#![forbid(unsafe_code)]
//! Trust: does an optimization keep the meaning, which rewrite does not, and what is the smallest program that shows it.
//!
//! The meaning is what the interpreter says of the program as written. Everything here works on a program and a list of
//! passes, so that tests can put wrong passes in.
//! Promises: [`verify`](verify::verify) looks at the program after every rewrite; what is found names the pass, the
//! firing and the rule, and inputs that show it; nothing here changes the session.

pub mod agree;
pub mod bisect;
pub mod case;
mod hunt;
#[cfg(feature = "jit")]
mod machine;
pub mod reduce;
pub mod states;
pub mod verify;
pub(super) mod watch;

use crate::diag::Origin;
use crate::passes::{Firing, PassInfo};

/// Where in an optimization something went wrong.
#[derive(Clone, Debug)]
pub struct Culprit {
    /// The number of the step, from 1.
    pub step: usize,
    /// Its pass.
    pub pass: &'static PassInfo,
    /// The firing, from 1; `None` when the pass broke before or between its firings.
    pub number: Option<usize>,
    /// The firings of the step in all.
    pub of: usize,
    /// The rewrite.
    pub firing: Option<Firing>,
}

impl Culprit {
    /// The rule that fired.
    pub fn rule(&self) -> Option<&'static str> {
        self.firing.as_ref().map(|firing| firing.rule)
    }

    /// Where in the source.
    pub fn origin(&self) -> Option<&Origin> {
        self.firing.as_ref().map(|firing| &firing.origin)
    }
}
