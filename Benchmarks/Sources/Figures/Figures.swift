import Glibc

/// Prints figures, one line each (name, value, unit, ratio to its baseline, bound), and remembers what missed its bound.
public struct Figures {
    /// The lines that missed their bound.
    public private(set) var misses: [String] = []

    public init() {}

    /// Prints one figure.
    ///
    /// - Parameters:
    ///   - name: words joined by underscores.
    ///   - value: in `unit`.
    ///   - unit: such as `ms`.
    ///   - baseline: what the same costs at least, in the same unit, measured in the same run; nil where there is none.
    ///   - bound: the largest value that is good enough; nil where none is set.
    public mutating func report(
        _ name: String, _ value: Double, _ unit: String, baseline: Double? = nil, atMost bound: Double? = nil
    ) {
        var line = name.padded(36) + Self.text(value).aligned(12) + " " + unit.padded(9)
        line += (baseline.map { Self.text(value / max($0, 1e-9)) + "x" } ?? "-").aligned(11)
        if let bound {
            line += "  at most \(Self.text(bound))" + (value > bound ? "  MISSED" : "")
            if value > bound { misses.append(line) }
        }
        print(line)
        fflush(nil)
    }

    /// Ends the program: with 1 when a bound was missed.
    public func end() -> Never { exit(misses.isEmpty ? 0 : 1) }

    static func text(_ value: Double) -> String {
        guard abs(value) < 1e12 else { return "?" }
        let thousandths = Int((value * 1_000).rounded())
        if thousandths.isMultiple(of: 1_000) { return String(thousandths / 1_000) }
        let fraction = String(abs(thousandths) % 1_000)
        let sign = thousandths < 0 ? "-" : ""
        return "\(sign)\(abs(thousandths) / 1_000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - utf8.count))
    }

    fileprivate func aligned(_ width: Int) -> String {
        String(repeating: " ", count: max(1, width - utf8.count)) + self
    }
}

/// A clock: milliseconds since some instant.
public struct Stopwatch: Sendable {
    private let id: clockid_t

    /// Time as people know it.
    public static let wall = Stopwatch(id: CLOCK_MONOTONIC)
    /// The processor time of this process, for which it hardly counts what other programs do meanwhile.
    public static let processor = Stopwatch(id: CLOCK_PROCESS_CPUTIME_ID)

    fileprivate var now: Double {
        var time = timespec()
        clock_gettime(id, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}

/// How many milliseconds something takes.
public func milliseconds(_ stopwatch: Stopwatch = .wall, _ body: () -> Void) -> Double {
    let start = stopwatch.now
    body()
    return stopwatch.now - start
}

/// The fastest of some runs, after one that counts for nothing: the one that other programs disturbed least.
public func fastest(_ runs: Int, by stopwatch: Stopwatch = .wall, _ body: () -> Void) -> Double {
    body()
    var fastest = Double.infinity
    for _ in 0..<runs { fastest = min(fastest, milliseconds(stopwatch, body)) }
    return fastest
}

/// The value that a share of all stays below; without end where there is none.
public func percentile(_ share: Double, of values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
