#![forbid(unsafe_code)]
//! Compiled code, without and with passes, against the interpreter on the same program.

use super::agree::{self, Outcome};
use super::verify::{Checker, Fault, FaultKind, ONE_RUN, elements};
use crate::ir::Program as Ir;
use crate::passes::Optimized;
use crate::session::Program;
use crate::value::Value;

impl Checker<'_> {
    /// Compiled code without and with passes against the interpreter on the same program.
    pub(super) fn machine_code(&mut self, optimized: &Optimized) -> Option<Fault> {
        let before = self.request.program.clone();
        let mut programs = vec![(false, before.clone())];
        if !optimized.program.func.body.same(&before.func.body) {
            programs.push((true, optimized.program.clone()));
        }
        let most = self.session.config().threads;
        let threads = if most > 1 { vec![1, most] } else { vec![1] };
        for (with_passes, program) in programs {
            if self.watch.is_over() {
                self.report.cut = true;
                return None;
            }
            let mut compiled = match self.session.compile_ir(&program) {
                Ok(compiled) => compiled,
                Err(error) => return Some(Fault::of(FaultKind::Codegen(error.to_string()))),
            };
            for threads in &threads {
                compiled.set_threads(*threads);
                if let Some(at) = self.disagrees(&compiled, with_passes, &program) {
                    let inputs = self.cases.get(at).map(|case| case.inputs.clone()).unwrap_or_default();
                    let elements = inputs.iter().map(elements).sum();
                    let inputs = self.shrink(inputs, &mut |checker, inputs| {
                        checker.engines(&compiled, &program, inputs).is_some()
                    });
                    let outcomes = self.engines(&compiled, &program, &inputs);
                    let (wanted, found) = outcomes.map_or((None, None), |(a, b)| (Some(a), Some(b)));
                    let kind = FaultKind::Compiled { passes: with_passes, threads: *threads };
                    let inputs = Some(inputs);
                    return Some(Fault { inputs, elements, wanted, found, ..Fault::of(kind) });
                }
            }
        }
        self.report.compiled = true;
        None
    }

    /// The first case on which compiled code and the interpreter disagree.
    fn disagrees(&mut self, compiled: &Program, with_passes: bool, program: &Ir) -> Option<usize> {
        (0..self.cases.len()).find(|at| {
            let Some(case) = self.cases.get(*at) else { return false };
            let (inputs, wanted) = (case.inputs.clone(), case.wanted.clone());
            if self.watch.is_over() {
                return false;
            }
            if with_passes {
                return self.engines(compiled, program, &inputs).is_some();
            }
            self.report.runs += 1;
            let found = self.watch.guard(ONE_RUN, |flag| compiled.run(&inputs, flag)).map(|ran| ran.value);
            !agree::is_undecided(&found) && !agree::exactly(&wanted, &found)
        })
    }

    /// What the interpreter and compiled code say, when they disagree.
    fn engines(&mut self, compiled: &Program, program: &Ir, inputs: &[Value]) -> Option<(Outcome, Outcome)> {
        let wanted = self.interpret(program, inputs)?;
        self.report.runs += 1;
        let found = self.watch.guard(ONE_RUN, |flag| compiled.run(inputs, flag)).map(|ran| ran.value);
        (!agree::is_undecided(&found) && !agree::exactly(&wanted, &found)).then_some((wanted, found))
    }
}

impl Fault {
    fn of(kind: FaultKind) -> Fault {
        Fault { kind, culprit: None, inputs: None, elements: 0, wanted: None, found: None, programs: None }
    }
}
