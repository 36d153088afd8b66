#![forbid(unsafe_code)]
//! `sin`, `cos` and `tan`.
//!
//! Promises: `sin` and `cos` within 1 ulp, `tan` within 2, for every argument: very large ones go the long way of the
//! `libm` crate, which multiplies them by hundreds of bits of `2/pi`.

use super::exp::ROUND;
use super::lanes::Lanes;

const TWO_OVER_PI: f64 = std::f64::consts::FRAC_2_PI;
/// `pi/2` in three parts.
const HALF_PI_HIGH: f64 = std::f64::consts::FRAC_PI_2;
const HALF_PI_MIDDLE: f64 = 6.123233995736766e-17;
const HALF_PI_LOW: f64 = -1.4973849048591698e-33;
/// Below, the three parts are exact enough.
const HUGE: f64 = 134217728.0;

/// `(1 - sin(x) / x) / x^2` by `x^2`, up to `pi/4`.
const SIN: [f64; 6] = [
    0.16666666666666666,
    -0.008333333333330946,
    0.0001984126983675497,
    -2.755731610068303e-06,
    2.5051131455427946e-08,
    -1.591810123027412e-10,
];

/// `(cos(x) - 1 + x^2 / 2) / x^4` by `x^2`, up to `pi/4`.
const COS: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887395,
    2.4801587298763433e-05,
    -2.7557317270560326e-07,
    2.0876146024689747e-09,
    -1.1382614868556325e-11,
];

/// `sin(x)`.
#[inline(always)]
pub fn sin<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let usual = || {
        let turn = reduce(l, a);
        l.times_sign(in_quadrant(l, &turn, turn.quadrant), x)
    };
    l.usually(l.lt(a, l.float(HUGE)), usual, x, libm::sin)
}

/// `cos(x)`.
#[inline(always)]
pub fn cos<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let usual = || {
        let turn = reduce(l, a);
        in_quadrant(l, &turn, l.add_bits(turn.quadrant, l.bits(1)))
    };
    l.usually(l.lt(a, l.float(HUGE)), usual, x, libm::cos)
}

/// `tan(x)`.
#[inline(always)]
pub fn tan<L: Lanes>(l: &L, x: L::Float) -> L::Float {
    let a = l.abs(x);
    let usual = || {
        let turn = reduce(l, a);
        let (sin, sin_rest) = sin_here(l, &turn);
        let (cos, cos_rest) = cos_here(l, &turn);
        let odd = l.is_odd(turn.quadrant);
        let (top, top_rest) = (l.select(odd, cos, sin), l.select(odd, cos_rest, sin_rest));
        let (below, below_rest) = (l.select(odd, sin, cos), l.select(odd, sin_rest, cos_rest));
        // The remainder of the division, with what sine and cosine were rounded by, corrects the quotient.
        let quotient = l.div(top, below);
        let minus = l.neg(quotient);
        let remainder = l.add(l.fma(minus, below, top), l.fma(minus, below_rest, top_rest));
        let tan = l.add(quotient, l.div(remainder, below));
        let sign = l.shl(turn.quadrant, 63);
        l.times_sign(l.float_of(l.xor(l.bits_of(tan), sign)), x)
    };
    l.usually(l.lt(a, l.float(HUGE)), usual, x, libm::tan)
}

/// An angle: so many quarters of a turn, modulo four, and `angle - rest` with `angle` up to `pi/4` in size.
struct Turn<L: Lanes> {
    quadrant: L::Bits,
    angle: L::Float,
    rest: L::Float,
}

#[inline(always)]
fn reduce<L: Lanes>(l: &L, a: L::Float) -> Turn<L> {
    let rounded = l.fma(a, l.float(TWO_OVER_PI), l.float(ROUND));
    let n = l.sub(rounded, l.float(ROUND));
    // Exact: both are multiples of 2^-53, and the difference is less than 1.
    let first = l.fma(n, l.float(-HALF_PI_HIGH), a);
    let middle = l.mul(n, l.float(HALF_PI_MIDDLE));
    let middle_rest = l.fma(n, l.float(HALF_PI_MIDDLE), l.neg(middle));
    let angle = l.sub(first, middle);
    let lost = l.sub(l.sub(first, angle), middle);
    let rest = l.fma(n, l.float(HALF_PI_LOW), l.sub(middle_rest, lost));
    Turn { quadrant: l.bits_of(rounded), angle, rest }
}

/// The sine of an angle in the given quadrant.
#[inline(always)]
fn in_quadrant<L: Lanes>(l: &L, turn: &Turn<L>, quadrant: L::Bits) -> L::Float {
    let value = l.either(l.is_odd(quadrant), || cos_here(l, turn).0, || sin_here(l, turn).0);
    let sign = l.shl(l.and(quadrant, l.bits(2)), 62);
    l.float_of(l.xor(l.bits_of(value), sign))
}

/// The sine of the angle alone, and what it was rounded by.
#[inline(always)]
fn sin_here<L: Lanes>(l: &L, turn: &Turn<L>) -> (L::Float, L::Float) {
    let Turn { angle, rest, .. } = *turn;
    let square = l.mul(angle, angle);
    let of_rest = l.fma(l.mul(rest, l.float(-0.5)), square, rest);
    let less = l.fma(l.mul(square, angle), l.poly(square, &SIN), of_rest);
    let sin = l.sub(angle, less);
    (sin, l.sub(l.sub(angle, sin), less))
}

/// The cosine of the angle alone, and what it was rounded by.
#[inline(always)]
fn cos_here<L: Lanes>(l: &L, turn: &Turn<L>) -> (L::Float, L::Float) {
    let Turn { angle, rest, .. } = *turn;
    let square = l.mul(angle, angle);
    let half = l.mul(square, l.float(0.5));
    let main = l.sub(l.float(1.0), half);
    let lost = l.sub(l.sub(l.float(1.0), main), half);
    let more = l.fma(l.mul(square, square), l.poly(square, &COS), l.mul(angle, rest));
    let more = l.add(lost, more);
    let cos = l.add(main, more);
    (cos, l.add(l.sub(main, cos), more))
}
