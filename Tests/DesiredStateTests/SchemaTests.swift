import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// The published schemas against the example, and the reader against the schemas.
@Suite struct SchemaTests {
    private static let documents = [
        (schema: "policies", path: Paths.policies), (schema: "environments", path: Paths.environments),
        (schema: "inventory", path: Paths.inventory),
    ]

    private static func validate(_ schema: String, _ files: [String]) -> (status: Int32, output: String) {
        SchemaCheck.run(files.map { ("\(schema).v1", $0) })
    }

    @Test(.enabled(if: SchemaCheck.isAvailable), arguments: documents)
    func theExampleFulfilsItsSchema(_ schema: String, _ path: String) {
        let result = Self.validate(schema, ["\(Places.packageRoot)/examples/ssot/\(path)"])
        #expect(result.status == 0, "\(result.output)")
    }

    /// What the reader refuses for its form the schema refuses too.
    @Test(.enabled(if: SchemaCheck.isAvailable), arguments: documents)
    func theSchemaRefusesWhatTheReaderRefuses(_ schema: String, _ path: String) throws {
        let directory = try FileSystem.makeTemporaryDirectory()
        defer { FileSystem.remove(directory) }
        let ofForm = [
            "SSOT-0004", "SSOT-0005", "SSOT-0008", "SSOT-0014", "SSOT-0020", "SSOT-0022", "SSOT-0023", "SSOT-0025",
        ]
        let cases =
            (FaultCase.policies + FaultCase.inventory + FaultCase.records + FaultCase.environments
            + FaultCase.runtimes).filter {
                fault in
                fault.file == path && !fault.faults.isEmpty
                    && fault.faults.allSatisfy { text in
                        text.hasPrefix("error") && ofForm.contains { text.contains($0) }
                    }
                    // Ranges are beyond a schema, as are names of two kinds for one tier.
                    && fault.name != "a rule with wrong ports" && fault.others[Paths.inventory] == nil
            }
        #expect(cases.count >= 3)
        for (number, fault) in cases.enumerated() {
            try FileSystem.write(fault.text.utf8, to: "\(directory)/\(number).yaml")
        }
        let result = Self.validate(schema, cases.indices.map { "\(directory)/\($0).yaml" })
        for (number, fault) in cases.enumerated() {
            #expect(result.output.contains("/\(number).yaml::"), "\(fault.name)")
        }
    }

    @Test(arguments: documents) func aSchemaNamesTheDocumentThatItIsFor(_ schema: String, _ path: String) throws {
        let value = try JSON.parse(FileSystem.read("\(Places.packageRoot)/schemas/\(schema).v1.json"))
        let id = try #require(value["properties"]?["schema"]?["const"]?.stringValue)
        let state = read(["ssot/anywhere.yaml": "schema: \(id)\n"])
        #expect(state.documents.map(\.domain) != [nil])
    }
}
