//! Expressions of vector types: literals, views, macros, loops with appenders, zips.

use super::loops::Floats;
use super::scope::{Cost, Lambda, Var};
use super::{Gen, Piece};
use weld::ir::{BuilderTy, Scalar, Ty};

/// A vector to run over.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) text: String,
    pub(super) elem: Ty,
    pub(super) degree: u32,
    pub(super) inner: u32,
    pub(super) len: Option<u32>,
    /// As in `Var`.
    pub(super) small: bool,
}

impl Gen<'_> {
    /// A vector literal.
    pub(super) fn vector_literal(&mut self, elem: &Ty) -> Piece {
        let count = self.choices.weighted(&[20, 30, 25, 15, 10]);
        if count == 0 {
            self.see("empty vector");
            return Piece::new(format!("([]:vec[{elem}])"));
        }
        self.see("vector literal");
        let items: Vec<Piece> = (0..count).map(|_| self.expr(elem)).collect();
        let inner = items.iter().map(Piece::longest).max().unwrap_or(0);
        let items: Vec<String> = items.into_iter().map(|item| item.text).collect();
        Piece { text: format!("[{}]", items.join(", ")), degree: 0, inner, len: None }
    }

    /// A string literal.
    pub(super) fn string(&mut self) -> Piece {
        self.see("string");
        let text = *self.choices.one_of(&["", "a", "abc", "a#b", "hello, world", "\\n|:"]);
        Piece::new(format!("\"{text}\""))
    }

    /// A vector made by an operation.
    pub(super) fn vector_op(&mut self, elem: &Ty) -> Piece {
        if !self.affordable(Cost { degree: 1, factor: 1 }) {
            return self.variable(&Ty::vec(elem.clone()));
        }
        let nested = u64::from(elem.elem().is_none());
        let zips = u64::from(elem.fields().is_some_and(|fields| fields.len() > 1));
        let is_i64 = u64::from(*elem == Ty::I64);
        let mergeable = u64::from(elem.is_mergeable());
        let bytes = u64::from(*elem == Ty::Scalar(Scalar::U8));
        let ordered = u64::from(elem.is_ordered());
        let lanes = u64::from(elem.in_lanes().is_some());
        let floats = elem.scalar().filter(|scalar| scalar.is_float());
        let weights = [
            40,
            20,
            30,
            12,
            6 * nested,
            40 * zips,
            5 * is_i64,
            4,
            5,
            4,
            (10 + 25 * u64::from(elem.fields().is_some())) * ordered,
            9 + 12 * u64::from(elem.fields().is_some_and(|fields| fields.len() == 2)),
            9 * mergeable,
            40 * bytes,
            7 * lanes,
            3,
            25 * u64::from(floats.is_some()),
            3,
            6,
        ];
        match self.choices.weighted(&weights) {
            0 => self.map(elem),
            1 => self.filter(elem),
            2 => self.appender_loop(elem),
            3 => self.slice(elem),
            4 => {
                self.see("macro: flatten");
                let rows = self.expr(&Ty::vec(Ty::vec(elem.clone())));
                let degree = rows.degree + rows.inner;
                if !self.affordable(Cost { degree, factor: 8 }) {
                    return self.constant(&Ty::vec(elem.clone()));
                }
                self.spend(Cost { degree, factor: 8 });
                Piece::with_degree(format!("flatten({})", rows.text), degree)
            }
            5 => self.zip(elem),
            6 => {
                self.see("macro: range");
                let count = *self.choices.one_of(&[0, 1, 5, 16, 3]);
                Piece::new(format!("range({count}L)"))
            }
            7 => {
                self.see("macro: reverse");
                let data = self.expr(&Ty::vec(elem.clone()));
                self.spend(Cost { degree: data.degree, factor: 1 });
                Piece { text: format!("reverse({})", data.text), ..data }
            }
            8 => {
                self.see("macro: mapi");
                let data = self.some_vector();
                let (index, name) = (self.binder(), self.fresh("e"));
                let outer = self.scope.len();
                self.push_index(&index);
                let body = self.elem_body(&data, &name, elem, Floats::Any);
                self.scope.truncate(outer);
                let text = format!("mapi({}, |{index}, {name}| {})", data.text, body.text);
                Piece { text, degree: data.degree, inner: body.longest(), len: data.len }
            }
            9 => {
                let builder = Ty::builder(BuilderTy::Appender(elem.clone()));
                let (text, degree) = self.iterated(&builder);
                Piece::with_degree(format!("result({text})"), degree)
            }
            10 => self.sort(elem),
            11 => match self.drawn_from_dict(elem) {
                Some(piece) => piece,
                None => self.map(elem),
            },
            12 => self.vecmerged(elem),
            13 => self.serialized(),
            14 => match self.in_blocks(&BuilderTy::Appender(elem.clone())) {
                Some(piece) => piece,
                None => self.filter(elem),
            },
            15 => {
                self.see("macro: gather");
                let data = self.data_at_hand();
                let items = self.expr(&Ty::vec(elem.clone()));
                let name = self.fresh("g");
                self.spend(Cost { degree: data.degree, factor: 1 });
                // Every index is there, unless there is nothing at all.
                let text = format!(
                    "(let {name} = {}; gather({name}, mapi({}, |j, y| if(len({name}) == 0L, 0L, j % len({name})))))",
                    items.text, data.text
                );
                self.see("gather that may fail");
                Piece { text, degree: data.degree, inner: items.inner, len: data.len }
            }
            16 => match floats {
                Some(scalar) => self.math_in_lanes(scalar),
                None => self.map(elem),
            },
            18 => self.after_branches(elem),
            _ => {
                self.see("macro: fill");
                let count = *self.choices.one_of(&[0, 1, 5, 17]);
                let value = self.expr(elem);
                Piece {
                    text: format!("fill({count}L, {})", value.text),
                    degree: 0,
                    inner: value.longest(),
                    len: None,
                }
            }
        }
    }

    /// A vector of any type: at hand, or made on the spot.
    pub(super) fn some_vector(&mut self) -> Data {
        if self.choices.chance(55) {
            let elem = self.elem_type();
            let piece = self.expr(&Ty::vec(elem.clone()));
            return Data {
                text: piece.text,
                elem,
                degree: piece.degree,
                inner: piece.inner,
                len: piece.len,
                small: false,
            };
        }
        match self.vector_var() {
            Some(var) => named(var),
            None => {
                let elem = Ty::Scalar(self.palette_scalar());
                let piece = self.vector_literal(&elem);
                Data {
                    text: piece.text,
                    elem,
                    degree: piece.degree,
                    inner: piece.inner,
                    len: None,
                    small: false,
                }
            }
        }
    }

    /// Puts a loop index into scope.
    pub(super) fn push_index(&mut self, name: &str) {
        self.scope.push(Var {
            name: name.to_string(),
            ty: Ty::I64,
            degree: 0,
            inner: 0,
            len: None,
            small: false,
        });
    }

    /// `|x| ...` over the elements of `data`.
    pub(super) fn elem_function(&mut self, data: &Data, ret: &Ty, floats: Floats) -> Piece {
        let named: Vec<Lambda> = self
            .lambdas
            .iter()
            .filter(|lambda| {
                lambda.params == [data.elem.clone()] && lambda.ret == *ret && floats == Floats::Any
            })
            .cloned()
            .collect();
        if !named.is_empty() && self.choices.chance(60) {
            let lambda = self.choices.one_of(&named).clone();
            let cost = Cost {
                degree: data.degree + lambda.cost.degree,
                factor: lambda.cost.factor.saturating_mul(8),
            };
            if self.affordable(cost) {
                self.see("function by name");
                self.spend(cost);
                return Piece::with_degree(lambda.name, lambda.degree);
            }
        }
        let name = self.binder();
        let body = self.elem_body(data, &name, ret, floats);
        let declared = if self.choices.chance(10) { format!(": {}", data.elem) } else { String::new() };
        Piece { text: format!("|{name}{declared}| {}", body.text), ..body }
    }

    /// An expression over one element of `data`, which is called `name`.
    pub(super) fn elem_body(&mut self, data: &Data, name: &str, ret: &Ty, floats: Floats) -> Piece {
        let outer = self.scope.len();
        let body = self.inside(data.degree, 8, |generator| {
            generator.here.factor =
                if data.degree > 0 { generator.here.factor / 8 } else { generator.here.factor };
            generator.scope.push(Var {
                name: name.to_string(),
                ty: data.elem.clone(),
                degree: data.inner,
                inner: data.inner,
                len: None,
                small: data.small,
            });
            match floats {
                Floats::Any => generator.expr(ret),
                _ => generator.merged(ret, floats),
            }
        });
        self.scope.truncate(outer);
        body
    }

    fn map(&mut self, elem: &Ty) -> Piece {
        self.see("macro: map");
        let data = self.some_vector();
        let function = self.elem_function(&data, elem, Floats::Any);
        let text = if self.choices.chance(8) && function.text.starts_with('|') {
            self.see("function by name");
            let name = self.fresh("g");
            format!("(let {name} = ({}); map({}, {name}))", function.text, data.text)
        } else {
            format!("map({}, {})", data.text, function.text)
        };
        Piece { text, degree: data.degree, inner: function.longest(), len: data.len }
    }

    fn filter(&mut self, elem: &Ty) -> Piece {
        self.see("macro: filter");
        let data = self.expr(&Ty::vec(elem.clone()));
        let data = Data {
            text: data.text,
            elem: elem.clone(),
            degree: data.degree,
            inner: data.inner,
            len: None,
            small: false,
        };
        let predicate = self.elem_function(&data, &Ty::BOOL, Floats::Any);
        let len = self.new_len();
        let text = format!("filter({}, {})", data.text, predicate.text);
        Piece { text, degree: data.degree, inner: data.inner, len }
    }

    fn appender_loop(&mut self, elem: &Ty) -> Piece {
        let builder = Ty::builder(BuilderTy::Appender(elem.clone()));
        let (text, degree) = self.built(&builder);
        let len = self.new_len();
        Piece { text: format!("result({text})"), degree, inner: degree, len }
    }

    fn slice(&mut self, elem: &Ty) -> Piece {
        let vector = Ty::vec(elem.clone());
        let data = self.expr(&vector);
        let count = match self.choices.weighted(&[50, 20, 30]) {
            0 => format!("{}L", self.choices.draw(6)),
            1 => "-1L".to_string(),
            _ => self.expr(&Ty::I64).text,
        };
        let start = match self.choices.weighted(&[50, 42, 8]) {
            0 => "0L".to_string(),
            1 => {
                let name = self.fresh("s");
                let start = self.choices.draw(4);
                self.see("slice");
                let text = format!(
                    "(let {name} = {}; slice({name}, min({start}L, len({name})), {count}))",
                    data.text
                );
                return Piece { text, len: None, ..data };
            }
            _ => {
                self.see("slice that may fail");
                self.expr(&Ty::I64).text
            }
        };
        self.see("slice");
        Piece { text: format!("slice({}, {start}, {count})", data.text), len: None, ..data }
    }

    /// `zip(...)` as a value.
    pub(super) fn zip(&mut self, elem: &Ty) -> Piece {
        let Some(fields) = elem.fields() else { return self.map(elem) };
        self.see("zip as a value");
        let fields = fields.to_vec();
        // All from one vector, so that the lengths agree.
        let base = match self.vector_var() {
            Some(var) => named(var),
            None => {
                let elem = Ty::Scalar(Scalar::I32);
                let text = "[1, 2, 3]".to_string();
                Data { text, elem, degree: 0, inner: 0, len: None, small: false }
            }
        };
        let mut items = Vec::new();
        let mut degree = base.degree;
        for field in &fields {
            let same: Vec<Var> = self
                .usable(&Ty::vec(field.clone()))
                .into_iter()
                .filter(|var| base.len.is_some() && var.len == base.len)
                .collect();
            if self.choices.chance(3) {
                self.see("zip that may fail");
                items.push(self.expr(&Ty::vec(field.clone())).text);
            } else if !same.is_empty() && self.choices.chance(60) {
                items.push(self.choices.one_of(&same).name.clone());
            } else {
                let function = self.elem_function(&base, field, Floats::Any);
                degree = degree.max(function.longest());
                items.push(format!("map({}, {})", base.text, function.text));
            }
        }
        Piece {
            text: format!("zip({})", items.join(", ")),
            degree: base.degree,
            inner: degree,
            len: base.len,
        }
    }
}

/// A variable as data.
pub(super) fn named(var: Var) -> Data {
    let elem = var.ty.elem().cloned().unwrap_or(Ty::I64);
    Data { text: var.name, elem, degree: var.degree, inner: var.inner, len: var.len, small: var.small }
}
