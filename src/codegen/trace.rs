#![forbid(unsafe_code)]
//! Code that says what it does: a call into the runtime before each `let` and behind those that have something to tell, and
//! one at each end of a loop.
//!
//! Promises: without a trace no code is made; with one, programs give the same bits.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, single};
use super::module::ModuleCx;
use crate::diag::{SourceMap, Span};
use crate::ir::{Expr, ExprKind, Name, Scalar, Ty, print};
use crate::runtime::abi::TraceKind;
use inkwell::module::Linkage;
use inkwell::values::{IntValue, PointerValue};

/// Characters of the code of a line, and of a type.
const CODE: usize = 100;
const TYPE: usize = 40;

/// The symbol of the table of lines.
const TABLE: &str = "trace_table";

/// A line of the trace: what `abi::TraceLine` is made from.
pub(super) struct Line {
    span: Span,
    name: String,
    code: String,
    kind: u32,
}

/// A loop whose end is to be told: its line, and where its begin is kept.
pub(super) struct TracedLoop<'c> {
    line: u32,
    began: PointerValue<'c>,
}

impl<'c> ModuleCx<'c> {
    /// The number of a new line; nothing when there is no trace.
    fn line(&mut self, line: impl FnOnce() -> Line) -> Option<u32> {
        let lines = self.traced.as_mut()?;
        lines.push(line());
        u32::try_from(lines.len() - 1).ok()
    }

    /// The table of all lines, once all code is there.
    pub fn trace_table(&mut self, sources: &SourceMap) -> Result<(), CodegenError> {
        let (int32, int64) = (self.context.i32_type(), self.context.i64_type());
        let mut rows = Vec::new();
        for line in self.traced.take().unwrap_or_default() {
            let place = sources.place(line.span);
            let file: String = sources
                .name(line.span.source)
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            let place = format!("{file}:{}:{}", place.line, place.column);
            let text = format!("{place}{}{}", line.name, line.code);
            let text = self.context.const_string(text.as_bytes(), false);
            let text = self.constant("trace_text", text.get_type().into(), &text);
            let bytes = |part: &str| int32.const_int(part.len() as u64, false).into();
            let numbers = [bytes(&place), bytes(&line.name), bytes(&line.code)];
            let kind = int32.const_int(u64::from(line.kind), false).into();
            let [place, name, code] = numbers;
            let text = text.as_pointer_value().into();
            rows.push(self.context.const_struct(&[text, place, name, code, kind], false));
        }
        let ptr = self.context.ptr_type(inkwell::AddressSpace::default());
        let four = [int32.into(); 4];
        let row = self.context.struct_type(&[&[ptr.into()], &four[..]].concat(), false);
        let n = int64.const_int(rows.len() as u64, false);
        let lines = row.const_array(&rows);
        let lines = self.constant("trace_lines", lines.get_type().into(), &lines);
        let table = self.context.const_struct(&[lines.as_pointer_value().into(), n.into()], false);
        match self.module.get_global(TABLE) {
            Some(global) => global.set_initializer(&table),
            None => return Err(CodegenError("the trace has not begun".into())),
        }
        Ok(())
    }
}

impl<'c> FnCx<'_, 'c> {
    /// The begin of a traced run.
    pub fn start_trace(&mut self) -> Result<(), CodegenError> {
        if self.m.traced.is_none() {
            return Ok(());
        }
        let fields = [self.ptr_ty(), self.m.context.i64_type().into()];
        let ty = self.m.context.struct_type(&fields, false);
        let table = self.m.module.add_global(ty, None, TABLE);
        table.set_linkage(Linkage::Internal);
        table.set_constant(true);
        self.call_runtime("weld_rt_trace_start", &[table.as_pointer_value().into()])
    }

    /// The value that a name is bound to, told before it is computed and once it is there.
    pub fn traced_let(&mut self, name: &Name, value: &Expr) -> Result<Val<'c>, CodegenError> {
        let line = self.m.line(|| Line::new(name.text(), value));
        if let Some(line) = line {
            self.call_runtime("weld_rt_trace_let", &[self.int32(line).into()])?;
        }
        let leaves = self.expr(value)?;
        self.trace_value(line, &value.ty, &leaves)?;
        Ok(leaves)
    }

    /// The value of the program.
    pub fn trace_result(&mut self, body: &Expr, value: &[Leaf<'c>]) -> Result<(), CodegenError> {
        let last = if let ExprKind::Block(_, last) = &body.kind { last } else { body };
        let line = self.m.line(|| Line::new("result", last));
        self.trace_value(line, &body.ty, value)
    }

    fn trace_value(&mut self, line: Option<u32>, ty: &Ty, value: &[Leaf<'c>]) -> Result<(), CodegenError> {
        let Some(line) = line else { return Ok(()) };
        let Some(bits) = self.told(ty, value)? else { return Ok(()) };
        self.call_runtime("weld_rt_trace_value", &[self.int32(line).into(), bits.into()])
    }

    /// What the runtime gets of a value, as [`kind`] says.
    fn told(&self, ty: &Ty, value: &[Leaf<'c>]) -> Result<Option<IntValue<'c>>, CodegenError> {
        let wide = self.m.context.i64_type();
        let bits = |leaf: Leaf<'c>, narrow| int(self.b.build_bit_cast(leaf, narrow, "bits")?);
        Ok(match kind(ty) {
            TraceKind::NONE => None,
            TraceKind::LENGTH => Some(int(leaf_at(value, 1)?)?),
            TraceKind::F64 => Some(bits(single(value)?, wide)?),
            TraceKind::F32 => {
                let narrow = bits(single(value)?, self.m.context.i32_type())?;
                Some(self.b.build_int_z_extend(narrow, wide, "bits")?)
            }
            TraceKind::SIGNED => Some(self.b.build_int_s_extend(int(single(value)?)?, wide, "bits")?),
            _ => Some(self.b.build_int_z_extend(int(single(value)?)?, wide, "bits")?),
        })
    }

    /// The begin of a loop of `n` iterations.
    pub fn trace_loop(
        &mut self,
        expr: &Expr,
        n: IntValue<'c>,
    ) -> Result<Option<TracedLoop<'c>>, CodegenError> {
        let code = || Line { kind: TraceKind::LOOP, ..Line::new("", expr) };
        let Some(line) = self.m.line(code) else { return Ok(None) };
        let began = self.alloca(self.m.context.i64_type().into(), "began")?;
        self.call_runtime("weld_rt_trace_loop", &[self.int32(line).into(), n.into(), began.into()])?;
        Ok(Some(TracedLoop { line, began }))
    }

    /// The end of a loop.
    pub fn trace_loop_end(
        &mut self,
        traced: Option<TracedLoop<'c>>,
        n: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let Some(TracedLoop { line, began }) = traced else { return Ok(()) };
        let began = self.b.build_load(self.m.context.i64_type(), began, "began")?;
        let args = [self.int32(line).into(), n.into(), began.into()];
        self.call_runtime("weld_rt_trace_loop_end", &args)
    }
}

impl Line {
    fn new(name: &str, value: &Expr) -> Line {
        let ty: String = value.ty.to_string();
        let ty = match ty.char_indices().nth(TYPE) {
            Some((at, _)) => format!("{}...", ty.get(..at).unwrap_or_default()),
            None => ty,
        };
        let (span, code) = (value.origin.primary(), print::short(value, CODE));
        Line { span, name: format!("{name}: {ty}"), code, kind: kind(&value.ty) }
    }
}

/// How values of a type are told.
fn kind(ty: &Ty) -> u32 {
    match ty {
        Ty::Vec(_) => TraceKind::LENGTH,
        Ty::Scalar(Scalar::Bool) => TraceKind::BOOL,
        Ty::Scalar(Scalar::F32) => TraceKind::F32,
        Ty::Scalar(Scalar::F64) => TraceKind::F64,
        Ty::Scalar(scalar) if scalar.is_signed() => TraceKind::SIGNED,
        Ty::Scalar(_) => TraceKind::UNSIGNED,
        _ => TraceKind::NONE,
    }
}
