#![forbid(unsafe_code)]
//! Trees as Weld text.
//!
//! Promises: the text parses back to the same tree, with as few parentheses as the grammar allows; equal trees
//! have equal text; one let per line, lines of about 88 columns; linear in the size of the tree, of any depth.
//! Constants without a literal of their own read back as the operation that makes them: `u8(7)`, `1.0/0.0`.

use super::layout::{Doc, Layout};
use super::{BinOp, Expr, ExprKind, For, Iter, Lambda, Let, Literal, Program, UnOp};
use crate::diag::stack;

/// Struct fields of up to this many nodes share lines.
const SMALL: u32 = 8;

/// How tightly a form binds. Binary operators have their own levels, 1 to 10.
mod level {
    /// `let`, lambda: only where an expression stands alone.
    pub const OPEN: u8 = 0;
    /// What may stand as a let value.
    pub const OPERATOR: u8 = 1;
    /// `a / b`, which infinities are written as.
    pub const PRODUCT: u8 = 10;
    /// `e: type`.
    pub const ASCRIBED: u8 = 11;
    /// `-a`.
    pub const PREFIX: u8 = 12;
    /// `a.$0`, `f(a)` and everything that needs no parentheses.
    pub const POSTFIX: u8 = 13;
}

/// The text of an expression.
pub fn expr(expr: &Expr) -> String {
    let mut printer = Printer { layout: Layout::new(false), budget: usize::MAX };
    let doc = printer.body(expr);
    printer.layout.render(doc)
}

/// The text of a program.
pub fn program(program: &Program) -> String {
    let mut printer = Printer { layout: Layout::new(false), budget: usize::MAX };
    let params = program.func.params.iter().map(|param| format!("{}: {}", param.name, param.ty));
    let params = params.map(|param| printer.layout.text(param)).collect();
    let head = printer.paragraph("|", params, "|");
    let body = printer.body(&program.func.body);
    // The inputs keep their line when a loop below them shrinks: texts of two steps then differ where the steps do.
    let line =
        if program.func.body.facts.loops > 0 { printer.layout.hard() } else { printer.layout.soft(" ") };
    let doc = printer.below(head, line, body);
    printer.layout.render(doc)
}

/// The expression on one line of at most `max` characters, the rest cut to `...`. Takes time proportional to
/// `max`, however large the tree is.
pub fn short(expr: &Expr, max: usize) -> String {
    let mut printer = Printer { layout: Layout::new(true), budget: max };
    let doc = printer.expr(expr, level::OPEN);
    let text = printer.layout.render(doc).replace('\n', " ");
    if text.chars().count() <= max {
        return text;
    }
    text.chars().take(max.saturating_sub(3)).chain("...".chars()).collect()
}

struct Printer {
    layout: Layout,
    /// Nodes that may still be printed.
    budget: usize,
}

impl Printer {
    /// `expr`, in parentheses when it binds less tightly than `min`.
    fn expr(&mut self, expr: &Expr, min: u8) -> Doc {
        if self.budget == 0 {
            return self.layout.text("...");
        }
        self.budget -= 1;
        stack::deep(|| {
            let notes = notes(expr);
            let own = if notes.is_some() { level::POSTFIX } else { binding(expr) };
            if own < min {
                let inner = self.noted(expr, notes);
                return self.parenthesized(inner);
            }
            self.noted(expr, notes)
        })
    }

    fn noted(&mut self, expr: &Expr, notes: Option<String>) -> Doc {
        let Some(notes) = notes else { return self.kind(expr) };
        let head = self.layout.text(notes);
        let mut inner = self.kind(expr);
        if binding(expr) < level::POSTFIX || matches!(expr.kind, ExprKind::Field(..) | ExprKind::Apply(..)) {
            inner = self.parenthesized(inner);
        }
        self.layout.seq(vec![head, inner])
    }

    fn parenthesized(&mut self, inner: Doc) -> Doc {
        let open = self.layout.text("(");
        let soft = self.layout.soft("");
        let inside = self.layout.seq(vec![soft, inner]);
        let inside = self.layout.nest(inside);
        let close = self.layout.text(")");
        let all = self.layout.seq(vec![open, inside, close]);
        self.layout.group(all)
    }

    fn kind(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Literal(value) => self.layout.text(value.to_string()),
            ExprKind::Var(name) => self.layout.text(name.text().to_string()),
            ExprKind::Block(lets, body) => self.block(lets, body, false),
            ExprKind::Unary(op @ (UnOp::Neg | UnOp::Not | UnOp::BitNot), a) => {
                let sign = self.layout.text(op.symbol());
                // `-5` reads as one constant, so a minus on an integer constant needs parentheses.
                let is_integer = a.literal().is_some_and(|value| value.as_i64().is_some());
                let operand = if *op == UnOp::Neg && is_integer && a.notes.is_none() {
                    let inner = self.kind(a);
                    self.parenthesized(inner)
                } else {
                    self.expr(a, level::PREFIX)
                };
                self.layout.seq(vec![sign, operand])
            }
            ExprKind::Unary(op, a) => self.call(op.symbol(), &[a]),
            ExprKind::Binary(op, a, b) => match op.precedence() {
                Some(precedence) => self.chain(expr, precedence),
                None => self.call(op.symbol(), &[a, b]),
            },
            ExprKind::Cast(to, a) => self.call(to.name(), &[a]),
            ExprKind::Struct(items) => {
                let small = items.iter().all(|item| item.facts.nodes <= SMALL);
                let items = self.items(items);
                if small { self.paragraph("{", items, "}") } else { self.list("{", items, "}") }
            }
            ExprKind::Vector(items) => self.vector(expr, items),
            ExprKind::Field(a, k) => {
                let base = self.expr(a, level::POSTFIX);
                let field = self.layout.text(format!(".${k}"));
                self.layout.seq(vec![base, field])
            }
            ExprKind::If(c, a, b) => self.choice("if(", c, a, b),
            ExprKind::Select(c, a, b) => self.choice("select(", c, a, b),
            ExprKind::Broadcast(a) => self.call("broadcast", &[a]),
            ExprKind::Len(a) => self.call("len", &[a]),
            ExprKind::ToVec(a) => self.call("tovec", &[a]),
            ExprKind::Serialize(a) => self.call("serialize", &[a]),
            ExprKind::Deserialize(a) => self.call_text(format!("deserialize[{}]", expr.ty), &[a]),
            ExprKind::CUdf(name, args) => {
                let head = format!("cudf[{name},{}]", expr.ty);
                self.call_text(head, &args.iter().collect::<Vec<_>>())
            }
            ExprKind::Lookup(v, i) => self.call("lookup", &[v, i]),
            ExprKind::OptLookup(d, k) => self.call("optlookup", &[d, k]),
            ExprKind::KeyExists(d, k) => self.call("keyexists", &[d, k]),
            ExprKind::Slice(v, i, n) => self.call("slice", &[v, i, n]),
            ExprKind::Assert(c) => self.call("assert", &[c]),
            ExprKind::Zip(items) => self.call("zip", &items.iter().collect::<Vec<_>>()),
            ExprKind::Apply(lambda, args) => {
                let open = self.layout.text("(");
                let params = self.params(lambda);
                let body = self.body(&lambda.body);
                let func = self.lambda(params, body);
                let close = self.layout.text(")");
                let args = self.items(args);
                let args = self.list("(", args, ")");
                self.layout.seq(vec![open, func, close, args])
            }
            ExprKind::For(parts) => self.for_loop(parts),
            ExprKind::Iterate(start, lambda) => {
                let start = self.expr(start, level::OPEN);
                self.with_lambda("iterate(", vec![start], lambda)
            }
            ExprKind::Sort(data, lambda) => {
                let data = self.expr(data, level::OPEN);
                self.with_lambda("sort(", vec![data], lambda)
            }
            ExprKind::NewBuilder(arg) => {
                let head = self.layout.text(expr.ty.to_string());
                let Some(arg) = arg else { return head };
                let arg = self.expr(arg, level::OPEN);
                let arg = self.list("(", vec![arg], ")");
                self.layout.seq(vec![head, arg])
            }
            ExprKind::Merge(b, x) if b.facts.nodes <= 4 => {
                let head = self.layout.text("merge(");
                let b = self.expr(b, level::OPEN);
                let comma = self.layout.text(", ");
                let x = self.expr(x, level::OPEN);
                let x = self.layout.nest(x);
                let close = self.layout.text(")");
                self.layout.seq(vec![head, b, comma, x, close])
            }
            ExprKind::Merge(b, x) => self.call("merge", &[b, x]),
            ExprKind::Result(b) => self.call("result", &[b]),
        }
    }

    /// Where a block is a body, its lets are on lines of their own; as an operand it may be on one line.
    fn block(&mut self, lets: &[Let], body: &Expr, is_body: bool) -> Doc {
        let mut lines = Vec::with_capacity(lets.len() * 6 + 1);
        for binding in lets {
            if self.budget == 0 {
                break;
            }
            lines.push(self.layout.text(format!("let {} = ", binding.name)));
            lines.push(self.expr(&binding.value, level::OPERATOR));
            lines.push(self.layout.text(";"));
            lines.push(if is_body { self.layout.hard() } else { self.layout.soft(" ") });
        }
        lines.push(self.expr(body, level::OPEN));
        let lines = self.layout.seq(lines);
        self.layout.group(lines)
    }

    /// The body of a lambda or a program.
    fn body(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Block(lets, body) if expr.notes.is_none() && self.budget > 0 => {
                self.block(lets, body, true)
            }
            _ => self.expr(expr, level::OPEN),
        }
    }

    /// A run of operators of one level: the operands in one paragraph, operators at the beginning of lines.
    fn chain(&mut self, expr: &Expr, precedence: u8) -> Doc {
        // Comparisons do not associate, all other levels do so to the left.
        let associates = !(6..=7).contains(&precedence);
        let mut rest = Vec::new();
        let mut left = expr;
        while let ExprKind::Binary(op, a, b) = &left.kind {
            let inside = !rest.is_empty();
            if op.precedence() != Some(precedence) || (inside && (!associates || notes(left).is_some())) {
                break;
            }
            rest.push((*op, b));
            left = a;
            if self.budget <= rest.len() {
                break;
            }
        }
        let first = if self.budget <= rest.len() {
            self.layout.text("...")
        } else {
            self.expr(left, if associates { precedence } else { precedence + 1 })
        };
        let mut items = Vec::with_capacity(rest.len());
        for (op, operand) in rest.into_iter().rev() {
            let line = self.layout.soft(" ");
            let symbol = self.layout.text(format!("{} ", op.symbol()));
            let operand = self.expr(operand, precedence + 1);
            let item = self.layout.seq(vec![line, symbol, operand]);
            items.push(self.layout.group(item));
        }
        let items = self.layout.seq(items);
        let items = self.layout.nest(items);
        self.layout.seq(vec![first, items])
    }

    fn vector(&mut self, expr: &Expr, items: &[Expr]) -> Doc {
        if items.is_empty() {
            return self.layout.text(format!("[]:{}", expr.ty));
        }
        let items = self.items(items);
        self.paragraph("[", items, "]")
    }

    fn items(&mut self, items: &[Expr]) -> Vec<Doc> {
        let mut docs = Vec::with_capacity(items.len().min(self.budget));
        for item in items {
            let cut = self.budget == 0;
            docs.push(self.expr(item, level::OPEN));
            if cut {
                break;
            }
        }
        docs
    }

    /// Items in lines as full as possible.
    fn paragraph(&mut self, open: &'static str, items: Vec<Doc>, close: &'static str) -> Doc {
        let mut docs = vec![self.layout.text(open)];
        for (at, item) in items.into_iter().enumerate() {
            if at == 0 {
                docs.push(item);
                continue;
            }
            docs.push(self.layout.text(","));
            let line = self.layout.soft(" ");
            let item = self.layout.seq(vec![line, item]);
            docs.push(self.layout.group(item));
        }
        docs.push(self.layout.text(close));
        let docs = self.layout.seq(docs);
        self.layout.nest(docs)
    }

    /// `name(args)`; a single argument stays on the line of the name.
    fn call(&mut self, name: &'static str, args: &[&Expr]) -> Doc {
        let head = self.layout.text(name);
        self.arguments(head, args)
    }

    fn call_text(&mut self, name: String, args: &[&Expr]) -> Doc {
        let head = self.layout.text(name);
        self.arguments(head, args)
    }

    fn arguments(&mut self, head: Doc, args: &[&Expr]) -> Doc {
        let hugs = args.first().is_some_and(|arg| !matches!(arg.kind, ExprKind::Block(..)));
        let docs: Vec<Doc> = args.iter().map(|arg| self.expr(arg, level::OPEN)).collect();
        if let (true, [arg]) = (hugs, docs.as_slice()) {
            let open = self.layout.text("(");
            let close = self.layout.text(")");
            return self.layout.seq(vec![head, open, *arg, close]);
        }
        let args = self.list("(", docs, ")");
        self.layout.seq(vec![head, args])
    }

    /// Items on one line, or one per line.
    fn list(&mut self, open: &'static str, items: Vec<Doc>, close: &'static str) -> Doc {
        let open = self.layout.text(open);
        let close = self.layout.text(close);
        let mut inside = vec![self.layout.soft("")];
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                inside.push(self.layout.text(","));
                inside.push(self.layout.soft(" "));
            }
            inside.push(item);
        }
        let inside = self.layout.seq(inside);
        let inside = self.layout.nest(inside);
        let all = self.layout.seq(vec![open, inside, close]);
        self.layout.group(all)
    }

    /// The condition on the line of the name, the branches below it when they do not fit.
    fn choice(&mut self, head: &'static str, c: &Expr, a: &Expr, b: &Expr) -> Doc {
        let head = self.layout.text(head);
        let c = self.expr(c, level::OPEN);
        let mut arms = Vec::with_capacity(6);
        for arm in [a, b] {
            arms.push(self.layout.text(","));
            arms.push(self.layout.soft(" "));
            arms.push(self.expr(arm, level::OPEN));
        }
        let arms = self.layout.seq(arms);
        let arms = self.layout.nest(arms);
        let close = self.layout.text(")");
        let all = self.layout.seq(vec![head, c, arms, close]);
        self.layout.group(all)
    }

    fn params(&mut self, lambda: &Lambda) -> Doc {
        let names: Vec<&str> = lambda.params.iter().map(|param| param.name.text()).collect();
        self.layout.text(format!("|{}|", names.join(", ")))
    }

    fn lambda(&mut self, head: Doc, body: Doc) -> Doc {
        let line = self.layout.soft(" ");
        self.below(head, line, body)
    }

    fn below(&mut self, head: Doc, line: Doc, body: Doc) -> Doc {
        let body = self.layout.seq(vec![line, body]);
        let body = self.layout.nest(body);
        let all = self.layout.seq(vec![head, body]);
        self.layout.group(all)
    }

    fn for_loop(&mut self, parts: &For) -> Doc {
        let mut iters: Vec<Doc> = parts.iters.iter().map(|iter| self.iter(iter)).collect();
        let iters = match (iters.len(), iters.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                iters.extend(last);
                let head = self.layout.text("zip");
                let list = self.list("(", iters, ")");
                self.layout.seq(vec![head, list])
            }
        };
        let builder = self.expr(&parts.builder, level::OPEN);
        self.with_lambda("for(", vec![iters, builder], &parts.func)
    }

    fn iter(&mut self, iter: &Iter) -> Doc {
        match iter {
            Iter::Whole(data) => self.expr(data, level::OPEN),
            Iter::Strided { data, start, end, stride } => self.call("iter", &[data, start, end, stride]),
            Iter::Range { start, end, stride } => self.call("rangeiter", &[start, end, stride]),
            Iter::Nd(nd) => self.call("nditer", &nd.operands()),
            Iter::Simd(data) => self.call("simditer", &[data]),
            Iter::Fringe(data) => self.call("fringeiter", &[data]),
        }
    }

    /// `head args, |params| body)`: the body below the rest, or everything on lines of its own.
    fn with_lambda(&mut self, head: &'static str, args: Vec<Doc>, lambda: &Lambda) -> Doc {
        let head = self.layout.text(head);
        let params = self.params(lambda);
        let body = self.body(&lambda.body);
        let close = self.layout.text(")");

        let mut hugged = vec![head];
        for arg in &args {
            hugged.push(*arg);
            hugged.push(self.layout.text(", "));
        }
        hugged.push(params);
        let probe = self.layout.seq(hugged.clone());
        let line = self.layout.soft(" ");
        let below = self.layout.seq(vec![line, body]);
        hugged.push(self.layout.nest(below));
        hugged.push(close);
        let hugged = self.layout.seq(hugged);

        let mut inside = vec![self.layout.soft("")];
        for arg in args {
            inside.push(arg);
            inside.push(self.layout.text(","));
            inside.push(self.layout.soft(" "));
        }
        inside.push(self.lambda(params, body));
        let inside = self.layout.seq(inside);
        let inside = self.layout.nest(inside);
        let spread = self.layout.seq(vec![head, inside, close]);

        let both = self.layout.choice(probe, hugged, spread);
        self.layout.group(both)
    }
}

/// How tightly the text of an expression without annotations binds.
fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Block(..) => level::OPEN,
        ExprKind::Binary(op, ..) => BinOp::precedence(*op).unwrap_or(level::POSTFIX),
        ExprKind::Vector(items) if items.is_empty() => level::ASCRIBED,
        ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, _) => level::PREFIX,
        ExprKind::Literal(Literal::F32(value)) if !value.is_finite() => level::PRODUCT,
        ExprKind::Literal(Literal::F64(value)) if !value.is_finite() => level::PRODUCT,
        ExprKind::Literal(value) => {
            let negative = match value {
                Literal::F32(value) => value.is_sign_negative(),
                Literal::F64(value) => value.is_sign_negative(),
                Literal::I8(_) | Literal::I16(_) | Literal::I32(_) | Literal::I64(_) => {
                    value.as_i64().is_some_and(|value| value < 0)
                }
                _ => false,
            };
            if negative { level::PREFIX } else { level::POSTFIX }
        }
        _ => level::POSTFIX,
    }
}

/// The annotations as written before an expression; a loop chosen for SIMD says so there.
fn notes(expr: &Expr) -> Option<String> {
    let simd = matches!(&expr.kind, ExprKind::For(parts) if parts.simd);
    if !simd && expr.notes.is_none() {
        return None;
    }
    let mut items: Vec<String> = if simd { vec!["simd:true".to_string()] } else { Vec::new() };
    items.extend(
        expr.notes.iter().flat_map(|notes| notes.iter()).map(|(key, value)| format!("{key}:{value}")),
    );
    Some(format!("@({}) ", items.join(", ")))
}
