#![forbid(unsafe_code)]
//! Counters of a program: what a pass is meant to make smaller.
//!
//! Promises: computed from the tree alone, in time linear in its size. `bytes` is an estimate of the memory that loops
//! read and append, as a formula in the lengths of the inputs; what cannot be bounded is written `?`.

use super::merges::{self, Count, Merges};
use crate::diag::stack;
use crate::ir::{BuilderTy, Expr, ExprKind, For, Iter, Literal, Name, Program, Ty, visit};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

/// The size of a program and what it costs to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Nodes of the tree.
    pub nodes: u32,
    /// Loops.
    pub loops: u32,
    /// Vectors that are built but are no part of the result.
    pub temps: u32,
    /// Estimated traffic, such as `24*len(v)`.
    pub bytes: String,
}

/// Counts a program.
pub fn counters(program: &Program) -> Counters {
    let body = &program.func.body;
    let mut temps = Temps::default();
    temps.expr(body, true);
    Counters {
        nodes: body.facts.nodes,
        loops: body.facts.loops,
        temps: temps.count,
        bytes: estimated(program).to_string(),
    }
}

/// The value of the formula in [`Counters::bytes`], where it has one. `number` is asked for `len(v)` of inputs `v` (`len(v.$0)` of their
/// fields) and for the value of inputs that are numbers.
pub fn traffic(program: &Program, number: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
    let amount = estimated(program);
    if amount.unknown {
        return None;
    }
    let term = |(factors, n): (&Vec<String>, &u64)| {
        factors.iter().try_fold(*n, |product, factor| product.checked_mul(number(factor)?))
    };
    amount.terms.iter().try_fold(0u64, |sum, next| sum.checked_add(term(next)?))
}

fn estimated(program: &Program) -> Amount {
    let mut traffic = Traffic::default();
    for param in &program.func.params {
        let shape = input_shape(param.name.text(), &param.ty);
        traffic.shapes.insert(param.name.clone(), shape);
    }
    traffic.expr(&program.func.body, &Amount::number(1));
    traffic.total
}

/// Counts vectors that are built and dropped again.
#[derive(Default)]
struct Temps {
    /// Binders whose value is part of the result.
    in_result: HashSet<Name>,
    count: u32,
}

impl Temps {
    fn expr(&mut self, expr: &Expr, in_result: bool) {
        stack::deep(|| {
            if let ExprKind::Result(_) | ExprKind::Zip(_) = &expr.kind
                && expr.ty.elem().is_some()
                && !in_result
            {
                self.count += 1;
            }
            match &expr.kind {
                ExprKind::Var(name) if in_result => {
                    self.in_result.insert(name.clone());
                }
                ExprKind::Block(lets, body) => {
                    self.expr(body, in_result);
                    for binding in lets.iter().rev() {
                        let in_result = self.in_result.contains(&binding.name);
                        self.expr(&binding.value, in_result);
                    }
                }
                ExprKind::If(c, a, b) | ExprKind::Select(c, a, b) => {
                    self.expr(c, false);
                    self.expr(a, in_result);
                    self.expr(b, in_result);
                }
                ExprKind::Slice(v, i, n) => {
                    self.expr(v, in_result);
                    self.expr(i, false);
                    self.expr(n, false);
                }
                ExprKind::Field(a, _) | ExprKind::Result(a) => self.expr(a, in_result),
                ExprKind::Struct(items) | ExprKind::Vector(items) => {
                    items.iter().for_each(|item| self.expr(item, in_result));
                }
                ExprKind::Merge(b, x) => {
                    self.expr(b, in_result);
                    self.expr(x, in_result);
                }
                ExprKind::For(parts) => {
                    self.expr(&parts.func.body, in_result);
                    self.expr(&parts.builder, in_result);
                    for iter in &parts.iters {
                        iter.operands().into_iter().for_each(|operand| self.expr(operand, false));
                    }
                }
                ExprKind::Apply(lambda, args) => {
                    self.expr(&lambda.body, in_result);
                    for (param, arg) in lambda.params.iter().zip(args) {
                        let in_result = self.in_result.contains(&param.name);
                        self.expr(arg, in_result);
                    }
                }
                ExprKind::Sort(data, lambda) => {
                    self.expr(&lambda.body, false);
                    self.expr(data, false);
                }
                ExprKind::Iterate(start, lambda) => {
                    self.expr(&lambda.body, in_result);
                    self.expr(start, in_result);
                }
                kind => visit::for_each_child(kind, &mut |child| self.expr(child, false)),
            }
        });
    }
}

/// A number that depends on the lengths of inputs: a sum of products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Amount {
    /// Factors of each term, sorted, with the coefficient.
    terms: BTreeMap<Vec<String>, u64>,
    /// The true number may be smaller.
    at_most: bool,
    /// Something that is not in `terms` is added.
    unknown: bool,
}

impl Amount {
    fn number(n: u64) -> Amount {
        Amount { terms: BTreeMap::from([(Vec::new(), n)]), ..Amount::default() }
    }

    fn symbol(text: String) -> Amount {
        Amount { terms: BTreeMap::from([(vec![text], 1)]), ..Amount::default() }
    }

    fn unknown() -> Amount {
        Amount { unknown: true, ..Amount::default() }
    }

    fn bounded(mut self) -> Amount {
        self.at_most = true;
        self
    }

    fn is_zero(&self) -> bool {
        !self.unknown && self.terms.values().all(|n| *n == 0)
    }

    fn add(&mut self, other: &Amount) {
        for (factors, n) in &other.terms {
            let sum = self.terms.entry(factors.clone()).or_default();
            *sum = sum.saturating_add(*n);
        }
        self.at_most |= other.at_most;
        self.unknown |= other.unknown;
    }

    fn times(&self, other: &Amount) -> Amount {
        if self.is_zero() || other.is_zero() {
            return Amount::number(0);
        }
        let mut terms: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for (a, n) in &self.terms {
            for (b, m) in &other.terms {
                let mut factors: Vec<String> = a.iter().chain(b).cloned().collect();
                factors.sort();
                let sum = terms.entry(factors).or_default();
                *sum = sum.saturating_add(n.saturating_mul(*m));
            }
        }
        Amount { terms, at_most: self.at_most || other.at_most, unknown: self.unknown || other.unknown }
    }
}

/// More terms than this are not shown one by one.
const SHOWN_TERMS: usize = 8;

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        // What grows fastest comes first, the plain number last.
        let mut terms: Vec<_> = self.terms.iter().filter(|(_, n)| **n != 0).collect();
        terms.sort_by_key(|(factors, _)| std::cmp::Reverse(factors.len()));
        for (factors, n) in terms {
            if parts.len() == SHOWN_TERMS {
                parts.push("...".to_string());
                break;
            }
            let number = if *n == 1 && !factors.is_empty() { None } else { Some(n.to_string()) };
            parts.push(number.into_iter().chain(factors.iter().cloned()).collect::<Vec<_>>().join("*"));
        }
        if self.unknown {
            parts.push("?".to_string());
        }
        if parts.is_empty() {
            return f.write_str("0");
        }
        let prefix = if self.at_most && parts != ["?"] { "<= " } else { "" };
        write!(f, "{prefix}{}", parts.join(" + "))
    }
}

/// How many elements a vector or an appender holds.
#[derive(Clone, Debug)]
enum Shape {
    Elements(Amount),
    /// Shared: a field of a wide struct is asked for thousands of times.
    Struct(Rc<[Shape]>),
    Unknown,
}

impl Shape {
    fn elements(self) -> Amount {
        if let Shape::Elements(amount) = self { amount } else { Amount::unknown() }
    }
}

fn input_shape(path: &str, ty: &Ty) -> Shape {
    match ty {
        Ty::Vec(_) => Shape::Elements(Amount::symbol(format!("len({path})"))),
        Ty::Struct(fields) => {
            let fields = fields.iter().enumerate();
            Shape::Struct(fields.map(|(k, field)| input_shape(&format!("{path}.${k}"), field)).collect())
        }
        _ => Shape::Unknown,
    }
}

/// Adds up what loops read and append.
#[derive(Default)]
struct Traffic {
    shapes: HashMap<Name, Shape>,
    total: Amount,
    /// Inside a branch: what is counted there is an upper bound.
    conditions: u32,
}

impl Traffic {
    fn count(&mut self, times: &Amount, bytes: u64) {
        let mut amount = times.times(&Amount::number(bytes));
        amount.at_most |= self.conditions > 0 && !amount.is_zero();
        self.total.add(&amount);
    }

    /// Counts an expression that runs `times` times.
    fn expr(&mut self, expr: &Expr, times: &Amount) -> Shape {
        stack::deep(|| match &expr.kind {
            ExprKind::Literal(Literal::Str(bytes)) => Shape::Elements(Amount::number(bytes.len() as u64)),
            ExprKind::Var(name) => self.shapes.get(name).cloned().unwrap_or(Shape::Unknown),
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    let shape = self.expr(&binding.value, times);
                    self.shapes.insert(binding.name.clone(), shape);
                }
                self.expr(body, times)
            }
            ExprKind::Field(a, k) => match self.expr(a, times) {
                Shape::Struct(fields) => fields.get(*k as usize).cloned().unwrap_or(Shape::Unknown),
                _ => Shape::Unknown,
            },
            ExprKind::Struct(items) => {
                Shape::Struct(items.iter().map(|item| self.expr(item, times)).collect())
            }
            ExprKind::Vector(items) => {
                items.iter().for_each(|item| {
                    self.expr(item, times);
                });
                Shape::Elements(Amount::number(items.len() as u64))
            }
            ExprKind::If(c, a, b) => {
                self.expr(c, times);
                self.conditions += 1;
                let (a, b) = (self.expr(a, times), self.expr(b, times));
                self.conditions -= 1;
                match (a, b) {
                    (Shape::Elements(a), Shape::Elements(b)) if a == b => Shape::Elements(a),
                    _ => Shape::Unknown,
                }
            }
            ExprKind::Slice(v, i, n) => {
                self.expr(i, times);
                self.expr(n, times);
                Shape::Elements(self.expr(v, times).elements().bounded())
            }
            ExprKind::Zip(items) => {
                let lengths: Vec<Amount> =
                    items.iter().map(|item| self.expr(item, times).elements()).collect();
                let length = lengths.into_iter().next().unwrap_or_default();
                let bytes = items.iter().map(|item| item.ty.elem().map_or(0, element_bytes)).sum::<u64>();
                self.count(&times.times(&length), bytes + expr.ty.elem().map_or(0, element_bytes));
                Shape::Elements(length)
            }
            ExprKind::Apply(lambda, args) => {
                for (param, arg) in lambda.params.iter().zip(args) {
                    let shape = self.expr(arg, times);
                    self.shapes.insert(param.name.clone(), shape);
                }
                self.expr(&lambda.body, times)
            }
            ExprKind::Iterate(start, lambda) => {
                self.expr(start, times);
                if lambda.body.facts.loops > 0 {
                    self.expr(&lambda.body, &Amount::unknown());
                }
                Shape::Unknown
            }
            ExprKind::NewBuilder(arg) => {
                let held = arg.as_ref().map(|arg| self.expr(arg, times));
                match (expr.ty.as_builder(), held) {
                    (Some(BuilderTy::Appender(_)), _) => Shape::Elements(Amount::number(0)),
                    (Some(BuilderTy::VecMerger(elem, _)), Some(held)) => {
                        let length = held.elements();
                        self.count(&times.times(&length), 2 * element_bytes(elem));
                        Shape::Elements(length)
                    }
                    _ => Shape::Unknown,
                }
            }
            ExprKind::Merge(b, x) => {
                self.expr(x, times);
                match b.ty.as_builder() {
                    Some(BuilderTy::Appender(elem)) => self.count(times, element_bytes(elem)),
                    Some(BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..)) => {
                        self.count(times, element_bytes(&x.ty));
                    }
                    _ => {}
                }
                let held = self.expr(b, times);
                match b.ty.as_builder() {
                    Some(BuilderTy::VecMerger(..)) => held,
                    _ => add_one(held),
                }
            }
            ExprKind::Result(b) => self.expr(b, times),
            ExprKind::For(parts) => self.for_loop(parts, times),
            kind => {
                visit::for_each_child(kind, &mut |child| {
                    self.expr(child, times);
                });
                Shape::Unknown
            }
        })
    }

    fn for_loop(&mut self, parts: &For, times: &Amount) -> Shape {
        let start = self.expr(&parts.builder, times);
        let mut turns: Option<Amount> = None;
        let mut read = 0;
        for iter in &parts.iters {
            let shapes: Vec<Shape> =
                iter.operands().into_iter().map(|operand| self.expr(operand, times)).collect();
            let length = match iter {
                Iter::Whole(_) => shapes.into_iter().next().unwrap_or(Shape::Unknown).elements(),
                Iter::Strided { data, start, end, stride } => match constant_turns(start, end, stride) {
                    Some(n) => Amount::number(n),
                    None if data.ty.elem().is_some() => {
                        shapes.into_iter().next().unwrap_or(Shape::Unknown).elements().bounded()
                    }
                    None => Amount::unknown(),
                },
                Iter::Range { start, end, stride } => range_turns(start, end, stride),
                Iter::Simd(_) | Iter::Fringe(_) => {
                    shapes.into_iter().next().unwrap_or(Shape::Unknown).elements().bounded()
                }
                Iter::Nd(_) => Amount::unknown(),
            };
            read += iter.data().map_or(0, |_| element_bytes(&iter.elem_ty()));
            // All have the same length: take one that is known.
            match &turns {
                Some(known) if !known.unknown && !known.at_most => {}
                _ => turns = Some(length),
            }
        }
        let turns = turns.unwrap_or_default();
        let times = times.times(&turns);
        self.count(&times, read);
        self.expr(&parts.func.body, &times);
        grown(start, &parts.builder.ty, &merges::per_iteration(&parts.func), &turns)
    }
}

fn add_one(shape: Shape) -> Shape {
    match shape {
        Shape::Elements(mut amount) => {
            amount.add(&Amount::number(1));
            Shape::Elements(amount)
        }
        other => other,
    }
}

/// What an appender holds after `turns` runs of a body.
fn grown(start: Shape, builder: &Ty, merges: &Merges, turns: &Amount) -> Shape {
    match (start, merges) {
        // Its length never changes.
        (start, _) if matches!(builder.as_builder(), Some(BuilderTy::VecMerger(..))) => start,
        (Shape::Elements(mut held), Merges::One(Count { min, max: Some(max) })) => {
            let mut more = turns.times(&Amount::number(u64::from(*max)));
            more.at_most |= min != max;
            held.add(&more);
            Shape::Elements(held)
        }
        (Shape::Struct(fields), Merges::Each(each)) => Shape::Struct(
            (fields.iter().cloned().zip(each).zip(builder.fields().unwrap_or_default()))
                .map(|((field, merges), builder)| grown(field, builder, merges, turns))
                .collect(),
        ),
        _ => Shape::Unknown,
    }
}

/// The iterations of a range, where its bounds are constants.
pub fn constant_turns(start: &Expr, end: &Expr, stride: &Expr) -> Option<u64> {
    let number = |expr: &Expr| expr.literal().and_then(Literal::as_i64);
    let turns = number(end)?.checked_sub(number(start)?)?.checked_div(number(stride)?)?;
    u64::try_from(turns).ok()
}

fn range_turns(start: &Expr, end: &Expr, stride: &Expr) -> Amount {
    if let Some(n) = constant_turns(start, end, stride) {
        return Amount::number(n);
    }
    let is = |expr: &Expr, n: i64| expr.literal().and_then(Literal::as_i64) == Some(n);
    match &end.kind {
        ExprKind::Var(name) if is(start, 0) && is(stride, 1) => Amount::symbol(name.text().to_string()),
        ExprKind::Len(v) if is(start, 0) && is(stride, 1) => match v.var() {
            Some(name) => Amount::symbol(format!("len({name})")),
            None => Amount::unknown(),
        },
        _ => Amount::unknown(),
    }
}

/// Bytes of an element in a vector.
pub fn element_bytes(ty: &Ty) -> u64 {
    size_and_align(ty).0
}

fn size_and_align(ty: &Ty) -> (u64, u64) {
    match ty {
        Ty::Scalar(scalar) => (scalar.bytes() as u64, scalar.bytes() as u64),
        Ty::Vec(_) => (16, 8),
        Ty::Struct(fields) => {
            let (mut end, mut align) = (0u64, 1u64);
            for field in fields.iter() {
                let (bytes, own) = size_and_align(field);
                end = end.next_multiple_of(own) + bytes;
                align = align.max(own);
            }
            (end.next_multiple_of(align), align)
        }
        Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => (8, 8),
    }
}
