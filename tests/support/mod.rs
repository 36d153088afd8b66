//! What several test binaries share: compiling text, and comparing the meaning of two programs.
//!
//! Programs are compared by the reference interpreter on generated inputs of several lengths. Ints must agree exactly,
//! floats closely: fusion changes the iterations of a loop, and with them the order of a float sum. An error must stay
//! an error, though it may be another one (LANGUAGE 6).
#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::atomic::AtomicU32;
use weld::config::Config;
use weld::inputs::generate;
use weld::interp;
use weld::ir::{Literal, Program, print};
use weld::passes::{Optimized, Options, Stage, optimize};
use weld::session::Session;
use weld::value::Value;

/// The checked program of a text; the messages as text when it has errors.
pub fn compile(text: &str) -> Result<Program, String> {
    let mut session = Session::new(Config::default());
    let source = session.add_source("fixture.weld", text.to_string());
    match session.check(source) {
        Ok(checked) => Ok(checked.program),
        Err(messages) => {
            let titles: Vec<String> =
                messages.0.iter().map(|m| format!("{}: {}", m.code.id(), m.title)).collect();
            Err(format!("{}\nin\n{text}", titles.join("\n")))
        }
    }
}

/// Optimizes with the verifier on, and checks what holds for every pass: the result is well-formed, prints as text that
/// reads back as the same text, and computes what the program computed.
pub fn optimize_checked(
    program: &Program,
    pipeline: &[impl Clone + Into<Stage>],
) -> Result<Optimized, String> {
    let options = Options { verify: true, ..Options::default() };
    let optimized = optimize(program, pipeline, &options);
    if let Some(error) = &optimized.internal_error {
        return Err(error.clone());
    }
    let text = print::program(&optimized.program);
    let again = print::program(
        &compile(&text).map_err(|why| format!("the printed program does not compile: {why}"))?,
    );
    if again != text {
        return Err(format!("the printed program reads back differently:\n{text}\n---\n{again}"));
    }
    for step in &optimized.trace.steps {
        if step.changed() == step.firings.is_empty() {
            return Err(format!(
                "`{}` changed the program without a firing, or fired without a change",
                step.pass.name
            ));
        }
        for rule in step.firings.iter().map(|f| f.rule).chain(step.missed.iter().map(|m| m.rule)) {
            if step.pass.rule(rule).is_none() {
                return Err(format!("`{}` does not list its rule `{rule}`", step.pass.name));
            }
        }
    }
    same_meaning(program, &optimized.program)?;
    Ok(optimized)
}

/// Whether both programs give the same answers.
pub fn same_meaning(before: &Program, after: &Program) -> Result<(), String> {
    let lengths = [0, 1, 2, 7, 64, 5000];
    for (seed, n) in lengths.into_iter().enumerate() {
        // The long inputs reach past one leaf of a loop; one of them is enough.
        let ranges: &[_] = if n > 100 { &[None] } else { &[None, Some((-3.0, 4.0)), Some((0.0, 2.0))] };
        for range in ranges.iter().copied() {
            let lengths: &[usize] = if n == 7 { &[n, n + 1] } else { &[n] };
            for shift in lengths {
                let args = args(before, n, *shift, seed as u64, range)?;
                compare(before, after, &args)?;
            }
        }
    }
    Ok(())
}

/// Generated inputs; vectors after the first have `others` elements.
fn args(
    program: &Program,
    first: usize,
    others: usize,
    seed: u64,
    range: Option<(f64, f64)>,
) -> Result<Vec<Value>, String> {
    let params = program.func.params.iter().enumerate();
    let values = params.map(|(k, param)| {
        let n = if k == 0 { first } else { others };
        let range = range.filter(|_| accepts(&param.ty));
        generate(&param.ty, n, seed * 31 + k as u64, range).map_err(|error| format!("{error:?}"))
    });
    values.collect()
}

/// Whether small negative numbers are in the type.
fn accepts(ty: &weld::ir::Ty) -> bool {
    let text = ty.to_string();
    !text.contains(['u']) && !text.contains("bool")
}

fn compare(before: &Program, after: &Program, args: &[Value]) -> Result<(), String> {
    let cancel = AtomicU32::new(0);
    let old = interp::run(before, args, &cancel);
    let new = interp::run(after, args, &cancel);
    let same = match (&old, &new) {
        (Ok(old), Ok(new)) => close(old, new),
        (Err(_), Err(_)) => true,
        _ => false,
    };
    if same {
        return Ok(());
    }
    let shown: String = format!("{args:?}").chars().take(600).collect();
    Err(format!("the meaning changed on {shown}\nbefore: {old:?}\nafter: {new:?}"))
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => close_literals(a, b),
        (Value::Scalars(x), Value::Scalars(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| close_literals(&a, &b))
        }
        (Value::Vector(x), Value::Vector(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| close(a, b))
        }
        (Value::Struct(x), Value::Struct(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(a, b)| close(a, b))
        }
        _ => a.same(b),
    }
}

fn close_literals(a: &Literal, b: &Literal) -> bool {
    let near = |a: f64, b: f64, eps: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= eps * a.abs().max(b.abs()).max(1.0)
    };
    match (a, b) {
        (Literal::F32(a), Literal::F32(b)) => near(f64::from(*a), f64::from(*b), 1e-3),
        (Literal::F64(a), Literal::F64(b)) => near(*a, *b, 1e-9),
        _ => a == b,
    }
}
