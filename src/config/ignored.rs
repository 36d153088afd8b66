#![forbid(unsafe_code)]
//! Keys that programs for the original set, and that have no effect here.
//!
//! Promises: their values are checked as the original did, so that a configuration that is wrong there is wrong here.

use super::values::parse_bool;

/// A key without effect.
pub struct Ignored {
    /// The key.
    pub key: &'static str,
    /// The values that it takes.
    pub values: &'static [&'static str],
    /// Why it has no effect.
    pub why: &'static str,
}

const BOOL: &[&str] = &["true", "false"];

/// Every key without effect.
pub const IGNORED: &[Ignored] = &[
    Ignored {
        key: "weld.compile.enableBoundsChecks",
        values: BOOL,
        why: "checks of lengths and indices are always on",
    },
    Ignored {
        key: "weld.optimization.applyExperimentalTransforms",
        values: BOOL,
        why: "there are no experimental passes; name the ones you want in `weld.optimization.passes`",
    },
    Ignored {
        key: "weld.optimization.sirOptimization",
        values: BOOL,
        why: "code is made from the program itself, so there is no form in between to optimize",
    },
    Ignored {
        key: "weld.llvm.optimization.targetPasses",
        values: BOOL,
        why: "LLVM always knows the processor that it makes code for",
    },
    Ignored {
        key: "weld.compile.multithreadSupport",
        values: BOOL,
        why: "every program can run on several threads; `weld.threads` says on how many",
    },
    Ignored {
        key: "weld.compile.backend",
        values: &["singlethreaded", "multithreaded"],
        why: "there is one backend; `weld.threads` says on how many threads it runs",
    },
    Ignored {
        key: "weld.compile.enableFallback",
        values: BOOL,
        why: "every program has one compiled form, so there is nothing to fall back to",
    },
];

impl Ignored {
    /// The row of this key.
    pub fn find(key: &str) -> Option<&'static Ignored> {
        IGNORED.iter().find(|ignored| ignored.key == key)
    }

    /// Whether the value is one that the key takes.
    pub fn check(&self, value: &str) -> Result<(), String> {
        if self.values == BOOL {
            return parse_bool(value).map(drop);
        }
        if self.values.contains(&value) {
            return Ok(());
        }
        Err(format!("`{value}` is no value of `{}`; there are {}", self.key, self.values.join(", ")))
    }
}
