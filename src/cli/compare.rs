#![forbid(unsafe_code)]
//! `weld compare`: one program under two pipelines, or two programs.

use super::args::{CompareArgs, Source};
use super::context::{Context, Loaded};
use super::failure::Failure;
use super::inputs;
use crate::passes::{Optimized, Stage, parse_pipeline};
use crate::session::measure::{Measured, Runs};
use crate::session::query;
use crate::view::compare::{Sides, compare as table};
use crate::view::json;
use std::io::Write;

/// Compares; with `--run` a different answer is exit code 3.
pub fn compare(args: &CompareArgs, cx: &mut Context) -> Result<(), Failure> {
    let a = cx.load(&args.source)?;
    let other = args.other.as_ref().map(|file| cx.load(&Source { file: Some(file.clone()), expr: None }));
    let other = other.transpose()?;
    let [pa, pb] = pipelines(cx, other.is_some())?;
    let b = other.as_ref().unwrap_or(&a);
    let parsed = |text: &str| parse_pipeline(text).map_err(|why| Failure::usage(why, None));
    let stages: [Vec<Stage>; 2] = [parsed(&pa)?, parsed(&pb)?];
    let optimized =
        [cx.session.optimize_by(&a.checked, &stages[0]), cx.session.optimize_by(&b.checked, &stages[1])];
    let [left, right] = &optimized;
    let comparison = query::compare((&a.checked.program, left), (&b.checked.program, right));
    let runs = if args.run { Some(measure(args, [(&a, left), (b, right)], cx)?) } else { None };
    let files = [&a, b].map(|loaded| cx.session.sources().name(loaded.checked.source).to_string());
    let names =
        if other.is_some() { [files[0].as_str(), files[1].as_str()] } else { [pa.as_str(), pb.as_str()] };
    let sides = Sides { names, runs };
    if args.json {
        let object = json::compare(&comparison, &sides);
        cx.print_json(&object)?;
    } else {
        let text = table(&comparison, &sides, cx.screen);
        cx.out.write_all(text.as_bytes())?;
    }
    if sides.same_answer() == Some(false) { Err(Failure::CheckFailed) } else { Ok(()) }
}

/// The pipeline of each side.
fn pipelines(cx: &Context, two_programs: bool) -> Result<[String; 2], Failure> {
    match cx.pipelines.as_slice() {
        [a, b] => Ok([a.clone(), b.clone()]),
        [both] if two_programs => Ok([both.clone(), both.clone()]),
        [b] => Ok(["default".to_string(), b.clone()]),
        [] if two_programs => Ok(["default".to_string(), "default".to_string()]),
        [] => {
            let hint = "give a second program, or a pipeline:  --passes 'default -fuse-vertical'";
            Err(Failure::usage("compare with what?", Some(hint.to_string())))
        }
        _ => Err(Failure::usage("two pipelines are compared, not more", None)),
    }
}

fn measure(
    args: &CompareArgs,
    sides: [(&Loaded, &Optimized); 2],
    cx: &Context,
) -> Result<[Measured; 2], Failure> {
    let [(a, left), (b, right)] = sides;
    let values = [inputs::values(a, &args.inputs.inputs)?, inputs::values(b, &args.inputs.inputs)?];
    let runs = |side: usize| Runs { args: &values[side], repeat: args.repeat, signal: &cx.signal };
    let (expected, first) = cx.session.measure(&left.program, runs(0))?;
    let (answer, mut second) = cx.session.measure(&right.program, runs(1))?;
    let (wanted, found) = ((&left.program, &expected), (&right.program, &answer));
    second.same = Some(cx.session.agreement(&a.checked.program, wanted, found, runs(0)));
    Ok([first, second])
}
