//! What can be had for what: lost good calls against wasted seconds against probes.

use super::race::Finalist;
use super::recommendation::FrontPoint;

/// More points make no picture clearer.
const MOST: usize = 32;

/// The finalists that no other beats in all three respects, ascending in lost good calls.
pub(super) fn front(finalists: &[Finalist]) -> Vec<FrontPoint> {
    let mut points: Vec<FrontPoint> = finalists.iter().map(point).collect();
    let respects = |point: &FrontPoint| [point.lost_good, point.wasted_seconds, point.probes];
    // After sorting, whatever beats a point stands before it.
    points.sort_by(|a, b| {
        let (a, b) = (respects(a), respects(b));
        a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2]))
    });
    let mut kept: Vec<FrontPoint> = Vec::new();
    for candidate in points {
        let of = respects(&candidate);
        let beaten = |other: &FrontPoint| respects(other).iter().zip(of).all(|(a, b)| *a <= b);
        if !kept.iter().any(beaten) {
            kept.push(candidate);
        }
    }
    thin(kept)
}

fn point(finalist: &Finalist) -> FrontPoint {
    let total = finalist.total();
    let per_100 = |amount: f64| 100.0 * amount / total.calls.max(1.0);
    FrontPoint {
        settings: finalist.settings,
        lost_good: per_100(total.lost_good),
        wasted_seconds: per_100(total.wasted_seconds),
        probes: per_100(total.probes),
        cost: per_100(total.cost),
    }
}

/// Both ends, that of least cost, and others evenly between.
fn thin(points: Vec<FrontPoint>) -> Vec<FrontPoint> {
    if points.len() <= MOST {
        return points;
    }
    let cheapest = (0..points.len()).min_by(|&a, &b| points[a].cost.total_cmp(&points[b].cost));
    let last = points.len() - 1;
    let mut places: Vec<usize> = (0..MOST - 1).map(|at| at * last / (MOST - 2)).collect();
    places.extend(cheapest);
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|place| points[place]).collect()
}
