#![forbid(unsafe_code)]
//! Searches that judge programs by running them: who changed the answer, and how small the program can be.

use super::bisect::{Bisected, Judgement, bisect};
use super::reduce::{Reduced, reduce};
use super::verify::{Checker, Fault, Request, Verified};
use crate::ir::Program;
use crate::session::Session;
use crate::value::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long one candidate of a reduction is looked at.
const CANDIDATE: Duration = Duration::from_secs(10);

impl Session {
    /// Finds the firing after which the program means something else than as written, on the inputs of the request.
    pub fn bisect(&self, request: &Request) -> Bisected {
        let mut checker = Checker::new(self, request);
        checker.reference();
        bisect(request.program, request.passes, &mut |program| {
            let differs = checker.first_difference(program).is_some();
            match (checker.watch.is_over(), differs) {
                (true, _) => Judgement::Stop,
                (false, true) => Judgement::Bad,
                (false, false) => Judgement::Good,
            }
        })
    }

    /// Makes the program of a fault small. Also what verifying says of the small program.
    pub fn reduce(&self, request: &Request, fault: &Fault) -> (Reduced, Verified) {
        let wanted = fault.shows();
        let params = request.program.func.params.iter();
        let known: HashMap<&str, &Value> =
            params.map(|param| param.name.text()).zip(fault.inputs.iter().flatten()).collect();
        let with_inputs = |program: &Program| -> Option<Vec<Value>> {
            let params = program.func.params.iter();
            let values = params.map(|param| known.get(param.name.text()).map(|value| (*value).clone()));
            values.collect()
        };
        let check = |program: &Program, small: bool| -> Verified {
            let given: Vec<Vec<Value>> =
                if fault.inputs.is_some() { with_inputs(program).into_iter().collect() } else { Vec::new() };
            let limit = CANDIDATE.min(request.limit);
            let request = Request { program, given: &given, inputs: 0, small, limit, ..*request };
            self.verify(&request)
        };
        let end = Instant::now().checked_add(request.limit);
        let mut over = || {
            let stopped = request.signal.load(std::sync::atomic::Ordering::Relaxed) != 0;
            stopped || end.is_some_and(|end| Instant::now() >= end)
        };
        let reduced = reduce(request.program, &mut over, &mut |program| {
            check(program, false).fault.is_some_and(|fault| fault.shows() == wanted)
        });
        let verified = check(&reduced.program, true);
        (reduced, verified)
    }
}
