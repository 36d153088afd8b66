use super::{is_complete, parse};
use crate::diag::{Code, SourceId};

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

#[test]
fn reports_several_independent_errors() {
    assert_eq!(
        codes("let a = 1 +; let b = [1, 2; let c = (3 4); a ? b"),
        [Code::UnexpectedToken, Code::UnexpectedToken, Code::UnexpectedToken, Code::UnexpectedToken]
    );
}
