//! From observations at any times to cells of equal length.

use crate::error::{Error, Result};
use crate::trend::middle::median;

/// Cells at most, and with values at least.
const MOST: f64 = 1e6;
const FEWEST: usize = 16;

/// Cells that end with that of the last observation. Values are counted from their middle, in units of
/// the farthest.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// Seconds of a cell.
    pub(super) step: f64,
    /// The time of the last observation.
    pub(super) last: f64,
    /// Means; NaN where there was nothing.
    pub(super) cells: Vec<f64>,
    origin: f64,
    unit: f64,
}

impl Grid {
    pub(super) fn new(times: &[f64], values: &[f64], step: Option<f64>) -> Result<Self> {
        let there = checked(times, values)?;
        let few = |count: usize| {
            let (value, allowed) = (count as f64, "at least 16");
            Err(Error::OutOfRange { name: "cells with values", value, allowed })
        };
        let (Some(&(first, _)), Some(&(last, _))) = (there.first(), there.last()) else {
            return few(0);
        };
        let mut intervals: Vec<f64> =
            there.windows(2).map(|two| two[1].0 - two[0].0).filter(|&it| it > 0.0).collect();
        if intervals.is_empty() {
            return few(1);
        }
        let step = step.unwrap_or_else(|| median(&mut intervals));
        let count = ((last - first) / step + 0.5).floor() + 1.0;
        if count > MOST {
            let allowed = "at most 1,000,000: a longer `step`, or less of the past";
            return Err(Error::OutOfRange { name: "cells", value: count, allowed });
        }
        let mut middle: Vec<f64> = there.iter().map(|it| it.1).collect();
        let origin = median(&mut middle);
        // Halves, so that nothing overflows.
        let farthest = middle.iter().map(|it| (0.5 * it - 0.5 * origin).abs()).fold(0.0, f64::max);
        let unit = if farthest > 0.0 { 2.0 * farthest } else { 1.0 };
        let mut cells = vec![f64::NAN; count as usize];
        let mut counts = vec![0.0; cells.len()];
        for (time, value) in there {
            let back = ((last - time) / step + 0.5).floor() as usize;
            let place = cells.len() - 1 - back.min(cells.len() - 1);
            let value = 2.0 * ((0.5 * value - 0.5 * origin) / unit);
            counts[place] += 1.0;
            let cell = &mut cells[place];
            *cell = if cell.is_nan() { value } else { *cell + (value - *cell) / counts[place] };
        }
        let filled = counts.iter().filter(|&&count| count > 0.0).count();
        if filled < FEWEST {
            return few(filled);
        }
        Ok(Self { step, last, cells, origin, unit })
    }

    pub(super) fn restore(&self, value: f64) -> f64 {
        self.origin + value * self.unit
    }
}

/// Observations without gaps.
fn checked(times: &[f64], values: &[f64]) -> Result<Vec<(f64, f64)>> {
    if times.len() != values.len() {
        let (expected, found) = (times.len(), values.len());
        return Err(Error::Length { what: "values", expected, found });
    }
    let mut last = f64::NEG_INFINITY;
    let mut there = Vec::with_capacity(times.len());
    for (&time, &value) in times.iter().zip(values) {
        if !(-1e14..=1e14).contains(&time) {
            let allowed = "from -1e14 to 1e14 seconds";
            return Err(Error::OutOfRange { name: "time", value: time, allowed });
        }
        if time < last {
            return Err(Error::TimeWentBack { time, last });
        }
        if value.abs() > 1e300 {
            let allowed = "from -1e300 to 1e300, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        last = time;
        if !value.is_nan() {
            there.push((time, value));
        }
    }
    Ok(there)
}
