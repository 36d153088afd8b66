//! One program for several threads, with its types settled once.
//!
//! `cargo run --example threads`

use weld::embed::Vector;
use weld::{Array, Config, Error, Session, Typed};

/// A service that knows its program's types: wrong inputs do not compile.
struct Scaler {
    scale: Typed<(Vector<f64>, f64), Array<f64>>,
}

impl Scaler {
    fn new(session: &Session) -> Result<Scaler, Error> {
        let program = session.program("|v: vec[f64], k: f64| map(v, |x| x * k)")?;
        Ok(Scaler { scale: program.typed::<(&[f64], f64), _>()? })
    }
}

/// Two threads call the same code on the same data.
pub fn main() -> Result<(), Error> {
    let session = Session::new(Config { threads: 2, ..Config::default() });
    let scaler = Scaler::new(&session)?;
    // Code and threads live on with the program.
    drop(session);

    let v: Vec<f64> = (0..100_000).map(f64::from).collect();
    let results: Vec<Array<f64>> = std::thread::scope(|scope| {
        let calls = [2.0, 3.0].map(|k| {
            let (scaler, v) = (&scaler, &v);
            scope.spawn(move || scaler.scale.call((v, k)))
        });
        calls.into_iter().filter_map(|call| call.join().ok()).collect::<Result<_, _>>()
    })?;
    for (result, k) in results.iter().zip([2.0, 3.0]) {
        assert!(result.iter().zip(&v).all(|(found, x)| *found == x * k));
    }
    println!("{} and {}", results[0][99_999], results[1][99_999]);

    // A result goes into the next call as it is.
    let back: Array<f64> = scaler.scale.call((&results[0], 0.5))?;
    assert_eq!(back, v);
    Ok(())
}
