//! Names in scope, types, and what the program costs to run.

use super::Gen;
use weld::ir::{Scalar, Ty};

/// A value that can be used by name.
#[derive(Clone, Debug)]
pub(super) struct Var {
    pub(super) name: String,
    pub(super) ty: Ty,
    /// As in `Piece`.
    pub(super) degree: u32,
    pub(super) inner: u32,
    pub(super) len: Option<u32>,
    /// Its floats come straight from the inputs: in exact programs, sums of them do not round.
    pub(super) small: bool,
}

/// A lambda bound by `let`.
#[derive(Clone, Debug)]
pub(super) struct Lambda {
    pub(super) name: String,
    pub(super) params: Vec<Ty>,
    pub(super) ret: Ty,
    pub(super) cost: Cost,
    pub(super) degree: u32,
}

/// A macro of the program.
pub(super) type Macro = Lambda;

/// About `factor * n^degree` turns, n being the length of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) degree: u32,
    pub(super) factor: u64,
}

/// Turns that a program may take.
const MOST_TURNS: u64 = 40_000;

impl Gen<'_> {
    /// A name for a new binder. Often fresh, sometimes one that hides another.
    pub(super) fn binder(&mut self) -> String {
        const POOL: [&str; 8] = ["x", "y", "t", "b", "i", "acc", "k", "v"];
        if self.choices.chance(25) {
            let name = *self.choices.one_of(&POOL);
            if !self.busy.iter().any(|busy| busy == name) {
                if self.scope.iter().any(|var| var.name == name) {
                    self.see("shadowing");
                }
                return name.to_string();
            }
        }
        self.next_name += 1;
        format!("x{}", self.next_name)
    }

    /// A name that nothing else has.
    pub(super) fn fresh(&mut self, base: &str) -> String {
        self.next_name += 1;
        format!("{base}{}", self.next_name)
    }

    /// A number for vectors of a new length.
    pub(super) fn new_len(&mut self) -> Option<u32> {
        self.next_len += 1;
        Some(self.next_len)
    }

    /// The variables that are not hidden, the latest first.
    pub(super) fn visible(&self) -> Vec<Var> {
        let mut found: Vec<Var> = Vec::new();
        for var in self.scope.iter().rev() {
            if !found.iter().any(|other| other.name == var.name) && !self.busy.contains(&var.name) {
                found.push(var.clone());
            }
        }
        found
    }

    /// What can be used as a value of type `ty` without any work: variables and fields of variables.
    pub(super) fn usable(&self, ty: &Ty) -> Vec<Var> {
        let mut found = Vec::new();
        for var in self.visible() {
            collect(&var.name, &var.ty, ty, &var, 2, &mut found);
        }
        found
    }

    /// One of `usable`.
    pub(super) fn var(&mut self, ty: &Ty) -> Option<Var> {
        let found = self.usable(ty);
        if found.is_empty() { None } else { Some(self.choices.one_of(&found).clone()) }
    }

    /// One of the vectors in scope.
    pub(super) fn vector_var(&mut self) -> Option<Var> {
        let found: Vec<Var> = self.visible().into_iter().filter(|var| var.ty.elem().is_some()).collect();
        if found.is_empty() { None } else { Some(self.choices.one_of(&found).clone()) }
    }

    /// Runs `part` as code that runs `degree` and `factor` times as often.
    pub(super) fn inside<T>(&mut self, degree: u32, factor: u64, part: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.here;
        self.here = Cost { degree: outside.degree + degree, factor: outside.factor.saturating_mul(factor) };
        self.spend(Cost { degree: 0, factor: 1 });
        let made = part(self);
        self.here = outside;
        made
    }

    /// Notes that something of this cost runs here.
    pub(super) fn spend(&mut self, cost: Cost) {
        let degree = (self.here.degree + cost.degree) as usize;
        let factor = self.here.factor.saturating_mul(cost.factor);
        if let Some(worst) = self.worst.get_mut(degree) {
            *worst = (*worst).max(factor);
        }
    }

    /// Whether a loop of this cost may stand here.
    pub(super) fn affordable(&self, cost: Cost) -> bool {
        self.here.degree + cost.degree <= 3 && self.here.factor.saturating_mul(cost.factor) <= 2000
    }

    /// Runs `part`, which makes code that does not run here, and says what it costs where it runs.
    pub(super) fn apart<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> (T, Cost) {
        let (here, worst) = (self.here, std::mem::replace(&mut self.worst, vec![0; 5]));
        self.here = Cost { degree: 0, factor: 1 };
        let made = part(self);
        self.here = here;
        let spent = std::mem::replace(&mut self.worst, worst);
        let degree = (0..spent.len()).rev().find(|degree| spent[*degree] > 0).unwrap_or(0);
        let factor = spent.iter().copied().max().unwrap_or(1).max(1);
        (made, Cost { degree: degree as u32, factor })
    }

    /// The longest inputs with which the program ends soon.
    pub(super) fn longest_input(&self) -> u64 {
        let fits = |n: u64| {
            let cost =
                |(degree, factor): (usize, &u64)| n.saturating_pow(degree as u32).saturating_mul(*factor);
            self.worst.iter().enumerate().map(cost).all(|turns| turns <= MOST_TURNS)
        };
        [20_000, 4097, 1000, 300, 130, 40, 17, 9, 5, 3, 2].into_iter().find(|n| fits(*n)).unwrap_or(1)
    }

    /// Any scalar type.
    pub(super) fn any_scalar(&mut self) -> Scalar {
        const WEIGHTS: [(Scalar, u64); 11] = [
            (Scalar::I64, 25),
            (Scalar::I32, 20),
            (Scalar::F64, 20),
            (Scalar::F32, 8),
            (Scalar::Bool, 7),
            (Scalar::I8, 5),
            (Scalar::I16, 3),
            (Scalar::U8, 4),
            (Scalar::U16, 3),
            (Scalar::U32, 3),
            (Scalar::U64, 4),
        ];
        let at = self.choices.weighted(&WEIGHTS.map(|(_, weight)| weight));
        WEIGHTS[at].0
    }

    /// A scalar type that this program likes.
    pub(super) fn palette_scalar(&mut self) -> Scalar {
        let palette = self.palette.clone();
        if self.choices.chance(12) { self.any_scalar() } else { *self.choices.one_of(&palette) }
    }

    /// A struct of scalars and, `depth` levels deep, of structs and vectors.
    pub(super) fn struct_type(&mut self, depth: u32) -> Ty {
        let count = self.choices.weighted(&[30, 40, 25, 5]) + 1;
        let mut fields = Vec::new();
        for _ in 0..count {
            let kind = if depth == 0 { 0 } else { self.choices.weighted(&[80, 8, 12]) };
            fields.push(match kind {
                0 => Ty::Scalar(self.palette_scalar()),
                1 => self.struct_type(depth - 1),
                _ => Ty::vec(Ty::Scalar(self.palette_scalar())),
            });
        }
        Ty::tuple(fields)
    }

    /// A type for elements of vectors.
    pub(super) fn elem_type(&mut self) -> Ty {
        match self.choices.weighted(&[76, 14, 9, 1]) {
            0 => self.palette_scalar().into(),
            1 => self.struct_type(0),
            2 => Ty::vec(Ty::Scalar(self.palette_scalar())),
            _ => Ty::tuple(vec![]),
        }
    }
}

/// Collects the fields of `text`, `depth` levels deep, that have the type `wanted`.
fn collect(text: &str, ty: &Ty, wanted: &Ty, var: &Var, depth: u32, found: &mut Vec<Var>) {
    if ty == wanted {
        let len = var.len.filter(|_| text == var.name);
        found.push(Var { name: text.to_string(), ty: ty.clone(), len, ..var.clone() });
    }
    if depth > 0
        && let Some(fields) = ty.fields()
    {
        for (at, field) in fields.iter().enumerate() {
            collect(&format!("{text}.${at}"), field, wanted, var, depth - 1, found);
        }
    }
}
