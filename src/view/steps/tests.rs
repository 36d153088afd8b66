//! Steps as text: reasons, places, folding, narrow screens.

use super::{Viewer, program_after};
use crate::config::Config;
use crate::passes::Optimized;
use crate::session::{Checked, Session};
use crate::view::Screen;

const PROGRAM: &str = "|v: vec[i64]|\n  let squares = map(v, |x| x * x);\n  sum(squares)";

fn optimized(text: &str, passes: &str) -> (Session, Checked, Optimized) {
    let mut session = Session::new(Config { passes: passes.to_string(), threads: 1, ..Config::default() });
    let id = session.add_source("p.weld", text.to_string());
    let checked = session.check(id).unwrap();
    let optimized = session.optimize(&checked);
    (session, checked, optimized)
}

fn lines_fit(text: &str, width: usize) -> bool {
    // Lines of a difference are program text, which has its own width.
    let own = |line: &&str| !line.starts_with("    ");
    text.lines().filter(own).all(|line| line.chars().count() <= width || !line.trim().contains(' '))
}

#[test]
fn a_step_tells_reason_place_and_difference() {
    let (session, _, optimized) = optimized(PROGRAM, "inline-let, fuse-vertical");
    let viewer = Viewer::brief(session.sources(), Screen::plain());
    let step = &optimized.trace.steps[1];
    assert!(step.changed());
    let text = viewer.step(2, step);
    assert!(text.starts_with("step 2  fuse-vertical   fired 1"), "{text}");
    for part in ["loops 2 -> 1", "temps 1 -> 0", "    - ", "    + ", " at 3:3"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let firing = viewer.firing(2, 1, step).unwrap();
    assert!(firing.contains("step 2.1") && firing.contains("firing 1 of 1"), "{firing}");
    assert!(viewer.firing(2, 2, step).is_none());
    assert!(viewer.firing(2, 0, step).is_none());
}

#[test]
fn unchanged_steps_are_folded() {
    let (session, _, optimized) = optimized("1L", "default");
    let text = Viewer::brief(session.sources(), Screen::plain()).steps(&optimized.trace);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("unchanged") && text.contains(&format!("step 1-{}", optimized.trace.steps.len())),
        "{text}"
    );
    let viewer = Viewer::brief(session.sources(), Screen::plain());
    assert_eq!(viewer.next_change(&optimized.trace, 0), None);
}

#[test]
fn stepping_goes_from_change_to_change() {
    let (session, checked, optimized) =
        optimized(PROGRAM, "fold-constants, inline-let, fold-constants, fuse-vertical");
    let viewer = Viewer::brief(session.sources(), Screen::plain());
    let next_change = |number| viewer.next_change(&optimized.trace, number);
    assert_eq!(next_change(0), Some(2));
    assert_eq!(next_change(2), Some(4));
    assert_eq!(next_change(4), None);
    let after = |number| program_after(&checked.program, &optimized.trace, number);
    assert!(after(0).unwrap().func.body.same(&checked.program.func.body));
    assert!(after(4).unwrap().func.body.same(&optimized.program.func.body));
    assert!(after(5).is_none());
}

#[test]
fn narrow_screens_wrap_reasons() {
    let (session, _, optimized) = optimized(PROGRAM, "default");
    let screen = Screen { color: false, width: 60, bounded: true };
    let text = Viewer::brief(session.sources(), screen).steps(&optimized.trace);
    let bodies: String =
        text.lines().filter(|line| !line.starts_with("step")).map(|line| format!("{line}\n")).collect();
    assert!(lines_fit(&bodies, 60), "{text}");
}
