//! Sound programs pass; each invariant has programs that break it.

use super::verify;
use crate::diag::Span;
use crate::ir::{
    BinOp, BuilderTy, Expr, ExprKind, For, Iter, Lambda, Let, Literal, MergeOp, Name, Names, Param,
};
use crate::ir::{Program, Scalar, Ty, build};
use std::sync::Arc;

fn at() -> Span {
    Span::default()
}

fn int(value: i64) -> Expr {
    build::int64(value, at())
}

fn param(name: &Name, ty: &Ty) -> Param {
    Param { name: name.clone(), ty: ty.clone(), origin: at().into() }
}

fn sum_ty() -> Ty {
    Ty::builder(BuilderTy::Merger(Ty::I64, MergeOp::Add))
}

fn fresh(ty: &Ty) -> Expr {
    Expr::new(ExprKind::NewBuilder(None), ty.clone(), at())
}

fn result(b: Expr) -> Expr {
    let ty = b.ty.as_builder().unwrap().result_ty();
    Expr::new(ExprKind::Result(b), ty, at())
}

/// The verdict on a program with the input `v: vec[i64]`.
fn verdict(make: impl FnOnce(&mut Names, Expr) -> Expr) -> Result<(), String> {
    let mut names = Names::default();
    let v = names.fresh("v");
    let ty = Ty::vec(Ty::I64);
    let body = make(&mut names, build::var(&v, ty.clone(), at()));
    verify(&Program { func: Lambda { params: vec![param(&v, &ty)], body }, names })
}

/// `for(v, builder, |b, i, x| body(b, x))` of type `ty`.
fn each(
    names: &mut Names,
    v: Expr,
    ty: &Ty,
    builder: Expr,
    body: impl FnOnce(&mut Names, Expr, Expr) -> Expr,
) -> Expr {
    let (b, i, x) = (names.fresh("b"), names.fresh("i"), names.fresh("x"));
    let body = body(names, build::var(&b, ty.clone(), at()), build::var(&x, Ty::I64, at()));
    let func = Lambda { params: vec![param(&b, ty), param(&i, &Ty::I64), param(&x, &Ty::I64)], body };
    let parts = For { iters: vec![Iter::Whole(v)], builder, func, simd: false };
    Expr::new(ExprKind::For(Arc::new(parts)), ty.clone(), at())
}

fn rejects(what: &str, make: impl FnOnce(&mut Names, Expr) -> Expr) {
    let verdict = verdict(make);
    assert!(verdict.as_ref().is_err_and(|why| why.contains(what)), "{what}: {verdict:?}");
}

#[test]
fn sound_programs_pass() {
    let ty = sum_ty();
    verdict(|names, v| {
        let built = each(names, v, &ty, fresh(&sum_ty()), |_, b, x| {
            let c = build::binary(BinOp::Gt, x.clone(), int(0), at());
            build::if_else(c, build::merge(b.clone(), x, at()), b, at())
        });
        result(built)
    })
    .unwrap();
    // Field by field in the same places, and whole in the other branch.
    let pair = Ty::tuple(vec![sum_ty(), sum_ty()]);
    verdict(|names, v| {
        let start = build::tuple(vec![fresh(&sum_ty()), fresh(&sum_ty())], at());
        let built = each(names, v, &pair, start, |_, p, x| {
            let part = |k: u32| build::field(p.clone(), k, at()).unwrap();
            let both = build::tuple(vec![build::merge(part(0), x.clone(), at()), part(1)], at());
            build::if_else(build::binary(BinOp::Gt, x, int(0), at()), both, p, at())
        });
        let r = names.fresh("r");
        let var = build::var(&r, pair.clone(), at());
        let part = |k: u32| result(build::field(var.clone(), k, at()).unwrap());
        let results = build::tuple(vec![part(0), part(1)], at());
        build::block(vec![Let { name: r, value: built }], results, at())
    })
    .unwrap();
}

#[test]
fn wrong_types() {
    rejects("`i64` where `bool`", |_, _| {
        let yes = build::literal(Literal::Bool(true), at());
        build::binary(BinOp::Add, int(1), yes, at())
    });
    rejects("no such operation", |_, v| build::binary(BinOp::Add, v.clone(), v, at()));
    rejects("`f64` where `i64`", |_, _| {
        Expr::new(ExprKind::Binary(BinOp::Add, int(1), int(2)), Ty::Scalar(Scalar::F64), at())
    });
    rejects("not known", |_, _| Expr::new(ExprKind::Vector(vec![]), Ty::vec(Ty::Infer(3)), at()));
    rejects("no such field", |_, _| {
        Expr::new(ExprKind::Field(build::tuple(vec![int(1)], at()), 1), Ty::I64, at())
    });
    rejects("no builder", |_, _| build::merge(int(1), int(2), at()));
    rejects("`bool` where `i64`", |_, _| {
        build::merge(fresh(&sum_ty()), build::literal(Literal::Bool(true), at()), at())
    });
    rejects("the result of something", |_, _| Expr::new(ExprKind::Result(int(1)), Ty::I64, at()));
    rejects("loop over something", |names, _| {
        let built = each(names, int(1), &sum_ty(), fresh(&sum_ty()), |_, b, x| build::merge(b, x, at()));
        result(built)
    });
    rejects("without its vector", |_, _| fresh(&Ty::builder(BuilderTy::VecMerger(Ty::I64, MergeOp::Add))));
}

#[test]
fn wrong_scopes() {
    rejects("not in scope", |names, _| {
        let name = names.fresh("ghost");
        build::var(&name, Ty::I64, at())
    });
    rejects("not in scope", |names, _| {
        let x = names.fresh("x");
        let inner = build::block(vec![Let { name: x.clone(), value: int(1) }], int(2), at());
        build::binary(BinOp::Add, inner, build::var(&x, Ty::I64, at()), at())
    });
    rejects("bound twice", |names, _| {
        let x = names.fresh("x");
        let bind = || Let { name: x.clone(), value: int(1) };
        build::block(vec![bind(), bind()], int(2), at())
    });
    rejects("is used as `bool`", |names, _| {
        let x = names.fresh("x");
        let body = build::var(&x, Ty::BOOL, at());
        build::block(vec![Let { name: x, value: int(1) }], body, at())
    });
    rejects("not flat", |names, _| {
        let (x, y) = (names.fresh("x"), names.fresh("y"));
        let inner = build::block(vec![Let { name: x, value: int(1) }], int(2), at());
        Expr::new(ExprKind::Block(vec![Let { name: y, value: int(3) }], inner), Ty::I64, at())
    });
    rejects("empty", |_, _| Expr::new(ExprKind::Block(vec![], int(2)), Ty::I64, at()));
    rejects("number of parameters", |_, _| {
        let lambda = Lambda { params: vec![], body: int(1) };
        build::apply(lambda, vec![int(2)], at())
    });
}

#[test]
fn wrong_builders() {
    let ty = sum_ty();
    rejects("used twice", |names, _| {
        let b = names.fresh("b");
        let var = build::var(&b, sum_ty(), at());
        let twice = build::tuple(vec![result(var.clone()), result(var)], at());
        build::block(vec![Let { name: b, value: fresh(&sum_ty()) }], twice, at())
    });
    rejects("used twice", |names, _| {
        // The whole struct after one of its fields.
        let pair = Ty::tuple(vec![sum_ty(), sum_ty()]);
        let p = names.fresh("p");
        let var = build::var(&p, pair, at());
        let part = build::field(var.clone(), 1, at()).unwrap();
        let twice = build::tuple(vec![result(part), var], at());
        let start = build::tuple(vec![fresh(&sum_ty()), fresh(&sum_ty())], at());
        build::block(vec![Let { name: p, value: start }], twice, at())
    });
    rejects("used twice", |names, _| {
        // In a branch, and after it.
        let b = names.fresh("b");
        let var = build::var(&b, sum_ty(), at());
        let yes = build::literal(Literal::Bool(true), at());
        let branch = build::if_else(yes, result(var.clone()), int(0), at());
        let twice = build::tuple(vec![branch, result(var)], at());
        build::block(vec![Let { name: b, value: fresh(&sum_ty()) }], twice, at())
    });
    rejects("captures", |names, v| {
        let outer = names.fresh("outer");
        let var = build::var(&outer, sum_ty(), at());
        let built = each(names, v, &ty, fresh(&sum_ty()), |_, _, x| build::merge(var, x, at()));
        build::block(vec![Let { name: outer, value: fresh(&sum_ty()) }], result(built), at())
    });
    rejects("does not return its builder", |names, v| {
        let built = each(names, v, &ty, fresh(&sum_ty()), |_, _, _| fresh(&sum_ty()));
        result(built)
    });
    let pair = Ty::tuple(vec![sum_ty(), sum_ty()]);
    rejects("does not return its builder", |names, v| {
        let start = build::tuple(vec![fresh(&sum_ty()), fresh(&sum_ty())], at());
        // The fields change places.
        each(names, v, &pair, start, |_, p, _| {
            let part = |k: u32| build::field(p.clone(), k, at()).unwrap();
            build::tuple(vec![part(1), part(0)], at())
        })
    });
    rejects("in `select`", |names, _| {
        let (a, b) = (names.fresh("a"), names.fresh("b"));
        let yes = build::literal(Literal::Bool(true), at());
        let chosen = build::select(yes, build::var(&a, sum_ty(), at()), build::var(&b, sum_ty(), at()), at());
        let lets = [a, b].map(|name| Let { name, value: fresh(&sum_ty()) });
        build::block(lets.to_vec(), result(chosen), at())
    });
}
