#![forbid(unsafe_code)]
//! What a pass and its rules are called and how they are documented.
//!
//! Promises: a rule without a page does not compile; its page is `docs/<pass>/<rule>.md`, whose form `docs/README.md` says.

use super::PassCx;
use crate::ir::Expr;

/// What is known about a pass without running it.
#[derive(Debug)]
pub struct PassInfo {
    /// The one name: in pipelines, fixtures and remarks.
    pub name: &'static str,
    /// Names that the original gave to passes with this task.
    pub aliases: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
    /// All of its documentation, with examples.
    pub doc: &'static str,
    /// The rules it may report.
    pub rules: &'static [RuleInfo],
    /// Whether code generation relies on it. No pass of this version is required.
    pub required: bool,
}

impl PassInfo {
    /// The rule with this name.
    pub fn rule(&self, name: &str) -> Option<&'static RuleInfo> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Its name, and those of its rules.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.rules.iter().map(|rule| rule.name))
    }
}

/// What is known about a rule.
#[derive(Debug)]
pub struct RuleInfo {
    /// The one name, different from those of all other rules and passes.
    pub name: &'static str,
    /// Its page in Markdown: a heading, one sentence, what it needs, and examples.
    pub page: &'static str,
}

impl RuleInfo {
    /// One sentence without its full stop.
    pub fn summary(&self) -> &'static str {
        let mut lines = self.page.lines().skip(1).filter(|line| !line.is_empty());
        lines.next().unwrap_or("").trim_end_matches('.')
    }

    /// The page behind that sentence.
    pub fn text(&self) -> &'static str {
        self.page.splitn(4, '\n').nth(3).unwrap_or("").trim_start()
    }
}

/// A transformation of programs.
pub trait Pass: Sync {
    /// Its name and documentation.
    fn info(&self) -> &'static PassInfo;
    /// The new body: same type, same meaning; the same node when nothing fired.
    fn run(&self, cx: &mut PassCx, root: &Expr) -> Expr;
}

/// Declares a pass from its documentation, its rules and the function that runs it.
macro_rules! declare_pass {
    (
        #[doc = $summary:literal]
        $(#[doc = $doc:literal])*
        pub struct $name:ident = $text:literal;
        aliases: [$($alias:literal),*];
        rules: [$($rule:literal),*];
        run: $run:path;
    ) => {
        #[doc = $summary]
        $(#[doc = $doc])*
        pub struct $name;

        impl $crate::passes::Pass for $name {
            fn info(&self) -> &'static $crate::passes::PassInfo {
                static INFO: $crate::passes::PassInfo = $crate::passes::PassInfo {
                    name: $text,
                    aliases: &[$($alias),*],
                    summary: $summary,
                    doc: concat!($summary, "\n", $($doc, "\n",)*),
                    rules: &[$($crate::passes::RuleInfo {
                        name: $rule,
                        page: include_str!(concat!("docs/", $text, "/", $rule, ".md")),
                    }),*],
                    required: false,
                };
                &INFO
            }

            fn run(&self, cx: &mut $crate::passes::PassCx, root: &$crate::ir::Expr) -> $crate::ir::Expr {
                $run(cx, root)
            }
        }
    };
}
pub(super) use declare_pass;
