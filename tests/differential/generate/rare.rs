//! Sorting, serialization, vecmergers, grids.

use super::loops::Floats;
use super::scope::{Cost, Var};
use super::{Gen, Piece};
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty};

impl Gen<'_> {
    /// `sort(v, f)`.
    pub(super) fn sort(&mut self, elem: &Ty) -> Piece {
        let data = self.expr(&Ty::vec(elem.clone()));
        let cost = Cost { degree: data.degree, factor: 24 };
        if !elem.is_ordered() || !self.affordable(cost) {
            return data;
        }
        let by_key = self.choices.weighted(&[60, 40]) == 1;
        let function = self.inside(cost.degree, cost.factor, |generator| {
            if by_key {
                generator.see("sort by a key");
                generator.sort_key(elem, data.inner)
            } else {
                generator.comparator(elem, data.inner)
            }
        });
        Piece { text: format!("sort({}, {function})", data.text), ..data }
    }

    fn sort_key(&mut self, elem: &Ty, inner: u32) -> String {
        let key = if self.choices.chance(70) { Ty::Scalar(self.palette_scalar()) } else { elem.clone() };
        let name = self.binder();
        let outer = self.scope.len();
        self.push_elem(&name, elem, inner);
        let body = self.expr(&key);
        self.scope.truncate(outer);
        format!("|{name}| {}", body.text)
    }

    fn comparator(&mut self, elem: &Ty, inner: u32) -> String {
        let a = self.binder();
        let b = self.param_name(std::slice::from_ref(&a));
        let paths = scalar_paths(elem);
        let at_path = u64::from(!paths.is_empty());
        let body = match self.choices.weighted(&[30, 25, 110 * at_path, 20]) {
            0 => {
                self.see("sort ascending");
                format!("compare({a}, {b})")
            }
            1 => {
                self.see("sort descending");
                format!("compare({b}, {a})")
            }
            2 => {
                self.see("sort by a field");
                let path = self.choices.one_of(&paths).clone();
                if self.choices.chance(50) {
                    format!("compare({a}{path}, {b}{path})")
                } else {
                    format!("compare({b}{path}, {a}{path})")
                }
            }
            _ => {
                self.see("sort by any function");
                let outer = self.scope.len();
                self.push_elem(&a, elem, inner);
                self.push_elem(&b, elem, inner);
                let body = self.expr(&Ty::Scalar(Scalar::I32));
                self.scope.truncate(outer);
                body.text
            }
        };
        format!("|{a}, {b}| {body}")
    }

    fn push_elem(&mut self, name: &str, elem: &Ty, inner: u32) {
        self.scope.push(Var {
            name: name.to_string(),
            ty: elem.clone(),
            degree: inner,
            inner,
            len: None,
            small: false,
        });
    }

    /// `deserialize[T](serialize(x))`.
    pub(super) fn round_trip(&mut self, ty: &Ty) -> Piece {
        let inner = self.expr(ty);
        if !ty.is_serializable() {
            return inner;
        }
        self.see("deserialize");
        self.spend(Cost { degree: inner.longest(), factor: 1 });
        Piece { text: format!("deserialize[{ty}](serialize({}))", inner.text), len: None, ..inner }
    }

    /// A call of a function of the library that `engines::library` makes.
    pub(super) fn c_call(&mut self, scalar: Scalar) -> Piece {
        let note = if self.choices.chance(50) {
            self.see("pure C function");
            "@(pure:true) "
        } else {
            self.see("C function");
            ""
        };
        if scalar == Scalar::I64 && self.choices.chance(40) {
            self.see("C function of a vector");
            let elem = self.elem_type();
            let vector = self.expr(&Ty::vec(elem));
            return Piece::new(format!("({note}cudf[weld_test_length, i64]({}))", vector.text));
        }
        let ty = Ty::Scalar(scalar);
        let (a, b) = (self.expr(&ty), self.expr(&ty));
        Piece::new(format!("({note}cudf[weld_test_later_{scalar}, {scalar}]({}, {}))", a.text, b.text))
    }

    /// The bytes of some value.
    pub(super) fn serialized(&mut self) -> Piece {
        self.see("serialize");
        let ty = match self.choices.weighted(&[70, 30]) {
            0 => self.side_type(),
            _ => Ty::vec(self.elem_type()),
        };
        let value = self.expr(&ty);
        let degree = value.longest();
        self.spend(Cost { degree, factor: 1 });
        Piece::with_degree(format!("serialize({})", value.text), degree)
    }

    /// Bytes that may be those of a value, or not.
    pub(super) fn deserialized(&mut self, ty: &Ty) -> Piece {
        if !ty.is_serializable() {
            return self.variable(ty);
        }
        self.see("deserialize that may fail");
        let bytes = self.expr(&Ty::vec(Ty::Scalar(Scalar::U8)));
        Piece::with_degree(format!("deserialize[{ty}]({})", bytes.text), bytes.longest())
    }

    /// `result` of a vecmerger.
    pub(super) fn vecmerged(&mut self, elem: &Ty) -> Piece {
        let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
        let builder = Ty::builder(BuilderTy::VecMerger(elem.clone(), op));
        let (text, _) = self.built(&builder);
        Piece::new(format!("result({text})"))
    }

    /// The vector that a vecmerger starts with: it has four elements or more.
    pub(super) fn slots(&mut self, elem: &Ty, floats: Floats) -> String {
        self.see("vecmerger");
        if self.choices.chance(50) {
            let count = *self.choices.one_of(&[4, 5, 17, 100]);
            let value = self.merged(elem, floats);
            return format!("fill({count}L, {})", value.text);
        }
        let items: Vec<String> = (0..4).map(|_| self.merged(elem, floats).text).collect();
        format!("[{}]", items.join(", "))
    }

    /// What a vecmerger gets: a place that is nearly always there, and a value.
    pub(super) fn placed(&mut self, elem: &Ty, floats: Floats) -> Piece {
        let index = self.expr(&Ty::I64);
        let index = match self.choices.weighted(&[87, 8, 5]) {
            0 => format!("({} & 3L)", index.text),
            1 => {
                self.see("vecmerger that may fail");
                index.text
            }
            _ => format!("({} & 63L)", index.text),
        };
        let value = self.merged(elem, floats);
        Piece::new(format!("{{{index}, {}}}", value.text))
    }

    /// `nditer` over `v`, whose length is that of the loop when `whole`.
    pub(super) fn grid(&mut self, v: &str, whole: bool) -> (String, u64) {
        self.see("nditer");
        if whole {
            return match self.choices.draw(3) {
                0 => (format!("nditer({v}, 0L, len({v}), 1L, [len({v})], [1L])"), 1),
                1 => (format!("nditer({v}, len({v}) - 1L, 0L, 0L, [1L, len({v})], [5L, -1L])"), 1),
                _ => (format!("nditer({v}, 0L, 0L, 1L, [len({v}), 1L], [1L, 9L])"), 1),
            };
        }
        match self.choices.weighted(&[20, 20, 20, 20, 10, 15]) {
            0 => (format!("nditer({v}, 0L, len({v}), 1L, [len({v}) / 2L, 2L], [2L, 1L])"), 1),
            1 => (format!("nditer({v}, 0L, len({v}), 1L, [2L, len({v}) / 2L], [1L, 2L])"), 1),
            2 => (format!("nditer({v}, 0L, len({v}), 1L, [3L, len({v})], [0L, 1L])"), 3),
            3 => (format!("nditer({v}, len({v}) - 1L, 0L, 1L, [len({v})], [-1L])"), 1),
            4 => (format!("nditer({v}, 0L, 0L, 1L, [len({v}) / 6L, 3L, 2L], [6L, 1L, 3L])"), 1),
            _ => {
                self.see("nditer that may fail");
                (format!("nditer({v}, 0L, 0L, 1L, [2L, 2L], [3L, 1L])"), 4)
            }
        }
    }
}

/// The ways to the scalars in a struct.
fn scalar_paths(ty: &Ty) -> Vec<String> {
    let fields = ty.fields().unwrap_or(&[]).iter().enumerate();
    fields.filter(|(_, field)| field.scalar().is_some()).map(|(at, _)| format!(".${at}")).collect()
}
