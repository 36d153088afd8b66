#![forbid(unsafe_code)]
//! What all functions of one compiled program share: the LLVM module, runtime declarations, the table of check sites.
//!
//! Promises: a site number in compiled code is an index into [`ModuleCx::sites`].

use super::CodegenError;
use super::seek::Start;
use super::target::Compress;
use super::trace::Line;
use crate::diag::Origin;
use crate::ir::Ty;
use crate::runtime::abi::{Dict, LINE, Status, for_each_runtime_fn};
use crate::runtime::{Function, Libraries};
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::intrinsics::Intrinsic;
use inkwell::module::{Linkage, Module};
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum, FunctionType};
use inkwell::values::{BasicValueEnum, FunctionValue, GlobalValue, PointerValue};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

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
    /// Shape and strides of `nditer`.
    NdIterator,
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
    /// The key of `lookup` in a dictionary.
    Key,
}

impl Check {
    /// The error it raises.
    pub fn status(self) -> Status {
        match self {
            Check::Lookup | Check::MergeIndex | Check::Slice => Status::ArrayOutOfBounds,
            Check::Iterator | Check::NdIterator | Check::LoopSize => Status::BadIteratorLength,
            Check::Zip => Status::MismatchedZipSize,
            Check::SerialShort | Check::SerialCount | Check::SerialRest => Status::DeserializationError,
            Check::Assert => Status::AssertionError,
            Check::Division => Status::DivideByZero,
            Check::Key => Status::KeyNotFound,
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
    /// The type of the key, when one was looked up.
    pub key: Option<Ty>,
}

/// The module under construction.
pub(super) struct ModuleCx<'c> {
    pub context: &'c Context,
    pub module: Module<'c>,
    pub sites: Vec<Site>,
    /// Comparison functions by the type they compare.
    pub comparers: HashMap<Ty, FunctionValue<'c>>,
    /// Functions that hash vectors, and that compare keys, by the element type.
    pub hashers: HashMap<Ty, FunctionValue<'c>>,
    pub equals: HashMap<Ty, FunctionValue<'c>>,
    pub seekers: HashMap<(Ty, Option<Start>), FunctionValue<'c>>,
    /// The C functions that the program calls, with their names, by their symbols in the module.
    pub foreign: BTreeMap<String, (String, Function)>,
    /// Functions that are too large for LLVM's passes.
    pub spared: usize,
    /// The lines of the execution trace so far; nothing when there is none.
    pub traced: Option<Vec<Line>>,
    /// Whether math functions of lanes are compiled apart, once per process, and only declared in this module.
    pub lanes_apart: bool,
    /// Those that are: their names and numbers of arguments.
    pub lanes: RefCell<Vec<(String, usize)>>,
    libraries: Libraries,
    compress: Compress,
    bodies: u32,
}

impl<'c> ModuleCx<'c> {
    /// A module for the machine that `prepare` knows, with the runtime declared.
    pub fn new(
        context: &'c Context,
        libraries: &Libraries,
        compress: Compress,
        prepare: impl FnOnce(&Module<'c>),
    ) -> ModuleCx<'c> {
        let module = context.create_module("weld");
        prepare(&module);
        let cx = ModuleCx {
            context,
            module,
            sites: Vec::new(),
            comparers: HashMap::new(),
            hashers: HashMap::new(),
            equals: HashMap::new(),
            seekers: HashMap::new(),
            foreign: BTreeMap::new(),
            spared: 0,
            traced: None,
            lanes_apart: false,
            lanes: RefCell::default(),
            libraries: libraries.clone(),
            compress,
            bodies: 0,
        };
        cx.declare_runtime();
        cx
    }

    /// Whether one instruction moves chosen elements of so many bytes together.
    pub fn can_compress(&self, bytes: usize) -> bool {
        if bytes >= 4 { self.compress.words } else { self.compress.bytes }
    }

    /// Whether registers have 64 bytes: those machines are the ones that move words by a mask.
    pub fn has_wide_registers(&self) -> bool {
        self.compress.words
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
        self.sites.push(Site { check, origin: origin.clone(), key: None });
        self.sites.len() as u32 - 1
    }

    /// The number of a new place where a key of type `ty` is looked up.
    pub fn key_site(&mut self, origin: &Origin, ty: &Ty) -> u32 {
        self.sites.push(Site { check: Check::Key, origin: origin.clone(), key: Some(ty.clone()) });
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

    /// The table of a null dictionary, as `abi::Dict` lays it out: one line of free slots and nothing else.
    pub fn no_dict(&self) -> PointerValue<'c> {
        if let Some(global) = self.module.get_global("no_dict") {
            return global.as_pointer_value();
        }
        let zero = self.context.i64_type().const_zero();
        let line = zero.get_type().const_array(&[zero; LINE]);
        let slots = self.constant("no_slots", line.get_type().into(), &line).as_pointer_value();
        let mask = zero.get_type().const_int(LINE as u64 - 1, false);
        let mut fields: Vec<BasicValueEnum<'c>> = vec![slots.into(), mask.into()];
        fields.resize(size_of::<Dict>() / size_of::<u64>(), zero.into());
        let table = self.context.const_struct(&fields, false);
        self.constant("no_dict", table.get_type().into(), &table).as_pointer_value()
    }

    /// So many zero bytes.
    pub fn blank(&self, bytes: usize) -> PointerValue<'c> {
        let name = format!("blank_{bytes}");
        if let Some(global) = self.module.get_global(&name) {
            return global.as_pointer_value();
        }
        let zeros = self.context.i8_type().array_type(bytes as u32).const_zero();
        let global = self.constant(&name, zeros.get_type().into(), &zeros);
        global.set_alignment(64);
        global.as_pointer_value()
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

    /// The declaration of the C function `name` of so many pointers, the result among them. It has a prefix in the module, so
    /// that it meets no other name.
    pub fn c_function(&mut self, name: &str, pointers: usize) -> Result<FunctionValue<'c>, CodegenError> {
        let symbol = format!("cudf.{name}.{pointers}");
        if let Some(function) = self.module.get_function(&symbol) {
            return Ok(function);
        }
        let found =
            self.libraries.find(name).ok_or_else(|| CodegenError(format!("no C function `{name}`")))?;
        self.foreign.insert(symbol.clone(), (name.to_string(), found));
        let ptr = self.context.ptr_type(AddressSpace::default());
        let ty = self.context.void_type().fn_type(&vec![ptr.into(); pointers], false);
        Ok(self.add_function(&symbol, ty, Linkage::External))
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
        let function = self.add_function(name, ty, Linkage::External);
        self.mark_as_math(function);
        function
    }

    /// Tells LLVM that a function reads and writes no memory and returns.
    pub fn mark_as_math(&self, function: FunctionValue<'c>) {
        for name in ["memory", "willreturn"] {
            let kind = Attribute::get_named_enum_kind_id(name);
            // As the value of `memory`, 0 means none.
            function.add_attribute(AttributeLoc::Function, self.context.create_enum_attribute(kind, 0));
        }
    }

    /// An LLVM intrinsic overloaded on `types`.
    pub fn intrinsic(
        &self,
        name: &str,
        types: &[BasicTypeEnum<'c>],
    ) -> Result<FunctionValue<'c>, CodegenError> {
        Intrinsic::find(name)
            .and_then(|it| it.get_declaration(&self.module, types))
            .ok_or_else(|| CodegenError(format!("intrinsic `{name}` is not there")))
    }
}
