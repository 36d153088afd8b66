#![forbid(unsafe_code)]
//! Branches that nearly always go one way.
//!
//! Promises: changes nothing but where registers are spilled and in which order blocks lie: what is rare pays for it.

use super::CodegenError;
use super::func::FnCx;
use inkwell::basic_block::BasicBlock;
use inkwell::values::IntValue;

/// How much more often the likely way is taken.
const LIKELY: u32 = 2000;

impl<'c> FnCx<'_, 'c> {
    /// Goes to `yes` if `holds`, which is likely, else to `no`.
    pub fn likely(
        &self,
        holds: IntValue<'c>,
        yes: BasicBlock<'c>,
        no: BasicBlock<'c>,
    ) -> Result<(), CodegenError> {
        let branch = self.b.build_conditional_branch(holds, yes, no)?;
        let context = self.m.context;
        let weights = [
            context.metadata_string("branch_weights").into(),
            self.int32(LIKELY).into(),
            self.int32(1).into(),
        ];
        let kind = context.get_kind_id("prof");
        branch
            .set_metadata(context.metadata_node(&weights), kind)
            .map_err(|error| CodegenError(error.to_string()))
    }
}
