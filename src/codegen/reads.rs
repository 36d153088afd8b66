#![forbid(unsafe_code)]
//! How a block of lanes reads its elements.
//!
//! Callers align vectors as they like. Where they come from memory, loads of a whole 64-byte register that cross lines of the
//! cache take twice the time of loads of its halves (measured on Zen 5), so inner loops read what they read once in halves. A vector
//! that an inner loop reads again and again is in the cache, where whole registers are faster; in outermost loops halves are not
//! worth the time that they take to compile.
//!
//! Promises: reads the bytes of the elements and no others.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val};
use crate::ir::{Scalar, Ty};
use inkwell::values::{BasicValue, PointerValue};

/// Half of the widest register.
const HALF: u32 = 32;

impl<'c> FnCx<'_, 'c> {
    /// The `lanes` neighbouring elements that begin at `from`, those of lanes that take part; `halves` asks for halves of
    /// registers.
    pub fn read_lanes(
        &self,
        elem: &Ty,
        from: PointerValue<'c>,
        lanes: u32,
        halves: bool,
    ) -> Result<Val<'c>, CodegenError> {
        Ok(match (elem.scalar(), self.mask) {
            (Some(scalar), Some(mask)) => vec![self.load_under(mask, scalar, from, lanes)?],
            (Some(scalar), None)
                if halves
                    && scalar != Scalar::Bool
                    && self.m.has_wide_registers()
                    && scalar.bytes() as u32 * lanes > HALF =>
            {
                vec![self.load_halves(scalar, from, lanes)?]
            }
            _ => self.load_lanes(elem, from, lanes)?,
        })
    }

    fn load_halves(
        &self,
        scalar: Scalar,
        from: PointerValue<'c>,
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let width = HALF / scalar.bytes() as u32;
        let mut parts = Vec::new();
        for start in (0..lanes).step_by(width as usize) {
            let at = self.offset(from, start as usize * scalar.bytes())?;
            let part = self.load_scalar(scalar, at, Some(width))?;
            // One of two is volatile, or LLVM would join them.
            if let (Some(load), true) = (part.as_instruction_value(), start / width % 2 == 1) {
                load.set_volatile(true).map_err(|error| CodegenError(error.to_string()))?;
            }
            parts.push(part.into_vector_value());
        }
        // Lanes are a power of two, and so are their halves.
        while let [first, .., _] = parts.as_slice() {
            let both: Vec<u32> = (0..2 * first.get_type().get_size()).collect();
            let mut joined = Vec::new();
            for pair in parts.chunks(2) {
                if let [low, high] = pair {
                    joined.push(self.shuffled(*low, *high, &both)?);
                }
            }
            parts = joined;
        }
        parts.first().map(|all| (*all).into()).ok_or_else(|| CodegenError("a read of no lanes".into()))
    }

    /// Whether a value was there before the first loop of this function began.
    pub fn is_from_outside(&self, data: PointerValue<'c>) -> bool {
        let start = self.function.get_first_basic_block().and_then(|entry| entry.get_next_basic_block());
        data.as_instruction_value().is_none_or(|made| made.get_parent() == start)
    }
}
