//! The table of passes, with and without runs.

use super::{earned, largest_gain, table};
use crate::config::Config;
use crate::session::Session;
use crate::session::measure::{Agreement, Judge, Measured, Prefixes};
use crate::view::Screen;
use std::time::Duration;

fn measured(micros: u64, same: Agreement) -> Measured {
    let times = [micros, micros + 5, micros + 9, micros + 9].map(Duration::from_micros).to_vec();
    Measured { times, same: Some(same), error: None, code: None }
}

fn prefixes(runs: &[Measured]) -> Prefixes {
    Prefixes { runs: runs.to_vec(), judge: Judge::Interpreter }
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
    let plain = table(&checked.program, front, &optimized.trace, None, Screen::plain());
    assert!(plain.contains("2 -> 1") && plain.contains("0.050 ms") && !plain.contains("same"), "{plain}");

    let runs = [
        measured(491, Agreement::Same),
        measured(491, Agreement::Rounded),
        measured(91, Agreement::Different),
        measured(91, Agreement::Rounded),
    ];
    assert_eq!(largest_gain(&optimized.trace, &runs), Some((2, 5.0)));
    let shown = table(
        &checked.program,
        front,
        &optimized.trace,
        Some(&prefixes(&runs)),
        Screen { color: false, width: 160, bounded: true },
    );
    assert!(
        shown.contains("largest gain: step 2 fuse-vertical, 5.0 times as fast")
            && shown.contains("[0.091 ms .. 0.10 ms]")
            && shown.contains("5.0x  NO")
            && shown.contains("yes, rounded"),
        "{shown}"
    );

    let error = Some("DivideByZero".to_string());
    let failed = Measured { times: Vec::new(), same: Some(Agreement::Same), error, code: None };
    let runs = [failed.clone(), failed.clone(), failed.clone(), failed];
    assert_eq!(largest_gain(&optimized.trace, &runs), None);
    assert!(
        table(
            &checked.program,
            front,
            &optimized.trace,
            Some(&prefixes(&runs)),
            Screen { color: false, width: 160, bounded: true }
        )
        .contains("DivideByZero")
    );

    let narrow = table(
        &checked.program,
        front,
        &optimized.trace,
        Some(&prefixes(&runs)),
        Screen { color: false, width: 80, bounded: true },
    );
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn overlapping_spreads_earn_nothing() {
    let times = |least: u64, most: u64| Measured {
        times: [least, most, most, most].map(Duration::from_micros).to_vec(),
        ..Measured::default()
    };
    assert_eq!(earned(&times(100, 120), &times(50, 60)), Some(2.0));
    assert_eq!(earned(&times(50, 60), &times(100, 120)), Some(0.5));
    assert_eq!(earned(&times(100, 120), &times(50, 110)), None);
    assert_eq!(earned(&times(6, 8), &times(1, 2)), None);
    assert_eq!(earned(&times(100, 120), &Measured::default()), None);
    let few = |micros| Measured { times: vec![Duration::from_micros(micros)], ..Measured::default() };
    assert_eq!(earned(&few(100), &few(50)), None);
}
