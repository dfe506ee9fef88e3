//! One entity as it comes.

use super::Features;
use super::events::Events;
use super::history::History;
use super::level::{Decay, Level, Smooth};
use crate::engine::telemetry::{Attribute, check_time, check_values};
use crate::error::{Error, Result};

/// What is known of one entity now: readings and events go in as they come, and its row comes out at
/// any time.
///
/// Times must not go back. What comes at one time may come in any order: it counts as maintenance and
/// failures first, then events, then readings. Readings at the time of the last ones fill their gaps.
///
/// Takes the rows of the longest window (twice that with
/// [`Change`](super::WindowStatistic::Change)), up to a power of two of at least 16 and at most
/// [`most_rows`](super::FeatureParams::most_rows), times `8 + 22 metrics` bytes, 8 bytes an event of the
/// longest window, and some 100 bytes a metric: see [`bytes`](Self::bytes). Nothing grows once the
/// windows are full.
///
/// ```
/// use forewarn::engine::features::FeatureParams;
/// use forewarn::engine::telemetry::Telemetry;
///
/// let mut known = Telemetry::new(["temperature"])?;
/// known.event("pump 1", 0.0, "overload")?;
/// let features = FeatureParams::default().plan(&known)?;
///
/// let mut pump = features.state();
/// pump.observe(0.0, &[40.0])?;
/// pump.observe(3_600.0, &[44.0])?;
/// assert!(pump.event(5_400.0, "overload")?);
/// assert!(!pump.event(5_400.0, "lightning")?); // of a kind that the plan does not know
///
/// let row = pump.row(7_200.0)?;
/// let of = |name| features.column(name).map(|column| row[column]);
/// assert_eq!(of("temperature: mean of 6 h"), Some(42.0));
/// assert_eq!(of("overload: hours since the last"), Some(0.5));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::saved::SavedState", into = "super::saved::SavedState")
)]
pub struct EntityState {
    pub(super) features: Features,
    /// The time of the last thing known.
    pub(super) now: f64,
    /// When this life began; NaN if nothing is known yet.
    pub(super) begin: f64,
    /// The last failure; NaN without any.
    pub(super) failed: f64,
    pub(super) failures: u64,
    pub(super) history: History,
    pub(super) levels: Vec<Level>,
    /// Metrics × half-lives.
    pub(super) smooth: Vec<Smooth>,
    pub(super) events: Vec<Events>,
    /// By part; NaN without any.
    pub(super) maintained: Vec<f64>,
    pub(super) attributes: Vec<f64>,
    pub(super) decay: Decay,
    /// How far back windows reach.
    span: f64,
    event_span: f64,
    /// Room for a row.
    room: Vec<f64>,
}

impl EntityState {
    pub(super) fn new(features: &Features) -> Self {
        let plan = &features.plan;
        let params = &plan.params;
        let metrics = plan.metrics.len();
        Self {
            now: f64::NEG_INFINITY,
            begin: f64::NAN,
            failed: f64::NAN,
            failures: 0,
            history: History::new(metrics, params.most_rows as usize),
            levels: vec![Level::NONE; metrics],
            smooth: vec![Smooth::NONE; metrics * params.half_lives.len()],
            events: vec![Events::NONE; plan.event_kinds.len()],
            maintained: vec![f64::NAN; plan.parts.len()],
            attributes: vec![f64::NAN; plan.attributes.len()],
            decay: Decay::new(params),
            span: params.span(),
            event_span: params.event_windows.last().copied().unwrap_or(0.0),
            room: vec![f64::NAN; metrics],
            features: features.clone(),
        }
    }

    /// The plan that rows follow.
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The time of the last thing known; `None` if nothing is.
    #[must_use]
    pub fn last_time(&self) -> Option<f64> {
        self.now.is_finite().then_some(self.now)
    }

    /// Bytes in use, without the plan.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let events: usize = self.events.iter().map(|events| events.times.capacity()).sum();
        size_of::<Self>()
            + self.history.bytes()
            + self.levels.capacity() * size_of::<Level>()
            + self.smooth.capacity() * size_of::<Smooth>()
            + self.events.capacity() * size_of::<Events>()
            + 8 * (events + self.maintained.len() + self.attributes.len() + self.room.len())
    }

    /// Readings of all metrics, in the order of [`Features::metrics`]; NaN is missing.
    ///
    /// # Errors
    /// [`Error::Width`] for another number of values; [`Error::Infinite`] for ±∞, whose `row` counts
    /// the rows of this life; [`Error::OutOfRange`] for a value beyond ±1e150 or a time not within
    /// ±1e12; [`Error::TimeWentBack`]. A refused row changes nothing.
    pub fn observe(&mut self, time: f64, values: &[f64]) -> Result<()> {
        self.check(time)?;
        check_values(self.history.end(), values, self.levels.len())?;
        self.pass(time);
        self.take(time, values);
        Ok(())
    }

    /// Readings of some metrics by name, as they come over a wire; how many of them the plan does not
    /// know and passed over. Those not named are missing.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn observe_named<'a>(
        &mut self,
        time: f64,
        readings: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<usize> {
        let mut room = std::mem::take(&mut self.room);
        room.fill(f64::NAN);
        let mut unknown = 0;
        for (name, value) in readings {
            match self.features.plan.metrics.find(name) {
                Some(metric) => room[metric] = value,
                None => unknown += 1,
            }
        }
        let observed = self.observe(time, &room);
        self.room = room;
        observed.map(|()| unknown)
    }

    /// Something that happened; false if the plan does not know its kind, so that it tells nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time not within ±1e12; [`Error::TimeWentBack`].
    pub fn event(&mut self, time: f64, kind: &str) -> Result<bool> {
        let number = self.features.plan.event_kinds.find(kind);
        self.event_of(time, number)?;
        Ok(number.is_some())
    }

    pub(super) fn event_of(&mut self, time: f64, kind: Option<usize>) -> Result<()> {
        self.check(time)?;
        self.pass(time);
        if let Some(kind) = kind {
            let most = self.features.plan.params.most_rows as usize;
            self.events[kind].push(time, time - self.event_span, most);
        }
        Ok(())
    }

    /// A part that was maintained; false if the plan does not know it.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn maintain(&mut self, time: f64, part: &str) -> Result<bool> {
        let number = self.features.plan.parts.find(part);
        self.maintain_of(time, number)?;
        Ok(number.is_some())
    }

    pub(super) fn maintain_of(&mut self, time: f64, part: Option<usize>) -> Result<()> {
        self.check(time)?;
        self.pass(time);
        if let Some(part) = part {
            self.maintained[part] = time;
        }
        Ok(())
    }

    /// A failure: unless [`new_life`](super::FeatureParams::new_life) is off, readings and events before
    /// it tell nothing any more.
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn fail(&mut self, time: f64) -> Result<()> {
        self.check(time)?;
        self.pass(time);
        self.failed = time;
        self.failures += 1;
        if !self.features.plan.params.new_life {
            return Ok(());
        }
        self.begin = time;
        self.levels.fill(Level::NONE);
        self.events.iter_mut().for_each(|events| events.forget_before(time));
        if self.history.last_time() == Some(time) {
            // These readings are the new life's first.
            let mut room = std::mem::take(&mut self.room);
            let row = self.history.end() - 1;
            for (metric, value) in room.iter_mut().enumerate() {
                *value = self.history.value(row, metric);
            }
            self.history.clear();
            self.take(time, &room);
            self.room = room;
        } else {
            self.history.clear();
        }
        Ok(())
    }

    /// What the entity is. A category that the plan does not know is as good as missing.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for an attribute that the plan does not know, a number in place of a
    /// category or the other way round, and a number beyond ±1e150.
    pub fn describe<'a>(&mut self, attribute: &str, value: impl Into<Attribute<'a>>) -> Result<()> {
        let plan = &self.features.plan;
        let Some(number) = plan.attributes.find(attribute) else {
            let known = plan.attributes.list().join(", ");
            let reason = format!("attribute {attribute:?} is not known: there are {known}");
            return Err(Error::Incompatible { reason });
        };
        let code = plan.attribute_values[number].find(attribute, value.into())?;
        self.attributes[number] = code.unwrap_or(f64::NAN);
        Ok(())
    }

    /// The same with a plan that others have as well, in its place.
    #[cfg(feature = "serde")]
    pub(in crate::engine) fn sharing(self, features: &Features) -> Self {
        Self { features: features.clone(), ..self }
    }

    /// The latest readings of a metric in the longest window: at most so many, of rows evenly apart.
    pub(in crate::engine) fn recent(&self, metric: usize, most: usize) -> (Vec<f64>, Vec<f64>) {
        let history = &self.history;
        let first = history.after(self.now - self.span);
        let every = (history.end() - first).div_ceil(most).max(1);
        let rows = (first..history.end()).rev().step_by(every);
        let known = rows.map(|row| (history.time(row), history.value(row, metric)));
        let mut readings: Vec<(f64, f64)> = known.filter(|(_, value)| !value.is_nan()).collect();
        readings.reverse();
        readings.into_iter().unzip()
    }

    /// Whether this can be the time of something new.
    pub(super) fn check(&self, time: f64) -> Result<()> {
        check_time(time)?;
        if time < self.now {
            return Err(Error::TimeWentBack { time, last: self.now });
        }
        Ok(())
    }

    fn pass(&mut self, time: f64) {
        self.now = time;
        if self.begin.is_nan() {
            self.begin = time;
        }
    }

    /// Takes checked readings in.
    fn take(&mut self, time: f64, values: &[f64]) {
        let fills = self.history.last_time() == Some(time);
        if !fills {
            self.history.push(time, time - self.span);
        }
        let start_values = self.features.plan.params.start_values;
        let half_lives = self.features.plan.params.half_lives.len();
        let row = self.history.end() - 1;
        for (metric, &value) in values.iter().enumerate() {
            if value.is_nan() || (fills && !self.history.value(row, metric).is_nan()) {
                continue;
            }
            let smooth = &mut self.smooth[metric * half_lives..(metric + 1) * half_lives];
            let level = &mut self.levels[metric];
            let crossed = level.push(time, value, start_values, smooth, &mut self.decay);
            self.history.set(metric, value, crossed);
        }
    }
}
