import Basics

/// Tells of the files that nobody reads because of a slip in their paths, as it seems.
struct MisnamedFiles: PureReading {
    /// One of them, with the path below a root, without ending, of the document that stands nowhere.
    struct Pair: Equatable, Sendable {
        let file: String
        let document: String
    }

    init(_ pairs: [Pair], _ report: Report) {
        for pair in pairs {
            report.warning(
                .misnamedDocument, "nothing reads \(pair.file), and \(pair.document).yaml stands nowhere",
                at: SourceMark(file: pair.file, line: 1, column: 1),
                hint: "Did you mean `\(pair.document).yaml`? Move it there; what it says counts for nothing until then."
            )
        }
    }
}
