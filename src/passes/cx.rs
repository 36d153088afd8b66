#![forbid(unsafe_code)]
//! What a pass has at hand: fresh names, and the record of what it did and nearly did.

use super::Options;
use super::pattern;
use super::trace::{self, Firing, Miss};
use crate::diag::Origin;
use crate::ir::{Expr, Name, Names, print};
use std::borrow::Cow;

/// Characters of an expression in the log.
const LOGGED: usize = 60;

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

    /// Whether near misses are kept: what is looked for only to be told is not looked for otherwise.
    pub fn records(&self) -> bool {
        self.record
    }

    /// Words for a reason or a condition, which are not put together where nobody records or logs them.
    pub fn say(&self, words: impl FnOnce() -> String) -> Cow<'static, str> {
        if self.record || log::log_enabled!(log::Level::Trace) {
            Cow::Owned(words())
        } else {
            Cow::Borrowed("")
        }
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
        let reason = reason.into();
        log::trace!(
            "{rule}: `{}` is now `{}`: {reason}",
            print::short(before, LOGGED),
            print::short(after, LOGGED)
        );
        if !self.record {
            return;
        }
        // What stands at the same place after a fusion came from other places too. A part that is left of the
        // expression has a place of its own, which says nothing new.
        let grew = after.origin.primary() == before.origin.primary();
        let origin = if grew { before.origin.join(&after.origin) } else { before.origin.clone() };
        self.firings.push(Firing { rule, reason, origin, before: before.clone(), after: after.clone() });
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

    /// Records that `rule` would have fired at `expr` if `part` of it could be left out.
    pub fn missed_for(&mut self, rule: &'static str, expr: &Expr, part: &Expr) {
        let condition = format!("`{}` {}", print::short(part, 40), pattern::must_run(part));
        self.missed(rule, &expr.origin, condition, None);
    }

    /// Rewrites so far, recorded or not.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn finish(self) -> (Vec<Firing>, Vec<Miss>) {
        let missed = trace::interesting(self.missed, &self.firings);
        (self.firings, missed)
    }
}
