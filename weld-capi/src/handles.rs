#![forbid(unsafe_code)]
//! Handles: what C programs hold instead of objects.
//!
//! Promises: a handle that was freed, was never made, or is of another kind is told apart from a good one without touching
//! memory that it may lead to, for it leads nowhere: it is a number with the place of its object in a table, the kind, and
//! how often the place was used before. Any number of threads may use the table.
//!
//! A handle, from the high bits: 16 bits that no address of a process has, 4 bits of kind, 18 bits of generation, 26 bits of
//! place. A place is used again only after at least [`LEAST_FREE`] others were freed, so a stale handle is taken for a good one
//! at the earliest after 2^18 times as many.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use weld_compiler::{WeldConf, WeldContext, WeldError, WeldModule, WeldValue};

use crate::texts::Texts;

/// What a handle stands for.
#[derive(Clone)]
pub enum Object {
    Conf(Arc<Held<WeldConf>>),
    Context(Arc<Held<WeldContext>>),
    Value(Arc<Held<WeldValue>>),
    Module(Arc<Held<WeldModule>>),
    Error(Arc<Held<WeldError>>),
}

/// An object, and the C strings that were handed out for it and belong to it.
pub struct Held<T> {
    pub object: Mutex<T>,
    pub texts: Texts,
}

impl<T> Held<T> {
    pub fn new(object: T) -> Arc<Held<T>> {
        Arc::new(Held { object: Mutex::new(object), texts: Texts::default() })
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.object)
    }
}

impl Object {
    fn kind(&self) -> u64 {
        match self {
            Object::Conf(_) => 1,
            Object::Context(_) => 2,
            Object::Value(_) => 3,
            Object::Module(_) => 4,
            Object::Error(_) => 5,
        }
    }
}

/// Not the upper half of an address: those of x86-64 and AArch64 processes have zeros or ones there.
const MAGIC: u64 = 0x57e1;
const PLACE_BITS: u32 = 26;
const GENERATION_BITS: u32 = 18;

/// So many places lie between a free and the next use of a place.
const LEAST_FREE: usize = 1024;

/// The first chunk of the table; each further one has as many places as all before it.
const FIRST: usize = 1024;
const CHUNKS: usize = (PLACE_BITS - FIRST.trailing_zeros() + 1) as usize;

#[derive(Default)]
struct Place {
    generation: u64,
    object: Option<Object>,
}

/// The table. Chunks are made when they are needed and never go, so looking something up takes only the lock of its place.
struct Table {
    chunks: [OnceLock<Box<[Mutex<Place>]>>; CHUNKS],
    used: AtomicUsize,
    free: Mutex<VecDeque<usize>>,
    live: AtomicI64,
}

static TABLE: Table = Table {
    chunks: [const { OnceLock::new() }; CHUNKS],
    used: AtomicUsize::new(0),
    free: Mutex::new(VecDeque::new()),
    live: AtomicI64::new(0),
};

/// A handle for an object; 0 when there are too many.
pub fn new(object: Object) -> usize {
    TABLE.insert(object).unwrap_or(0)
}

/// What a handle stands for; `None` for one that was freed or never made.
pub fn get(handle: usize) -> Option<Object> {
    let (place, kind, generation) = parts(handle)?;
    let place = lock(TABLE.place(place)?);
    let object = place.object.as_ref()?;
    (place.generation == generation && object.kind() == kind).then(|| object.clone())
}

/// Takes an object out of the table if `wanted` says so: its handle is stale from now on.
pub fn take(handle: usize, wanted: impl FnOnce(&Object) -> bool) -> Option<Object> {
    let (at, kind, generation) = parts(handle)?;
    let mut place = lock(TABLE.place(at)?);
    let object = place.object.as_ref()?;
    if place.generation != generation || object.kind() != kind || !wanted(object) {
        return None;
    }
    let object = place.object.take();
    place.generation = (generation + 1) & ((1 << GENERATION_BITS) - 1);
    drop(place);
    lock(&TABLE.free).push_back(at);
    TABLE.live.fetch_sub(1, Ordering::Relaxed);
    object
}

/// How many handles have been made and not freed.
pub fn live() -> i64 {
    TABLE.live.load(Ordering::Relaxed)
}

fn parts(handle: usize) -> Option<(usize, u64, u64)> {
    let handle = handle as u64;
    if handle >> 48 != MAGIC {
        return None;
    }
    let place = (handle & ((1 << PLACE_BITS) - 1)) as usize;
    let generation = (handle >> PLACE_BITS) & ((1 << GENERATION_BITS) - 1);
    Some((place, (handle >> 44) & 15, generation))
}

impl Table {
    fn insert(&self, object: Object) -> Option<usize> {
        let at = self.free_place()?;
        let mut place = lock(self.place(at)?);
        let handle = MAGIC << 48 | object.kind() << 44 | place.generation << PLACE_BITS | at as u64;
        place.object = Some(object);
        self.live.fetch_add(1, Ordering::Relaxed);
        Some(handle as usize)
    }

    fn free_place(&self) -> Option<usize> {
        let mut free = lock(&self.free);
        if free.len() >= LEAST_FREE {
            return free.pop_front();
        }
        let at = self.used.load(Ordering::Relaxed);
        if at >= 1 << PLACE_BITS {
            return free.pop_front();
        }
        let (chunk, _) = chunk_of(at);
        let size = if chunk == 0 { FIRST } else { FIRST << (chunk - 1) };
        self.chunks.get(chunk)?.get_or_init(|| (0..size).map(|_| Mutex::default()).collect());
        self.used.store(at + 1, Ordering::Relaxed);
        Some(at)
    }

    fn place(&self, at: usize) -> Option<&Mutex<Place>> {
        let (chunk, offset) = chunk_of(at);
        self.chunks.get(chunk)?.get()?.get(offset)
    }
}

/// The chunk of a place, and where in it the place is.
fn chunk_of(at: usize) -> (usize, usize) {
    if at < FIRST {
        return (0, at);
    }
    let chunk = (at / FIRST).ilog2() as usize;
    (chunk + 1, at - (FIRST << chunk))
}

/// Locks a mutex whose data stays valid when a holder panics.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
