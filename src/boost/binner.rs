//! Which bin of a column each value is in.

use super::cuts::Cuts;
use std::hint::select_unpredictable;

/// Places of a guide for each cut: most places have one cut then, or none.
const PLACES: usize = 8;

/// Values looked up together.
const BLOCK: usize = 64;

/// Added to a number from 0 to 2³², it leaves the nearest whole number in the lowest bits.
const SHIFT: f64 = 4_503_599_627_370_496.0; // 2⁵²

/// Finds the bins of a column's values.
#[derive(Debug)]
pub(crate) enum Binner<'a> {
    Numeric(Guide),
    Categories(&'a [u32]),
}

impl<'a> Binner<'a> {
    /// O(cuts).
    pub(crate) fn new(cuts: &'a Cuts) -> Self {
        match cuts {
            Cuts::Numeric(cuts) => Self::Numeric(Guide::new(cuts)),
            Cuts::Categories(codes) => Self::Categories(codes),
        }
    }

    /// Writes each value's bin; NaN's is the one after the last. A few instructions a value, and a
    /// comparison for each doubling of the most cuts that share a place of the guide.
    pub(crate) fn bin(&self, values: &[f64], bins: &mut [u8]) {
        match self {
            Self::Numeric(guide) => {
                for (values, bins) in values.chunks(BLOCK).zip(bins.chunks_mut(BLOCK)) {
                    guide.bin(values, bins);
                }
            }
            Self::Categories(codes) => {
                let other = codes.len();
                for (bin, &value) in bins.iter_mut().zip(values) {
                    *bin = if value.is_nan() {
                        other as u8 + 1
                    } else {
                        codes.binary_search(&(value as u32)).unwrap_or(other) as u8
                    };
                }
            }
        }
    }
}

/// A table that says, for evenly spaced places on the line, how many cuts come before (the guide
/// table of Chen and Asau 1974, "On generating random variates from an empirical distribution").
///
/// A value's place never falls as the value rises, rounding included. So cuts at places before the
/// value's are below it, those at places after it are not, and only those at its own are compared.
#[derive(Debug)]
pub(crate) struct Guide {
    low: f64,
    scale: f64,
    /// By place: how many cuts have an earlier one.
    before: Vec<u8>,
    /// Most cuts at one place.
    most: usize,
    /// Followed by infinite ones, so that `most` of them come after any number.
    cuts: Vec<f64>,
    missing: u8,
}

impl Guide {
    /// Cuts are ascending and finite, 254 at most: with the missing values' they make 256 bins.
    fn new(cuts: &[f64]) -> Self {
        let missing = cuts.len() as u8 + 1;
        let last = PLACES * cuts.len();
        let mut guide = Self {
            low: 0.0,
            scale: 0.0,
            before: vec![0; last + 1],
            most: 0,
            cuts: Vec::new(),
            missing,
        };
        if let [low, .., high] = *cuts {
            let scale = last as f64 / (high - low);
            // Of cuts too far apart or too close together for a number, all share one place.
            if scale.is_finite() && scale > 0.0 {
                (guide.low, guide.scale) = (low, scale);
            }
        }
        let places: Vec<usize> = cuts.iter().map(|&cut| guide.place(cut)).collect();
        let mut before = 0;
        for (place, count) in guide.before.iter_mut().enumerate() {
            let here = places[before..].iter().take_while(|&&other| other == place).count();
            *count = before as u8;
            before += here;
            guide.most = guide.most.max(here);
        }
        guide.cuts = cuts.to_vec();
        guide.cuts.resize(cuts.len() + guide.most, f64::INFINITY);
        guide
    }

    /// Of NaN, the first one.
    #[inline(always)]
    fn place(&self, value: f64) -> usize {
        let last = (self.before.len() - 1) as f64;
        let place = ((value - self.low) * self.scale).max(0.0).min(last);
        (place + SHIFT).to_bits() as u32 as usize
    }

    fn bin(&self, values: &[f64], bins: &mut [u8]) {
        let mut places = [0; BLOCK];
        for (place, &value) in places.iter_mut().zip(values) {
            *place = self.place(value) as u32;
        }
        for ((bin, &place), &value) in bins.iter_mut().zip(&places).zip(values) {
            let first = usize::from(self.before[place as usize]);
            let below = first + below(&self.cuts[first..first + self.most], value);
            *bin = select_unpredictable(value.is_nan(), self.missing, below as u8);
        }
    }
}

/// How many of some ascending cuts are below a value, without a branch that depends on it.
#[inline(always)]
fn below(cuts: &[f64], value: f64) -> usize {
    let (mut first, mut size) = (0, cuts.len());
    while size > 1 {
        let half = size / 2;
        first = select_unpredictable(cuts[first + half - 1] < value, first + half, first);
        size -= half;
    }
    first + usize::from(size == 1 && cuts[first] < value)
}
