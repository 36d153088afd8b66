//! The line between compiled code and the runtime: every function, struct and number both sides share.
//!
//! Promises: this file is the only declaration. `shims` defines the functions, `codegen::rtcall` declares
//! them to LLVM, `codegen::jit` links them by address; a test counts that all agree. Structs are `repr(C)` and
//! their offsets are asserted here.
//! Rules: every function returns a [`Status`] number, compiled code tests it and leaves at once on anything but
//! zero; nothing unwinds across this line.

use super::shims;

/// What a run ends with: the numbers of LANGUAGE section 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Status {
    Ok = 0,
    ArrayOutOfBounds = 4,
    BadIteratorLength = 5,
    MismatchedZipSize = 6,
    OutOfMemory = 7,
    /// A bug of ours: a panic was caught at this line.
    Internal = 9,
    DeserializationError = 10,
    KeyNotFound = 11,
    AssertionError = 12,
    Cancelled = 17,
    DivideByZero = 18,
    /// The time limit passed.
    Timeout = 19,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 12] = [
        Status::Ok,
        Status::ArrayOutOfBounds,
        Status::BadIteratorLength,
        Status::MismatchedZipSize,
        Status::OutOfMemory,
        Status::Internal,
        Status::DeserializationError,
        Status::KeyNotFound,
        Status::AssertionError,
        Status::Cancelled,
        Status::DivideByZero,
        Status::Timeout,
    ];

    /// The status with this number; an unknown number is `Internal`.
    pub fn from_code(code: u32) -> Status {
        Status::ALL.into_iter().find(|status| *status as u32 == code).unwrap_or(Status::Internal)
    }

    /// The name used in messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "Success",
            Status::ArrayOutOfBounds => "ArrayOutOfBounds",
            Status::BadIteratorLength => "BadIteratorLength",
            Status::MismatchedZipSize => "MismatchedZipSize",
            Status::OutOfMemory => "OutOfMemory",
            Status::Internal => "Unknown",
            Status::DeserializationError => "DeserializationError",
            Status::KeyNotFound => "KeyNotFoundError",
            Status::AssertionError => "AssertionError",
            Status::Cancelled => "Cancelled",
            Status::DivideByZero => "DivideByZero",
            Status::Timeout => "Timeout",
        }
    }
}

/// Why a run failed. What `a` and `b` mean depends on the status: index and length, start/end, the two
/// lengths, asked and allowed bytes; 0 otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Failure {
    /// What happened.
    pub status: Status,
    /// The number of the check in the program's site table (`codegen` makes it); `u32::MAX` for none.
    pub site: u32,
    /// First value.
    pub a: i64,
    /// Second value.
    pub b: i64,
}

/// What compiled code gets as its first argument: the state of one thread's part of a run.
/// Compiled code reads only the first field.
#[repr(C)]
pub struct TaskCtx {
    /// 0: go on; anything else: return [`Status`] from `weld_rt_stop`. Polled at the border of each leaf.
    pub signal: *const std::sync::atomic::AtomicU32,
    /// Everything else belongs to the runtime.
    pub(super) inner: super::run::TaskInner,
}

/// An appender in memory. `cap` counts elements.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Appender {
    /// First element; null when `cap` is 0.
    pub data: *mut u8,
    /// Number of elements.
    pub len: i64,
    /// Room for this many.
    pub cap: i64,
}

/// `vec[T]` in memory: read by C, NumPy and compiled code alike.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct WeldVec {
    /// First element; may be null when `len` is 0.
    pub data: *mut u8,
    /// Number of elements.
    pub len: i64,
}

/// A dictionary, and a dictmerger or groupmerger while it is filled. A null pointer is an empty dictionary.
///
/// A slot is `hash << 32 | (ticket + 1)`, or 0 when it is free; `ticket` is the number of an entry. The place of a hash is
/// `hash & mask`; where that is taken, the first free slot of its line, or of the next line that has one. Lines are
/// [`LINE`] slots, which one comparison of vectors looks through. A larger table is made from the slots alone. Entries lie
/// in the order of their first insertion, each as the struct `{K,V}`: `tovec` is `entries` and `len`.
///
/// The hash of a key is the upper half of a 64-bit state that starts as `seed`, or 1 if that is 0. A word goes in as
/// `fold(state ^ bits)`, where `fold` adds (xor) the halves of the 128-bit product with [`HASH_MULTIPLIER`]. Scalars are
/// words, all NaNs are one and `-0.0` is `0.0`; neighbouring scalars of a struct share a word while they fit; a vector
/// goes in as its length and its elements, integers as their bytes (see `codegen::hash`).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Dict {
    /// `mask + 1` slots.
    pub slots: *mut u64,
    /// One less than the number of slots, a power of two and at least a line.
    pub mask: i64,
    /// The entries.
    pub entries: *mut u8,
    /// Number of entries.
    pub len: i64,
    /// Number of entries that fit before the table has to grow.
    pub cap: i64,
    /// What hashes start from.
    pub seed: u64,
    /// Bytes per entry.
    pub entry_bytes: i64,
    /// Only while a groupmerger is filled: rows of ticket (`u32`) and value, in the order of the merges.
    pub log: Appender,
    /// Null, except in the table of one chunk of a loop.
    pub local: *mut Local,
}

/// What the table of one chunk of a loop has besides: see `local`. The chunk leaves rows behind: key and value as in an
/// entry, then a number (`u32`) and the tag (`u32`). Their order is that of the numbers, and keys first appear in it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Local {
    /// The number of the next row.
    pub next: i64,
    /// [`PARTS`] of them once the table is given up, which is when it has room for no key; the first bits of the tag choose
    /// one. What is merged then becomes a row. Until then a full table is handed to `weld_rt_dict_full`.
    pub parts: *mut Part,
}

/// The first bits of a hash that choose a part.
pub const PART_BITS: u32 = 8;
/// Number of parts.
pub const PARTS: usize = 1 << PART_BITS;

/// Where the next row of a part goes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Part {
    /// Where the next row goes.
    pub next: *mut u8,
    /// When `next` is here, `weld_rt_part_grow` makes room.
    pub end: *mut u8,
}

/// Rows or entries that are to be merged into a table: what [`TableDesc::absorb`] gets as its environment.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Absorbed {
    /// The first one.
    pub rows: *const u8,
    /// Bytes from one to the next.
    pub stride: i64,
    /// Null for entries. For rows, where the place of each new key goes, by its ticket: `base` and the number of its row.
    pub places: *mut i64,
    /// See `places`.
    pub base: i64,
    /// 1: the keys are new, and their values are taken as they are.
    pub taken: i64,
}

/// A dictmerger of a loop whose chunks fill tables of their own.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TableDesc {
    /// Merges rows: `frame` is the table, `env` an [`Absorbed`], the iterations are its rows.
    pub absorb: BodyFn,
    /// Where the pointer to the table is in the frame.
    pub offset: u32,
    /// Bytes of an entry.
    pub entry_bytes: u32,
    /// Bytes of a row.
    pub row_bytes: u32,
    /// Where the number is in a row.
    pub number_at: u32,
    /// 0: nobody will look for a key when the loop is over, only the entries matter.
    pub indexed: u32,
}

/// What hash states are multiplied by.
pub const HASH_MULTIPLIER: u64 = 0xa076_1d64_78bd_642f;

/// Slots in a line: those of a cache line of 64 bytes.
pub const LINE: usize = 8;

/// The slots of dictionaries that have none yet: never written to, since they have no room for an entry.
pub(super) static EMPTY_LINE: [u64; LINE] = [0; LINE];

/// The operands of an `nditer` in memory.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NdSpace {
    /// The element that the first iteration reads.
    pub start: i64,
    /// `vec[i64]`.
    pub shape: WeldVec,
    /// `vec[i64]`.
    pub strides: WeldVec,
}

/// A loop body: runs the iterations `lo..hi`, reads captured values from `env`, merges into the builders in
/// `frame`. Returns a [`Status`] number.
pub type BodyFn =
    unsafe extern "C" fn(ctx: *mut TaskCtx, env: *const u8, frame: *mut u8, lo: i64, hi: i64) -> u32;

/// Combines the merger part of two frames of neighbouring iterations: `left := left op right`.
pub type CombineFn = unsafe extern "C" fn(left: *mut u8, right: *const u8);

/// A parallel loop, as constant data in the compiled module.
///
/// A *frame* holds the builders of the loop for one run of neighbouring iterations: first the accumulators of all
/// mergers (`merger_bytes`), then the appenders. Frames are 64-byte aligned.
#[repr(C)]
pub struct LoopDesc {
    /// The body.
    pub body: BodyFn,
    /// Combines merger parts; never called when `merger_bytes` is 0.
    pub combine: CombineFn,
    /// The merger part of a fresh frame: the neutral values.
    pub neutral: *const u8,
    /// Where the appenders are in a frame.
    pub appenders: *const AppenderDesc,
    /// Iterations per leaf: ranges are cut at multiples of it only.
    pub leaf: i64,
    /// Size of a frame.
    pub frame_bytes: u32,
    /// Size of its merger part.
    pub merger_bytes: u32,
    /// Number of appenders.
    pub n_appenders: u32,
    /// 1: the mergers round (float `+` and `*`), so `body` is called with one leaf at a time on neutral mergers and
    /// the leaf values are combined in the fixed tree. 0: combining is exact and `body` may run over many leaves,
    /// going on with the mergers it finds.
    pub tree: u32,
    /// 1: the builders include one that is filled in place, so the loop runs on the thread that began it.
    pub sequential: u32,
    /// Number of `tables`.
    pub n_tables: u32,
    /// The dictmergers: the frame holds pointers to their tables, behind the appenders.
    pub tables: *const TableDesc,
}

impl LoopDesc {
    /// A loop of the runtime itself: no builders, and each iteration a leaf.
    pub(super) fn without_builders(body: BodyFn) -> LoopDesc {
        unsafe extern "C" fn no_mergers(_: *mut u8, _: *const u8) {}
        LoopDesc {
            body,
            combine: no_mergers,
            neutral: std::ptr::null(),
            appenders: std::ptr::null(),
            leaf: 1,
            frame_bytes: 0,
            merger_bytes: 0,
            n_appenders: 0,
            tree: 0,
            sequential: 0,
            n_tables: 0,
            tables: std::ptr::null(),
        }
    }
}

/// One appender of a frame.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct AppenderDesc {
    /// Offset of its [`Appender`] in the frame.
    pub offset: u32,
    /// Bytes per element.
    pub stride: u32,
}

/// What the keys of a sort are: their bytes, 1, 2, 4 or 8, and flags.
#[derive(Clone, Copy, Debug)]
pub struct SortKey(pub u32);

impl SortKey {
    /// Integers with a sign.
    pub const SIGNED: u32 = 1 << 8;
    /// Floats.
    pub const FLOAT: u32 = 1 << 9;
    /// Larger ones come first.
    pub const DESCENDING: u32 = 1 << 10;

    /// Bytes of a key.
    pub(super) fn bytes(self) -> usize {
        (self.0 & 15) as usize
    }

    /// Whether keys are floats.
    pub(super) fn is_float(self) -> bool {
        self.0 & SortKey::FLOAT != 0
    }

    /// Whether larger keys come first.
    pub(super) fn descending(self) -> bool {
        self.0 & SortKey::DESCENDING != 0
    }

    /// All bits of a key.
    pub(super) fn mask(self) -> u64 {
        u64::MAX >> (64 - 8 * (self.0 & 15).clamp(1, 8))
    }

    /// The bits of an integer that are turned round to make its order that of numbers without a sign. Floats have more
    /// to be done first.
    pub(super) fn flip(self) -> u64 {
        let all = if self.descending() { self.mask() } else { 0 };
        let sign = if self.0 & SortKey::SIGNED != 0 { (self.mask() >> 1) + 1 } else { 0 };
        all ^ sign
    }
}

/// One line of an execution trace: a `let`, a loop or an `iterate` of the program.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TraceLine {
    /// Its place, its name with its type, its code, and the form of its value, in a row.
    pub text: *const u8,
    /// Bytes of the place.
    pub place: u32,
    /// Bytes of the name.
    pub name: u32,
    /// Bytes of the code.
    pub code: u32,
    /// Bytes of the form: characters of [`TraceForm`]; none where there is no value to tell.
    pub form: u32,
    /// One of [`TraceKind`].
    pub kind: u32,
}

/// What a line of a trace is about.
pub struct TraceKind;

impl TraceKind {
    /// A `let`, or the result.
    pub const LET: u32 = 0;
    /// A loop.
    pub const LOOP: u32 = 1;
    /// An `iterate`.
    pub const ITERATE: u32 = 2;
}

/// How a traced value is written: these stand for words of 64 bits, in their order; any other character for itself.
pub struct TraceForm;

impl TraceForm {
    /// 0 or 1.
    pub const BOOL: char = 'b';
    /// An integer, extended by its sign.
    pub const SIGNED: char = 'i';
    /// An integer, extended by zeros.
    pub const UNSIGNED: char = 'u';
    /// The bits of an `f32`.
    pub const F32: char = 'f';
    /// The bits of an `f64`.
    pub const F64: char = 'd';
    /// The number of elements of a vector.
    pub const ELEMENTS: char = 'v';
    /// The number of keys of a dictionary.
    pub const KEYS: char = 'k';
    /// All of them.
    pub const WORDS: [char; 7] = [
        TraceForm::BOOL,
        TraceForm::SIGNED,
        TraceForm::UNSIGNED,
        TraceForm::F32,
        TraceForm::F64,
        TraceForm::ELEMENTS,
        TraceForm::KEYS,
    ];
}

/// All lines of a program.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TraceTable {
    /// The first one.
    pub lines: *const TraceLine,
    /// How many there are.
    pub n: i64,
}

/// Hands each function that compiled code may call to `$each!`, as
/// `name: type-of-the-Rust-function = symbol, (argument kinds)`. Kinds: `ptr`, `i64`, `u32`. All return `u32`, a [`Status`].
macro_rules! for_each_runtime_fn {
    ($each:ident) => {
        $each! {
            /// `*out = ` room for `bytes` bytes, 64-byte aligned, that lives until the end of the run.
            weld_rt_alloc(bytes: i64, out: ptr);
            /// Gives back what [`weld_rt_alloc`](super::shims::weld_rt_alloc) gave, if it is large; nobody uses it any more.
            weld_rt_free(data: ptr);
            /// Makes room for `more` further elements of `stride` bytes in `*appender`.
            weld_rt_grow(appender: ptr, more: i64, stride: i64);
            /// Records a failed check and returns its status: see [`Failure`].
            weld_rt_fail(status: u32, site: u32, a: i64, b: i64);
            /// The status behind a non-zero signal word.
            weld_rt_stop();
            /// `*out = ` a new [`Dict`] whose entries have `entry_bytes` bytes; with so many slots, or 0.
            weld_rt_dict_new(entry_bytes: i64, n_slots: i64, out: ptr);
            /// `*out = ` a new [`Dict`] with the entries of `from`.
            weld_rt_dict_copy(from: ptr, entry_bytes: i64, out: ptr);
            /// Makes room for more entries in `*dict`.
            weld_rt_dict_grow(dict: ptr);
            /// A key of iteration `i` is not in `*dict`, the full table of a chunk: makes room, or says that it spills.
            weld_rt_dict_full(dict: ptr, i: i64);
            /// Makes room for a row in a part of what `*dict` spills.
            weld_rt_part_grow(dict: ptr, part: i64);
            /// Frees what only the building of `*dict` needed.
            weld_rt_dict_seal(dict: ptr);
            /// `*out = ` the `n` elements of `bytes` bytes at `data`, sorted by the key `offset` bytes into them, which is
            /// as [`SortKey`] says; equal ones keep their order. Null if a key is NaN.
            weld_rt_sort(data: ptr, n: i64, key: u32, bytes: i64, offset: i64, out: ptr);
            /// Sorts `n` records of two words at `data` by the first, which counts as unsigned; equal ones keep their
            /// order.
            weld_rt_sort_records(data: ptr, n: i64);
            /// Runs `n` iterations of the loop `desc`, in parallel when it pays. On entry the appenders of `*frame` hold
            /// what was appended before; on return `*frame` holds all builders, the mergers without any start value.
            weld_rt_for(desc: ptr, env: ptr, frame: ptr, n: i64);
            /// `*out = ` the number of elements of an `nditer`, negative when it reaches outside its vector of `len` elements.
            weld_rt_nd_count(len: i64, space: ptr, out: ptr);
            /// `*out = ` the row of iteration `k`: see [`super::nd::Row`].
            weld_rt_nd_row(k: i64, space: ptr, out: ptr);
            /// The run is traced: `table` is the [`TraceTable`] of the program. Called before the other ones.
            weld_rt_trace_start(table: ptr);
            /// The `let` of a line begins.
            weld_rt_trace_let(line: u32);
            /// The value of the `let` of a line: the words of its [`TraceForm`].
            weld_rt_trace_value(line: u32, words: ptr);
            /// Turn `turn` of the `iterate` of a line begins, with the value in `words`.
            weld_rt_trace_turn(line: u32, turn: i64, words: ptr);
            /// The `iterate` of a line has its value after so many turns.
            weld_rt_trace_turns(line: u32, turns: i64, words: ptr);
            /// The loop of a line begins, with `n` iterations. `*began = ` what the end wants to know.
            weld_rt_trace_loop(line: u32, n: i64, began: ptr);
            /// The loop of a line is over.
            weld_rt_trace_loop_end(line: u32, n: i64, began: i64);
        }
    };
}
#[cfg(feature = "jit")]
pub(crate) use for_each_runtime_fn;

/// A runtime function for the linker: symbol and address.
pub struct Symbol {
    /// The name that compiled code calls.
    pub name: &'static str,
    /// Where it is.
    pub address: usize,
}

macro_rules! runtime_symbols {
    ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident: $kind:ident),*);)+) => {
        /// Every function of this line.
        pub fn symbols() -> Vec<Symbol> {
            vec![$(Symbol { name: stringify!($name), address: shims::$name as *const () as usize },)+]
        }
    };
}
for_each_runtime_fn!(runtime_symbols);

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(offset_of!(TaskCtx, signal) == 0);
    assert!(
        offset_of!(Appender, data) == 0 && offset_of!(Appender, len) == 8 && offset_of!(Appender, cap) == 16
    );
    assert!(size_of::<Appender>() == 24);
    assert!(offset_of!(WeldVec, data) == 0 && offset_of!(WeldVec, len) == 8 && size_of::<WeldVec>() == 16);
    assert!(offset_of!(NdSpace, shape) == 8 && offset_of!(NdSpace, strides) == 24);
    assert!(offset_of!(super::nd::Row, end) == 0 && offset_of!(super::nd::Row, base) == 8);
    assert!(offset_of!(super::nd::Row, stride) == 16 && size_of::<super::nd::Row>() == 24);
    assert!(offset_of!(LoopDesc, body) == 0 && offset_of!(LoopDesc, combine) == 8);
    assert!(offset_of!(LoopDesc, neutral) == 16 && offset_of!(LoopDesc, appenders) == 24);
    assert!(offset_of!(LoopDesc, leaf) == 32 && offset_of!(LoopDesc, frame_bytes) == 40);
    assert!(offset_of!(LoopDesc, merger_bytes) == 44 && offset_of!(LoopDesc, n_appenders) == 48);
    assert!(offset_of!(LoopDesc, tree) == 52 && offset_of!(LoopDesc, sequential) == 56);
    assert!(offset_of!(LoopDesc, n_tables) == 60 && offset_of!(LoopDesc, tables) == 64);
    assert!(size_of::<LoopDesc>() == 72 && size_of::<TableDesc>() == 32);
    assert!(offset_of!(TableDesc, offset) == 8 && offset_of!(TableDesc, indexed) == 24);
    assert!(size_of::<Part>() == 16 && size_of::<Absorbed>() == 40);
    assert!(offset_of!(TraceLine, place) == 8 && offset_of!(TraceLine, name) == 12);
    assert!(offset_of!(TraceLine, code) == 16 && offset_of!(TraceLine, form) == 20);
    assert!(offset_of!(TraceLine, kind) == 24 && size_of::<TraceLine>() == 32);
    assert!(offset_of!(TraceTable, n) == 8);
};
