import Formats

/// What an alert watches, in the words of `monitoring.yaml` and of the provider's interface.
///
/// The types are those of the `alert_policy` schema of the DigitalOcean API.
public enum AlertMetric: String, Sendable, CaseIterable {
    case disk = "disk_utilization"
    case memory = "memory_utilization"
    case cpu = "cpu_utilization"
    case load = "load_average_1m"
    case outboundBandwidth = "outbound_bandwidth"

    /// The provider's name.
    public var type: String {
        switch self {
        case .disk: "v1/insights/droplet/disk_utilization_percent"
        case .memory: "v1/insights/droplet/memory_utilization_percent"
        case .cpu: "v1/insights/droplet/cpu"
        case .load: "v1/insights/droplet/load_1"
        case .outboundBandwidth: "v1/insights/droplet/public_outbound_bandwidth"
        }
    }

    var comparison: String { self == .outboundBandwidth ? "LessThan" : "GreaterThan" }

    /// The key of its threshold.
    var threshold: String {
        switch self {
        case .disk, .memory, .cpu: "threshold_pct"
        case .load: "threshold_per_vcpu"
        case .outboundBandwidth: "alert_if_below_mbps"
        }
    }

    /// The attribute of its threshold: a load is multiplied by the processors of the droplet when they are known.
    var attribute: String { self == .load ? "threshold_per_vcpu" : "value" }

    /// Its name in the thresholds of a rule pack; nil where rule packs have none.
    public var short: String? {
        switch self {
        case .disk: "disk"
        case .memory: "memory"
        case .cpu: "cpu"
        case .load, .outboundBandwidth: nil
        }
    }

    /// The windows that the provider knows, by their minutes.
    static let windows: [Int64: String] = [5: "5m", 10: "10m", 30: "30m", 60: "1h"]
}
