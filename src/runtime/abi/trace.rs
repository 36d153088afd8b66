#![forbid(unsafe_code)]
//! Execution traces at the line to compiled code: what a program says about its lines.
//!
//! Promises: as `abi`: what is here is the only declaration.

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
