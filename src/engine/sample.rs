//! Which rows of many a model learns from.

use crate::rng::Stream;

/// Rows, and what each counts if not all alike.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) rows: Vec<usize>,
    pub(super) weight: Option<Vec<f64>>,
}

/// At most so many rows, in their order. Of rows before failures as many are kept as fit into half of
/// them; the others are drawn at random. What is kept stands for what was left out, by its weight.
pub(super) fn sample(
    rows: &[usize],
    failing: impl Fn(usize) -> bool,
    most: usize,
    seed: u64,
) -> Sampled {
    if rows.len() <= most {
        return Sampled { rows: rows.to_vec(), weight: None };
    }
    let (failing, others): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&row| failing(row));
    let kept_failing = failing.len().min((most / 2).max(most.saturating_sub(others.len())));
    let kept_others = others.len().min(most - kept_failing);
    let mut kept = Vec::with_capacity(most);
    for (index, (class, count)) in
        [(failing, kept_failing), (others, kept_others)].iter().enumerate()
    {
        let weight = class.len() as f64 / (*count).max(1) as f64;
        if *count == class.len() {
            kept.extend(class.iter().map(|&row| (row, weight)));
            continue;
        }
        let mut drawn = Stream::new(seed, 0x5A3B + index as u64).distinct(class.len(), *count);
        drawn.sort_unstable();
        kept.extend(drawn.iter().map(|&place| (class[place as usize], weight)));
    }
    kept.sort_unstable_by_key(|&(row, _)| row);
    let (rows, weight) = kept.into_iter().unzip();
    Sampled { rows, weight: Some(weight) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stands_for_all() {
        let rows: Vec<usize> = (0..10_000).collect();
        for (failing, most) in [(100, 1_000), (9_000, 1_000), (9_900, 5_000), (0, 1_000)] {
            let sampled = sample(&rows, |row| row < failing, most, 7);
            assert_eq!(sampled.rows.len(), most);
            assert!(sampled.rows.windows(2).all(|pair| pair[0] < pair[1]));
            let weight = sampled.weight.unwrap_or_default();
            let of = |failed: bool| {
                let kept = sampled.rows.iter().zip(&weight);
                kept.filter(|&(&row, _)| (row < failing) == failed).map(|(_, w)| w).sum::<f64>()
            };
            assert!((of(true) - failing as f64).abs() < 1e-6, "{failing}");
            assert!((of(false) - (10_000 - failing) as f64).abs() < 1e-6, "{failing}");
        }
        assert!(sample(&rows, |_| true, 10_000, 7).weight.is_none());
    }
}
