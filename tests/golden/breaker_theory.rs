//! When to probe, against numerical minimisation of the exact cost.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use approx::assert_relative_eq;
use forewarn::breaker::theory::{inspection_cost, open_time, probe_interval, trip_share};
use statrs::distribution::{ContinuousCDF, Exp, LogNormal, Weibull};
use statrs::function::gamma::gamma;

const MEAN: f64 = 33.0;

#[derive(Debug, Clone, Copy)]
enum Law {
    Exponential,
    Lognormal,
    Weibull,
}

impl Law {
    fn survival(self, time: f64) -> f64 {
        match self {
            Self::Exponential => Exp::new(1.0 / MEAN).unwrap().sf(time),
            Self::Lognormal => LogNormal::new(MEAN.ln() - 0.5, 1.0).unwrap().sf(time),
            Self::Weibull => Weibull::new(2.0, MEAN / gamma(1.5)).unwrap().sf(time),
        }
    }
}

/// Law, calls a second, cost of a failed probe; the best constant interval and what it costs. From
/// scipy 1.17.1: `optimize.minimize_scalar` (bounded) of
/// `c * n + lam * (T * (1 + n) - 33)`, `n = law.sf(k * T).sum()`, with `stats.expon`,
/// `stats.lognorm(s=1)` and `stats.weibull_min(c=2)` of mean 33.
const CELLS: [(Law, f64, f64, f64, f64); 18] = [
    (Law::Exponential, 3.0, 0.2, 2.075_628_250, 6.226_886_627),
    (Law::Exponential, 3.0, 0.95, 4.468_488_171, 13.405_466_293),
    (Law::Exponential, 30.0, 0.2, 0.661_109_478, 19.833_303_821),
    (Law::Exponential, 30.0, 0.95, 1.435_203_651, 43.056_127_858),
    (Law::Exponential, 150.0, 0.2, 0.296_203_418, 44.430_619_033),
    (Law::Exponential, 150.0, 0.95, 0.644_424_279, 96.663_738_928),
    (Law::Lognormal, 3.0, 0.2, 2.099_708_249, 6.191_352_412),
    (Law::Lognormal, 3.0, 0.95, 4.590_556_393, 13.217_424_071),
    (Law::Lognormal, 30.0, 0.2, 0.663_320_947, 19.799_698_889),
    (Law::Lognormal, 30.0, 0.95, 1.446_120_113, 42.892_829_902),
    (Law::Lognormal, 150.0, 0.2, 0.296_643_914, 44.396_968_270),
    (Law::Lognormal, 150.0, 0.95, 0.646_524_362, 96.504_144_174),
    (Law::Weibull, 3.0, 0.2, 2.097_617_571, 6.192_853_075),
    (Law::Weibull, 3.0, 0.95, 4.571_651_888, 13.239_955_333),
    (Law::Weibull, 30.0, 0.2, 0.663_324_821, 19.799_748_620),
    (Law::Weibull, 30.0, 0.95, 1.445_682_965, 42.895_496_773),
    (Law::Weibull, 150.0, 0.2, 0.296_647_945, 44.397_190_324),
    (Law::Weibull, 150.0, 0.95, 0.646_529_032, 96.504_378_677),
];

#[test]
fn the_square_root_is_within_one_percent_of_the_best_in_all_cells() {
    for (law, rate, cost, best, least) in CELLS {
        let of =
            |interval| inspection_cost(1.0, cost, MEAN, rate, interval, |time| law.survival(time));
        assert_relative_eq!(of(best), least, max_relative = 1e-6);
        let ours = of(open_time(1.0, cost, MEAN, rate));
        assert!((least * (1.0 - 1e-6)..=1.01 * least).contains(&ours), "{law:?} {rate} {cost}");
        assert_relative_eq!(open_time(1.0, cost, MEAN, rate), best, max_relative = 0.025);
    }
}

/// Barlow, Hunter and Proschan 1963: for exponential outages of hazard θ the best interval solves
/// `exp(θT) − θT = 1 + θ·cost/rate`. Roots by scipy 1.17.1, `optimize.brentq`.
#[test]
fn exponential_outages_have_the_published_optimum() {
    for (rate, cost, root) in [
        (3.0, 0.2, 2.075_628_909_769_524),
        (3.0, 0.95, 4.468_488_797_422_18),
        (30.0, 0.2, 0.661_110_160_646_117),
        (30.0, 0.95, 1.435_204_295_644_553),
        (150.0, 0.2, 0.296_204_160_117_817),
        (150.0, 0.95, 0.644_424_959_322_407),
    ] {
        let of = |interval: f64| {
            inspection_cost(1.0, cost, MEAN, rate, interval, |time| (-time / MEAN).exp())
        };
        assert!(of(root) <= of(1.01 * root) && of(root) <= of(0.99 * root));
        assert_relative_eq!(open_time(1.0, cost, MEAN, rate), root, max_relative = 0.025);
    }
}

/// By hand: a timeout of a second costs 0.2 + 0.75.
#[test]
fn thresholds_follow_from_costs() {
    for (cost, share) in [(0.2, 0.833_333), (0.95, 0.512_821), (2.0, 0.333_333)] {
        assert_relative_eq!(trip_share(1.0, cost), share, epsilon = 1e-6);
    }
    assert_eq!(probe_interval(1.0, 0.5, 9.0, 1.0), 3.0);
}
