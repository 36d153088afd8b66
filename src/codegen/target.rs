#![forbid(unsafe_code)]
//! The machine we compile for: this one, with all its features.
//!
//! Promises: made once per engine; a [`TargetMachine`] keeps caches that make later compiles cheaper, and is used by
//! one thread at a time.

use super::{CodegenError, Level, Options};
use crate::plan::Effort;
use inkwell::OptimizationLevel;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine};

/// The short pipeline: clean-ups that the emitter leaves to LLVM, none that search. Loops are already in the form and the
/// vector width that they should have.
const SHORT: &str =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),early-cse)";

/// The machines for the levels of instruction selection.
pub(super) struct Machines {
    fast: TargetMachine,
    /// What it leaves out is a last ordering of the instructions, which machines of today do by themselves.
    good: TargetMachine,
    best: TargetMachine,
    pub compress: Compress,
}

/// Which elements of a register the machine can move together by a mask, in one instruction.
#[derive(Clone, Copy)]
pub(super) struct Compress {
    /// Those of four and eight bytes.
    pub words: bool,
    /// Those of one and two bytes.
    pub bytes: bool,
}

impl Machines {
    /// Detects the host.
    pub fn new() -> Result<Machines, CodegenError> {
        let config = InitializationConfig { asm_parser: false, ..InitializationConfig::default() };
        #[cfg(target_arch = "x86_64")]
        Target::initialize_x86(&config);
        #[cfg(target_arch = "aarch64")]
        Target::initialize_aarch64(&config);
        let triple = TargetMachine::get_default_triple();
        let target = Target::from_triple(&triple)
            .map_err(|message| CodegenError(message.to_string_lossy().into_owned()))?;
        let (cpu, features) = (TargetMachine::get_host_cpu_name(), TargetMachine::get_host_cpu_features());
        let machine = |level| -> Result<TargetMachine, CodegenError> {
            let (cpu, features) = (cpu.to_string_lossy(), features.to_string_lossy());
            let made = target.create_target_machine(
                &triple,
                &cpu,
                &features,
                level,
                RelocMode::PIC,
                CodeModel::Default,
            );
            let machine = made.ok_or_else(|| {
                CodegenError(format!("llvm cannot compile for {}", triple.as_str().to_string_lossy()))
            })?;
            machine.set_asm_verbosity(false);
            Ok(machine)
        };
        let text = features.to_string_lossy();
        let has = |name: &str| text.split(',').any(|feature| feature == name);
        let words = has("+avx512f") && has("+avx512vl");
        let compress = Compress { words, bytes: words && has("+avx512vbmi2") };
        let (fast, good) = (machine(OptimizationLevel::None)?, machine(OptimizationLevel::Less)?);
        Ok(Machines { fast, good, best: machine(OptimizationLevel::Default)?, compress })
    }

    fn machine(&self, effort: Effort) -> &TargetMachine {
        match effort {
            Effort::None => &self.fast,
            Effort::Short => &self.good,
            Effort::Full => &self.best,
        }
    }

    /// Tells a fresh module what it is compiled for, before anything is emitted into it.
    pub fn prepare(&self, module: &Module<'_>) {
        module.set_triple(&self.good.get_triple());
        module.set_data_layout(&self.good.get_target_data().get_data_layout());
    }

    /// Runs LLVM's passes.
    pub fn optimize(&self, module: &Module<'_>, options: &Options) -> Result<(), CodegenError> {
        let allowed = options.llvm;
        let Some(pipeline) = pipeline(options) else { return Ok(()) };
        let tuning = PassBuilderOptions::create();
        if !allowed.unroll {
            tuning.set_loop_unrolling(false);
        }
        if !allowed.vectorize {
            forbid_vectors(module, true);
        }
        let run = module.run_passes(pipeline, self.machine(options.effort), tuning);
        if !allowed.vectorize {
            forbid_vectors(module, false);
        }
        run.map_err(|message| CodegenError(format!("llvm passes: {}", message.to_string_lossy())))
    }

    /// Machine code as an object file, or assembly text.
    pub fn generate(
        &self,
        module: &Module<'_>,
        effort: Effort,
        level: Level,
    ) -> Result<Vec<u8>, CodegenError> {
        let kind = if level == Level::Assembly { FileType::Assembly } else { FileType::Object };
        let code = self.machine(effort).write_to_memory_buffer(module, kind);
        let code = code.map_err(|message| {
            CodegenError(format!("llvm code generation: {}", message.to_string_lossy()))
        })?;
        Ok(code.as_slice().to_vec())
    }

    /// The processor that code is made for.
    pub fn cpu(&self) -> String {
        self.good.get_cpu().to_string_lossy().into_owned()
    }
}

/// The passes of LLVM that the settings ask for.
fn pipeline(options: &Options) -> Option<&'static str> {
    let allowed = options.llvm;
    match options.effort {
        Effort::Full if allowed.module => Some("default<O2>"),
        Effort::Full | Effort::Short if allowed.function => Some(SHORT),
        Effort::Full | Effort::Short | Effort::None => None,
    }
}

/// Whether that is the short pipeline, so that time is saved where it costs nothing at a run.
pub(super) fn is_short(options: &Options) -> bool {
    pipeline(options) == Some(SHORT)
}

/// Forbids LLVM to vectorize on its own, or allows it again. The tuning has a switch for it, which LLVM 22 does not read; this
/// attribute makes its vectorizers leave a function alone. It means more to instruction selection, so it must not stay.
fn forbid_vectors(module: &Module<'_>, forbidden: bool) {
    let kind = Attribute::get_named_enum_kind_id("noimplicitfloat");
    let attribute = module.get_context().create_enum_attribute(kind, 0);
    for function in module.get_functions() {
        if forbidden {
            function.add_attribute(AttributeLoc::Function, attribute);
        } else {
            function.remove_enum_attribute(AttributeLoc::Function, kind);
        }
    }
}
