//! Weld: a data-parallel language, its optimizing JIT compiler, and a work-stealing runtime, made to be looked at.
//!
//! A program is compiled once, and called with borrowed slices; results own their memory ([`embed`] says what goes in and
//! comes out):
//!
//! ```
//! # #[cfg(feature = "jit")]
//! # fn main() -> Result<(), weld::Error> {
//! let session = weld::Session::new(weld::Config::default());
//! let scale = session.program("|v: vec[f64], k: f64| map(v, |x| x * k)")?;
//! let v = vec![1.0, 2.0, 3.0];
//! let scaled: weld::Array<f64> = scale.call((&v, 2.0))?;
//! assert_eq!(scaled, [2.0, 4.0, 6.0]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "jit"))]
//! # fn main() {}
//! ```
//!
//! To look at what happens, take the steps of a [`Session`] one by one: text goes to a checked program, to an optimized one
//! with a trace of every rewrite, to machine code, to a value.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use weld::{Config, Session, inputs};
//!
//! let mut session = Session::new(Config::default());
//! let source = session.add_source("demo", "|v: vec[i64]| sum(map(v, |x| x * x))".to_string());
//! let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
//! let optimized = session.optimize(&checked);
//! for step in &optimized.trace.steps {
//!     for firing in &step.firings {
//!         println!("{} {}: {}", step.pass.name, firing.rule, firing.reason);
//!     }
//! }
//! let v = inputs::load("[1L, 2L, 3L]", &checked.program.func.params[0].ty).map_err(|error| error.message)?;
//! let by_interpreter = session.interpret(&optimized.program, &[v.clone()], &Default::default())?;
//! # #[cfg(feature = "jit")]
//! # {
//! let program = session.compile(&optimized).map_err(|error| error.to_string())?;
//! let by_machine_code = program.run(&[v], &Default::default())?.value;
//! assert!(by_machine_code.same(&by_interpreter));
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # What is for whom
//!
//! * *For programs that use Weld*: what stands at the root of the crate, and the modules [`embed`] (typed calls), [`session`] and
//!   [`config`] (one step at a time), [`inputs`] and [`value`] (values by text and by hand). Every item of `embed` has an example
//!   that is a test.
//! * *For programs that were written for the crate `weld` 0.4*: the `Weld..` types, the `CONF_..` keys, [`data`], [`ast`] for
//!   programs put together in Rust, [`runtime::WeldRuntimeContext`] and [`runtime::ffi`]. Every item has an example, too.
//! * *For tools that look at programs*: [`ir`], [`passes`] and [`diag`] are what [`Checked`], traces and messages are made of, and
//!   [`view`] and [`docs`] how they are shown. They may change from version to version.
//! * *For Weld itself*: all other modules. They are public because the command line, the C API and the tests are packages of
//!   their own, and promise nothing to anybody else.
//!
//! The modules are floors of one house, listed from the ground up in ARCHITECTURE.md; each imports only those below it.

pub mod check;
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "jit")]
pub mod codegen;
#[cfg(feature = "jit")]
pub mod compat;
pub mod config;
pub mod diag;
pub mod docs;
#[cfg(feature = "jit")]
pub mod embed;
pub mod expand;
pub mod inputs;
pub mod interp;
pub mod ir;
pub mod logging;
pub mod math;
pub mod passes;
pub mod plan;
#[doc(hidden)]
pub mod repl;
pub mod runtime;
pub mod session;
pub mod syntax;
pub mod value;
pub mod view;

#[cfg(feature = "jit")]
pub use compat::*;
pub use config::Config;
#[cfg(feature = "jit")]
pub use embed::{Array, CallOptions, Cancel, Error, Program, Typed};
pub use session::{Checked, Session};
pub use value::Value;
