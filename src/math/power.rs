#![forbid(unsafe_code)]
//! `pow`.
//!
//! Promises: within 1 ulp; the many special cases of C's `pow`.

use super::exp::exp_of_sum;
use super::lanes::{Lanes, SIGN};
use super::log::{LN2_HIGH, LN2_LOW, split};

/// A third in two parts.
const THIRD: f64 = 1.0 / 3.0;
const THIRD_REST: f64 = 1.850371707708594e-17;
/// Adding it to a smaller positive number rounds to an integer, whose bits are then the lowest ones.
const INTEGERS: f64 = 4503599627370496.0;

/// `(atanh(s) / s - 1 - s^2 / 3) / s^4` by `s^2`, up to `3 - 2 sqrt 2`.
const SERIES: [f64; 8] = [
    0.2,
    0.14285714285714682,
    0.11111111110827972,
    0.09090909167689756,
    0.076922974819691,
    0.06667402308315055,
    0.058531192036303886,
    0.058615785005950945,
];

/// `pow(x, y)`.
#[inline(always)]
pub fn pow<L: Lanes>(l: &L, x: L::Float, y: L::Float) -> L::Float {
    let (one, zero, infinity) = (l.float(1.0), l.float(0.0), l.float(f64::INFINITY));
    let (base, size) = (l.abs(x), l.abs(y));
    let (high, low) = log_in_two(l, base);
    // The product in two parts; the second has a meaning only where the first is finite.
    let product = l.mul(y, high);
    let rest = l.fma(y, low, l.fma(y, high, l.neg(product)));
    let rest = l.select(l.lt(l.abs(product), l.float(2000.0)), rest, zero);
    let power = exp_of_sum(l, product, rest);
    let power = l.select(l.eq(size, infinity), l.select(l.eq(base, one), one, power), power);
    // An exponent that is odd keeps the sign of the base; beyond 2^53 all are even.
    let rounded = l.add(size, l.float(INTEGERS));
    let below = l.lt(size, l.float(INTEGERS));
    let whole = l.eq(l.select(below, l.sub(rounded, l.float(INTEGERS)), size), size);
    let large = l.select(l.lt(size, l.float(2.0 * INTEGERS)), size, zero);
    let lowest_bit = l.bits_of(l.select(whole, l.select(below, rounded, large), zero));
    let sign = l.and(l.shl(lowest_bit, 63), l.and(l.bits_of(x), l.bits(SIGN)));
    let signed = l.float_of(l.xor(l.bits_of(power), sign));
    let unreal = l.select(l.lt(base, infinity), l.float(f64::NAN), signed);
    let signed = l.select(whole, signed, l.select(l.lt(x, zero), unreal, signed));
    l.select(l.eq(y, zero), one, l.select(l.eq(x, one), one, signed))
}

/// The logarithm of what is not negative, in two parts: with some 12 bits more than one has.
#[inline(always)]
fn log_in_two<L: Lanes>(l: &L, x: L::Float) -> (L::Float, L::Float) {
    let (k, f) = split(l, x);
    // log(1 + f) = 2 atanh(s) with s = f / (2 + f), = 2 s (1 + w), w = s^2 / 3 + s^4 / 5 + ...
    let sum = l.add(f, l.float(2.0));
    let sum_rest = l.sub(f, l.sub(sum, l.float(2.0)));
    let inverse = l.div(l.float(1.0), sum);
    let s = l.mul(f, inverse);
    let minus = l.neg(s);
    let s_rest = l.mul(l.fma(minus, sum_rest, l.fma(minus, sum, f)), inverse);
    let square = l.mul(s, s);
    let square_rest = l.fma(l.add(s, s), s_rest, l.fma(s, s, l.neg(square)));
    let third = l.mul(square, l.float(THIRD));
    let third_rest = l.fma(square, l.float(THIRD), l.neg(third));
    let third_rest = l.fma(square, l.float(THIRD_REST), l.fma(square_rest, l.float(THIRD), third_rest));
    let more = l.mul(l.mul(square, square), l.poly(square, &SERIES));
    let w = l.add(third, more);
    let w_rest = l.add(l.add(l.sub(third, w), more), third_rest);
    let product = l.mul(s, w);
    let product_rest = l.fma(s, w, l.neg(product));
    let product_rest = l.fma(s, w_rest, l.fma(s_rest, w, product_rest));
    let half = l.add(s, product);
    let half_rest = l.add(l.add(l.sub(s, half), product), l.add(s_rest, product_rest));
    // log(x) = k ln 2 + 2 half
    let (twice, twice_rest) = (l.add(half, half), l.add(half_rest, half_rest));
    let main = l.mul(k, l.float(LN2_HIGH));
    let sum = l.add(main, twice);
    let rest = l.add(l.sub(main, sum), twice);
    let rest = l.add(rest, l.fma(k, l.float(LN2_LOW), twice_rest));
    let high = l.add(sum, rest);
    let low = l.add(l.sub(sum, high), rest);
    // Infinity and NaN are their own logarithms.
    let finite = l.lt(x, l.float(f64::INFINITY));
    let high = l.select(l.eq(x, l.float(0.0)), l.float(f64::NEG_INFINITY), l.select(finite, high, x));
    (high, low)
}
