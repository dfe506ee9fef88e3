//! Twenty verdicts cut the false alarms and keep the true ones; what is predicted comes true.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::threshold::{
    AlarmVerdict, MetricMonitorParams, Opinion, Reading, ScoredPoint, ThresholdTunerParams,
    TunedJudgement,
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
    /// What a monitor with its default settings says of the values.
    fn new(
        times: Vec<f64>,
        values: &[f64],
        incidents: Vec<RangeInclusive<f64>>,
        score: fn(&Reading) -> f64,
    ) -> Self {
        let mut monitor = MetricMonitorParams::default().build().unwrap();
        let mut point = |(time, &value)| (time, score(&monitor.update(time, value).unwrap()));
        Self { points: times.into_iter().zip(values).map(&mut point).collect(), incidents }
    }

    fn incident_at(&self, time: f64) -> Option<usize> {
        let near =
            |it: &RangeInclusive<f64>| (it.start() - SLACK..=it.end() + SLACK).contains(&time);
        self.incidents.iter().position(near)
    }
}

/// How rarely a value lies so far from where it was expected.
fn rarity(reading: &Reading) -> f64 {
    reading.judgement.score
}

/// How far a value lies from all that the metric has ever been.
fn novelty(reading: &Reading) -> f64 {
    reading.news
}

fn simulated(seed: u64, days: usize) -> Vec<Stream> {
    let params = GlitchParams { seed, days, ..GlitchParams::default() };
    let stream = |metric: GlitchMetric| {
        let incidents = metric.incidents.into_iter().map(|(from, to)| from..=to).collect();
        Stream::new(metric.times, &metric.values, incidents, rarity)
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
        streams.push(Stream::new(times, &values, incidents, rarity));
    }
    Some(streams)
}

/// The files of the Numenta benchmark, without the part of each that its rules keep for learning;
/// `None` where the data is not there.
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
        let mut stream = Stream::new(times, &values, incidents, novelty);
        stream.points.drain(..(15 * stream.points.len() / 100).min(750));
        streams.push(stream);
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

/// The monitor raises few false alarms where few are asked for, and then there is little to cut. So
/// it is asked for more than anybody wants: for one of 200 or of 1,000 values.
#[test]
fn twenty_verdicts_cut_false_alarms_and_keep_the_true_ones() {
    let (days, seeds) = (84, 1..=20);
    let systems: Vec<Vec<Stream>> = seeds.map(|seed| simulated(seed, days)).collect();
    for rate in [5e-3, 1e-3] {
        let params = ThresholdTunerParams::default().rate(rate);
        let each = systems.iter().map(|streams| with_and_without(streams, &params));
        let all = each.fold(Outcome::default(), Outcome::plus);
        println!("simulated, rate {rate}: {all:?}");
        let weeks = (systems.len() * days) as f64 / 7.0;
        let weekly = all.false_before as f64 / weeks;
        assert!((10.0..25.0).contains(&weekly), "{weekly} false alarms a week of a system");
        assert!(all.false_cut() >= 0.6, "{:.3}", all.false_cut());
        assert!(all.true_lost() <= 0.02, "{:.3}", all.true_lost());
    }
}

#[test]
fn verdicts_on_real_services_cut_false_alarms() {
    let Some(streams) = services() else { return };
    for rate in [1e-3, 3e-4] {
        let all = with_and_without(&streams, &ThresholdTunerParams::default().rate(rate));
        println!("services, rate {rate}: {all:?}");
        assert!(all.false_cut() >= 0.6, "{:.3}", all.false_cut());
        assert!(all.true_lost() <= 0.05, "{:.3}", all.true_lost());
    }
}

/// On these files it is novelty that tells incidents; one of a hundred or of 333 values may be news.
#[test]
fn verdicts_on_cloud_metrics_cut_false_alarms() {
    let Some(streams) = cloud_metrics() else { return };
    for rate in [1e-2, 3e-3] {
        let all = with_and_without(&streams, &ThresholdTunerParams::default().rate(rate));
        println!("cloud metrics, rate {rate}: {all:?}");
        assert!(all.false_cut() >= 0.6, "{:.3}", all.false_cut());
        assert!(all.true_lost() <= 0.05, "{:.3}", all.true_lost());
    }
}

/// Learns on the weeks before each of the cuts, with verdicts on the alarms of the first of them,
/// and counts the alarms of the four weeks after it. How many predictions held, and all.
fn predictions(streams: &[Stream], weeks: &[usize], rate: f64) -> (usize, usize) {
    let params = ThresholdTunerParams::default().rate(rate);
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

fn sum(one: (usize, usize), other: (usize, usize)) -> (usize, usize) {
    (one.0 + other.0, one.1 + other.1)
}

#[test]
fn the_alarms_predicted_for_the_coming_month_hold() {
    let systems: Vec<Vec<Stream>> = (1..=60).map(|seed| simulated(seed, 84)).collect();
    for rate in [5e-3, 1e-3, 1e-4] {
        let each = systems.iter().map(|streams| predictions(streams, &[8], rate));
        let (held, made) = each.fold((0, 0), sum);
        println!("simulated, rate {rate}: {held} of {made}");
        assert!(made == 60 && held as f64 >= 0.9 * made as f64, "{held} of {made}");
    }
}

#[test]
fn the_alarms_predicted_for_real_services_hold() {
    let Some(streams) = services() else { return };
    for rate in [1e-3, 1e-4] {
        let each = streams.chunks(1).map(|one| predictions(one, &[8, 12, 16, 20], rate));
        let (held, made) = each.fold((0, 0), sum);
        println!("services, rate {rate}: {held} of {made}");
        assert!(made >= 20 && held as f64 >= 0.9 * made as f64, "{held} of {made}");
    }
}
