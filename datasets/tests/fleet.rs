//! The fleet and the single faults: the properties that their formulas promise.

use forewarn_datasets::fleet::{
    Fault, FleetParams, FleetRow, MODELS, MODES, SENSORS, SingleFaultParams,
};
use forewarn_datasets::{Dataset, Error, Kind, Table, path};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// The file holds the simulator's features to the bit: readings are rounded before, not by, the
/// writing.
#[test]
fn the_fleet_comes_back_from_its_file() -> TestResult {
    let fleet = FleetParams::default().simulate()?;
    let expected = fleet.dataset();
    let table = Table::read(path("fleet.csv"))?;
    let found = Dataset::from_table(&table, "anomaly", &["machine", "fault", "hours_to_failure"])?;
    assert_eq!(found.name, expected.name);
    assert_eq!(found.feature_names, expected.feature_names);
    assert_eq!(found.categorical, expected.categorical);
    assert_eq!(found.labels, expected.labels);
    let bits = |data: &Dataset| data.features.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert!(bits(&found) == bits(&expected));
    assert_eq!(table.categories("model")?, MODELS);
    assert_eq!(table.categories("mode")?, MODES);
    assert_eq!(table.kind("time")?, Kind::Timestamp);
    let times = table.timestamps("time")?.iter().map(|time| *time as i64);
    assert!(times.eq(fleet.rows.iter().map(|row| row.time)));
    let faults = fleet.rows.iter().map(|row| row.fault.map(Fault::name));
    assert!(table.texts("fault")?.into_iter().eq(faults));
    Ok(())
}

/// A fleet with every kind of fault many times.
fn busy_fleet(seed: u64) -> Result<Vec<FleetRow>, Error> {
    let params = FleetParams {
        machines: 6,
        hours: 2500,
        life_hours: 300.0,
        fault_rate: 0.02,
        seed,
        missing_share: 0.0,
    };
    let mut rows = params.simulate()?.rows;
    rows.sort_by_key(|row| row.machine);
    Ok(rows)
}

#[test]
fn machines_fail_when_they_are_said_to() -> TestResult {
    let rows = busy_fleet(4)?;
    let mut failures = 0;
    for pair in rows.windows(2).filter(|pair| pair[0].machine == pair[1].machine) {
        let (now, next) = (&pair[0], &pair[1]);
        assert_eq!(next.time - now.time, 3600);
        match now.hours_to_failure {
            Some(1) => {
                failures += 1;
                assert_eq!(next.age_hours, 0, "as new after a failure");
                // Wear above 0.9 or a clogged cooler: nothing fails out of the blue.
                assert!(
                    matches!(now.fault, Some(Fault::BearingWear | Fault::CoolingFouling))
                        || now.anomaly
                );
            }
            Some(hours) => {
                assert_eq!(next.hours_to_failure, Some(hours - 1));
                assert_eq!(next.age_hours, now.age_hours + 1);
            }
            None => assert_eq!(next.hours_to_failure, None),
        }
        assert!(!now.anomaly || now.fault.is_some());
    }
    // 6 × 2500 hours with a life of 300 hours: about 50 bearings, and coolers besides.
    assert!((30..150).contains(&failures), "{failures}");
    Ok(())
}

#[test]
fn every_fault_shows_in_its_sensors() -> TestResult {
    let rows = busy_fleet(5)?;
    let at = |name: &str| SENSORS.iter().position(|sensor| sensor.name == name).expect("a sensor");
    let mean = |chosen: &dyn Fn(&FleetRow) -> bool, value: &dyn Fn(&FleetRow) -> f64| {
        let values: Vec<f64> = rows.iter().filter(|row| chosen(row)).map(value).collect();
        assert!(values.len() > 20, "too few rows to compare");
        values.iter().sum::<f64>() / values.len() as f64
    };
    let (current, temperature) = (at("current"), at("temperature"));
    let (vibration, pressure, flow) = (at("vibration"), at("pressure"), at("flow"));
    let severe = |fault: Fault| move |row: &FleetRow| row.anomaly && row.fault == Some(fault);
    let normal = |row: &FleetRow| row.fault.is_none();
    let over = |fault, value: &dyn Fn(&FleetRow) -> f64| {
        mean(&severe(fault), value) / mean(&normal, value)
    };
    assert!(over(Fault::BearingWear, &|row| row.sensors[vibration]) > 2.0);
    assert!(over(Fault::CoolingFouling, &|row| row.sensors[temperature]) > 1.15);
    assert!(over(Fault::CoolingFouling, &|row| row.sensors[flow] / row.sensors[pressure]) < 0.75);
    assert!(over(Fault::Overload, &|row| row.sensors[current]) > 1.5);
    Ok(())
}

#[test]
fn stuck_sensors_repeat_and_only_they() -> TestResult {
    let rows = busy_fleet(6)?;
    let mut repeats = [0_usize; 2];
    let mut pairs = [0_usize; 2];
    for pair in rows.windows(2).filter(|pair| pair[0].machine == pair[1].machine) {
        for sensor in 0..SENSORS.len() {
            let stuck = pair.iter().all(|row| row.fault == Some(Fault::SensorStuck(sensor)));
            pairs[usize::from(stuck)] += 1;
            repeats[usize::from(stuck)] +=
                usize::from(pair[0].sensors[sensor] == pair[1].sensors[sensor]);
        }
    }
    assert!(pairs[1] > 100, "{pairs:?}");
    // Two episodes on one sensor may follow each other directly; hardly ever do.
    assert!(repeats[1] as f64 > 0.98 * pairs[1] as f64, "{repeats:?} of {pairs:?}");
    assert!((repeats[0] as f64) < 0.05 * pairs[0] as f64, "{repeats:?} of {pairs:?}");
    Ok(())
}

#[test]
fn anomalies_are_rare_and_of_several_kinds() -> TestResult {
    let fleet = FleetParams::default().simulate()?;
    let share = fleet.dataset().anomaly_share();
    assert!((0.03..0.10).contains(&share), "{share}");
    for name in ["bearing_wear", "cooling_fouling", "overload", "sensor_stuck", "sensor_drift"] {
        let severe =
            |row: &&FleetRow| row.anomaly && row.fault.is_some_and(|fault| fault.name() == name);
        assert!(fleet.rows.iter().filter(severe).count() >= 10, "{name}");
    }
    let readings = fleet.rows.iter().flat_map(|row| row.sensors);
    let missing = readings.filter(|value| value.is_nan()).count() as f64;
    let expected = 0.004 * (fleet.rows.len() * SENSORS.len()) as f64;
    assert!((missing - expected).abs() < 5.0 * expected.sqrt(), "{missing} {expected}");
    Ok(())
}

#[test]
fn more_machines_do_not_change_the_first() -> TestResult {
    let small = FleetParams { machines: 2, hours: 100, ..FleetParams::default() }.simulate()?;
    let large = FleetParams { machines: 9, hours: 300, ..FleetParams::default() }.simulate()?;
    let sensors = |rows: &[FleetRow]| -> Vec<[u64; SENSORS.len()]> {
        let first = rows.iter().filter(|row| row.machine == 1).take(100);
        first.map(|row| row.sensors.map(f64::to_bits)).collect()
    };
    assert_eq!(sensors(&small.rows), sensors(&large.rows));
    Ok(())
}

/// Takes the fault away again: what is left must look like the normal rows.
#[test]
fn single_faults_lie_where_they_are_said_to() -> TestResult {
    let params =
        SingleFaultParams { rows: 20_000, fault_share: 0.1, ..SingleFaultParams::default() };
    let data = params.simulate()?;
    let share = data.labels().iter().filter(|label| **label).count() as f64 / 20_000.0;
    assert!((share - 0.1).abs() < 5.0 * (0.09_f64 / 20_000.0).sqrt(), "{share}");
    let mut sums = vec![[0.0; 2]; params.sensors * params.sensors];
    for (row, values) in data.features.rows().into_iter().enumerate() {
        assert_eq!(data.faulty[row].is_some(), data.strengths[row] != 0.0);
        if data.faulty[row].is_some() {
            assert!((4.0..10.0).contains(&data.strengths[row].abs()));
        }
        let deviates: Vec<f64> = (0..params.sensors)
            .map(|j| {
                let fault = if data.faulty[row] == Some(j) { data.strengths[row] } else { 0.0 };
                (values[j] - 10.0 * (j as f64 + 1.0)) / 1.5_f64.powi(j as i32 % 7) - fault
            })
            .collect();
        assert!(deviates.iter().all(|deviate| deviate.abs() < 6.0), "{deviates:?}");
        let group = usize::from(data.faulty[row].is_some());
        for (pair, sum) in sums.iter_mut().enumerate() {
            sum[group] += deviates[pair / params.sensors] * deviates[pair % params.sensors];
        }
    }
    for (pair, sum) in sums.iter().enumerate() {
        let expected = if pair / params.sensors == pair % params.sensors { 1.0 } else { 0.6 };
        assert!((sum[0] / (20_000.0 * (1.0 - share)) - expected).abs() < 0.06);
        assert!((sum[1] / (20_000.0 * share) - expected).abs() < 0.16);
    }
    for sensor in 0..params.sensors {
        let count = data.faulty.iter().filter(|faulty| **faulty == Some(sensor)).count();
        assert!((200..300).contains(&count), "about 250 faults a sensor: {count}");
    }
    Ok(())
}
