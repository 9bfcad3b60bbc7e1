public import Basics

/// The lines that git leaves in a file where two sides of a merge differ.
public enum MergeConflict {
    /// What to say of a text that can't be read and holds such lines.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - file: the path that the diagnostic names.
    ///   - code: what a fault of its format is called.
    /// - Returns: nil where it holds none.
    public static func diagnostic(of bytes: [UInt8], file: String, code: String) -> Diagnostic? {
        // Nearly no text has them, and counting lines takes longer.
        guard mayHoldOne(bytes) else { return nil }
        let lines = SourceLines(bytes)
        guard let begin = lines.firstLine(from: 1, beginning: "<<<<<<<"),
            let middle = lines.firstLine(from: begin + 1, beginning: "=======")
        else { return nil }
        let end = lines.firstLine(from: middle + 1, beginning: ">>>>>>>")
        func mark(_ line: Int) -> SourceMark { SourceMark(file: file, line: line, column: 1) }
        return Diagnostic(
            .error, code, "a merge conflict stands here that nobody has resolved", at: mark(begin),
            hint: "keep one of the two sides, and remove the lines that begin with '<<<<<<<', '=======' and '>>>>>>>'",
            notes: [Diagnostic.Note("the other side begins here", at: mark(middle))]
                + (end.map { [Diagnostic.Note("it ends here", at: mark($0))] } ?? []))
    }

    /// Whether seven signs of the first kind stand in a row anywhere.
    private static func mayHoldOne(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var run = 0
            return bytes.contains { byte in
                run = byte == UInt8(ascii: "<") ? run + 1 : 0
                return run == 7
            }
        }
    }
}

extension SourceLines {
    /// The first line from a number on that begins with a sign and nothing else but a space after it.
    fileprivate func firstLine(from first: Int, beginning sign: String) -> Int? {
        guard first <= count else { return nil }
        return (first...count).first { number in
            let line = bytes(of: number)
            return line.starts(with: sign.utf8) && [nil, 0x20].contains(line.dropFirst(sign.utf8.count).first)
        }
    }
}
