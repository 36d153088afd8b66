#![forbid(unsafe_code)]
//! JSON files, and files with one JSON value per line.
//!
//! Promises: arrays are vectors, and dictionaries as arrays of their entries; structs are arrays, or objects whose keys stand in the order of the first object met
//! at that place (later ones may have another order, but not other keys); integers are exact; an error names the path to
//! the value.

use super::{InputError, InputErrorKind};
use crate::ir::{Literal, Scalar, Ty};
use crate::value::{Buffer, Dict, Value, buffer};
use serde_json::Value as Json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The value of a whole file.
pub(super) fn read(path: &Path, mut file: File, ty: &Ty) -> Result<Value, InputError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| InputError::io(path, &error))?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| {
        InputError::new(InputErrorKind::Corrupt, format!("`{}`: {error}", path.display()))
    })?;
    drop(bytes);
    let mut shape = Shape::new(ty).ok_or_else(|| unsupported(path, ty))?;
    shape.read(json).map_err(|error| error.at(&path.display().to_string()))
}

/// One element per line that is not blank.
pub(super) fn read_lines(path: &Path, file: File, ty: &Ty) -> Result<Value, InputError> {
    let Some(Shape::Vec(elem)) = Shape::new(ty) else { return Err(unsupported(path, ty)) };
    let mut elem = *elem;
    let mut items = Items::new(&elem);
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(|error| InputError::io(path, &error))? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let place = format!("{}:{number}", path.display());
        let json: Json = serde_json::from_slice(&line).map_err(|error| {
            // The error counts lines from the start of this one.
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or(&text);
            InputError::new(InputErrorKind::Corrupt, format!("{place}: {text} at column {}", error.column()))
        })?;
        let value = elem.read(json).map_err(|error| error.at(&place))?;
        items.push(value).ok_or_else(|| unsupported(path, ty))?;
    }
    Ok(items.finish())
}

fn unsupported(path: &Path, ty: &Ty) -> InputError {
    let message = format!("`{}`: a {ty} cannot be read from this kind of file", path.display());
    InputError::new(InputErrorKind::TypeMismatch, message)
}

/// A type with the keys of the objects that were met at each struct.
enum Shape {
    Scalar(Scalar),
    Vec(Box<Shape>),
    Struct {
        fields: Vec<Shape>,
        keys: Option<Vec<String>>,
    },
    /// With the shape of an entry.
    Dict(Box<Shape>),
}

/// What is wrong with a value, and the way to it, innermost step first.
struct Problem {
    steps: Vec<String>,
    what: String,
}

impl Problem {
    fn new(what: impl Into<String>) -> Problem {
        Problem { steps: Vec::new(), what: what.into() }
    }

    fn inside(mut self, step: String) -> Problem {
        self.steps.push(step);
        self
    }

    fn at(mut self, place: &str) -> InputError {
        self.steps.reverse();
        let way = if self.steps.is_empty() { String::new() } else { format!(" at {}", self.steps.concat()) };
        InputError::new(InputErrorKind::TypeMismatch, format!("{place}:{way} {}", self.what))
    }
}

/// The elements of a vector so far.
enum Items {
    Flat(buffer::Builder),
    List(Vec<Value>),
}

impl Items {
    fn new(elem: &Shape) -> Items {
        match elem {
            Shape::Scalar(scalar) => Items::Flat(buffer::Builder::new(*scalar)),
            _ => Items::List(Vec::new()),
        }
    }

    fn push(&mut self, value: Value) -> Option<()> {
        match (self, value) {
            (Items::Flat(buffer), Value::Scalar(literal)) => buffer.push(&literal),
            (Items::Flat(_), _) => None,
            (Items::List(items), value) => {
                items.push(value);
                Some(())
            }
        }
    }

    fn finish(self) -> Value {
        match self {
            Items::Flat(buffer) => Value::Scalars(buffer.finish()),
            Items::List(items) => Value::Vector(items.into()),
        }
    }
}

impl Shape {
    fn new(ty: &Ty) -> Option<Shape> {
        Some(match ty {
            Ty::Scalar(scalar) => Shape::Scalar(*scalar),
            Ty::Vec(elem) => Shape::Vec(Box::new(Shape::new(elem)?)),
            Ty::Struct(fields) => {
                Shape::Struct { fields: fields.iter().map(Shape::new).collect::<Option<_>>()?, keys: None }
            }
            Ty::Dict(entry) => {
                let fields = vec![Shape::new(&entry.0)?, Shape::new(&entry.1)?];
                Shape::Dict(Box::new(Shape::Struct { fields, keys: None }))
            }
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => return None,
        })
    }

    fn read(&mut self, json: Json) -> Result<Value, Problem> {
        match self {
            Shape::Scalar(scalar) => {
                scalar_of(&json, *scalar).map(Value::Scalar).ok_or_else(|| wrong(&json, scalar.name()))
            }
            Shape::Vec(elem) => match json {
                Json::String(text) if matches!(**elem, Shape::Scalar(Scalar::I8)) => {
                    let buffer = Buffer::from_bytes(Scalar::I8, text.as_bytes());
                    buffer.map(Value::Scalars).ok_or_else(|| Problem::new("a string that cannot be read"))
                }
                Json::Array(values) => {
                    let mut items = Items::new(elem);
                    for (at, value) in values.into_iter().enumerate() {
                        let value = elem.read(value).map_err(|problem| problem.inside(format!("[{at}]")))?;
                        items.push(value).ok_or_else(|| Problem::new("an element of another type"))?;
                    }
                    Ok(items.finish())
                }
                other => Err(wrong(&other, "vector (an array)")),
            },
            Shape::Dict(entry) => {
                let Json::Array(values) = json else {
                    return Err(wrong(&json, "dictionary (an array of pairs)"));
                };
                let mut entries = Vec::with_capacity(values.len());
                for (at, value) in values.into_iter().enumerate() {
                    entries.push(entry.read(value).map_err(|problem| problem.inside(format!("[{at}]")))?);
                }
                let dict =
                    Dict::from_entries(entries).ok_or_else(|| Problem::new("entries that are no pairs"))?;
                Ok(Value::Dict(dict.into()))
            }
            Shape::Struct { fields, keys } => match json {
                Json::Array(values) if values.len() == fields.len() => {
                    let items = fields.iter_mut().zip(values).enumerate();
                    let items = items.map(|(at, (field, value))| {
                        field.read(value).map_err(|problem| problem.inside(format!("[{at}]")))
                    });
                    items.collect::<Result<_, _>>().map(Value::Struct)
                }
                Json::Array(values) => Err(Problem::new(format!(
                    "an array of {} for a struct of {}",
                    values.len(),
                    fields.len()
                ))),
                Json::Object(mut object) => {
                    let keys = keys.get_or_insert_with(|| object.keys().cloned().collect());
                    if keys.len() != fields.len() {
                        let found = keys.join("`, `");
                        let count = keys.len();
                        return Err(Problem::new(format!(
                            "an object of {count} (`{found}`) for a struct of {}",
                            fields.len()
                        )));
                    }
                    let mut items = Vec::with_capacity(fields.len());
                    for (key, field) in keys.iter().zip(fields) {
                        let value = object
                            .remove(key)
                            .ok_or_else(|| Problem::new(format!("the key `{key}` is missing")))?;
                        items.push(field.read(value).map_err(|problem| problem.inside(format!(".{key}")))?);
                    }
                    match object.keys().next() {
                        Some(extra) => {
                            Err(Problem::new(format!("the key `{extra}` is not in the first object")))
                        }
                        None => Ok(Value::Struct(items)),
                    }
                }
                other => Err(wrong(&other, "struct (an array or an object)")),
            },
        }
    }
}

fn wrong(json: &Json, wanted: &str) -> Problem {
    let text: String = json.to_string().chars().take(40).collect();
    Problem::new(format!("`{text}` is no {wanted}"))
}

fn scalar_of(json: &Json, scalar: Scalar) -> Option<Literal> {
    if scalar == Scalar::Bool {
        return json.as_bool().map(Literal::Bool);
    }
    let Json::Number(number) = json else { return None };
    Some(match scalar {
        Scalar::Bool => return None,
        Scalar::I8 => Literal::I8(number.as_i64()?.try_into().ok()?),
        Scalar::I16 => Literal::I16(number.as_i64()?.try_into().ok()?),
        Scalar::I32 => Literal::I32(number.as_i64()?.try_into().ok()?),
        Scalar::I64 => Literal::I64(number.as_i64()?),
        Scalar::U8 => Literal::U8(number.as_u64()?.try_into().ok()?),
        Scalar::U16 => Literal::U16(number.as_u64()?.try_into().ok()?),
        Scalar::U32 => Literal::U32(number.as_u64()?.try_into().ok()?),
        Scalar::U64 => Literal::U64(number.as_u64()?),
        Scalar::F32 => Literal::F32(number.as_f64()? as f32),
        Scalar::F64 => Literal::F64(number.as_f64()?),
    })
}
