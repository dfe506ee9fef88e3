//! Predicting: raw scores and predictions of batches and single rows, leaves, and scores by round.
//!
//! Batches go in blocks of 256 rows. Every column in use is ranked among the thresholds that the trees
//! compare it with ([`ranking`]), which makes all comparisons ones of bytes ([`source`]), exactly.
//! Then all splits of a tree are evaluated for all rows of the block ([`chain`]), and the leaves' values
//! looked up and added ([`vector`]). Of single rows, every column's value rules leaves out ([`sieve`]);
//! where masks for that would grow too large, they are walked, eight trees at a time ([`walk`]). All
//! ways give the same bits as [`Tree::leaf_of`](super::tree::Tree::leaf_of): each output of each row is
//! its starting score and then the leaf value of one tree after another.
//!
//! The environment variable `FOREWARN_SIMD` limits the vector instructions, as for isolation forests.

mod batch;
mod block;
mod chain;
mod dense;
mod plain;
mod ranking;
mod sieve;
mod single;
mod source;
mod vector;
mod walk;

#[cfg(test)]
mod tests;

use super::ensemble::Ensemble;
use super::explain::Prepared;
use dense::Dense;
use sieve::Sieve;
use std::sync::OnceLock;
use walk::Walk;

/// An ensemble made ready to predict and explain fast; each part is compiled when it is first needed.
///
/// Belongs to the trees as they are: whoever changes those puts a new one in its place. Clones are
/// empty, and all are equal, so that ensembles are compared by what they are made of.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    dense: OnceLock<Dense>,
    sieve: OnceLock<Option<Sieve>>,
    walk: OnceLock<Walk>,
    /// Not to predict with, but to explain.
    prepared: OnceLock<Prepared>,
}

impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Ensemble {
    fn dense(&self) -> &Dense {
        self.compiled.dense.get_or_init(|| Dense::compile(&self.trees, self.columns))
    }

    fn sieve(&self) -> Option<&Sieve> {
        let compile = || Sieve::compile(&self.trees, self.columns);
        self.compiled.sieve.get_or_init(compile).as_ref()
    }

    pub(super) fn prepared(&self) -> &Prepared {
        self.compiled.prepared.get_or_init(|| Prepared::new(self))
    }

    fn walk(&self) -> &Walk {
        self.compiled.walk.get_or_init(|| Walk::compile(&self.trees))
    }
}
