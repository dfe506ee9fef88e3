//! Forecasts from many times of the past: how often intervals hold the truth, and how far off the
//! values are beside those of the day before.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::rows::Draw;
use forewarn::trend::ForecastParams;
use forewarn_datasets::{Table, data_or_skip};
use std::f64::consts::TAU;
use std::ops::Range;

const DAY: f64 = 86_400.0;

/// Truths in their intervals, all, and the absolute errors of forecasts and of the day before.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    within: u32,
    all: u32,
    own: f64,
    day_before: f64,
}

impl Tally {
    fn covered(&self) -> f64 {
        f64::from(self.within) / f64::from(self.all)
    }

    /// A day ahead, from `asked` times in the second half of a series on an even grid; NaN is a gap.
    fn ask(&mut self, params: ForecastParams, step: f64, values: &[f64], asked: usize) {
        let day = (DAY / step) as usize;
        for question in 0..asked {
            let from = values.len() / 2 + question * (values.len() / 2 - day) / asked;
            // The truth counts from the last value.
            let end = (0..from).rev().find(|&place| !values[place].is_nan()).unwrap() + 1;
            let times: Vec<f64> = (0..end).map(|place| step * place as f64).collect();
            let forecast = params.step(Some(step)).forecast(&times, &values[..end], day).unwrap();
            for (point, place) in forecast.points.iter().zip(end..) {
                let (truth, before) = (values[place], values[place - day]);
                if truth.is_nan() || before.is_nan() {
                    continue;
                }
                self.within += u32::from((point.lower..=point.upper).contains(&truth));
                self.all += 1;
                self.own += (point.value - truth).abs();
                self.day_before += (before - truth).abs();
            }
        }
    }
}

/// Five weeks of hours of a kind.
fn series(kind: usize, seed: u64) -> Vec<f64> {
    let mut draw = Draw::new(10 * seed + kind as u64);
    let memory = [0.7, 0.5, 0.0, 0.6, 0.0, 0.8, 0.95][kind];
    let (phase, size) = (draw.unit(), 3.0 + 10.0 * draw.unit());
    let (mut wander, mut level) = (0.0, 0.0);
    let mut value = |hour: usize| {
        let days = hour as f64 / 24.0;
        let rhythm = (TAU * (days + phase)).sin();
        let normal = draw.normal();
        wander = memory * wander + normal;
        let workday = if days as usize % 7 < 5 { 1.0 } else { 0.4 };
        match kind {
            0 => 50.0 + size * rhythm + wander,
            1 => 100.0 * workday * (1.0 + 0.5 * rhythm) * (0.05 * wander).exp(),
            2 => {
                level += normal;
                level
            }
            3 => 20.0 + size * rhythm + 3.0 * (phase - 0.3) * days + wander,
            4 => {
                // Student's law of three degrees of freedom.
                let squares: f64 = (0..3).map(|_| draw.normal().powi(2)).sum();
                10.0 + normal / (squares / 3.0).sqrt()
            }
            5 => {
                if draw.unit() < 0.005 {
                    level += 8.0 * draw.normal();
                }
                level + wander + 0.3 * size * rhythm
            }
            _ => 30.0 + wander,
        }
    };
    let mut values: Vec<f64> = (0..840).map(&mut value).collect();
    if seed.is_multiple_of(3) {
        values[300..330].fill(f64::NAN);
        values.iter_mut().step_by(11).for_each(|value| *value = f64::NAN);
    }
    values
}

/// All kinds, from so many series each.
fn simulated(params: ForecastParams, seeds: Range<u64>) -> [Tally; 7] {
    let mut tallies = [Tally::default(); 7];
    for (kind, tally) in tallies.iter_mut().enumerate() {
        for seed in seeds.clone() {
            tally.ask(params, 3600.0, &series(kind, seed), 8);
        }
        let (covered, ratio) = (tally.covered(), tally.own / tally.day_before);
        println!("{kind}: {covered:.3} covered, {ratio:.3} of the error of the day before");
    }
    tallies
}

fn covered(tallies: &[Tally]) -> f64 {
    let count = |of: fn(&Tally) -> u32| f64::from(tallies.iter().map(of).sum::<u32>());
    count(|tally| tally.within) / count(|tally| tally.all)
}

#[test]
fn intervals_hold_nine_of_ten() {
    let tallies = simulated(ForecastParams::default(), 500..506);
    for (kind, tally) in tallies.iter().enumerate() {
        let (covered, ratio) = (tally.covered(), tally.own / tally.day_before);
        // Two days of a random walk have little to do with each other, and a few series little to say.
        assert!((0.80..=0.98).contains(&covered), "{kind}: {covered}");
        assert!(ratio <= if kind == 2 { 0.95 } else { 0.85 }, "{kind}: {ratio}");
    }
    let covered = covered(&tallies);
    assert!((0.86..=0.94).contains(&covered), "{covered}");
}

#[test]
fn narrower_intervals_hold_eight_of_ten() {
    let covered = covered(&simulated(ForecastParams::default().interval(0.8), 700..703));
    println!("{covered:.3} covered of 80 %");
    assert!((0.75..=0.85).contains(&covered), "{covered}");
}

/// Four weeks of web services every ten minutes, anomalies and all.
#[test]
fn web_services_are_forecast_a_day_ahead() {
    let folder = data_or_skip!("kpi");
    let mut tally = Tally::default();
    for number in ["00", "04", "08", "12", "16", "20", "24", "28"] {
        let table = Table::read(folder.join(format!("{number}_train.csv.gz"))).unwrap();
        let times = table.numbers("timestamp").unwrap().to_vec();
        let values = table.numbers("value").unwrap().to_vec();
        let last = times[times.len() - 1];
        let mut cells = vec![(0.0, 0.0); 28 * 144];
        for (time, value) in times.iter().zip(values) {
            let back = ((last - time) / 600.0) as usize;
            if back < cells.len() {
                let place = cells.len() - 1 - back;
                cells[place] = (cells[place].0 + value, cells[place].1 + 1.0);
            }
        }
        let cells: Vec<f64> = cells.into_iter().map(|(sum, count)| sum / count).collect();
        let mut own = Tally::default();
        own.ask(ForecastParams::default(), 600.0, &cells, 10);
        // Each counts the same, whatever its unit.
        tally.within += own.within;
        tally.all += own.all;
        tally.own += own.own / own.day_before;
        tally.day_before += 1.0;
    }
    let (covered, ratio) = (tally.covered(), tally.own / tally.day_before);
    println!("web services: {covered:.3} covered, {ratio:.3} of the error of the day before");
    assert!((0.86..=0.94).contains(&covered), "{covered}");
    assert!(ratio <= 0.85, "{ratio}");
}
