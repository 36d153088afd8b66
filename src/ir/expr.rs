#![forbid(unsafe_code)]
//! The tree: nodes, their kinds, and the facts kept on each.
//!
//! Promises: cloning is one reference count; facts (size, may it fail, does it loop) are computed once, when a
//! node is made, from those of its children; dropping a tree of any depth uses constant stack.
//! A run of lets is one flat [`ExprKind::Block`], not a nest.

use super::{BinOp, Literal, Name, Names, Scalar, Ty, UnOp, visit};
use crate::diag::Origin;
use std::ops::Deref;
use std::sync::Arc;

/// A typed expression: a shared, immutable [`Node`].
#[derive(Clone, Debug)]
pub struct Expr(Arc<Node>);

/// Annotations: keys and values as written, in source order, last one wins.
pub type Notes = Option<Arc<[(String, String)]>>;

/// What an [`Expr`] points to.
#[derive(Debug)]
pub struct Node {
    /// The operation and its operands.
    pub kind: ExprKind,
    /// The type of the value.
    pub ty: Ty,
    /// The places in the source it came from.
    pub origin: Origin,
    /// `@(key: value)` before it.
    pub notes: Notes,
    /// Computed from the kind.
    pub facts: Facts,
}

/// What is known about a whole tree without walking it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Number of nodes, this one included.
    pub nodes: u32,
    /// Number of `for` nodes.
    pub loops: u32,
    /// Whether evaluating it can raise a run-time error (bounds, division, lengths, assert). Running out of
    /// memory or being cancelled does not count. Conservative: false is a proof, true is not.
    pub may_fail: bool,
    /// Whether it contains `iterate`, whose number of turns nothing bounds.
    pub iterates: bool,
    /// Whether it calls C functions that are not annotated `@(pure:true)`: it must run exactly as often, and in the
    /// same order as other calls, as the program says (LANGUAGE 14).
    pub calls: bool,
}

/// One binding of a block.
#[derive(Clone, Debug)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// A parameter of a lambda.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name.
    pub name: Name,
    /// Its type.
    pub ty: Ty,
    /// Where it was declared.
    pub origin: Origin,
}

/// A function literal. Not a value: it occurs only applied, in `for`, `iterate` and `sort`.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The body.
    pub body: Expr,
}

/// The most arguments of a C function: those that the interpreter can pass (`value::marshal` asserts that it is the runtime's number).
pub const MAX_C_ARGS: usize = 16;

/// What a loop runs over. All numbers are `i64`.
#[derive(Clone, Debug)]
pub enum Iter {
    /// Every element of a vector.
    Whole(Expr),
    /// `iter(data, start, end, stride)`: the elements `data[start + k * stride]`, `(end - start) / stride` of them.
    Strided {
        #[allow(missing_docs)]
        data: Expr,
        #[allow(missing_docs)]
        start: Expr,
        #[allow(missing_docs)]
        end: Expr,
        #[allow(missing_docs)]
        stride: Expr,
    },
    /// `rangeiter(start, end, stride)`: the numbers `start + k * stride`.
    Range {
        #[allow(missing_docs)]
        start: Expr,
        #[allow(missing_docs)]
        end: Expr,
        #[allow(missing_docs)]
        stride: Expr,
    },
    /// `nditer(data, start, end, stride, shape, strides)`: the elements `data[start + sum of c[k] * strides[k]]`, where
    /// the counter `c` runs over `shape`, last dimension fastest. `end` and `stride` are evaluated and ignored.
    Nd(Box<NdIter>),
    /// `simditer(data)`: blocks of [`SIMD_LANES`](super::SIMD_LANES) neighbouring elements, as many as are whole. The
    /// index of an iteration is that of the first element of its block.
    Simd(Expr),
    /// `fringeiter(data)`: the elements that are left after the last whole block, with their indices in `data`.
    Fringe(Expr),
}

/// The operands of `nditer`, in the order in which they are written and evaluated.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NdIter {
    pub data: Expr,
    pub start: Expr,
    pub end: Expr,
    pub stride: Expr,
    pub shape: Expr,
    pub strides: Expr,
}

impl NdIter {
    /// All operands in order.
    pub fn operands(&self) -> [&Expr; 6] {
        [&self.data, &self.start, &self.end, &self.stride, &self.shape, &self.strides]
    }
}

impl Iter {
    /// The type of its elements. An iterator over something that is no vector has the type of the data: the
    /// verifier rejects it.
    pub fn elem_ty(&self) -> Ty {
        let of = |data: &Expr| data.ty.elem().cloned().unwrap_or_else(|| data.ty.clone());
        match self {
            Iter::Whole(data) | Iter::Strided { data, .. } | Iter::Fringe(data) => of(data),
            Iter::Nd(nd) => of(&nd.data),
            Iter::Range { .. } => Ty::I64,
            Iter::Simd(data) => of(data).in_lanes().unwrap_or_else(|| data.ty.clone()),
        }
    }

    /// The vector it reads, if it reads one.
    pub fn data(&self) -> Option<&Expr> {
        match self {
            Iter::Whole(data) | Iter::Strided { data, .. } | Iter::Simd(data) | Iter::Fringe(data) => {
                Some(data)
            }
            Iter::Nd(nd) => Some(&nd.data),
            Iter::Range { .. } => None,
        }
    }

    /// All operands in evaluation order.
    pub fn operands(&self) -> Vec<&Expr> {
        match self {
            Iter::Whole(data) | Iter::Simd(data) | Iter::Fringe(data) => vec![data],
            Iter::Strided { data, start, end, stride } => vec![data, start, end, stride],
            Iter::Range { start, end, stride } => vec![start, end, stride],
            Iter::Nd(nd) => nd.operands().to_vec(),
        }
    }

    /// This iterator with each operand replaced, in evaluation order.
    pub fn map(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Iter {
        match self {
            Iter::Whole(data) => Iter::Whole(f(data)),
            Iter::Simd(data) => Iter::Simd(f(data)),
            Iter::Fringe(data) => Iter::Fringe(f(data)),
            Iter::Strided { data, start, end, stride } => {
                Iter::Strided { data: f(data), start: f(start), end: f(end), stride: f(stride) }
            }
            Iter::Range { start, end, stride } => {
                Iter::Range { start: f(start), end: f(end), stride: f(stride) }
            }
            Iter::Nd(nd) => Iter::Nd(Box::new(NdIter {
                data: f(&nd.data),
                start: f(&nd.start),
                end: f(&nd.end),
                stride: f(&nd.stride),
                shape: f(&nd.shape),
                strides: f(&nd.strides),
            })),
        }
    }
}

/// A loop: `for(iters, builder, |b, i, e| body)`.
#[derive(Clone, Debug)]
pub struct For {
    /// One or more; the element is that of the single one, or the struct of all.
    pub iters: Vec<Iter>,
    /// The builder that the loop starts with.
    pub builder: Expr,
    /// Three parameters: builder, index (`i64`), element.
    pub func: Lambda,
    /// Set by the pass `vectorize`: compute several iterations at once, one per SIMD lane. Printed as the annotation
    /// `@(simd:true)`. The meaning of the loop is that of its scalar body.
    pub simd: bool,
}

/// The operations.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A use of a binder.
    Var(Name),
    /// Lets in order, then the value. At least one let; the body is no block itself.
    Block(Vec<Let>, Expr),
    /// `op a`.
    Unary(UnOp, Expr),
    /// `a op b`.
    Binary(BinOp, Expr, Expr),
    /// `scalar(a)`.
    Cast(Scalar, Expr),
    /// `{a, b}`.
    Struct(Vec<Expr>),
    /// `[a, b]`; the element type is in `ty`.
    Vector(Vec<Expr>),
    /// `a.$k`.
    Field(Expr, u32),
    /// `if(c, a, b)`: evaluates one branch.
    If(Expr, Expr, Expr),
    /// `select(c, a, b)`: evaluates all three.
    Select(Expr, Expr, Expr),
    /// `broadcast(a)`: the scalar in every lane.
    Broadcast(Expr),
    /// `len(v)`, of a vector or a dictionary.
    Len(Expr),
    /// `lookup(v, i)` in a vector, `lookup(d, k)` in a dictionary.
    Lookup(Expr, Expr),
    /// `optlookup(d, k)`: `{true, value}`, or `{false, zero}` for a key that is not there.
    OptLookup(Expr, Expr),
    /// `keyexists(d, k)`.
    KeyExists(Expr, Expr),
    /// `tovec(d)`: the entries in the order in which their keys were first inserted.
    ToVec(Expr),
    /// `sort(v, f)`: stable. `f` has two parameters and gives an `i32` that is negative, 0 or positive, or it has one
    /// and gives the key to sort by, of an ordered type.
    Sort(Expr, Arc<Lambda>),
    /// `slice(v, i, n)`.
    Slice(Expr, Expr, Expr),
    /// `assert(c)`.
    Assert(Expr),
    /// `zip(a, b)` as a value: a vector of structs.
    Zip(Vec<Expr>),
    /// `(|x| body)(a)`.
    Apply(Arc<Lambda>, Vec<Expr>),
    /// A loop.
    For(Arc<For>),
    /// `iterate(start, |s| {s', go})`.
    Iterate(Expr, Arc<Lambda>),
    /// `serialize(a)`: LANGUAGE 12.
    Serialize(Expr),
    /// `deserialize[T](a)`; the type is in `ty`.
    Deserialize(Expr),
    /// `cudf[name, T](args)`: a C function; the result type is in `ty`.
    CUdf(Arc<str>, Vec<Expr>),
    /// A fresh builder of type `ty`, with its argument: the start value of a merger, dictmerger or vecmerger, the size
    /// hint of an appender.
    NewBuilder(Option<Expr>),
    /// `merge(b, x)`.
    Merge(Expr, Expr),
    /// `result(b)`.
    Result(Expr),
}

impl Deref for Expr {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Expr {
    /// A node without annotations. The caller vouches for `ty`; the verifier checks it.
    pub fn new(kind: ExprKind, ty: Ty, origin: impl Into<Origin>) -> Expr {
        Expr::with_notes(kind, ty, origin, None)
    }

    /// A node with annotations.
    pub fn with_notes(kind: ExprKind, ty: Ty, origin: impl Into<Origin>, notes: Notes) -> Expr {
        let mut facts = visit::facts(&kind);
        facts.may_fail |= matches!(kind, ExprKind::For(_)) && has_note(&notes, LOOP_SIZE);
        facts.calls |= matches!(kind, ExprKind::CUdf(..)) && !is_pure(&notes);
        Expr(Arc::new(Node { kind, ty, origin: origin.into(), notes, facts }))
    }

    /// This node with another kind; type, origin and notes stay.
    pub fn with_kind(&self, kind: ExprKind) -> Expr {
        Expr::with_notes(kind, self.ty.clone(), self.origin.clone(), self.notes.clone())
    }

    /// This node with the places of `other` added to its own.
    pub fn joined(&self, other: &Origin) -> Expr {
        Expr::with_notes(self.kind.clone(), self.ty.clone(), self.origin.join(other), self.notes.clone())
    }

    /// Whether both are the very same node: nothing changed.
    pub fn same(&self, other: &Expr) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The address of the node, as an identity for caches. Valid while the node lives.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The number of iterations that the annotation `loopsize` of a loop promises: checked when it runs.
    pub fn loop_size(&self) -> Option<i64> {
        self.note(LOOP_SIZE)?.trim_end_matches(['l', 'L']).parse().ok()
    }

    /// The annotation `key`; the last one when there are several.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.as_ref()?.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The constant, if this is one.
    pub fn literal(&self) -> Option<&Literal> {
        if let ExprKind::Literal(literal) = &self.kind { Some(literal) } else { None }
    }

    /// The binder, if this is a use of one.
    pub fn var(&self) -> Option<&Name> {
        if let ExprKind::Var(name) = &self.kind { Some(name) } else { None }
    }
}

/// The one annotation that can make a run fail.
const LOOP_SIZE: &str = "loopsize";

/// `@(pure:true)`, the last one of several.
fn is_pure(notes: &Notes) -> bool {
    let last = notes.iter().flat_map(|notes| notes.iter()).rfind(|(key, _)| key == "pure");
    last.is_some_and(|(_, value)| value == "true")
}

fn has_note(notes: &Notes, key: &str) -> bool {
    notes.as_ref().is_some_and(|notes| notes.iter().any(|(k, _)| k == key))
}

impl Drop for Expr {
    /// Takes deep trees apart with a list instead of the call stack.
    fn drop(&mut self) {
        // Small trees recurse: their depth is bounded by their size.
        if self.0.facts.nodes < 512 {
            return;
        }
        let Some(node) = Arc::get_mut(&mut self.0) else { return };
        let mut pending = Vec::new();
        visit::take_children(&mut node.kind, &mut pending);
        while let Some(mut expr) = pending.pop() {
            if let Some(node) = Arc::get_mut(&mut expr.0) {
                visit::take_children(&mut node.kind, &mut pending);
                node.facts.nodes = 0;
            }
        }
    }
}

/// A checked program: a function of its inputs.
#[derive(Clone, Debug)]
pub struct Program {
    /// Parameters are the inputs, the body is the result.
    pub func: Lambda,
    /// The supply of fresh names, past all that occur in `func`.
    pub names: Names,
}
