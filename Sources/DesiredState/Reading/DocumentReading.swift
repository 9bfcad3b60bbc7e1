import Basics
import Formats

/// What is read of one document, whatever else the commit holds.
///
/// It is made of the document, of what is given with it, and of an empty report: nothing else can have a say in it, so
/// it is kept with the parsed file, goes with that, and holds while the same is given.
protocol DocumentReading: Sendable {
    /// What it follows from beside the document.
    associatedtype Given: Equatable & Sendable

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - root: what it holds.
    ///   - file: its path.
    ///   - given: what else it is read by.
    ///   - report: empty; takes what is wrong with it.
    init(_ root: Node, in file: String, given: Given, _ report: Report)
}

/// What is given where a reading follows from its document alone.
struct Nothing: Equatable {}

/// What is read of some documents and follows from them alone.
protocol DocumentsReading: Sendable {
    /// Reads documents; of those that the commit doesn't hold there is nil.
    init(_ documents: [DocumentContent?], _ report: Report)
}

/// What follows from something that is no document, and from nothing else.
protocol PureReading: Sendable {
    /// What it follows from.
    associatedtype Given: Equatable & Sendable

    /// Makes it; the report is empty and takes what is wrong.
    init(_ given: Given, _ report: Report)
}

/// A document as readings see it: what it holds and where, and nothing of what other documents make of it.
struct DocumentContent: Sendable {
    private let file: ParsedFile
    /// Nil where nothing of it can be read.
    let root: Node?

    init(_ file: ParsedFile, isRefused: Bool) {
        self.file = file
        root = isRefused ? nil : file.root
    }

    var path: String { file.source.path }

    /// What is read of it alone; nil where nothing can be.
    func reading<Reading: DocumentReading>(_ type: Reading.Type, _ report: Report) -> Reading?
    where Reading.Given == Nothing { reading(type, given: Nothing(), report) }

    /// What is read of it by what is given; nil where nothing can be.
    func reading<Reading: DocumentReading>(
        _ type: Reading.Type, given: Reading.Given, _ report: Report
    ) -> Reading? {
        root.map { file.reading(type, of: $0, given: given, report) }
    }

    /// Whether both are the same document, read or refused alike.
    func isSame(as other: DocumentContent) -> Bool {
        file === other.file && (root == nil) == (other.root == nil)
    }
}

/// A reading with what it follows from and what it found wrong.
final class KeptReading<Given: Sendable, Reading: Sendable>: Sendable {
    let given: Given
    let reading: Reading
    let findings: Report.Findings

    init(given: Given, _ body: (Report) -> Reading) {
        let report = Report()
        self.given = given
        reading = body(report)
        findings = report.findings
    }
}
