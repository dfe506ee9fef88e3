//! Why an ensemble answers as it does: contributions of columns that add up, interactions,
//! importance, and how answers move with a column.
//!
//! # Contributions by quadrature
//! A leaf of value `v` behind a path with the columns `P` is a game: with the columns of a coalition
//! `S` known, `v · Π_{j∈S} o_j · Π_{j∈P∖S} z_j` of a row is there, where `o_j` is 1 if the row meets
//! all conditions on `j`, else 0, and `z_j` is the share of the training rows that meet them. Its
//! Shapley value, a sum over coalitions with weights `s! (n − s − 1)! / n! = ∫ tˢ (1 − t)ⁿ⁻ˢ⁻¹ dt`, is
//! ```text
//! φ_i = v (o_i − z_i) ∫₀¹ Π_{j≠i} f_j(t) dt      with  f_j(t) = t o_j + (1 − t) z_j
//! ```
//! The integrand is a polynomial of degree |P| − 1, so ⌈|P| / 2⌉ points of Gauss and Legendre give
//! the integral exactly, and at each point the sum over the leaves of a tree factorises along its
//! branches. One walk down leaves the product `A` of the factors of the path at each split, one walk up
//! the sum `B` of what the leaves below hold, each times the factors of the path from the split down to
//! it. No factor is negative, so nothing cancels but in `o − z` and between leaves.
//!
//! A split on column `i` may follow others on the same column. With `z` the product of the shares of
//! the sides taken there (`share_before`), `z_L` and `z_R` the shares of the split's own sides,
//! `F(t) = t + (1 − t) z`, and for a row that
//! ```text
//! goes left:   g =  z_R
//! goes right:  g = −z_L
//! was sent off the path by an earlier split on i:  g = 0
//! ```
//! the factors by which the product changes, left and right, and what the split adds to `φ_i` are
//! ```text
//! f_L = z_L + g t / F      f_R = z_R − g t / F
//! g Σ_points w A (B_L − B_R) z / F²
//! ```
//! (for the latter, take the contributions of all leaves below with the factor of `i` as it is after
//! the split, less the same with the factor as it was before; the difference collapses). Without an
//! earlier split, `z = F = 1`. So a walk needs a handful of multiplications a split and point, no
//! division, and all rows of a block the same ones: they are vector instructions.
//!
//! A column that is known to every coalition, or to none, has `t = 1` or `t = 0` in its factor; from
//! the difference of the two come interactions.

mod against;
mod blocks;
mod contributions;
mod dependence;
mod dependence_params;
mod explainer;
#[cfg(test)]
mod golden;
mod importance;
mod interactions;
mod kernel;
mod lanes;
mod masks;
#[cfg(test)]
mod oracle;
mod plan;
mod quadrature;
mod simd;
mod single;
mod substitute;

pub use dependence::Dependence;
pub use dependence_params::DependenceParams;
pub(crate) use explainer::Prepared;
pub use importance::{Importance, PermutationImportance};
pub use substitute::Scale;
