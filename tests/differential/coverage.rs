//! What the generated programs contained, which rules fired, and how the programs ended.

use std::collections::BTreeMap;
use weld::passes::ALL;

/// The generator's own text: the names of all constructs that it counts are in it.
const GENERATOR: [&str; 14] = [
    include_str!("generate/calls.rs"),
    include_str!("generate/dicts.rs"),
    include_str!("generate/frames.rs"),
    include_str!("generate/idioms.rs"),
    include_str!("generate/iterators.rs"),
    include_str!("generate/literals.rs"),
    include_str!("generate/loops.rs"),
    include_str!("generate/mod.rs"),
    include_str!("generate/rare.rs"),
    include_str!("generate/scalars.rs"),
    include_str!("generate/scope.rs"),
    include_str!("generate/simd.rs"),
    include_str!("generate/values.rs"),
    include_str!("generate/vectors.rs"),
];

/// Counters by kind and name.
#[derive(Default)]
pub struct Coverage {
    counts: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Coverage {
    /// Reads the rest of a `count` line: `KIND COUNT NAME`.
    pub fn add(&mut self, line: &str) {
        let mut words = line.splitn(3, ' ');
        let (Some(kind), Some(count), Some(name)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        let counts = self.counts.entry(kind.to_string()).or_default();
        *counts.entry(name.to_string()).or_default() += count.parse::<u64>().unwrap_or(0);
    }

    /// What the generator can make and never made, and what it made less often than `least`.
    pub fn rare(&self, least: u64) -> Vec<String> {
        let count = |kind: &str, name: &str| {
            self.counts.get(kind).and_then(|names| names.get(name)).copied().unwrap_or(0)
        };
        let constructs = GENERATOR.iter().flat_map(|text| text.split("see(\"").skip(1));
        let constructs = constructs.filter_map(|rest| rest.split('"').next()).map(|name| ("construct", name));
        let mut rare: Vec<String> = constructs
            .filter(|(kind, name)| count(kind, name) < least)
            .map(|(kind, name)| format!("{name} {}", count(kind, name)))
            .collect();
        rare.sort();
        rare.dedup();
        let rules = ALL.iter().flat_map(|pass| {
            let info = pass.info();
            info.rules.iter().map(|rule| format!("{}/{rule}", info.name))
        });
        rare.extend(
            rules
                .filter(|rule| count("rule", rule) < least)
                .map(|rule| format!("{rule} {}", count("rule", &rule))),
        );
        rare
    }

    /// The tables.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (kind, title) in
            [("construct", "constructs"), ("rule", "rules that fired"), ("outcome", "outcomes")]
        {
            text += &format!("\n{title}:\n");
            let mut line = String::new();
            for (name, count) in self.counts.get(kind).into_iter().flatten() {
                let cell = format!("{name} {count}");
                if line.len() + cell.len() > 116 {
                    text += &format!("  {}\n", line.trim_end());
                    line.clear();
                }
                line += &format!("{cell:<38} ");
            }
            text += &format!("  {}\n", line.trim_end());
        }
        text
    }
}
