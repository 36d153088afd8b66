//! C functions of a library that is made here: how often they are called and in which order, what they get and give,
//! and how the shells load them.
//!
//! The library writes down every call; each engine has to leave the same list as strict evaluation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![cfg(all(unix, feature = "jit"))]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use tempfile::TempDir;
use weld::config::Config;
use weld::session::Session;
use weld::value::{RunError, Value, literal, print};

const SOURCE: &str = r#"
#include <stdint.h>
#include <string.h>
#include <stdatomic.h>

typedef struct { int64_t *data; int64_t len; } vec;
typedef struct { char *data; int64_t len; } text;
typedef struct { int8_t tag; double x; struct { uint8_t a; int16_t b; } in; vec v; } mixed;

static int64_t calls[1024], taken[1024];
static atomic_long n_calls;

void note(int64_t *x, int64_t *out) { calls[atomic_fetch_add(&n_calls, 1) % 1024] = *x; *out = *x; }

/* The calls so far, which are then forgotten. */
void take_notes(vec *out) {
    int64_t n = n_calls;
    memcpy(taken, calls, sizeof(calls));
    n_calls = 0;
    out->data = taken; out->len = n;
}

void swap(mixed *a, mixed *out) {
    *out = *a;
    out->tag = -a->tag; out->x = a->x * 2; out->in.a = a->in.a + 1; out->in.b = -a->in.b; out->v.len = a->v.len - 1;
}

void length(text *a, int64_t *out) { *out = (int64_t)strlen(a->data); }
void truth(int64_t *a, uint8_t *out) { *out = (uint8_t)*a; }
void sum16(int64_t *a, int64_t *b, int64_t *c, int64_t *d, int64_t *e, int64_t *f, int64_t *g, int64_t *h, int64_t *i,
           int64_t *j, int64_t *k, int64_t *l, int64_t *m, int64_t *n, int64_t *o, int64_t *p, int64_t *out) {
    *out = *a + 2 * *b + *c + *d + *e + *f + *g + *h + *i + *j + *k + *l + *m + *n + *o + 3 * *p;
}
"#;

/// The calls are written down in one place.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The library in a folder that goes when this is dropped.
fn library() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (source, made) = (folder.path().join("notes.c"), folder.path().join("libnotes.so"));
    std::fs::write(&source, SOURCE).unwrap();
    let status = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&made).arg(&source).status();
    assert!(status.expect("cc, which links Rust programs, is there").success());
    (folder, made)
}

/// The session of each engine: the interpreter runs the program as written, the others compile it.
struct Engines {
    session: Session,
    _folder: TempDir,
}

impl Engines {
    fn new() -> Engines {
        let (folder, made) = library();
        let mut session = Session::new(Config { threads: 4, ..Config::default() });
        session.load_library(made.to_str().unwrap()).unwrap();
        Engines { session, _folder: folder }
    }

    /// The outcome of each engine as text, with the calls it made.
    fn run(&mut self, text: &str, inputs: &[&str]) -> Vec<(String, Vec<i64>)> {
        let source = self.session.add_source("p", text.to_string());
        let checked = self.session.check(source).unwrap_or_else(|messages| panic!("{text}\n{messages:?}"));
        let params = &checked.program.func.params;
        let args: Vec<Value> = inputs
            .iter()
            .zip(params)
            .map(|(text, param)| literal::parse_value(text, &param.ty).unwrap())
            .collect();
        let ty = checked.program.func.body.ty.clone();
        let told = |outcome: Result<Value, RunError>| match outcome {
            Ok(value) => print::to_text(&value, &ty),
            Err(error) => format!("error {}", error.kind.name()),
        };
        let signal = AtomicU32::new(0);
        let mut outcomes = Vec::new();
        let optimized = self.session.optimize(&checked);
        assert_eq!(optimized.internal_error, None, "{text}");
        let last = optimized.program.clone();
        let steps = optimized.trace.steps.iter().map(|step| step.after.clone());
        for program in [checked.program.clone()].into_iter().chain(steps) {
            let outcome = told(self.session.interpret(&program, &args, &signal));
            outcomes.push((outcome, self.notes()));
        }
        for program in [checked.program.clone(), last] {
            let compiled = self.session.compile_ir(&program).unwrap();
            let outcome = compiled.run(&args, &std::sync::Arc::new(AtomicU32::new(0)));
            outcomes.push((told(outcome.map(|finished| finished.value)), self.notes()));
        }
        outcomes
    }

    /// The calls so far.
    fn notes(&mut self) -> Vec<i64> {
        let source = self.session.add_source("notes", "|| cudf[take_notes, vec[i64]]()".to_string());
        let checked = self.session.check(source).unwrap();
        let value = self.session.interpret(&checked.program, &[], &AtomicU32::new(0)).unwrap();
        let Value::Scalars(buffer) = value else { panic!("{value:?}") };
        buffer.iter().map(|literal| literal.as_i64().unwrap()).collect()
    }
}

/// Programs with what they give and the calls they make, in order. `note(x)` gives `x`.
const ORDERS: &[(&str, &str, &[i64])] = &[
    ("{note(1L), note(2L)}.$1", "2L", &[1, 2]),
    ("let a = note(1L); let b = note(2L); b * 10L + a", "21L", &[1, 2]),
    ("let a = note(1L); 5L", "5L", &[1]),
    ("let a = {note(1L), note(2L)}; a.$0", "1L", &[1, 2]),
    ("note(3L) * 0L", "0L", &[3]),
    ("if(true, note(1L), note(2L))", "1L", &[1]),
    ("select(true, note(1L), note(2L))", "1L", &[1, 2]),
    ("false && note(1L) == 1L", "false", &[]),
    ("note(1L) + note(1L)", "2L", &[1, 1]),
    ("(|x| x + x)(note(4L))", "8L", &[4]),
    ("let f = (|x| note(x) + 1L); f(1L) + f(2L)", "5L", &[1, 2]),
    ("map(map([1L, 2L], |x| note(x)), |x| note(x + 10L))", "[11L, 12L]", &[1, 2, 11, 12]),
    ("map(map([1L, 2L], |x| note(x)), |x| x + 10L)", "[11L, 12L]", &[1, 2]),
    ("sum(map([1L, 2L], |x| note(x)))", "3L", &[1, 2]),
    ("len(map([1L, 2L], |x| note(x)))", "2L", &[1, 2]),
    ("filter([3L, 4L], |x| note(x) > 3L)", "[4L]", &[3, 4]),
    (
        "map(zip(map([1L, 2L], |x| note(x)), map([3L, 4L], |x| note(x))), |p| note(p.$0 + p.$1))",
        "[4L, 6L]",
        &[1, 2, 3, 4, 4, 6],
    ),
    ("map(zip(map([1L, 2L], |x| note(x)), map([3L, 4L], |x| x + 1L)), |p| p.$0 + p.$1)", "[5L, 7L]", &[1, 2]),
    ("result(for([note(2L)], merger[i64,+](note(1L)), |b, i, x| merge(b, x)))", "3L", &[1, 2]),
    ("result(for((let w = note(2L); [w]), merger[i64,+](note(1L)), |b, i, x| merge(b, x)))", "3L", &[1, 2]),
    ("{note(1L), (let w = note(2L); w + note(3L))}", "{1L, 5L}", &[1, 2, 3]),
    ("result(for([1L, 2L], merger[i64,+], |b, i, x| if(x > 1L, merge(b, note(x)), b)))", "2L", &[2]),
    ("iterate(1L, |n| {note(n) * 2L, n < 4L})", "8L", &[1, 2, 4]),
    ("map([1L, 2L], |x| sum(map([10L, 20L], |y| note(x + y))))", "[32L, 34L]", &[11, 21, 12, 22]),
    ("let a = lookup([1L], 7L); let b = note(1L); a + b", "error ArrayOutOfBounds", &[]),
    ("let b = note(1L); let a = lookup([1L], 7L); a + b", "error ArrayOutOfBounds", &[1]),
    ("map(zip(map([1L, 2L], |x| note(x)), [1L]), |p| p.$0)", "error MismatchedZipSize", &[1, 2]),
    ("map(map([1L, 0L], |x| 1L / x), |x| note(x))", "error DivideByZero", &[]),
    // The loop of `a` stays, since a loop that calls reads it, and is computed again in another one.
    (
        "let a = map([3L, 4L], |x| iterate({x, 1L}, |s| {{x, s.$1 + 1L}, s.$1 < 1L}).$0); \
         map(zip(map(a, |p| p + 1L), map(a, |q| note(q))), |p| p.$0 + p.$1)",
        "[7L, 9L]",
        &[3, 4],
    ),
];

#[test]
fn calls_happen_as_often_and_in_the_order_of_strict_evaluation() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let mut engines = Engines::new();
    for (text, value, calls) in ORDERS {
        let program = format!("macro note(x) = @(serial:true) cudf[note, i64](x); || {text}");
        for (nth, (outcome, made)) in engines.run(&program, &[]).into_iter().enumerate() {
            assert_eq!((outcome.as_str(), made.as_slice()), (*value, *calls), "{text}\nrun {nth}");
        }
    }
}

#[test]
fn pure_functions_may_be_dropped() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let mut engines = Engines::new();
    let runs = engines.run("|| let a = @(pure:true) cudf[note, i64](1L); 5L", &[]);
    assert_eq!(runs.first(), Some(&("5L".to_string(), vec![1])));
    assert_eq!(runs.last(), Some(&("5L".to_string(), vec![])));
}

#[test]
fn parallel_loops_call_once_for_each_element() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let mut engines = Engines::new();
    let input: Vec<String> = (0..1000).map(|k| format!("{k}L")).collect();
    let input = format!("[{}]", input.join(", "));
    for (outcome, mut made) in engines.run("|v: vec[i64]| map(v, |x| cudf[note, i64](x) + 0L)", &[&input]) {
        made.sort_unstable();
        assert_eq!(outcome, input);
        assert_eq!(made, (0..1000).collect::<Vec<i64>>());
    }
}

#[test]
fn values_cross_in_c_layout() {
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let mut engines = Engines::new();
    let mixed = "type mixed = {i8, f64, {u8, i16}, vec[i64]};";
    let arguments: Vec<String> = (1..=16).map(|k| format!("{k}L")).collect();
    let cases = [
        (
            format!("{mixed} |m: mixed| cudf[swap, mixed](m)"),
            vec!["{5c, 1.5, {u8(255), 7si}, [1L, 2L, 3L]}"],
            "{-5c, 3.0, {u8(0), -7si}, [1L, 2L]}",
        ),
        (
            format!("{mixed} |v: vec[mixed]| map(v, |m| cudf[swap, mixed](m).$3)"),
            vec!["[{5c, 1.5, {u8(255), 7si}, [1L, 2L, 3L]}, {5c, 1.5, {u8(255), 7si}, [4L]}]"],
            "[[1L, 2L], []:vec[i64]]",
        ),
        // A NUL stands behind a literal, though it is no part of it.
        (
            "|| {cudf[length, i64](\"hello\"), len(\"hello\"), cudf[length, i64](\"\")}".into(),
            vec![],
            "{5L, 5L, 0L}",
        ),
        // Every byte but 0 is true.
        (
            "|x: i64| map([0L, 1L, 2L, x], |k| cudf[truth, bool](k) == true)".into(),
            vec!["128L"],
            "[false, true, true, true]",
        ),
        (format!("|| cudf[sum16, i64]({})", arguments.join(" ")), vec![], "170L"),
    ];
    for (text, inputs, value) in cases {
        for (nth, (outcome, _)) in engines.run(&text, &inputs).into_iter().enumerate() {
            assert_eq!(outcome, value, "{text}\nrun {nth}");
        }
    }
}

#[test]
fn two_sessions_do_not_share_libraries() {
    let _engines = Engines::new();
    let mut other = Session::new(Config::default());
    let source = other.add_source("p", "|| cudf[note, i64](1L)".to_string());
    let messages = other.check(source).expect_err("no library is loaded");
    assert!(messages.0.iter().any(|message| message.code.id() == "E0408"));
}

fn weld(args: &[&str], folder: &TempDir) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weld")).args(args).current_dir(folder.path()).output().unwrap()
}

#[test]
fn the_shells_load_libraries() {
    let (folder, _) = library();
    let program = "|| cudf[note, i64](7L)";
    let out = weld(&["run", "--library", "./libnotes.so", "-e", program], &folder);
    assert_eq!(String::from_utf8_lossy(&out.stdout), "7L\n", "{out:?}");
    let out = weld(&["run", "-e", program], &folder);
    assert!(String::from_utf8_lossy(&out.stderr).contains("there is no C function `note`"), "{out:?}");
    let out = weld(&["run", "--library", "./libother.so", "-e", program], &folder);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("cannot load the library `./libother.so`"),
        "{out:?}"
    );
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/p.weld"), format!("#@ library ../libnotes.so\n{program}\n"))
        .unwrap();
    let out = weld(&["run", "sub/p.weld"], &folder);
    assert_eq!(String::from_utf8_lossy(&out.stdout), "7L\n", "{out:?}");
    let script = folder.path().join("script");
    std::fs::write(&script, format!(":library ./libnotes.so\n:library\n{program}\n")).unwrap();
    let repl = Command::new(env!("CARGO_BIN_EXE_weld"))
        .current_dir(folder.path())
        .stdin(std::fs::File::open(&script).unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&repl.stdout);
    assert!(text.contains("loaded ./libnotes.so") && text.contains("7L"), "{repl:?}");
}
