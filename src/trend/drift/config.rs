//! A configuration against its baseline: which keys changed, and how bad that is.

use super::DriftSeverity;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// How bad changes of some keys are, whatever the values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct ConfigRule {
    /// A key, in which each `*` stands for any text, none included.
    pub pattern: String,
    /// The severity; [`DriftSeverity::None`] for keys that may change.
    pub severity: DriftSeverity,
}

/// Settings of the comparison of two configurations.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ConfigDriftParams {
    /// The first rule that fits a key decides; where none does, the values do. Default: no rules.
    pub rules: Vec<ConfigRule>,
}

/// A key whose value changed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConfigChange {
    /// The key.
    pub key: String,
    /// Its value in the baseline; `None` if it was not there.
    pub before: Option<String>,
    /// Its value now; `None` if it is not there any more.
    pub after: Option<String>,
    /// How many times the value it was it is now, for numbers of one sign and unit; NaN for all else.
    pub factor: f64,
    /// How bad it is.
    pub severity: DriftSeverity,
}

impl ConfigDriftParams {
    /// Adds a rule after those there are.
    #[must_use]
    pub fn rule(mut self, pattern: impl Into<String>, severity: DriftSeverity) -> Self {
        self.rules.push(ConfigRule { pattern: pattern.into(), severity });
        self
    }

    /// The keys whose values differ, the worst first, then in the order of their names.
    ///
    /// | without a rule | severity |
    /// |---|---|
    /// | numbers that are equal, once units of time and of bytes are converted; spaces around | none |
    /// | a number that becomes up to twice, or down to half, of what it was; other texts | slight |
    /// | a number up to ten times, or down to a tenth; a key that is new | moderate |
    /// | any other number (0 and signs included); true ↔ false, yes ↔ no, on ↔ off; a key that is gone | severe |
    ///
    /// Changes without severity are listed too.
    ///
    /// ```
    /// use forewarn::trend::{ConfigDriftParams, DriftSeverity};
    ///
    /// let map = |pairs: &[(&str, &str)]| {
    ///     pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    /// };
    /// let before = map(&[("db.timeout", "30s"), ("db.pool", "20"), ("build", "811")]);
    /// let after = map(&[("db.timeout", "0.5m"), ("db.pool", "200"), ("build", "812")]);
    /// let changes = ConfigDriftParams::default()
    ///     .rule("build", DriftSeverity::None)
    ///     .compare(&before, &after)?;
    /// assert_eq!((changes[0].key.as_str(), changes[0].severity), ("db.pool", DriftSeverity::Moderate));
    /// assert!(changes[1..].iter().all(|change| change.severity == DriftSeverity::None));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] for a rule without a pattern.
    pub fn compare(
        &self,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) -> Result<Vec<ConfigChange>> {
        if self.rules.iter().any(|rule| rule.pattern.is_empty()) {
            return Err(Error::Empty { what: "pattern of a rule" });
        }
        let gone = before.iter().map(|(key, value)| (key, Some(value), after.get(key)));
        let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
        let all = gone.chain(new.map(|(key, value)| (key, None, Some(value))));
        let mut changes: Vec<ConfigChange> = all
            .filter(|(_, before, after)| before != after)
            .map(|(key, before, after)| {
                let (found, factor) = judge(before, after);
                let rule = self.rules.iter().find(|rule| fits(&rule.pattern, key));
                ConfigChange {
                    key: key.clone(),
                    before: before.cloned(),
                    after: after.cloned(),
                    factor,
                    severity: rule.map_or(found, |rule| rule.severity),
                }
            })
            .collect();
        changes.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.key.cmp(&b.key)));
        Ok(changes)
    }
}

/// Severity of a change by its values, and by what factor a number changed.
fn judge(before: Option<&String>, after: Option<&String>) -> (DriftSeverity, f64) {
    let (Some(before), Some(after)) = (before, after) else {
        let severity =
            if before.is_none() { DriftSeverity::Moderate } else { DriftSeverity::Severe };
        return (severity, f64::NAN);
    };
    let (before, after) = (before.trim(), after.trim());
    if before == after {
        return (DriftSeverity::None, f64::NAN);
    }
    if let (Some(before), Some(after)) = (switch(before), switch(after)) {
        let same = if before == after { DriftSeverity::None } else { DriftSeverity::Severe };
        return (same, f64::NAN);
    }
    let (Some((before, unit)), Some((after, other))) = (quantity(before), quantity(after)) else {
        return (DriftSeverity::Slight, f64::NAN);
    };
    if unit != other {
        return (DriftSeverity::Slight, f64::NAN);
    }
    let factor = after / before;
    if (before - after).abs() <= 1e-12 * before.abs() {
        return (DriftSeverity::None, 1.0);
    }
    if !(factor > 0.0 && factor.is_finite()) {
        return (DriftSeverity::Severe, f64::NAN);
    }
    let severity = match factor.max(1.0 / factor) {
        times if times <= 2.0 => DriftSeverity::Slight,
        times if times <= 10.0 => DriftSeverity::Moderate,
        _ => DriftSeverity::Severe,
    };
    (severity, factor)
}

/// A switch that is on or off. 0 and 1 are numbers.
fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "enabled" => Some(true),
        "false" | "no" | "off" | "disabled" => Some(false),
        _ => None,
    }
}

/// A finite number and its unit: seconds, bytes, or the text that follows it.
fn quantity(text: &str) -> Option<(f64, String)> {
    let is_digit = |c: char| c.is_ascii_digit() || ".+-".contains(c);
    let whole = text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(number) = whole {
        return Some((number, String::new()));
    }
    let end = text.find(|c: char| !is_digit(c))?;
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim();
    let known = |table: &[(&str, f64)]| {
        table.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
    };
    if let Some(seconds) = known(&TIMES) {
        return Some((number * seconds, "s".to_owned()));
    }
    if let Some(bytes) = known(&BYTES) {
        return Some((number * bytes, "B".to_owned()));
    }
    Some((number, unit.to_owned()))
}

const TIMES: [(&str, f64); 11] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("sec", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
];

const BYTES: [(&str, f64); 18] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("KiB", 1_024.0),
    ("Ki", 1_024.0),
    ("MiB", 1_048_576.0),
    ("Mi", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("Gi", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("Ti", 1_099_511_627_776.0),
];

/// Whether a key is one of those that a pattern stands for. O(pattern · key) at most.
fn fits(pattern: &str, key: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = key.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        // The first place leaves the most for what follows.
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_keys() {
        for (pattern, key, expected) in [
            ("db.pool", "db.pool", true),
            ("db.pool", "db.pools", false),
            ("db.*", "db.pool", true),
            ("*.pool", "db.pool", true),
            ("*", "", true),
            ("a*b*b", "ab", false),
            ("a*b*b", "abxb", true),
            ("*a*a*", "aa", true),
        ] {
            assert_eq!(fits(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn quantities_have_units() {
        assert_eq!(quantity("1.5GB"), Some((1.5e9, "B".to_owned())));
        assert_eq!(quantity("-3"), Some((-3.0, String::new())));
        assert_eq!(quantity("1e3"), Some((1000.0, String::new())));
        assert_eq!(quantity("90 %"), Some((90.0, "%".to_owned())));
        assert_eq!(quantity("host-3"), None);
        assert_eq!(quantity("nan"), None);
        assert_eq!(quantity(""), None);
    }
}
