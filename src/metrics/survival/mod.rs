//! How well lifetimes are foreseen, some of which are not over yet.
//!
//! | question | function |
//! |---|---|
//! | How long do things live? | [`KaplanMeier`] |
//! | Do those who fail first rank first? | [`concordance`], [`concordance_ipcw`] |
//! | Can the survival curve be believed? | [`brier_at`], [`integrated_brier`] |
//!
//! A concordance sees the order only: a model whose probabilities are ten times too high has the same
//! as one whose are right. The integrated Brier score sees both.

mod brier;
mod concordance;
mod kaplan_meier;

pub use brier::{brier_at, integrated_brier};
pub use concordance::{concordance, concordance_ipcw};
pub use kaplan_meier::KaplanMeier;
