//! The identities of `fold-constants` are true: each is tried on all pairs of 8-bit integers, or on pairs of floats of every
//! kind, with the arithmetic of the language. Those that look true and are not are refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first wrong thing")]

mod support;

use support::compile;
use weld::ir::{Expr, ExprKind, Literal, Program, Scalar, op, print};
use weld::passes::{Optimized, Options, find, optimize};

fn fold(program: &Program) -> Optimized {
    let optimized = optimize(program, &[find("fold-constants").unwrap()], &Options::default());
    assert_eq!(optimized.internal_error, None);
    optimized
}

/// The value of an expression over the inputs; `None` when it divides by zero.
fn eval(program: &Program, expr: &Expr, inputs: &[Literal]) -> Option<Literal> {
    let of = |expr: &Expr| eval(program, expr, inputs);
    match &expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Var(name) => {
            let at = program.func.params.iter().position(|param| param.name == *name).unwrap();
            Some(inputs[at].clone())
        }
        ExprKind::Unary(operator, a) => op::unary(*operator, &of(a)?).ok(),
        ExprKind::Binary(operator, a, b) => op::binary(*operator, &of(a)?, &of(b)?).ok(),
        ExprKind::Cast(to, a) => op::cast(*to, &of(a)?).ok(),
        ExprKind::If(c, a, b) | ExprKind::Select(c, a, b) => {
            if of(c)? == Literal::Bool(true) {
                of(a)
            } else {
                of(b)
            }
        }
        _ => panic!("no scalar expression: {}", print::short(expr, 80)),
    }
}

/// Same bits; all NaNs are one.
fn same(a: &Option<Literal>, b: &Option<Literal>) -> bool {
    let is_nan = |value: &Option<Literal>| match value {
        Some(Literal::F32(x)) => x.is_nan(),
        Some(Literal::F64(x)) => x.is_nan(),
        _ => false,
    };
    a == b || is_nan(a) && is_nan(b)
}

/// The first inputs on which the programs differ.
fn difference(before: &Program, after: &Program, values: &[Literal]) -> Option<(Literal, Literal)> {
    for x in values {
        for y in values {
            let inputs = [x.clone(), y.clone()];
            let first = eval(before, &before.func.body, &inputs);
            if !same(&first, &eval(after, &after.func.body, &inputs)) {
                return Some((x.clone(), y.clone()));
            }
        }
    }
    None
}

/// `|x: T, y: T| text`, where `#n` is the constant `n` of type T.
fn program(text: &str, scalar: Scalar) -> Program {
    let mut body = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('#') {
        let end = after.find([' ', ')', ',', '}']).unwrap_or(after.len());
        body += &format!("{before}{scalar}({})", &after[..end]);
        rest = &after[end..];
    }
    body += rest;
    let folded = compile(&format!("|x: {scalar}, y: {scalar}| {body}")).unwrap();
    literals(&folded)
}

/// The program with casts of constants, which is how the constants are written, folded.
fn literals(program: &Program) -> Program {
    fn go(expr: &Expr) -> Expr {
        if let ExprKind::Cast(to, a) = &expr.kind
            && let ExprKind::Literal(value) = &go(a).kind
        {
            return expr.with_kind(ExprKind::Literal(op::cast(*to, value).unwrap()));
        }
        if let ExprKind::Unary(operator, a) = &expr.kind
            && let Some(value) = a.literal()
        {
            return expr.with_kind(ExprKind::Literal(op::unary(*operator, value).unwrap()));
        }
        weld::ir::visit::map_children(expr, &mut go)
    }
    let mut program = program.clone();
    program.func.body = go(&program.func.body);
    program
}

fn bytes(scalar: Scalar) -> Vec<Literal> {
    (-128..128).map(|value| Literal::from_i64(scalar, value)).collect()
}

/// Zeros, numbers around the limits of each type, denormals, infinities and NaNs.
fn floats(scalar: Scalar) -> Vec<Literal> {
    let mut values = vec![0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 127.5, 128.0, 255.0, 256.0, 65536.0, 2147483648.0];
    values.extend([9.3e18, 1.9e19, 1e30, 1e-30, f64::INFINITY, f64::NAN, f64::from(f32::MAX)]);
    values.extend([
        f64::from(f32::MIN_POSITIVE),
        f64::from(f32::MIN_POSITIVE) / 4.0,
        f64::from(f32::EPSILON),
    ]);
    if scalar == Scalar::F64 {
        values.extend([f64::MAX, f64::MIN_POSITIVE, f64::MIN_POSITIVE / 4.0, f64::EPSILON, 1e300]);
    }
    let both = values.iter().flat_map(|value| [*value, -*value]);
    both.map(|value| op::cast(scalar, &Literal::F64(value)).unwrap()).collect()
}

/// Rule, text.
const INTEGERS: &[(&str, &str)] = &[
    ("same_operands", "x - x"),
    ("same_operands", "(x + y) ^ (x + y)"),
    ("same_operands", "x & x"),
    ("same_operands", "x | x"),
    ("same_operands", "min(x, x)"),
    ("same_operands", "max(x, x)"),
    ("same_operands", "x == x"),
    ("same_operands", "x != x"),
    ("same_operands", "x < x"),
    ("same_operands", "x <= x"),
    ("same_operands", "x > x"),
    ("same_operands", "x >= x"),
    ("mask", "x & #0"),
    ("mask", "#0 & x"),
    ("mask", "x & #-1"),
    ("mask", "x | #-1"),
    ("mask", "#-1 | x"),
    ("identity", "x | #0"),
    ("identity", "#0 | x"),
    ("identity", "x ^ #0"),
    ("identity", "#0 ^ x"),
    ("identity", "x + #0"),
    ("identity", "#0 + x"),
    ("identity", "x - #0"),
    ("identity", "x * #1"),
    ("identity", "#1 * x"),
    ("identity", "x / #1"),
    ("identity", "x << #0"),
    ("identity", "x >> #0"),
    ("mul_zero", "x * #0"),
    ("mul_zero", "#0 * x"),
    ("double_negation", "-(-x)"),
    ("double_negation", "~(~x)"),
    ("reassociate", "x + #100 + #100"),
    ("reassociate", "#100 + x + #100"),
    ("reassociate", "x + #100 - #101"),
    ("reassociate", "x - #100 + #3"),
    ("reassociate", "x - #100 - #101"),
    ("reassociate", "x - #-128 - #-128"),
    ("reassociate", "x * #7 * #77"),
    ("reassociate", "#7 * x * #77"),
    ("reassociate", "(x & #12) & #10"),
    ("reassociate", "(x | #12) | #10"),
    ("reassociate", "(x ^ #12) ^ #10"),
    ("not_compare", "!(x == y)"),
    ("not_compare", "!(x != y)"),
    ("not_compare", "!(x < y)"),
    ("not_compare", "!(x <= y)"),
    ("not_compare", "!(x > y)"),
    ("not_compare", "!(x >= y)"),
    ("minus_negation", "x - -y"),
    ("choice_of_bools", "if(x < y, true, false)"),
    ("choice_of_bools", "select(x < y, false, true)"),
    ("same_branches", "if(x < y, x + y, x + y)"),
    ("same_condition", "if(x < y, if(x < y, x, y), if(x < y, #3, #4))"),
];

const FLOATS: &[(&str, &str)] = &[
    ("identity", "x * #1.0"),
    ("identity", "#1.0 * x"),
    ("identity", "x / #1.0"),
    ("identity", "x - #0.0"),
    ("identity", "x + #-0.0"),
    ("double_negation", "-(-x)"),
    ("same_operands", "x < x"),
    ("same_operands", "x > x"),
    ("same_operands", "min(x, x)"),
    ("same_operands", "max(x, x)"),
    ("not_compare", "!(x == y)"),
    ("not_compare", "!(x != y)"),
    ("minus_negation", "x - -y"),
    ("same_branches", "select(x < y, x * y, x * y)"),
];

/// What is true of real numbers, and what somebody might make of it.
const WRONG_FLOATS: &[(&str, &str)] = &[
    ("x + #0.0", "x"),
    ("#0.0 + x", "x"),
    ("x * #0.0", "#0.0"),
    ("x - x", "#0.0"),
    ("x / x", "#1.0"),
    ("x == x", "true"),
    ("x != x", "false"),
    ("x <= x", "true"),
    ("!(x < y)", "x >= y"),
    ("!(x >= y)", "x < y"),
    ("x + #1.0 - #1.0", "x"),
    ("x * #3.0 * #0.25", "x * #0.75"),
    ("x + y - y", "x"),
    ("-(x - y)", "y - x"),
    ("#0.0 - x", "-x"),
];

const WRONG_INTEGERS: &[(&str, &str)] = &[
    ("x * #3 / #2", "x * #1"),
    ("x / #3 * #3", "x"),
    ("x * #2 == #6", "x == #3"),
    ("x + #2 < #5", "x < #3"),
    ("#5 < y + #2", "#3 < y"),
    ("x / #2 > #3", "x > #6"),
    ("x / x", "#1"),
];

fn hold(table: &[(&str, &str)], scalar: Scalar, values: &[Literal]) {
    for (rule, text) in table {
        let before = program(text, scalar);
        let optimized = fold(&before);
        let fired: Vec<&str> = optimized.trace.steps[0].firings.iter().map(|firing| firing.rule).collect();
        assert!(fired.contains(rule), "`{text}` of {scalar}: {rule} is not among {fired:?}");
        assert_eq!(difference(&before, &optimized.program, values), None, "`{text}` of {scalar}");
    }
}

fn are_refused(table: &[(&str, &str)], scalar: Scalar, values: &[Literal]) {
    for (text, tempting) in table {
        let before = program(text, scalar);
        let wrong = program(tempting, scalar);
        assert_ne!(difference(&before, &wrong, values), None, "`{text}` is `{tempting}` of {scalar}");
        let after = fold(&before).program;
        assert_eq!(difference(&before, &after, values), None, "`{text}` of {scalar}");
    }
}

#[test]
fn integer_identities_hold_for_all_bytes() {
    for scalar in [Scalar::I8, Scalar::U8] {
        hold(INTEGERS, scalar, &bytes(scalar));
        are_refused(WRONG_INTEGERS, scalar, &bytes(scalar));
    }
}

#[test]
fn float_identities_keep_every_bit() {
    for scalar in [Scalar::F32, Scalar::F64] {
        hold(FLOATS, scalar, &floats(scalar));
        are_refused(WRONG_FLOATS, scalar, &floats(scalar));
    }
}

#[test]
fn casts_of_casts_keep_every_value() {
    for from in Scalar::ALL {
        let values = if from.is_float() { floats(from) } else { bytes(from) };
        for middle in Scalar::ALL {
            for to in Scalar::ALL {
                let before = compile(&format!("|x: {from}, y: bool| {to}({middle}(x))")).unwrap();
                let after = fold(&before).program;
                for x in &values {
                    let inputs = [x.clone(), Literal::Bool(false)];
                    let (first, second) =
                        (eval(&before, &before.func.body, &inputs), eval(&after, &after.func.body, &inputs));
                    assert!(same(&first, &second), "{to}({middle}(x)) for x = {x}");
                }
            }
        }
    }
}
