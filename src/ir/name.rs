#![forbid(unsafe_code)]
//! Names of binders, unique in a program.
//!
//! Promises: equal names are the same binder; the text of a name is unique too, so printed programs
//! parse back to the same bindings. `x`, then `x__1`, `x__2`, ... skipping names of the source.

use std::collections::{HashMap, HashSet};
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
    taken: HashSet<Arc<str>>,
    next_suffix: HashMap<Arc<str>, u32>,
}

impl Names {
    /// Marks a text of the source as taken, so that no fresh name looks like it.
    pub fn reserve(&mut self, text: &str) {
        Arc::make_mut(&mut self.tables).taken.insert(text.into());
    }

    /// A new binder that prints as `base`, or as `base__k` when that is taken. A suffix that an earlier
    /// call added is cut first, so that copies of copies do not grow.
    pub fn fresh(&mut self, base: &str) -> Name {
        let tables = Arc::make_mut(&mut self.tables);
        let base = match base.rsplit_once("__") {
            Some((stem, suffix)) if !stem.is_empty() && suffix.parse::<u32>().is_ok() && tables.next_suffix.contains_key(stem) => stem,
            _ => base,
        };
        let id = self.next_id;
        self.next_id += 1;
        let key: Arc<str> = base.into();
        let Some(next) = tables.next_suffix.get_mut(&key) else {
            tables.next_suffix.insert(key.clone(), 1);
            tables.taken.insert(key.clone());
            return Name { text: key, id };
        };
        loop {
            let text: Arc<str> = format!("{base}__{next}").into();
            *next += 1;
            if tables.taken.insert(text.clone()) {
                return Name { text, id };
            }
        }
    }
}
