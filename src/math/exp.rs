#![forbid(unsafe_code)]
//! `exp` and the hyperbolic functions, which are made of it.
//!
//! Promises: `exp` within 1 ulp, the others within 2; overflow, underflow and NaN as in C.

use super::lanes::Lanes;

const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// `ln 2` in two parts. `x - n * LN2_HIGH` is exact when it is computed with one rounding.
const LN2_HIGH: f64 = std::f64::consts::LN_2;
const LN2_LOW: f64 = 2.3190468138462996e-17;
/// Adding it rounds to an integer, whose bits are then the lowest ones.
pub(super) const ROUND: f64 = 6755399441055744.0;
/// Beyond these the results are infinite or zero.
const HIGHEST: f64 = 712.0;
const LOWEST: f64 = -750.0;

/// `(e^r - 1 - r) / r^2` for `r` up to `ln 2 / 2` in size.
const EXP: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
];

/// `(sinh(x) / x - 1) / x^2` by `x^2`, up to 1.
const SINH: [f64; 7] = [
    0.16666666666666666,
    0.008333333333333299,
    0.00019841269841324198,
    2.7557319191381816e-06,
    2.5052117695907823e-08,
    1.6057679623801638e-10,
    7.746178593018827e-13,
];

/// `(tanh(x) / x - 1) / x^2` by `x^2`, up to 0.32.
const TANH: [f64; 11] = [
    -0.3333333333333333,
    0.13333333333332287,
    -0.053968253966941174,
    0.02186948847183127,
    -0.008863233909035819,
    0.003592104122205731,
    -0.0014556132635203506,
    0.0005887035050096009,
    -0.00023396385092753797,
    8.404438485161817e-05,
    -1.9880863645436124e-05,
];

/// `exp(x)`.
#[inline(always)]
pub fn exp<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    exp_scaled(l, x, 0)
}

/// `exp(x + rest)` where `rest` is far smaller than `x`.
#[inline(always)]
pub(super) fn exp_of_sum<L: Lanes>(l: &L, x: L::Float, rest: L::Float) -> L::Float {
    let add = |r, lost| {
        let more = l.add(lost, rest);
        let sum = l.add(r, more);
        (sum, l.add(l.sub(r, sum), more))
    };
    scaled(l, x, add, 0)
}

/// `exp(x) * 2^scale`, which may be finite where `exp(x)` is not.
#[inline(always)]
fn exp_scaled<L: Lanes>(l: &L, x: L::Float, scale: i64) -> L::Float {
    scaled(l, x, |r, lost| (r, lost), scale)
}

/// As [`exp_scaled`]; `change` is given `r` below and what it was rounded by.
#[inline(always)]
fn scaled<L: Lanes>(
    l: &L,
    x: L::Float,
    change: impl FnOnce(L::Float, L::Float) -> (L::Float, L::Float),
    scale: i64,
) -> L::Float {
    let x = l.select(l.lt(l.float(HIGHEST), x), l.float(HIGHEST), x);
    let x = l.select(l.lt(x, l.float(LOWEST)), l.float(LOWEST), x);
    // x = n * ln 2 + r
    let rounded = l.fma(x, l.float(LOG2_E), l.float(ROUND));
    let n = l.sub(rounded, l.float(ROUND));
    let first = l.fma(n, l.float(-LN2_HIGH), x);
    let r = l.fma(n, l.float(-LN2_LOW), first);
    let (r, rest) = change(r, l.fma(n, l.float(-LN2_LOW), l.sub(first, r)));
    // e^r = 1 + r + (r^2 * q + rest), with what the first sum is rounded by.
    let more = l.fma(l.mul(r, r), l.poly(r, &EXP), rest);
    let sum = l.add(l.float(1.0), r);
    let lost = l.add(l.sub(l.float(1.0), sum), r);
    let p = l.add(sum, l.add(lost, more));
    // 2^n as a product of two: the first multiplication is exact, so the second alone rounds.
    let biased = l.sub_bits(l.bits_of(rounded), l.bits(ROUND.to_bits().wrapping_sub((2046 + scale) as u64)));
    let half = l.shr(biased, 1);
    let rest = l.sub_bits(biased, half);
    let p = l.mul(p, l.float_of(l.shl(half, 52)));
    l.mul(p, l.float_of(l.shl(rest, 52)))
}

/// `sinh(x)`.
#[inline(always)]
pub fn sinh<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let small = || {
        let square = l.mul(a, a);
        l.fma(l.mul(a, square), l.poly(square, &SINH), a)
    };
    let large = || {
        let half = exp_scaled(l, a, -1);
        l.sub(half, l.div(l.float(0.25), half))
    };
    l.times_sign(l.either(l.lt(a, l.float(1.0)), small, large), x)
}

/// `cosh(x)`.
#[inline(always)]
pub fn cosh<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let half = exp_scaled(l, l.abs(x), -1);
    l.add(half, l.div(l.float(0.25), half))
}

/// `tanh(x)`.
#[inline(always)]
pub fn tanh<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let small = || {
        let square = l.mul(a, a);
        l.fma(l.mul(a, square), l.poly(square, &TANH), a)
    };
    let large = || {
        let e = exp(l, l.add(a, a));
        l.sub(l.float(1.0), l.div(l.float(2.0), l.add(e, l.float(1.0))))
    };
    // Above this the result is more than a half, and the difference loses nothing.
    l.times_sign(l.either(l.lt(a, l.float(0.55)), small, large), x)
}
