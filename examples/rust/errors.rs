//! What can go wrong, as data: programs that are none, wrong types, failed runs, limits, and a call that is stopped.
//!
//! `cargo run --example errors`

use std::time::Duration;
use weld::value::ErrorKind;
use weld::{Array, CallOptions, Cancel, Config, Error, Session};

/// What kind of run-time error it is, if it is one.
fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    match result {
        Err(Error::Run(failure)) => {
            println!("{failure}");
            Some(failure.kind())
        }
        _ => None,
    }
}

/// One error after the other.
pub fn main() -> Result<(), Error> {
    let session = Session::new(Config::default());

    // A text that is no program: messages with spans, and a help that compiles.
    let Err(Error::Rejected(messages)) = session.program("|v: vec[f64]| sum(map(v, |x| x + 1))") else {
        return Err(Error::Internal("that should not compile".to_string()));
    };
    println!("{messages}");
    for message in messages.iter() {
        let place = messages.place(message.primary.span);
        assert_eq!(
            (message.code.id(), place.line, messages.snippet(message.primary.span)),
            ("E0201", 1, "1")
        );
    }

    // Wrong inputs are refused before anything runs.
    let at = session.program("|v: vec[f64], at: i64| lookup(v, at)")?;
    let v = [1.0, 2.0];
    let wrong = [
        at.call::<f64>(&v).err(),
        at.call::<f64>((&v, 1)).err(),
        at.call::<f64>(([1i64, 2], 1i64)).err(),
        at.call::<Vec<f64>>((&v, 1i64)).err(),
    ];
    assert!(wrong.iter().all(Option::is_some));
    for error in wrong.into_iter().flatten() {
        println!("{error}");
        assert!(matches!(error, Error::Count { .. } | Error::Type { .. }));
    }

    // A run that fails says where, and with which values; the program may be called again.
    assert_eq!(kind(at.call::<f64>((&v, 7i64))), Some(ErrorKind::ArrayOutOfBounds));
    assert_eq!(at.call::<f64>((&v, 1i64))?, 2.0);

    // Limits of memory and time, for one call.
    let squares = session
        .program("|n: i64| result(for(rangeiter(0L, n, 1L), appender[i64], |b, i, x| merge(b, x * x)))")?;
    let small = CallOptions::new().memory_limit(1 << 20);
    assert_eq!(kind(squares.call_with::<Array<i64>>(&small, 10_000_000i64)), Some(ErrorKind::OutOfMemory));
    let forever = session.program("|x: i64| iterate(x, |x| {x + 1L, x >= 0L})")?;
    let brief = CallOptions::new().time_limit(Duration::from_millis(20));
    assert_eq!(kind(forever.call_with::<i64>(&brief, 0i64)), Some(ErrorKind::Timeout));

    // Another thread stops a call.
    let cancel = Cancel::new();
    let stoppable = CallOptions::new().cancel(&cancel);
    let stopped = std::thread::scope(|scope| {
        let call = scope.spawn(|| forever.call_with::<i64>(&stoppable, 0i64));
        std::thread::sleep(Duration::from_millis(20));
        cancel.cancel();
        call.join()
    });
    assert_eq!(stopped.ok().and_then(kind), Some(ErrorKind::Cancelled));
    Ok(())
}
