#![forbid(unsafe_code)]
//! The list of all passes and the default pipeline.

use super::Pass;
use super::cse::Cse;
use super::fold_constants::FoldConstants;
use super::fuse_horizontal::FuseHorizontal;
use super::fuse_vertical::FuseVertical;
use super::inline_apply::InlineApply;
use super::inline_let::InlineLet;
use super::licm::Licm;
use super::merge_tables::MergeTables;
use super::predicate::Predicate;
use super::scalar_structs::ScalarStructs;
use super::size_hints::SizeHints;
use super::unroll_loops::UnrollLoops;
use super::vectorize::Vectorize;

/// Every pass, in the order of the default pipeline.
pub static ALL: &[&dyn Pass] = &[
    &InlineApply,
    &InlineLet,
    &FuseVertical,
    &FuseHorizontal,
    &MergeTables,
    &UnrollLoops,
    &ScalarStructs,
    &FoldConstants,
    &Licm,
    &Cse,
    &SizeHints,
    &Predicate,
    &Vectorize,
];

/// What runs when nothing else is asked for.
pub static DEFAULT: &[&dyn Pass] = &[
    // Applied lambdas become lets, the one form that the other passes look through.
    &InlineApply,
    // Loops must stand directly in each other for fusion to see them.
    &InlineLet,
    &FuseVertical,
    // After the loops that are used once stand in each other, each with a producer of its own: what is equal now is the
    // same vector or the same result, and fuse-horizontal counts what several loops read.
    &Cse,
    // After the loops that are used once stand in each other: what is left is used several times, and has rows in
    // common with other loops.
    &FuseHorizontal,
    // After fusion, which brings the dictmergers of several aggregates into one loop; before the passes that clean up
    // projections and share lookups.
    &MergeTables,
    // After fusion, which may make a small loop part of a large one.
    &UnrollLoops,
    // Fusion brings the structs of producers to the fields that consumers read.
    &ScalarStructs,
    // Fusion leaves lets where a value is used several times or lies in a branch; some are needless now.
    &InlineLet,
    // After fusion, since constants of a producer then meet those of its consumer.
    &FoldConstants,
    // After folding, so that what moves is small already.
    &Licm,
    // Again, after what makes more expressions equal: folding, and moving out of loops.
    &Cse,
    // After fusion: a loop that is fused away needs no capacity.
    &SizeHints,
    // Right before vectorize, which takes bodies without branches only.
    &Predicate,
    &Vectorize,
];

/// The pass with this name or alias.
pub fn find(name: &str) -> Option<&'static dyn Pass> {
    let named = |pass: &&&'static dyn Pass| pass.info().name == name || pass.info().aliases.contains(&name);
    ALL.iter().find(named).copied()
}
