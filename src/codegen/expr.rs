#![forbid(unsafe_code)]
//! Expressions: one function for the dispatch, one short function per construct.
//!
//! Promises: evaluation order and laziness of LANGUAGE 6; a scope is the program's, since names are unique.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, field_range, int, single};
use super::module::Check;
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, Lambda, Literal, Program, SIMD_LANES, Scalar, Ty};
use crate::value::layout;
use inkwell::IntPredicate;

impl<'c> FnCx<'_, 'c> {
    /// The body of the entry function: loads the inputs, stores the result.
    pub fn program(mut self, program: &Program) -> Result<(), CodegenError> {
        let (args, result) = (self.param_ptr(1)?, self.param_ptr(2)?);
        self.start_trace()?;
        let tys: Vec<Ty> = program.func.params.iter().map(|param| param.ty.clone()).collect();
        for (param, offset) in program.func.params.iter().zip(layout::field_offsets(&tys)) {
            let value = self.input(&param.ty, self.offset(args, offset)?)?;
            self.bind(&param.name, value);
        }
        let body = &program.func.body;
        let value = self.expr(body)?;
        self.trace_result(body, &value)?;
        self.output(&body.ty, &value, result)?;
        self.b.build_return(Some(&self.int32(0)))?;
        self.finish()
    }

    /// Emits an expression.
    pub fn expr(&mut self, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        self.keep_blocks_short()?;
        stack::deep(|| self.expr_here(expr))
    }

    /// Emits an expression that has one leaf.
    pub fn leaf(&mut self, expr: &Expr) -> Result<Leaf<'c>, CodegenError> {
        single(&self.expr(expr)?)
    }

    fn exprs(&mut self, items: &[Expr]) -> Result<Val<'c>, CodegenError> {
        let mut out = Vec::new();
        for item in items {
            out.extend(self.expr(item)?);
        }
        Ok(out)
    }

    fn expr_here(&mut self, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        match &expr.kind {
            ExprKind::Literal(Literal::Str(bytes)) => self.string(bytes),
            ExprKind::Literal(literal) => Ok(vec![self.constant(literal)?]),
            ExprKind::Var(name) => self
                .vars
                .get(&name.id())
                .cloned()
                .ok_or_else(|| CodegenError(format!("`{name}` is not bound"))),
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    let value = self.traced_let(&binding.name, &binding.value)?;
                    self.bind(&binding.name, value);
                }
                self.expr(body)
            }
            ExprKind::Unary(op, a) => {
                let value = self.leaf(a)?;
                Ok(vec![self.unary(*op, scalar_of(&a.ty)?, value)?])
            }
            // Lanes are computed together, so both sides are.
            ExprKind::Binary(op, a, b) if matches!(a.ty, Ty::Simd(_)) => self.arithmetic(*op, a, b, expr),
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), a, b) => match self.lanes {
                Some(lanes) => {
                    let a = self.leaf(a)?;
                    self.logic_lanes(*op, a, b, lanes)
                }
                None => self.short_circuit(*op, a, b),
            },
            ExprKind::Binary(op, a, b) if a.ty.scalar().is_none() => self.compare_values(*op, a, b),
            ExprKind::Binary(op, a, b) => self.arithmetic(*op, a, b, expr),
            ExprKind::Cast(to, a) => {
                let value = self.leaf(a)?;
                Ok(vec![self.cast(scalar_of(&a.ty)?, *to, value)?])
            }
            ExprKind::Struct(items) => self.exprs(items),
            ExprKind::Vector(items) => self.vector(items, expr),
            ExprKind::Field(a, k) => {
                let value = self.expr(a)?;
                let fields =
                    a.ty.fields().ok_or_else(|| CodegenError(format!("`{}` has no fields", a.ty)))?;
                value
                    .get(field_range(fields, *k as usize))
                    .map(<[_]>::to_vec)
                    .ok_or_else(|| CodegenError("a field is missing".into()))
            }
            ExprKind::If(c, yes, no) => match self.lanes {
                Some(lanes) => {
                    let c = self.leaf(c)?;
                    self.if_lanes(c, yes, no, lanes)
                }
                None => self.if_else(c, yes, no),
            },
            ExprKind::Select(c, yes, no) => {
                let c = self.leaf(c)?;
                let (yes, no) = (self.expr(yes)?, self.expr(no)?);
                yes.into_iter().zip(no).map(|(yes, no)| self.select(c, yes, no)).collect()
            }
            ExprKind::Len(d) if d.ty.entry().is_some() => self.dict_len(d),
            ExprKind::Len(v) => Ok(vec![super::leaves::leaf_at(&self.expr(v)?, 1)?]),
            ExprKind::Lookup(d, key) if d.ty.entry().is_some() => self.dict_lookup(d, key, expr),
            ExprKind::Lookup(v, index) => self.lookup(v, index, expr),
            ExprKind::Slice(v, start, count) => self.slice(v, start, count, expr),
            ExprKind::Assert(c) => {
                let holds = self.leaf(c)?;
                if let Some(lanes) = self.lanes {
                    self.check_lanes(holds, lanes)?;
                    return Ok(vec![holds]);
                }
                let zero = self.int64(0);
                self.check(int(holds)?, Check::Assert, &expr.origin, zero, zero)?;
                Ok(vec![holds])
            }
            ExprKind::Zip(items) => self.zip(items, expr),
            ExprKind::Apply(lambda, args) => {
                for (param, arg) in lambda.params.iter().zip(args) {
                    let value = self.traced_let(&param.name, arg)?;
                    self.bind(&param.name, value);
                }
                self.expr(&lambda.body)
            }
            ExprKind::For(parts) => self.for_loop(parts, expr),
            ExprKind::Iterate(start, lambda) => self.iterate(start, lambda, expr),
            ExprKind::NewBuilder(arg) => self.new_builder(&expr.ty, arg.as_ref()),
            ExprKind::Merge(builder, value) => self.merge(builder, value, &expr.origin),
            ExprKind::Result(builder) => {
                let state = self.expr(builder)?;
                self.result(&builder.ty, state)
            }
            ExprKind::OptLookup(d, key) => self.dict_optlookup(d, key),
            ExprKind::KeyExists(d, key) => self.dict_keyexists(d, key),
            ExprKind::ToVec(d) => self.tovec(d),
            ExprKind::Sort(data, func) => self.sort(data, func, expr),
            ExprKind::Serialize(a) => self.serialize(a),
            ExprKind::Deserialize(a) => self.deserialize(a, expr),
            ExprKind::Broadcast(a) => {
                let value = self.leaf(a)?;
                Ok(vec![self.splat(value, SIMD_LANES as u32)?])
            }
            ExprKind::CUdf(name, args) => self.call_c(name, args, &expr.ty),
        }
    }

    fn arithmetic(&mut self, op: BinOp, a: &Expr, b: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let scalar = scalar_of(&a.ty)?;
        let (x, y) = (self.leaf(a)?, self.leaf(b)?);
        if !scalar.is_int() || !matches!(op, BinOp::Div | BinOp::Rem) {
            return Ok(vec![self.binary(op, scalar, x, y)?]);
        }
        let zero = self.constant(&Literal::from_i64(scalar, 0))?;
        let literal = b.literal().and_then(Literal::as_i64);
        if let (Some(lanes), None | Some(0)) = (self.lanes, literal) {
            return Ok(vec![self.divide_lanes(op, scalar, x, y, lanes)?]);
        }
        if literal.is_none_or(|value| value == 0) {
            let nonzero = self.all_lanes(self.binary(BinOp::Ne, scalar, y, zero)?)?;
            let dividend = int(self.cast(scalar, Scalar::I64, self.lane(x, 0)?)?)?;
            self.check(nonzero, Check::Division, &expr.origin, dividend, self.int64(0))?;
        }
        if !scalar.is_signed() || literal.is_some_and(|value| value != -1) {
            return Ok(vec![self.binary(op, scalar, x, y)?]);
        }
        // MIN / -1 traps in hardware: divide by 1 and negate instead, which wraps to MIN; the remainder is 0.
        let minus_one = self.binary(BinOp::Eq, scalar, y, self.constant(&Literal::from_i64(scalar, -1))?)?;
        let safe = self.select(minus_one, self.constant(&Literal::from_i64(scalar, 1))?, y)?;
        let quotient = self.binary(op, scalar, x, safe)?;
        let special = if op == BinOp::Div { self.unary(crate::ir::UnOp::Neg, scalar, x)? } else { zero };
        Ok(vec![self.select(minus_one, special, quotient)?])
    }

    fn short_circuit(&mut self, op: BinOp, a: &Expr, b: &Expr) -> Result<Val<'c>, CodegenError> {
        let first = int(self.leaf(a)?)?;
        let from = self.here()?;
        let (more, done) = (self.block("more"), self.block("done"));
        let (yes, no) = if op == BinOp::And { (more, done) } else { (done, more) };
        self.b.build_conditional_branch(first, yes, no)?;
        self.b.position_at_end(more);
        let second = vec![self.leaf(b)?];
        let to = self.here()?;
        self.enter(done)?;
        let decided = vec![self.constant(&Literal::Bool(op == BinOp::Or))?];
        self.join((&decided, from), (&second, to))
    }

    fn if_else(&mut self, c: &Expr, yes: &Expr, no: &Expr) -> Result<Val<'c>, CodegenError> {
        let c = int(self.leaf(c)?)?;
        let (then, otherwise, done) = (self.block("then"), self.block("else"), self.block("endif"));
        self.b.build_conditional_branch(c, then, otherwise)?;
        self.b.position_at_end(then);
        let yes = self.expr(yes)?;
        let after_yes = self.here()?;
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(otherwise);
        let no = self.expr(no)?;
        let after_no = self.here()?;
        self.enter(done)?;
        self.join((&yes, after_yes), (&no, after_no))
    }

    fn iterate(&mut self, start: &Expr, lambda: &Lambda, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let start = self.expr(start)?;
        let traced = self.trace_iterate(expr);
        let before = self.here()?;
        let (turn, done) = (self.block("turn"), self.block("done"));
        self.enter(turn)?;
        let phis = self.phis(&start, before)?;
        // Turns so far; nobody counts them but a trace.
        let so_far = if traced.is_some() { self.phis(&[self.int64(0).into()], before)? } else { Vec::new() };
        self.poll()?;
        let mut turns = Vec::new();
        if let (Some(line), [so_far]) = (traced, so_far.as_slice()) {
            let turn = self.b.build_int_add(int(so_far.as_basic_value())?, self.int64(1), "turn")?;
            let value: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
            self.trace_turn(line, turn, &expr.ty, &value)?;
            turns.push(turn.into());
        }
        let param =
            lambda.params.first().ok_or_else(|| CodegenError("iterate without a parameter".into()))?;
        self.bind(&param.name, phis.iter().map(|phi| phi.as_basic_value()).collect());
        let mut next = self.expr(&lambda.body)?;
        let go_on = next.pop().ok_or_else(|| CodegenError("iterate without a flag".into()))?;
        let end = self.here()?;
        self.close_phis(&phis, &next, end);
        self.close_phis(&so_far, &turns, end);
        self.b.build_conditional_branch(int(go_on)?, turn, done)?;
        self.b.position_at_end(done);
        if let (Some(line), [turns]) = (traced, turns.as_slice()) {
            self.trace_turns(line, int(*turns)?, &expr.ty, &next)?;
        }
        Ok(next)
    }

    /// `==`, `<`, ... of structs and vectors.
    fn compare_values(&mut self, op: BinOp, a: &Expr, b: &Expr) -> Result<Val<'c>, CodegenError> {
        let (x, y) = (self.expr(a)?, self.expr(b)?);
        let order = self.order(&a.ty, &x, &y)?;
        // `order` is -1, 0 or 1, and 2 when a NaN decides.
        let is = |predicate, value: u64| {
            self.b.build_int_compare(predicate, order, order.get_type().const_int(value, true), "is")
        };
        let minus_one = -1i64 as u64;
        Ok(vec![match op {
            BinOp::Eq => is(IntPredicate::EQ, 0)?.into(),
            BinOp::Ne => is(IntPredicate::NE, 0)?.into(),
            BinOp::Lt => is(IntPredicate::EQ, minus_one)?.into(),
            BinOp::Le => is(IntPredicate::SLE, 0)?.into(),
            BinOp::Gt => is(IntPredicate::EQ, 1)?.into(),
            // 0 and 1, as unsigned numbers.
            BinOp::Ge => is(IntPredicate::ULE, 1)?.into(),
            _ => return Err(CodegenError(format!("`{}` on `{}`", op.symbol(), a.ty))),
        }])
    }
}

/// The scalar of a scalar type, or of the lanes of a SIMD type.
pub(super) fn scalar_of(ty: &Ty) -> Result<Scalar, CodegenError> {
    match ty {
        Ty::Scalar(scalar) | Ty::Simd(scalar) => Ok(*scalar),
        _ => Err(CodegenError(format!("a scalar expected, found `{ty}`"))),
    }
}
