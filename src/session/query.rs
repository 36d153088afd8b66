#![forbid(unsafe_code)]
//! Questions about an optimization, answered from its trace: what fired at a place and what nearly did, what would be if
//! it had, where code came from and where it went, how two optimizations differ.
//!
//! Promises: answers are data that borrow the trace; they are computed from what was recorded, in time linear in the
//! programs of the trace; what cannot be told honestly is said so. Must not: print, or run a program.

mod compare;
mod fate;
mod find;
mod focus;
mod origin;
mod place;
mod what_if;
mod why;

pub use compare::{Comparison, Difference, compare};
pub use fate::{Change, Event, Fate, fate};
pub use find::{Found, find};
pub use focus::Focus;
pub use origin::{Named, named, node_at};
pub use place::{Spot, is_place, parse_place};
pub use what_if::{Effect, predict};
pub use why::{Fired, Missed, Selection, Why, why};

#[cfg(test)]
mod tests;
