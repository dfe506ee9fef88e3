use super::*;
use statrs::distribution::{Binomial, DiscreteCDF};

/// The bound is on the safe side of the exact binomial tail, and not far from it.
#[test]
fn few_errors_are_judged_by_a_bound_of_their_chance() -> Result<()> {
    let mut agree = 0;
    for (objective, confidence) in [(0.99, 0.95), (0.999, 0.999), (0.9, 0.99)] {
        let params = ServiceLevelParams::new(objective).min_bad(0.0).confidence(confidence);
        let level = params.build()?;
        for all in [1_u64, 3, 10, 50, 300, 2_000] {
            let exact = Binomial::new(1.0 - objective, all).expect("a distribution");
            for bad in 1..=all.min(100) {
                let significant = level.significant([(all - bad) as f64, bad as f64]);
                let tail = exact.sf(bad - 1);
                assert!(
                    !significant || tail <= (1.0 - confidence) * (1.0 + 1e-9),
                    "{bad} of {all}: {tail}"
                );
                agree += usize::from(significant == (tail <= (1.0 - confidence) / 10.0));
            }
        }
    }
    assert!(agree > 750, "{agree}");
    Ok(())
}

#[test]
fn sums_are_exact_whatever_comes_and_goes() {
    let mut window = Window::new(60.0);
    window.advance(0.0);
    window.add([1 << 50, 3]);
    window.advance(30.5);
    window.add([1, 1]);
    assert_eq!(window.totals(30.5)[1], 4.0 / PARTS);
    // The first slot is left at 60 s, the other at 90 s; time may pass unnoticed meanwhile.
    assert_eq!(window.totals(60.0), [1.0 / PARTS; 2]);
    assert_eq!(window.totals(89.9), [1.0 / PARTS; 2]);
    assert_eq!(window.totals(90.0), [0.0; 2]);
    window.advance(1e12);
    assert_eq!(window.totals(1e12), [0.0; 2]);
}
