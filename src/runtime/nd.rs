#![forbid(unsafe_code)]
//! The arithmetic of `nditer` (LANGUAGE 9.1): which elements of a vector a shape with strides reaches.
//!
//! Promises: one implementation for the interpreter and for compiled code; [`count`] overflows for no numbers, and what it
//! accepts makes every index of [`Row`] an index into the vector.

/// The number of elements of a space that begins at element `start` of a vector of `len` elements. `None` when shape and
/// strides do not belong together, or an element is not in the vector.
pub fn count(len: i64, start: i64, shape: &[i64], strides: &[i64]) -> Option<i64> {
    if shape.len() != strides.len() || shape.iter().any(|size| *size < 0) {
        return None;
    }
    if shape.contains(&0) {
        return Some(0);
    }
    // The first and the last index of the vector that are reached. Each step is below 2^126, so only sums can overflow, and
    // each of the two goes in one direction only.
    let (mut first, mut last) = (i128::from(start), i128::from(start));
    let mut count = 1i64;
    for (size, stride) in shape.iter().zip(strides) {
        let steps = i128::from(size - 1) * i128::from(*stride);
        first = first.saturating_add(steps.min(0));
        last = last.saturating_add(steps.max(0));
        count = count.checked_mul(*size)?;
    }
    (first >= 0 && last < i128::from(len)).then_some(count)
}

/// Neighbouring iterations whose elements are a fixed distance apart: iteration `k` in `..end` reads element
/// `base + k * stride`, from the iteration that the row was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Row {
    /// The first iteration after it.
    pub end: i64,
    /// The element that iteration 0 would read if it belonged to the row; wraps around.
    pub base: i64,
    /// How far apart the elements are.
    pub stride: i64,
}

impl Row {
    /// The row that iteration `k` is in: the last dimension, with all before it that go on at the same distance, so that
    /// an array without gaps is one row. The space is one that [`count`] accepts, and `k` is below its count.
    pub fn of(k: i64, start: i64, shape: &[i64], strides: &[i64]) -> Row {
        let mut dims =
            shape.iter().copied().zip(strides.iter().copied()).rev().filter(|(size, _)| *size != 1);
        let (mut size, stride) = dims.next().unwrap_or((1, 0));
        // What has to be true of the stride of a dimension for it to go on where this row ends.
        let mut next = dims.next();
        while let Some((more, step)) = next
            && stride.checked_mul(size) == Some(step)
        {
            size = size.wrapping_mul(more);
            next = dims.next();
        }
        let (mut rest, within) = (k / size.max(1), k % size.max(1));
        let mut at = start;
        for (size, step) in next.into_iter().chain(dims) {
            at = at.wrapping_add((rest % size.max(1)).wrapping_mul(step));
            rest /= size.max(1);
        }
        let first = k - within;
        Row { end: first.saturating_add(size), base: at.wrapping_sub(first.wrapping_mul(stride)), stride }
    }

    /// The element of the vector that iteration `k` of the row reads.
    pub fn element(&self, k: i64) -> i64 {
        self.base.wrapping_add(k.wrapping_mul(self.stride))
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, count};
    use proptest::prelude::{prop_assert_eq, proptest};

    /// The elements in order, counted the way an odometer turns.
    fn turned(start: i64, shape: &[i64], strides: &[i64]) -> Vec<i64> {
        let Some((size, inner_shape)) = shape.split_first() else { return vec![start] };
        let (stride, inner_strides) = strides.split_first().unwrap();
        (0..*size).flat_map(|at| turned(start + at * stride, inner_shape, inner_strides)).collect()
    }

    proptest! {
        #[test]
        fn rows_and_count_are_those_of_an_odometer(
            start in -2i64..40, dims in proptest::collection::vec((0i64..5, -7i64..8), 0..5), len in 0i64..60,
        ) {
            let (shape, strides): (Vec<i64>, Vec<i64>) = dims.into_iter().unzip();
            let all = turned(start, &shape, &strides);
            let good = all.iter().all(|at| (0..len).contains(at));
            prop_assert_eq!(count(len, start, &shape, &strides), good.then_some(all.len() as i64));
            for (k, at) in all.iter().enumerate() {
                let row = Row::of(k as i64, start, &shape, &strides);
                prop_assert_eq!(row.element(k as i64), *at);
                for later in k as i64..row.end {
                    prop_assert_eq!(Some(&row.element(later)), all.get(later as usize));
                }
            }
        }
    }

    #[test]
    fn arrays_without_gaps_are_one_row() {
        assert_eq!(Row::of(17, 3, &[2, 1, 3, 4], &[12, -5, 4, 1]), Row { end: 24, base: 3, stride: 1 });
        assert_eq!(Row::of(0, 9, &[], &[]).element(0), 9);
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert_eq!(count(9, 0, &[i64::MAX, i64::MAX], &[i64::MAX, i64::MIN]), None);
        assert_eq!(count(9, i64::MIN, &[2], &[i64::MIN]), None);
        assert_eq!(count(9, 0, &[i64::MAX, 3], &[0, 0]), None);
        assert_eq!(count(9, i64::MAX, &[0, i64::MAX, i64::MAX], &[1, 1, 1]), Some(0));
        assert_eq!(count(9, 8, &[i64::MAX], &[0]), Some(i64::MAX));
        assert_eq!(count(9, 8, &[0, -1], &[0, 0]), None);
        let many = vec![i64::MAX; 1000];
        assert_eq!(count(9, 8, &many, &many), None);
    }
}
