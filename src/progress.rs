//! Watching a long training, and stopping it.

use std::ops::ControlFlow;

/// Is told how far a training is, on the thread that called it, and may stop it.
///
/// Any closure `FnMut(done, total) -> ControlFlow<()>` is one; `()` never stops anything.
///
/// ```
/// # #[cfg(feature = "forest")] {
/// use forewarn::prelude::*;
/// use forewarn::ndarray::Array2;
/// use std::ops::ControlFlow;
///
/// let rows = Array2::from_shape_fn((500, 3), |(i, j)| ((i * 7 + j * 13) % 101) as f64);
/// let mut seen = 0;
/// let forest = IsolationForestParams::default().train_observed(
///     Batch::new(rows.view()),
///     &mut |done: usize, _total: usize| {
///         seen = done;
///         ControlFlow::Continue(())
///     },
/// )?;
/// assert_eq!(seen, forest.n_trees());
/// # }
/// # Ok::<(), forewarn::Error>(())
/// ```
pub trait Progress {
    /// `done` of `total` steps are finished. `Break` ends the training with
    /// [`Error::Cancelled`](crate::Error::Cancelled).
    fn advance(&mut self, done: usize, total: usize) -> ControlFlow<()>;
}

impl<F: FnMut(usize, usize) -> ControlFlow<()>> Progress for F {
    fn advance(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        self(done, total)
    }
}

impl Progress for () {
    fn advance(&mut self, _done: usize, _total: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
