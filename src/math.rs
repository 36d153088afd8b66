#![forbid(unsafe_code)]
//! The floating-point functions of the language, one implementation each.
//!
//! Promises: the interpreter, constant folding and compiled code call these very functions, so all
//! agree bit for bit; results do not depend on the machine (the `libm` crate, a port of musl's), are accurate
//! to about 1 ulp, and follow C's `math.h` for NaN, infinities, zeros and denormals.

macro_rules! math_functions {
    ($($name:ident $f32:ident $f64:ident $impl32:path, $impl64:path;)+) => {
        $(
            /// For compiled code; the same function as the `f32` form of the table.
            pub extern "C" fn $f32(x: f32) -> f32 { $impl32(x) }
            /// For compiled code; the same function as the `f64` form of the table.
            pub extern "C" fn $f64(x: f64) -> f64 { $impl64(x) }
        )+

        /// Functions of one argument: name in the language, `f32` form, `f64` form.
        pub const UNARY: &[(&str, extern "C" fn(f32) -> f32, extern "C" fn(f64) -> f64)] =
            &[$((stringify!($name), $f32, $f64),)+];
    };
}

math_functions! {
    exp exp_f32 exp_f64 libm::expf, libm::exp;
    log log_f32 log_f64 libm::logf, libm::log;
    sqrt sqrt_f32 sqrt_f64 libm::sqrtf, libm::sqrt;
    erf erf_f32 erf_f64 libm::erff, libm::erf;
    sin sin_f32 sin_f64 libm::sinf, libm::sin;
    cos cos_f32 cos_f64 libm::cosf, libm::cos;
    tan tan_f32 tan_f64 libm::tanf, libm::tan;
    asin asin_f32 asin_f64 libm::asinf, libm::asin;
    acos acos_f32 acos_f64 libm::acosf, libm::acos;
    atan atan_f32 atan_f64 libm::atanf, libm::atan;
    sinh sinh_f32 sinh_f64 libm::sinhf, libm::sinh;
    cosh cosh_f32 cosh_f64 libm::coshf, libm::cosh;
    tanh tanh_f32 tanh_f64 libm::tanhf, libm::tanh;
}

/// `x % y` of floats: C's `fmodf`.
pub extern "C" fn rem_f32(x: f32, y: f32) -> f32 {
    libm::fmodf(x, y)
}

/// `x % y` of floats: C's `fmod`.
pub extern "C" fn rem_f64(x: f64, y: f64) -> f64 {
    libm::fmod(x, y)
}

/// `pow(x, y)`.
pub extern "C" fn pow_f32(x: f32, y: f32) -> f32 {
    libm::powf(x, y)
}

/// `pow(x, y)`.
pub extern "C" fn pow_f64(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
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
