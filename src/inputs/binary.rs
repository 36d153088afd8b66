#![forbid(unsafe_code)]
//! Scalars in memory order, without any header: `.bin` files, and the data of `.npy` files.

use super::{InputError, InputErrorKind};
use crate::ir::{Scalar, Ty};
use crate::value::{Buffer, Value, buffer};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A vector of scalars that fills the whole file.
pub(super) fn read(path: &Path, mut file: File, bytes: u64, ty: &Ty) -> Result<Value, InputError> {
    let Some(scalar) = ty.elem().and_then(Ty::scalar) else {
        let message = format!("`{}` holds scalars, but the program wants {ty}", path.display());
        return Err(InputError::new(InputErrorKind::TypeMismatch, message)
            .hint("a .bin file is read as a vec[i64] or another vector of scalars"));
    };
    let size = scalar.bytes() as u64;
    if !bytes.is_multiple_of(size) {
        let message = format!(
            "`{}` has {bytes} bytes, which is no multiple of {size}, the size of {scalar}",
            path.display()
        );
        return Err(InputError::new(InputErrorKind::Corrupt, message));
    }
    read_scalars(path, &mut file, scalar, bytes / size).map(Value::Scalars)
}

/// The next `len` scalars of the file, straight into their buffer. The caller knows that the file is that long.
pub(super) fn read_scalars(
    path: &Path,
    file: &mut File,
    scalar: Scalar,
    len: u64,
) -> Result<Buffer, InputError> {
    let builder = usize::try_from(len).ok().and_then(|len| buffer::Builder::try_with_len(scalar, len));
    let Some(mut builder) = builder else {
        let message = format!("`{}` is too large for the memory of this machine", path.display());
        return Err(InputError::new(InputErrorKind::Io, message));
    };
    file.read_exact(builder.bytes_mut()).map_err(|error| InputError::io(path, &error))?;
    Ok(builder.finish())
}
