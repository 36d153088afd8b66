#![forbid(unsafe_code)]
//! Types and expressions of programs under the names of the crate `weld` 0.4, for clients that look at types and for those
//! that put programs together in Rust.
//!
//! Promises: a tree prints as text that [`WeldModule::compile`](super::WeldModule::compile) takes, which is the one way to
//! compile it; a constructor gives an expression whose type is known, or an error where the parts do not fit.
//! Must not: be a second compiler. Trees become those of [`crate::syntax`], which print themselves and which
//! [`crate::check`] finds the types of.
//!
//! ```
//! use weld::ast::prelude::*;
//!
//! // |v: vec[f64], w: vec[f64]| result(for(zip(v, w), appender[f64], |b, i, x| merge(b, x.$0 + x.$1)))
//! # fn main() -> Result<(), weld::WeldError> {
//! let (v, w, b, i, x) =
//!     (Symbol::new("v", 0), Symbol::new("w", 0), Symbol::new("b", 0), Symbol::new("i", 0), Symbol::new("x", 0));
//! let f64 = Type::Scalar(ScalarKind::F64);
//! let vector = Type::Vector(Box::new(f64.clone()));
//! let appender = Expr::new_new_builder(BuilderKind::Appender(Box::new(f64.clone())), None)?;
//!
//! let (pair, builder) = (Type::Struct(vec![f64.clone(), f64]), appender.ty.clone());
//! let element = Expr::new_ident(x.clone(), pair.clone())?;
//! let sum = Expr::new_bin_op(
//!     BinOpKind::Add,
//!     Expr::new_get_field(element.clone(), 0)?,
//!     Expr::new_get_field(element, 1)?,
//! )?;
//! let merge = Expr::new_merge(Expr::new_ident(b.clone(), builder.clone())?, sum)?;
//! let params = vec![
//!     Parameter::new(b, builder),
//!     Parameter::new(i, Type::Scalar(ScalarKind::I64)),
//!     Parameter::new(x, pair),
//! ];
//! let iters = [&v, &w].map(|name| Ok(Iter::new_simple(Expr::new_ident(name.clone(), vector.clone())?)));
//! let iters = iters.into_iter().collect::<weld::WeldResult<_>>()?;
//! let added = Expr::new_result(Expr::new_for(iters, appender, Expr::new_lambda(params, merge)?)?)?;
//! assert_eq!(added.ty, vector);
//!
//! let params = vec![Parameter::new(v, vector.clone()), Parameter::new(w, vector)];
//! let program = Expr::new_lambda(params, added)?;
//! assert_eq!(program.ty.to_string(), "|vec[f64],vec[f64]|(vec[f64])");
//! let module = weld::WeldModule::compile(program.pretty_print(), &weld::WeldConf::new())?;
//! assert_eq!(module.return_type().to_string(), "vec[f64]");
//! # Ok(())
//! # }
//! ```

mod build;
mod convert;
mod expr;
mod infer;
mod new;
mod parts;
mod symbols;
mod types;

pub use convert::PrettyPrint;
pub use expr::{Expr, ExprKind};
pub use infer::InferTypes;
pub use new::NewExpr;
pub use parts::{Iter, IterKind, LiteralKind, Parameter, Symbol, UnaryOpKind};
pub use symbols::{CompareIgnoringSymbols, HashIgnoringSymbols, Uniquify};
pub use types::{Annotations, BinOpKind, BuilderKind, ScalarKind, Type};

/// Everything of this module, to be imported with one line.
///
/// ```
/// use weld::ast::prelude::*;
///
/// assert_eq!(Expr::new_literal(LiteralKind::I64Literal(1))?.pretty_print(), "1L");
/// # Ok::<(), weld::WeldError>(())
/// ```
pub mod prelude {
    pub use super::{
        Annotations, BinOpKind, BuilderKind, CompareIgnoringSymbols, Expr, ExprKind, HashIgnoringSymbols,
        InferTypes, Iter, IterKind, LiteralKind, NewExpr, Parameter, PrettyPrint, ScalarKind, Symbol, Type,
        UnaryOpKind, Uniquify,
    };
}
