//! Expressions of any type: constants, variables, bindings, branches, calls, and what each kind of type adds.

use super::scope::{Cost, Var};
use super::{Gen, Piece};
use weld::ir::{Scalar, Ty};

/// Deeper expressions are leaves.
const DEEPEST: u32 = 9;

impl Gen<'_> {
    /// An expression of type `ty`.
    pub(super) fn expr(&mut self, ty: &Ty) -> Piece {
        let start = self.choices.begin();
        let piece = self.any_expr(ty);
        self.choices.end(start);
        piece
    }

    /// An expression of type `ty` that does something.
    pub(super) fn rich(&mut self, ty: &Ty) -> Piece {
        let start = self.choices.begin();
        // As in `any_expr`, zero is the constant.
        let piece = if self.choices.draw(12) == 0 { self.simplest(ty) } else { self.of_type(ty) };
        self.choices.end(start);
        piece
    }

    fn any_expr(&mut self, ty: &Ty) -> Piece {
        self.budget -= 1;
        if self.budget <= 0 || self.depth >= DEEPEST {
            return match self.choices.weighted(&[2, 8, 2]) {
                0 => self.simplest(ty),
                1 => self.variable(ty),
                _ => self.constant(ty),
            };
        }
        self.depth += 1;
        let has_fields = u64::from(self.visible().iter().any(|var| var.ty.fields().is_some()));
        let piece = match self.choices.weighted(&[
            3,
            40,
            5,
            50,
            6,
            8,
            4,
            3,
            7,
            4,
            2 + has_fields,
            6,
            2,
            2,
            3,
            2,
            4,
            2,
            1,
        ]) {
            0 => self.simplest(ty),
            1 => self.variable(ty),
            2 => self.constant(ty),
            3 => self.of_type(ty),
            4 => self.let_in(ty),
            5 => self.branch(ty),
            6 => self.select(ty),
            7 => self.applied_lambda(ty),
            8 => self.called_lambda(ty),
            9 => self.macro_call(ty),
            10 => self.field(ty),
            11 => self.lookup(ty),
            12 => self.iterate(ty),
            13 => self.wrapped(ty),
            14 => self.asserted(ty),
            15 => self.function_macro(ty),
            16 => match self.dict_value(ty) {
                Some(value) => value,
                None => self.of_type(ty),
            },
            17 => self.round_trip(ty),
            _ => self.deserialized(ty),
        };
        self.depth -= 1;
        piece
    }

    /// A variable, or a field of one; a constant when there is none.
    pub(super) fn variable(&mut self, ty: &Ty) -> Piece {
        match self.var(ty) {
            Some(var) => Piece { text: var.name, degree: var.degree, inner: var.inner, len: var.len },
            None => match ty {
                Ty::Scalar(scalar) if self.choices.chance(70) => self.cast_of_variable(*scalar),
                _ => self.constant(ty),
            },
        }
    }

    /// A constant, or a literal with small operands.
    pub(super) fn constant(&mut self, ty: &Ty) -> Piece {
        match ty {
            Ty::Scalar(scalar) => self.literal(*scalar),
            Ty::Vec(elem) if **elem == Ty::I8 && self.choices.chance(50) => self.string(),
            Ty::Vec(elem) => self.vector_literal(elem),
            Ty::Struct(fields) => self.struct_literal(fields),
            _ => self.simplest(ty),
        }
    }

    /// What this kind of type can be made by.
    pub(super) fn of_type(&mut self, ty: &Ty) -> Piece {
        match ty {
            Ty::Scalar(Scalar::Bool) => self.bool_op(),
            Ty::Scalar(scalar) => self.number_op(*scalar),
            Ty::Vec(elem) => self.vector_op(elem),
            Ty::Struct(fields) => self.struct_op(fields),
            Ty::Dict(entry) => self.dict_op(&entry.0, &entry.1),
            _ => self.simplest(ty),
        }
    }

    fn struct_literal(&mut self, fields: &[Ty]) -> Piece {
        if fields.is_empty() {
            self.see("empty struct");
        }
        self.see("struct literal");
        let items: Vec<Piece> = fields.iter().map(|field| self.expr(field)).collect();
        let degree = items.iter().map(Piece::longest).max().unwrap_or(0);
        let items: Vec<String> = items.into_iter().map(|item| item.text).collect();
        Piece::with_degree(format!("{{{}}}", items.join(", ")), degree)
    }

    fn struct_op(&mut self, fields: &[Ty]) -> Piece {
        let whole = Ty::tuple(fields.to_vec());
        let reducible = whole.is_mergeable();
        let several = !fields.is_empty()
            && fields.iter().all(|field| matches!(field, Ty::Vec(_) | Ty::Dict(_)) || field.is_mergeable());
        if let [Ty::Scalar(Scalar::Bool), value] = fields
            && self.choices.chance(40)
            && let Some(piece) = self.optional(value)
        {
            return piece;
        }
        let loops = u64::from(self.affordable(Cost { degree: 1, factor: 1 }));
        match self.choices.weighted(&[40, 25 * u64::from(several) * loops, 15 * u64::from(reducible) * loops])
        {
            0 => self.struct_literal(fields),
            1 => self.struct_of_results(fields),
            _ => self.reduction(&whole),
        }
    }

    pub(super) fn let_in(&mut self, ty: &Ty) -> Piece {
        self.see("let in an operand");
        if self.choices.chance(10) {
            let outer = self.lambdas.len();
            let line = self.let_lambda();
            let body = self.expr(ty);
            self.lambdas.truncate(outer);
            return Piece { text: format!("({line} {})", body.text), ..body };
        }
        let bound = match self.choices.weighted(&[50, 25, 25]) {
            0 => ty.clone(),
            1 => self.palette_scalar().into(),
            _ => Ty::vec(self.elem_type()),
        };
        let value = self.expr(&bound);
        let name = self.binder();
        let outer = self.scope.len();
        self.scope.push(Var {
            name: name.clone(),
            ty: bound,
            degree: value.degree,
            inner: value.inner,
            len: value.len,
            small: false,
        });
        let body = self.expr(ty);
        self.scope.truncate(outer);
        Piece { text: format!("(let {name} = {}; {})", value.text, body.text), ..body }
    }

    fn branch(&mut self, ty: &Ty) -> Piece {
        self.see("if");
        let condition = self.expr(&Ty::BOOL);
        let (yes, no) = (self.expr(ty), self.expr(ty));
        let note = match self.choices.weighted(&[94, 3, 3]) {
            1 => "@(predicate:true) ",
            2 => "@(branch_selectivity:100) ",
            _ => "",
        };
        if !note.is_empty() {
            self.see("annotated if");
        }
        let len = if yes.len == no.len { yes.len } else { None };
        let text = format!("{note}if({}, {}, {})", condition.text, yes.text, no.text);
        let text = if note.is_empty() { text } else { format!("({text})") };
        Piece { text, degree: yes.degree.max(no.degree), inner: yes.inner.max(no.inner), len }
    }

    fn select(&mut self, ty: &Ty) -> Piece {
        self.see("select");
        let condition = self.expr(&Ty::BOOL);
        let (yes, no) = (self.expr(ty), self.expr(ty));
        let len = if yes.len == no.len { yes.len } else { None };
        let text = format!("select({}, {}, {})", condition.text, yes.text, no.text);
        Piece { text, degree: yes.degree.max(no.degree), inner: yes.inner.max(no.inner), len }
    }

    /// A type for a value that is to be used in making something else.
    pub(super) fn side_type(&mut self) -> Ty {
        match self.choices.weighted(&[72, 9, 14, 5]) {
            0 => self.palette_scalar().into(),
            1 => self.struct_type(0),
            3 => self.dict_type(),
            _ => Ty::vec(Ty::Scalar(self.palette_scalar())),
        }
    }

    /// A field of a struct that is made on the spot.
    fn field(&mut self, ty: &Ty) -> Piece {
        self.see("field");
        let before = self.choices.draw(2);
        let after = self.choices.draw(2);
        let mut fields: Vec<Ty> = (0..before).map(|_| Ty::Scalar(self.palette_scalar())).collect();
        fields.push(ty.clone());
        fields.extend((0..after).map(|_| Ty::Scalar(self.palette_scalar())));
        let value = self.expr(&Ty::tuple(fields));
        Piece::with_degree(format!("{}.${before}", value.text), value.longest())
    }

    fn lookup(&mut self, ty: &Ty) -> Piece {
        let vector = Ty::vec(ty.clone());
        let usable = self.usable(&vector);
        let other = self.expr(ty);
        let degree = other.longest();
        if usable.is_empty() || self.choices.chance(25) {
            self.see("lookup in a literal");
            let items = [self.expr(ty), other];
            let at = self.choices.draw(2);
            let degree = degree.max(items[0].longest());
            return Piece::with_degree(
                format!("lookup([{}, {}], {at}L)", items[0].text, items[1].text),
                degree,
            );
        }
        let var = self.choices.one_of(&usable).clone();
        let (name, degree) = (var.name.clone(), degree.max(var.inner));
        match self.choices.weighted(&[40, 35, 15, 8]) {
            0 => {
                self.see("guarded lookup");
                let at = self.choices.draw(4);
                let text = format!("if(len({name}) > {at}L, lookup({name}, {at}L), {})", other.text);
                Piece::with_degree(text, degree)
            }
            1 => {
                self.see("guarded lookup");
                let index = self.expr(&Ty::I64);
                let bound = self.fresh("n");
                let text = format!(
                    "(let {bound} = {}; if({bound} >= 0L && {bound} < len({name}), lookup({name}, {bound}), {}))",
                    index.text, other.text
                );
                Piece::with_degree(text, degree)
            }
            2 => {
                self.see("guarded lookup");
                let text = format!("if(len({name}) == 0L, {}, lookup({name}, len({name}) - 1L))", other.text);
                Piece::with_degree(text, degree)
            }
            _ => {
                self.see("unguarded lookup");
                let index = self.expr(&Ty::I64);
                Piece::with_degree(format!("lookup({name}, {})", index.text), degree)
            }
        }
    }

    /// Bounded turns: the state carries a counter.
    fn iterate(&mut self, ty: &Ty) -> Piece {
        let start = self.expr(ty);
        let turns = self.choices.draw(5) + 1;
        // A vector that grows at each turn would cost more than what is planned for.
        let cost = Cost { degree: 0, factor: turns };
        if !self.affordable(cost) || matches!(ty, Ty::Vec(_)) && turns > 3 {
            return start;
        }
        let state = self.binder();
        let outer = self.scope.len();
        let step = self.inside(0, turns, |generator| {
            generator.scope.push(Var {
                name: state.clone(),
                ty: Ty::tuple(vec![ty.clone(), Ty::I64]),
                degree: start.degree,
                inner: start.longest(),
                len: None,
                small: false,
            });
            generator.expr(ty)
        });
        self.scope.truncate(outer);
        if step.degree > start.degree || step.inner > start.inner {
            return start;
        }
        self.see("iterate");
        let text = format!(
            "iterate({{{}, 1L}}, |{state}| {{{{{}, {state}.$1 + 1L}}, {state}.$1 < {turns}L}}).$0",
            start.text, step.text
        );
        Piece { text, len: None, ..start }
    }

    /// Something around it that changes nothing.
    fn wrapped(&mut self, ty: &Ty) -> Piece {
        let inner = self.expr(ty);
        let text = match self.choices.weighted(&[40, 40, 20]) {
            0 => format!("({})", inner.text),
            1 => {
                self.see("ascription");
                format!("({}:{ty})", inner.text)
            }
            _ => {
                self.see("annotation");
                format!("(@(size:7) ({}))", inner.text)
            }
        };
        Piece { text, ..inner }
    }

    fn asserted(&mut self, ty: &Ty) -> Piece {
        self.see("assert");
        let condition = self.expr(&Ty::BOOL);
        let name = self.binder();
        let body = self.expr(ty);
        let condition =
            if self.choices.chance(6) { condition.text } else { format!("({0} || !{0})", condition.text) };
        // The name hides what the body was made with, unless it is new.
        let name = if self.scope.iter().any(|var| var.name == name) { self.fresh("ok") } else { name };
        Piece { text: format!("(let {name} = assert({condition}); {})", body.text), ..body }
    }
}
