//! Values to C memory and back: LANGUAGE 17.
//!
//! Promises: vectors of scalars cross in both directions without a copy (results when the run hands their memory over);
//! everything else is copied; padding of arguments is zero; memory is laid out as [`super::layout`] says.
//! `unsafe` is confined to reading what a pointer leads to.

use super::buffer::{self, Buffer, Owner, decode};
use super::layout::{field_offsets, layout};
use super::{Dict, Value, dict, table};
use crate::ir::{Scalar, Ty};
use crate::runtime::dict::hash_seed;
use crate::runtime::{Function, abi};
use std::sync::Arc;

/// Inputs of a run in memory: a struct of all parameters in order.
pub struct Arguments {
    frame: Buffer,
    /// What the frame points to: vectors of structs and of vectors, laid out here.
    _laid_out: Vec<Buffer>,
    /// And flat vectors, where they always were.
    _values: Vec<Value>,
}

impl Arguments {
    /// Lays out `args`, whose types are `tys`. The error is one line for the user.
    pub fn new(args: &[Value], tys: &[Ty]) -> Result<Arguments, String> {
        if args.len() != tys.len() {
            return Err(format!("{} inputs for {} parameters", args.len(), tys.len()));
        }
        let mut laid_out = Vec::new();
        let mut frame = buffer::Builder::with_len(Scalar::U8, layout(&Ty::tuple(tys.to_vec())).size);
        let offsets = field_offsets(tys);
        for (at, ((arg, ty), offset)) in args.iter().zip(tys).zip(offsets).enumerate() {
            let target = frame.bytes_mut().get_mut(offset..);
            let written = target.and_then(|target| Shape::new(ty).write(arg, target, &mut laid_out));
            written.ok_or_else(|| format!("input {} is no {ty}", at + 1))?;
        }
        Ok(Arguments { frame: frame.finish(), _laid_out: laid_out, _values: args.to_vec() })
    }

    /// The struct. With one parameter this is the address of its value too. Valid while `self` lives.
    pub fn as_ptr(&self) -> *const u8 {
        self.frame.bytes().as_ptr()
    }
}

/// Reads the value of type `ty` at `data`. `take` is offered the first byte of each vector of scalars: it
/// returns the owner of an allocation that starts there, to share it, or `None` to have the elements copied.
///
/// # Safety
/// `data` leads to a value of type `ty` as compiled code lays it out, and stays valid and unchanged during the call.
/// An owner that `take` returns keeps all elements of that vector valid and unchanged.
pub unsafe fn read(
    data: *const u8,
    ty: &Ty,
    take: &mut dyn FnMut(*const u8) -> Option<Arc<dyn Owner>>,
) -> Value {
    // SAFETY: the contract of this function is that of `Shape::read`.
    unsafe { Shape::new(ty).read(data, take) }
}

const _: () = assert!(crate::ir::MAX_C_ARGS == crate::runtime::MAX_C_ARGS);

/// Calls a C function on `args` of the types `tys`, as LANGUAGE 14 says; the result is a copy. The error is one line.
///
/// # Safety
/// The function takes a pointer to each argument and one to its result, writes a value of type `result` there, and changes
/// nothing else that is ours.
pub unsafe fn call(function: &Function, args: &[Value], tys: &[Ty], result: &Ty) -> Result<Value, String> {
    let arguments = Arguments::new(args, tys)?;
    let mut memory = buffer::Builder::with_len(Scalar::U8, layout(result).size.max(1));
    let mut pointers: Vec<*const u8> =
        field_offsets(tys).into_iter().map(|offset| arguments.as_ptr().wrapping_add(offset)).collect();
    let to = memory.bytes_mut().as_mut_ptr();
    pointers.push(to);
    // SAFETY: the contract of this function.
    if !unsafe { function.call(&pointers) } {
        return Err(format!("a C function of {} arguments", args.len()));
    }
    // SAFETY: the function has written a value of this type, or left the zeros, which are one too.
    Ok(unsafe { read(to, result, &mut |_| None) })
}

/// A type with its numbers worked out, so that a million structs do not compute them a million times.
#[derive(Debug)]
pub enum Shape {
    /// A scalar.
    Scalar(Scalar),
    /// A vector of scalars.
    Scalars(Scalar),
    /// A vector of anything else.
    Vector {
        /// What its elements are like.
        elem: Box<Shape>,
        /// Bytes from one element to the next.
        stride: usize,
    },
    /// Fields with their offsets.
    Struct(Vec<(usize, Shape)>),
    /// A dictionary.
    Dict {
        /// The struct `{K,V}`.
        entry: Box<Shape>,
        /// Bytes from one entry to the next.
        stride: usize,
    },
    /// A builder: what it holds, in the form of its result, at the start of its memory.
    Builder(Ty, Box<Shape>),
    /// Something that never crosses.
    Nothing,
}

/// Length of a vector and of an appender, in bytes from their start.
const LEN_OFFSET: usize = 8;

impl Shape {
    /// The shape of a type.
    pub fn new(ty: &Ty) -> Shape {
        match ty {
            Ty::Scalar(scalar) => Shape::Scalar(*scalar),
            Ty::Vec(elem) => match elem.scalar() {
                Some(scalar) => Shape::Scalars(scalar),
                None => Shape::Vector { elem: Box::new(Shape::new(elem)), stride: layout(elem).size },
            },
            Ty::Struct(fields) => {
                Shape::Struct(field_offsets(fields).into_iter().zip(fields.iter().map(Shape::new)).collect())
            }
            Ty::Dict(entry) => {
                let entry = Ty::tuple(vec![entry.0.clone(), entry.1.clone()]);
                Shape::Dict { entry: Box::new(Shape::new(&entry)), stride: layout(&entry).size }
            }
            Ty::Builder(builder) => Shape::Builder(ty.clone(), Box::new(Shape::new(&builder.result_ty()))),
            Ty::Simd(_) | Ty::Infer(_) => Shape::Nothing,
        }
    }

    /// Writes `value` at the start of `out`. What it points to is in `value`, or in `laid_out` afterwards. `None` when it is
    /// of another type.
    pub fn write(&self, value: &Value, out: &mut [u8], laid_out: &mut Vec<Buffer>) -> Option<()> {
        match (self, value) {
            (Shape::Scalar(scalar), Value::Scalar(literal)) if literal.scalar() == Some(*scalar) => {
                let size = scalar.bytes();
                out.get_mut(..size)?.copy_from_slice(literal.bits()?.to_le_bytes().get(..size)?);
            }
            (Shape::Scalars(scalar), Value::Scalars(buffer)) if buffer.scalar() == *scalar => {
                write_vector(out, buffer.bytes().as_ptr(), buffer.len())?;
            }
            (Shape::Dict { entry, stride }, Value::Dict(dict)) => {
                let header = if dict.is_empty() { 0 } else { entry.write_dict(dict, *stride, laid_out)? };
                out.get_mut(..LEN_OFFSET)?.copy_from_slice(&header.to_le_bytes());
            }
            (Shape::Vector { elem, stride }, Value::Vector(items)) => {
                let memory = elem.write_items(items, *stride, laid_out)?;
                write_vector(out, memory.bytes().as_ptr(), items.len())?;
                laid_out.push(memory);
            }
            (Shape::Builder(ty, held), Value::Builder(found, value)) if found == ty => {
                held.write(value, out, laid_out)?;
            }
            (Shape::Struct(fields), Value::Struct(items)) if fields.len() == items.len() => {
                for ((offset, field), item) in fields.iter().zip(items) {
                    field.write(item, out.get_mut(*offset..)?, laid_out)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Values of this shape, one after the other.
    fn write_items(&self, items: &[Value], stride: usize, laid_out: &mut Vec<Buffer>) -> Option<Buffer> {
        let mut memory = buffer::Builder::with_len(Scalar::U8, items.len().checked_mul(stride)?);
        for (at, item) in items.iter().enumerate() {
            self.write(item, memory.bytes_mut().get_mut(at * stride..)?, laid_out)?;
        }
        Some(memory.finish())
    }

    /// The header of a dictionary with entries of this shape: its address.
    fn write_dict(&self, dict: &Dict, stride: usize, laid_out: &mut Vec<Buffer>) -> Option<u64> {
        let entries = self.write_items(dict.entries(), stride, laid_out)?;
        let keys: Option<Vec<&Value>> = dict.entries().iter().map(dict::key_of).collect();
        write_table(&keys?, entries, stride, laid_out)
    }

    /// Reads the value of this shape at `data`; `take` is as for [`read`].
    ///
    /// # Safety
    /// As [`read`].
    pub unsafe fn read(
        &self,
        data: *const u8,
        take: &mut dyn FnMut(*const u8) -> Option<Arc<dyn Owner>>,
    ) -> Value {
        match self {
            Shape::Scalar(scalar) => {
                // SAFETY: `data` leads to a scalar, so to this many bytes.
                let bytes = unsafe { std::slice::from_raw_parts(data, scalar.bytes()) };
                Value::Scalar(decode(*scalar, bytes).unwrap_or_else(|| super::zero(*scalar)))
            }
            Shape::Scalars(scalar) => {
                // SAFETY: `data` leads to a vector.
                let (first, len) = unsafe { read_vector(data) };
                // SAFETY: its elements are at `first`, and `take` keeps them if it returns an owner.
                Value::Scalars(unsafe { read_scalars(*scalar, first, len, take) })
            }
            Shape::Vector { elem, stride } => {
                // SAFETY: `data` leads to a vector.
                let (first, len) = unsafe { read_vector(data) };
                // SAFETY: element `at` of the vector begins `at * stride` bytes after the first.
                let items = (0..len).map(|at| unsafe { elem.read(first.wrapping_add(at * stride), take) });
                Value::Vector(Arc::new(items.collect()))
            }
            Shape::Dict { entry, stride } => {
                // SAFETY: `data` leads to the pointer of a dictionary.
                let (first, len) = unsafe { read_table(data) };
                // SAFETY: entry `at` begins `at * stride` bytes after the first.
                let entries = (0..len).map(|at| unsafe { entry.read(first.wrapping_add(at * stride), take) });
                Value::Dict(Arc::new(Dict::from_unique(entries.collect())))
            }
            Shape::Struct(fields) => {
                // SAFETY: a field begins at its offset.
                let items = fields
                    .iter()
                    .map(|(offset, field)| unsafe { field.read(data.wrapping_add(*offset), take) });
                Value::Struct(items.collect())
            }
            Shape::Builder(ty, held) => {
                // SAFETY: what it holds begins where the builder begins.
                Value::Builder(ty.clone(), unsafe { held.read(data, take) }.into())
            }
            Shape::Nothing => Value::Struct(Vec::new()),
        }
    }
}

/// The header of a dictionary whose entries, with these keys in order, are laid out: its address. The keys must be different.
pub fn write_table(
    keys: &[&Value],
    entries: Buffer,
    stride: usize,
    laid_out: &mut Vec<Buffer>,
) -> Option<u64> {
    let slots = table::slots(keys.iter().copied())?;
    let mask = slots.len() as u64 - 1;
    let slots: Vec<u8> = slots.into_iter().flat_map(u64::to_le_bytes).collect();
    let slots = Buffer::from_bytes(Scalar::U64, &slots)?;
    let address = |buffer: &Buffer| buffer.bytes().as_ptr().expose_provenance() as u64;
    let len = keys.len() as u64;
    // The fields of `abi::Dict`, without a log.
    let fields = [address(&slots), mask, address(&entries), len, len, hash_seed(), stride as u64, 0, 0, 0];
    let fields: Vec<u8> = fields.into_iter().flat_map(u64::to_le_bytes).collect();
    let header = Buffer::from_bytes(Scalar::U64, &fields)?;
    let at = address(&header);
    laid_out.extend([slots, entries, header]);
    Some(at)
}

/// Writes `{pointer, len}`. An empty vector has a pointer too: behind the literal `""` there is a NUL.
pub fn write_vector(out: &mut [u8], first: *const u8, len: usize) -> Option<()> {
    let address = first.expose_provenance();
    out.get_mut(..LEN_OFFSET)?.copy_from_slice(&(address as u64).to_le_bytes());
    out.get_mut(LEN_OFFSET..2 * LEN_OFFSET)?.copy_from_slice(&(len as i64).to_le_bytes());
    Some(())
}

/// First element and length of a vector; no elements for a negative length.
///
/// # Safety
/// `data` leads to 16 readable bytes.
pub unsafe fn read_vector(data: *const u8) -> (*const u8, usize) {
    // SAFETY: the caller says that 16 bytes are there.
    let (first, len) = unsafe {
        (data.cast::<*const u8>().read_unaligned(), data.add(LEN_OFFSET).cast::<i64>().read_unaligned())
    };
    (first, usize::try_from(len).unwrap_or(0))
}

/// First entry and number of entries of a dictionary.
///
/// # Safety
/// `data` leads to a pointer, which is null or leads to a table.
pub unsafe fn read_table(data: *const u8) -> (*const u8, usize) {
    // SAFETY: by contract.
    let table = unsafe { data.cast::<*const abi::Dict>().read_unaligned().as_ref() };
    table.map_or((std::ptr::null(), 0), |table| {
        (table.entries.cast_const(), usize::try_from(table.len).unwrap_or(0))
    })
}

/// # Safety
/// `len` scalars are at `first`, unless `len` is 0. An owner that `take` returns keeps them.
unsafe fn read_scalars(
    scalar: Scalar,
    first: *const u8,
    len: usize,
    take: &mut dyn FnMut(*const u8) -> Option<Arc<dyn Owner>>,
) -> Buffer {
    if len == 0 {
        return buffer::Builder::new(scalar).finish();
    }
    if let Some(owner) = take(first).filter(|owner| owner.data() == first) {
        // SAFETY: the owner keeps these elements; compiled code writes bools as 0 or 1.
        return unsafe { Buffer::from_owner(scalar, len, owner) };
    }
    let mut copy = buffer::Builder::with_len(scalar, len);
    // SAFETY: the caller says that the elements are there.
    copy.bytes_mut().copy_from_slice(unsafe { std::slice::from_raw_parts(first, len * scalar.bytes()) });
    copy.finish()
}

#[cfg(test)]
mod tests {
    use super::{Arguments, read};
    use crate::ir::{BuilderTy, Literal, Scalar, Ty};
    use crate::value::buffer::Owner;
    use crate::value::literal::{parse_value, tests::typed_value};
    use crate::value::{Buffer, Value};
    use proptest::prelude::{prop_assert, proptest};
    use std::sync::Arc;

    proptest! {
        #[test]
        fn values_come_back((ty, value) in typed_value(), (other_ty, other) in typed_value()) {
            let tys = [ty, Ty::I8, other_ty];
            let values = [value, Value::Scalar(Literal::I8(1)), other];
            let arguments = Arguments::new(&values, &tys).unwrap();
            // SAFETY: this is the memory of a struct of all arguments, and nothing is taken over.
            let back = unsafe { read(arguments.as_ptr(), &Ty::tuple(tys.to_vec()), &mut |_| None) };
            prop_assert!(back.same(&Value::Struct(values.to_vec())), "{:?}", back);
        }
    }

    #[test]
    fn flat_vectors_are_not_copied() {
        let ty = Ty::vec(Ty::I64);
        let Ok(Value::Scalars(buffer)) = parse_value("[1L, 2L, 3L]", &ty) else { panic!() };
        let value = Value::Scalars(buffer.slice(1, 2).unwrap());
        let arguments = Arguments::new(&[value], std::slice::from_ref(&ty)).unwrap();
        // SAFETY: the single argument is a vector.
        let first = unsafe { arguments.as_ptr().cast::<*const u8>().read() };
        assert_eq!(first, buffer.bytes()[8..].as_ptr());
    }

    #[test]
    fn results_are_taken_over() {
        struct Kept(Buffer);
        impl Owner for Kept {
            fn data(&self) -> *const u8 {
                self.0.bytes().as_ptr()
            }
        }
        let ty = Ty::vec(Ty::vec(Ty::I64));
        let value = parse_value("[[1L, 2L], [], [3L]]", &ty).unwrap();
        let Value::Vector(rows) = &value else { panic!() };
        let Some(Value::Scalars(row)) = rows.first() else { panic!() };
        let arguments = Arguments::new(std::slice::from_ref(&value), std::slice::from_ref(&ty)).unwrap();
        let mut take = |data: *const u8| {
            (data == row.bytes().as_ptr()).then(|| Arc::new(Kept(row.clone())) as Arc<dyn Owner>)
        };
        // SAFETY: the argument is of this type, and `Kept` keeps the first row.
        let back = unsafe { read(arguments.as_ptr(), &ty, &mut take) };
        assert!(back.same(&value));
        let address = |value: &Value, at| match value.at(at) {
            Some(Value::Scalars(row)) => row.bytes().as_ptr(),
            other => panic!("{other:?}"),
        };
        assert_eq!(address(&back, 0), address(&value, 0));
        assert_ne!(address(&back, 2), address(&value, 2));
    }

    #[test]
    fn builders_cross_as_what_they_hold() {
        let appender = Ty::builder(BuilderTy::Appender(Ty::I64));
        let ty = Ty::tuple(vec![appender.clone(), Ty::I64]);
        let held = parse_value("[1L, 2L]", &Ty::vec(Ty::I64)).unwrap();
        let value =
            Value::Struct(vec![Value::Builder(appender, held.into()), Value::Scalar(Literal::I64(42))]);
        let arguments = Arguments::new(std::slice::from_ref(&value), std::slice::from_ref(&ty)).unwrap();
        // SAFETY: the argument is of this type, and nothing is taken over.
        let back = unsafe { read(arguments.as_ptr(), &ty, &mut |_| None) };
        assert!(value.same(&back), "{back:?}");
        assert!(value.fits(&ty));
    }

    #[test]
    fn wrong_types_are_refused() {
        let int = Value::Scalar(Literal::I32(1));
        for ty in [Ty::I64, Ty::vec(Ty::I64), Ty::tuple(vec![Scalar::I32.into()])] {
            let error = Arguments::new(std::slice::from_ref(&int), std::slice::from_ref(&ty)).err();
            assert_eq!(error, Some(format!("input 1 is no {ty}")));
        }
        assert!(Arguments::new(&[int], &[]).is_err());
    }
}
