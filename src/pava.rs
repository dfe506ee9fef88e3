//! Monotone regression by pooling adjacent violators, over the distinct scores of labelled rows.

/// The rows that share a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tie {
    pub(crate) score: f64,
    /// Weight of the rows whose label is `true`.
    pub(crate) positive: f64,
    /// Weight of all of them, above 0.
    pub(crate) weight: f64,
}

/// Rows grouped by score, ascending; rows that weigh nothing are left out. O(n log n).
pub(crate) fn ties(labels: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Vec<Tie> {
    let mut rows: Vec<Tie> = labels
        .iter()
        .zip(scores)
        .enumerate()
        .map(|(row, (&label, &score))| {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            // −0 and 0 are one score.
            Tie { score: score + 0.0, positive: if label { weight } else { 0.0 }, weight }
        })
        .filter(|row| row.weight > 0.0)
        .collect();
    // Stable: where scores are equal, weights are added in the order of the rows.
    rows.sort_by(|a, b| a.score.total_cmp(&b.score));
    rows.chunk_by(|a, b| a.score == b.score)
        .map(|rows| Tie {
            score: rows[0].score,
            positive: rows.iter().map(|row| row.positive).sum(),
            weight: rows.iter().map(|row| row.weight).sum(),
        })
        .collect()
}

/// A run of scores that share one fitted rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    /// One past the last of its ties.
    pub(crate) end: usize,
    pub(crate) positive: f64,
    pub(crate) weight: f64,
}

impl Block {
    /// The share of `true` rows.
    pub(crate) fn rate(&self) -> f64 {
        self.positive / self.weight
    }
}

/// The rates that never fall as the score rises and have the least weighted squared distance to the
/// labels; they also have the greatest likelihood. Rates rise strictly from block to block. O(n).
///
/// Ayer, Brunk, Ewing, Reid & Silverman, "An empirical distribution function for sampling with
/// incomplete information", Annals of Mathematical Statistics 26 (1955).
pub(crate) fn pool(ties: &[Tie]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (index, tie) in ties.iter().enumerate() {
        let mut last = Block { end: index + 1, positive: tie.positive, weight: tie.weight };
        while let Some(before) = blocks.pop_if(|before| before.rate() >= last.rate()) {
            last.positive += before.positive;
            last.weight += before.weight;
        }
        blocks.push(last);
    }
    blocks
}
