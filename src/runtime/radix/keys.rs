//! Records that are sorted by a key inside them, and the key as a number.
//!
//! Promises: the order of the numbers, as unsigned ones, is the order of the sort; `-0.0` and `0.0` have the same number.

/// What is sorted: one or two words, or half a word.
pub(super) trait Record: Copy + Send + Sync {
    /// The word with this number.
    fn word(self, at: usize) -> u64;

    /// The record with another word there.
    fn with_word(self, at: usize, word: u64) -> Self;
}

impl Record for u32 {
    #[inline(always)]
    fn word(self, _: usize) -> u64 {
        u64::from(self)
    }

    #[inline(always)]
    fn with_word(self, _: usize, word: u64) -> u32 {
        word as u32
    }
}

impl Record for u64 {
    #[inline(always)]
    fn word(self, _: usize) -> u64 {
        self
    }

    #[inline(always)]
    fn with_word(self, _: usize, word: u64) -> u64 {
        word
    }
}

impl Record for [u64; 2] {
    #[inline(always)]
    fn word(self, at: usize) -> u64 {
        let [first, second] = self;
        if at == 0 { first } else { second }
    }

    #[inline(always)]
    fn with_word(self, at: usize, word: u64) -> [u64; 2] {
        let [first, second] = self;
        if at == 0 { [word, second] } else { [first, word] }
    }
}

/// What a key is.
pub(super) mod kind {
    /// An integer that fills its word.
    pub const WHOLE: u8 = 0;
    /// An integer in a part of a word.
    pub const PART: u8 = 1;
    /// An `f32`.
    pub const F32: u8 = 2;
    /// An `f64`.
    pub const F64: u8 = 3;
}

/// Where the key of a record is, and what turns it into a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys<const KIND: u8> {
    /// The word it is in.
    pub at: usize,
    /// Bits below it in the word.
    pub shift: u32,
    /// Its bits, moved to the bottom.
    pub mask: u64,
    /// What is turned round: the sign bit of signed integers, everything where larger keys come first.
    pub flip: u64,
    /// Whether larger keys come first.
    pub descending: bool,
}

const SIGN: u64 = 1 << 63;
const SIGN_F32: u64 = 1 << 31;

impl Keys<{ kind::WHOLE }> {
    /// Keys that are numbers already, in the word `at`.
    pub fn of_word(at: usize) -> Keys<{ kind::WHOLE }> {
        Keys { at, shift: 0, mask: u64::MAX, flip: 0, descending: false }
    }
}

impl<const KIND: u8> Keys<KIND> {
    #[inline(always)]
    fn bits<T: Record>(&self, record: T) -> u64 {
        match KIND {
            kind::WHOLE | kind::F64 => record.word(self.at),
            _ => (record.word(self.at) >> self.shift) & self.mask,
        }
    }

    /// The key as a number.
    #[inline(always)]
    pub fn key<T: Record>(&self, record: T) -> u64 {
        let bits = self.bits(record);
        match KIND {
            kind::F64 => {
                let bits = if bits == SIGN { 0 } else { bits };
                bits ^ ((bits.cast_signed() >> 63).cast_unsigned() | SIGN) ^ self.flip
            }
            kind::F32 => {
                let bits = if bits == SIGN_F32 { 0 } else { bits };
                let negative = 0u64.wrapping_sub(bits >> 31) & (SIGN_F32 - 1);
                bits ^ (negative | SIGN_F32) ^ self.flip
            }
            _ => bits ^ self.flip,
        }
    }

    /// Whether keys are floats.
    pub const FLOATS: bool = KIND == kind::F32 || KIND == kind::F64;

    /// Whether a float key is NaN, which has no place in the order, and whether it is a negative zero, whose number is
    /// that of another key.
    #[inline(always)]
    pub fn oddities<T: Record>(&self, record: T) -> (bool, bool) {
        let bits = self.bits(record);
        match KIND {
            kind::F64 => (f64::from_bits(bits).is_nan(), bits == SIGN),
            kind::F32 => (f32::from_bits(bits as u32).is_nan(), bits == SIGN_F32),
            _ => (false, false),
        }
    }

    /// A float key, or the opposite one where larger keys come first.
    #[inline(always)]
    pub fn value<T: Record>(&self, record: T) -> f64 {
        let bits = self.bits(record);
        let value = match KIND {
            kind::F32 => f64::from(f32::from_bits(bits as u32)),
            _ => f64::from_bits(bits),
        };
        if self.descending { -value } else { value }
    }

    /// Whether the key of the first record is the smaller one.
    #[inline(always)]
    pub fn before<T: Record>(&self, a: T, b: T) -> bool {
        if Self::FLOATS { self.value(a) < self.value(b) } else { self.key(a) < self.key(b) }
    }

    /// The record with the number of its key in the place of the key, which fills its word.
    #[inline(always)]
    pub fn encoded<T: Record>(&self, record: T) -> T {
        record.with_word(self.at, self.key(record))
    }

    /// What [`Keys::encoded`] was given, unless that was a negative zero.
    #[inline(always)]
    pub fn decoded<T: Record>(&self, record: T) -> T {
        let number = record.word(self.at) ^ self.flip;
        let bits = match KIND {
            kind::F64 => number ^ ((!number.cast_signed() >> 63).cast_unsigned() | SIGN),
            kind::F32 => number ^ ((0u64.wrapping_sub((number >> 31) ^ 1) & (SIGN_F32 - 1)) | SIGN_F32),
            _ => number,
        };
        record.with_word(self.at, bits)
    }
}
