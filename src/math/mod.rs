#![forbid(unsafe_code)]
//! The floating-point functions of the language, one implementation each.
//!
//! Promises: each function is written once, in the arithmetic of [`Lanes`], so that the interpreter, constant
//! folding, scalar compiled code and SIMD lanes agree bit for bit, on every machine. They are accurate to 1 or 2 ulp (each file
//! says which; `f32` is computed in `f64` and rounded once), and follow C's `math.h` for NaN, infinities, zeros and
//! denormals. `%` is that of the `libm` crate, a port of musl's; lanes call it one after the other.

mod erf;
mod exp;
mod inverse;
mod lanes;
mod log;
mod power;
#[cfg(test)]
mod tests;
mod trigonometric;

pub use lanes::Lanes;
use lanes::One;

/// The functions as they are written.
mod written {
    pub(super) use super::erf::erf;
    pub(super) use super::exp::{cosh, exp, sinh, tanh};
    pub(super) use super::inverse::{acos, asin, atan};
    pub(super) use super::log::log;
    pub(super) use super::power::pow;
    pub(super) use super::trigonometric::{cos, sin, tan};

    #[inline(always)]
    pub(super) fn sqrt<L: super::Lanes>(l: &L, x: L::Float) -> L::Float {
        l.sqrt(x)
    }
}

macro_rules! math_functions {
    ($($name:ident($($arg:ident),+))+) => {
        mod plain_f64 {
            $(pub(super) extern "C" fn $name($($arg: f64),+) -> f64 { super::written::$name(&super::One, $($arg),+) })+
        }

        mod plain_f32 {
            $(pub(super) extern "C" fn $name($($arg: f32),+) -> f32 {
                super::written::$name(&super::One, $(f64::from($arg)),+) as f32
            })+
        }

        /// The same functions with the instruction for `a * b + c`, where `plain` calls a function of the C library.
        #[cfg(target_arch = "x86_64")]
        mod fused_f64 {
            $(#[target_feature(enable = "fma")]
            pub(super) extern "C" fn $name($($arg: f64),+) -> f64 { super::written::$name(&super::One, $($arg),+) })+
        }

        #[cfg(target_arch = "x86_64")]
        mod fused_f32 {
            $(#[target_feature(enable = "fma")]
            pub(super) extern "C" fn $name($($arg: f32),+) -> f32 {
                super::written::$name(&super::One, $(f64::from($arg)),+) as f32
            })+
        }

        /// Where compiled code finds the functions: name, `f32` form, `f64` form, as fast as this machine runs them.
        pub fn addresses() -> Vec<(&'static str, usize, usize)> {
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("fma") {
                return vec![$((
                    stringify!($name),
                    fused_f32::$name as *const () as usize,
                    fused_f64::$name as *const () as usize,
                ),)+];
            }
            vec![$((
                stringify!($name),
                plain_f32::$name as *const () as usize,
                plain_f64::$name as *const () as usize,
            ),)+]
        }

        /// The function `name` in the arithmetic `l`; `None` when there is no such function of so many arguments.
        pub fn in_lanes<L: Lanes>(name: &str, l: &L, args: &[L::Float]) -> Option<L::Float> {
            match (name, args) {
                $((stringify!($name), [$($arg),+]) => Some(written::$name(l, $(*$arg),+)),)+
                _ => None,
            }
        }
    };
}

macro_rules! unary {
    ($($name:ident)+) => {
        math_functions! { $($name(x))+ pow(x, y) }

        /// Functions of one argument: name in the language, `f32` form, `f64` form.
        pub const UNARY: &[(&str, Form<f32>, Form<f64>)] =
            &[$((stringify!($name), plain_f32::$name, plain_f64::$name),)+];
    };
}

/// A function that compiled code may call.
pub type Form<T> = extern "C" fn(T) -> T;

unary! { exp log sqrt erf sin cos tan asin acos atan sinh cosh tanh }

/// `pow(x, y)`.
pub fn pow_f32(x: f32, y: f32) -> f32 {
    plain_f32::pow(x, y)
}

/// `pow(x, y)`.
pub fn pow_f64(x: f64, y: f64) -> f64 {
    plain_f64::pow(x, y)
}

/// `x % y` of floats: C's `fmodf`.
pub extern "C" fn rem_f32(x: f32, y: f32) -> f32 {
    libm::fmodf(x, y)
}

/// `x % y` of floats: C's `fmod`.
pub extern "C" fn rem_f64(x: f64, y: f64) -> f64 {
    libm::fmod(x, y)
}

macro_rules! extremes {
    ($min:ident $max:ident $float:ty) => {
        /// NaN if either is NaN; `-0.0 < 0.0` (LANGUAGE 7.2), so it is commutative and associative.
        pub fn $min(a: $float, b: $float) -> $float {
            if a.is_nan() || b.is_nan() {
                <$float>::NAN
            } else if a < b || (a == b && a.is_sign_negative()) {
                a
            } else {
                b
            }
        }

        /// NaN if either is NaN; `-0.0 < 0.0`.
        pub fn $max(a: $float, b: $float) -> $float {
            if a.is_nan() || b.is_nan() {
                <$float>::NAN
            } else if a > b || (a == b && a.is_sign_positive()) {
                a
            } else {
                b
            }
        }
    };
}

extremes! { min_f32 max_f32 f32 }
extremes! { min_f64 max_f64 f64 }
