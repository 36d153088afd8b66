#![forbid(unsafe_code)]
//! The functions of `crate::math` in compiled code.
//!
//! Promises: the bits of the interpreter. A scalar calls the very function that is compiled into this process; lanes run the
//! same recipe on LLVM vectors, in one function of eight lanes for each function, so that the code stays small. These never
//! change and are long, so they are compiled once per process, but where LLVM shall see all of a program. `%` takes its lanes
//! out one by one.

use super::func::FnCx;
use super::leaves::{Leaf, float, lanes_of, memory_ty, with_lanes};
use super::module::ModuleCx;
use super::target::Machines;
use super::{CodegenError, Level, Options};
use crate::ir::Scalar;
use crate::math::{self, Lanes};
use crate::plan::{Effort, LlvmPasses};
use crate::runtime::Libraries;
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::Context;
use inkwell::module::Linkage;
use inkwell::types::{BasicTypeEnum, VectorType};
use inkwell::values::{BasicValueEnum, FunctionValue, InstructionOpcode, VectorValue};
use inkwell::{FloatPredicate, IntPredicate};
use std::cell::RefCell;

/// Lanes of one call: a register of the widest machines.
const AT_ONCE: u32 = 8;

impl<'c> FnCx<'_, 'c> {
    /// The function `name` of `crate::math`, of scalars or of lanes.
    pub fn call_math(&self, name: &str, scalar: Scalar, args: &[Leaf<'c>]) -> Result<Leaf<'c>, CodegenError> {
        match args.first().and_then(|arg| lanes_of(*arg)) {
            Some(lanes) if name != "rem" && lanes % AT_ONCE == 0 => {
                self.recipe_in_lanes(name, scalar, args, lanes)
            }
            Some(lanes) => self.lane_by_lane(name, scalar, args, lanes),
            None => {
                let args: Vec<_> =
                    args.iter().map(|arg| float(*arg).map(Into::into)).collect::<Result<_, _>>()?;
                let symbol = math_symbol(name, scalar);
                let function = self.m.math_function(&symbol, memory_ty(self.m.context, scalar), args.len());
                result_of(self.b.build_call(function, &args, "value")?, name)
            }
        }
    }

    /// One call per lane: `%` has no recipe.
    fn lane_by_lane(
        &self,
        name: &str,
        scalar: Scalar,
        args: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let ty = with_lanes(memory_ty(self.m.context, scalar), Some(lanes));
        let mut result = ty.into_vector_type().get_poison();
        for lane in 0..lanes {
            let parts: Vec<Leaf<'c>> =
                args.iter().map(|arg| self.lane(*arg, lane)).collect::<Result<_, _>>()?;
            let value = self.call_math(name, scalar, &parts)?;
            result = self.b.build_insert_element(result, value, self.int32(lane), "lane")?;
        }
        Ok(result.into())
    }

    /// Eight lanes after the other. `f32` is computed in `f64` and rounded, as the scalar function does.
    fn recipe_in_lanes(
        &self,
        name: &str,
        scalar: Scalar,
        args: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let function = self.m.lanes_function(name, args.len())?;
        let mut parts = Vec::new();
        for first in (0..lanes).step_by(AT_ONCE as usize) {
            let mut part = Vec::with_capacity(args.len());
            for arg in args {
                let arg = arg.into_vector_value();
                let eight = self.shuffle(arg, arg, first..first + AT_ONCE)?;
                part.push(self.cast(scalar, Scalar::F64, eight.into())?.into());
            }
            let value = result_of(self.b.build_call(function, &part, "value")?, name)?;
            parts.push(self.cast(Scalar::F64, scalar, value)?.into_vector_value());
        }
        while parts.len() > 1 {
            let joined = parts.chunks(2).map(|pair| match pair {
                [a, b] => self.shuffle(*a, *b, 0..2 * a.get_type().get_size()),
                [a, ..] => Ok(*a),
                [] => Err(CodegenError("no lanes".into())),
            });
            parts = joined.collect::<Result<_, _>>()?;
        }
        parts.first().map(|all| (*all).into()).ok_or_else(|| CodegenError("no lanes".into()))
    }

    fn shuffle(
        &self,
        a: VectorValue<'c>,
        b: VectorValue<'c>,
        lanes: std::ops::Range<u32>,
    ) -> Result<VectorValue<'c>, CodegenError> {
        if a == b && lanes == (0..a.get_type().get_size()) {
            return Ok(a);
        }
        let mask: Vec<_> = lanes.map(|lane| self.int32(lane)).collect();
        Ok(self.b.build_shuffle_vector(a, b, VectorType::const_vector(&mask), "lanes")?)
    }
}

/// The symbol of a function of `crate::math`.
pub(super) fn math_symbol(name: &str, scalar: Scalar) -> String {
    format!("weld_{name}_{scalar}")
}

/// The symbol of a function of eight lanes.
pub(super) fn lanes_symbol(name: &str) -> String {
    format!("{name}_in_lanes")
}

/// The function `name` of eight lanes as an object file.
pub(super) fn lanes_object(machines: &Machines, name: &str, arity: usize) -> Result<Vec<u8>, CodegenError> {
    let context = Context::create();
    let libraries = Libraries::default();
    let cx = ModuleCx::new(&context, &libraries, machines.compress, |module| machines.prepare(module));
    cx.define_lanes(name, arity, Linkage::External)?;
    let options = Options { effort: Effort::Short, llvm: LlvmPasses::default(), trace: None };
    machines.optimize(&cx.module, &options)?;
    machines.generate(&cx.module, options.effort, Level::LlvmOptimized)
}

fn result_of<'c>(
    call: inkwell::values::CallSiteValue<'c>,
    name: &str,
) -> Result<BasicValueEnum<'c>, CodegenError> {
    call.try_as_basic_value().basic().ok_or_else(|| CodegenError(format!("`{name}` returns nothing")))
}

impl<'c> ModuleCx<'c> {
    /// The function `name` of eight lanes.
    fn lanes_function(&self, name: &str, arity: usize) -> Result<FunctionValue<'c>, CodegenError> {
        let symbol = lanes_symbol(name);
        if let Some(function) = self.module.get_function(&symbol) {
            return Ok(function);
        }
        if self.lanes_apart {
            self.lanes.borrow_mut().push((name.to_string(), arity));
            return Ok(self.declare_lanes(&symbol, arity, Linkage::External));
        }
        self.define_lanes(name, arity, Linkage::Internal)
    }

    fn declare_lanes(&self, symbol: &str, arity: usize, linkage: Linkage) -> FunctionValue<'c> {
        let ty = self.context.f64_type().vec_type(AT_ONCE);
        let function = self.add_function(symbol, ty.fn_type(&vec![ty.into(); arity], false), linkage);
        self.mark_as_math(function);
        function
    }

    fn define_lanes(
        &self,
        name: &str,
        arity: usize,
        linkage: Linkage,
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let function = self.declare_lanes(&lanes_symbol(name), arity, linkage);
        let b = self.context.create_builder();
        b.position_at_end(self.context.append_basic_block(function, "entry"));
        let eight = Eight { m: self, b, function, name, failure: RefCell::new(None) };
        let value = math::in_lanes(name, &eight, &function.get_params())
            .ok_or_else(|| CodegenError(format!("there is no function `{name}`")))?;
        if let Some(error) = eight.failure.take() {
            return Err(error);
        }
        eight.b.build_return(Some(&value))?;
        Ok(function)
    }
}

/// The arithmetic of eight lanes of `f64` as LLVM instructions. The first that cannot be made is kept, for arithmetic
/// knows no errors.
struct Eight<'m, 'c> {
    m: &'m ModuleCx<'c>,
    b: Builder<'c>,
    function: FunctionValue<'c>,
    name: &'m str,
    failure: RefCell<Option<CodegenError>>,
}

impl<'c> Eight<'_, 'c> {
    fn floats(&self) -> VectorType<'c> {
        self.m.context.f64_type().vec_type(AT_ONCE)
    }

    fn words(&self) -> VectorType<'c> {
        self.m.context.i64_type().vec_type(AT_ONCE)
    }

    fn keep(&self, made: Result<Leaf<'c>, CodegenError>) -> Leaf<'c> {
        made.unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            self.floats().get_poison().into()
        })
    }

    fn binary(&self, opcode: InstructionOpcode, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.keep(self.b.build_binop(opcode, a, b, "value").map_err(CodegenError::from))
    }

    fn vectors(
        &self,
        a: Leaf<'c>,
        b: Leaf<'c>,
        make: impl FnOnce(VectorValue<'c>, VectorValue<'c>) -> Result<VectorValue<'c>, BuilderError>,
    ) -> Leaf<'c> {
        let (BasicValueEnum::VectorValue(a), BasicValueEnum::VectorValue(b)) = (a, b) else {
            return self.keep(Err(CodegenError("a vector expected".into())));
        };
        self.keep(make(a, b).map(Into::into).map_err(CodegenError::from))
    }

    fn call(&self, name: &str, args: &[Leaf<'c>]) -> Leaf<'c> {
        let types: Vec<BasicTypeEnum<'c>> = args.iter().take(1).map(Leaf::get_type).collect();
        self.keep(self.m.intrinsic(name, &types).and_then(|function| {
            let args: Vec<_> = args.iter().map(|arg| (*arg).into()).collect();
            result_of(self.b.build_call(function, &args, "value")?, name)
        }))
    }

    /// The function of scalars for each lane.
    fn lane_by_lane(&self, x: VectorValue<'c>) -> Result<VectorValue<'c>, CodegenError> {
        let element = self.m.context.f64_type();
        let function = self.m.math_function(&math_symbol(self.name, Scalar::F64), element.into(), 1);
        let mut all = self.floats().get_poison();
        for lane in 0..AT_ONCE {
            let lane = self.m.context.i32_type().const_int(u64::from(lane), false);
            let one = self.b.build_extract_element(x, lane, "lane")?;
            let one = result_of(self.b.build_call(function, &[one.into()], "value")?, self.name)?;
            all = self.b.build_insert_element(all, one, lane, "lane")?;
        }
        Ok(all)
    }

    /// `usual`, or what the function of scalars gives for each lane unless the mask holds in all.
    fn join(&self, mask: Leaf<'c>, usual: Leaf<'c>, x: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        let (all, BasicValueEnum::VectorValue(x)) = (self.call("llvm.vector.reduce.and", &[mask]), x) else {
            return Err(CodegenError("a vector expected".into()));
        };
        let here = self.b.get_insert_block().ok_or_else(|| CodegenError("no current block".into()))?;
        let rare = self.m.context.append_basic_block(self.function, "rare");
        let done = self.m.context.append_basic_block(self.function, "done");
        self.b.build_conditional_branch(super::leaves::int(all)?, done, rare)?;
        self.b.position_at_end(rare);
        let each = self.lane_by_lane(x)?;
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(done);
        let phi = self.b.build_phi(self.floats(), "joined")?;
        phi.add_incoming(&[(&usual, here), (&each, rare)]);
        Ok(phi.as_basic_value())
    }
}

impl<'c> Lanes for Eight<'_, 'c> {
    type Float = Leaf<'c>;
    type Bits = Leaf<'c>;
    type Mask = Leaf<'c>;

    fn float(&self, value: f64) -> Leaf<'c> {
        let one = self.m.context.f64_type().const_float(value);
        VectorType::const_vector(&[one; AT_ONCE as usize]).into()
    }

    fn bits(&self, value: u64) -> Leaf<'c> {
        let one = self.m.context.i64_type().const_int(value, false);
        VectorType::const_vector(&[one; AT_ONCE as usize]).into()
    }

    fn add(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::FAdd, a, b)
    }

    fn sub(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::FSub, a, b)
    }

    fn mul(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::FMul, a, b)
    }

    fn div(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::FDiv, a, b)
    }

    fn fma(&self, a: Leaf<'c>, b: Leaf<'c>, c: Leaf<'c>) -> Leaf<'c> {
        self.call("llvm.fma", &[a, b, c])
    }

    fn sqrt(&self, a: Leaf<'c>) -> Leaf<'c> {
        self.call("llvm.sqrt", &[a])
    }

    fn neg(&self, a: Leaf<'c>) -> Leaf<'c> {
        self.vectors(a, a, |a, _| self.b.build_float_neg(a, "neg"))
    }

    fn lt(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.vectors(a, b, |a, b| self.b.build_float_compare(FloatPredicate::OLT, a, b, "is"))
    }

    fn eq(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.vectors(a, b, |a, b| self.b.build_float_compare(FloatPredicate::OEQ, a, b, "is"))
    }

    fn is_odd(&self, a: Leaf<'c>) -> Leaf<'c> {
        let lowest = self.and(a, self.bits(1));
        self.vectors(lowest, self.bits(0), |a, b| self.b.build_int_compare(IntPredicate::NE, a, b, "is"))
    }

    fn select(&self, mask: Leaf<'c>, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        let BasicValueEnum::VectorValue(mask) = mask else {
            return self.keep(Err(CodegenError("a mask expected".into())));
        };
        self.keep(self.b.build_select(mask, a, b, "select").map_err(CodegenError::from))
    }

    fn either(&self, mask: Leaf<'c>, a: impl FnOnce() -> Leaf<'c>, b: impl FnOnce() -> Leaf<'c>) -> Leaf<'c> {
        let (a, b) = (a(), b());
        self.select(mask, a, b)
    }

    fn usually(
        &self,
        mask: Leaf<'c>,
        usual: impl FnOnce() -> Leaf<'c>,
        x: Leaf<'c>,
        _rare: fn(f64) -> f64,
    ) -> Leaf<'c> {
        let usual = usual();
        self.keep(self.join(mask, usual, x))
    }

    fn bits_of(&self, a: Leaf<'c>) -> Leaf<'c> {
        self.keep(self.b.build_bit_cast(a, self.words(), "bits").map_err(CodegenError::from))
    }

    fn float_of(&self, a: Leaf<'c>) -> Leaf<'c> {
        self.keep(self.b.build_bit_cast(a, self.floats(), "float").map_err(CodegenError::from))
    }

    fn add_bits(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::Add, a, b)
    }

    fn sub_bits(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::Sub, a, b)
    }

    fn and(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::And, a, b)
    }

    fn or(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::Or, a, b)
    }

    fn xor(&self, a: Leaf<'c>, b: Leaf<'c>) -> Leaf<'c> {
        self.binary(InstructionOpcode::Xor, a, b)
    }

    fn shl(&self, a: Leaf<'c>, count: u32) -> Leaf<'c> {
        self.binary(InstructionOpcode::Shl, a, self.bits(u64::from(count)))
    }

    fn shr(&self, a: Leaf<'c>, count: u32) -> Leaf<'c> {
        self.binary(InstructionOpcode::LShr, a, self.bits(u64::from(count)))
    }
}
