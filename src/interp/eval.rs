#![forbid(unsafe_code)]
//! Expressions: strict, left to right (LANGUAGE 6 to 8).

use super::builder::Builder;
use super::compare::compare;
use super::slot::{Place, Slot};
use super::{Machine, Outcome, malformed};
use crate::diag::{Origin, stack};
use crate::ir::op::{self, ArithmeticError};
use crate::ir::{BinOp, Expr, ExprKind, Lambda, Literal, Scalar};
use crate::value::{Buffer, Dict, RunError, Value};
use std::sync::Arc;

impl Machine<'_> {
    /// The value of an expression.
    pub(super) fn eval(&mut self, expr: &Expr) -> Outcome<Slot> {
        match &expr.kind {
            ExprKind::Literal(Literal::Str(bytes)) => {
                // A NUL follows the last byte, for C functions that look for one; it is no part of the vector.
                let with_nul: Vec<u8> = bytes.iter().copied().chain([0]).collect();
                let buffer = Buffer::from_bytes(Scalar::I8, &with_nul);
                buffer
                    .and_then(|buffer| buffer.slice(0, bytes.len()))
                    .map(|buffer| Slot::Plain(Value::Scalars(buffer)))
                    .ok_or_else(|| malformed(&expr.origin, "a string"))
            }
            ExprKind::Literal(literal) => Ok(Slot::Plain(Value::Scalar(literal.clone()))),
            ExprKind::Var(_) => self.place(expr),
            _ => stack::deep(|| self.operation(expr)),
        }
    }

    fn operation(&mut self, expr: &Expr) -> Outcome<Slot> {
        let origin = &expr.origin;
        let value = match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Var(_) => return self.eval(expr),
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    let value = self.eval(&binding.value)?;
                    self.bind(&binding.name, value);
                }
                let result = self.eval(body);
                lets.iter().for_each(|binding| self.unbind(&binding.name));
                return result;
            }
            ExprKind::Unary(op, a) => {
                let a = self.scalar(a)?;
                Value::Scalar(op::unary(*op, &a).map_err(|error| arithmetic(error, origin))?)
            }
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, origin)?,
            ExprKind::Cast(to, a) => {
                let a = self.scalar(a)?;
                Value::Scalar(op::cast(*to, &a).map_err(|error| arithmetic(error, origin))?)
            }
            ExprKind::Struct(items) => {
                let items: Outcome<Vec<Slot>> = items.iter().map(|item| self.eval(item)).collect();
                return Ok(Slot::tuple(items?));
            }
            ExprKind::Vector(items) => {
                let items: Outcome<Vec<Value>> = items.iter().map(|item| self.value(item)).collect();
                let elem = expr
                    .ty
                    .elem()
                    .ok_or_else(|| malformed(origin, "a vector literal without a vector type"))?;
                Value::vector(elem, items?).ok_or_else(|| malformed(origin, "an element of another type"))?
            }
            ExprKind::Field(a, k) => {
                if is_path(a) {
                    return self.place(expr);
                }
                let found = self.eval(a)?.into_field(*k as usize);
                return found.ok_or_else(|| malformed(origin, "no such field"));
            }
            ExprKind::If(c, a, b) => return if self.bool(c)? { self.eval(a) } else { self.eval(b) },
            ExprKind::Select(c, a, b) => {
                let c = self.bool(c)?;
                let a = self.value(a)?;
                let b = self.value(b)?;
                if c { a } else { b }
            }
            ExprKind::Len(v) => {
                let len = self.look(v, |v| v.len())?;
                Value::Scalar(
                    Literal::I64(len.ok_or_else(|| malformed(origin, "`len` of no vector"))? as i64),
                )
            }
            ExprKind::Lookup(d, k) if d.ty.entry().is_some() => self.find(d, k, |dict, key| {
                let missing = || {
                    RunError::key_not_found(origin, key, &k.ty, i64::try_from(dict.len()).unwrap_or(i64::MAX))
                };
                dict.get(key).cloned().ok_or_else(|| Box::new(missing()))
            })??,
            ExprKind::Lookup(v, i) => return self.lookup(v, i, origin).map(Slot::Plain),
            ExprKind::Slice(v, i, n) => {
                let v = self.value(v)?;
                let i = self.int(i)?;
                let n = self.int(n)?;
                slice(&v, i, n, origin)?
            }
            ExprKind::Assert(c) => {
                if !self.bool(c)? {
                    return Err(Box::new(RunError::assertion(origin)));
                }
                Value::Scalar(Literal::Bool(true))
            }
            ExprKind::Zip(items) => self.zip(items, origin)?,
            ExprKind::Apply(lambda, args) => return self.apply(lambda, args, origin),
            ExprKind::For(parts) => return self.run_loop(parts, expr),
            ExprKind::Iterate(start, lambda) => return self.iterate(start, lambda, origin),
            ExprKind::NewBuilder(start) => {
                let start = start.as_ref().map(|start| self.value(start)).transpose()?;
                let builder = expr.ty.as_builder().and_then(|ty| Builder::new(ty, start));
                let builder = builder
                    .ok_or_else(|| malformed(origin, "a builder that the interpreter does not know"))?;
                return Ok(Slot::Builder(Box::new(builder)));
            }
            ExprKind::Merge(b, x) => {
                let mut builder = self.builder(b)?;
                let x = self.value(x)?;
                if let Some((index, len)) = builder.out_of_range(&x) {
                    return Err(Box::new(RunError::merge_out_of_bounds(origin, index, len)));
                }
                builder.merge(x).ok_or_else(|| malformed(origin, "a merged value of another type"))?;
                return Ok(Slot::Builder(builder));
            }
            ExprKind::Result(b) => {
                let value = self.builder(b)?.result();
                value.ok_or_else(|| malformed(origin, "elements of another type"))?
            }
            ExprKind::OptLookup(d, k) => {
                let zero = || d.ty.entry().and_then(|entry| Value::zero(&entry.1));
                let found = self.find(d, k, |dict, key| dict.get(key).cloned())?;
                let exists = Value::Scalar(Literal::Bool(found.is_some()));
                let value = found.or_else(zero).ok_or_else(|| malformed(origin, "a value without a zero"))?;
                Value::Struct(vec![exists, value])
            }
            ExprKind::KeyExists(d, k) => {
                let exists = self.find(d, k, |dict, key| dict.get(key).is_some())?;
                Value::Scalar(Literal::Bool(exists))
            }
            ExprKind::ToVec(d) => match self.value(d)? {
                Value::Dict(dict) => Value::Vector(dict.entries().clone()),
                _ => return Err(malformed(origin, "`tovec` of no dictionary")),
            },
            ExprKind::Sort(data, func) => self.sort(data, func, origin)?,
            ExprKind::Serialize(_) | ExprKind::Deserialize(_) => {
                return Err(malformed(origin, "a serialization"));
            }
            ExprKind::Broadcast(_) => return Err(malformed(origin, "a broadcast")),
            ExprKind::CUdf(name, args) => self.call_c(name, args, &expr.ty, origin)?,
        };
        Ok(Slot::Plain(value))
    }

    /// A value without builders.
    pub(super) fn value(&mut self, expr: &Expr) -> Outcome<Value> {
        match self.eval(expr)? {
            Slot::Plain(value) => Ok(value),
            _ => Err(malformed(&expr.origin, "a builder in place of a value")),
        }
    }

    fn builder(&mut self, expr: &Expr) -> Outcome<Box<Builder>> {
        match self.eval(expr)? {
            Slot::Builder(builder) => Ok(builder),
            _ => Err(malformed(&expr.origin, "a builder that is none, or was used before")),
        }
    }

    fn scalar(&mut self, expr: &Expr) -> Outcome<Literal> {
        match self.eval(expr)? {
            Slot::Plain(Value::Scalar(literal)) => Ok(literal),
            _ => Err(malformed(&expr.origin, "a scalar was expected")),
        }
    }

    fn bool(&mut self, expr: &Expr) -> Outcome<bool> {
        match self.scalar(expr)? {
            Literal::Bool(value) => Ok(value),
            _ => Err(malformed(&expr.origin, "a bool was expected")),
        }
    }

    /// An `i64`.
    pub(super) fn int(&mut self, expr: &Expr) -> Outcome<i64> {
        match self.scalar(expr)? {
            Literal::I64(value) => Ok(value),
            _ => Err(malformed(&expr.origin, "an i64 was expected")),
        }
    }

    /// A use of a variable or of a field of one.
    fn place(&mut self, expr: &Expr) -> Outcome<Slot> {
        match Place::find(&mut self.scope, expr).map(Place::take) {
            Some(Slot::Empty) | None => {
                Err(malformed(&expr.origin, "a name without a value, or a builder used twice"))
            }
            Some(slot) => Ok(slot),
        }
    }

    /// Evaluates `expr` and looks at its value, without copying it out of a variable.
    fn look<R>(&mut self, expr: &Expr, look: impl FnOnce(&Value) -> R) -> Outcome<R> {
        if is_path(expr) {
            let value = Place::find(&mut self.scope, expr).and_then(Place::value);
            return value.map(look).ok_or_else(|| malformed(&expr.origin, "a name without a value"));
        }
        self.value(expr).map(|value| look(&value))
    }

    fn binary(&mut self, op: BinOp, a: &Expr, b: &Expr, origin: &Origin) -> Outcome<Value> {
        match op {
            BinOp::And => return Ok(Value::Scalar(Literal::Bool(self.bool(a)? && self.bool(b)?))),
            BinOp::Or => return Ok(Value::Scalar(Literal::Bool(self.bool(a)? || self.bool(b)?))),
            _ => {}
        }
        let a = self.value(a)?;
        let b = self.value(b)?;
        if let (Value::Scalar(a), Value::Scalar(b)) = (&a, &b) {
            return op::binary(op, a, b).map(Value::Scalar).map_err(|error| arithmetic(error, origin));
        }
        let holds = compare(op, &a, &b)
            .ok_or_else(|| malformed(origin, "operands that the operator does not take"))?;
        Ok(Value::Scalar(Literal::Bool(holds)))
    }

    fn lookup(&mut self, v: &Expr, i: &Expr, origin: &Origin) -> Outcome<Value> {
        // A vector in a variable stays there: evaluating the index cannot change it.
        let vector = if is_path(v) { None } else { Some(self.value(v)?) };
        let index = self.int(i)?;
        let find = |vector: &Value| match usize::try_from(index).ok().and_then(|at| vector.at(at)) {
            Some(value) => Ok(value),
            None => {
                Err(Box::new(RunError::lookup_out_of_bounds(origin, index, vector.len().unwrap_or(0) as i64)))
            }
        };
        match vector {
            Some(vector) => find(&vector),
            None => self.look(v, find)?,
        }
    }

    /// What `look` finds out about a dictionary and a key.
    fn find<R>(&mut self, d: &Expr, k: &Expr, look: impl FnOnce(&Dict, &Value) -> R) -> Outcome<R> {
        match self.value(d)? {
            Value::Dict(dict) => Ok(look(&dict, &self.value(k)?)),
            _ => Err(malformed(&d.origin, "a lookup in no dictionary")),
        }
    }

    fn zip(&mut self, items: &[Expr], origin: &Origin) -> Outcome<Value> {
        let vectors: Outcome<Vec<Value>> = items.iter().map(|item| self.value(item)).collect();
        let vectors = vectors?;
        let lens: Option<Vec<usize>> = vectors.iter().map(Value::len).collect();
        let lens = lens.ok_or_else(|| malformed(origin, "`zip` of no vector"))?;
        let len = equal_lengths(lens.iter().map(|len| *len as i64), origin)? as usize;
        let rows =
            (0..len).map(|at| Value::Struct(vectors.iter().filter_map(|vector| vector.at(at)).collect()));
        Ok(Value::Vector(Arc::new(rows.collect())))
    }

    fn apply(&mut self, lambda: &Lambda, args: &[Expr], origin: &Origin) -> Outcome<Slot> {
        if lambda.params.len() != args.len() {
            return Err(malformed(origin, "a call with a wrong number of arguments"));
        }
        let args: Outcome<Vec<Slot>> = args.iter().map(|arg| self.eval(arg)).collect();
        for (param, arg) in lambda.params.iter().zip(args?) {
            self.bind(&param.name, arg);
        }
        let result = self.eval(&lambda.body);
        lambda.params.iter().for_each(|param| self.unbind(&param.name));
        result
    }

    fn iterate(&mut self, start: &Expr, lambda: &Lambda, origin: &Origin) -> Outcome<Slot> {
        let [param] = lambda.params.as_slice() else {
            return Err(malformed(origin, "`iterate` takes a function of one parameter"));
        };
        let mut state = self.eval(start)?;
        loop {
            self.poll()?;
            self.bind(&param.name, state);
            let next = self.eval(&lambda.body)?;
            let go = match &next {
                Slot::Plain(Value::Struct(items)) => match items.get(1) {
                    Some(Value::Scalar(Literal::Bool(go))) => Some(*go),
                    _ => None,
                },
                Slot::Struct(items) => match items.get(1) {
                    Some(Slot::Plain(Value::Scalar(Literal::Bool(go)))) => Some(*go),
                    _ => None,
                },
                _ => None,
            };
            state = next
                .into_field(0)
                .ok_or_else(|| malformed(origin, "`iterate` needs a struct of state and bool"))?;
            match go {
                Some(true) => {}
                Some(false) => break,
                None => return Err(malformed(origin, "`iterate` needs a struct of state and bool")),
            }
        }
        self.unbind(&param.name);
        Ok(state)
    }
}

/// Whether this is a variable or a field of one: reading it needs no evaluation.
fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Var(_) => true,
        ExprKind::Field(inner, _) => is_path(inner),
        _ => false,
    }
}

fn arithmetic(error: ArithmeticError, origin: &Origin) -> Box<RunError> {
    match error {
        ArithmeticError::DivideByZero => Box::new(RunError::divide_by_zero(origin)),
        ArithmeticError::Untyped => malformed(origin, "operands that the operator does not take"),
    }
}

/// `slice(v, i, n)`: `n` counts as unsigned, so a negative one means "to the end".
fn slice(v: &Value, i: i64, n: i64, origin: &Origin) -> Outcome<Value> {
    let len = v.len().ok_or_else(|| malformed(origin, "`slice` of no vector"))?;
    let at = usize::try_from(i).ok().filter(|at| *at <= len);
    let Some(at) = at else { return Err(Box::new(RunError::slice_out_of_bounds(origin, i, len as i64))) };
    let count = (n as u64).min((len - at) as u64) as usize;
    let part = match v {
        Value::Scalars(buffer) => buffer.slice(at, count).map(Value::Scalars),
        Value::Vector(items) => {
            items.get(at..at + count).map(|items| Value::Vector(Arc::new(items.to_vec())))
        }
        _ => None,
    };
    part.ok_or_else(|| malformed(origin, "`slice` of no vector"))
}

/// The one length of zipped data.
pub(super) fn equal_lengths(mut lens: impl Iterator<Item = i64>, origin: &Origin) -> Outcome<i64> {
    let first = lens.next().unwrap_or(0);
    match lens.find(|len| *len != first) {
        Some(other) => Err(Box::new(RunError::mismatched_zip(origin, first, other))),
        None => Ok(first),
    }
}
