import Basics
import Formats

extension ResourceQuota {
    /// Reads `cpu`, `memory` and `storage` of a mapping.
    init(limitsOf fields: Fields) {
        self.init(
            workers: nil,
            cpuMillicores: fields.quantity("cpu") { (text) throws(Quantity.Fault) in try Quantity.millicores(text) },
            memoryBytes: fields.quantity("memory") { (text) throws(Quantity.Fault) in try Quantity.bytes(text) },
            storageBytes: fields.quantity("storage") { (text) throws(Quantity.Fault) in try Quantity.bytes(text) })
    }

    /// These limits where they are written, and others where they are not.
    func completed(by other: ResourceQuota) -> ResourceQuota {
        ResourceQuota(
            workers: workers ?? other.workers, cpuMillicores: cpuMillicores ?? other.cpuMillicores,
            memoryBytes: memoryBytes ?? other.memoryBytes, storageBytes: storageBytes ?? other.storageBytes)
    }
}

extension Fields {
    fileprivate func quantity(
        _ key: String, _ parse: (String) throws(Quantity.Fault) -> Int64
    ) -> Int64? {
        guard let written = text(key, orNumber: true) else { return nil }
        do {
            return try parse(written.value)
        } catch {
            let example = key == "cpu" ? "`500m` or `2`" : "`512Mi`, `10Gi` or `10G`"
            let why =
                switch error {
                case .empty, .form: "it is no number with a unit"
                case .unknownUnit(let unit): "the unit \(quoted(unit)) is not known"
                case .negative: "it is negative"
                case .fraction: "it does not come out as a whole number"
                case .tooLarge: "it is too large"
                }
            fail(
                .invalidQuantity, "`\(key)` of \(subject) is \(quoted(written.value)): \(why)", at: written.mark,
                hint: "Write \(example).")
            return nil
        }
    }
}
