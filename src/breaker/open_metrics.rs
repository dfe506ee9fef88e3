//! Counters as text that monitoring systems read.

use super::{BreakerMetrics, State};
use std::fmt::Write;

/// One counter: its name, what it counts, its values by label.
type Family = (&'static str, &'static str, fn(&BreakerMetrics) -> Vec<(&'static str, u64)>);

const FAMILIES: [Family; 8] = [
    ("calls", "Calls that were let through and have ended, by outcome.", |m| {
        vec![
            ("outcome=\"success\"", m.successes),
            ("outcome=\"failure\"", m.failures),
            ("outcome=\"ignored\"", m.ignored),
            ("outcome=\"cancelled\"", m.cancelled),
        ]
    }),
    (
        "rejected_calls",
        "Calls that were not let through, and those that shadow would not have let.",
        |m| vec![("shadow=\"false\"", m.rejected), ("shadow=\"true\"", m.would_reject)],
    ),
    ("slow_calls", "Calls that were slow, by whether they had ended.", |m| {
        vec![("ended=\"true\"", m.slow), ("ended=\"false\"", m.overdue)]
    }),
    ("stale_results", "Results that came too late to count.", |m| vec![("", m.stale)]),
    ("probes", "Probes that were let through, and those of them that lost their place.", |m| {
        let kept = m.probes.wrapping_sub(m.expired_probes);
        vec![("expired=\"false\"", kept), ("expired=\"true\"", m.expired_probes)]
    }),
    ("opened", "Transitions to open.", |m| vec![("", m.opened)]),
    ("transitions", "All transitions.", |m| vec![("", m.transitions)]),
    ("clock_steps_back", "Times that were before one seen already.", |m| {
        vec![("", m.clock_steps_back)]
    }),
];

/// States and counters of breakers, each with its name, in the text format of
/// [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/) 1.0, end mark included. Any characters will do for names.
///
/// ```
/// use forewarn::breaker::{Breaker, BreakerSettings, open_metrics};
///
/// let breaker = Breaker::new(BreakerSettings::default())?;
/// breaker.call(|| Ok::<_, ()>(())).unwrap();
/// let text = open_metrics([("billing", breaker.state(), breaker.metrics())]);
/// assert!(text.contains("breaker_state{breaker=\"billing\",breaker_state=\"closed\"} 1\n"));
/// assert!(text.contains("breaker_calls_total{breaker=\"billing\",outcome=\"success\"} 1\n"));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[must_use]
pub fn open_metrics<N: AsRef<str>>(
    breakers: impl IntoIterator<Item = (N, State, BreakerMetrics)>,
) -> String {
    let breakers: Vec<_> = breakers
        .into_iter()
        .map(|(name, state, metrics)| (escaped(name.as_ref()), state, metrics))
        .collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |line: std::fmt::Arguments<'_>| {
        let _ = writeln!(text, "{line}");
    };
    line(format_args!("# TYPE breaker_state stateset"));
    line(format_args!("# HELP breaker_state What the circuit does with calls."));
    for (name, now, _) in &breakers {
        for state in State::ALL {
            let (label, value) = (state.name(), u8::from(state == *now));
            let labels = format_args!("breaker=\"{name}\",breaker_state=\"{label}\"");
            line(format_args!("breaker_state{{{labels}}} {value}"));
        }
    }
    for (family, help, values) in FAMILIES {
        line(format_args!("# TYPE breaker_{family} counter"));
        line(format_args!("# HELP breaker_{family} {help}"));
        for (name, _, metrics) in &breakers {
            for (label, value) in values(metrics) {
                let comma = if label.is_empty() { "" } else { "," };
                let labels = format_args!("breaker=\"{name}\"{comma}{label}");
                line(format_args!("breaker_{family}_total{{{labels}}} {value}"));
            }
        }
    }
    line(format_args!("# EOF"));
    text
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
