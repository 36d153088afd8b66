//! Expressions of scalar types: operators, casts, functions, reductions.

use super::loops::Floats;
use super::scope::Cost;
use super::{Gen, Piece};
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty, UnOp};

const ARITHMETIC: [&str; 5] = ["+", "-", "*", "/", "%"];
const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

impl Gen<'_> {
    /// A number made by an operation.
    pub(super) fn number_op(&mut self, scalar: Scalar) -> Piece {
        let ty = Ty::Scalar(scalar);
        let is_float = scalar.is_float();
        let int = u64::from(!is_float);
        let loops = u64::from(self.affordable(Cost { degree: 1, factor: 1 }));
        let has_len = u64::from(scalar == Scalar::I64);
        let is_i32 = u64::from(scalar == Scalar::I32);
        let weights = [
            30,
            8,
            12,
            10,
            14 * has_len,
            8 * int,
            3 * int,
            10 * (1 - int),
            25 * loops,
            12 * loops,
            5 * is_i32,
            3,
            5 * has_len,
            7 * loops,
            5,
            8,
        ];
        match self.choices.weighted(&weights) {
            0 => self.arithmetic(&ty, is_float),
            1 => {
                self.see("negation");
                let operand = self.expr(&ty);
                Piece::new(format!("(-{})", operand.text))
            }
            2 => self.cast(scalar),
            3 => {
                self.see("min or max");
                let name = *self.choices.one_of(&["min", "max"]);
                let (a, b) = (self.expr(&ty), self.expr(&ty));
                Piece::new(format!("{name}({}, {})", a.text, b.text))
            }
            4 => {
                self.see("len");
                let elem = self.elem_type();
                let vector = match self.vector_var() {
                    Some(var) if self.choices.chance(60) => var.name,
                    _ => self.expr(&Ty::vec(elem)).text,
                };
                Piece::new(format!("len({vector})"))
            }
            5 => {
                self.see("bit operation");
                let op = *self.choices.one_of(&["&", "|", "^"]);
                let (a, b) = (self.expr(&ty), self.expr(&ty));
                Piece::new(format!("({} {op} {})", a.text, b.text))
            }
            6 => {
                self.see("shift or complement");
                let (a, b) = (self.expr(&ty), self.expr(&ty));
                Piece::new(match self.choices.draw(3) {
                    0 => format!("({} << {})", a.text, b.text),
                    1 => format!("({} >> {})", a.text, b.text),
                    _ => format!("(~{})", a.text),
                })
            }
            7 => self.math(&ty),
            8 => self.reduction(&ty),
            9 => self.reduction_macro(scalar),
            10 => {
                self.see("macro: compare");
                let side = Ty::Scalar(self.palette_scalar());
                let (a, b) = (self.expr(&side), self.expr(&side));
                Piece::new(format!("compare({}, {})", a.text, b.text))
            }
            12 => self.dict_len(),
            14 => self.c_call(scalar),
            13 => {
                let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
                match self.in_blocks(&BuilderTy::Merger(ty.clone(), op)) {
                    Some(piece) => piece,
                    None => self.reduction(&ty),
                }
            }
            15 => self.idiom(scalar),
            _ => {
                self.see("macro: clamp");
                let (x, low, high) = (self.expr(&ty), self.expr(&ty), self.expr(&ty));
                Piece::new(format!("clamp({}, {}, {})", x.text, low.text, high.text))
            }
        }
    }

    fn arithmetic(&mut self, ty: &Ty, is_float: bool) -> Piece {
        let op = ARITHMETIC[self.choices.weighted(&[30, 20, 25, 10, 10])];
        self.see("arithmetic");
        let a = self.expr(ty);
        let divides = matches!(op, "/" | "%") && !is_float;
        let b = if divides && !self.choices.chance(12) {
            // A divisor that is not zero.
            match self.choices.weighted(&[60, 40]) {
                0 => {
                    let scalar = ty.scalar().unwrap_or(Scalar::I64);
                    let divisor = *self.choices.one_of(&[2, 3, 1, 7, 10, -1, -3, 100]);
                    let divisor = if scalar.is_signed() { divisor } else { i64::abs(divisor) };
                    let literal = weld::ir::Literal::from_i64(scalar, divisor);
                    Piece::new(self.written(&literal))
                }
                _ => {
                    let b = self.expr(ty);
                    let scalar = ty.scalar().unwrap_or(Scalar::I64);
                    let one = weld::ir::Literal::from_i64(scalar, 1);
                    Piece::new(format!("max({}, {one})", b.text))
                }
            }
        } else {
            if divides {
                self.see("division that may fail");
            }
            self.expr(ty)
        };
        Piece::new(format!("({} {op} {})", a.text, b.text))
    }

    /// A cast of whatever scalar is at hand.
    fn cast(&mut self, to: Scalar) -> Piece {
        if self.choices.chance(60) {
            return self.cast_of_variable(to);
        }
        self.see("cast");
        let from = if self.choices.chance(50) { self.any_scalar() } else { self.palette_scalar() };
        let operand = self.expr(&Ty::Scalar(from));
        Piece::new(format!("{}({})", to.name(), operand.text))
    }

    /// A cast of a variable, or a literal when there is none.
    pub(super) fn cast_of_variable(&mut self, to: Scalar) -> Piece {
        let mut found = Vec::new();
        for scalar in Scalar::ALL {
            found.extend(self.usable(&Ty::Scalar(scalar)));
        }
        if found.is_empty() {
            return self.literal(to);
        }
        self.see("cast");
        let operand = self.choices.one_of(&found).name.clone();
        Piece::new(format!("{}({operand})", to.name()))
    }

    fn math(&mut self, ty: &Ty) -> Piece {
        if self.choices.chance(25) {
            self.see("pow");
            let (a, b) = (self.expr(ty), self.expr(ty));
            return Piece::new(format!("pow({}, {})", a.text, b.text));
        }
        self.see("math function");
        let function = *self.choices.one_of(&UnOp::FUNCTIONS);
        let operand = self.expr(ty);
        Piece::new(format!("{}({})", function.symbol(), operand.text))
    }

    /// A straight loop of math functions, as lanes take it.
    pub(super) fn math_in_lanes(&mut self, scalar: Scalar) -> Piece {
        self.see("math functions in lanes");
        let ty = Ty::Scalar(scalar);
        let data = self.expr(&Ty::vec(ty.clone()));
        self.spend(Cost { degree: data.degree, factor: 4 });
        let name = self.fresh("e");
        let mut body = name.clone();
        for _ in 0..=self.choices.draw(3) {
            body = match self.choices.weighted(&[60, 12, 12, 14, 14]) {
                0 => format!("{}({body})", self.choices.one_of(&UnOp::FUNCTIONS).symbol()),
                1 => format!("pow({body}, {})", self.literal(scalar).text),
                2 => format!("({body} % {})", self.literal(scalar).text),
                // The other operand keeps the argument away from the few values that functions of functions have.
                3 => format!("({body} * {name})"),
                _ => format!("({body} + {})", self.literal(scalar).text),
            };
        }
        Piece { text: format!("map({}, |{name}| {body})", data.text), ..data }
    }

    /// A truth value made by an operation.
    pub(super) fn bool_op(&mut self) -> Piece {
        let loops = u64::from(self.affordable(Cost { degree: 1, factor: 1 }));
        match self.choices.weighted(&[50, 20, 8, 6, 5, 3, 4 * loops, 4]) {
            0 => {
                let ty = match self.choices.weighted(&[80, 8, 12]) {
                    0 => Ty::Scalar(self.palette_scalar()),
                    1 => self.struct_type(1),
                    _ => Ty::vec(self.elem_type()),
                };
                self.see(match ty {
                    Ty::Scalar(_) => "comparison of scalars",
                    Ty::Struct(_) => "comparison of structs",
                    _ => "comparison of vectors",
                });
                let op = *self.choices.one_of(&COMPARISONS);
                let (a, b) = (self.expr(&ty), self.expr(&ty));
                let degree = a.longest().max(b.longest());
                if degree > 0 {
                    self.spend(Cost { degree, factor: 1 });
                }
                Piece::new(format!("({} {op} {})", a.text, b.text))
            }
            1 => {
                self.see("&& or ||");
                let op = *self.choices.one_of(&["&&", "||"]);
                let (a, b) = (self.expr(&Ty::BOOL), self.expr(&Ty::BOOL));
                Piece::new(format!("({} {op} {})", a.text, b.text))
            }
            2 => {
                self.see("not");
                let operand = self.expr(&Ty::BOOL);
                Piece::new(format!("(!{})", operand.text))
            }
            3 => {
                self.see("bit operation on bool");
                let op = *self.choices.one_of(&["&", "|", "^"]);
                let (a, b) = (self.expr(&Ty::BOOL), self.expr(&Ty::BOOL));
                Piece::new(format!("({} {op} {})", a.text, b.text))
            }
            4 => {
                self.see("cast to bool");
                let scalar = self.palette_scalar();
                let operand = self.expr(&Ty::Scalar(scalar));
                Piece::new(format!("bool({})", operand.text))
            }
            5 => {
                self.see("min or max of bool");
                let name = *self.choices.one_of(&["min", "max"]);
                let (a, b) = (self.expr(&Ty::BOOL), self.expr(&Ty::BOOL));
                Piece::new(format!("{name}({}, {})", a.text, b.text))
            }
            7 => self.key_exists(),
            _ => {
                self.see("macro: any or all");
                let name = *self.choices.one_of(&["any", "all"]);
                let (data, function) = self.function_over(&Ty::BOOL);
                Piece::new(format!("{name}({data}, {function})"))
            }
        }
    }

    /// `sum(v)` and its like.
    fn reduction_macro(&mut self, scalar: Scalar) -> Piece {
        let ty = Ty::Scalar(scalar);
        let kind = self.choices.weighted(&[40, 15, 15, 10, 20 * u64::from(scalar == Scalar::I64)]);
        let vector = Ty::vec(ty.clone());
        match kind {
            0 | 3 if scalar.is_float() => {
                // Sums of floats go through the one place that keeps them exact.
                self.reduction(&ty)
            }
            4 => {
                self.see("macro: count");
                let (data, predicate) = self.function_over(&Ty::BOOL);
                Piece::new(format!("count({data}, {predicate})"))
            }
            _ => {
                let name = ["sum", "minimum", "maximum", "product"][kind];
                self.see("macro: sum and its like");
                let data = self.expr(&vector);
                self.spend(Cost { degree: data.degree, factor: 1 });
                Piece::new(format!("{name}({})", data.text))
            }
        }
    }

    /// A vector at hand, and a function of its elements that gives `ret`.
    pub(super) fn function_over(&mut self, ret: &Ty) -> (String, String) {
        let data = self.some_vector();
        let function = self.elem_function(&data, ret, Floats::Any);
        (data.text, function.text)
    }
}
