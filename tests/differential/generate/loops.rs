//! Loops: iterators, builders, and bodies that are derived from their builder by construction.

use super::scope::{Cost, Var};
use super::{Gen, Piece};
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty};

/// What floats may be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Floats {
    /// Any.
    Any,
    /// Only those whose sums are exact.
    Sums,
    /// Only those whose products are exact.
    Products,
}

impl Gen<'_> {
    /// `result` of a loop that reduces to `ty`, a number or a struct of numbers.
    pub(super) fn reduction(&mut self, ty: &Ty) -> Piece {
        let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
        let builder = Ty::builder(BuilderTy::Merger(ty.clone(), op));
        let (text, _) = self.built(&builder);
        Piece::new(format!("result({text})"))
    }

    /// `let r = for(.., {builders}, ..); {result(r.$0), ..}`
    pub(super) fn struct_of_results(&mut self, fields: &[Ty]) -> Piece {
        self.see("struct of builders");
        let mut builders = Vec::new();
        for field in fields {
            builders.push(match field {
                Ty::Vec(elem) if elem.is_mergeable() && self.choices.chance(20) => {
                    let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
                    Ty::builder(BuilderTy::VecMerger((**elem).clone(), op))
                }
                Ty::Vec(elem) => Ty::builder(BuilderTy::Appender((**elem).clone())),
                Ty::Dict(entry) => Ty::builder(self.dict_builder(&entry.0, &entry.1)),
                _ => {
                    let op = *self.choices.one_of(&[MergeOp::Add, MergeOp::Max, MergeOp::Min, MergeOp::Mul]);
                    Ty::builder(BuilderTy::Merger(field.clone(), op))
                }
            });
        }
        let count = builders.len();
        let nested = count > 2 && self.choices.chance(30);
        let ty = if nested {
            self.see("struct of structs of builders");
            let rest = Ty::tuple(builders.split_off(1));
            Ty::tuple(vec![builders.remove(0), rest])
        } else {
            Ty::tuple(builders)
        };
        let (text, degree) = self.built(&ty);
        let name = self.fresh("r");
        let results: Vec<String> = (0..count)
            .map(|at| match at {
                0 => format!("result({name}.$0)"),
                _ if nested => format!("result({name}.$1.${})", at - 1),
                _ => format!("result({name}.${at})"),
            })
            .collect();
        Piece::with_degree(format!("(let {name} = {text}; {{{}}})", results.join(", ")), degree)
    }

    /// A builder that has been through a loop or two, and the degree of what it holds.
    pub(super) fn built(&mut self, ty: &Ty) -> (String, u32) {
        let start = self.choices.begin();
        let made = match self.choices.weighted(&[3, 81, 8, 4, 4]) {
            0 => (self.start(ty), 0),
            1 => {
                let builder = self.start(ty);
                self.for_loop(builder, ty)
            }
            2 => {
                self.see("loop after loop on one builder");
                let builder = self.start(ty);
                let (first, degree) = self.for_loop(builder, ty);
                let (text, more) = self.for_loop(first, ty);
                (text, degree.max(more))
            }
            4 => {
                self.see("builder chosen by if");
                let condition = self.expr(&Ty::BOOL);
                let (yes, no) = (self.start(ty), self.start(ty));
                self.for_loop(format!("if({}, {yes}, {no})", condition.text), ty)
            }
            _ => {
                self.see("let-bound builder");
                let builder = self.start(ty);
                let name = self.fresh("b");
                self.busy.push(name.clone());
                let (text, degree) = self.for_loop(name.clone(), ty);
                self.busy.pop();
                (format!("(let {name} = {builder}; {text})"), degree)
            }
        };
        self.choices.end(start);
        made
    }

    /// A builder that is the state of an iterate, and goes through a loop in each turn.
    pub(super) fn iterated(&mut self, ty: &Ty) -> (String, u32) {
        self.see("iterate over a builder");
        let start = self.start(ty);
        let turns = self.choices.draw(3) + 1;
        let state = self.fresh("s");
        self.busy.push(state.clone());
        let (step, degree) = self.inside(0, turns, |generator| {
            let builder = format!("{state}.$0");
            if generator.choices.chance(50) {
                generator.for_loop(builder, ty)
            } else {
                generator.derived(&builder, ty)
            }
        });
        self.busy.pop();
        let text = format!(
            "iterate({{{start}, 1L}}, |{state}| {{{{{step}, {state}.$1 + 1L}}, {state}.$1 < {turns}L}}).$0"
        );
        (text, degree)
    }

    /// A new builder.
    pub(super) fn start(&mut self, ty: &Ty) -> String {
        let Some(builder) = ty.as_builder() else {
            let fields = ty.fields().unwrap_or(&[]).to_vec();
            let items: Vec<String> = fields.iter().map(|field| self.start(field)).collect();
            return format!("{{{}}}", items.join(", "));
        };
        match builder {
            BuilderTy::Appender(elem) => match self.choices.weighted(&[80, 12, 8]) {
                0 => {
                    self.see("appender");
                    format!("appender[{elem}]")
                }
                1 => {
                    self.see("appender with a hint");
                    let hint = *self.choices.one_of(&["0L", "1L", "10L", "-1L", "5000L"]);
                    format!("appender[{elem}]({hint})")
                }
                _ => {
                    self.see("merge outside a loop");
                    let value = self.expr(elem);
                    format!("merge(appender[{elem}], {})", value.text)
                }
            },
            BuilderTy::Merger(value, op) => {
                let floats = self.note_merger(value, *op);
                match self.choices.weighted(&[70, 22, 8]) {
                    0 => ty.to_string(),
                    1 => {
                        self.see("merger with a start value");
                        let start = self.merged(value, floats);
                        format!("{ty}({})", start.text)
                    }
                    _ => {
                        self.see("merge outside a loop");
                        let start = self.merged(value, floats);
                        format!("merge({ty}, {})", start.text)
                    }
                }
            }
            BuilderTy::DictMerger(key, value, _) => {
                self.see("dictmerger");
                let plain = format!("{ty}");
                match self.choices.weighted(&[74, 16, 10]) {
                    0 => plain,
                    1 => {
                        self.see("dictmerger with a start value");
                        let start = self.expr(&super::dicts::dict(key.clone(), value.clone()));
                        format!("{ty}({})", start.text)
                    }
                    _ => {
                        self.see("merge outside a loop");
                        let entry = self.entry(key, value);
                        format!("merge({plain}, {})", entry.text)
                    }
                }
            }
            BuilderTy::GroupMerger(key, value) => {
                self.see("groupmerger");
                if self.choices.chance(10) {
                    self.see("merge outside a loop");
                    let entry = self.entry(key, value);
                    return format!("merge({ty}, {})", entry.text);
                }
                ty.to_string()
            }
            BuilderTy::VecMerger(elem, op) => {
                let floats = self.floats(elem, *op);
                let slots = self.slots(elem, floats);
                format!("{ty}({slots})")
            }
        }
    }

    /// Counts a merger and says what may be merged into it.
    fn note_merger(&mut self, value: &Ty, op: MergeOp) -> Floats {
        self.see(match (value, op) {
            (Ty::Struct(_), _) => "merger of structs",
            (_, MergeOp::Add) => "merger +",
            (_, MergeOp::Mul) => "merger *",
            (_, MergeOp::Min) => "merger min",
            (_, MergeOp::Max) => "merger max",
        });
        self.floats(value, op)
    }

    /// What may be merged into a builder of these values.
    fn floats(&mut self, value: &Ty, op: MergeOp) -> Floats {
        let has_float = match value {
            Ty::Struct(fields) => fields.iter().any(|field| field.scalar().is_some_and(Scalar::is_float)),
            other => other.scalar().is_some_and(Scalar::is_float),
        };
        if !has_float || matches!(op, MergeOp::Min | MergeOp::Max) {
            return Floats::Any;
        }
        self.see("float reduction");
        self.rounds = true;
        match op {
            _ if !self.exact => Floats::Any,
            MergeOp::Add => Floats::Sums,
            _ => Floats::Products,
        }
    }

    /// A value to be merged.
    pub(super) fn merged(&mut self, ty: &Ty, floats: Floats) -> Piece {
        match ty {
            Ty::Scalar(scalar) if scalar.is_float() && floats != Floats::Any => {
                let start = self.choices.begin();
                let piece = self.exact_float(*scalar, floats, 2);
                self.choices.end(start);
                piece
            }
            Ty::Struct(fields) if floats != Floats::Any => {
                let items: Vec<String> = fields.iter().map(|field| self.merged(field, floats).text).collect();
                Piece::new(format!("{{{}}}", items.join(", ")))
            }
            _ => self.expr(ty),
        }
    }

    /// A float whose sums, or products, with its like are exact.
    fn exact_float(&mut self, scalar: Scalar, floats: Floats, depth: u32) -> Piece {
        let suffix = if scalar == Scalar::F32 { "F" } else { "" };
        if floats == Floats::Products {
            return match self.choices.weighted(&[1, 2, 4]) {
                0 => Piece::new(format!("1.0{suffix}")),
                1 => Piece::new(format!("(-1.0{suffix})")),
                _ => {
                    let condition = self.expr(&Ty::BOOL);
                    Piece::new(format!("select({}, 1.0{suffix}, -1.0{suffix})", condition.text))
                }
            };
        }
        let ty = Ty::Scalar(scalar);
        let small: Vec<Var> = self.usable(&ty).into_iter().filter(|var| var.small).collect();
        let deeper = u64::from(depth > 0);
        let weights = [2, 40 * u64::from(!small.is_empty()), 10, 8, 12 * deeper, 8 * deeper];
        match self.choices.weighted(&weights) {
            0 => Piece::new(format!("1.0{suffix}")),
            1 => Piece::new(self.choices.one_of(&small).name.clone()),
            2 => {
                let literal = self.plain(scalar);
                Piece::new(self.written(&literal))
            }
            3 => {
                let from = if scalar == Scalar::F64 {
                    *self.choices.one_of(&[Scalar::I8, Scalar::I16])
                } else {
                    Scalar::Bool
                };
                let operand = self.expr(&Ty::Scalar(from));
                Piece::new(format!("{}({})", scalar.name(), operand.text))
            }
            4 => {
                let op = *self.choices.one_of(&["+", "-"]);
                let (a, b) = (
                    self.exact_float(scalar, floats, depth - 1),
                    self.exact_float(scalar, floats, depth - 1),
                );
                Piece::new(format!("({} {op} {})", a.text, b.text))
            }
            _ => {
                let condition = self.expr(&Ty::BOOL);
                let (a, b) = (
                    self.exact_float(scalar, floats, depth - 1),
                    self.exact_float(scalar, floats, depth - 1),
                );
                let name = *self.choices.one_of(&["if", "select"]);
                Piece::new(format!("{name}({}, {}, {})", condition.text, a.text, b.text))
            }
        }
    }

    /// `for(.., builder, |b, i, e| ..)`, and the degree of what the builder then holds.
    fn for_loop(&mut self, builder: String, ty: &Ty) -> (String, u32) {
        self.see("for");
        let iters = self.iterators();
        if !self.affordable(iters.cost) {
            return (builder, 0);
        }
        let mut names: Vec<String> = Vec::new();
        for _ in 0..3 {
            let name = self.param_name(&names);
            names.push(name);
        }
        let [b, i, e] = &names[..] else { return (builder, 0) };
        let outer = self.scope.len();
        let hidden = self.busy.len();
        self.push_index(i);
        self.scope.push(Var {
            name: e.clone(),
            ty: iters.elem.clone(),
            degree: iters.inner,
            inner: iters.inner,
            len: None,
            small: iters.small,
        });
        self.busy.push(b.clone());
        let (body, inner) =
            self.inside(iters.cost.degree, iters.cost.factor, |generator| generator.derived(b, ty));
        self.busy.truncate(hidden);
        self.scope.truncate(outer);
        let declared = if self.choices.chance(8) { format!(": {}", iters.elem) } else { String::new() };
        let note = match self.choices.weighted(&[85, 3, 10, 2]) {
            1 => "@(vectorize:false) ",
            2 => "@(grain_size:1) ",
            3 => "@(size:5, tile_size:2) ",
            _ => "",
        };
        if !note.is_empty() {
            self.see("annotated for");
        }
        let text = format!("{note}for({}, {builder}, |{b}, {i}, {e}{declared}| {body})", iters.text);
        (text, iters.cost.degree + inner)
    }

    /// An expression derived from the builder `b` of type `ty`, which it uses at most once.
    fn derived(&mut self, b: &str, ty: &Ty) -> (String, u32) {
        let start = self.choices.begin();
        let made = self.any_derived(b, ty);
        self.choices.end(start);
        made
    }

    fn any_derived(&mut self, b: &str, ty: &Ty) -> (String, u32) {
        self.budget -= 1;
        let is_struct = ty.fields().is_some();
        let tired = self.budget <= 0 || self.depth >= 9;
        let loops = 12 * u64::from(self.affordable(Cost { degree: 1, factor: 8 }));
        let weights = if tired { [1, 30, 0, 0, 0, 0, 0, 0] } else { [5, 70, 22, 10, 6, loops, 5, 3] };
        self.depth += 1;
        let made = match self.choices.weighted(&weights) {
            0 => (b.to_string(), 0),
            1 if is_struct => {
                let fields = ty.fields().unwrap_or(&[]).to_vec();
                let mut degree = 0;
                let mut items = Vec::new();
                for (at, field) in fields.iter().enumerate() {
                    let (text, more) = self.derived(&format!("{b}.${at}"), field);
                    degree = degree.max(more);
                    items.push(text);
                }
                (format!("{{{}}}", items.join(", ")), degree)
            }
            1 => self.merge(b.to_string(), ty),
            2 => {
                self.see("if over builders");
                let condition = self.expr(&Ty::BOOL);
                let (yes, no) = (self.derived(b, ty), self.derived(b, ty));
                let note = if self.choices.chance(10) { "@(predicate:true) " } else { "" };
                (format!("{note}if({}, {}, {})", condition.text, yes.0, no.0), yes.1.max(no.1))
            }
            3 => {
                self.see("let before a merge");
                let bound = self.side_type();
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
                let (body, degree) = self.derived(b, ty);
                self.scope.truncate(outer);
                (format!("(let {name} = {}; {body})", value.text), degree)
            }
            4 => {
                self.see("let-bound builder in a loop");
                let (first, degree) = self.derived(b, ty);
                let name = self.fresh("b");
                self.busy.push(name.clone());
                let (second, more) = self.derived(&name, ty);
                self.busy.pop();
                (format!("(let {name} = {first}; {second})"), degree.max(more))
            }
            5 => {
                self.see("nested loop on one builder");
                self.for_loop(b.to_string(), ty)
            }
            6 => {
                self.see("several merges");
                let (first, degree) = self.derived(b, ty);
                if is_struct {
                    (first, degree)
                } else {
                    let (text, more) = self.merge(first, ty);
                    (text, degree.max(more))
                }
            }
            _ => {
                self.see("lambda applied to a builder");
                let name = self.fresh("q");
                self.busy.push(name.clone());
                let (body, degree) = self.derived(&name, ty);
                self.busy.pop();
                (format!("(|{name}| {body})({b})"), degree)
            }
        };
        self.depth -= 1;
        made
    }

    /// `merge(b, value)`.
    fn merge(&mut self, b: String, ty: &Ty) -> (String, u32) {
        match ty.as_builder() {
            Some(BuilderTy::Appender(elem)) => {
                let value = self.expr(elem);
                (format!("merge({b}, {})", value.text), value.longest())
            }
            Some(BuilderTy::Merger(value, op)) => {
                let floats = match op {
                    MergeOp::Add if self.exact => Floats::Sums,
                    MergeOp::Mul if self.exact => Floats::Products,
                    _ => Floats::Any,
                };
                let value = self.merged(value, floats);
                (format!("merge({b}, {})", value.text), 0)
            }
            Some(BuilderTy::DictMerger(key, value, _) | BuilderTy::GroupMerger(key, value)) => {
                let entry = self.entry(key, value);
                (format!("merge({b}, {})", entry.text), entry.longest())
            }
            Some(BuilderTy::VecMerger(elem, op)) => {
                let floats = self.floats(elem, *op);
                let value = self.placed(elem, floats);
                (format!("merge({b}, {})", value.text), 0)
            }
            None => (b, 0),
        }
    }
}
