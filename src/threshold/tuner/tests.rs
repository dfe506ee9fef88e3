use super::*;
use crate::Error;
use crate::traits::Tune;

fn point(time: f64, score: f64) -> ScoredPoint {
    ScoredPoint { group: 0, time, score }
}

fn started() -> ThresholdTuner {
    ThresholdTunerParams::default().start().unwrap()
}

/// When alarms begin.
fn raised(tuner: &mut ThresholdTuner, points: &[(f64, f64)]) -> Vec<f64> {
    let mut begins = Vec::new();
    for &(time, score) in points {
        if tuner.judge(point(time, score)).unwrap().raise {
            begins.push(time);
        }
    }
    begins
}

#[test]
fn exceedances_within_the_gap_are_one_incident() {
    let points = [(0.0, 5.0), (60.0, 1.0), (660.0, 5.0), (720.0, 1.0), (1321.0, 5.0)];
    // 660 s after the first is 600 s after nothing high: apart. With a gap of 661 s all are one.
    assert_eq!(raised(&mut started(), &points), [0.0, 660.0, 1321.0]);
    let mut wide = ThresholdTunerParams::default().gap(661.0).start().unwrap();
    assert_eq!(raised(&mut wide, &points), [0.0]);
}

#[test]
fn consecutive_exceedances_are_one_incident_up_to_a_day_apart() {
    let hourly: Vec<(f64, f64)> = (0..5).map(|hour| (f64::from(hour) * 3600.0, 6.0)).collect();
    assert_eq!(raised(&mut started(), &hourly), [0.0]);
    let daily = [(0.0, 6.0), (86_400.0, 6.0), (86_400.0 * 2.1, 6.0)];
    assert_eq!(raised(&mut started(), &daily), [0.0, 86_400.0 * 2.1]);
}

#[test]
fn a_low_simmer_does_not_hide_the_next_alarm() {
    // Scores of 3 are remembered, but raise nothing and hold no alarm open.
    let mut points = vec![(0.0, 5.0)];
    points.extend((1..100).map(|minute| (f64::from(minute) * 60.0, 3.0)));
    points.push((6000.0, 5.0));
    assert_eq!(raised(&mut started(), &points), [0.0, 6000.0]);
}

#[test]
fn a_missing_score_is_counted_and_judges_nothing() {
    let mut tuner = started();
    let answer = tuner.judge(point(0.0, f64::NAN)).unwrap();
    assert!(!answer.exceeds && !answer.raise);
    assert_eq!((tuner.missing(), tuner.open_incidents().count()), (1, 0));
}

#[test]
fn what_comes_after_the_patience_is_too_late_to_count() {
    let costs = AlarmCosts { miss: 10.0, delay_per_minute: 1.0, ..AlarmCosts::default() };
    let mut tuner = ThresholdTunerParams::default().costs(costs).start().unwrap();
    raised(&mut tuner, &[(0.0, 3.0), (300.0, 4.5), (600.0, 5.0), (660.0, 9.0)]);
    let incident = *tuner.open_incidents().next().unwrap();
    // Two scores reach what was asked for in the ten minutes: 5, and 1 for a doubling.
    assert_eq!((incident.height, incident.peak, incident.raised), (6.0, 9.0, Some(300.0)));
}

#[test]
fn silenced_says_that_only_verdicts_keep_it_quiet() {
    let mut tuner = started();
    raised(&mut tuner, &[(0.0, 6.0)]);
    tuner.observe(AlarmVerdict { group: 0, time: 0.0, opinion: Opinion::FalseAlarm }).unwrap();
    raised(&mut tuner, &[(60.0, 0.0)]);
    let answer = tuner.judge(point(9000.0, 4.1)).unwrap();
    assert!(answer.silenced && !answer.exceeds, "{answer:?}");
    assert!(!tuner.judge(point(9060.0, 3.9)).unwrap().silenced);
    assert!(!tuner.judge(point(9120.0, 11.9)).unwrap().silenced);
}

#[test]
fn what_lasts_is_raised_where_what_is_brief_stays_quiet() {
    let mut tuner = started();
    raised(&mut tuner, &[(0.0, 6.0)]);
    tuner.observe(AlarmVerdict { group: 0, time: 0.0, opinion: Opinion::FalseAlarm }).unwrap();
    raised(&mut tuner, &[(60.0, 0.0)]);
    let threshold = tuner.threshold(0);
    assert!(threshold > 4.2 && threshold <= 4.5, "{threshold}");
    // Scores of 4: one reaches 4, two reach 5.
    assert!(raised(&mut tuner, &[(9000.0, 4.0), (9060.0, 3.9)]).is_empty());
    let lasting = [(19_000.0, 4.0), (19_060.0, 4.0), (19_120.0, 4.0)];
    assert_eq!(raised(&mut tuner, &lasting), [19_060.0]);
    // A hundred scores count four doublings, and those below what was asked for none.
    let long: Vec<(f64, f64)> = (0..100).map(|i| (1e6 + 60.0 * f64::from(i), 4.0)).collect();
    raised(&mut tuner, &long);
    assert_eq!(tuner.open_incidents().next().unwrap().height, 8.0);
    let low: Vec<(f64, f64)> = (0..100).map(|i| (2e6 + 60.0 * f64::from(i), 3.9)).collect();
    assert!(raised(&mut tuner, &low).is_empty());
    assert_eq!(tuner.open_incidents().next().unwrap().height, 3.9);
}

#[test]
fn a_miss_without_any_sign_counts_against_all_that_was_quiet() {
    let mut tuner = started();
    let noise: Vec<(f64, f64)> = (0..40)
        .map(|hour| (f64::from(hour) * 1800.0, if hour % 2 == 0 { 2.5 } else { 0.0 }))
        .collect();
    raised(&mut tuner, &noise);
    tuner.observe(AlarmVerdict { group: 0, time: 60_000.0, opinion: Opinion::Missed }).unwrap();
    let judged = *tuner.verdicts().next().unwrap();
    assert_eq!((judged.incident.height, judged.others), (2.0, 20));
    // One real among twenty-one is about what was to be expected there.
    assert!(tuner.threshold(0) > 3.6, "{}", tuner.threshold(0));

    // A miss that stands out lowers the threshold.
    raised(&mut tuner, &[(90_000.0, 3.6), (100_000.0, 0.0)]);
    tuner.observe(AlarmVerdict { group: 0, time: 90_000.0, opinion: Opinion::Missed }).unwrap();
    assert!(tuner.threshold(0) < 3.4, "{}", tuner.threshold(0));
    assert_eq!(tuner.threshold(1), 4.0, "groups without a miss keep what was asked for");
}

#[test]
fn the_model_balances_costs_at_the_threshold() {
    // One group and a prior so wide that it does not matter: as many real as false ones at one
    // height, so p = 1/2 there. Odds of a false alarm to a miss are 1 : 4: the threshold lies where
    // the log odds are −ln 4, so ln 4 below that height.
    let params = ThresholdTunerParams::default().spread(100.0).group_spread(0.0).max_step(100.0);
    let mut tuner = params.start().unwrap();
    for number in 0..200 {
        let time = f64::from(number) * 1e5;
        raised(&mut tuner, &[(time, 30.0), (time + 1e4, 0.0)]);
        let opinion = if number % 2 == 0 { Opinion::FalseAlarm } else { Opinion::Real };
        tuner.observe(AlarmVerdict { group: 0, time, opinion }).unwrap();
    }
    let params = params.max_rise(300.0);
    let judged: Vec<Judged> = tuner.verdicts().copied().collect();
    let found = model::fit(&params, &judged).of(0);
    assert!((found - (30.0 - 4.0_f64.ln())).abs() < 0.01, "{found}");
}

#[test]
fn what_no_threshold_could_silence_moves_none() {
    let mut tuner = started();
    let judge = |tuner: &mut ThresholdTuner, time: f64, score: f64| {
        raised(tuner, &[(time, score), (time + 1e4, 0.0)]);
        tuner.observe(AlarmVerdict { group: 0, time, opinion: Opinion::FalseAlarm }).unwrap();
        tuner.threshold(0)
    };
    for number in 0..20 {
        // Thresholds end at 12: even there 12 would be raised.
        let height = if number % 2 == 0 { 12.0 } else { 500.0 };
        assert_eq!(judge(&mut tuner, f64::from(number) * 1e5, height), 4.0);
    }
    let learned = judge(&mut tuner, 1e7, 6.0);
    assert!(learned > 4.0, "{learned}");
    assert_eq!(tuner.verdicts().count(), 21, "they are remembered all the same");
    let mut alone = started();
    assert_eq!(judge(&mut alone, 0.0, 6.0), learned);
}

#[test]
fn expectations_of_independent_incidents_are_those_of_a_gamma_poisson() {
    // 100 in 10 weeks, evenly: the dispersion assumed stays. Wide enough, not absurd.
    let week = rate::WEEK;
    let times: Vec<f64> = (0..100).map(|i| f64::from(i) * week / 10.0).collect();
    let weekly = rate::expected(&times, 0.0, 10.0 * week);
    assert_eq!((weekly.mean, weekly.low, weekly.high), (10.0, 5.0, 15.5));
    // The quantiles of scipy 1.17.1: `betainc(n / 2 + 1/2, k + 1, weeks / (weeks + 4)) = p` solved
    // for k, twice that rounded outwards, a quarter of it.
    for (count, weeks, low, high) in [(1_000, 52.0, 12.75, 25.75), (3, 2.0, 0.0, 6.25)] {
        let between = weeks * week / f64::from(count);
        let times: Vec<f64> = (0..count).map(|i| f64::from(i) * between).collect();
        let weekly = rate::expected(&times, 0.0, weeks * week);
        assert_eq!((weekly.low, weekly.high), (low, high));
    }
    let none = rate::expected(&[], 0.0, 10.0 * week);
    // Jeffreys: P(no incident in 4 weeks) = (10/14)^½ = 0.845; P(≤ 1) = 0.966; P(≤ 2) = 0.991.
    assert_eq!((none.mean, none.low, none.high), (0.0, 0.0, 0.5));
}

#[test]
fn unknown_times_are_refused() {
    let mut tuner = started();
    raised(&mut tuner, &[(0.0, 6.0), (5000.0, 0.0)]);
    let before = tuner.clone();
    for (group, time, opinion) in [
        (0, 601.0, Opinion::FalseAlarm),
        (0, 5001.0, Opinion::Missed),
        (0, -601.0, Opinion::Missed),
        (1, 0.0, Opinion::Missed),
        (1, 0.0, Opinion::Real),
    ] {
        let error = tuner.observe(AlarmVerdict { group, time, opinion }).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "verdict's time", .. }), "{error}");
        assert_eq!(tuner, before);
    }
}
