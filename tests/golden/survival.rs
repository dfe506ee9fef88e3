//! The expected values are scikit-survival 0.28.0's, on the same arrays; the comment at each names the
//! call. In them no life is censored at the time at which another fails: there scikit-survival weights
//! the failure by the share watched after that time, not before it.

use approx::assert_relative_eq;
use forewarn::Lifetime;
use forewarn::metrics::survival::{
    KaplanMeier, brier_at, concordance, concordance_ipcw, integrated_brier,
};
use forewarn::ndarray::Array2;

const PRECISION: f64 = 1e-13;

/// 300 lives by formula. In Python, with `i = numpy.arange(300)`: `failed = (i * 17) % 10 < 6`,
/// `time = ((i * i * 7 + 13 * i) % 211 + 1) / 10`, plus 0.05 where not failed, and
/// `risk = ((i * 37) % 101) * 10 - round(time * 20)`.
fn lives() -> (Vec<Lifetime>, Vec<f64>) {
    (0..300_u32)
        .map(|i| {
            let failed = (i * 17) % 10 < 6;
            let tenth = f64::from((i * i * 7 + 13 * i) % 211 + 1);
            let time = if failed { tenth / 10.0 } else { tenth / 10.0 + 0.05 };
            let twentieths = 2.0 * tenth + f64::from(u32::from(!failed));
            (Lifetime::observed(time, failed), f64::from((i * 37) % 101) * 10.0 - twentieths)
        })
        .unzip()
}

/// The same failures at 41 whole times, `(i * i * 7 + 13 * i) % 41 + 1`, and `floor(risk / 40)`: many ties.
fn tied_lives() -> (Vec<Lifetime>, Vec<f64>) {
    let (lives, risks) = lives();
    let tied = |(i, life): (usize, &Lifetime)| {
        Lifetime::observed(((i * i * 7 + 13 * i) % 41 + 1) as f64, life.has_failed())
    };
    let risks = risks.iter().map(|risk| (risk / 40.0).floor()).collect();
    (lives.iter().enumerate().map(tied).collect(), risks)
}

#[test]
fn concordance_is_scikit_survivals() -> forewarn::Result<()> {
    // concordance_index_censored(failed, time, risk)[0]
    let (lives, risks) = lives();
    assert_relative_eq!(
        concordance(&lives, &risks)?,
        0.593_938_941_554_079_2,
        max_relative = PRECISION
    );
    // With ties of all kinds.
    let (tied, whole) = tied_lives();
    assert_relative_eq!(
        concordance(&tied, &whole)?,
        0.420_964_589_128_636_93,
        max_relative = PRECISION
    );
    // concordance_index_ipcw(y, y, risk)[0], and with tau=10
    let censoring = KaplanMeier::of_censoring(&lives)?;
    let until = |time| concordance_ipcw(&lives, &risks, &censoring, time);
    assert_relative_eq!(until(f64::INFINITY)?, 0.570_959_003_425_319, max_relative = PRECISION);
    assert_relative_eq!(until(10.0)?, 0.617_585_307_242_271_5, max_relative = PRECISION);
    // concordance_index_ipcw(y[:200], y[200:], risk[200:], tau=12)[0]
    let censoring = KaplanMeier::of_censoring(&lives[..200])?;
    assert_relative_eq!(
        concordance_ipcw(&lives[200..], &risks[200..], &censoring, 12.0)?,
        0.584_173_466_243_857_2,
        max_relative = PRECISION
    );
    Ok(())
}

#[test]
fn brier_is_scikit_survivals() -> forewarn::Result<()> {
    let (lives, risks) = lives();
    let censoring = KaplanMeier::of_censoring(&lives)?;
    let times = [1.0, 3.0, 7.0, 12.0, 15.0];
    // exp(-outer(exp(risk / 400) * 0.05, times))
    let curves = Array2::from_shape_fn((300, 5), |(row, time)| {
        (-(risks[row] / 400.0).exp() * 0.05 * times[time]).exp()
    });
    // brier_score(y, y, curves, times)[1]
    let expected = [
        0.044_068_832_642_847_854,
        0.139_727_071_799_491_26,
        0.269_055_463_373_986_6,
        0.300_696_378_807_023_66,
        0.260_808_050_205_009_9,
    ];
    for (column, (&time, expected)) in times.iter().zip(expected).enumerate() {
        let survival = curves.column(column).to_vec();
        let found = brier_at(time, &lives, &survival, &censoring)?;
        assert_relative_eq!(found, expected, max_relative = PRECISION);
    }
    // integrated_brier_score(y, y, curves, times)
    let found = integrated_brier(&times, &lives, curves.view(), &censoring)?;
    assert_relative_eq!(found, 0.233_428_373_125_705_05, max_relative = PRECISION);
    Ok(())
}

#[test]
fn kaplan_meier_is_scikit_survivals() -> forewarn::Result<()> {
    // kaplan_meier_estimator(failed, time)
    let curve = KaplanMeier::new(&lives().0)?;
    for (time, expected) in [
        (0.1, 0.993_333_333_333_333_3),
        (2.0, 0.952_660_143_171_122_9),
        (5.0, 0.830_456_006_126_054_1),
        (10.0, 0.653_392_845_073_835_1),
        (20.0, 0.135_964_141_198_229_2),
    ] {
        assert_relative_eq!(curve.survival(time), expected, max_relative = PRECISION);
    }
    let (tied, _) = tied_lives();
    let (failures, censoring) = (KaplanMeier::new(&tied)?, KaplanMeier::of_censoring(&tied)?);
    for (time, alive, watched) in [
        (5.0, 0.907_762_128_325_508_7, 0.936_368_651_518_808_3),
        (20.0, 0.721_882_484_889_077_4, 0.798_837_315_959_086_9),
    ] {
        assert_relative_eq!(failures.survival(time), alive, max_relative = PRECISION);
        // The same with reverse=True.
        assert_relative_eq!(censoring.survival(time), watched, max_relative = PRECISION);
    }
    Ok(())
}
