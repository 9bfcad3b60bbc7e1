import Basics

/// Makes version 7 UUIDs (RFC 9562) that grow in the order in which they are asked for, also within a microsecond.
struct IdentifierSource: Sendable {
    private struct State {
        var milliseconds: UInt64 = 0
        var counter: UInt64 = 0
    }

    private let state = Locked(State())

    /// The next id; ids of the same or an earlier instant sort after those given before.
    func next(at now: Timestamp) -> String {
        let wanted = UInt64(max(0, now.microseconds / 1_000)) & 0xFFFF_FFFF_FFFF
        let (milliseconds, counter) = state.withLock { state in
            if wanted > state.milliseconds {
                state = State(milliseconds: wanted)
            } else {
                state.counter += 1
            }
            return (state.milliseconds, state.counter)
        }
        // 12 bits of rand_a and the first 14 of rand_b count (method 1 of section 6.2), 48 are random.
        let high = milliseconds << 16 | 0x7000 | (counter >> 14 & 0x0FFF)
        let low = 0x8000_0000_0000_0000 | (counter & 0x3FFF) << 48 | UInt64.random(in: 0...0xFFFF_FFFF_FFFF)
        return Self.grouped(Hex.encode(high) + Hex.encode(low))
    }

    /// The version 8 UUID of a name: whoever asks for it again gets the same.
    static func id(of name: String) -> String {
        var digits = Array(Digest(of: name).hex.prefix(32))
        digits[12] = "8"
        digits[16] = "8"
        return grouped(digits)
    }

    private static func grouped(_ digits: some Sequence<Character>) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// Whether a text is a UUID in lower case, the only form that both engines give back as it was.
    static func isUUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        return bytes.indices.allSatisfy { index in
            switch index {
            case 8, 13, 18, 23: bytes[index] == UInt8(ascii: "-")
            default: isHexDigit(bytes[index])
            }
        }
    }

    /// Whether a text could be the beginning of a UUID.
    static func isPrefix(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 36 && text.utf8.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }
}
