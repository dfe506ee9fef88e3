//! The generalised Pareto law and its fits against scipy 1.17.1; the comment at each names the call.

use approx::assert_relative_eq;
use forewarn::threshold::GeneralizedPareto;

/// The law's quantiles at `((i·7919 + 31) mod 1009 + 0.5) / 1009` for `i` in `0..count`.
fn sample(count: u32, scale: f64, shape: f64) -> Vec<f64> {
    let share = |i: u32| (f64::from((i * 7_919 + 31) % 1_009) + 0.5) / 1_009.0;
    (0..count).map(|i| scale * (share(i).powf(-shape) - 1.0) / shape).collect()
}

/// Count, scale and shape of a sample, and `(shape, scale)` by three fits.
type Case = ((u32, f64, f64), [(f64, f64); 3]);

const CASES: [Case; 4] = [
    (
        (200, 2.0, 0.2),
        [
            (0.163_332_422_213_885_5, 2.032_060_068_038_636),
            (0.181_843_232_743_583_27, 1.979_810_838_051_228_5),
            (0.180_672_624_977_335_9, 1.997_317_280_186_323_7),
        ],
    ),
    (
        (500, 3e-7, 0.9),
        [
            (0.871_045_645_092_217_2, 3.007_455_325_427_902e-7),
            (0.716_869_080_265_370_3, 3.408_473_764_893_365e-7),
            (0.872_041_433_909_790_8, 3.004_462_576_066_314e-7),
        ],
    ),
    (
        (300, 5e4, -0.3),
        [
            (-0.325_129_143_287_970_4, 50_403.269_595_029_895),
            (-0.280_475_698_158_672_24, 48_518.262_020_958_275),
            (-0.303_783_303_492_436_3, 49_356.063_241_070_86),
        ],
    ),
    (
        (40, 1.0, -0.05),
        [
            (-0.169_234_181_745_366_59, 1.103_960_798_927_008),
            (-0.034_042_499_857_006_8, 0.972_548_060_235_473),
            (-0.058_846_719_190_316_754, 0.992_667_631_683_815_9),
        ],
    ),
];

#[test]
fn greatest_likelihood_is_scipys() -> forewarn::Result<()> {
    // genpareto.fit(y, floc=0), polished by optimize.minimize(genpareto.nnlf, method="Nelder-Mead",
    // options=dict(xatol=1e-12, fatol=1e-14)): the fit itself stops at four digits.
    for ((count, scale, shape), [expected, _, _]) in CASES {
        let law = GeneralizedPareto::fit_likelihood(&sample(count, scale, shape))?;
        assert_relative_eq!(law.shape(), expected.0, max_relative = 3e-7);
        assert_relative_eq!(law.scale(), expected.1, max_relative = 3e-7);
    }
    // The same with ties and zeros: numpy.round of 300 values of scale 3 and shape 0.1.
    let rounded: Vec<f64> =
        sample(300, 3.0, 0.1).iter().map(|value| value.round_ties_even()).collect();
    let law = GeneralizedPareto::fit_likelihood(&rounded)?;
    assert_relative_eq!(law.shape(), 0.091_886_86, max_relative = 1e-6);
    assert_relative_eq!(law.scale(), 2.933_156_84, max_relative = 1e-6);
    Ok(())
}

#[test]
fn moments_are_scipys() -> forewarn::Result<()> {
    // l1, l2 = stats.lmoment(y, order=[1, 2]); 2 - l1 / l2, (l1 / l2 - 1) * l1
    for ((count, scale, shape), [_, expected, _]) in CASES {
        let law = GeneralizedPareto::fit_moments(&sample(count, scale, shape))?;
        assert_relative_eq!(law.shape(), expected.0, max_relative = 1e-12);
        assert_relative_eq!(law.scale(), expected.1, max_relative = 1e-12);
    }
    Ok(())
}

#[test]
fn quasi_bayes_is_the_papers_formula() -> forewarn::Result<()> {
    // Zhang & Stephens' estimate written out in NumPy 2.4: m = 20 + int(sqrt(n)), q = the first
    // quartile, t = 1 / max + (1 - sqrt(m / (j - 0.5))) / (3 * q), k = -mean(log1p(-t * y)),
    // L = n * (log(t / k) + k - 1), weights 1 / sum(exp(L - L[j])).
    for ((count, scale, shape), [_, _, expected]) in CASES {
        let law = GeneralizedPareto::fit_quasi_bayes(&sample(count, scale, shape))?;
        assert_relative_eq!(law.shape(), expected.0, max_relative = 1e-10);
        assert_relative_eq!(law.scale(), expected.1, max_relative = 1e-10);
    }
    Ok(())
}

#[test]
fn tail_and_quantile_are_scipys() -> forewarn::Result<()> {
    // genpareto.sf(y, shape, scale=2), genpareto.isf(1e-4, shape, scale=2)
    for (shape, excess, tail, quantile) in [
        (0.2, 3.0, 0.269_329_074_342_904_4, 53.095_734_448_019_314),
        (-0.3, 2.5, 0.208_737_298_178_307_72, 6.246_028_437_013_205),
        (0.0, 4.0, 0.135_335_283_236_612_7, 18.420_680_743_952_364),
        (1e-10, 4.0, 0.135_335_283_263_679_75, 18.420_680_752_435_402),
        (1.5, 1e6, 0.000_121_141_265_174_375_24, 1_333_331.999_999_999_3),
    ] {
        let law = GeneralizedPareto::new(2.0, shape)?;
        assert_relative_eq!(law.tail_probability(excess), tail, max_relative = 1e-8);
        assert_relative_eq!(law.quantile(1e-4)?, quantile, max_relative = 1e-8);
    }
    Ok(())
}
