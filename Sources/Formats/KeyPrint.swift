/// Sixty-four bits of a key: where they differ, the keys do.
struct KeyPrint {
    private let bits: UInt64

    /// - Parameter bytes: the key's UTF-8.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let raw = UnsafeRawBufferPointer(bytes)
        var (bits, all) = (UInt64(truncatingIfNeeded: raw.count), UInt64(0))
        var index = 0
        while index + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            all |= word
            bits = (bits ^ word) &* 0x9E37_79B9_7F4A_7C15
            index += 8
        }
        var rest: UInt64 = 0
        for byte in raw[index...] { rest = rest << 8 | UInt64(byte) }
        all |= rest
        bits = (bits ^ rest) &* 0x9E37_79B9_7F4A_7C15
        // Beyond ASCII, texts of different bytes can be equal: such a key may be any.
        self.bits = all & 0x8080_8080_8080_8080 == 0 ? bits | 1 : 0
    }

    init(_ text: StaticString) {
        self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func canBeEqual(to other: KeyPrint) -> Bool { bits == other.bits || bits == 0 || other.bits == 0 }
}
