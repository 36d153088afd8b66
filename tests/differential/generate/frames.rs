//! What data-frame libraries emit: one operation a let, masks and columns used many times, then several aggregates.

use super::loops::Floats;
use super::scope::Var;
use super::vectors::Data;
use super::{Gen, Piece};
use weld::ir::Ty;

/// Columns of one length have the same rows, unless something fails.
type Columns = Vec<Data>;

impl Gen<'_> {
    /// A block of lets over a few columns, and a struct of results.
    pub(super) fn frame(&mut self) -> Piece {
        self.see("frame");
        let outer = self.scope.len();
        let mut lets = Vec::new();
        let mut columns = self.first_columns(&mut lets);
        let steps = self.choices.draw(9) + 2;
        for _ in 0..steps {
            let start = self.choices.begin();
            self.step(&mut columns, &mut lets);
            self.choices.end(start);
        }
        let mut results = Vec::new();
        let mut degree = 0;
        for _ in 0..self.choices.draw(4) + 2 {
            let start = self.choices.begin();
            let piece = self.aggregate(&columns);
            degree = degree.max(piece.longest());
            results.push(piece.text);
            self.choices.end(start);
        }
        self.scope.truncate(outer);
        Piece::with_degree(format!("({}; {{{}}})", lets.join("; "), results.join(", ")), degree)
    }

    /// Vectors of scalars in scope that have one length.
    fn first_columns(&mut self, lets: &mut Vec<String>) -> Columns {
        let mut columns: Columns = Vec::new();
        for var in self.visible() {
            let known = columns.first().is_none_or(|first| first.len == var.len);
            if var.len.is_some() && known && var.ty.elem().is_some_and(|elem| elem.scalar().is_some()) {
                columns.push(super::vectors::named(var));
            }
        }
        if columns.is_empty() {
            let value = "range(9L)".to_string();
            let len = self.new_len();
            self.column(&mut columns, lets, &value, Ty::I64, 0, len);
        }
        columns
    }

    /// `let c = value`, a column from now on.
    fn column(
        &mut self,
        columns: &mut Columns,
        lets: &mut Vec<String>,
        value: &str,
        elem: Ty,
        degree: u32,
        len: Option<u32>,
    ) {
        let text = self.fresh("c");
        lets.push(format!("let {text} = {value}"));
        let ty = Ty::vec(elem.clone());
        self.scope.push(Var { name: text.clone(), ty, degree, inner: 0, len, small: false });
        columns.push(Data { text, elem, degree, inner: 0, len, small: false });
    }

    /// One of the columns, the later ones more often.
    fn pick(&mut self, columns: &Columns) -> Data {
        let from = if self.choices.chance(60) { columns.len().saturating_sub(4) } else { 0 };
        self.choices.one_of(&columns[from..]).clone()
    }

    /// One to three columns with the same rows, as what a loop reads.
    fn rows(&mut self, columns: &Columns) -> Data {
        let first = self.pick(columns);
        let alike: Columns = columns.iter().filter(|column| column.len == first.len).cloned().collect();
        let mut items = vec![first.clone()];
        for _ in 0..self.choices.weighted(&[50, 40, 10]) {
            let other = if self.choices.chance(3) { columns } else { &alike };
            items.push(self.choices.one_of(other).clone());
        }
        if items.len() == 1 {
            return first;
        }
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        let elem = Ty::tuple(items.iter().map(|item| item.elem.clone()).collect());
        Data { text: format!("zip({})", texts.join(", ")), elem, ..first }
    }

    fn step(&mut self, columns: &mut Columns, lets: &mut Vec<String>) {
        let data = self.rows(columns);
        match self.choices.weighted(&[40, 20, 15, 8, 8, 9]) {
            0 => {
                let elem = Ty::Scalar(self.palette_scalar());
                let function = self.elem_function(&data, &elem, Floats::Any);
                let value = format!("map({}, {})", data.text, function.text);
                self.column(columns, lets, &value, elem, data.degree, data.len);
            }
            1 => {
                // A mask, and the columns where it holds.
                let function = self.elem_function(&data, &Ty::BOOL, Floats::Any);
                let mask = self.fresh("mask");
                lets.push(format!("let {mask} = map({}, {})", data.text, function.text));
                let alike: Columns =
                    columns.iter().filter(|column| column.len == data.len).cloned().collect();
                let len = self.new_len();
                for _ in 0..self.choices.draw(3) + 1 {
                    let column = self.choices.one_of(&alike).clone();
                    let value = format!("map(filter(zip({}, {mask}), |p| p.$1), |p| p.$0)", column.text);
                    self.column(columns, lets, &value, column.elem, data.degree, len);
                }
            }
            2 => {
                let column = self.pick(columns);
                let function = self.elem_function(&column, &Ty::BOOL, Floats::Any);
                let len = self.new_len();
                let value = format!("filter({}, {})", column.text, function.text);
                self.column(columns, lets, &value, column.elem, data.degree, len);
            }
            3 => {
                let value = format!(
                    "result(for(rangeiter(0L, len({}), 1L), appender[i64], |b, i, x| merge(b, x * 3L - i)))",
                    self.pick(columns).text
                );
                let len = self.new_len();
                self.column(columns, lets, &value, Ty::I64, data.degree, len);
            }
            4 => {
                let value = format!(
                    "result(for({}, appender[i64], |b, i, x| if(i % 3L != 1L, merge(b, i), b)))",
                    data.text
                );
                let len = self.new_len();
                self.column(columns, lets, &value, Ty::I64, data.degree, len);
            }
            _ => {
                // A number that later steps can use.
                let ty = Ty::Scalar(self.palette_scalar());
                let value = self.reduced(&data, &ty);
                let name = self.fresh("s");
                lets.push(format!("let {name} = {value}"));
                self.scope.push(Var { name, ty, degree: 0, inner: 0, len: None, small: false });
            }
        }
    }

    /// `result` of a merger over rows.
    fn reduced(&mut self, data: &Data, ty: &Ty) -> String {
        let (op, floats) = match self.choices.draw(4) {
            0 => ("+", Floats::Sums),
            1 => ("max", Floats::Any),
            2 => ("min", Floats::Any),
            _ => ("*", Floats::Products),
        };
        if ty.scalar().is_some_and(|scalar| scalar == weld::ir::Scalar::Bool) {
            return format!("len(filter({}, |p| true)) > 3L", data.text);
        }
        let function = self.elem_function(data, ty, floats);
        let (b, i, e) = self.loop_names();
        let merged = format!("merge({b}, ({})({e}))", function.text);
        let body = match self.choices.weighted(&[70, 30]) {
            0 => merged,
            _ => format!("if({i} % 2L == 0L, {merged}, {b})"),
        };
        format!("result(for({}, merger[{ty},{op}], |{b}, {i}, {e}| {body}))", data.text)
    }

    /// Names that no expression inside of the loop means.
    fn loop_names(&mut self) -> (String, String, String) {
        (self.fresh("b"), self.fresh("at"), self.fresh("e"))
    }

    fn aggregate(&mut self, columns: &Columns) -> Piece {
        let data = self.rows(columns);
        let column = self.pick(columns);
        match self.choices.weighted(&[45, 15, 15, 10, 10, 15]) {
            0 => {
                let ty = Ty::Scalar(self.palette_scalar());
                Piece::new(self.reduced(&data, &ty))
            }
            1 => Piece::new(format!("len({})", column.text)),
            2 => Piece::with_degree(column.text, column.degree),
            3 => {
                let key = self.elem_function(&data, &Ty::I64, Floats::Any);
                let (b, i, e) = self.loop_names();
                let text = format!(
                    "tovec(result(for({}, dictmerger[i64,i64,+], |{b}, {i}, {e}| merge({b}, {{({})({e}), {i}}}))))",
                    data.text, key.text
                );
                Piece::with_degree(text, data.degree)
            }
            4 => {
                let value = self.elem_function(&data, &Ty::I64, Floats::Any);
                let ((b, i, e), r) = (self.loop_names(), self.fresh("r"));
                let text = format!(
                    "(let {r} = for({}, {{merger[i64,+], appender[i64]}}, |{b}, {i}, {e}| \
                     {{merge({b}.$0, 1L), merge({b}.$1, ({})({e}))}}); {{result({r}.$0), result({r}.$1)}})",
                    data.text, value.text
                );
                Piece::with_degree(text, data.degree)
            }
            _ => self.groups(&data),
        }
    }

    /// Two or three aggregates by one key, then the groups of one with what the others have for them.
    fn groups(&mut self, data: &Data) -> Piece {
        self.see("groups");
        let key = self.elem_function(data, &Ty::I64, Floats::Any);
        let keys = self.fresh("keys");
        let mut text = format!("let {keys} = map({}, {})", data.text, key.text);
        let op = *self.choices.one_of(&["+", "max", "min"]);
        let mut tables = Vec::new();
        for _ in 0..self.choices.draw(2) + 2 {
            let (b, i, e) = self.loop_names();
            let value = self.elem_function(data, &Ty::I64, Floats::Any);
            let (table, values) = (self.fresh("table"), self.fresh("values"));
            let op = if self.choices.chance(5) { "+" } else { op };
            text += &format!(
                "; let {values} = map({}, {}); let {table} = result(for(zip({keys}, {values}), \
                 dictmerger[i64,i64,{op}], |{b}, {i}, {e}| merge({b}, {{{e}.$0, {e}.$1}})))",
                data.text, value.text
            );
            tables.push(table);
        }
        let g = self.fresh("g");
        let first = tables.first().cloned().unwrap_or_default();
        let found = tables.iter().skip(1).map(|table| match self.choices.draw(4) {
            0 => format!("optlookup({table}, {g}.$0).$1"),
            1 => format!("i64(keyexists({table}, {g}.$0 + 1L))"),
            2 => format!("len({table})"),
            _ => format!("lookup({table}, {g}.$0)"),
        });
        let found: Vec<String> = found.collect();
        let groups = format!("map(tovec({first}), |{g}| {{{g}.$0, {g}.$1, {}}})", found.join(" + "));
        let last = tables.last().cloned().unwrap_or_default();
        let whole = if self.choices.chance(10) { format!("{{{groups}, tovec({last})}}") } else { groups };
        Piece::with_degree(format!("({text}; {whole})"), data.degree)
    }
}
