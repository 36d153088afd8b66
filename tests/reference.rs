//! The meaning of programs, from text, by the reference interpreter: the acceptance programs of LANGUAGE 20 that this
//! version can run, and the corners of sections 6 to 10.

use std::sync::atomic::AtomicU32;
use weld::diag::SourceMap;
use weld::ir::Program;
use weld::value::Value;
use weld::value::literal::parse_value;
use weld::value::print::to_text;
use weld::{check, expand, interp, syntax};

/// The checked program, or its first error as id, class and title.
fn program(text: &str) -> Result<Program, String> {
    let mut sources = SourceMap::default();
    let source = sources.add("test", text.to_string());
    let (parsed, mut messages) = syntax::parse(source, text);
    let mut program = None;
    if !messages.has_errors() {
        let (expanded, more) = expand::expand(&parsed);
        messages.0.extend(more.0);
        if !messages.has_errors() {
            let macros: Vec<String> = expand::macro_names(&parsed).map(str::to_string).collect();
            let (checked, more) = check::check(&expanded, &macros);
            messages.0.extend(more.0);
            program = checked;
        }
    }
    match (messages.first_error(), program) {
        (None, Some(program)) => Ok(program),
        (Some(error), _) => Err(format!("{} {}: {}", error.code.id(), error.code.class(), error.title)),
        (None, None) => Err("no program and no error".to_string()),
    }
}

/// The printed answer to a program on inputs given as literals; an error as its name, number and message.
fn run(text: &str, inputs: &[&str]) -> String {
    let program = match program(text) {
        Ok(program) => program,
        Err(message) => return message,
    };
    let params = &program.func.params;
    assert_eq!(params.len(), inputs.len(), "{text}");
    let args = inputs.iter().zip(params).map(|(input, param)| parse_value(input, &param.ty));
    let args: Vec<Value> = match args.collect() {
        Ok(args) => args,
        Err(message) => return message,
    };
    match interp::run(&program, &args, &AtomicU32::new(0)) {
        Ok(value) => {
            assert!(value.fits(&program.func.body.ty), "{text}");
            to_text(&value, &program.func.body.ty)
        }
        Err(error) => format!("error {}: {}", error.kind.code(), error.message),
    }
}

fn check_all(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(run(text, &[]), *expected, "{text}");
    }
}

#[test]
fn acceptance_programs() {
    check_all(&[
        ("|| 2 + 3 * 4", "14"),
        ("|| 10 - 2 - 3", "5"),
        ("|| 7 % -3", "1"),
        ("|| i32(3.99)", "3"),
        ("|| i8(300)", "44c"),
        ("|| u32(-1)", "u32(4294967295L)"),
        ("|| i32(1.0e20)", "2147483647"),
        ("|| let x = 3; let x = x + 1; x", "4"),
        ("|| (|a, b| a * b)(6, 7)", "42"),
        ("|| let sq = (|t| t * t); sq(3) + sq(4)", "25"),
        ("|| if(true, 1, lookup([1], 9L))", "1"),
        ("|| false && lookup([true], 5L)", "false"),
        ("|| {1, 2L}.$1", "2L"),
        ("|| -{1, 2}.$0", "-1"),
        ("|| len([]:vec[f32])", "0L"),
        ("|| slice([1,2,3], 1L, 100L)", "[2, 3]"),
        ("|| slice([1,2,3], 1L, -1L)", "[2, 3]"),
        ("|| slice([1,2,3], 4L, 1L)", "error 4: slice start 4 out of range for length 3"),
        ("|| lookup([1,2], 2L)", "error 4: lookup index 2 out of range for length 2"),
        ("|| 1 / 0", "error 18: division by zero"),
        ("|| iterate(1, |n| {n * 2, n < 50})", "128"),
        ("|| [3,1,2] < [3,2]", "true"),
        ("|| result(for([5,6,7], appender, |b,i,e| merge(b, i)))", "[0L, 1L, 2L]"),
        ("|| result(for(iter([1,2,3,4],1L,3L,1L), merger[i32,*], |b,i,e| merge(b,e)))", "6"),
        ("|| result(for(rangeiter(5L,0L,-1L), appender[i64], |b,i,e| merge(b,e)))", "[5L, 4L, 3L, 2L, 1L]"),
        (
            "|| result(for(zip([1],[2,3]), merger[i32,+], |b,i,e| merge(b,e.$0)))",
            "error 6: zipped lengths differ: 1 and 2",
        ),
        ("|| result(for([-4,-9], merger[i32,max], |b,i,e| merge(b,e)))", "-4"),
        ("|| result(for([]:vec[f64], merger[f64,min], |b,i,e| merge(b,e)))", "1.0/0.0"),
        (
            "|| tovec(result(for([2,1,2], dictmerger[i32,i64,+], |b,i,e| merge(b,{e,1L}))))",
            "[{2, 2L}, {1, 1L}]",
        ),
        (
            "|| let d = result(for([1,2], groupmerger[i32,i64], |b,i,e| merge(b,{e % 2,i})));
             {lookup(d,0), optlookup(d,9)}",
            "{[1L], {false, []:vec[i64]}}",
        ),
        ("|| len(\"a#b\")", "3L"),
    ]);
    assert_eq!(run("macro pair(a,b) = {a,b}; |b: i32| pair(b, 1)", &["9"]), "{9, 1}");
    assert_eq!(run("type p = {i32,i32}; |q: vec[p]| map(q, |e| e.$0 + e.$1)", &["[{1,2}]"]), "[3]");
    assert!(run("let b = appender[i32]; {result(b), result(b)}", &[]).starts_with("E0310 linearity error"));
    assert!(run("for([1], appender[i32], |b,i,x| appender[i32])", &[]).starts_with("E0313 linearity error"));
    let index = "|v: vec[i32]| let pos = filter(v, |x| x > 0);
                 result(for(pos, appender, |b,i,x| merge(b, {x, i})))";
    assert_eq!(run(index, &["[-3,4,0,-1,9]"]), "[{4, 0L}, {9, 1L}]");
}

#[test]
fn dictionaries() {
    check_all(&[
        ("|| countby([3, 1, 3])", "[{3, 2L}, {1, 1L}]:dict[i32,i64]"),
        ("|| sumby([\"a\", \"b\", \"a\"], [1.5, 2.0, 3.0])", "[{[97c], 4.5}, {[98c], 2.0}]:dict[vec[i8],f64]"),
        ("|| groupby([true, false, true], [1, 2, 3])", "[{true, [1, 3]}, {false, [2]}]:dict[bool,vec[i32]]"),
        ("|| result(dictmerger[i32,i64,+])", "[]:dict[i32,i64]"),
        ("|| let d = countby([5, 6, 5]); {keys(d), values(d), getor(d, 5, 9L), getor(d, 7, 9L), len(d)}",
         "{[5, 6], [2L, 1L], 2L, 9L, 2L}"),
        ("|| let d = countby([5, 6]); lookup(d, 9)", "error 11: key 9 is not in the dictionary of 2 keys"),
        ("|| let d = countby([\"ab\"]); lookup(d, \"x y\")",
         "error 11: key \"x y\" is not in the dictionary of 1 key"),
        ("|| let d = countby([5]); {keyexists(d, 5), keyexists(d, 6)}", "{true, false}"),
        // All NaNs are one key, and the first zero keeps its sign.
        ("|| countby([-0.0, 0.0/0.0, 0.0, -(0.0/0.0)])", "[{-0.0, 2L}, {0.0/0.0, 2L}]:dict[f64,i64]"),
        ("|| countby([{1, [-0.0F]}, {1, [0.0F]}])", "[{{1, [-0.0F]}, 2L}]:dict[{i32,vec[f32]},i64]"),
        // A missing dictionary is an empty one.
        ("|| let d = result(for([{1, countby([4])}], groupmerger[i32,dict[i32,i64]], |b, i, x| merge(b, x)));
             let e = result(for([1], dictmerger[i32,i64,max](lookup(lookup(d, 1), 0L)), |b, i, x| merge(b, {x, -3L})));
             {e, optlookup(d, 2)}",
         "{[{4, 1L}, {1, -3L}]:dict[i32,i64], {false, []:vec[dict[i32,i64]]}}"),
    ]);
}

#[test]
fn accepted_builders() {
    let guarded = "|v: vec[i64]| let b = appender[i64]; let c = merge(b, 0L);
                   result(for(v, c, |a,i,x| if(x > 0L, merge(a, x), a)))";
    assert_eq!(run(guarded, &["[3L, -1L, 4L]"]), "[0L, 3L, 4L]");
    let two = "|v: vec[f64]| let r = for(v, {merger[f64,+], merger[f64,max]},
                   |p,i,x| {merge(p.$0, x), merge(p.$1, x)});
               {result(r.$0), result(r.$1)}";
    assert_eq!(run(two, &["[1.5, 2.0, -1.0]"]), "{2.5, 2.0}");
    assert_eq!(run(two, &["[]"]), "{0.0, -1.0/0.0}");
    assert_eq!(run(two, &["[1.0, 0.0/0.0]"]), "{0.0/0.0, 0.0/0.0}");
    let nest = "|m: vec[vec[i32]]| result(for(m, appender[i32], |b,i,row| for(row, b, |c,j,x| merge(c, x))))";
    assert_eq!(run(nest, &["[[1,2],[],[3]]"]), "[1, 2, 3]");
    assert_eq!(
        run("|v: vec[i32]| for(v, appender[i32], |b,i,x| merge(b, x))", &["[1,2]"]),
        "<appender[i32], 2 elements; call `result` on it>"
    );
    let outer_name = "|m: vec[vec[i32]]| result(for(m, appender[i32], |b,i,row|
                          for(row, b, |c,j,x| if(x > 1, merge(b, x), b))))";
    assert_eq!(run(outer_name, &["[[1,2],[],[3]]"]), "[2, 3]");
    let fields = "let r = {appender[i32], {merger[i64,+](5L), 7}};
                  let s = merge(r.$1.$0, 2L); let a = merge(r.$0, r.$1.$1); {result(a), result(s), r.$1.$1}";
    assert_eq!(run(fields, &[]), "{[7], 7L, 7}");
    let state =
        "|n: i64| let s = iterate({appender[i64], n}, |s| {{merge(s.$0, s.$1), s.$1 - 1L}, s.$1 > 1L});
                 {result(s.$0), s.$1}";
    assert_eq!(run(state, &["3L"]), "{[3L, 2L, 1L], 0L}");
    let structs = "|v: vec[i64]| result(for(v, merger[{i64,f32},+], |b,i,x| merge(b, {x, f32(x)})))";
    assert_eq!(run(structs, &["[1L, 2L]"]), "{3L, 3.0F}");
    let starts = "|v: vec[i64]| result(for(v, merger[i64,*](10L), |b,i,x| merge(b, x)))";
    assert_eq!([run(starts, &["[]"]), run(starts, &["[3L, 2L]"])], ["10L", "60L"]);
    let fresh_inside = "|m: vec[vec[f64]]| map(m, |row| sum(row))";
    assert_eq!(run(fresh_inside, &["[[1.0, 2.0], [], [0.5]]"]), "[3.0, 0.0, 0.5]");
    assert_eq!(run("|v: vec[f64]| result(for(v, merger[f64,+](-0.0), |b,i,x| b))", &["[1.0]"]), "-0.0");
}

#[test]
fn scalars() {
    check_all(&[
        ("-2147483648 - 1", "2147483647"),
        ("9223372036854775807L + 1L", "-9223372036854775808L"),
        ("100c * 2c", "-56c"),
        ("-2147483648 / -1", "-2147483648"),
        ("-2147483648 % -1", "0"),
        ("-7 / 2", "-3"),
        ("-7 % 2", "-1"),
        ("u8(255) + u8(2)", "u8(1)"),
        ("u64(-1L) / u64(2)", "u64(9223372036854775807L)"),
        ("1 % 0", "error 18: division by zero"),
        ("1.0 / 0.0", "1.0/0.0"),
        ("-1.0F / 0.0F", "-1.0F/0.0F"),
        ("0.0 / 0.0", "0.0/0.0"),
        ("-(0.0)", "-0.0"),
        ("5.5 % -2.0", "1.5"),
        ("let n = 0.0/0.0; {n == n, n != n, n < n, n >= n}", "{false, true, false, false}"),
        ("min(-0.0, 0.0)", "-0.0"),
        ("max(-0.0, 0.0)", "0.0"),
        ("max(1.0, 0.0/0.0)", "0.0/0.0"),
        ("i64(0.0/0.0)", "0L"),
        ("u8(-1.5)", "u8(0)"),
        ("u8(300.0)", "u8(255)"),
        ("bool(256)", "true"),
        ("bool(0.0/0.0)", "true"),
        ("f64(true)", "1.0"),
        ("i32(u32(4294967295L))", "-1"),
        ("i64(-1c)", "-1L"),
        ("i64(u8(-1))", "255L"),
        ("f32(16777217)", "16777216.0F"),
        ("sqrt(-1.0)", "0.0/0.0"),
        ("exp(0.0)", "1.0"),
        ("pow(2.0, 10.0)", "1024.0"),
        ("6 & 3 | 8 ^ 1", "11"),
        ("true || lookup([true], 5L)", "true"),
        ("true && lookup([true], 5L)", "error 4: lookup index 5 out of range for length 1"),
        ("select(true, 1, 1 / 0)", "error 18: division by zero"),
        ("false < true", "true"),
        ("!(1 == 1)", "false"),
    ]);
}

#[test]
fn collections() {
    check_all(&[
        ("lookup([1, 2], -1L)", "error 4: lookup index -1 out of range for length 2"),
        ("slice([1, 2], -1L, 1L)", "error 4: slice start -1 out of range for length 2"),
        ("slice([1, 2], 2L, 1L)", "[]:vec[i32]"),
        ("slice([[1], [2]], 1L, 1L)", "[[2]]"),
        ("[[1, 2], [3]] == [[1, 2], [3]]", "true"),
        ("{1, [2.0]} < {1, [3.0]}", "true"),
        ("{1, 0.0/0.0} == {1, 0.0/0.0}", "false"),
        ("[1.0, 0.0/0.0] <= [1.0, 1.0]", "false"),
        ("[1.0] < [2.0, 0.0/0.0]", "true"),
        ("\"b\" > \"abc\"", "true"),
        ("[-1c] > [1c]", "true"),
        ("{} == {}", "true"),
        ("{}", "{}"),
        ("zip([1, 2], [3.0, 4.0])", "[{1, 3.0}, {2, 4.0}]"),
        ("zip([1, 2], [3.0])", "error 6: zipped lengths differ: 2 and 1"),
        ("map(zip([1, 2], [3, 4]), |p| p.$0 + p.$1)", "[4, 6]"),
        ("map([1, 2], |x| [x, x])", "[[1, 1], [2, 2]]"),
        ("flatten([[1, 2], []:vec[i32], [3]])", "[1, 2, 3]"),
        ("filter([1, 2, 3], |x| x > 5)", "[]:vec[i32]"),
        ("assert(1 < 2)", "true"),
        ("let unused = assert(false); 1", "error 12: assertion failed"),
        ("let unused = lookup([1], 1L); 1", "error 4: lookup index 1 out of range for length 1"),
        ("map([1], |x| 1 / (x - 1))", "error 18: division by zero"),
        ("map([]:vec[i32], |x| 1 / 0)", "[]:vec[i32]"),
    ]);
}

#[test]
fn iterators() {
    let each = |iter: &str| run(&format!("result(for({iter}, appender, |b,i,e| merge(b, {{i, e}})))"), &[]);
    assert_eq!(each("iter([10,20,30,40], 0L, 4L, 2L)"), "[{0L, 10}, {1L, 30}]");
    assert_eq!(each("iter([10,20,30,40], 3L, -1L, -2L)"), "[{0L, 40}, {1L, 20}]");
    assert_eq!(each("iter([10,20], 9L, 9L, 1L)"), "[]:vec[{i64,i32}]");
    assert_eq!(each("zip([1,2], rangeiter(7L, 9L, 1L))"), "[{0L, {1, 7L}}, {1L, {2, 8L}}]");
    assert_eq!(each("zip([5])"), "[{0L, 5}]");
    for bad in [
        "iter([10,20], 0L, 3L, 1L)",
        "iter([10,20], -1L, 1L, 1L)",
        "iter([10,20], 0L, 2L, 0L)",
        "iter([10,20,30], 0L, 3L, 2L)",
        "rangeiter(0L, 5L, -1L)",
        "rangeiter(0L, 5L, 2L)",
        "rangeiter(0L, 0L, 0L)",
        "rangeiter(-9223372036854775808L, 9223372036854775807L, 1L)",
    ] {
        assert!(each(bad).starts_with("error 5: iterator from "), "{bad}: {}", each(bad));
    }
}

#[test]
fn deep_programs() {
    let sum = vec!["1"; 10_000].join(" + ");
    assert_eq!(run(&sum, &[]), "10000");
    let lets: String = (0..10_000).map(|k| format!("let x{} = x{k} + 1; ", k + 1)).collect();
    assert_eq!(run(&format!("|x0: i32| {lets} x10000"), &["5"]), "10005");
    assert_eq!(run("iterate(0, |n| {n + 1, n < 300000})", &[]), "300001");
}
