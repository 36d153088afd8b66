//! Loops that can run in lanes: scalars and structs of them, branches around merges, lazy logic, guarded lookups and
//! divisions, appenders that get something only sometimes.

use super::scope::Var;
use super::vectors::named;
use super::{Gen, Piece};
use weld::ir::{BuilderTy, Literal, MergeOp, Scalar, Ty, UnOp};

/// A scalar that can be read in the loop.
type Atom = (String, Scalar);

const INTS: [Scalar; 8] =
    [Scalar::I64, Scalar::I32, Scalar::I8, Scalar::U8, Scalar::I16, Scalar::U16, Scalar::U32, Scalar::U64];

impl Gen<'_> {
    /// `let r = for(.., builders, ..); results`.
    pub(super) fn lane_loop(&mut self) -> Piece {
        self.see("loop for lanes");
        let (data, mut atoms) = self.lane_data();
        let (b, i, e) = (self.fresh("b"), self.fresh("at"), self.fresh("e"));
        for (text, _) in &mut atoms {
            *text = format!("{e}{text}");
        }
        atoms.push((i.clone(), Scalar::I64));
        for var in self.visible() {
            if let (Some(scalar), 0) = (var.ty.scalar(), var.degree) {
                atoms.push((var.name, scalar));
            }
        }
        let count = self.choices.weighted(&[40, 30, 20, 10]) + 1;
        let builders: Vec<BuilderTy> = (0..count).map(|_| self.lane_builder()).collect();
        let texts: Vec<String> =
            builders.iter().map(|builder| Ty::builder(builder.clone()).to_string()).collect();
        let degree = u32::from(builders.iter().any(|builder| matches!(builder, BuilderTy::Appender(_))));
        let (start, places): (String, Vec<String>) = match texts.as_slice() {
            [one] => (one.clone(), vec![String::new()]),
            many => (format!("{{{}}}", many.join(", ")), (0..count).map(|k| format!(".${k}")).collect()),
        };
        let body = self.inside(1, 1, |generator| generator.lane_body(&b, &builders, &atoms, 3));
        let r = self.fresh("r");
        let results: Vec<String> = places.iter().map(|place| format!("result({r}{place})")).collect();
        let value = if count == 1 { results.concat() } else { format!("{{{}}}", results.join(", ")) };
        Piece::with_degree(
            format!("(let {r} = for({data}, {start}, |{b}, {i}, {e}| {body}); {value})"),
            degree,
        )
    }

    /// What the loop runs over, and how its scalars are written after the name of the element.
    fn lane_data(&mut self) -> (String, Vec<Atom>) {
        let mut columns = Vec::new();
        for var in self.visible() {
            let fits = var.ty.elem().is_some_and(|elem| elem.in_lanes().is_some());
            if var.len == Some(0) && fits && (columns.is_empty() || self.choices.chance(60)) {
                columns.push(named(var));
            }
        }
        let texts: Vec<String> = columns.iter().map(|column| column.text.clone()).collect();
        let mut atoms = Vec::new();
        match columns.as_slice() {
            [] => return ("rangeiter(0L, 77L, 1L)".to_string(), vec![(String::new(), Scalar::I64)]),
            [one] => scalars(&one.elem, "", &mut atoms),
            many => {
                for (k, column) in many.iter().enumerate() {
                    scalars(&column.elem, &format!(".${k}"), &mut atoms);
                }
                return (format!("zip({})", texts.join(", ")), atoms);
            }
        }
        (texts.concat(), atoms)
    }

    fn lane_builder(&mut self) -> BuilderTy {
        match self.choices.weighted(&[30, 15, 45]) {
            0 => {
                self.see("appender in a loop for lanes");
                BuilderTy::Appender(self.palette_scalar().into())
            }
            1 => {
                self.see("appender of structs in a loop for lanes");
                let fields = self.choices.draw(3) + 1;
                BuilderTy::Appender(Ty::tuple(
                    (0..fields).map(|_| Ty::Scalar(self.palette_scalar())).collect(),
                ))
            }
            _ => {
                let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Min, MergeOp::Max, MergeOp::Mul]);
                let scalar = match self.palette_scalar() {
                    Scalar::Bool => Scalar::I64,
                    Scalar::F32 if self.exact => Scalar::F64,
                    scalar => scalar,
                };
                // Products of floats round.
                let op =
                    if scalar.is_float() && op == MergeOp::Mul && self.exact { MergeOp::Max } else { op };
                self.rounds |= scalar.is_float() && matches!(op, MergeOp::Add | MergeOp::Mul);
                BuilderTy::Merger(scalar.into(), op)
            }
        }
    }

    /// An expression derived from the builders `b`, each of which gets one value at most.
    fn lane_body(&mut self, b: &str, builders: &[BuilderTy], atoms: &[Atom], depth: u32) -> String {
        let start = self.choices.begin();
        let deeper = u64::from(depth > 0);
        let text = match self.choices.weighted(&[30, 40 * deeper, 12 * deeper, 10 * deeper, 4 * deeper]) {
            0 => self.lane_merges(b, builders, atoms, depth),
            1 => {
                self.see("merges under a condition");
                let condition = self.lane_value(Scalar::Bool, atoms, 2);
                let body = self.lane_body(b, builders, atoms, depth - 1);
                if self.choices.chance(15) {
                    format!("if({condition}, {b}, {body})")
                } else {
                    format!("if({condition}, {body}, {b})")
                }
            }
            2 => {
                self.see("merges in both branches");
                let condition = self.lane_value(Scalar::Bool, atoms, 2);
                let yes = self.lane_body(b, builders, atoms, depth - 1);
                let no = self.lane_body(b, builders, atoms, depth - 1);
                format!("if({condition}, {yes}, {no})")
            }
            3 => {
                let name = self.fresh("x");
                let scalar = self.palette_scalar();
                let value = self.lane_value(scalar, atoms, 2);
                let mut more = atoms.to_vec();
                more.push((name.clone(), scalar));
                format!("(let {name} = {value}; {})", self.lane_body(b, builders, &more, depth - 1))
            }
            _ => {
                self.see("assert in a loop for lanes");
                let name = self.fresh("x");
                let claim = if self.choices.chance(30) {
                    self.lane_value(Scalar::Bool, atoms, 1)
                } else {
                    let atom = self.choices.one_of(atoms).0.clone();
                    format!("({atom} == {atom} || true)")
                };
                format!("(let {name} = assert({claim}); {})", self.lane_body(b, builders, atoms, depth - 1))
            }
        };
        self.choices.end(start);
        text
    }

    fn lane_merges(&mut self, b: &str, builders: &[BuilderTy], atoms: &[Atom], depth: u32) -> String {
        if let [builder] = builders {
            return format!("merge({b}, {})", self.lane_merged(builder, atoms));
        }
        let items: Vec<String> = builders
            .iter()
            .enumerate()
            .map(|(k, builder)| {
                let one = std::slice::from_ref(builder);
                self.lane_body(&format!("{b}.${k}"), one, atoms, depth.saturating_sub(2))
            })
            .collect();
        format!("{{{}}}", items.join(", "))
    }

    fn lane_merged(&mut self, builder: &BuilderTy, atoms: &[Atom]) -> String {
        match builder {
            BuilderTy::Merger(Ty::Scalar(Scalar::F64), MergeOp::Add) if self.exact => {
                format!("f64({})", self.lane_value(Scalar::I8, atoms, 2))
            }
            BuilderTy::Merger(ty, _) | BuilderTy::Appender(ty) => self.lane_of(ty, atoms),
            _ => "0L".to_string(),
        }
    }

    fn lane_of(&mut self, ty: &Ty, atoms: &[Atom]) -> String {
        match (ty.scalar(), ty.fields()) {
            (Some(scalar), _) => self.lane_value(scalar, atoms, 3),
            (_, Some(fields)) => {
                let items: Vec<String> = fields.iter().map(|field| self.lane_of(field, atoms)).collect();
                format!("{{{}}}", items.join(", "))
            }
            _ => "0L".to_string(),
        }
    }

    /// A scalar that is computed without anything that lanes cannot do.
    fn lane_value(&mut self, scalar: Scalar, atoms: &[Atom], depth: u32) -> String {
        let start = self.choices.begin();
        let text = self.any_lane_value(scalar, atoms, depth);
        self.choices.end(start);
        text
    }

    fn any_lane_value(&mut self, scalar: Scalar, atoms: &[Atom], depth: u32) -> String {
        let alike: Vec<Atom> = atoms.iter().filter(|atom| atom.1 == scalar).cloned().collect();
        let literal = |generator: &mut Gen| {
            let literal = generator.plain(scalar);
            generator.written(&literal)
        };
        if depth == 0 {
            return match alike.as_slice() {
                [] if scalar == Scalar::Bool => literal(self),
                [] => format!("{}({})", scalar.name(), self.choices.one_of(atoms).0.clone()),
                _ if self.choices.chance(25) => literal(self),
                _ => self.choices.one_of(&alike).0.clone(),
            };
        }
        let depth = depth - 1;
        if scalar == Scalar::Bool && self.choices.chance(85) {
            return self.lane_condition(atoms, depth);
        }
        let number = u64::from(scalar.is_num());
        let whole = u64::from(scalar.is_int());
        let vectors: Vec<String> = self
            .visible()
            .into_iter()
            .filter(|var| var.degree == 1 && var.ty.elem() == Some(&Ty::Scalar(scalar)))
            .map(|var| var.name)
            .collect();
        let lookups = 16 * u64::from(!vectors.is_empty());
        let math = 25 * u64::from(scalar.is_float());
        match self.choices.weighted(&[20, 30 * number, 12, 14, 14 * whole, 8 * whole, math, lookups]) {
            0 => self.lane_value(scalar, atoms, 0),
            1 => {
                let op = *self.choices.one_of(&["+", "-", "*", "min", "max"]);
                let (x, y) = (self.lane_value(scalar, atoms, depth), self.lane_value(scalar, atoms, depth));
                if op.len() == 3 { format!("{op}({x}, {y})") } else { format!("({x} {op} {y})") }
            }
            2 => {
                let from = if self.choices.chance(70) { *self.choices.one_of(&INTS) } else { Scalar::F64 };
                format!("{}({})", scalar.name(), self.lane_value(from, atoms, depth))
            }
            3 => {
                let name = *self.choices.one_of(&["if", "select"]);
                let condition = self.lane_value(Scalar::Bool, atoms, depth);
                let (x, y) = (self.lane_value(scalar, atoms, depth), self.lane_value(scalar, atoms, depth));
                format!("{name}({condition}, {x}, {y})")
            }
            4 => {
                self.see("division by a constant in a loop for lanes");
                let divisor = *self.choices.one_of(&[3i64, 7, 10, 64, 1, 100]);
                let divisor = self.written(&Literal::from_i64(scalar, divisor));
                let op = *self.choices.one_of(&["/", "%"]);
                format!("({} {op} {divisor})", self.lane_value(scalar, atoms, depth))
            }
            5 => {
                let (x, y) = (self.lane_value(scalar, atoms, depth), self.lane_value(scalar, atoms, 0));
                let op = *self.choices.one_of(&["/", "%"]);
                let zero = self.written(&Literal::from_i64(scalar, 0));
                let one = self.written(&Literal::from_i64(scalar, 1));
                match self.choices.weighted(&[50, 40, 10]) {
                    0 => {
                        self.see("guarded division in a loop for lanes");
                        format!("if({y} != {zero}, {x} {op} {y}, {zero})")
                    }
                    1 => {
                        self.see("division by what is not zero in a loop for lanes");
                        format!("({x} {op} ({y} | {one}))")
                    }
                    _ => {
                        self.see("division that may fail in a loop for lanes");
                        format!("({x} {op} {y})")
                    }
                }
            }
            6 => {
                self.see("math function in a loop for lanes");
                let x = self.lane_value(scalar, atoms, depth);
                match self.choices.weighted(&[70, 15, 15]) {
                    0 => format!("{}({x})", self.choices.one_of(&UnOp::FUNCTIONS).symbol()),
                    1 => format!("pow({x}, {})", self.lane_value(scalar, atoms, 0)),
                    _ => format!("({x} % {})", self.lane_value(scalar, atoms, 0)),
                }
            }
            _ => {
                let vector = self.choices.one_of(&vectors).clone();
                let index = self.lane_value(Scalar::I64, atoms, depth.min(1));
                if self.choices.chance(14) {
                    self.see("lookup that may fail in a loop for lanes");
                    return format!("lookup({vector}, {index})");
                }
                self.see("guarded lookup in a loop for lanes");
                let (k, other) = (self.fresh("k"), literal(self));
                format!(
                    "(let {k} = {index}; if({k} >= 0L && {k} < len({vector}), lookup({vector}, {k}), {other}))"
                )
            }
        }
    }

    fn lane_condition(&mut self, atoms: &[Atom], depth: u32) -> String {
        let vectors: Vec<Var> = self
            .visible()
            .into_iter()
            .filter(|var| var.degree == 1 && var.ty.elem().is_some_and(|elem| elem.scalar().is_some()))
            .collect();
        let lookups = 8 * u64::from(!vectors.is_empty());
        match self.choices.weighted(&[60, 12, 12, 6, lookups]) {
            4 => {
                self.see("lookup guarded by lazy logic in a loop for lanes");
                let var = self.choices.one_of(&vectors).clone();
                let scalar = var.ty.elem().and_then(Ty::scalar).unwrap_or(Scalar::I64);
                let (k, v) = (self.fresh("k"), var.name);
                let index = self.lane_value(Scalar::I64, atoms, depth.min(1));
                let other = self.lane_value(scalar, atoms, 0);
                format!("(let {k} = {index}; {k} >= 0L && {k} < len({v}) && lookup({v}, {k}) != {other})")
            }
            0 => {
                let scalar = self.choices.one_of(atoms).1;
                let op = *self.choices.one_of(&["<", ">", "<=", ">=", "==", "!="]);
                let (x, y) =
                    (self.lane_value(scalar, atoms, depth.min(1)), self.lane_value(scalar, atoms, 0));
                format!("({x} {op} {y})")
            }
            choice @ (1 | 2) => {
                self.see("lazy logic in a loop for lanes");
                let op = if choice == 1 { "&&" } else { "||" };
                let (x, y) = (
                    self.lane_value(Scalar::Bool, atoms, depth),
                    self.lane_value(Scalar::Bool, atoms, depth),
                );
                format!("({x} {op} {y})")
            }
            _ => format!("(!{})", self.lane_value(Scalar::Bool, atoms, depth)),
        }
    }
}

/// The scalars of an element and their places in it.
fn scalars(ty: &Ty, place: &str, out: &mut Vec<Atom>) {
    match (ty.scalar(), ty.fields()) {
        (Some(scalar), _) => out.push((place.to_string(), scalar)),
        (_, Some(fields)) => {
            for (k, field) in fields.iter().enumerate() {
                scalars(field, &format!("{place}.${k}"), out);
            }
        }
        _ => {}
    }
}
