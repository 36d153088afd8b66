#![forbid(unsafe_code)]
//! Values: memory of the caller, or the result of a run.
//!
//! Promises: memory of the caller is never copied and never freed; a result keeps its context. What a value points at is looked
//! at only by a run, whose caller vouches for it.

use super::context::RunId;
use super::{WeldContext, WeldError, WeldResult, WeldRuntimeErrno, process};
use crate::ir::Ty;
use std::ffi::c_void;

/// A place in memory to read from.
///
/// ```
/// let argument = (1i64, 0.5f64);
/// let data: weld::Data = (&raw const argument).cast();
/// assert_eq!(weld::WeldValue::new_from_data(data).data(), data);
/// ```
pub type Data = *const c_void;
/// A place in memory to write to.
///
/// ```
/// let mut room = 0i64;
/// let data: weld::DataMut = (&raw mut room).cast();
/// assert!(!data.is_null());
/// ```
pub type DataMut = *mut c_void;

/// An argument or a result.
///
/// ```
/// # fn main() -> Result<(), weld::WeldError> {
/// use weld::{Data, WeldConf, WeldContext, WeldModule, WeldRuntimeErrno, WeldValue};
///
/// let module = WeldModule::compile("|x: i64, y: f64| f64(x) * y", &WeldConf::new())?;
/// let mut context = WeldContext::new(&WeldConf::new())?;
/// let argument = (3i64, 0.5f64);
/// let value = WeldValue::new_typed("{i64,f64}", &raw const argument as Data)?;
/// let result = unsafe { module.run(&mut context, &value)? };
/// assert_eq!(unsafe { *(result.data() as *const f64) }, 1.5);
/// assert_eq!((result.run_id(), value.run_id()), (Some(0), None));
///
/// let wrong = WeldValue::new_typed("{f64,i64}", &raw const argument as Data)?;
/// let error = unsafe { module.run(&mut context, &wrong) }.unwrap_err();
/// assert_eq!(error.code(), WeldRuntimeErrno::TypeMismatch);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WeldValue {
    /// Addresses, not pointers: a value may go to another thread, and it is the reader who vouches for what is there.
    address: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Memory of the caller, with the type that it said it has.
    Callers(Option<Ty>),
    Result {
        run: RunId,
        ty: Ty,
        context: WeldContext,
    },
}

impl WeldValue {
    /// Wraps memory that the caller keeps for as long as the value is used.
    ///
    /// ```
    /// let numbers = [1i64, 2];
    /// let vector = weld::data::WeldVec::from(&numbers);
    /// let value = weld::WeldValue::new_from_data((&raw const vector).cast());
    /// assert_eq!(value.ty(), None);
    /// ```
    pub fn new_from_data(data: Data) -> WeldValue {
        WeldValue { address: data.expose_provenance(), kind: Kind::Callers(None) }
    }

    /// The same for memory whose type is told, such as `{vec[i64],f64}` for two parameters. A run compares it with the
    /// parameters of the program, and looks at the lengths and pointers of all vectors before it begins.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::{WeldRuntimeErrno, WeldValue};
    ///
    /// let argument = (1i64, 0.5f64);
    /// let value = WeldValue::new_typed("{i64,f64}", (&raw const argument).cast())?;
    /// assert_eq!(value.ty().map(ToString::to_string), Some("{i64,f64}".to_string()));
    /// let error = WeldValue::new_typed("{i64,double}", std::ptr::null()).unwrap_err();
    /// assert_eq!(error.code(), WeldRuntimeErrno::InvalidArgument);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_typed(ty: &str, data: Data) -> WeldResult<WeldValue> {
        let ty = parse_type(ty)?;
        Ok(WeldValue { address: data.expose_provenance(), kind: Kind::Callers(Some(ty)) })
    }

    pub(super) fn result(data: *const u8, run: RunId, ty: Ty, context: WeldContext) -> WeldValue {
        WeldValue { address: data.expose_provenance(), kind: Kind::Result { run, ty, context } }
    }

    /// Where it is.
    ///
    /// ```
    /// let n = 5i64;
    /// let value = weld::WeldValue::new_from_data((&raw const n).cast());
    /// // SAFETY: it leads to `n`.
    /// assert_eq!(unsafe { *(value.data() as *const i64) }, 5);
    /// ```
    pub fn data(&self) -> Data {
        std::ptr::with_exposed_provenance(self.address)
    }

    /// The context that it belongs to; `None` for memory of the caller.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// assert!(result.context() == Some(context));
    /// assert!(argument.context().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn context(&self) -> Option<WeldContext> {
        match &self.kind {
            Kind::Result { context, .. } => Some(context.clone()),
            Kind::Callers(_) => None,
        }
    }

    /// The run that it is the result of, numbered in its context; `None` for memory of the caller.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// // SAFETY: as above.
    /// let second = unsafe { module.run(&mut context, &argument)? };
    /// assert_eq!((argument.run_id(), result.run_id(), second.run_id()), (None, Some(0), Some(1)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_id(&self) -> Option<RunId> {
        match &self.kind {
            Kind::Result { run, .. } => Some(*run),
            Kind::Callers(_) => None,
        }
    }

    /// Its type, where it is known: that of a result, or what the caller said.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// assert_eq!(result.ty().map(ToString::to_string), Some("vec[i64]".to_string()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn ty(&self) -> Option<&Ty> {
        match &self.kind {
            Kind::Result { ty, .. } => Some(ty),
            Kind::Callers(ty) => ty.as_ref(),
        }
    }

    /// Bytes that its run allocated and that are still there; 0 for memory of the caller.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// assert!(result.memory_usage() >= 16 && argument.memory_usage() == 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_usage(&self) -> i64 {
        match &self.kind {
            Kind::Result { run, context, .. } => {
                context.run_memory(*run).map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
            }
            Kind::Callers(_) => 0,
        }
    }

    /// Frees the result and the memory of its run now, where dropping a value leaves both to its context. The caller vouches
    /// that no later result points into it. False when there was nothing to free.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// let again = result.clone();
    /// assert!(result.release(), "the memory is given back");
    /// assert!(!again.release(), "there is nothing left to free");
    /// # Ok(())
    /// # }
    /// ```
    pub fn release(self) -> bool {
        match &self.kind {
            Kind::Result { run, context, .. } => context.release(*run),
            Kind::Callers(_) => false,
        }
    }
}

/// Reads a type as it is written in programs.
fn parse_type(text: &str) -> WeldResult<Ty> {
    let mut session = process::session(crate::Config::embedded());
    let source = session.add_source("type", format!("|value: {text}| 0L"));
    let checked = session.check(source);
    let params = checked.map_or_else(|_| Vec::new(), |checked| checked.program.func.params.clone());
    match params.as_slice() {
        [only] => Ok(only.ty.clone()),
        _ => {
            let message =
                format!("`{text}` is no type; types are written as `vec[i64]` or `{{i64,vec[f64]}}`");
            Err(WeldError::new(message, WeldRuntimeErrno::InvalidArgument))
        }
    }
}
