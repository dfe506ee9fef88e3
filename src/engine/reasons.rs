//! Why: what each metric adds to a probability or an anomaly score, in words.

use super::assessment::Reason;
use super::features::{Features, Subject};
use super::members::{CLASSIFIER, SURVIVAL, TIME_LEFT};
use super::predictor::{Finding, Predictor};
use crate::boost::Ensemble;
use crate::error::Result;
use ndarray::{ArrayView2, Axis};

/// Metrics named in a reason of novelty.
const NAMED: usize = 3;

/// The trees of the boosted members with the greatest weight, and whether higher raw scores are worse.
fn explained(predictor: &Predictor) -> Option<(&Ensemble, f64)> {
    let foresight = predictor.foresight.as_ref()?;
    let shares = foresight.stack.shares();
    let members = &predictor.members;
    let classifier = members.classifier.as_ref().map(|model| (CLASSIFIER, model.ensemble(), 1.0));
    let survival = members.survival.as_ref().map(|model| (SURVIVAL, model.ensemble(), 1.0));
    let remaining = members.remaining.first().map(|model| (TIME_LEFT, model.ensemble(), -1.0));
    let all = [classifier, survival, remaining].into_iter().flatten();
    // The first of equals.
    all.rev()
        .max_by(|a, b| shares[a.0].total_cmp(&shares[b.0]))
        .map(|(_, trees, sign)| (trees, sign))
}

/// The reasons of rows, one list each, of at most `most`.
pub(super) fn reasons(
    predictor: &Predictor,
    features: &Features,
    x: ArrayView2<'_, f64>,
    findings: &[&Finding],
    most: usize,
) -> Result<Vec<Vec<Reason>>> {
    let mut all = vec![Vec::new(); x.nrows()];
    if most == 0 {
        return Ok(all);
    }
    // An abnormal row that is not likely to fail is explained by what is abnormal.
    let odd: Vec<bool> =
        findings.iter().map(|f| f.abnormal && !f.alert || f.probability.is_none()).collect();
    let of = |class: bool| (0..odd.len()).filter(|&row| odd[row] == class).collect::<Vec<usize>>();
    let likely = of(false);
    if let (Some((trees, sign)), false) = (explained(predictor), likely.is_empty()) {
        let found = trees.contributions(x.select(Axis(0), &likely).view())?;
        for (&row, found) in likely.iter().zip(found.outer_iter()) {
            let added: Vec<f64> =
                (0..features.n_features()).map(|column| sign * found[(0, column)]).collect();
            all[row] = ranked(predictor, features, x.row(row).to_vec().as_slice(), &added, most);
        }
    }
    let odd = of(true);
    if !odd.is_empty() {
        let found = predictor.members.detector.explain(x.select(Axis(0), &odd).view())?;
        for (&row, found) in odd.iter().zip(found.outer_iter()) {
            if findings[row].abnormal {
                let (x, found) = (x.row(row).to_vec(), found.to_vec());
                all[row] = ranked(predictor, features, &x, &found, most);
            }
        }
    }
    for (row, finding) in findings.iter().enumerate() {
        if finding.novelty >= 0.1 {
            let reason =
                novel(predictor, features, x.row(row).to_vec().as_slice(), finding.novelty);
            all[row].truncate(most - 1);
            all[row].push(reason);
        }
    }
    Ok(all)
}

/// The metrics and other subjects that add or take away most, with the feature of each that says most.
fn ranked(
    predictor: &Predictor,
    features: &Features,
    row: &[f64],
    added: &[f64],
    most: usize,
) -> Vec<Reason> {
    let mut groups: Vec<(Subject, f64, usize)> = Vec::new();
    for (column, (&subject, &value)) in features.subjects().iter().zip(added).enumerate() {
        match groups.last_mut().filter(|group| group.0 == subject) {
            Some(group) => {
                group.1 += value;
                if value.abs() > added[group.2].abs() {
                    group.2 = column;
                }
            }
            None => groups.push((subject, value, column)),
        }
    }
    // The feature that stands for a group must pull as the group does.
    for group in &mut groups {
        let columns = features.subjects().iter().enumerate();
        let own = columns.filter(|&(_, subject)| *subject == group.0).map(|(column, _)| column);
        let pull = |column: &usize| added[*column] * group.1.signum();
        if let Some(column) = own.max_by(|a, b| pull(a).total_cmp(&pull(b))) {
            group.2 = column;
        }
    }
    let total: f64 = groups.iter().map(|group| group.1.abs()).sum();
    groups.retain(|group| group.1.abs() > 0.02 * total);
    groups.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    groups.truncate(most);
    groups
        .into_iter()
        .map(|(_, sum, column)| {
            let (value, usual) = (row[column], predictor.profile.usual(column));
            let feature = features.names()[column].clone();
            let against = if sum < 0.0 { " (speaks against it)" } else { "" };
            let value_words = words(features, column, value);
            let text = if usual.is_nan() {
                format!("{feature} is {value_words}{against}")
            } else {
                let usual = words(features, column, usual);
                format!("{feature} is {value_words}, usually {usual}{against}")
            };
            Reason { feature, value, usual, weight: sum / total, text }
        })
        .collect()
}

/// What is unlike anything seen.
fn novel(predictor: &Predictor, features: &Features, row: &[f64], novelty: f64) -> Reason {
    let new: Vec<usize> =
        (0..row.len()).filter(|&column| predictor.profile.is_new(column, row[column])).collect();
    let mut missing: Vec<&str> = Vec::new();
    let mut beyond: Vec<&str> = Vec::new();
    for &column in &new {
        let name = match features.subjects()[column] {
            Subject::Metric(metric) => features.metrics()[metric].as_str(),
            Subject::Event(kind) => features.event_kinds()[kind].as_str(),
            Subject::Part(part) => features.parts()[part].as_str(),
            _ => features.names()[column].as_str(),
        };
        let list = if row[column].is_nan() { &mut missing } else { &mut beyond };
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let list = |names: &[&str]| match names.len() {
        0..=NAMED => names.join(", "),
        count => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
    };
    let text = match (missing.is_empty(), beyond.is_empty()) {
        (true, true) => "unlike anything seen in training".to_owned(),
        (false, true) => {
            format!("without values that were always there in training: {}", list(&missing))
        }
        (true, false) => format!("beyond anything seen in training: {}", list(&beyond)),
        (false, false) => format!(
            "beyond anything seen in training: {}; without values that were always there: {}",
            list(&beyond),
            list(&missing)
        ),
    };
    let text = format!("{text} (confidence is lowered)");
    let (value, usual) = (novelty, 0.0);
    Reason { feature: "novelty".to_owned(), value, usual, weight: 0.0, text }
}

/// A value of a feature: a category by its name, a number in three or four digits.
fn words(features: &Features, column: usize, value: f64) -> String {
    if value.is_nan() {
        return "missing".to_owned();
    }
    let categories = features.categories(column);
    match categories.get(value as usize) {
        Some(category) if !categories.is_empty() && value >= 0.0 => category.clone(),
        _ => number(value),
    }
}

/// A number in three significant digits, and all before the point.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value:.0}");
    }
    let size = value.abs();
    if !(1e-4..1e9).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits = (2 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (81.234, "81.2"),
            (64.0, "64"),
            (0.00123, "0.00123"),
            (-5.0, "-5"),
            (123_456.7, "123457"),
            (1e-7, "1.00e-7"),
            (0.0, "0"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
