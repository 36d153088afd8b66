#![forbid(unsafe_code)]
//! Pipelines: passes in order, and groups of them that repeat until nothing changes; as text and back.
//!
//! Promises: [`pipeline_text`] reads back as the same pipeline; how often a group may repeat and how deep groups may nest
//! is bounded, so every pipeline ends.

use super::{ALL, DEFAULT, Pass, PassInfo, find};
use crate::diag::suggest;

/// A group runs at most so often. More is a pair of rules that undo each other.
pub const ROUNDS: usize = 8;

/// Groups in groups: each level multiplies the rounds.
const DEEPEST: usize = 3;

/// Passes of the original that have nothing to do here: their names stand for no pass. `fix-iterate` repaired what its
/// loop fusion did to `iterate`.
const NOTHING: &[&str] = &["fix-iterate"];

/// One part of a pipeline.
#[derive(Clone)]
pub enum Stage {
    /// One pass.
    Pass(&'static dyn Pass),
    /// Runs in order, again and again until a round changes nothing.
    Group(Vec<Stage>),
}

impl From<&'static dyn Pass> for Stage {
    fn from(pass: &'static dyn Pass) -> Stage {
        Stage::Pass(pass)
    }
}

/// Reads a pipeline: names of passes between commas or spaces, in the order they run; `[ a b ]` is a group that repeats
/// until it changes nothing; `default` stands for the default pipeline, `none` for no pass, `-name` takes a pass out of
/// what comes before it (out of the default when nothing does).
pub fn parse_pipeline(text: &str) -> Result<Vec<Stage>, String> {
    // The innermost list is the last one; the first one is the pipeline.
    let mut open: Vec<Vec<Stage>> = vec![Vec::new()];
    let mut first = true;
    for word in words(text) {
        let depth = open.len() - 1;
        let Some(list) = open.last_mut() else { break };
        let begins = std::mem::take(&mut first);
        match (word, word.strip_prefix('-')) {
            ("[", _) if depth == DEEPEST => {
                return Err(format!("groups stand in each other at most {DEEPEST} deep"));
            }
            ("[", _) => {
                open.push(Vec::new());
                first = true;
            }
            ("]", _) => {
                let done = open.pop().unwrap_or_default();
                let Some(outer) = open.last_mut() else { return Err("this `]` closes no group".to_string()) };
                if done.is_empty() {
                    return Err("a group has no pass in it".to_string());
                }
                outer.push(Stage::Group(done));
            }
            ("default", _) => list.extend(default_stages()),
            ("none", _) => list.clear(),
            (name, _) if NOTHING.contains(&name) => {}
            (_, Some(name)) => {
                let unwanted = find(name).ok_or_else(|| unknown(name))?.info().name;
                if begins {
                    list.extend(default_stages());
                }
                without(list, unwanted);
            }
            (name, None) => list.push(Stage::Pass(find(name).ok_or_else(|| unknown(name))?)),
        }
    }
    match open.pop() {
        Some(stages) if open.is_empty() => Ok(stages),
        _ => Err("a group is not closed: its `]` is missing".to_string()),
    }
}

/// The words of a pipeline; each bracket is one of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    parts.flat_map(|part| part.split_inclusive(['[', ']'])).flat_map(|part| {
        let (name, bracket) = match part.char_indices().next_back() {
            Some((at, '[' | ']')) => part.split_at(at),
            _ => (part, ""),
        };
        [name, bracket].into_iter().filter(|word| !word.is_empty())
    })
}

fn default_stages() -> impl Iterator<Item = Stage> {
    DEFAULT.iter().map(|pass| Stage::Pass(*pass))
}

/// Takes a pass out, wherever it stands; a group that is empty then goes too.
pub fn without(stages: &mut Vec<Stage>, name: &str) {
    stages.retain_mut(|stage| match stage {
        Stage::Pass(pass) => pass.info().name != name,
        Stage::Group(inner) => {
            without(inner, name);
            !inner.is_empty()
        }
    });
}

/// The pass of a pipeline that ran as a step; passes that no registry knows are found too.
pub fn pass_in(stages: &[Stage], info: &PassInfo) -> Option<&'static dyn Pass> {
    stages.iter().find_map(|stage| match stage {
        Stage::Pass(pass) => (pass.info().name == info.name).then_some(*pass),
        Stage::Group(inner) => pass_in(inner, info),
    })
}

/// The pipeline as [`parse_pipeline`] reads it: `default` for that one, else the names of passes between spaces.
pub fn pipeline_text(stages: &[Stage]) -> String {
    let names: Vec<&str> = pass_names(stages);
    let is_flat = stages.iter().all(|stage| matches!(stage, Stage::Pass(_)));
    if is_flat && names.iter().copied().eq(DEFAULT.iter().map(|pass| pass.info().name)) {
        return "default".to_string();
    }
    if stages.is_empty() { "none".to_string() } else { spelled_out(stages) }
}

fn spelled_out(stages: &[Stage]) -> String {
    let words: Vec<String> = stages
        .iter()
        .map(|stage| match stage {
            Stage::Pass(pass) => pass.info().name.to_string(),
            Stage::Group(inner) => format!("[ {} ]", spelled_out(inner)),
        })
        .collect();
    words.join(" ")
}

/// The names of all passes of a pipeline in order, those in groups once.
pub fn pass_names(stages: &[Stage]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for stage in stages {
        match stage {
            Stage::Pass(pass) => names.push(pass.info().name),
            Stage::Group(inner) => names.extend(pass_names(inner)),
        }
    }
    names
}

/// The pipeline without a pass. The error says why it cannot be taken out.
pub fn switched_off(stages: &[Stage], name: &str) -> Result<Vec<Stage>, String> {
    let name = find(name).ok_or_else(|| unknown(name))?.info().name;
    if !pass_names(stages).contains(&name) {
        return Err(format!("`{name}` is off already"));
    }
    let mut rest = stages.to_vec();
    without(&mut rest, name);
    Ok(rest)
}

/// The pipeline with a pass where the default pipeline has it: in all of its places when the others are as in the default,
/// else behind the last one that comes before it there.
pub fn switched_on(stages: &[Stage], name: &str) -> Result<Vec<Stage>, String> {
    let pass = find(name).ok_or_else(|| unknown(name))?;
    let name = pass.info().name;
    let names = pass_names(stages);
    if names.contains(&name) {
        return Err(format!("`{name}` is on already"));
    }
    let is_flat = stages.iter().all(|stage| matches!(stage, Stage::Pass(_)));
    let default = || DEFAULT.iter().map(|pass| pass.info().name);
    if is_flat && default().filter(|known| names.contains(known)).eq(names.iter().copied()) {
        let wanted = |pass: &&&'static dyn Pass| {
            let known = pass.info().name;
            known == name || names.contains(&known)
        };
        return Ok(DEFAULT.iter().filter(wanted).map(|pass| Stage::Pass(*pass)).collect());
    }
    let earlier: Vec<&str> = default().take_while(|known| *known != name).collect();
    let comes_before = |stage: &Stage| match stage {
        Stage::Pass(pass) => earlier.contains(&pass.info().name),
        Stage::Group(inner) => pass_names(inner).iter().any(|name| earlier.contains(name)),
    };
    let place = stages.iter().rposition(comes_before).map_or(0, |at| at + 1);
    let mut more = stages.to_vec();
    more.insert(place, Stage::Pass(pass));
    Ok(more)
}

fn unknown(name: &str) -> String {
    let names = ALL.iter().flat_map(|pass| std::iter::once(&pass.info().name).chain(pass.info().aliases));
    let names = names.copied().chain(["default", "none"]);
    match suggest(name, names) {
        Some(known) => format!("there is no pass `{name}`; did you mean `{known}`?"),
        None => {
            let all: Vec<&str> = ALL.iter().map(|pass| pass.info().name).collect();
            format!("there is no pass `{name}`; the passes are {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_pipeline, pipeline_text, switched_off, switched_on};

    fn again(text: &str) -> String {
        pipeline_text(&parse_pipeline(text).unwrap())
    }

    #[test]
    fn groups_read_back() {
        assert_eq!(
            again("inline-let,[fuse-vertical cse]  vectorize"),
            "inline-let [ fuse-vertical cse ] vectorize"
        );
        assert_eq!(again("[[cse] licm]"), "[ [ cse ] licm ]");
        assert_eq!(again("[ -licm ]").matches("inline-let").count(), 2);
        assert_eq!(again("[ cse licm ] -cse"), "[ licm ]");
        assert_eq!(again("[ cse ] -cse"), "none");
        assert_eq!(again("default"), "default");
        assert_eq!(again(&again("-cse")), again("default -cse"));
        assert_eq!(again(""), "none");
    }

    #[test]
    fn groups_that_make_no_sense() {
        let error = |text: &str| parse_pipeline(text).err().unwrap();
        assert!(error("[ cse").contains("not closed"));
        assert!(error("cse ]").contains("closes no group"));
        assert!(error("[ ]").contains("no pass"));
        assert!(error(&"[".repeat(100_000)).contains("deep"));
        assert!(error("[ cze ]").contains("did you mean `cse`?"));
    }

    #[test]
    fn switches() {
        let off = |text: &str, name: &str| {
            switched_off(&parse_pipeline(text).unwrap(), name).map(|new| pipeline_text(&new))
        };
        let on = |text: &str, name: &str| {
            switched_on(&parse_pipeline(text).unwrap(), name).map(|new| pipeline_text(&new))
        };
        assert_eq!(on(&off("default", "inline-let").unwrap(), "inline-let").unwrap(), "default");
        assert_eq!(off("[ cse licm ]", "cse").unwrap(), "[ licm ]");
        assert!(off("licm", "cse").unwrap_err().contains("off already"));
        assert!(on("cse", "cse").unwrap_err().contains("on already"));
        assert!(on("cse", "cze").unwrap_err().contains("did you mean"));
        assert_eq!(on("none", "licm").unwrap(), "licm");
        assert_eq!(on("none", "cse").unwrap(), "cse cse");
        assert_eq!(
            on("vectorize [ inline-let fold-constants ]", "licm").unwrap(),
            "vectorize [ inline-let fold-constants ] licm"
        );
        assert_eq!(on("vectorize predicate", "fuse-vertical").unwrap(), "fuse-vertical vectorize predicate");
    }
}
