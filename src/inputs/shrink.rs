#![forbid(unsafe_code)]
//! Smaller inputs that still show the same: shorter vectors, simpler numbers.
//!
//! Promises: the result has the property that the start had; every step makes the inputs simpler, so it ends; who asks
//! may stop it at any time by saying no.

use crate::ir::{Literal, Scalar, Ty, op};
use crate::value::{Dict, Value};

/// Vectors up to this length are also tried without each single element, and with each made simpler.
const SHORT: usize = 40;

/// Makes `inputs` simpler as long as `shows` says that they still show the same.
pub fn shrink(inputs: Vec<Value>, types: &[Ty], shows: &mut dyn FnMut(&[Value]) -> bool) -> Vec<Value> {
    let mut best = inputs;
    loop {
        let mut smaller = shorten_together(&mut best, types, shows);
        for (at, ty) in types.iter().enumerate() {
            smaller |= simplify(&mut best, at, ty, shows);
        }
        if !smaller {
            return best;
        }
    }
}

/// Takes the same elements out of all vectors of the longest length: programs zip them.
fn shorten_together(best: &mut Vec<Value>, types: &[Ty], shows: &mut dyn FnMut(&[Value]) -> bool) -> bool {
    let mut any = false;
    let mut size = usize::MAX;
    loop {
        let longest = best.iter().filter_map(Value::len).max().unwrap_or(0);
        size = size.min(longest);
        if size == 0 {
            return any;
        }
        let mut at = 0;
        while at < best.iter().filter_map(Value::len).max().unwrap_or(0) {
            let longest = best.iter().filter_map(Value::len).max().unwrap_or(0);
            let cut = best.iter().zip(types).map(|(value, ty)| {
                if value.len() == Some(longest) { without(value, ty, at, size) } else { Some(value.clone()) }
            });
            match cut.collect::<Option<Vec<Value>>>() {
                Some(candidate) if shows(&candidate) => {
                    *best = candidate;
                    any = true;
                }
                _ => at += size,
            }
        }
        size /= 2;
    }
}

/// Takes the first simpler value that still shows it, again and again.
fn simplify(best: &mut [Value], at: usize, ty: &Ty, shows: &mut dyn FnMut(&[Value]) -> bool) -> bool {
    let mut any = false;
    loop {
        let Some(value) = best.get(at).cloned() else { return any };
        let found = simpler(&value, ty).into_iter().find(|candidate| {
            let mut inputs = best.to_vec();
            if let Some(place) = inputs.get_mut(at) {
                *place = candidate.clone();
            }
            shows(&inputs)
        });
        match (found, best.get_mut(at)) {
            (Some(found), Some(place)) => *place = found,
            _ => return any,
        }
        any = true;
    }
}

/// Values of the type that are simpler, the simplest first.
fn simpler(value: &Value, ty: &Ty) -> Vec<Value> {
    match (value, ty) {
        (Value::Scalar(literal), Ty::Scalar(scalar)) => {
            simpler_scalars(literal, *scalar).into_iter().map(Value::Scalar).collect()
        }
        (Value::Struct(items), Ty::Struct(fields)) => {
            let fields: Vec<&Ty> = fields.iter().collect();
            parts(items, &fields, |items| Some(Value::Struct(items)))
        }
        (Value::Scalars(_) | Value::Vector(_), Ty::Vec(elem)) => {
            let items = elements(value);
            let mut found = shorter(value, ty, items.len());
            if items.len() <= SHORT {
                found.extend(parts(&items, &vec![&**elem; items.len()], |items| Value::vector(elem, items)));
            }
            found
        }
        (Value::Dict(dict), Ty::Dict(entry)) => {
            let mut found = shorter(value, ty, dict.len());
            if dict.len() <= SHORT {
                let pair = Ty::tuple(vec![entry.0.clone(), entry.1.clone()]);
                let pairs = parts(dict.entries(), &vec![&pair; dict.len()], |items| {
                    let made = Dict::from_entries(items)?;
                    // Keys that became equal are another dictionary than the one that was asked for.
                    (made.len() == dict.len()).then(|| Value::Dict(made.into()))
                });
                found.extend(pairs);
            }
            found
        }
        (Value::Builder(of, held), Ty::Builder(builder)) => {
            let held = simpler(held, &builder.result_ty()).into_iter();
            held.map(|held| Value::Builder(of.clone(), held.into())).collect()
        }
        _ => Vec::new(),
    }
}

fn elements(value: &Value) -> Vec<Value> {
    (0..value.len().unwrap_or(0)).filter_map(|at| value.at(at)).collect()
}

/// Without one part: all, halves, quarters, single elements of short ones.
fn shorter(value: &Value, ty: &Ty, length: usize) -> Vec<Value> {
    let mut found = Vec::new();
    let mut size = length;
    while size > 0 {
        if size == 1 && length > SHORT {
            break;
        }
        found.extend((0..length).step_by(size).filter_map(|at| without(value, ty, at, size)));
        // Long vectors are cut in large pieces first; a later round looks at the rest.
        size = if length > SHORT && size < length / 8 { 0 } else { size / 2 };
    }
    found
}

/// The vector or dictionary without the elements `at .. at + size`.
fn without(value: &Value, ty: &Ty, at: usize, size: usize) -> Option<Value> {
    let mut items = elements(value);
    let end = at.saturating_add(size).min(items.len());
    items.drain(at.min(end)..end);
    match ty {
        Ty::Vec(elem) => Value::vector(elem, items),
        Ty::Dict(_) => Some(Value::Dict(Dict::from_entries(items)?.into())),
        _ => None,
    }
}

/// With one part made simpler.
fn parts(items: &[Value], types: &[&Ty], make: impl Fn(Vec<Value>) -> Option<Value>) -> Vec<Value> {
    let mut found = Vec::new();
    for (at, (item, ty)) in items.iter().zip(types).enumerate() {
        for candidate in simpler(item, ty) {
            let mut items = items.to_vec();
            if let Some(place) = items.get_mut(at) {
                *place = candidate;
            }
            found.extend(make(items));
        }
    }
    found
}

/// Simpler numbers of the type: zero, one, two, half of it, its whole part, without its sign.
fn simpler_scalars(literal: &Literal, scalar: Scalar) -> Vec<Literal> {
    let wide = match literal {
        Literal::F32(x) => f64::from(*x),
        Literal::F64(x) => *x,
        Literal::U64(x) => *x as f64,
        other => other.as_i64().unwrap_or(0) as f64,
    };
    let floats = [0.0, 1.0, 2.0, (wide / 2.0).trunc(), -wide, wide.trunc()];
    let tried = floats.into_iter().filter_map(|x| op::cast(scalar, &Literal::F64(x)).ok());
    let mut found: Vec<Literal> = tried.filter(|tried| weight(tried) < weight(literal)).collect();
    found.dedup();
    found
}

/// How far from simple a number is: zero is simplest, a sign and a fraction cost a little, NaN and infinities are last.
fn weight(literal: &Literal) -> f64 {
    let x = match literal {
        Literal::F32(x) => f64::from(*x),
        Literal::F64(x) => *x,
        Literal::U64(x) => *x as f64,
        other => other.as_i64().unwrap_or(0) as f64,
    };
    if x.is_nan() {
        return f64::INFINITY;
    }
    if x.is_infinite() {
        return f64::MAX;
    }
    let sign = if x.is_sign_negative() { 0.25 } else { 0.0 };
    x.abs() + sign + if x.fract() != 0.0 { 0.5 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::shrink;
    use crate::ir::Ty;
    use crate::value::literal::parse_value;
    use crate::value::print::to_text;

    #[test]
    fn what_does_not_matter_goes_away() {
        let types = [Ty::vec(Ty::I64), Ty::vec(Ty::I64), Ty::I64];
        let numbers: Vec<String> = (0..100).map(|n| format!("{}L", n * 3)).collect();
        let text = format!("[{}]", numbers.join(", "));
        let inputs = vec![
            parse_value(&text, &types[0]).unwrap(),
            parse_value(&text, &types[1]).unwrap(),
            parse_value("-12345L", &types[2]).unwrap(),
        ];
        // Both vectors have the same length, and the first one has something above 20 behind something else.
        let shrunk = shrink(inputs, &types, &mut |inputs| {
            let first = to_text(&inputs[0], &types[0]);
            let numbers: Vec<i64> = first
                .trim_matches(['[', ']'])
                .split(", ")
                .filter_map(|n| n.trim_end_matches('L').parse().ok())
                .collect();
            inputs[0].len() == inputs[1].len() && numbers.iter().skip(1).any(|n| *n > 20)
        });
        let texts: Vec<String> = shrunk.iter().zip(&types).map(|(value, ty)| to_text(value, ty)).collect();
        assert_eq!(texts[1..], ["[0L, 0L]", "0L"]);
        assert_eq!(shrunk[0].len(), Some(2));
        assert!(texts[0].starts_with("[0L, "), "{}", texts[0]);
    }
}
