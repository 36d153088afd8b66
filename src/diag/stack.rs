#![forbid(unsafe_code)]
//! The one place that grows the stack for recursion over user-shaped trees.
//!
//! Promises: a walk that calls [`deep`] at each level never overflows the thread's stack, however
//! deep the tree is. Trees are deep in ordinary programs: a sum of 10,000 terms is a tree of depth 10,000.

/// Runs `walk` with at least 128 KiB of stack, on a fresh 4 MiB segment when less is left.
#[inline]
pub fn deep<R>(walk: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, walk)
}
