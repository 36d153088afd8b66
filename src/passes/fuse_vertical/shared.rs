#![forbid(unsafe_code)]
//! Why a loop over a let-bound result of a loop stays apart from it: something else uses that vector, too.
//!
//! Promises: one walk over the tree, and none when nothing is recorded; one near miss for each such vector at most.

use crate::diag::Origin;
use crate::ir::{Expr, ExprKind, Iter, Name, print, visit};
use crate::passes::uses::Uses;
use crate::passes::{PassCx, pattern};
use std::collections::HashMap;

/// The vector that a loop makes, and what uses it.
struct Shared<'a> {
    name: &'a Name,
    /// The value of its let.
    value: &'a Expr,
    /// The loops that read all of it.
    readers: Vec<&'a Expr>,
    /// The first use that is no such loop, and the expression around it.
    other: Option<(&'a Expr, &'a Expr)>,
}

/// Names for each vector that is made by one loop and read by another what keeps them apart.
pub fn explain(cx: &mut PassCx, root: &Expr, uses: &Uses) {
    if !cx.records() {
        return;
    }
    let mut found = Found { vectors: Vec::new(), index: HashMap::new() };
    visit::walk(root, &mut |expr| found.node(expr));
    for vector in &found.vectors {
        let Some(reader) = vector.readers.first() else { continue };
        // What a loop around the use would do again in each turn is said at that use.
        if uses.name(vector.name).looped {
            continue;
        }
        let (condition, would, origin) = match vector.other {
            Some((around, at)) => {
                let would = format!("use `{}` only as what loops read", vector.name);
                let origin = if needs_it(around) { &around.origin } else { &at.origin };
                (format!("{}, so its vector is built in any case", told(vector.name, around)), would, origin)
            }
            None => {
                let [_, second, ..] = vector.readers.as_slice() else { continue };
                let condition = format!(
                    "{} loops read `{}`, and inside of each of them its loop would run again",
                    vector.readers.len(),
                    vector.name
                );
                let would = "`fuse-horizontal` makes one loop of those that run over the same rows";
                (condition, would.to_string(), &second.origin)
            }
        };
        // The loop that reads, what needs the vector, the loop that makes it: each without what was fused into it.
        let place = |origin: &Origin| Origin::from(origin.primary());
        let origin = place(&reader.origin).join(&place(origin)).join(&place(&vector.value.origin));
        cx.missed("fuse_loops", &origin, condition, Some(would));
    }
}

/// Whether the expression does something with the elements or the length of its operand.
fn needs_it(around: &Expr) -> bool {
    use ExprKind::{Block, If, Merge, Select, Struct, Vector};
    !matches!(around.kind, Block(..) | If(..) | Merge(..) | Select(..) | Struct(_) | Vector(_))
}

/// What an expression does with a vector that is one of its operands.
fn told(name: &Name, around: &Expr) -> String {
    match &around.kind {
        ExprKind::Struct(_) => format!("`{name}` is a field of a struct"),
        ExprKind::Vector(_) => format!("`{name}` is an element of a vector"),
        ExprKind::Merge(..) => format!("`{name}` is merged as a value"),
        ExprKind::Sort(..) => format!("`sort` needs all of `{name}` at once"),
        _ if needs_it(around) => format!("`{}` needs `{name}`", print::short(around, 40)),
        _ => format!("`{name}` is the value of something else"),
    }
}

struct Found<'a> {
    vectors: Vec<Shared<'a>>,
    index: HashMap<&'a Name, usize>,
}

impl<'a> Found<'a> {
    /// Notes the vectors that a node binds and those that it uses.
    fn node(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Block(lets, _) => {
                for binding in lets {
                    // What was vectorized has been through this pass.
                    if pattern::producer(&binding.value).is_some_and(|(_, parts)| !parts.simd) {
                        self.index.insert(&binding.name, self.vectors.len());
                        let (name, value) = (&binding.name, &binding.value);
                        self.vectors.push(Shared { name, value, readers: Vec::new(), other: None });
                    }
                }
                visit::for_each_child(&expr.kind, &mut |child| self.used(expr, child));
            }
            ExprKind::For(parts) => {
                for iter in &parts.iters {
                    match iter {
                        Iter::Whole(data) => self.read(expr, data),
                        other => other.operands().into_iter().for_each(|operand| self.used(expr, operand)),
                    }
                }
            }
            // Its parts were looked at where a loop reads it.
            ExprKind::Zip(_) => {}
            kind => visit::for_each_child(kind, &mut |child| self.used(expr, child)),
        }
    }

    /// A loop reads all of `data`, or of the vectors that are zipped in it.
    fn read(&mut self, reader: &'a Expr, data: &'a Expr) {
        if let ExprKind::Zip(items) = &data.kind {
            items.iter().for_each(|item| self.read(reader, item));
        } else if let Some(vector) = self.vector(data) {
            vector.readers.push(reader);
        }
    }

    fn used(&mut self, around: &'a Expr, child: &'a Expr) {
        if let Some(vector) = self.vector(child) {
            vector.other.get_or_insert((around, child));
        }
    }

    fn vector(&mut self, expr: &Expr) -> Option<&mut Shared<'a>> {
        let at = self.index.get(expr.var()?)?;
        self.vectors.get_mut(*at)
    }
}
