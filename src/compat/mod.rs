//! The embedding interface of the original: the names of the crate `weld` 0.4, which the C API is a thin shell over.
//!
//! Promises: programs written for that crate build against this one; what was undefined there (a null argument, a wrong
//! length, a busy context) is an error here. All names are at the root of the crate too.
//! For new Rust programs [`Session`](crate::Session) is the better way in: it checks types, and borrows.
//!
//! ```
//! use weld::data::WeldVec;
//! use weld::{Data, WeldConf, WeldContext, WeldModule, WeldValue};
//!
//! # fn main() -> Result<(), weld::WeldError> {
//! let module = WeldModule::compile("|v: vec[i64]| result(for(v, merger[i64,+], |b, i, x| merge(b, x)))", &WeldConf::new())?;
//! let numbers = vec![1i64, 2, 3];
//! let argument = WeldVec::from(&numbers);
//! let argument = WeldValue::new_from_data(&raw const argument as Data);
//! let mut context = WeldContext::new(&WeldConf::new())?;
//! let sum = unsafe { module.run(&mut context, &argument)? };
//! assert_eq!(unsafe { *(sum.data() as *const i64) }, 6);
//! # Ok(())
//! # }
//! ```

pub mod ast;
mod conf;
mod constants;
mod context;
pub mod data;
mod error;
mod module;
mod process;
mod value;

pub use conf::WeldConf;
pub use constants::{
    CONF_DUMP_CODE_DEFAULT, CONF_DUMP_CODE_DIR_DEFAULT, CONF_DUMP_CODE_DIR_KEY, CONF_DUMP_CODE_FILENAME_KEY,
    CONF_DUMP_CODE_FORMATS_KEY, CONF_DUMP_CODE_KEY, CONF_ENABLE_BOUNDS_CHECKS_DEFAULT, CONF_ENABLE_BOUNDS_CHECKS_KEY,
    CONF_EXPERIMENTAL_PASSES_DEFAULT, CONF_EXPERIMENTAL_PASSES_KEY, CONF_LLVM_FUNC_OPTS_DEFAULT,
    CONF_LLVM_FUNC_OPTS_KEY, CONF_LLVM_MODULE_OPTS_DEFAULT, CONF_LLVM_MODULE_OPTS_KEY,
    CONF_LLVM_OPTIMIZATION_LEVEL_DEFAULT, CONF_LLVM_OPTIMIZATION_LEVEL_KEY, CONF_LLVM_RUN_FUNC_NAME_DEFAULT,
    CONF_LLVM_RUN_FUNC_NAME_KEY, CONF_LLVM_TARGET_PASSES_DEFAULT, CONF_LLVM_TARGET_PASSES_KEY,
    CONF_LLVM_UNROLLER_DEFAULT, CONF_LLVM_UNROLLER_KEY, CONF_LLVM_VECTORIZER_DEFAULT, CONF_LLVM_VECTORIZER_KEY,
    CONF_MEMORY_LIMIT_DEFAULT, CONF_MEMORY_LIMIT_KEY, CONF_OPTIMIZATION_PASSES_DEFAULT, CONF_OPTIMIZATION_PASSES_KEY,
    CONF_SIR_OPT_DEFAULT, CONF_SIR_OPT_KEY, CONF_THREADS_DEFAULT, CONF_THREADS_KEY, CONF_TRACE_RUN_DEFAULT,
    CONF_TRACE_RUN_KEY,
};
pub use context::{RunId, WeldContext};
pub use error::{WeldError, WeldResult, WeldRuntimeErrno};
pub use module::WeldModule;
pub use process::{define_function, load_linked_library};
pub use value::{Data, DataMut, WeldValue};

/// The version of this library.
pub const VERSION: Option<&str> = Some(env!("CARGO_PKG_VERSION"));

/// How this library was built.
pub const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };
