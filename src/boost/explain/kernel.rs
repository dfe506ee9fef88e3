//! The two walks over a tree that make contributions, for a few rows side by side and for up to
//! [`MOST`] points of the quadrature. The derivation is in the [module](super).

use super::lanes::Lanes;
use super::plan::{Node, Plan};
use super::quadrature::Point;
use crate::boost::tree::{Child, Leaf, Next, Test, Tree};

/// Most points of one pass.
pub(crate) const MOST: usize = 8;

/// What is asked of a pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Game {
    /// A column that is no player: known to all coalitions (`true`) or to none.
    pub(crate) fixed: Option<(u32, bool)>,
    /// Factor of all contributions.
    pub(crate) scale: f64,
}

impl Game {
    /// All columns play.
    pub(crate) const WHOLE: Self = Self { fixed: None, scale: 1.0 };
}

/// Room to work in, used again for each tree.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// A split and a point: `t / F`.
    steps: Vec<f64>,
    /// A split and a point: `scale · w · share_before / F²`.
    weights: Vec<f64>,
    /// A split: where the rows go.
    sides: Vec<Sides>,
    /// A split and a point: on the way down what the path to the split passes on, on the way up what
    /// lies below it.
    state: Vec<Lanes>,
    points: usize,
}

impl Scratch {
    /// Sets up the constants of a tree for some points, at most [`MOST`].
    pub(crate) fn prepare(&mut self, plan: &Plan, points: &[Point], game: Game) {
        let Self { steps, weights, .. } = self;
        steps.clear();
        weights.clear();
        for node in &plan.nodes {
            match game.fixed {
                Some((column, known)) if column == node.column => {
                    steps.extend(points.iter().map(|_| number(known)));
                    weights.extend(points.iter().map(|_| 0.0));
                }
                _ if node.before.is_none() => {
                    steps.extend(points.iter().map(|point| point.at));
                    weights.extend(points.iter().map(|point| game.scale * point.weight));
                }
                _ => {
                    let factor = |at: f64| at + (1.0 - at) * node.share_before;
                    steps.extend(points.iter().map(|point| point.at / factor(point.at)));
                    weights.extend(points.iter().map(|&Point { at, weight }| {
                        game.scale * weight * node.share_before / (factor(at) * factor(at))
                    }));
                }
            }
        }
        self.points = points.len();
        self.state.resize(plan.nodes.len() * points.len(), Lanes::all(0.0));
        self.sides
            .resize(plan.nodes.len(), Sides { left: Lanes::all(0.0), right: Lanes::all(0.0) });
    }

    /// Adds the contributions in one tree, as prepared, of the rows in `block` (one entry a column)
    /// to `credits` (the same).
    #[inline(always)]
    pub(crate) fn pass(
        &mut self,
        tree: &Tree,
        plan: &Plan,
        block: &[Lanes],
        credits: &mut [Lanes],
    ) {
        self.find_sides(tree, plan, block);
        match self.points {
            1 => self.walk::<1>(tree, plan, credits),
            2 => self.walk::<2>(tree, plan, credits),
            3 => self.walk::<3>(tree, plan, credits),
            4 => self.walk::<4>(tree, plan, credits),
            5 => self.walk::<5>(tree, plan, credits),
            6 => self.walk::<6>(tree, plan, credits),
            7 => self.walk::<7>(tree, plan, credits),
            _ => self.walk::<MOST>(tree, plan, credits),
        }
    }

    /// Sends the rows both or one way at each split. Parents come before their children.
    #[inline(always)]
    fn find_sides(&mut self, tree: &Tree, plan: &Plan, block: &[Lanes]) {
        for (index, (split, node)) in tree.splits.iter().zip(&plan.nodes).enumerate() {
            let values = block[split.column as usize];
            let left = match split.test {
                // What `goes_left` does, without a jump for each value.
                Test::AtMost(threshold) => {
                    let missing_left = split.missing_left;
                    values.map(|value| {
                        number(value <= threshold) + number(missing_left & value.is_nan())
                    })
                }
                _ => values.map(|value| number(tree.goes_left(split, value))),
            };
            let on_path = match node.before {
                None => Lanes::all(1.0),
                Some((before, true)) => self.sides[before as usize].left,
                Some((before, false)) => self.sides[before as usize].right,
            };
            let left = left * on_path;
            self.sides[index] = Sides { left, right: on_path - left };
        }
    }

    #[inline(always)]
    fn walk<const N: usize>(&mut self, tree: &Tree, plan: &Plan, credits: &mut [Lanes]) {
        let (steps, _) = self.steps.as_chunks::<N>();
        let (weights, _) = self.weights.as_chunks::<N>();
        let (state, _) = self.state.as_chunks_mut::<N>();
        down(&plan.nodes, steps, &self.sides, state);
        up(&plan.nodes, &tree.leaves, steps, weights, &self.sides, state, credits);
    }
}

#[inline(always)]
fn number(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// Where rows go at a split, as 0 or 1. Neither way, if an earlier split on the same column has sent
/// them off the path.
#[derive(Debug, Clone, Copy)]
struct Sides {
    left: Lanes,
    right: Lanes,
}

impl Sides {
    /// By how much knowing the column changes the share that goes left.
    #[inline(always)]
    fn pulls(&self, node: &Node) -> Lanes {
        self.left * Lanes::all(node.share_right) - self.right * Lanes::all(node.share_left)
    }
}

/// From the root: what passes each split, the product of the factors on its path.
#[inline(always)]
fn down<const N: usize>(
    nodes: &[Node],
    steps: &[[f64; N]],
    sides: &[Sides],
    state: &mut [[Lanes; N]],
) {
    if let Some(root) = state.first_mut() {
        *root = [Lanes::all(1.0); N];
    }
    for (index, ((node, steps), sides)) in nodes.iter().zip(steps).zip(sides).enumerate() {
        let pulls = sides.pulls(node);
        if let Next::Split(left) = node.left.next() {
            for q in 0..N {
                let factor = Lanes::all(node.share_left) + Lanes::all(steps[q]) * pulls;
                state[left][q] = state[index][q] * factor;
            }
        }
        if let Next::Split(right) = node.right.next() {
            for q in 0..N {
                let factor = Lanes::all(node.share_right) - Lanes::all(steps[q]) * pulls;
                state[right][q] = state[index][q] * factor;
            }
        }
    }
}

/// From the leaves: what lies below each split, and with what has come down the contribution of its
/// column.
#[inline(always)]
fn up<const N: usize>(
    nodes: &[Node],
    leaves: &[Leaf],
    steps: &[[f64; N]],
    weights: &[[f64; N]],
    sides: &[Sides],
    state: &mut [[Lanes; N]],
    credits: &mut [Lanes],
) {
    let below = |state: &[[Lanes; N]], child: Child, q: usize| match child.next() {
        Next::Split(split) => state[split][q],
        Next::Leaf(leaf) => Lanes::all(leaves[leaf].value),
    };
    let constants = steps.iter().zip(weights).zip(sides);
    for (index, (node, ((steps, weights), sides))) in nodes.iter().zip(constants).enumerate().rev()
    {
        let pulls = sides.pulls(node);
        let mut credit = Lanes::all(0.0);
        for q in 0..N {
            let (left, right) = (below(state, node.left, q), below(state, node.right, q));
            let above = state[index][q];
            let step = Lanes::all(steps[q]) * pulls;
            credit = credit + Lanes::all(weights[q]) * above * (left - right);
            state[index][q] = (Lanes::all(node.share_left) + step) * left
                + (Lanes::all(node.share_right) - step) * right;
        }
        let to = &mut credits[node.column as usize];
        *to = *to + credit * pulls;
    }
}
