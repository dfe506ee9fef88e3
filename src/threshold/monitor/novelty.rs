//! How far a value lies from everything that a metric has ever been.

/// Stretches of values that are told apart.
const STRETCHES: usize = 16;

/// All values seen, as at most sixteen stretches without large holes: a new value makes a stretch
/// of its own, and when there are too many the two that lie closest become one. Small holes
/// close, large ones stay: those are what makes a value in them new.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Seen {
    low: [f32; STRETCHES + 1],
    high: [f32; STRETCHES + 1],
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, u8, 0, 16>")
    )]
    len: u8,
}

impl Seen {
    pub(super) const fn new() -> Self {
        Self { low: [0.0; STRETCHES + 1], high: [0.0; STRETCHES + 1], len: 0 }
    }

    /// The distance of `value` to the nearest seen, as a share of the range with it: 0 inside a
    /// stretch, 1 for the second value ever. The value then counts as seen.
    pub(super) fn look(&mut self, value: f32) -> f32 {
        let len = usize::from(self.len);
        let below = self.high[..len].iter().filter(|&&high| high < value).count();
        if below < len && self.low[below] <= value {
            return 0.0;
        }
        let mut novelty = 0.0;
        if len > 0 {
            let over = if below > 0 { value - self.high[below - 1] } else { f32::INFINITY };
            let under = if below < len { self.low[below] - value } else { f32::INFINITY };
            let distance = over.min(under);
            novelty = distance / (self.high[len - 1] - self.low[0] + distance);
        }
        self.low.copy_within(below..len, below + 1);
        self.high.copy_within(below..len, below + 1);
        self.low[below] = value;
        self.high[below] = value;
        self.len += 1;
        if len == STRETCHES {
            self.close_smallest_hole();
        }
        novelty
    }

    fn close_smallest_hole(&mut self) {
        let len = usize::from(self.len);
        let (mut at, mut smallest) = (0, f32::INFINITY);
        for stretch in 0..len - 1 {
            let hole = self.low[stretch + 1] - self.high[stretch];
            if hole < smallest {
                (at, smallest) = (stretch, hole);
            }
        }
        self.high[at] = self.high[at + 1];
        self.low.copy_within(at + 2..len, at + 1);
        self.high.copy_within(at + 2..len, at + 1);
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn novelty_is_the_share_of_the_range_to_the_nearest_value() {
        let mut seen = Seen::new();
        assert_eq!(seen.look(0.0), 0.0);
        assert_eq!(seen.look(10.0), 1.0);
        // 4 is 4 from 0, in a range of 10.
        assert_eq!(seen.look(4.0), 4.0 / 14.0);
        // 20 is 10 from 10.
        assert_eq!(seen.look(20.0), 10.0 / 20.0);
        assert_eq!(seen.look(4.0), 0.0);
    }

    #[test]
    fn small_holes_close_and_large_ones_stay() {
        let mut seen = Seen::new();
        for step in 0..100 {
            seen.look(step as f32);
        }
        seen.look(1000.0);
        assert_eq!(usize::from(seen.len), STRETCHES);
        assert_eq!(seen.look(50.5), 0.0);
        // 500 is 401 from 99 and 500 from 1000, in a range of 1000.
        assert_eq!(seen.look(500.0), 401.0 / 1401.0);
    }
}
