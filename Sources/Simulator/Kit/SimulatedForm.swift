import Formats

extension SimulatedRequest {
    /// The fields of a form, in order; empty when the body is none.
    var form: [(name: String, value: String)] {
        let type = header("content-type") ?? ""
        if type.lowercased().hasPrefix("application/x-www-form-urlencoded") { return urlEncodedForm }
        guard type.lowercased().hasPrefix("multipart/form-data"), let mark = type.firstRange(of: "boundary=") else {
            return []
        }
        let boundary = type[mark.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
        return multipartForm(boundary: String(boundary))
    }

    private var urlEncodedForm: [(name: String, value: String)] {
        String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
        }
    }

    /// Parts between `--boundary`, each with headers, an empty line and its value (RFC 7578).
    private func multipartForm(boundary: String) -> [(name: String, value: String)] {
        let text = String(decoding: body, as: UTF8.self)
        guard !boundary.isEmpty else { return [] }
        return text.split(separator: "--\(boundary)").compactMap { part in
            guard let gap = part.firstRange(of: "\r\n\r\n") else { return nil }
            let head = part[..<gap.lowerBound]
            guard let start = head.firstRange(of: "name=\"") else { return nil }
            let name = head[start.upperBound...].prefix { $0 != "\"" }
            let value = part[gap.upperBound...]
            return (String(name), value.hasSuffix("\r\n") ? String(value.dropLast()) : String(value))
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 32 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The password of `Authorization: Basic …`; nil when there is none.
    var basicPassword: String? {
        guard let value = header("authorization") else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic" else { return nil }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for byte in parts[1].utf8 where byte != UInt8(ascii: "=") {
            guard let place = letters.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | UInt32(place)) & 0xFF_FFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> UInt32(count) & 0xFF))
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) }
    }
}
