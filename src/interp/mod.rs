//! The reference interpreter: what a program means, plainly and slowly.
//!
//! Promises: follows LANGUAGE 6 to 10 word by word and cuts loops as [`crate::plan`] says, so that its answers,
//! bits of floats included, are those that compiled code must give; never overflows the stack; stops
//! within a few thousand iterations when asked to.
//! Must not: know codegen, the runtime or any pass. Arithmetic is that of [`crate::ir::op`].

mod builder;
mod compare;
mod dict;
mod elements;
mod eval;
mod foreign;
mod lanes;
mod loops;
mod slot;
mod sort;

#[cfg(test)]
mod tests;

use crate::diag::Origin;
use crate::ir::{Name, Program};
use crate::value::{ErrorKind, Function, Libraries, RunError, Value};
use builder::Cuts;
use slot::Slot;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Iterations between two polls of the cancel flag.
const TURNS_PER_POLL: u32 = 1024;

/// The value of a program on its inputs. A non-zero `cancel` stops it: the number of [`ErrorKind::Timeout`] because the
/// time limit passed, any other because somebody asked for it.
pub fn run(program: &Program, args: &[Value], cancel: &AtomicU32) -> Result<Value, RunError> {
    run_with(program, args, &Libraries::default(), cancel)
}

/// As [`run`], with the C functions of these libraries.
pub fn run_with(
    program: &Program,
    args: &[Value],
    libraries: &Libraries,
    cancel: &AtomicU32,
) -> Result<Value, RunError> {
    let params = &program.func.params;
    if params.len() != args.len() {
        let what = format_args!("{} inputs for {} parameters", args.len(), params.len());
        return Err(RunError::internal(None, what));
    }
    let body = &program.func.body;
    let functions = HashMap::new();
    let cuts = Cuts::default();
    let mut machine = Machine { scope: Vec::new(), libraries, functions, cancel, turns: 0, inside: 0, cuts };
    for (param, arg) in params.iter().zip(args) {
        let Some(input) = Slot::input(arg.clone()) else {
            return Err(RunError::internal(Some(&param.origin), "a builder that holds something else"));
        };
        machine.bind(&param.name, input);
    }
    let result = machine.eval(body).map_err(|error| *error)?;
    Ok(result.finish(&body.ty))
}

/// Boxed: errors are rare, and every level of recursion returns one of these.
type Outcome<T> = Result<T, Box<RunError>>;

/// The state of a run.
struct Machine<'a> {
    /// What each binder stands for, by [`Name::id`]. One place per binder is enough: names are unique and
    /// nothing recurses, so no binder is bound twice at a time.
    scope: Vec<Slot>,
    libraries: &'a Libraries,
    /// The C functions called so far.
    functions: HashMap<Arc<str>, Function>,
    cancel: &'a AtomicU32,
    turns: u32,
    /// Bodies of loops and comparators around what is being evaluated.
    inside: u32,
    /// How the outermost loop is cut.
    cuts: Cuts,
}

impl Machine<'_> {
    fn bind(&mut self, name: &Name, value: Slot) {
        let at = name.id() as usize;
        if at >= self.scope.len() {
            self.scope.resize_with(at + 1, || Slot::Empty);
        }
        if let Some(place) = self.scope.get_mut(at) {
            *place = value;
        }
    }

    /// Forgets a binder whose scope ends, so that its memory goes early.
    fn unbind(&mut self, name: &Name) {
        if let Some(place) = self.scope.get_mut(name.id() as usize) {
            *place = Slot::Empty;
        }
    }

    /// Called once per iteration.
    fn turn(&mut self) -> Outcome<()> {
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(TURNS_PER_POLL) { self.poll() } else { Ok(()) }
    }

    /// Stops the run when somebody asked for it.
    fn poll(&self) -> Outcome<()> {
        match self.cancel.load(Ordering::Relaxed) {
            0 => Ok(()),
            reason if reason == ErrorKind::Timeout.code() => Err(Box::new(RunError::timeout())),
            _ => Err(Box::new(RunError::cancelled())),
        }
    }
}

/// A tree that the verifier would have rejected.
fn malformed(origin: &Origin, what: &str) -> Box<RunError> {
    Box::new(RunError::internal(Some(origin), what))
}
