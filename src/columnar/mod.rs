//! Tables turned to columns, a block of rows at a time, and what this processor can do with columns:
//! what isolation forests and boosted trees score with.

pub(crate) mod block;
pub(crate) mod level;
