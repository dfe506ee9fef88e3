//! Sparse columns that are never set in the same row share one byte (Ke et al. 2017, "exclusive
//! feature bundling"), so that histograms cost by what is set and not by what could be.

use super::cell::Cell;
use super::histogram::{BINS, Column};
use super::row_bytes::RowBytes;
use super::scan::Sums;

/// A column is sparse if at most this share of the rows is outside its most frequent bin.
const SPARSE: f64 = 0.2;

/// Bundles that are tried for a column.
const TRIED: usize = 64;

/// Where a column's bins are found among the bytes of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Home {
    /// Which byte of a row.
    pub(crate) byte: usize,
    /// Of a column that shares its byte: the value of the byte that stands for the first bin beside
    /// `usual`, and that bin, which no value stands for: it is meant by all values of others.
    shared: Option<(u8, u8)>,
    /// Bins, the missing one included.
    bins: usize,
}

impl Home {
    pub(crate) fn alone(byte: usize, bins: usize) -> Self {
        Self { byte, shared: None, bins }
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.shared.is_none()
    }

    /// What a byte says of this column, for each value of the byte.
    pub(crate) fn decode(&self) -> [u8; BINS] {
        match self.shared {
            None => std::array::from_fn(|value| value as u8),
            Some((first, usual)) => {
                let mut bins = [usual; BINS];
                let others = (0..self.bins as u8).filter(|&bin| bin != usual);
                for (to, bin) in bins[first as usize..].iter_mut().zip(others) {
                    *to = bin;
                }
                bins
            }
        }
    }

    /// The column's own histogram, from that of its byte and the sums of all the rows.
    pub(crate) fn unfold<'a, C: Cell>(
        &self,
        column: &'a Column<C>,
        sums: Sums,
        space: &'a mut Column<C>,
    ) -> &'a Column<C> {
        let Some((first, usual)) = self.shared else { return column };
        let mut rest = C::pack(sums.gradient, sums.hessian);
        let others = (0..self.bins).filter(|&bin| bin != usize::from(usual));
        for (bin, &cell) in others.zip(&column[first as usize..]) {
            space[bin] = cell;
            rest = rest.minus(cell);
        }
        space[usize::from(usual)] = rest;
        space
    }
}

/// Columns that share a byte.
struct Bundle {
    /// With their most frequent bins.
    members: Vec<(usize, u8)>,
    /// Values of the byte in use; 0 says that no member is set.
    values: usize,
    /// Rows that have a member set, as bits.
    set: Vec<u64>,
}

/// Finds columns that can share bytes; `by_row` has a byte a column, `bins` those of each column.
/// Returns each column's home and the number of bytes a row then has.
///
/// Greedy, the fullest columns first, each into the first bundle where no row has both set: exact,
/// unlike LightGBM, which tolerates some rows where a column hides another.
pub(crate) fn bundle(by_row: &RowBytes, bins: &[usize]) -> (Vec<Home>, usize) {
    let (width, rows) = (bins.len(), by_row.rows());
    let mut homes: Vec<Home> =
        bins.iter().enumerate().map(|(byte, &bins)| Home::alone(byte, bins)).collect();
    let sparse = sparse_columns(by_row, width);
    if sparse.len() < 2 {
        return (homes, width);
    }
    let mut bundles: Vec<Bundle> = Vec::new();
    for &(column, usual, _) in &sparse {
        let mut set = vec![0_u64; rows.div_ceil(64)];
        for (row, bins) in by_row.from(0).enumerate() {
            set[row / 64] |= u64::from(bins[column] != usual) << (row % 64);
        }
        let fits = |bundle: &Bundle| {
            bundle.values + bins[column] - 1 <= BINS
                && bundle.set.iter().zip(&set).all(|(a, b)| a & b == 0)
        };
        if let Some(bundle) = bundles.iter_mut().rev().take(TRIED).find(|bundle| fits(bundle)) {
            bundle.members.push((column, usual));
            bundle.values += bins[column] - 1;
            bundle.set.iter_mut().zip(&set).for_each(|(to, from)| *to |= from);
        } else {
            let (members, values) = (vec![(column, usual)], bins[column]);
            bundles.push(Bundle { members, values, set });
        }
    }
    bundles.retain(|bundle| bundle.members.len() > 1);
    let bundled: Vec<usize> =
        bundles.iter().flat_map(|bundle| bundle.members.iter().map(|member| member.0)).collect();
    let mut bytes = 0;
    for column in (0..width).filter(|column| !bundled.contains(column)) {
        homes[column].byte = bytes;
        bytes += 1;
    }
    for bundle in bundles {
        let mut first = 1;
        for (column, usual) in bundle.members {
            homes[column].byte = bytes;
            homes[column].shared = Some((first as u8, usual));
            first += bins[column] - 1;
        }
        bytes += 1;
    }
    (homes, bytes)
}

/// Sparse columns with their most frequent bin and how many rows are outside it, fullest first.
fn sparse_columns(by_row: &RowBytes, width: usize) -> Vec<(usize, u8, usize)> {
    let rows = by_row.rows();
    let mut counts = vec![[0_u32; BINS]; width];
    for bins in by_row.from(0) {
        for (counts, &bin) in counts.iter_mut().zip(bins) {
            counts[bin as usize] += 1;
        }
    }
    let mut sparse: Vec<(usize, u8, usize)> = Vec::new();
    for (column, counts) in counts.iter().enumerate() {
        let most = (0..BINS).rev().max_by_key(|&bin| counts[bin]).unwrap_or(0);
        let outside = rows - counts[most] as usize;
        if outside as f64 <= SPARSE * rows as f64 {
            sparse.push((column, most as u8, outside));
        }
    }
    sparse.sort_by_key(|&(column, _, outside)| (std::cmp::Reverse(outside), column));
    sparse
}

/// The bytes of all rows, bundled, in `packed`, all zeros.
pub(crate) fn pack(by_row: &RowBytes, homes: &[Home], mut packed: RowBytes) -> RowBytes {
    let stride = packed.stride();
    let encode: Vec<Option<[u8; BINS]>> = homes
        .iter()
        .map(|home| {
            home.shared.map(|(first, usual)| {
                let mut values = [0; BINS];
                let others = (0..home.bins).filter(|&bin| bin != usize::from(usual));
                others.zip(first..=u8::MAX).for_each(|(bin, value)| values[bin] = value);
                values
            })
        })
        .collect();
    for (from, to) in by_row.from(0).zip(packed.all_mut().chunks_exact_mut(stride)) {
        for ((&bin, home), encode) in from.iter().zip(homes).zip(&encode) {
            match encode {
                None => to[home.byte] = bin,
                // At most one member is set in a training row; in others the last one is believed.
                Some(values) if values[bin as usize] != 0 => to[home.byte] = values[bin as usize],
                Some(_) => {}
            }
        }
    }
    packed
}
