use super::{DEFAULT, Options, optimize, parse_pipeline};
use crate::diag::SourceId;
use crate::ir::{Program, print, verify};

fn compile(text: &str) -> Program {
    let (parsed, errors) = crate::syntax::parse(SourceId(0), text);
    assert!(!errors.has_errors(), "{errors:?}\n{text}");
    let macros: Vec<String> = crate::expand::macro_names(&parsed).map(str::to_string).collect();
    let (body, errors) = crate::expand::expand(&parsed);
    assert!(!errors.has_errors(), "{errors:?}\n{text}");
    let (program, errors) = crate::check::check(&body, &macros);
    assert!(!errors.has_errors(), "{errors:?}\n{text}");
    program.unwrap()
}

#[test]
fn explore() {
    let Ok(text) = std::fs::read_to_string("/tmp/explore.weld") else { return };
    for text in text.split("\n---\n") {
        let program = compile(text);
        verify::verify(&program).unwrap();
        let result = optimize(&program, DEFAULT, &Options::default());
        println!("=== \n{}", print::program(&program));
        for step in &result.trace.steps {
            if step.changed() || !step.missed.is_empty() {
                println!("--- {} {:?}->{:?}", step.pass.name, step.counters_before, step.counters_after);
                for f in &step.firings {
                    println!("   fired {}: {}  [{}] => [{}]", f.rule, f.reason, print::short(&f.before, 80), print::short(&f.after, 80));
                }
                for f in &step.missed {
                    println!("   missed {}: {} ({:?})", f.rule, f.condition, f.would);
                }
                println!("{}", print::program(&step.after));
            }
        }
        println!("{:?}", result.internal_error);
    }
}
