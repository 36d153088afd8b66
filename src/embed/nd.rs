#![forbid(unsafe_code)]
//! Arrays of the crate `ndarray`, of one and two dimensions.
//!
//! Promises: elements that are neighbours in memory are borrowed; others, and rows of which that is true, are copied.

use super::array::Array;
use super::input::Input;
use super::memory::Source;
use super::output::Output;
use super::place::{Place, Unfit};
use super::types::{Primitive, Vector};
use crate::ir::Ty;
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, Data, Ix1, Ix2};

impl<S: Data<Elem = T>, T: Primitive> Input for ArrayBase<S, Ix1> {
    type Type = Vector<T>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        match self.as_slice() {
            Some(items) => place.slice(items),
            None => place.copied(self.iter().copied()),
        }
    }
}

impl<S: Data<Elem = T>, T: Primitive> Input for ArrayBase<S, Ix2> {
    type Type = Vector<Vector<T>>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.elements(self.outer_iter(), |row, place| match row.to_slice() {
            Some(items) => place.slice(items),
            None => place.copied(row.iter().copied()),
        })
    }
}

impl<T: Primitive> Array<T> {
    /// The elements as `ndarray` sees them, without a copy.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let double = session.program("|v: vec[f64]| map(v, |x| x * 2.0)")?;
    /// let matrix = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
    /// let doubled: weld::Array<f64> = double.call(&matrix.column(1))?;
    /// assert_eq!(doubled.view(), ndarray::array![4.0, 8.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn view(&self) -> ArrayView1<'_, T> {
        ArrayView1::from(self.as_slice())
    }
}

impl<T: Primitive> Output for Array1<T> {
    fn ty() -> Ty {
        <Array<T> as Output>::ty()
    }

    fn fits(ty: &Ty) -> bool {
        Array::<T>::fits(ty)
    }

    fn read(source: Source<'_>) -> Result<Array1<T>, Unfit> {
        Ok(Array1::from(source.slice()?.to_vec()))
    }
}

impl<T: Primitive> Output for Array2<T> {
    fn ty() -> Ty {
        Ty::vec(<Array<T> as Output>::ty())
    }

    fn fits(ty: &Ty) -> bool {
        ty.elem().is_some_and(Array::<T>::fits)
    }

    fn read(source: Source<'_>) -> Result<Array2<T>, Unfit> {
        let rows: Vec<&[T]> = source.elements()?.map(|row| row.slice()).collect::<Result<_, _>>()?;
        let columns = rows.first().map_or(0, |row| row.len());
        if let Some(other) = rows.iter().find(|row| row.len() != columns) {
            let reason = format!("rows of {columns} and of {} elements are no matrix", other.len());
            return Err(Unfit::new(reason));
        }
        Array2::from_shape_vec((rows.len(), columns), rows.concat())
            .map_err(|error| Unfit::new(error.to_string()))
    }
}
