#![forbid(unsafe_code)]
//! Names of binders, unique in a program.
//!
//! Promises: equal names are the same binder; the text of a name is unique too, so printed programs
//! parse back to the same bindings. `x`, then `x__1`, `x__2`, ... skipping names of the source.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

/// A binder. Compares and hashes by number.
#[derive(Clone, Debug)]
pub struct Name {
    text: Arc<str>,
    id: u32,
}

impl Name {
    /// The unique printed form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of this binder.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.id == other.id
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The supply of fresh names of one program. Cloning is cheap: copies share their tables until one of them
/// makes a name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    next_id: u32,
    tables: Arc<Tables>,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    /// Texts of the source and of binders; `true` for those of binders.
    taken: HashMap<Arc<str>, bool>,
    next_suffix: HashMap<Arc<str>, u32>,
}

impl Names {
    /// Marks a text of the source as taken, so that no fresh name looks like it.
    pub fn reserve(&mut self, text: &str) {
        Arc::make_mut(&mut self.tables).taken.entry(text.into()).or_insert(false);
    }

    /// A new binder that prints as `base`, or as `base__k` when another binder does so already. A suffix is cut
    /// first, so that copies of copies do not grow.
    pub fn fresh(&mut self, base: &str) -> Name {
        let tables = Arc::make_mut(&mut self.tables);
        let id = self.next_id;
        self.next_id += 1;
        // A text of the source belongs to the first binder that asks for it: printed programs keep their names.
        if !tables.taken.get(base).is_some_and(|given| *given) {
            let text: Arc<str> = base.into();
            tables.taken.insert(text.clone(), true);
            return Name { text, id };
        }
        let stem = match base.rsplit_once("__") {
            Some((stem, suffix)) if !stem.is_empty() && suffix.parse::<u32>().is_ok() => stem,
            _ => base,
        };
        let mut next = tables.next_suffix.get(stem).copied().unwrap_or(1);
        loop {
            let text: Arc<str> = format!("{stem}__{next}").into();
            if let Entry::Vacant(free) = tables.taken.entry(text.clone()) {
                free.insert(true);
                match tables.next_suffix.get_mut(stem) {
                    Some(slot) => *slot = next + 1,
                    None => drop(tables.next_suffix.insert(stem.into(), next + 1)),
                }
                return Name { text, id };
            }
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn texts_are_unique_and_those_of_the_source_stay() {
        let mut names = Names::default();
        ["x", "x__1", "x__3"].into_iter().for_each(|text| names.reserve(text));
        let mut fresh = |base: &str| names.fresh(base).text().to_string();
        assert_eq!(fresh("x"), "x");
        assert_eq!(fresh("x__1"), "x__1");
        assert_eq!(fresh("x"), "x__2");
        assert_eq!(fresh("x__2"), "x__4");
        assert_eq!(fresh("x__3"), "x__3");
        assert_eq!(fresh("__1"), "__1");
        assert_eq!(fresh("__1"), "__1__1");
    }

    #[test]
    fn copies_of_the_supply_are_independent() {
        let mut names = Names::default();
        names.fresh("x");
        let mut copy = names.clone();
        assert_eq!(copy.fresh("x").text(), "x__1");
        assert_eq!(names.fresh("x").text(), "x__1");
    }
}
