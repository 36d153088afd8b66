#![forbid(unsafe_code)]
//! `asin`, `acos` and `atan`.
//!
//! Promises: within 2 ulp; NaN outside of the domains.

use super::lanes::Lanes;

/// `pi/2` and `pi/4`, and what they are rounded by.
const HALF_PI: f64 = std::f64::consts::FRAC_PI_2;
const HALF_PI_REST: f64 = 6.123233995736766e-17;
const QUARTER_PI: f64 = std::f64::consts::FRAC_PI_4;
/// The upper half of the bits: its square is exact.
const UPPER: u64 = 0xffff_ffff_0000_0000;

/// `(asin(x) / x - 1) / x^2` by `x^2`, up to a half.
const ASIN: [f64; 13] = [
    0.16666666666666669,
    0.07499999999998433,
    0.04464285714635543,
    0.030381944138531247,
    0.02237217294214989,
    0.017352392720869973,
    0.013971212973552933,
    0.011479177415184906,
    0.01032281435018578,
    0.005457506718640358,
    0.01740087944269402,
    -0.014851887071247204,
    0.028757851367421566,
];

/// `(atan(x) / x - 1) / x^2` by `x^2`, up to 1.
const ATAN: [f64; 22] = [
    -0.3333333333333333,
    0.1999999999999992,
    -0.14285714285701234,
    0.11111111110268297,
    -0.0909090906193528,
    0.07692307078827029,
    -0.06666657934573768,
    0.05882264416776449,
    -0.052624922290256754,
    0.04758080083637821,
    -0.043306538430670664,
    0.03938687540798632,
    -0.035271331066871296,
    0.030330719265790507,
    -0.024191345810140718,
    0.01718398172211335,
    -0.010412153260359241,
    0.005140912856746939,
    -0.0019612554271685326,
    0.0005376839297396244,
    -9.371186345052626e-05,
    7.767624330289919e-06,
];

/// `asin(x)`.
#[inline(always)]
pub fn asin<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let small = || l.fma(a, series(l, l.mul(a, a)), a);
    // asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2))
    let large = || {
        let square = l.mul(l.sub(l.float(1.0), a), l.float(0.5));
        let Root { root, upper, lower } = root_of(l, square);
        let twice = |value| l.add(value, value);
        let small = l.fma(twice(root), series(l, square), l.sub(twice(lower), l.float(HALF_PI_REST)));
        let main = l.sub(l.float(QUARTER_PI), twice(upper));
        l.sub(l.float(QUARTER_PI), l.sub(small, main))
    };
    l.times_sign(l.either(l.lt(a, l.float(0.5)), small, large), x)
}

/// `acos(x)`.
#[inline(always)]
pub fn acos<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let small = || {
        let less = l.fma(l.neg(x), series(l, l.mul(x, x)), l.float(HALF_PI_REST));
        l.sub(l.float(HALF_PI), l.sub(x, less))
    };
    let large = || {
        let square = l.mul(l.sub(l.float(1.0), a), l.float(0.5));
        let Root { root, upper, lower } = root_of(l, square);
        let more = l.mul(root, series(l, square));
        let positive = l.add(upper, l.add(more, lower));
        let negative = l.sub(l.float(HALF_PI), l.add(root, l.sub(more, l.float(HALF_PI_REST))));
        let half = l.select(l.lt(x, l.float(0.0)), negative, positive);
        l.add(half, half)
    };
    l.either(l.lt(a, l.float(0.5)), small, large)
}

/// `asin(x) / x - 1` by the square of `x`.
#[inline(always)]
fn series<L: Lanes>(l: &L, square: L::Float) -> L::Float {
    l.mul(square, l.poly(square, &ASIN))
}

/// A square root, and as the sum of two parts with more bits than it has.
struct Root<L: Lanes> {
    root: L::Float,
    upper: L::Float,
    lower: L::Float,
}

#[inline(always)]
fn root_of<L: Lanes>(l: &L, square: L::Float) -> Root<L> {
    let root = l.sqrt(square);
    let upper = l.float_of(l.and(l.bits_of(root), l.bits(UPPER)));
    let missing = l.fma(l.neg(upper), upper, square);
    // Of zero, both are zero.
    let sum = l.select(l.lt(l.float(0.0), root), l.add(root, upper), l.float(1.0));
    Root { root, upper, lower: l.div(missing, sum) }
}

/// `atan(x)`.
#[inline(always)]
pub fn atan<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    // atan(x) = pi/2 + atan(-1 / x)
    let large = l.lt(l.float(1.0), a);
    let t = l.select(large, l.div(l.float(-1.0), a), a);
    let square = l.mul(t, t);
    let rest = l.select(large, l.float(HALF_PI_REST), l.float(0.0));
    let tail = l.fma(l.mul(t, square), l.poly(square, &ATAN), rest);
    let near = l.add(t, tail);
    l.times_sign(l.select(large, l.add(l.float(HALF_PI), near), near), x)
}
