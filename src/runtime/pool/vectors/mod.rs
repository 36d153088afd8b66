//! Loops that merge into vectors on several threads: see `runtime::vectors` for what they do when.
//!
//! Promises: the vectors that the loop began with are changed by the iterations of its first segment alone, or by nobody
//! until all are over; then they hold what the rules of `runtime::vectors` say, and are in the frame again.
//! Contract of the `unsafe` functions: `ctx` belongs to the calling thread, and nobody refers to its runtime part;
//! frames are those of the loop.

mod copies;
mod rows;

use super::job::{left_failure, list};
use super::run_loop;
use crate::runtime::abi::{BodyFn, Failure, LoopDesc, TaskCtx, VectorDesc, WeldVec};
use crate::runtime::run::RunShared;
use crate::runtime::vectors::{Vector, Way, by_rows, crowded, way};
use copies::Copies;
use rows::RowSets;

/// The vecmergers of a loop whose iterations need not be run in order.
pub(super) struct Vectors {
    targets: Vec<Target>,
    kept: Kept,
}

/// One vecmerger.
struct Target {
    desc: &'static VectorDesc,
    /// What the loop began with.
    start: WeldVec,
}

enum Kept {
    Copies(Copies),
    Rows(RowSets),
}

// SAFETY: the targets do not change; see `Copies` and `RowSets` for the rest.
unsafe impl Sync for Vectors {}

impl Vectors {
    /// The vecmergers of a loop of `n` iterations that runs on this thread alone or not; `None` when it has none, or when
    /// all iterations have to run in order. It goes before the run and the descriptor do.
    pub(super) unsafe fn new(
        desc: &LoopDesc,
        run: &RunShared,
        frame: *mut u8,
        n: i64,
        alone: bool,
    ) -> Result<Option<Vectors>, Failure> {
        // SAFETY: the contract of `LoopDesc`; they live as long as the descriptor.
        let Some(all) = (unsafe { desc.vectors.as_ref() }) else { return Ok(None) };
        // SAFETY: as above.
        let descs: &'static [VectorDesc] = unsafe { std::slice::from_raw_parts(all.vectors, all.n as usize) };
        // SAFETY: by contract the run lives long enough.
        let run: &'static RunShared = unsafe { &*std::ptr::from_ref(run) };
        let (mut targets, mut vectors) = (list(run, descs.len())?, list(run, descs.len())?);
        for desc in descs {
            // SAFETY: a frame holds a vector there.
            let start = unsafe { *place(frame, desc) };
            targets.push(Target { desc, start });
            let elem_bytes = i64::from(desc.elem_bytes);
            vectors.push(Vector { len: start.len, elem_bytes, rounds: desc.rounds != 0 });
        }
        let way = way(n, desc.leaf, &vectors, all.nested != 0, desc.n_tables > 0);
        let rows = match way {
            Way::InOrder => by_rows(n, desc.leaf, &vectors, alone),
            Way::Copies { .. } => !alone && crowded(&vectors, run.threads),
        };
        let rows = if rows { RowSets::new(run, all, &targets, &vectors, n) } else { None };
        let kept = match (rows, way) {
            (Some(rows), _) => Some(Kept::Rows(rows)),
            (None, Way::Copies { chunk }) => Copies::new(run, &targets, n, chunk, alone)?.map(Kept::Copies),
            (None, Way::InOrder) => None,
        };
        Ok(kept.map(|kept| Vectors { targets, kept }))
    }

    /// Iterations of a chunk, where chunks matter.
    pub(super) fn chunk(&self) -> Option<i64> {
        match &self.kept {
            Kept::Copies(copies) => copies.chunk(),
            Kept::Rows(_) => None,
        }
    }

    /// What runs the iterations.
    pub(super) fn body(&self, usual: BodyFn) -> BodyFn {
        match &self.kept {
            Kept::Copies(_) => usual,
            Kept::Rows(rows) => rows.scatter,
        }
    }

    /// A segment begins at iteration `first`, in a frame that no segment has had.
    pub(super) unsafe fn enter(&self, frame: *mut u8, first: i64) -> Result<(), Failure> {
        match &self.kept {
            // SAFETY: by contract.
            Kept::Copies(copies) => unsafe { copies.enter(&self.targets, frame, first) },
            // SAFETY: as above.
            Kept::Rows(rows) => unsafe { rows.enter(&self.targets, frame, first) },
        }
    }

    /// A segment is over; its frame is used no more.
    pub(super) unsafe fn leave(&self, frame: *mut u8) {
        if let Kept::Copies(copies) = &self.kept {
            // SAFETY: by contract.
            unsafe { copies.leave(&self.targets, frame) };
        }
    }

    /// The chunk of iteration `lo` begins.
    pub(super) unsafe fn open(&self, frame: *mut u8, lo: i64) {
        if let Kept::Copies(copies) = &self.kept {
            // SAFETY: by contract.
            unsafe { copies.open(&self.targets, frame, lo) };
        }
    }

    /// All iterations are over: the vectors that the loop began with get their values, and are in `frame` again.
    pub(super) unsafe fn finish(self, ctx: *mut TaskCtx, frame: *mut u8) -> Result<(), Failure> {
        // SAFETY: by contract.
        unsafe {
            match &self.kept {
                Kept::Copies(copies) => copies.fold(ctx, &self.targets)?,
                Kept::Rows(rows) => rows.apply(ctx, &self.targets)?,
            }
            for target in &self.targets {
                *place(frame, target.desc) = target.start;
            }
        }
        Ok(())
    }
}

/// Where a vector is in a frame.
///
/// # Safety
/// `frame` is a frame of the loop.
unsafe fn place(frame: *mut u8, desc: &VectorDesc) -> *mut WeldVec {
    // SAFETY: by contract.
    unsafe { frame.add(desc.offset as usize).cast() }
}

/// Runs `n` steps in parallel.
///
/// # Safety
/// As the module says; `env` is what `body` wants.
unsafe fn parallel<T>(ctx: *mut TaskCtx, body: BodyFn, env: &T, n: usize) -> Result<(), Failure> {
    let desc = LoopDesc::without_builders(body);
    // SAFETY: the loop has no builders, so its frame is never used, and `env` outlives it.
    let code = unsafe { run_loop(ctx, &desc, (&raw const *env).cast(), std::ptr::null_mut(), n as i64) };
    // SAFETY: by contract.
    if code == 0 { Ok(()) } else { Err(unsafe { left_failure(ctx, code) }) }
}
