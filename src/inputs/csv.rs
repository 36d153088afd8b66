#![forbid(unsafe_code)]
//! CSV files: one column as a vector, or all columns as a vector of structs.
//!
//! Promises: every row becomes an element or the file is refused; an error names line, column and text. The first row
//! is a header when a column is asked for by name, or when none of the numbers wanted from it is one and all look
//! like names; a file of texts only has no header.

use super::{InputError, InputErrorKind};
use crate::diag::suggest;
use crate::ir::{Literal, Scalar, Ty};
use crate::value::{Buffer, Value, buffer};
use ::csv::{ByteRecord, ReaderBuilder};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Scalar(Scalar),
    /// A `vec[i8]`.
    Text,
}

impl Cell {
    fn of(ty: &Ty) -> Option<Cell> {
        match ty {
            Ty::Scalar(scalar) => Some(Cell::Scalar(*scalar)),
            Ty::Vec(elem) if **elem == Ty::I8 => Some(Cell::Text),
            _ => None,
        }
    }

    fn read(self, text: &[u8]) -> Option<Value> {
        match self {
            Cell::Scalar(scalar) => number(text, scalar).map(Value::Scalar),
            Cell::Text => Buffer::from_bytes(Scalar::I8, text).map(Value::Scalars),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Cell::Scalar(scalar) => scalar.name(),
            Cell::Text => "text",
        }
    }
}

/// A number or bool as other programs write them.
fn number(text: &[u8], scalar: Scalar) -> Option<Literal> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    Some(match scalar {
        Scalar::Bool => match text {
            "true" | "True" | "TRUE" | "1" => Literal::Bool(true),
            "false" | "False" | "FALSE" | "0" => Literal::Bool(false),
            _ => return None,
        },
        Scalar::I8 => Literal::I8(text.parse().ok()?),
        Scalar::I16 => Literal::I16(text.parse().ok()?),
        Scalar::I32 => Literal::I32(text.parse().ok()?),
        Scalar::I64 => Literal::I64(text.parse().ok()?),
        Scalar::U8 => Literal::U8(text.parse().ok()?),
        Scalar::U16 => Literal::U16(text.parse().ok()?),
        Scalar::U32 => Literal::U32(text.parse().ok()?),
        Scalar::U64 => Literal::U64(text.parse().ok()?),
        Scalar::F32 => Literal::F32(text.parse().ok()?),
        Scalar::F64 => Literal::F64(text.parse().ok()?),
    })
}

/// The elements read so far.
enum Rows {
    Flat(buffer::Builder),
    Items(Vec<Value>),
}

/// Which columns to read, and as what.
struct Plan {
    /// Position and kind.
    columns: Vec<(usize, Cell)>,
    /// Whether each row becomes a struct.
    structs: bool,
    /// Names of all columns, when the file has a header.
    names: Option<Vec<String>>,
    /// Fields in each row.
    width: usize,
}

/// The vector in a file.
pub(super) fn read(path: &Path, file: File, column: Option<&str>, ty: &Ty) -> Result<Value, InputError> {
    let io = |error| InputError::io(path, &error);
    let again = file.try_clone().map_err(io)?;
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 18).from_reader(file);
    let wanted = wanted(path, ty)?;
    let mut rows = match ty.elem().and_then(Ty::scalar) {
        Some(scalar) => Rows::Flat(buffer::Builder::new(scalar)),
        None => Rows::Items(Vec::new()),
    };
    let mut record = ByteRecord::new();
    let mut plan: Option<Plan> = None;
    let mut last_start = 0;
    while reader.read_byte_record(&mut record).map_err(|error| io(error.into()))? {
        let (line, start) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        last_start = start;
        let plan = match &plan {
            Some(plan) => plan,
            None => {
                let new = plan.insert(choose(path, &record, column, ty, &wanted)?);
                if new.names.is_some() {
                    continue;
                }
                new
            }
        };
        plan.add_row(&record, &mut rows).map_err(|what| {
            InputError::new(InputErrorKind::Corrupt, format!("{}:{line}: {what}", path.display()))
        })?;
    }
    if plan.is_none()
        && let Some(name) = column
    {
        let message = format!("`{}` is empty: it has no column `{name}`", path.display());
        return Err(InputError::new(InputErrorKind::Corrupt, message));
    }
    if ends_in_quotes(again, last_start).map_err(io)? {
        let message = format!("`{}` ends inside a quoted field", path.display());
        return Err(InputError::new(InputErrorKind::Corrupt, message));
    }
    Ok(match rows {
        Rows::Flat(buffer) => Value::Scalars(buffer.finish()),
        Rows::Items(items) => Value::Vector(items.into()),
    })
}

impl Plan {
    /// Adds the element of one row. The error says what is wrong with the row.
    fn add_row(&self, record: &ByteRecord, rows: &mut Rows) -> Result<(), String> {
        if record.len() != self.width {
            return Err(format!(
                "{} in this row, but {} in the first one",
                fields(record.len()),
                fields(self.width)
            ));
        }
        let bad = |at: usize, cell: Cell| {
            let name = self.names.as_ref().and_then(|names| names.get(at)).map(|name| format!("`{name}`"));
            let column = name.unwrap_or_else(|| (at + 1).to_string());
            let shown: String =
                String::from_utf8_lossy(record.get(at).unwrap_or(&[])).chars().take(40).collect();
            match shown.trim().is_empty() {
                true => format!("column {column} is empty, but should be of type {}", cell.name()),
                false => format!("column {column}: `{shown}` is no {}", cell.name()),
            }
        };
        let read = |(at, cell): &(usize, Cell)| {
            record.get(*at).and_then(|text| cell.read(text)).ok_or_else(|| bad(*at, *cell))
        };
        match (rows, self.columns.as_slice()) {
            (Rows::Flat(buffer), [(at, cell @ Cell::Scalar(scalar))]) => {
                let literal = record.get(*at).and_then(|text| number(text, *scalar));
                literal.and_then(|literal| buffer.push(&literal)).ok_or_else(|| bad(*at, *cell))
            }
            (Rows::Items(items), [column]) if !self.structs => {
                items.push(read(column)?);
                Ok(())
            }
            (Rows::Items(items), columns) => {
                items.push(Value::Struct(columns.iter().map(read).collect::<Result<_, _>>()?));
                Ok(())
            }
            (Rows::Flat(_), _) => Err("more than one column for a vector of scalars".to_string()),
        }
    }
}

fn fields(count: usize) -> String {
    format!("{count} field{}", if count == 1 { "" } else { "s" })
}

/// What the program wants of each row.
fn wanted(path: &Path, ty: &Ty) -> Result<Vec<Cell>, InputError> {
    let cells = ty.elem().and_then(|elem| match elem {
        Ty::Struct(fields) => fields.iter().map(Cell::of).collect(),
        other => Cell::of(other).map(|cell| vec![cell]),
    });
    cells.ok_or_else(|| {
        let message = format!("`{}` holds rows, but the program wants {ty}", path.display());
        let hint =
            "a .csv file is read as a vec[T] or a vec[{T,U}], where each part is a scalar or a vec[i8]";
        InputError::new(InputErrorKind::TypeMismatch, message).hint(hint)
    })
}

/// Chooses the columns by the first row.
fn choose(
    path: &Path,
    first: &ByteRecord,
    column: Option<&str>,
    ty: &Ty,
    wanted: &[Cell],
) -> Result<Plan, InputError> {
    let width = first.len();
    let names = || -> Vec<String> {
        first.iter().map(|name| String::from_utf8_lossy(name).trim().to_string()).collect()
    };
    let mismatch = |what: String, hint: String| {
        Err(InputError::new(InputErrorKind::TypeMismatch, format!("`{}` {what}", path.display())).hint(hint))
    };
    let structs = ty.elem().is_some_and(|elem| elem.fields().is_some());
    let columns: Vec<(usize, Cell)> = match (column, wanted) {
        (Some(_), _) if structs => {
            return mismatch(
                format!("gives one column, but the program wants {ty}"),
                "leave the column out".to_string(),
            );
        }
        (Some(name), [cell]) => {
            let names = names();
            if let Some(at) = names.iter().position(|found| found == name) {
                return Ok(Plan { columns: vec![(at, *cell)], structs, names: Some(names), width });
            }
            match name.parse::<usize>() {
                Ok(number) if (1..=width).contains(&number) => vec![(number - 1, *cell)],
                _ => {
                    let hint = match suggest(name, names.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the columns are {}", listed(&names)),
                    };
                    return mismatch(format!("has no column `{name}`"), hint);
                }
            }
        }
        (None, [cell]) if !structs && width == 1 => vec![(0, *cell)],
        (None, _) if !structs => {
            let hint = format!("write `@{}:COLUMN`; the columns are {}", path.display(), listed(&names()));
            return mismatch(format!("has {width} columns, but the program wants {ty}"), hint);
        }
        _ if wanted.len() != width => {
            let hint = format!("the columns are {}", listed(&names()));
            return mismatch(format!("has {width} columns, but {ty} has {}", fields(wanted.len())), hint);
        }
        _ => wanted.iter().copied().enumerate().collect(),
    };
    let mut numbers = columns.iter().filter(|(_, cell)| *cell != Cell::Text).peekable();
    let is_header = numbers.peek().is_some()
        && numbers.all(|(at, cell)| {
            let text = first.get(*at).unwrap_or(&[]).trim_ascii();
            let like_a_name =
                text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80);
            like_a_name && cell.read(text).is_none()
        });
    Ok(Plan { columns, structs, names: is_header.then(names), width })
}

/// Names for a message, not more than fit on a line.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > shown.len() {
        format!(" and {} more", names.len() - shown.len())
    } else {
        String::new()
    };
    shown.join(", ") + &more
}

/// Whether the file, read from the start of its last record, ends inside quotes. The reader takes the end of the file
/// for the closing quote, but a file that was cut is not all there.
fn ends_in_quotes(mut file: File, last_start: u64) -> std::io::Result<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        FieldStart,
        Unquoted,
        Quoted,
        /// After a quote in a quoted field: the end of the field, or half of a doubled quote.
        AfterQuote,
    }
    file.seek(SeekFrom::Start(last_start))?;
    let mut reader = BufReader::new(file);
    let mut state = State::FieldStart;
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = reader.read(&mut chunk)?;
        if count == 0 {
            return Ok(state == State::Quoted);
        }
        for byte in chunk.get(..count).unwrap_or(&[]) {
            state = match (state, byte) {
                (State::Quoted, b'"') => State::AfterQuote,
                (State::Quoted, _) => State::Quoted,
                (State::AfterQuote | State::FieldStart, b'"') => State::Quoted,
                (_, b',' | b'\n' | b'\r') => State::FieldStart,
                _ => State::Unquoted,
            };
        }
    }
}
