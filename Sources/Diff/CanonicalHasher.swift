internal import Basics
internal import DesiredState
internal import Formats

/// Digests typed values piece by piece, each with its length or a tag before it, so that no two inputs share a text.
///
/// One buffer and one hasher serve a whole plan: a digest of ten thousand resources makes no document of them.
struct CanonicalHasher: ~Copyable {
    private static let capacity = 1 << 15
    private var hasher = Digest.Hasher()
    private var buffer: [UInt8] = []

    /// - Parameter domain: what is digested, so that digests of different things never agree by chance.
    init(_ domain: String) {
        buffer.reserveCapacity(Self.capacity + 1_024)
        append(domain)
    }

    mutating func append(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(_ number: Int) { append(Int64(number)) }

    mutating func append(_ flag: Bool) { buffer.append(flag ? 1 : 0) }

    mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.capacity { flush() }
    }

    mutating func append(_ text: String?) {
        append(text != nil)
        if let text { append(text) }
    }

    mutating func append(_ number: Int64?) {
        append(number != nil)
        if let number { append(number) }
    }

    mutating func append(_ number: Int?) { append(number.map(Int64.init)) }

    mutating func append(_ key: ResourceKey) {
        append(key.kind.name)
        append(key.name)
    }

    mutating func append(_ texts: [String]) {
        append(texts.count)
        for text in texts { append(text) }
    }

    mutating func append(_ mark: SourceMark?) {
        append(mark != nil)
        guard let mark else { return }
        append(mark.file)
        append(mark.line)
        append(mark.column)
    }

    mutating func append(_ value: Value) {
        switch value {
        case .null: buffer.append(0)
        case .bool(let flag): buffer.append(flag ? 2 : 1)
        case .int(let number):
            buffer.append(3)
            append(number)
        case .number(let text):
            buffer.append(4)
            append(text)
        case .string(let text):
            buffer.append(5)
            append(text)
        case .list(let items):
            buffer.append(6)
            append(items.count)
            for item in items { append(item) }
        case .object(let object):
            buffer.append(7)
            append(object.members.count)
            for member in object.members.sorted(by: { compareBytes($0.name, $1.name) < 0 }) {
                append(member.name)
                append(member.value)
            }
        }
    }

    private mutating func flush() {
        hasher.update(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    consuming func finish() -> Digest {
        hasher.update(buffer)
        return hasher.finish()
    }
}
