//! The process that runs programs. It tells its supervisor what it does, line by line.
//!
//! Besides what all workers say: `ok RUNS STEALS`; `count KIND COUNT NAME` for the tables; `alive` while a failing program
//! is made smaller.

use super::choices::Choices;
use super::generate::{Generated, generate};
use super::shrink::shrink;
use crate::engines::{Complaint, Engines, Plan, Report};
use crate::workers::random::Random;
use crate::workers::{self, Task, say};
use std::path::PathBuf;
use std::time::Duration;
use weld::plan::Effort;

/// How a `one` task ends when engines disagree.
pub const DISAGREES: i32 = 3;

/// How long one failing program is made smaller.
pub const SHRINK_LIMIT: Duration = Duration::from_secs(40);

/// More failing programs than this are only counted.
const MOST_SHRUNK: u64 = 4;

/// Does the work of a task.
pub fn work(task: Task) {
    match task {
        Task::Run { base, first, stride, end } => run(base, first, stride, end),
        Task::One(file) => {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let list = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let generated = generate(&mut Choices::replay(list));
            let disagrees =
                matches!(judge(&mut Engines::with_functions(), &generated), Err(Complaint::Wrong(_)));
            std::process::exit(if disagrees { DISAGREES } else { 0 });
        }
    }
}

/// The program with this number.
pub fn program(base: u64, index: u64) -> Generated {
    let seed = Random::new(base ^ index.wrapping_mul(0xd134_2543_de82_ef95)).next();
    generate(&mut Choices::from_seed(seed))
}

/// Where failing programs go.
pub fn file(base: u64, index: u64, extension: &str) -> PathBuf {
    workers::file("differential", base, index, extension)
}

fn run(base: u64, first: u64, stride: u64, end: u64) {
    let mut engines = Engines::with_functions();
    let mut shrunk = 0;
    let mut index = first;
    while index < end {
        say(&format!("begin {base} {index}"));
        let generated = program(base, index);
        match judge(&mut engines, &generated) {
            Ok(report) => {
                tell(&generated, &report);
                say(&format!("ok {} {}", report.runs, report.steals));
            }
            Err(Complaint::TooSlow) => say("slow"),
            Err(complaint) => {
                let path = file(base, index, "weld");
                shrunk += 1;
                let text = if shrunk > MOST_SHRUNK {
                    report(&generated, &complaint, base, index)
                } else {
                    make_smaller(&mut engines, &generated, &complaint, base, index)
                };
                let _ = std::fs::write(&path, text);
                say(&format!("fail {}", path.display()));
            }
        }
        index += stride;
    }
}

/// Sends what the tables count.
fn tell(generated: &Generated, report: &Report) {
    for (construct, count) in &generated.seen {
        say(&format!("count construct {count} {construct}"));
    }
    for (rule, count) in &report.rules {
        say(&format!("count rule {count} {rule}"));
    }
    for (form, count) in &report.forms {
        say(&format!("count form {count} {form}"));
    }
    for outcome in &report.outcomes {
        let name = outcome.as_ref().map_or_else(|error| error.kind.name(), |_| "a value");
        say(&format!("count outcome 1 {name}"));
    }
}

/// Runs all engines on a generated program.
pub fn judge(engines: &mut Engines, generated: &Generated) -> Result<Report, Complaint> {
    let checked = engines.check("generated", &generated.text)?;
    let plan = Plan {
        exact: generated.exact,
        pipelines: generated.pipelines.clone(),
        step: generated.step,
        effort: [Effort::Short, Effort::None, Effort::Full][generated.effort.min(2) as usize],
        reference_limit: Duration::from_secs(2),
        ..Plan::default()
    };
    engines.compare(&checked, &generated.inputs, &plan)
}

fn make_smaller(
    engines: &mut Engines,
    generated: &Generated,
    complaint: &Complaint,
    base: u64,
    index: u64,
) -> String {
    let was_rejected = matches!(complaint, Complaint::Rejected(..));
    let mut latest = complaint.clone();
    let list = shrink(generated.choices.clone(), SHRINK_LIMIT, &mut |candidate| {
        say("alive");
        match judge(engines, candidate) {
            Err(Complaint::Rejected(id, why)) if was_rejected => {
                latest = Complaint::Rejected(id, why);
                true
            }
            Err(Complaint::Wrong(story)) if !was_rejected => {
                latest = Complaint::Wrong(story);
                true
            }
            _ => false,
        }
    });
    report(&generate(&mut Choices::replay(list)), &latest, base, index)
}

/// A fixture whose header tells the story.
pub fn report(generated: &Generated, complaint: &Complaint, base: u64, index: u64) -> String {
    let story = match complaint {
        Complaint::Wrong(story) => story.clone(),
        Complaint::Rejected(_, why) => format!("rejected: {why}"),
        Complaint::TooSlow => "too slow".to_string(),
    };
    let mut notes = vec![format!("WELD_SEED={base}, program {index}")];
    if !generated.pipelines.is_empty() {
        notes.push(format!("pipelines: {}", generated.pipelines.join("; ")));
    }
    notes.extend(story.lines().map(str::to_string));
    generated.fixture(&notes)
}
