#![forbid(unsafe_code)]
//! What can be looked up: codes of messages, run-time errors, passes, rules, standard macros, constructs of the language,
//! settings, lines at the head of a program.
//!
//! Promises: every topic has one id and a page in Markdown, put together from where the thing itself is defined; an id
//! that is unknown gets the nearest ones. Examples are the fenced `weld` blocks of the pages; a test runs all of them.
//! Must not: know what a page looks like on a screen or in JSON; that is the view's.

mod constructs;
mod head;
mod macros;
mod settings;

pub use constructs::{Construct, constructs, table};
pub use macros::{MACROS, MacroDoc};

use crate::diag::{Code, suggest};
use crate::expand;
use crate::passes;
use crate::syntax;
use crate::value::ErrorKind;
use std::fmt::Write as _;

/// What kind of thing a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part of the language.
    Construct,
    /// Lines before a program that say something about it.
    Head,
    /// A macro that every program has.
    Macro,
    /// A static error.
    Error,
    /// A warning.
    Warning,
    /// An error of a run.
    RunError,
    /// A pass of the optimizer.
    Pass,
    /// A rule of a pass.
    Rule,
    /// A setting, or all of them.
    Setting,
}

impl Kind {
    /// Every kind, in the order of [`topics`].
    pub const ALL: &'static [Kind] = &[
        Kind::Construct,
        Kind::Head,
        Kind::Macro,
        Kind::Error,
        Kind::Warning,
        Kind::RunError,
        Kind::Pass,
        Kind::Rule,
        Kind::Setting,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Construct => "construct",
            Kind::Head => "head lines",
            Kind::Macro => "macro",
            Kind::Error => "error",
            Kind::Warning => "warning",
            Kind::RunError => "run-time error",
            Kind::Pass => "pass",
            Kind::Rule => "rule",
            Kind::Setting => "setting",
        }
    }

    /// The heading of its part of the list.
    pub fn heading(self) -> &'static str {
        match self {
            Kind::Construct => "the language",
            Kind::Head => "lines at the head of a program",
            Kind::Macro => "standard macros",
            Kind::Error => "errors",
            Kind::Warning => "warnings",
            Kind::RunError => "run-time errors",
            Kind::Pass => "passes",
            Kind::Rule => "rules of passes",
            Kind::Setting => "settings",
        }
    }
}

/// One thing to look up.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The one name.
    pub id: &'static str,
    /// Other names that lead here.
    pub also: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// The page in Markdown.
    pub text: String,
}

/// A program on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The program.
    pub program: String,
    /// A value, the id of a code, or the name of a run-time error.
    pub gives: Option<String>,
}

/// Columns of the definitions of macros.
const WIDTH: u32 = 88;

/// The mark before what an example gives, on its last line.
const GIVES: &str = "# => ";

impl Topic {
    /// The programs of its page.
    pub fn examples(&self) -> Vec<Example> {
        let mut examples = Vec::new();
        let mut current: Option<Example> = None;
        for line in self.text.lines() {
            match &mut current {
                None if line == "```weld" => {
                    current = Some(Example { program: String::new(), gives: None });
                }
                None => {}
                Some(_) if line == "```" => examples.extend(current.take()),
                Some(example) => match line.strip_prefix(GIVES) {
                    Some(gives) => example.gives = Some(gives.to_string()),
                    None => example.program += &format!("{line}\n"),
                },
            }
        }
        examples
    }

    /// The part of this name: a setting of the page of settings, a rule of the page of its pass.
    pub fn part(&self, name: &str) -> Option<Topic> {
        topics().into_iter().find(|other| other.has_name(name) && self.has_part(other))
    }

    fn has_part(&self, other: &Topic) -> bool {
        match (self.kind, other.kind) {
            (Kind::Setting, Kind::Setting) => self.id == settings::ALL,
            (Kind::Pass, Kind::Rule) => passes::find(self.id)
                .is_some_and(|pass| pass.info().rules.iter().any(|rule| rule.name == other.id)),
            _ => false,
        }
    }

    fn has_name(&self, name: &str) -> bool {
        self.id.eq_ignore_ascii_case(name) || self.also.iter().any(|also| also.eq_ignore_ascii_case(name))
    }
}

/// Everything that can be looked up.
pub fn topics() -> Vec<Topic> {
    let mut topics: Vec<Topic> = constructs().map(construct).collect();
    topics.push(head::topic());
    topics.extend(MACROS.iter().map(standard_macro));
    let codes = || Code::ALL.iter().copied();
    topics.extend(codes().filter(|code| code.is_error()).map(code));
    topics.extend(codes().filter(|code| !code.is_error()).map(code));
    topics.extend(ErrorKind::ALL.iter().map(|kind| run_error(*kind)));
    topics.extend(passes::ALL.iter().map(|item| pass(item.info())));
    for info in passes::ALL.iter().map(|pass| pass.info()) {
        topics.extend(info.rules.iter().map(|item| rule(item, info)));
    }
    topics.extend(settings::topics());
    topics
}

/// The topic of this name: an id goes before another name, and either may have other capitals.
pub fn find(name: &str) -> Option<Topic> {
    let mut topics = topics();
    let by_id = topics.iter().position(|topic| topic.id.eq_ignore_ascii_case(name));
    let at = by_id.or_else(|| topics.iter().position(|topic| topic.has_name(name)))?;
    Some(topics.swap_remove(at))
}

/// The page of a pass, also by another name of it, or of a rule.
pub fn pass_or_rule(name: &str) -> Option<Topic> {
    let mut topics = topics().into_iter().filter(|topic| matches!(topic.kind, Kind::Pass | Kind::Rule));
    topics.find(|topic| topic.has_name(name))
}

/// Up to three names that are like this one, the nearest first.
pub fn nearest(name: &str) -> Vec<String> {
    let topics = topics();
    let mut near: Vec<String> = Vec::new();
    for _ in 0..3 {
        let names = topics
            .iter()
            .flat_map(|topic| std::iter::once(topic.id).chain(topic.also.iter().map(String::as_str)));
        let others = names.filter(|other| near.iter().all(|found| found != other));
        let Some(next) = suggest(name, others) else { break };
        near.push(next);
    }
    near
}

fn construct(row: &Construct) -> Topic {
    let mut text = format!("Written: {}\n", row.grammar);
    if !row.text.is_empty() {
        let _ = write!(text, "\n{}\n", row.text);
    }
    for example in row.examples {
        let _ = write!(text, "\n```weld\n{example}\n```\n");
    }
    let also = row.words.iter().filter(|word| **word != row.id).map(|word| word.to_string()).collect();
    let title = format!("{} (section {})", row.what, row.section);
    Topic { id: row.id, also, kind: Kind::Construct, title, text }
}

fn standard_macro(row: &MacroDoc) -> Topic {
    let mut text = format!("{}{}\n", row.name, row.signature);
    if let Some(def) = expand::standard_macros().iter().find(|def| &*def.name.text == row.name) {
        let body = syntax::print(&def.body, WIDTH);
        let _ = write!(text, "\nIt stands for\n\n```text\n{body}\n```\n");
    }
    let _ = write!(text, "\n```weld\n{}\n```\n", row.example);
    Topic { id: row.name, also: Vec::new(), kind: Kind::Macro, title: row.what.to_string(), text }
}

fn code(code: Code) -> Topic {
    Topic {
        id: code.id(),
        also: code.rule().map(str::to_string).into_iter().collect(),
        kind: if code.is_error() { Kind::Error } else { Kind::Warning },
        title: code.about().trim_end_matches('.').to_string(),
        text: without_heading(code.page()),
    }
}

fn run_error(kind: ErrorKind) -> Topic {
    Topic {
        id: kind.name(),
        also: vec![kind.id()],
        kind: Kind::RunError,
        title: kind.about().trim_end_matches('.').to_string(),
        text: without_heading(kind.page()),
    }
}

fn pass(info: &'static passes::PassInfo) -> Topic {
    // Its first line is the title already.
    let doc = info.doc.strip_prefix(info.summary).unwrap_or(info.doc);
    let mut text = format!("{}\nRules:\n", without_margin(doc.trim_start_matches('\n')));
    for rule in info.rules {
        let _ = write!(text, "\n`{}`: {}\n", rule.name, rule.summary());
    }
    Topic {
        id: info.name,
        also: info.aliases.iter().map(|alias| alias.to_string()).collect(),
        kind: Kind::Pass,
        title: info.summary.trim().trim_end_matches('.').to_string(),
        text,
    }
}

fn rule(item: &'static passes::RuleInfo, info: &passes::PassInfo) -> Topic {
    Topic {
        id: item.name,
        also: Vec::new(),
        kind: Kind::Rule,
        title: item.summary().to_string(),
        text: format!("A rule of the pass `{}`.\n\n{}", info.name, item.text()),
    }
}

/// A page without its first line, which repeats the id for readers of the file.
fn without_heading(page: &str) -> String {
    page.split_once('\n').map_or("", |(_, rest)| rest).trim_start().to_string()
}

/// A doc comment without the blank that begins each of its lines.
fn without_margin(doc: &str) -> String {
    doc.trim_end().lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}
