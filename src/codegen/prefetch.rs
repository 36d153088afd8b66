#![forbid(unsafe_code)]
//! Looking ahead for a loop that fills one large table or looks into dictionaries (the tables of chunks are small): a block of iterations at a time, first
//! the slots of all its keys are fetched, then the entries that the slots tell, and then the iterations run.
//!
//! Promises: changes nothing but time: only keys that are cheap and cannot fail are computed twice, and only elements of
//! the loop's own range are read; what is found ahead is a hint, which who uses it compares with the key. A probe that has
//! to wait for its slot also guesses its way wrong, and nothing behind a wrong guess overlaps; here nothing is guessed.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::iterators::IterVal;
use super::leaves::{Val, field_range, int, leaf_at, pointer};
use super::loops::Body as Iteration;
use super::seek::Line;
use super::shape::{Part, Shape};
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, Let, Name, Scalar, build, visit};
use crate::runtime::abi::{Dict, LINE};
use inkwell::IntPredicate;
use inkwell::intrinsics::Intrinsic;
use inkwell::values::{IntValue, PointerValue};
use std::collections::HashSet;
use std::mem::offset_of;

/// Iterations in a block.
const BLOCK: i64 = 256;
/// Smaller tables, in slots, are in a near cache anyway while they are filled.
const LARGE_TABLE: i64 = 1 << 13;
/// The largest key expression that is worth computing twice.
const MOST_NODES: u32 = 12;
/// The most keys of one loop that are looked for ahead: each takes room on the stack.
const MOST_KEYS: usize = 8;
/// The number that stands for a key which a finished dictionary does not have. Entries have smaller numbers, from 1; 0 says
/// that nothing is known.
pub(super) const ABSENT: u32 = u32::MAX;

/// What is known about a key before its iteration.
pub(super) struct Hint<'c> {
    /// The builder or the dictionary, and what is merged or looked up, as nodes of the body.
    whose: [Expr; 2],
    /// The number of its entry, [`ABSENT`], or 0.
    number: IntValue<'c>,
}

/// A merge or a lookup whose key can be known ahead of its iteration.
struct Ahead {
    place: Place,
    whose: [Expr; 2],
    entry: Entry,
    key: Expr,
}

/// Where a table is.
enum Place {
    /// It is filled: where it is in the builder of the loop.
    Builder(usize),
    /// A dictionary from before the loop.
    Finished,
}

/// What a body binds, on the way to a merge or lookup.
struct Body<'e> {
    /// Its builder.
    builder: &'e Name,
    /// Its index and its element.
    params: [&'e Name; 2],
    /// The lets around it whose values are known ahead.
    lets: Vec<&'e Let>,
    /// The numbers of all other names that were bound.
    later: HashSet<u32>,
}

impl<'c> FnCx<'_, 'c> {
    /// The iterations `lo..hi` of a loop, one at a time, with hints for their keys.
    pub fn iterations(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        carried: Val<'c>,
        body: &mut Iteration<'_, 'c, Self>,
    ) -> Result<Val<'c>, CodegenError> {
        let found = self.keys_ahead(shape)?;
        if found.is_empty() {
            return self.counted(lo, hi, 1, carried, body);
        }
        let i32_ty = self.m.context.i32_type();
        let room = |cx: &Self| cx.alloca(i32_ty.array_type(BLOCK as u32).into(), "ahead");
        let tags = room(self)?;
        let numbers = found.iter().map(|_| room(self)).collect::<Result<Vec<_>, _>>()?;
        self.counted(lo, hi, BLOCK, carried, &mut |cx, from, carried| {
            let end = cx.b.build_int_add(from, cx.int64(BLOCK), "end")?;
            let to = int(cx.binary(BinOp::Min, Scalar::I64, end.into(), hi.into())?)?;
            let mut known = Vec::new();
            for (ahead, numbers) in found.iter().zip(&numbers) {
                known.push(cx.look_ahead(shape, ahead, (from, to), &carried, (tags, *numbers))?);
            }
            cx.counted(from, to, 1, carried, &mut |cx, i, carried| {
                let at = cx.b.build_int_sub(i, from, "at")?;
                let before = cx.hints.len();
                for ((ahead, numbers), known) in found.iter().zip(&numbers).zip(&known) {
                    let number = cx.element(i32_ty.into(), *numbers, at)?;
                    let number = cx.b.build_load(i32_ty, number, "number")?;
                    let number = int(cx.b.build_select(*known, number, cx.int32(0).into(), "number")?)?;
                    cx.hints.push(Hint { whose: ahead.whose.clone(), number });
                }
                let next = body(cx, i, carried);
                cx.hints.truncate(before);
                next
            })
        })
    }

    /// What is known about the key of a merge of `what` into `whose`, or of a lookup of `what` in it.
    pub fn hint(&self, whose: &Expr, what: &Expr) -> Option<IntValue<'c>> {
        let of = |hint: &&Hint<'c>| {
            let [a, b] = &hint.whose;
            a.same(whose) && b.same(what)
        };
        self.hints.iter().find(of).map(|hint| hint.number)
    }

    /// Fetches slots and entries for the keys of the iterations `from..to`, and writes what it finds; says whether it did.
    fn look_ahead(
        &mut self,
        shape: &Shape<'_, 'c>,
        ahead: &Ahead,
        (from, to): (IntValue<'c>, IntValue<'c>),
        builder: &Val<'c>,
        (tags, numbers): (PointerValue<'c>, PointerValue<'c>),
    ) -> Result<IntValue<'c>, CodegenError> {
        let (i32_ty, i64_ty) = (self.m.context.i32_type(), self.m.context.i64_type());
        let [whose, _] = &ahead.whose;
        let table = match ahead.place {
            Place::Builder(at) => pointer(leaf_at(builder, at)?)?,
            Place::Finished => {
                let dict = pointer(self.leaf(whose)?)?;
                self.table(dict)?
            }
        };
        let mask = self.table_int(table, offset_of!(Dict, mask))?;
        let slots = self.table_ptr(table, offset_of!(Dict, slots))?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let seed = self.table_int(table, offset_of!(Dict, seed))?;
        let finished = matches!(ahead.place, Place::Finished);
        let large = if finished {
            self.m.context.bool_type().const_int(1, false)
        } else {
            self.b.build_int_compare(IntPredicate::UGE, mask, self.int64(LARGE_TABLE - 1), "large")?
        };
        let (fetch, go_on) = (self.block("fetch"), self.block("go_on"));
        self.b.build_conditional_branch(large, fetch, go_on)?;
        self.b.position_at_end(fetch);
        self.counted(from, to, 1, Vec::new(), &mut |cx, i, carried| {
            let mut element = Vec::new();
            for iter in &shape.iters {
                element.extend(cx.element_of(iter, i)?);
            }
            if let [_, index, elem] = shape.parts.func.params.as_slice() {
                cx.bind(&index.name, vec![i.into()]);
                cx.bind(&elem.name, element);
            }
            let key = cx.expr(&ahead.key)?;
            let hash = cx.hash(&ahead.entry.key, &key, seed)?;
            let tag = cx.tag_of(hash)?;
            let at = cx.b.build_int_sub(i, from, "at")?;
            cx.b.build_store(cx.element(i32_ty.into(), tags, at)?, tag)?;
            let place = cx.b.build_int_z_extend(tag, i64_ty, "place")?;
            let place = cx.b.build_and(place, mask, "place")?;
            cx.prefetch(cx.element(i64_ty.into(), slots, place)?)?;
            Ok(carried)
        })?;
        let n = self.b.build_int_sub(to, from, "n")?;
        self.counted(self.int64(0), n, 1, Vec::new(), &mut |cx, at, carried| {
            let tag = int(cx.b.build_load(i32_ty, cx.element(i32_ty.into(), tags, at)?, "tag")?)?;
            let place = cx.b.build_int_z_extend(tag, i64_ty, "place")?;
            let in_line = cx.b.build_and(mask, cx.int64(-(LINE as i64)), "lines")?;
            let line = cx.b.build_and(place, in_line, "line")?;
            let line = cx.element(i64_ty.into(), slots, line)?;
            let Line { tags, free } = cx.line(line, tag)?;
            let found = cx.number_at(line, tags)?;
            let mut number = cx.b.build_int_truncate(found, i32_ty, "number")?;
            if finished {
                // A line with room is the last one that the key could be in.
                let none = cx.b.build_int_compare(IntPredicate::EQ, tags, cx.int32(0), "none")?;
                let full = cx.b.build_int_compare(IntPredicate::EQ, free, cx.int32(0), "full")?;
                let unknown = cx.b.build_select(full, cx.int32(0), cx.int32(ABSENT), "unknown")?;
                number = int(cx.b.build_select(none, unknown, number.into(), "number")?)?;
            }
            cx.b.build_store(cx.element(i32_ty.into(), numbers, at)?, number)?;
            // Without the tag in the line this is another entry of it, which does no harm here or as a hint.
            let ticket = cx.b.build_int_sub(found, cx.int64(1), "ticket")?;
            cx.prefetch(cx.elem_address(&ahead.entry.pair, entries, ticket)?)?;
            Ok(carried)
        })?;
        self.enter(go_on)?;
        Ok(large)
    }

    /// Asks for the memory at `address`.
    pub fn prefetch(&self, address: PointerValue<'c>) -> Result<(), CodegenError> {
        self.fetch(address, 0)
    }

    /// The same for memory that will be written.
    pub fn fetch_to_write(&self, address: PointerValue<'c>) -> Result<(), CodegenError> {
        self.fetch(address, 1)
    }

    fn fetch(&self, address: PointerValue<'c>, to_write: u32) -> Result<(), CodegenError> {
        let prefetch = Intrinsic::find("llvm.prefetch")
            .and_then(|it| it.get_declaration(&self.m.module, &[self.ptr_ty()]))
            .ok_or_else(|| CodegenError("no prefetch".into()))?;
        // Into all caches, of data.
        let args = [address.into(), self.int32(to_write).into(), self.int32(3).into(), self.int32(1).into()];
        self.b.build_call(prefetch, &args, "")?;
        Ok(())
    }

    /// The merges and lookups of a loop whose keys can be known ahead.
    fn keys_ahead(&self, shape: &Shape<'_, 'c>) -> Result<Vec<Ahead>, CodegenError> {
        let mut found = Vec::new();
        if let [param, index, elem] = shape.parts.func.params.as_slice()
            && shape.iters.iter().all(IterVal::is_random_access)
            // A trace tells what the program computes, and that is once.
            && self.m.traced.is_none()
        {
            let (params, lets, later) = ([&index.name, &elem.name], Vec::new(), HashSet::new());
            let mut body = Body { builder: &param.name, params, lets, later };
            self.find_keys(&shape.parts.func.body, &mut body, &mut found)?;
            let chunked = |place: usize| {
                shape.builders.iter().any(|part| matches!(part, Part::Table { at, .. } if *at == place))
            };
            let inside = self.tables.chunked_at.is_some();
            found.retain(|ahead| !matches!(ahead.place, Place::Builder(at) if inside || chunked(at)));
        }
        Ok(found)
    }

    fn find_keys<'e>(
        &self,
        expr: &'e Expr,
        body: &mut Body<'e>,
        found: &mut Vec<Ahead>,
    ) -> Result<(), CodegenError> {
        stack::deep(|| match &expr.kind {
            ExprKind::Merge(b, pair) => {
                if let (Some(at), Some(kind), ExprKind::Struct(items)) =
                    (place_of(b, body.builder), b.ty.as_builder(), &pair.kind)
                    && let (Ok(entry), Some(key)) = (Entry::of(&kind.result_ty()), items.first())
                {
                    self.push_key(Place::Builder(at), [b, pair], entry, key, body, found);
                }
                self.find_keys(b, body, found)?;
                self.find_keys(pair, body, found)
            }
            ExprKind::Lookup(dict, key) | ExprKind::OptLookup(dict, key) | ExprKind::KeyExists(dict, key)
                if dict.var().is_some_and(|name| self.is_from_before(name, body)) =>
            {
                if let Ok(entry) = Entry::of(&dict.ty) {
                    self.push_key(Place::Finished, [dict, key], entry, key, body, found);
                }
                self.find_keys(key, body, found)
            }
            ExprKind::Block(lets, value) => {
                let outer = body.lets.len();
                for item in lets {
                    self.find_keys(&item.value, body, found)?;
                    if self.is_known_ahead(&item.value, body) {
                        body.lets.push(item);
                    } else {
                        body.later.insert(item.name.id());
                    }
                }
                let done = self.find_keys(value, body, found);
                // Names are unique: who meets one of these further on can only mean these.
                body.later.extend(body.lets.drain(outer..).map(|item| item.name.id()));
                done
            }
            // Functions bind names of their own, and run as often as they like.
            ExprKind::For(_) | ExprKind::Apply(..) | ExprKind::Iterate(..) | ExprKind::Sort(..) => Ok(()),
            _ => {
                let mut done = Ok(());
                visit::for_each_child(&expr.kind, &mut |child| {
                    if done.is_ok() {
                        done = self.find_keys(child, body, found);
                    }
                });
                done
            }
        })
    }

    fn push_key(
        &self,
        place: Place,
        [whose, what]: [&Expr; 2],
        entry: Entry,
        key: &Expr,
        body: &Body<'_>,
        found: &mut Vec<Ahead>,
    ) {
        if found.len() < MOST_KEYS && self.is_known_ahead(key, body) {
            let key = body.with_lets(key);
            if key.facts.nodes <= MOST_NODES {
                found.push(Ahead { place, whose: [whose.clone(), what.clone()], entry, key });
            }
        }
    }

    /// Whether a name had its value before the body ran.
    fn is_from_before(&self, name: &Name, body: &Body<'_>) -> bool {
        let bound = *name == *body.builder || body.has(name) || body.later.contains(&name.id());
        // What the body binds may have a value here, from code that was made for this body before.
        self.vars.contains_key(&name.id()) && !bound
    }

    /// Whether a value is cheap, cannot fail, and is made of what is known before the body runs.
    fn is_known_ahead(&self, value: &Expr, body: &Body<'_>) -> bool {
        let facts = &value.facts;
        let cheap = facts.nodes <= MOST_NODES && facts.loops == 0 && !facts.iterates && !facts.calls;
        let mut known = cheap && !facts.may_fail && value.ty.is_flat();
        if !known {
            return false;
        }
        visit::walk(value, &mut |part| {
            known &= match &part.kind {
                ExprKind::Var(name) => body.has(name) || self.is_from_before(name, body),
                ExprKind::Literal(_)
                | ExprKind::Field(..)
                | ExprKind::Struct(_)
                | ExprKind::Cast(..)
                | ExprKind::Select(..)
                | ExprKind::Len(_) => true,
                ExprKind::Unary(_, a) => a.ty.scalar().is_some_and(Scalar::is_int),
                ExprKind::Binary(_, a, _) => a.ty.scalar().is_some(),
                _ => false,
            };
        });
        known
    }
}

impl Body<'_> {
    /// Whether a name is bound here to something known ahead.
    fn has(&self, name: &Name) -> bool {
        self.params.contains(&name) || self.lets.iter().any(|item| item.name == *name)
    }

    /// A key with those lets in front of it that it needs.
    fn with_lets(&self, key: &Expr) -> Expr {
        let mut used = HashSet::new();
        let uses = |expr: &Expr, used: &mut HashSet<u32>| {
            visit::walk(expr, &mut |part| {
                if let ExprKind::Var(name) = &part.kind {
                    used.insert(name.id());
                }
            });
        };
        uses(key, &mut used);
        let mut lets = Vec::new();
        for item in self.lets.iter().rev() {
            if used.contains(&item.name.id()) {
                uses(&item.value, &mut used);
                lets.insert(0, (*item).clone());
            }
        }
        if lets.is_empty() { key.clone() } else { build::block(lets, key.clone(), key.origin.clone()) }
    }
}

/// Where the leaves of a component of the loop's builder begin.
fn place_of(expr: &Expr, name: &Name) -> Option<usize> {
    match &expr.kind {
        ExprKind::Var(var) if var == name => Some(0),
        ExprKind::Field(base, k) => {
            let start = place_of(base, name)?;
            Some(start + field_range(base.ty.fields()?, *k as usize).start)
        }
        _ => None,
    }
}
