//! The engine's answers as one page of HTML: for people, offline, on any screen.
//!
//! A report says what to do about which machine, and why; how risk went over time; one machine from near;
//! and how far all that can be trusted. It is one text without scripts that loads nothing: no fonts, no
//! pictures, no styles from elsewhere. It follows the reader's choice of light or dark, fits a phone,
//! and prints.
//!
//! ```no_run
//! use forewarn::engine::report::ReportParams;
//! # fn report(engine: &forewarn::engine::Engine, fleet: &forewarn::engine::telemetry::Telemetry)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let page = ReportParams::new("Pumps of the north plant").noun("pump").write(engine, fleet)?;
//! std::fs::write("report.html", page)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it holds
//! | part | what it tells |
//! |---|---|
//! | head | how many machines need what |
//! | figures | what was foreseen on readings that were held back, how early, at how many false alarms |
//! | most at risk | probability, time left with interval, confidence, reasons, action |
//! | one from near | its risk, its most telling metrics with what is usual, when a failure is expected |
//! | over time | the risk of each machine, with the failures |
//! | what came of it | reliability diagram, cost curve, precision and recall, members of the ensemble |
//!
//! Names and texts come from data: they are escaped, and cut where they are long. The same engine and
//! telemetry give the same bytes. The size is bounded: a fleet of 1,000 machines takes less than
//! a megabyte, since risk is drawn of the machines most at risk and counted of all.

mod calendar;
mod content;
mod fleet;
mod frame;
mod gather;
mod machines;
mod near;
mod page;
mod summary;
mod svg;
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests;
mod ticks;
mod trust;
mod words;

use super::Engine;
use super::telemetry::Telemetry;
use crate::error::{Error, Result};
use content::Content;
use frame::Layout;

/// What a report shows of whom. Every field has a setter of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ReportParams {
    /// What stands above it. Default "Fleet".
    pub title: String,
    /// What an entity is called, in the singular: "pump", "service", "disk". Default "machine".
    pub noun: String,
    /// Which entity is shown from near; default `None`: the one most at risk.
    pub entity: Option<String>,
    /// How many of those most at risk are told of with reasons, at most 100. Default 5.
    pub at_risk: usize,
    /// How many of those most at risk are in the table, at most 1,000. Default 200.
    pub listed: usize,
    /// How many of those most at risk are drawn over time, at most 100. Default 30.
    pub over_time: usize,
    /// How many columns time is cut into there, from 10 to 500. Default 120.
    pub columns: usize,
    /// How many metrics of the entity shown from near are drawn, at most 20. Default 4.
    pub metrics: usize,
}

impl Default for ReportParams {
    fn default() -> Self {
        Self {
            title: "Fleet".to_owned(),
            noun: "machine".to_owned(),
            entity: None,
            at_risk: 5,
            listed: 200,
            over_time: 30,
            columns: 120,
            metrics: 4,
        }
    }
}

impl ReportParams {
    /// A report with this title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Sets what stands above it.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Sets what an entity is called.
    #[must_use]
    pub fn noun(self, noun: impl Into<String>) -> Self {
        Self { noun: noun.into(), ..self }
    }

    /// Sets which entity is shown from near.
    #[must_use]
    pub fn entity(self, entity: Option<String>) -> Self {
        Self { entity, ..self }
    }

    /// Sets how many are told of with reasons.
    #[must_use]
    pub fn at_risk(self, at_risk: usize) -> Self {
        Self { at_risk, ..self }
    }

    /// Sets how many are in the table.
    #[must_use]
    pub fn listed(self, listed: usize) -> Self {
        Self { listed, ..self }
    }

    /// Sets how many are drawn over time.
    #[must_use]
    pub fn over_time(self, over_time: usize) -> Self {
        Self { over_time, ..self }
    }

    /// Sets how many columns time is cut into.
    #[must_use]
    pub fn columns(self, columns: usize) -> Self {
        Self { columns, ..self }
    }

    /// Sets how many metrics are drawn of the entity shown from near.
    #[must_use]
    pub fn metrics(self, metrics: usize) -> Self {
        Self { metrics, ..self }
    }

    /// The page, as of the last thing known of each entity.
    ///
    /// Judges every entity at about [`columns`](Self::columns) times: O(entities · columns) assessments
    /// without reasons, beside what reading the telemetry takes.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a number outside its range; [`Error::Incompatible`] for an entity that
    /// is not in the telemetry, and what [`Engine::assess`] and [`Engine::assess_history`] say.
    pub fn write(&self, engine: &Engine, telemetry: &Telemetry) -> Result<String> {
        Ok(page::page(&gather::content(self, engine, telemetry)?))
    }

    /// The chart of the entity shown from near as an SVG file of its own, light or dark as its reader
    /// prefers.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`Error::Empty`] where nothing is known of any entity.
    pub fn draw(&self, engine: &Engine, telemetry: &Telemetry) -> Result<String> {
        alone(&gather::content(self, engine, telemetry)?)
    }

    /// Whether all numbers are within their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that is not.
    pub fn check(&self) -> Result<()> {
        for (name, value, (from, to), allowed) in [
            ("at_risk", self.at_risk, (0, 100), "from 0 to 100"),
            ("listed", self.listed, (0, 1_000), "from 0 to 1,000"),
            ("over_time", self.over_time, (0, 100), "from 0 to 100"),
            ("columns", self.columns, (10, 500), "from 10 to 500"),
            ("metrics", self.metrics, (0, 20), "from 0 to 20"),
        ] {
            if !(from..=to).contains(&value) {
                return Err(Error::OutOfRange { name, value: value as f64, allowed });
            }
        }
        Ok(())
    }
}

/// The chart of one entity as a file.
fn alone(content: &Content<'_>) -> Result<String> {
    let focus = content.focus.as_ref().ok_or(Error::Empty { what: "entities" })?;
    let (svg, title, said) = near::chart(content, focus, Layout::Wide);
    Ok(svg.finish_alone(&title, &said, page::CHART))
}
