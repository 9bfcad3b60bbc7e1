/// A long text of a file, made a string only where somebody asks for it.
///
/// Most texts of a document are read by nobody, and a string of more than fifteen bytes is an allocation of its own.
struct TextSlice: Sendable {
    /// The texts of one file, one behind the other.
    ///
    /// The reader sets them once, before it hands out the tree whose slices refer to them.
    final class Texts: @unchecked Sendable {  // written only while nobody but the reader knows it
        fileprivate(set) var bytes: [UInt8] = []

        func set(_ bytes: consuming [UInt8]) { self.bytes = bytes }
    }

    private let texts: Texts
    private let start: UInt32
    private let count: UInt32

    /// Nil where the texts are longer than a slice can say.
    init?(_ texts: Texts, start: Int, count: Int) {
        guard let start = UInt32(exactly: start), let count = UInt32(exactly: count) else { return nil }
        self.texts = texts
        self.start = start
        self.count = count
    }

    var text: String {
        texts.bytes.withUnsafeBufferPointer { bytes in
            String(decoding: bytes[Int(start)..<Int(start) + Int(count)], as: UTF8.self)
        }
    }
}
