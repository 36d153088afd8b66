#![forbid(unsafe_code)]
//! Which source a node of a program came from: a node is named by its binder, or by its place in the printed program.
//!
//! Promises: a place of the printed text belongs to exactly the node that printed it, because the text is read back and
//! both trees are walked together; where they differ the answer is none, never a guess.

use super::Spot;
use crate::diag::{Origin, Place, stack, suggest};
use crate::ir::{Expr, ExprKind, Lambda, Param, Program, print, visit};
use crate::session::Session;

/// Something with a name in a program.
#[derive(Clone, Debug)]
pub enum Named {
    /// `let NAME = value`.
    Let(Expr),
    /// A parameter of the program or of a lambda in it.
    Param(Param),
}

impl Named {
    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        match self {
            Named::Let(value) => &value.origin,
            Named::Param(param) => &param.origin,
        }
    }
}

/// What is bound to a name; the error names the nearest one. Names are unique in a program.
pub fn named(program: &Program, name: &str) -> Result<Named, String> {
    find(program, name).ok_or_else(|| {
        let mut names: Vec<&str> = program.func.params.iter().map(|param| param.name.text()).collect();
        visit::walk(&program.func.body, &mut |expr| names.extend(expr.var().map(|name| name.text())));
        match suggest(name, names.into_iter()) {
            Some(near) => format!("the optimized program has no name `{name}`; did you mean `{near}`?"),
            None => format!("the optimized program has no name `{name}`"),
        }
    })
}

fn find(program: &Program, name: &str) -> Option<Named> {
    let param = |lambda: &Lambda| lambda.params.iter().find(|param| param.name.text() == name).cloned();
    let mut found = param(&program.func).map(Named::Param);
    visit::walk(&program.func.body, &mut |expr| {
        if found.is_some() {
            return;
        }
        found = match &expr.kind {
            ExprKind::Block(lets, _) => {
                let binding = lets.iter().find(|binding| binding.name.text() == name);
                binding.map(|binding| Named::Let(binding.value.clone()))
            }
            ExprKind::Apply(lambda, _) | ExprKind::Iterate(_, lambda) | ExprKind::Sort(_, lambda) => {
                param(lambda).map(Named::Param)
            }
            ExprKind::For(parts) => param(&parts.func).map(Named::Param),
            _ => None,
        };
    });
    found
}

/// The innermost node of `program` at a place of its text.
pub fn node_at(session: &mut Session, program: &Program, place: Place) -> Result<Expr, String> {
    let source = session.add_source("the optimized program", print::program(program));
    let spot = Spot::at(session.sources(), source, place)?;
    let different = "the printed program does not read back as the same program, so its places are not known";
    let printed = session.check(source).map_err(|_| different.to_string())?.program;
    let mut found = None;
    if !both(&program.func.body, &printed.func.body, spot, &mut found) {
        return Err(different.to_string());
    }
    let nothing = || format!("nothing but a name or a type stands at {place}");
    found.map(|(node, _)| node).ok_or_else(nothing)
}

/// Walks both trees; false where they differ. Keeps the narrowest node at the spot, the innermost of equals.
fn both(node: &Expr, printed: &Expr, spot: Spot, found: &mut Option<(Expr, u32)>) -> bool {
    stack::deep(|| {
        // Some constants have no literal of their own, and read back as the operation that makes them.
        let is_constant = matches!(node.kind, ExprKind::Literal(_));
        if !is_constant && std::mem::discriminant(&node.kind) != std::mem::discriminant(&printed.kind) {
            return false;
        }
        let span = printed.origin.primary();
        let width = span.hi.saturating_sub(span.lo);
        if spot.is_in(span) && found.as_ref().is_none_or(|(_, narrowest)| width <= *narrowest) {
            *found = Some((node.clone(), width));
        }
        if is_constant {
            return true;
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        visit::for_each_child(&node.kind, &mut |child| ours.push(child));
        visit::for_each_child(&printed.kind, &mut |child| theirs.push(child));
        ours.len() == theirs.len() && ours.into_iter().zip(theirs).all(|(a, b)| both(a, b, spot, found))
    })
}
