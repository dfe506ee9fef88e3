//! Pages of a day, to the worst.

use super::Severity;
use std::collections::VecDeque;

const DAY: f64 = 86_400.0;

/// Times of the last pages.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Budget {
    /// Those of the last 24 hours, ascending; of critical ones no more than there may be pages.
    pub(super) spent: VecDeque<f64>,
}

impl Budget {
    pub(super) fn new(pages: Option<usize>) -> Self {
        Self { spent: VecDeque::with_capacity(pages.map_or(0, |pages| pages.min(1_024))) }
    }

    /// Whether an alert of this severity may page now; if so it has.
    pub(super) fn take(&mut self, pages: Option<usize>, time: f64, severity: Severity) -> bool {
        let Some(pages) = pages else { return true };
        while self.spent.front().is_some_and(|&page| page <= time - DAY) {
            self.spent.pop_front();
        }
        // In quarters, without rounding.
        let share = match severity {
            Severity::Low => 1,
            Severity::Medium => 2,
            Severity::High => 4,
            Severity::Critical => usize::MAX,
        };
        if 4 * self.spent.len() >= share.saturating_mul(pages) {
            return false;
        }
        if self.spent.len() == pages {
            self.spent.pop_front();
        }
        self.spent.push_back(time);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_rises_as_pages_are_spent() {
        let mut budget = Budget::new(Some(8));
        let mut take = |time, severity| budget.take(Some(8), time, severity);
        assert!(take(0.0, Severity::Low) && take(1.0, Severity::Low));
        assert!(!take(2.0, Severity::Low));
        assert!(take(3.0, Severity::Medium) && take(4.0, Severity::Medium));
        assert!(!take(5.0, Severity::Medium));
        assert!((0..4).all(|_| take(6.0, Severity::High)));
        assert!(!take(8.0, Severity::High));
        assert!((0..100).all(|_| take(9.0, Severity::Critical)));
        // Critical pages count: only a day after the last of them anything else pages.
        assert!(!take(86_408.0, Severity::High));
        assert!(take(86_409.0, Severity::Low));
    }
}
