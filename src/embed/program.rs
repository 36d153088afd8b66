#![forbid(unsafe_code)]
//! Programs that Rust calls: compiled once, run with whatever fits.
//!
//! Promises: types are compared before anything runs; a program may be called from several threads at once, and needs its
//! session no more.

use super::error::{Error, Failure, Messages, Parameter, Spot};
use super::input::Inputs;
use super::memory::Machine;
use super::options::{CallOptions, Limit};
use super::output::Output;
use super::types::{Any, Params};
use crate::config::Config;
use crate::diag::{Diagnostics, SourceMap};
use crate::ir::{self, Ty};
use crate::runtime::{Budget, RunOptions};
use crate::session::{Prepared, Refused, Session};
use crate::value::RunError;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A compiled program. Clones are the same program.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let sums = session.program("|v: vec[f64], k: f64| sum(map(v, |x| x * k))")?;
/// let v = vec![1.0, 2.0, 3.0];
/// let total: f64 = sums.call((&v, 2.0))?;
/// assert_eq!(total, 12.0);
/// let error = sums.call::<f64>((&v, 2)).unwrap_err();
/// assert_eq!(error.to_string(), "the input `k` is of type `i32`, but the program wants `f64`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    machine: Machine,
    params: Vec<Parameter>,
    warnings: Messages,
    optimized: ir::Program,
    config: Config,
}

impl Session {
    /// Checks, optimizes and compiles a program.
    ///
    /// The text is not kept in this session; the program has it, for messages of runs.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|x: i64| x + 1L")?;
    /// assert_eq!(program.call::<i64>(41i64)?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn program(&self, text: &str) -> Result<Program, Error> {
        let config = self.config().clone();
        let mut own = self.sibling(config.clone());
        let source = own.add_source("program", text.to_string());
        let Prepared { checked, optimized, program, .. } = match own.prepare(source) {
            Ok(prepared) => prepared,
            Err(Refused::Rejected(diagnostics)) => {
                return Err(Error::Rejected(Messages::new(diagnostics, own.into_sources())));
            }
            Err(Refused::Bug(error)) => return Err(error.into()),
        };
        let machine = Machine::new(program);
        let params = &checked.program.func.params;
        let params = params.iter().map(|p| Parameter { name: p.name.text().to_string(), ty: p.ty.clone() });
        let params = params.collect();
        let warnings = Messages::new(checked.warnings, own.into_sources());
        Ok(Program(Arc::new(Inner { machine, params, warnings, optimized, config })))
    }
}

impl Messages {
    fn new(diagnostics: Diagnostics, sources: SourceMap) -> Messages {
        Messages { diagnostics, sources: Arc::new(sources) }
    }
}

impl Program {
    /// Runs.
    ///
    /// Inputs are a tuple in the order of the parameters ([`Inputs`]), or a single one; [`Input`](super::Input) says what
    /// they may be. The type of the result is the one that is asked for, if the program's fits it: see [`Output`].
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// use std::collections::HashMap;
    ///
    /// let session = weld::Session::new(weld::Config::default());
    /// let count = session.program(
    ///     "|words: vec[vec[i8]]| result(for(words, dictmerger[vec[i8],i64,+], |b, i, w| merge(b, {w, 1L})))",
    /// )?;
    /// let counts: HashMap<String, i64> = count.call(&["to", "be", "or", "not", "to", "be"])?;
    /// assert_eq!(counts["to"], 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<R: Output>(&self, inputs: impl Inputs) -> Result<R, Error> {
        self.call_with(&CallOptions::new(), inputs)
    }

    /// Runs with threads, limits, or a handle that stops it.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// use std::time::Duration;
    ///
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[i64]| sum(v)")?;
    /// let options = weld::CallOptions::new().time_limit(Duration::from_secs(10));
    /// assert_eq!(program.call_with::<i64>(&options, &[1i64, 2, 3])?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_with<R: Output>(&self, options: &CallOptions, inputs: impl Inputs) -> Result<R, Error> {
        self.takes_as(&inputs)?;
        self.gives::<R>()?;
        self.run(options, &inputs)
    }

    /// The same program for inputs and results of known types, which are compared now and not at each call. Inputs of
    /// other Rust types that are the same in the language are welcome, and wrong ones do not compile.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let scale = session.program("|v: vec[f64], k: f64| sum(map(v, |x| x * k))")?;
    /// let scale = scale.typed::<(&[f64], f64), f64>()?;
    /// assert_eq!(scale.call((&[1.0, 2.0], 2.0))?, 6.0);
    /// assert_eq!(scale.call((vec![4.0], 0.5))?, 2.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// ```compile_fail,E0271
    /// # let session = weld::Session::new(weld::Config::default());
    /// # let scale = session.program("|v: vec[f64], k: f64| sum(map(v, |x| x * k))").unwrap();
    /// let scale = scale.typed::<(&[f64], f64), f64>().unwrap();
    /// scale.call((&[1.0f64], 2i64)).unwrap();
    /// ```
    pub fn typed<P: Inputs, R: Output>(&self) -> Result<Typed<P::Types, R>, Error> {
        self.takes::<P::Types>(P::Types::COUNT)?;
        self.gives::<R>()?;
        Ok(Typed { program: self.clone(), types: PhantomData })
    }

    /// The parameters.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f64], k: f64| map(v, |x| x * k)")?;
    /// let names: Vec<&str> = program.params().iter().map(|param| param.name.as_str()).collect();
    /// assert_eq!(names, ["v", "k"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn params(&self) -> &[Parameter] {
        &self.0.params
    }

    /// The type of the result.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f64]| {len(v), sum(v)}")?;
    /// assert_eq!(program.result().to_string(), "{i64,f64}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn result(&self) -> &Ty {
        self.0.machine.compiled().result()
    }

    /// Warnings about the text.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[i64]| @(sped: 11) sum(v)")?;
    /// assert!(program.warnings().to_string().starts_with("warning[W0201]: nothing reads the annotation `sped`"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn warnings(&self) -> &Messages {
        &self.0.warnings
    }

    /// What was compiled: the program after all passes.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f64]| sum(map(map(v, |x| x + 1.0), |x| x * 2.0))")?;
    /// assert_eq!(weld::plan::cost::counters(program.optimized()).loops, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn optimized(&self) -> &ir::Program {
        &self.0.optimized
    }

    /// Whether these inputs are what the program wants.
    fn takes_as<I: Inputs>(&self, inputs: &I) -> Result<(), Error> {
        self.takes::<I::Types>(Some(inputs.count()))
    }

    /// Whether inputs of these types are what the program wants.
    fn takes<P: Params>(&self, count: Option<usize>) -> Result<(), Error> {
        let params = &self.0.params;
        if let Some(found) = count.filter(|count| *count != params.len()) {
            return Err(Error::Count { expected: params.clone(), found });
        }
        let Some((at, found)) = P::misfit(&mut params.iter().map(|param| &param.ty)) else { return Ok(()) };
        let Some(param) = params.get(at) else { return Ok(()) };
        Err(Error::Type { spot: param.spot(at), expected: param.ty.clone(), found })
    }

    /// Whether the result can be read as `R`.
    fn gives<R: Output>(&self) -> Result<(), Error> {
        if R::fits(self.result()) {
            return Ok(());
        }
        Err(Error::Type { spot: Spot::Result, expected: self.result().clone(), found: R::ty() })
    }

    fn run<R: Output>(&self, options: &CallOptions, inputs: &impl Inputs) -> Result<R, Error> {
        let inner = &*self.0;
        let failed = |error| Error::Run(Failure { error, sources: inner.warnings.sources.clone() });
        let mut frame = inner.machine.frame();
        inputs.write(&mut frame, &inner.params)?;
        let signal = Arc::new(AtomicU32::new(0));
        if let Some(cancel) = &options.cancel {
            cancel.watch(&signal);
            if signal.load(Ordering::Relaxed) != 0 {
                // A short program would not look at the signal.
                return Err(failed(RunError::cancelled()));
            }
        }
        let budget = match &options.budget {
            Limit::Default => Arc::new(Budget::new(inner.config.memory_limit)),
            Limit::Bytes(bytes) => Arc::new(Budget::new(Some(*bytes))),
            Limit::Shared(budget) => budget.clone(),
        };
        let threads = options.threads.unwrap_or(inner.config.threads);
        let time_limit = options.time_limit.or(inner.config.time_limit);
        let read = frame.run(RunOptions { threads, budget, signal }, time_limit, R::read).map_err(failed)?;
        read.map_err(|unfit| Error::Unfit { spot: Spot::Result, reason: unfit.to_string() })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("|")?;
        for (at, param) in self.params().iter().enumerate() {
            write!(f, "{}{param}", if at == 0 { "" } else { ", " })?;
        }
        write!(f, "| -> {}", self.result())
    }
}

/// A program whose parameters and result Rust knows: [`Program::typed`]. `P` is a tuple of [`Type`](super::Type)s.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// use weld::embed::{Text, Vector};
///
/// struct Lengths {
///     total: weld::Typed<(Vector<Text>,), i64>,
/// }
///
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|words: vec[vec[i8]]| sum(map(words, |w| len(w)))")?;
/// let lengths = Lengths { total: program.typed::<(Vector<Text>,), i64>()? };
/// assert_eq!(lengths.total.call(&["to", "be"])?, 4);
/// assert_eq!(lengths.total.call(&vec![String::from("or")])?, 2);
/// # Ok(())
/// # }
/// ```
pub struct Typed<P, R> {
    program: Program,
    types: PhantomData<fn(P) -> R>,
}

impl<P: Params, R: Output> Typed<P, R> {
    /// Runs.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?.typed::<(&[i64],), i64>()?;
    /// assert_eq!(sum.call(&[1i64, 2, 3])?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(&self, inputs: impl Inputs<Types = P>) -> Result<R, Error> {
        self.call_with(&CallOptions::new(), inputs)
    }

    /// Runs with threads, limits, or a handle that stops it.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?.typed::<(&[i64],), i64>()?;
    /// assert_eq!(sum.call_with(&weld::CallOptions::new().threads(1), &[1i64, 2, 3])?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_with(&self, options: &CallOptions, inputs: impl Inputs<Types = P>) -> Result<R, Error> {
        // `Values` may be too few all the same.
        self.program.takes::<Any>(Some(inputs.count()))?;
        self.program.run(options, &inputs)
    }

    /// The program.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?.typed::<(&[i64],), i64>()?;
    /// assert_eq!(sum.program().params().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn program(&self) -> &Program {
        &self.program
    }
}

impl<P, R> Clone for Typed<P, R> {
    fn clone(&self) -> Typed<P, R> {
        Typed { program: self.program.clone(), types: PhantomData }
    }
}

impl<P, R> fmt::Debug for Typed<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.fmt(f)
    }
}
