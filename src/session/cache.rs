#![forbid(unsafe_code)]
//! Programs in machine code, kept for whoever compiles the same text again.
//!
//! Promises: a program is found by its whole text and by every setting that changes its code, compared in full; what is kept is
//! bounded by number and by bytes, and what was used least recently goes first. Whoever has a program keeps it, in here or not.
//! Only programs that compiled are kept. Sessions that share LLVM share them; a text that several threads compile at once is
//! compiled by each, and kept once.

use super::{Checked, Program, Session};
use crate::codegen::{CodegenError, Compiled};
use crate::config::Config;
use crate::diag::{Diagnostics, SourceId};
use crate::ir;
use crate::passes::Optimized;
use crate::plan::{Effort, LlvmPasses};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most programs that are kept, and the most bytes that they may have together.
const MOST_PROGRAMS: usize = 64;
const MOST_BYTES: usize = 32 << 20;

/// What a node of a typed program takes, about.
const NODE_BYTES: usize = 200;

/// What decides which code a text becomes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    text: Arc<str>,
    passes: String,
    effort: Effort,
    llvm: LlvmPasses,
    /// Warnings speak of it.
    loading: &'static str,
}

impl Key {
    /// Nothing for programs that are not kept: names of files are in the code of traced ones, and files of code are written by
    /// compiling.
    fn new(text: Arc<str>, config: &Config, loading: &'static str) -> Option<Key> {
        // Every setting is named, so that a new one is not forgotten.
        let Config {
            passes,
            effort,
            llvm,
            trace,
            dump,
            cache,
            threads: _,
            memory_limit: _,
            time_limit: _,
            run_function: _,
        } = config;
        if !*cache || *trace || dump.on {
            return None;
        }
        Some(Key { text, passes: passes.clone(), effort: *effort, llvm: *llvm, loading })
    }
}

/// A compiled program with what led to it.
pub(super) struct Kept {
    pub checked: Checked,
    pub optimized: ir::Program,
    /// Each pass and its time.
    pub passes: Vec<(&'static str, Duration)>,
    pub compiled: Arc<Compiled>,
}

impl Kept {
    fn bytes(&self, key: &Key) -> usize {
        let nodes = |program: &ir::Program| program.func.body.facts.nodes as usize * NODE_BYTES;
        self.compiled.code_bytes + key.text.len() + nodes(&self.checked.program) + nodes(&self.optimized)
    }
}

/// How the cache is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Programs that were there.
    pub hits: u64,
    /// Programs that had to be compiled.
    pub misses: u64,
    /// Programs that are kept.
    pub programs: usize,
    /// Bytes of their code, texts and trees.
    pub bytes: usize,
}

struct Entry {
    key: Key,
    kept: Arc<Kept>,
    bytes: usize,
}

struct State {
    /// The one used last is at the end.
    entries: Vec<Entry>,
    stats: CacheStats,
}

/// The programs that are kept.
pub(super) struct Cache {
    most_programs: usize,
    most_bytes: usize,
    state: Mutex<State>,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache::bounded(MOST_PROGRAMS, MOST_BYTES)
    }
}

impl Cache {
    fn bounded(most_programs: usize, most_bytes: usize) -> Cache {
        let state = State { entries: Vec::new(), stats: CacheStats::default() };
        Cache { most_programs, most_bytes, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn stats(&self) -> CacheStats {
        self.state().stats
    }

    /// The program of this key, if it `fits`.
    fn find(&self, key: &Key, fits: impl Fn(&Kept) -> bool) -> Option<Arc<Kept>> {
        let mut state = self.state();
        let at = state.entries.iter().position(|entry| entry.key == *key && fits(&entry.kept));
        let Some(at) = at else {
            state.stats.misses += 1;
            return None;
        };
        state.stats.hits += 1;
        let entry = state.entries.remove(at);
        let kept = entry.kept.clone();
        state.entries.push(entry);
        Some(kept)
    }

    /// Keeps a program in place of one of the same key, and as many others as there is room for.
    fn keep(&self, key: Key, kept: Arc<Kept>) {
        let bytes = kept.bytes(&key);
        if bytes > self.most_bytes {
            return;
        }
        // What goes is dropped behind the lock: freeing code waits for whoever compiles.
        let mut gone = Vec::new();
        let mut state = self.state();
        let State { entries, stats } = &mut *state;
        if let Some(at) = entries.iter().position(|entry| entry.key == key) {
            gone.push(entries.remove(at));
        }
        entries.push(Entry { key, kept, bytes });
        let all = |entries: &[Entry]| entries.iter().map(|entry| entry.bytes).sum::<usize>();
        while entries.len() > self.most_programs || all(entries) > self.most_bytes {
            gone.push(entries.remove(0));
        }
        (stats.programs, stats.bytes) = (entries.len(), all(entries));
        drop(state);
    }
}

/// A text that has become machine code.
pub struct Prepared {
    /// The typed program.
    pub checked: Checked,
    /// The program after the passes.
    pub optimized: ir::Program,
    /// Each pass and its time.
    pub passes: Vec<(&'static str, Duration)>,
    /// The program in machine code.
    pub program: Program,
}

/// Why a text has not become machine code.
#[derive(Debug)]
pub enum Refused {
    /// It is no program.
    Rejected(Diagnostics),
    /// A bug, in words.
    Bug(CodegenError),
}

impl Session {
    /// Checks, optimizes and compiles a text, or finds it compiled: the times are then those of that compilation.
    ///
    /// ```
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let first = session.prepare(source).map(|prepared| prepared.program.is_cached());
    /// let second = session.prepare(source).map(|prepared| prepared.program.is_cached());
    /// assert!(matches!((first, second), (Ok(false), Ok(true))));
    /// assert_eq!((session.cache_stats().hits, session.cache_stats().programs), (1, 1));
    /// ```
    pub fn prepare(&self, source: SourceId) -> Result<Prepared, Refused> {
        let key = self.key(source);
        let of_this_source = |kept: &Kept| kept.checked.source == source && self.links(kept);
        if let Some(kept) = key.as_ref().and_then(|key| self.cache.find(key, of_this_source)) {
            let program = self.found(&kept, source);
            let Kept { checked, optimized, passes, .. } = &*kept;
            return Ok(Prepared {
                checked: checked.clone(),
                optimized: optimized.clone(),
                passes: passes.clone(),
                program,
            });
        }
        let checked = self.check(source).map_err(Refused::Rejected)?;
        let optimized = self.optimize_unrecorded(&checked);
        let program = self.compile_and_keep(key, &checked, &optimized).map_err(Refused::Bug)?;
        Ok(Prepared { checked, optimized: optimized.program, passes: optimized.times, program })
    }

    /// Compiles what the pipeline of the settings made of a checked program, or finds it compiled. Another pipeline's program
    /// is for [`Session::compile`].
    pub fn compile_checked(&self, checked: &Checked, optimized: &Optimized) -> Result<Program, CodegenError> {
        let key = self.key(checked.source);
        match key.as_ref().and_then(|key| self.cache.find(key, |kept| self.links(kept))) {
            Some(kept) => Ok(self.found(&kept, checked.source)),
            None => self.compile_and_keep(key, checked, optimized),
        }
    }

    /// How the cache of compiled programs is doing, which sibling sessions share.
    pub fn cache_stats(&self) -> CacheStats {
        self.cache.stats()
    }

    fn key(&self, source: SourceId) -> Option<Key> {
        Key::new(self.sources.text(source), &self.config, self.loading)
    }

    /// Whether a program calls the C functions that this session would find for it.
    fn links(&self, kept: &Kept) -> bool {
        kept.compiled.links_with(&self.libraries)
    }

    fn found(&self, kept: &Kept, source: SourceId) -> Program {
        log::info!("compiled before: {} bytes of code", kept.compiled.code_bytes);
        let moved = (kept.checked.source != source).then_some((kept.checked.source, source));
        let mut program = self.runnable(kept.compiled.clone());
        (program.cached, program.moved) = (true, moved);
        program
    }

    fn compile_and_keep(
        &self,
        key: Option<Key>,
        checked: &Checked,
        optimized: &Optimized,
    ) -> Result<Program, CodegenError> {
        let program = self.compile(optimized)?;
        // What a bug of a pass left behind is not what the text becomes.
        if let (Some(key), None) = (key, &optimized.internal_error) {
            let kept = Kept {
                checked: checked.clone(),
                optimized: optimized.program.clone(),
                passes: optimized.times.clone(),
                compiled: program.compiled.clone(),
            };
            self.cache.keep(key, Arc::new(kept));
        }
        Ok(program)
    }
}

#[cfg(test)]
mod tests;
