#![forbid(unsafe_code)]
//! Code that says what it does: a call into the runtime before each `let` and behind those that have something to tell, one
//! at each end of a loop, and one for each turn of an `iterate`.
//!
//! Promises: without a trace no code is made; with one, programs give the same bits.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer, width};
use super::module::ModuleCx;
use crate::diag::{SourceMap, Span};
use crate::ir::{Expr, ExprKind, Name, Scalar, Ty, print};
use crate::runtime::abi::{TraceForm, TraceKind};
use inkwell::module::Linkage;
use inkwell::values::{IntValue, PointerValue};

/// Characters of the code of a line, and of a type.
const CODE: usize = 100;
const TYPE: usize = 40;

/// Values and structs that are told of one value.
const TOLD: usize = 8;

/// The symbol of the table of lines.
const TABLE: &str = "trace_table";

/// A line of the trace: what `abi::TraceLine` is made from.
pub(super) struct Line {
    span: Span,
    name: String,
    code: String,
    form: String,
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
            let text = format!("{place}{}{}{}", line.name, line.code, line.form);
            let text = self.context.const_string(text.as_bytes(), false);
            let text = self.constant("trace_text", text.get_type().into(), &text);
            let bytes = |part: &str| int32.const_int(part.len() as u64, false).into();
            let kind = int32.const_int(u64::from(line.kind), false).into();
            let numbers = [bytes(&place), bytes(&line.name), bytes(&line.code), bytes(&line.form), kind];
            let text = [text.as_pointer_value().into()];
            rows.push(self.context.const_struct(&[&text[..], &numbers[..]].concat(), false));
        }
        let ptr = self.context.ptr_type(inkwell::AddressSpace::default());
        let numbers = [int32.into(); 5];
        let row = self.context.struct_type(&[&[ptr.into()], &numbers[..]].concat(), false);
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
        let parts = parts(ty);
        if parts.iter().all(|part| part.leaf.is_none()) {
            return Ok(());
        }
        let words = self.words_of(&parts, value)?;
        self.call_runtime("weld_rt_trace_value", &[self.int32(line).into(), words.into()])
    }

    /// A place with the words that the runtime gets of a value.
    fn words_of(&mut self, parts: &[Part], value: &[Leaf<'c>]) -> Result<PointerValue<'c>, CodegenError> {
        let wide = self.m.context.i64_type();
        let told: Vec<(char, usize)> =
            parts.iter().filter_map(|part| Some((part.shown, part.leaf?))).collect();
        let count = u32::try_from(told.len().max(1)).map_err(|_| CodegenError("too many words".into()))?;
        let words = self.alloca(wide.array_type(count).into(), "words")?;
        for (at, (shown, leaf)) in told.into_iter().enumerate() {
            let word = self.told_word(shown, leaf_at(value, leaf)?)?;
            let slot = self.element(wide.into(), words, self.int64(at as i64))?;
            self.b.build_store(slot, word)?;
        }
        Ok(words)
    }

    /// What the runtime gets of a leaf.
    fn told_word(&mut self, shown: char, leaf: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
        let wide = self.m.context.i64_type();
        Ok(match shown {
            TraceForm::F64 => int(self.b.build_bit_cast(leaf, wide, "bits")?)?,
            TraceForm::F32 => {
                let narrow = int(self.b.build_bit_cast(leaf, self.m.context.i32_type(), "bits")?)?;
                self.b.build_int_z_extend(narrow, wide, "bits")?
            }
            TraceForm::ELEMENTS => int(leaf)?,
            TraceForm::KEYS => self.keys(pointer(leaf)?)?,
            TraceForm::SIGNED => self.b.build_int_s_extend(int(leaf)?, wide, "bits")?,
            _ => self.b.build_int_z_extend(int(leaf)?, wide, "bits")?,
        })
    }

    /// The number of the line of an `iterate`; nothing when there is no trace.
    pub fn trace_iterate(&mut self, value: &Expr) -> Option<u32> {
        self.m.line(|| Line { kind: TraceKind::ITERATE, ..Line::new("", value) })
    }

    /// The begin of a turn of an `iterate`.
    pub fn trace_turn(
        &mut self,
        line: u32,
        turn: IntValue<'c>,
        ty: &Ty,
        value: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let words = self.words_of(&parts(ty), value)?;
        self.call_runtime("weld_rt_trace_turn", &[self.int32(line).into(), turn.into(), words.into()])
    }

    /// The end of an `iterate`.
    pub fn trace_turns(
        &mut self,
        line: u32,
        turns: IntValue<'c>,
        ty: &Ty,
        value: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let words = self.words_of(&parts(ty), value)?;
        self.call_runtime("weld_rt_trace_turns", &[self.int32(line).into(), turns.into(), words.into()])
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
        let form = parts(&value.ty).iter().map(|part| part.shown).collect();
        Line { span, name: format!("{name}: {ty}"), code, form, kind: TraceKind::LET }
    }
}

/// A character of the form of a value, and the leaf that it stands for.
struct Part {
    shown: char,
    leaf: Option<usize>,
}

/// How values of a type are told: the form of `abi::TraceForm`.
fn parts(ty: &Ty) -> Vec<Part> {
    let mut parts = Vec::new();
    tell(ty, 0, &mut { TOLD }, &mut parts);
    parts
}

/// Appends how the value is told whose leaves begin at `leaf`; what there is no room for, and builders, as two dots.
fn tell(ty: &Ty, leaf: usize, room: &mut usize, parts: &mut Vec<Part>) {
    let text = |parts: &mut Vec<Part>, text: &str| {
        parts.extend(text.chars().map(|shown| Part { shown, leaf: None }));
    };
    if *room == 0 {
        return text(parts, "..");
    }
    *room -= 1;
    let (shown, leaf) = match ty {
        Ty::Vec(_) => (TraceForm::ELEMENTS, leaf + 1),
        Ty::Dict(_) => (TraceForm::KEYS, leaf),
        Ty::Scalar(Scalar::Bool) => (TraceForm::BOOL, leaf),
        Ty::Scalar(Scalar::F32) => (TraceForm::F32, leaf),
        Ty::Scalar(Scalar::F64) => (TraceForm::F64, leaf),
        Ty::Scalar(scalar) if scalar.is_signed() => (TraceForm::SIGNED, leaf),
        Ty::Scalar(_) => (TraceForm::UNSIGNED, leaf),
        Ty::Struct(fields) => {
            text(parts, "{");
            let mut at = leaf;
            for (k, field) in fields.iter().enumerate() {
                if k > 0 {
                    text(parts, ", ");
                }
                let is_full = *room == 0;
                tell(field, at, room, parts);
                if is_full {
                    break;
                }
                at += width(field);
            }
            return text(parts, "}");
        }
        Ty::Builder(_) | Ty::Simd(_) | Ty::Infer(_) => return text(parts, ".."),
    };
    parts.push(Part { shown, leaf: Some(leaf) });
}
