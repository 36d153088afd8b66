#![forbid(unsafe_code)]
//! Tokens: the words of the language and how messages call them.
//!
//! Promises: a token is small and owns nothing; its text is found through its span. [`Keyword::all`]
//! is the one list of reserved words: the lexer, completion and highlighting read it.

use super::ast::{Builtin, IterKind};
use crate::diag::Span;
use crate::ir::{BinOp, Scalar, UnOp};

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where.
    pub span: Span,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum TokenKind {
    Ident,
    Keyword(Keyword),
    /// Digits without a sign and the type that the suffix says. Whether they fit depends on a minus before them.
    Int(u64, Scalar),
    F32(f32),
    F64(f64),
    /// `"..."`: all bytes stand for themselves.
    Str,
    /// `e"..."`: with backslash escapes.
    EscapedStr,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    EqualEqual,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    AndAnd,
    BarBar,
    And,
    Bar,
    Caret,
    Bang,
    Tilde,
    Equal,
    Colon,
    Semicolon,
    Comma,
    Dot,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Question,
    At,
    /// `#` to the end of the line; the parser never sees it.
    Comment,
    /// Text that is no token; a message about it exists already.
    Error,
    /// The end of the text.
    End,
}

/// The kinds of builders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BuilderKind {
    Appender,
    Merger,
    DictMerger,
    GroupMerger,
    VecMerger,
}

/// A reserved word, by its role in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Keyword {
    /// A scalar type, which is also the name of its cast.
    Scalar(Scalar),
    /// `exp`, `sin`, ...
    Function(UnOp),
    /// `min`, `max`, `pow`.
    Binary(BinOp),
    /// `len`, `lookup`, `if`, ...
    Call(Builtin),
    /// `iter`, `rangeiter`, ...
    Iter(IterKind),
    /// `appender`, ...
    Builder(BuilderKind),
    For,
    Cudf,
    Deserialize,
    Let,
    True,
    False,
    Macro,
    Type,
    Vec,
    Dict,
    Simd,
}

/// The words that no other table of the compiler has.
const WORDS: &[(&str, Keyword)] = &[
    ("for", Keyword::For),
    ("cudf", Keyword::Cudf),
    ("deserialize", Keyword::Deserialize),
    ("let", Keyword::Let),
    ("true", Keyword::True),
    ("false", Keyword::False),
    ("macro", Keyword::Macro),
    ("type", Keyword::Type),
    ("vec", Keyword::Vec),
    ("dict", Keyword::Dict),
    ("simd", Keyword::Simd),
    ("min", Keyword::Binary(BinOp::Min)),
    ("max", Keyword::Binary(BinOp::Max)),
    ("pow", Keyword::Binary(BinOp::Pow)),
    ("iter", Keyword::Iter(IterKind::Iter)),
    ("simditer", Keyword::Iter(IterKind::SimdIter)),
    ("fringeiter", Keyword::Iter(IterKind::FringeIter)),
    ("rangeiter", Keyword::Iter(IterKind::RangeIter)),
    ("nditer", Keyword::Iter(IterKind::NdIter)),
    ("appender", Keyword::Builder(BuilderKind::Appender)),
    ("merger", Keyword::Builder(BuilderKind::Merger)),
    ("dictmerger", Keyword::Builder(BuilderKind::DictMerger)),
    ("groupmerger", Keyword::Builder(BuilderKind::GroupMerger)),
    ("vecmerger", Keyword::Builder(BuilderKind::VecMerger)),
];

/// Names of earlier versions and what they are called now.
const RENAMED: &[(&str, &str)] = &[("vecbuilder", "appender"), ("groupbuilder", "groupmerger")];

/// What other languages call our types.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("int", "i32"),
    ("long", "i64"),
    ("short", "i16"),
    ("char", "i8"),
    ("byte", "u8"),
    ("float", "f32"),
    ("double", "f64"),
    ("string", "vec[i8]"),
    ("str", "vec[i8]"),
    ("boolean", "bool"),
];
/// What other languages call our functions.
const FOREIGN_FUNCTIONS: &[(&str, &str)] = &[
    ("length", "len"),
    ("size", "len"),
    ("ln", "log"),
    ("concat", "flatten"),
    ("average", "mean"),
    ("avg", "mean"),
];

impl Keyword {
    /// Every reserved word with its text.
    pub fn all() -> impl Iterator<Item = (&'static str, Keyword)> {
        let words = WORDS.iter().copied();
        let scalars = Scalar::ALL.into_iter().map(|scalar| (scalar.name(), Keyword::Scalar(scalar)));
        let functions = UnOp::FUNCTIONS.into_iter().map(|op| (op.symbol(), Keyword::Function(op)));
        let calls = Builtin::ALL.iter().map(|row| (row.1, Keyword::Call(row.0)));
        words.chain(scalars).chain(functions).chain(calls)
    }
}

/// The present name of a builder that had another one, such as `vecbuilder`.
pub fn renamed(name: &str) -> Option<&'static str> {
    RENAMED.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// Our name of a type that other languages call so.
pub fn foreign_type(name: &str) -> Option<&'static str> {
    FOREIGN_TYPES.iter().find(|row| row.0 == name.to_lowercase()).map(|row| row.1)
}

/// Our name of a function that other languages call so; casts are functions, too.
pub fn foreign_function(name: &str) -> Option<&'static str> {
    let function = FOREIGN_FUNCTIONS.iter().find(|row| row.0 == name.to_lowercase()).map(|row| row.1);
    function.or_else(|| foreign_type(name).filter(|ty| !ty.contains('[')))
}

impl TokenKind {
    /// Whether it opens a bracket.
    pub fn is_opener(self) -> bool {
        matches!(self, TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace)
    }

    /// Whether it closes a bracket.
    pub fn is_closer(self) -> bool {
        matches!(self, TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace)
    }

    /// The operator that it is between two operands.
    pub fn binary_op(self) -> Option<BinOp> {
        Some(match self {
            TokenKind::Plus => BinOp::Add,
            TokenKind::Minus => BinOp::Sub,
            TokenKind::Star => BinOp::Mul,
            TokenKind::Slash => BinOp::Div,
            TokenKind::Percent => BinOp::Rem,
            TokenKind::ShiftLeft => BinOp::Shl,
            TokenKind::ShiftRight => BinOp::Shr,
            TokenKind::EqualEqual => BinOp::Eq,
            TokenKind::NotEqual => BinOp::Ne,
            TokenKind::Less => BinOp::Lt,
            TokenKind::LessEqual => BinOp::Le,
            TokenKind::Greater => BinOp::Gt,
            TokenKind::GreaterEqual => BinOp::Ge,
            TokenKind::AndAnd => BinOp::And,
            TokenKind::BarBar => BinOp::Or,
            TokenKind::And => BinOp::BitAnd,
            TokenKind::Bar => BinOp::BitOr,
            TokenKind::Caret => BinOp::BitXor,
            _ => return None,
        })
    }

    /// The operator that it is before one operand.
    pub fn unary_op(self) -> Option<UnOp> {
        Some(match self {
            TokenKind::Minus => UnOp::Neg,
            TokenKind::Bang => UnOp::Not,
            TokenKind::Tilde => UnOp::BitNot,
            _ => return None,
        })
    }

    /// Whether an expression can begin with it.
    pub fn starts_expr(self) -> bool {
        match self {
            TokenKind::Ident
            | TokenKind::Int(..)
            | TokenKind::F32(_)
            | TokenKind::F64(_)
            | TokenKind::Str
            | TokenKind::EscapedStr
            | TokenKind::Bar
            | TokenKind::BarBar
            | TokenKind::At
            | TokenKind::Error => true,
            TokenKind::Keyword(word) => {
                !matches!(word, Keyword::Macro | Keyword::Type | Keyword::Vec | Keyword::Dict | Keyword::Simd)
            }
            other => other.is_opener() || other.unary_op().is_some(),
        }
    }
}
