#![forbid(unsafe_code)]
use super::{example, parse_value};
use crate::ir::{Literal, Scalar, Ty};
use crate::value::Value;
use crate::value::print::to_text;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

const F64: Ty = Ty::Scalar(Scalar::F64);
const F32: Ty = Ty::Scalar(Scalar::F32);
const I32: Ty = Ty::Scalar(Scalar::I32);

fn scalar(text: &str, ty: Ty) -> Literal {
    match parse_value(text, &ty) {
        Ok(Value::Scalar(literal)) => literal,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str, ty: Ty) -> String {
    parse_value(text, &ty).expect_err(text)
}

#[test]
fn scalars() {
    let cases = [
        ("14", Literal::I32(14)),
        (" -2147483648 ", Literal::I32(i32::MIN)),
        ("0xff", Literal::I32(255)),
        ("0b11", Literal::I32(3)),
        ("0xffl", Literal::I64(255)),
        ("0xcL", Literal::I64(12)),
        ("0xc", Literal::I32(12)),
        ("0x1c", Literal::I8(1)),
        ("0x10si", Literal::I16(16)),
        ("-128c", Literal::I8(-128)),
        ("65C", Literal::I8(65)),
        ("7si", Literal::I16(7)),
        ("3l", Literal::I64(3)),
        ("-9223372036854775808L", Literal::I64(i64::MIN)),
        ("2.5", Literal::F64(2.5)),
        ("2E9", Literal::F64(2e9)),
        ("1.0e+5", Literal::F64(1e5)),
        ("1e999", Literal::F64(f64::INFINITY)),
        ("-0.0", Literal::F64(-0.0)),
        ("3f", Literal::F32(3.0)),
        ("1e-2F", Literal::F32(0.01)),
        ("1.0/0.0", Literal::F64(f64::INFINITY)),
        ("-1.0F/0.0F", Literal::F32(f32::NEG_INFINITY)),
        ("0.0 / 0.0", Literal::F64(f64::NAN)),
        ("u8(7)", Literal::U8(7)),
        ("u64(-1L)", Literal::U64(u64::MAX)),
        ("u32( 4294967295L )", Literal::U32(u32::MAX)),
        ("i64(3)", Literal::I64(3)),
        ("true # yes", Literal::Bool(true)),
        ("7L : i64", Literal::I64(7)),
    ];
    for (text, literal) in cases {
        assert_eq!(scalar(text, literal.ty()).bits(), literal.bits(), "{text}");
    }
}

#[test]
fn wrong_types_show_the_right_text() {
    let cases = [
        ("3", Ty::I64, "expected an i64, found the i32 `3`: write `3L` (character 1)"),
        ("3L", I32, "expected an i32, found the i64 `3L`: write `3` (character 1)"),
        ("5000000000", Ty::I64, "`5000000000` does not fit i32: write `5000000000L` (character 1)"),
        ("300c", Ty::I8, "`300c` does not fit i8, which is -128 to 127 (character 1)"),
        ("300", Ty::I8, "expected an i8, found the i32 `300`, which has no value of type i8 (character 1)"),
        ("3", F64, "expected an f64, found the i32 `3`: write `3.0` (character 1)"),
        ("0.1", F32, "expected an f32, found the f64 `0.1`: write `0.1F` (character 1)"),
        ("2.5", I32, "expected an i32, found the f64 `2.5`, which has no value of type i32 (character 1)"),
        ("7", Scalar::U8.into(), "expected a u8, found the i32 `7`: write `u8(7)` (character 1)"),
        ("1", Ty::BOOL, "expected a bool, found the i32 `1`: write `true` (character 1)"),
        (
            "inf",
            F32,
            "expected a value of type f32 such as `2.5F`, found `inf`: infinity is written `1.0F/0.0F` (character 1)",
        ),
        ("[1L, 2, 3L]", Ty::vec(Ty::I64), "expected an i64, found the i32 `2`: write `2L` (character 6)"),
        ("\"é\" 7", Ty::vec(Ty::I8), "expected the end of the value, found `7` (character 5)"),
        (
            "\"a\"",
            Ty::vec(I32),
            "expected a vec[i32] such as `[3, 3]`, found a string, which is a vec[i8] (character 1)",
        ),
        (
            "[]:vec[i32]",
            Ty::vec(Ty::I64),
            "expected a value of type vec[i64], but this one is declared otherwise (character 3)",
        ),
        ("{1}", Ty::tuple(vec![I32, I32]), "1 fields, but {i32,i32} has 2 (character 1)"),
        ("{1,2,3}", Ty::tuple(vec![I32, I32]), "too many fields: {i32,i32} has 2 (character 1)"),
        ("[1", Ty::vec(I32), "expected `,` or `]`, but the text ends"),
        ("", I32, "expected a value of type i32 such as `3`, but the text ends"),
        ("12ab", I32, "`12ab` is no number (character 1)"),
        ("1.", F64, "`1.` is no number (character 1)"),
        ("0x", I32, "`0x` is no number (character 1)"),
        ("-true", Ty::BOOL, "expected digits after `-`, found `true` (character 2)"),
    ];
    for (text, ty, message) in cases {
        assert_eq!(error(text, ty), message, "{text}");
    }
}

#[test]
fn vectors_and_structs() {
    let pairs = Ty::vec(Ty::tuple(vec![I32, Ty::vec(F64)]));
    let value = parse_value("[{1, [1.0, 2.5,]}, {-2, []}, {3, []:vec[f64]},]", &pairs).unwrap();
    assert_eq!(to_text(&value, &pairs), "[{1, [1.0, 2.5]}, {-2, []:vec[f64]}, {3, []:vec[f64]}]");
    let text = Ty::vec(Ty::I8);
    assert!(matches!(parse_value("\"a#b\"", &text), Ok(Value::Scalars(buffer)) if buffer.bytes() == b"a#b"));
    assert!(matches!(parse_value("{ }", &Ty::tuple(vec![])), Ok(Value::Struct(items)) if items.is_empty()));
    assert!(
        matches!(parse_value("[ ] : vec [ i64 ]", &Ty::vec(Ty::I64)), Ok(Value::Scalars(buffer)) if buffer.is_empty())
    );
}

#[test]
fn a_million_elements_are_quick() {
    let text = format!("[{}]", vec!["-1234567.25"; 1_000_000].join(", "));
    let started = std::time::Instant::now();
    assert_eq!(parse_value(&text, &Ty::vec(F64)).unwrap().len(), Some(1_000_000));
    assert!(started.elapsed().as_secs_f64() < 2.0, "{:?}", started.elapsed());
}

#[test]
fn examples_parse() {
    for scalar in Scalar::ALL {
        let ty = Ty::tuple(vec![scalar.into(), Ty::vec(Ty::vec(scalar.into()))]);
        assert!(parse_value(&example(&ty), &ty).is_ok(), "{}", example(&ty));
    }
}

fn literals(scalar: Scalar) -> impl Strategy<Value = Value> {
    let edges = prop_oneof![Just(0), Just(i64::MAX), Just(i64::MIN), Just(-1)];
    prop_oneof![any::<i64>(), edges].prop_map(move |bits| {
        Value::Scalar(match scalar {
            Scalar::F32 => Literal::F32(f32::from_bits(bits as u32)),
            Scalar::F64 => Literal::F64(f64::from_bits(bits as u64)),
            other => Literal::from_i64(other, bits),
        })
    })
}

/// A type and a value of it.
pub(crate) fn typed_value() -> impl Strategy<Value = (Ty, Value)> {
    types().prop_flat_map(|ty| {
        let values = values(&ty);
        (Just(ty), values)
    })
}

fn types() -> impl Strategy<Value = Ty> {
    let leaf = prop::sample::select(Scalar::ALL.to_vec()).prop_map(Ty::Scalar);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![inner.clone().prop_map(Ty::vec), prop::collection::vec(inner, 0..4).prop_map(Ty::tuple)]
    })
}

fn values(ty: &Ty) -> proptest::strategy::BoxedStrategy<Value> {
    match ty {
        Ty::Scalar(scalar) => literals(*scalar).boxed(),
        Ty::Vec(elem) => {
            let elem = elem.clone();
            prop::collection::vec(values(&elem), 0..5)
                .prop_map(move |items| Value::vector(&elem, items).unwrap())
                .boxed()
        }
        Ty::Struct(fields) => fields
            .iter()
            .fold(Just(Vec::new()).boxed(), |all, field| {
                (all, values(field))
                    .prop_map(|(mut all, one)| {
                        all.push(one);
                        all
                    })
                    .boxed()
            })
            .prop_map(Value::Struct)
            .boxed(),
        other => panic!("no values of type {other}"),
    }
}

proptest! {
    #[test]
    fn printed_values_read_back((ty, value) in typed_value()) {
        let text = to_text(&value, &ty);
        let back = parse_value(&text, &ty).map_err(|error| proptest::test_runner::TestCaseError::fail(format!("{text}: {error}")))?;
        proptest::prop_assert!(back.same(&value) && back.fits(&ty), "{} became {:?}", text, back);
    }

    #[test]
    fn any_text_is_answered((ty, _) in typed_value(), text in "[-\\[\\]{}(),:/.0-9a-zLF\" ]{0,30}") {
        let _ = parse_value(&text, &ty);
    }
}
