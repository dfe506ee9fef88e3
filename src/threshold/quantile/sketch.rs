//! Quantiles within a relative error, mergeable without loss.

use crate::error::{Error, Result};

/// Counts values in buckets whose bounds grow by a constant factor, so that every quantile is known
/// within a relative error.
///
/// A value `x` belongs to the bucket `⌈log_γ |x|⌉` of its sign, `γ = (1 + a)/(1 − a)` for an accuracy
/// `a`; any number of a bucket is told by its middle, which is within `a` of it (Masson, Rim & Lee,
/// "`DDSketch`: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019).
/// Zeros, and what is smaller than 2⁻¹⁰²², are counted by themselves.
///
/// Where the values of a sign span more buckets than there are, every two neighbouring ones become
/// one: `γ` is squared, the accuracy becomes `2a/(1 + a²)`, for all quantiles alike, and
/// [`relative_error`](Self::relative_error) says so (Epicoco et al., "`UDDSketch`: accurate tracking of
/// quantiles in data streams", IEEE Access 2020). With 512 buckets and 1 % that is at a ratio of
/// 28,000 between the largest and the smallest value, 2 % then reach to 8·10⁸, and 5 % to 10²².
///
/// Because a bucket depends on nothing but the value, and the collapse on nothing but the extremes, the
/// merger of two sketches equals the sketch of all their values, bit by bit, in any order.
///
/// | | |
/// |---|---|
/// | inserting | O(1) |
/// | a quantile, a rank, a merger | O(buckets) |
/// | memory | 16 bytes a bucket: both signs have as many |
///
/// ```
/// use forewarn::threshold::QuantileSketch;
///
/// let empty = QuantileSketch::new(0.01, 512)?;
/// let (mut morning, mut evening) = (empty.clone(), empty);
/// for i in 1..=1_000_u32 {
///     let sketch = if i % 3 == 0 { &mut morning } else { &mut evening };
///     sketch.insert(f64::from(i))?;
/// }
/// morning.merge(&evening)?;
/// let p99 = morning.quantile(0.99)?.unwrap_or(f64::NAN);
/// assert!((p99 / 990.0 - 1.0).abs() <= 0.01);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "super::saved::Saved", try_from = "super::saved::Saved")
)]
pub struct QuantileSketch {
    pub(super) accuracy: f64,
    pub(super) buckets: usize,
    /// How often neighbouring buckets have become one.
    pub(super) collapses: u32,
    /// Of the accuracy asked for.
    per_log: f64,
    pub(super) zeros: u64,
    pub(super) positive: Store,
    /// By the absolute value.
    pub(super) negative: Store,
}

/// The counts of one sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Store {
    /// The first index that is counted; the counts are in order of the index.
    pub(super) first: i32,
    /// How many indices are in use, from `first` on; counts beyond are 0.
    pub(super) span: usize,
    pub(super) counts: Vec<u64>,
}

impl Store {
    fn new(buckets: usize) -> Self {
        Self { first: 0, span: 0, counts: vec![0; buckets] }
    }

    pub(super) fn total(&self) -> u64 {
        self.counts[..self.span].iter().sum()
    }

    /// Whether the index is within reach without a collapse.
    fn fits(&self, index: i32) -> bool {
        if self.span == 0 {
            return true;
        }
        let last = self.first + self.span as i32 - 1;
        ((last.max(index) - self.first.min(index)) as usize) < self.counts.len()
    }

    /// Counts at an index that [`fits`](Self::fits).
    pub(super) fn add(&mut self, index: i32, count: u64) {
        if self.span == 0 {
            self.first = index;
        }
        if index < self.first {
            let shift = (self.first - index) as usize;
            self.counts.copy_within(..self.span, shift);
            self.counts[..shift].fill(0);
            self.first = index;
            self.span += shift;
        }
        let place = (index - self.first) as usize;
        self.span = self.span.max(place + 1);
        self.counts[place] += count;
    }

    /// Joins the indices `2i − 1` and `2i` as `i`.
    fn collapse(&mut self) {
        if self.span == 0 {
            return;
        }
        let halved = |index: i32| (index + 1).div_euclid(2);
        let (first, span) = (halved(self.first), self.span);
        for place in 0..span {
            let to = (halved(self.first + place as i32) - first) as usize;
            let count = std::mem::take(&mut self.counts[place]);
            self.counts[to] += count;
        }
        self.span = (halved(self.first + span as i32 - 1) - first) as usize + 1;
        self.first = first;
    }

    /// Index and count of every bucket in use, in order.
    fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> + '_ {
        let counts = self.counts[..self.span].iter().enumerate();
        counts.map(|(place, &count)| (self.first + place as i32, count))
    }
}

impl QuantileSketch {
    /// An empty sketch.
    ///
    /// `accuracy`: the relative error of quantiles, from 1e-4 to 0.3. `buckets`: of either sign, from
    /// 16 to 65,536. All that it will ever allocate is allocated here.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for either.
    pub fn new(accuracy: f64, buckets: usize) -> Result<Self> {
        if !(1e-4..=0.3).contains(&accuracy) {
            let allowed = "from 1e-4 to 0.3";
            return Err(Error::OutOfRange { name: "accuracy", value: accuracy, allowed });
        }
        if !(16..=65_536).contains(&buckets) {
            let (value, allowed) = (buckets as f64, "from 16 to 65536");
            return Err(Error::OutOfRange { name: "buckets", value, allowed });
        }
        Ok(Self {
            accuracy,
            buckets,
            collapses: 0,
            per_log: 1.0 / (2.0 * accuracy.atanh()),
            zeros: 0,
            positive: Store::new(buckets),
            negative: Store::new(buckets),
        })
    }

    /// Values counted. Stops at 2⁶⁴ − 1.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.zeros.saturating_add(self.positive.total()).saturating_add(self.negative.total())
    }

    /// The relative error of every quantile now: the accuracy asked for, or more where the values span
    /// more than the buckets do.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        // ln γ doubles with every collapse, and a = tanh(½ ln γ).
        (self.accuracy.atanh() * self.widening()).tanh()
    }

    fn widening(&self) -> f64 {
        2.0_f64.powi(self.collapses as i32)
    }

    /// The bucket of a size that is not 0, at the accuracy asked for. At most ±7,450,000.
    fn index(&self, size: f64) -> i32 {
        (size.ln() * self.per_log).ceil() as i32
    }

    /// The same after all collapses.
    fn collapsed(&self, index: i32) -> i32 {
        // Rounds up, as the bounds of buckets are their upper ones.
        -((-index) >> self.collapses)
    }

    /// The logarithm of `γ`.
    fn growth(&self) -> f64 {
        self.widening() / self.per_log
    }

    /// The middle of a bucket, in relative terms: `2γⁱ/(1 + γ)`, however large `γ` is.
    fn middle(&self, index: i32) -> f64 {
        let growth = self.growth();
        let above_lower = std::f64::consts::LN_2 - (-growth).exp().ln_1p();
        (f64::from(index - 1) * growth + above_lower).exp().min(f64::MAX)
    }

    /// Where a bucket ends, a little beyond for the sake of rounding.
    fn ends(&self, sign: f64, index: i32) -> (f64, f64) {
        let end = |index: i32, rounding: f64| {
            ((f64::from(index) * self.growth()).exp() * (1.0 + rounding)).min(f64::MAX)
        };
        let (inner, outer) = (end(index - 1, -1e-9), end(index, 1e-9));
        if sign > 0.0 { (inner, outer) } else { (-outer, -inner) }
    }

    /// Counts a value. NaN, a missing one, is passed over.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for ±∞; the state is as it was.
    #[inline]
    pub fn insert(&mut self, value: f64) -> Result<()> {
        super::check(value)?;
        let size = value.abs();
        if size >= f64::MIN_POSITIVE {
            self.add(value > 0.0, self.index(size), 1);
        } else if !value.is_nan() {
            self.zeros += 1;
        }
        Ok(())
    }

    /// Counts at an index of the accuracy asked for.
    fn add(&mut self, positive: bool, index: i32, count: u64) {
        loop {
            let at = self.collapsed(index);
            let store = if positive { &mut self.positive } else { &mut self.negative };
            if store.fits(at) {
                return store.add(at, count);
            }
            self.collapse();
        }
    }

    fn collapse(&mut self) {
        self.collapses += 1;
        self.positive.collapse();
        self.negative.collapse();
    }

    /// Adds the values of another sketch: the result equals one sketch of all values.
    ///
    /// # Errors
    /// [`Error::Incompatible`] unless both were made with the same accuracy and buckets; the state is as
    /// it was.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if (self.accuracy, self.buckets) != (other.accuracy, other.buckets) {
            let reason = format!(
                "a sketch of accuracy {} with {} buckets cannot take in one of {} with {}",
                self.accuracy, self.buckets, other.accuracy, other.buckets
            );
            return Err(Error::Incompatible { reason });
        }
        while self.collapses < other.collapses {
            self.collapse();
        }
        self.zeros += other.zeros;
        for (positive, store) in [(true, &other.positive), (false, &other.negative)] {
            for (index, count) in store.iter().filter(|(_, count)| *count > 0) {
                // Back to an index of the accuracy asked for, the last of those that became this one.
                self.add(positive, index << other.collapses, count);
            }
        }
        Ok(())
    }

    /// The value below which a share of the values lies, within the
    /// [relative error](Self::relative_error): the value of rank `⌊level · (count − 1)⌋` from 0. `None`
    /// while there are no values.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level outside `[0, 1]`.
    pub fn quantile(&self, level: f64) -> Result<Option<f64>> {
        if !(0.0..=1.0).contains(&level) {
            return Err(Error::OutOfRange { name: "level", value: level, allowed: "from 0 to 1" });
        }
        let count = self.count();
        if count == 0 {
            return Ok(None);
        }
        let bucket = self.bucket_at((level * (count - 1) as f64) as u64);
        Ok(Some(bucket.map_or(0.0, |(sign, index)| sign * self.middle(index))))
    }

    /// Sign and index of the bucket of a rank, from 0 in ascending order; `None` for the zeros.
    fn bucket_at(&self, rank: u64) -> Option<(f64, i32)> {
        let mut left = rank;
        let mut last = None;
        let negative =
            self.negative.iter().rev().map(|(index, count)| (Some((-1.0, index)), count));
        let positive = self.positive.iter().map(|(index, count)| (Some((1.0, index)), count));
        for (bucket, count) in negative.chain([(None, self.zeros)]).chain(positive) {
            if count > left {
                return bucket;
            }
            left -= count;
            if count > 0 {
                last = bucket;
            }
        }
        last
    }

    /// The ends of the bucket of a rank, from 0 in ascending order.
    pub(super) fn ends_at(&self, rank: u64) -> (f64, f64) {
        self.bucket_at(rank).map_or((0.0, 0.0), |(sign, index)| self.ends(sign, index))
    }

    /// Values that are in a higher bucket than this one is, and those in the same bucket.
    pub(super) fn above(&self, value: f64) -> (u64, u64) {
        let tail = |store: &Store, index: i32| {
            let place = i64::from(index) - i64::from(store.first);
            let from = (place + 1).clamp(0, store.span as i64) as usize;
            let beyond = store.counts[from..store.span].iter().sum::<u64>();
            let same = usize::try_from(place).ok().filter(|place| *place < store.span);
            (beyond, same.map_or(0, |place| store.counts[place]))
        };
        let size = value.abs();
        if size < f64::MIN_POSITIVE {
            return (self.positive.total(), self.zeros);
        }
        let index = self.collapsed(self.index(size));
        if value > 0.0 {
            tail(&self.positive, index)
        } else {
            let (beyond, same) = tail(&self.negative, index);
            (self.count() - beyond - same, same)
        }
    }
}
