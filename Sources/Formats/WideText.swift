/// Files that were saved in UTF-16, as some editors do, of which nothing else can be read.
public enum WideText {
    /// The same text in UTF-8; nil where the bytes are none of UTF-16, as nearly always.
    public static func narrowed(_ bytes: [UInt8]) -> [UInt8]? {
        guard let isBig = isBigEndian(bytes) else { return nil }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        for index in stride(from: 0, to: bytes.count - 1, by: 2) {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(isBig ? first << 8 | second : second << 8 | first)
        }
        if units.first == 0xFEFF { units.removeFirst() }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// By the byte order mark, or by the zeros beside the first two letters; nil where there is neither.
    static func isBigEndian(_ bytes: [UInt8]) -> Bool? {
        if bytes.starts(with: [0xFF, 0xFE]) { return false }
        if bytes.starts(with: [0xFE, 0xFF]) { return true }
        guard bytes.count >= 4 else { return nil }
        switch (bytes[0] == 0, bytes[1] == 0, bytes[2] == 0, bytes[3] == 0) {
        case (true, false, true, false): return true
        case (false, true, false, true): return false
        default: return nil
        }
    }
}
