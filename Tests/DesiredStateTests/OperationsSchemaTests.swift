import Basics
import DesiredState
import Formats
import TestKit
import Testing

/// The published schemas of the documents on running the platform, against the reader.
@Suite struct OperationsSchemaTests {
    private static let documents = [
        (schema: "secrets-registry.v2", path: Paths.registry),
        (schema: "secrets-inventory.v1", path: Paths.secretsInventory), (schema: "mail.v1", path: Paths.mail),
        (schema: "mailgun.v1", path: "ssot/integrations/mailgun.yaml"),
        (schema: "prod-settings.v1", path: "ssot/runtime/prod_settings.yaml"),
        (schema: "domains.v1", path: "ssot/domains/insightpulseai.com.yaml"),
        (schema: "subdomain-registry.v1", path: Paths.subdomains), (schema: "schedules.v1", path: Paths.schedules),
        (schema: "failure-modes.v1", path: Paths.failureModes), (schema: "release-contract.v1", path: Paths.contract),
        (schema: "vuln-policy.v1", path: Paths.vulnerabilities), (schema: "branch-hygiene.v1", path: Paths.hygiene),
    ]

    private static func validate(_ schema: String, _ files: [String]) -> (status: Int32, output: String) {
        SchemaCheck.run(files.map { (schema, $0) })
    }

    /// What the reader refuses for its form the schema refuses too.
    @Test(.enabled(if: SchemaCheck.isAvailable)) func theSchemasRefuseWhatTheReaderRefuses() throws {
        let directory = try TemporaryDirectory()
        let ofForm = ["SSOT-0004", "SSOT-0005", "SSOT-0121", "SSOT-0150"]
        let all = FaultCase.secrets + FaultCase.mail + FaultCase.names + FaultCase.chores + FaultCase.contracts
        var count = 0
        for (schema, path) in Self.documents {
            let cases = all.filter { fault in
                (fault.file == path || schema == "domains.v1" && fault.file == Paths.domains) && !fault.faults.isEmpty
                    && fault.faults.allSatisfy { text in
                        text.hasPrefix("error") && ofForm.contains { text.contains($0) }
                    }
            }
            guard !cases.isEmpty else { continue }
            let files = cases.indices.map { "\(directory.path)/\(schema)-\($0).yaml" }
            for (fault, file) in zip(cases, files) { try FileSystem.write(fault.text.utf8, to: file) }
            let result = Self.validate(schema, files)
            for (fault, file) in zip(cases, files) {
                #expect(result.output.contains("\(file)::"), "\(fault.name): \(result.output)")
            }
            count += cases.count
        }
        #expect(count >= 12)
    }

    @Test(arguments: documents) func aSchemaNamesTheDocumentThatItIsFor(_ schema: String, _ path: String) throws {
        let value = try JSON.parse(FileSystem.read("\(Places.packageRoot)/schemas/\(schema).json"))
        guard let written = value["properties"]?["schema"] else { return }
        let ids =
            try written["const"]?.stringValue.map { [$0] }
            ?? #require(written["enum"]?.listValue).compactMap(\.stringValue)
        for id in ids {
            // The names of a zone are known by their folder alone.
            let file = schema == "domains.v1" ? path : "ssot/anywhere.yaml"
            #expect(read([file: "schema: \(id)\n"]).documents.map(\.domain) != [nil], "\(id)")
        }
    }
}
