//! The fixed tree over the leaves of a loop: partial results of a run of neighbouring leaves.
//!
//! Promises: the value of a node depends only on its leaves: node `(first, level)` covers the `2^level` leaves from
//! `first` on, a multiple of `2^level`, and is `left half op right half`. A stack of nodes is the shortest
//! such cover of its leaves, however they were cut into segments on the way.

use crate::runtime::abi::{CombineFn, Failure, Status, TaskCtx};
use crate::runtime::memory::{ALIGN, Block};
use crate::runtime::run::plain_failure;

/// A stack of nodes in ascending order. Each entry is the merger part of a frame, 64-byte aligned, and a [`Node`].
pub(super) struct Partials {
    block: Block,
    value_bytes: usize,
    stride: usize,
    len: usize,
    room: usize,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Node {
    first: i64,
    level: i64,
}

impl Partials {
    /// An empty stack for any run of the leaves of a loop that has `leaves` of them.
    ///
    /// # Safety
    /// `ctx` belongs to this thread and nobody else refers to its runtime part.
    pub(super) unsafe fn new(
        ctx: *mut TaskCtx,
        value_bytes: usize,
        leaves: i64,
    ) -> Result<Partials, Failure> {
        let stride = (value_bytes + size_of::<Node>()).next_multiple_of(ALIGN);
        // A cover has at most two nodes of each level; one more entry is being pushed.
        let levels = 64 - leaves.leading_zeros() as usize;
        let room = 2 * levels + 1;
        // SAFETY: by contract.
        let block = unsafe { &mut (*ctx).inner }.scratch(room * stride)?;
        Ok(Partials { block, value_bytes, stride, len: 0, room })
    }

    /// The storage, for reuse.
    pub(super) fn into_block(self) -> Block {
        self.block
    }

    fn value(&self, at: usize) -> *mut u8 {
        debug_assert!(at < self.room);
        // SAFETY: `push` keeps `len` within `room`, and the block holds `room` entries.
        unsafe { self.block.data().add(at * self.stride) }
    }

    fn node(&self, at: usize) -> *mut Node {
        // SAFETY: the node is at the end of the entry, behind the value; the stride is a multiple of 64.
        unsafe { self.value(at).add(self.stride - size_of::<Node>()).cast() }
    }

    /// Appends a node and combines siblings.
    ///
    /// # Safety
    /// `value` holds a merger part of this loop, `combine` is the loop's.
    unsafe fn push(&mut self, node: Node, value: *const u8, combine: CombineFn) -> Result<(), Failure> {
        if self.len >= self.room {
            return Err(plain_failure(Status::Internal));
        }
        let mut node = node;
        let mut at = self.len;
        // SAFETY: entry `at` is within the room; `value` is outside of this stack.
        unsafe { std::ptr::copy_nonoverlapping(value, self.value(at), self.value_bytes) };
        while at > 0 {
            // SAFETY: entries below `at` are initialised.
            let left = unsafe { *self.node(at - 1) };
            let sibling = left.level == node.level && left.first & (1 << node.level) == 0;
            if !sibling {
                break;
            }
            // SAFETY: both are merger parts of this loop in different entries.
            unsafe { combine(self.value(at - 1), self.value(at)) };
            node = Node { first: left.first, level: node.level + 1 };
            at -= 1;
        }
        // SAFETY: entry `at` is within the room.
        unsafe { self.node(at).write(node) };
        self.len = at + 1;
        Ok(())
    }

    /// Appends the value of leaf `leaf`, which follows the last one.
    ///
    /// # Safety
    /// As for [`Partials::push`].
    pub(super) unsafe fn push_leaf(
        &mut self,
        leaf: i64,
        value: *const u8,
        combine: CombineFn,
    ) -> Result<(), Failure> {
        // SAFETY: by contract.
        unsafe { self.push(Node { first: leaf, level: 0 }, value, combine) }
    }

    /// Appends all nodes of `right`, whose leaves follow ours.
    ///
    /// # Safety
    /// Both are of the same loop, and `combine` is the loop's.
    pub(super) unsafe fn append(&mut self, right: &Partials, combine: CombineFn) -> Result<(), Failure> {
        for at in 0..right.len {
            // SAFETY: entries below `len` are initialised.
            unsafe { self.push(*right.node(at), right.value(at), combine)? };
        }
        Ok(())
    }

    /// Folds the nodes from the right and writes the value to `out`, which stays as it is when there is no node.
    ///
    /// # Safety
    /// `out` has room for a merger part of this loop, and `combine` is the loop's.
    pub(super) unsafe fn fold(&mut self, out: *mut u8, combine: CombineFn) {
        while self.len > 1 {
            self.len -= 1;
            // SAFETY: both are merger parts of this loop in different entries.
            unsafe { combine(self.value(self.len - 1), self.value(self.len)) };
        }
        if self.len == 1 {
            // SAFETY: by contract; the stack's memory is not part of a frame.
            unsafe { std::ptr::copy_nonoverlapping(self.value(0), out, self.value_bytes) };
        }
    }
}
