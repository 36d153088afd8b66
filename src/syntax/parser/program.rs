#![forbid(unsafe_code)]
//! Programs: type aliases, macros and the body.

use super::{Parser, TokenKind};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Alias, Ident, Macro, Program};
use crate::syntax::token::Keyword;

impl Parser<'_> {
    pub(super) fn program(&mut self) -> Program {
        let (mut aliases, mut macros) = (Vec::new(), Vec::new());
        loop {
            match self.kind() {
                TokenKind::Keyword(Keyword::Type) => aliases.push(self.alias()),
                TokenKind::Keyword(Keyword::Macro) => macros.push(self.macro_definition()),
                _ => break,
            }
        }
        let body = self.expr();
        if self.kind() == TokenKind::Semicolon {
            let message = self.expected_message("the end of the program");
            self.report_here(message.help("remove the `;`: the body of a program is one expression"));
        } else if self.kind() != TokenKind::End {
            let mut message = self.expected_message("an operator or the end of the program");
            let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).copied();
            if let (Some(before), TokenKind::Ident | TokenKind::Int(..)) = (before, self.kind())
                && before.kind == TokenKind::Ident
            {
                let (callee, arg) = (self.snippet(before.span), self.snippet(self.span()));
                message = message.help(format!("a call has parentheses, as in `{callee}({arg})`"));
            }
            self.report_here(message);
        }
        Program { aliases, macros, body }
    }

    fn alias(&mut self) -> Alias {
        self.bump();
        let name = self.ident("the name of a type");
        self.expect(TokenKind::Equal, "`=`");
        let ty = self.ty();
        self.end_of_definition("type", &name);
        Alias { name, ty }
    }

    fn macro_definition(&mut self) -> Macro {
        self.bump();
        let name = self.ident("the name of a macro");
        let params = self.macro_params();
        self.expect(TokenKind::Equal, "`=`");
        let body = self.expr();
        self.end_of_definition("macro", &name);
        Macro { name, params, body }
    }

    fn macro_params(&mut self) -> Vec<Ident> {
        let mut params: Vec<Ident> = Vec::new();
        if self.kind() != TokenKind::OpenParen {
            let message = self.expected_message("`(` and the parameters of the macro");
            self.report_here(
                message.help("a macro without parameters has empty parentheses, a value is bound by `let`"),
            );
            return params;
        }
        self.brackets(TokenKind::CloseParen, |parser| {
            let param = parser.ident("the name of a parameter");
            if parser.kind() == TokenKind::Colon {
                let message = parser.expected_message("`,` or `)`");
                parser.report_here(message.help("the parameters of macros have no types"));
            }
            if let Some(first) = params.iter().find(|earlier| **earlier == param && !param.text.is_empty()) {
                let title = format!("two parameters are named `{}`", param.text);
                let message = Diagnostic::new(Code::DuplicateName, param.span, title).label("again here");
                parser.report(
                    message.related(first.span, "first here").help("give each parameter its own name"),
                );
            }
            params.push(param);
        });
        params
    }

    fn end_of_definition(&mut self, what: &str, name: &Ident) {
        if self.kind() != TokenKind::Semicolon {
            if self.at_definition() || matches!(self.kind(), TokenKind::Bar | TokenKind::BarBar) {
                self.missing_semicolon(&format!("the {what} `{}`", name.text));
            } else {
                let message = self.expected_message(&format!("`;` after the {what} `{}`", name.text));
                self.report_here(message.related(name.span, "defined here"));
            }
            // The body of a program usually begins with a bar; a type never contains one.
            let stops = |kind| matches!(kind, TokenKind::Bar | TokenKind::BarBar) && what == "type";
            while !matches!(self.kind(), TokenKind::End | TokenKind::Semicolon)
                && !self.at_definition()
                && !stops(self.kind())
            {
                self.bump();
            }
        }
        self.eat(TokenKind::Semicolon);
    }

    fn at_definition(&self) -> bool {
        matches!(self.kind(), TokenKind::Keyword(Keyword::Type | Keyword::Macro))
    }
}
