//! Columns of other crates: `ndarray` and Arrow. `cargo test --test columns --features ndarray,arrow`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeListArray, Float64Array,
    Int32Array, Int64Array, LargeListArray, LargeStringArray, ListArray, StringArray, StringViewArray,
    TimestampSecondArray, UInt8Array,
};
use ndarray::{Array1, Array2, ArrayView1, array, s};
use std::sync::Arc;
use weld::embed::Vector;
use weld::runtime::Budget;
use weld::{Array, CallOptions, Config, Error, Program, Session};

fn program(text: &str) -> Program {
    Session::new(Config { threads: 2, ..Config::default() }).program(text).unwrap()
}

fn same(ty: &str) -> Program {
    program(&format!("|x: {ty}| x"))
}

fn reason<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn ndarray_in_one_dimension() {
    let double = program("|v: vec[f64]| map(v, |x| x * 2.0)");
    let v = array![1.0, 2.0, 3.0, 4.0];
    assert_eq!(double.call::<Array1<f64>>(&v).unwrap(), array![2.0, 4.0, 6.0, 8.0]);
    assert_eq!(double.call::<Array1<f64>>(&v.view()).unwrap(), array![2.0, 4.0, 6.0, 8.0]);
    assert_eq!(double.call::<Array1<f64>>(&v.slice(s![1..3])).unwrap(), array![4.0, 6.0]);
    assert_eq!(double.call::<Array1<f64>>(&v.slice(s![..;2])).unwrap(), array![2.0, 6.0]);
    assert_eq!(double.call::<Array1<f64>>(&v.slice(s![..;-1])).unwrap(), array![8.0, 6.0, 4.0, 2.0]);
    assert_eq!(double.call::<Array1<f64>>(&Array1::<f64>::zeros(0)).unwrap(), Array1::<f64>::zeros(0));
    let doubled: Array<f64> = double.call(&v.to_shared()).unwrap();
    assert_eq!(doubled.view(), array![2.0, 4.0, 6.0, 8.0]);
    assert_eq!(
        reason(double.call::<Array1<f64>>(&array![1i64])),
        "the input `v` is of type `vec[i64]`, but the program wants `vec[f64]`"
    );
    let typed = double.typed::<(&[f64],), Array<f64>>().unwrap();
    assert_eq!(typed.call(&v).unwrap(), typed.call(v.as_slice().unwrap()).unwrap());
}

#[test]
fn ndarray_in_two_dimensions() {
    let same = same("vec[vec[i32]]");
    let matrix = array![[1, 2, 3], [4, 5, 6]];
    assert_eq!(same.call::<Array2<i32>>(&matrix).unwrap(), matrix);
    assert_eq!(same.call::<Array2<i32>>(&matrix.t()).unwrap(), matrix.t());
    assert_eq!(same.call::<Array2<i32>>(&matrix.slice(s![.., ..;2])).unwrap(), array![[1, 3], [4, 6]]);
    assert_eq!(same.call::<Array2<i32>>(&matrix.slice(s![..;-1, 1..])).unwrap(), array![[5, 6], [2, 3]]);
    assert_eq!(same.call::<Array2<i32>>(&Array2::<i32>::zeros((0, 3))).unwrap().nrows(), 0);
    assert_eq!(
        reason(same.call::<Array2<i32>>(&[vec![1], vec![1, 2]])),
        "the result does not fit: rows of 1 and of 2 elements are no matrix"
    );
}

#[test]
fn arrow_numbers_and_booleans() {
    let double = program("|v: vec[f64]| map(v, |x| x * 2.0)");
    let v = Float64Array::from(vec![1.0, 2.0, 3.0]);
    assert_eq!(double.call::<Float64Array>(&v).unwrap(), Float64Array::from(vec![2.0, 4.0, 6.0]));
    assert_eq!(double.call::<Float64Array>(&v.slice(1, 1)).unwrap(), Float64Array::from(vec![4.0]));
    assert_eq!(double.call::<Float64Array>(&[0.0f64; 0]).unwrap().len(), 0);
    let typed = double.typed::<(Vector<f64>,), Float64Array>().unwrap();
    assert_eq!(typed.call(&v).unwrap(), typed.call(&[1.0, 2.0, 3.0]).unwrap());

    let nulls = Float64Array::from(vec![Some(1.0), None]);
    let told = "the input `v` does not fit: a null; the language has none: fill it, or drop its row";
    assert_eq!(reason(double.call::<Float64Array>(&nulls)), told);
    // The part without it is fine.
    assert_eq!(double.call::<Float64Array>(&nulls.slice(0, 1)).unwrap().value(0), 2.0);

    let flags = BooleanArray::from(vec![true, false, true]);
    assert_eq!(
        program("|v: vec[bool]| map(v, |x| !x)").call::<Vec<bool>>(&flags).unwrap(),
        [false, true, false]
    );
    assert_eq!(same("vec[bool]").call::<BooleanArray>(&flags).unwrap(), flags);
    let times = TimestampSecondArray::from(vec![5, 7]);
    assert_eq!(program("|v: vec[i64]| sum(v)").call::<i64>(&times).unwrap(), 12);
    assert_eq!(same("vec[i64]").call::<TimestampSecondArray>(&times).unwrap(), times);
}

#[test]
fn arrow_strings() {
    let same = same("vec[vec[i8]]");
    let words = ["to", "be", "", "a word that is too long to be kept in a view"];
    let short = StringArray::from(words.to_vec());
    assert_eq!(same.call::<StringArray>(&short).unwrap(), short);
    assert_eq!(same.call::<Vec<String>>(&short.slice(1, 2)).unwrap(), ["be", ""]);
    assert_eq!(
        same.call::<LargeStringArray>(&LargeStringArray::from(words.to_vec())).unwrap().value(3),
        words[3]
    );
    assert_eq!(same.call::<Vec<String>>(&StringViewArray::from(words.to_vec())).unwrap(), words);
    let bytes = BinaryArray::from(vec![&b"ab"[..], b""]);
    assert_eq!(self::same("vec[vec[u8]]").call::<Vec<Vec<u8>>>(&bytes).unwrap(), [&b"ab"[..], b""]);
    assert!(reason(same.call::<StringArray>(&[&[0xffu8][..]])).contains("the bytes are no text"));
    let nulls = StringArray::from(vec![None, Some("x"), None]);
    assert!(reason(same.call::<StringArray>(&nulls)).contains("2 nulls"));
}

#[test]
fn columns_of_a_record_batch() {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["mill", "dock", "mill"])),
        Arc::new(Float64Array::from(vec![20.0, 7.5, 30.0])),
    ];
    let totals = program(
        "|shops: vec[vec[i8]], amounts: vec[f64]|
           tovec(result(for(zip(shops, amounts), dictmerger[vec[i8],f64,+], |b, i, x| merge(b, x))))",
    );
    let found: Vec<(String, f64)> = totals.call((&columns[0], &columns[1])).unwrap();
    assert_eq!(found, [("mill".to_string(), 50.0), ("dock".to_string(), 7.5)]);
    assert_eq!(
        reason(totals.call::<Vec<(String, f64)>>((&columns[0], columns[0].as_ref()))),
        "the input `amounts` is of type `vec[vec[i8]]`, but the program wants `vec[f64]`"
    );
    let decimals: ArrayRef = Arc::new(Decimal128Array::from(vec![1]));
    assert!(reason(totals.call::<Vec<(String, f64)>>((&columns[0], &decimals))).contains("Decimal128"));
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    assert!(matches!(totals.call::<Vec<(String, f64)>>((&columns[0], &numbers)), Err(Error::Type { .. })));
}

#[test]
fn arrow_lists() {
    let rows = vec![Some(vec![Some(1i64), Some(2)]), Some(vec![]), Some(vec![Some(3)])];
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(rows.clone());
    let same = same("vec[vec[i64]]");
    assert_eq!(same.call::<Vec<Vec<i64>>>(&lists).unwrap(), [vec![1, 2], vec![], vec![3]]);
    assert_eq!(same.call::<Vec<Vec<i64>>>(&lists.slice(1, 2)).unwrap(), [vec![], vec![3]]);
    let large = LargeListArray::from_iter_primitive::<Int64Type, _, _>(rows);
    let column: ArrayRef = Arc::new(large);
    assert_eq!(same.call::<Vec<Vec<i64>>>(&column).unwrap(), [vec![1, 2], vec![], vec![3]]);
    let pairs = vec![Some(vec![Some(1i64), Some(2)]), Some(vec![Some(3), Some(4)])];
    let fixed = FixedSizeListArray::from_iter_primitive::<Int64Type, _, _>(pairs, 2);
    assert_eq!(same.call::<Vec<Vec<i64>>>(&fixed.slice(1, 1)).unwrap(), [[3, 4]]);

    // Elements are where they were.
    let many = ListArray::from_iter_primitive::<Int64Type, _, _>([Some((0..100_000).map(Some))]);
    let sum = program("|v: vec[vec[i64]]| sum(map(v, |w| sum(w)))");
    let small = CallOptions::new().memory_limit(1 << 16);
    assert_eq!(sum.call_with::<i64>(&small, &many).unwrap(), 4_999_950_000);

    let null = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
    assert!(reason(same.call::<Vec<Vec<i64>>>(&null)).contains("a null"));
    assert!(reason(same.call::<Vec<Vec<i64>>>(&null.slice(0, 1))).contains("a null"));
    assert_eq!(
        reason(self::same("vec[vec[f64]]").call::<Vec<Vec<f64>>>(&lists)),
        "the input `x` is of type `vec[vec[i64]]`, but the program wants `vec[vec[f64]]`"
    );
}

#[test]
fn arrow_dictionaries() {
    let words: DictionaryArray<Int32Type> = ["to", "be", "to"].into_iter().collect();
    let same = same("vec[vec[i8]]");
    assert_eq!(same.call::<Vec<String>>(&words).unwrap(), ["to", "be", "to"]);
    assert_eq!(same.call::<Vec<String>>(&words.slice(1, 2)).unwrap(), ["be", "to"]);
    let column: ArrayRef = Arc::new(words.clone());
    assert_eq!(same.call::<Vec<String>>(&column).unwrap(), ["to", "be", "to"]);
    let numbers = Arc::new(Float64Array::from(vec![0.5, 1.5]));
    let coded = DictionaryArray::new(UInt8Array::from(vec![1, 0, 1]), numbers);
    assert_eq!(program("|v: vec[f64]| sum(v)").call::<f64>(&coded).unwrap(), 3.5);
    let nulls: DictionaryArray<Int32Type> = [Some("to"), None].into_iter().collect();
    assert!(reason(same.call::<Vec<String>>(&nulls)).contains("a null"));
    // A value that is none is one only where its key is used.
    let values = Arc::new(StringArray::from(vec![Some("a"), None]));
    let unused = DictionaryArray::new(UInt8Array::from(vec![0, 0]), values.clone());
    assert_eq!(same.call::<Vec<String>>(&unused).unwrap(), ["a", "a"]);
    let used = DictionaryArray::new(UInt8Array::from(vec![0, 1, 1]), values);
    assert!(reason(same.call::<Vec<String>>(&used)).contains("2 nulls"));
    let none: DictionaryArray<Int32Type> = Vec::<&str>::new().into_iter().collect();
    assert_eq!(same.call::<Vec<String>>(&none).unwrap().len(), 0);
}

/// Large results are the memory that compiled code wrote, and are counted until the Arrow array goes; a part of it, and
/// what is made of it, keep it.
#[test]
fn results_are_taken_over_and_inputs_borrowed() {
    let budget = Arc::new(Budget::default());
    let options = CallOptions::new().budget(&budget);
    let next = program("|v: vec[i64]| let w = map(v, |x| x + 1L); {w, w}");
    let v: Int64Array = (0..1_000_000).collect::<Vec<i64>>().into();
    let (arrow, array): (Int64Array, Array<i64>) = next.call_with(&options, &v).unwrap();
    assert_eq!(arrow.values().as_ptr(), array.as_ptr());
    assert!((8_000_000..8_100_000).contains(&budget.used()), "{}", budget.used());
    // The input needs no room at all: a sum over it allocates next to nothing.
    let sum = program("|v: vec[i64], w: vec[i64]| sum(v) + sum(w)");
    let small = CallOptions::new().memory_limit(1 << 16);
    let view = ArrayView1::from(array.as_ref());
    assert_eq!(sum.call_with::<i64>(&small, (&arrow, &view)).unwrap(), 1_000_001_000_000);
    drop(array);
    let part = arrow.slice(10, 5);
    drop(arrow);
    assert!(budget.used() >= 8_000_000);
    assert_eq!(part.value(0), 11);
    drop(part);
    assert_eq!(budget.used(), 0);
}

#[test]
fn shapes_are_types() {
    fn kind<T: weld::embed::Input>() -> String {
        <T::Type as weld::embed::Type>::ty().to_string()
    }
    assert_eq!(kind::<arrow_array::PrimitiveArray<Float64Type>>(), "vec[f64]");
    assert_eq!(kind::<arrow_array::PrimitiveArray<Int64Type>>(), "vec[i64]");
    assert_eq!(kind::<StringArray>(), "vec[vec[i8]]");
    assert_eq!(kind::<Array2<u8>>(), "vec[vec[u8]]");
}
