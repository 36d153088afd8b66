//! Loops that say themselves what is in each lane: blocks with `simditer`, the rest with `fringeiter`.

use super::loops::Floats;
use super::scope::{Cost, Var};
use super::{Gen, Piece};
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty, UnOp};

impl Gen<'_> {
    /// `result` of a builder that went through the blocks of a vector and then through its fringe.
    pub(super) fn in_blocks(&mut self, builder: &BuilderTy) -> Option<Piece> {
        let found: Vec<Var> = self
            .visible()
            .into_iter()
            .filter(|var| var.ty.elem().is_some_and(|elem| elem.in_lanes().is_some()))
            .collect();
        let cost = Cost { degree: 1, factor: 1 };
        if found.is_empty() || !self.affordable(cost) {
            return None;
        }
        let one = builder.merge_ty();
        let lanes = one.in_lanes()?;
        let var = self.choices.one_of(&found).clone();
        let elem = var.ty.elem()?.clone();
        let ty = Ty::builder(builder.clone());
        // The lanes of a block meet in another order than the elements of a scalar loop: the sum may round.
        if let BuilderTy::Merger(value, MergeOp::Add | MergeOp::Mul) = builder
            && self.exact
            && float_in(value)
        {
            return None;
        }
        self.see("simditer and fringeiter");
        let start = self.start(&ty);
        let (b, i, e) = (self.fresh("b"), self.fresh("at"), self.fresh("e"));
        let outer = self.scope.len();
        let body = self.inside(var.degree, 1, |generator| {
            generator.push_index(&i);
            generator.push_lanes(&e, &elem.in_lanes().unwrap_or(Ty::I64));
            generator.lanes(&lanes, 3)
        });
        self.scope.truncate(outer);
        let guard = if self.choices.chance(15) {
            self.see("merge of lanes under if");
            let condition = self.expr(&Ty::BOOL);
            format!("if({}, merge({b}, {body}), {b})", condition.text)
        } else {
            format!("merge({b}, {body})")
        };
        let blocks = format!("for(simditer({}), {start}, |{b}, {i}, {e}| {guard})", var.name);
        let (lo, b2, i2, e2) = (self.fresh("lo"), self.fresh("b"), self.fresh("at"), self.fresh("e"));
        let rest = self.inside(0, 16, |generator| {
            generator.push_index(&i2);
            generator.push_lanes(&e2, &elem);
            generator.merge_value(builder, &one)
        });
        self.scope.truncate(outer);
        let text = format!(
            "(let {lo} = {blocks}; result(for(fringeiter({}), {lo}, |{b2}, {i2}, {e2}| merge({b2}, {rest}))))",
            var.name
        );
        let degree = if matches!(builder, BuilderTy::Appender(_)) { var.degree } else { 0 };
        Some(Piece::with_degree(text, degree))
    }

    fn merge_value(&mut self, builder: &BuilderTy, one: &Ty) -> String {
        match builder {
            BuilderTy::Merger(value, _) => self.merged(value, Floats::Any).text,
            _ => self.expr(one).text,
        }
    }

    fn push_lanes(&mut self, name: &str, ty: &Ty) {
        self.scope.push(Var {
            name: name.to_string(),
            ty: ty.clone(),
            degree: 0,
            inner: 0,
            len: None,
            small: false,
        });
    }

    /// An expression of a type made of lanes.
    fn lanes(&mut self, ty: &Ty, depth: u32) -> String {
        let start = self.choices.begin();
        let made = match ty {
            Ty::Simd(scalar) => self.simd(*scalar, depth),
            Ty::Struct(fields) => {
                let items: Vec<String> = fields.iter().map(|field| self.lanes(field, depth)).collect();
                format!("{{{}}}", items.join(", "))
            }
            _ => self.expr(ty).text,
        };
        self.choices.end(start);
        made
    }

    fn simd(&mut self, scalar: Scalar, depth: u32) -> String {
        self.budget -= 1;
        let ty = Ty::Simd(scalar);
        let deeper = u64::from(depth > 0 && self.budget > 0);
        let at_hand = self.usable(&ty);
        let is_bool = scalar == Scalar::Bool;
        let number = u64::from(!is_bool);
        let int = u64::from(scalar.is_int());
        let float = u64::from(scalar.is_float());
        let weights = [
            10,
            50 * u64::from(!at_hand.is_empty()),
            40 * number * deeper,
            12 * deeper,
            14 * deeper,
            8 * int * deeper,
            14 * float * deeper,
            30 * (1 - number) * deeper,
            6 * deeper,
            6 * number * deeper,
            30 * (1 - number) * deeper,
        ];
        match self.choices.weighted(&weights) {
            0 => {
                self.see("broadcast");
                let value = self.expr(&Ty::Scalar(scalar));
                format!("broadcast({})", value.text)
            }
            1 => self.choices.one_of(&at_hand).name.clone(),
            2 => {
                self.see("arithmetic in lanes");
                let op = *self.choices.one_of(&["+", "-", "*"]);
                format!("({} {op} {})", self.simd(scalar, depth - 1), self.simd(scalar, depth - 1))
            }
            3 => {
                self.see("select in lanes");
                let condition = self.simd(Scalar::Bool, depth - 1);
                format!(
                    "select({condition}, {}, {})",
                    self.simd(scalar, depth - 1),
                    self.simd(scalar, depth - 1)
                )
            }
            4 => {
                self.see("cast in lanes");
                let from = self.palette_scalar();
                format!("{}({})", scalar.name(), self.simd(from, depth - 1))
            }
            5 => {
                self.see("bit operation in lanes");
                let op = *self.choices.one_of(&["&", "|", "^"]);
                format!("({} {op} {})", self.simd(scalar, depth - 1), self.simd(scalar, depth - 1))
            }
            6 => {
                self.see("math function in lanes");
                let function = *self.choices.one_of(&UnOp::FUNCTIONS);
                format!("{}({})", function.symbol(), self.simd(scalar, depth - 1))
            }
            7 => {
                self.see("comparison in lanes");
                let side = self.palette_scalar();
                let op = *self.choices.one_of(&["==", "!=", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.simd(side, depth - 1), self.simd(side, depth - 1))
            }
            8 => {
                self.see("min or max in lanes");
                let op = *self.choices.one_of(&["min", "max"]);
                format!("{op}({}, {})", self.simd(scalar, depth - 1), self.simd(scalar, depth - 1))
            }
            9 => {
                self.see("negation in lanes");
                format!("(-{})", self.simd(scalar, depth - 1))
            }
            _ => {
                self.see("logic in lanes");
                let op = *self.choices.one_of(&["&&", "||", "&", "^"]);
                format!("({} {op} {})", self.simd(scalar, depth - 1), self.simd(scalar, depth - 1))
            }
        }
    }
}

fn float_in(ty: &Ty) -> bool {
    match ty {
        Ty::Struct(fields) => fields.iter().any(float_in),
        other => other.scalar().is_some_and(Scalar::is_float),
    }
}
