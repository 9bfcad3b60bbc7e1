/// Counters, gauges and histograms in the Prometheus text format (version 0.0.4).
///
/// Labels come from closed sets (provider, kind, action, code), never from names of resources.
public final class Metrics: Sendable {
    /// The type of a metric in the exposition format.
    public enum Shape: String, Sendable {
        case counter, gauge, histogram
    }

    private struct Family {
        let shape: Shape
        let help: String
        let buckets: [Double]
        var values: [String: Double] = [:]
        var histograms: [String: Histogram] = [:]
    }

    private struct Histogram {
        var counts: [UInt64]
        var sum = 0.0
        var count: UInt64 = 0
    }

    private let families = Locked<[String: Family]>([:])
    private let collectors = Locked<[@Sendable (Metrics) -> Void]>([])

    public init() {}

    /// Declares a metric with its help text; a metric that was not declared is not recorded.
    public func declare(_ name: String, _ shape: Shape, _ help: String, buckets: [Double] = []) {
        families.withLock { families in
            if families[name] == nil {
                families[name] = Family(shape: shape, help: help, buckets: buckets.sorted())
            }
        }
    }

    /// Adds to a counter.
    public func add(_ name: String, _ amount: Double = 1, _ labels: KeyValuePairs<String, String> = [:]) {
        let key = Self.text(labels)
        families.withLock { $0[name]?.values[key, default: 0] += amount }
    }

    /// Sets a gauge.
    public func set(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        let key = Self.text(labels)
        families.withLock { $0[name]?.values[key] = value }
    }

    /// Records one observation in a histogram.
    public func observe(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        let key = Self.text(labels)
        families.withLock { families in
            guard let buckets = families[name]?.buckets else { return }
            var histogram =
                families[name]?.histograms[key] ?? Histogram(counts: [UInt64](repeating: 0, count: buckets.count))
            for (index, bound) in buckets.enumerated() where value <= bound { histogram.counts[index] += 1 }
            histogram.sum += value
            histogram.count += 1
            families[name]?.histograms[key] = histogram
        }
    }

    /// The present value of a counter or gauge; nil before its first.
    public func value(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> Double? {
        let key = Self.text(labels)
        return families.withLock { $0[name]?.values[key] }
    }

    /// Takes the values of a metric away, for what isn't there any more.
    public func clear(_ name: String) {
        families.withLock { families in
            families[name]?.values = [:]
            families[name]?.histograms = [:]
        }
    }

    /// Calls `body` before each exposition, for what is read rather than counted; it has to be quick and never waits.
    public func beforeExposition(_ body: @escaping @Sendable (Metrics) -> Void) {
        collectors.withLock { $0.append(body) }
    }

    /// The names of all that are declared, sorted.
    public var names: [String] { families.withLock { $0.keys.sorted() } }

    /// Everything, in the exposition format, sorted by name.
    public func exposition() -> String {
        for collect in collectors.withLock({ $0 }) { collect(self) }
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.shape.rawValue)\n"
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
                text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(value))\n"
            }
            for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
                let prefix = labels.isEmpty ? "" : labels + ","
                for (index, bound) in family.buckets.enumerated() {
                    text += "\(name)_bucket{\(prefix)le=\"\(Self.number(bound))\"} \(histogram.counts[index])\n"
                }
                text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(histogram.count)\n"
                text += "\(name)_sum\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(histogram.sum))\n"
                text += "\(name)_count\(labels.isEmpty ? "" : "{\(labels)}") \(histogram.count)\n"
            }
        }
        return text
    }

    private static func text(_ labels: KeyValuePairs<String, String>) -> String {
        labels.map { name, value in
            let escaped = value.map { character in
                switch character {
                case "\\": "\\\\"
                case "\"": "\\\""
                case "\n": "\\n"
                default: String(character)
                }
            }.joined()
            return "\(name)=\"\(escaped)\""
        }.joined(separator: ",")
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
