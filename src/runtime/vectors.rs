#![forbid(unsafe_code)]
//! How a loop on several threads merges into vectors: in order, into copies, or by rows.
//!
//! Promises: [`way`] is a function of the length of the loop and of its leaves and of the vectors alone, never of threads
//! or time: where values round, the order in which they meet follows from it, and the interpreter reads the same numbers
//! (through `plan::vectors`). Rows are applied in their order, so whether there are any, which threads decide, shows in no
//! result.

use super::chunks;

/// What is known about one vector.
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    /// Its length.
    pub len: i64,
    /// Bytes of an element.
    pub elem_bytes: i64,
    /// Whether the order of merges shows: float `+` and `*`.
    pub rounds: bool,
}

/// What a loop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All merges in the order of the iterations: into the vectors themselves, or by rows.
    InOrder,
    /// Parts of the iterations have copies that begin neutral and are folded into the vectors at the end. Where values
    /// round, a part is a chunk of so many iterations, and chunks are folded in their order.
    Copies {
        /// Whole leaves.
        chunk: i64,
    },
}

/// Leaves of the shortest chunk.
const LEAST_LEAVES: i64 = 16;
/// The most chunks of a loop, and the fewest that are worth it.
const MOST_CHUNKS: i64 = 64;
const LEAST_CHUNKS: i64 = 4;
/// The most bytes of the copies of all chunks.
const CHUNK_BYTES: i64 = 16 << 20;
/// The most bytes of a vector that threads have copies of, which should stay in a cache.
const COPY_BYTES: i64 = 8 << 20;
/// A slot of a copy costs as much as so many merges.
const SLOT_COST: i64 = 4;
/// What a loop in an iteration is taken to merge.
const NESTED_MERGES: i64 = 32;

fn bytes(vector: &Vector) -> i64 {
    vector.len.saturating_mul(vector.elem_bytes)
}

fn sum(numbers: impl Iterator<Item = i64>) -> i64 {
    numbers.fold(0, i64::saturating_add)
}

/// What a loop of `n` iterations does that merges into these vectors; `nested` where an iteration has a loop that merges
/// into one, `tables` where the loop fills tables too, and is cut as these want it.
pub fn way(n: i64, leaf: i64, vectors: &[Vector], nested: bool, tables: bool) -> Way {
    let leaf = leaf.max(1);
    let merges = if nested { n.saturating_mul(NESTED_MERGES) } else { n };
    let rounding = || vectors.iter().filter(|vector| vector.rounds);
    let by_cost = merges / sum(rounding().map(|vector| vector.len)).max(1) / SLOT_COST;
    let by_bytes = CHUNK_BYTES / sum(rounding().map(bytes)).max(1);
    let most = by_cost.min(by_bytes).min(MOST_CHUNKS);
    let exact = || vectors.iter().filter(|vector| !vector.rounds);
    let fits =
        |vector: &Vector| bytes(vector) <= COPY_BYTES && vector.len.saturating_mul(SLOT_COST) <= merges;
    if most < LEAST_CHUNKS || !exact().all(fits) {
        return Way::InOrder;
    }
    let chunk = if tables {
        chunks::chunk_len(n, leaf)
    } else {
        let leaves = (n.max(1) - 1) / leaf + 1;
        ((leaves - 1) / most + 1).max(LEAST_LEAVES).saturating_mul(leaf)
    };
    let n_chunks = (n.max(1) - 1) / chunk + 1;
    if n_chunks == 1 || n_chunks > most { Way::InOrder } else { Way::Copies { chunk } }
}

/// From this size on random places of a vector miss the last cache, and rows are better even on one thread.
const FAR_BYTES: i64 = 16 << 20;
/// On several threads rows are better from so many bytes for each iteration of a leaf on: short leaves have expensive
/// iterations, for which a row is cheap.
const ROW_BYTES: i64 = 512;
/// The last cache has room for copies of so many bytes.
const CACHED_BYTES: i64 = 24 << 20;

/// Whether a loop that is [`Way::InOrder`] is better done by rows.
pub(super) fn by_rows(n: i64, leaf: i64, vectors: &[Vector], alone: bool) -> bool {
    let largest = vectors.iter().map(bytes).max().unwrap_or(0);
    let least = if alone { FAR_BYTES } else { leaf.saturating_mul(ROW_BYTES).min(FAR_BYTES) };
    let slots = sum(vectors.iter().map(|vector| vector.len));
    n > leaf.saturating_mul(LEAST_LEAVES) && largest >= least && slots / 8 <= n
}

/// Whether rows are better than a copy for each thread, where either may be.
pub(super) fn crowded(vectors: &[Vector], threads: usize) -> bool {
    let exact = vectors.iter().all(|vector| !vector.rounds);
    exact && sum(vectors.iter().map(bytes)).saturating_mul(threads as i64) > CACHED_BYTES
}

/// Bits of a slot that a row has, the lowest ones.
pub const ROW_BITS: u32 = 16;
/// Bytes of a part of a vector: it stays in a near cache while its rows are applied.
const PART_BYTES: i64 = 512 << 10;
/// A vector has this many parts, if it is long enough.
const FEW_PARTS: i64 = 64;

/// The bits of a slot that are the same in one part are those from this one on.
pub(super) fn part_shift(vector: &Vector) -> u32 {
    let small = |shift: &u32| vector.elem_bytes.saturating_mul(1 << shift) <= PART_BYTES;
    let many = |shift: &u32| vector.len >> shift >= FEW_PARTS;
    (4..=ROW_BITS).rev().find(|shift| small(shift) && many(shift)).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::{Vector, Way, by_rows, crowded, part_shift, way};

    fn vector(len: i64, rounds: bool) -> Vector {
        Vector { len, elem_bytes: 8, rounds }
    }

    #[test]
    fn chunks_are_whole_leaves_and_few() {
        for leaf in [1, 16, 4096] {
            for n in [0, 1, 16, 17, 1000, 65_536, 65_537, 2_000_000, i64::MAX] {
                for len in [0, 1, 64, 10_000, 100_000, i64::MAX] {
                    for tables in [false, true] {
                        if let Way::Copies { chunk } = way(n, leaf, &[vector(len, true)], false, tables) {
                            let n_chunks = (n - 1) / chunk + 1;
                            assert!(chunk % leaf == 0 && n_chunks > 1 && n_chunks <= 64, "{n} {leaf} {len}");
                            assert!(n_chunks * len * 8 <= 16 << 20 && n_chunks * len * 4 <= n);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn copies_have_to_pay() {
        let flat = |n, len, rounds| way(n, 4096, &[vector(len, rounds)], false, false) != Way::InOrder;
        assert!(flat(50_000_000, 1000, false) && flat(50_000_000, 1000, true));
        assert!(!flat(65_536, 10, false) && flat(65_537, 10, false));
        assert!(!flat(100_000, 30_000, false) && flat(120_000, 30_000, false));
        assert!(!flat(100_000, 10_000, true) && flat(160_000, 10_000, true));
        assert!(flat(20_000_000, 1_000_000, false) && !flat(20_000_000, 1_000_000, true));
        assert!(!flat(20_000_000, 10_000_000, false));
        let both = [vector(10, true), vector(2 << 20, false)];
        assert_eq!(way(1 << 40, 4096, &both, false, false), Way::InOrder);
        let nested = |rows| way(rows, 16, &[vector(64, true)], true, false);
        assert_eq!(nested(256), Way::InOrder);
        assert_eq!(
            (nested(257), nested(1_500_000)),
            (Way::Copies { chunk: 256 }, Way::Copies { chunk: 23_440 })
        );
    }

    #[test]
    fn rows_are_for_vectors_that_miss_the_caches() {
        let large = [vector(10_000_000, false)];
        assert!(by_rows(20_000_000, 4096, &large, true) && !by_rows(1_000_000, 4096, &large, true));
        assert!(!by_rows(20_000_000, 4096, &[vector(1_000_000, true)], true));
        assert!(by_rows(20_000_000, 4096, &[vector(1_000_000, true)], false));
        assert!(!crowded(&[vector(1_000_000, false)], 3) && crowded(&[vector(1_000_000, false)], 4));
        assert_eq!(part_shift(&vector(10_000_000, false)), 16);
        assert_eq!(part_shift(&Vector { elem_bytes: 16, ..vector(10_000_000, false) }), 15);
        assert_eq!((part_shift(&vector(100, true)), part_shift(&vector(4096, true))), (4, 6));
    }
}
