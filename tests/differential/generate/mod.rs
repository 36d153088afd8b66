//! Programs by dice: typed and linear by construction, over every construct of the language.
//!
//! Promises: the same choices give the same program and inputs; every program passes the checker, ends soon on its
//! inputs, and most end without an error. Text is made directly, so that the parser and macros are tested too.

mod calls;
mod data;
mod dicts;
mod frames;
mod idioms;
mod iterators;
mod literals;
mod loops;
mod rare;
mod scalars;
mod scope;
mod simd;
mod values;
mod vectors;

use super::choices::Choices;
use scope::{Cost, Lambda, Macro, Var};
use std::collections::BTreeMap;
use weld::ir::{BuilderTy, MergeOp, Scalar, Ty};
use weld::value::{Value, print};

/// A program with inputs.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The program.
    pub text: String,
    /// Its parameters.
    pub params: Vec<(String, Ty)>,
    /// One list of arguments per run.
    pub inputs: Vec<Vec<Value>>,
    /// Whether no reduction of floats rounds, so that all passes must keep all bits.
    pub exact: bool,
    /// Pipelines to try besides the default one.
    pub pipelines: Vec<String>,
    /// Which step of the default pipeline to compile too.
    pub step: Option<usize>,
    /// LLVM's effort: 0 short, 1 none, 2 full.
    pub effort: u64,
    /// Constructs in the program.
    pub seen: BTreeMap<&'static str, u64>,
    /// The decisions behind it.
    pub choices: Vec<u64>,
}

impl Generated {
    /// The program as a file of `tests/run`, with `notes` in its header.
    pub fn fixture(&self, notes: &[String]) -> String {
        let mut text: String = notes.iter().map(|note| format!("#@ about: {note}\n")).collect();
        for args in &self.inputs {
            let args: Vec<String> =
                args.iter().zip(&self.params).map(|(arg, (_, ty))| print::to_text(arg, ty)).collect();
            text += &format!("#@ run: ({}) => agreement\n", args.join(", "));
        }
        if !self.exact {
            text += "#@ rounds: a float reduction that rounds\n";
        }
        text + &self.text + "\n"
    }
}

/// An expression being put together.
#[derive(Clone, Debug)]
struct Piece {
    /// Its text, which can stand as any operand.
    text: String,
    /// As a vector it has about n to the power of this elements, n being the length of inputs.
    degree: u32,
    /// The same for the longest vector inside of it.
    inner: u32,
    /// Vectors with the same number have the same length.
    len: Option<u32>,
}

impl Piece {
    fn new(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), degree: 0, inner: 0, len: None }
    }

    /// The degree of the longest vector in it.
    fn longest(&self) -> u32 {
        self.degree.max(self.inner)
    }

    fn with_degree(text: impl Into<String>, degree: u32) -> Piece {
        Piece { text: text.into(), degree, inner: degree, len: None }
    }
}

/// The state of the generator.
struct Gen<'c> {
    choices: &'c mut Choices,
    /// Values that can be used, innermost last.
    scope: Vec<Var>,
    /// Names of builders that are still to be used: nothing may hide them.
    busy: Vec<String>,
    /// Lambdas bound by `let`.
    lambdas: Vec<Lambda>,
    macros: Vec<Macro>,
    macro_text: String,
    /// Scalars that this program prefers, so that its parts fit together.
    palette: Vec<Scalar>,
    next_name: u32,
    next_len: u32,
    /// How many more expressions may be made.
    budget: i64,
    depth: u32,
    /// Cost of what is inside the loops around the current place.
    here: Cost,
    /// The most expensive places, by degree.
    worst: Vec<u64>,
    /// Float reductions get values whose sums are exact.
    exact: bool,
    /// A float reduction that may round was made.
    rounds: bool,
    seen: BTreeMap<&'static str, u64>,
}

/// A program and its inputs.
pub fn generate(choices: &mut Choices) -> Generated {
    let exact = !choices.chance(22);
    let mut generator = Gen {
        choices,
        scope: Vec::new(),
        busy: Vec::new(),
        lambdas: Vec::new(),
        macros: Vec::new(),
        macro_text: String::new(),
        palette: Vec::new(),
        next_name: 0,
        next_len: 1,
        budget: 0,
        depth: 0,
        here: Cost { degree: 0, factor: 1 },
        worst: vec![0; 5],
        exact,
        rounds: false,
        seen: BTreeMap::new(),
    };
    generator.program()
}

impl Gen<'_> {
    fn program(&mut self) -> Generated {
        self.budget = 12 + *self.choices.one_of(&[0, 10, 20, 40, 70, 110]);
        self.palette = vec![Scalar::I64];
        for _ in 0..2 {
            let scalar = self.any_scalar();
            self.palette.push(scalar);
        }
        let params = self.params();
        let mut body = String::new();
        let lets = self.choices.draw(5);
        let outer = self.scope.len();
        for _ in 0..lets {
            let start = self.choices.begin();
            if let Some(line) = self.statement() {
                body += &format!("  {line}\n");
            }
            self.choices.end(start);
        }
        let ty = self.result_type();
        self.budget += 6;
        let value = if self.choices.chance(3) {
            self.see("builder as the result");
            let builder = self.builder_type();
            Piece::new(self.built(&Ty::builder(builder)).0)
        } else if self.choices.chance(15) {
            self.frame()
        } else {
            self.rich(&ty)
        };
        self.scope.truncate(outer);
        body += &format!("  {}", value.text);
        let header: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let aliases = self.aliases(&params);
        let header = if params.is_empty() && self.choices.chance(50) {
            String::new()
        } else {
            format!("|{}|\n", header.join(", "))
        };
        let text = format!("{aliases}{}{header}{body}", self.macro_text);
        let inputs = self.inputs(&params);
        let pipelines = self.pipelines();
        let step = self.choices.chance(30).then(|| self.choices.draw(8) as usize);
        let effort = self.choices.weighted(&[90, 5, 5]) as u64;
        Generated {
            text,
            params,
            inputs,
            exact: self.exact || !self.rounds,
            pipelines,
            step,
            effort,
            seen: std::mem::take(&mut self.seen),
            choices: self.choices.taken.clone(),
        }
    }

    /// Counts a construct.
    fn see(&mut self, construct: &'static str) {
        *self.seen.entry(construct).or_default() += 1;
    }

    fn params(&mut self) -> Vec<(String, Ty)> {
        let count = self.choices.weighted(&[5, 35, 35, 20, 5]);
        let mut params = Vec::new();
        for at in 0..count {
            let start = self.choices.begin();
            let ty = self.param_type();
            let name = if self.choices.chance(20) {
                ["x", "y", "t", "b", "i"][at]
            } else {
                ["v", "w", "k", "u", "z"][at]
            };
            let is_vector = ty.elem().is_some() || ty.entry().is_some();
            self.scope.push(Var {
                name: name.to_string(),
                ty: ty.clone(),
                degree: u32::from(is_vector),
                // Rows of inputs are short.
                inner: 0,
                // Vectors among the inputs usually have one length.
                len: ty.elem().map(|_| 0),
                small: true,
            });
            params.push((name.to_string(), ty));
            self.choices.end(start);
        }
        params
    }

    fn param_type(&mut self) -> Ty {
        match self.choices.weighted(&[45, 20, 12, 10, 6, 7, 6]) {
            0 => {
                let scalar = self.palette_scalar();
                Ty::vec(scalar.into())
            }
            1 => self.palette_scalar().into(),
            2 => {
                self.see("param: vector of structs");
                let fields = self.choices.draw(3) + 1;
                Ty::vec(Ty::tuple((0..fields).map(|_| Ty::Scalar(self.palette_scalar())).collect()))
            }
            3 => {
                self.see("param: vector of vectors");
                let scalar = self.palette_scalar();
                Ty::vec(Ty::vec(scalar.into()))
            }
            4 => {
                self.see("param: struct");
                self.struct_type(1)
            }
            6 => {
                self.see("param: dictionary");
                self.dict_type()
            }
            _ => {
                self.see("param: string");
                Ty::vec(Ty::I8)
            }
        }
    }

    fn builder_type(&mut self) -> BuilderTy {
        match self.choices.weighted(&[40, 30, 20]) {
            0 => BuilderTy::Appender(self.elem_type()),
            1 => {
                let ty = self.dict_type();
                let (key, value) = ty.entry().cloned().unwrap_or((Ty::I64, Ty::I64));
                self.dict_builder(&key, &value)
            }
            _ => BuilderTy::VecMerger(Ty::I64, MergeOp::Max),
        }
    }

    fn result_type(&mut self) -> Ty {
        match self.choices.weighted(&[35, 30, 35, 9]) {
            3 => self.dict_type(),
            0 => self.palette_scalar().into(),
            1 => {
                let elem = self.elem_type();
                Ty::vec(elem)
            }
            _ => {
                let count = self.choices.draw(3) + 1;
                let field = |generator: &mut Gen| match generator.choices.weighted(&[45, 45, 10]) {
                    0 => Ty::Scalar(generator.palette_scalar()),
                    2 => generator.dict_type(),
                    _ => Ty::vec(generator.elem_type()),
                };
                Ty::tuple((0..count).map(|_| field(self)).collect())
            }
        }
    }

    /// `let x = value;`, with the name in scope afterwards.
    fn statement(&mut self) -> Option<String> {
        if self.choices.chance(14) {
            return Some(self.let_lambda());
        }
        let ty = match self.choices.weighted(&[50, 27, 13, 10]) {
            0 => Ty::vec(self.elem_type()),
            1 => self.palette_scalar().into(),
            3 => self.dict_type(),
            _ => self.struct_type(1),
        };
        let value = self.rich(&ty);
        let name = self.binder();
        let declared = if self.choices.chance(10) {
            self.see("let with a type");
            format!(": {ty}")
        } else {
            String::new()
        };
        self.see("let");
        let (degree, inner, len) = (value.degree, value.inner, value.len);
        self.scope.push(Var { name: name.clone(), ty, degree, inner, len, small: false });
        Some(format!("let {name}{declared} = {};", value.text))
    }

    /// `type` lines: unused ones, or one that a parameter could have used.
    fn aliases(&mut self, params: &[(String, Ty)]) -> String {
        if !self.choices.chance(5) {
            return String::new();
        }
        self.see("type alias");
        let ty = params.first().map_or(Ty::I64, |(_, ty)| ty.clone());
        format!("type first = {ty};\ntype second = {{first, vec[first]}};\n")
    }

    fn pipelines(&mut self) -> Vec<String> {
        if !self.choices.chance(50) {
            return Vec::new();
        }
        let names: Vec<&str> = weld::passes::ALL.iter().map(|pass| pass.info().name).collect();
        let count = self.choices.draw(8) + 1;
        let mut words: Vec<&str> = (0..count).map(|_| *self.choices.one_of(&names)).collect();
        if self.choices.chance(30) {
            self.see("group of passes");
            let first = self.choices.draw(count);
            let last = first + self.choices.draw(count - first);
            words.insert(last as usize + 1, "]");
            words.insert(first as usize, "[");
        }
        vec![words.join(" ")]
    }
}
