import Glibc

/// Order of two texts by their UTF-8: negative, zero or positive.
///
/// `==` on strings takes canonically equivalent texts as equal; providers don't.
public func compareBytes(_ a: String, _ b: String) -> Int {
    let (left, right) = (a.utf8.span, b.utf8.span)
    let common = min(left.count, right.count)
    let order = left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
            guard common > 0, let left = left.baseAddress, let right = right.baseAddress else { return CInt(0) }
            return memcmp(left, right, common)
        }
    }
    return order != 0 ? Int(order) : left.count - right.count
}

extension String {
    /// Order by UTF-8 bytes, the same on every machine; never by Unicode equivalence.
    public func precedesByBytes(_ other: String) -> Bool { compareBytes(self, other) < 0 }
}
