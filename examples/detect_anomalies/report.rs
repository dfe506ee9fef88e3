//! What is printed: the measures, and the worst rows with their reasons.

use crate::cells::{cell, identity};
use crate::input::{Input, WINDOW};
use crate::text::say;
use crate::ticks::thousands;
use forewarn::forest::IsolationForest;
use forewarn::metrics;

/// How well the scores rank the labelled rows.
pub(crate) fn measures(label: &[bool], scores: &[f64]) -> forewarn::Result<()> {
    let positive = thousands(label.iter().filter(|label| **label).count());
    say(format_args!("\nlabelled anomalous     {positive} of {} rows", thousands(label.len())));
    say(format_args!("ROC AUC                {:.4}", metrics::roc_auc(label, scores)?));
    say(format_args!("average precision      {:.4}", metrics::average_precision(label, scores)?));
    say(format_args!("recall in the top 1 %  {:.4}", metrics::recall_at_top(label, scores, 0.01)?));
    Ok(())
}

/// The rows of the highest scores; of neighbouring rows of a single metric only the worst,
/// because they are one event.
pub(crate) fn worst(input: &Input, scores: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut worst: Vec<usize> = Vec::new();
    for row in order {
        let same_event = |other: &usize| input.metric.is_some() && other.abs_diff(row) <= WINDOW;
        if worst.len() < count && !worst.iter().any(same_event) {
            worst.push(row);
        }
    }
    worst
}

/// One line a row: where it is, how abnormal, and the three features that say most.
pub(crate) fn reasons(
    input: &Input,
    forest: &IsolationForest,
    rows: &[usize],
) -> forewarn::Result<()> {
    let what = if input.metric.is_some() { "events" } else { "rows" };
    say(format_args!("\nThe worst {what} first, and what their values add to the score:"));
    say(format_args!("{:>7}  {:5}  worse than", "line", "score"));
    for &row in rows {
        let x = input.x.row(row).to_vec();
        let value = |feature: usize| cell(&input.table, &input.names[feature], x[feature]);
        let explanation = forest.explain_one(&x)?;
        let because: Vec<String> = explanation
            .top(3)
            .into_iter()
            .filter(|&(_, contribution)| contribution > 0.0)
            .map(|(feature, contribution)| format!("{} ({contribution:+.3})", value(feature)))
            .collect();
        let line = input.table.line(row).unwrap_or_default();
        // Rounded down: no row is worse than all rows.
        let rank = (1e4 * forest.rank(explanation.score)?).floor() / 1e2;
        let reasons =
            if because.is_empty() { "nothing stands out".into() } else { because.join(", ") };
        let time = input.times.as_ref().map(|times| times[row]);
        let reasons = match identity(&input.table, time, &input.excluded, row) {
            Some(identity) => format!("{identity}\n{:28}{reasons}", ""),
            None => reasons,
        };
        say(format_args!("{line:>7}  {:.3}  {rank:>8.2} %  {reasons}", explanation.score));
    }
    Ok(())
}
