//! Types by dice. The same number gives the same type.

use weld::ir::{BuilderTy, MergeOp, Scalar, Ty};

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % sides
    }

    fn scalar(&mut self) -> Ty {
        Scalar::ALL[self.below(Scalar::ALL.len())].into()
    }

    fn number(&mut self) -> Ty {
        Scalar::ALL[1 + self.below(Scalar::ALL.len() - 1)].into()
    }

    /// A number or a struct of numbers: what mergers hold.
    fn merged(&mut self) -> Ty {
        match self.below(2) {
            0 => self.number(),
            _ => Ty::tuple((0..1 + self.below(4)).map(|_| self.number()).collect()),
        }
    }

    /// Scalars, vectors and structs.
    pub fn plain(&mut self, depth: usize) -> Ty {
        match self.below(if depth == 0 { 2 } else { 6 }) {
            0 | 1 => self.scalar(),
            2 | 3 => Ty::vec(self.plain(depth - 1)),
            _ => Ty::tuple((0..self.below(6)).map(|_| self.plain(depth - 1)).collect()),
        }
    }

    /// A struct with builders and dictionaries in it.
    pub fn opaque(&mut self, depth: usize) -> Ty {
        let fields = (0..1 + self.below(5)).map(|_| match self.below(if depth == 0 { 7 } else { 8 }) {
            0 => self.plain(1),
            1 => Ty::builder(BuilderTy::Appender(self.plain(1))),
            2 => Ty::builder(BuilderTy::Merger(self.merged(), MergeOp::Add)),
            3 => Ty::builder(BuilderTy::VecMerger(self.merged(), MergeOp::Min)),
            4 => Ty::builder(BuilderTy::DictMerger(self.plain(1), self.merged(), MergeOp::Mul)),
            5 => Ty::builder(BuilderTy::GroupMerger(self.plain(1), self.plain(1))),
            6 => Ty::vec(BuilderTy::GroupMerger(self.plain(1), self.plain(1)).result_ty()),
            _ => self.opaque(depth - 1),
        });
        Ty::tuple(fields.collect())
    }
}
