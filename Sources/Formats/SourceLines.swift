/// The lines of a file, counted as libyaml counts them.
///
/// A line ends with `\n`, with `\r\n`, with `\r` alone, and with U+0085, U+2028 and U+2029 (YAML 1.1, section 4.2).
/// Lines and columns count from 1, columns in Unicode scalars; a byte order mark is no part of the first line.
public struct SourceLines: Sendable {
    private let bytes: [UInt8]
    /// Where each line stands, without its end.
    private let ranges: [Range<Int>]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var ranges: [Range<Int>] = []
        var start = Self.start(of: bytes)
        var index = start
        while index < bytes.count {
            let length = Self.lengthOfEnd(in: bytes, at: index)
            if length > 0 { ranges.append(start..<index) }
            index += max(1, length)
            if length > 0 { start = index }
        }
        ranges.append(start..<bytes.count)
        self.ranges = ranges
    }

    /// How many there are.
    var count: Int { ranges.count }

    /// The bytes of a line, without its end; empty where the file has no such line.
    public func bytes(of number: Int) -> ArraySlice<UInt8> {
        ranges.indices.contains(number - 1) ? bytes[ranges[number - 1]] : []
    }

    /// The text of a line, without its end; nil where the file has no such line.
    public subscript(number: Int) -> String? {
        ranges.indices.contains(number - 1) ? String(decoding: bytes[ranges[number - 1]], as: UTF8.self) : nil
    }

    /// The line and column of a byte.
    public static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        var index = start(of: bytes)
        while index < min(offset, bytes.count) {
            let length = lengthOfEnd(in: bytes, at: index)
            if length > 0 {
                (line, column) = (line + 1, 1)
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
            index += max(1, length)
        }
        return (line, column)
    }

    /// Where the text begins: after a byte order mark.
    static func start(of bytes: [UInt8]) -> Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

    /// How many bytes the end of a line has that stands at a place; 0 where none stands there.
    private static func lengthOfEnd(in bytes: [UInt8], at index: Int) -> Int {
        func byte(_ distance: Int) -> UInt8 { index + distance < bytes.count ? bytes[index + distance] : 0 }
        switch bytes[index] {
        case 0x0A: return 1
        case 0x0D: return byte(1) == 0x0A ? 2 : 1
        case 0xC2: return byte(1) == 0x85 ? 2 : 0
        case 0xE2: return byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9) ? 3 : 0
        default: return 0
        }
    }
}
