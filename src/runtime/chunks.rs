#![forbid(unsafe_code)]
//! How the iterations of a loop that fills tables are cut into chunks, and what the table of a chunk may hold.
//!
//! Promises: functions of the length of the loop and of its leaves alone, never of threads or time: where values round,
//! the order in which they meet follows from these numbers, and the interpreter reads the same ones (through
//! `plan::chunks`).

/// Leaves of the shortest chunk.
const LEAST_LEAVES: i64 = 16;
/// A long loop has this many chunks.
const CHUNKS: i64 = 16;
/// The most keys in the table of a chunk: it stays in the near caches.
const MOST_KEYS: i64 = 4096;
/// A table with fewer iterations a key than this combines too little to be worth it.
const LEAST_PER_KEY: i64 = 8;

/// Iterations of a chunk of a loop of `n` iterations: whole leaves.
pub fn chunk_len(n: i64, leaf: i64) -> i64 {
    let leaf = leaf.max(1);
    let leaves = (n.max(1) - 1) / leaf + 1;
    let per_chunk = (leaves - 1) / CHUNKS + 1;
    per_chunk.max(LEAST_LEAVES).saturating_mul(leaf)
}

/// The most keys in the table of such a chunk. When it has so many and one more comes, its entries become rows, and
/// either it begins again or, if it [is sparse](is_sparse), all that follows in its chunk becomes rows.
pub fn most_keys(chunk_len: i64) -> i64 {
    (chunk_len / 4).clamp(1, MOST_KEYS)
}

/// Whether a table that got `keys` keys in so many iterations combines too little to be worth it.
pub fn is_sparse(iterations: i64, keys: i64) -> bool {
    iterations < keys.saturating_mul(LEAST_PER_KEY)
}

#[cfg(test)]
mod tests {
    use super::{chunk_len, is_sparse, most_keys};

    #[test]
    fn chunks_are_whole_leaves_and_cover_the_loop() {
        for leaf in [1, 16, 4096] {
            for n in [0, 1, 16, 17, 255, 256, 257, 65_536, 65_537, 2_000_000, i64::MAX] {
                let len = chunk_len(n, leaf);
                assert!(len % leaf == 0 || len == i64::MAX, "{n} {leaf}");
                assert!(n / len <= 16, "{n} {leaf}");
                assert!(len >= 16 * leaf);
            }
        }
        assert_eq!((chunk_len(20_000_000, 4096), most_keys(65_536)), (1_253_376, 4096));
    }

    #[test]
    fn sparse_is_few_iterations_a_key() {
        assert!(is_sparse(0, 1) && is_sparse(7999, 1000));
        assert!(!is_sparse(8000, 1000) && !is_sparse(i64::MAX, i64::MAX / 8));
    }
}
