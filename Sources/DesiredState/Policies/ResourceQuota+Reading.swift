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
    /// A unit that was left out: `memory: 2` is two bytes, and `cpu: 1000` a thousand processors.
    private func warnIfImplausible(_ key: String, _ amount: Int64, _ written: Text) {
        let (what, hint): (String, String)
        if key == "cpu" {
            guard amount > 512_000 else { return }
            (what, hint) = (
                "\(Quantity.text(millicores: amount)) processors",
                "Write `\(Quantity.text(millicores: amount / 1_000))` if thousandths of one are meant: `1000m` is one."
            )
        } else {
            guard (1..<1 << 20).contains(amount) else { return }
            (what, hint) = (
                amount.of("byte"),
                "Write the unit: `\(written.value.prefix { $0.isNumber || $0 == "." })Gi`, for example."
            )
        }
        report.warning(
            .implausibleValue, "`\(key)` of \(subject) is \(quoted(written.value)), which is \(what)", at: written.mark,
            hint: hint)
    }

    fileprivate func quantity(
        _ key: String, _ parse: (String) throws(Quantity.Fault) -> Int64
    ) -> Int64? {
        guard let written = text(key, orNumber: true) else { return nil }
        do {
            let amount = try parse(written.value)
            warnIfImplausible(key, amount, written)
            return amount
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
