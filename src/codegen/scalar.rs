#![forbid(unsafe_code)]
//! Operators on scalars, and the same ones on all lanes of a SIMD loop.
//!
//! Promises: every operator has the value of `ir::op`, bit for bit (NaN payloads apart): wrap-around, saturating casts,
//! shift counts modulo the width, `min`/`max` with NaN and signed zeros. Division must have been checked by the caller.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, int, lanes_of, register_ty, with_lanes};
use crate::ir::{BinOp, Literal, MergeOp, Scalar, UnOp};
use inkwell::values::{BasicValueEnum, InstructionOpcode, IntValue};
use inkwell::{FloatPredicate, IntPredicate};

impl<'c> FnCx<'_, 'c> {
    /// Brings both operands to lanes when one of them is.
    pub fn same_lanes(&self, a: Leaf<'c>, b: Leaf<'c>) -> Result<(Leaf<'c>, Leaf<'c>), CodegenError> {
        match lanes_of(a).or(lanes_of(b)) {
            Some(lanes) => Ok((self.splat(a, lanes)?, self.splat(b, lanes)?)),
            None => Ok((a, b)),
        }
    }

    /// `a op b` for operands of type `scalar`; not `&&` and `||`.
    pub fn binary(
        &self,
        op: BinOp,
        scalar: Scalar,
        a: Leaf<'c>,
        b: Leaf<'c>,
    ) -> Result<Leaf<'c>, CodegenError> {
        let (a, b) = self.same_lanes(a, b)?;
        if op.is_comparison() {
            return self.compare(op, scalar, a, b);
        }
        let signed = scalar.is_signed();
        let opcode = match op {
            BinOp::Add if scalar.is_float() => InstructionOpcode::FAdd,
            BinOp::Sub if scalar.is_float() => InstructionOpcode::FSub,
            BinOp::Mul if scalar.is_float() => InstructionOpcode::FMul,
            BinOp::Div if scalar.is_float() => InstructionOpcode::FDiv,
            BinOp::Add => InstructionOpcode::Add,
            BinOp::Sub => InstructionOpcode::Sub,
            BinOp::Mul => InstructionOpcode::Mul,
            BinOp::Div if signed => InstructionOpcode::SDiv,
            BinOp::Div => InstructionOpcode::UDiv,
            BinOp::Rem if scalar.is_float() => return self.call_math("rem", scalar, &[a, b]),
            BinOp::Rem if signed => InstructionOpcode::SRem,
            BinOp::Rem => InstructionOpcode::URem,
            BinOp::Pow => return self.call_math("pow", scalar, &[a, b]),
            BinOp::BitAnd | BinOp::And => InstructionOpcode::And,
            BinOp::BitOr | BinOp::Or => InstructionOpcode::Or,
            BinOp::BitXor => InstructionOpcode::Xor,
            BinOp::Shl | BinOp::Shr => {
                let mask = self.constant(&Literal::from_i64(scalar, scalar.bytes() as i64 * 8 - 1))?;
                let count = self.binary(BinOp::BitAnd, scalar, b, mask)?;
                let opcode = match op {
                    BinOp::Shl => InstructionOpcode::Shl,
                    _ if signed => InstructionOpcode::AShr,
                    _ => InstructionOpcode::LShr,
                };
                return Ok(self.b.build_binop(opcode, a, count, "shift")?);
            }
            BinOp::Min | BinOp::Max => return self.extreme(op, scalar, a, b),
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => {
                return Err(CodegenError("a comparison is handled above".into()));
            }
        };
        Ok(self.b.build_binop(opcode, a, b, "value")?)
    }

    fn extreme(&self, op: BinOp, scalar: Scalar, a: Leaf<'c>, b: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        let min = op == BinOp::Min;
        let name = match scalar {
            Scalar::Bool => {
                let opcode = if min { InstructionOpcode::And } else { InstructionOpcode::Or };
                return Ok(self.b.build_binop(opcode, a, b, "value")?);
            }
            // The IEEE 754-2019 operations: NaN if either is, -0.0 below 0.0.
            _ if scalar.is_float() => {
                if min {
                    "llvm.minimum"
                } else {
                    "llvm.maximum"
                }
            }
            _ if scalar.is_signed() => {
                if min {
                    "llvm.smin"
                } else {
                    "llvm.smax"
                }
            }
            _ => {
                if min {
                    "llvm.umin"
                } else {
                    "llvm.umax"
                }
            }
        };
        self.intrinsic(name, &[a.get_type()], &[a, b])
    }

    fn compare(&self, op: BinOp, scalar: Scalar, a: Leaf<'c>, b: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        let ordered = match op {
            BinOp::Eq => FloatPredicate::OEQ,
            BinOp::Ne => FloatPredicate::UNE,
            BinOp::Lt => FloatPredicate::OLT,
            BinOp::Le => FloatPredicate::OLE,
            BinOp::Gt => FloatPredicate::OGT,
            _ => FloatPredicate::OGE,
        };
        let signed = scalar.is_signed();
        let whole = match op {
            BinOp::Eq => IntPredicate::EQ,
            BinOp::Ne => IntPredicate::NE,
            BinOp::Lt => {
                if signed {
                    IntPredicate::SLT
                } else {
                    IntPredicate::ULT
                }
            }
            BinOp::Le => {
                if signed {
                    IntPredicate::SLE
                } else {
                    IntPredicate::ULE
                }
            }
            BinOp::Gt => {
                if signed {
                    IntPredicate::SGT
                } else {
                    IntPredicate::UGT
                }
            }
            _ => {
                if signed {
                    IntPredicate::SGE
                } else {
                    IntPredicate::UGE
                }
            }
        };
        Ok(match (a, b) {
            (BasicValueEnum::IntValue(a), BasicValueEnum::IntValue(b)) => {
                self.b.build_int_compare(whole, a, b, "is")?.into()
            }
            (BasicValueEnum::FloatValue(a), BasicValueEnum::FloatValue(b)) => {
                self.b.build_float_compare(ordered, a, b, "is")?.into()
            }
            (BasicValueEnum::VectorValue(a), BasicValueEnum::VectorValue(b)) if scalar.is_float() => {
                self.b.build_float_compare(ordered, a, b, "is")?.into()
            }
            (BasicValueEnum::VectorValue(a), BasicValueEnum::VectorValue(b)) => {
                self.b.build_int_compare(whole, a, b, "is")?.into()
            }
            _ => return Err(CodegenError("operands of different kinds".into())),
        })
    }

    /// `op a` for an operand of type `scalar`.
    pub fn unary(&self, op: UnOp, scalar: Scalar, a: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        match op {
            UnOp::Neg if scalar.is_float() => Ok(match a {
                BasicValueEnum::FloatValue(a) => self.b.build_float_neg(a, "neg")?.into(),
                BasicValueEnum::VectorValue(a) => self.b.build_float_neg(a, "neg")?.into(),
                _ => return Err(CodegenError("a float expected".into())),
            }),
            UnOp::Neg => self.binary(BinOp::Sub, scalar, self.constant(&Literal::from_i64(scalar, 0))?, a),
            UnOp::Not => self.binary(BinOp::BitXor, scalar, a, self.constant(&Literal::Bool(true))?),
            UnOp::BitNot => {
                self.binary(BinOp::BitXor, scalar, a, self.constant(&Literal::from_i64(scalar, -1))?)
            }
            // Correctly rounded on every machine, so the instruction and the library agree.
            UnOp::Sqrt => self.intrinsic("llvm.sqrt", &[a.get_type()], &[a]),
            _ => self.call_math(op.symbol(), scalar, &[a]),
        }
    }

    /// `to(a)` for an operand of type `from`: LANGUAGE 7.3.
    pub fn cast(&self, from: Scalar, to: Scalar, a: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        if from == to {
            return Ok(a);
        }
        let lanes = lanes_of(a);
        let target = with_lanes(register_ty(self.m.context, LeafTy::Scalar(to)), lanes);
        if to == Scalar::Bool {
            // NaN is not equal to zero, so it is true.
            return self.binary(BinOp::Ne, from, a, self.constant(&Literal::from_i64(from, 0))?);
        }
        if from.is_float() && to.is_int() {
            let name = if to.is_signed() { "llvm.fptosi.sat" } else { "llvm.fptoui.sat" };
            return self.intrinsic(name, &[target, a.get_type()], &[a]);
        }
        let opcode = match (from, to) {
            (Scalar::F32, _) => InstructionOpcode::FPExt,
            (Scalar::F64, _) => InstructionOpcode::FPTrunc,
            (_, to) if to.is_float() && from.is_signed() => InstructionOpcode::SIToFP,
            (_, to) if to.is_float() => InstructionOpcode::UIToFP,
            (from, to) if from == Scalar::Bool || to.bytes() > from.bytes() => {
                if from.is_signed() {
                    InstructionOpcode::SExt
                } else {
                    InstructionOpcode::ZExt
                }
            }
            (from, to) if to.bytes() < from.bytes() => InstructionOpcode::Trunc,
            // The same width: the same bits.
            _ => return Ok(a),
        };
        Ok(self.b.build_cast(opcode, a, target, "cast")?)
    }

    /// `select(c, a, b)` of one leaf.
    pub fn select(&self, c: Leaf<'c>, a: Leaf<'c>, b: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        if a == b {
            return Ok(a);
        }
        let (a, b) = self.same_lanes(a, b)?;
        match c {
            BasicValueEnum::VectorValue(choice) => {
                let lanes = choice.get_type().get_size();
                Ok(self.b.build_select(choice, self.splat(a, lanes)?, self.splat(b, lanes)?, "select")?)
            }
            _ => Ok(self.b.build_select(int(c)?, a, b, "select")?),
        }
    }

    /// One lane of a SIMD value; any lane of a scalar is the scalar.
    pub fn lane(&self, leaf: Leaf<'c>, lane: u32) -> Result<Leaf<'c>, CodegenError> {
        let BasicValueEnum::VectorValue(vector) = leaf else { return Ok(leaf) };
        Ok(self.b.build_extract_element(vector, self.int32(lane), "lane")?)
    }

    /// Whether a condition holds, in all lanes.
    pub fn all_lanes(&self, holds: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
        if !holds.is_vector_value() {
            return int(holds);
        }
        int(self.intrinsic("llvm.vector.reduce.and", &[holds.get_type()], &[holds])?)
    }

    /// `acc op item` of a merger. Where only one of both has lanes, which is so in loops over `simditer`: the lanes of the
    /// item fold to one value, or one lane of the accumulator takes the item, which is exact wherever lanes accumulate.
    pub fn accumulate(
        &self,
        op: MergeOp,
        scalar: Scalar,
        acc: Leaf<'c>,
        item: Leaf<'c>,
    ) -> Result<Leaf<'c>, CodegenError> {
        let item = match (self.lanes, acc, lanes_of(item)) {
            (None, BasicValueEnum::VectorValue(acc), None) => {
                let neutral = self.splat(self.constant(&op.neutral(scalar))?, acc.get_type().get_size())?;
                let neutral = neutral.into_vector_value();
                self.b.build_insert_element(neutral, item, self.int32(0), "item")?.into()
            }
            (None, _, Some(_)) if !acc.is_vector_value() => self.fold_lanes(op, scalar, item)?,
            _ => item,
        };
        self.combine(op, scalar, acc, item)
    }

    /// `a op b` of a merger.
    pub fn combine(
        &self,
        op: MergeOp,
        scalar: Scalar,
        a: Leaf<'c>,
        b: Leaf<'c>,
    ) -> Result<Leaf<'c>, CodegenError> {
        self.binary(op.binop(), scalar, a, b)
    }

    /// Folds lanes to one value: lane `j` with lane `j + half`, halving until one is left.
    pub fn fold_lanes(&self, op: MergeOp, scalar: Scalar, lanes: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        let BasicValueEnum::VectorValue(mut vector) = lanes else { return Ok(lanes) };
        let i32_ty = self.m.context.i32_type();
        let mut width = vector.get_type().get_size();
        while width > 1 {
            width /= 2;
            let half = |start: u32| {
                let mask: Vec<_> =
                    (start..start + width).map(|lane| i32_ty.const_int(u64::from(lane), false)).collect();
                self.b.build_shuffle_vector(
                    vector,
                    vector.get_type().get_poison(),
                    inkwell::types::VectorType::const_vector(&mask),
                    "half",
                )
            };
            let (low, high) = (half(0)?, half(width)?);
            let BasicValueEnum::VectorValue(next) = self.combine(op, scalar, low.into(), high.into())? else {
                return Err(CodegenError("a vector expected".into()));
            };
            vector = next;
        }
        Ok(self.b.build_extract_element(vector, i32_ty.const_zero(), "folded")?)
    }
}
