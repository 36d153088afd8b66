//! The functions against those of the `libm` crate, in units in the last place, and at the edges.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::{One, UNARY, addresses, in_lanes, pow_f64};

type Reference = fn(f64) -> f64;

/// Name, the other implementation, the most ulps between both (each may be off by its own part), and where to look.
const FUNCTIONS: &[(&str, Reference, u64, f64, f64)] = &[
    ("exp", libm::exp, 1, -745.0, 709.7),
    ("log", libm::log, 1, 0.0, 1e3),
    ("sqrt", libm::sqrt, 0, 0.0, 1e3),
    ("erf", libm::erf, 2, -6.5, 6.5),
    ("sin", libm::sin, 1, -100.0, 100.0),
    ("cos", libm::cos, 1, -100.0, 100.0),
    ("tan", libm::tan, 2, -100.0, 100.0),
    ("asin", libm::asin, 2, -1.0, 1.0),
    ("acos", libm::acos, 2, -1.0, 1.0),
    ("atan", libm::atan, 3, -20.0, 20.0),
    ("sinh", libm::sinh, 3, -710.0, 710.0),
    ("cosh", libm::cosh, 2, -710.0, 710.0),
    ("tanh", libm::tanh, 3, -20.0, 20.0),
];

const EDGES: &[f64] = &[
    0.0,
    5e-324,
    1e-310,
    f64::MIN_POSITIVE,
    1e-300,
    1e-20,
    0.25,
    0.5,
    0.55,
    std::f64::consts::LN_2,
    std::f64::consts::FRAC_1_SQRT_2,
    std::f64::consts::FRAC_PI_4,
    1.0,
    std::f64::consts::SQRT_2,
    std::f64::consts::FRAC_PI_2,
    std::f64::consts::PI,
    2.0,
    5.9,
    6.0,
    7.0,
    355.0,
    708.0,
    709.782712893384,
    709.7827128933841,
    710.4758600739439,
    710.475860073944,
    712.0,
    744.4400719213812,
    745.1332191019411,
    745.1332191019412,
    750.0,
    134217727.9,
    134217728.0,
    1e10,
    1e22,
    6381956970095103.0 * 1e200,
    f64::MAX,
    f64::INFINITY,
];

/// From here on, all floats are integers.
const INTEGERS: f64 = 4503599627370496.0;

/// How many floats lie between both; none between equal ones and between NaNs.
fn distance(a: f64, b: f64) -> u64 {
    let ordered = |x: f64| {
        let bits = x.to_bits() as i64;
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => ordered(a).abs_diff(ordered(b)),
        _ => u64::MAX,
    }
}

fn here(name: &str, x: f64) -> f64 {
    in_lanes(name, &One, &[x]).unwrap()
}

/// How many points to look at: `WELD_POINTS=10000000 cargo test --release math::` for a long look, 2^32 for every `f32`.
fn points(usual: u64) -> u64 {
    std::env::var("WELD_POINTS").ok().and_then(|it| it.parse().ok()).unwrap_or(usual).max(1)
}

/// Numbers between 0 and 1, the same ones each time.
fn dice(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    })
}

#[test]
fn as_near_to_another_library_as_promised() {
    let points = points(100_000) as usize;
    let mut bad = Vec::new();
    for (name, reference, ulps, low, high) in FUNCTIONS {
        let mut worst = (0, 0.0);
        let mut look = |x: f64| {
            let distance = distance(here(name, x), reference(x));
            if distance > worst.0 {
                worst = (distance, x);
            }
        };
        for (at, random) in dice(7).take(points).enumerate() {
            look(low + (high - low) * random);
            // Around zero, and of every size.
            look((random - 0.5) * 4.0);
            let exponent = (at % 2046) as u64 + 1;
            look(f64::from_bits((exponent << 52) | ((random * 4503599627370496.0) as u64)));
        }
        if worst.0 > *ulps {
            bad.push(format!("{name}({:e}): {} ulp", worst.1, worst.0));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn the_edges_are_those_of_c() {
    let mut bad = Vec::new();
    for (name, reference, ulps, ..) in FUNCTIONS {
        for edge in EDGES.iter().flat_map(|x| [*x, -x, x.next_up(), -x.next_down()]).chain([f64::NAN]) {
            let (found, wanted) = (here(name, edge), reference(edge));
            let same_kind = found.is_finite() == wanted.is_finite()
                && (found == 0.0) == (wanted == 0.0)
                && (found.is_nan() || found.is_sign_negative() == wanted.is_sign_negative());
            if distance(found, wanted) > *ulps || !same_kind {
                bad.push(format!("{name}({edge:e}) is {found:e}, not {wanted:e}"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn powers() {
    let points = points(100_000);
    let mut bad = Vec::new();
    let mut look = |x: f64, y: f64| {
        let (found, wanted) = (pow_f64(x, y), libm::pow(x, y));
        let same_sign = found.is_nan() || found.is_sign_negative() == wanted.is_sign_negative();
        if distance(found, wanted) > 1 || !same_sign {
            bad.push(format!("pow({x:e}, {y:e}) is {found:e}, not {wanted:e}"));
        }
    };
    let signed = |x: &f64| [*x, -x, x.next_up(), x.next_down()];
    let wholes =
        [3.0, 4.0, 1e15 + 1.0, INTEGERS - 0.5, INTEGERS + 1.0, 2.0 * INTEGERS - 1.0, 2.0 * INTEGERS + 2.0];
    let edges: Vec<f64> = EDGES.iter().chain(&wholes).flat_map(signed).chain([f64::NAN]).collect();
    for x in &edges {
        for y in &edges {
            look(*x, *y);
        }
    }
    let mut random = dice(11);
    let mut next = || random.next().unwrap();
    for at in 0..points {
        // Bases of every size, exponents that keep the result finite.
        let x = f64::from_bits((next() * (2047u64 << 52) as f64) as u64);
        look(x, (next() - 0.5) * 1500.0 / x.ln().abs());
        look(0.5 + next(), (next() - 0.5) * 2000.0);
        look(-10.0 * next(), (at % 41) as f64 - 20.0);
    }
    bad.truncate(20);
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn exact_where_the_value_is() {
    for (name, x, value) in [
        ("exp", 0.0, 1.0),
        ("log", 1.0, 0.0),
        ("cos", 0.0, 1.0),
        ("acos", 1.0, 0.0),
        ("cosh", 0.0, 1.0),
        ("erf", 6.0, 1.0),
        ("tanh", 30.0, 1.0),
        ("exp", f64::NEG_INFINITY, 0.0),
    ] {
        assert_eq!(here(name, x), value, "{name}({x})");
    }
    for base in 2..40i64 {
        for (exponent, power) in std::iter::successors(Some(base), |it| it.checked_mul(base)).enumerate() {
            if power < 1 << 53 {
                assert_eq!(
                    pow_f64(base as f64, exponent as f64 + 1.0),
                    power as f64,
                    "pow({base}, {exponent} + 1)"
                );
            }
        }
    }
}

/// Another form of a function is called by compiled code, which the fixtures of `tests/run/floats` compare.
#[test]
fn the_tables_name_the_same_functions() {
    let names: Vec<&str> = UNARY.iter().map(|row| row.0).collect();
    assert_eq!([&names[..], &["pow"]].concat(), addresses().iter().map(|row| row.0).collect::<Vec<_>>());
    assert_eq!(names, FUNCTIONS.iter().map(|row| row.0).collect::<Vec<_>>());
}

/// `f32` goes through `f64`, so that its error is hardly more than that of rounding.
#[test]
fn f32_is_rounded_once() {
    let points = points(1_000_000).min(1 << 32);
    for (name, f32_form, _) in UNARY {
        let reference = FUNCTIONS.iter().find(|row| row.0 == *name).unwrap().1;
        for bits in (0..=u32::MAX).step_by(((1u64 << 32) / points) as usize) {
            let x = f32::from_bits(bits);
            let (found, wanted) = (f32_form(x), reference(f64::from(x)) as f32);
            let distance = found.to_bits().abs_diff(wanted.to_bits());
            assert!(
                distance <= 1 || (found.is_nan() && wanted.is_nan()),
                "{name}({x:e}): {found:e}, {wanted:e}"
            );
        }
    }
}
