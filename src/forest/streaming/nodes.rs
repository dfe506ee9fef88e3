//! The nodes of one tree, in flat tables that stop growing when the tree's sample is full.

/// A child or parent that is not there.
pub(super) const NONE: u32 = u32::MAX;

/// The cuts and leaves of a tree. Numbers below `capacity` name cuts, those from `capacity` leaves;
/// a leaf's place in its table is its number less `capacity`.
///
/// Invariants between two changes of the tree:
/// - a cut's box is the smallest around all rows under it, NaN on a column that none of them knows;
/// - a cut's mass is the number of rows under it, a leaf's the number of rows that it stands for;
/// - rows under the left child are at most `value` in the cut's column, or do not know it.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    pub(super) capacity: usize,
    pub(super) width: usize,
    pub(super) root: u32,
    pub(super) cuts: Vec<Cut>,
    /// A box a cut: `width` lows, then `width` highs.
    pub(super) boxes: Vec<f64>,
    pub(super) leaves: Vec<Leaf>,
    /// A row a leaf.
    pub(super) rows: Vec<f64>,
    /// Cuts and leaves that are not in the tree.
    pub(super) free_cuts: Vec<u32>,
    pub(super) free_leaves: Vec<u32>,
}

/// A cut of a box in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub(super) value: f64,
    pub(super) column: u32,
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) parent: u32,
    pub(super) mass: u32,
}

/// A row of the sample, and those equal to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leaf {
    pub(super) parent: u32,
    /// Rows it stands for; 0 where it is not in the tree.
    pub(super) mass: u32,
}

impl Nodes {
    /// A tree without a node. Its tables grow with it, up to `capacity` leaves.
    pub(super) fn new(capacity: usize, width: usize) -> Self {
        Self {
            capacity,
            width,
            root: NONE,
            cuts: Vec::new(),
            boxes: Vec::new(),
            leaves: Vec::new(),
            rows: Vec::new(),
            free_cuts: Vec::new(),
            free_leaves: Vec::new(),
        }
    }

    /// The name of a cut that is not in the tree.
    pub(super) fn take_cut(&mut self) -> u32 {
        self.free_cuts.pop().unwrap_or_else(|| {
            let cut = Cut { value: 0.0, column: 0, left: NONE, right: NONE, parent: NONE, mass: 0 };
            self.cuts.push(cut);
            self.boxes.resize(2 * self.cuts.len() * self.width, f64::NAN);
            self.cuts.len() as u32 - 1
        })
    }

    /// The place of a leaf that is not in the tree, with a row in it.
    pub(super) fn take_leaf(&mut self, row: &[f64]) -> u32 {
        let place = self.free_leaves.pop().unwrap_or_else(|| {
            self.leaves.push(Leaf { parent: NONE, mass: 0 });
            self.rows.resize(self.leaves.len() * self.width, f64::NAN);
            self.leaves.len() as u32 - 1
        });
        self.rows[place as usize * self.width..][..self.width].copy_from_slice(row);
        place
    }

    /// The place of a leaf in its table; `None` for a cut.
    pub(super) fn leaf(&self, node: u32) -> Option<usize> {
        (node as usize).checked_sub(self.capacity)
    }

    /// The name of the leaf at a place.
    pub(super) fn leaf_node(&self, place: u32) -> u32 {
        self.capacity as u32 + place
    }

    /// Lets a leaf's row know what an equal row knows: a row of gaps alone would otherwise equal, and
    /// swallow, every other.
    pub(super) fn fill_gaps(&mut self, leaf: u32, row: &[f64]) {
        let known = &mut self.rows[leaf as usize * self.width..][..self.width];
        for (known, &value) in known.iter_mut().zip(row) {
            if known.is_nan() {
                *known = value;
            }
        }
    }

    /// Lows and highs of the rows under a node: those of a leaf are its row, twice.
    pub(super) fn bounds(&self, node: u32) -> (&[f64], &[f64]) {
        match self.leaf(node) {
            Some(place) => {
                let row = &self.rows[place * self.width..][..self.width];
                (row, row)
            }
            None => {
                self.boxes[2 * node as usize * self.width..][..2 * self.width].split_at(self.width)
            }
        }
    }

    pub(super) fn mass(&self, node: u32) -> u32 {
        self.leaf(node).map_or_else(|| self.cuts[node as usize].mass, |leaf| self.leaves[leaf].mass)
    }

    pub(super) fn parent(&self, node: u32) -> u32 {
        self.leaf(node)
            .map_or_else(|| self.cuts[node as usize].parent, |leaf| self.leaves[leaf].parent)
    }

    pub(super) fn set_parent(&mut self, node: u32, parent: u32) {
        match self.leaf(node) {
            Some(leaf) => self.leaves[leaf].parent = parent,
            None => self.cuts[node as usize].parent = parent,
        }
    }

    /// Puts `new` where `old` was under `parent`, or at the root.
    pub(super) fn replace(&mut self, parent: u32, old: u32, new: u32) {
        self.set_parent(new, parent);
        if parent == NONE {
            self.root = new;
        } else {
            let cut = &mut self.cuts[parent as usize];
            if cut.left == old {
                cut.left = new;
            } else {
                cut.right = new;
            }
        }
    }

    /// The child of a cut that a row belongs to. A missing value goes with most of the rows.
    pub(super) fn child(&self, cut: &Cut, row: &[f64]) -> u32 {
        let value = row[cut.column as usize];
        let left = if value.is_nan() {
            self.mass(cut.left) >= self.mass(cut.right)
        } else {
            value <= cut.value
        };
        if left { cut.left } else { cut.right }
    }

    /// Widens a cut's box to hold a row.
    pub(super) fn widen(&mut self, cut: u32, row: &[f64]) {
        let bounds = &mut self.boxes[2 * cut as usize * self.width..][..2 * self.width];
        let (low, high) = bounds.split_at_mut(self.width);
        for ((low, high), &value) in low.iter_mut().zip(high).zip(row) {
            // `min` and `max` take the number where the other is NaN.
            *low = low.min(value);
            *high = high.max(value);
        }
    }

    /// Makes a cut's box the smallest around its two children; whether that changed it.
    pub(super) fn tighten(&mut self, cut: u32) -> bool {
        let Cut { left, right, .. } = self.cuts[cut as usize];
        let mut changed = false;
        for column in 0..self.width {
            let (left_low, left_high) = self.bounds(left);
            let (right_low, right_high) = self.bounds(right);
            let low = left_low[column].min(right_low[column]);
            let high = left_high[column].max(right_high[column]);
            let at = 2 * cut as usize * self.width + column;
            changed |= self.boxes[at].to_bits() != low.to_bits()
                || self.boxes[at + self.width].to_bits() != high.to_bits();
            self.boxes[at] = low;
            self.boxes[at + self.width] = high;
        }
        changed
    }
}
