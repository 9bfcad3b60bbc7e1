import Glibc

/// Where randomness comes from: seeded, so that a run can be repeated, and safe to share.
public final class RandomSource: RandomNumberGenerator, Sendable {
    private let state: Locked<UInt64>

    /// A generator (SplitMix64) that gives the same numbers for the same seed.
    public init(seed: UInt64) { state = Locked(seed) }

    /// A generator with a seed from the system.
    public static func system() -> RandomSource { RandomSource(seed: UInt64.random(in: .min ... .max)) }

    public func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// A number in [0, 1).
    public func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A duration between zero and `limit`: full jitter.
    public func jitter(_ limit: Duration) -> Duration {
        .microseconds(Int64(Double(max(0, limit.microseconds)) * unit()))
    }

    /// A version 7 UUID (RFC 9562): its text sorts by the time it was made.
    public func uuid(at now: Timestamp) -> String {
        let milliseconds = UInt64(max(0, now.microseconds / 1_000)) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | 0x7000 | (next() & 0x0FFF)
        let low = 0x8000_0000_0000_0000 | (next() & 0x3FFF_FFFF_FFFF_FFFF)
        let digits = Array(Hex.encode(high) + Hex.encode(low))
        return String(digits[0..<8]) + "-" + String(digits[8..<12]) + "-" + String(digits[12..<16]) + "-"
            + String(digits[16..<20]) + "-" + String(digits[20..<32])
    }
}
