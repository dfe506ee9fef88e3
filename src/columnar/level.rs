//! Which vector instructions to use.

use std::sync::OnceLock;

/// Instructions that scoring code is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The levels that this processor has, the portable one first. Others are made nowhere else, so that
/// who holds one may run code compiled for it.
pub(crate) fn available() -> Vec<Level> {
    #[allow(unused_mut)]
    let mut levels = vec![Level::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
        if avx2 {
            levels.push(Level::Avx2);
        }
        if avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            levels.push(Level::Avx512);
        }
    }
    levels
}

/// The best level, or the one that the environment variable `FOREWARN_SIMD` (`scalar`, `avx2`,
/// `avx512`) limits it to. Read once.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let most = match std::env::var("FOREWARN_SIMD").as_deref() {
            Ok("scalar") => 1,
            Ok("avx2") => 2,
            _ => usize::MAX,
        };
        let levels = available();
        levels[most.min(levels.len()) - 1]
    })
}
