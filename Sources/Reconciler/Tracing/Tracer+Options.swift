import Basics

extension Tracer.Options {
    /// What a configuration says; nil where it names no collector.
    ///
    /// Headers are `name=value` pairs parted by commas, their values percent-encoded, as the OpenTelemetry specification
    /// has them (W3C Baggage). A pair of another form is left out.
    public init?(_ configuration: Configuration, _ environment: [String: String]) {
        guard let url = configuration.tracesURL else { return nil }
        self.init(url: url)
        headers = configuration.traceHeaders?.resolve(in: environment)?.reveal { Self.headers($0) } ?? []
    }

    static func headers(_ text: String) -> [(name: String, value: Secret)] {
        text.split(separator: ",").compactMap { pair in
            guard let sign = pair.firstIndex(of: "=") else { return nil }
            let name = trimmed(pair[..<sign])
            let value = trimmed(pair[pair.index(after: sign)...])
            let isToken = name.utf8.allSatisfy {
                $0 == 45 || $0 == 95 || (48...57).contains($0) || (97...122).contains($0 | 32)
            }
            guard !name.isEmpty, isToken else { return nil }
            return (name, Secret(decoded(value)))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return String(rest)
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = ArraySlice(text.utf8)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let code = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                bytes += code
                rest = rest.dropFirst(2)
            } else if byte >= 32, byte != 127 {
                bytes.append(byte)
            }
        }
        // What would end the header's line is no part of a value.
        return String(decoding: bytes.filter { $0 >= 32 && $0 != 127 }, as: UTF8.self)
    }
}
