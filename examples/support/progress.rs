//! A progress bar on standard error for work that takes long enough to need one.

use indicatif::{ProgressBar, ProgressStyle};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Shows itself after a third of a second, and only where standard error is a terminal.
pub(crate) struct Bar {
    started: Instant,
    shown: Option<ProgressBar>,
    /// What is being done; may change as work goes on.
    pub(crate) what: &'static str,
}

impl Bar {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { started: Instant::now(), shown: None, what }
    }

    /// Takes the progress of a training; never stops it.
    pub(crate) fn advance(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        if self.shown.is_none() && self.started.elapsed() > Duration::from_millis(333) {
            let template = "{msg} {wide_bar} {pos}/{len}, {eta} left";
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            // Draws nothing where standard error is a file or a pipe.
            let bar = ProgressBar::new(total as u64).with_style(style).with_message(self.what);
            self.shown = Some(bar);
        }
        if let Some(bar) = &self.shown {
            bar.set_message(self.what);
            bar.set_position(done as u64);
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
