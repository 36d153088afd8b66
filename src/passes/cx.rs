#![forbid(unsafe_code)]
//! What a pass has at hand: fresh names, and the record of what it did and nearly did.

use super::Options;
use super::trace::{self, Firing, Miss};
use crate::diag::Origin;
use crate::ir::{Expr, Name, Names};
use std::borrow::Cow;

/// The surroundings of one run of a pass.
pub struct PassCx<'a> {
    names: &'a mut Names,
    firings: Vec<Firing>,
    missed: Vec<Miss>,
    /// Rewrites so far, recorded or not.
    count: usize,
    limit: usize,
    told_limit: bool,
    record: bool,
}

impl<'a> PassCx<'a> {
    pub(super) fn new(names: &'a mut Names, options: &Options) -> PassCx<'a> {
        PassCx {
            names,
            firings: Vec::new(),
            missed: Vec::new(),
            count: 0,
            limit: options.firing_limit,
            told_limit: false,
            record: options.record,
        }
    }

    /// A new binder that looks like `base`.
    pub fn fresh(&mut self, base: &str) -> Name {
        self.names.fresh(base)
    }

    /// Whether a rule may still fire. Ask before a rewrite; the first refusal leaves a note.
    pub fn may_fire(&mut self, at: &Expr) -> bool {
        if self.count < self.limit {
            return true;
        }
        if !self.told_limit {
            self.told_limit = true;
            let condition = format!("the pass stopped after {} firings", self.limit);
            self.missed("firing_limit", &at.origin, condition, None);
        }
        false
    }

    /// Records a rewrite.
    pub fn fired(
        &mut self,
        rule: &'static str,
        reason: impl Into<Cow<'static, str>>,
        before: &Expr,
        after: &Expr,
    ) {
        self.count += 1;
        if !self.record {
            return;
        }
        self.firings.push(Firing {
            rule,
            reason: reason.into(),
            origin: before.origin.clone(),
            before: before.clone(),
            after: after.clone(),
        });
    }

    /// Records that `rule` would have fired at `origin` but for one condition, and what would satisfy it.
    pub fn missed(
        &mut self,
        rule: &'static str,
        origin: &Origin,
        condition: impl Into<String>,
        would: Option<String>,
    ) {
        if !self.record {
            return;
        }
        self.missed.push(Miss { rule, condition: condition.into(), origin: origin.clone(), would });
    }

    pub(super) fn finish(self) -> (Vec<Firing>, Vec<Miss>) {
        let missed = trace::interesting(self.missed, &self.firings);
        (self.firings, missed)
    }
}
