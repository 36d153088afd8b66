//! Strings, rows of different lengths, structs and dictionaries: what goes in, and what comes out.
//!
//! `cargo run --example columns`

use std::collections::HashMap;
use weld::{Array, Config, Error, Session};

/// Sales by shop, and what can be asked about them.
pub fn main() -> Result<(), Error> {
    let session = Session::new(Config::default());
    let shops = ["mill", "dock", "mill", "yard", "dock", "mill"];
    let amounts = [20.0, 7.5, 30.0, 12.0, 2.5, 10.0];

    // Text is `vec[i8]`, a column of text `vec[vec[i8]]`. Only the table of rows is made; the bytes stay where they are.
    let totals = session.program(
        "|shops: vec[vec[i8]], amounts: vec[f64]|
           result(for(zip(shops, amounts), dictmerger[vec[i8],f64,+], |b, i, sale| merge(b, sale)))",
    )?;
    let by_shop: HashMap<String, f64> = totals.call((&shops, &amounts))?;
    assert_eq!(by_shop["mill"], 60.0);
    // The order of a dictionary is that of its first keys.
    let in_order: Vec<(String, f64)> = totals.call((&shops, &amounts))?;
    println!("{in_order:?}");
    assert_eq!(in_order[1], ("dock".to_string(), 10.0));

    // Rows of different lengths, in and out. `Array` takes large results over; `Vec` copies.
    let running = session.program(
        "|rows: vec[vec[f64]]|
           map(rows, |row| {len(row), map(row, |x| x * 100.0 / sum(row))})",
    )?;
    let rows = [vec![1.0, 3.0], vec![], vec![5.0]];
    let shares: Vec<(i64, Array<f64>)> = running.call(&rows)?;
    println!("{shares:?}");
    assert_eq!(shares[0], (2, running.call::<Vec<(i64, Array<f64>)>>(&rows[..1])?[0].1.clone()));
    assert_eq!(shares[0].1, [25.0, 75.0]);
    assert_eq!(shares[1].1.len(), 0);

    // Groups: the values of each key.
    let groups = session.program(
        "|sales: vec[{vec[i8], f64}]|
           result(for(sales, groupmerger[vec[i8],f64], |b, i, sale| merge(b, sale)))",
    )?;
    let sales: Vec<(&str, f64)> = shops.into_iter().zip(amounts).collect();
    let groups: HashMap<String, Vec<f64>> = groups.call(&sales)?;
    assert_eq!(groups["dock"], [7.5, 2.5]);

    // Several results at once are a struct, which is a tuple.
    let report = session.program("|v: vec[f64]| {sum(v), len(v), map(filter(v, |x| x > 10.0), |x| x)}")?;
    let (sum, count, large): (f64, i64, Array<f64>) = report.call(&amounts)?;
    println!("{sum} in {count} sales, {} of them large", large.len());
    assert_eq!((sum, count), (82.0, 6));
    assert_eq!(large, [20.0, 30.0, 12.0]);
    Ok(())
}
