internal import Glibc

extension String {
    /// Whether two texts are the same but for the case of their ASCII letters.
    public func matchesIgnoringCase(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        for (a, b) in zip(utf8, other.utf8) where a != b {
            guard a ^ b == 0x20, (0x61...0x7A).contains(a | 0x20) else { return false }
        }
        return true
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where a byte stands first within bounds, by the library's own search; nil where it doesn't.
    public func firstIndex(of byte: UInt8, in bounds: Range<Int>) -> Int? {
        guard !bounds.isEmpty, let base = baseAddress,
            let found = memchr(base + bounds.lowerBound, Int32(byte), bounds.count)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
}
