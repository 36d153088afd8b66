#![forbid(unsafe_code)]
//! The arithmetic that the functions are written in: one number, or one number in each SIMD lane.
//!
//! Promises: every operation is one that IEEE 754 or integer arithmetic fixes to the bit, so a function has the same bits
//! whoever implements this; nothing here rounds in a way that a machine could choose.

/// Straight-line arithmetic on `f64` and its bits. A function written in it has no branches of its own, so it can run in
/// lanes; where only one of two values is needed, [`Lanes::either`] says so.
pub trait Lanes {
    /// A float, or one in each lane.
    type Float: Copy;
    /// 64 bits, or so many in each lane.
    type Bits: Copy;
    /// A truth value, or one in each lane.
    type Mask: Copy;

    /// A constant.
    fn float(&self, value: f64) -> Self::Float;
    /// A constant.
    fn bits(&self, value: u64) -> Self::Bits;

    /// `a + b`.
    fn add(&self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a - b`.
    fn sub(&self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a * b`.
    fn mul(&self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a / b`.
    fn div(&self, a: Self::Float, b: Self::Float) -> Self::Float;
    /// `a * b + c`, rounded once.
    fn fma(&self, a: Self::Float, b: Self::Float, c: Self::Float) -> Self::Float;
    /// The square root.
    fn sqrt(&self, a: Self::Float) -> Self::Float;
    /// `-a`.
    fn neg(&self, a: Self::Float) -> Self::Float;

    /// `a < b`: false with a NaN.
    fn lt(&self, a: Self::Float, b: Self::Float) -> Self::Mask;
    /// `a == b`: false with a NaN.
    fn eq(&self, a: Self::Float, b: Self::Float) -> Self::Mask;
    /// Whether the lowest bit is set.
    fn is_odd(&self, a: Self::Bits) -> Self::Mask;
    /// `a` where the mask holds, else `b`.
    fn select(&self, mask: Self::Mask, a: Self::Float, b: Self::Float) -> Self::Float;
    /// As [`Lanes::select`]; one number computes only the value it takes.
    fn either(
        &self,
        mask: Self::Mask,
        a: impl FnOnce() -> Self::Float,
        b: impl FnOnce() -> Self::Float,
    ) -> Self::Float;
    /// `usual` where the mask holds, else `rare(x)`; whole lanes may call `rare`'s function, which is the one being
    /// written, for each lane when the mask fails in any of them: the bits are the same.
    fn usually(
        &self,
        mask: Self::Mask,
        usual: impl FnOnce() -> Self::Float,
        x: Self::Float,
        rare: fn(f64) -> f64,
    ) -> Self::Float;

    /// The bits of a float.
    fn bits_of(&self, a: Self::Float) -> Self::Bits;
    /// The float of these bits.
    fn float_of(&self, a: Self::Bits) -> Self::Float;
    /// `a + b`, wrapping.
    fn add_bits(&self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a - b`, wrapping.
    fn sub_bits(&self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a & b`.
    fn and(&self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a | b`.
    fn or(&self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a ^ b`.
    fn xor(&self, a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `a << count`.
    fn shl(&self, a: Self::Bits, count: u32) -> Self::Bits;
    /// `a >> count`, filling with zeros.
    fn shr(&self, a: Self::Bits, count: u32) -> Self::Bits;

    /// `|a|`.
    #[inline(always)]
    fn abs(&self, a: Self::Float) -> Self::Float {
        self.float_of(self.and(self.bits_of(a), self.bits(!SIGN)))
    }

    /// `a` with its sign flipped where `x` is negative, `-0.0` included.
    #[inline(always)]
    fn times_sign(&self, a: Self::Float, x: Self::Float) -> Self::Float {
        let sign = self.and(self.bits_of(x), self.bits(SIGN));
        self.float_of(self.xor(self.bits_of(a), sign))
    }

    /// `coefficients[0] + coefficients[1] * x + ...`, in two chains for long ones: each step waits for the one before.
    #[inline(always)]
    fn poly<const N: usize>(&self, x: Self::Float, coefficients: &[f64; N]) -> Self::Float {
        if N < 6 {
            return self.horner(x, coefficients.iter());
        }
        let square = self.mul(x, x);
        let even = self.horner(square, coefficients.iter().step_by(2));
        let odd = self.horner(square, coefficients.iter().skip(1).step_by(2));
        self.fma(odd, x, even)
    }

    /// A polynomial by Horner's rule.
    #[inline(always)]
    fn horner<'a>(
        &self,
        x: Self::Float,
        coefficients: impl DoubleEndedIterator<Item = &'a f64>,
    ) -> Self::Float {
        let mut highest_first = coefficients.rev().map(|c| self.float(*c));
        let first = highest_first.next().unwrap_or_else(|| self.float(0.0));
        highest_first.fold(first, |sum, c| self.fma(sum, x, c))
    }
}

/// The bit of the sign.
pub const SIGN: u64 = 1 << 63;

/// One number: the interpreter, constant folding, and scalar compiled code.
pub struct One;

impl Lanes for One {
    type Float = f64;
    type Bits = u64;
    type Mask = bool;

    #[inline(always)]
    fn float(&self, value: f64) -> f64 {
        value
    }
    #[inline(always)]
    fn bits(&self, value: u64) -> u64 {
        value
    }
    #[inline(always)]
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn sub(&self, a: f64, b: f64) -> f64 {
        a - b
    }
    #[inline(always)]
    fn mul(&self, a: f64, b: f64) -> f64 {
        a * b
    }
    #[inline(always)]
    fn div(&self, a: f64, b: f64) -> f64 {
        a / b
    }
    #[inline(always)]
    fn fma(&self, a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
    #[inline(always)]
    fn sqrt(&self, a: f64) -> f64 {
        a.sqrt()
    }
    #[inline(always)]
    fn neg(&self, a: f64) -> f64 {
        -a
    }
    #[inline(always)]
    fn lt(&self, a: f64, b: f64) -> bool {
        a < b
    }
    #[inline(always)]
    fn eq(&self, a: f64, b: f64) -> bool {
        a == b
    }
    #[inline(always)]
    fn is_odd(&self, a: u64) -> bool {
        a & 1 != 0
    }
    #[inline(always)]
    fn select(&self, mask: bool, a: f64, b: f64) -> f64 {
        if mask { a } else { b }
    }
    #[inline(always)]
    fn either(&self, mask: bool, a: impl FnOnce() -> f64, b: impl FnOnce() -> f64) -> f64 {
        if mask { a() } else { b() }
    }
    #[inline(always)]
    fn usually(&self, mask: bool, usual: impl FnOnce() -> f64, x: f64, rare: fn(f64) -> f64) -> f64 {
        if mask { usual() } else { rare(x) }
    }
    #[inline(always)]
    fn bits_of(&self, a: f64) -> u64 {
        a.to_bits()
    }
    #[inline(always)]
    fn float_of(&self, a: u64) -> f64 {
        f64::from_bits(a)
    }
    #[inline(always)]
    fn add_bits(&self, a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn sub_bits(&self, a: u64, b: u64) -> u64 {
        a.wrapping_sub(b)
    }
    #[inline(always)]
    fn and(&self, a: u64, b: u64) -> u64 {
        a & b
    }
    #[inline(always)]
    fn or(&self, a: u64, b: u64) -> u64 {
        a | b
    }
    #[inline(always)]
    fn xor(&self, a: u64, b: u64) -> u64 {
        a ^ b
    }
    #[inline(always)]
    fn shl(&self, a: u64, count: u32) -> u64 {
        a << count
    }
    #[inline(always)]
    fn shr(&self, a: u64, count: u32) -> u64 {
        a >> count
    }
}
