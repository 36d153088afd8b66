#![forbid(unsafe_code)]
//! What a pass has at hand: fresh names, and the record of what it did and nearly did.

use super::pattern;
use super::trace::{self, Firing, Miss};
use crate::diag::Origin;
use crate::ir::{Expr, Name, Names, print};
use std::borrow::Cow;

/// The surroundings of one run of a pass.
pub struct PassCx<'a> {
    names: &'a mut Names,
    firings: Vec<Firing>,
    missed: Vec<Miss>,
    limit: usize,
    told_limit: bool,
}

impl<'a> PassCx<'a> {
    pub(super) fn new(names: &'a mut Names, limit: usize) -> PassCx<'a> {
        PassCx { names, firings: Vec::new(), missed: Vec::new(), limit, told_limit: false }
    }

    /// A new binder that looks like `base`.
    pub fn fresh(&mut self, base: &str) -> Name {
        self.names.fresh(base)
    }

    /// Whether a rule may still fire. Ask before a rewrite; the first refusal leaves a note.
    pub fn may_fire(&mut self, at: &Expr) -> bool {
        if self.firings.len() < self.limit {
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
        self.missed.push(Miss { rule, condition: condition.into(), origin: origin.clone(), would });
    }

    /// Records that `rule` would have fired at `expr` if `part` of it could be left out.
    pub fn missed_for(&mut self, rule: &'static str, expr: &Expr, part: &Expr) {
        let condition = format!("`{}` {}", print::short(part, 40), pattern::must_run(part));
        self.missed(rule, &expr.origin, condition, None);
    }

    pub(super) fn finish(self) -> (Vec<Firing>, Vec<Miss>) {
        let missed = trace::interesting(self.missed, &self.firings);
        (self.firings, missed)
    }
}
