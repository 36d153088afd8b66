//! The ORC JIT: the only place where an address becomes a function.
//!
//! Promises: an [`Engine`] is made once and shared; compiling locks it, running does not. Code lives as long as its
//! [`Compiled`], which keeps its engine alive; dropping it frees the code.
//! Contracts of the `unsafe` blocks: handles from LLVM are used and released as its C API says, under the lock.

use super::emit::{ENTRY, emit, optimize};
use super::math::{lanes_object, lanes_symbol, math_symbol};
use super::module::Site;
use super::start::make_tables;
use super::target::Machines;
use super::{CodegenError, Level, Options, at_exit};
use crate::ir::{Program, Scalar, Ty};
use crate::math;
use crate::plan::Effort;
use crate::runtime::abi::{self, TaskCtx};
use crate::runtime::{Function, Libraries};
use inkwell::context::Context;
use llvm_sys::core::{LLVMCreateMemoryBufferWithMemoryRangeCopy, LLVMDisposeMessage};
use llvm_sys::error::{LLVMErrorRef, LLVMGetErrorMessage};
use llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcDisposeLLJIT, LLVMOrcLLJITAddObjectFileWithRT, LLVMOrcLLJITGetGlobalPrefix,
    LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup, LLVMOrcLLJITMangleAndIntern, LLVMOrcLLJITRef,
};
use llvm_sys::orc2::{
    LLVMJITEvaluatedSymbol, LLVMJITSymbolFlags, LLVMOrcAbsoluteSymbols, LLVMOrcCSymbolMapPair,
    LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess, LLVMOrcJITDylibAddGenerator,
    LLVMOrcJITDylibCreateResourceTracker, LLVMOrcJITDylibDefine, LLVMOrcReleaseResourceTracker,
    LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString};
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The compiled form of `u32 weld_program(TaskCtx*, const u8 *args, u8 *result)`.
type EntryFn = unsafe extern "C" fn(*mut TaskCtx, *const u8, *mut u8) -> u32;

/// Exported and callable, as `LLVMJITSymbolGenericFlags` numbers them.
const CALLABLE: u8 = 1 | 4;

/// How long each stage of one compilation took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Making LLVM IR.
    pub emit: Duration,
    /// LLVM's passes.
    pub optimize: Duration,
    /// Instruction selection and object code.
    pub generate: Duration,
    /// Linking into the process.
    pub link: Duration,
}

impl Times {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.emit + self.optimize + self.generate + self.link
    }
}

/// LLVM in this process.
pub struct Engine {
    inner: Mutex<Inner>,
}

struct Inner {
    machines: Machines,
    jit: LLVMOrcLLJITRef,
    programs: u64,
    /// Symbols of C functions that are defined, and where they are.
    foreign: HashMap<String, usize>,
    /// Math functions of lanes that are compiled.
    lanes: HashSet<String>,
}

// SAFETY: the handles are used by one thread at a time: all access goes through the mutex of `Engine`.
unsafe impl Send for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: `jit` came from `LLVMOrcCreateLLJIT` and every `Compiled` that used it is gone, for each keeps an `Arc`
        // of the engine.
        unsafe {
            let error = LLVMOrcDisposeLLJIT(self.jit);
            let _ = check(error);
        }
    }
}

/// A program in machine code.
pub struct Compiled {
    engine: Arc<Engine>,
    tracker: LLVMOrcResourceTrackerRef,
    entry: EntryFn,
    /// What the numbers of failed checks mean.
    pub sites: Vec<Site>,
    /// The C functions it calls, whose libraries this keeps.
    foreign: Vec<(String, Function)>,
    /// How long it took.
    pub times: Times,
    /// Bytes of object code.
    pub code_bytes: usize,
    /// Functions that were too large for LLVM's passes.
    pub spared: usize,
    /// The types of the inputs.
    pub(super) params: Vec<Ty>,
    /// The type of the result.
    pub(super) result: Ty,
}

/// The engine's own things, for as long as a thread may use LLVM with them.
struct Locked<'a> {
    inner: MutexGuard<'a, Inner>,
    _stay: at_exit::Stay,
}

impl Deref for Locked<'_> {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }
}

// SAFETY: the code is immutable once linked and reads no thread-bound state; `tracker` is used only in `drop`, under the
// engine's lock.
unsafe impl Send for Compiled {}
// SAFETY: as for `Send`; running takes `&self` and the code has no state of its own.
unsafe impl Sync for Compiled {}

impl Engine {
    /// Starts LLVM for this machine: a few milliseconds, once per process.
    pub fn new() -> Result<Arc<Engine>, CodegenError> {
        let stay = at_exit::enter();
        let machines = Machines::new()?;
        stay.goes_first();
        let mut jit: LLVMOrcLLJITRef = ptr::null_mut();
        // SAFETY: a null builder asks for the defaults; `jit` is valid when there is no error.
        unsafe {
            check(LLVMOrcCreateLLJIT(&mut jit, ptr::null_mut()))?;
        }
        let inner = Inner { machines, jit, programs: 0, foreign: HashMap::new(), lanes: HashSet::new() };
        inner.define_symbols()?;
        stay.goes_first();
        make_tables(&inner.machines, &stay)?;
        Ok(Arc::new(Engine { inner: Mutex::new(inner) }))
    }

    fn lock(&self) -> Locked<'_> {
        let stay = at_exit::enter();
        Locked { inner: self.inner.lock().unwrap_or_else(PoisonError::into_inner), _stay: stay }
    }

    /// Compiles a program.
    pub fn compile(
        self: &Arc<Engine>,
        program: &Program,
        libraries: &Libraries,
        options: &Options,
    ) -> Result<Compiled, CodegenError> {
        let mut inner = self.lock();
        let mut times = Times::default();
        let context = Context::create();
        let start = Instant::now();
        let cx = emit(&context, program, libraries, &inner.machines, options)?;
        inner.programs += 1;
        let name = format!("{ENTRY}_{}", inner.programs);
        cx.function(ENTRY)?.as_global_value().set_name(&name);
        for (name, (_, function)) in &cx.foreign {
            let symbol = inner.foreign_symbol(name, function.address())?;
            cx.function(name)?.as_global_value().set_name(&symbol);
        }
        times.emit = start.elapsed();

        let start = Instant::now();
        optimize(&cx, &inner.machines, options, &name)?;
        times.optimize = start.elapsed();

        let start = Instant::now();
        let object = inner.machines.generate(&cx.module, options.effort, Level::LlvmOptimized)?;
        for (name, arity) in &*cx.lanes.borrow() {
            inner.provide_lanes(name, *arity)?;
        }
        times.generate = start.elapsed();

        let start = Instant::now();
        let (tracker, address) = inner.link(&object, &name)?;
        // SAFETY: `emit` wrote the entry function with the type `EntryFn`, and it is linked.
        let entry = unsafe { std::mem::transmute::<usize, EntryFn>(address) };
        times.link = start.elapsed();
        let params = program.func.params.iter().map(|param| param.ty.clone()).collect();
        let result = program.func.body.ty.clone();
        Ok(Compiled {
            engine: self.clone(),
            tracker,
            entry,
            sites: cx.sites,
            foreign: cx.foreign.into_values().collect(),
            times,
            code_bytes: object.len(),
            spared: if options.effort == Effort::None { 0 } else { cx.spared },
            params,
            result,
        })
    }

    /// One level of code as text, in which the function of the program is called `entry`.
    pub fn text(
        &self,
        program: &Program,
        libraries: &Libraries,
        options: &Options,
        entry: &str,
        level: Level,
    ) -> Result<String, CodegenError> {
        let inner = self.lock();
        let context = Context::create();
        let cx = emit(&context, program, libraries, &inner.machines, options)?;
        cx.function(ENTRY)?.as_global_value().set_name(entry);
        if level != Level::Llvm {
            optimize(&cx, &inner.machines, options, entry)?;
        }
        if level == Level::Assembly {
            let text = inner.machines.generate(&cx.module, options.effort, level)?;
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(cx.module.print_to_string().to_string_lossy().into_owned())
    }

    /// The processor that code is made for.
    pub fn cpu(&self) -> String {
        self.lock().machines.cpu()
    }
}

impl Inner {
    /// Makes the runtime and the math functions known to compiled code.
    fn define_symbols(&self) -> Result<(), CodegenError> {
        let mut symbols: Vec<(String, usize)> =
            abi::symbols().into_iter().map(|symbol| (symbol.name.to_string(), symbol.address)).collect();
        for (name, f32_form, f64_form) in math::addresses() {
            symbols.push((math_symbol(name, Scalar::F32), f32_form));
            symbols.push((math_symbol(name, Scalar::F64), f64_form));
        }
        symbols.push((math_symbol("rem", Scalar::F32), math::rem_f32 as *const () as usize));
        symbols.push((math_symbol("rem", Scalar::F64), math::rem_f64 as *const () as usize));
        self.define(&symbols)?;
        // SAFETY: `self.jit` is live; on success the dylib owns the generator.
        unsafe {
            let dylib = LLVMOrcLLJITGetMainJITDylib(self.jit);
            // `memcpy` and the like, which LLVM may call on its own.
            let mut generator = ptr::null_mut();
            check(LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
                &mut generator,
                LLVMOrcLLJITGetGlobalPrefix(self.jit),
                None,
                ptr::null_mut(),
            ))?;
            LLVMOrcJITDylibAddGenerator(dylib, generator);
        }
        Ok(())
    }

    /// The symbol behind which a C function is: its name, with a number when another function of this name was there first.
    fn foreign_symbol(&mut self, name: &str, address: usize) -> Result<String, CodegenError> {
        for copy in 1u64.. {
            let symbol = if copy == 1 { name.to_string() } else { format!("{name}.{copy}") };
            match self.foreign.get(&symbol) {
                Some(known) if *known == address => return Ok(symbol),
                Some(_) => {}
                None => {
                    self.define(&[(symbol.clone(), address)])?;
                    self.foreign.insert(symbol.clone(), address);
                    return Ok(symbol);
                }
            }
        }
        Err(CodegenError(format!("too many functions `{name}`")))
    }

    /// Makes functions known to compiled code.
    fn define(&self, symbols: &[(String, usize)]) -> Result<(), CodegenError> {
        let names: Vec<CString> = symbols.iter().map(|(name, _)| c_string(name)).collect::<Result<_, _>>()?;
        // SAFETY: `self.jit` is live; the names are interned by it; the addresses are functions that outlive the code that
        // calls them. On success the dylib owns the unit.
        unsafe {
            let mut pairs: Vec<LLVMOrcCSymbolMapPair> = Vec::new();
            for (name, (_, address)) in names.iter().zip(symbols) {
                pairs.push(LLVMOrcCSymbolMapPair {
                    Name: LLVMOrcLLJITMangleAndIntern(self.jit, name.as_ptr()),
                    Sym: LLVMJITEvaluatedSymbol {
                        Address: *address as u64,
                        Flags: LLVMJITSymbolFlags { GenericFlags: CALLABLE, TargetFlags: 0 },
                    },
                });
            }
            let dylib = LLVMOrcLLJITGetMainJITDylib(self.jit);
            check(LLVMOrcJITDylibDefine(dylib, LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len())))
        }
    }

    /// Makes the math function `name` of lanes known to compiled code: compiled for its first caller, it stays.
    fn provide_lanes(&mut self, name: &str, arity: usize) -> Result<(), CodegenError> {
        if !self.lanes.contains(name) {
            let object = lanes_object(&self.machines, name, arity)?;
            let (tracker, _) = self.link(&object, &lanes_symbol(name))?;
            // SAFETY: the tracker is released once; what it held belongs to the dylib from then on.
            unsafe { LLVMOrcReleaseResourceTracker(tracker) };
            self.lanes.insert(name.to_string());
        }
        Ok(())
    }

    /// Links an object file; the address is that of its function `name`.
    fn link(&self, object: &[u8], name: &str) -> Result<(LLVMOrcResourceTrackerRef, usize), CodegenError> {
        let name = c_string(name)?;
        // SAFETY: the buffer is copied, then owned by the JIT; the tracker is released by the caller, or here on failure.
        unsafe {
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                object.as_ptr().cast(),
                object.len(),
                name.as_ptr(),
            );
            let tracker = LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(self.jit));
            let mut address = 0;
            let linked = check(LLVMOrcLLJITAddObjectFileWithRT(self.jit, tracker, buffer))
                .and_then(|()| check(LLVMOrcLLJITLookup(self.jit, &mut address, name.as_ptr())));
            if let Err(error) = linked {
                LLVMOrcReleaseResourceTracker(tracker);
                return Err(error);
            }
            Ok((tracker, address as usize))
        }
    }
}

impl Compiled {
    /// Whether these libraries have the C functions that it calls.
    pub fn links_with(&self, libraries: &Libraries) -> bool {
        let there = |name: &str| libraries.find(name).map(|function| function.address());
        self.foreign.iter().all(|(name, function)| there(name) == Some(function.address()))
    }

    /// Runs the program.
    ///
    /// # Safety
    /// `task` is a live context of the runtime; `args` points at the inputs and `result` at room for the result, both laid
    /// out as LANGUAGE 17 says for the program's types.
    pub(super) unsafe fn call(&self, task: *mut TaskCtx, args: *const u8, result: *mut u8) -> u32 {
        // SAFETY: the caller's contract is that of the compiled function.
        unsafe { (self.entry)(task, args, result) }
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        let _inner = self.engine.lock();
        // SAFETY: the tracker is live and released once; nobody runs the code, for running borrows `self`.
        unsafe {
            let error = LLVMOrcResourceTrackerRemove(self.tracker);
            let _ = check(error);
            LLVMOrcReleaseResourceTracker(self.tracker);
        }
    }
}

fn c_string(text: &str) -> Result<CString, CodegenError> {
    CString::new(text).map_err(|_| CodegenError("a symbol with a NUL".into()))
}

/// Turns an LLVM error into ours.
///
/// # Safety
/// `error` is null or a live error, which this consumes.
unsafe fn check(error: LLVMErrorRef) -> Result<(), CodegenError> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's contract; the message is freed after it is copied.
    unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeMessage(message);
        Err(CodegenError(format!("llvm jit: {text}")))
    }
}
