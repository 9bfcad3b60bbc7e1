import Basics

extension RandomSource {
    /// How long to wait after an attempt that failed: twice as long each time, and up to a half more.
    ///
    /// - Parameters:
    ///   - attempts: how many there were, this one included.
    ///   - first: the wait after the first one, without what it is more.
    ///   - longest: the longest wait, likewise.
    /// - Returns: the wait.
    func backOff(after attempts: Int, from first: Duration, upTo longest: Duration) -> Duration {
        let usual = min(first * (1 << min(attempts - 1, 12)), longest)
        return usual + jitter(usual / 2)
    }
}
