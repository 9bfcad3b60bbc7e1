/// Quantities of processors and bytes as Kubernetes writes them.
public enum Quantity {
    /// Why a text is no quantity.
    public enum Fault: Error, Sendable, Hashable {
        case empty
        case unknownUnit(String)
        case form
        case negative
        /// It does not come out as a whole number of the smallest unit.
        case fraction
        case tooLarge
    }

    /// Thousandths of a processor: `1000m` is 1000, `2` is 2000, `0.5` is 500.
    public static func millicores(_ text: String) throws(Fault) -> Int64 {
        let (number, unit) = try split(text)
        switch unit {
        case "": return try whole(number, times: 1_000)
        case "m": return try whole(number, times: 1)
        default: throw .unknownUnit(unit)
        }
    }

    /// Bytes: `10Gi` is 10 × 2³⁰, `500M` is 500 × 10⁶, a bare number is bytes.
    public static func bytes(_ text: String) throws(Fault) -> Int64 {
        let (number, unit) = try split(text)
        let factor: Int64
        switch unit {
        case "": factor = 1
        case "k": factor = 1_000
        case "M": factor = 1_000_000
        case "G": factor = 1_000_000_000
        case "T": factor = 1_000_000_000_000
        case "P": factor = 1_000_000_000_000_000
        case "Ki": factor = 1 << 10
        case "Mi": factor = 1 << 20
        case "Gi": factor = 1 << 30
        case "Ti": factor = 1 << 40
        case "Pi": factor = 1 << 50
        default: throw .unknownUnit(unit)
        }
        return try whole(number, times: factor)
    }

    private static func split(_ text: String) throws(Fault) -> (number: Substring, unit: String) {
        guard !text.isEmpty else { throw .empty }
        if text.hasPrefix("-") { throw .negative }
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard !number.isEmpty else { throw .form }
        return (number, String(text.dropFirst(number.count)))
    }

    /// A decimal number times a factor, without floating point.
    private static func whole(_ number: Substring, times factor: Int64) throws(Fault) -> Int64 {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { throw .form }
        guard let head = Int64(parts[0]) else { throw .tooLarge }
        let (base, overflow) = head.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw .tooLarge }
        guard parts.count == 2 else { return base }
        guard parts[1].count <= 9, let tail = Int64(parts[1]) else { throw .fraction }
        let scale = (0..<parts[1].count).reduce(Int64(1)) { value, _ in value * 10 }
        let (product, tailOverflow) = tail.multipliedReportingOverflow(by: factor)
        guard !tailOverflow else { throw .tooLarge }
        guard product % scale == 0 else { throw .fraction }
        let (sum, sumOverflow) = base.addingReportingOverflow(product / scale)
        guard !sumOverflow else { throw .tooLarge }
        return sum
    }
}
