#![forbid(unsafe_code)]
//! `log`.
//!
//! Promises: within 1 ulp; `-inf` of zeros, NaN of what is below.

use super::lanes::Lanes;

/// `ln 2` in two parts; the first has so few bits that its product with an exponent is exact.
pub(super) const LN2_HIGH: f64 = 0.6931471803691238;
pub(super) const LN2_LOW: f64 = 1.9082149292705877e-10;
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// The bits of about `sqrt(0.5)`.
const LEAST: u64 = 0x3fe6_a09e_0000_0000;
const FRACTION: u64 = 0x000f_ffff_ffff_ffff;
/// `2^52`: an integer in its lowest bits is the fraction.
const INTEGER: u64 = 0x4330_0000_0000_0000;

/// `(2 atanh(s) / s - 2) / s^2` by `s^2`, up to `3 - 2 sqrt 2`.
const LOG: [f64; 7] = [
    0.666666666666667,
    0.39999999999899455,
    0.2857142862599856,
    0.2222221113102852,
    0.1818288939967772,
    0.15331712479381301,
    0.14616562422104645,
];

/// `log(x)`.
#[inline(always)]
pub fn log<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let (k, f) = split(l, x);
    // log(1 + f) = f - (h - s * (h + r)) with s = f / (2 + f), h = f^2 / 2 and r from a series in s^2
    let s = l.div(f, l.add(f, l.float(2.0)));
    let square = l.mul(s, s);
    let r = l.mul(square, l.poly(square, &LOG));
    let h = l.mul(l.mul(f, l.float(0.5)), f);
    let tail = l.fma(s, l.add(h, r), l.mul(k, l.float(LN2_LOW)));
    let sum = l.fma(k, l.float(LN2_HIGH), l.add(l.sub(tail, h), f));
    // Infinity and NaN are their own logarithms.
    let sum = l.select(l.lt(x, l.float(f64::INFINITY)), sum, x);
    let sum = l.select(l.lt(x, l.float(0.0)), l.float(f64::NAN), sum);
    l.select(l.eq(x, l.float(0.0)), l.float(f64::NEG_INFINITY), sum)
}

/// `k` and `f` with `x = 2^k * (1 + f)` and `1 + f` from `sqrt(0.5)` to `sqrt(2)`, for a finite `x` above zero.
#[inline(always)]
pub(super) fn split<L: Lanes>(l: &L, x: L::Float) -> (L::Float, L::Float) {
    let denormal = l.lt(x, l.float(f64::MIN_POSITIVE));
    let normal = l.select(denormal, l.mul(x, l.float(18014398509481984.0)), x);
    let bias = f64::from_bits(INTEGER) + 1023.0;
    let bias = l.select(denormal, l.float(bias + 54.0), l.float(bias));
    let shifted = l.add_bits(l.bits_of(normal), l.bits(ONE - LEAST));
    let k = l.sub(l.float_of(l.or(l.shr(shifted, 52), l.bits(INTEGER))), bias);
    let mantissa = l.float_of(l.add_bits(l.and(shifted, l.bits(FRACTION)), l.bits(LEAST)));
    (k, l.sub(mantissa, l.float(1.0)))
}
