internal import Formats

extension Normal {
    /// A number without what a 32-bit float adds to it: four decimals, and none where it is whole.
    ///
    /// The provider keeps thresholds as floats, so that 0.7 may come back as 0.699999988.
    static let decimal: @Sendable (Value) -> Value = { value in
        switch value {
        case .number(let text): Double(text).map(decimal) ?? value
        default: value
        }
    }

    static func decimal(_ number: Double) -> Value {
        guard number.isFinite, number.magnitude < 1e12 else { return .null }
        let rounded = (number * 10_000).rounded() / 10_000
        if let whole = Int64(exactly: rounded) { return .int(whole) }
        return .number("\(rounded)")
    }

    /// The provider writes `Production`; people write tiers.
    static let projectEnvironment: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return switch text.lowercased() {
        case "prod", "production": "Production"
        case "stage", "staging": "Staging"
        case "dev", "development": "Development"
        default: value
        }
    }
}
