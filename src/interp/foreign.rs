//! Calls of C functions (LANGUAGE 14).
//!
//! Promises: arguments are copies in C layout, the result's memory starts as zeros; the only `unsafe` is the call itself,
//! for whose signature the program vouches.

use super::{Machine, Outcome, malformed};
use crate::diag::Origin;
use crate::ir::{Expr, Ty};
use crate::value::{Value, marshal};
use std::sync::Arc;

impl Machine<'_> {
    /// `cudf[name, result](args)`.
    pub(super) fn call_c(
        &mut self,
        name: &Arc<str>,
        args: &[Expr],
        result: &Ty,
        origin: &Origin,
    ) -> Outcome<Value> {
        let values: Outcome<Vec<Value>> = args.iter().map(|arg| self.value(arg)).collect();
        let values = values?;
        let tys: Vec<Ty> = args.iter().map(|arg| arg.ty.clone()).collect();
        let function = match self.functions.get(name) {
            Some(function) => function.clone(),
            None => {
                let found = self.libraries.find(name);
                let function = found.ok_or_else(|| malformed(origin, &format!("no C function `{name}`")))?;
                self.functions.insert(name.clone(), function.clone());
                function
            }
        };
        // SAFETY: the program says that the function of this name has this signature; nothing can check it.
        unsafe { marshal::call(&function, &values, &tys, result) }.map_err(|what| malformed(origin, &what))
    }
}
