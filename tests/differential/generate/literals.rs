//! Constants: the simplest one of each type, edge values, every way of writing them.

use super::{Gen, Piece};
use weld::ir::{Literal, Scalar, Ty};

impl Gen<'_> {
    /// The simplest constant of a type; draws nothing.
    pub(super) fn simplest(&self, ty: &Ty) -> Piece {
        Piece::new(simplest(ty))
    }

    /// A literal of a scalar type.
    pub(super) fn literal(&mut self, scalar: Scalar) -> Piece {
        let literal = if self.choices.chance(25) { self.edge(scalar) } else { self.plain(scalar) };
        Piece::new(self.written(&literal))
    }

    /// A small number.
    pub(super) fn plain(&mut self, scalar: Scalar) -> Literal {
        match scalar {
            Scalar::Bool => Literal::Bool(self.choices.draw(2) == 1),
            Scalar::F32 => Literal::F32(self.choices.draw(33) as f32 * 0.5 - 8.0),
            Scalar::F64 => Literal::F64(self.choices.draw(33) as f64 * 0.5 - 8.0),
            _ if scalar.is_signed() => {
                const SMALL: [i64; 13] = [0, 1, -1, 2, 3, -2, 5, 7, 10, -7, 4, 16, 100];
                Literal::from_i64(scalar, *self.choices.one_of(&SMALL))
            }
            _ => Literal::from_i64(scalar, self.choices.draw(12) as i64),
        }
    }

    /// A number at an edge of the type.
    pub(super) fn edge(&mut self, scalar: Scalar) -> Literal {
        match scalar {
            Scalar::Bool => Literal::Bool(self.choices.draw(2) == 1),
            Scalar::F64 => {
                const EDGES: [f64; 18] = [
                    0.0,
                    -0.0,
                    1.0,
                    0.1,
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                    f64::NAN,
                    f64::MAX,
                    f64::MIN_POSITIVE,
                    5e-324,
                    1e-310,
                    -1e300,
                    1e10,
                    std::f64::consts::PI,
                    9007199254740993.0,
                    2147483648.0,
                    -9223372036854775808.0,
                    1e-3,
                ];
                Literal::F64(*self.choices.one_of(&EDGES))
            }
            Scalar::F32 => {
                const EDGES: [f32; 14] = [
                    0.0,
                    -0.0,
                    1.0,
                    0.1,
                    f32::INFINITY,
                    f32::NEG_INFINITY,
                    f32::NAN,
                    f32::MAX,
                    f32::MIN_POSITIVE,
                    1e-45,
                    16777217.0,
                    -1e30,
                    std::f32::consts::PI,
                    2147483648.0,
                ];
                Literal::F32(*self.choices.one_of(&EDGES))
            }
            _ => {
                let bits = scalar.bytes() as u32 * 8;
                let one = 1i64.wrapping_shl(bits - 1);
                let edges =
                    [0, -1, 1, one.wrapping_sub(1), one, one.wrapping_add(1), 63, 64, 127, 128, 255, 256];
                Literal::from_i64(scalar, *self.choices.one_of(&edges))
            }
        }
    }

    /// A literal in one of its forms, as an operand.
    pub(super) fn written(&mut self, literal: &Literal) -> String {
        let plain = literal.to_string();
        let hexadecimal = match literal {
            // A hex literal of type i32 that ends in `c` would be an i8.
            Literal::I32(value) if *value >= 0 && value % 16 != 12 => Some((i64::from(*value), "")),
            Literal::I64(value) if *value >= 0 => Some((*value, "L")),
            Literal::I16(value) if *value >= 0 => Some((i64::from(*value), "si")),
            _ => None,
        };
        let form = if hexadecimal.is_some() { self.choices.weighted(&[90, 5, 5]) } else { 0 };
        match (form, hexadecimal) {
            (1, Some((value, suffix))) => {
                self.see("hexadecimal literal");
                format!("0x{value:x}{suffix}")
            }
            (2, Some((value, suffix))) => {
                self.see("binary literal");
                format!("0b{value:b}{suffix}")
            }
            _ if plain.starts_with('-') || plain.contains('/') => format!("({plain})"),
            _ => plain,
        }
    }
}

/// The simplest constant of a type.
pub(super) fn simplest(ty: &Ty) -> String {
    match ty {
        Ty::Scalar(Scalar::Bool) => "true".to_string(),
        Ty::Scalar(scalar) => Literal::from_i64(*scalar, 1).to_string(),
        Ty::Vec(_) => format!("([]:{ty})"),
        Ty::Struct(fields) => format!("{{{}}}", fields.iter().map(simplest).collect::<Vec<_>>().join(", ")),
        Ty::Dict(entry) => match entry.1.elem() {
            Some(elem) => format!("result(groupmerger[{},{elem}])", entry.0),
            None => format!("result(dictmerger[{},{},+])", entry.0, entry.1),
        },
        other => format!("{other}"),
    }
}
