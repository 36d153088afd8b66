#![forbid(unsafe_code)]
use super::{is_complete, parse};
use crate::diag::{Code, SourceId};
use crate::syntax::ast::{Expr, ExprKind, IterKind};

fn codes(text: &str) -> Vec<Code> {
    parse(SourceId(0), text).1.0.iter().map(|message| message.code).collect()
}

/// The programs of LANGUAGE section 20.
const PROGRAMS: &[&str] = &[
    "|| 2 + 3 * 4",
    "|| 10 - 2 - 3",
    "|| 7 % -3",
    "|| i32(3.99)",
    "|| i8(300)",
    "|| u32(-1)",
    "|| i32(1.0e20)",
    "|| let x = 3; let x = x + 1; x",
    "|| (|a, b| a * b)(6, 7)",
    "|| let sq = (|t| t * t); sq(3) + sq(4)",
    "|| if(true, 1, lookup([1], 9L))",
    "|| false && lookup([true], 5L)",
    "|| {1, 2L}.$1",
    "|| -{1, 2}.$0",
    "|| len([]:vec[f32])",
    "|| slice([1,2,3], 1L, -1L)",
    "|| iterate(1, |n| {n * 2, n < 50})",
    "|| [3,1,2] < [3,2]",
    "|| result(for([5,6,7], appender, |b,i,e| merge(b, i)))",
    "|| result(for(iter([1,2,3,4],1L,3L,1L), merger[i32,*], |b,i,e| merge(b,e)))",
    "|| result(for(rangeiter(5L,0L,-1L), appender[i64], |b,i,e| merge(b,e)))",
    "|| result(for(zip([1],[2,3]), merger[i32,+], |b,i,e| merge(b,e.$0)))",
    "|| result(for([]:vec[f64], merger[f64,min], |b,i,e| merge(b,e)))",
    "|| result(for([0L,2L,0L], vecmerger[i32,+]([10,20,30]), |b,i,e| merge(b,{e,1})))",
    "|| tovec(result(for([2,1,2], dictmerger[i32,i64,+], |b,i,e| merge(b,{e,1L}))))",
    "|| let d = result(for([1,2], groupmerger[i32,i64], |b,i,e| merge(b,{e % 2,i})));
        {lookup(d,0), optlookup(d,9)}",
    "|| sort([3,1,2], |p,q| compare(q,p))",
    "|| deserialize[{i32,vec[i8]}](serialize({1,[7c,8c]}))",
    "|| len(\"a#b\")",
    "macro pair(a,b) = {a,b}; |b: i32| pair(b, 1)",
    "type p = {i32,i32}; |q: vec[p]| map(q, |e| e.$0 + e.$1)",
    "let b = appender[i32]; {result(b), result(b)}",
    "|v: vec[i32]| let pos = filter(v, |x| x > 0);
     result(for(pos, appender, |b,i,x| merge(b, {x, i})))",
    "|v: vec[i32]|
       let lo = for(simditer(v), merger[i32,+], |b,i,x: simd[i32]| merge(b, x + broadcast(10)));
       result(for(fringeiter(v), lo, |b,i,x| merge(b, x + 10)))",
    "-2147483648 + i32(-128c) + i32(-9223372036854775808L)",
    "@(size: 5, impl:local,) dictmerger[i64,{f64,i32},max]",
    "nothing",
];

#[test]
fn accepts_the_programs_of_the_reference() {
    for text in PROGRAMS {
        let messages = parse(SourceId(0), text).1;
        assert!(messages.0.is_empty(), "{text}: {messages:?}");
        assert!(is_complete(text), "{text}");
    }
}

fn first(text: &str) -> (String, Option<String>) {
    let messages = parse(SourceId(0), text).1;
    let message = messages.0.first().unwrap_or_else(|| panic!("no message: {text}"));
    (message.title.clone(), message.help.clone())
}

/// The tree as fully parenthesised text.
fn tree(text: &str) -> String {
    let (program, messages) = parse(SourceId(0), text);
    assert!(!messages.has_errors(), "{text}: {messages:?}");
    fn show(expr: &Expr) -> String {
        let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(" ");
        let text = match &expr.kind {
            ExprKind::Binary(op, a, b) => format!("({} {} {})", op.symbol(), show(a), show(b)),
            ExprKind::Unary(op, a) => format!("({} {})", op.symbol(), show(a)),
            ExprKind::Ascribe(a, _) => format!("(: {})", show(a)),
            ExprKind::Field(a, index, _) => format!("({}.{index})", show(a)),
            ExprKind::Apply(a, args) => format!("({}!{})", show(a), list(args)),
            ExprKind::Lambda(params, body) => format!("(\\{} {})", params.len(), show(body)),
            ExprKind::Block(lets, body) => format!("(let{} {})", lets.len(), show(body)),
            ExprKind::Ident(name) => name.text.to_string(),
            ExprKind::Literal(literal) => literal.to_string(),
            ExprKind::Struct(items) => format!("{{{}}}", list(items)),
            ExprKind::Vector(items) => format!("[{}]", list(items)),
            other => format!("{other:?}"),
        };
        if expr.notes.is_empty() { text } else { format!("@{text}") }
    }
    show(&program.body)
}

#[test]
fn precedence() {
    assert_eq!(tree("a || b && c | d ^ e & f == g < h << i + j * k"), {
        "(|| a (&& b (| c (^ d (& e (== f (< g (<< h (+ i (* j k))))))))))"
    });
    assert_eq!(tree("a * b + c >> d >= e != f & g ^ h | i && j || k"), {
        "(|| (&& (| (^ (& (!= (>= (>> (+ (* a b) c) d) e) f) g) h) i) j) k)"
    });
    assert_eq!(tree("a - b - c"), "(- (- a b) c)");
    assert_eq!(tree("a * b : i32"), "(* a (: b))");
    assert_eq!(tree("x.$0 : i32"), "(: (x.0))");
    assert_eq!(tree("a < b == c < d"), "(== (< a b) (< c d))");
    assert_eq!(tree("|x| x || y"), "(\\1 (|| x y))");
    assert_eq!(tree("|| || 3"), "(\\0 (\\0 3))");
    assert_eq!(tree("let a = b | c; a"), "(let1 a)");
    assert_eq!(tree("let a = 1; let b = 2; a + (let c = 3; c)"), "(let2 (+ a (let1 c)))");
}

#[test]
fn prefixes_bind_looser_than_what_follows() {
    assert_eq!(tree("-p.$0"), "(- (p.0))");
    assert_eq!(tree("!f(x)"), "(! (f!x))");
    assert_eq!(tree("--x"), "(- (- x))");
    assert_eq!(tree("!!x : bool"), "(: (! (! x)))");
    assert_eq!(tree("-5 + -x * ~y"), "(+ -5 (* (- x) (~ y)))");
    assert_eq!(tree("- 5"), "-5");
    assert_eq!(tree("-(5)"), "(- 5)");
    assert_eq!(tree("--5"), "(- -5)");
    assert_eq!(tree("-1.5"), "(- 1.5)");
    assert_eq!(tree("-1u"), "(- u32(1))");
    assert_eq!(tree("a -1"), "(- a 1)");
}

#[test]
fn the_largest_and_smallest_integers() {
    for text in [
        "-128c",
        "127c",
        "-32768si",
        "-2147483648",
        "2147483647",
        "-9223372036854775808L",
        "255uc",
        "65535usi",
    ] {
        assert_eq!(codes(text), [], "{text}");
    }
    for text in [
        "128c",
        "-129c",
        "32768si",
        "2147483648",
        "-2147483649",
        "9223372036854775808L",
        "256uc",
        "4294967296u",
    ] {
        assert_eq!(codes(text), [Code::BadLiteral], "{text}");
    }
    assert_eq!(first("3000000000").1.as_deref(), Some("write an i64, with the suffix `L`: `3000000000L`"));
    assert_eq!(first("0xffffffff").1.as_deref(), Some("write an i64, with the suffix `L`: `0xffffffffL`"));
    assert_eq!(first("300c").1.as_deref(), Some("write an i32: `300`"));
    assert_eq!(
        first("9223372036854775808L").1.as_deref(),
        Some("write a u64, with the suffix `ul`: `9223372036854775808ul`")
    );
    // `0 - 2147483648` is no constant.
    assert_eq!(codes("0 - 2147483648"), [Code::BadLiteral]);
}

#[test]
fn annotations_stay_on_every_expression() {
    assert_eq!(tree("@(size: 3L) x + @(a: b, c: true,) f(y).$0"), "(+ @x @((f!y).0))");
    assert_eq!(tree("@(a: b) -x"), "@(- x)");
    assert_eq!(tree("-@(a: b) x"), "(- @x)");
    let (program, _) = parse(SourceId(0), "@(n: 3L, s: \"two words\", e: -7, f: 1.5, w: iter) x");
    let notes: Vec<String> =
        program.body.notes.iter().map(|note| format!("{}={}", note.key.text, note.value)).collect();
    assert_eq!(notes, ["n=3", "s=two words", "e=-7", "f=1.5", "w=iter"]);
    let (program, _) = parse(SourceId(0), "@(impl: local) dictmerger[@(num_keys: 9) i64,i64,+]");
    assert_eq!(program.body.notes.len(), 2);
    assert_eq!(codes("|x: @(a: b) vec[i64]| x"), []);
}

#[test]
fn loops_and_their_iterators() {
    let (program, messages) = parse(
        SourceId(0),
        "for(zip(a, iter(b, 0L, 1L, 1L), simditer(c), rangeiter(0L,1L,1L)), d, |b, i, x| b)",
    );
    assert!(messages.0.is_empty(), "{messages:?}");
    let ExprKind::For { iters, zipped: true, .. } = &program.body.kind else { panic!() };
    let kinds: Vec<(IterKind, usize)> = iters.iter().map(|iter| (iter.kind, iter.args.len())).collect();
    assert_eq!(
        kinds,
        [(IterKind::Iter, 1), (IterKind::Iter, 4), (IterKind::SimdIter, 1), (IterKind::RangeIter, 3)]
    );
    assert_eq!(codes("for(zip(v), appender, |b, i, x| b)"), []);
    assert_eq!(codes("for(zip(zip(a, b), c), appender, |b, i, x| b)"), []);
    assert_eq!(codes("zip(v)"), [Code::ArgumentCount]);
    assert_eq!(codes("for(simditer(v, 0L, 1L, 1L), b, f)"), [Code::ArgumentCount]);
    assert_eq!(codes("for(nditer(v), b, f)"), [Code::ArgumentCount]);
    assert_eq!(codes("for(iter(v, 0L), b, f)"), [Code::ArgumentCount]);
    assert_eq!(codes("iter(v)"), [Code::UnexpectedToken]);
    assert_eq!(codes("for(zip(a,b).$0, appender, |b,i,x| b)"), [Code::UnexpectedToken]);
    assert_eq!(codes("for(v, |b, x| b)"), [Code::BadFor]);
    assert_eq!(codes("for(v, b, f, g)"), [Code::BadFor]);
}

#[test]
fn builders() {
    for text in [
        "appender",
        "appender[i64]",
        "appender(5L)",
        "appender[{i64,?}](n)",
        "merger[{i32,f64},min]",
        "merger[?,+](1)",
        "dictmerger[i64,f32,*](d)",
        "groupmerger[?,?]",
        "vecmerger[i64,max](v)",
    ] {
        assert_eq!(codes(text), [], "{text}");
    }
    assert_eq!(codes("merger[i64,-]"), [Code::BadMergeOperator]);
    assert_eq!(codes("dictmerger[i64,i64,pow]"), [Code::BadMergeOperator]);
    assert_eq!(codes("vecmerger[i64,+] + 1"), [Code::UnexpectedToken]);
    assert_eq!(codes("groupmerger[i64,i64](3)"), [Code::ArgumentCount]);
    for text in [
        "merger",
        "merger[i64]",
        "appender[i64,+]",
        "dictmerger[i64,+]",
        "groupmerger[i64]",
        "merger[+]",
        "merger[i64,x]",
    ] {
        assert_eq!(codes(text), [Code::UnexpectedToken], "{text}");
    }
    assert_eq!(first("vecbuilder[i64]").0, "`vecbuilder` was renamed to `appender`");
    assert_eq!(codes("|b: groupbuilder[i64,i64]| b"), [Code::RenamedKeyword]);
}

#[test]
fn cudf_takes_arguments_without_commas() {
    let (program, messages) = parse(SourceId(0), "cudf[f,vec[i64]](a b, {1} 2)");
    let ExprKind::CUdf { args, .. } = &program.body.kind else { panic!() };
    assert_eq!((args.len(), messages.0.len()), (4, 1));
    assert_eq!(messages.0[0].code, Code::MissingComma);
    assert_eq!(codes("cudf[f,i64]()"), []);
    assert_eq!(codes("cudf[f](1)"), [Code::UnexpectedToken]);
}

#[test]
fn lets_and_lambdas_are_no_operands() {
    assert_eq!(first("let f = |x| x + 1; f(2)").1.as_deref(), Some("wrap it in parentheses: `(|x| x + 1)`"));
    assert_eq!(first("1 + let a = 2; a").1.as_deref(), Some("wrap it in parentheses: `(let a = 2; a)`"));
    assert_eq!(codes("let f = (|x| x); f(let a = 1; a)"), []);
    assert_eq!(codes("[|x| x, let a = 1; a]"), []);
}

#[test]
fn comparisons_do_not_chain() {
    assert_eq!(first("a < b + 1 <= c").1.as_deref(), Some("join two comparisons: `a < b + 1 && b + 1 <= c`"));
    assert_eq!(codes("a < b < c"), [Code::ChainedComparison]);
    assert_eq!(codes("a == b != c"), [Code::ChainedComparison]);
    assert_eq!(codes("a == b == c == d"), [Code::ChainedComparison, Code::ChainedComparison]);
    assert_eq!(codes("(a < b) < c"), []);
}

#[test]
fn helps_for_common_slips() {
    assert_eq!(first("v[0]").1.as_deref(), Some("to read an element: `lookup(v, 0L)`"));
    assert_eq!(first("a.name").1.as_deref(), Some("fields have no names, they are counted from 0: `a.$0`"));
    assert_eq!(first("a.1").1.as_deref(), Some("fields have no names, they are counted from 0: `a.$1`"));
    assert_eq!(
        first("a = b").1.as_deref(),
        Some("to compare, write `==`; to name a value, write `let x = ..;`")
    );
    assert_eq!(first("(1, 2)").1.as_deref(), Some("a struct is written in braces: `{1, 2}`"));
    assert_eq!(first("1;").1.as_deref(), Some("remove the `;`: the body of a program is one expression"));
    assert_eq!(first("let len = 3; 1").0, "`len` is a keyword and cannot be the name of a value");
    assert_eq!(first("macro m(x: i32) = x; 1").1.as_deref(), Some("the parameters of macros have no types"));
    assert_eq!(first("if(a, b)").1.as_deref(), Some("write it like this: `if(x > 0, a, b)`"));
    assert_eq!(codes("macro m(x, x) = x; 1"), [Code::DuplicateName]);
    assert_eq!(first("v[i]").1.as_deref(), Some("to read an element: `lookup(v, i)`"));
    let help = "there are no methods, a function is called as in `sum(f(a).$0)`";
    assert_eq!(first("f(a).$0.sum()").1.as_deref(), Some(help));
    assert_eq!(
        first("if (x > 1) a else b + 1").1.as_deref(),
        Some("write it as a call: `if(x > 1, a, b + 1)`")
    );
    assert_eq!(first("f(x => x)").1.as_deref(), Some("a lambda is written with bars, as in `|x| x + 1`"));
}

#[test]
fn reports_several_independent_errors() {
    assert_eq!(codes("let a = 1 +; let b = [1, 2; let c = (3 4); a ? b"), [Code::UnexpectedToken; 4]);
    assert_eq!(codes("type a = ; macro m() 3; let x = ); f(,) + [1 2]"), [Code::UnexpectedToken; 5]);
    assert_eq!(codes(&"let a = ; ".repeat(100)).len(), 20);
}

#[test]
fn one_slip_is_one_error() {
    for text in [
        "let s = 'abc'; s",
        "f(a b c d)",
        "map(v, |x y| x)",
        "(1 + 2] * 3",
        "|v: vec[i64]| let a = map(v, |x| x + 1; a",
        "let a = 1 let b = 2; a + b",
        "let a = 1\nlet b = 2; a + b",
        "let a = 1\n a + 1",
        "v.sum() + 1",
        "if (c) 1 else 2",
        "let len = 3; len + 1",
        "merger[+,i64]",
        "|v: [i64]| v",
        "f('a b c' d)",
        "let x: = 3; x",
        "type a = i32 |x: a| x",
        "x + \u{e9}\u{e8} + y",
        "{1, 2, f(3}",
    ] {
        let messages = parse(SourceId(0), text).1;
        let places: Vec<_> = messages.0.iter().map(|message| &message.title).collect();
        assert!(messages.0.len() == 1, "{text}: {places:?}");
    }
}

#[test]
fn unfinished_texts() {
    for text in [
        "let x = 5",
        "let x = 5;",
        "let x =",
        "let",
        "|x|",
        "|x",
        "|x:",
        "|",
        "||",
        "1 +",
        "a &&",
        "f(",
        "f(a,",
        "[1",
        "{1,",
        "(",
        "x :",
        "\"abc",
        "e\"a\\\"",
        "if(a, b",
        "for(v, appender, |b, i, x|",
        "a.",
        "macro m(x) =",
        "macro m(x) = x;",
        "type a =",
        "type a = i32;",
        "-",
        "@(size: 3)",
        "let f = |x|",
        "map(v, |x| x",
        "len",
        "merger[i64,",
        "x\n+ # more",
    ] {
        assert!(!is_complete(text), "{text}");
    }
    for text in [
        "",
        "  \n",
        "# nothing",
        "1",
        "x",
        "1)",
        "let x = ; 1",
        "f(]",
        "a b",
        "'",
        "1 + * ",
        "let x = 5; x",
        "0x + (",
        "appender",
        "x # (",
    ] {
        assert!(is_complete(text), "{text}");
    }
}

/// Runs `test` on a thread with little stack: depth must cost heap, not stack.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_is_an_answer_or_an_error_but_no_crash() {
    on_small_stack(|| {
        for depth in [1, 100, 4000, 5000, 100_000] {
            for (open, middle, close) in [
                ("(", "1", ")"),
                ("[", "1", "]"),
                ("{", "1", "}"),
                ("f(", "1", ")"),
                ("|x| ", "1", ""),
                ("(let a = ", "1", "; a)"),
                ("let a = 1; f(", "1", ")"),
                ("if(a, b, ", "c", ")"),
                ("for(", "v", ", b, f)"),
                ("@(a: b) (", "1", ")"),
            ] {
                let text = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
                let (program, messages) = parse(SourceId(0), &text);
                let codes: Vec<Code> = messages.0.iter().map(|message| message.code).collect();
                let expected: &[Code] = if depth < 4096 { &[] } else { &[Code::NestingTooDeep] };
                assert_eq!(codes, expected, "{open} {depth}");
                drop(program);
                is_complete(&text);
            }
            let types = format!("|x: {}i32{}| x", "vec[".repeat(depth), "]".repeat(depth));
            let expected: &[Code] = if depth <= 100 { &[] } else { &[Code::TypeTooLarge] };
            assert_eq!(codes(&types), expected, "types {depth}");
            let minus = format!("{}x", "-".repeat(depth));
            let expected: &[Code] = if depth <= 4096 { &[] } else { &[Code::NestingTooDeep] };
            assert_eq!(codes(&minus), expected, "minus {depth}");
            assert!(!codes(&"(".repeat(depth)).is_empty());
        }
    });
}

#[test]
fn chains_are_not_nesting() {
    on_small_stack(|| {
        for text in [
            vec!["1"; 100_000].join("+"),
            vec!["a"; 100_000].join("&&"),
            format!("x{}", ".$0".repeat(100_000)),
            format!("x{}", "(1)".repeat(100_000)),
            format!("{}x", "let x = x + 1;".repeat(100_000)),
            format!("[{}]", "1,".repeat(100_000)),
        ] {
            let (program, messages) = parse(SourceId(0), &text);
            assert!(messages.0.is_empty(), "{messages:?}");
            drop(program.clone());
            drop(program);
        }
    });
}

#[test]
fn sizes_count_all_nodes() {
    assert_eq!(parse(SourceId(0), "f(1 + 2, {x, -y})").0.body.size, 9);
}
