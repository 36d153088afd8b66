//! Iterators: vectors, parts of them, ranges, grids, and several side by side.

use super::Gen;
use super::loops::Floats;
use super::scope::{Cost, Var};
use super::vectors::{Data, named};
use weld::ir::Ty;

/// The iterators of a loop.
pub(super) struct Iters {
    pub(super) text: String,
    pub(super) elem: Ty,
    pub(super) cost: Cost,
    pub(super) small: bool,
    /// The degree of vectors in the elements.
    pub(super) inner: u32,
}

impl Gen<'_> {
    /// One or more iterators of one length.
    pub(super) fn iterators(&mut self) -> Iters {
        let count = self.choices.weighted(&[78, 4, 14, 4]);
        if count == 0 {
            return self.single_iterator();
        }
        self.see("zip of iterators");
        let Some(base) = self.vector_var() else { return self.single_iterator() };
        let base = named(base);
        let mut all =
            Iters { text: String::new(), elem: Ty::BOOL, cost: cost_of(&base), small: true, inner: 0 };
        let (mut texts, mut elems) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let one = self.iterator_as_long_as(&base);
            all.small &= one.small;
            all.inner = all.inner.max(one.inner);
            texts.push(one.text);
            elems.push(one.elem);
        }
        all.text = format!("zip({})", texts.join(", "));
        all.elem = if count == 1 { elems.remove(0) } else { Ty::tuple(elems) };
        all
    }

    fn single_iterator(&mut self) -> Iters {
        match self.choices.weighted(&[62, 14, 14, 6, 4]) {
            0 => {
                let data = self.some_vector();
                let plain = self.choices.chance(8);
                let text = if plain { format!("iter({})", data.text) } else { data.text.clone() };
                Iters { text, cost: cost_of(&data), small: data.small, inner: data.inner, elem: data.elem }
            }
            1 => {
                self.see("rangeiter");
                let (text, cost) = match self.choices.draw(6) {
                    0 => ("rangeiter(0L, 5L, 1L)".to_string(), Cost { degree: 0, factor: 5 }),
                    1 => ("rangeiter(5L, 0L, -1L)".to_string(), Cost { degree: 0, factor: 5 }),
                    2 => ("rangeiter(-3L, 9L, 3L)".to_string(), Cost { degree: 0, factor: 4 }),
                    3 => ("rangeiter(7L, 7L, 1L)".to_string(), Cost { degree: 0, factor: 1 }),
                    _ => match self.vector_var() {
                        Some(var) => {
                            let data = named(var);
                            (format!("rangeiter(0L, len({}), 1L)", data.text), cost_of(&data))
                        }
                        None => ("rangeiter(0L, 17L, 1L)".to_string(), Cost { degree: 0, factor: 17 }),
                    },
                };
                Iters { text, elem: Ty::I64, cost, small: false, inner: 0 }
            }
            4 => {
                self.see("loop over a zip with a name");
                let elem = Ty::tuple(vec![self.palette_scalar().into(), self.palette_scalar().into()]);
                let zip = self.zip(&elem);
                let name = self.fresh("z");
                let text = format!("(let {name} = {}; {name})", zip.text);
                let cost = Cost { degree: zip.degree, factor: 3 };
                Iters { text, elem, cost, small: false, inner: zip.inner }
            }
            3 => {
                let data = self.data_at_hand();
                let at_hand = self.visible().iter().any(|var| var.name == data.text);
                let (text, factor) = if at_hand {
                    self.grid(&data.text, false)
                } else {
                    self.see("nditer");
                    (format!("nditer({}, 2L, 0L, 1L, [3L], [-1L])", data.text), 1)
                };
                let cost = cost_of(&data);
                let cost = Cost { factor: cost.factor.saturating_mul(factor), ..cost };
                Iters { text, cost, small: data.small, inner: data.inner, elem: data.elem }
            }
            _ => match self.vector_var() {
                Some(var) => {
                    self.see("iter with bounds");
                    let data = named(var);
                    let v = data.text.clone();
                    let text = match self.choices.weighted(&[25, 25, 20, 20, 8, 20]) {
                        0 => format!("iter({v}, 0L, len({v}), 1L)"),
                        1 => format!("iter({v}, 0L, len({v}) / 2L * 2L, 2L)"),
                        2 => format!("iter({v}, len({v}) - 1L, -1L, -1L)"),
                        3 => format!("iter({v}, min(1L, len({v})), len({v}), 1L)"),
                        5 => {
                            self.see("iter with bounds over a map");
                            let elem = self.elem_type();
                            let function = self.elem_function(&data, &elem, Floats::Any);
                            let text = format!("iter(map({v}, {}), len({v}) - 1L, -1L, -1L)", function.text);
                            return Iters {
                                text,
                                cost: cost_of(&data),
                                small: false,
                                inner: function.longest(),
                                elem,
                            };
                        }
                        _ => {
                            self.see("iter that may fail");
                            format!("iter({v}, 1L, 3L, 1L)")
                        }
                    };
                    Iters {
                        text,
                        cost: cost_of(&data),
                        small: data.small,
                        inner: data.inner,
                        elem: data.elem,
                    }
                }
                None => {
                    let elem = Ty::Scalar(self.palette_scalar());
                    let data = self.vector_literal(&elem);
                    Iters {
                        text: data.text,
                        elem,
                        cost: Cost { degree: 0, factor: 4 },
                        small: false,
                        inner: data.inner,
                    }
                }
            },
        }
    }

    /// An iterator over as many elements as `base` has.
    fn iterator_as_long_as(&mut self, base: &Data) -> Iters {
        let cost = cost_of(base);
        let own = |text: String| Iters {
            text,
            elem: base.elem.clone(),
            cost,
            small: base.small,
            inner: base.inner,
        };
        let v = &base.text;
        match self.choices.weighted(&[35, 25, 8, 8, 8, 14, 2, 6]) {
            1 if base.len.is_some() => {
                let all = self.visible().into_iter();
                let same: Vec<Var> =
                    all.filter(|var| var.len == base.len && var.ty.elem().is_some()).collect();
                if same.is_empty() {
                    return own(v.clone());
                }
                let other = named(self.choices.one_of(&same).clone());
                Iters { text: other.text, elem: other.elem, cost, small: other.small, inner: other.inner }
            }
            2 => Iters {
                text: format!("rangeiter(0L, len({v}), 1L)"),
                elem: Ty::I64,
                cost,
                small: false,
                inner: 0,
            },
            3 => own(format!("iter({v}, 0L, len({v}), 1L)")),
            4 => own(format!("iter({v}, len({v}) - 1L, -1L, -1L)")),
            5 => {
                self.see("zip with a map inside");
                let elem = self.elem_type();
                let function = self.elem_function(base, &elem, Floats::Any);
                let text = format!("map({v}, {})", function.text);
                Iters { text, elem, cost, small: false, inner: function.longest() }
            }
            6 => {
                self.see("zip that may fail");
                let elem = Ty::Scalar(self.palette_scalar());
                let other = self.expr(&Ty::vec(elem.clone()));
                Iters { text: other.text, elem, cost, small: false, inner: other.inner }
            }
            7 => {
                let (text, _) = self.grid(v, true);
                own(text)
            }
            _ => own(v.clone()),
        }
    }
}

/// The turns of a loop over `data`.
fn cost_of(data: &Data) -> Cost {
    if data.degree > 0 { Cost { degree: data.degree, factor: 1 } } else { Cost { degree: 0, factor: 8 } }
}
