//! The front door for Rust programs: what goes in, what comes out, what is refused, and what is not copied.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use weld::embed::{Any, Input, Output, Place, Source, Unfit, Values, Vector};
use weld::ir::Ty;
use weld::runtime::Budget;
use weld::value::{ErrorKind, RunError};
use weld::{Array, CallOptions, Cancel, Config, Error, Program, Session, Value};

fn program(text: &str) -> Program {
    Session::new(Config { threads: 2, ..Config::default() }).program(text).unwrap()
}

/// Gives the single input of type `ty` back.
fn same(ty: &str) -> Program {
    program(&format!("|x: {ty}| x"))
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> RunError {
    match result {
        Err(Error::Run(failure)) => failure.error().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_scalar_goes_in_and_comes_out() {
    macro_rules! all {
        ($($ty:ident [$($value:expr),+])+) => {$({
            let program = same(stringify!($ty));
            let vector = same(concat!("vec[", stringify!($ty), "]"));
            let values: &[$ty] = &[$($value),+];
            for value in values {
                assert_eq!(program.call::<$ty>(*value).unwrap(), *value);
                assert_eq!(program.call::<$ty>(&Value::from(*value)).unwrap(), *value);
            }
            assert_eq!(vector.call::<Array<$ty>>(values).unwrap(), values);
            assert_eq!(vector.call::<Vec<$ty>>((values,)).unwrap(), values);
        })+};
    }
    all! {
        bool [true, false]
        i8 [i8::MIN, -1, 7] i16 [i16::MIN, -1, 7] i32 [i32::MIN, -1, 7] i64 [i64::MIN, -1, 7]
        u8 [u8::MAX, 7] u16 [u16::MAX, 7] u32 [u32::MAX, 7] u64 [u64::MAX, 7]
        f32 [f32::MIN, -0.0, 1e-40] f64 [f64::MAX, -0.0, 5e-324]
    }
}

#[test]
fn nested_vectors_structs_and_text() {
    let rows: Vec<Vec<i64>> = vec![vec![1, 2], vec![], vec![3]];
    let vectors = same("vec[vec[i64]]");
    assert_eq!(vectors.call::<Vec<Vec<i64>>>(&rows).unwrap(), rows);
    let slices: Vec<&[i64]> = rows.iter().map(Vec::as_slice).collect();
    let arrays: Vec<Array<i64>> = vectors.call(&slices).unwrap();
    assert_eq!(vectors.call::<Vec<Vec<i64>>>(&arrays).unwrap(), rows);
    assert_eq!(vectors.call::<Vec<Vec<i64>>>(&Vec::<Vec<i64>>::new()).unwrap(), Vec::<Vec<i64>>::new());
    let deep = vec![vec![vec![1u8], vec![]], vec![]];
    assert_eq!(same("vec[vec[vec[u8]]]").call::<Vec<Vec<Vec<u8>>>>(&deep).unwrap(), deep);

    let text = same("vec[i8]");
    assert_eq!(text.call::<String>("grüße").unwrap(), "grüße");
    assert_eq!(text.call::<Vec<u8>>(&String::from("ab")).unwrap(), b"ab");
    assert_eq!(text.call::<Array<i8>>(b"ab").unwrap(), [97, 98]);
    assert_eq!(same("vec[u8]").call::<String>("ab").unwrap(), "ab");
    assert_eq!(same("vec[vec[i8]]").call::<Vec<String>>(&["a", "", "bc"]).unwrap(), ["a", "", "bc"]);
    let error = text.call::<String>(&[0xffu8]).unwrap_err();
    assert!(error.to_string().starts_with("the result does not fit: the bytes are no text"), "{error}");

    // Padding, a struct without fields, structs in structs, as one input that is a struct.
    let odd = (7i8, (2.5, (), true), "x", 3u16);
    let back: (i8, (f64, (), bool), String, u16) =
        same("{i8,{f64,{},bool},vec[i8],u16}").call((&odd,)).unwrap();
    assert_eq!(back, (7, (2.5, (), true), "x".to_string(), 3));
    let pairs = [(1i64, "one"), (2, "two")];
    let back: Vec<(i64, String)> = same("vec[{i64,vec[i8]}]").call(&pairs).unwrap();
    assert_eq!(back[1], (2, "two".to_string()));
    let nothing: Vec<()> = same("vec[{}]").call(&[(), (), ()]).unwrap();
    assert_eq!(nothing.len(), 3);
}

#[test]
fn dictionaries() {
    let count = program(
        "|v: vec[i64]| result(for(v, dictmerger[i64,{i64,f64},+], |b, i, x| merge(b, {x % 3L, {1L, f64(x)}})))",
    );
    let v: Vec<i64> = (0..10).collect();
    let map: HashMap<i64, (i64, f64)> = count.call(&v).unwrap();
    assert_eq!(map[&1], (3, 12.0));
    let sorted: BTreeMap<i64, (i64, f64)> = count.call(&v).unwrap();
    assert_eq!(sorted.into_iter().next(), Some((0, (4, 18.0))));
    let ordered: Vec<(i64, (i64, f64))> = count.call(&[5i64, 3]).unwrap();
    assert_eq!(ordered, [(2, (1, 5.0)), (0, (1, 3.0))]);
    assert_eq!(count.call::<HashMap<i64, (i64, f64)>>(&[0i64; 0]).unwrap(), HashMap::new());
    // A dictionary goes in as a value.
    let value: Value = count.call(&v).unwrap();
    assert_eq!(program("|d: dict[i64,{i64,f64}]| lookup(d, 2L).$1").call::<f64>(&value).unwrap(), 15.0);
}

#[test]
fn maps_are_dictionaries() {
    let counts = HashMap::from([("to", 2i64), ("be", 1)]);
    let look = program("|d: dict[vec[i8],i64], w: vec[i8]| {keyexists(d, w), len(d)}");
    assert_eq!(look.call::<(bool, i64)>((&counts, "be")).unwrap(), (true, 2));
    assert_eq!(look.call::<(bool, i64)>((&counts, "bee")).unwrap(), (false, 2));
    let none: HashMap<String, i64> = HashMap::new();
    assert_eq!(look.call::<(bool, i64)>((&none, "be")).unwrap(), (false, 0));

    // Every kind of key and value; many of them, in order; through a run and back.
    let rows: BTreeMap<(i64, bool), Vec<f64>> =
        (0..5000).map(|at| ((at, at % 3 == 0), vec![at as f64; (at % 4) as usize])).collect();
    let same = same("dict[{i64,bool},vec[f64]]");
    assert_eq!(same.call::<BTreeMap<(i64, bool), Vec<f64>>>(&rows).unwrap(), rows);
    let order: Vec<((i64, bool), Vec<f64>)> = same.call(&rows).unwrap();
    assert!(order.iter().map(|(key, _)| key).eq(rows.keys()));
    let find = program("|d: dict[{i64,bool},vec[f64]], ks: vec[{i64,bool}]| map(ks, |k| len(lookup(d, k)))");
    let keys: Vec<(i64, bool)> = rows.keys().copied().collect();
    let found: Vec<i64> = find.call((&rows, &keys)).unwrap();
    assert!(found.iter().zip(rows.values()).all(|(found, row)| *found == row.len() as i64));

    // Dictionaries in dictionaries, and in vectors.
    let nested = BTreeMap::from([(1u8, BTreeMap::from([("a".to_string(), 1.5)])), (2, BTreeMap::new())]);
    let same = self::same("dict[u8,dict[vec[i8],f64]]");
    assert_eq!(same.call::<BTreeMap<u8, BTreeMap<String, f64>>>(&nested).unwrap(), nested);
    let sizes: Vec<i64> = program("|v: vec[dict[i32,i32]]| map(v, |d| len(d))")
        .call(&[BTreeMap::from([(1, 2), (3, 4)]), BTreeMap::new()])
        .unwrap();
    assert_eq!(sizes, [2, 0]);

    let error = same.call::<Value>(&BTreeMap::from([(1u8, 2i64)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the input `x` is of type `dict[u8,i64]`, but the program wants `dict[u8,dict[vec[i8],f64]]`"
    );
    let typed = look.typed::<(HashMap<String, i64>, &str), (bool, i64)>().unwrap();
    assert!(typed.call((&BTreeMap::from([("or", 7i64)]), "or")).unwrap().0);
}

#[test]
fn wrong_types_are_told_before_anything_runs() {
    let program = program("|v: vec[f64], rows: vec[{i64,vec[i8]}]| if(assert(false), sum(v), 0.0)");
    let (v, rows) = ([1.0], [(1i64, "a")]);
    let told = |error: Error| error.to_string();
    for (error, expected) in [
        (
            program.call::<f64>(&v).unwrap_err(),
            "the program has 2 parameters (`v: vec[f64]`, `rows: vec[{i64,vec[i8]}]`), but 1 input is given",
        ),
        (
            program.call::<f64>((&[1.0f32], &rows)).unwrap_err(),
            "the input `v` is of type `vec[f32]`, but the program wants `vec[f64]`",
        ),
        (
            program.call::<f64>((1.0, &rows)).unwrap_err(),
            "the input `v` is of type `f64`, but the program wants `vec[f64]`",
        ),
        (
            // Also where there is no element that could be wrong.
            program.call::<f64>((&v, &[(1i32, "a"); 0])).unwrap_err(),
            "the input `rows` is of type `vec[{i32,vec[i8]}]`, but the program wants `vec[{i64,vec[i8]}]`",
        ),
        (
            program.call::<Vec<f64>>((&v, &rows)).unwrap_err(),
            "the result is of type `f64`, but it is asked for as `vec[f64]`",
        ),
        (
            program.call::<f64>((&Value::from(2.5), &rows)).unwrap_err(),
            "the input `v` is of type `f64`, but the program wants `vec[f64]`",
        ),
    ] {
        assert_eq!(told(error), expected);
    }
    assert_eq!(
        told(same("i64").call::<i64>(()).unwrap_err()),
        "the program has 1 parameter (`x: i64`), but 0 inputs are given"
    );
    let none = self::program("|| 1L");
    assert_eq!(
        told(none.call::<i64>(1i64).unwrap_err()),
        "the program has 0 parameters, but 1 input is given"
    );
    assert_eq!(none.call::<i64>(()).unwrap(), 1);
}

#[test]
fn types_that_were_settled_once() {
    let program = program("|v: vec[f64], k: i64| lookup(v, k)");
    let typed = program.typed::<(Vector<f64>, i64), f64>().unwrap();
    assert_eq!(typed.call((&[1.0, 2.0], 1i64)).unwrap(), 2.0);
    assert_eq!(failure(typed.call((&[1.0, 2.0], 2i64))).values, (2, 2));
    assert!(matches!(program.typed::<(&[f64], i32), f64>(), Err(Error::Type { .. })));
    assert!(matches!(program.typed::<(&[f64],), f64>(), Err(Error::Count { found: 1, .. })));
    assert!(matches!(program.typed::<(&[f64], i64), i64>(), Err(Error::Type { .. })));
    // What is known only later is looked at later.
    let some = program.typed::<(Any, i64), Value>().unwrap();
    let v = Value::from(typed.program().call::<f64>((&[1.0], 0i64)).unwrap());
    assert!(matches!(some.call((&v, 0i64)), Err(Error::Type { .. })));
    let all = program.typed::<Values<'_>, f64>().unwrap();
    assert!(matches!(all.call(Values(&[v])), Err(Error::Count { found: 1, .. })));
}

#[test]
fn a_result_owns_its_memory() {
    let session = Session::new(Config { threads: 2, ..Config::default() });
    let program =
        session.program("|v: vec[i64]| {v, slice(v, 1L, 2L), \"text\", map(v, |x| x + 1L)}").unwrap();
    drop(session);
    let v: Vec<i64> = (0..50_000).collect();
    let (all, part, text, next): (Array<i64>, Array<i64>, String, Array<i64>) = program.call(&v).unwrap();
    drop((v, program));
    assert!(all.iter().copied().eq(0..50_000));
    assert_eq!((&part[..], text.as_str(), next[49_999]), (&[1, 2][..], "text", 50_000));
}

/// Results of several times the size of the caches are written around them. In blocks, at the border of a check, and in what is left.
#[test]
fn results_beyond_the_caches() {
    let n = 5_000_003;
    let v: Vec<i64> = (0..n).map(|x| x * 0x9e37_79b9).collect();
    let program = program(
        "|v: vec[i64], d: i64| {map(v, |x| x ^ (x >> 7L)), map(v, |x| f64(x) / 2.0), map(v, |x| x % (x - d) > 3L)}",
    );
    let wanted: Vec<i64> = v.iter().map(|x| x ^ (x >> 7)).collect();
    let halves: Vec<f64> = v.iter().map(|x| *x as f64 / 2.0).collect();
    let left: Vec<bool> = v.iter().map(|x| x % (x + 1) > 3).collect();
    let got: (Array<i64>, Array<f64>, Array<bool>) = program.call((&v, -1i64)).unwrap();
    assert!(got.0 == wanted && got.1 == halves && got.2 == left);
    let at = v.iter().position(|x| x % 1_000_003 == 1).unwrap();
    let failed = failure(program.call::<(Array<i64>, Array<f64>, Array<bool>)>((&v, v[at])));
    assert_eq!(failed.kind, ErrorKind::DivideByZero);
}

#[test]
fn a_large_result_is_taken_over_and_shared() {
    let program =
        program("|v: vec[f64]| let w = map(v, |x| x * 2.0); {w, w, slice(w, 0L, 10L), slice(w, 1L, 10L)}");
    let v = vec![1.5; 1_000_000];
    let budget = Arc::new(Budget::default());
    let options = CallOptions::new().budget(&budget);
    type Parts = (Array<f64>, Array<f64>, Array<f64>, Array<f64>);
    let (a, b, first, second): Parts = program.call_with(&options, &v).unwrap();
    // The whole, twice, and what begins where it begins, are one allocation.
    assert_eq!(a.as_ptr(), b.as_ptr());
    assert_eq!(a.as_ptr(), first.as_ptr());
    assert_ne!(a[1..].as_ptr(), second.as_ptr());
    assert!((8_000_000..8_100_000).contains(&budget.used()), "{}", budget.used());
    drop((a, b));
    assert_eq!(first[9], 3.0);
    drop(first);
    assert_eq!((budget.used(), second[0]), (0, 3.0));
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// 80 MB in and 80 MB out, in a process of its own: its peak grows by the result and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn eighty_megabytes_are_not_copied() {
    const CHILD: &str = "WELD_TEST_PEAK";
    const BYTES: u64 = 80_000_000;
    if std::env::var_os(CHILD).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "eighty_megabytes_are_not_copied", "--nocapture"]).env(CHILD, "1");
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let program =
        program("|v: vec[f64], rows: vec[vec[f64]]| {map(v, |x| x + 1.0), sum(map(rows, |r| len(r)))}");
    let v = vec![1.0f64; BYTES as usize / 8];
    let call = |v: &[f64], rows: &[&[f64]]| -> (Array<f64>, i64) { program.call((v, rows)).unwrap() };
    drop(call(&v[..10], &[]));
    let before = peak();
    let (result, len) = call(&v, &[&v, &v, &v]);
    let grown = peak() - before;
    assert_eq!((result[9_999_999], len), (2.0, 30_000_000));
    // A copy of anything would be another 80 MB.
    assert!((BYTES / 2..BYTES + BYTES / 4).contains(&grown), "{grown}");
}

#[test]
fn limits_and_settings() {
    let text = "|n: i64| result(for(rangeiter(0L, n, 1L), appender[i64], |b, i, x| merge(b, x)))";
    let small = Session::new(Config { memory_limit: Some(1 << 20), threads: 2, ..Config::default() });
    let program = small.program(text).unwrap();
    assert_eq!(failure(program.call::<Array<i64>>(1_000_000i64)).kind, ErrorKind::OutOfMemory);
    let more = CallOptions::new().memory_limit(1 << 26).threads(1);
    assert_eq!(program.call_with::<Array<i64>>(&more, 1_000_000i64).unwrap().len(), 1_000_000);

    // Calls that share a budget leave each other less.
    let options = CallOptions::new().budget(&Arc::new(Budget::new(Some(10_000_000))));
    let first: Array<i64> = program.call_with(&options, 1_000_000i64).unwrap();
    assert_eq!(failure(program.call_with::<Array<i64>>(&options, 1_000_000i64)).kind, ErrorKind::OutOfMemory);
    drop(first);
    program.call_with::<Array<i64>>(&options, 1_000_000i64).unwrap();
}

#[test]
fn cancelling_and_time() {
    let forever = program("|x: i64| iterate(x, |x| {x + 1L, x >= 0L})");
    let cancel = Cancel::new();
    let brief = CallOptions::new().time_limit(Duration::from_millis(10)).cancel(&cancel);
    assert_eq!(failure(forever.call_with::<i64>(&brief, 0i64)).kind, ErrorKind::Timeout);
    // The end of one call's time is no end for the next one with that token, nor for one at the same time.
    let options = CallOptions::new().cancel(&cancel);
    assert_eq!(forever.call_with::<i64>(&options, -5i64).unwrap(), -4);
    std::thread::scope(|scope| {
        let long = scope.spawn(|| failure(forever.call_with::<i64>(&options, 0i64)).kind);
        assert_eq!(failure(forever.call_with::<i64>(&brief, 0i64)).kind, ErrorKind::Timeout);
        assert!(!long.is_finished());
        cancel.cancel();
        assert_eq!(long.join().unwrap(), ErrorKind::Cancelled);
    });
    // Cancelled once, cancelled for ever; without it, all goes on.
    assert!(cancel.is_cancelled());
    assert_eq!(failure(forever.call_with::<i64>(&options, -5i64)).kind, ErrorKind::Cancelled);
    assert_eq!(forever.call::<i64>(-5i64).unwrap(), -4);
}

#[test]
fn threads_share_a_program_and_all_of_it_may_be_sent() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Program>();
    is_shared::<weld::Typed<(Vector<f64>,), Array<f64>>>();
    is_shared::<Array<f64>>();
    is_shared::<Error>();
    is_shared::<CallOptions>();
    let program = program("|v: vec[i64]| sum(v)");
    let v: Vec<i64> = (0..10_000).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(program.call::<i64>(&v).unwrap(), 49_995_000)));
        }
    });
}

/// An input of somebody else's that does not keep to its type.
struct Liar(fn(Place<'_, '_>) -> Result<(), Unfit>);

impl Input for Liar {
    type Type = Any;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        (self.0)(place)
    }
}

#[test]
fn inputs_of_others_cannot_write_what_does_not_belong_there() {
    let sum = program("|v: vec[i64]| sum(v)");
    let refused = [
        Liar(|place| place.scalar(1i64)),
        Liar(|place| place.slice(&[1.0f64])),
        Liar(|place| place.slice(&[1u8])),
        Liar(|place| place.copied([1.0f64].into_iter())),
        Liar(|place| place.fields(2).map(|_| ())),
        Liar(|place| place.elements([1i32].iter(), |x, place| place.scalar(*x))),
        Liar(|_| Err(Unfit::new("not today"))),
    ];
    for liar in &refused {
        assert!(matches!(sum.call::<i64>(liar), Err(Error::Unfit { .. })));
    }
    // What is not written is zero, which is an empty vector.
    assert_eq!(sum.call::<i64>(&Liar(|_| Ok(()))).unwrap(), 0);
    assert_eq!(sum.call::<i64>(&Liar(|place| place.slice(&[1i64, 2]))).unwrap(), 3);
    assert_eq!(sum.call::<i64>(&Liar(|place| place.copied([1i64, 2].into_iter()))).unwrap(), 3);
    assert_eq!(
        sum.call::<i64>(&Liar(|place| place.elements([4i64, 5].iter(), |x, p| p.scalar(*x)))).unwrap(),
        9
    );
    let dict = program("|d: dict[i64,i64]| len(tovec(d))");
    assert!(
        dict.call::<i64>(&Liar(|place| place.elements([(1i64, 2i64)].iter(), |x, p| x.write(p)))).is_err()
    );
    assert_eq!(dict.call::<i64>(&Liar(|_| Ok(()))).unwrap(), 0);
}

/// An iterator that says it has more, or fewer, items than it has.
struct Miscounted(usize, std::ops::Range<i64>);

impl Iterator for Miscounted {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.1.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0, Some(self.0))
    }
}

impl ExactSizeIterator for Miscounted {}

#[test]
fn iterators_of_others_cannot_leave_the_table() {
    let same = same("vec[i64]");
    for (said, there, expected) in [(2, 4, vec![0, 1]), (4, 2, vec![0, 1, 0, 0])] {
        struct Some2(usize, i64);
        impl Input for Some2 {
            type Type = Vector<i64>;

            fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
                place.elements(Miscounted(self.0, 0..self.1), |x, place| place.scalar(x))
            }
        }
        assert_eq!(same.call::<Vec<i64>>(&Some2(said, there)).unwrap(), expected);
    }
}

/// A result that throws the whole away before it reads a part of it.
struct Part(Vec<f64>);

impl Output for Part {
    fn ty() -> Ty {
        <(Array<f64>, Array<f64>)>::ty()
    }

    fn read(source: Source<'_>) -> Result<Part, Unfit> {
        let whole: &[f64] = source.field(0)?.slice()?;
        drop(source.field(0)?.array::<f64>()?);
        drop(source.field(0)?.value());
        assert!(
            source.field(0)?.array::<i64>().is_err()
                && source.field(2).is_err()
                && source.elements().is_err()
        );
        assert_eq!(whole.len(), 100_000);
        assert!(whole.iter().all(|x| *x == 3.0));
        Ok(Part(source.field(1)?.slice()?.to_vec()))
    }
}

#[test]
fn a_part_may_be_read_after_the_whole_was_dropped() {
    let program = program("|v: vec[f64]| let w = map(v, |x| x * 2.0); {w, slice(w, 5L, 3L)}");
    let part: Part = program.call(&vec![1.5; 100_000]).unwrap();
    assert_eq!(part.0, [3.0; 3]);
}

#[test]
fn newtypes_of_scalars_are_elements_too() {
    #[derive(Debug, PartialEq)]
    struct Celsius(f64);
    impl Input for Celsius {
        type Type = f64;

        fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
            self.0.write(place)
        }
    }
    impl Output for Celsius {
        fn ty() -> Ty {
            f64::ty()
        }

        fn read(source: Source<'_>) -> Result<Celsius, Unfit> {
            source.scalar().map(Celsius)
        }
    }
    let program = program("|v: vec[f64]| map(v, |x| x + 0.5)");
    let warmer: Vec<Celsius> = program.call(&[Celsius(1.0), Celsius(2.0)]).unwrap();
    assert_eq!(warmer, [Celsius(1.5), Celsius(2.5)]);
}

#[test]
fn many_rows_cost_little_each() {
    let words: Vec<String> = (0..200_000).map(|x: i32| format!("word {}", x % 1000)).collect();
    let program = program(
        "|words: vec[vec[i8]]| result(for(words, dictmerger[vec[i8],i64,+], |b, i, w| merge(b, {w, 1L})))",
    );
    let counts: HashMap<String, i64> = program.call(&words).unwrap();
    assert_eq!((counts.len(), counts["word 7"]), (1000, 200));
    let back: Vec<String> = same("vec[vec[i8]]").call(&words).unwrap();
    assert_eq!(back, words);
}

#[test]
fn files_of_code_are_written_where_the_settings_ask() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    for (key, value) in [("dump", "true"), ("dump-dir", folder.path().to_str().unwrap()), ("dump-name", "p")]
    {
        config.set(key, value).unwrap();
    }
    Session::new(config).program("|v: vec[i64]| sum(v)").unwrap();
    assert!(folder.path().join("p-opt.weld").exists());
}
