//! The wrong rules, each with a program that it changes.

use std::sync::Arc;
use weld::ir::{
    BinOp, BuilderTy, Expr, ExprKind, For, Iter, Lambda, Let, Literal, MergeOp, Param, Scalar, Ty, UnOp,
    build, op,
};
use weld::passes::PassCx;

/// What a rule makes of a node.
pub type Apply = fn(&mut PassCx, &Expr) -> Option<Expr>;

/// A wrong rule.
pub struct Wrong {
    /// Its name.
    pub rule: &'static str,
    /// The rule.
    pub apply: Apply,
    /// A program that it changes.
    pub program: &'static str,
    /// Most elements of the inputs that show it, once they are small.
    pub elements: usize,
}

const fn wrong(rule: &'static str, apply: Apply, elements: usize, program: &'static str) -> Wrong {
    Wrong { rule, apply, program, elements }
}

pub const RULES: &[Wrong] = &[
    wrong("mul_div", mul_div, 1, "|v: vec[i64]| map(v, |x| (x * 3L) / 2L)"),
    wrong("divide_comparison", divide_comparison, 1, "|v: vec[i64]| filter(v, |x| x * 3L == 10L)"),
    wrong("move_in_comparison", move_in_comparison, 1, "|v: vec[i64]| map(v, |x| x + 1L < 5L)"),
    wrong("constant_left", constant_left, 1, "|v: vec[i64]| map(v, |x| 5L < x + 2L)"),
    wrong(
        "index_after_filter",
        index_after_filter,
        2,
        "|v: vec[i64]| result(for(result(for(v, appender[i64], |b, i, x| if(x > 0L, merge(b, x), b))), \
         appender[{i64,i64}], |c, j, y| merge(c, {y, j})))",
    ),
    wrong(
        "bounds_over_producer",
        bounds_over_producer,
        3,
        "|v: vec[i64]| result(for(iter(result(for(v, appender[i64], |b, i, x| merge(b, x + 1L))), 0L, 2L, 1L), \
         appender[i64], |b, i, x| merge(b, x)))",
    ),
    wrong(
        "predicate_dictmerger",
        predicate_dictmerger,
        1,
        "|v: vec[i64]| tovec(result(for(v, dictmerger[i64,i64,+], |b, i, x| if(x > 1L, merge(b, {x, 1L}), b))))",
    ),
    wrong("drop_assert", drop_assert, 1, "|x: i64| if(assert(x > 0L), x, 0L)"),
    wrong("drop_division", drop_division, 2, "|v: vec[i64], x: i64| let d = 10L / x; len(v)"),
    wrong(
        "min_identity",
        min_identity,
        1,
        "|v: vec[i64]| result(for(v, merger[i64,min], |b, i, x| merge(b, x)))",
    ),
    wrong(
        "max_identity",
        max_identity,
        1,
        "|v: vec[i32]| result(for(v, merger[i32,max], |b, i, x| merge(b, x)))",
    ),
    wrong(
        "lost_fringe",
        lost_fringe,
        1,
        "|v: vec[i64]| result(for(v, merger[i64,+], |b, i, x| merge(b, x)))",
    ),
    wrong(
        "lost_fringe_of_floats",
        lost_fringe,
        1,
        "|v: vec[f64]| result(for(v, merger[f64,+], |b, i, x| merge(b, x)))",
    ),
    wrong("add_zero", add_zero, 1, "|v: vec[f64]| map(v, |x| x + 0.0)"),
    wrong("mul_zero", mul_zero, 1, "|v: vec[f64]| map(v, |x| x * 0.0)"),
    wrong("minus_itself", minus_itself, 1, "|v: vec[f32]| map(v, |x| x - x)"),
    wrong("zip_check", zip_check, 1, "|v: vec[i64], w: vec[f64]| len(zip(v, w))"),
    wrong(
        "merge_calls",
        merge_calls,
        1,
        "|x: i64| let a = cudf[planted_reset,i64](x); let b = cudf[planted_next,i64](x); \
         let c = cudf[planted_next,i64](x); {a, a, b, b, c, c}",
    ),
    wrong(
        "call_twice",
        call_twice,
        1,
        "|x: i64| let a = cudf[planted_reset,i64](x); let b = cudf[planted_next,i64](x); {a, a, b, b}",
    ),
    wrong(
        "lookup_before_branch",
        lookup_before_branch,
        1,
        "|v: vec[i64], i: i64| if(i > 0L && i < len(v), lookup(v, i), 0L)",
    ),
    wrong("unsigned_compare", unsigned_compare, 1, "|v: vec[u32]| map(v, |x| x < u32(5))"),
    wrong("sort_descending", sort_descending, 2, "|v: vec[i32]| sort(v, |x| -x)"),
    wrong(
        "drop_start",
        drop_start,
        1,
        "|v: vec[i64], s: i64| result(for(v, merger[i64,+](s), |b, i, x| merge(b, x)))",
    ),
    wrong("eager_and", eager_and, 1, "|x: i64| if(x != 0L && 10L / x > 1L, 1L, 0L)"),
    wrong("not_less", not_less, 2, "|v: vec[f64], y: f64| map(v, |x| !(x < y))"),
    wrong("float_reassociate", float_reassociate, 1, "|v: vec[f64]| map(v, |x| x + 0.1 + 0.2)"),
    wrong("drop_cast", drop_cast, 1, "|v: vec[i64]| map(v, |x| i64(i32(x)))"),
    wrong("length_of_filter", length_of_filter, 1, "|v: vec[i64]| len(filter(v, |x| x > 0L))"),
    wrong(
        "lookup_before_loop",
        lookup_before_loop,
        0,
        "|v: vec[i64], w: vec[i64]| result(for(v, merger[i64,+], |b, i, x| merge(b, lookup(w, 0L))))",
    ),
    wrong("swap_difference", swap_difference, 2, "|v: vec[u8], y: u8| map(v, |x| x - y)"),
    wrong("remainder_mask", remainder_mask, 1, "|v: vec[i32]| map(v, |x| x % 8)"),
    wrong("other_type", other_type, 0, "|v: vec[i64]| len(v) + 1L"),
    wrong(
        "builder_twice",
        builder_twice,
        0,
        "|v: vec[i64]| result(for(v, appender[i64], |b, i, x| merge(b, x)))",
    ),
    wrong("panics", panics, 0, "|v: vec[i64]| len(v) + 7L"),
];

fn int(expr: &Expr) -> Option<i64> {
    expr.literal().and_then(Literal::as_i64)
}

fn binary(expr: &Expr, wanted: BinOp) -> Option<(&Expr, &Expr)> {
    match &expr.kind {
        ExprKind::Binary(op, a, b) if *op == wanted => Some((a, b)),
        _ => None,
    }
}

fn make(op: BinOp, a: Expr, b: Expr, at: &Expr) -> Expr {
    build::binary(op, a, b, at.origin.clone())
}

fn constant(scalar: Scalar, value: i64, at: &Expr) -> Expr {
    build::literal(Literal::from_i64(scalar, value), at.origin.clone())
}

fn is_zero(expr: &Expr) -> bool {
    expr.literal().and_then(Literal::bits) == Some(0)
}

/// `(x * 3) / 2` => `x * (3 / 2)`, as the original did
fn mul_div(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, d) = binary(expr, BinOp::Div)?;
    let (x, c) = binary(a, BinOp::Mul)?;
    let both = op::binary(BinOp::Div, c.literal()?, d.literal()?).ok()?;
    Some(make(BinOp::Mul, x.clone(), build::literal(both, expr.origin.clone()), expr))
}

/// `x * 3 == 10` => `x == 10 / 3`, as the original did
fn divide_comparison(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, k) = binary(expr, BinOp::Eq)?;
    let (x, c) = binary(a, BinOp::Mul)?;
    let both = op::binary(BinOp::Div, k.literal()?, c.literal()?).ok()?;
    Some(make(BinOp::Eq, x.clone(), build::literal(both, expr.origin.clone()), expr))
}

/// `x + 1 < 5` => `x < 4`: wrong where the sum wraps around
fn move_in_comparison(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, k) = binary(expr, BinOp::Lt)?;
    let (x, c) = binary(a, BinOp::Add)?;
    let both = op::binary(BinOp::Sub, k.literal()?, c.literal()?).ok()?;
    Some(make(BinOp::Lt, x.clone(), build::literal(both, expr.origin.clone()), expr))
}

/// `5 < x + 2` => `3 > x`, as the original did
fn constant_left(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (k, a) = binary(expr, BinOp::Lt)?;
    let (x, c) = binary(a, BinOp::Add)?;
    let both = op::binary(BinOp::Sub, k.literal()?, c.literal()?).ok()?;
    Some(make(BinOp::Gt, build::literal(both, expr.origin.clone()), x.clone(), expr))
}

/// A loop over a filter becomes the loop of the filter, index and all: issue 436 of the original
fn index_after_filter(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(outer) = &expr.kind else { return None };
    let [Iter::Whole(data)] = outer.iters.as_slice() else { return None };
    let ExprKind::Result(built) = &data.kind else { return None };
    let ExprKind::For(inner) = &built.kind else { return None };
    let ExprKind::If(c, yes, _) = &inner.func.body.kind else { return None };
    let ExprKind::Merge(_, x) = &yes.kind else { return None };
    let (builder, index, elem) = (&outer.func.params[0], &outer.func.params[1], &outer.func.params[2]);
    let lets = vec![Let { name: elem.name.clone(), value: x.clone() }];
    let yes = build::block(lets, outer.func.body.clone(), expr.origin.clone());
    let no = build::var(&builder.name, builder.ty.clone(), expr.origin.clone());
    let body = build::if_else(c.clone(), yes, no, expr.origin.clone());
    let params: Vec<Param> = vec![builder.clone(), index.clone(), inner.func.params[2].clone()];
    let func = Lambda { params, body };
    let parts = For { iters: inner.iters.clone(), builder: outer.builder.clone(), func, simd: false };
    Some(expr.with_kind(ExprKind::For(Arc::new(parts))))
}

fn with_iters(expr: &Expr, iters: Vec<Iter>) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    let parts = For { iters, builder: parts.builder.clone(), func: parts.func.clone(), simd: parts.simd };
    Some(expr.with_kind(ExprKind::For(Arc::new(parts))))
}

/// Bounds of an iterator over a made vector are forgotten, as the original did
fn bounds_over_producer(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    let [Iter::Strided { data, .. }] = parts.iters.as_slice() else { return None };
    with_iters(expr, vec![Iter::Whole(data.clone())])
}

/// `if(c, merge(b, {k, x}), b)` => `merge(b, {k, select(c, x, 0)})`: makes keys, as the original did
fn predicate_dictmerger(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::If(c, yes, no) = &expr.kind else { return None };
    let ExprKind::Merge(b, pair) = &yes.kind else { return None };
    let ExprKind::Struct(items) = &pair.kind else { return None };
    let (BuilderTy::DictMerger(_, value, MergeOp::Add), [key, x]) = (b.ty.as_builder()?, items.as_slice())
    else {
        return None;
    };
    no.var()?;
    let zero = constant(value.scalar()?, 0, expr);
    let chosen = build::select(c.clone(), x.clone(), zero, expr.origin.clone());
    let pair = build::tuple(vec![key.clone(), chosen], expr.origin.clone());
    Some(build::merge(b.clone(), pair, expr.origin.clone()))
}

/// `assert(c)` => `true`
fn drop_assert(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    matches!(expr.kind, ExprKind::Assert(_)).then(|| constant(Scalar::Bool, 1, expr))
}

/// An unused division goes away with its error
fn drop_division(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Block(lets, body) = &expr.kind else { return None };
    let kept: Vec<Let> =
        lets.iter().filter(|binding| binary(&binding.value, BinOp::Div).is_none()).cloned().collect();
    (kept.len() < lets.len()).then(|| build::block(kept, body.clone(), expr.origin.clone()))
}

fn start_at_zero(expr: &Expr, wanted: MergeOp) -> Option<Expr> {
    let (ExprKind::NewBuilder(None), BuilderTy::Merger(value, op)) = (&expr.kind, expr.ty.as_builder()?)
    else {
        return None;
    };
    (*op == wanted).then_some(())?;
    Some(expr.with_kind(ExprKind::NewBuilder(Some(constant(value.scalar()?, 0, expr)))))
}

/// A minimum begins at 0
fn min_identity(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    start_at_zero(expr, MergeOp::Min)
}

/// A maximum begins at 0
fn max_identity(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    start_at_zero(expr, MergeOp::Max)
}

/// A loop over whole blocks of 16 elements; the rest is forgotten
fn lost_fringe(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    let [Iter::Whole(data)] = parts.iters.as_slice() else { return None };
    let int = |value: i64| build::int64(value, expr.origin.clone());
    let blocks = make(BinOp::Div, build::len(data.clone(), expr.origin.clone()), int(16), expr);
    let end = make(BinOp::Mul, blocks, int(16), expr);
    with_iters(expr, vec![Iter::Strided { data: data.clone(), start: int(0), end, stride: int(1) }])
}

/// `x + 0.0` => `x`: -0.0 + 0.0 is 0.0
fn add_zero(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (x, zero) = binary(expr, BinOp::Add)?;
    is_zero(zero).then(|| x.clone())
}

/// `x * 0.0` => `0.0`
fn mul_zero(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (_, zero) = binary(expr, BinOp::Mul)?;
    is_zero(zero).then(|| zero.clone())
}

/// `x - x` => `0.0`
fn minus_itself(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, b) = binary(expr, BinOp::Sub)?;
    (a.var()? == b.var()?).then(|| constant(a.ty.scalar().unwrap(), 0, expr))
}

/// `len(zip(a, b))` => `len(a)`: nobody looks whether the lengths are equal
fn zip_check(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Len(zip) = &expr.kind else { return None };
    let ExprKind::Zip(items) = &zip.kind else { return None };
    Some(build::len(items.first()?.clone(), expr.origin.clone()))
}

fn is_next(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::CUdf(name, _) if &**name == "planted_next")
}

/// Two equal calls become one
fn merge_calls(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Block(lets, body) = &expr.kind else { return None };
    let first = lets.iter().position(|binding| is_next(&binding.value))?;
    let mut lets = lets.clone();
    let var = build::var(&lets[first].name, lets[first].value.ty.clone(), expr.origin.clone());
    let second = lets.iter_mut().skip(first + 1).find(|binding| is_next(&binding.value))?;
    second.value = var;
    Some(build::block(lets, body.clone(), expr.origin.clone()))
}

/// A call goes to each of its uses
fn call_twice(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Block(lets, body) = &expr.kind else { return None };
    let call = lets.iter().find(|binding| is_next(&binding.value))?;
    let ExprKind::Struct(items) = &body.kind else { return None };
    let items = items
        .iter()
        .map(|item| if item.var() == Some(&call.name) { call.value.clone() } else { item.clone() });
    let kept: Vec<Let> = lets.iter().filter(|binding| binding.name != call.name).cloned().collect();
    let body = build::tuple(items.collect(), body.origin.clone());
    Some(build::block(kept, body, expr.origin.clone()))
}

/// A lookup moves in front of the branch that guards it
fn lookup_before_branch(cx: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::If(c, yes, no) = &expr.kind else { return None };
    let ExprKind::Lookup(..) = &yes.kind else { return None };
    let name = cx.fresh("early");
    let var = build::var(&name, yes.ty.clone(), yes.origin.clone());
    let choice = build::if_else(c.clone(), var, no.clone(), expr.origin.clone());
    Some(build::block(vec![Let { name, value: yes.clone() }], choice, expr.origin.clone()))
}

/// Unsigned numbers are compared as signed ones
fn unsigned_compare(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, b) = binary(expr, BinOp::Lt)?;
    (a.ty.scalar()? == Scalar::U32).then_some(())?;
    let signed =
        |x: &Expr| Expr::new(ExprKind::Cast(Scalar::I32, x.clone()), Scalar::I32.into(), x.origin.clone());
    Some(make(BinOp::Lt, signed(a), signed(b), expr))
}

/// `sort(v, |x| -x)` => `sort(v, |x| x)`
fn sort_descending(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Sort(data, key) = &expr.kind else { return None };
    let ExprKind::Unary(UnOp::Neg, x) = &key.body.kind else { return None };
    let key = Lambda { params: key.params.clone(), body: x.clone() };
    Some(expr.with_kind(ExprKind::Sort(data.clone(), Arc::new(key))))
}

/// The start value of a merger is forgotten, as the original did when it unrolled loops
fn drop_start(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    matches!(expr.kind, ExprKind::NewBuilder(Some(_))).then(|| expr.with_kind(ExprKind::NewBuilder(None)))
}

/// `a && b` => `a & b`: the right side may fail where the left one is false
fn eager_and(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, b) = binary(expr, BinOp::And)?;
    Some(make(BinOp::BitAnd, a.clone(), b.clone(), expr))
}

/// `!(a < b)` => `a >= b`: both are false for NaN
fn not_less(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Unary(UnOp::Not, a) = &expr.kind else { return None };
    let (x, y) = binary(a, BinOp::Lt)?;
    Some(make(BinOp::Ge, x.clone(), y.clone(), expr))
}

/// `x + 0.1 + 0.2` => `x + 0.3`
fn float_reassociate(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, d) = binary(expr, BinOp::Add)?;
    let (x, c) = binary(a, BinOp::Add)?;
    let both = op::binary(BinOp::Add, c.literal()?, d.literal()?).ok()?;
    Some(make(BinOp::Add, x.clone(), build::literal(both, expr.origin.clone()), expr))
}

/// `i64(i32(x))` => `x`
fn drop_cast(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Cast(_, a) = &expr.kind else { return None };
    let ExprKind::Cast(_, x) = &a.kind else { return None };
    (x.ty == expr.ty).then(|| x.clone())
}

/// `len(filter(v, ..))` => `len(v)`
fn length_of_filter(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Len(made) = &expr.kind else { return None };
    let ExprKind::Result(built) = &made.kind else { return None };
    let ExprKind::For(parts) = &built.kind else { return None };
    let [Iter::Whole(data)] = parts.iters.as_slice() else { return None };
    Some(build::len(data.clone(), expr.origin.clone()))
}

/// A lookup moves out of a loop that may not run
fn lookup_before_loop(cx: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    let ExprKind::Merge(b, x) = &parts.func.body.kind else { return None };
    let ExprKind::Lookup(..) = &x.kind else { return None };
    let name = cx.fresh("early");
    let var = build::var(&name, x.ty.clone(), x.origin.clone());
    let body = build::merge(b.clone(), var, expr.origin.clone());
    let func = Lambda { params: parts.func.params.clone(), body };
    let parts = For { iters: parts.iters.clone(), builder: parts.builder.clone(), func, simd: parts.simd };
    let moved = expr.with_kind(ExprKind::For(Arc::new(parts)));
    Some(build::block(vec![Let { name, value: x.clone() }], moved, expr.origin.clone()))
}

/// `a - b` => `b - a`
fn swap_difference(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (a, b) = binary(expr, BinOp::Sub)?;
    Some(make(BinOp::Sub, b.clone(), a.clone(), expr))
}

/// `x % 8` => `x & 7`: wrong for negative numbers
fn remainder_mask(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let (x, eight) = binary(expr, BinOp::Rem)?;
    (int(eight)? == 8).then_some(())?;
    Some(make(BinOp::BitAnd, x.clone(), constant(x.ty.scalar()?, 7, expr), expr))
}

/// An `i32` in the place of an `i64`
fn other_type(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    (int(expr)? == 1 && expr.ty == Ty::I64).then(|| constant(Scalar::I32, 1, expr))
}

/// `merge(b, x)` => `if(true, merge(merge(b, x), x), b)` with a second use of `b` inside
fn builder_twice(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::Merge(b, x) = &expr.kind else { return None };
    let both = build::tuple(vec![b.clone(), expr.clone()], expr.origin.clone());
    let again = build::field(both, 1, expr.origin.clone())?;
    Some(build::merge(again, x.clone(), expr.origin.clone()))
}

/// A mistake in the pass itself
fn panics(_: &mut PassCx, expr: &Expr) -> Option<Expr> {
    assert_ne!(int(expr), Some(7), "nobody expects a seven");
    None
}
