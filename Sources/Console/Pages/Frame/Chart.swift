/// Small drawings for trends; each says in words what it shows.
enum Chart {
    /// A line over an area: the newest value is the last.
    static func spark(_ values: [Double], label: String) -> HTML {
        guard values.count > 1, let highest = values.max(), highest > 0 else { return HTML() }
        let width = 160.0
        let height = 36.0
        let step = width / Double(values.count - 1)
        var points: [String] = []
        for (index, value) in values.enumerated() {
            points.append("\(rounded(Double(index) * step)),\(rounded(height - 2 - value / highest * (height - 5)))")
        }
        let line = points.joined(separator: " L")
        return element(
            .svg, "spark", .set("viewBox", "0 0 160 36"), .set("preserveAspectRatio", "none"), .role("img"),
            .label(label)
        ) {
            element(.path, "area", .set("d", "M0,36 L\(line) L160,36 Z"))
            element(.path, "stroke", .set("d", "M\(line)"))
        }
    }

    /// One bar for each thing, coloured by how it fared.
    static func bars(_ values: [(height: Double, tone: Tone)], label: String) -> HTML {
        guard let highest = values.map(\.height).max() else { return HTML() }
        let count = max(values.count, 24)
        let slot = 240.0 / Double(count)
        return element(
            .svg, "bars", .set("viewBox", "0 0 240 44"), .set("preserveAspectRatio", "none"), .role("img"),
            .label(label)
        ) {
            for (index, value) in values.enumerated() {
                let height = max(4, highest > 0 ? value.height / highest * 42 : 4)
                element(
                    .rect, value.tone.rawValue,
                    .set("x", rounded(Double(index + count - values.count) * slot)), .set("y", rounded(44 - height)),
                    .set("width", rounded(slot * 0.72)), .set("height", rounded(height)), .set("rx", "1.2"))
            }
        }
    }

    /// Parts of a whole on one line.
    static func meter(_ parts: [(count: Int, tone: Tone)], label: String) -> HTML {
        let total = parts.reduce(0) { $0 + $1.count }
        return element(
            .svg, "meter", .set("viewBox", "0 0 400 10"), .set("preserveAspectRatio", "none"), .role("img"),
            .label(label)
        ) {
            for (index, part) in parts.enumerated() where total > 0 && part.count > 0 {
                let before = parts[..<index].reduce(0) { $0 + $1.count }
                element(
                    .rect, part.tone.rawValue, .set("x", rounded(Double(before) / Double(total) * 400)), .set("y", "0"),
                    .set("width", rounded(Double(part.count) / Double(total) * 400)), .set("height", "10"))
            }
        }
    }

    /// A coordinate with two digits of fraction at the most.
    private static func rounded(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let fraction = abs(hundredths) % 100
        let sign = hundredths < 0 ? "-" : ""
        let whole = "\(sign)\(abs(hundredths) / 100)"
        return fraction == 0 ? whole : "\(whole).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
