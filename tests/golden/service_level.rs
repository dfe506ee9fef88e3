//! The numbers of "The Site Reliability Workbook" (Beyer et al., O'Reilly 2018), chapter 5, "Alerting
//! on SLOs": an objective of 99.9 % over 30 days.

use approx::assert_relative_eq;
use forewarn::Result;
use forewarn::alert::{BurnRule, ServiceLevel, ServiceLevelParams, Severity};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// A service that was watched for 60 days, with this share of errors since.
fn burning(share: f64, since: f64, until: f64) -> Result<ServiceLevel> {
    let mut level = ServiceLevelParams::new(0.999).build()?;
    let mut time = -60.0 * DAY;
    while time < until {
        let bad = if time >= since { share } else { 0.0 };
        let step = if time < since - 4.0 * DAY { HOUR } else { MINUTE };
        level.observe(time, 1_000.0 * step * (1.0 - bad), 1_000.0 * step * bad)?;
        time += step;
    }
    Ok(level)
}

/// Recommended parameters: 2 % of the budget in an hour, 5 % in six hours, 10 % in three days.
#[test]
fn recommended_rules() {
    let params = ServiceLevelParams::new(0.999);
    let expected = [
        (14.4, HOUR, 5.0 * MINUTE),
        (6.0, 6.0 * HOUR, 30.0 * MINUTE),
        (1.0, 3.0 * DAY, 6.0 * HOUR),
    ];
    assert_eq!(params.rules.len(), expected.len());
    for (rule, (rate, long, short)) in params.rules.iter().zip(expected) {
        assert_relative_eq!(rule.rate, rate, max_relative = 1e-12);
        assert_eq!((rule.long, rule.short), (long, short));
    }
    // "36" for 5 % in an hour.
    let rule = BurnRule::spending(0.05, HOUR, 30.0 * DAY, Severity::High);
    assert_relative_eq!(rule.rate, 36.0, max_relative = 1e-12);
}

/// Burn rates and time to complete budget exhaustion.
#[test]
fn budgets_run_out() -> Result<()> {
    for (rate, share, expected) in [
        (1.0, 0.001, 30.0 * DAY),
        (2.0, 0.002, 15.0 * DAY),
        (10.0, 0.01, 3.0 * DAY),
        (1_000.0, 1.0, 43.2 * MINUTE),
    ] {
        // The whole hour looked back upon burns at this rate; what it has spent is gone already.
        let state = burning(share, 0.0, HOUR)?.state(HOUR - MINUTE)?;
        assert_relative_eq!(state.burn_rate, rate, max_relative = 1e-9);
        let spent = HOUR / (30.0 * DAY) * rate;
        // Windows move in slots: the month's is up to a sixtieth short.
        assert_relative_eq!(1.0 - state.budget_left, spent, max_relative = 0.02);
        let expected = (expected * state.budget_left).max(0.0);
        assert_relative_eq!(state.runs_out_in.unwrap_or(-1.0), expected, max_relative = 1e-9);
    }
    Ok(())
}

/// Detection time: (1 − objective) / share of errors × window × burn rate.
#[test]
fn detection_times() -> Result<()> {
    for (share, severity, window, rate) in [
        (1.0, Severity::Critical, HOUR, 14.4),
        (0.1, Severity::Critical, HOUR, 14.4),
        (0.01, Severity::High, 6.0 * HOUR, 6.0),
        (0.0015, Severity::Medium, 3.0 * DAY, 1.0),
    ] {
        let mut level = burning(0.0, 0.0, 0.0)?;
        let expected = 0.001 / share * window * rate;
        let step = expected / 500.0;
        let mut time = 0.0;
        while level.state(time)?.severity != Some(severity) {
            time += step;
            assert!(time < 2.0 * expected, "{share} is not found");
            level.observe(time, 1_000.0 * step * (1.0 - share), 1_000.0 * step * share)?;
        }
        // The long window is up to a sixtieth short.
        assert_relative_eq!(time, expected, max_relative = 0.03);
    }
    Ok(())
}

/// "10 requests per hour: a single failed request … consumed 13.9 % of the 30-day error budget. This
/// scenario allows for only seven failed requests in 30 days."
#[test]
fn a_single_error_of_a_quiet_service_pages_nobody() -> Result<()> {
    let mut level = ServiceLevelParams::new(0.999).build()?;
    for hour in 0..30 * 24 {
        level.observe(f64::from(hour) * HOUR, 10.0, 0.0)?;
    }
    let now = 30.0 * DAY;
    let state = level.observe(now, 9.0, 1.0)?;
    assert_relative_eq!(1.0 - state.budget_left, 0.139, max_relative = 0.02);
    assert_eq!(state.severity, None);
    assert!(level.burns(now)?.next().is_some_and(|burn| burn.too_few && burn.long > 14.4));
    // Three of ten are no chance.
    assert_eq!(level.observe(now, 0.0, 2.0)?.severity, Some(Severity::Critical));
    let state = level.observe(now, 0.0, 4.0)?;
    assert!(state.budget_left > 0.0, "seven are allowed");
    assert!(level.observe(now, 0.0, 1.0)?.budget_left < 0.0, "an eighth is not");
    Ok(())
}
