#![forbid(unsafe_code)]
//! One loop of the plan, followed through all steps by the places it came from.
//!
//! Promises: a loop belongs to the focus in any step when it came from one of these places.

use crate::diag::{Origin, Span, stack};
use crate::ir::{Expr, ExprKind, Program, print, visit};
use crate::passes::Step;
use crate::plan;

/// The loop that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// Its number in the plan of the optimized program.
    pub id: usize,
    /// The places it came from.
    pub spans: Vec<Span>,
}

impl Focus {
    /// Loop `id` of the plan of a program; the error says which there are.
    pub fn on(program: &Program, id: usize) -> Result<Focus, String> {
        let plans = plan::plan(program);
        match plans.iter().find(|plan| plan.id == id) {
            Some(plan) => Ok(Focus { id, spans: plan.origin.spans().collect() }),
            None if plans.is_empty() => Err("the optimized program has no loops".to_string()),
            None if plans.len() == 1 => Err(format!("there is no loop L{id}, only L1")),
            None => Err(format!("there is no loop L{id}; the plan has L1 to L{}", plans.len())),
        }
    }

    /// Whether something came from the places of the loop.
    pub fn has(&self, origin: &Origin) -> bool {
        origin.spans().any(|span| self.spans.contains(&span))
    }

    /// The loops of a program that belong to it, as text: outermost ones, one after the other.
    pub fn text(&self, program: &Program) -> String {
        let mut loops = Vec::new();
        self.collect(&program.func.body, &mut loops);
        loops.iter().map(|expr| format!("{}\n", print::expr(expr))).collect()
    }

    fn collect(&self, expr: &Expr, loops: &mut Vec<Expr>) {
        if expr.facts.loops == 0 {
            return;
        }
        stack::deep(|| {
            if matches!(expr.kind, ExprKind::For(_)) && self.has(&expr.origin) {
                loops.push(expr.clone());
                return;
            }
            visit::for_each_child(&expr.kind, &mut |child| self.collect(child, loops));
        });
    }

    /// The step with those firings and near misses only that are about the loop or something inside of it.
    pub fn step(&self, step: &Step) -> Step {
        let inside = |origin: &Origin| {
            let within = |span: Span| {
                self.spans
                    .iter()
                    .any(|own| own.source == span.source && own.lo <= span.lo && span.hi <= own.hi)
            };
            origin.spans().any(within)
        };
        let mut narrowed = step.clone();
        narrowed.firings.retain(|firing| inside(&firing.origin));
        narrowed.missed.retain(|miss| inside(&miss.origin));
        narrowed.moot.retain(|miss| inside(&miss.origin));
        narrowed
    }
}
