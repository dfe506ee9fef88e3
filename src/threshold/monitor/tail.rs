//! The tails of a metric's residuals, from counts in bins that need no scale to be set.
//!
//! A bin is an eighth of an octave wide: its number is the exponent and the first three bits of the
//! mantissa of the residual's magnitude, so that counting costs a shift, and multiplying the metric
//! by a power of two changes nothing but the number of the first bin.

/// Eighths of an octave counted on each side: a range of 2¹⁰ around the usual residual.
const BINS: usize = 80;
/// Where the residual that all but one in a hundred stay below is kept: room for the body below
/// it, and for ones twenty times as large above it.
const HOME: i32 = 44;
/// Counts are halved when there are so many: what is older than two or three times that fades.
const MEMORY: u32 = 120_000;
/// What happens less often than once in a thousand counts as far out.
const FAR: f64 = 1e-3;
/// Two that are far out and no further apart than this keep company.
const NEAR: u32 = 10;
/// More than so many of those far out in company beyond chance, and they are incidents, not a
/// heavy tail.
const COMPANY: f64 = 0.2;

/// What one side looks like beyond a start: a generalised Pareto tail.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Fit {
    /// Where the tail starts.
    start: f64,
    /// The share of all residuals beyond the start.
    share: f64,
    /// σ.
    scale: f64,
    /// ξ.
    shape: f64,
}

impl Fit {
    const NONE: Self = Self { start: 0.0, share: 1.0, scale: 0.0, shape: 0.0 };

    /// The probability of a residual beyond `size`, which is beyond the start.
    fn probability(&self, size: f64) -> f64 {
        let excess = (size - self.start) / self.scale;
        if self.shape.abs() < 1e-6 {
            return self.share * (-excess).exp();
        }
        let base = 1.0 + self.shape * excess;
        if base <= 0.0 { 0.0 } else { self.share * base.powf(-1.0 / self.shape) }
    }

    /// The size that is exceeded with this probability.
    fn quantile(&self, probability: f64) -> f64 {
        let ratio = (probability / self.share).min(1.0);
        let steps = if self.shape.abs() < 1e-6 {
            -ratio.ln()
        } else {
            (ratio.powf(-self.shape) - 1.0) / self.shape
        };
        self.start + self.scale * steps
    }
}

/// Counts of residuals by side and size, and the tails fitted to them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::threshold) struct Tail {
    fits: [Fit; 2],
    far: [f64; 2],
    limits: [f64; 2],
    total: u32,
    next_fit: u32,
    /// Eighth of an octave of the first bin; 0 while nothing but zeros was seen.
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, i32, 0, 16384>")
    )]
    base: i32,
    since_far: u32,
    far_count: f32,
    far_company: f32,
    #[cfg_attr(feature = "serde", serde(with = "super::fixed"))]
    counts: [u16; 2 * BINS],
}

/// The eighth of an octave of a magnitude.
fn eighth(size: f64) -> i32 {
    (size.to_bits() >> 49) as i32
}

impl Tail {
    pub(in crate::threshold) const fn new() -> Self {
        Self {
            fits: [Fit::NONE; 2],
            far: [f64::MAX; 2],
            limits: [f64::MAX; 2],
            total: 0,
            next_fit: 32,
            base: 0,
            since_far: NEAR + 1,
            far_count: 0.0,
            far_company: 0.0,
            counts: [0; 2 * BINS],
        }
    }

    /// How far below and above the expected value the alarm lies.
    pub(in crate::threshold) fn limits(&self) -> [f64; 2] {
        self.limits.map(|limit| if limit < f64::MAX { limit } else { f64::INFINITY })
    }

    /// The probability of a residual on this one's side that is at least as large.
    pub(in crate::threshold) fn probability(&self, residual: f64) -> f64 {
        let fit = &self.fits[usize::from(residual > 0.0)];
        let size = residual.abs();
        if size > fit.start && fit.scale > 0.0 { fit.probability(size) } else { fit.share }
    }

    /// Whether a residual is so far out as to happen less than once in a thousand, and so was one
    /// shortly before.
    pub(in crate::threshold) fn keeps_company(&self, residual: f64) -> bool {
        self.since_far < NEAR && residual.abs() > self.far[usize::from(residual > 0.0)]
    }

    /// Counts a residual; `rate` is the probability of an alarm on each side, for the limits. One
    /// that `recurs` is the metric's way, so it is no sign of an incident.
    pub(in crate::threshold) fn learn(&mut self, residual: f64, recurs: bool, rate: [f64; 2]) {
        let size = residual.abs();
        let side = usize::from(residual > 0.0);
        self.total = self.total.saturating_add(1);
        if size > 0.0 {
            if self.base == 0 {
                self.base = (eighth(size) - HOME).max(1);
            }
            let bin = eighth(size) - self.base;
            if bin >= 0 {
                let bin = (bin as usize).min(BINS - 1);
                let count = &mut self.counts[side * BINS + bin];
                *count = count.saturating_add(1);
            }
        }
        self.since_far = self.since_far.saturating_add(1);
        if size > self.far[side] {
            self.far_count += 1.0;
            self.far_company += f32::from(u8::from(self.since_far <= NEAR && !recurs));
            self.since_far = 0;
        }
        if self.total >= self.next_fit {
            self.refit(rate);
        }
    }

    /// Lets what was counted so far weigh a quarter.
    pub(in crate::threshold) fn fade(&mut self) {
        self.weigh(4);
        self.next_fit = self.total + 16;
    }

    /// Divides all that was counted. What a side has beyond each bin is rounded, not the bins:
    /// those far out hold one or two each, and would all become none.
    fn weigh(&mut self, divisor: u32) {
        self.total /= divisor;
        self.far_count /= divisor as f32;
        self.far_company /= divisor as f32;
        for counts in self.counts.chunks_exact_mut(BINS) {
            let (mut beyond, mut kept) = (0, 0);
            for count in counts.iter_mut().rev() {
                beyond += u32::from(*count);
                let now = (beyond + divisor / 2) / divisor;
                *count = (now - kept) as u16;
                kept = now;
            }
        }
    }

    fn refit(&mut self, rate: [f64; 2]) {
        if self.total >= MEMORY {
            self.weigh(2);
        }
        self.next_fit = self.total.saturating_add((self.total / 16).max(16));
        self.recentre();
        let far = f64::from(self.far_count);
        let by_chance = (f64::from(NEAR) * far / f64::from(self.total)).min(1.0);
        let company = f64::from(self.far_company + 1.0) / (far + 6.0) - by_chance;
        let incidents = company > COMPANY;
        for (side, &rate) in rate.iter().enumerate() {
            let body = self.body(side);
            self.far[side] = body.quantile(FAR);
            let fit = if incidents { body } else { self.whole(side) };
            self.limits[side] =
                if rate > 0.0 && fit.scale > 0.0 { fit.quantile(rate) } else { f64::MAX };
            self.fits[side] = fit;
        }
    }

    fn edge(&self, bin: usize) -> f64 {
        f64::from_bits(((bin as i32 + self.base) as u64) << 49)
    }

    /// The last bin from which on at least `share` of all residuals lie on this side, with the
    /// number there; the first one with anything in it where no bin has so many.
    fn bin_of(&self, side: usize, share: f64) -> (usize, u32) {
        let counts = &self.counts[side * BINS..][..BINS];
        let wanted = share * f64::from(self.total);
        let (mut above, mut last) = (0, (0, 0));
        for (bin, &count) in counts.iter().enumerate().rev() {
            above += u32::from(count);
            if count > 0 {
                last = (bin, above);
            }
            if f64::from(above) >= wanted {
                return (bin, above);
            }
        }
        last
    }

    /// An exponential tail through the body: between one in ten and one in a hundred. Incidents
    /// that make up less than a hundredth cannot touch it.
    fn body(&self, side: usize) -> Fit {
        let (from, above) = self.bin_of(side, 0.1);
        if above == 0 {
            return Fit::NONE;
        }
        let (mut to, mut beyond) = self.bin_of(side, 0.01);
        if to <= from {
            to = from + 1;
            beyond = above - u32::from(self.counts[side * BINS + from]);
        }
        let start = self.edge(from);
        let drop = f64::from(above) / (f64::from(beyond).max(0.5));
        let scale = (self.edge(to) - start) / drop.ln().max(0.05);
        Fit { start, share: f64::from(above) / f64::from(self.total), scale, shape: 0.0 }
    }

    /// A generalised Pareto tail through everything far enough out, by probability-weighted
    /// moments (Hosking & Wallis 1987), which a survival function S gives as areas:
    /// b₀ = ∫ S, 2 b₁ = ∫ S².
    fn whole(&self, side: usize) -> Fit {
        let share = (2.7 / f64::from(self.total).sqrt()).clamp(0.008, 0.2);
        let (from, above) = self.bin_of(side, share);
        if above == 0 {
            return Fit::NONE;
        }
        let all = f64::from(above);
        let (mut left, mut first, mut second) = (above, 0.0, 0.0);
        for bin in from..BINS {
            if left == 0 {
                break;
            }
            let before = f64::from(left) / all;
            left -= u32::from(self.counts[side * BINS + bin]);
            let after = f64::from(left) / all;
            let width = self.edge(bin + 1) - self.edge(bin);
            // S falls exponentially inside a bin; in the last one it falls to nothing.
            if after == 0.0 {
                first += width * before / 2.0;
                second += width * before * before / 3.0;
            } else if before > after {
                let slope = (before / after).ln();
                first += width * (before - after) / slope;
                second += width * (before * before - after * after) / (2.0 * slope);
            } else {
                first += width * before;
                second += width * before * before;
            }
        }
        let ratio = first / (first - second).max(first * 1e-3);
        let shape = (2.0 - ratio).clamp(-1.0, 0.9);
        // Few excesses say little about the shape: it is drawn towards an exponential tail.
        let shape = shape * all / (all + 30.0);
        let scale = first * (1.0 - shape);
        Fit { start: self.edge(from), share: all / f64::from(self.total), scale, shape }
    }

    /// Keeps the counts in the middle of the bins when the residuals grow or shrink for good.
    fn recentre(&mut self) {
        let all: u32 = self.counts.iter().map(|&count| u32::from(count)).sum();
        let share = 0.01f64.min(0.1 * f64::from(all) / f64::from(self.total));
        let bin = (0..2).map(|side| self.bin_of(side, share).0 as i32).max().unwrap_or(HOME);
        if all == 0 || (HOME - 14..=HOME + 14).contains(&bin) {
            return;
        }
        let shift = (bin - HOME).max(1 - self.base);
        self.base += shift;
        for side in 0..2 {
            let mut moved = [0u16; BINS];
            for bin in 0..BINS {
                let to = bin as i32 - shift;
                if to >= 0 {
                    let to = (to as usize).min(BINS - 1);
                    moved[to] = moved[to].saturating_add(self.counts[side * BINS + bin]);
                }
            }
            self.counts[side * BINS..][..BINS].copy_from_slice(&moved);
        }
    }
}
