import Basics

/// The bytes of a YAML file before libyaml sees them: what is refused at once, and the lines for hints.
struct YAMLSource {
    let bytes: [UInt8]
    let file: String

    /// What makes the bytes no YAML text before one of them is read, or nil.
    func refusal(_ limits: YAMLLimits) -> Diagnostic? {
        if bytes.count > limits.maximumBytes {
            return Diagnostic(
                .error, FormatCode.limit, "the file has \(bytes.count) bytes; at most \(limits.maximumBytes) are read",
                at: SourceMark(file: file, line: 1, column: 1),
                hint: "split the file, or move what is no desired state out of it")
        }
        if WideText.isBigEndian(bytes) != nil {
            return Diagnostic(
                .error, FormatCode.encoding, "the file is UTF-16 and must be UTF-8",
                at: SourceMark(file: file, line: 1, column: 1),
                hint: "save it as UTF-8: iconv -f UTF-16 -t UTF-8 \(file)")
        }
        return nil
    }

    /// The first byte sequence that is no UTF-8 or no character that YAML allows (YAML 1.2, section 5.1).
    func badCharacter() -> Diagnostic? {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < bytes.count {
                let (length, scalar) = Self.decode(bytes, index)
                guard length == 0 || !Self.isAllowed(scalar) else {
                    index += length
                    continue
                }
                let what =
                    if length == 0 {
                        "the file is not valid UTF-8 here"
                    } else if scalar == 0 {
                        "the file holds a NUL byte here"
                    } else {
                        "the file holds a control character here (U+\(Self.hexadecimal(scalar)))"
                    }
                return Diagnostic(
                    .error, FormatCode.encoding, what, at: mark(of: index),
                    hint: length == 0
                        ? "save the file as UTF-8" : "remove the character, or write it as an escape in double quotes")
            }
            return nil
        }
    }

    private var start: Int { SourceLines.start(of: bytes) }

    private func mark(of index: Int) -> SourceMark {
        let place = SourceLines.place(of: index, in: bytes)
        return SourceMark(file: file, line: place.line, column: place.column)
    }

    private static func hexadecimal(_ scalar: UInt32) -> String {
        let digits = String(scalar, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private static func isAllowed(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }

    /// The length of the well-formed UTF-8 sequence at a position (RFC 3629) and its scalar; length 0 for any other.
    private static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (length: Int, scalar: UInt32) {
        let first = bytes[index]
        let length =
            switch first {
            case 0..<0x80: 1
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard length > 1 else { return (length, UInt32(first)) }
        guard index + length <= bytes.count else { return (0, 0) }
        var scalar = UInt32(first) & (0xFF >> UInt32(length + 1))
        for byte in bytes[index + 1..<index + length] {
            guard byte & 0xC0 == 0x80 else { return (0, 0) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        let isShortest = length == 2 || (length == 3 ? scalar >= 0x800 : scalar >= 0x1_0000)
        guard isShortest, scalar <= 0x10_FFFF, !(0xD800...0xDFFF).contains(scalar) else { return (0, 0) }
        return (length, scalar)
    }

    /// The bytes of a line, counted from 1, without its end; empty when there is none.
    func line(_ number: Int) -> ArraySlice<UInt8> { SourceLines(bytes).bytes(of: number) }
}
