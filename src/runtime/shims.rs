//! The functions that compiled code calls: thin, safe against panics, one status each.
//!
//! Promises: the names and signatures are those of `abi::for_each_runtime_fn`; nothing unwinds out of here.
//! Contract of all of them: `ctx` is the context that the runtime gave to the calling code, used by this thread
//! only; pointers are valid as `abi` says.

use super::abi::{
    Appender, Dict, Failure, LoopDesc, NdSpace, SheetHead, SortKey, Status, TaskCtx, TraceTable, WeldVec,
};
use super::nd;
use super::pool;
use super::radix::elements::{Elements, sort_elements, sort_records};
use super::run::{TaskInner, plain_failure};
use super::sheets;
use super::trace::Trace;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f` on the runtime's part of `ctx`; a panic is `Internal`.
///
/// # Safety
/// `ctx` is as the module says.
unsafe fn with(ctx: *mut TaskCtx, f: impl FnOnce(&mut TaskInner) -> u32) -> u32 {
    catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the context belongs to this thread, and no other reference to it is alive: the runtime keeps none
        // while compiled code runs.
        f(unsafe { &mut (*ctx).inner })
    }))
    .unwrap_or(Status::Internal as u32)
}

/// `*out = ` room for `bytes` bytes. A negative number is the overflow of a huge one.
///
/// # Safety
/// `ctx` is as the module says; `out` may be written.
pub unsafe extern "C" fn weld_rt_alloc(ctx: *mut TaskCtx, bytes: i64, out: *mut *mut u8) -> u32 {
    let body = |inner: &mut TaskInner| match inner.alloc(usize::try_from(bytes).unwrap_or(usize::MAX)) {
        Ok(data) => {
            // SAFETY: by contract.
            unsafe { *out = data };
            0
        }
        Err(failure) => inner.fail(failure),
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Gives back a large allocation; a small one stays until the end of the run.
///
/// # Safety
/// `ctx` is as the module says; nobody uses `data` any more.
pub unsafe extern "C" fn weld_rt_free(ctx: *mut TaskCtx, data: *const u8) -> u32 {
    let body = |inner: &mut TaskInner| {
        inner.run().store.free(data);
        0
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Makes room for `more` further elements of `stride` bytes in `*appender`.
///
/// # Safety
/// `ctx` is as the module says; `appender` is a valid appender of elements of this size, used by nobody else.
pub unsafe extern "C" fn weld_rt_grow(
    ctx: *mut TaskCtx,
    appender: *mut Appender,
    more: i64,
    stride: i64,
) -> u32 {
    let body = |inner: &mut TaskInner| {
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        let stride = usize::try_from(stride).unwrap_or(usize::MAX);
        // SAFETY: by contract.
        let appender = unsafe { &mut *appender };
        inner.grow(appender, more, stride).map_or_else(|failure| inner.fail(failure), |()| 0)
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// `*out = ` a new dictionary.
///
/// # Safety
/// `ctx` is as the module says; `out` may be written.
pub unsafe extern "C" fn weld_rt_dict_new(
    ctx: *mut TaskCtx,
    entry_bytes: i64,
    n_slots: i64,
    out: *mut *mut Dict,
) -> u32 {
    let body = |inner: &mut TaskInner| match inner.dict_new(entry_bytes, n_slots) {
        Ok(dict) => {
            // SAFETY: by contract.
            unsafe { *out = dict };
            0
        }
        Err(failure) => inner.fail(failure),
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// `*out = ` a copy of a dictionary.
///
/// # Safety
/// `ctx` is as the module says; `out` may be written; `from` is null or a dictionary with entries of this size.
pub unsafe extern "C" fn weld_rt_dict_copy(
    ctx: *mut TaskCtx,
    from: *const Dict,
    entry_bytes: i64,
    out: *mut *mut Dict,
) -> u32 {
    // SAFETY: by contract.
    let body = |inner: &mut TaskInner| match unsafe { inner.dict_copy(from, entry_bytes) } {
        Ok(dict) => {
            // SAFETY: by contract.
            unsafe { *out = dict };
            0
        }
        Err(failure) => inner.fail(failure),
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Makes room for more entries.
///
/// # Safety
/// `ctx` is as the module says; `dict` is a dictionary being filled, used by nobody else.
pub unsafe extern "C" fn weld_rt_dict_grow(ctx: *mut TaskCtx, dict: *mut Dict) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract.
        unsafe { inner.dict_grow(dict) }.map_or_else(|failure| inner.fail(failure), |()| 0)
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// A key is not in the full table of a chunk.
///
/// # Safety
/// `ctx` is as the module says; `dict` is such a table, used by nobody else.
pub unsafe extern "C" fn weld_rt_dict_full(ctx: *mut TaskCtx, dict: *mut Dict, i: i64) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract.
        unsafe { inner.local_full(dict, i) }.map_or_else(|failure| inner.fail(failure), |()| 0)
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Makes room for a row.
///
/// # Safety
/// As for [`weld_rt_dict_full`]; the table spills.
pub unsafe extern "C" fn weld_rt_part_grow(ctx: *mut TaskCtx, dict: *mut Dict, part: i64) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract.
        let grown = unsafe { inner.local_grow(dict, part as usize) };
        grown.map_or_else(|failure| inner.fail(failure), |()| 0)
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Makes room for a row of a vecmerger.
///
/// # Safety
/// `ctx` is as the module says; `head` is that of a sheet, used by nobody else.
pub unsafe extern "C" fn weld_rt_sheet_grow(ctx: *mut TaskCtx, head: *mut SheetHead, part: i64) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract.
        unsafe { sheets::grow(head, part as usize) }.map_or_else(|failure| inner.fail(failure), |()| 0)
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Frees what only the building needed.
///
/// # Safety
/// As for [`weld_rt_dict_grow`].
pub unsafe extern "C" fn weld_rt_dict_seal(ctx: *mut TaskCtx, dict: *mut Dict) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract.
        unsafe { inner.dict_seal(dict) };
        0
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Records a failed check.
///
/// # Safety
/// `ctx` is as the module says.
pub unsafe extern "C" fn weld_rt_fail(ctx: *mut TaskCtx, status: u32, site: u32, a: i64, b: i64) -> u32 {
    let failure = Failure { status: Status::from_code(status), site, a, b };
    // SAFETY: by contract.
    unsafe { with(ctx, |inner| inner.fail(failure)) }
}

/// The status behind the signal.
///
/// # Safety
/// `ctx` is as the module says.
pub unsafe extern "C" fn weld_rt_stop(ctx: *mut TaskCtx) -> u32 {
    // SAFETY: by contract.
    unsafe { with(ctx, |inner| inner.fail(plain_failure(inner.run().stop_status()))) }
}

/// Sorts elements by a scalar in them.
///
/// # Safety
/// `ctx` is as the module says; `data` holds `n` elements of `bytes` bytes, which nobody writes to, and the key is within
/// them, aligned as its bytes say; `out` may be written.
pub unsafe extern "C" fn weld_rt_sort(
    ctx: *mut TaskCtx,
    data: *const u8,
    n: i64,
    key: u32,
    bytes: i64,
    offset: i64,
    out: *mut *mut u8,
) -> u32 {
    let number = |value: i64| usize::try_from(value).unwrap_or(0);
    let elements =
        Elements { data, len: number(n), bytes: number(bytes), offset: number(offset), key: SortKey(key) };
    // SAFETY: by contract. The context is passed on as a pointer, since loops use it too.
    let sorted = catch_unwind(AssertUnwindSafe(|| unsafe { sort_elements(ctx, elements) }));
    let place = sorted.unwrap_or(Err(plain_failure(Status::Internal)));
    // SAFETY: by contract.
    unsafe { given(ctx, place.map(|place| *out = place)) }
}

/// Sorts records by their first word.
///
/// # Safety
/// `ctx` is as the module says; `data` holds `n` records of two words, and nobody else uses them.
pub unsafe extern "C" fn weld_rt_sort_records(ctx: *mut TaskCtx, data: *mut [u64; 2], n: i64) -> u32 {
    let len = usize::try_from(n).unwrap_or(0);
    // SAFETY: by contract.
    let sorted = catch_unwind(AssertUnwindSafe(|| unsafe { sort_records(ctx, data, len) }));
    // SAFETY: by contract.
    unsafe { given(ctx, sorted.unwrap_or(Err(plain_failure(Status::Internal)))) }
}

/// The status of a result.
///
/// # Safety
/// `ctx` is as the module says.
unsafe fn given(ctx: *mut TaskCtx, result: Result<(), Failure>) -> u32 {
    match result {
        Ok(()) => 0,
        // SAFETY: by contract; no loop is running.
        Err(failure) => unsafe { (*ctx).inner.fail(failure) },
    }
}

/// Runs a loop.
///
/// # Safety
/// `ctx` is as the module says; `desc` describes a loop as `abi` says, whose body and combine function are
/// valid for `env` and frames of its size and may be called from several threads at once with different frames;
/// `frame` is such a frame, 64-byte aligned.
pub unsafe extern "C" fn weld_rt_for(
    ctx: *mut TaskCtx,
    desc: *const LoopDesc,
    env: *const u8,
    frame: *mut u8,
    n: i64,
) -> u32 {
    // SAFETY: by contract. The context is passed on as a pointer, since the body uses it too.
    let body = || unsafe { pool::run_loop(ctx, &*desc, env, frame, n) };
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Status::Internal as u32)
}

/// `*out = ` the number of elements of an `nditer` over a vector of `len` elements; -1 when it is not in the vector.
///
/// # Safety
/// `space` is an `NdSpace` whose vectors are vectors of `i64`; `out` may be written.
pub unsafe extern "C" fn weld_rt_nd_count(
    _ctx: *mut TaskCtx,
    len: i64,
    space: *const NdSpace,
    out: *mut i64,
) -> u32 {
    // SAFETY: by contract.
    let (space, out) = unsafe { (&*space, &mut *out) };
    // SAFETY: by contract.
    let (shape, strides) = unsafe { (numbers(&space.shape), numbers(&space.strides)) };
    *out = nd::count(len, space.start, shape, strides).unwrap_or(-1);
    0
}

/// `*out = ` the row of iteration `k` of an `nditer`.
///
/// # Safety
/// As [`weld_rt_nd_count`], which has accepted the space; `k` is below the count.
pub unsafe extern "C" fn weld_rt_nd_row(
    _ctx: *mut TaskCtx,
    k: i64,
    space: *const NdSpace,
    out: *mut nd::Row,
) -> u32 {
    // SAFETY: by contract.
    let (space, out) = unsafe { (&*space, &mut *out) };
    // SAFETY: by contract.
    let (shape, strides) = unsafe { (numbers(&space.shape), numbers(&space.strides)) };
    *out = nd::Row::of(k, space.start, shape, strides);
    0
}

/// Begins the trace of the run.
///
/// # Safety
/// `ctx` is as the module says; `table` is constant data of the program.
pub unsafe extern "C" fn weld_rt_trace_start(ctx: *mut TaskCtx, table: *const TraceTable) -> u32 {
    let body = |inner: &mut TaskInner| {
        // SAFETY: by contract; the program outlives its run.
        inner.run().trace.get_or_init(|| unsafe { Trace::new(&*table) });
        0
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// Hands the trace of the run to `tell`.
///
/// # Safety
/// `ctx` is as the module says.
unsafe fn traced(ctx: *mut TaskCtx, tell: impl FnOnce(&Trace)) -> u32 {
    let body = |inner: &mut TaskInner| {
        if let Some(trace) = inner.run().trace.get() {
            tell(trace);
        }
        0
    };
    // SAFETY: by contract.
    unsafe { with(ctx, body) }
}

/// A `let` begins.
///
/// # Safety
/// `ctx` is as the module says.
pub unsafe extern "C" fn weld_rt_trace_let(ctx: *mut TaskCtx, line: u32) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| trace.begin(line)) }
}

/// A `let` has its value.
///
/// # Safety
/// `ctx` is as the module says; `words` are those of the form of the line.
pub unsafe extern "C" fn weld_rt_trace_value(ctx: *mut TaskCtx, line: u32, words: *const i64) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| trace.value(line, words)) }
}

/// A turn of an `iterate` begins.
///
/// # Safety
/// As for [`weld_rt_trace_value`].
pub unsafe extern "C" fn weld_rt_trace_turn(
    ctx: *mut TaskCtx,
    line: u32,
    turn: i64,
    words: *const i64,
) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| trace.turn(line, turn, words)) }
}

/// An `iterate` ends.
///
/// # Safety
/// As for [`weld_rt_trace_value`].
pub unsafe extern "C" fn weld_rt_trace_turns(
    ctx: *mut TaskCtx,
    line: u32,
    turns: i64,
    words: *const i64,
) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| trace.turns(line, turns, words)) }
}

/// A loop begins.
///
/// # Safety
/// `ctx` is as the module says; `began` may be written.
pub unsafe extern "C" fn weld_rt_trace_loop(ctx: *mut TaskCtx, line: u32, n: i64, began: *mut i64) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| *began = trace.enter(line, n)) }
}

/// A loop ends.
///
/// # Safety
/// `ctx` is as the module says.
pub unsafe extern "C" fn weld_rt_trace_loop_end(ctx: *mut TaskCtx, line: u32, n: i64, began: i64) -> u32 {
    // SAFETY: by contract.
    unsafe { traced(ctx, |trace| trace.leave(line, n, began)) }
}

/// The elements of a vector of `i64`.
///
/// # Safety
/// `vector` is one, and it stays as it is while the result is used.
unsafe fn numbers(vector: &WeldVec) -> &[i64] {
    match usize::try_from(vector.len) {
        Ok(len) if len > 0 && !vector.data.is_null() => {
            // SAFETY: by contract: aligned data of that many elements.
            unsafe { std::slice::from_raw_parts(vector.data.cast::<i64>(), len) }
        }
        _ => &[],
    }
}
