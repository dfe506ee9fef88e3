use forewarn::forest::*;
use forewarn::ndarray::{self, Array2};
use forewarn::prelude::*;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
fn main() {
    for (n, d) in [(100_000usize, 29usize), (200_000, 10)] {
        let mut s = 12345u64;
        let mut u = || {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            (s >> 11) as f64 / (1u64 << 53) as f64
        };
        let x = Array2::from_shape_fn((n, d), |_| {
            let a = u() + u() + u() + u() + u() + u() - 3.0;
            a
        });
        for params in [
            IsolationForestParams::standard(),
            IsolationForestParams::standard().depth_limit(DepthLimit::Unlimited),
            IsolationForestParams::standard().subsample(Subsample::Rows(1000)),
            IsolationForestParams::standard()
                .depth_limit(DepthLimit::Unlimited)
                .split(Split::Guided { gain: Gain::Pooled, columns: 2, candidates: 1 }),
        ] {
            let t = cpu();
            let f = params.train(Batch::new(x.view())).unwrap();
            let tt = cpu() - t;
            let _ = f.score(x.view().slice(ndarray::s![..100, ..])).unwrap();
            let t = cpu();
            let sc = f.score(x.view()).unwrap();
            let ts = cpu() - t;
            let t = cpu();
            let mut acc = 0.0;
            for i in 0..10000 {
                let r = x.row(i);
                let one = f.score_one(r.as_slice().unwrap()).unwrap();
                assert_eq!(one.to_bits(), sc[i].to_bits());
                acc += one;
            }
            let t1 = cpu() - t;
            println!(
                "{n}x{d} train {:.1} ms score {:.2} ns/row/tree, one {:.2} us acc {acc}",
                tt * 1e3,
                ts * 1e9 / n as f64 / f.n_trees() as f64,
                t1 * 1e6 / 10000.0
            );
        }
    }
}
