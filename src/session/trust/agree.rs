#![forbid(unsafe_code)]
//! When two outcomes of a program are the same.
//!
//! Promises: integers, bools, lengths and order are exact, and so are floats, unless the rewrite changed what a float sum
//! runs over: then each float may differ by the rounding of as many additions (LANGUAGE 10.6), which a run of the same
//! program on the sizes of the summed numbers measures. An error must stay an error, perhaps another one.

use crate::diag::stack;
use crate::ir::{BinOp, Lambda};
use crate::ir::{
    BuilderTy, Expr, ExprKind, Iter, Let, Literal, Names, Program, Ty, UnOp, build, print, visit,
};
use crate::plan;
use crate::value::{ErrorKind, RunError, Value};

/// What a run ended with.
pub type Outcome = Result<Value, RunError>;

/// Numbers that are added in every program beside the elements of its inputs.
const SLACK: f64 = 1024.0;

/// Same bits, or the same kind of error: what engines owe each other on the same program.
pub fn exactly(wanted: &Outcome, found: &Outcome) -> bool {
    match (wanted, found) {
        (Ok(wanted), Ok(found)) => wanted.same(found),
        (Err(wanted), Err(found)) => wanted.kind == found.kind && found.kind != ErrorKind::Internal,
        _ => false,
    }
}

/// Same value, or an error each: what a rewrite owes the program before it.
pub fn across(wanted: &Outcome, found: &Outcome) -> bool {
    match (wanted, found) {
        (Ok(wanted), Ok(found)) => wanted.same(found),
        (Err(_), Err(found)) => found.kind != ErrorKind::Internal,
        _ => false,
    }
}

/// It took too long, or more memory than there is: the interpreter has no limit to compare with.
pub fn is_undecided(outcome: &Outcome) -> bool {
    let kinds = [ErrorKind::Timeout, ErrorKind::Cancelled, ErrorKind::OutOfMemory];
    outcome.as_ref().is_err_and(|error| kinds.contains(&error.kind))
}

/// Same but for the rounding of sums: `sizes` is what the program gives when every summed number has lost its sign, and
/// `count` how many numbers there are.
pub fn nearly(wanted: &Value, found: &Value, sizes: Option<&Value>, count: usize) -> bool {
    match (wanted, found) {
        (Value::Scalar(Literal::F64(a)), Value::Scalar(Literal::F64(b))) => {
            let size =
                sizes.map(|size| if let Value::Scalar(Literal::F64(x)) = size { *x } else { f64::NAN });
            wanted.same(found) || is_near(*a, *b, size, f64::EPSILON, count)
        }
        (Value::Scalar(Literal::F32(a)), Value::Scalar(Literal::F32(b))) => {
            let size = sizes
                .map(|size| if let Value::Scalar(Literal::F32(x)) = size { f64::from(*x) } else { f64::NAN });
            wanted.same(found) || is_near(f64::from(*a), f64::from(*b), size, f64::from(f32::EPSILON), count)
        }
        (Value::Struct(a), Value::Struct(b)) => {
            let field = |k: usize| match sizes {
                Some(Value::Struct(sizes)) => sizes.get(k),
                _ => None,
            };
            a.len() == b.len() && a.iter().zip(b).enumerate().all(|(k, (a, b))| nearly(a, b, field(k), count))
        }
        (Value::Builder(a, held), Value::Builder(b, other)) => a == b && nearly(held, other, None, count),
        _ => match (wanted.len(), found.len()) {
            (Some(n), Some(m)) => {
                let sizes = sizes.filter(|sizes| sizes.len() == Some(n));
                let elements = |at: usize| Some((wanted.at(at)?, found.at(at)?));
                n == m
                    && (0..n).all(|at| {
                        let size = sizes.and_then(|sizes| sizes.at(at));
                        elements(at).is_some_and(|(a, b)| nearly(&a, &b, size.as_ref(), count))
                    })
            }
            _ => wanted.same(found),
        },
    }
}

fn is_near(a: f64, b: f64, size: Option<f64>, epsilon: f64, count: usize) -> bool {
    // A sum that passes the largest number, in some order, says nothing.
    if size.is_some_and(|size| !size.is_finite()) {
        return true;
    }
    let scale = a.abs().max(b.abs()).max(size.unwrap_or(0.0).abs());
    (a - b).abs() <= scale * epsilon * (count as f64 + SLACK)
}

/// What the float sums and products of a program run over, as text that is equal when it is the same.
pub fn rounding_loops(program: &Program) -> Vec<String> {
    let mut loops = Vec::new();
    visit::walk(&program.func.body, &mut |expr| {
        if let ExprKind::For(parts) = &expr.kind
            && plan::rounds_in_any_form(&parts.builder.ty)
        {
            let mut text = if parts.func.body.facts.loops > 0 { "nested".to_string() } else { String::new() };
            for operand in parts.iters.iter().flat_map(Iter::operands) {
                text += &print::expr(operand);
                text.push(';');
            }
            loops.push(text);
        }
    });
    loops
}

/// The program with every number that a float sum takes in replaced by its size; the rest as it is.
pub fn sizes(program: &Program) -> Program {
    let mut names = program.names.clone();
    let body = without_signs(&program.func.body, &mut names);
    Program { func: Lambda { params: program.func.params.clone(), body }, names }
}

fn without_signs(expr: &Expr, names: &mut Names) -> Expr {
    stack::deep(|| {
        let new = visit::map_children(expr, &mut |child| without_signs(child, names));
        match &new.kind {
            ExprKind::Merge(builder, x) if plan::rounds_in_any_form(&builder.ty) => {
                // Of a key or a place and a value only the value is summed.
                let placed = !matches!(builder.ty.as_builder(), Some(BuilderTy::Merger(..)));
                let size = size(x, usize::from(placed), names);
                new.with_kind(ExprKind::Merge(builder.clone(), size))
            }
            ExprKind::NewBuilder(Some(start)) if plan::rounds(&new.ty) => {
                let size = size(start, 0, names);
                new.with_kind(ExprKind::NewBuilder(Some(size)))
            }
            _ => new,
        }
    })
}

/// `max(x, -x)` of each float, but for those in the first `kept` fields.
fn size(x: &Expr, kept: usize, names: &mut Names) -> Expr {
    let name = names.fresh("size");
    let var = build::var(&name, x.ty.clone(), x.origin.clone());
    let body = larger(var, kept);
    build::block(vec![Let { name, value: x.clone() }], body, x.origin.clone())
}

fn larger(x: Expr, kept: usize) -> Expr {
    if let Ty::Struct(fields) = &x.ty {
        let fields = (0..fields.len() as u32).map(|k| build::field(x.clone(), k, x.origin.clone()));
        let larger = |(k, field)| if k < kept { field } else { larger(field, 0) };
        return build::tuple(fields.flatten().enumerate().map(larger).collect(), x.origin.clone());
    }
    if !x.ty.scalar().is_some_and(|scalar| scalar.is_float()) {
        return x;
    }
    let negative = build::unary(UnOp::Neg, x.clone(), x.origin.clone());
    let origin = x.origin.clone();
    build::binary(BinOp::Max, x, negative, origin)
}
