extension String {
    /// The text with its percent escapes (RFC 3986, 2.1) undone.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - plusIsSpace: as in queries that a form wrote.
    /// - Returns: nil when an escape is cut short, or when the outcome is not UTF-8 or holds a control character.
    static func percentDecoded(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            var byte = bytes[index]
            bytes.formIndex(after: &index)
            if byte == 0x25 {
                guard index != bytes.endIndex, let high = bytes[index].hexDigitValue else { return nil }
                bytes.formIndex(after: &index)
                guard index != bytes.endIndex, let low = bytes[index].hexDigitValue else { return nil }
                bytes.formIndex(after: &index)
                byte = high << 4 | low
            } else if byte == 0x2B, plusIsSpace {
                byte = 0x20
            }
            output.append(byte)
        }
        guard output.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: output, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }

    /// Whether the byte may stand in a method or in a header's name (RFC 9110, 5.6.2).
    var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
