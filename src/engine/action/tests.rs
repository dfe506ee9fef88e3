use super::*;
use proptest::prelude::*;

#[allow(clippy::unnecessary_wraps)] // A hand's signature.
fn act(_: &ActionRecord) -> Result<(), String> {
    Ok(())
}

#[test]
fn what_pays_is_proposed() {
    // A failure costs 1 of which 0.9 can be saved; acting 0.09, a look 0.027.
    let costs = ActionCosts { failure: 1.0, action: 0.09, look: 0.027, prevented: 0.9 };
    let policy = ActionPolicy::default().costs(costs).lead_time(100.0);
    approx::assert_relative_eq!(costs.act_from(), 0.1);
    approx::assert_relative_eq!(costs.look_from(), 1.0 / 30.0);
    let propose = |situation| policy.propose(1_000.0, &situation).unwrap();
    let likely = Situation::new(0.2);
    assert_eq!(propose(Situation::new(0.0)), Action::None);
    assert_eq!(propose(Situation::new(0.01).abnormal(true)), Action::Watch);
    assert_eq!(propose(Situation::new(0.05)), Action::Investigate);
    assert_eq!(propose(likely), Action::ActNow);
    assert_eq!(propose(likely.time_left(50.0)), Action::ActNow);
    assert_eq!(propose(likely.time_left(500.0)), Action::ActBefore { time: 1_400.0 });
    assert_eq!(propose(likely.time_left(f64::INFINITY)), Action::Investigate);
    assert_eq!(propose(likely.confidence(0.4)), Action::Investigate);
    let never = ActionCosts { action: 5.0, ..costs };
    assert_eq!((never.act_from(), never.look_from()), (1.0, 1.0));
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let mut gate = ActionPolicy::default().build().unwrap();
    gate.decide("a", 10.0, &Situation::new(0.9), &mut act).unwrap();
    let before = gate.clone();
    let mut refused = |time, situation: Situation| {
        let error = gate.decide("b", time, &situation, &mut act).unwrap_err().to_string();
        assert_eq!(gate, before);
        error
    };
    let fine = Situation::new(0.9);
    assert!(refused(9.0, fine).starts_with("time 9 s is before 10 s"));
    assert_eq!(refused(f64::NAN, fine), "time is NaN: it must be finite");
    assert_eq!(
        refused(11.0, Situation::new(1.5)),
        "failure_probability is 1.5: it must be from 0 to 1"
    );
    assert!(refused(11.0, Situation::new(f64::NAN)).starts_with("failure_probability is NaN"));
    assert!(refused(11.0, fine.confidence(-0.1)).starts_with("confidence is -0.1"));
    assert!(refused(11.0, fine.time_left(f64::NAN)).starts_with("time_left is NaN"));
    let message = |policy: ActionPolicy| policy.build().unwrap_err().to_string();
    let policy = ActionPolicy::default();
    assert!(message(policy.budget(1, 0.0)).starts_with("budget_window is 0"));
    assert!(message(policy.budget(2_000_000, 1.0)).starts_with("budget is 2000000"));
    assert!(message(policy.cool_down(f64::INFINITY)).starts_with("cool_down is inf"));
    assert!(message(policy.lead_time(-1.0)).starts_with("lead_time is -1"));
    assert!(message(policy.least_confidence(2.0)).starts_with("least_confidence is 2"));
    let costs = ActionCosts { failure: 0.0, ..ActionCosts::default() };
    assert!(message(policy.costs(costs)).starts_with("costs.failure is 0"));
}

#[test]
fn a_hand_that_fails_or_panics_is_not_called_again() {
    let mut gate = ActionPolicy::default().budget(10, 100.0).cool_down(50.0).build().unwrap();
    let failing = Situation::new(0.9);
    let mut broken = |_: &ActionRecord| -> Result<(), String> { Err("no route".to_owned()) };
    let record = gate.decide("a", 0.0, &failing, &mut broken).unwrap();
    assert_eq!(record.outcome, ActionOutcome::Failed("no route".to_owned()));
    let record = gate.decide("a", 1.0, &failing, &mut broken).unwrap();
    assert_eq!(record.refusal, Some(Refusal::CoolDown { until: 50.0 }));
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut hand = |_: &ActionRecord| -> Result<(), String> { panic!("a bug of the user's") };
        gate.decide("b", 2.0, &failing, &mut hand)
    }));
    assert!(panics.is_err());
    let last = gate.records().last().unwrap();
    assert_eq!(last.entity, "b");
    assert!(matches!(last.outcome, ActionOutcome::Failed(_)));
    assert!(gate.decide("b", 3.0, &failing, &mut act).unwrap().refusal.is_some());
    assert_eq!(gate.left(3.0), 8);
}

/// Anything that a wrong model may say, at times that may go back.
fn adversary() -> impl Strategy<Value = Vec<(usize, f64, Situation)>> {
    let probability = prop_oneof![4 => 0.0..=1.0, 1 => Just(f64::NAN), 1 => -1.0..2.0];
    let time_left = prop_oneof![0.0..200.0, Just(f64::INFINITY), Just(-1.0)];
    let situation = (probability, 0.0..=1.0, any::<bool>(), time_left).prop_map(
        |(probability, confidence, abnormal, time_left)| {
            Situation::new(probability)
                .confidence(confidence)
                .abnormal(abnormal)
                .time_left(time_left)
        },
    );
    let step = prop_oneof![6 => 0.0..30.0, 1 => -10.0..0.0, 1 => Just(f64::NAN)];
    prop::collection::vec((0..4_usize, step, situation), 1..150)
}

proptest! {
    /// Never more than the budget in any window, never during a cool-down, always a record.
    #[test]
    fn no_model_can_break_the_limits(
        told in adversary(),
        budget in 0_u32..5,
        window in 1.0..200.0,
        cool_down in 0.0..200.0,
        least_confidence in 0.0..=1.0,
    ) {
        let policy = ActionPolicy::default().least_confidence(least_confidence);
        let policy = policy.budget(budget, window).cool_down(cool_down).lead_time(20.0);
        let mut gate = policy.build().unwrap();
        let (mut now, mut decided) = (0.0, 0_u64);
        let mut done: Vec<(String, f64)> = Vec::new();
        for (entity, step, situation) in told {
            let time = now + step;
            let entity = format!("machine {entity}");
            let mut acted = Vec::new();
            let mut hand = |record: &ActionRecord| -> Result<(), String> {
                acted.push((record.entity.clone(), record.time));
                if record.number.is_multiple_of(3) { Err("no".to_owned()) } else { Ok(()) }
            };
            let before = gate.clone();
            match gate.decide(&entity, time, &situation, &mut hand) {
                Err(_) => {
                    prop_assert!(acted.is_empty());
                    prop_assert_eq!(&gate, &before);
                    continue;
                }
                Ok(record) => {
                    decided += 1;
                    now = time;
                    prop_assert_eq!(record.number, decided);
                    prop_assert_eq!(gate.records().last(), Some(&record));
                    prop_assert_eq!(acted.len(), usize::from(record.allowed.intervenes()));
                    prop_assert_eq!(record.refusal.is_some(), record.allowed != record.proposed);
                    // What is refused, is refused for a reason that holds.
                    match record.refusal {
                        Some(Refusal::CoolDown { until }) => prop_assert!(until > now),
                        Some(Refusal::Budget { until }) => {
                            prop_assert!(until > now);
                            prop_assert_eq!(before.left(now), 0);
                        }
                        None => {}
                    }
                }
            }
            done.extend(acted);
        }
        for (index, (entity, time)) in done.iter().enumerate() {
            let later = &done[index..];
            let within = later.iter().take_while(|(_, other)| other - time < window).count();
            prop_assert!(within <= budget as usize, "{within} within {window} s");
            let again = later.iter().skip(1).find(|(other, _)| other == entity);
            if let Some((_, other)) = again {
                prop_assert!(other - time >= cool_down, "{entity} after {}", other - time);
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_gate_goes_on_and_an_edited_one_is_refused() {
    let mut gate = ActionPolicy::default().budget(2, 100.0).build().unwrap();
    for (entity, time) in [("a", 0.0), ("b", 1.0), ("c", 2.0)] {
        gate.decide(entity, time, &Situation::new(0.9), &mut act).unwrap();
    }
    let text = serde_json::to_string(&gate).unwrap();
    let mut loaded: ActionGate = serde_json::from_str(&text).unwrap();
    assert_eq!(loaded, gate);
    for gate in [&mut gate, &mut loaded] {
        let record = gate.decide("d", 3.0, &Situation::new(0.9), &mut act).unwrap();
        assert_eq!(record.refusal, Some(Refusal::Budget { until: 100.0 }));
    }
    for (from, to) in [
        ("\"spent\":[0.0,1.0]", "\"spent\":[1.0,0.0]"),
        ("\"spent\":[0.0,1.0]", "\"spent\":[0.0,1.0,1.5]"),
        ("\"spent\":[0.0,1.0]", "\"spent\":[0.0,7.0]"),
        ("\"number\":3,\"records\"", "\"number\":9,\"records\""),
        ("\"budget_window\":100.0", "\"budget_window\":-1.0"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        assert!(serde_json::from_str::<ActionGate>(&edited).is_err(), "{to}");
    }
}
