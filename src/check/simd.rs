#![forbid(unsafe_code)]
//! SIMD values (LANGUAGE 9.4): how they come to be, and where they may not go.
//!
//! Promises: a value is known to have lanes where it is made, so that operators on it have one type; nothing that is stored,
//! passed in or handed out has lanes.

use super::Checker;
use super::messages::{a, type_text};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BuilderTy, Expr, ExprKind, Iter, Lambda, Scalar, Ty, visit};
use crate::syntax::ast::{self, IterKind};

impl Checker<'_> {
    /// The type of the elements of `simditer` over elements of type `elem`.
    pub(super) fn block_ty(&mut self, data: &ast::Expr, elem: &Ty) -> Ty {
        if self.types.has_poison(elem) {
            return self.types.poison();
        }
        let elem = self.types.resolve(elem);
        if self.types.has_free(&elem) {
            self.report(unknown_lanes(data.span));
            self.types.poison_all(&elem);
            return self.types.poison();
        }
        elem.in_lanes().unwrap_or_else(|| {
            self.report(lanes_of(data.span, &type_text(&elem)));
            self.types.poison()
        })
    }

    /// `broadcast(x)`.
    pub(super) fn infer_broadcast(&mut self, x: &ast::Expr, span: Span) -> Expr {
        let typed = self.infer(x);
        let ty = match self.types.head(&typed.ty) {
            Ty::Scalar(scalar) => Ty::Simd(scalar),
            Ty::Infer(_) if self.types.is_poison(&typed.ty) => self.types.poison(),
            Ty::Infer(_) => {
                self.report(unknown_lanes(x.span));
                self.types.poison_all(&typed.ty);
                self.types.poison()
            }
            other => {
                let text = self.text(&other);
                self.report(lanes_of(x.span, &text));
                self.types.poison()
            }
        };
        Expr::new(ExprKind::Broadcast(typed), ty, span)
    }

    /// Requires that all iterators of a loop give blocks, or none does.
    pub(super) fn require_one_kind(&mut self, iters: &[ast::Iter]) {
        let of = |blocks: bool| iters.iter().find(|iter| (iter.kind == IterKind::SimdIter) == blocks);
        let (Some(blocks), Some(other)) = (of(true), of(false)) else { return };
        self.report(
            Diagnostic::new(
                Code::MixedIterators,
                other.span,
                "either all iterators of a loop are `simditer`, or none is",
            )
            .label("gives one element at a time")
            .related(blocks.span, "gives a block of lanes at a time")
            .help("write `simditer` here too, or loop over scalars: lanes are used for those as well"),
        );
    }

    /// The type of the single values that a merged value consists of: of one lane when it has lanes.
    pub(super) fn merged_lane(&mut self, value: &Ty) -> Option<Ty> {
        fn lane(ty: &Ty) -> Option<Ty> {
            match ty {
                Ty::Simd(scalar) => Some(Ty::Scalar(*scalar)),
                Ty::Struct(fields) if !fields.is_empty() => {
                    fields.iter().map(lane).collect::<Option<_>>().map(Ty::tuple)
                }
                _ => None,
            }
        }
        if !self.types.fits(value) {
            return None;
        }
        lane(&self.types.resolve(value))
    }

    /// The scalar of a scalar or of a lane.
    pub(super) fn lane_scalar(&mut self, ty: &Ty) -> Option<Scalar> {
        match self.types.head(ty) {
            Ty::Scalar(scalar) | Ty::Simd(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// Something that has no lanes where lanes are wanted.
pub(super) fn lanes_of(span: Span, found: &str) -> Diagnostic {
    Diagnostic::new(Code::OperandKind, span, format!("lanes hold scalars, not {}", a(found)))
        .label(a(found))
        .help("a block has lanes when the elements are scalars, or structs of scalars")
}

/// `select` by lanes between values without lanes.
pub(super) fn select_without_lanes(span: Span, found: &str) -> Diagnostic {
    let title = format!("a `select` by lanes chooses between SIMD values, these are {}", a(found));
    Diagnostic::new(Code::OperandKind, span, title)
        .label(a(found))
        .help("`broadcast` makes a SIMD value of a scalar")
}

fn unknown_lanes(span: Span) -> Diagnostic {
    let title = "the type of these lanes has to be known here";
    Diagnostic::new(Code::CannotInfer, span, title)
        .help("write the type of the value: `(x : i64)`, `(v : vec[i64])`")
}

/// One message for each place where a SIMD value is stored, passed in, handed out or given to C. `func` is the program.
pub(super) fn misplaced(func: &Lambda) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |span: Span, what: &str, ty: &Ty| {
        let title = format!("{what} cannot hold SIMD values");
        found.push(
            Diagnostic::new(Code::SimdPlacement, span, title)
                .label(a(&type_text(ty)))
                .help("merge the lanes into a builder of scalars: `merge(b, x)` takes them in order"),
        );
    };
    for param in &func.params {
        if has_lanes(&param.ty) {
            say(param.origin.primary(), "an input", &param.ty);
        }
    }
    visit::walk(&func.body, &mut |expr| {
        let span = expr.origin.primary();
        match &expr.kind {
            ExprKind::CUdf(_, args) => {
                let given = args.iter().find(|arg| has_lanes(&arg.ty));
                if let Some(arg) = given {
                    say(arg.origin.primary(), "an argument of a C function", &arg.ty);
                } else if has_lanes(&expr.ty) {
                    say(span, "the result of a C function", &expr.ty);
                }
            }
            ExprKind::For(parts)
                if parts
                    .iters
                    .iter()
                    .any(|iter| !matches!(iter, Iter::Simd(_)) && iter.elem_ty().has_simd()) =>
            {
                say(span, "a vector", &expr.ty);
            }
            // Said where the value is made, or at the parameter.
            ExprKind::Var(_) | ExprKind::Block(..) | ExprKind::Field(..) | ExprKind::If(..) => {}
            _ => {
                // The innermost place is where it was made.
                let mut inside = false;
                visit::for_each_child(&expr.kind, &mut |child| inside |= holder(&child.ty).is_some());
                if let Some(holder) = holder(&expr.ty).filter(|_| !inside) {
                    say(span, holder, &expr.ty);
                }
            }
        }
    });
    if found.is_empty() && func.body.ty.has_simd() {
        let span = func.body.origin.primary();
        found.push(
            Diagnostic::new(Code::SimdPlacement, span, "the result of a program cannot be a SIMD value")
                .label(a(&type_text(&func.body.ty)))
                .help("merge the lanes into a builder of scalars: `merge(b, x)` takes them in order"),
        );
    }
    found
}

/// Whether there are lanes anywhere in the type.
fn has_lanes(ty: &Ty) -> bool {
    ty.has_simd() || holder(ty).is_some()
}

/// What in this type holds SIMD values, though it must not.
fn holder(ty: &Ty) -> Option<&'static str> {
    let inside = |part: &Ty, name: &'static str| if part.has_simd() { Some(name) } else { holder(part) };
    match ty {
        Ty::Scalar(_) | Ty::Simd(_) | Ty::Infer(_) => None,
        Ty::Vec(elem) => inside(elem, "a vector"),
        Ty::Dict(entry) => inside(&entry.0, "a dictionary").or_else(|| inside(&entry.1, "a dictionary")),
        Ty::Struct(fields) => fields.iter().find_map(holder),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Appender(elem) => inside(elem, "an appender"),
            // What mergers combine is checked where they are made.
            BuilderTy::Merger(..) => None,
            other => inside(&other.merge_ty(), "a builder"),
        },
    }
}
