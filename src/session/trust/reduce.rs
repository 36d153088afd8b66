#![forbid(unsafe_code)]
//! The smallest program that still shows something: lets, operands, branches, iterations and inputs go away.
//!
//! Works on the typed tree: an expression gives way to the simplest value of its type or to an operand of that type, so
//! that most candidates are programs; the verifier and the checker refuse the others.
//! Promises: the result shows what the start showed, passes all static rules and reads back from its text; larger parts
//! are tried first; it ends when nothing more can go, or when it is told to.

use crate::diag::{Origin, SourceId, stack};
use crate::ir::{
    BuilderTy, Expr, ExprKind, Lambda, Let, Literal, MergeOp, Name, Program, Ty, build, print, verify, visit,
};
use crate::{check, expand, syntax};
use std::collections::HashMap;
use std::sync::Arc;

/// What a reduction did.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The smallest program that was found.
    pub program: Program,
    /// Candidates that were asked about.
    pub tried: usize,
    /// Whether it was told to end before nothing more could go.
    pub cut: bool,
}

/// Makes a program smaller as long as `shows` says that it still shows the same. `over` ends the search.
pub fn reduce(
    program: &Program,
    over: &mut dyn FnMut() -> bool,
    shows: &mut dyn FnMut(&Program) -> bool,
) -> Reduced {
    let mut reducer = Reducer { best: program.clone(), over, shows, tried: 0, cut: false };
    loop {
        let before = reducer.best.func.body.clone();
        reducer.cut_end();
        reducer.drop_lets();
        reducer.replace_nodes();
        reducer.drop_params();
        if reducer.cut || reducer.best.func.body.same(&before) {
            return Reduced { program: reducer.best, tried: reducer.tried, cut: reducer.cut };
        }
    }
}

struct Reducer<'a> {
    best: Program,
    over: &'a mut dyn FnMut() -> bool,
    shows: &'a mut dyn FnMut(&Program) -> bool,
    tried: usize,
    cut: bool,
}

impl Reducer<'_> {
    /// Takes the candidate if it is a program and still shows it.
    fn take(&mut self, candidate: Program) -> bool {
        self.cut |= self.cut || (self.over)();
        if self.cut || verify::verify(&candidate).is_err() {
            return false;
        }
        self.tried += 1;
        if !(self.shows)(&candidate) || !reads_back(&candidate) {
            return false;
        }
        self.best = candidate;
        true
    }

    fn take_body(&mut self, body: Expr) -> bool {
        let params = self.best.func.params.clone();
        let names = self.best.names.clone();
        self.take(Program { func: Lambda { params, body }, names })
    }

    /// Lets the program end earlier, with the value of one of its lets; or with one field of its result, or an operand.
    fn cut_end(&mut self) {
        while !self.cut {
            let body = self.best.func.body.clone();
            let (lets, last) = match &body.kind {
                ExprKind::Block(lets, last) => (lets.as_slice(), last),
                _ => (&[][..], &body),
            };
            let mut shorter = false;
            let mut keep = lets.len() / 2;
            // Halves first, then all but a few.
            let mut skip = lets.len() - keep;
            while skip > 0 && !shorter {
                if let Some((binding, before)) = lets.get(..keep + 1).and_then(|lets| lets.split_last())
                    && keep < lets.len()
                {
                    let end = build::block(before.to_vec(), binding.value.clone(), body.origin.clone());
                    shorter = self.take_body(end);
                }
                skip /= 2;
                keep = lets.len() - skip;
            }
            if !shorter {
                let mut operands = Vec::new();
                visit::for_each_child(&last.kind, &mut |child| operands.push(child.clone()));
                shorter = operands.into_iter().any(|operand| {
                    let end = build::block(lets.to_vec(), operand, body.origin.clone());
                    self.take_body(end)
                });
            }
            if !shorter {
                return;
            }
        }
    }

    /// Drops lets, many at a time first; what used them gets the simplest value of the type.
    fn drop_lets(&mut self) {
        let mut size = usize::MAX;
        loop {
            let count = names_of_lets(&self.best.func.body).len();
            size = size.min(count);
            if size == 0 || self.cut {
                return;
            }
            let mut at = 0;
            loop {
                let names = names_of_lets(&self.best.func.body);
                let Some(chosen) = names.get(at..).map(|rest| rest.iter().take(size)) else { break };
                if chosen.len() == 0 || self.cut {
                    break;
                }
                let chosen: HashMap<Name, Option<Expr>> =
                    chosen.map(|(name, ty, origin)| (name.clone(), simplest(ty, origin))).collect();
                let body = without_lets(&self.best.func.body, &chosen);
                if !self.take_body(body) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Puts something simpler in the place of each node, parents first.
    fn replace_nodes(&mut self) {
        let mut at = 0;
        while !self.cut {
            let body = self.best.func.body.clone();
            let Some(node) = node_at(&body, at) else { return };
            let taken = simpler(node).into_iter().any(|new| {
                let body = with_node_at(&body, at, &new);
                self.take_body(body)
            });
            if !taken {
                at += 1;
            }
        }
    }

    /// Drops inputs that nothing uses.
    fn drop_params(&mut self) {
        let mut at = self.best.func.params.len();
        while at > 0 && !self.cut {
            at -= 1;
            let mut candidate = self.best.clone();
            if at < candidate.func.params.len() {
                candidate.func.params.remove(at);
            }
            self.take(candidate);
        }
    }
}

/// Every let of the tree with its type and place.
fn names_of_lets(body: &Expr) -> Vec<(Name, Ty, Origin)> {
    let mut found = Vec::new();
    visit::walk(body, &mut |expr| {
        if let ExprKind::Block(lets, _) = &expr.kind {
            let lets = lets.iter();
            found.extend(lets.map(|binding| {
                (binding.name.clone(), binding.value.ty.clone(), binding.value.origin.clone())
            }));
        }
    });
    found
}

/// Without these lets; a use of one is its stand-in, or stays, which the verifier will refuse.
fn without_lets(expr: &Expr, gone: &HashMap<Name, Option<Expr>>) -> Expr {
    stack::deep(|| match &expr.kind {
        ExprKind::Var(name) => match gone.get(name) {
            Some(Some(stand_in)) => stand_in.clone(),
            _ => expr.clone(),
        },
        ExprKind::Block(lets, body) if lets.iter().any(|binding| gone.contains_key(&binding.name)) => {
            let kept = lets.iter().filter(|binding| !gone.contains_key(&binding.name));
            let kept: Vec<Let> = kept
                .map(|binding| Let { name: binding.name.clone(), value: without_lets(&binding.value, gone) })
                .collect();
            build::block(kept, without_lets(body, gone), expr.origin.clone())
        }
        _ => visit::map_children(expr, &mut |child| without_lets(child, gone)),
    })
}

/// Node number `at`, parents first.
fn node_at(expr: &Expr, at: usize) -> Option<&Expr> {
    if at == 0 {
        return Some(expr);
    }
    let (mut rest, mut found) = (at - 1, None);
    visit::for_each_child(&expr.kind, &mut |child| {
        let nodes = child.facts.nodes as usize;
        match found {
            None if rest < nodes => found = Some((child, rest)),
            None => rest -= nodes,
            Some(_) => {}
        }
    });
    let (child, at) = found?;
    stack::deep(|| node_at(child, at))
}

/// The tree with another node number `at`.
fn with_node_at(expr: &Expr, at: usize, new: &Expr) -> Expr {
    if at == 0 {
        return new.clone();
    }
    let mut rest = Some(at - 1);
    let replaced = visit::map_children(expr, &mut |child| match rest {
        Some(place) if place < child.facts.nodes as usize => {
            rest = None;
            stack::deep(|| with_node_at(child, place, new))
        }
        Some(place) => {
            rest = Some(place - child.facts.nodes as usize);
            child.clone()
        }
        None => child.clone(),
    });
    flat(&replaced)
}

/// A block whose body became a block is one block.
fn flat(expr: &Expr) -> Expr {
    match &expr.kind {
        ExprKind::Block(lets, body) => build::block(lets.clone(), body.clone(), expr.origin.clone()),
        _ => expr.clone(),
    }
}

/// What may take the place of a node: the simplest value of its type, an operand of its type, fewer items.
fn simpler(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    if let Some(simplest) = simplest(&expr.ty, &expr.origin)
        && simplest.facts.nodes < expr.facts.nodes
    {
        found.push(simplest);
    }
    match &expr.kind {
        ExprKind::Literal(literal) => found.extend(simpler_literals(literal, &expr.origin)),
        ExprKind::Vector(items) => {
            let half = items.len() / 2;
            let mut fewer = |items: &[Expr]| found.push(expr.with_kind(ExprKind::Vector(items.to_vec())));
            if half > 0 {
                let (a, b) = items.split_at(half);
                fewer(a);
                fewer(b);
            }
        }
        _ => {}
    }
    let mut children = Vec::new();
    visit::for_each_child(&expr.kind, &mut |child| children.push(child));
    let grandchildren: Vec<&Expr> = children
        .iter()
        .flat_map(|child| {
            let mut found = Vec::new();
            visit::for_each_child(&child.kind, &mut |grandchild| found.push(grandchild));
            found
        })
        .collect();
    let of_the_type = children.into_iter().chain(grandchildren).filter(|other| other.ty == expr.ty);
    found.extend(of_the_type.cloned());
    found
}

fn simpler_literals(literal: &Literal, origin: &Origin) -> Vec<Expr> {
    let (Some(scalar), Some(bits)) = (literal.scalar(), literal.bits()) else { return Vec::new() };
    let small = [0, 1].map(|value| Literal::from_i64(scalar, value));
    // Zero is simpler than one, one than all others.
    let rank = small.iter().position(|other| other.bits() == Some(bits)).unwrap_or(small.len());
    small.into_iter().take(rank).map(|literal| build::literal(literal, origin.clone())).collect()
}

/// The simplest expression of a type; `None` for types that have none.
fn simplest(ty: &Ty, origin: &Origin) -> Option<Expr> {
    let make = |kind: ExprKind| Expr::new(kind, ty.clone(), origin.clone());
    Some(match ty {
        Ty::Scalar(scalar) => build::literal(Literal::from_i64(*scalar, 0), origin.clone()),
        Ty::Simd(scalar) => {
            make(ExprKind::Broadcast(build::literal(Literal::from_i64(*scalar, 0), origin.clone())))
        }
        Ty::Vec(_) => make(ExprKind::Vector(Vec::new())),
        Ty::Struct(fields) => {
            let fields = fields.iter().map(|field| simplest(field, origin));
            make(ExprKind::Struct(fields.collect::<Option<_>>()?))
        }
        Ty::Dict(entry) => {
            let builder = match &entry.1 {
                value if value.is_mergeable() => {
                    BuilderTy::DictMerger(entry.0.clone(), value.clone(), MergeOp::Add)
                }
                Ty::Vec(elem) => BuilderTy::GroupMerger(entry.0.clone(), (**elem).clone()),
                _ => return None,
            };
            let fresh = Expr::new(ExprKind::NewBuilder(None), Ty::Builder(Arc::new(builder)), origin.clone());
            make(ExprKind::Result(fresh))
        }
        Ty::Builder(builder) => match &**builder {
            BuilderTy::VecMerger(elem, _) => {
                let start = simplest(&Ty::vec(elem.clone()), origin)?;
                make(ExprKind::NewBuilder(Some(start)))
            }
            _ => make(ExprKind::NewBuilder(None)),
        },
        Ty::Infer(_) => return None,
    })
}

/// Whether the printed program is a program again.
fn reads_back(program: &Program) -> bool {
    let text = print::program(program);
    let (parsed, messages) = syntax::parse(SourceId::default(), &text);
    if messages.has_errors() {
        return false;
    }
    let (expanded, messages) = expand::expand(&parsed);
    if messages.has_errors() {
        return false;
    }
    let names: Vec<String> = expand::macro_names(&parsed).map(str::to_string).collect();
    let (program, messages) = check::check(&expanded, &names);
    program.is_some() && !messages.has_errors()
}
