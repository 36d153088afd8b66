#![forbid(unsafe_code)]
//! The table of settings: name, key, meaning, and how each is shown and set.

use super::Config;
use super::dump::Format;
use super::values::{
    parse_bool, parse_bytes, parse_file_name, parse_folder, parse_limit, parse_seconds, parse_symbol,
    parse_threads,
};
use crate::plan::Effort;

/// One setting of the table.
pub struct Setting {
    /// Its name, as in `:set threads 4`.
    pub name: &'static str,
    /// Its name in the configurations that programs hand in, as in `weld_conf_set(conf, "weld.threads", "4")`.
    pub key: &'static str,
    /// What it means and which values it takes.
    pub about: &'static str,
    /// Words that it can be; empty where it is a number or a name.
    pub words: &'static [&'static str],
    /// Its value as text.
    pub show: fn(&Config) -> String,
    /// Reads a value without blanks around it.
    read: fn(&mut Config, &str) -> Result<(), String>,
}

const BOOL: &[&str] = &["true", "false"];

/// A setting that is `true` or `false`.
macro_rules! switch {
    ($name:literal, $key:literal, $about:literal, $($field:ident).+) => {
        Setting {
            name: $name,
            key: $key,
            about: $about,
            words: BOOL,
            show: |config| config.$($field).+.to_string(),
            read: |config, text| {
                config.$($field).+ = parse_bool(text)?;
                Ok(())
            },
        }
    };
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "threads",
        key: "weld.threads",
        about: "threads of a run: 1 to 512",
        words: &[],
        show: |config| config.threads.to_string(),
        read: |config, text| {
            config.threads = parse_threads(text)?;
            Ok(())
        },
    },
    Setting {
        name: "passes",
        key: "weld.optimization.passes",
        about: "the pipeline: `default`, `none`, names in order, `-NAME`, groups `[ a b ]`",
        words: &[],
        show: |config| config.passes.clone(),
        read: |config, text| {
            crate::passes::parse_pipeline(text)?;
            config.passes = if text.trim().is_empty() { "none" } else { text }.to_string();
            Ok(())
        },
    },
    Setting {
        name: "effort",
        key: "weld.llvm.optimization.level",
        about: "what LLVM does: none (0), short (1 or 2) or full (3)",
        words: &["none", "short", "full"],
        show: |config| match config.effort {
            Effort::None => "none".to_string(),
            Effort::Short => "short".to_string(),
            Effort::Full => "full".to_string(),
        },
        read: |config, text| {
            config.effort = match text {
                "none" | "0" => Effort::None,
                "short" | "1" | "2" => Effort::Short,
                "full" | "3" => Effort::Full,
                _ => return Err(format!("`{text}` is no effort: none (0), short (1 or 2) or full (3)")),
            };
            Ok(())
        },
    },
    switch!(
        "unroller",
        "weld.llvm.optimization.unroller",
        "LLVM unrolls short loops, at effort full",
        llvm.unroll
    ),
    switch!(
        "vectorizer",
        "weld.llvm.optimization.vectorizer",
        "LLVM vectorizes on its own, at effort full",
        llvm.vectorize
    ),
    switch!(
        "module-opts",
        "weld.llvm.optimization.moduleOpts",
        "effort full uses LLVM's passes over the whole module, else those of short",
        llvm.module
    ),
    switch!(
        "func-opts",
        "weld.llvm.optimization.funcOpts",
        "LLVM's short pipeline over each function runs, at effort short",
        llvm.function
    ),
    switch!("cache", "weld.compile.cache", "the same text is compiled once, with the same settings", cache),
    Setting {
        name: "memory",
        key: "weld.memory.limit",
        about: "bytes that a run may allocate, such as 500M, 1.5G or 1e9, or `none`",
        words: &[],
        show: |config| config.memory_limit.map_or_else(|| "none".to_string(), |bytes| bytes.to_string()),
        read: |config, text| {
            config.memory_limit = parse_limit(text, parse_bytes)?;
            Ok(())
        },
    },
    Setting {
        name: "timeout",
        key: "weld.time.limit",
        about: "seconds that a run may take, or `none`",
        words: &[],
        show: |config| {
            config.time_limit.map_or_else(|| "none".to_string(), |limit| limit.as_secs_f64().to_string())
        },
        read: |config, text| {
            config.time_limit = parse_limit(text, parse_seconds)?;
            Ok(())
        },
    },
    switch!(
        "trace",
        "weld.compile.traceExecution",
        "runs say on standard error what they do, step by step",
        trace
    ),
    switch!("dump", "weld.compile.dumpCode", "each compilation writes its code into files", dump.on),
    Setting {
        name: "dump-dir",
        key: "weld.compile.dumpCodeDir",
        about: "the folder of these files, which must be there",
        words: &[],
        show: |config| config.dump.dir.display().to_string(),
        read: |config, text| {
            config.dump.dir = parse_folder(text)?;
            Ok(())
        },
    },
    Setting {
        name: "dump-name",
        key: "weld.compile.dumpCodeFilename",
        about: "what their names begin with, else `code-<seconds>-<2 hex>`",
        words: &[],
        show: |config| config.dump.name.clone().unwrap_or_else(|| "code-..".to_string()),
        read: |config, text| {
            config.dump.name = Some(parse_file_name(text)?);
            Ok(())
        },
    },
    Setting {
        name: "dump-formats",
        key: "weld.compile.dumpCodeFormats",
        about: "which: all, or a list of weld, weldopt, sir, llvm, llvmopt, assembly",
        words: &["all", "weld", "weldopt", "sir", "llvm", "llvmopt", "assembly"],
        show: |config| {
            let formats = &config.dump.formats;
            if formats.len() == Format::ALL.len() {
                return "all".to_string();
            }
            formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(",")
        },
        read: |config, text| {
            config.dump.formats = Format::parse_list(text)?;
            Ok(())
        },
    },
    Setting {
        name: "run-function",
        key: "weld.llvm.runFunctionName",
        about: "the name of the program's function in code that is shown",
        words: &[],
        show: |config| config.run_function.clone(),
        read: |config, text| {
            config.run_function = parse_symbol(text)?;
            Ok(())
        },
    },
];

impl Setting {
    /// Sets it to a value that may have blanks around it; the error says what is allowed.
    pub fn set(&self, config: &mut Config, value: &str) -> Result<(), String> {
        (self.read)(config, value.trim())
    }

    /// The setting with this name or key.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name || setting.key == name)
    }
}
