/// Faults by seed: the same seed and the same order of requests give the same faults.
public struct FaultPlan: Sendable, Hashable {
    public let seed: UInt64
    /// The share of requests that are hit, from 0 to 1.
    public let rate: Double
    /// What may hit a read.
    public let reads: [FaultKind]
    /// What may hit a write.
    public let writes: [FaultKind]

    public init(seed: UInt64, rate: Double, reads: [FaultKind], writes: [FaultKind]) {
        self.seed = seed
        self.rate = rate
        self.reads = reads
        self.writes = writes
    }

    /// All kinds that don't need a clock to be waited for.
    public static func random(seed: UInt64, rate: Double) -> FaultPlan {
        FaultPlan(
            seed: seed, rate: rate,
            reads: [
                .tooManyRequests(retryAfter: 1), .tooManyRequests(retryAfter: nil), .serverErrorBefore, .dropBefore,
                .truncatedJSON, .brokenTransfer, .html(status: 502), .html(status: 200), .staleRead(writes: 1),
                .staleRead(writes: 3), .shiftedPages(by: 1), .shiftedPages(by: -1),
            ],
            writes: [
                .tooManyRequests(retryAfter: 1), .tooManyRequests(retryAfter: nil), .serverErrorBefore,
                .serverErrorAfter, .dropBefore, .dropAfter, .lateEffect(.seconds(2)), .html(status: 502),
                .notFoundAfterCreate(reads: 2), .truncatedJSON, .brokenTransfer, .actionErrors,
            ])
    }

    /// What hits the request of this number, if anything.
    public func fault(for method: String, ordinal: UInt64) -> FaultKind? {
        let first = Self.mix(seed ^ Self.mix(ordinal &+ 1))
        guard Double(first >> 11) * 0x1p-53 < rate else { return nil }
        let kinds = method == "GET" ? reads : writes
        guard !kinds.isEmpty else { return nil }
        return kinds[Int(Self.mix(first) % UInt64(kinds.count))]
    }

    /// SplitMix64's finaliser.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
