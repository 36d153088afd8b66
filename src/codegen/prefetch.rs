#![forbid(unsafe_code)]
//! Fetching slots and entries ahead of a loop that merges into a large table.
//!
//! Promises: changes nothing but time: only keys that are cheap and cannot fail are computed twice, and only elements of
//! the loop's own range are read. A probe that has to wait for its slot also guesses its way wrong, and nothing behind a
//! wrong guess overlaps; with the slot at hand, the entries of neighbouring iterations are fetched side by side.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::iterators::IterVal;
use super::leaves::{Val, field_range, int, leaf_at, pointer};
use super::loops::{Part, Shape};
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, Let, Name, Scalar, build, visit};
use crate::runtime::abi::Dict;
use inkwell::IntPredicate;
use inkwell::intrinsics::Intrinsic;
use inkwell::values::{IntValue, PointerValue};
use std::collections::HashSet;
use std::mem::offset_of;

/// How many iterations ahead slots are fetched, and entries, whose numbers are in the slots.
const SLOTS_AHEAD: i64 = 32;
const ENTRIES_AHEAD: i64 = 12;
/// Smaller tables, in slots, are in a near cache anyway.
const LARGE_TABLE: i64 = 1 << 13;
/// The largest key expression that is worth computing twice.
const MOST_NODES: u32 = 12;

/// A merge whose key can be known ahead of its iteration.
struct Merged {
    /// Where the table is in the builder of the loop.
    at: usize,
    entry: Entry,
    key: Expr,
}

/// What a body binds, on the way to a merge.
struct Body<'e> {
    /// Its index and its element.
    params: [&'e Name; 2],
    /// The lets around the merge whose values are known ahead.
    lets: Vec<&'e Let>,
    /// The numbers of all other names that were bound.
    later: HashSet<u32>,
}

impl<'c> FnCx<'_, 'c> {
    /// Fetches the slots and entries that later iterations of a range that ends at `hi` will look at.
    pub fn fetch_ahead(
        &mut self,
        shape: &Shape<'_, 'c>,
        i: IntValue<'c>,
        hi: IntValue<'c>,
        builder: &Val<'c>,
    ) -> Result<(), CodegenError> {
        let fills_table = shape.builders.iter().any(|part| matches!(part, Part::Target { .. }));
        if !fills_table || !shape.iters.iter().all(IterVal::is_random_access) {
            return Ok(());
        }
        let [param, index, elem] = shape.parts.func.params.as_slice() else { return Ok(()) };
        let mut found = Vec::new();
        let mut body = Body { params: [&index.name, &elem.name], lets: Vec::new(), later: HashSet::new() };
        self.merged_keys(&shape.parts.func.body, &param.name, &mut body, &mut found)?;
        for Merged { at, entry, key } in found {
            let table = pointer(leaf_at(builder, at)?)?;
            let mask = self.table_int(table, offset_of!(Dict, mask))?;
            let large =
                self.b.build_int_compare(IntPredicate::UGE, mask, self.int64(LARGE_TABLE), "large")?;
            let (fetch, go_on) = (self.block("fetch"), self.block("go_on"));
            self.b.build_conditional_branch(large, fetch, go_on)?;
            self.b.position_at_end(fetch);
            let slot = self.slot_of(shape, i, hi, SLOTS_AHEAD, (table, mask), (&entry, &key))?;
            self.prefetch(slot)?;
            let slot = self.slot_of(shape, i, hi, ENTRIES_AHEAD, (table, mask), (&entry, &key))?;
            let held = int(self.b.build_load(self.m.context.i64_type(), slot, "held")?)?;
            let ticket = self.b.build_int_truncate(held, self.m.context.i32_type(), "ticket")?;
            let ticket = self.b.build_int_z_extend(ticket, self.m.context.i64_type(), "ticket")?;
            let ticket = self.b.build_int_sub(ticket, self.int64(1), "ticket")?;
            let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
            // For a free slot this is no address of an entry, which a fetch may be given all the same.
            self.prefetch(self.elem_address(&entry.pair, entries, ticket)?)?;
            self.enter(go_on)?;
        }
        Ok(())
    }

    /// The slot that the key of iteration `i + ahead` belongs into.
    fn slot_of(
        &mut self,
        shape: &Shape<'_, 'c>,
        i: IntValue<'c>,
        hi: IntValue<'c>,
        ahead: i64,
        (table, mask): (PointerValue<'c>, IntValue<'c>),
        (entry, key): (&Entry, &Expr),
    ) -> Result<PointerValue<'c>, CodegenError> {
        let later = self.b.build_int_add(i, self.int64(ahead), "later")?;
        let last = self.b.build_int_sub(hi, self.int64(1), "last")?;
        let later = int(self.binary(BinOp::Min, Scalar::I64, later.into(), last.into())?)?;
        let mut element = Vec::new();
        for iter in &shape.iters {
            element.extend(self.element_of(iter, later)?);
        }
        if let [_, index, elem] = shape.parts.func.params.as_slice() {
            self.bind(&index.name, vec![later.into()]);
            self.bind(&elem.name, element);
        }
        let key = self.expr(key)?;
        let seed = self.table_int(table, offset_of!(Dict, seed))?;
        let hash = self.hash(&entry.key, &key, seed)?;
        let place = self.b.build_int_z_extend(self.tag_of(hash)?, self.m.context.i64_type(), "place")?;
        let slots = self.table_ptr(table, offset_of!(Dict, slots))?;
        self.element(self.m.context.i64_type().into(), slots, self.b.build_and(place, mask, "slot")?)
    }

    fn prefetch(&self, address: PointerValue<'c>) -> Result<(), CodegenError> {
        let prefetch = Intrinsic::find("llvm.prefetch")
            .and_then(|it| it.get_declaration(&self.m.module, &[self.ptr_ty()]))
            .ok_or_else(|| CodegenError("no prefetch".into()))?;
        // For reading, into all caches, of data.
        let args = [address.into(), self.int32(0).into(), self.int32(3).into(), self.int32(1).into()];
        self.b.build_call(prefetch, &args, "")?;
        Ok(())
    }

    /// The merges of a body into tables of its own builder.
    fn merged_keys<'e>(
        &self,
        expr: &'e Expr,
        builder: &Name,
        body: &mut Body<'e>,
        found: &mut Vec<Merged>,
    ) -> Result<(), CodegenError> {
        stack::deep(|| match &expr.kind {
            ExprKind::Merge(b, pair) => {
                if let (Some(at), Some(kind), ExprKind::Struct(items)) =
                    (place_of(b, builder), b.ty.as_builder(), &pair.kind)
                    && let (Ok(entry), Some(key)) = (Entry::of(&kind.result_ty()), items.first())
                    && self.is_known_ahead(key, body)
                {
                    let key = body.with_lets(key);
                    if key.facts.nodes <= MOST_NODES {
                        found.push(Merged { at, entry, key });
                    }
                }
                self.merged_keys(b, builder, body, found)
            }
            ExprKind::If(_, a, b) => {
                self.merged_keys(a, builder, body, found)?;
                self.merged_keys(b, builder, body, found)
            }
            ExprKind::Struct(items) => {
                items.iter().try_for_each(|item| self.merged_keys(item, builder, body, found))
            }
            ExprKind::Block(lets, value) => {
                let outer = body.lets.len();
                for item in lets {
                    if self.is_known_ahead(&item.value, body) {
                        body.lets.push(item);
                    } else {
                        body.later.insert(item.name.id());
                    }
                }
                let done = self.merged_keys(value, builder, body, found);
                // Names are unique: who meets one of these further on can only mean these.
                body.later.extend(body.lets.drain(outer..).map(|item| item.name.id()));
                done
            }
            _ => Ok(()),
        })
    }

    /// Whether a value is cheap, cannot fail, and is made of what is known before the body runs.
    fn is_known_ahead(&self, value: &Expr, body: &Body<'_>) -> bool {
        let facts = &value.facts;
        let cheap = facts.nodes <= MOST_NODES && facts.loops == 0 && !facts.iterates && !facts.calls;
        let mut known = cheap && !facts.may_fail && value.ty.is_flat();
        visit::walk(value, &mut |part| {
            known &= match &part.kind {
                // What the body binds may have a value here, from code that was made for this body before.
                ExprKind::Var(name) => {
                    body.has(name) || self.vars.contains_key(&name.id()) && !body.later.contains(&name.id())
                }
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
