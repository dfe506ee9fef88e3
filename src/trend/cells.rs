//! The past of a metric in few numbers: cells of equal length that grow as the past does.

/// Cells at most; when they are full, each pair becomes one, or the oldest goes.
pub(in crate::trend) const CELLS: usize = 512;

/// What a metric was within one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::trend) struct Cell {
    /// Its place, in cell lengths since the first observation.
    pub(in crate::trend) place: u32,
    pub(in crate::trend) count: u32,
    /// The mean time of what is in it, seconds since the cells' start.
    pub(in crate::trend) time: f64,
    pub(in crate::trend) mean: f64,
    pub(in crate::trend) highest: f64,
}

/// A bounded past: at most [`CELLS`] cells over at most `longest` seconds.
///
/// The first interval between two observations is the length of a cell; whenever the cells no
/// longer suffice, the length doubles, until they reach as far back as is asked for. From then on
/// the oldest are forgotten.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::trend) struct Cells {
    longest: f64,
    /// Seconds of a cell; 0 before the second time.
    pub(in crate::trend) width: f64,
    /// The beginning of place 0.
    pub(in crate::trend) start: f64,
    pub(in crate::trend) list: Vec<Cell>,
}

impl Cells {
    pub(in crate::trend) fn new(longest: f64) -> Self {
        // One more, before pairs become one.
        let list = Vec::with_capacity(CELLS + 1);
        Self { longest, width: 0.0, start: 0.0, list }
    }

    /// Whether observations up to `last` can have led to it.
    #[cfg(feature = "serde")]
    pub(in crate::trend) fn is_possible(&self, longest: f64, last: f64) -> bool {
        let Some(newest) = self.list.last() else { return self.width == 0.0 };
        let ordered = self.list.windows(2).all(|pair| pair[0].place < pair[1].place);
        let numbers = self.list.iter().all(|cell| {
            cell.count > 0
                && cell.mean.abs() <= 1e300
                && (cell.mean..=1e300).contains(&cell.highest)
        });
        let times = self.list.iter().all(|cell| {
            let from = f64::from(cell.place) * self.width;
            let slack = 1e-6 * (self.width + self.start.abs());
            (from - slack..=from + self.width + slack).contains(&cell.time)
        });
        self.longest == longest
            && (0.0..=1e14).contains(&self.width)
            && self.start.abs() <= 2e14
            && self.start <= last
            && (newest.place as usize) < CELLS
            && (self.width > 0.0 || newest.place == 0)
            && ordered
            && numbers
            && times
    }

    /// Takes over what was saved, in the room that is there.
    #[cfg(feature = "serde")]
    pub(in crate::trend) fn restore(&mut self, mut saved: Self) {
        self.list.append(&mut saved.list);
        saved.list = std::mem::take(&mut self.list);
        *self = saved;
    }

    /// Adds a finite value at a finite time that is not before the last.
    pub(in crate::trend) fn push(&mut self, time: f64, value: f64) {
        if self.list.is_empty() {
            self.start = time;
        } else if self.width == 0.0 && time > self.start {
            self.width = time - self.start;
        }
        let mut place = self.place(time);
        while place >= CELLS as f64 {
            if self.width * (CELLS as f64) < self.longest {
                self.halve();
            } else {
                self.forget(place);
            }
            place = self.place(time);
        }
        let place = place as u32;
        let since = time - self.start;
        match self.list.last_mut() {
            Some(cell) if cell.place == place => {
                cell.count = cell.count.saturating_add(1);
                cell.mean += (value - cell.mean) / f64::from(cell.count);
                cell.time += (since - cell.time) / f64::from(cell.count);
                cell.highest = cell.highest.max(value);
            }
            _ => self.list.push(Cell { place, count: 1, time: since, mean: value, highest: value }),
        }
    }

    /// Periods from a beginning of one to a cell. Whole periods are left out before anything is rounded:
    /// times that are later by so many change no bit of it.
    pub(in crate::trend) fn phase(&self, cell: &Cell, period: f64) -> f64 {
        (self.start.rem_euclid(period) + cell.time) / period
    }

    fn place(&self, time: f64) -> f64 {
        if self.width > 0.0 { ((time - self.start) / self.width).floor() } else { 0.0 }
    }

    /// Makes cells twice as long.
    fn halve(&mut self) {
        self.width *= 2.0;
        let mut kept = 0;
        for index in 0..self.list.len() {
            let mut cell = self.list[index];
            cell.place /= 2;
            if kept > 0 && self.list[kept - 1].place == cell.place {
                self.list[kept - 1].join(cell);
            } else {
                self.list[kept] = cell;
                kept += 1;
            }
        }
        self.list.truncate(kept);
    }

    /// Lets go what is too old once the newest is at a place.
    fn forget(&mut self, place: f64) {
        let surplus = place - (CELLS - 1) as f64;
        let gone = surplus * self.width;
        self.start += gone;
        if surplus >= CELLS as f64 {
            self.list.clear();
            return;
        }
        let surplus = surplus as u32;
        self.list.retain(|cell| cell.place >= surplus);
        self.list.iter_mut().for_each(|cell| {
            cell.place -= surplus;
            cell.time -= gone;
        });
    }
}

impl Cell {
    fn join(&mut self, other: Self) {
        let count = self.count.saturating_add(other.count);
        let share = f64::from(other.count) / f64::from(count);
        self.mean += (other.mean - self.mean) * share;
        self.time += (other.time - self.time) * share;
        self.highest = self.highest.max(other.highest);
        self.count = count;
    }
}
