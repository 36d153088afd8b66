#![forbid(unsafe_code)]
//! NumPy's `.npy` files: versions 1 to 3, little-endian scalars, C order, no to two dimensions.
//!
//! Promises: the header is believed only as far as the size of the file confirms it; the data go straight into
//! their final buffer; rows of a matrix share one buffer.

use super::binary::read_scalars;
use super::{InputError, InputErrorKind};
use crate::ir::{Scalar, Ty};
use crate::value::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longer headers are nonsense: NumPy's own stay under a kilobyte for plain arrays.
const HEADER_LIMIT: usize = 1 << 20;

const DESCRS: [(Scalar, &str); 11] = [
    (Scalar::Bool, "b1"),
    (Scalar::I8, "i1"),
    (Scalar::I16, "i2"),
    (Scalar::I32, "i4"),
    (Scalar::I64, "i8"),
    (Scalar::U8, "u1"),
    (Scalar::U16, "u2"),
    (Scalar::U32, "u4"),
    (Scalar::U64, "u8"),
    (Scalar::F32, "f4"),
    (Scalar::F64, "f8"),
];

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The element type as NumPy writes it, such as `<f8`.
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

/// The array in a file of `bytes` bytes, as a value of type `ty`.
pub(super) fn read(path: &Path, mut file: File, bytes: u64, ty: &Ty) -> Result<Value, InputError> {
    let name = path.display();
    let corrupt = |what: String| InputError::new(InputErrorKind::Corrupt, format!("`{name}`: {what}"));
    let (header, start) = read_header(&mut file).map_err(corrupt)?;
    let found = element(&header.descr).map_err(|(what, hint)| {
        InputError::new(InputErrorKind::TypeMismatch, format!("`{name}` {what}")).hint(hint)
    })?;
    check_type(&header, found, ty).map_err(|(what, hint)| {
        InputError::new(InputErrorKind::TypeMismatch, format!("`{name}` {what}")).hint(hint)
    })?;
    let count = header.shape.iter().try_fold(1u64, |product, len| product.checked_mul(*len));
    let wanted = count.and_then(|count| count.checked_mul(found.bytes() as u64));
    let there = bytes.saturating_sub(start);
    if wanted != Some(there) {
        let wanted =
            wanted.map_or_else(|| "more than any file has".to_string(), |wanted| format!("{wanted} bytes"));
        return Err(corrupt(format!("the header promises {wanted} of data, but {there} bytes follow it")));
    }
    let buffer = read_scalars(path, &mut file, found, there / found.bytes() as u64)?;
    let broken = || corrupt("the data do not fit the header".to_string());
    match header.shape.as_slice() {
        [] => buffer.get(0).map(Value::Scalar).ok_or_else(broken),
        [_] => Ok(Value::Scalars(buffer)),
        [rows, columns] => {
            let (rows, columns) = (*rows as usize, *columns as usize);
            // Without columns the size of the file says nothing about the number of rows.
            if columns == 0 && rows > HEADER_LIMIT {
                return Err(corrupt(format!("{rows} empty rows")));
            }
            let rows = (0..rows).map(|row| buffer.slice(row * columns, columns).map(Value::Scalars));
            rows.collect::<Option<Vec<_>>>().map(|rows| Value::Vector(rows.into())).ok_or_else(broken)
        }
        _ => Err(broken()),
    }
}

/// The header, and where the data begin.
fn read_header(file: &mut File) -> Result<(Header, u64), String> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|_| "the file is too short for a NumPy array".to_string())?;
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', major, _] = start else {
        return Err("this is no NumPy array (the first bytes are wrong)".to_string());
    };
    let len_bytes = match major {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(format!("version {major} of the NumPy format is unknown")),
    };
    let cut = || "the file ends inside its header".to_string();
    let mut len = [0; 4];
    file.read_exact(len.get_mut(..len_bytes).unwrap_or_default()).map_err(|_| cut())?;
    let len = u32::from_le_bytes(len) as usize;
    if len > HEADER_LIMIT {
        return Err(format!("a header of {len} bytes"));
    }
    let mut text = vec![0; len];
    file.read_exact(&mut text).map_err(|_| cut())?;
    let text = String::from_utf8_lossy(&text);
    let header =
        parse_header(&text).ok_or_else(|| format!("this header cannot be read: `{}`", text.trim_end()))?;
    Ok((header, (start.len() + len_bytes + len) as u64))
}

/// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`. Structured element types have lists for
/// `descr`; they come back as their text.
pub(super) fn parse_header(text: &str) -> Option<Header> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        rest = match key {
            "descr" if value.starts_with('[') => {
                let end = value.rfind(']')? + 1;
                descr = Some(value.get(..end)?.to_string());
                value.get(end..)?
            }
            "descr" => {
                let (text, after) = quoted(value)?;
                descr = Some(text.to_string());
                after
            }
            "fortran_order" => {
                let (order, after) = match value.strip_prefix("True") {
                    Some(after) => (true, after),
                    None => (false, value.strip_prefix("False")?),
                };
                fortran_order = Some(order);
                after
            }
            "shape" => {
                let (items, after) = value.strip_prefix('(')?.split_once(')')?;
                let items = items.split(',').map(str::trim).filter(|item| !item.is_empty());
                shape = Some(
                    items
                        .map(|item| item.trim_end_matches('L').parse().ok())
                        .collect::<Option<Vec<u64>>>()?,
                );
                after
            }
            _ => return None,
        }
        .trim_start();
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Header { descr: descr?, fortran_order: fortran_order?, shape: shape? })
}

/// The quoted text at the start of `text`, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('\'') {
        Some(rest) => rest.split_once('\''),
        None => text.strip_prefix('"')?.split_once('"'),
    }
}

/// What is wrong, and what to do.
type Mismatch = (String, String);

fn element(descr: &str) -> Result<Scalar, Mismatch> {
    let known = |kind: &str| DESCRS.into_iter().find(|row| row.1 == kind).map(|row| row.0);
    let (order, kind) = match descr.split_at_checked(1) {
        Some((order @ ("<" | "|" | "=" | ">"), kind)) => (order, kind),
        _ => ("", descr),
    };
    match (order, known(kind)) {
        (">", Some(scalar)) if scalar.bytes() > 1 => {
            Err(("holds big-endian numbers".to_string(), format!("in NumPy: `a.astype('<{kind}')`")))
        }
        (_, Some(scalar)) => Ok(scalar),
        _ => {
            let message = format!("holds elements of type `{descr}`, which Weld has no type for");
            Err((message, "in NumPy: convert with `a.astype('f8')` or a similar type".to_string()))
        }
    }
}

fn check_type(header: &Header, found: Scalar, ty: &Ty) -> Result<(), Mismatch> {
    let shape = &header.shape;
    let found_ty = match shape.len() {
        0 => Ty::Scalar(found),
        1 => Ty::vec(Ty::Scalar(found)),
        2 => Ty::vec(Ty::vec(Ty::Scalar(found))),
        n => {
            return Err((
                format!("has {n} dimensions"),
                "in NumPy: `a.reshape(-1)` makes it a vector".to_string(),
            ));
        }
    };
    if header.fortran_order && shape.len() == 2 {
        let hint = "in NumPy: `np.ascontiguousarray(a)`".to_string();
        return Err(("is stored by columns (Fortran order)".to_string(), hint));
    }
    if found_ty == *ty {
        return Ok(());
    }
    let wanted = match ty {
        Ty::Vec(elem) => elem.elem().unwrap_or(elem).scalar(),
        other => other.scalar(),
    };
    let fix = wanted
        .filter(|wanted| *wanted != found)
        .and_then(|wanted| DESCRS.into_iter().find(|row| row.0 == wanted));
    let fix = fix.map_or_else(String::new, |row| format!("in NumPy: `a.astype('{}')`; or ", row.1));
    Err((
        format!("holds a {found_ty}, but the program wants {ty}"),
        format!("{fix}declare the parameter as {found_ty}"),
    ))
}
