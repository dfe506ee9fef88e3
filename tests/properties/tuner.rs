//! What one verdict may do, and that the same story gives the same state.

use forewarn::threshold::{
    AlarmCosts, AlarmVerdict, Opinion, ScoredPoint, ThresholdTuner, ThresholdTunerParams,
};
use forewarn::traits::Tune;
use proptest::prelude::*;

const GROUPS: u64 = 4;

/// A peak in a group, and what is said of it.
type Told = (u64, f64, Option<Opinion>);

fn opinions() -> impl Strategy<Value = Opinion> {
    prop::sample::select(vec![Opinion::FalseAlarm, Opinion::Real, Opinion::Missed])
}

fn story() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((0..GROUPS, 0.0..20.0, prop::option::of(opinions())), 1..60)
}

fn settings() -> impl Strategy<Value = ThresholdTunerParams> {
    let costs = (0.1..100.0, prop_oneof![Just(0.0), 0.01..10.0])
        .prop_map(|(miss, delay)| AlarmCosts { false_alarm: 1.0, miss, delay_per_minute: delay });
    let spreads = (0.0..5.0, 0.0..5.0, 0.1..5.0);
    (costs, spreads, 0.05..3.0, 1..80_usize, 1..40_usize, 1..6_usize).prop_map(
        |(costs, (spread, group_spread, slope), max_step, incidents, verdicts, groups)| {
            ThresholdTunerParams::default()
                .costs(costs)
                .spread(spread)
                .group_spread(group_spread)
                .slope(slope)
                .max_step(max_step)
                .max_incidents(incidents)
                .max_verdicts(verdicts)
                .max_groups(groups)
        },
    )
}

/// Tells part of a story, an hour an incident; refused verdicts are part of it.
fn tell(
    tuner: &mut ThresholdTuner,
    told: &[Told],
    from: usize,
    mut after: impl FnMut(&ThresholdTuner, Option<Opinion>),
) {
    for (number, &(group, score, opinion)) in told.iter().enumerate() {
        let time = (from + number) as f64 * 3600.0;
        tuner.judge(ScoredPoint { group, time, score }).expect("a score");
        tuner.judge(ScoredPoint { group, time: time + 1200.0, score: 0.0 }).expect("a score");
        let accepted =
            opinion.filter(|&opinion| tuner.observe(AlarmVerdict { group, time, opinion }).is_ok());
        after(tuner, accepted);
    }
}

/// Of every group, and of one that was never seen.
fn thresholds(tuner: &ThresholdTuner) -> Vec<f64> {
    (0..=GROUPS).map(|group| tuner.threshold(group)).collect()
}

proptest! {
    #[test]
    fn one_verdict_moves_no_threshold_far_nor_the_wrong_way(params in settings(), told in story()) {
        let mut tuner = params.start()?;
        let mut before = thresholds(&tuner);
        let mut wrong = None;
        tell(&mut tuner, &told, 0, |tuner, opinion| {
            let now = thresholds(tuner);
            for (before, now) in before.iter().zip(&now) {
                let moved = now - before;
                let right = match opinion {
                    None => moved == 0.0,
                    Some(Opinion::FalseAlarm) => moved >= -1e-12,
                    Some(_) => moved <= 1e-12,
                };
                if !right || moved.abs() > params.max_step + 1e-12 {
                    wrong = Some((opinion, *before, *now));
                }
            }
            before = now;
        });
        prop_assert_eq!(wrong, None);
    }

    #[test]
    fn no_threshold_leaves_its_bounds(params in settings(), told in story()) {
        let asked = -params.rate.log10();
        let mut tuner = params.start()?;
        tell(&mut tuner, &told, 0, |_, _| {});
        for (group, threshold) in thresholds(&tuner).into_iter().enumerate() {
            let missed = told.iter().any(|it| {
                it.0 == group as u64 && it.2 == Some(Opinion::Missed)
            });
            let low = if missed { asked - params.max_fall } else { asked };
            prop_assert!((low - 1e-9..=asked + params.max_rise + 1e-9).contains(&threshold));
        }
        prop_assert!(tuner.incidents().count() <= params.max_incidents);
        prop_assert!(tuner.verdicts().count() <= params.max_verdicts);
        prop_assert!(tuner.open_incidents().count() <= params.max_groups);
    }

    #[test]
    fn a_saved_tuner_goes_on_as_if_nothing_had_happened(
        params in settings(), told in story(), cut in 0..60_usize,
    ) {
        let cut = cut.min(told.len());
        let mut whole = params.start()?;
        tell(&mut whole, &told, 0, |_, _| {});
        let mut first = params.start()?;
        tell(&mut first, &told[..cut], 0, |_, _| {});
        let mut restored = ThresholdTuner::from_bytes(&first.to_bytes()?)?;
        prop_assert_eq!(&restored, &first);
        let text = serde_json::to_string(&first).expect("JSON");
        prop_assert_eq!(&serde_json::from_str::<ThresholdTuner>(&text).expect("our own"), &first);
        tell(&mut restored, &told[cut..], cut, |_, _| {});
        prop_assert_eq!(restored, whole);
    }

    #[test]
    fn the_same_verdict_again_changes_nothing(params in settings(), told in story()) {
        let mut tuner = params.start()?;
        tell(&mut tuner, &told, 0, |_, _| {});
        let said: Vec<_> = tuner.verdicts().copied().collect();
        let before = tuner.clone();
        for judged in said {
            let it = judged.incident;
            let (group, time, opinion) = (it.group, it.start, judged.opinion);
            tuner.observe(AlarmVerdict { group, time, opinion })?;
            prop_assert_eq!(&tuner, &before);
        }
    }

    #[test]
    fn of_two_opinions_the_later_holds(opinion in opinions(), score in 5.0..20.0) {
        // Steps without a bound: then nothing is left of what was taken back.
        let params = ThresholdTunerParams::default().max_step(100.0);
        let run = |opinions: &[Opinion]| {
            let mut tuner = params.start().expect("settings");
            tuner.judge(ScoredPoint { group: 0, time: 0.0, score }).expect("a score");
            for &opinion in opinions {
                tuner.observe(AlarmVerdict { group: 0, time: 0.0, opinion }).expect("a verdict");
            }
            tuner
        };
        let (once, changed) = (run(&[opinion]), run(&[Opinion::FalseAlarm, Opinion::Real, opinion]));
        let said = |tuner: &ThresholdTuner| tuner.verdicts().copied().collect::<Vec<_>>();
        prop_assert_eq!(said(&changed), said(&once));
        prop_assert!((changed.threshold(0) - once.threshold(0)).abs() < 1e-9);
    }

    #[test]
    fn raising_a_threshold_only_takes_alarms_away(
        scores in prop::collection::vec(0.0..8.0, 1..300), rise in 0.0..4.0,
    ) {
        // As many verdicts as it takes, then the same scores with and without them.
        let params = ThresholdTunerParams::default().max_step(100.0).spread(20.0);
        let mut tuner = params.start()?;
        let mut plain = params.start()?;
        tuner.judge(ScoredPoint { group: 0, time: 0.0, score: 4.0 + rise })?;
        plain.judge(ScoredPoint { group: 0, time: 0.0, score: 4.0 + rise })?;
        tuner.observe(AlarmVerdict { group: 0, time: 0.0, opinion: Opinion::FalseAlarm })?;
        let (mut with, mut without) = (0, 0);
        for (number, &score) in scores.iter().enumerate() {
            let point = ScoredPoint { group: 0, time: 1e5 + number as f64 * 250.0, score };
            let [now, then] = [tuner.judge(point)?, plain.judge(point)?];
            prop_assert!(!now.exceeds || then.exceeds);
            with += usize::from(now.raise);
            without += usize::from(then.raise);
        }
        prop_assert!(with <= without);
    }
}
