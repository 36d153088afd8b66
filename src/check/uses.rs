#![forbid(unsafe_code)]
//! Which builders an expression uses up, and what a builder value goes back to.
//!
//! Promises: joining the uses of two expressions costs the smaller of both, so long programs stay near linear;
//! the fields of a struct of builders are told apart.

use crate::diag::Span;
use crate::ir::Ty;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A field of a field of ... of a binder; empty for the binder itself.
pub(super) type Path = Vec<u32>;

/// What used a builder up.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// `merge`, bound to a name or not.
    Merge(Option<Arc<str>>),
    /// `result`.
    Result,
    /// A loop that fills it, bound to a name or not.
    Loop(Option<Arc<str>>),
    /// A let that gives it another name.
    Let(Arc<str>),
    /// A struct that holds it.
    Struct,
    /// An argument, or the start of `iterate`.
    Argument,
    /// The value of a body, a branch or the program.
    Value,
}

impl By {
    /// The name that the value gets, when a let is around it.
    pub(super) fn into_name(self) -> Option<Arc<str>> {
        match self {
            By::Let(name) => Some(name),
            _ => None,
        }
    }
}

/// One place that uses a builder up.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// Which part of the binder.
    pub(super) path: Path,
    /// Where.
    pub(super) span: Span,
    /// What for.
    pub(super) by: By,
}

/// The builders that an expression uses up, by the number of their name. Names bound inside it are gone.
#[derive(Debug, Default)]
pub(super) struct Uses(HashMap<u32, Vec<Use>>);

impl Uses {
    /// One use.
    pub(super) fn one(name: u32, at: Use) -> Uses {
        Uses(HashMap::from([(name, vec![at])]))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Some use, the first one in the text.
    pub(super) fn first(&self) -> Option<(u32, &Use)> {
        let all = self.0.iter().flat_map(|(name, uses)| uses.iter().map(|at| (*name, at)));
        all.min_by_key(|(_, at)| at.span)
    }

    /// Forgets the uses of a name that goes out of scope, and returns them.
    pub(super) fn take(&mut self, name: u32) -> Vec<Use> {
        self.0.remove(&name).unwrap_or_default()
    }

    /// All uses in the order of the text.
    pub(super) fn sorted(&self) -> Vec<(u32, &Use)> {
        let mut all: Vec<(u32, &Use)> =
            self.0.iter().flat_map(|(name, uses)| uses.iter().map(move |at| (*name, at))).collect();
        all.sort_by_key(|(_, at)| at.span);
        all
    }

    /// The uses of `self` and then those of `later`. Calls `twice` with both uses of a builder that both use up.
    pub(super) fn then(&mut self, later: Uses, twice: &mut dyn FnMut(u32, &Use, &Use)) {
        self.join(later, &mut |name, first, second| {
            twice(name, first, second);
            // One report is enough; the first use stays.
            false
        });
    }

    /// The uses of one branch or of the other: only one of them runs.
    pub(super) fn or(&mut self, other: Uses) {
        self.join(other, &mut |_, first, second| first.path != second.path);
    }

    /// Adds the uses of `other`. Where two overlap, `keep` gets the one of `self` and the one of `other`, and says
    /// whether to keep the latter beside the former.
    fn join(&mut self, other: Uses, keep: &mut dyn FnMut(u32, &Use, &Use) -> bool) {
        let swapped = other.0.len() > self.0.len();
        let (large, small) = if swapped {
            (other.0, std::mem::take(&mut self.0))
        } else {
            (std::mem::take(&mut self.0), other.0)
        };
        self.0 = large;
        for (name, uses) in small {
            let Some(there) = self.0.get_mut(&name) else {
                self.0.insert(name, uses);
                continue;
            };
            let (mut first, second) =
                if swapped { (uses, std::mem::take(there)) } else { (std::mem::take(there), uses) };
            let n_first = first.len();
            for at in second {
                let overlapping = first.iter().take(n_first).find(|other| overlap(&other.path, &at.path));
                if overlapping.is_none_or(|other| keep(name, other, &at)) {
                    first.push(at);
                }
            }
            *there = first;
        }
    }
}

/// Whether one place is part of the other.
pub(super) fn overlap(a: &[u32], b: &[u32]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// What a value of a type with builders goes back to, part by part.
#[derive(Clone, Debug)]
pub(super) enum Derived {
    /// Nothing is known, or there is no builder.
    Unknown,
    /// One of these, all of it or part by part.
    From(Rc<Sources>),
    /// A struct put together from these.
    Struct(Rc<[Derived]>),
}

/// The places that a value may go back to.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Binders, by number, and fields of them.
    pub(super) places: Vec<(u32, Path)>,
    /// A builder made here.
    pub(super) fresh: Option<Span>,
}

impl Derived {
    /// The binder itself.
    pub(super) fn place(name: u32) -> Derived {
        Derived::From(Rc::new(Sources { places: vec![(name, Vec::new())], fresh: None }))
    }

    /// A builder made at `span`.
    pub(super) fn fresh(span: Span) -> Derived {
        Derived::From(Rc::new(Sources { places: Vec::new(), fresh: Some(span) }))
    }

    /// Field `index` of it.
    pub(super) fn field(&self, index: u32) -> Derived {
        match self {
            Derived::Unknown => Derived::Unknown,
            Derived::Struct(fields) => fields.get(index as usize).cloned().unwrap_or(Derived::Unknown),
            Derived::From(sources) => {
                let mut sources = (**sources).clone();
                sources.places.iter_mut().for_each(|(_, path)| path.push(index));
                Derived::From(Rc::new(sources))
            }
        }
    }

    /// Either of both, for a value of type `ty`.
    pub(super) fn or(&self, other: &Derived, ty: &Ty) -> Derived {
        if !ty.has_builder() {
            return Derived::Unknown;
        }
        match (self, other) {
            (Derived::Unknown, _) | (_, Derived::Unknown) => Derived::Unknown,
            (Derived::From(a), Derived::From(b)) => {
                if Rc::ptr_eq(a, b) || (a.fresh.is_none() && b.fresh.is_none() && a.places == b.places) {
                    return self.clone();
                }
                let mut joined = (**a).clone();
                for place in &b.places {
                    // Two are enough to tell that they differ.
                    if joined.places.len() < 2 && !joined.places.contains(place) {
                        joined.places.push(place.clone());
                    }
                }
                joined.fresh = joined.fresh.or(b.fresh);
                Derived::From(Rc::new(joined))
            }
            _ => {
                let fields = ty.fields().unwrap_or(&[]);
                let joined = fields.iter().enumerate().map(|(at, field)| {
                    let at = at as u32;
                    self.field(at).or(&other.field(at), field)
                });
                Derived::Struct(joined.collect())
            }
        }
    }
}
