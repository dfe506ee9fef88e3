//! Outages as they might as well have been: each begins and ends a little sooner or later.
//!
//! Whether a probe comes just before an outage ends or just after is luck, and a log holds a dozen
//! outages or so. On courses whose outages are moved a little that luck differs, so that candidates
//! are told apart by what they are worth: a bootstrap smoothed by a kernel (Silverman and Young, "The
//! bootstrap: to smooth or not to smooth?", Biometrika 74, 1987) of a quarter of each outage.

use super::latent::Sighting;
use crate::rng::Stream;

/// By how much of its length an outage begins or ends sooner or later, at most.
const SHIFT: f64 = 0.25;

/// Moves the beginning and the end of each outage of a path, not past the middle of the time of service
/// on either side; which calls are in the other state then. What was down when the log began or ended
/// still is.
pub(super) fn shift(path: &mut [bool], calls: &[Sighting], stream: &mut Stream) -> Vec<bool> {
    let was = path.to_vec();
    let total = was.len();
    let from = |at: usize, state: bool| (at..total).find(|&at| was[at] == state).unwrap_or(total);
    // Places between the middles of two times of service, with one outage each.
    let mut first = 0;
    let mut begin = from(0, true);
    while begin < total {
        let end = from(begin, false);
        let next = from(end, true);
        let last = if next == total { total } else { end + (next - end) / 2 };
        let time = |at: usize| calls[at.min(total - 1)].time;
        let room = SHIFT * (time(end) - time(begin));
        let mut moved = |at: usize| time(at) + room * (2.0 * stream.unit() - 1.0);
        let begins = if begin == 0 { f64::NEG_INFINITY } else { moved(begin) };
        let ends = if end == total { f64::INFINITY } else { moved(end) };
        for (state, call) in path[first..last].iter_mut().zip(&calls[first..last]) {
            *state = begins <= call.time && call.time < ends;
        }
        (first, begin) = (last, next);
    }
    path.iter().zip(&was).map(|(now, was)| now != was).collect()
}

#[cfg(test)]
mod tests {
    use super::super::latent::Sign;
    use super::*;

    /// A call a second.
    fn calls(count: u32) -> Vec<Sighting> {
        (0..count).map(|at| Sighting { time: f64::from(at), sign: Sign::Unknown }).collect()
    }

    fn runs(path: &[bool]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        for at in 0..path.len() {
            if path[at] && (at == 0 || !path[at - 1]) {
                runs.push((at, at));
            }
            if path[at]
                && let Some(run) = runs.last_mut()
            {
                run.1 = at + 1;
            }
        }
        runs
    }

    #[test]
    fn outages_keep_their_number_and_move_by_a_quarter_at_most() {
        let was: Vec<bool> = (0..1_000).map(|at| (60..100).contains(&(at % 200))).collect();
        let mut lengths = 0;
        for seed in 0..50 {
            let mut path = was.clone();
            let moved = shift(&mut path, &calls(1_000), &mut Stream::new(seed, 0));
            assert!((0..1_000).all(|at| moved[at] == (was[at] != path[at])));
            let (before, after) = (runs(&was), runs(&path));
            assert_eq!(after.len(), 5, "{after:?}");
            for (before, after) in before.iter().zip(&after) {
                assert!(before.0.abs_diff(after.0) <= 10 && before.1.abs_diff(after.1) <= 10);
                lengths += after.1 - after.0;
            }
        }
        // 40 s each on average; its standard error over 250 outages is 0.5 s.
        assert!(lengths.abs_diff(250 * 40) < 250 * 2, "{lengths}");
    }

    #[test]
    fn outages_that_are_close_stay_apart_and_those_cut_off_stay_cut_off() {
        let was: Vec<bool> = (0..300).map(|at| at % 60 < 50 || at >= 240).collect();
        for seed in 0..50 {
            let mut path = was.clone();
            shift(&mut path, &calls(300), &mut Stream::new(seed, 0));
            assert!(path[0] && path[299]);
            // Outages of 50 s that are 10 s apart: each stays between the middles.
            for middles in [0, 55, 115, 175, 235, 300].windows(2) {
                assert_eq!(runs(&path[middles[0]..middles[1]]).len(), 1, "{seed}");
            }
        }
        let mut none = vec![false; 10];
        assert_eq!(shift(&mut none, &calls(10), &mut Stream::new(1, 1)), vec![false; 10]);
        assert_eq!(none, vec![false; 10]);
    }
}
