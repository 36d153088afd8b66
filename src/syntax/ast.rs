#![forbid(unsafe_code)]
//! The untyped tree that the parser makes and macro expansion rewrites.
//!
//! Promises: every node has a span; a run of lets is one flat [`ExprKind::Block`]; an identifier is its text
//! and a mark, and only identifiers with the same text *and* mark are the same name: marks are how macro
//! expansion stays hygienic. Cloning is cheap; dropping a deep tree uses constant stack.

use crate::diag::Span;
use crate::ir::{BinOp, Literal, MergeOp, Scalar, UnOp};
use std::ops::Deref;
use std::sync::Arc;

/// A name as written. `mark` is 0 in the user's text; each macro expansion gives the binders of its body a fresh one.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The letters.
    pub text: Arc<str>,
    /// Which expansion made it; 0 for the user's own.
    pub mark: u32,
    /// Where it stands (inside a macro body: the place of the call).
    pub span: Span,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Ident) -> bool {
        self.mark == other.mark && self.text == other.text
    }
}

impl Eq for Ident {}

impl std::hash::Hash for Ident {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.mark.hash(state);
    }
}

/// A type as written. Two are equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Ty {
    /// What it is.
    pub kind: TyKind,
    /// Where.
    pub span: Span,
}

impl PartialEq for Ty {
    fn eq(&self, other: &Ty) -> bool {
        self.kind == other.kind
    }
}

/// The forms of types.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum TyKind {
    Scalar(Scalar),
    /// `simd[T]`; the argument may be an alias.
    Simd(Box<Ty>),
    Vec(Box<Ty>),
    Dict(Box<(Ty, Ty)>),
    Struct(Vec<Ty>),
    Appender(Box<Ty>),
    Merger(Box<Ty>, MergeOp),
    DictMerger(Box<(Ty, Ty)>, MergeOp),
    GroupMerger(Box<(Ty, Ty)>),
    VecMerger(Box<Ty>, MergeOp),
    /// `?`, or a type that the grammar lets one leave out.
    Hole,
    /// The name of an alias; gone after expansion.
    Alias(Ident),
}

/// `key: value` of an annotation group.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The key.
    pub key: Ident,
    /// The value as text.
    pub value: String,
}

/// The built-in functions written `name(args)`. Their signatures live in `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Builtin {
    If,
    Select,
    Iterate,
    Zip,
    Len,
    ToVec,
    Assert,
    Broadcast,
    Serialize,
    Result,
    Lookup,
    OptLookup,
    KeyExists,
    Slice,
    Sort,
    Merge,
}

impl Builtin {
    /// All, with the name as written and the number of arguments (`None`: two or more).
    pub const ALL: &'static [(Builtin, &'static str, Option<usize>)] = &[
        (Builtin::If, "if", Some(3)),
        (Builtin::Select, "select", Some(3)),
        (Builtin::Iterate, "iterate", Some(2)),
        (Builtin::Zip, "zip", None),
        (Builtin::Len, "len", Some(1)),
        (Builtin::ToVec, "tovec", Some(1)),
        (Builtin::Assert, "assert", Some(1)),
        (Builtin::Broadcast, "broadcast", Some(1)),
        (Builtin::Serialize, "serialize", Some(1)),
        (Builtin::Result, "result", Some(1)),
        (Builtin::Lookup, "lookup", Some(2)),
        (Builtin::OptLookup, "optlookup", Some(2)),
        (Builtin::KeyExists, "keyexists", Some(2)),
        (Builtin::Slice, "slice", Some(3)),
        (Builtin::Sort, "sort", Some(2)),
        (Builtin::Merge, "merge", Some(2)),
    ];

    /// The name as written.
    pub fn name(self) -> &'static str {
        Builtin::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// The kinds of iterators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IterKind {
    /// A plain expression, or `iter(..)`.
    Iter,
    SimdIter,
    FringeIter,
    RangeIter,
    NdIter,
}

/// One iterator of a `for`.
#[derive(Clone, Debug)]
pub struct Iter {
    /// Which iterator.
    pub kind: IterKind,
    /// `iter`, `simditer`, `fringeiter`: data, or data, start, end, stride. `rangeiter`: start, end, stride.
    /// `nditer`: data, start, end, stride, shape, strides.
    pub args: Vec<Expr>,
    /// The whole iterator.
    pub span: Span,
}

/// A parameter of a lambda.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Its type, when written.
    pub ty: Option<Ty>,
}

/// One binding.
#[derive(Clone, Debug)]
pub struct Let {
    /// Its name.
    pub name: Ident,
    /// Its type, when written.
    pub ty: Option<Ty>,
    /// Its value.
    pub value: Expr,
}

/// An untyped expression; shared and immutable.
#[derive(Clone, Debug)]
pub struct Expr(Arc<Node>);

/// What an [`Expr`] points to.
#[derive(Clone, Debug)]
pub struct Node {
    /// The form.
    pub kind: ExprKind,
    /// From its first to its last byte; inside a macro body, the call.
    pub span: Span,
    /// `@(key: value)` before it.
    pub notes: Vec<Note>,
    /// How many nodes the tree has, this one included; a shared part counts each time it occurs.
    pub size: u32,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum ExprKind {
    Literal(Literal),
    Ident(Ident),
    /// `let a = x; let b = y; body`.
    Block(Vec<Let>, Expr),
    Lambda(Vec<Param>, Expr),
    Unary(UnOp, Expr),
    Binary(BinOp, Expr, Expr),
    /// `e : T`.
    Ascribe(Expr, Ty),
    /// `e.$k`; the span is that of `$k`.
    Field(Expr, u32, Span),
    /// `callee(args)`: a lambda, a let-bound lambda or a macro.
    Apply(Expr, Vec<Expr>),
    Struct(Vec<Expr>),
    Vector(Vec<Expr>),
    /// `scalar(e)`.
    Cast(Scalar, Expr),
    Call(Builtin, Vec<Expr>),
    /// `for(iters, builder, func)`. `zipped` tells `for(zip(v), ..)` from `for(v, ..)`.
    For {
        iters: Vec<Iter>,
        zipped: bool,
        builder: Expr,
        func: Expr,
    },
    /// A builder with its type (holes where left out) and argument.
    NewBuilder(Ty, Option<Expr>),
    Deserialize(Ty, Expr),
    CUdf {
        name: Ident,
        ty: Ty,
        args: Vec<Expr>,
    },
    /// Where the parser gave up and went on; the diagnostics hold the error. Never reaches `check`.
    Error,
}

impl Deref for Expr {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Expr {
    /// A node without annotations.
    pub fn new(kind: ExprKind, span: Span) -> Expr {
        Expr::with_notes(kind, span, Vec::new())
    }

    /// A node with annotations.
    pub fn with_notes(kind: ExprKind, span: Span, notes: Vec<Note>) -> Expr {
        let mut size = 1u32;
        kind.for_each_child(&mut |child| size = size.saturating_add(child.size));
        Expr(Arc::new(Node { kind, span, notes, size }))
    }

    /// Whether both are the very same node.
    pub fn same(&self, other: &Expr) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl ExprKind {
    /// Hands each direct child to `visit`, in the order of evaluation.
    pub fn for_each_child<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match self {
            ExprKind::Literal(_) | ExprKind::Ident(_) | ExprKind::Error | ExprKind::NewBuilder(_, None) => {}
            ExprKind::Block(lets, body) => {
                lets.iter().for_each(|binding| visit(&binding.value));
                visit(body);
            }
            ExprKind::Binary(_, left, right) => {
                visit(left);
                visit(right);
            }
            ExprKind::Apply(callee, args) => {
                visit(callee);
                args.iter().for_each(visit);
            }
            ExprKind::For { iters, builder, func, .. } => {
                visit(builder);
                iters.iter().flat_map(|iter| &iter.args).for_each(&mut *visit);
                visit(func);
            }
            ExprKind::Lambda(_, child)
            | ExprKind::Unary(_, child)
            | ExprKind::Ascribe(child, _)
            | ExprKind::Field(child, _, _)
            | ExprKind::Cast(_, child)
            | ExprKind::NewBuilder(_, Some(child))
            | ExprKind::Deserialize(_, child) => visit(child),
            ExprKind::Struct(items)
            | ExprKind::Vector(items)
            | ExprKind::Call(_, items)
            | ExprKind::CUdf { args: items, .. } => items.iter().for_each(visit),
        }
    }

    /// The same form with `change` applied to each direct child, in the order of evaluation.
    pub fn map_children(&self, change: &mut dyn FnMut(&Expr) -> Expr) -> ExprKind {
        match self {
            ExprKind::Literal(_) | ExprKind::Ident(_) | ExprKind::Error | ExprKind::NewBuilder(_, None) => {
                self.clone()
            }
            ExprKind::Block(lets, body) => {
                let lets = lets
                    .iter()
                    .map(|binding| Let { value: change(&binding.value), ..binding.clone() })
                    .collect();
                ExprKind::Block(lets, change(body))
            }
            ExprKind::Lambda(params, body) => ExprKind::Lambda(params.clone(), change(body)),
            ExprKind::Unary(op, a) => ExprKind::Unary(*op, change(a)),
            ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, change(a), change(b)),
            ExprKind::Ascribe(a, ty) => ExprKind::Ascribe(change(a), ty.clone()),
            ExprKind::Field(a, index, span) => ExprKind::Field(change(a), *index, *span),
            ExprKind::Apply(callee, args) => {
                ExprKind::Apply(change(callee), args.iter().map(change).collect())
            }
            ExprKind::Struct(items) => ExprKind::Struct(items.iter().map(change).collect()),
            ExprKind::Vector(items) => ExprKind::Vector(items.iter().map(change).collect()),
            ExprKind::Cast(scalar, a) => ExprKind::Cast(*scalar, change(a)),
            ExprKind::Call(builtin, args) => ExprKind::Call(*builtin, args.iter().map(change).collect()),
            ExprKind::For { iters, zipped, builder, func } => {
                let builder = change(builder);
                let mut iters = iters.clone();
                iters.iter_mut().flat_map(|iter| &mut iter.args).for_each(|arg| *arg = change(arg));
                ExprKind::For { iters, zipped: *zipped, builder, func: change(func) }
            }
            ExprKind::NewBuilder(ty, Some(arg)) => ExprKind::NewBuilder(ty.clone(), Some(change(arg))),
            ExprKind::Deserialize(ty, a) => ExprKind::Deserialize(ty.clone(), change(a)),
            ExprKind::CUdf { name, ty, args } => {
                ExprKind::CUdf { name: name.clone(), ty: ty.clone(), args: args.iter().map(change).collect() }
            }
        }
    }

    /// Moves the children out, in no particular order.
    fn into_children(self, out: &mut Vec<Expr>) {
        match self {
            ExprKind::Literal(_) | ExprKind::Ident(_) | ExprKind::Error | ExprKind::NewBuilder(_, None) => {}
            ExprKind::Block(lets, body) => {
                out.extend(lets.into_iter().map(|binding| binding.value));
                out.push(body);
            }
            ExprKind::Binary(_, left, right) => out.extend([left, right]),
            ExprKind::Apply(callee, args) => {
                out.push(callee);
                out.extend(args);
            }
            ExprKind::For { iters, builder, func, .. } => {
                out.extend([builder, func]);
                out.extend(iters.into_iter().flat_map(|iter| iter.args));
            }
            ExprKind::Lambda(_, child)
            | ExprKind::Unary(_, child)
            | ExprKind::Ascribe(child, _)
            | ExprKind::Field(child, _, _)
            | ExprKind::Cast(_, child)
            | ExprKind::NewBuilder(_, Some(child))
            | ExprKind::Deserialize(_, child) => out.push(child),
            ExprKind::Struct(items)
            | ExprKind::Vector(items)
            | ExprKind::Call(_, items)
            | ExprKind::CUdf { args: items, .. } => out.extend(items),
        }
    }
}

impl Drop for Expr {
    /// Takes large trees apart with a list instead of the call stack.
    fn drop(&mut self) {
        // Small trees recurse: their depth is bounded by their size.
        if self.0.size < 512 {
            return;
        }
        let Some(node) = Arc::get_mut(&mut self.0) else { return };
        let mut pending = Vec::new();
        std::mem::replace(&mut node.kind, ExprKind::Error).into_children(&mut pending);
        while let Some(mut expr) = pending.pop() {
            if let Some(node) = Arc::get_mut(&mut expr.0) {
                std::mem::replace(&mut node.kind, ExprKind::Error).into_children(&mut pending);
                node.size = 0;
            }
        }
    }
}

/// A user's macro, or a standard one.
#[derive(Clone, Debug)]
pub struct Macro {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Ident>,
    /// What a call becomes.
    pub body: Expr,
}

/// `type name = T;`
#[derive(Clone, Debug)]
pub struct Alias {
    /// Its name.
    pub name: Ident,
    /// What it stands for.
    pub ty: Ty,
}

/// A whole program text.
#[derive(Clone, Debug)]
pub struct Program {
    /// Aliases, in order.
    pub aliases: Vec<Alias>,
    /// Macros, in order.
    pub macros: Vec<Macro>,
    /// The body: usually a lambda.
    pub body: Expr,
}
