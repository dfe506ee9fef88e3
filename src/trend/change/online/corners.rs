//! The moments that a change may have been at.

/// A moment and the sum of all before it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Moment {
    pub count: f64,
    pub sum: f64,
}

/// Moments kept a direction; a random walk has as many corners as the logarithm of its length.
pub(super) const CORNERS: usize = 32;

/// Moments side by side, of which each so many is looked at: a change is dozens of observations old by
/// then, and at its neighbour it explains nearly as much.
const LANES: usize = 4;
const EACH: usize = 2;

impl Moment {
    pub(super) const FIRST: Self = Self { count: 0.0, sum: 0.0 };

    /// The sum of squares that a change at this moment explains; of the first, and of now, it is NaN.
    #[inline]
    pub(super) fn explains(self, now: Self) -> f64 {
        let away = now.sum * self.count - self.sum * now.count;
        away * away / (self.count * (now.count - self.count) * now.count)
    }

    /// Whether a change at this moment explains more than so much.
    #[inline]
    pub(super) fn explains_more(self, now: Self, most: f64) -> bool {
        let away = now.sum * self.count - self.sum * now.count;
        away * away > most * (self.count * (now.count - self.count) * now.count)
    }

    /// Observations, before it or since, that would tell as much of a change if the level on the other
    /// side were known.
    #[inline]
    pub(super) fn known(self, now: Self) -> f64 {
        self.count * (now.count - self.count) / now.count
    }
}

/// Corners of the greatest convex function below the sums (for a change to a higher mean), or of the
/// least concave one above them (to a lower mean).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Corners {
    moments: Vec<Moment>,
}

impl Corners {
    pub(super) fn new() -> Self {
        let mut moments = Vec::with_capacity(CORNERS);
        moments.push(Moment::FIRST);
        Self { moments }
    }

    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Adds of each few moments, at most 32, from `start` on and with these sums, one that is about
    /// farthest beyond the line of this slope.
    pub(super) fn settle<const BELOW: bool>(
        &mut self,
        start: f64,
        sums: &[f64],
        few: usize,
        slope: f64,
    ) {
        let mut count = start;
        for group in sums.chunks(few) {
            let place = farthest::<BELOW>(group, slope);
            let at = Moment { count: count + place as f64, sum: group[place] };
            if at.count > 0.0 {
                self.push(at, if BELOW { 1.0 } else { -1.0 });
            }
            count += group.len() as f64;
        }
    }

    /// Adds a moment and takes out those that are no corners any more.
    fn push(&mut self, new: Moment, sign: f64) {
        let corners = &mut self.moments;
        while let [.., first, last] = corners[..] {
            if sign * bend(first, last, new) < 0.0 {
                break;
            }
            corners.pop();
        }
        if corners.len() == CORNERS {
            // Only a sum that bends one way for long has so many; every other one will do.
            let mut number = 0;
            corners.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        corners.push(new);
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self, start: f64) -> bool {
        !self.moments.is_empty()
            && self.moments.len() <= CORNERS
            && self.moments[0] == Moment::FIRST
            && self.moments.windows(2).all(|pair| pair[0].count < pair[1].count)
            && self.moments.iter().all(|it| it.count <= start && it.sum.is_finite())
    }
}

/// Which of every other one of at most 32 sums is farthest below, or above, a line of this slope.
///
/// A place takes the last bits of the distance of its sum: the least of these numbers tells both.
fn farthest<const BELOW: bool>(sums: &[f64], slope: f64) -> usize {
    const PLACES: u64 = 31;
    let key = |sum: f64, place: u64, line: f64| {
        let away = if BELOW { sum - line } else { line - sum };
        f64::from_bits((away.to_bits() & !PLACES) | place)
    };
    let lesser = |one: f64, other: f64| if one < other { one } else { other };
    let mut least = [f64::INFINITY; LANES];
    let mut lines: [f64; LANES] = std::array::from_fn(|lane| slope * (EACH * lane) as f64);
    let mut places: [u64; LANES] = std::array::from_fn(|lane| (EACH * lane) as u64);
    let (rows, rest) = sums.as_chunks::<{ EACH * LANES }>();
    for row in rows {
        for lane in 0..LANES {
            least[lane] = lesser(key(row[EACH * lane], places[lane], lines[lane]), least[lane]);
            lines[lane] += slope * (EACH * LANES) as f64;
            places[lane] += (EACH * LANES) as u64;
        }
    }
    for (lane, &sum) in rest.iter().step_by(EACH).enumerate() {
        least[lane] = lesser(key(sum, places[lane], lines[lane]), least[lane]);
    }
    let least = lesser(lesser(least[0], least[1]), lesser(least[2], least[3]));
    (least.to_bits() & PLACES) as usize
}

/// Twice the area of the triangle of three moments, negative if the second is below the line.
#[inline]
fn bend(before: Moment, at: Moment, after: Moment) -> f64 {
    (at.sum - before.sum) * (after.count - at.count)
        - (after.sum - at.sum) * (at.count - before.count)
}
