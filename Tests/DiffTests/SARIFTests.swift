import Basics
import DesiredState
import Diff
import Formats
import Testing

/// The log holds what the SARIF 2.1.0 schema requires, and what code hosts look for.
@Suite struct SARIFTests {
    private static let diagnostics = [
        Diagnostic(
            .error, "SSOT-0004", "a text is a list", at: SourceMark(file: "ssot/a b.yaml", line: 3, column: 7),
            hint: "Write a text.",
            notes: [
                Diagnostic.Note("first here", at: SourceMark(file: "ssot/c.yaml", line: 1, column: 1)),
                Diagnostic.Note("without a place"),
            ]),
        Diagnostic(
            .warning, "SSOT-0301", "a path leads nowhere", at: SourceMark(file: "ssot/d.yaml", line: 0, column: 0)),
        Diagnostic(.note, "SSOT-0004", "again"), Diagnostic(.error, "SSOT-0001", "no root"),
    ]

    @Test func itHoldsWhatTheSchemaRequires() throws {
        let log = try JSON.parse(JSON.write(SARIF.log(Self.diagnostics, version: "1.2.3")))
        #expect(log["version"] == "2.1.0")
        #expect(log["$schema"]?.stringValue?.hasSuffix("sarif-2.1.0.json") == true)
        let run = try #require(log["runs"]?[0])
        let driver = try #require(run["tool"]?["driver"])
        #expect(driver["name"] == "reconcile")
        let rules = try #require(driver["rules"]?.listValue)
        #expect(rules.map { $0["id"]?.stringValue } == ["SSOT-0001", "SSOT-0004", "SSOT-0301"])
        for rule in rules {
            #expect(rule["shortDescription"]?["text"]?.stringValue?.isEmpty == false)
            // No link: it would lead into the repository that is looked at, which has no such page.
            let code = try #require(rule["id"]?.stringValue)
            #expect(rule["help"]?["text"]?.stringValue?.hasSuffix("reconcile explain \(code)") == true)
            #expect(rule["help"]?["markdown"]?.stringValue?.contains("](docs/") == false)
            #expect(["error", "warning", "note"].contains(rule["defaultConfiguration"]?["level"]?.stringValue))
        }
        let results = try #require(run["results"]?.listValue)
        #expect(results.count == 4)
        for (result, diagnostic) in zip(results, Self.diagnostics) {
            #expect(result["message"]?["text"]?.stringValue?.hasPrefix(diagnostic.message) == true)
            #expect(result["ruleId"]?.stringValue == diagnostic.code)
            let index = Int(try #require(result["ruleIndex"]?.intValue))
            #expect(rules[index]["id"]?.stringValue == diagnostic.code)
            #expect(result["level"]?.stringValue == diagnostic.severity.rawValue)
            #expect((result["locations"] != nil) == (diagnostic.mark != nil))
            for location in (result["locations"]?.listValue ?? []) + (result["relatedLocations"]?.listValue ?? []) {
                let place = try #require(location["physicalLocation"])
                #expect(place["artifactLocation"]?["uri"]?.stringValue?.contains(" ") == false)
                #expect(try #require(place["region"]?["startLine"]?.intValue) >= 1)
                #expect(try #require(place["region"]?["startColumn"]?.intValue) >= 1)
            }
        }
        #expect(results[0]["locations"]?[0]?["physicalLocation"]?["artifactLocation"]?["uri"] == "ssot/a%20b.yaml")
        #expect(results[0]["relatedLocations"]?.listValue?.count == 1)
    }

    @Test func thePageOfACodeIsItsHelp() {
        let log = SARIF.log(Self.diagnostics, version: "1.2.3") { $0 == "SSOT-0004" ? "# A page of it" : nil }
        let rules = log["runs"]?[0]?["tool"]?["driver"]?["rules"]?.listValue ?? []
        #expect(
            rules.filter { $0["help"]?["markdown"] == "# A page of it" }.map { $0["id"]?.stringValue } == ["SSOT-0004"])
    }

    @Test func withoutADiagnosticItIsStillALog() {
        let log = SARIF.log([], version: "1.2.3")
        #expect(log["runs"]?[0]?["results"]?.listValue == [])
        #expect(log["runs"]?[0]?["tool"]?["driver"]?["rules"]?.listValue == [])
    }
}
