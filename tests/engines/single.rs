//! One program in one engine at a time, for tests that compare themselves.

use super::{Complaint, Engines, Outcome, RUN_LIMIT, agree_exactly, as_complaint, explain};
use weld::codegen::Finished;
use weld::ir;
use weld::passes::{Options, optimize, parse_pipeline};
use weld::plan::Effort;
use weld::session::{Checked, Program as Compiled};
use weld::value::{RunError, Value};

impl Engines {
    /// Compiles a program as it stands.
    pub fn compile(
        &mut self,
        name: &str,
        program: &ir::Program,
        effort: Effort,
    ) -> Result<Compiled, Complaint> {
        self.caught(&format!("compiling {name}"), |engines| {
            let mut config = engines.session.config().clone();
            config.effort = effort;
            // Nobody reads what it tells; it must not change what it computes.
            config.trace = std::env::var_os("WELD_TRACE").is_some();
            engines.session.set_config(config);
            let compiled = engines.session.compile_ir(program);
            compiled.map_err(|error| Complaint::Wrong(format!("compiling {name}: {error}")))
        })
    }

    /// Runs a compiled program, which must give `meaning`. Returns how many parts of loops were stolen.
    pub fn run(
        &mut self,
        what: &str,
        (program, compiled): (&ir::Program, &Compiled),
        args: &[Value],
        meaning: &Outcome,
    ) -> Result<u64, Complaint> {
        let finished = self.execute(what, compiled, args)?;
        let steals = finished.as_ref().map_or(0, |finished| finished.stats.steals);
        let found = finished.map(|finished| finished.value);
        as_complaint(agree_exactly(meaning, &found), || {
            format!("{what}, disagrees with the interpreter on the same IR")
        })
        .map_err(|complaint| explain(complaint, program, program, &program.func.body.ty))?;
        Ok(steals)
    }

    /// Runs a compiled program.
    pub fn execute(
        &mut self,
        what: &str,
        compiled: &Compiled,
        args: &[Value],
    ) -> Result<Result<Finished, RunError>, Complaint> {
        self.caught(what, |engines| {
            Ok(engines.watchdog.guard(RUN_LIMIT, |signal| compiled.run(args, signal)))
        })
    }

    /// What the interpreter says of a program.
    pub fn interpret_one(&mut self, program: &ir::Program, args: &[Value]) -> Result<Outcome, Complaint> {
        let outcomes = self.interpret_all("interpreting", program, &[args.to_vec()])?;
        outcomes.into_iter().next().ok_or(Complaint::TooSlow)
    }

    /// The program after all passes.
    pub fn optimized(&mut self, checked: &Checked) -> Result<ir::Program, Complaint> {
        self.caught("all passes", |_| {
            let passes = parse_pipeline("default").map_err(Complaint::Wrong)?;
            Ok(optimize(&checked.program, &passes, &Options::default()).program)
        })
    }
}
