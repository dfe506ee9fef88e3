//! One of XGBoost's trees (`src/tree/tree_model.cc` there).

use super::rebuild::{Node, rebuild};
use super::value::{Value, whole};
use crate::boost::tree::{CategorySet, Child, Leaf, Next, Split, Test, Tree};
use crate::error::{Result, invalid};

/// Largest category code plus one: beyond it, numbers of 32 bits are not all whole.
const CODES: u32 = 1 << 24;

/// Marks a node that does not ask for a category.
const NO_SET: u32 = u32::MAX;

/// Words that the category sets of a model may still take. A file lists codes one by one, so a few
/// bytes of it can ask for a set of megabytes.
pub(super) struct SetBudget(usize);

impl SetBudget {
    /// Enough for a thousand splits on 100,000 categories.
    pub(super) const START: Self = Self(1 << 21);

    /// What each node adds: a set of 2,048 categories, which is no more than 20 bytes for each of
    /// the file's.
    const NODE: usize = 32;

    fn set(&mut self, codes: &[f64]) -> Result<CategorySet> {
        let codes = codes.iter().map(|&code| whole(code).filter(|&code| code < CODES));
        let codes: Vec<u32> =
            codes.collect::<Option<_>>().ok_or_else(|| invalid("a category out of range"))?;
        let words = codes.iter().max().map_or(0, |&largest| largest as usize / 64 + 1);
        let left = self.0.checked_sub(words);
        self.0 = left.ok_or_else(|| invalid("its category sets take too much memory"))?;
        Ok(CategorySet::from_codes(codes))
    }
}

/// Reads a tree whose answers count `weight` times.
pub(super) fn read(tree: &Value, output: u32, weight: f64, budget: &mut SetBudget) -> Result<Tree> {
    if tree.get("tree_param").map_or(Ok(0), |sizes| sizes.whole("size_leaf_vector"))? > 1 {
        return Err(invalid("trees with a vector in each leaf (`multi_output_tree`) are not read"));
    }
    let lefts = tree.numbers("left_children")?;
    let nodes = lefts.len();
    let column = |name: &str| match tree.numbers(name)? {
        numbers if numbers.len() == nodes => Ok(numbers),
        numbers => {
            let found = numbers.len();
            Err(invalid(format_args!("`{name}` has {found} entries for {nodes} nodes")))
        }
    };
    let rights = column("right_children")?;
    let columns = column("split_indices")?;
    let conditions = column("split_conditions")?;
    let default_left = column("default_left")?;
    let hessians = column("sum_hessian")?;
    let gains = column("loss_changes")?;
    budget.0 += nodes * SetBudget::NODE;
    let (sets, set_of) = read_sets(tree, nodes, budget)?;
    let categorical = match tree.get("split_type") {
        Some(_) => column("split_type")?,
        None => &[],
    };
    let index = |number: f64| {
        let index =
            whole(number).ok_or_else(|| invalid(format_args!("a child or column {number:?}")));
        index.map(|index| index as usize)
    };
    let mut tree = rebuild(output, nodes, sets, |node| {
        let condition = conditions[node] as f32;
        let hessian = single(hessians[node]);
        if lefts[node] == -1.0 {
            let value = f64::from(condition) * weight;
            return Ok(Node::Leaf(Leaf { value, cover: hessian, hessian }));
        }
        let (left, right) = (index(lefts[node])?, index(rights[node])?);
        let missing_left = default_left[node] != 0.0;
        // The listed categories go right there; here they go left.
        let swapped = set_of[node] != NO_SET;
        if categorical.get(node).is_some_and(|&kind| (kind == 1.0) != swapped) {
            return Err(invalid(format_args!("node {node}: its type and its categories disagree")));
        }
        let test = if swapped {
            Test::Within { set: set_of[node] }
        } else {
            Test::AtMost(at_most(condition)?)
        };
        let split = Split {
            column: index(columns[node])? as u32,
            test,
            missing_left: missing_left != swapped,
            left: Child::leaf(0),
            right: Child::leaf(0),
            gain: single(gains[node]),
            value: 0.0,
            cover: hessian,
            hessian,
        };
        let (left, right) = if swapped { (right, left) } else { (left, right) };
        Ok(Node::Split { split, left, right })
    })?;
    fill_values(&mut tree);
    Ok(tree)
}

/// The number of 32 bits that JSON writes with fewer digits than one of 64 bits has.
pub(super) fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

/// The sets of a tree, and which of them each node asks for.
fn read_sets(
    tree: &Value,
    nodes: usize,
    budget: &mut SetBudget,
) -> Result<(Vec<CategorySet>, Vec<u32>)> {
    let mut set_of = vec![NO_SET; nodes];
    if tree.get("categories_nodes").is_none() {
        return Ok((Vec::new(), set_of));
    }
    let mut codes = tree.numbers("categories")?;
    let (owners, sizes) = (tree.numbers("categories_nodes")?, tree.numbers("categories_sizes")?);
    if owners.len() != sizes.len() {
        let (owners, sizes) = (owners.len(), sizes.len());
        return Err(invalid(format_args!("{owners} nodes with categories, {sizes} sizes")));
    }
    let mut sets = Vec::new();
    // `categories_segments` would say that the sets stand one after the other.
    for (&owner, &size) in owners.iter().zip(sizes) {
        let size = whole(size).ok_or_else(|| invalid("a number of categories out of range"))?;
        let (set, rest) = codes
            .split_at_checked(size as usize)
            .ok_or_else(|| invalid("fewer categories than announced"))?;
        codes = rest;
        let slot = whole(owner).and_then(|owner| set_of.get_mut(owner as usize));
        *slot.ok_or_else(|| invalid("categories of a node that is not there"))? = sets.len() as u32;
        sets.push(budget.set(set)?);
    }
    Ok((sets, set_of))
}

/// The largest number of 64 bits that, rounded to 32 bits, is less than `limit`: XGBoost asks for
/// `(float)x < limit`, here it is `x <= threshold`.
fn at_most(limit: f32) -> Result<f64> {
    if limit.is_nan() {
        return Err(invalid("a threshold that is NaN"));
    }
    let below = limit.next_down();
    // Where rounding overflows, as if there were one more number of 32 bits.
    let wide = |number: f32| {
        if number.is_finite() { f64::from(number) } else { 2_f64.powi(128).copysign(number.into()) }
    };
    let middle = wide(below) / 2.0 + wide(limit) / 2.0;
    // Ties go to the number with an even last bit.
    let tie_below = below.to_bits().is_multiple_of(2);
    Ok(if tie_below { middle } else { middle.next_down() })
}

/// Gives every split the mean of its leaves by their second derivatives: what XGBoost stores there
/// is without the learning rate.
fn fill_values(tree: &mut Tree) {
    for index in (0..tree.splits.len()).rev() {
        let split = tree.splits[index];
        let [left, right] = [split.left, split.right].map(|child| match child.next() {
            Next::Split(below) => (tree.splits[below].value, tree.splits[below].hessian),
            Next::Leaf(leaf) => (tree.leaves[leaf].value, tree.leaves[leaf].hessian),
        });
        let sum = left.1 + right.1;
        let share = if sum > 0.0 { left.1 / sum } else { 0.5 };
        tree.splits[index].value = left.0 * share + right.0 * (1.0 - share);
    }
}

#[cfg(test)]
mod tests {
    use super::at_most;

    #[test]
    fn the_threshold_parts_numbers_as_rounding_and_comparing_does() {
        let special = [0.0, -0.0, f32::MIN_POSITIVE, 1e-45, 1.0, f32::MAX, f32::INFINITY];
        let mut limits: Vec<f32> = special.iter().flat_map(|&limit| [limit, -limit]).collect();
        // All exponents, and last bits of both kinds.
        limits.extend((0..100_000_u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))));
        for limit in limits.into_iter().filter(|limit| !limit.is_nan()) {
            let threshold = at_most(limit).expect("a number");
            let below = |x: f64| (x as f32) < limit;
            for x in [threshold, threshold.next_down()] {
                assert!(below(x) || limit == f32::NEG_INFINITY, "{x:?} below {limit:?}");
            }
            assert!(!below(threshold.next_up()), "above {threshold:?} for {limit:?}");
        }
        assert!(at_most(f32::NAN).is_err());
    }
}
