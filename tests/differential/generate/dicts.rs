//! Dictionaries: types for them, what makes them, and what asks them.

use super::loops::Floats;
use super::scope::{Cost, Var};
use super::vectors::{Data, named};
use super::{Gen, Piece};
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty};

impl Gen<'_> {
    /// A type for dictionaries.
    pub(super) fn dict_type(&mut self) -> Ty {
        let key = self.key_type();
        let value = match self.choices.weighted(&[55, 15, 30]) {
            0 => self.number().into(),
            1 => {
                let count = self.choices.draw(2) + 1;
                Ty::tuple((0..count).map(|_| self.number().into()).collect())
            }
            _ => Ty::vec(self.elem_type()),
        };
        dict(key, value)
    }

    /// A type for keys.
    fn key_type(&mut self) -> Ty {
        match self.choices.weighted(&[58, 14, 12, 8, 6, 2]) {
            0 => self.palette_scalar().into(),
            1 => self.struct_type(0),
            2 => Ty::vec(Ty::I8),
            3 => Ty::vec(Ty::Scalar(self.palette_scalar())),
            4 => self.struct_type(1),
            _ => Ty::vec(Ty::vec(Ty::Scalar(self.palette_scalar()))),
        }
    }

    /// A scalar type that can be merged.
    fn number(&mut self) -> Scalar {
        match self.palette_scalar() {
            Scalar::Bool => Scalar::I64,
            number => number,
        }
    }

    /// A builder whose result is a dictionary of this type.
    pub(super) fn dict_builder(&mut self, key: &Ty, value: &Ty) -> BuilderTy {
        match value.elem() {
            Some(elem) => BuilderTy::GroupMerger(key.clone(), elem.clone()),
            None => {
                let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
                BuilderTy::DictMerger(key.clone(), value.clone(), op)
            }
        }
    }

    /// A dictionary made by an operation.
    pub(super) fn dict_op(&mut self, key: &Ty, value: &Ty) -> Piece {
        let whole = dict(key.clone(), value.clone());
        if !self.affordable(Cost { degree: 1, factor: 1 }) {
            return self.variable(&whole);
        }
        let counts = u64::from(*value == Ty::I64);
        let sums = u64::from(value.elem().is_none());
        match self.choices.weighted(&[60, 12 * counts, 10 * sums, 14 * (1 - sums), 6]) {
            0 => {
                let builder = Ty::builder(self.dict_builder(key, value));
                let (text, degree) = self.built(&builder);
                Piece::with_degree(format!("result({text})"), degree)
            }
            1 => {
                self.see("macro: countby");
                let keys = self.expr(&Ty::vec(key.clone()));
                self.spend(Cost { degree: keys.degree, factor: 2 });
                Piece { text: format!("countby({})", keys.text), len: None, ..keys }
            }
            2 | 3 => {
                // Both columns from one vector, so that the lengths agree.
                let data = self.some_vector();
                let keys = self.elem_function(&data, key, Floats::Any);
                let elem = value.elem().unwrap_or(value).clone();
                let values = self.elem_function(&data, &elem, Floats::Any);
                let name = if value.elem().is_some() {
                    self.see("macro: groupby");
                    "groupby"
                } else {
                    self.see("macro: sumby");
                    "sumby"
                };
                let bound = self.fresh("d");
                let text = format!(
                    "(let {bound} = {}; {name}(map({bound}, {}), map({bound}, {})))",
                    data.text, keys.text, values.text
                );
                let inner = keys.longest().max(values.longest());
                Piece { text, degree: data.degree, inner: inner.max(data.degree), len: None }
            }
            _ => self.round_trip(&whole),
        }
    }

    /// What a builder of dictionaries gets: a key and a value.
    pub(super) fn entry(&mut self, key: &Ty, value: &Ty) -> Piece {
        let key_piece = match key.scalar() {
            // Few keys, so that they meet.
            Some(scalar) if scalar.is_int() && self.choices.chance(60) => {
                self.see("keys that meet");
                let number = self.expr(key);
                Piece::new(format!("({} & {})", number.text, weld::ir::Literal::from_i64(scalar, 7)))
            }
            _ => self.expr(key),
        };
        let value = self.expr(value);
        let degree = key_piece.longest().max(value.longest());
        Piece::with_degree(format!("{{{}, {}}}", key_piece.text, value.text), degree)
    }

    /// A dictionary by name, or a new one with a name for `body`: the name, its type, and what goes before and after.
    pub(super) fn some_dict(
        &mut self,
        wanted: impl Fn(&Ty) -> bool,
        new: impl FnOnce(&mut Self) -> Ty,
    ) -> Asked {
        let found: Vec<Var> = self
            .visible()
            .into_iter()
            .filter(|var| matches!(var.ty, Ty::Dict(_)) && wanted(&var.ty))
            .collect();
        if !found.is_empty() && self.choices.chance(75) {
            let var = self.choices.one_of(&found).clone();
            return Asked {
                name: var.name,
                ty: var.ty,
                before: String::new(),
                degree: var.degree,
                inner: var.inner,
            };
        }
        let ty = new(self);
        let made = self.expr(&ty);
        let name = self.fresh("d");
        let before = format!("let {name} = {}; ", made.text);
        Asked { name, ty, before, degree: made.degree, inner: made.inner }
    }

    /// The value under a key, of type `ty`; none when no dictionary can have such values.
    pub(super) fn dict_value(&mut self, ty: &Ty) -> Option<Piece> {
        if !(ty.is_mergeable() || ty.elem().is_some()) {
            return None;
        }
        let asked = self.some_dict(
            |found| found.entry().is_some_and(|(_, value)| value == ty),
            |generator| {
                let key = generator.key_type();
                dict(key, ty.clone())
            },
        );
        let (key_ty, _) = asked.ty.entry()?.clone();
        let key = self.expr(&key_ty);
        let other = self.expr(ty);
        let Asked { name: d, before, .. } = &asked;
        let text = match self.choices.weighted(&[35, 25, 30, 10]) {
            0 => {
                self.see("lookup in a dictionary");
                let k = self.fresh("k");
                format!(
                    "({before}let {k} = {}; if(keyexists({d}, {k}), lookup({d}, {k}), {}))",
                    key.text, other.text
                )
            }
            1 => {
                self.see("optlookup");
                let o = self.fresh("o");
                format!(
                    "({before}let {o} = optlookup({d}, {}); if({o}.$0, {o}.$1, {}))",
                    key.text, other.text
                )
            }
            2 => {
                self.see("macro: getor");
                format!("({before}getor({d}, {}, {}))", key.text, other.text)
            }
            _ => {
                self.see("lookup in a dictionary that may fail");
                format!("({before}lookup({d}, {}))", key.text)
            }
        };
        let degree = asked.inner.max(other.longest());
        Some(Piece::with_degree(text, degree))
    }

    /// `{bool, V}`: an optional lookup as it is.
    pub(super) fn optional(&mut self, value: &Ty) -> Option<Piece> {
        if !(value.is_mergeable() || value.elem().is_some()) {
            return None;
        }
        self.see("optlookup");
        let asked = self.some_dict(
            |found| found.entry().is_some_and(|(_, found)| found == value),
            |generator| {
                let key = generator.key_type();
                dict(key, value.clone())
            },
        );
        let (key_ty, _) = asked.ty.entry()?.clone();
        let key = self.expr(&key_ty);
        let text = format!("({}optlookup({}, {}))", asked.before, asked.name, key.text);
        Some(Piece::with_degree(text, asked.inner))
    }

    /// Whether a key is there.
    pub(super) fn key_exists(&mut self) -> Piece {
        self.see("keyexists");
        let asked = self.some_dict(|_| true, |generator| generator.dict_type());
        let key_ty = asked.ty.entry().map_or(Ty::I64, |(key, _)| key.clone());
        let key = self.expr(&key_ty);
        Piece::new(format!("({}keyexists({}, {}))", asked.before, asked.name, key.text))
    }

    /// How many keys there are.
    pub(super) fn dict_len(&mut self) -> Piece {
        self.see("len of a dictionary");
        let asked = self.some_dict(|_| true, |generator| generator.dict_type());
        if self.choices.chance(40) {
            self.see("tovec");
            return Piece::new(format!("({}len(tovec({})))", asked.before, asked.name));
        }
        Piece::new(format!("({}len({}))", asked.before, asked.name))
    }

    /// Entries, keys or values as a vector of `elem`, if some dictionary has such.
    pub(super) fn drawn_from_dict(&mut self, elem: &Ty) -> Option<Piece> {
        let can_be_value = elem.is_mergeable() || elem.elem().is_some();
        let entry = match elem.fields() {
            Some([key, value]) if key.is_hashable() && (value.is_mergeable() || value.elem().is_some()) => {
                Some((key.clone(), value.clone()))
            }
            _ => None,
        };
        let weights = [
            60 * u64::from(entry.is_some()),
            20 * u64::from(elem.is_hashable()),
            20 * u64::from(can_be_value),
        ];
        if weights.iter().sum::<u64>() == 0 {
            return None;
        }
        let (name, asked) = match self.choices.weighted(&weights) {
            0 => {
                self.see("tovec");
                let (key, value) = entry?;
                let wanted = dict(key, value);
                ("tovec", self.some_dict(|found| *found == wanted, |_| wanted.clone()))
            }
            1 => {
                self.see("macro: keys");
                let made = |generator: &mut Self| {
                    let value = generator.number().into();
                    dict(elem.clone(), value)
                };
                ("keys", self.some_dict(|found| found.entry().is_some_and(|(key, _)| key == elem), made))
            }
            _ => {
                self.see("macro: values");
                let made = |generator: &mut Self| {
                    let key = generator.key_type();
                    dict(key, elem.clone())
                };
                (
                    "values",
                    self.some_dict(|found| found.entry().is_some_and(|(_, value)| value == elem), made),
                )
            }
        };
        self.spend(Cost { degree: asked.degree, factor: 1 });
        let text = format!("({}{name}({}))", asked.before, asked.name);
        Some(Piece { text, degree: asked.degree, inner: asked.inner, len: None })
    }

    /// Data to run over that a variable names, or a short literal.
    pub(super) fn data_at_hand(&mut self) -> Data {
        match self.vector_var() {
            Some(var) => named(var),
            None => Data {
                text: "[1, 2, 3]".to_string(),
                elem: Ty::Scalar(Scalar::I32),
                degree: 0,
                inner: 0,
                len: None,
                small: false,
            },
        }
    }
}

/// A dictionary to ask.
pub(super) struct Asked {
    name: String,
    ty: Ty,
    /// A let that makes it, when it has no name yet.
    before: String,
    degree: u32,
    inner: u32,
}

/// `dict[key,value]`.
pub(super) fn dict(key: Ty, value: Ty) -> Ty {
    Ty::Dict((key, value).into())
}
