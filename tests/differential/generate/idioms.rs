//! The forms that simplifications look for, which random operands hardly ever make.

use super::loops::Floats;
use super::vectors::Data;
use super::{Gen, Piece};
use weld::ir::{Literal, Scalar, Ty};

impl Gen<'_> {
    /// An operation with an operand that a rule knows.
    pub(super) fn idiom(&mut self, scalar: Scalar) -> Piece {
        let ty = Ty::Scalar(scalar);
        let int = u64::from(!scalar.is_float() && scalar != Scalar::Bool);
        match self.choices.weighted(&[4 * int, 3 * int, 3 * int, 3, 3, 4, 4, 3]) {
            0 => {
                self.see("mask");
                let op = *self.choices.one_of(&["&", "|"]);
                let ones =
                    if scalar.is_signed() { Literal::from_i64(scalar, -1) } else { self.all_bits(scalar) };
                let zero = Literal::from_i64(scalar, 0);
                let bits = if self.choices.chance(50) { zero } else { ones };
                self.with_constant(&ty, op, &bits)
            }
            1 => {
                self.see("times zero");
                self.with_constant(&ty, "*", &Literal::from_i64(scalar, 0))
            }
            2 => {
                self.see("constants around an operand");
                let op = *self.choices.one_of(&["+", "*", "^", "&", "|", "-"]);
                let (a, c) = (self.literal(scalar), self.literal(scalar));
                let x = self.expr(&ty);
                Piece::new(format!("(({} {op} {}) {op} {})", x.text, a.text, c.text))
            }
            3 => {
                self.see("minus a negation");
                let (a, b) = (self.expr(&ty), self.expr(&ty));
                Piece::new(format!("({} - (-{}))", a.text, b.text))
            }
            4 => {
                self.see("cast of a cast");
                let (from, between) = (self.palette_scalar(), self.any_scalar());
                let x = self.expr(&Ty::Scalar(from));
                Piece::new(format!("{}({}({}))", scalar.name(), between.name(), x.text))
            }
            5 => {
                self.see("choice of structs that is taken apart");
                let name = self.fresh("pair");
                let choice = self.choice_of_pairs(&ty);
                Piece::new(format!("(let {name} = {choice}; ({name}.$1 + {name}.$0))"))
            }
            6 => {
                self.see("field of a choice");
                let field = *self.choices.one_of(&["$0", "$1"]);
                Piece::new(format!("{}.{field}", self.choice_of_pairs(&ty)))
            }
            _ => {
                self.see("double negation");
                let x = self.expr(&ty);
                let sign = if scalar == Scalar::Bool { "!" } else { "-" };
                Piece::new(format!("({sign}({sign}{}))", x.text))
            }
        }
    }

    fn choice_of_pairs(&mut self, ty: &Ty) -> String {
        let how = *self.choices.one_of(&["if", "select"]);
        let condition = self.expr(&Ty::BOOL).text;
        let arms: Vec<String> = (0..2)
            .map(|_| {
                let (a, b) = (self.expr(ty), self.expr(ty));
                format!("{{{}, {}}}", a.text, b.text)
            })
            .collect();
        format!("{how}({condition}, {})", arms.join(", "))
    }

    fn with_constant(&mut self, ty: &Ty, op: &str, constant: &Literal) -> Piece {
        let x = self.expr(ty).text;
        let constant = self.written(constant);
        let (a, b) = if self.choices.chance(70) { (x, constant) } else { (constant, x) };
        Piece::new(format!("({a} {op} {b})"))
    }

    fn all_bits(&self, scalar: Scalar) -> Literal {
        match scalar {
            Scalar::U8 => Literal::U8(u8::MAX),
            Scalar::U16 => Literal::U16(u16::MAX),
            Scalar::U32 => Literal::U32(u32::MAX),
            _ => Literal::U64(u64::MAX),
        }
    }

    /// A large loop over the values of a loop that merges in one of several branches.
    pub(super) fn after_branches(&mut self, elem: &Ty) -> Piece {
        self.see("branches before a large loop");
        let data = self.some_vector();
        let between = if self.choices.chance(75) { self.palette_scalar().into() } else { self.elem_type() };
        let outer = self.scope.len();
        let (mut inner, mut degree) = (0, data.degree);
        let mut text = data.text.clone();
        for (from, to, index, depth) in
            [(data.clone(), &between, 40, 2), (self.between(&data, &between), elem, 15, 3)]
        {
            let (builder, i, x) = (self.fresh("b"), self.fresh("at"), self.fresh("y"));
            if self.choices.chance(index) {
                self.push_index(&i);
            }
            let branches = self.branches(&from, &builder, &x, to, depth);
            self.scope.truncate(outer);
            inner = inner.max(branches.longest());
            degree = from.degree;
            text = format!("result(for({text}, appender[{to}], |{builder}, {i}, {x}| {}))", branches.text);
        }
        let len = self.new_len();
        Piece { text, degree, inner, len }
    }

    fn between(&self, data: &Data, elem: &Ty) -> Data {
        Data { text: String::new(), elem: elem.clone(), len: None, small: false, ..data.clone() }
    }

    /// Merges under `depth` levels of branches, nearly always one in each.
    fn branches(&mut self, data: &Data, builder: &str, x: &str, to: &Ty, depth: u32) -> Piece {
        let first = u64::from(depth > 1) * 60 + 30;
        let kind = if depth == 0 { 1 } else { self.choices.weighted(&[first, 12, 6, 5, 4]) };
        match kind {
            0 => {
                let condition = self.elem_body(data, x, &Ty::BOOL, Floats::Any);
                let arms = [0, 1].map(|_| self.branches(data, builder, x, to, depth - 1));
                let inner = arms.iter().map(Piece::longest).max().unwrap_or(0).max(condition.longest());
                let [a, b] = arms.map(|arm| arm.text);
                Piece { inner, ..Piece::new(format!("if({}, {a}, {b})", condition.text)) }
            }
            1 => {
                let value = self.elem_body(data, x, to, Floats::Any);
                Piece { inner: value.longest(), ..Piece::new(format!("merge({builder}, {})", value.text)) }
            }
            2 => {
                let value = self.elem_body(data, x, to, Floats::Any);
                let name = self.fresh("t");
                let text = format!("(let {name} = {}; merge({builder}, {name}))", value.text);
                Piece { inner: value.longest(), ..Piece::new(text) }
            }
            3 => Piece::new(builder),
            _ => {
                let (one, two) =
                    (self.elem_body(data, x, to, Floats::Any), self.elem_body(data, x, to, Floats::Any));
                let text = format!("merge(merge({builder}, {}), {})", one.text, two.text);
                Piece { inner: one.longest().max(two.longest()), ..Piece::new(text) }
            }
        }
    }
}
