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

    // MARK: Against the format

    /// What the format says of an object: what it has to have, and which members it may have with what they hold.
    ///
    /// A member that is not listed is refused by validators, for every object of the format is closed but property bags.
    private struct Form {
        var required: [String] = []
        /// The texts, numbers and truth values.
        var plain: [String] = []
        /// The objects and lists of objects, by the name of their form.
        var parts: [String: String] = [:]
    }

    /// The objects that a log of ours holds, as the JSON Schema of SARIF 2.1.0 (errata 01) names their members.
    private static let forms = [
        "sarifLog": Form(required: ["version", "runs"], plain: ["$schema", "version"], parts: ["runs": "run"]),
        "run": Form(
            required: ["tool"], plain: ["baselineGuid", "columnKind", "defaultEncoding", "defaultSourceLanguage"],
            parts: ["invocations": "invocation", "results": "result", "tool": "tool"]),
        "tool": Form(required: ["driver"], parts: ["driver": "toolComponent"]),
        "toolComponent": Form(
            required: ["name"],
            plain: [
                "downloadUri", "fullName", "guid", "informationUri", "name", "organization", "semanticVersion",
                "version",
            ], parts: ["rules": "reportingDescriptor"]),
        "reportingDescriptor": Form(
            required: ["id"], plain: ["guid", "helpUri", "id", "name"],
            parts: [
                "defaultConfiguration": "reportingConfiguration", "fullDescription": "multiformatMessageString",
                "help": "multiformatMessageString", "shortDescription": "multiformatMessageString",
            ]),
        "reportingConfiguration": Form(plain: ["enabled", "level", "rank"]),
        "multiformatMessageString": Form(required: ["text"], plain: ["markdown", "text"]),
        "invocation": Form(
            required: ["executionSuccessful"],
            plain: ["commandLine", "endTimeUtc", "executionSuccessful", "exitCode", "startTimeUtc"]),
        "result": Form(
            required: ["message"],
            plain: ["correlationGuid", "guid", "kind", "level", "occurrenceCount", "rank", "ruleId", "ruleIndex"],
            parts: ["locations": "location", "message": "message", "relatedLocations": "location"]),
        "message": Form(plain: ["id", "markdown", "text"]),
        "location": Form(plain: ["id"], parts: ["message": "message", "physicalLocation": "physicalLocation"]),
        "physicalLocation": Form(parts: ["artifactLocation": "artifactLocation", "region": "region"]),
        "artifactLocation": Form(plain: ["index", "uri", "uriBaseId"]),
        "region": Form(
            plain: ["charLength", "charOffset", "endColumn", "endLine", "startColumn", "startLine"],
            parts: ["message": "message"]),
    ]

    @Test func noMemberIsOneThatTheFormatDoesNotKnow() throws {
        let log = SARIF.log(Self.diagnostics, version: "1.2.3") { _ in "# A page" }
        #expect(Self.faults(of: log, "sarifLog") == [])
        // The look itself sees something.
        var object = try #require(log.objectValue)
        object["runs"] = .list([.object(["tools": "none"])])
        #expect(Self.faults(of: .object(object), "sarifLog") == ["run has no tool", "run has tools"])
    }

    /// Rules and related places are sets to the format: a validator refuses a log in which one stands twice.
    @Test func nothingStandsTwiceWhereItMayNot() {
        let log = SARIF.log(Self.diagnostics + Self.diagnostics, version: "1.2.3")
        let run = log["runs"]?[0]
        var lists = [run?["tool"]?["driver"]?["rules"]?.listValue ?? []]
        lists += run?["results"]?.listValue?.compactMap { $0["relatedLocations"]?.listValue } ?? []
        #expect(lists.allSatisfy { Set($0).count == $0.count })
        #expect(lists.contains { $0.count > 1 })
    }

    private static func faults(of value: Value, _ name: String) -> [String] {
        guard let form = forms[name], let object = value.objectValue else { return ["\(name) is no object"] }
        let names = Set(object.members.map(\.name))
        var faults = form.required.filter { !names.contains($0) }.map { "\(name) has no \($0)" }
        for member in object.members where !form.plain.contains(member.name) {
            guard let part = form.parts[member.name] else {
                faults.append("\(name) has \(member.name)")
                continue
            }
            faults += (member.value.listValue ?? [member.value]).flatMap { Self.faults(of: $0, part) }
        }
        return faults
    }

    @Test func withoutADiagnosticItIsStillALog() {
        let log = SARIF.log([], version: "1.2.3")
        #expect(log["runs"]?[0]?["results"]?.listValue == [])
        #expect(log["runs"]?[0]?["tool"]?["driver"]?["rules"]?.listValue == [])
    }
}
