//! Joins the segments of a finished loop into the frame of its caller.
//!
//! Promises: mergers are combined in the order of the iterations, rounding ones in the fixed tree; appenders hold
//! their elements in the order of the iterations. A single piece is handed over as it is; several are copied
//! once, by all workers when they are big, and freed.

use super::job::{Segment, Work, list};
use super::run_loop;
use crate::runtime::abi::{Appender, AppenderDesc, Failure, LoopDesc, Status, TaskCtx};
use crate::runtime::run::{RunShared, plain_failure};

/// Copies from this size on are worth a parallel loop.
const BIG: usize = 1024 * 1024;
/// What one iteration of such a loop copies.
const PIECE: usize = 256 * 1024;

/// Joins `rest`, which is sorted, onto `first`: `first` covers the first iterations, in the caller's frame.
///
/// # Safety
/// All are finished segments of `work`; `ctx` belongs to this thread and nobody refers to its runtime part.
pub(super) unsafe fn join(
    ctx: *mut TaskCtx,
    work: &Work<'_>,
    mut first: Segment,
    rest: Vec<Segment>,
) -> Result<(), Failure> {
    let mut end = first.hi;
    for segment in &rest {
        if segment.first != end {
            return Err(plain_failure(Status::Internal));
        }
        end = segment.hi;
    }
    if end != work.n {
        return Err(plain_failure(Status::Internal));
    }
    // SAFETY: the segments are finished, so nobody else uses their frames.
    unsafe {
        join_mergers(work, &mut first, &rest)?;
        if !rest.is_empty() {
            join_appenders(ctx, work, &first, &rest)?;
        }
        for segment in rest.into_iter().chain([first]) {
            if let Some(chunked) = work.chunked {
                chunked.release(ctx, segment.frame);
            }
            segment.recycle(ctx);
        }
    }
    Ok(())
}

unsafe fn join_mergers(work: &Work<'_>, first: &mut Segment, rest: &[Segment]) -> Result<(), Failure> {
    if work.desc.merger_bytes == 0 {
        return Ok(());
    }
    let combine = work.desc.combine;
    let Some(partials) = &mut first.partials else {
        for segment in rest {
            // SAFETY: two frames of this loop.
            unsafe { combine(first.frame, segment.frame) };
        }
        return Ok(());
    };
    for right in rest.iter().filter_map(|segment| segment.partials.as_ref()) {
        // SAFETY: neighbouring segments of this loop.
        unsafe { partials.append(right, combine)? };
    }
    // SAFETY: the caller's frame.
    unsafe { partials.fold(first.frame, combine) };
    Ok(())
}

/// One copy: `bytes` bytes from `from` to `to`.
struct Piece {
    from: *const u8,
    to: *mut u8,
    bytes: usize,
}

unsafe fn join_appenders(
    ctx: *mut TaskCtx,
    work: &Work<'_>,
    first: &Segment,
    rest: &[Segment],
) -> Result<(), Failure> {
    let count = work.desc.n_appenders as usize;
    if count == 0 {
        return Ok(());
    }
    // SAFETY: by contract; the run outlives its contexts.
    let run = unsafe { &*(*ctx).inner.run };
    // SAFETY: the contract of `LoopDesc`.
    let descs = unsafe { std::slice::from_raw_parts(work.desc.appenders, count) };
    for desc in descs {
        // SAFETY: a frame holds an appender at this offset.
        let at = |segment: &Segment| unsafe { segment.frame.add(desc.offset as usize).cast::<Appender>() };
        let mut parts = list(run, rest.len())?;
        // SAFETY: as above; the frames are not in use.
        parts.extend(rest.iter().map(|segment| unsafe { *at(segment) }).filter(|part| part.len > 0));
        // SAFETY: as above.
        let target = unsafe { &mut *at(first) };
        if target.len == 0 && parts.len() == 1 {
            let old = std::mem::replace(target, parts.swap_remove(0));
            run.store.free(old.data);
            continue;
        }
        // SAFETY: by contract.
        unsafe { concatenate(ctx, target, &parts, desc)? };
    }
    Ok(())
}

/// Appends `parts` to `target`, in place when there is room.
unsafe fn concatenate(
    ctx: *mut TaskCtx,
    target: &mut Appender,
    parts: &[Appender],
    desc: &AppenderDesc,
) -> Result<(), Failure> {
    let stride = desc.stride as usize;
    let total = parts.iter().fold(target.len, |sum, part| sum.saturating_add(part.len));
    if parts.is_empty() || stride == 0 {
        target.len = total;
        target.cap = target.cap.max(total);
        return Ok(());
    }
    // SAFETY: by contract; the run outlives its contexts.
    let run = unsafe { &*(*ctx).inner.run };
    let old = *target;
    let mut copies = list(run, parts.len() + 1)?;
    if target.cap < total {
        let bytes = usize::try_from(total).unwrap_or(usize::MAX).saturating_mul(stride);
        // SAFETY: by contract.
        target.data = unsafe { &mut (*ctx).inner }.alloc(bytes)?;
        target.cap = total;
        copies.push(old);
    }
    let mut to = target.data;
    if copies.is_empty() {
        // SAFETY: the target has `len` elements and room for more.
        to = unsafe { to.add(old.len as usize * stride) };
    }
    copies.extend_from_slice(parts);
    let mut pieces = list(run, copies.len())?;
    for part in &copies {
        let bytes = part.len as usize * stride;
        pieces.push(Piece { from: part.data, to, bytes });
        // SAFETY: `total` elements fit behind the start of the data, and this is at most their end.
        to = unsafe { to.add(bytes) };
    }
    // SAFETY: the pieces are disjoint parts of allocations that nobody else uses now.
    unsafe { copy(ctx, run, pieces)? };
    for part in &copies {
        run.store.free(part.data);
    }
    target.len = total;
    Ok(())
}

unsafe fn copy(ctx: *mut TaskCtx, run: &RunShared, pieces: Vec<Piece>) -> Result<(), Failure> {
    let bytes: usize = pieces.iter().map(|piece| piece.bytes).sum();
    if bytes < BIG {
        for piece in &pieces {
            // SAFETY: by contract of `copy_pieces`.
            unsafe { std::ptr::copy_nonoverlapping(piece.from, piece.to, piece.bytes) };
        }
        return Ok(());
    }
    let mut cut = list(run, bytes / PIECE + pieces.len())?;
    cut.extend(pieces.iter().flat_map(|piece| {
        (0..piece.bytes).step_by(PIECE).map(|start| Piece {
            // SAFETY: `start` is within the piece.
            from: unsafe { piece.from.add(start) },
            // SAFETY: as above.
            to: unsafe { piece.to.add(start) },
            bytes: PIECE.min(piece.bytes - start),
        })
    }));
    let desc = LoopDesc::without_builders(copy_pieces);
    // SAFETY: the loop has no builders, so its frame is never used, and `cut` outlives it.
    let code = unsafe { run_loop(ctx, &desc, cut.as_ptr().cast(), std::ptr::null_mut(), cut.len() as i64) };
    // SAFETY: by contract.
    if code == 0 { Ok(()) } else { Err(unsafe { super::job::left_failure(ctx, code) }) }
}

/// The body of the copying loop: `env` points to the pieces.
unsafe extern "C" fn copy_pieces(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    for at in lo..hi {
        // SAFETY: the context is valid, and its runtime part is not used by anybody else.
        let inner = unsafe { &mut (*ctx).inner };
        if inner.run().stopped() {
            let status = inner.run().stop_status();
            return inner.fail(plain_failure(status));
        }
        // SAFETY: `copy` made this many pieces, which are disjoint.
        unsafe {
            let piece = &*env.cast::<Piece>().add(at as usize);
            std::ptr::copy_nonoverlapping(piece.from, piece.to, piece.bytes);
        }
    }
    0
}
