use super::values::{parse_bytes, parse_seconds};
use super::{Config, Format, IGNORED, Known, SETTINGS, Setting};
use crate::passes::{DEFAULT, Stage, parse_pipeline, pass_names};
use crate::plan::Effort;
use std::collections::BTreeSet;
use std::time::Duration;

/// Every key of the interface that clients were written for.
const KEYS: &[&str] = &[
    "weld.memory.limit",
    "weld.threads",
    "weld.compile.traceExecution",
    "weld.compile.enableBoundsChecks",
    "weld.compile.dumpCode",
    "weld.compile.dumpCodeDir",
    "weld.compile.dumpCodeFilename",
    "weld.compile.dumpCodeFormats",
    "weld.optimization.passes",
    "weld.optimization.applyExperimentalTransforms",
    "weld.optimization.sirOptimization",
    "weld.llvm.optimization.level",
    "weld.llvm.optimization.unroller",
    "weld.llvm.optimization.vectorizer",
    "weld.llvm.optimization.targetPasses",
    "weld.llvm.optimization.moduleOpts",
    "weld.llvm.optimization.funcOpts",
    "weld.llvm.runFunctionName",
    "weld.compile.multithreadSupport",
    "weld.compile.backend",
    "weld.compile.enableFallback",
];

#[test]
fn unknown_settings_and_bad_values_are_refused() {
    let mut config = Config::default();
    assert!(config.set("threads", "0").is_err());
    assert!(config.set("threads", "3").is_ok());
    assert_eq!(config.threads, 3);
    assert!(config.set("thread", "3").unwrap_err().contains("did you mean `threads`?"));
    assert!(config.set("weld.thread", "3").unwrap_err().contains("did you mean `weld.threads`?"));
    assert!(config.set("zebra", "3").unwrap_err().contains("there are threads, passes"));
    assert!(config.set("passes", "no-such-pass").is_err());
    assert!(config.set("timeout", "-1").is_err());
    assert!(config.set("dump-name", "a/b").is_err());
    assert!(config.set("dump-name", "").is_err());
    assert!(config.set("run-function", "1st").is_err());
    assert!(config.set("weld.llvm.optimization.level", "4").is_err());
}

#[test]
fn every_key_of_clients_is_known() {
    for key in KEYS {
        let known = Config::embedded().set_embedded(key, "no value of anything: \0/");
        assert_ne!(known, Ok(Known::Unknown), "{key}");
    }
    assert_eq!(Config::embedded().set_embedded("weld.no.such.key", "1"), Ok(Known::Unknown));
}

#[test]
fn names_and_keys_are_unique() {
    let names = SETTINGS.iter().flat_map(|setting| [setting.name, setting.key]);
    let names: Vec<&str> = names.chain(IGNORED.iter().map(|ignored| ignored.key)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn booleans_are_exactly_true_and_false() {
    let switches = SETTINGS.iter().filter(|setting| setting.words == ["true", "false"]);
    let keys = switches.map(|setting| setting.key);
    let ignored = IGNORED.iter().filter(|ignored| ignored.values == ["true", "false"]);
    let keys: Vec<&str> = keys.chain(ignored.map(|ignored| ignored.key)).collect();
    assert_eq!(keys.len(), 13);
    for key in keys {
        for value in ["true", "false"] {
            assert!(Config::default().set(key, value).is_ok(), "{key}");
        }
        for value in ["True", "1", "yes", "", "t rue"] {
            let error = Config::default().set(key, value).unwrap_err();
            assert!(error.contains("neither `true` nor `false`"), "{key}: {error}");
        }
    }
}

#[test]
fn what_is_set_is_shown() {
    let mut config = Config::default();
    for (name, value) in [
        ("threads", "3"),
        ("passes", "cse licm"),
        ("effort", "full"),
        ("unroller", "false"),
        ("vectorizer", "false"),
        ("module-opts", "false"),
        ("func-opts", "false"),
        ("cache", "false"),
        ("memory", "4096"),
        ("timeout", "1.5"),
        ("trace", "true"),
        ("dump", "true"),
        ("dump-dir", "/tmp"),
        ("dump-name", "mine"),
        ("dump-formats", "weld,llvmopt"),
        ("run-function", "f_1"),
    ] {
        let setting = Setting::find(name).unwrap();
        assert_ne!((setting.show)(&config), value, "{name}");
        config.set(name, value).unwrap();
        assert_eq!((setting.show)(&config), value, "{name}");
    }
    assert_eq!(SETTINGS.len(), 16);
}

#[test]
fn levels_of_llvm_are_numbers_too() {
    let mut config = Config::default();
    for (level, effort) in
        [("0", Effort::None), ("1", Effort::Short), ("2", Effort::Short), ("3", Effort::Full)]
    {
        config.set("weld.llvm.optimization.level", level).unwrap();
        assert_eq!(config.effort, effort);
    }
}

#[test]
fn keys_without_effect_say_why() {
    let mut config = Config::embedded();
    let known = config.set_embedded("weld.compile.enableBoundsChecks", "false").unwrap();
    assert_eq!(known, Known::Ignored("checks of lengths and indices are always on"));
    assert!(config.set("weld.compile.backend", "multithreaded").is_ok());
    assert!(config.set("weld.compile.backend", "gpu").unwrap_err().contains("singlethreaded, multithreaded"));
}

#[test]
fn formats_in_any_capitals() {
    assert_eq!(Format::parse_list("LLVM, weld"), Ok(vec![Format::Weld, Format::Llvm]));
    assert_eq!(Format::parse_list("All").map(|all| all.len()), Ok(6));
    assert!(Format::parse_list("weld,object").unwrap_err().contains("`object`"));
    assert_eq!(Format::parse_list("weld, sir ,").map(|formats| formats.len()), Ok(2));
    for text in ["", ",", "weld,,sir", ",weld"] {
        assert!(Format::parse_list(text).is_err(), "{text}");
    }
}

#[test]
fn every_pass_that_clients_name_is_accepted() {
    let mut config = Config::default();
    const NAMES: &[&str] = &[
        "inline-zip",
        "inline-apply",
        "inline-let",
        "loop-fusion",
        "unroll-static-loop",
        "infer-size",
        "algebraic",
        "inline-literals",
        "cse",
        "unroll-structs",
        "short-circuit-booleans",
        "predicate",
        "vectorize",
    ];
    for name in NAMES {
        config.set("weld.optimization.passes", name).unwrap();
        assert_eq!(parse_pipeline(&config.passes).unwrap().len(), 1, "{name}");
    }
    let count = |text: &str| pass_names(&parse_pipeline(text).unwrap()).len();
    assert_eq!(count(&NAMES.join(",")), NAMES.len());
    // It mended what loop fusion left of `iterate`; ours leaves nothing.
    assert_eq!(count("fix-iterate"), 0);
    assert_eq!(count("loop-fusion,fix-iterate,vectorize"), 2);
    config.set("weld.optimization.passes", "").unwrap();
    assert_eq!(config.passes, "none");
    assert_eq!(count(&config.passes), 0);
    let default: Vec<Stage> = parse_pipeline("default").unwrap();
    assert_eq!(default.len(), DEFAULT.len());
}

#[test]
fn bytes_have_suffixes() {
    assert_eq!(parse_bytes("2K"), Ok(2048));
    assert_eq!(parse_bytes("3G"), Ok(3 << 30));
    assert_eq!(parse_bytes("100000000000"), Ok(100_000_000_000));
    assert_eq!(parse_bytes("1.5g"), Ok(3 << 29));
    assert_eq!(parse_bytes(" 1e9 "), Ok(1_000_000_000));
    assert_eq!(parse_bytes("1T"), Ok(1 << 40));
    assert_eq!(parse_bytes("18446744073709551615"), Ok(u64::MAX));
    for text in [
        "x",
        "",
        "-1",
        "+1K",
        "K",
        "1.5",
        "1KK",
        "99999999999G",
        "18446744073709551616",
        "inf",
        "nan",
        "1e400",
    ] {
        assert!(parse_bytes(text).is_err(), "{text}");
    }
    assert_eq!(parse_seconds("0.25"), Ok(Duration::from_millis(250)));
    assert_eq!(parse_seconds(" 2 "), Ok(Duration::from_secs(2)));
    for text in ["1e400", "0", "0.0", "-1", "inf", "nan", "1s"] {
        assert!(parse_seconds(text).is_err(), "{text}");
    }
}

#[test]
fn values_are_read_as_people_write_them() {
    let mut config = Config::default();
    for (name, given, shown) in [
        ("threads", " 2", "2"),
        ("threads", "1e1", "10"),
        ("memory", " 1.5G ", "1610612736"),
        ("memory", "1e9", "1000000000"),
        ("timeout", "none ", "none"),
        ("trace", " true", "true"),
        ("effort", "3 ", "full"),
        ("dump-formats", "weld,sir,", "weld,sir"),
        ("passes", "inline-let, licm, ", "inline-let, licm,"),
        ("run-function", " run_1 ", "run_1"),
        ("dump-dir", " /tmp ", "/tmp"),
    ] {
        config.set(name, given).unwrap();
        assert_eq!((Setting::find(name).unwrap().show)(&config), shown, "{name} = {given}");
    }
    assert!(config.set("weld.compile.backend", " singlethreaded ").is_ok());
    let refused = |name: &str, value: &str| Config::default().set(name, value).unwrap_err();
    assert!(refused("weld.time.limit", "0").ends_with("`none` is no limit"));
    assert!(refused("weld.memory.limit", "1.5").ends_with("`none` is no limit"));
    assert!(refused("trace", "on").ends_with("did you mean `true`?"));
    assert!(refused("trace", "OFF").ends_with("did you mean `false`?"));
    assert!(refused("dump-dir", "~/code").contains("write the whole path"));
    for threads in ["0", "-1", "1.5", "513", "", "two"] {
        assert!(refused("threads", threads).contains("from 1 to 512"));
    }
}
