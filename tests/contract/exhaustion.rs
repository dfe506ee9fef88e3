//! Time to exhaustion answers every metric, and refuses impossible input.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::trend::{
    ExhaustionForecast, ExhaustionParams, Outlook, RollingTrendParams, repeated_medians, theil_sen,
};

const HOUR: f64 = 3600.0;

/// Every ten minutes.
fn times(count: usize) -> Vec<f64> {
    (0..count).map(|step| 600.0 * step as f64).collect()
}

fn noise(step: usize) -> f64 {
    ((step * 7_919) % 1_009) as f64 / 1_009.0 - 0.5
}

fn ask(capacity: f64, value: impl Fn(usize) -> f64) -> ExhaustionForecast {
    let times = times(500);
    let values: Vec<f64> = (0..500).map(value).collect();
    ExhaustionParams::new(capacity).forecast(&times, &values).unwrap()
}

#[test]
fn a_line_runs_out_when_it_does() {
    // 500 steps of 0.1 on 20, so that 100 − 69.9 takes 301 steps more.
    let forecast = ask(100.0, |step| 20.0 + 0.1 * step as f64);
    assert_eq!(forecast.outlook, Outlook::Filling);
    assert!((forecast.left / 600.0 - 301.0).abs() < 3.0, "{forecast}");
    assert!(forecast.earliest <= forecast.left && forecast.left <= forecast.latest);
    assert!((forecast.rate * 600.0 - 0.1).abs() < 1e-3, "{}", forecast.rate);
    assert!((forecast.room - 30.1).abs() < 1e-9);
    assert!(forecast.to_string().starts_with("full in 2.1 days, 90 % interval "), "{forecast}");
}

#[test]
fn what_falls_to_nothing_runs_out_as_well() {
    let free: Vec<f64> = (0..500).map(|step| 80.0 - 0.1 * f64::from(step)).collect();
    let params = ExhaustionParams::new(0.0).falling(true);
    let forecast = params.forecast(&times(500), &free).unwrap();
    let used = ask(80.0, |step| 0.1 * step as f64);
    assert!((forecast.left - used.left).abs() < 1.0, "{forecast}, {used}");
    assert!(forecast.rate > 0.0 && (forecast.room - used.room).abs() < 1e-9);
}

#[test]
fn what_shrinks_or_stands_still_never_runs_out() {
    let shrinking = ask(100.0, |step| 90.0 - 0.1 * step as f64 + noise(step));
    assert_eq!(shrinking.outlook, Outlook::Never);
    assert!(shrinking.to_string().starts_with("never, at this rate"), "{shrinking}");
    assert!(shrinking.rate < 0.0 && shrinking.probability < 0.01);
    let constant = ask(100.0, |_| 99.999);
    assert_eq!(constant.to_string(), "never, at this rate");
    assert_eq!((constant.outlook, constant.probability), (Outlook::Never, 0.0));
    let noisy = ask(100.0, |step| 60.0 + noise(step));
    assert_eq!(noisy.outlook, Outlook::Never, "{noisy}");
    assert!(noisy.earliest > 24.0 * HOUR && noisy.probability < 0.01);
}

#[test]
fn a_sawtooth_that_turns_back_in_time_never_runs_out() {
    let forecast = ask(100.0, |step| 10.0 + (step % 60) as f64 + noise(step));
    assert_eq!(forecast.outlook, Outlook::Never, "{forecast}");
    // One whose every tooth ends higher does: 0.05 a step on 40 to 70.
    let rising = ask(100.0, |step| 40.0 + 0.5 * (step % 60) as f64 + 0.05 * step as f64);
    assert_eq!(rising.outlook, Outlook::Filling);
    // Teeth end at steps 599 (99.5) and 659 (102.4), which is at 100 from step 655.
    let steps = rising.left / 600.0;
    assert!((90.0..=165.0).contains(&steps), "{steps} steps, {rising}");
}

#[test]
fn what_is_full_is_full() {
    let forecast = ask(50.0, |step| 0.1 * step as f64 + 1.0);
    assert_eq!(forecast.outlook, Outlook::Exhausted);
    assert_eq!((forecast.left, forecast.latest, forecast.probability), (0.0, 0.0, 1.0));
    assert_eq!(forecast.to_string(), "full already");
    assert!(forecast.room < 0.0);
}

#[test]
fn too_little_is_not_answered() {
    let unknown = |times: &[f64], values: &[f64]| {
        let forecast = ExhaustionParams::new(100.0).forecast(times, values).unwrap();
        assert_eq!(forecast.outlook, Outlook::Unknown);
        assert_eq!(forecast.to_string(), "too little is known yet");
        assert!(forecast.left.is_nan() && forecast.probability == 0.0);
    };
    unknown(&[0.0], &[5.0]);
    unknown(&[0.0, 60.0], &[5.0, 6.0]);
    unknown(&[7.0; 100], &(0..100).map(f64::from).collect::<Vec<_>>());
    unknown(&times(100), &[f64::NAN; 100]);
    // Even full, if so.
    let full = ExhaustionParams::new(5.0).forecast(&[0.0, 60.0], &[5.0, 6.0]).unwrap();
    assert_eq!(full.outlook, Outlook::Exhausted);
}

#[test]
fn gaps_and_repeated_times_need_no_care() {
    let whole = ask(100.0, |step| 20.0 + 0.1 * step as f64 + 0.2 * noise(step));
    let mut watch = ExhaustionParams::new(100.0).build().unwrap();
    for step in 0..500 {
        let (time, value) = (600.0 * step as f64, 20.0 + 0.1 * step as f64 + 0.2 * noise(step));
        // A day without observations, a value in seven missing, one in five twice.
        if (100..244).contains(&step) {
            continue;
        }
        let value = if step % 7 == 3 { f64::NAN } else { value };
        for _ in 0..=usize::from(step % 5 == 0) {
            watch.update(time, value).unwrap();
        }
    }
    assert!(watch.missing() > 50);
    let forecast = watch.forecast(499.0 * 600.0).unwrap();
    assert!((forecast.left / whole.left - 1.0).abs() < 0.05, "{forecast}, {whole}");
}

#[test]
fn impossible_input_is_refused_and_changes_nothing() {
    let params = ExhaustionParams::new(100.0);
    let name = |params: ExhaustionParams| match params.build() {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(ExhaustionParams::new(f64::NAN)), "capacity");
    for bad in [f64::NAN, -1.0] {
        assert_eq!(name(params.horizon(bad)), "horizon");
        assert_eq!(name(params.raise(bad)), "raise");
        assert_eq!(name(params.clear(bad)), "clear");
        assert_eq!(name(params.interval(bad)), "interval");
        assert_eq!(name(params.history(bad)), "history");
        assert_eq!(name(params.period(Some(bad))), "period");
    }
    assert_eq!(name(params.raise(0.5).clear(0.6)), "clear");
    assert!(matches!(params.forecast(&[], &[]), Err(Error::Empty { .. })));
    assert!(matches!(params.forecast(&[1.0], &[]), Err(Error::Length { .. })));
    let unsorted = params.forecast(&[0.0, 60.0, 30.0], &[1.0, 2.0, 3.0]);
    assert_eq!(unsorted, Err(Error::TimeWentBack { time: 30.0, last: 60.0 }));

    let mut watch = params.build().unwrap();
    for (step, time) in times(50).into_iter().enumerate() {
        watch.update(time, step as f64).unwrap();
    }
    let before = watch.clone();
    for (time, value) in [
        (f64::NAN, 1.0),
        (f64::INFINITY, 1.0),
        (1e15, 1.0),
        (5e4, f64::INFINITY),
        (5e4, -1e301),
        (0.0, 1.0),
    ] {
        assert!(watch.update(time, value).is_err(), "{time}, {value}");
    }
    assert!(watch.decide(0.0).is_err() && watch.decide(f64::NAN).is_err());
    assert_eq!(watch, before);
}

#[test]
fn strange_metrics_are_survived() {
    let metrics: [&dyn Fn(usize) -> f64; 7] = [
        &|step| if step % 2 == 0 { 1e300 } else { -1e300 },
        &|step| noise(step) * 1e-300,
        &|step| if step == 0 { 1e300 } else { noise(step) },
        &|step| 1e-310 * step as f64,
        &|step| f64::from(u8::from(step > 498)),
        &|step| (step as f64 / 20.0).exp(),
        &|step| if step % 50 == 0 { 50.0 } else { 0.0 },
    ];
    for (index, value) in metrics.into_iter().enumerate() {
        for capacity in [-1e300, 0.0, 1e-305, 100.0, 1e300] {
            let forecast = ask(capacity, value);
            let text = format!("metric {index}, capacity {capacity}: {forecast:?}");
            assert!((0.0..=1.0).contains(&forecast.probability), "{text}");
            assert!(forecast.left >= 0.0 && forecast.earliest <= forecast.left, "{text}");
            assert!(forecast.left <= forecast.latest, "{text}");
        }
    }
    let uneven: Vec<f64> = (0..400).map(|step| 1.05f64.powi(step)).collect();
    let values: Vec<f64> = uneven.iter().map(|time| time.ln()).collect();
    assert_ne!(ExhaustionParams::new(1e3).forecast(&uneven, &values).unwrap().left, 0.0);
}

#[test]
fn alerts_have_hysteresis() {
    let mut watch = ExhaustionParams::new(100.0).raise(0.6).clear(0.2).build().unwrap();
    let (mut changes, mut last) = (0, 0.0);
    for step in 0..1_150 {
        let time = 600.0 * step as f64;
        watch.update(time, 0.08 * step as f64 + 3.0 * noise(step)).unwrap();
        let decision = watch.decide(time).unwrap();
        changes += u32::from(decision.changed);
        assert_eq!(decision.alert, watch.alert());
        if decision.changed {
            assert!(decision.alert == (decision.forecast.probability >= 0.6));
        }
        last = decision.forecast.left;
    }
    // 0.08 a step: at 92 of 100 by now, noise of 1.5 up and down.
    assert!(watch.alert() && changes == 1, "{changes} changes");
    assert!(last < 24.0 * HOUR);
}

#[test]
fn slopes_refuse_what_has_none() {
    let refused = |times: &[f64], values: &[f64]| {
        assert_eq!(theil_sen(times, values, 0.95).err(), repeated_medians(times, values).err());
        repeated_medians(times, values).unwrap_err()
    };
    assert!(matches!(refused(&[], &[]), Error::Empty { .. }));
    assert!(matches!(refused(&[1.0], &[1.0]), Error::Empty { .. }));
    assert!(matches!(refused(&[1.0; 500], &[2.0; 500]), Error::Empty { .. }));
    assert!(matches!(refused(&[1.0, 2.0], &[1.0, f64::NAN]), Error::Empty { .. }));
    assert!(matches!(refused(&[1.0, 2.0], &[1.0]), Error::Length { .. }));
    assert!(matches!(refused(&[1.0, f64::NAN], &[1.0, 2.0]), Error::NotANumber { index: 1, .. }));
    let infinite = refused(&[1.0, 2.0], &[1.0, f64::INFINITY]);
    assert!(matches!(infinite, Error::Infinite { row: 1, column: 1, .. }));
    for confidence in [0.0, 1.0, f64::NAN] {
        assert!(theil_sen(&[0.0, 1.0], &[0.0, 1.0], confidence).is_err());
    }
    assert_eq!(theil_sen(&[3.0, 1.0], &[5.0, 1.0], 0.9).unwrap().slope, 2.0);
    for (window, confidence) in [(11, 0.9), (4_097, 0.9), (60, 0.4), (60, 1.0), (60, f64::NAN)] {
        assert!(
            RollingTrendParams::default().window(window).confidence(confidence).build().is_err()
        );
    }
    let mut trend = RollingTrendParams::default().window(12).build().unwrap();
    (0..20).for_each(|step| trend.update(f64::from(step), f64::from(step)).unwrap());
    let before = trend.clone();
    assert!(trend.update(0.0, 1.0).is_err() && trend.update(30.0, f64::INFINITY).is_err());
    assert!(trend.update(f64::NAN, 1.0).is_err());
    assert_eq!(trend, before);
}

#[cfg(feature = "serde")]
#[test]
fn what_was_saved_goes_on_as_if_it_had_never_stopped() {
    use forewarn::trend::{ExhaustionWatch, RollingTrend};
    for count in [0, 1, 3, 40, 700, 3_000] {
        let mut watch = ExhaustionParams::new(100.0).history(2.0 * 86_400.0).build().unwrap();
        let mut trend = RollingTrendParams::default().window(90).build().unwrap();
        let feed = |watch: &mut ExhaustionWatch, trend: &mut RollingTrend, from, to| {
            for step in from..to {
                let value = if step % 9 == 4 { f64::NAN } else { 0.02 * step as f64 + noise(step) };
                watch.update(100.0 * step as f64, value).unwrap();
                trend.update((step / 2) as f64, value).unwrap();
            }
        };
        feed(&mut watch, &mut trend, 0, count);
        let bytes = watch.to_bytes().unwrap();
        assert!(bytes.len() <= 20 * 1024, "{} bytes", bytes.len());
        let mut loaded = ExhaustionWatch::from_bytes(&bytes).unwrap();
        let mut loaded_trend = RollingTrend::from_bytes(&trend.to_bytes().unwrap()).unwrap();
        let text = serde_json::to_string(&watch).unwrap();
        assert_eq!(
            serde_json::from_str::<ExhaustionWatch>(&text).unwrap().to_bytes().unwrap(),
            bytes
        );
        feed(&mut watch, &mut trend, count, count + 200);
        feed(&mut loaded, &mut loaded_trend, count, count + 200);
        assert_eq!(loaded.to_bytes(), watch.to_bytes());
        let now = 100.0 * (count + 200) as f64;
        assert_eq!(loaded.forecast(now).unwrap(), watch.forecast(now).unwrap());
        assert_eq!(loaded_trend.to_bytes(), trend.to_bytes());
        assert_eq!(
            (loaded_trend.slope(), loaded_trend.interval()),
            (trend.slope(), trend.interval())
        );
        assert!(ExhaustionWatch::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        for (from, to) in
            [("\"capacity\":100.0", "\"capacity\":1e301"), ("\"width\":", "\"width\":-")]
        {
            let edited = text.replace(from, to);
            let same = edited == text || edited.contains("\"width\":-0.0");
            assert!(same || serde_json::from_str::<ExhaustionWatch>(&edited).is_err(), "{to}");
        }
    }
}
