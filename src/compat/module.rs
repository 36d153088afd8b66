//! Modules: programs in machine code, run on memory of the caller.
//!
//! Promises: what can be seen to be wrong with an argument is an error before the run: a null pointer, a negative length, a type
//! that was told and is another, a builder of another context. A module may be run from several threads at once.
//! `unsafe` is confined to the run itself, whose caller vouches for the memory.

use super::ast::Type;
use super::{WeldConf, WeldContext, WeldError, WeldResult, WeldRuntimeErrno, WeldValue, process};
use crate::ir::Ty;
use crate::session::{CacheStats, Checked, FrontTimes, Prepared, Program, Refused, Session};
use crate::value::layout::field_offsets;
use crate::value::survey::{self, Depth};
use crate::view::json;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A counted reference to a compiled program.
///
/// ```
/// # fn main() -> Result<(), weld::WeldError> {
/// let module = weld::WeldModule::compile("|v: vec[i64], k: i64| map(v, |x| x + k)", &weld::WeldConf::new())?;
/// let types: Vec<String> = module.param_types().iter().map(ToString::to_string).collect();
/// assert_eq!((types.join(", "), module.return_type().to_string()), ("vec[i64], i64".into(), "vec[i64]".into()));
/// assert_eq!(module.param_names(), ["v", "k"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WeldModule {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    checked: Checked,
    /// All parameters as one struct: what an argument points at.
    params: Ty,
    program: Arc<Program>,
    /// Each pass and its time.
    passes: Vec<(&'static str, Duration)>,
    runs: AtomicU64,
}

impl WeldModule {
    /// Compiles a program with the settings of a configuration.
    ///
    /// ```
    /// use weld::{WeldConf, WeldModule, WeldRuntimeErrno};
    ///
    /// assert!(WeldModule::compile("|x: i64| x + 1L", &WeldConf::new()).is_ok());
    /// let error = WeldModule::compile("|x: i64| x +", &WeldConf::new()).unwrap_err();
    /// assert_eq!(error.code(), WeldRuntimeErrno::CompileError);
    /// ```
    pub fn compile<S: AsRef<str>>(code: S, conf: &WeldConf) -> WeldResult<WeldModule> {
        let mut session = process::session(conf.settings()?);
        let source = session.add_source("program", code.as_ref().to_string());
        let prepared = session.prepare(source).map_err(|refused| match refused {
            Refused::Rejected(messages) => WeldError::rejected(&messages, session.sources()),
            Refused::Bug(error) => WeldError::new_unknown(error.0),
        })?;
        let Prepared { checked, passes, program, .. } = prepared;
        let params = Ty::tuple(program.params().to_vec());
        let (program, runs) = (Arc::new(program), AtomicU64::new(0));
        Ok(WeldModule { inner: Arc::new(Inner { session, checked, params, program, passes, runs }) })
    }

    /// Runs the program.
    ///
    /// # Safety
    /// `arg` leads to a struct of the parameters in their order, laid out as C does; what it points into is there, and nobody
    /// writes to it, during the run and for as long as the result is looked at. A program without parameters takes anything.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// // SAFETY: the result is a vector of `i64`, which `result` keeps.
    /// let vector = unsafe { &*(result.data() as *const weld::data::WeldVec<i64>) };
    /// assert_eq!(vector.to_string(), "[ 3 6 ] (length=2)");
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn run(&self, context: &mut WeldContext, arg: &WeldValue) -> WeldResult<WeldValue> {
        // SAFETY: the caller's contract is that of the function called.
        unsafe { self.run_shared(context, arg) }
    }

    /// The same on a context that others hold too. When one of them runs something in it, that is an error.
    ///
    /// # Safety
    /// As for [`WeldModule::run`].
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
    ///
    /// let module = WeldModule::compile("6L * 7L", &WeldConf::new())?;
    /// let context = WeldContext::new(&WeldConf::new())?;
    /// let shared = context.clone();
    /// // SAFETY: a program without parameters takes anything, and its result is an `i64`.
    /// let result = unsafe { module.run_shared(&shared, &WeldValue::new_from_data(std::ptr::null()))? };
    /// assert_eq!(unsafe { *(result.data() as *const i64) }, 42);
    /// assert!(result.context() == Some(context));
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn run_shared(&self, context: &WeldContext, arg: &WeldValue) -> WeldResult<WeldValue> {
        // SAFETY: the caller's contract is that of the function called.
        unsafe { self.checked_run(context, arg) }.map_err(WeldError::of_run)
    }

    /// # Safety
    /// As for [`WeldModule::run`].
    unsafe fn checked_run(&self, context: &WeldContext, arg: &WeldValue) -> WeldResult<WeldValue> {
        let Inner { program, session, runs, .. } = &*self.inner;
        self.compare_types(context, arg)?;
        // SAFETY: the caller says that a struct of the parameters is there.
        unsafe { self.look_at(arg)? };
        let args: *const u8 = arg.data().cast();
        let (run, data) = context.run(program, |options, limit| {
            // SAFETY: the caller's contract; the result is kept by the context together with the program.
            let placed = unsafe { program.run_in_place(args, options, limit) };
            placed.map_err(|error| WeldError::failed(&error, session.sources()))
        })?;
        runs.fetch_add(1, Ordering::Relaxed);
        Ok(WeldValue::result(data, run, program.result().clone(), context.clone()))
    }

    /// The types of the parameters, in order.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|v: vec[f64], k: f64| sum(v) * k", &weld::WeldConf::new())?;
    /// let types: Vec<String> = module.param_types().iter().map(ToString::to_string).collect();
    /// assert_eq!(types, ["vec[f64]", "f64"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn param_types(&self) -> Vec<Type> {
        self.inner.program.params().iter().map(Type::from).collect()
    }

    /// The names of the parameters, in order.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|v: vec[f64], k: f64| sum(v) * k", &weld::WeldConf::new())?;
    /// assert_eq!(module.param_names(), ["v", "k"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn param_names(&self) -> Vec<String> {
        self.inner.checked.program.func.params.iter().map(|param| param.name.to_string()).collect()
    }

    /// The type of the result.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|v: vec[f64], k: f64| sum(v) * k", &weld::WeldConf::new())?;
    /// use weld::ast::{ScalarKind, Type};
    /// assert_eq!(module.return_type(), Type::Scalar(ScalarKind::F64));
    /// # Ok(())
    /// # }
    /// ```
    pub fn return_type(&self) -> Type {
        Type::from(self.inner.program.result())
    }

    /// What the passes did, as `weld explain --json` prints it: an object on each line, the first for the program before all
    /// passes. They run again for it.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|v: vec[f64], k: f64| sum(v) * k", &weld::WeldConf::new())?;
    /// assert!(module.trace_json().lines().count() > 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn trace_json(&self) -> String {
        let Inner { session, checked, .. } = &*self.inner;
        let optimized = session.optimize(checked);
        let mut lines = json::explain_zero(&checked.program, checked.times.total()).to_string();
        for (at, step) in optimized.trace.steps.iter().enumerate() {
            lines += &format!("\n{}", json::explain_step(at + 1, step, session.sources()));
        }
        lines
    }

    /// What compiling took and how often the program has run: one object, times in milliseconds. Where the same text had been
    /// compiled before with the same settings, `cached` is true, and the times are those of that compilation.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|v: vec[f64], k: f64| sum(v) * k", &weld::WeldConf::new())?;
    /// assert!(module.statistics_json().contains("\"runs\":0"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn statistics_json(&self) -> String {
        let Inner { session, checked, program, passes, runs, .. } = &*self.inner;
        let FrontTimes { parse, expand, check } = checked.times;
        let times = program.times();
        let CacheStats { hits, misses, programs, bytes } = session.cache_stats();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let all: Duration = passes.iter().map(|(_, time)| *time).sum();
        let passes: Vec<_> =
            passes.iter().map(|(name, time)| json!({ "pass": name, "ms": ms(*time) })).collect();
        json!({
            "parse_ms": ms(parse), "expand_ms": ms(expand), "check_ms": ms(check), "passes_ms": ms(all),
            "passes": passes, "emit_ms": ms(times.emit), "optimize_ms": ms(times.optimize), "generate_ms": ms(times.generate),
            "link_ms": ms(times.link), "code_bytes": program.code_bytes(),
            "cached": program.is_cached(), "runs": runs.load(Ordering::Relaxed),
            "cache": { "hits": hits, "misses": misses, "programs": programs, "bytes": bytes },
        })
        .to_string()
    }

    /// Whether an argument whose type is known has the type of the parameters.
    fn compare_types(&self, context: &WeldContext, arg: &WeldValue) -> WeldResult<()> {
        let Some(found) = arg.ty() else { return Ok(()) };
        let params = self.inner.program.params();
        let told = arg.run_id().is_none();
        // What a client says is taken at its word; a result may be read as another type of the same form.
        let fits = |wanted: &Ty| if told { found == wanted } else { same_form(found, wanted) };
        let only = match params {
            [only] => fits(only),
            _ => false,
        };
        if !only && !params.is_empty() && !fits(&self.inner.params) {
            let message = format!("the argument is {found}; the program takes {}", self.inner.params);
            return Err(WeldError::new(message, WeldRuntimeErrno::TypeMismatch));
        }
        if found.has_builder() && arg.context().is_some_and(|other| other != *context) {
            let message = format!("the argument is {found} of another context; its memory may go any time");
            let hint = "run the program in the context that made the builder";
            return Err(WeldError::new(message, WeldRuntimeErrno::InvalidArgument).with_hint(hint));
        }
        Ok(())
    }

    /// Looks at what an argument points at.
    ///
    /// # Safety
    /// `arg` leads to a struct of the parameters, or is null.
    unsafe fn look_at(&self, arg: &WeldValue) -> WeldResult<()> {
        let params = self.inner.program.params();
        let refuse = |message: String| Err(WeldError::new(message, WeldRuntimeErrno::InvalidArgument));
        if params.is_empty() {
            return Ok(());
        }
        let data: *const u8 = arg.data().cast();
        if data.is_null() {
            return refuse(format!("the argument is null; the program takes {}", self.inner.params));
        }
        let told = arg.ty().is_some() && arg.run_id().is_none();
        let depth = if told { Depth::All } else { Depth::Outer };
        let named = self.inner.checked.program.func.params.iter();
        for ((param, ty), offset) in named.zip(params).zip(field_offsets(params)) {
            // SAFETY: a parameter begins at its offset; all vectors are where they say when the type was told.
            let checked = unsafe { survey::check(data.add(offset), ty, depth, &format!("`{}`", param.name)) };
            if let Err(message) = checked {
                return refuse(message);
            }
        }
        Ok(())
    }
}

/// Whether values of the two types are the same bytes: scalars of the same size, in the same arrangement. Dictionaries and
/// builders hash and compare what they hold, so theirs must be the same types.
fn same_form(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::Scalar(a), Ty::Scalar(b)) => a.bytes() == b.bytes(),
        (Ty::Vec(a), Ty::Vec(b)) => same_form(a, b),
        (Ty::Struct(a), Ty::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_form(a, b))
        }
        _ => a == b,
    }
}

impl fmt::Debug for WeldModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> = self.param_types().iter().map(Type::to_string).collect();
        write!(f, "WeldModule(|{}|({}))", params.join(","), self.return_type())
    }
}
