#![forbid(unsafe_code)]
//! The configuration keys and their values of a program that sets nothing, under the names of the crate `weld` 0.4.

macro_rules! keys {
    ($($key:ident = $text:literal $(, $default:ident: $ty:ty = $value:expr)?;)+) => {$(
        #[doc = concat!(
            "The key `", $text, "`.\n\n```\nassert_eq!(weld::", stringify!($key), ", \"", $text, "\");\n```"
        )]
        pub const $key: &str = $text;
        $(
            #[doc = concat!(
                "The value of `", $text, "` when it is not set.\n\n```\nlet default: ", stringify!($ty), " = weld::",
                stringify!($default), ";\nassert_eq!(default, ", stringify!($value), ");\n```"
            )]
            pub const $default: $ty = $value;
        )?
    )+};
}

keys! {
    CONF_MEMORY_LIMIT_KEY = "weld.memory.limit", CONF_MEMORY_LIMIT_DEFAULT: i64 = 1_000_000_000;
    CONF_THREADS_KEY = "weld.threads", CONF_THREADS_DEFAULT: i32 = 1;
    CONF_TRACE_RUN_KEY = "weld.compile.traceExecution", CONF_TRACE_RUN_DEFAULT: bool = false;
    CONF_ENABLE_BOUNDS_CHECKS_KEY = "weld.compile.enableBoundsChecks", CONF_ENABLE_BOUNDS_CHECKS_DEFAULT: bool = false;
    CONF_OPTIMIZATION_PASSES_KEY = "weld.optimization.passes", CONF_OPTIMIZATION_PASSES_DEFAULT: &[&str] = &["default"];
    CONF_EXPERIMENTAL_PASSES_KEY = "weld.optimization.applyExperimentalTransforms",
        CONF_EXPERIMENTAL_PASSES_DEFAULT: bool = false;
    CONF_SIR_OPT_KEY = "weld.optimization.sirOptimization", CONF_SIR_OPT_DEFAULT: bool = true;
    CONF_LLVM_OPTIMIZATION_LEVEL_KEY = "weld.llvm.optimization.level", CONF_LLVM_OPTIMIZATION_LEVEL_DEFAULT: u32 = 2;
    CONF_LLVM_UNROLLER_KEY = "weld.llvm.optimization.unroller", CONF_LLVM_UNROLLER_DEFAULT: bool = true;
    CONF_LLVM_VECTORIZER_KEY = "weld.llvm.optimization.vectorizer", CONF_LLVM_VECTORIZER_DEFAULT: bool = true;
    CONF_LLVM_TARGET_PASSES_KEY = "weld.llvm.optimization.targetPasses", CONF_LLVM_TARGET_PASSES_DEFAULT: bool = true;
    CONF_LLVM_MODULE_OPTS_KEY = "weld.llvm.optimization.moduleOpts", CONF_LLVM_MODULE_OPTS_DEFAULT: bool = true;
    CONF_LLVM_FUNC_OPTS_KEY = "weld.llvm.optimization.funcOpts", CONF_LLVM_FUNC_OPTS_DEFAULT: bool = true;
    CONF_LLVM_RUN_FUNC_NAME_KEY = "weld.llvm.runFunctionName", CONF_LLVM_RUN_FUNC_NAME_DEFAULT: &str = "run";
    CONF_DUMP_CODE_KEY = "weld.compile.dumpCode", CONF_DUMP_CODE_DEFAULT: bool = false;
    CONF_DUMP_CODE_DIR_KEY = "weld.compile.dumpCodeDir", CONF_DUMP_CODE_DIR_DEFAULT: &str = ".";
    CONF_DUMP_CODE_FILENAME_KEY = "weld.compile.dumpCodeFilename";
    CONF_DUMP_CODE_FORMATS_KEY = "weld.compile.dumpCodeFormats";
}
