//! What `value::layout` says about the argument of a program, place by place.

use weld::ir::{Param, Ty};
use weld::value::layout::{field_offsets, layout};

/// A field of the argument, or a field of one.
pub struct Place {
    /// From the argument to it.
    pub path: Vec<Step>,
    pub offset: usize,
    pub size: usize,
}

#[derive(Clone, Copy)]
pub enum Step {
    Param(usize),
    Field(usize),
    /// The pointer of a vector.
    Data,
    /// Its length.
    Len,
}

/// All places in the argument.
pub fn places(params: &[Param]) -> Vec<Place> {
    let types: Vec<Ty> = params.iter().map(|param| param.ty.clone()).collect();
    let mut found = Vec::new();
    for (at, (ty, offset)) in types.iter().zip(field_offsets(&types)).enumerate() {
        add(ty, offset, vec![Step::Param(at)], &mut found);
    }
    found
}

fn add(ty: &Ty, offset: usize, path: Vec<Step>, found: &mut Vec<Place>) {
    let with = |step| path.iter().copied().chain([step]).collect();
    match ty {
        Ty::Struct(fields) => {
            for (at, (field, inner)) in fields.iter().zip(field_offsets(fields)).enumerate() {
                add(field, offset + inner, with(Step::Field(at)), found);
            }
        }
        Ty::Vec(_) => {
            found.push(Place { path: with(Step::Data), offset, size: 8 });
            found.push(Place { path: with(Step::Len), offset: offset + 8, size: 8 });
        }
        _ => {}
    }
    found.push(Place { path, offset, size: layout(ty).size });
}

/// The types of the elements of all vectors in it, each once.
pub fn elements(ty: &Ty, found: &mut Vec<Ty>) {
    match ty {
        Ty::Struct(fields) => fields.iter().for_each(|field| elements(field, found)),
        Ty::Vec(elem) => {
            if !found.contains(elem) {
                found.push((**elem).clone());
            }
            elements(elem, found);
        }
        _ => {}
    }
}

/// The vectors of the argument with the parameter that is like one of their elements.
pub fn vectors(params: &[Param]) -> Vec<(Vec<Step>, usize)> {
    let mut found = Vec::new();
    for (at, param) in params.iter().enumerate() {
        look(&param.ty, vec![Step::Param(at)], params, &mut found);
    }
    found
}

fn look(ty: &Ty, path: Vec<Step>, params: &[Param], found: &mut Vec<(Vec<Step>, usize)>) {
    match ty {
        Ty::Struct(fields) => {
            for (at, field) in fields.iter().enumerate() {
                look(field, path.iter().copied().chain([Step::Field(at)]).collect(), params, found);
            }
        }
        Ty::Vec(elem) if layout(elem).size > 0 => {
            let like = params.iter().position(|param| param.ty == **elem);
            found.extend(like.map(|like| (path.iter().copied().chain([Step::Data]).collect(), like)));
        }
        _ => {}
    }
}
