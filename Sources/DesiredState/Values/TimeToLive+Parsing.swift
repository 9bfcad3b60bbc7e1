/// Why a text is no duration.
public enum DurationFault: Error, Sendable, Hashable {
    case empty
    /// No whole number followed by one unit.
    case form
    case notPositive
    /// More than a hundred years.
    case tooLong
}

extension TimeToLive {
    /// Reads `never`, or a whole number with one unit: `45s`, `30m`, `12h`, `7d`, `2w`.
    ///
    /// - Throws: `DurationFault` for anything else: a wrong value must never shorten a life.
    public init(parsing text: String) throws(DurationFault) {
        if text == "never" {
            self = .never
            return
        }
        guard let unit = text.utf8.last else { throw .empty }
        let seconds: Int64
        switch unit {
        case UInt8(ascii: "s"): seconds = 1
        case UInt8(ascii: "m"): seconds = 60
        case UInt8(ascii: "h"): seconds = 3_600
        case UInt8(ascii: "d"): seconds = 86_400
        case UInt8(ascii: "w"): seconds = 604_800
        default: throw .form
        }
        var digits = text.utf8.dropLast()
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { throw .form }
        if isNegative || digits.allSatisfy({ $0 == 48 }) { throw .notPositive }
        guard let count = Int64(String(digits) ?? "") else { throw .tooLong }
        let (total, overflow) = count.multipliedReportingOverflow(by: seconds)
        guard !overflow, total <= 36_525 * 86_400 else { throw .tooLong }
        self = .after(.seconds(total))
    }
}
