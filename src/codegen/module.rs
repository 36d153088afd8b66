#![forbid(unsafe_code)]
//! What all functions of one compiled program share: the LLVM module, runtime declarations, the table of check sites.
//!
//! Promises: a site number in compiled code is an index into [`ModuleCx::sites`].

use super::CodegenError;
use crate::diag::Origin;
use crate::ir::Ty;
use crate::runtime::abi::{Status, for_each_runtime_fn};
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::module::{Linkage, Module};
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum, FunctionType};
use inkwell::values::{FunctionValue, GlobalValue};
use std::collections::HashMap;

/// What a check in compiled code guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The index of `lookup`.
    Lookup,
    /// The index that is merged into a vecmerger.
    MergeIndex,
    /// The start of `slice`.
    Slice,
    /// The bounds of an iterator.
    Iterator,
    /// The number of iterations that `@(loopsize: N)` promises.
    LoopSize,
    /// The lengths of zipped data.
    Zip,
    /// The condition of `assert`.
    Assert,
    /// Enough bytes for what `deserialize` reads.
    SerialShort,
    /// A count of elements in the bytes of `deserialize`.
    SerialCount,
    /// The end of the bytes of `deserialize`.
    SerialRest,
    /// The divisor of an integer division.
    Division,
}

impl Check {
    /// The error it raises.
    pub fn status(self) -> Status {
        match self {
            Check::Lookup | Check::MergeIndex | Check::Slice => Status::ArrayOutOfBounds,
            Check::Iterator | Check::LoopSize => Status::BadIteratorLength,
            Check::Zip => Status::MismatchedZipSize,
            Check::SerialShort | Check::SerialCount | Check::SerialRest => Status::DeserializationError,
            Check::Assert => Status::AssertionError,
            Check::Division => Status::DivideByZero,
        }
    }
}

/// A check in compiled code, and where it stands in the source.
#[derive(Clone, Debug)]
pub struct Site {
    /// What it guards.
    pub check: Check,
    /// The expression that was checked.
    pub origin: Origin,
}

/// The module under construction.
pub(super) struct ModuleCx<'c> {
    pub context: &'c Context,
    pub module: Module<'c>,
    pub sites: Vec<Site>,
    /// Comparison functions by the type they compare.
    pub comparers: HashMap<Ty, FunctionValue<'c>>,
    bodies: u32,
}

impl<'c> ModuleCx<'c> {
    /// A module for the machine that `prepare` knows, with the runtime declared.
    pub fn new(context: &'c Context, prepare: impl FnOnce(&Module<'c>)) -> ModuleCx<'c> {
        let module = context.create_module("weld");
        prepare(&module);
        let cx = ModuleCx { context, module, sites: Vec::new(), comparers: HashMap::new(), bodies: 0 };
        cx.declare_runtime();
        cx
    }

    /// A function that never unwinds.
    pub fn add_function(&self, name: &str, ty: FunctionType<'c>, linkage: Linkage) -> FunctionValue<'c> {
        let function = self.module.add_function(name, ty, Some(linkage));
        let nounwind = Attribute::get_named_enum_kind_id("nounwind");
        function.add_attribute(AttributeLoc::Function, self.context.create_enum_attribute(nounwind, 0));
        function
    }

    /// A fresh name for an outlined loop body and what belongs to it.
    pub fn next_body(&mut self) -> u32 {
        self.bodies += 1;
        self.bodies
    }

    /// The number of a new check site.
    pub fn site(&mut self, check: Check, origin: &Origin) -> u32 {
        self.sites.push(Site { check, origin: origin.clone() });
        self.sites.len() as u32 - 1
    }

    /// A constant that compiled code points at.
    pub fn constant(
        &self,
        name: &str,
        ty: BasicTypeEnum<'c>,
        value: &dyn inkwell::values::BasicValue<'c>,
    ) -> GlobalValue<'c> {
        let global = self.module.add_global(ty, None, name);
        global.set_linkage(Linkage::Internal);
        global.set_constant(true);
        global.set_initializer(value);
        global
    }

    /// A declared function; `None` when it is not.
    pub fn function(&self, name: &str) -> Result<FunctionValue<'c>, CodegenError> {
        self.module
            .get_function(name)
            .ok_or_else(|| CodegenError(format!("function `{name}` is not declared")))
    }

    fn declare_runtime(&self) {
        let ptr = self.context.ptr_type(AddressSpace::default());
        macro_rules! kind {
            (ptr) => {
                BasicMetadataTypeEnum::from(ptr)
            };
            (i64) => {
                BasicMetadataTypeEnum::from(self.context.i64_type())
            };
            (u32) => {
                BasicMetadataTypeEnum::from(self.context.i32_type())
            };
        }
        macro_rules! declare {
            ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident: $kind:ident),*);)+) => {
                $(
                    let ty = self.context.i32_type().fn_type(&[ptr.into() $(, kind!($kind))*], false);
                    self.add_function(stringify!($name), ty, Linkage::External);
                )+
            };
        }
        for_each_runtime_fn!(declare);
    }

    /// The declaration of a math function of two or one arguments, such as `weld_exp_f64`.
    pub fn math_function(&self, name: &str, float: BasicTypeEnum<'c>, arity: usize) -> FunctionValue<'c> {
        if let Some(function) = self.module.get_function(name) {
            return function;
        }
        let args = vec![BasicMetadataTypeEnum::from(float); arity];
        let ty = match float {
            BasicTypeEnum::FloatType(float) => float.fn_type(&args, false),
            _ => self.context.f64_type().fn_type(&args, false),
        };
        self.add_function(name, ty, Linkage::External)
    }
}
