//! What the generated programs contained, which rules fired, and how the programs ended.

use std::collections::BTreeMap;
use weld::passes::ALL;

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

    /// Rules that never fired.
    pub fn missing_rules(&self) -> Vec<String> {
        let fired = self.counts.get("rule");
        let all = ALL.iter().flat_map(|pass| {
            let info = pass.info();
            info.rules.iter().map(|rule| format!("{}/{rule}", info.name))
        });
        all.filter(|rule| fired.is_none_or(|fired| !fired.contains_key(rule))).collect()
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
        let missing = self.missing_rules();
        if !missing.is_empty() {
            text += &format!("rules that never fired: {}\n", missing.join(", "));
        }
        text
    }
}
