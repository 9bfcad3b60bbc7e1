import Basics
import Formats
import TestKit
import Testing

/// The real source of truth, with the faults that it is known to have.
@Suite(.enabled(if: corpusDirectory != nil)) struct CorpusTests {
    private static func documents() throws -> [(path: String, document: YAMLDocument)] {
        let root = try #require(corpusDirectory)
        return try Places.files(under: root, endingWith: ".yaml").map { path in
            (path, YAML.parse(try FileSystem.read("\(root)/\(path)"), file: path))
        }
    }

    @Test func everyFileIsReadButForItsKnownFaults() throws {
        let documents = try Self.documents()
        #expect(documents.count == 149)
        let found = documents.flatMap(\.document.diagnostics).map { diagnostic in
            "\(diagnostic.code) \(diagnostic.mark?.description ?? "") < \(diagnostic.notes.compactMap(\.mark?.line))"
        }
        #expect(
            found == [
                "FMT-0002 qa/autonoma_slack.yaml:101:3 < [97]", "FMT-0003 secrets/registry.yaml:491:3 < [162]",
                "FMT-0003 secrets/registry.yaml:518:3 < [150]", "FMT-0003 secrets/registry.yaml:1058:3 < [793]",
            ])
        #expect(documents.filter { $0.document.root == nil }.map(\.path) == ["qa/autonoma_slack.yaml"])
    }

    @Test func bareWordsAndWholeNumberKeysKeepTheirText() throws {
        let documents = Dictionary(uniqueKeysWithValues: try Self.documents())
        func scalars(_ node: Node) -> [Node.Scalar] {
            (node.scalar.map { [$0] } ?? []) + (node.items ?? []).flatMap(scalars)
                + (node.entries ?? []).flatMap { scalars($0.value) }
        }
        let parity = try #require(documents["parity/ee_to_oca_proof_matrix.yaml"]?.root)
        #expect(scalars(parity).contains { $0.text == "yes" && $0.isPlain && $0.value == "yes" })
    }
}
