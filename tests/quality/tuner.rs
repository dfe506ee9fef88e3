//! Twenty verdicts cut the false alarms and keep the true ones; what is predicted comes true.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::threshold::{
    AlarmVerdict, Opinion, ScoredPoint, ThresholdTunerParams, TunedJudgement,
};
use forewarn::traits::Tune;
use forewarn_datasets::glitches::{GlitchMetric, GlitchParams};
use forewarn_datasets::{Table, data_file};
use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

const BUDGET: usize = 20;
const HOUR: f64 = 3600.0;
const WEEK: f64 = 7.0 * 24.0 * HOUR;

/// Alarms that come so many seconds before or after an incident are still its own.
const SLACK: f64 = 600.0;

/// Scores of one metric, and when something really happened.
struct Stream {
    points: Vec<(f64, f64)>,
    incidents: Vec<RangeInclusive<f64>>,
}

impl Stream {
    /// The monitor comes in here.
    fn new(times: Vec<f64>, values: &[f64], incidents: Vec<RangeInclusive<f64>>) -> Self {
        let mut detector = Detector::default();
        let score = |(time, &value)| (time, detector.score(time, value));
        Self { points: times.into_iter().zip(values).map(score).collect(), incidents }
    }

    fn incident_at(&self, time: f64) -> Option<usize> {
        let near =
            |it: &RangeInclusive<f64>| (it.start() - SLACK..=it.end() + SLACK).contains(&time);
        self.incidents.iter().position(near)
    }
}

/// Half-hours of a day.
const SLOTS: usize = 48;

/// Rows from which nothing is judged.
const WARM_UP: usize = 200;

/// A simple detector: how far a value lies from the last level or from the same time of the days
/// before, whichever predicts better, with exponential tails.
#[derive(Default)]
struct Detector {
    seen: usize,
    level: f64,
    scale: f64,
    profile: Vec<Option<f64>>,
    /// Mean errors of the two predictions.
    errors: [f64; 2],
}

impl Detector {
    fn score(&mut self, time: f64, value: f64) -> f64 {
        let slot = ((time / HOUR * 2.0) as usize) % SLOTS;
        if self.seen == 0 {
            self.level = value;
            self.profile = vec![None; SLOTS];
        }
        self.seen += 1;
        let usual = self.profile[slot].unwrap_or(value);
        let errors = [(value - self.level).abs(), (value - usual).abs()];
        let error = if self.errors[0] <= self.errors[1] { errors[0] } else { errors[1] };
        let scale = self.scale + 1e-9 + 1e-3 * self.level.abs();
        let (most, weight) =
            if self.seen < WARM_UP { (f64::INFINITY, 0.05) } else { (5.0 * scale, 0.01) };
        for (mean, error) in self.errors.iter_mut().zip(errors) {
            *mean += 0.005 * (error.min(most) - *mean);
        }
        self.scale += weight * (error.min(most) - self.scale);
        self.level += 0.3 * (value - self.level);
        self.profile[slot] = Some(usual + 0.1 * (value - usual).clamp(-most, most));
        let score = error / scale * std::f64::consts::LOG10_E;
        if self.seen < WARM_UP { 0.0 } else { score.min(100.0) }
    }
}

fn simulated(seed: u64, days: usize) -> Vec<Stream> {
    let params = GlitchParams { seed, days, ..GlitchParams::default() };
    let stream = |metric: GlitchMetric| {
        let incidents = metric.incidents.into_iter().map(|(from, to)| from..=to).collect();
        Stream::new(metric.times, &metric.values, incidents)
    };
    params.simulate().unwrap().into_iter().map(stream).collect()
}

/// The web-service series, training and test part in one; `None` where the data is not there.
fn services() -> Option<Vec<Stream>> {
    let mut streams = Vec::new();
    for number in (0..32).step_by(4) {
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let mut incidents: Vec<RangeInclusive<f64>> = Vec::new();
        for part in ["train", "test"] {
            let file = data_file(&format!("kpi/{number:02}_{part}.csv.gz"), module_path!())?;
            let table = Table::read(file).unwrap();
            let rows = table.timestamps("timestamp").unwrap();
            for (&time, label) in rows.iter().zip(table.labels("anomaly").unwrap()) {
                match incidents.last_mut() {
                    _ if !label => {}
                    Some(last) if time - last.end() <= SLACK => *last = *last.start()..=time,
                    _ => incidents.push(time..=time),
                }
            }
            times.extend(rows);
            values.extend(table.features(&["timestamp", "anomaly"]).unwrap().1.column(0));
        }
        streams.push(Stream::new(times, &values, incidents));
    }
    Some(streams)
}

/// The files of the Numenta benchmark; `None` where the data is not there.
fn cloud_metrics() -> Option<Vec<Stream>> {
    let file = data_file("nab/windows.json", module_path!())?;
    let windows: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let seconds = |text: &serde_json::Value| {
        let text = format!("time\n{}\n", &text.as_str().unwrap()[..19]);
        Table::from_bytes("window", text.as_bytes()).unwrap().timestamps("time").unwrap()[0]
    };
    let mut streams = Vec::new();
    for (file, spans) in windows.as_object().unwrap() {
        let table = Table::read(data_file(&format!("nab/{file}.gz"), module_path!())?).unwrap();
        let values = table.features(&["timestamp"]).unwrap().1;
        let times = table.timestamps("timestamp").unwrap();
        // One file sets its clock back; what came again is left out.
        let mut latest = f64::NEG_INFINITY;
        let rows: Vec<(f64, f64)> = times
            .iter()
            .copied()
            .zip(values.column(0).iter().copied())
            .filter(|row| {
                let in_order = row.0 >= latest;
                latest = latest.max(row.0);
                in_order
            })
            .collect();
        let (times, values): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let span = |span: &serde_json::Value| seconds(&span[0])..=seconds(&span[1]);
        let incidents = spans.as_array().unwrap().iter().map(span).collect();
        streams.push(Stream::new(times, &values, incidents));
    }
    Some(streams)
}

/// After the verdicts: false alarms, and incidents that raised one.
#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    verdicts: usize,
    false_before: usize,
    false_after: usize,
    true_before: usize,
    true_after: usize,
}

impl Outcome {
    fn plus(self, other: Self) -> Self {
        Self {
            verdicts: self.verdicts + other.verdicts,
            false_before: self.false_before + other.false_before,
            false_after: self.false_after + other.false_after,
            true_before: self.true_before + other.true_before,
            true_after: self.true_after + other.true_after,
        }
    }

    fn false_cut(&self) -> f64 {
        1.0 - self.false_after as f64 / self.false_before as f64
    }

    fn true_lost(&self) -> f64 {
        1.0 - self.true_after as f64 / self.true_before as f64
    }
}

/// All metrics of a system at once, row by row. Each of the first alarms gets its verdict an hour
/// later; what comes after the last of them counts, with the tuner and without.
fn with_and_without(streams: &[Stream], params: &ThresholdTunerParams) -> Outcome {
    let [mut tuned, mut plain] = [params.start().unwrap(), params.start().unwrap()];
    let mut outcome = Outcome::default();
    let mut raised = VecDeque::new();
    let mut noticed = [BTreeSet::new(), BTreeSet::new()];
    let longest = streams.iter().map(|stream| stream.points.len()).max().unwrap();
    for row in 0..longest {
        for (group, stream) in (0_u64..).zip(streams) {
            let Some(&(time, score)) = stream.points.get(row) else { continue };
            let point = ScoredPoint { group, time, score };
            let answers = [plain.judge(point).unwrap(), tuned.judge(point).unwrap()];
            let incident = stream.incident_at(time);
            if outcome.verdicts == BUDGET {
                let is_false = |it: &TunedJudgement| usize::from(it.raise && incident.is_none());
                outcome.false_before += is_false(&answers[0]);
                outcome.false_after += is_false(&answers[1]);
                for (noticed, answer) in noticed.iter_mut().zip(answers) {
                    if let (true, Some(incident)) = (answer.exceeds, incident) {
                        noticed.insert((group, incident));
                    }
                }
                continue;
            }
            if answers[1].raise {
                let real = incident.is_some();
                let opinion = if real { Opinion::Real } else { Opinion::FalseAlarm };
                raised.push_back(AlarmVerdict { group, time, opinion });
            }
            if let Some(&verdict) = raised.front()
                && verdict.group == group
                && time >= verdict.time + HOUR
            {
                raised.pop_front();
                tuned.observe(verdict).unwrap();
                outcome.verdicts += 1;
            }
        }
    }
    outcome.true_before = noticed[0].len();
    outcome.true_after = noticed[0].intersection(&noticed[1]).count();
    outcome
}

#[test]
fn twenty_verdicts_cut_false_alarms_and_keep_the_true_ones() {
    for (days, rate) in [(84, 1e-3), (84, 1e-4)] {
        let params = ThresholdTunerParams::default().rate(rate);
        let systems = (1..=20).map(|seed| with_and_without(&simulated(seed, days), &params));
        let all = systems.fold(Outcome::default(), Outcome::plus);
        println!("simulated, rate {rate}: {all:?}");
        assert!(all.false_cut() >= 0.6, "{:.3}", all.false_cut());
        assert!(all.true_lost() <= 0.05, "{:.3}", all.true_lost());
    }
}

#[test]
fn verdicts_on_real_services_cut_false_alarms() {
    let Some(streams) = services() else { return };
    let all = with_and_without(&streams, &ThresholdTunerParams::default());
    println!("services: {all:?}");
    assert!(all.false_cut() >= 0.5, "{:.3}", all.false_cut());
    assert!(all.true_lost() <= 0.12, "{:.3}", all.true_lost());
}

#[test]
fn verdicts_on_cloud_metrics_cut_false_alarms() {
    let Some(streams) = cloud_metrics() else { return };
    let all = with_and_without(&streams, &ThresholdTunerParams::default());
    println!("cloud metrics: {all:?}");
    assert!(all.false_cut() >= 0.25, "{:.3}", all.false_cut());
}

/// Learns on the weeks before each of the cuts, with verdicts on the alarms of the first of them,
/// and counts the alarms of the four weeks after it. How many predictions held, and all.
fn predictions(streams: &[Stream], weeks: &[usize]) -> (usize, usize) {
    let params = ThresholdTunerParams::default();
    let start = streams.iter().map(|it| it.points[0].0).fold(f64::INFINITY, f64::min);
    let (mut held, mut made) = (0, 0);
    for &week in weeks {
        let cut = start + week as f64 * WEEK;
        let end = cut + 4.0 * WEEK;
        if streams.iter().all(|it| it.points.last().is_none_or(|last| last.0 < end - 24.0 * HOUR)) {
            continue;
        }
        let points = |from: f64, to: f64| -> Vec<ScoredPoint> {
            let of = |(group, stream): (u64, &Stream)| {
                let within = stream.points.iter().filter(move |it| from <= it.0 && it.0 < to);
                within.map(move |&(time, score)| ScoredPoint { group, time, score }).collect()
            };
            (0..).zip(streams).flat_map::<Vec<_>, _>(of).collect()
        };
        let history = points(start, cut);
        let mut plain = params.start().unwrap();
        let mut verdicts = Vec::new();
        for &point in &history {
            let ScoredPoint { group, time, .. } = point;
            if plain.judge(point).unwrap().raise {
                let real = streams[group as usize].incident_at(time).is_some();
                let opinion = if real { Opinion::Real } else { Opinion::FalseAlarm };
                verdicts.push(AlarmVerdict { group, time, opinion });
            }
        }
        verdicts.sort_by(|a, b| a.time.total_cmp(&b.time));
        verdicts.truncate(BUDGET);
        let found = params.optimize(&history, &verdicts).unwrap();
        let mut tuner = found.tuner;
        let begins = points(cut, end).into_iter().filter(|&it| tuner.judge(it).unwrap().raise);
        let weekly = begins.count() as f64 / 4.0;
        made += 1;
        held += usize::from(found.alarms_per_week.contains(weekly));
        println!("week {week}: predicted {:?}, came {weekly}", found.alarms_per_week);
    }
    (held, made)
}

#[test]
fn the_alarms_predicted_for_the_coming_month_hold() {
    let sum = |sum: (usize, usize), other: (usize, usize)| (sum.0 + other.0, sum.1 + other.1);
    let systems = (1..=40).map(|seed| predictions(&simulated(seed, 84), &[8]));
    let (held, made) = systems.fold((0, 0), sum);
    println!("simulated: {held} of {made}");
    assert!(made >= 20 && held as f64 >= 0.9 * made as f64, "{held} of {made}");
}

#[test]
fn the_alarms_predicted_for_real_services_hold() {
    let Some(streams) = services() else { return };
    let sum = |sum: (usize, usize), other: (usize, usize)| (sum.0 + other.0, sum.1 + other.1);
    let each = streams.chunks(1).map(|stream| predictions(stream, &[8, 12, 16, 20]));
    let (held, made) = each.fold((0, 0), sum);
    println!("services: {held} of {made}");
    assert!(made >= 20 && held as f64 >= 0.9 * made as f64, "{held} of {made}");
}
