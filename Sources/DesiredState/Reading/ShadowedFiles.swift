import Basics

/// Tells of the files that are not read because another one stands before them.
struct ShadowedFiles: PureReading {
    /// One of them, with the one that is read.
    struct Pair: Equatable, Sendable {
        let file: String
        let winner: String
    }

    init(_ pairs: [Pair], _ report: Report) {
        for pair in pairs {
            report.note(
                .shadowed, "\(pair.file) is not read: \(pair.winner) stands before it",
                at: SourceMark(file: pair.file, line: 1, column: 1),
                hint: "Remove one of the two, or change the order of the roots.",
                notes: [Diagnostic.Note("this one is read", at: SourceMark(file: pair.winner, line: 1, column: 1))])
        }
    }
}
