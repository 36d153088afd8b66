//! One function under construction: blocks, memory access, calls into the runtime, early exits.
//!
//! Promises: allocas live in the entry block; every failed check leaves the function with its status; the only `unsafe` is
//! `element`, whose result is as valid as the index its caller checked.

use super::CodegenError;
use super::header::Tables;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, memory_ty, pointer, register_ty, width, with_lanes};
use super::module::{Check, ModuleCx};
use super::prefetch::Hint;
use super::scatter::RowForm;
use crate::diag::Origin;
use crate::ir::{BuilderTy, Literal, Name, Scalar, Ty};
use crate::value::layout;
use inkwell::basic_block::BasicBlock;
use inkwell::builder::Builder;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, BasicValueEnum, FunctionValue, IntValue, PhiValue, PointerValue,
};
use inkwell::{AddressSpace, IntPredicate};
use std::collections::HashMap;

/// Expressions in one block.
const LONG: u32 = 500;

/// The state of emitting one LLVM function.
pub(super) struct FnCx<'m, 'c> {
    pub m: &'m mut ModuleCx<'c>,
    pub b: Builder<'c>,
    pub function: FunctionValue<'c>,
    /// The `TaskCtx*` parameter.
    pub task: PointerValue<'c>,
    /// Values of the names in scope, by number.
    pub vars: HashMap<u32, Val<'c>>,
    /// Inside a SIMD loop: the number of lanes.
    pub lanes: Option<u32>,
    /// Inside a branch of a SIMD loop: the lanes that are in it.
    pub mask: Option<Leaf<'c>>,
    /// Inside a SIMD loop: where the scalar loop takes over, for a block that may fail.
    pub bail: Option<BasicBlock<'c>>,
    /// Whether blocks of lanes are written past the caches.
    pub streaming: bool,
    /// Whether this is inside a loop: loops in loops run in place.
    pub in_loop: bool,
    /// In a body that writes rows: what they look like, for each kind of vecmerger.
    pub rows: Vec<RowForm>,
    pub tables: Tables<'c>,
    /// What is known about keys of this iteration.
    pub hints: Vec<Hint<'c>>,
    /// Expressions since a block was begun for its length.
    since: u32,
    entry: BasicBlock<'c>,
}

impl<'m, 'c> FnCx<'m, 'c> {
    /// Starts a function whose first parameter is the `TaskCtx*`.
    pub fn new(m: &'m mut ModuleCx<'c>, function: FunctionValue<'c>) -> Result<FnCx<'m, 'c>, CodegenError> {
        let b = m.context.create_builder();
        let entry = m.context.append_basic_block(function, "entry");
        let start = m.context.append_basic_block(function, "start");
        b.position_at_end(start);
        let task = match function.get_first_param() {
            Some(BasicValueEnum::PointerValue(task)) => task,
            _ => m.context.ptr_type(AddressSpace::default()).const_null(),
        };
        let (vars, hints, rows) = (HashMap::new(), Vec::new(), Vec::new());
        let (lanes, mask, bail, tables) = (None, None, None, Tables::default());
        let (streaming, in_loop, since) = (false, false, 0);
        #[rustfmt::skip]
        let cx = FnCx {
            m, b, function, task, vars, lanes, mask, bail, streaming, in_loop, rows, tables, hints, since, entry,
        };
        Ok(cx)
    }

    /// Connects the block of allocas with the code; call once, at the end.
    pub fn finish(&self) -> Result<(), CodegenError> {
        let start = self.entry.get_next_basic_block();
        let start = start.ok_or_else(|| CodegenError("a function without code".into()))?;
        self.b.position_at_end(self.entry);
        self.b.build_unconditional_branch(start)?;
        Ok(())
    }

    /// A parameter of the function as a pointer.
    pub fn param_ptr(&self, at: u32) -> Result<PointerValue<'c>, CodegenError> {
        pointer(self.param(at)?)
    }

    /// A parameter of the function.
    pub fn param(&self, at: u32) -> Result<Leaf<'c>, CodegenError> {
        self.function.get_nth_param(at).ok_or_else(|| CodegenError(format!("parameter {at} is missing")))
    }

    /// A new block at the end of the function.
    pub fn block(&self, name: &str) -> BasicBlock<'c> {
        self.m.context.append_basic_block(self.function, name)
    }

    /// Begins a new block after many expressions: parts of LLVM take time that grows with the square of a block.
    pub fn keep_blocks_short(&mut self) -> Result<(), CodegenError> {
        self.since += 1;
        if self.since < LONG {
            return Ok(());
        }
        self.since = 0;
        let next = self.block("further");
        self.enter(next)
    }

    /// The block being written.
    pub fn here(&self) -> Result<BasicBlock<'c>, CodegenError> {
        self.b.get_insert_block().ok_or_else(|| CodegenError("no current block".into()))
    }

    /// Ends the current block with a jump to `to` and goes on there.
    pub fn enter(&self, to: BasicBlock<'c>) -> Result<(), CodegenError> {
        self.b.build_unconditional_branch(to)?;
        self.b.position_at_end(to);
        Ok(())
    }

    /// The constant `value: i64`.
    pub fn int64(&self, value: i64) -> IntValue<'c> {
        self.m.context.i64_type().const_int(value as u64, true)
    }

    /// The constant `value: i32`.
    pub fn int32(&self, value: u32) -> IntValue<'c> {
        self.m.context.i32_type().const_int(u64::from(value), false)
    }

    /// The pointer type.
    pub fn ptr_ty(&self) -> BasicTypeEnum<'c> {
        self.m.context.ptr_type(AddressSpace::default()).into()
    }

    /// Room on the stack, 64-byte aligned, made once per call of the function.
    pub fn alloca(&self, ty: BasicTypeEnum<'c>, name: &str) -> Result<PointerValue<'c>, CodegenError> {
        let builder = self.m.context.create_builder();
        builder.position_at_end(self.entry);
        let slot = builder.build_alloca(ty, name)?;
        if let Some(instruction) = slot.as_instruction() {
            instruction.set_alignment(64).map_err(|error| CodegenError(error.to_string()))?;
        }
        Ok(slot)
    }

    /// Element `index` of an array of `ty` at `base`.
    pub fn element(
        &self,
        ty: BasicTypeEnum<'c>,
        base: PointerValue<'c>,
        index: IntValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        // SAFETY: without `inbounds` the address computation itself is always defined; callers access it only for
        // indices that a check or a loop bound has put inside the array.
        Ok(unsafe { self.b.build_gep(ty, base, &[index], "at") }?)
    }

    /// `base + bytes`.
    pub fn offset(&self, base: PointerValue<'c>, bytes: usize) -> Result<PointerValue<'c>, CodegenError> {
        if bytes == 0 {
            Ok(base)
        } else {
            self.element(self.m.context.i8_type().into(), base, self.int64(bytes as i64))
        }
    }

    /// The address of element `index` of a vector of `elem`.
    pub fn elem_address(
        &self,
        elem: &Ty,
        data: PointerValue<'c>,
        index: IntValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let ty = match elem.scalar() {
            Some(scalar) => memory_ty(self.m.context, scalar),
            None => self.m.context.i8_type().array_type(layout::layout(elem).size as u32).into(),
        };
        self.element(ty, data, index)
    }

    /// Loads a value of type `ty`.
    pub fn load(&self, ty: &Ty, from: PointerValue<'c>) -> Result<Val<'c>, CodegenError> {
        let mut out = Vec::new();
        self.load_into(ty, from, &mut out)?;
        Ok(out)
    }

    fn load_into(&self, ty: &Ty, from: PointerValue<'c>, out: &mut Val<'c>) -> Result<(), CodegenError> {
        match ty {
            Ty::Scalar(scalar) => out.push(self.load_scalar(*scalar, from, None)?),
            Ty::Vec(_) => {
                out.push(self.b.build_load(self.ptr_ty(), from, "data")?);
                out.push(self.b.build_load(self.m.context.i64_type(), self.offset(from, 8)?, "len")?);
            }
            Ty::Struct(fields) => {
                for (field, offset) in fields.iter().zip(layout::field_offsets(fields)) {
                    self.load_into(field, self.offset(from, offset)?, out)?;
                }
            }
            Ty::Dict(_) => out.push(self.b.build_load(self.ptr_ty(), from, "dict")?),
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => {
                return Err(CodegenError(format!("cannot load a `{ty}`")));
            }
        }
        Ok(())
    }

    /// Loads one scalar, or `lanes` neighbouring ones. Any non-zero byte is `true`.
    pub fn load_scalar(
        &self,
        scalar: Scalar,
        from: PointerValue<'c>,
        lanes: Option<u32>,
    ) -> Result<Leaf<'c>, CodegenError> {
        let loaded = self.b.build_load(with_lanes(memory_ty(self.m.context, scalar), lanes), from, "load")?;
        self.align(loaded.as_instruction_value(), scalar)?;
        Ok(match (scalar, loaded) {
            (Scalar::Bool, BasicValueEnum::IntValue(byte)) => {
                self.b.build_int_compare(IntPredicate::NE, byte, byte.get_type().const_zero(), "bool")?.into()
            }
            (Scalar::Bool, BasicValueEnum::VectorValue(bytes)) => self
                .b
                .build_int_compare(IntPredicate::NE, bytes, bytes.get_type().const_zero(), "bool")?
                .into(),
            _ => loaded,
        })
    }

    /// Stores one scalar or one vector of lanes.
    pub fn store_scalar(
        &self,
        scalar: Scalar,
        value: Leaf<'c>,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let value = match (scalar, value) {
            (Scalar::Bool, BasicValueEnum::IntValue(bit)) => {
                self.b.build_int_z_extend(bit, self.m.context.i8_type(), "byte")?.into()
            }
            (Scalar::Bool, BasicValueEnum::VectorValue(bits)) => {
                let bytes = self.m.context.i8_type().vec_type(bits.get_type().get_size());
                self.b.build_int_z_extend(bits, bytes, "bytes")?.into()
            }
            _ => value,
        };
        let store = self.b.build_store(to, value)?;
        self.align(Some(store), scalar)
    }

    fn align(
        &self,
        access: Option<inkwell::values::InstructionValue<'c>>,
        scalar: Scalar,
    ) -> Result<(), CodegenError> {
        match access {
            Some(access) => {
                access.set_alignment(scalar.bytes() as u32).map_err(|error| CodegenError(error.to_string()))
            }
            None => Ok(()),
        }
    }

    /// Stores a value of type `ty`. Padding is left as it is.
    pub fn store(&self, ty: &Ty, value: &[Leaf<'c>], to: PointerValue<'c>) -> Result<(), CodegenError> {
        let mut at = 0;
        self.store_from(ty, value, &mut at, to)
    }

    fn store_from(
        &self,
        ty: &Ty,
        value: &[Leaf<'c>],
        at: &mut usize,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        match ty {
            Ty::Scalar(scalar) => {
                self.store_scalar(*scalar, leaf_at(value, *at)?, to)?;
                *at += 1;
            }
            Ty::Struct(fields) => {
                for (field, offset) in fields.iter().zip(layout::field_offsets(fields)) {
                    self.store_from(field, value, at, self.offset(to, offset)?)?;
                }
            }
            Ty::Vec(_) => {
                for slot in 0..2 {
                    self.b.build_store(self.offset(to, slot * 8)?, leaf_at(value, *at)?)?;
                    *at += 1;
                }
            }
            Ty::Builder(builder) => match &**builder {
                BuilderTy::Merger(accumulated, _) => self.store_from(accumulated, value, at, to)?,
                BuilderTy::Appender(_) | BuilderTy::VecMerger(..) => {
                    for slot in 0..width(ty) {
                        self.b.build_store(self.offset(to, slot * 8)?, leaf_at(value, *at)?)?;
                        *at += 1;
                    }
                }
                BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) => {
                    self.b.build_store(to, leaf_at(value, *at)?)?;
                    *at += 1;
                }
            },
            Ty::Dict(_) => {
                self.b.build_store(to, leaf_at(value, *at)?)?;
                *at += 1;
            }
            Ty::Simd(_) | Ty::Infer(_) => {
                return Err(CodegenError(format!("cannot store a `{ty}`")));
            }
        }
        Ok(())
    }

    /// Copies `bytes` bytes between places that do not overlap, both aligned to `align`.
    pub fn copy_bytes(
        &self,
        to: PointerValue<'c>,
        from: PointerValue<'c>,
        bytes: IntValue<'c>,
        align: usize,
    ) -> Result<(), CodegenError> {
        let align = align as u32;
        self.b.build_memcpy(to, align, from, align, bytes)?;
        Ok(())
    }

    /// A scalar constant in a register.
    pub fn constant(&self, literal: &Literal) -> Result<Leaf<'c>, CodegenError> {
        let Some(scalar) = literal.scalar() else { return Err(CodegenError("a string is no scalar".into())) };
        Ok(match literal {
            Literal::F32(value) => self.m.context.f32_type().const_float(f64::from(*value)).into(),
            Literal::F64(value) => self.m.context.f64_type().const_float(*value).into(),
            _ => match register_ty(self.m.context, LeafTy::Scalar(scalar)) {
                BasicTypeEnum::IntType(ty) => ty.const_int(literal.bits().unwrap_or(0), false).into(),
                other => return Err(CodegenError(format!("no constant of type {other}"))),
            },
        })
    }

    /// Copies a scalar leaf into every lane; a vector stays.
    pub fn splat(&self, leaf: Leaf<'c>, lanes: u32) -> Result<Leaf<'c>, CodegenError> {
        if leaf.is_vector_value() {
            return Ok(leaf);
        }
        let BasicTypeEnum::VectorType(ty) = with_lanes(leaf.get_type(), Some(lanes)) else {
            return Err(CodegenError("no vector of this type".into()));
        };
        let zero = self.m.context.i32_type().const_zero();
        let one = self.b.build_insert_element(ty.get_poison(), leaf, zero, "lane0")?;
        let mask = self.m.context.i32_type().vec_type(lanes).const_zero();
        Ok(self.b.build_shuffle_vector(one, ty.get_poison(), mask, "splat")?.into())
    }

    /// Calls a runtime function and leaves this function when it fails.
    pub fn call_runtime(&self, name: &str, args: &[BasicMetadataValueEnum<'c>]) -> Result<(), CodegenError> {
        self.call_or_leave(self.m.function(name)?, args)
    }

    /// Calls a function that returns a status, and leaves this function when it fails.
    pub fn call_or_leave(
        &self,
        function: FunctionValue<'c>,
        args: &[BasicMetadataValueEnum<'c>],
    ) -> Result<(), CodegenError> {
        let status = self.call_status(function, args)?;
        let done = self.b.build_int_compare(IntPredicate::EQ, status, self.int32(0), "done")?;
        let (leave, go_on) = (self.block("leave"), self.block("go_on"));
        self.likely(done, go_on, leave)?;
        self.b.position_at_end(leave);
        self.b.build_return(Some(&status))?;
        self.b.position_at_end(go_on);
        Ok(())
    }

    fn call_status(
        &self,
        function: FunctionValue<'c>,
        args: &[BasicMetadataValueEnum<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        let mut all = vec![self.task.into()];
        all.extend_from_slice(args);
        let call = self.b.build_call(function, &all, "status")?;
        int(call
            .try_as_basic_value()
            .basic()
            .ok_or_else(|| CodegenError("a function without a status".into()))?)
    }

    /// Leaves with the error of `check` unless it `holds`. `a` and `b` are the values for the message.
    pub fn check(
        &mut self,
        holds: IntValue<'c>,
        check: Check,
        origin: &Origin,
        a: IntValue<'c>,
        b: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let site = self.m.site(check, origin);
        let (fail, pass) = (self.block("fail"), self.block("pass"));
        self.b.build_conditional_branch(holds, pass, fail)?;
        self.b.position_at_end(fail);
        self.fail(check, site, a, b)?;
        self.b.position_at_end(pass);
        Ok(())
    }

    /// Leaves with the error of `check`.
    pub fn fail(
        &self,
        check: Check,
        site: u32,
        a: IntValue<'c>,
        b: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let args = [self.int32(check.status() as u32).into(), self.int32(site).into(), a.into(), b.into()];
        let status = self.call_status(self.m.function("weld_rt_fail")?, &args)?;
        self.b.build_return(Some(&status))?;
        Ok(())
    }

    /// Leaves when somebody asked the run to stop: one relaxed load and a branch.
    pub fn poll(&self) -> Result<(), CodegenError> {
        let word = pointer(self.b.build_load(self.ptr_ty(), self.task, "signal")?)?;
        let signal = self.b.build_load(self.m.context.i32_type(), word, "asked")?;
        if let Some(load) = signal.as_instruction_value() {
            load.set_volatile(true).map_err(|error| CodegenError(error.to_string()))?;
        }
        let stop = self.b.build_int_compare(IntPredicate::NE, int(signal)?, self.int32(0), "stop")?;
        let (leave, go_on) = (self.block("stopped"), self.block("go_on"));
        self.b.build_conditional_branch(stop, leave, go_on)?;
        self.b.position_at_end(leave);
        let status = self.call_status(self.m.function("weld_rt_stop")?, &[])?;
        self.b.build_return(Some(&status))?;
        self.b.position_at_end(go_on);
        Ok(())
    }

    /// Calls an LLVM intrinsic overloaded on `types`.
    pub fn intrinsic(
        &self,
        name: &str,
        types: &[BasicTypeEnum<'c>],
        args: &[Leaf<'c>],
    ) -> Result<Leaf<'c>, CodegenError> {
        let function = self.m.intrinsic(name, types)?;
        let args: Vec<BasicMetadataValueEnum<'c>> = args.iter().map(|arg| (*arg).into()).collect();
        let call = self.b.build_call(function, &args, "value")?;
        call.try_as_basic_value().basic().ok_or_else(|| CodegenError(format!("`{name}` returns nothing")))
    }

    /// Joins the values of two blocks that both jump here.
    pub fn join(
        &self,
        a: (&Val<'c>, BasicBlock<'c>),
        b: (&Val<'c>, BasicBlock<'c>),
    ) -> Result<Val<'c>, CodegenError> {
        let leaves = a.0.iter().zip(b.0);
        leaves
            .map(|(x, y)| {
                if x == y {
                    return Ok(*x);
                }
                let phi = self.b.build_phi(x.get_type(), "join")?;
                phi.add_incoming(&[(x, a.1), (y, b.1)]);
                Ok(phi.as_basic_value())
            })
            .collect()
    }

    /// One phi per leaf, coming in from `from`.
    pub fn phis(&self, val: &[Leaf<'c>], from: BasicBlock<'c>) -> Result<Vec<PhiValue<'c>>, CodegenError> {
        val.iter()
            .map(|leaf| {
                let phi = self.b.build_phi(leaf.get_type(), "carried")?;
                phi.add_incoming(&[(leaf, from)]);
                Ok(phi)
            })
            .collect()
    }

    /// Adds the second way into phis.
    pub fn close_phis(&self, phis: &[PhiValue<'c>], val: &[Leaf<'c>], from: BasicBlock<'c>) {
        for (phi, leaf) in phis.iter().zip(val) {
            phi.add_incoming(&[(leaf as &dyn BasicValue<'c>, from)]);
        }
    }

    /// Binds a name.
    pub fn bind(&mut self, name: &Name, val: Val<'c>) {
        self.vars.insert(name.id(), val);
    }
}
