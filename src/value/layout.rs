#![forbid(unsafe_code)]
//! Sizes, alignments and field offsets of types in memory: LANGUAGE 17.
//!
//! Promises: the same numbers as a C compiler's for the same structs; compiled code, marshalling and C clients all
//! take theirs from here. A merger is its bare accumulator in memory.

use crate::ir::{BuilderTy, Ty};

/// Bytes and alignment of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes, tail padding included: the distance of neighbours in a vector.
    pub size: usize,
    /// Alignment, a power of two.
    pub align: usize,
}

const fn fixed(size: usize, align: usize) -> Layout {
    Layout { size, align }
}

/// The layout of a type.
pub fn layout(ty: &Ty) -> Layout {
    match ty {
        Ty::Scalar(scalar) => fixed(scalar.bytes(), scalar.bytes()),
        Ty::Struct(fields) => place(fields, &mut |_| {}),
        Ty::Vec(_) => fixed(16, 8),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Appender(_) => fixed(24, 8),
            BuilderTy::Merger(value, _) => layout(value),
            BuilderTy::VecMerger(..) => fixed(16, 8),
            BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) => fixed(8, 8),
        },
        Ty::Dict(_) => fixed(8, 8),
        // Never in memory: registers only, so the widest register will do.
        Ty::Simd(_) => fixed(64, 64),
        // Gone after checking.
        Ty::Infer(_) => fixed(0, 1),
    }
}

/// Where each field of a struct begins.
pub fn field_offsets(fields: &[Ty]) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(fields.len());
    place(fields, &mut |offset| offsets.push(offset));
    offsets
}

/// The offsets of the scalars of a struct of scalars, or of structs of scalars, in order.
pub fn leaf_offsets(ty: &Ty) -> Vec<usize> {
    let Some(fields) = ty.fields() else { return vec![0] };
    let parts = fields.iter().zip(field_offsets(fields));
    parts.flat_map(|(field, start)| leaf_offsets(field).into_iter().map(move |at| start + at)).collect()
}

/// Lays out fields in order, telling each offset, and returns the layout of the whole.
fn place(fields: &[Ty], tell: &mut dyn FnMut(usize)) -> Layout {
    let mut whole = fixed(0, 1);
    for field in fields {
        let part = layout(field);
        let offset = whole.size.next_multiple_of(part.align);
        tell(offset);
        whole = fixed(offset.saturating_add(part.size), whole.align.max(part.align));
    }
    whole.size = whole.size.next_multiple_of(whole.align);
    whole
}

#[cfg(test)]
mod tests {
    use super::{Layout, field_offsets, layout};
    use crate::ir::{BuilderTy, MergeOp, Scalar, Ty};
    use std::mem::{align_of, offset_of, size_of};

    #[repr(C)]
    struct Inner {
        a: u8,
        b: u16,
    }

    #[repr(C)]
    struct Outer {
        a: i8,
        b: f64,
        c: Inner,
        d: bool,
        e: (*const u8, i64),
        f: i32,
    }

    #[test]
    fn agrees_with_c() {
        let inner = Ty::tuple(vec![Scalar::U8.into(), Scalar::U16.into()]);
        let fields =
            [Ty::I8, Scalar::F64.into(), inner.clone(), Ty::BOOL, Ty::vec(Ty::I64), Scalar::I32.into()];
        assert_eq!(layout(&inner), Layout { size: size_of::<Inner>(), align: align_of::<Inner>() });
        let outer = layout(&Ty::tuple(fields.to_vec()));
        assert_eq!(outer, Layout { size: size_of::<Outer>(), align: align_of::<Outer>() });
        let expected = [
            offset_of!(Outer, a),
            offset_of!(Outer, b),
            offset_of!(Outer, c),
            offset_of!(Outer, d),
            offset_of!(Outer, e),
            offset_of!(Outer, f),
        ];
        assert_eq!(field_offsets(&fields), expected);
    }

    #[test]
    fn unit_takes_no_room() {
        let unit = Ty::tuple(vec![]);
        assert_eq!(layout(&unit), Layout { size: 0, align: 1 });
        assert_eq!(field_offsets(&[Ty::I8, unit, Ty::I64]), [0, 1, 8]);
        assert_eq!(layout(&Ty::vec(Ty::I8)), Layout { size: 16, align: 8 });
        assert_eq!(layout(&Ty::builder(BuilderTy::Appender(Ty::I8))), Layout { size: 24, align: 8 });
        assert_eq!(
            layout(&Ty::builder(BuilderTy::Merger(Ty::I8, MergeOp::Add))),
            Layout { size: 1, align: 1 }
        );
    }
}
