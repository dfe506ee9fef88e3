//! What a metric usually is at each time of a day or a week.

/// A cycle cut into `N` slots of equal length, each with the level that the metric had in it.
///
/// A slot takes the mean of what fell into it when the clock leaves it, so that it weighs the same
/// whatever the metric's step, and that a value is never compared with itself.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::threshold) struct Profile<const N: usize> {
    #[cfg_attr(feature = "serde", serde(with = "crate::threshold::monitor::fixed"))]
    levels: [f32; N],
    #[cfg_attr(feature = "serde", serde(with = "crate::threshold::monitor::fixed"))]
    visits: [u8; N],
    sum: f64,
    count: u32,
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, u32, 0, 167>")
    )]
    slot: u32,
}

impl<const N: usize> Profile<N> {
    pub(in crate::threshold) const fn new() -> Self {
        Self { levels: [0.0; N], visits: [0; N], sum: 0.0, count: 0, slot: 0 }
    }

    /// The level expected at a phase in [0, 1), drawn between the middles of the slots. `None`
    /// before the phase was passed once.
    pub(in crate::threshold) fn at(&self, phase: f64) -> Option<f64> {
        let place = phase * N as f64;
        let slot = (place as usize).min(N - 1);
        if self.visits[slot] == 0 {
            return None;
        }
        let off = place - slot as f64 - 0.5;
        let other = if off > 0.0 {
            if slot + 1 == N { 0 } else { slot + 1 }
        } else if slot == 0 {
            N - 1
        } else {
            slot - 1
        };
        let level = f64::from(self.levels[slot]);
        if self.visits[other] == 0 {
            return Some(level);
        }
        Some(level + off.abs() * (f64::from(self.levels[other]) - level))
    }

    /// Adds a value at a phase; the slot left behind moves by at least `weight` towards its mean.
    pub(in crate::threshold) fn learn(&mut self, phase: f64, value: f64, weight: f32) {
        let slot = ((phase * N as f64) as u32).min(N as u32 - 1);
        if slot != self.slot {
            self.leave(weight);
            self.slot = slot;
        }
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    fn leave(&mut self, weight: f32) {
        if self.count == 0 {
            return;
        }
        let slot = (self.slot as usize).min(N - 1);
        let mean = (self.sum / f64::from(self.count)) as f32;
        self.visits[slot] = self.visits[slot].saturating_add(1);
        let weight = weight.max(1.0 / f32::from(self.visits[slot]));
        self.levels[slot] += weight * (mean - self.levels[slot]);
        (self.sum, self.count) = (0.0, 0);
    }
}
