#![deny(unsafe_code)]
//! The only way in: text to checked program, to optimized program, to machine code, to a value.
//!
//! Promises: no terminal, no global state, no reading of the environment; every failure is a value. Two sessions share
//! nothing. Programs keep what they need alive and may be run from several threads at once.

pub mod bench;
#[cfg(feature = "jit")]
mod cache;
mod dump;
mod foreign;
pub mod header;
#[cfg(feature = "jit")]
mod in_place;
pub mod measure;
#[cfg(feature = "jit")]
mod program;
pub mod query;
pub mod ready;
#[cfg(test)]
#[cfg(feature = "jit")]
mod switches_tests;
pub mod trust;

#[cfg(feature = "jit")]
pub use cache::{CacheStats, Prepared, Refused};
#[cfg(feature = "jit")]
pub use program::Program;

pub use crate::syntax::Unformatted;

use crate::config::Config;
use crate::diag::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::ir;
use crate::passes::{self, Optimized, Stage};
use crate::runtime::{Libraries, Pool};
use crate::value::{RunError, Value};
use crate::{check, expand, interp, syntax};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

/// Texts above this are refused at once.
const MAX_SOURCE_BYTES: usize = 64 << 20;

/// How long each stage of the front half took.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrontTimes {
    /// Tokens and the untyped tree.
    pub parse: Duration,
    /// Macros and aliases.
    pub expand: Duration,
    /// Types and builders.
    pub check: Duration,
}

impl FrontTimes {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.parse + self.expand + self.check
    }
}

/// A program that has passed all static rules.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The typed program.
    pub program: ir::Program,
    /// Its text.
    pub source: SourceId,
    /// Warnings.
    pub warnings: Diagnostics,
    /// How long checking took.
    pub times: FrontTimes,
}

/// One user's state: settings, sources, and the machinery that is made once.
///
/// ```
/// use weld::{Config, Session};
///
/// let session = Session::new(Config { threads: 2, ..Config::default() });
/// assert_eq!(session.config().threads, 2);
/// ```
pub struct Session {
    config: Config,
    sources: SourceMap,
    pool: Arc<Pool>,
    libraries: Libraries,
    /// How the user of this session loads a library, for messages.
    loading: &'static str,
    /// Whether the files of code of a program were due.
    dumped: AtomicBool,
    #[cfg(feature = "jit")]
    engine: program::SharedEngine,
    #[cfg(feature = "jit")]
    cache: Arc<cache::Cache>,
    #[cfg(feature = "jit")]
    warming: Option<std::thread::JoinHandle<()>>,
}

impl Session {
    /// A session; starts nothing expensive.
    ///
    /// ```
    /// let session = weld::Session::new(weld::Config::default());
    /// assert_eq!(session.config().passes, "default");
    /// ```
    pub fn new(config: Config) -> Session {
        let pool = Pool::new(config.threads);
        Session::with_pool(config, pool)
    }

    /// A session whose loops run on threads of this pool until the number of threads is changed.
    ///
    /// ```
    /// use weld::{Config, Session, runtime::Pool};
    ///
    /// let pool = Pool::new(2);
    /// let (one, other) =
    ///     (Session::with_pool(Config::default(), pool.clone()), Session::with_pool(Config::default(), pool));
    /// assert_eq!(one.config().threads, other.config().threads);
    /// ```
    pub fn with_pool(config: Config, pool: Arc<Pool>) -> Session {
        Session {
            config,
            sources: SourceMap::default(),
            pool,
            libraries: Libraries::default(),
            loading: "`session.load_library(\"./libNAME.so\")` before the program",
            dumped: AtomicBool::new(false),
            #[cfg(feature = "jit")]
            engine: program::SharedEngine::default(),
            #[cfg(feature = "jit")]
            cache: Arc::default(),
            #[cfg(feature = "jit")]
            warming: None,
        }
    }

    /// Another session with its own settings and texts, which shares LLVM, the compiled programs, the threads and
    /// the loaded libraries of this one.
    ///
    /// ```
    /// use weld::{Config, Session};
    ///
    /// let session = Session::new(Config::default());
    /// let bare = session.sibling(Config { passes: String::new(), ..Config::default() });
    /// assert!(bare.pipeline().is_empty() && !session.pipeline().is_empty());
    /// ```
    pub fn sibling(&self, config: Config) -> Session {
        Session {
            config,
            sources: SourceMap::default(),
            pool: self.pool.clone(),
            libraries: self.libraries.clone(),
            loading: self.loading,
            dumped: AtomicBool::new(false),
            #[cfg(feature = "jit")]
            engine: self.engine.clone(),
            #[cfg(feature = "jit")]
            cache: self.cache.clone(),
            #[cfg(feature = "jit")]
            warming: None,
        }
    }

    /// The settings.
    ///
    /// ```
    /// assert!(weld::Session::new(weld::Config::default()).config().threads >= 1);
    /// ```
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the settings for what is compiled and run from now on.
    ///
    /// ```
    /// # fn main() -> Result<(), String> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let mut config = session.config().clone();
    /// config.set("passes", "inline-let,fold-constants")?;
    /// session.set_config(config);
    /// assert_eq!(session.pipeline().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_config(&mut self, config: Config) {
        if config.threads != self.config.threads {
            self.pool = Pool::new(config.threads);
        }
        self.config = config;
    }

    /// The texts of this session, for rendering messages.
    ///
    /// ```
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "1 + 2".to_string());
    /// assert_eq!(session.sources().name(source), "demo");
    /// ```
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The texts, for somebody who renders messages when this session is gone.
    pub fn into_sources(mut self) -> SourceMap {
        std::mem::take(&mut self.sources)
    }

    /// Adds a program text under the name shown in messages.
    ///
    /// ```
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "1 + 2".to_string());
    /// assert_eq!(&*session.sources().text(source), "1 + 2");
    /// ```
    pub fn add_source(&mut self, name: &str, text: String) -> SourceId {
        self.sources.add(name, text)
    }

    /// Makes the C functions of a library known to programs that are checked, compiled and run from now on: a path, or a
    /// plain name that the system looks for. Loading it runs its code. The error is one line for the user.
    ///
    /// ```
    /// let mut session = weld::Session::new(weld::Config::default());
    /// assert!(session.load_library("/no/such/library.so").is_err());
    /// ```
    pub fn load_library(&mut self, name: &str) -> Result<(), String> {
        self.libraries.load(name)
    }

    /// Sets how messages tell the user to load a library; a session that nobody tells otherwise belongs to a Rust program.
    pub fn tell_loading(&mut self, how: &'static str) {
        self.loading = how;
    }

    /// The libraries, to be changed.
    pub fn libraries_mut(&mut self) -> &mut Libraries {
        &mut self.libraries
    }

    /// The libraries that were loaded, in order.
    pub fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    /// Parses, expands macros, infers types, checks builders.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let good = session.add_source("good", "|x: f64| x * 2.0".to_string());
    /// let checked = session.check(good).map_err(|messages| format!("{messages:?}"))?;
    /// assert_eq!(checked.program.func.body.ty.to_string(), "f64");
    ///
    /// let bad = session.add_source("bad", "|x: f64| x * 2".to_string());
    /// let messages = session.check(bad).unwrap_err();
    /// assert_eq!(messages.first_error().map(|error| error.code.id()), Some("E0201"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn check(&self, source: SourceId) -> Result<Checked, Diagnostics> {
        let text = self.sources.text(source);
        if text.len() > MAX_SOURCE_BYTES {
            let title =
                format!("the program has {} bytes; at most {MAX_SOURCE_BYTES} are allowed", text.len());
            return Err(Diagnostic::new(Code::ProgramTooLarge, Span::new(source, 0, 0), title).into());
        }
        let mut times = FrontTimes::default();
        let start = Instant::now();
        let (parsed, mut messages) = syntax::parse(source, &text);
        times.parse = start.elapsed();
        if messages.has_errors() {
            return Err(messages);
        }
        let start = Instant::now();
        let (expanded, more) = expand::expand(&parsed);
        times.expand = start.elapsed();
        messages.0.extend(more.0);
        if messages.has_errors() {
            return Err(messages);
        }
        let names: Vec<String> = expand::macro_names(&parsed).map(str::to_string).collect();
        let start = Instant::now();
        let (program, more) = check::check(&expanded, &names);
        times.check = start.elapsed();
        messages.0.extend(more.0);
        if let Some(program) = &program {
            messages.0.extend(foreign::unknown(program, &self.libraries, self.loading));
        }
        match program {
            Some(program) if !messages.has_errors() => {
                Ok(Checked { program, source, warnings: messages, times })
            }
            _ => Err(messages),
        }
    }

    /// The canonical form of a program text; only its syntax is looked at.
    ///
    /// ```
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|x:i64|x+1L".to_string());
    /// assert_eq!(session.format(source).ok().as_deref(), Some("|x: i64| x + 1L\n"));
    /// ```
    pub fn format(&self, source: SourceId) -> Result<String, Unformatted> {
        syntax::format(source, &self.sources.text(source))
    }

    /// Nothing to warm up without LLVM.
    #[cfg(not(feature = "jit"))]
    pub fn warm_up(&mut self) {}

    /// Runs the pipeline of the settings and records what it did.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    /// let optimized = session.optimize(&checked);
    /// assert!(optimized.trace.steps.iter().any(|step| !step.firings.is_empty()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn optimize(&self, checked: &Checked) -> Optimized {
        self.optimize_by(checked, &self.pipeline())
    }

    /// Runs the pipeline of the settings without a record: the same program for less work, and an empty trace.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    /// let (seen, unseen) = (session.optimize(&checked), session.optimize_unrecorded(&checked));
    /// assert_eq!(weld::ir::print::program(&seen.program), weld::ir::print::program(&unseen.program));
    /// # Ok(())
    /// # }
    /// ```
    pub fn optimize_unrecorded(&self, checked: &Checked) -> Optimized {
        self.optimize_unrecorded_by(checked, &self.pipeline())
    }

    /// Runs another pipeline without a record.
    pub(crate) fn optimize_unrecorded_by(&self, checked: &Checked, pipeline: &[Stage]) -> Optimized {
        let options = passes::Options { record: false, ..passes::Options::default() };
        passes::optimize(&checked.program, pipeline, &options)
    }

    /// Runs another pipeline and records what it did.
    pub fn optimize_by(&self, checked: &Checked, pipeline: &[Stage]) -> Optimized {
        passes::optimize(&checked.program, pipeline, &passes::Options::default())
    }

    /// The pipeline of the settings.
    pub fn pipeline(&self) -> Vec<Stage> {
        // A setting is read before it is kept.
        passes::parse_pipeline(&self.config.passes).unwrap_or_default()
    }

    /// Evaluates a program by the reference interpreter. `signal` becomes non-zero to stop it.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    /// let v = weld::inputs::load("[1.0, 2.0]", &checked.program.func.params[0].ty)?;
    /// let sum = session.interpret(&checked.program, &[v], &Default::default())?;
    /// assert!(matches!(sum, weld::Value::Scalar(weld::ir::Literal::F64(5.0))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn interpret(
        &self,
        program: &ir::Program,
        args: &[Value],
        signal: &AtomicU32,
    ) -> Result<Value, RunError> {
        interp::run_with(program, args, &self.libraries, signal)
    }
}
