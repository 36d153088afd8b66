//! Looks at memory that somebody else laid out, before a program runs on it.
//!
//! Promises: a null pointer, a negative length, and a length that no memory has are told with the way to them; nothing is
//! written. Must not: guess; what cannot be seen in the memory itself (a pointer to nowhere, a length that is too large) is
//! in the caller's hands.

use super::layout::{field_offsets, layout};
use crate::ir::Ty;

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The vectors of the arguments themselves: a few instructions each.
    Outer,
    /// The vectors in those vectors too: as many steps as there are.
    All,
}

/// What is wrong with the value of type `ty` at `data`, which is called `name` in the answer.
///
/// # Safety
/// `data` leads to as many readable bytes as a value of the type has; with [`Depth::All`] each vector in it leads to as many
/// elements as it says, unless its length or its pointer is one of those that are refused.
pub unsafe fn check(data: *const u8, ty: &Ty, depth: Depth, name: &str) -> Result<(), String> {
    match ty {
        Ty::Vec(elem) => {
            // SAFETY: a vector is a pointer and a length; the memory may be unaligned.
            let (first, len) = unsafe {
                (data.cast::<*const u8>().read_unaligned(), data.add(8).cast::<i64>().read_unaligned())
            };
            if len < 0 {
                return Err(format!("{name} has the length {len}"));
            }
            if first.is_null() && len > 0 {
                return Err(format!("{name} has the length {len} and a null pointer"));
            }
            let stride = layout(elem).size;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            if len.checked_mul(stride).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
                return Err(format!("{name} has the length {len}, more than memory has"));
            }
            if depth == Depth::All && has_vectors(elem) {
                for at in 0..len {
                    // SAFETY: the vector leads to `len` elements.
                    unsafe {
                        check(first.add(at * stride), elem, depth, &format!("element {at} of {name}"))?
                    };
                }
            }
            Ok(())
        }
        Ty::Struct(fields) => {
            for (at, (field, offset)) in fields.iter().zip(field_offsets(fields)).enumerate() {
                // SAFETY: a field begins at its offset.
                unsafe { check(data.add(offset), field, depth, &format!("field {at} of {name}"))? };
            }
            Ok(())
        }
        // A dictionary may be null: it is empty then. What else it points at is Weld's own.
        Ty::Scalar(_) | Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => Ok(()),
    }
}

fn has_vectors(ty: &Ty) -> bool {
    match ty {
        Ty::Vec(_) => true,
        Ty::Struct(fields) => fields.iter().any(has_vectors),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Depth, check};
    use crate::ir::Ty;

    fn checked(words: &[i64], ty: &Ty, depth: Depth) -> Result<(), String> {
        // SAFETY: the tests below write values of the type, with vectors that they keep or that are refused.
        unsafe { check(words.as_ptr().cast(), ty, depth, "`v`") }
    }

    #[test]
    fn vectors_that_cannot_be_are_refused() {
        let ty = Ty::vec(Ty::I64);
        assert_eq!(checked(&[0, 0], &ty, Depth::Outer), Ok(()));
        assert_eq!(checked(&[64, -3], &ty, Depth::Outer), Err("`v` has the length -3".to_string()));
        let null = Err("`v` has the length 2 and a null pointer".to_string());
        assert_eq!(checked(&[0, 2], &ty, Depth::Outer), null);
        assert!(checked(&[64, i64::MAX], &ty, Depth::Outer).is_err());
    }

    #[test]
    fn inner_vectors_are_looked_at_when_asked() {
        let ty = Ty::vec(Ty::vec(Ty::I8));
        let inner = [64i64, 0, 0, 5];
        let outer = [inner.as_ptr().expose_provenance() as i64, 2];
        assert_eq!(checked(&outer, &ty, Depth::Outer), Ok(()));
        let told = Err("element 1 of `v` has the length 5 and a null pointer".to_string());
        assert_eq!(checked(&outer, &ty, Depth::All), told);
    }
}
