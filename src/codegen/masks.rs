#![forbid(unsafe_code)]
//! Branches, lazy logic and checks in loops that run in lanes: which lanes take part is a mask.
//!
//! Promises: an operation that could fail or read memory does so only for lanes that take part. A check that fails in one
//! of them leaves the loop in lanes before its block has changed anything; the scalar loop goes on there, and fails at the
//! first iteration that must.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaves_of, memory_ty, single, with_lanes};
use crate::ir::{BinOp, Expr, Literal, Scalar, Ty, UnOp};
use crate::plan::lanes::is_worth_skipping;
use crate::value::layout;
use inkwell::AddressSpace;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{InstructionOpcode, PointerValue};

impl<'c> FnCx<'_, 'c> {
    /// `if(c, yes, no)` in lanes: both sides, each for its own lanes.
    pub fn if_lanes(
        &mut self,
        c: Leaf<'c>,
        yes: &Expr,
        no: &Expr,
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let c = self.splat(c, lanes)?;
        let not = self.unary(UnOp::Not, Scalar::Bool, c)?;
        let (yes, no) = (self.under(c, yes, lanes)?, self.under(not, no, lanes)?);
        yes.into_iter().zip(no).map(|(yes, no)| self.select(c, yes, no)).collect()
    }

    /// `a && b` and `a || b` in lanes: the right side for the lanes that need it.
    pub fn logic_lanes(
        &mut self,
        op: BinOp,
        a: Leaf<'c>,
        b: &Expr,
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let a = self.splat(a, lanes)?;
        let needed = if op == BinOp::And { a } else { self.unary(UnOp::Not, Scalar::Bool, a)? };
        let b = single(&self.under(needed, b, lanes)?)?;
        Ok(vec![self.binary(op, Scalar::Bool, a, b)?])
    }

    /// `arm` for the lanes where `c` holds. In the others its value is anything.
    fn under(&mut self, c: Leaf<'c>, arm: &Expr, lanes: u32) -> Result<Val<'c>, CodegenError> {
        let mask = match self.mask {
            Some(outer) => self.binary(BinOp::BitAnd, Scalar::Bool, outer, c)?,
            None => c,
        };
        let outer = self.mask.replace(mask);
        let value = if is_worth_skipping(arm) { self.unless_none(mask, arm, lanes) } else { self.expr(arm) };
        self.mask = outer;
        value
    }

    /// `arm`, which is skipped where no lane wants it.
    fn unless_none(&mut self, mask: Leaf<'c>, arm: &Expr, lanes: u32) -> Result<Val<'c>, CodegenError> {
        let any = int(self.intrinsic("llvm.vector.reduce.or", &[mask.get_type()], &[mask])?)?;
        let from = self.here()?;
        let (take, done) = (self.block("some_lanes"), self.block("no_lanes"));
        self.b.build_conditional_branch(any, take, done)?;
        self.b.position_at_end(take);
        let mut value = self.expr(arm)?;
        for leaf in &mut value {
            // Pointers are those of appenders, which are the same everywhere.
            if !leaf.is_pointer_value() {
                *leaf = self.splat(*leaf, lanes)?;
            }
        }
        let to = self.here()?;
        self.enter(done)?;
        let nothing = value.iter().map(|leaf| match leaf.get_type() {
            BasicTypeEnum::VectorType(ty) => ty.const_zero().into(),
            _ => *leaf,
        });
        let nothing = nothing.collect();
        self.join((&value, to), (&nothing, from))
    }

    /// Leaves the loop in lanes unless the check holds for every lane that takes part.
    pub fn check_lanes(&mut self, holds: Leaf<'c>, lanes: u32) -> Result<(), CodegenError> {
        let mut holds = holds;
        if let Some(mask) = self.mask {
            holds = self.splat(holds, lanes)?;
            let idle = self.unary(UnOp::Not, Scalar::Bool, mask)?;
            holds = self.binary(BinOp::BitOr, Scalar::Bool, holds, idle)?;
        }
        let all = self.all_lanes(holds)?;
        let bail = self.bail.ok_or_else(|| CodegenError("a check in lanes outside of a loop".into()))?;
        let pass = self.block("pass");
        self.b.build_conditional_branch(all, pass, bail)?;
        self.b.position_at_end(pass);
        Ok(())
    }

    /// All lanes, or those that take part.
    pub fn active(&self, lanes: u32) -> Result<Leaf<'c>, CodegenError> {
        match self.mask {
            Some(mask) => Ok(mask),
            None => self.splat(self.constant(&Literal::Bool(true))?, lanes),
        }
    }

    /// `x / y` and `x % y` of integers, with a value in each lane.
    pub fn divide_lanes(
        &mut self,
        op: BinOp,
        scalar: Scalar,
        x: Leaf<'c>,
        y: Leaf<'c>,
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let (x, mut y) = (self.splat(x, lanes)?, self.splat(y, lanes)?);
        let number = |value| self.constant(&Literal::from_i64(scalar, value));
        let (zero, one, minus_one) =
            (number(0)?, number(1)?, if scalar.is_signed() { number(-1)? } else { number(1)? });
        if let Some(mask) = self.mask {
            y = self.select(mask, y, one)?;
        }
        let nonzero = self.binary(BinOp::Ne, scalar, y, zero)?;
        self.check_lanes(nonzero, lanes)?;
        let negates = self.binary(BinOp::Eq, scalar, y, minus_one)?;
        let safe = if scalar.is_signed() { self.select(negates, one, y)? } else { y };
        // With both numbers exact, a quotient that is no whole number is further from the next one than its rounding.
        let float = if scalar.bytes() <= 2 { Scalar::F32 } else { Scalar::F64 };
        let (a, b) = (self.cast(scalar, float, x)?, self.cast(scalar, float, safe)?);
        let quotient = self.binary(BinOp::Div, float, a, b)?;
        let opcode = if scalar.is_signed() { InstructionOpcode::FPToSI } else { InstructionOpcode::FPToUI };
        let whole = with_lanes(memory_ty(self.m.context, scalar), Some(lanes));
        let quotient = self.b.build_cast(opcode, quotient, whole, "quotient")?;
        let value = if op == BinOp::Div {
            quotient
        } else {
            let whole = self.binary(BinOp::Mul, scalar, quotient, safe)?;
            self.binary(BinOp::Sub, scalar, x, whole)?
        };
        if !scalar.is_signed() {
            return Ok(value);
        }
        let special = if op == BinOp::Div { self.unary(UnOp::Neg, scalar, x)? } else { zero };
        self.select(negates, special, value)
    }

    /// `v[index]` in each lane that takes part; the others get zeros.
    pub fn gather(
        &mut self,
        elem: &Ty,
        data: PointerValue<'c>,
        index: Leaf<'c>,
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let word = self.m.context.i64_type();
        let base = self.b.build_ptr_to_int(data, word, "base")?;
        let stride = self.int64(layout::layout(elem).size as i64);
        let steps = self.binary(BinOp::Mul, Scalar::I64, index, stride.into())?;
        let first = self.binary(BinOp::Add, Scalar::I64, steps, base.into())?;
        let mut out = Vec::new();
        for (leaf, offset) in leaves_of(elem).into_iter().zip(layout::leaf_offsets(elem)) {
            let LeafTy::Scalar(scalar) = leaf else { return Err(CodegenError("lanes hold scalars".into())) };
            let at = self.binary(BinOp::Add, Scalar::I64, first, self.int64(offset as i64).into())?;
            out.push(self.gather_scalar(scalar, at, lanes)?);
        }
        Ok(out)
    }

    fn gather_scalar(&mut self, scalar: Scalar, at: Leaf<'c>, lanes: u32) -> Result<Leaf<'c>, CodegenError> {
        let ty = memory_ty(self.m.context, scalar);
        let many = with_lanes(ty, Some(lanes)).into_vector_type();
        let ptr = self.m.context.ptr_type(AddressSpace::default());
        if scalar.bytes() >= 4 {
            let ptrs = ptr.vec_type(lanes);
            let places = self.b.build_int_to_ptr(at.into_vector_value(), ptrs, "places")?;
            let active = self.active(lanes)?;
            let args = [places.into(), active, many.const_zero().into()];
            return self.intrinsic("llvm.masked.gather", &[many.into(), ptrs.into()], &args);
        }
        // No machine gathers less than four bytes. A lane that takes no part reads a zero.
        let zero = self.alloca(ty, "nothing")?;
        self.b.build_store(zero, ty.const_zero())?;
        let zero = self.b.build_ptr_to_int(zero, self.m.context.i64_type(), "zero")?;
        let active = self.active(lanes)?;
        let at = self.select(active, at, zero.into())?;
        let mut out = many.get_poison();
        for lane in 0..lanes {
            let place = self.b.build_int_to_ptr(int(self.lane(at, lane)?)?, ptr, "place")?;
            let one = self.b.build_load(ty, place, "one")?;
            out = self.b.build_insert_element(out, one, self.int32(lane), "lane")?;
        }
        if scalar == Scalar::Bool {
            let none = out.get_type().const_zero();
            return Ok(self.b.build_int_compare(inkwell::IntPredicate::NE, out, none, "bool")?.into());
        }
        Ok(out.into())
    }
}
