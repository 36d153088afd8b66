#![forbid(unsafe_code)]
//! Operators: one row each (text, operand types), and Weld's own arithmetic on constants.
//!
//! Promises: [`binary`], [`unary`] and [`cast`] are the meaning of these operations (LANGUAGE section 7);
//! the interpreter and constant folding call nothing else.

use super::{Literal, MergeOp, Scalar};
use crate::math;

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `&&`: evaluates its right side only when the left one is true.
    And,
    /// `||`: evaluates its right side only when the left one is false.
    Or,
    BitAnd,
    BitOr,
    BitXor,
    Min,
    Max,
    Pow,
}

/// Which operand types an operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// Integers and floats.
    Num,
    /// Integers.
    Int,
    /// Floats.
    Float,
    /// Integers and bool.
    Bits,
    /// Bool.
    Bool,
    /// Numbers and bool.
    Ordered,
    /// Every type with equality.
    Equal,
    /// Every type with an order: as `Equal` (vectors and structs included).
    Compared,
}

impl BinOp {
    /// The operator as written; `min`, `max` and `pow` are written as functions.
    pub fn symbol(self) -> &'static str {
        match self {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::Rem => "%",
            BinOp::Shl => "<<",
            BinOp::Shr => ">>",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::Lt => "<",
            BinOp::Le => "<=",
            BinOp::Gt => ">",
            BinOp::Ge => ">=",
            BinOp::And => "&&",
            BinOp::Or => "||",
            BinOp::BitAnd => "&",
            BinOp::BitOr => "|",
            BinOp::BitXor => "^",
            BinOp::Min => "min",
            BinOp::Max => "max",
            BinOp::Pow => "pow",
        }
    }

    /// Binding strength in the grammar, 1 (`||`) to 9 (`*`); `None` for the ones written as functions.
    pub fn precedence(self) -> Option<u8> {
        Some(match self {
            BinOp::Or => 1,
            BinOp::And => 2,
            BinOp::BitOr => 3,
            BinOp::BitXor => 4,
            BinOp::BitAnd => 5,
            BinOp::Eq | BinOp::Ne => 6,
            BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => 7,
            BinOp::Shl | BinOp::Shr => 8,
            BinOp::Add | BinOp::Sub => 9,
            BinOp::Mul | BinOp::Div | BinOp::Rem => 10,
            BinOp::Min | BinOp::Max | BinOp::Pow => return None,
        })
    }

    /// What it works on.
    pub fn operands(self) -> Operands {
        match self {
            BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Rem => Operands::Num,
            BinOp::Shl | BinOp::Shr => Operands::Int,
            BinOp::Eq | BinOp::Ne => Operands::Equal,
            BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => Operands::Compared,
            BinOp::And | BinOp::Or => Operands::Bool,
            BinOp::BitAnd | BinOp::BitOr | BinOp::BitXor => Operands::Bits,
            BinOp::Min | BinOp::Max => Operands::Ordered,
            BinOp::Pow => Operands::Float,
        }
    }

    /// `== != < <= > >=`: the result is a bool.
    pub fn is_comparison(self) -> bool {
        self.precedence().is_some_and(|level| level == 6 || level == 7)
    }
}

impl MergeOp {
    /// The operator that combines two values.
    pub fn binop(self) -> BinOp {
        match self {
            MergeOp::Add => BinOp::Add,
            MergeOp::Mul => BinOp::Mul,
            MergeOp::Min => BinOp::Min,
            MergeOp::Max => BinOp::Max,
        }
    }

    /// The start value of a builder without one: LANGUAGE 10.1.
    pub fn identity(self, scalar: Scalar) -> Literal {
        let float = |x: f64| if scalar == Scalar::F32 { Literal::F32(x as f32) } else { Literal::F64(x) };
        match (self, scalar) {
            (MergeOp::Add, _) => Literal::from_i64(scalar, 0),
            (MergeOp::Mul, _) => Literal::from_i64(scalar, 1),
            (MergeOp::Min, _) if scalar.is_float() => float(f64::INFINITY),
            (MergeOp::Max, _) if scalar.is_float() => float(f64::NEG_INFINITY),
            (op, _) => {
                let bits = scalar.bytes() as u32 * 8;
                let largest =
                    if scalar.is_signed() { (1u64 << (bits - 1)) - 1 } else { u64::MAX >> (64 - bits) };
                let smallest = if scalar.is_signed() { !largest } else { 0 };
                Literal::from_i64(scalar, if op == MergeOp::Min { largest } else { smallest } as i64)
            }
        }
    }

    /// The value that changes nothing when it is combined inside a loop. As [`MergeOp::identity`], but `-0.0`
    /// for a float sum: `x + -0.0` is `x` for every `x`, while `-0.0 + 0.0` is `0.0`. Lanes and leaves of the
    /// reduction tree start here, so a loop that merges nothing gives back its start value bit for bit.
    pub fn neutral(self, scalar: Scalar) -> Literal {
        match (self, scalar) {
            (MergeOp::Add, Scalar::F32) => Literal::F32(-0.0),
            (MergeOp::Add, Scalar::F64) => Literal::F64(-0.0),
            _ => self.identity(scalar),
        }
    }
}

/// Operators and functions of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UnOp {
    Neg,
    Not,
    /// `~`.
    BitNot,
    Exp,
    Log,
    Sqrt,
    Erf,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
}

impl UnOp {
    /// The functions, which are written `name(x)` and work on floats.
    pub const FUNCTIONS: [UnOp; 13] = [
        UnOp::Exp,
        UnOp::Log,
        UnOp::Sqrt,
        UnOp::Erf,
        UnOp::Sin,
        UnOp::Cos,
        UnOp::Tan,
        UnOp::Asin,
        UnOp::Acos,
        UnOp::Atan,
        UnOp::Sinh,
        UnOp::Cosh,
        UnOp::Tanh,
    ];

    /// The operator or the function name as written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnOp::Neg => "-",
            UnOp::Not => "!",
            UnOp::BitNot => "~",
            UnOp::Exp => "exp",
            UnOp::Log => "log",
            UnOp::Sqrt => "sqrt",
            UnOp::Erf => "erf",
            UnOp::Sin => "sin",
            UnOp::Cos => "cos",
            UnOp::Tan => "tan",
            UnOp::Asin => "asin",
            UnOp::Acos => "acos",
            UnOp::Atan => "atan",
            UnOp::Sinh => "sinh",
            UnOp::Cosh => "cosh",
            UnOp::Tanh => "tanh",
        }
    }

    /// What it works on.
    pub fn operands(self) -> Operands {
        match self {
            UnOp::Neg => Operands::Num,
            UnOp::Not => Operands::Bool,
            UnOp::BitNot => Operands::Int,
            _ => Operands::Float,
        }
    }

    /// The function of [`crate::math`] behind it; `None` for the operators.
    pub fn math(self) -> Option<(extern "C" fn(f32) -> f32, extern "C" fn(f64) -> f64)> {
        math::UNARY.iter().find(|row| row.0 == self.symbol()).map(|row| (row.1, row.2))
    }
}

/// Why a scalar operation has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticError {
    /// Integer `/` or `%` by zero.
    DivideByZero,
    /// The operands do not fit the operator: a bug of the caller, since programs are type-checked.
    Untyped,
}

macro_rules! int_binary {
    ($op:expr, $a:expr, $b:expr, $variant:path) => {{
        let (op, a, b) = ($op, $a, $b);
        Ok(match op {
            BinOp::Add => $variant(a.wrapping_add(b)),
            BinOp::Sub => $variant(a.wrapping_sub(b)),
            BinOp::Mul => $variant(a.wrapping_mul(b)),
            BinOp::Div | BinOp::Rem if b == 0 => return Err(ArithmeticError::DivideByZero),
            BinOp::Div => $variant(a.wrapping_div(b)),
            BinOp::Rem => $variant(a.wrapping_rem(b)),
            BinOp::Shl => $variant(a.wrapping_shl(b as u32)),
            BinOp::Shr => $variant(a.wrapping_shr(b as u32)),
            BinOp::BitAnd => $variant(a & b),
            BinOp::BitOr => $variant(a | b),
            BinOp::BitXor => $variant(a ^ b),
            BinOp::Min => $variant(a.min(b)),
            BinOp::Max => $variant(a.max(b)),
            _ => return compare(op, a.cmp(&b)),
        })
    }};
}

macro_rules! float_binary {
    ($op:expr, $a:expr, $b:expr, $variant:path, $rem:path, $pow:path, $min:path, $max:path) => {{
        let (op, a, b) = ($op, $a, $b);
        Ok(match op {
            BinOp::Add => $variant(a + b),
            BinOp::Sub => $variant(a - b),
            BinOp::Mul => $variant(a * b),
            BinOp::Div => $variant(a / b),
            BinOp::Rem => $variant($rem(a, b)),
            BinOp::Pow => $variant($pow(a, b)),
            BinOp::Min => $variant($min(a, b)),
            BinOp::Max => $variant($max(a, b)),
            BinOp::Eq => Literal::Bool(a == b),
            BinOp::Ne => Literal::Bool(a != b),
            BinOp::Lt => Literal::Bool(a < b),
            BinOp::Le => Literal::Bool(a <= b),
            BinOp::Gt => Literal::Bool(a > b),
            BinOp::Ge => Literal::Bool(a >= b),
            _ => return Err(ArithmeticError::Untyped),
        })
    }};
}

fn compare(op: BinOp, order: std::cmp::Ordering) -> Result<Literal, ArithmeticError> {
    Ok(Literal::Bool(match op {
        BinOp::Eq => order.is_eq(),
        BinOp::Ne => order.is_ne(),
        BinOp::Lt => order.is_lt(),
        BinOp::Le => order.is_le(),
        BinOp::Gt => order.is_gt(),
        BinOp::Ge => order.is_ge(),
        _ => return Err(ArithmeticError::Untyped),
    }))
}

/// The value of `a op b` for scalars of one type.
pub fn binary(op: BinOp, a: &Literal, b: &Literal) -> Result<Literal, ArithmeticError> {
    match (a, b) {
        (Literal::Bool(a), Literal::Bool(b)) => Ok(Literal::Bool(match op {
            BinOp::And | BinOp::BitAnd | BinOp::Min => *a && *b,
            BinOp::Or | BinOp::BitOr | BinOp::Max => *a || *b,
            BinOp::BitXor => a != b,
            _ => return compare(op, a.cmp(b)),
        })),
        (Literal::I8(a), Literal::I8(b)) => int_binary!(op, *a, *b, Literal::I8),
        (Literal::I16(a), Literal::I16(b)) => int_binary!(op, *a, *b, Literal::I16),
        (Literal::I32(a), Literal::I32(b)) => int_binary!(op, *a, *b, Literal::I32),
        (Literal::I64(a), Literal::I64(b)) => int_binary!(op, *a, *b, Literal::I64),
        (Literal::U8(a), Literal::U8(b)) => int_binary!(op, *a, *b, Literal::U8),
        (Literal::U16(a), Literal::U16(b)) => int_binary!(op, *a, *b, Literal::U16),
        (Literal::U32(a), Literal::U32(b)) => int_binary!(op, *a, *b, Literal::U32),
        (Literal::U64(a), Literal::U64(b)) => int_binary!(op, *a, *b, Literal::U64),
        (Literal::F32(a), Literal::F32(b)) => {
            float_binary!(
                op,
                *a,
                *b,
                Literal::F32,
                math::rem_f32,
                math::pow_f32,
                math::min_f32,
                math::max_f32
            )
        }
        (Literal::F64(a), Literal::F64(b)) => {
            float_binary!(
                op,
                *a,
                *b,
                Literal::F64,
                math::rem_f64,
                math::pow_f64,
                math::min_f64,
                math::max_f64
            )
        }
        _ => Err(ArithmeticError::Untyped),
    }
}

/// The value of `op a` for a scalar.
pub fn unary(op: UnOp, a: &Literal) -> Result<Literal, ArithmeticError> {
    if let Some((f32_form, f64_form)) = op.math() {
        return match a {
            Literal::F32(x) => Ok(Literal::F32(f32_form(*x))),
            Literal::F64(x) => Ok(Literal::F64(f64_form(*x))),
            _ => Err(ArithmeticError::Untyped),
        };
    }
    Ok(match (op, a) {
        (UnOp::Not, Literal::Bool(x)) => Literal::Bool(!x),
        (UnOp::Neg, Literal::F32(x)) => Literal::F32(-x),
        (UnOp::Neg, Literal::F64(x)) => Literal::F64(-x),
        (UnOp::Neg | UnOp::BitNot, _) => match (a.scalar(), a.as_i64()) {
            (Some(scalar), Some(x)) if scalar.is_int() => {
                Literal::from_i64(scalar, if op == UnOp::Neg { x.wrapping_neg() } else { !x })
            }
            _ => return Err(ArithmeticError::Untyped),
        },
        _ => return Err(ArithmeticError::Untyped),
    })
}

/// The value of the cast `to(a)`: LANGUAGE 7.3.
pub fn cast(to: Scalar, a: &Literal) -> Result<Literal, ArithmeticError> {
    let float = match a {
        Literal::F32(x) if to == Scalar::F32 => return Ok(Literal::F32(*x)),
        Literal::F32(x) => Some(f64::from(*x)),
        Literal::F64(x) => Some(*x),
        _ => None,
    };
    if let Some(x) = float {
        // Rust's `as` truncates toward zero, saturates, and makes NaN zero, as the reference wants.
        return Ok(match to {
            Scalar::Bool => Literal::Bool(x != 0.0),
            Scalar::I8 => Literal::I8(x as i8),
            Scalar::I16 => Literal::I16(x as i16),
            Scalar::I32 => Literal::I32(x as i32),
            Scalar::I64 => Literal::I64(x as i64),
            Scalar::U8 => Literal::U8(x as u8),
            Scalar::U16 => Literal::U16(x as u16),
            Scalar::U32 => Literal::U32(x as u32),
            Scalar::U64 => Literal::U64(x as u64),
            Scalar::F32 => Literal::F32(x as f32),
            Scalar::F64 => Literal::F64(x),
        });
    }
    match (a, to) {
        (Literal::U64(x), Scalar::F32) => Ok(Literal::F32(*x as f32)),
        (Literal::U64(x), Scalar::F64) => Ok(Literal::F64(*x as f64)),
        _ => a.as_i64().map(|x| Literal::from_i64(to, x)).ok_or(ArithmeticError::Untyped),
    }
}
