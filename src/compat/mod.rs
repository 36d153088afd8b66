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
mod log;
mod module;
mod process;
mod value;

pub use conf::WeldConf;
pub use constants::*;
pub use context::{RunId, WeldContext};
pub use error::{WeldError, WeldResult, WeldRuntimeErrno};
pub use log::{WeldLogLevel, set_log_level};
pub use module::WeldModule;
pub use process::{define_function, load_linked_library, trim_memory};
pub use value::{Data, DataMut, WeldValue};

/// The version of this library.
///
/// ```
/// assert!(weld::VERSION.is_some());
/// ```
pub const VERSION: Option<&str> = Some(env!("CARGO_PKG_VERSION"));

/// How this library was built.
///
/// ```
/// assert!(["debug", "release"].contains(&weld::BUILD));
/// ```
pub const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };
