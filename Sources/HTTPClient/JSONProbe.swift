/// Reads single members out of JSON bytes, for headers that came as a body.
enum JSONProbe {
    /// A text without escapes at the path; nil where there is none.
    static func string(_ path: [String], in bytes: [UInt8]) -> String? {
        guard let range = value(path, in: bytes), bytes[range.lowerBound] == 0x22, range.count >= 2 else { return nil }
        return String(decoding: bytes[range.lowerBound + 1..<range.upperBound - 1], as: UTF8.self)
    }

    /// A whole number that is not negative; what stands behind its point is cut off.
    static func number(_ path: [String], in bytes: [UInt8]) -> Int64? {
        guard let range = value(path, in: bytes) else { return nil }
        let digits = bytes[range].prefix { (0x30...0x39).contains($0) }
        guard (1...18).contains(digits.count) else { return nil }
        let rest = bytes[digits.endIndex..<range.upperBound]
        guard rest.isEmpty || rest.first == 0x2E else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func value(_ path: [String], in bytes: [UInt8]) -> Range<Int>? {
        var scan = Scan(bytes: bytes)
        for name in path {
            guard scan.enter(name) else { return nil }
        }
        let start = scan.index
        guard scan.skip() else { return nil }
        return start..<scan.index
    }

    private struct Scan {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
            space()
        }

        var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func space() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
        }

        /// Stands at the value of a member of the object at which it stood.
        mutating func enter(_ name: String) -> Bool {
            guard next == 0x7B else { return false }
            index += 1
            while true {
                space()
                let start = index
                guard next == 0x22, string() else { return false }
                let isIt = bytes[start + 1..<index - 1].elementsEqual(name.utf8)
                space()
                guard next == 0x3A else { return false }
                index += 1
                space()
                if isIt { return true }
                guard skip() else { return false }
                space()
                guard next == 0x2C else { return false }
                index += 1
            }
        }

        /// Passes one value, without judging what is in it.
        mutating func skip() -> Bool {
            guard let first = next else { return false }
            if first == 0x22 { return string() }
            if first != 0x7B && first != 0x5B {
                let start = index
                while let byte = next, byte != 0x2C, byte != 0x7D, byte != 0x5D, byte > 0x20 { index += 1 }
                return index > start
            }
            var open = 0
            while let byte = next {
                switch byte {
                case 0x22:
                    guard string() else { return false }
                    continue
                case 0x7B, 0x5B: open += 1
                case 0x7D, 0x5D: open -= 1
                default: break
                }
                index += 1
                if open == 0 { return true }
            }
            return false
        }

        mutating func string() -> Bool {
            index += 1
            while let byte = next {
                index += 1
                if byte == 0x22 { return true }
                if byte == 0x5C { index += 1 }
            }
            return false
        }
    }
}
