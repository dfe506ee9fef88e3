//! What a metric will be: levels, trends and rhythms that are judged by what they would have said.

mod grid;
mod judge;
mod params;
mod profile;
mod result;
#[cfg(test)]
mod tests;
mod track;

pub use params::ForecastParams;
pub use result::{Forecast, ForecastPoint};
