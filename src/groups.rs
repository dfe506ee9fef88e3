//! Group names, such as machines, as numbers.

use std::collections::HashMap;
use std::hash::Hash;

/// The number of each row's group, in order of first appearance, and how many there are. O(n).
pub(crate) fn number<G: Eq + Hash>(groups: &[G]) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let of_row = groups
        .iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        })
        .collect();
    (of_row, numbers.len())
}
