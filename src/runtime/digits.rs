#![forbid(unsafe_code)]
//! Stable distribution of records by their 8-byte keys, digit by digit.
//!
//! Promises: records with equal keys keep their order; digits that are the same in all keys cost nothing, and neither
//! do keys that are in order already.

/// Values of one digit: a byte.
const DIGITS: usize = 256;

/// Where the sorted records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Where they came from.
    Data,
    /// In the other memory.
    Scratch,
}

/// Sorts the records of `data` by their first word. `scratch` has the same length; what it holds does not matter.
/// `None` when `stop` says so between two digits.
pub(super) fn distribute<const WORDS: usize>(
    data: &mut [[u64; WORDS]],
    scratch: &mut [[u64; WORDS]],
    stop: &dyn Fn() -> bool,
) -> Option<Place> {
    let mut counts = [[0usize; DIGITS]; 8];
    let mut in_order = true;
    let mut last = 0;
    for key in data.iter().map(key_of) {
        in_order &= last <= key;
        last = key;
        for (digit, counts) in counts.iter_mut().enumerate() {
            counts[digit_of(key, digit)] += 1;
        }
    }
    if in_order {
        return Some(Place::Data);
    }
    let (mut from, mut to) = (data, scratch);
    let mut place = Place::Data;
    for (digit, counts) in counts.iter_mut().enumerate() {
        if counts.contains(&from.len()) {
            continue;
        }
        if stop() {
            return None;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for record in from.iter() {
            let next = &mut counts[digit_of(key_of(record), digit)];
            if let Some(slot) = to.get_mut(*next) {
                *slot = *record;
            }
            *next += 1;
        }
        std::mem::swap(&mut from, &mut to);
        place = if place == Place::Data { Place::Scratch } else { Place::Data };
    }
    Some(place)
}

/// The key of a record.
fn key_of<const WORDS: usize>(record: &[u64; WORDS]) -> u64 {
    record.first().copied().unwrap_or_default()
}

fn digit_of(key: u64, digit: usize) -> usize {
    usize::from(key.to_le_bytes()[digit & 7])
}

#[cfg(test)]
mod tests {
    use super::{Place, distribute};

    #[test]
    fn sorts_and_is_stable() {
        for n in [0usize, 1, 2, 255, 1000] {
            for mask in [u64::MAX, 0xff, 0xff00_ff00, 0, 3 << 62] {
                let mut key = 88172645463325252u64;
                let mut data: Vec<[u64; 2]> = Vec::new();
                for at in 0..n as u64 {
                    key ^= key << 13;
                    key ^= key >> 7;
                    key ^= key << 17;
                    data.push([key & mask, at]);
                }
                let mut wanted = data.clone();
                wanted.sort_by_key(|record| record[0]);
                let mut scratch = vec![[0; 2]; n];
                let sorted = match distribute(&mut data, &mut scratch, &|| false).unwrap() {
                    Place::Data => &data,
                    Place::Scratch => &scratch,
                };
                assert_eq!(*sorted, wanted, "{n} {mask:x}");
            }
        }
    }

    #[test]
    fn stops_and_skips() {
        let mut data = [[2u64], [1]];
        assert_eq!(distribute(&mut data, &mut [[0]; 2], &|| true), None);
        let mut data = [[1u64], [1], [7]];
        assert_eq!(distribute(&mut data, &mut [[0]; 3], &|| true), Some(Place::Data));
    }
}
