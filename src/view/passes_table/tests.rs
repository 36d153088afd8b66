//! The table of passes, with and without runs.

use super::{Measured, largest_gain, table};
use crate::config::Config;
use crate::session::Session;
use crate::view::Screen;
use std::time::Duration;

fn measured(micros: u64, same: Option<bool>) -> Measured {
    Measured { times: vec![Duration::from_micros(micros)], same, error: None }
}

#[test]
fn the_table_shows_changes_gains_and_wrong_answers() {
    let text = "|v: vec[i64]| let squares = map(v, |x| x * x); sum(squares)";
    let mut session = Session::new(Config {
        passes: "inline-let, fuse-vertical, fold-constants".into(),
        ..Config::default()
    });
    let id = session.add_source("p.weld", text.to_string());
    let checked = session.check(id).unwrap();
    let optimized = session.optimize(&checked);
    let front = Duration::from_micros(50);
    let plain = table(&checked.program, front, &optimized.trace, &[], Screen::plain());
    assert!(plain.contains("2 -> 1") && plain.contains("0.050 ms") && !plain.contains("same"), "{plain}");

    let runs = [
        measured(500, None),
        measured(500, Some(true)),
        measured(100, Some(false)),
        measured(100, Some(false)),
    ];
    assert_eq!(largest_gain(&optimized.trace, &runs), Some((2, 5.0)));
    let shown = table(&checked.program, front, &optimized.trace, &runs, Screen { color: false, width: 160 });
    assert!(
        shown.contains("largest gain: step 2 fuse-vertical, 5.0 times as fast") && shown.contains("NO"),
        "{shown}"
    );

    let failed = Measured { times: Vec::new(), same: Some(true), error: Some("DivideByZero".to_string()) };
    let runs = [Measured { same: None, ..failed.clone() }, failed.clone(), failed.clone(), failed];
    assert_eq!(largest_gain(&optimized.trace, &runs), None);
    assert!(
        table(&checked.program, front, &optimized.trace, &runs, Screen { color: false, width: 160 })
            .contains("DivideByZero")
    );

    let narrow = table(&checked.program, front, &optimized.trace, &runs, Screen { color: false, width: 80 });
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}
