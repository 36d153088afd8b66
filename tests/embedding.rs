//! The names of the crate `weld` 0.4, used as programs that were written for it do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(feature = "jit")]

use std::ffi::c_void;
use std::time::{Duration, Instant};
use weld::data::{Appender, Dict, WeldBool, WeldVec};
use weld::{
    CONF_MEMORY_LIMIT_KEY, CONF_THREADS_KEY, Data, WeldConf, WeldContext, WeldError, WeldModule, WeldResult,
    WeldRuntimeErrno, WeldValue,
};

fn conf(entries: &[(&str, &str)]) -> WeldConf {
    let mut conf = WeldConf::new();
    for (key, value) in entries {
        conf.set(*key, *value);
    }
    conf
}

fn context() -> WeldContext {
    WeldContext::new(&WeldConf::new()).unwrap()
}

fn compile(code: &str) -> WeldModule {
    WeldModule::compile(code, &WeldConf::new()).unwrap()
}

/// Runs on a struct of the parameters.
fn run<T>(module: &WeldModule, context: &mut WeldContext, arg: &T) -> WeldResult<WeldValue> {
    let arg = WeldValue::new_from_data(arg as *const T as *const c_void);
    // SAFETY: the tests hand in the struct that their program takes.
    unsafe { module.run(context, &arg) }
}

/// The result as the type that the test knows it to be.
fn read<T: Clone>(value: &WeldValue) -> T {
    // SAFETY: the tests name the type of the result.
    unsafe { (*(value.data() as *const T)).clone() }
}

fn elements<T: Clone>(value: &WeldValue) -> Vec<T> {
    let vector: WeldVec<T> = read(value);
    // SAFETY: the result is a vector of `T`, which the value keeps.
    unsafe { std::slice::from_raw_parts(vector.data, vector.len as usize) }.to_vec()
}

fn code(outcome: WeldResult<WeldValue>) -> WeldRuntimeErrno {
    outcome.unwrap_err().code()
}

#[repr(C)]
struct Args<T> {
    x: WeldVec<T>,
    k: i64,
    flag: WeldBool,
}

#[test]
fn a_program_takes_a_struct_of_its_parameters() {
    let module = compile("|x: vec[i64], k: i64, flag: bool| map(x, |e| if(flag, e * k, e))");
    assert_eq!(module.return_type().to_string(), "vec[i64]");
    let types: Vec<String> = module.param_types().iter().map(ToString::to_string).collect();
    assert_eq!(types, ["vec[i64]", "i64", "bool"]);
    let numbers: Vec<i64> = (0..1000).collect();
    let mut context = context();
    for (flag, factor) in [(0, 1), (1, 3), (255, 3)] {
        let args = Args { x: WeldVec::from(&numbers), k: 3, flag };
        let result = run(&module, &mut context, &args).unwrap();
        assert_eq!(elements::<i64>(&result), numbers.iter().map(|n| n * factor).collect::<Vec<_>>());
    }
}

#[test]
fn results_outlive_module_and_context() {
    let module = compile("{\"a string\", 2L}");
    let mut context = context();
    let result = run(&module, &mut context, &()).unwrap();
    drop((module, context));
    let (text, number): (WeldVec<u8>, i64) = read(&result);
    // SAFETY: the value keeps the program whose constant this is.
    let text = unsafe { std::slice::from_raw_parts(text.data, text.len as usize) };
    assert_eq!((text, number), (&b"a string"[..], 2));
    assert_eq!(result.run_id(), Some(0));
    assert!(result.context().is_some());
}

#[test]
fn memory_is_counted_until_it_is_released() {
    let module = compile("|x: vec[i64]| map(x, |e| e + 1L)");
    let numbers = vec![7i64; 100_000];
    let mut context = context();
    assert_eq!((context.memory_usage(), context.memory_limit()), (0, 1_000_000_000));
    let first = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap();
    let one = context.memory_usage();
    // The result and nothing else: no copy of the input.
    assert!((800_000..900_000).contains(&one), "{one}");
    assert_eq!(first.memory_usage(), one);
    let second = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap();
    assert_eq!(context.memory_usage(), 2 * one);
    // Dropping a value leaves its memory to the context, for later results may point into it.
    drop(first);
    assert_eq!(context.memory_usage(), 2 * one);
    assert!(second.release());
    assert_eq!(context.memory_usage(), one);
}

#[test]
fn a_result_that_is_an_input_is_not_copied() {
    let numbers = vec![1.5f64; 100_000];
    let mut context = context();
    let module = compile("|x: vec[f64]| x");
    let result = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap();
    assert_eq!(read::<WeldVec<f64>>(&result).data, numbers.as_ptr());
    assert_eq!(context.memory_usage(), 0);
}

#[test]
fn the_limit_of_a_context_holds_over_all_its_runs() {
    let module = compile("|x: vec[i64]| map(x, |e| e + 1L)");
    let numbers = vec![7i64; 100_000];
    let mut context = WeldContext::new(&conf(&[(CONF_MEMORY_LIMIT_KEY, "2000000")])).unwrap();
    let _one = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap();
    let two = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap();
    let before = context.memory_usage();
    let error = run(&module, &mut context, &WeldVec::from(&numbers)).unwrap_err();
    assert_eq!(error.code(), WeldRuntimeErrno::OutOfMemory);
    let message = error.message().to_str().unwrap();
    assert!(message.starts_with("Weld program failed with error OutOfMemory: "), "{message}");
    assert_eq!(context.memory_usage(), before);
    assert!(two.release());
    assert!(run(&module, &mut context, &WeldVec::from(&numbers)).is_ok());
}

#[test]
fn errors_have_a_number_a_message_and_a_place() {
    let module = compile("|x: vec[i64], k: i64, flag: bool|\n  lookup(x, k)");
    let numbers = [1i64, 2, 3];
    let args = Args { x: WeldVec::from(&numbers), k: 7, flag: 0 };
    let error = run(&module, &mut context(), &args).unwrap_err();
    let wanted =
        "Weld program failed with error ArrayOutOfBounds: lookup index 7 out of range for length 3, at 2:3";
    assert_eq!((error.code(), error.to_string().as_str()), (WeldRuntimeErrno::ArrayOutOfBounds, wanted));
    assert_eq!(error.place(), Some((2, 3)));
    let error = WeldModule::compile("|x: i64| x + 1.0", &WeldConf::new()).unwrap_err();
    assert_eq!((error.code(), error.place()), (WeldRuntimeErrno::CompileError, Some((1, 14))));
    assert!(error.hint().is_some());
    assert_eq!(WeldError::new_success().message().to_bytes(), b"Success");
}

#[test]
fn configurations_that_do_not_parse_are_refused_by_who_reads_them() {
    for (key, value) in [(CONF_THREADS_KEY, "many"), (CONF_MEMORY_LIMIT_KEY, "-1")] {
        assert!(WeldContext::new(&conf(&[(key, value)])).is_err());
    }
    let error = WeldModule::compile("1", &conf(&[("weld.optimization.passes", "no-such-pass")])).unwrap_err();
    assert_eq!(error.code(), WeldRuntimeErrno::CompileError);
    assert!(error.to_string().contains("weld.optimization.passes"), "{error}");
    let mut old = conf(&[("weld.optimization.passes", "loop-fusion,infer-size,vectorize")]);
    assert_eq!(old.get("weld.optimization.passes").unwrap().to_bytes().len(), 32);
    assert!(old.get("weld.threads").is_none());
    assert!(WeldModule::compile("1", &old).is_ok());
    old.set("weld.optimization.passes", "");
    assert!(WeldModule::compile("1", &old).is_ok());
}

#[test]
fn what_cannot_be_an_argument_is_refused() {
    let module = compile("|x: vec[i64]| len(x)");
    let mut context = context();
    let null = WeldValue::new_from_data(std::ptr::null());
    // SAFETY: a null argument is refused.
    assert_eq!(code(unsafe { module.run(&mut context, &null) }), WeldRuntimeErrno::InvalidArgument);
    for vector in [WeldVec::new(std::ptr::null::<i64>(), 1), WeldVec::new(std::ptr::null(), -1)] {
        assert_eq!(code(run(&module, &mut context, &vector)), WeldRuntimeErrno::InvalidArgument);
    }
    let empty = WeldVec::new(std::ptr::null::<i64>(), 0);
    assert_eq!(read::<i64>(&run(&module, &mut context, &empty).unwrap()), 0);
}

#[test]
fn types_that_are_told_are_compared() {
    let module = compile("|x: vec[i64], k: i64, flag: bool| k");
    let numbers = [1i64];
    let args = Args { x: WeldVec::from(&numbers), k: 7, flag: 0 };
    let data: Data = (&raw const args).cast();
    let mut context = context();
    let mut run = |ty: &str| {
        let value = WeldValue::new_typed(ty, data)?;
        // SAFETY: the struct is what the program takes; another type is refused.
        unsafe { module.run(&mut context, &value) }
    };
    assert_eq!(read::<i64>(&run("{vec[i64],i64,bool}").unwrap()), 7);
    assert_eq!(code(run("{vec[f64],i64,bool}")), WeldRuntimeErrno::TypeMismatch);
    assert_eq!(code(run("vec[i64]")), WeldRuntimeErrno::TypeMismatch);
    assert_eq!(code(run("no type")), WeldRuntimeErrno::InvalidArgument);
    assert_eq!(code(run("i64, y: i64")), WeldRuntimeErrno::InvalidArgument);
}

#[test]
fn builders_go_on_in_the_next_run_of_their_context() {
    let (begin, more) = (
        compile("|x: vec[i64]| for(x, appender[i64], |b, i, e| merge(b, e))"),
        compile("|b: appender[i64], x: vec[i64]| for(x, b, |b, i, e| merge(b, e * 10L))"),
    );
    let end = compile("|b: appender[i64]| result(b)");
    let mut context = context();
    let numbers: Vec<i64> = (0..20_000).collect();
    let built = run(&begin, &mut context, &WeldVec::from(&numbers)).unwrap();
    // Another context has no business with it.
    // SAFETY: the argument is the appender that the program takes.
    let elsewhere = unsafe { end.run(&mut self::context(), &built) };
    assert_eq!(code(elsewhere), WeldRuntimeErrno::InvalidArgument);
    let args: (Appender<i64>, WeldVec<i64>) = (read(&built), WeldVec::from(&numbers));
    let built = run(&more, &mut context, &args).unwrap();
    // SAFETY: as above.
    let result = unsafe { end.run(&mut context, &built) }.unwrap();
    let wanted: Vec<i64> = numbers.iter().copied().chain(numbers.iter().map(|n| n * 10)).collect();
    assert_eq!(elements::<i64>(&result), wanted);
}

#[test]
fn dictionaries_go_from_run_to_run() {
    let group =
        compile("|x: vec[i64]| result(for(x, dictmerger[i64,i64,+], |b, i, e| merge(b, {e % 10L, 1L})))");
    let ask = compile("|d: dict[i64,i64], k: i64| {len(tovec(d)), lookup(d, k)}");
    let numbers: Vec<i64> = (0..1000).collect();
    let counted = run(&group, &mut context(), &WeldVec::from(&numbers)).unwrap();
    let args: (Dict<i64, i64>, i64) = (read(&counted), 3);
    let mut context = context();
    assert_eq!(read::<(i64, i64)>(&run(&ask, &mut context, &args).unwrap()), (10, 100));
    let args = (args.0, 10i64);
    assert_eq!(code(run(&ask, &mut context, &args)), WeldRuntimeErrno::KeyNotFoundError);
}

/// A program that runs until it is stopped.
const ENDLESS: &str = "|k: i64| iterate(k, |x| {x + 1L, x >= 0L})";

#[test]
fn a_run_is_cancelled_from_another_thread() {
    let (module, context) = (compile(ENDLESS), context());
    assert!(!context.cancel());
    let stopper = context.clone();
    let thread = std::thread::spawn(move || {
        while !stopper.cancel() {
            std::thread::yield_now();
        }
    });
    assert_eq!(code(run(&module, &mut context.clone(), &0i64)), WeldRuntimeErrno::Cancelled);
    thread.join().unwrap();
    // The next run is not stopped.
    assert_eq!(read::<i64>(&run(&compile("|k: i64| k"), &mut context.clone(), &5i64).unwrap()), 5);
}

#[test]
fn a_time_limit_ends_a_run() {
    let context = context();
    context.set_time_limit(Some(Duration::from_millis(20)));
    let start = Instant::now();
    assert_eq!(code(run(&compile(ENDLESS), &mut context.clone(), &0i64)), WeldRuntimeErrno::Timeout);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(read::<i64>(&run(&compile("|k: i64| k"), &mut context.clone(), &5i64).unwrap()), 5);
}

#[test]
fn a_context_runs_one_program_at_a_time() {
    let (module, context) = (compile(ENDLESS), context());
    let busy = context.clone();
    // The quick program below may be in the way.
    let thread = std::thread::spawn(move || {
        loop {
            match code(run(&module, &mut busy.clone(), &0i64)) {
                WeldRuntimeErrno::InvalidArgument => std::thread::yield_now(),
                other => break other,
            }
        }
    });
    let quick = compile("|k: i64| k");
    while let Ok(value) = run(&quick, &mut context.clone(), &1i64) {
        value.release();
        std::thread::yield_now();
    }
    assert_eq!(code(run(&quick, &mut context.clone(), &1i64)), WeldRuntimeErrno::InvalidArgument);
    assert!(context.cancel());
    assert_eq!(thread.join().unwrap(), WeldRuntimeErrno::Cancelled);
}

#[test]
fn threads_share_a_module_in_contexts_of_their_own() {
    let module = compile("|x: vec[i64]| result(for(x, merger[i64,+], |b, i, e| merge(b, e)))");
    std::thread::scope(|scope| {
        for thread in 0..16i64 {
            let module = &module;
            scope.spawn(move || {
                let numbers: Vec<i64> = (0..10_000).map(|n| n * thread).collect();
                let mut context = WeldContext::new(&conf(&[(CONF_THREADS_KEY, "2")])).unwrap();
                for _ in 0..50 {
                    let sum = run(module, &mut context, &WeldVec::from(&numbers)).unwrap();
                    assert_eq!(read::<i64>(&sum), 49_995_000 * thread);
                }
            });
        }
    });
}

#[test]
fn functions_can_be_named_by_their_address() {
    extern "C" fn twice(x: *const i64, out: *mut i64) {
        // SAFETY: the program below passes an `i64` and room for one.
        unsafe { *out = *x * 2 };
    }
    let code = "|k: i64| cudf[weld_test_twice,i64](k)";
    assert!(WeldModule::compile(code, &WeldConf::new()).is_err());
    weld::define_function("weld_test_twice", twice as *const () as usize).unwrap();
    let module = compile(code);
    assert_eq!(read::<i64>(&run(&module, &mut context(), &21i64).unwrap()), 42);
    weld::define_function("weld_test_twice", 0).unwrap();
    assert!(WeldModule::compile(code, &WeldConf::new()).is_err());
    assert!(weld::define_function("no name", 8).is_err());
    let error = weld::load_linked_library("./libnotthere.so").unwrap_err();
    assert_eq!(error.code(), WeldRuntimeErrno::LoadLibraryError);
}

#[test]
fn modules_tell_what_was_done_to_them() {
    let module = compile("|x: vec[i64]| sum(map(x, |e| e * e))");
    assert!(module.trace_json().lines().any(|line| line.contains("\"fuse_loops\"")));
    let statistics: serde_json::Value = serde_json::from_str(&module.statistics_json()).unwrap();
    assert_eq!((&statistics["runs"], &statistics["cached"]), (&0.into(), &false.into()));
    assert!(statistics["passes"].as_array().unwrap().iter().any(|pass| pass["pass"] == "fuse-vertical"));
    assert!(statistics["code_bytes"].as_u64().unwrap() > 0);
    let again = compile("|x: vec[i64]| sum(map(x, |e| e * e))");
    let statistics: serde_json::Value = serde_json::from_str(&again.statistics_json()).unwrap();
    assert_eq!((&statistics["runs"], &statistics["cached"]), (&0.into(), &true.into()));
    assert!(statistics["cache"]["hits"].as_u64().unwrap() > 0);
}
