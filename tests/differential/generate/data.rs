//! Inputs: typed data with edge values, of lengths around those where loops are cut.

use super::Gen;
use crate::workers::random::Random;
use weld::ir::{Literal, Scalar, Ty};
use weld::value::{Dict, Value, buffer};

/// Vectors longer than this are made from one seed, shorter ones element by element so that they can shrink.
const DRAWN: u64 = 20;

impl Gen<'_> {
    /// Lists of arguments.
    pub(super) fn inputs(&mut self, params: &[(String, Ty)]) -> Vec<Vec<Value>> {
        if params.is_empty() {
            return vec![Vec::new()];
        }
        let longest = self.longest_input();
        let sets = self.choices.draw(3) + 1;
        let mut inputs = Vec::new();
        for _ in 0..sets {
            let start = self.choices.begin();
            let shared = self.length(longest);
            let same = !self.choices.chance(12);
            let edges = self.choices.weighted(&[50, 35, 15]);
            let mut args = Vec::new();
            for (_, ty) in params {
                let len = if same { shared } else { self.length(longest) };
                args.push(self.value(ty, len, [0, 12, 60][edges]));
            }
            inputs.push(args);
            self.choices.end(start);
        }
        inputs
    }

    fn length(&mut self, longest: u64) -> u64 {
        const LENGTHS: [u64; 17] = [3, 0, 1, 2, 15, 16, 17, 5, 33, 64, 131, 300, 4095, 4096, 4097, 9000, 20_000];
        const WEIGHTS: [u64; 17] = [30, 14, 10, 8, 6, 6, 6, 8, 6, 6, 6, 6, 2, 2, 2, 2, 2];
        LENGTHS[self.choices.weighted(&WEIGHTS)].min(longest)
    }

    fn value(&mut self, ty: &Ty, len: u64, edges: u64) -> Value {
        match ty {
            Ty::Vec(elem) => {
                if len > DRAWN {
                    let mut random = Random::new(self.choices.draw(1 << 32));
                    return made_vector(&mut random, elem, len, edges, self.exact);
                }
                let items: Vec<Value> = (0..len)
                    .map(|_| {
                        let inner = if elem.elem().is_some() {
                            [0, 1, 3, 2, 8, 17][self.choices.draw(6) as usize]
                        } else {
                            0
                        };
                        self.value(elem, inner, edges)
                    })
                    .collect();
                Value::vector(elem, items).unwrap_or(Value::Vector(Vec::new().into()))
            }
            Ty::Struct(fields) => Value::Struct(
                fields
                    .iter()
                    .map(|field| {
                        let inner = self.choices.draw(5);
                        self.value(field, inner, edges)
                    })
                    .collect(),
            ),
            Ty::Scalar(scalar) => Value::Scalar(self.scalar(*scalar, edges)),
            Ty::Dict(entry) => {
                let entries = Ty::tuple(vec![entry.0.clone(), entry.1.clone()]);
                let pairs = (0..len.min(DRAWN)).map(|_| self.value(&entries, 0, edges));
                Value::Dict(
                    Dict::from_entries(pairs.collect())
                        .unwrap_or_else(|| Dict::from_unique(Vec::new()))
                        .into(),
                )
            }
            _ => Value::Struct(Vec::new()),
        }
    }

    fn scalar(&mut self, scalar: Scalar, edges: u64) -> Literal {
        if self.choices.chance(edges) {
            let literal =
                if self.exact && scalar.is_float() { self.special(scalar) } else { self.edge(scalar) };
            return one_nan(literal);
        }
        self.plain(scalar)
    }

    /// Float edges whose sums do not round.
    fn special(&mut self, scalar: Scalar) -> Literal {
        let value = *self.choices.one_of(&SPECIALS);
        if scalar == Scalar::F32 { Literal::F32(value as f32) } else { Literal::F64(value) }
    }
}

const SPECIALS: [f64; 6] = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];

/// All NaNs are one.
fn one_nan(literal: Literal) -> Literal {
    match literal {
        Literal::F64(x) if x.is_nan() => Literal::F64(f64::NAN),
        Literal::F32(x) if x.is_nan() => Literal::F32(f32::NAN),
        other => other,
    }
}

fn made_vector(random: &mut Random, elem: &Ty, len: u64, edges: u64, exact: bool) -> Value {
    if let Some(scalar) = elem.scalar() {
        let mut buffer = buffer::Builder::new(scalar);
        for _ in 0..len {
            let literal = made_scalar(random, scalar, edges, exact);
            let _ = buffer.push(&literal);
        }
        return Value::Scalars(buffer.finish());
    }
    let mut items = Vec::new();
    for _ in 0..len {
        items.push(made(random, elem, edges, exact));
    }
    Value::Vector(items.into())
}

fn made(random: &mut Random, ty: &Ty, edges: u64, exact: bool) -> Value {
    match ty {
        Ty::Vec(elem) => {
            let len = random.below(9);
            made_vector(random, elem, len, edges, exact)
        }
        Ty::Struct(fields) => {
            Value::Struct(fields.iter().map(|field| made(random, field, edges, exact)).collect())
        }
        Ty::Scalar(scalar) => Value::Scalar(made_scalar(random, *scalar, edges, exact)),
        _ => Value::Struct(Vec::new()),
    }
}

fn made_scalar(random: &mut Random, scalar: Scalar, edges: u64, exact: bool) -> Literal {
    let at_edge = random.below(100) < edges;
    match scalar {
        Scalar::Bool => Literal::Bool(random.below(2) == 1),
        Scalar::F32 | Scalar::F64 => {
            let value = match (exact, at_edge) {
                (true, true) => SPECIALS[random.below(SPECIALS.len() as u64) as usize],
                (true, false) => random.below(33) as f64 * 0.5 - 8.0,
                // Any bits at all.
                (false, true) => f64::from_bits(random.next()),
                (false, false) => (random.next() >> 11) as f64 / (1u64 << 53) as f64 * 200.0 - 100.0,
            };
            one_nan(if scalar == Scalar::F32 { Literal::F32(value as f32) } else { Literal::F64(value) })
        }
        _ if at_edge => Literal::from_i64(scalar, random.next() as i64),
        _ if scalar.is_signed() => Literal::from_i64(scalar, random.below(41) as i64 - 20),
        _ => Literal::from_i64(scalar, random.below(41) as i64),
    }
}
