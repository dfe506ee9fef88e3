//! The time to plan by, where saying too late costs more than too early.

use super::assessment::TimeToFailure;
use crate::error::{Error, Result};
use statrs::function::erf::erfc_inv;
use std::f64::consts::SQRT_2;

/// Points that stand for the distribution of the time left, each with the same share.
const POINTS: usize = 64;

/// Halvings of the stretch in which the least cost is.
const HALVINGS: usize = 60;

impl TimeToFailure {
    /// The time with the least expected cost, where a time that is `d` too late costs
    /// `exp(d / late) − 1`, and one that is `d` too early `exp(d / early) − 1`: never later than
    /// [`expected`](Self::expected), never below 0. Whoever plans by one number plans by this one; `late`
    /// is less than `early` where a failure that comes first is worse than maintenance that was not needed
    /// yet. The PHM08 challenge judged turbofans by 10 and 13 cycles
    /// ([`phm08_score`](crate::metrics::phm08_score)).
    ///
    /// The time left is taken to be normal on either side of what is expected, with the standard
    /// deviations of which the ends of the interval tell; where the upper end is beyond the limit, with
    /// that of the lower side. A value that is best for one cost is not so for another (Gneiting 2011,
    /// "Making and evaluating point forecasts"): squared errors are least for the expected time.
    ///
    /// A few thousand exponentials; nothing is allocated.
    ///
    /// ```
    /// use forewarn::engine::TimeToFailure;
    ///
    /// let left = TimeToFailure::new(40.0, 41.0, 21.0, 62.0, 0.9)?;
    /// let plan = left.least_costly(10.0, 13.0)?;
    /// assert!(30.0 < plan && plan < 41.0);
    /// assert!(left.least_costly(5.0, 13.0)? < plan);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless `late` and `early` are from 1e-6 to 1e12.
    pub fn least_costly(&self, late: f64, early: f64) -> Result<f64> {
        for (name, value) in [("late", late), ("early", early)] {
            if !(1e-6..=1e12).contains(&value) {
                return Err(Error::OutOfRange { name, value, allowed: "from 1e-6 to 1e12" });
            }
        }
        let wide = SQRT_2 * erfc_inv(1.0 - self.confidence.clamp(0.01, 0.9999));
        let below = (self.expected - self.earliest).max(0.0) / wide;
        let above = match (self.latest - self.expected).max(0.0) / wide {
            above if above.is_finite() => above,
            _ => below,
        };
        let point = |index: usize| {
            let share = (index as f64 + 0.5) / POINTS as f64;
            let normal = -SQRT_2 * erfc_inv(2.0 * share);
            let spread = if normal < 0.0 { below } else { above };
            (self.expected + spread * normal).max(0.0)
        };
        let points: [f64; POINTS] = std::array::from_fn(point);
        // The cost is convex: least where its slope, which rises, passes 0. Beyond 600 scales a point
        // outweighs all others anyway.
        let slope = |plan: f64| {
            let of = |&time: &f64| match plan - time {
                late_by if late_by > 0.0 => (late_by / late).min(600.0).exp() / late,
                late_by => -(-late_by / early).min(600.0).exp() / early,
            };
            points.iter().map(of).sum::<f64>()
        };
        let (mut from, mut to) = (0.0, self.expected.max(0.0));
        if slope(to) <= 0.0 {
            return Ok(to);
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(from, to);
            if slope(middle) > 0.0 { to = middle } else { from = middle }
        }
        Ok(f64::midpoint(from, to))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::rng::Stream;

    fn left(expected: f64, earliest: f64, latest: f64) -> TimeToFailure {
        TimeToFailure { median: expected, expected, earliest, latest, confidence: 0.9 }
    }

    /// Against the best of a grid, by drawn times.
    #[test]
    fn no_other_time_costs_less() {
        // 1.6449 standard deviations of 10 to each side.
        let said = left(60.0, 60.0 - 16.449, 60.0 + 16.449);
        let mut stream = Stream::new(3, 0);
        let times: Vec<f64> = (0..20_000).map(|_| 60.0 + 10.0 * stream.normal()).collect();
        for (late, early) in [(10.0, 13.0), (5.0, 30.0), (20.0, 25.0)] {
            let cost = |plan: f64| {
                let of = |time: &f64| match plan - time {
                    late_by if late_by > 0.0 => (late_by / late).exp() - 1.0,
                    late_by => (-late_by / early).exp() - 1.0,
                };
                times.iter().map(of).sum::<f64>() / times.len() as f64
            };
            let plan = said.least_costly(late, early).unwrap();
            let best = (0..600).map(|tenth| cost(f64::from(tenth) / 10.0)).fold(f64::MAX, f64::min);
            assert!(cost(plan) <= 1.01 * best, "{late} {early}: {plan}, {} {best}", cost(plan));
            assert!(plan < 60.0);
        }
    }

    #[test]
    fn it_is_never_later_than_expected_nor_below_nothing() {
        assert_eq!(left(5.0, 5.0, 5.0).least_costly(10.0, 13.0).unwrap(), 5.0);
        assert_eq!(left(50.0, 30.0, 60.0).least_costly(20.0, 1.0).unwrap(), 50.0);
        let endless = left(120.0, 80.0, f64::INFINITY).least_costly(10.0, 13.0).unwrap();
        let mirrored = left(120.0, 80.0, 160.0).least_costly(10.0, 13.0).unwrap();
        assert_eq!(endless, mirrored);
        let tiny = left(3.0, 0.0, 1e9).least_costly(1e-6, 1e12).unwrap();
        assert!((0.0..=3.0).contains(&tiny), "{tiny}");
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        let right = [40.0, 41.0, 21.0, 62.0, 0.9];
        let new = |[a, b, c, d, e]: [f64; 5]| TimeToFailure::new(a, b, c, d, e);
        assert!(new(right).is_ok());
        assert!(new([f64::INFINITY, 90.0, 60.0, f64::INFINITY, 0.9]).is_ok());
        let names = ["median", "expected", "earliest", "latest", "confidence"];
        let wrong = [20.0, f64::INFINITY, -1.0, 39.0, 1.0];
        for (place, name) in names.into_iter().enumerate() {
            for value in [wrong[place], f64::NAN] {
                let mut times = right;
                times[place] = value;
                assert!(new(times).unwrap_err().to_string().contains(name), "{name} {value}");
            }
        }
    }

    #[test]
    fn scales_that_are_none_are_refused() {
        for (late, early) in [(0.0, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0), (-1.0, 1.0)] {
            let told = left(5.0, 1.0, 9.0).least_costly(late, early).unwrap_err().to_string();
            assert!(told.contains("from 1e-6 to 1e12"), "{told}");
        }
    }
}
