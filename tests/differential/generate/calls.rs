//! Lambdas and macros, and their calls.

use super::scope::{Cost, Lambda, Var};
use super::{Gen, Piece};
use weld::ir::Ty;

impl Gen<'_> {
    pub(super) fn applied_lambda(&mut self, ty: &Ty) -> Piece {
        self.see("applied lambda");
        let count = self.choices.draw(3);
        let mut args = Vec::new();
        for _ in 0..count {
            let ty = self.side_type();
            args.push((self.expr(&ty), ty));
        }
        let outer = self.scope.len();
        let mut params = Vec::new();
        for (arg, ty) in &args {
            let name = self.param_name(&params);
            self.scope.push(Var {
                name: name.clone(),
                ty: ty.clone(),
                degree: arg.degree,
                inner: arg.inner,
                len: arg.len,
                small: false,
            });
            params.push(name);
        }
        let body = self.expr(ty);
        self.scope.truncate(outer);
        let args: Vec<String> = args.into_iter().map(|(arg, _)| arg.text).collect();
        Piece { text: format!("(|{}| {})({})", params.join(", "), body.text, args.join(", ")), ..body }
    }

    /// A binder that is not among `taken`.
    pub(super) fn param_name(&mut self, taken: &[String]) -> String {
        let name = self.binder();
        if taken.contains(&name) { self.fresh("p") } else { name }
    }

    /// `let f = |x| ...;`, with `f` callable afterwards.
    pub(super) fn let_lambda(&mut self) -> String {
        self.see("let-bound lambda");
        let name = self.fresh("g");
        let count = self.choices.draw(2) + 1;
        let types: Vec<Ty> = (0..count).map(|_| self.side_type()).collect();
        let ret = self.side_type();
        let ((params, body), cost) = self.apart(|generator| {
            let outer = generator.scope.len();
            let mut params: Vec<String> = Vec::new();
            for ty in &types {
                let name = generator.param_name(&params);
                let degree = u32::from(ty.elem().is_some());
                generator.scope.push(Var {
                    name: name.clone(),
                    ty: ty.clone(),
                    degree,
                    inner: degree,
                    len: None,
                    small: false,
                });
                params.push(name);
            }
            let body = generator.expr(&ret);
            generator.scope.truncate(outer);
            (params, body)
        });
        let declared: Vec<String> =
            params.iter().zip(&types).map(|(name, ty)| format!("{name}: {ty}")).collect();
        let line = format!("let {name} = (|{}| {});", declared.join(", "), body.text);
        self.lambdas.push(Lambda { name, params: types, ret, cost, degree: body.longest() });
        line
    }

    pub(super) fn called_lambda(&mut self, ty: &Ty) -> Piece {
        let found: Vec<Lambda> = self.lambdas.iter().filter(|lambda| lambda.ret == *ty).cloned().collect();
        if found.is_empty() {
            return self.let_in(ty);
        }
        let lambda = self.choices.one_of(&found).clone();
        self.see("call of a lambda by name");
        self.call(&lambda)
    }

    /// A macro of the program, made when it is first needed.
    pub(super) fn macro_call(&mut self, ty: &Ty) -> Piece {
        let found: Vec<Lambda> = self.macros.iter().filter(|lambda| lambda.ret == *ty).cloned().collect();
        if !found.is_empty() && self.choices.chance(70) {
            let lambda = self.choices.one_of(&found).clone();
            self.see("macro used again");
            return self.call(&lambda);
        }
        if self.macros.len() >= 3 {
            return self.of_type(ty);
        }
        self.see("macro");
        let name = self.fresh("m");
        let count = self.choices.draw(3);
        let types: Vec<Ty> = (0..count).map(|_| self.side_type()).collect();
        // A body sees its parameters only.
        let (scope, lambdas) = (std::mem::take(&mut self.scope), std::mem::take(&mut self.lambdas));
        let busy = std::mem::take(&mut self.busy);
        let ((params, body), cost) = self.apart(|generator| {
            let mut params: Vec<String> = Vec::new();
            for ty in &types {
                let name = generator.param_name(&params);
                let degree = u32::from(ty.elem().is_some());
                generator.scope.push(Var {
                    name: name.clone(),
                    ty: ty.clone(),
                    degree,
                    inner: degree,
                    len: None,
                    small: false,
                });
                params.push(name);
            }
            let body = generator.expr(ty);
            (params, body)
        });
        (self.scope, self.lambdas, self.busy) = (scope, lambdas, busy);
        self.macro_text += &format!("macro {name}({}) = {};\n", params.join(", "), body.text);
        let made = Lambda { name, params: types, ret: ty.clone(), cost, degree: body.longest() };
        self.macros.push(made.clone());
        self.call(&made)
    }

    /// A macro that takes a function.
    pub(super) fn function_macro(&mut self, ty: &Ty) -> Piece {
        self.see("macro with a lambda argument");
        const TEXT: &str = "macro twice(f, x) = f(f(x));\n";
        if !self.macro_text.contains(TEXT) {
            self.macro_text += TEXT;
        }
        let arg = self.expr(ty);
        let name = self.binder();
        let outer = self.scope.len();
        self.scope.push(Var {
            name: name.clone(),
            ty: ty.clone(),
            degree: arg.degree,
            inner: arg.inner,
            len: None,
            small: false,
        });
        let body = self.expr(ty);
        self.scope.truncate(outer);
        // What the function makes of its own result must not be longer.
        if body.degree > arg.degree || body.inner > arg.inner {
            return arg;
        }
        Piece { text: format!("twice(|{name}| {}, {})", body.text, arg.text), len: None, ..arg }
    }

    fn call(&mut self, lambda: &Lambda) -> Piece {
        if !self.affordable(lambda.cost) {
            return self.variable(&lambda.ret);
        }
        let args: Vec<Piece> = lambda.params.iter().map(|ty| self.expr(ty)).collect();
        // The lambda was made for vectors as long as inputs.
        let degree = args.iter().map(Piece::longest).max().unwrap_or(0).max(1);
        let cost = Cost { degree: lambda.cost.degree * degree, ..lambda.cost };
        if !self.affordable(cost) {
            return self.variable(&lambda.ret);
        }
        self.spend(cost);
        let args: Vec<String> = args.into_iter().map(|arg| arg.text).collect();
        Piece::with_degree(format!("{}({})", lambda.name, args.join(", ")), lambda.degree * degree)
    }
}
