//! The last so many calls, exactly.

use super::Bad;

/// A ring of two bits a call.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::breaker::machine) struct LastCalls {
    /// Bit `i` of the first half: call `i` failed; of the second: it was slow.
    bits: Vec<u64>,
    /// Calls remembered at most.
    size: u32,
    /// Where the next call goes.
    next: u32,
    /// Calls remembered.
    pub(super) calls: u32,
    pub(super) failed: u32,
    pub(super) slow: u32,
}

impl LastCalls {
    pub(super) fn new(size: u32) -> Self {
        let words = 2 * size.div_ceil(64) as usize;
        Self { bits: vec![0; words], size, next: 0, calls: 0, failed: 0, slow: 0 }
    }

    /// Remembers good calls.
    pub(super) fn good(&mut self, count: u64) {
        if count >= u64::from(self.size) {
            self.bits.fill(0);
            (self.failed, self.slow, self.calls) = (0, 0, self.size);
            let size = u64::from(self.size);
            self.next = ((u64::from(self.next) + count % size) % size) as u32;
            return;
        }
        (0..count).for_each(|_| self.push(false, false));
    }

    /// Remembers a bad call.
    pub(super) fn bad(&mut self, call: Bad) {
        self.push(call.failed, call.slow);
    }

    fn push(&mut self, failed: bool, slow: bool) {
        let half = self.bits.len() / 2;
        let (word, bit) = ((self.next / 64) as usize, self.next % 64);
        for (count, word, now) in
            [(&mut self.failed, word, failed), (&mut self.slow, half + word, slow)]
        {
            let before = (self.bits[word] >> bit) & 1 == 1;
            *count = *count + u32::from(now) - u32::from(before);
            self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(now) << bit;
        }
        self.calls = self.size.min(self.calls + 1);
        self.next = if self.next + 1 == self.size { 0 } else { self.next + 1 };
    }

    /// The same calls, as many of the latest as another size holds.
    pub(super) fn resized(&self, size: u32) -> Self {
        let mut other = Self::new(size);
        let half = self.bits.len() / 2;
        for back in (1..=self.calls).rev() {
            let at = (self.next + self.size - back) % self.size;
            let bit = |half| (self.bits[half + (at / 64) as usize] >> (at % 64)) & 1 == 1;
            other.push(bit(0), bit(half));
        }
        other
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Whether what was read can be: the counts are those of the bits, and no bit lies outside.
    #[cfg(feature = "serde")]
    pub(super) fn is_sound(&self) -> bool {
        let half = self.size.div_ceil(64) as usize;
        let inside = |bits: &[u64]| {
            let last = self.size % 64;
            last == 0 || bits.last().is_some_and(|word| word >> last == 0)
        };
        let count = |bits: &[u64]| bits.iter().map(|word| word.count_ones()).sum::<u32>();
        self.size > 0
            && self.bits.len() == 2 * half
            && self.next < self.size
            && self.calls <= self.size
            && (self.calls == self.size || self.next == self.calls)
            && [(&self.bits[..half], self.failed), (&self.bits[half..], self.slow)]
                .into_iter()
                .all(|(bits, expected)| inside(bits) && count(bits) == expected)
            && self.failed.max(self.slow) <= self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::LastCalls;
    use crate::rng::Stream;

    /// Whatever the sizes, it is as if the window had had the new one all along.
    #[test]
    fn another_size_keeps_the_latest_calls() {
        let mut stream = Stream::new(5, 0);
        for (before, after) in [(150, 70), (70, 150), (130, 129), (200, 64), (64, 3), (1, 2)] {
            for pushed in [0, 1, 63, 90, 333] {
                let calls: Vec<(bool, bool)> =
                    (0..pushed).map(|_| (stream.unit() < 0.3, stream.unit() < 0.6)).collect();
                let mut window = LastCalls::new(before);
                for &(failed, slow) in &calls {
                    window.push(failed, slow);
                }
                let kept = calls.len().min(before as usize);
                let mut expected = LastCalls::new(after);
                for &(failed, slow) in &calls[calls.len() - kept..] {
                    expected.push(failed, slow);
                }
                assert_eq!(window.resized(after), expected, "{before} to {after}, {pushed} calls");
            }
        }
    }
}
