//! Two libraries that know nothing of each other each write a fragment of text; Weld makes one loop of them.
//!
//! `cargo run --example lazy`

use std::fmt::Write;
use weld::value::Value;
use weld::{Array, Config, Error, Session, embed::Values};

/// A vector that is not computed yet: what to compute it from, and how.
#[derive(Clone, Default)]
struct Lazy {
    inputs: Vec<Value>,
    lets: String,
    name: String,
}

impl Lazy {
    /// Data that is there.
    fn data(array: Array<f64>) -> Lazy {
        Lazy { inputs: vec![array.into()], lets: String::new(), name: "in0".to_string() }
    }

    /// One more step, whose text says `{}` where this vector belongs.
    fn then(mut self, text: &str) -> Lazy {
        let name = format!("step{}", self.lets.lines().count());
        let _ = writeln!(self.lets, "let {name} = {};", text.replace("{}", &self.name));
        Lazy { name, ..self }
    }

    /// The program so far.
    fn text(&self) -> String {
        let params: Vec<String> = (0..self.inputs.len()).map(|at| format!("in{at}: vec[f64]")).collect();
        format!("|{}|\n{}{}", params.join(", "), self.lets, self.name)
    }
}

/// The first library: vector arithmetic.
fn add(a: Lazy, b: Array<f64>) -> Lazy {
    let other = format!("in{}", a.inputs.len());
    let mut sum = a.then(&format!("map(zip({{}}, {other}), |p| p.$0 + p.$1)"));
    sum.inputs.push(b.into());
    sum
}

/// The second one: statistics.
fn mean(v: Lazy) -> Lazy {
    v.then("sum({}) / f64(len({}))")
}

/// Adds two vectors, and takes the mean of the sum, in one loop.
pub fn main() -> Result<(), Error> {
    let session = Session::new(Config::default());
    let ramp = session.program(
        "|n: i64, step: f64| result(for(rangeiter(0L, n, 1L), appender[f64], |b, i, x| merge(b, f64(x) * step)))",
    )?;
    let (a, b): (Array<f64>, Array<f64>) = (ramp.call((1001i64, 1.0))?, ramp.call((1001i64, 0.5))?);

    let sum = add(Lazy::data(a), b);
    let result = mean(sum.clone());
    println!("{}\n", result.text());

    let program = session.program(&result.text())?;
    println!("becomes\n\n{}\n", weld::ir::print::program(program.optimized()));
    assert_eq!(weld::plan::cost::counters(program.optimized()).loops, 1);

    let mean: f64 = program.call(Values(&result.inputs))?;
    println!("{mean}");
    assert_eq!(mean, 750.0);

    let sums: Array<f64> = session.program(&sum.text())?.call(Values(&sum.inputs))?;
    assert_eq!(sums[..3], [0.0, 1.5, 3.0]);
    Ok(())
}
