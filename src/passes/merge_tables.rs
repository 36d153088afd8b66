#![forbid(unsafe_code)]
//! `merge-tables`: dictionaries with the same keys are one dictionary.
//!
//! Promises: a table is merged with another only if each merge into one of them stands beside a merge into the other
//! with the same key, and if its dictionary is only asked for single entries, its length or its entries in a loop.

mod body;
mod tables;
mod uses;

use super::{PassCx, declare_pass};
use crate::ir::Expr;

declare_pass! {
    /// Fill one dictionary with several values a key instead of several dictionaries with the same keys.
    ///
    /// Why: libraries make a dictionary for each aggregate of a group. After `fuse-horizontal` one loop fills them
    /// all, and looks up the same key in each of them for each row. One dictionary with a struct of all values needs
    /// one probe. Each value is still combined by itself and in the order of the rows, and the keys keep the order of
    /// their first merge, so entries, lookups and lengths mean the same. The operators must be equal, and a dictionary
    /// that is needed as a whole stays. What is looked up by the key of an entry of the same dictionary is at hand.
    ///
    /// ```weld
    /// |k: vec[i64], v: vec[f64]|
    ///   let all = for(zip(k, v), {dictmerger[i64,f64,+], dictmerger[i64,i64,+]}, |b, i, e|
    ///     {merge(b.$0, {e.$0, e.$1}), merge(b.$1, {e.$0, 1L})});
    ///   let sums = result(all.$0);
    ///   result(for(tovec(result(all.$1)), appender[{i64,f64}], |c, j, g|
    ///     merge(c, {g.$0, lookup(sums, g.$0) / f64(g.$1)})))
    /// ```
    /// becomes
    /// ```weld
    /// |k: vec[i64], v: vec[f64]|
    ///   let all = for(zip(k, v), dictmerger[i64,{f64,i64},+], |b, i, e|
    ///     merge(b, {e.$0, {e.$1, 1L}}));
    ///   let table = result(all);
    ///   result(for(tovec(table), appender[{i64,f64}], |c, j, g__1|
    ///     merge(c, {g__1.$0, g__1.$1.$0 / f64(g__1.$1.$1)})))
    /// ```
    pub struct MergeTables = "merge-tables";
    aliases: [];
    rules: ["merge_tables", "own_key"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let uses = uses::Uses::of(root);
    if uses.is_idle() {
        return root.clone();
    }
    tables::Sweep::new(cx, uses).expr(root)
}
