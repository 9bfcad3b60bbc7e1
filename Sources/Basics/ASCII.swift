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
